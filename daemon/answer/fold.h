// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fold: which of many units say nearly the same. Two do when their sets of words have most words in
 * common (FOLD_PERCENT of all words of both); what is near-same to near-same belongs together.
 * Units of less than FOLD_WORDS words have to have the same words.
 */
#ifndef KB_FOLD_H
#define KB_FOLD_H

#include "daemon/answer/answer.h"

enum { FOLD_UNITS = 20000, FOLD_PERCENT = 60, FOLD_WORDS = 5 };

/* groups[i]: the first unit that the i-th is near-same with, i itself when it is the first.
 * ERR_COMPLEX when there is too much to compare, ERR_TIMEOUT, ERR_CANCELLED. */
int fold_units(
    struct answer *w, const struct record *units, size_t n, size_t *groups, struct err *e);

/* How much two texts have in common, 0 to 1, as above. */
int fold_likeness(struct arena *a, const struct record *x, const struct record *y, double *likeness,
    struct err *e);

#endif
