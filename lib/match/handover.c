// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/match/handover.h"

#include "lib/match/places.h"
#include "lib/match/size.h"
#include "lib/xquery.h"

enum { EARLY_STOP = 20000 }; /* postings to decode above which Xapian's stop is quicker */

static bool of_terms(const struct xquery *q)
{
    for (size_t i = 0; i < q->n_kids; i++)
        if (q->kids[i]->op != XQ_TERM || !q->kids[i]->term.n)
            return false;
    return true;
}

bool handover_is_ours(const struct xquery *q, unsigned level)
{
    if (!q || level > MATCHER_LEVELS)
        return false;
    if (q->last_docid)
        return true;
    if (q->op == XQ_RANGE || (q->op == XQ_TERM && !q->term.n) ||
        (q->op == XQ_PREFIX && (!q->term.n || !q->limit)))
        return false;
    if (q->op == XQ_SYNONYM || q->op == XQ_PHRASE || q->op == XQ_NEAR)
        return of_terms(q);
    for (size_t i = 0; i < q->n_kids; i++)
        if (!handover_is_ours(q->kids[i], level + 1))
            return false;
    return true;
}

/* A prefix as the OR of its terms. */
static struct xquery *as_terms(struct matcher *m, const struct xquery *q, uint64_t *documents)
{
    struct xmaker x = {m->scratch, m->e};
    struct xkids k = {0};
    struct slice *terms;
    size_t n;
    if (postings_expand(m->p, q->term, q->limit, m->scratch, &terms, &n, documents, m->e))
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (xkids_add(&x, &k, xquery_term(&x, terms[i])))
            return NULL;
    return xquery_over(&x, XQ_OR, k);
}

/* The tree without prefixes, for Xapian, and how many postings we would have to decode first. */
static struct xquery *spelt_out(struct matcher *m, const struct xquery *q, uint64_t *sum)
{
    struct posting_list *list;
    uint64_t documents = 0;
    if (q->last_docid)
        return (struct xquery *)q;
    if (q->op == XQ_PREFIX) {
        struct xquery *terms = as_terms(m, q, &documents);
        *sum += documents;
        return terms;
    }
    if (matcher_is_leaf(q)) {
        if (matcher_postings(m, q, &list))
            return NULL;
        *sum += postings_is_near(list) ? 0 : list->most;
        return (struct xquery *)q;
    }
    struct xquery *copy = arena_alloc(m->scratch, sizeof *copy);
    struct xquery **kids = arena_array(m->scratch, q->n_kids, sizeof *kids);
    if (!copy || !kids) {
        err_memory(m->e);
        return NULL;
    }
    *copy = *q;
    copy->kids = kids;
    for (size_t i = 0; i < q->n_kids; i++)
        if (!(kids[i] = spelt_out(m, q->kids[i], sum)))
            return NULL;
    return copy;
}

struct xquery *handover_early(struct matcher *m)
{
    const struct xsearch *s = m->s;
    uint64_t sum = 0, want = (uint64_t)s->first + s->max;
    double of = 0;
    if (places_matter_within(s->query, 0))
        return NULL;
    if ((s->sort != XSORT_DOCID && s->sort != XSORT_DOCID_DOWN) || s->all_docids || want > 1000 ||
        s->check > 10000)
        return NULL;
    size_t within = size_within(m, s->query);
    if (within < m->docs->n / 8 || (within < m->docs->n && size_share(m, s->query, &of)))
        return NULL;
    want = want > s->check ? want : s->check;
    if (within < m->docs->n && of * (double)m->docs->n < (double)want)
        return NULL; /* it would look at all of them */
    struct xquery *q = spelt_out(m, s->query, &sum);
    return sum > EARLY_STOP ? q : NULL;
}
