// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * leaf: terms, prefixes, all documents, and given ones. `within`: of these documents alone; NULL:
 * of all.
 */
#ifndef KB_MATCH_LEAF_H
#define KB_MATCH_LEAF_H

#include "lib/match/list.h"

/* A term's or prefix's list; clamped: no wdf above the document's length. */
int leaf_list(struct matcher *m, struct posting_list *p, uint32_t wqf, bool weighs, bool clamped,
    const struct list *within, struct list *out);

/* Adds what it weighs, times `factor`, to weight[i] of each document within->at[i] that has it.
 * `within` is given, not empty and no run. */
int leaf_weigh(struct matcher *m, struct posting_list *p, uint32_t wqf, double factor, bool clamped,
    const struct list *within, double *weight);

int leaf_every(struct matcher *m, const struct list *within, struct list *out);

/* The documents that are promised, as a part of what they may be. */
int leaf_promised(
    struct matcher *m, const struct xquery *q, const struct list *within, struct list *out);

int leaf_given(
    struct matcher *m, const struct xquery *q, const struct list *within, struct list *out);

#endif
