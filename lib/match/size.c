// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/match/size.h"

#include "lib/match/list.h"

size_t size_promised(const struct matcher *m, const struct xquery *q, size_t *first)
{
    const struct docs *d = m->docs;
    *first = seek_from(d->ids, d->n, 0, q->first_docid);
    size_t end = seek_from(d->ids, d->n, *first, q->last_docid);
    return end + (end < d->n && d->ids[end] == q->last_docid) - *first;
}

int size_most(struct matcher *m, const struct xquery *q, size_t *n, unsigned level)
{
    struct posting_list *list;
    size_t one, first;
    *n = m->docs->n;
    if (level > MATCHER_LEVELS)
        return err_set(m->e, ERR_COMPLEX, "the query is nested too deep");
    if (q->last_docid) { /* the first to be asked, but for a long one */
        *n = size_promised(m, q, &first);
        *n = *n < m->docs->n / 2 ? 0 : *n;
        return 0;
    }
    switch (q->op) {
    case XQ_NONE:
        *n = 0;
        return 0;
    case XQ_TERM:
    case XQ_SYNONYM:
        if (matcher_postings(m, q, &list))
            return -1;
        *n = list->most;
        return 0;
    case XQ_DOCIDS:
        *n = q->n_docids;
        return 0;
    case XQ_AND:
    case XQ_FILTER:
    case XQ_PHRASE:
    case XQ_NEAR:
        for (size_t i = 0; i < q->n_kids; i++) {
            if (size_most(m, q->kids[i], &one, level + 1))
                return -1;
            *n = one < *n ? one : *n;
        }
        return 0;
    case XQ_OR: {
        size_t sum = 0;
        for (size_t i = 0; i < q->n_kids; i++) {
            if (size_most(m, q->kids[i], &one, level + 1))
                return -1;
            sum += one;
        }
        *n = sum < *n ? sum : *n;
        return 0;
    }
    case XQ_NOT:
    case XQ_MAYBE:
    case XQ_SCALE:
        return q->n_kids ? size_most(m, q->kids[0], n, level + 1) : 0;
    case XQ_PREFIX:
    case XQ_ALL:
    case XQ_RANGE:
        return 0;
    }
    return 0;
}

size_t size_within(const struct matcher *m, const struct xquery *q)
{
    size_t n = m->docs->n, first;
    if (q->last_docid)
        return size_promised(m, q, &first);
    if (q->op == XQ_SCALE || q->op == XQ_NOT || q->op == XQ_MAYBE)
        return q->n_kids ? size_within(m, q->kids[0]) : n;
    for (size_t i = 0; i < q->n_kids && (q->op == XQ_AND || q->op == XQ_FILTER); i++) {
        size_t one = size_within(m, q->kids[i]);
        n = one < n ? one : n;
    }
    return n;
}

int size_share(struct matcher *m, const struct xquery *q, double *of)
{
    bool all = q->op == XQ_AND || q->op == XQ_FILTER || q->op == XQ_PHRASE || q->op == XQ_NEAR,
         any = q->op == XQ_OR;
    size_t n = all || any ? q->n_kids : q->n_kids > 0;
    *of = any ? 0 : 1;
    if (q->last_docid || q->op == XQ_TERM || q->op == XQ_SYNONYM) {
        size_t documents, first;
        if (q->last_docid)
            documents = size_promised(m, q, &first);
        else if (size_most(m, q, &documents, 0))
            return -1;
        *of = (double)documents / (double)m->docs->n;
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        double one;
        if (size_share(m, q->kids[i], &one))
            return -1;
        *of = any ? *of + one - *of * one : *of * one;
    }
    return 0;
}
