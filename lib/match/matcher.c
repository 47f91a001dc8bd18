// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/match/matcher.h"

void *matcher_raw(struct matcher *m, size_t n, size_t size)
{
    void *p = arena_raw(m->scratch, n * size);
    if (!p)
        err_memory(m->e);
    return p;
}

bool matcher_is_leaf(const struct xquery *q)
{
    return !q->last_docid && (q->op == XQ_TERM || q->op == XQ_SYNONYM || q->op == XQ_PREFIX);
}

int matcher_postings(struct matcher *m, const struct xquery *q, struct posting_list **p)
{
    return q->op == XQ_TERM      ? postings_find(m->p, q->term, p, m->e)
           : q->op == XQ_SYNONYM ? postings_synonym(m->p, q->kids, q->n_kids, p, m->e)
                                 : postings_prefix(m->p, q->term, q->limit, p, m->e);
}
