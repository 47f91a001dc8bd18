// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xquery: building the engine's queries (xapian-c.h) out of an arena. Every function takes NULL for
 * a part that could not be built and gives NULL then, so calls nest and one check at the end is
 * enough; the error stands in the maker's `e`.
 */
#ifndef KB_XQUERY_H
#define KB_XQUERY_H

#include "lib/arena.h"
#include "lib/err.h"
#include "lib/xapian-c.h"

struct xmaker {
    struct arena *a;
    struct err *e;
};

struct xkids {
    struct xquery **v;
    size_t n, cap;
};

struct xquery *xquery_new(struct xmaker *m, enum xq_op op);
struct xquery *xquery_term(struct xmaker *m, struct slice term);
/* The term with its prefix as schema.h cuts it. */
struct xquery *xquery_prefixed(struct xmaker *m, char prefix, struct slice text);
/* Appends q; -1 when q is NULL or there is no memory. */
int xkids_add(struct xmaker *m, struct xkids *k, struct xquery *q);
/* `op` over the kids: XQ_NONE over none, a single kid as it is. */
struct xquery *xquery_over(struct xmaker *m, enum xq_op op, struct xkids k);
struct xquery *xquery_pair(struct xmaker *m, enum xq_op op, struct xquery *a, struct xquery *b);
/* q with its weight times `factor`; 0: matches, weighs nothing. */
struct xquery *xquery_scale(struct xmaker *m, struct xquery *q, double factor);

/* Whether both are the same tree; a set of docids is the same where it is the same array. */
bool xquery_same(const struct xquery *a, const struct xquery *b);

/* Prefix notation, for --explain and tests: (and Zmuse (phrase closed source)). */
struct buf;
void xquery_write(const struct xquery *q, struct buf *out);

#endif
