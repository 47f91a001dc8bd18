// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fold: which of many units say nearly the same (near.h); what is near-same to near-same, both
 * among them, belongs together. All units of a revision are compared once, when a request first
 * needs it, and that is kept with the reader; of an index with more than FOLD_WHOLE units only
 * those in question are, each time, FOLD_UNITS at most.
 */
#ifndef KB_FOLD_H
#define KB_FOLD_H

#include "daemon/answer/near.h"

enum { FOLD_WHOLE = 200000, FOLD_UNITS = 20000 };

struct folds {
    struct arena arena;
    uint64_t loaded; /* reader.loaded when they were compared */
    struct near near;
};
void folds_free(struct folds *f);

/* groups[i]: the first of the n units (docids ascending) that the i-th belongs with, i itself when
 * it is the first. ERR_COMPLEX when there is too much to compare, ERR_TIMEOUT, ERR_CANCELLED. */
int fold_units(struct answer *w, const docid_t *ids, size_t n, size_t *groups, struct err *e);

/* How many of all words of two texts both have, 0 to 1. */
int fold_likeness(struct arena *a, const struct record *x, const struct record *y, double *likeness,
    struct err *e);

#endif
