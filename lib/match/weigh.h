// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * weigh: BM25 as Xapian's BM25Weight has it (weight/bm25weight.cc), k2 0 and k3 1.
 */
#ifndef KB_MATCH_WEIGH_H
#define KB_MATCH_WEIGH_H

#include "lib/match/matcher.h"

enum { WEIGH_NORMS = 256 };

/* What the length of a document adds to a wdf. */
double weigh_norm(const struct matcher *m, uint32_t length);

/* m->norm, for the lengths that are frequent. */
int weigh_norms(struct matcher *m);

/* How rare a term is that `frequency` of all documents hold. */
double weigh_idf(double documents, uint32_t frequency);

/* What that makes of it, wqf times in the query. */
double weigh_rarity(const struct matcher *m, uint32_t frequency, uint32_t wqf);

static inline double weigh_score_of(double rare, double norm, uint32_t wdf)
{
    return rare * (wdf / (norm + wdf));
}

static inline double weigh_score(const struct matcher *m, double rare, uint32_t at, uint32_t wdf)
{
    uint32_t length = m->docs->lengths[at];
    double norm = length < WEIGH_NORMS ? m->norm[length] : weigh_norm(m, length);
    return weigh_score_of(rare, norm, wdf);
}

#endif
