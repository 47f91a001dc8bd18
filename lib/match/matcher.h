// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * matcher: one search (lib/match.h) while it runs. What it makes lives in `scratch` until the
 * search ends. Functions that return an int return -1 with the error.
 */
#ifndef KB_MATCH_MATCHER_H
#define KB_MATCH_MATCHER_H

#include "lib/postings.h"
#include "lib/xapian-c.h"

enum { MATCHER_LEVELS = 100 }; /* how deep a query may be nested */

struct phrase {
    const struct xquery *q;
    struct posting_list *known; /* the documents that were asked about, with 1 where it holds */
};

/* Documents whose words' places are looked up together, ascending. */
struct batch {
    const uint32_t *at;
    size_t n;
    struct phrase *phrases;
    size_t n_phrases, cap_phrases;
};

struct matcher {
    struct xdb *db;
    struct postings *p;
    const struct docs *docs;
    const struct xsearch *s;
    struct arena *scratch;
    struct batch batch;
    double *norm;                /* of short lengths: what BM25 adds to the wdf */
    uint32_t span_first, span_n; /* the run of documents that was promised last; 0: none was */
    unsigned ticks;
    struct err *e;
};

/* Asks now and then whether to go on (xdb_watch), called before n documents, a few ns each. */
static inline int matcher_ticks(struct matcher *m, size_t n)
{
    enum { EVERY = 1 << 13 };
    unsigned before = m->ticks;
    m->ticks += (unsigned)n;
    return before / EVERY == m->ticks / EVERY ? 0 : xdb_look(m->db, m->e);
}

/* The same, called with each of many documents. */
static inline int matcher_tick(struct matcher *m)
{
    return matcher_ticks(m, 1);
}

/* Whether a part is a term, a synonym of terms or a prefix, and the list of one then. */
bool matcher_is_leaf(const struct xquery *q);
int matcher_postings(struct matcher *m, const struct xquery *q, struct posting_list **p);

/* From `scratch`, of any content; NULL with the error. */
void *matcher_raw(struct matcher *m, size_t n, size_t size);

#endif
