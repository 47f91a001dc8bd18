// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/match/judge.h"

#include "lib/match/places.h"
#include "lib/match/weigh.h"

static int judge_leaf(
    struct matcher *m, const struct xquery *q, uint32_t at, bool weighs, struct verdict *v)
{
    struct posting_list *list;
    uint16_t wdf = 0;
    if (matcher_postings(m, q, &list))
        return -1;
    if (list->read) {
        size_t i = seek_from(list->at, list->n, 0, at);
        v->is = i < list->n && list->at[i] == at;
        wdf = v->is ? list->wdf[i] : 0;
    } else if (postings_probe(m->p, list, &at, 1, &wdf, &v->is, m->e)) {
        return -1;
    }
    uint32_t most = q->op == XQ_TERM ? UINT32_MAX : m->docs->lengths[at];
    if (v->is && weighs)
        v->weight =
            weigh_score(m, weigh_rarity(m, list->frequency, q->wqf), at, wdf < most ? wdf : most);
    return 0;
}

/* All must hold; only the first `weighing` weigh. */
static int judge_all(
    struct matcher *m, const struct xquery *q, uint32_t at, size_t weighing, struct verdict *v)
{
    v->is = q->n_kids > 0;
    for (size_t i = 0; i < q->n_kids && v->is; i++) {
        struct verdict kid;
        if (judge_document(m, q->kids[i], at, i < weighing, &kid))
            return -1;
        v->is = kid.is;
        v->weight += kid.weight;
    }
    return 0;
}

static int judge_any(
    struct matcher *m, const struct xquery *q, uint32_t at, bool weighs, struct verdict *v)
{
    for (size_t i = 0; i < q->n_kids && (weighs || !v->is); i++) {
        struct verdict kid;
        if (judge_document(m, q->kids[i], at, weighs, &kid))
            return -1;
        v->is = v->is || kid.is;
        v->weight += kid.is ? kid.weight : 0;
    }
    return 0;
}

/* The first holds, and none of the others (XQ_NOT), or the others add to it (XQ_MAYBE). */
static int judge_first(
    struct matcher *m, const struct xquery *q, uint32_t at, bool weighs, struct verdict *v)
{
    if (!q->n_kids || judge_document(m, q->kids[0], at, weighs, v))
        return m->e->code ? -1 : 0;
    bool not = q->op == XQ_NOT;
    for (size_t i = 1; i < q->n_kids && v->is && (not || weighs); i++) {
        struct verdict kid;
        if (judge_document(m, q->kids[i], at, !not, &kid))
            return -1;
        v->is = !not || !kid.is;
        v->weight += !not &&kid.is ? kid.weight : 0;
    }
    return 0;
}

int judge_document(
    struct matcher *m, const struct xquery *q, uint32_t at, bool weighs, struct verdict *v)
{
    *v = (struct verdict){0};
    if (q->last_docid) {
        v->is = m->docs->ids[at] >= q->first_docid && m->docs->ids[at] <= q->last_docid;
        return 0;
    }
    switch (q->op) {
    case XQ_TERM:
    case XQ_SYNONYM:
    case XQ_PREFIX:
        return judge_leaf(m, q, at, weighs, v);
    case XQ_PHRASE:
    case XQ_NEAR:
        if (places_matter(q) && !places_hold(m, q, at))
            return 0;
        return judge_all(m, q, at, weighs ? q->n_kids : 0, v);
    case XQ_AND:
        return judge_all(m, q, at, weighs ? q->n_kids : 0, v);
    case XQ_FILTER:
        return judge_all(m, q, at, weighs, v);
    case XQ_OR:
        return judge_any(m, q, at, weighs, v);
    case XQ_NOT:
    case XQ_MAYBE:
        return judge_first(m, q, at, weighs, v);
    case XQ_SCALE:
        if (!q->n_kids || judge_document(m, q->kids[0], at, weighs && q->factor > 0, v))
            return m->e->code ? -1 : 0;
        v->weight *= q->factor;
        return 0;
    case XQ_DOCIDS: {
        size_t i = seek_from(q->docids, q->n_docids, 0, m->docs->ids[at]);
        v->is = i < q->n_docids && q->docids[i] == m->docs->ids[at];
        return 0;
    }
    case XQ_ALL:
        v->is = true;
        return 0;
    case XQ_NONE:
    case XQ_RANGE:
        return 0;
    }
    return 0;
}

int judge_settle(struct matcher *m, const struct xquery *q, struct list *l)
{
    size_t n = 0;
    uint32_t *at = l->unsure ? matcher_raw(m, PLACES_BATCH, sizeof *at) : NULL;
    if (!l->unsure || !at)
        return l->unsure ? -1 : 0;
    for (size_t i = 0, end; i < l->n; i = end) {
        size_t asked = 0;
        for (end = i; end < l->n && asked < PLACES_BATCH; end++)
            if (l->unsure[end])
                at[asked++] = l->at[end];
        if (places_look_up(m, q, at, asked))
            return -1;
        for (size_t k = i; k < end; k++) {
            struct verdict v = {.is = true};
            if (l->unsure[k] && judge_document(m, q, l->at[k], false, &v))
                return -1;
            l->at[n] = l->at[k];
            n += v.is;
        }
    }
    l->n = n;
    l->weight = NULL;
    l->unsure = NULL;
    return 0;
}
