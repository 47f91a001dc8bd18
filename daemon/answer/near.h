// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * near: which of many units are near-same, by sketches of their words (sketch.h).
 * Two are when their words have FOLD_PERCENT of all words of both in common; where one of them has
 * less than FOLD_WORDS words, when they have the same words.
 *
 * Units of the same words are one *class*, compared once. Each class meets only those that share a
 * rare word with it: two of more than some size that have most words in common have one of their
 * rarest in common. 45,000 units take a tenth of a second.
 */
#ifndef KB_NEAR_H
#define KB_NEAR_H

#include "daemon/answer/answer.h"

enum { FOLD_PERCENT = 60, FOLD_WORDS = 5 };

struct near {
    size_t n;
    docid_t *ids;      /* of the units, ascending */
    uint32_t *classes; /* of each unit */
    size_t n_classes;
    uint32_t *first; /* n_classes + 1: where in `others` those begin that are near-same to one */
    uint32_t *others;
};

/* Compares n units (docids ascending), all in the arena. ERR_COMPLEX when too many are alike,
 * ERR_TIMEOUT, ERR_CANCELLED. */
int near_compare(struct answer *w, struct arena *a, const docid_t *ids, size_t n, struct near *near,
    struct err *e);

#endif
