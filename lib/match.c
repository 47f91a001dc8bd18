// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/match.h"

#include "lib/match/eval.h"
#include "lib/match/handover.h"
#include "lib/match/judge.h"
#include "lib/match/parts.h"
#include "lib/match/rank.h"
#include "lib/match/weigh.h"

enum { RETRIES = 3 };

static bool weighs_something(const struct xquery *q)
{
    size_t n = q->op == XQ_FILTER || q->op == XQ_NOT ? 1 : q->n_kids;
    if (matcher_is_leaf(q))
        return true;
    if (q->op == XQ_SCALE && !(q->factor > 0))
        return false;
    for (size_t i = 0; i < n && i < q->n_kids; i++)
        if (weighs_something(q->kids[i]))
            return true;
    return false;
}

static int fetch(struct matcher *m, struct arena *a, struct xresult *r)
{
    docid_t *ids = matcher_raw(m, r->n_hits, sizeof *ids);
    struct slice *data = matcher_raw(m, r->n_hits, sizeof *data);
    if (!ids || !data)
        return -1;
    for (size_t i = 0; i < r->n_hits; i++)
        ids[i] = r->hits[i].id;
    if (texts_read(postings_texts(m->p), m->db, a, ids, r->n_hits, data, m->e))
        return -1;
    for (size_t i = 0; i < r->n_hits; i++)
        r->hits[i].data = data[i];
    return 0;
}

static int take_hits(struct matcher *m, struct arena *a, const struct list *l,
    const struct sure *found, size_t n, struct xresult *r)
{
    const struct xsearch *s = m->s;
    size_t first = s->first < n ? s->first : n;
    size_t end = n - first < s->max ? n : first + s->max;
    r->hits = arena_array(a, end - first, sizeof *r->hits);
    if (!r->hits)
        return err_memory(m->e);
    for (size_t i = first; i < end; i++)
        r->hits[r->n_hits++] =
            (struct xhit){.id = m->docs->ids[l->at[found[i].i]], .weight = found[i].weight};
    r->max_weight = n ? found[0].weight : 0;
    return s->data && r->n_hits ? fetch(m, a, r) : 0;
}

static int everything(struct matcher *m, struct arena *a, struct list *l, struct xresult *r)
{
    if (judge_settle(m, m->s->query, l))
        return -1;
    r->docids = arena_array(a, l->n, sizeof *r->docids);
    if (!r->docids)
        return err_memory(m->e);
    for (size_t i = 0; i < l->n; i++)
        r->docids[i] = m->docs->ids[l->at[i]];
    r->n_docids = l->n;
    r->total = r->lower = r->upper = (uint32_t)l->n;
    return 0;
}

static int answer(struct matcher *m, struct arena *a, struct xresult *r)
{
    const struct xsearch *s = m->s;
    struct list l;
    bool weighs = s->sort == XSORT_WEIGHT && s->k1 > 0 && !s->all_docids;
    if ((weighs && weigh_norms(m)) || eval_part(m, s->query, weighs, NULL, 0, &l))
        return -1;
    if (s->all_docids)
        return everything(m, a, &l, r);
    uint64_t want = (uint64_t)s->first + s->max;
    uint64_t most = l.unsure && s->check > want ? s->check : want;
    size_t n = most < l.n ? (size_t)most : l.n, left = 0;
    struct sure *found = arena_alloc(m->scratch, (l.unsure ? l.n : n) * sizeof *found);
    if (!found)
        return err_memory(m->e);
    if (l.unsure   ? rank_surest(m, &l, n, found, &n, &left)
        : l.weight ? rank_best(m, &l, n, found)
                   : (rank_plainly(m, &l, n, found), 0))
        return -1;
    r->lower = (uint32_t)(l.unsure ? n : l.n);
    r->upper = (uint32_t)(l.unsure ? n + left : l.n);
    r->total = r->upper;
    return take_hits(m, a, &l, found, n, r);
}

static int search(struct matcher *m, struct arena *a, struct xresult *r)
{
    struct xsearch s = *m->s;
    *r = (struct xresult){0};
    if (postings_of(m->db, &m->p, &m->docs, m->e))
        return -1;
    m->scratch = postings_scratch(m->p);
    if (s.sort == XSORT_WEIGHT && !weighs_something(s.query))
        s.sort = XSORT_DOCID;
    m->s = &s; // cppcheck-suppress autoVariables ; it is taken back below
    struct xquery *q = handover_early(m);
    s.query = q ? q : s.query;
    int rc = m->e->code ? -1 : q ? xdb_search(m->db, a, &s, r, m->e) : answer(m, a, r);
    postings_end(m->p);
    m->s = NULL;
    return rc;
}

static int damaged(struct err *e)
{
    err_clear(e);
    return err_set(e, ERR_DAMAGED,
        "a posting list of the index names documents that are not there: run kbindex --full");
}

int match_search(
    struct xdb *db, struct arena *a, const struct xsearch *s, struct xresult *r, struct err *e)
{
    if (!xdb_is_single(db) || s->sort == XSORT_VALUE || s->sort == XSORT_VALUE_DOWN ||
        s->collapse_slot != XSEARCH_NO_SLOT || !handover_is_ours(s->query, 0))
        return parts_search(db, a, s, r, e);
    for (int tries = 0;; tries++) {
        struct matcher m = {.db = db, .s = s, .e = e};
        uint64_t moves = xdb_moves(db);
        int rc = search(&m, a, r);
        bool moved = xdb_moves(db) != moves, gone = rc && e->code == ERR_BUSY;
        if (!moved && gone)
            return damaged(e);
        if (!moved || (rc && !gone))
            return rc;
        err_clear(e);
        if (tries == RETRIES)
            return err_set(e, ERR_BUSY, "the index changes faster than it can be read; ask again");
    }
}
