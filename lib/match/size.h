// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * size: how many documents a part of a query can match, told without matching it.
 */
#ifndef KB_MATCH_SIZE_H
#define KB_MATCH_SIZE_H

#include "lib/match/matcher.h"

/* The documents that a promise names: how many, and the first of them. */
size_t size_promised(const struct matcher *m, const struct xquery *q, size_t *first);

/* As many as it can match at most; 0 for a promise, so that it is asked first, but for a long one.
 */
int size_most(struct matcher *m, const struct xquery *q, size_t *n, unsigned level);

/* How many documents a promise holds it within; all where there is none. */
size_t size_within(const struct matcher *m, const struct xquery *q);

/* The share of documents that match, as if words did not depend on one another. */
int size_share(struct matcher *m, const struct xquery *q, double *of);

#endif
