// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rank: the order of an answer, as far as it is asked for.
 */
#ifndef KB_MATCH_RANK_H
#define KB_MATCH_RANK_H

#include "lib/match/list.h"

struct sure { /* a document that matches */
    size_t i; /* in the list */
    double weight;
};

/* The first `count` of those that match, in the order of the answer. No weight grows by being
 * looked at, so the rest of the line can be left when it weighs no more than what was found. */
int rank_surest(struct matcher *m, const struct list *l, size_t count, struct sure *found,
    size_t *n, size_t *left);

/* The first `count`, none of which is unsure, in order of docids. */
void rank_plainly(const struct matcher *m, const struct list *l, size_t count, struct sure *found);

/* The best `count`, none of which is unsure. */
int rank_best(struct matcher *m, const struct list *l, size_t count, struct sure *found);

#endif
