// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * leaf: terms, synonyms, prefixes, all documents, and given ones. `within`: of these documents
 * alone; NULL: of all.
 */
#ifndef KB_MATCH_LEAF_H
#define KB_MATCH_LEAF_H

#include "lib/match/list.h"

/* The documents of a term, a synonym or a prefix. */
int leaf_list(struct matcher *m, const struct xquery *q, bool weighs, const struct list *within,
    struct list *out);

/* Adds what it weighs, times `factor`, to weight[i] of each document within->at[i] that has it.
 * `within` is given, not empty and no run. */
int leaf_weigh(struct matcher *m, const struct xquery *q, double factor, const struct list *within,
    double *weight);

int leaf_every(struct matcher *m, const struct list *within, struct list *out);

/* The documents that are promised, as a part of what they may be. */
int leaf_promised(
    struct matcher *m, const struct xquery *q, const struct list *within, struct list *out);

int leaf_given(
    struct matcher *m, const struct xquery *q, const struct list *within, struct list *out);

#endif
