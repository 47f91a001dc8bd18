// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * units: what the answers about notes and links share: finding the note that is meant, and showing
 * units that a query picked out instead of words.
 */
#ifndef KB_UNITS_H
#define KB_UNITS_H

#include "daemon/answer/answer.h"
#include "lib/plan.h"
#include "lib/target.h"

struct resolver units_resolver(struct answer *w, struct err *e);

/*
 * The note that a person calls `text`: an absolute path below a vault, a path below one or the end
 * of it, a base name, title or alias; "[[...]]" around it and "#heading" behind it do not matter.
 * Where several are called so, the one that a link from the vault's top means, and *warning tells
 * the others (else it is empty). ERR_NOT_FOUND when there is none.
 */
int units_note(struct answer *w, struct slice text, struct slice vault, struct target_note *note,
    struct slice *warning, struct err *e);

/* The note's units in their order. */
int units_of_note(struct answer *w, uint32_t number, struct xhit **hits, struct record **recs,
    size_t *n, struct err *e);

/* A whole hit: path, place, snippet with the plan's marks. */
int units_fill(struct answer *w, const struct plan *plan, const struct record *rec, double score,
    struct hit *h, struct err *e);

/* The units that match plan->widest, as a search answers: page, order, totals and cursor by `p`,
 * whose query is only shown. The reader has been refreshed. */
int units_search(struct answer *w, const struct search_params *p, const struct plan *plan,
    struct search_result *r, struct err *e);

#endif
