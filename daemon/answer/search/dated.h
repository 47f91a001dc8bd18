// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dated: newest first, and oldest first.
 */
#ifndef KB_SEARCH_DATED_H
#define KB_SEARCH_DATED_H

#include "daemon/answer/search/state.h"

struct dated { /* a unit with its day, path and line */
    struct xhit hit;
    struct record rec;
};

struct pile {
    struct dated *v;
    size_t n, cap;
};

/* Puts what a match found onto the pile, with its record. */
int dated_add(struct search *s, struct pile *p, const struct xresult *r);

/* The newest first, then by path and line. */
int dated_sort(struct search *s, struct pile *p);

/*
 * Docids ascend from the newest day to the oldest (schema.h), so the first ones are the newest,
 * found without visiting the rest. Units whose docid does not tell their day (term R) come from a
 * match of their own; undated ones (Dnone) follow last, in docid order.
 */
int dated_order(struct search *s);

#endif
