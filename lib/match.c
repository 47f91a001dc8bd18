// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/match.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "lib/buf.h"
#include "lib/postings.h"
#include "lib/xquery.h"

enum {
    LEVELS = 100,
    PROBE = 4,          /* a list so many times as long as what it is held against is probed, */
    PROBE_AGAIN = 32,   /* or so many, when it was asked for before: then it is kept */
    EARLY_STOP = 20000, /* postings to decode above which Xapian's stop is quicker */
    RETRIES = 3,
    SCRATCH_KEPT = 8 << 20
};

/* Documents that match, ascending. */
struct list {
    uint32_t *at;
    double *weight; /* NULL: all weigh nothing */
    bool *unsure;   /* NULL: none is. Words' places have still to be looked at: it may not match,
                       or weigh less */
    size_t n;
    bool run; /* one behind the other, without a gap */
};

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
    struct err *e;
};

enum { NORMS = 256, BATCH = 1024 };

/* --- time ---------------------------------------------------------------------------------- */

static int look(const struct matcher *m)
{
    if (m->s->stop && atomic_load_explicit(m->s->stop, memory_order_relaxed))
        return err_set(m->e, ERR_CANCELLED, "cancelled");
    if (!m->s->deadline_ns)
        return 0;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    if ((uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec >= m->s->deadline_ns)
        return err_set(m->e, ERR_TIMEOUT, "the deadline passed before the answer was whole");
    return 0;
}

/* --- lists --------------------------------------------------------------------------------- */

static void *raw(struct matcher *m, size_t n, size_t size)
{
    void *p = arena_raw(m->scratch, n * size);
    if (!p)
        err_memory(m->e);
    return p;
}

static int list_new(struct matcher *m, size_t most, bool weighs, bool unsure, struct list *l)
{
    *l = (struct list){.at = raw(m, most, sizeof *l->at)};
    if (weighs)
        l->weight = raw(m, most, sizeof *l->weight);
    if (unsure)
        l->unsure = raw(m, most, sizeof *l->unsure);
    return m->e->code ? -1 : 0;
}

static void add(struct list *l, uint32_t at, double weight, bool unsure)
{
    l->at[l->n] = at;
    if (l->weight)
        l->weight[l->n] = weight;
    if (l->unsure)
        l->unsure[l->n] = unsure;
    l->n++;
}

static double weight_of(const struct list *l, size_t i)
{
    return l->weight ? l->weight[i] : 0;
}

static bool is_unsure(const struct list *l, size_t i)
{
    return l->unsure && l->unsure[i];
}

/* The first place from i on that is not before `at`. */
static size_t seek(const uint32_t *v, size_t n, size_t i, uint32_t at)
{
    size_t step = 1, low = i;
    if (i >= n || v[i] >= at)
        return i;
    while (low + step < n && v[low + step] < at) {
        low += step;
        step *= 2;
    }
    size_t high = low + step < n ? low + step : n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (v[mid] < at)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* The same from a place that is near. */
static inline size_t step_to(const uint32_t *v, size_t n, size_t i, uint32_t at, bool near)
{
    if (!near)
        return seek(v, n, i, at);
    while (i < n && v[i] < at)
        i++;
    return i;
}

static bool holds_at(const uint32_t *v, size_t n, uint32_t at)
{
    size_t i = seek(v, n, 0, at);
    return i < n && v[i] == at;
}

/* What either has, weights added. */
static int unite(struct matcher *m, const struct list *a, const struct list *b, struct list *out)
{
    if (list_new(m, a->n + b->n, a->weight || b->weight, a->unsure || b->unsure, out))
        return -1;
    size_t i = 0, k = 0;
    while (i < a->n || k < b->n) {
        if (k == b->n || (i < a->n && a->at[i] < b->at[k])) {
            add(out, a->at[i], weight_of(a, i), is_unsure(a, i));
            i++;
        } else if (i == a->n || b->at[k] < a->at[i]) {
            add(out, b->at[k], weight_of(b, k), is_unsure(b, k));
            k++;
        } else {
            bool less = (a->weight && is_unsure(a, i)) || (b->weight && is_unsure(b, k));
            add(out, a->at[i], weight_of(a, i) + weight_of(b, k),
                less || (is_unsure(a, i) && is_unsure(b, k)));
            i++;
            k++;
        }
    }
    return 0;
}

/* What both have; `b` is mostly within `a`. */
static int meet(struct matcher *m, const struct list *a, const struct list *b, struct list *out)
{
    size_t most = a->n < b->n ? a->n : b->n, i = 0;
    if (list_new(m, most, a->weight || b->weight, a->unsure || b->unsure, out))
        return -1;
    for (size_t k = 0; k < b->n; k++) {
        i = seek(a->at, a->n, i, b->at[k]);
        if (i == a->n)
            break;
        if (a->at[i] == b->at[k])
            add(out, b->at[k], weight_of(a, i) + weight_of(b, k),
                is_unsure(a, i) || is_unsure(b, k));
    }
    return 0;
}

/* --- weights ------------------------------------------------------------------------------- */

/* As Xapian's BM25Weight has them (weight/bm25weight.cc), k2 0 and k3 1. */
static double norm_of(const struct matcher *m, uint32_t length)
{
    double normal = m->docs->average > 0 ? length * (1 / m->docs->average) : 0;
    if (normal < m->s->min_length)
        normal = m->s->min_length;
    return m->s->k1 * (normal * m->s->b + (1 - m->s->b));
}

static int make_norms(struct matcher *m)
{
    m->norm = raw(m, NORMS, sizeof *m->norm);
    for (uint32_t i = 0; m->norm && i < NORMS; i++)
        m->norm[i] = norm_of(m, i);
    return m->norm ? 0 : -1;
}

static double rarity(const struct matcher *m, uint32_t frequency, uint32_t wqf)
{
    double odds = ((double)m->docs->n - frequency + 0.5) / (frequency + 0.5);
    double weight = log(odds < 2 ? odds * 0.5 + 1 : odds);
    if (wqf > 1)
        weight *= 2.0 * wqf / (1.0 + wqf);
    return weight * (m->s->k1 + 1);
}

static double score(const struct matcher *m, double rare, uint32_t at, uint32_t wdf)
{
    uint32_t length = m->docs->lengths[at];
    double norm = length < NORMS ? m->norm[length] : norm_of(m, length);
    return rare * (wdf / (norm + wdf));
}

/* --- leaves -------------------------------------------------------------------------------- */

static int probed(struct matcher *m, const struct posting_list *p, double rare, bool weighs,
    const struct list *within, struct list *out)
{
    uint16_t *wdf = raw(m, within->n, sizeof *wdf);
    bool *found = raw(m, within->n, sizeof *found);
    if (!wdf || !found || list_new(m, within->n, weighs, false, out) ||
        postings_probe(m->p, p, within->at, within->n, wdf, found, m->e))
        return -1;
    for (size_t i = 0; i < within->n; i++)
        if (found[i])
            add(out, within->at[i], weighs ? score(m, rare, within->at[i], wdf[i]) : 0, false);
    return 0;
}

/* What of a list lies in a run of documents. */
static int part_of(
    struct matcher *m, struct posting_list *p, const struct list *run, struct posting_list *part)
{
    uint32_t first = run->at[0], last = run->at[run->n - 1];
    *part = *p;
    if (p->read) {
        size_t begin = seek(p->at, p->n, 0, first);
        part->n = seek(p->at, p->n, begin, last + 1) - begin;
        part->at += begin;
        part->wdf += begin;
        return 0;
    }
    return postings_part(m->p, p, first, last, part, m->e);
}

/* Whether what is asked about lies in the promised run, and the list's part there is so short that
 * it is quicker read than probed. */
static bool is_within_span(
    const struct matcher *m, const struct posting_list *p, const struct list *within)
{
    uint32_t first = within->at[0], last = within->at[within->n - 1];
    return m->span_n && first >= m->span_first && last - m->span_first < m->span_n &&
           (double)p->frequency * m->span_n / (double)m->docs->n / PROBE <= (double)within->n;
}

static int listed(struct matcher *m, struct posting_list *p, uint32_t wqf, bool weighs,
    bool clamped, const struct list *within, struct list *out)
{
    double rare = weighs ? rarity(m, p->frequency, wqf) : 0;
    struct posting_list part;
    if (within && within->run) {
        if (part_of(m, p, within, &part))
            return -1;
        p = &part;
        within = NULL;
    }
    if (!p->read && within && p->frequency / (p->asked++ ? PROBE_AGAIN : PROBE) > within->n) {
        if (!is_within_span(m, p, within))
            return probed(m, p, rare, weighs, within, out);
        if (postings_part(m->p, p, m->span_first, m->span_first + m->span_n - 1, &part, m->e))
            return -1;
        p = &part;
    }
    if (postings_read(m->p, p, m->e))
        return -1;
    if (!within && !weighs) {
        *out = (struct list){.at = p->at, .n = p->n};
        return 0;
    }
    enum { NEAR = 6 };
    size_t n = within ? within->n : p->n, i = 0;
    bool near = p->n / NEAR < n;
    if (list_new(m, n < p->n ? n : p->n, weighs, false, out))
        return -1;
    for (size_t k = 0; k < n; k++) {
        uint32_t at = within ? within->at[k] : p->at[k];
        i = within ? step_to(p->at, p->n, i, at, near) : k;
        if (i == p->n)
            break;
        if (p->at[i] != at)
            continue;
        uint32_t wdf = p->wdf[i];
        if (clamped && wdf > m->docs->lengths[at])
            wdf = m->docs->lengths[at];
        add(out, at, weighs ? score(m, rare, at, wdf) : 0, false);
    }
    return 0;
}

static int run_of(struct matcher *m, uint32_t first, size_t n, struct list *out)
{
    if (list_new(m, n, false, false, out))
        return -1;
    for (size_t i = 0; i < n; i++)
        out->at[i] = first + (uint32_t)i;
    out->n = n;
    out->run = true;
    return 0;
}

static int every(struct matcher *m, const struct list *within, struct list *out)
{
    if (!within)
        return run_of(m, 0, m->docs->n, out);
    *out = (struct list){.at = within->at, .n = within->n, .run = within->run};
    return 0;
}

/* The documents that are promised, as a part of what they may be. */
static int promised(
    struct matcher *m, const struct xquery *q, const struct list *within, struct list *out)
{
    const struct docs *d = m->docs;
    size_t first = seek(d->ids, d->n, 0, q->first_docid),
           end = seek(d->ids, d->n, first, q->last_docid);
    end += end < d->n && d->ids[end] == q->last_docid;
    if (within) {
        size_t i = seek(within->at, within->n, 0, (uint32_t)first);
        *out = (struct list){.at = within->at + i,
            .n = seek(within->at, within->n, i, (uint32_t)end) - i,
            .run = within->run};
        return 0;
    }
    m->span_first = (uint32_t)first;
    m->span_n = (uint32_t)(end - first);
    return run_of(m, (uint32_t)first, end - first, out);
}

static int given(
    struct matcher *m, const struct xquery *q, const struct list *within, struct list *out)
{
    size_t i = 0;
    if (list_new(m, q->n_docids, false, false, out))
        return -1;
    for (size_t k = 0; k < q->n_docids; k++) {
        i = seek(m->docs->ids, m->docs->n, i, q->docids[k]);
        if (i == m->docs->n)
            break;
        if (m->docs->ids[i] == q->docids[k] &&
            (!within || holds_at(within->at, within->n, (uint32_t)i)))
            add(out, (uint32_t)i, 0, false);
    }
    return 0;
}

/* --- how many a part can match ------------------------------------------------------------- */

static int most(struct matcher *m, const struct xquery *q, size_t *n, unsigned level)
{
    struct posting_list *list;
    size_t one;
    *n = m->docs->n;
    if (level > LEVELS)
        return err_set(m->e, ERR_COMPLEX, "the query is nested too deep");
    if (q->last_docid) { /* the first to be asked, but for a long one */
        const struct docs *d = m->docs;
        size_t first = seek(d->ids, d->n, 0, q->first_docid);
        *n = seek(d->ids, d->n, first, q->last_docid) - first;
        *n = *n < d->n / 2 ? 0 : *n;
        return 0;
    }
    switch (q->op) {
    case XQ_NONE:
        *n = 0;
        return 0;
    case XQ_TERM:
        if (postings_find(m->p, q->term, &list, m->e))
            return -1;
        *n = list->frequency;
        return 0;
    case XQ_DOCIDS:
        *n = q->n_docids;
        return 0;
    case XQ_AND:
    case XQ_FILTER:
    case XQ_PHRASE:
    case XQ_NEAR:
        for (size_t i = 0; i < q->n_kids; i++) {
            if (most(m, q->kids[i], &one, level + 1))
                return -1;
            *n = one < *n ? one : *n;
        }
        return 0;
    case XQ_OR:
    case XQ_SYNONYM: {
        size_t sum = 0;
        for (size_t i = 0; i < q->n_kids; i++) {
            if (most(m, q->kids[i], &one, level + 1))
                return -1;
            sum += one;
        }
        *n = sum < *n ? sum : *n;
        return 0;
    }
    case XQ_NOT:
    case XQ_MAYBE:
    case XQ_SCALE:
        return q->n_kids ? most(m, q->kids[0], n, level + 1) : 0;
    case XQ_PREFIX:
    case XQ_ALL:
    case XQ_RANGE:
        return 0;
    }
    return 0;
}

/* --- where words stand --------------------------------------------------------------------- */

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

/* Which of the documents have it. By Xapian's own match, for that alone keeps its place in the
 * table of positions from one document to the next. */
static int ask_places(
    struct matcher *m, const struct xquery *q, const uint32_t *at, size_t n, uint16_t *is)
{
    docid_t *ids = raw(m, n, sizeof *ids);
    struct xquery phrase = *q, batch = {.op = XQ_DOCIDS, .docids = ids, .n_docids = n};
    struct xquery *kids[] = {&phrase, &batch};
    struct xquery both = {.op = XQ_FILTER, .kids = kids, .n_kids = 2};
    struct xsearch s = {.query = &both,
        .k1 = -1,
        .collapse_slot = XSEARCH_NO_SLOT,
        .all_docids = true,
        .deadline_ns = m->s->deadline_ns,
        .stop = m->s->stop};
    struct xresult r;
    if (!ids)
        return -1;
    for (size_t i = 0; i < n; i++)
        ids[i] = m->docs->ids[at[i]];
    if (xdb_search(m->db, m->scratch, &s, &r, m->e))
        return -1;
    for (size_t i = 0, k = 0; i < n; i++) {
        is[i] = k < r.n_docids && r.docids[k] == ids[i];
        k += is[i];
    }
    return 0;
}

/* What the words' places are kept under. */
static struct slice phrase_name(struct matcher *m, const struct xquery *q)
{
    struct buf name = {0};
    buf_char(&name, '\1');
    xquery_write(q, &name);
    struct slice kept = arena_dup(m->scratch, buf_view(&name));
    if (name.failed || !kept.p) {
        err_memory(m->e);
        kept = slice_of(NULL, 0);
    }
    buf_free(&name);
    return kept;
}

/* Those of the batch that were never asked about. */
static size_t unasked(const struct matcher *m, const struct posting_list *known, uint32_t *at)
{
    size_t n = 0, k = 0;
    for (size_t i = 0; i < m->batch.n; i++) {
        k = seek(known->at, known->n, k, m->batch.at[i]);
        if (k == known->n || known->at[k] != m->batch.at[i])
            at[n++] = m->batch.at[i];
    }
    return n;
}

static int note_places(struct matcher *m, struct posting_list *known, const uint32_t *new_at,
    const uint16_t *new_is, size_t n)
{
    size_t all = known->n + n, i = 0, k = 0;
    uint32_t *at = malloc(all * sizeof *at);
    uint16_t *is = malloc(all * sizeof *is);
    if (!at || !is) {
        free(at);
        free(is);
        return err_memory(m->e);
    }
    for (size_t out = 0; out < all; out++) {
        bool old = k == n || (i < known->n && known->at[i] < new_at[k]);
        at[out] = old ? known->at[i] : new_at[k];
        is[out] = old ? known->wdf[i] : new_is[k];
        i += old;
        k += !old;
    }
    postings_note(m->p, known, at, is, all);
    return 0;
}

static int side_by_side(struct matcher *m, const struct xquery *q, struct posting_list **known)
{
    struct slice name = phrase_name(m, q);
    uint32_t *at = raw(m, m->batch.n, sizeof *at);
    uint16_t *is = raw(m, m->batch.n, sizeof *is);
    if (!name.p || !at || !is || postings_noted(m->p, name, known, m->e))
        return -1;
    size_t n = unasked(m, *known, at);
    return n && (ask_places(m, q, at, n, is) || note_places(m, *known, at, is, n)) ? -1 : 0;
}

static bool has_places(const struct xquery *q)
{
    return (q->op == XQ_PHRASE || q->op == XQ_NEAR) && q->n_kids > 1;
}

static int read_phrases(struct matcher *m, const struct xquery *q)
{
    struct phrase p = {.q = q};
    if (!has_places(q)) {
        for (size_t i = 0; i < q->n_kids; i++)
            if (read_phrases(m, q->kids[i]))
                return -1;
        return 0;
    }
    if (side_by_side(m, q, &p.known))
        return -1;
    return ARENA_PUSH(m->scratch, m->batch.phrases, m->batch.n_phrases, m->batch.cap_phrases, p)
               ? 0
               : err_memory(m->e);
}

/* Looks up where the words of the query's phrases stand in these documents. */
static int batch(struct matcher *m, const struct xquery *q, const uint32_t *at, size_t n)
{
    m->batch = (struct batch){.at = at, .n = n};
    return n == 0 ? 0 : look(m) || read_phrases(m, q) ? -1 : 0;
}

static bool phrase_holds(const struct matcher *m, const struct xquery *q, uint32_t at)
{
    for (size_t k = 0; k < m->batch.n_phrases; k++) {
        const struct posting_list *known = m->batch.phrases[k].known;
        size_t i = m->batch.phrases[k].q == q ? seek(known->at, known->n, 0, at) : known->n;
        if (i < known->n && known->at[i] == at)
            return known->wdf[i];
    }
    return false;
}

/* What a part makes of one document. */
struct verdict {
    bool is;
    double weight; /* means nothing where it is not */
};

static int judge(
    struct matcher *m, const struct xquery *q, uint32_t at, bool weighs, struct verdict *v);

/* The wdf of a term, or of all terms with a prefix. */
static int wdf_of(struct matcher *m, const struct xquery *q, uint32_t at,
    struct posting_list **list, uint16_t *wdf, bool *is)
{
    if (q->op == XQ_TERM ? postings_find(m->p, q->term, list, m->e)
                         : postings_prefix(m->p, q->term, q->limit, list, m->e))
        return -1;
    if (!(*list)->read)
        return postings_probe(m->p, *list, &at, 1, wdf, is, m->e);
    size_t i = seek((*list)->at, (*list)->n, 0, at);
    *is = i < (*list)->n && (*list)->at[i] == at;
    *wdf = *is ? (*list)->wdf[i] : 0;
    return 0;
}

static int judge_term(
    struct matcher *m, const struct xquery *q, uint32_t at, bool weighs, struct verdict *v)
{
    struct posting_list *list;
    uint16_t wdf;
    if (wdf_of(m, q, at, &list, &wdf, &v->is))
        return -1;
    uint32_t most = q->op == XQ_PREFIX ? m->docs->lengths[at] : UINT32_MAX;
    if (v->is && weighs)
        v->weight = score(m, rarity(m, list->frequency, q->op == XQ_TERM ? q->wqf : 1), at,
            wdf < most ? wdf : most);
    return 0;
}

static int judge_synonym(
    struct matcher *m, const struct xquery *q, uint32_t at, bool weighs, struct verdict *v)
{
    uint32_t *frequency = raw(m, q->n_kids, sizeof *frequency), sum = 0;
    if (!frequency)
        return -1;
    for (size_t i = 0; i < q->n_kids; i++) {
        struct posting_list *list;
        uint16_t wdf;
        bool is;
        if (wdf_of(m, q->kids[i], at, &list, &wdf, &is))
            return -1;
        v->is = v->is || is;
        sum += wdf;
        frequency[i] = list->frequency;
    }
    if (v->is && weighs) {
        double rare = rarity(m, postings_estimate(frequency, q->n_kids, m->docs->n), 1);
        uint32_t most = m->docs->lengths[at];
        v->weight = score(m, rare, at, sum < most ? sum : most);
    }
    return 0;
}

/* All must hold; only the first `weighing` weigh. */
static int judge_all(
    struct matcher *m, const struct xquery *q, uint32_t at, size_t weighing, struct verdict *v)
{
    v->is = q->n_kids > 0;
    for (size_t i = 0; i < q->n_kids && v->is; i++) {
        struct verdict kid;
        if (judge(m, q->kids[i], at, i < weighing, &kid))
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
        if (judge(m, q->kids[i], at, weighs, &kid))
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
    if (!q->n_kids || judge(m, q->kids[0], at, weighs, v))
        return m->e->code ? -1 : 0;
    bool not = q->op == XQ_NOT;
    for (size_t i = 1; i < q->n_kids && v->is && (not || weighs); i++) {
        struct verdict kid;
        if (judge(m, q->kids[i], at, !not, &kid))
            return -1;
        v->is = !not || !kid.is;
        v->weight += !not &&kid.is ? kid.weight : 0;
    }
    return 0;
}

/* For a document of the batch, which an evaluation called unsure. */
static int judge(
    struct matcher *m, const struct xquery *q, uint32_t at, bool weighs, struct verdict *v)
{
    *v = (struct verdict){0};
    if (q->last_docid) {
        v->is = m->docs->ids[at] >= q->first_docid && m->docs->ids[at] <= q->last_docid;
        return 0;
    }
    switch (q->op) {
    case XQ_TERM:
    case XQ_PREFIX:
        return judge_term(m, q, at, weighs, v);
    case XQ_SYNONYM:
        return judge_synonym(m, q, at, weighs, v);
    case XQ_PHRASE:
    case XQ_NEAR:
        if (has_places(q) && !phrase_holds(m, q, at))
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
        if (!q->n_kids || judge(m, q->kids[0], at, weighs && q->factor > 0, v))
            return m->e->code ? -1 : 0;
        v->weight *= q->factor;
        return 0;
    case XQ_DOCIDS: {
        size_t i = seek(q->docids, q->n_docids, 0, m->docs->ids[at]);
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

/* Leaves those that are sure, without their weights. */
static int settle(struct matcher *m, const struct xquery *q, struct list *l)
{
    size_t n = 0;
    uint32_t *at = l->unsure ? raw(m, BATCH, sizeof *at) : NULL;
    if (!l->unsure || !at)
        return l->unsure ? -1 : 0;
    for (size_t i = 0, end; i < l->n; i = end) {
        size_t asked = 0;
        for (end = i; end < l->n && asked < BATCH; end++)
            if (l->unsure[end])
                at[asked++] = l->at[end];
        if (batch(m, q, at, asked))
            return -1;
        for (size_t k = i; k < end; k++) {
            struct verdict v = {.is = true};
            if (l->unsure[k] && judge(m, q, l->at[k], false, &v))
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

/* --- parts --------------------------------------------------------------------------------- */

static int eval(struct matcher *m, const struct xquery *q, bool weighs, const struct list *within,
    unsigned level, struct list *out);

struct sized {
    const struct xquery *q;
    size_t most;
    bool weighs;
};

static int by_size(const void *x, const void *y)
{
    const struct sized *a = x, *b = y;
    return (a->most > b->most) - (a->most < b->most);
}

/* Those that all match, the rarest first, so that the others are only asked about few. */
static int all_of(struct matcher *m, struct sized *v, size_t n, const struct list *within,
    unsigned level, struct list *out)
{
    for (size_t i = 0; i < n; i++)
        if (most(m, v[i].q, &v[i].most, level))
            return -1;
    qsort(v, n, sizeof *v, by_size);
    *out = (struct list){0};
    for (size_t i = 0; i < n; i++) {
        struct list one;
        const struct list found = {.at = out->at, .n = out->n, .run = i && out->run}, before = *out;
        if (eval(m, v[i].q, false, i ? &found : within, level, &one))
            return -1;
        if (i == 0)
            *out = one;
        else if (meet(m, &before, &one, out))
            return -1;
        if (!out->n)
            return 0;
    }
    return 0;
}

/* Weights come last, for those alone that match. */
static int weigh_all(
    struct matcher *m, const struct sized *v, size_t n, unsigned level, struct list *found)
{
    const struct list here = {.at = found->at, .n = found->n};
    for (size_t i = 0; i < n && found->n; i++) {
        struct list one;
        const struct list before = *found;
        if (v[i].weighs && (eval(m, v[i].q, true, &here, level, &one) ||
                               (one.weight && meet(m, &before, &one, found))))
            return -1;
    }
    return 0;
}

static int conjunction(struct matcher *m, const struct xquery *q, bool weighs, bool first_alone,
    const struct list *within, unsigned level, struct list *out)
{
    struct sized *v = raw(m, q->n_kids, sizeof *v);
    if (!v)
        return -1;
    for (size_t i = 0; i < q->n_kids; i++)
        v[i] = (struct sized){q->kids[i], 0, weighs && !(first_alone && i)};
    if (!q->n_kids) {
        *out = (struct list){0};
        return 0;
    }
    if (q->n_kids == 1)
        return eval(m, q->kids[0], weighs, within, level, out);
    return all_of(m, v, q->n_kids, within, level, out) || weigh_all(m, v, q->n_kids, level, out)
               ? -1
               : 0;
}

/* Many lists without weights, by a bit for each document. */
static int any_bit(struct matcher *m, struct xquery *const *kids, size_t n,
    const struct list *within, unsigned level, struct list *out)
{
    size_t words = m->docs->n / 64 + 1, count = 0;
    uint64_t *bits = arena_alloc(m->scratch, words * sizeof *bits);
    if (!bits)
        return err_memory(m->e);
    for (size_t i = 0; i < n; i++) {
        struct list one;
        if (eval(m, kids[i], false, within, level, &one) || settle(m, kids[i], &one))
            return -1;
        for (size_t k = 0; k < one.n; k++)
            bits[one.at[k] / 64] |= 1ULL << (one.at[k] % 64);
    }
    for (size_t i = 0; i < words; i++)
        count += (size_t)__builtin_popcountll(bits[i]);
    if (list_new(m, count, false, false, out))
        return -1;
    for (size_t i = 0; i < words; i++)
        for (uint64_t rest = bits[i]; rest; rest &= rest - 1)
            add(out, (uint32_t)(i * 64 + (size_t)__builtin_ctzll(rest)), 0, false);
    return 0;
}

static int disjunction(struct matcher *m, struct xquery *const *kids, size_t n, bool weighs,
    const struct list *within, unsigned level, struct list *out)
{
    enum { MANY = 4 };
    struct list half[2];
    *out = (struct list){0};
    if (n == 0)
        return 0;
    if (n == 1)
        return eval(m, kids[0], weighs, within, level, out);
    if (!weighs && n > MANY)
        return any_bit(m, kids, n, within, level, out);
    size_t middle = n / 2;
    return disjunction(m, kids, middle, weighs, within, level, &half[0]) ||
                   disjunction(m, kids + middle, n - middle, weighs, within, level, &half[1])
               ? -1
               : unite(m, &half[0], &half[1], out);
}

static int difference(struct matcher *m, const struct xquery *q, bool weighs,
    const struct list *within, unsigned level, struct list *out)
{
    if (!q->n_kids || eval(m, q->kids[0], weighs, within, level, out))
        return m->e->code ? -1 : 0;
    for (size_t i = 1; i < q->n_kids && out->n; i++) {
        struct list not, kept;
        const struct list here = {.at = out->at, .n = out->n};
        size_t k = 0;
        if (eval(m, q->kids[i], false, &here, level, &not ) || settle(m, q->kids[i], &not ) ||
            list_new(m, out->n, out->weight, out->unsure, &kept))
            return -1;
        for (size_t j = 0; j < out->n; j++) {
            k = seek(not .at, not .n, k, out->at[j]);
            if (k == not .n || not .at[k] != out->at[j])
                add(&kept, out->at[j], weight_of(out, j), is_unsure(out, j));
        }
        *out = kept;
    }
    return 0;
}

static int maybe(struct matcher *m, const struct xquery *q, bool weighs, const struct list *within,
    unsigned level, struct list *out)
{
    struct list base, more;
    if (!q->n_kids || eval(m, q->kids[0], weighs, within, level, &base))
        return m->e->code ? -1 : 0;
    *out = base;
    if (!weighs || !base.n)
        return 0;
    const struct list here = {.at = base.at, .n = base.n};
    if (disjunction(m, q->kids + 1, q->n_kids - 1, true, &here, level, &more) ||
        list_new(m, base.n, true, base.unsure || more.unsure, out))
        return -1;
    size_t k = 0;
    for (size_t i = 0; i < base.n; i++) {
        k = seek(more.at, more.n, k, base.at[i]);
        bool both = k < more.n && more.at[k] == base.at[i];
        add(out, base.at[i], weight_of(&base, i) + (both ? weight_of(&more, k) : 0),
            is_unsure(&base, i) || (both && is_unsure(&more, k)));
    }
    return 0;
}

static int words_near(struct matcher *m, const struct xquery *q, bool weighs,
    const struct list *within, unsigned level, struct list *out)
{
    struct list all;
    if (conjunction(m, q, weighs, false, within, level, &all))
        return -1;
    *out = all;
    if (q->n_kids < 2)
        return 0;
    out->unsure = raw(m, all.n, sizeof *out->unsure);
    if (out->unsure)
        memset(out->unsure, true, all.n * sizeof *out->unsure);
    return out->unsure ? 0 : -1;
}

static int scaled(struct matcher *m, const struct xquery *q, bool weighs, const struct list *within,
    unsigned level, struct list *out)
{
    if (q->n_kids != 1 || !(q->factor >= 0))
        return err_set(m->e, ERR_INTERNAL, "a scaled query needs one kid and no negative factor");
    weighs = weighs && q->factor > 0;
    if (eval(m, q->kids[0], weighs, within, level, out))
        return -1;
    for (size_t i = 0; weighs && out->weight && i < out->n; i++)
        out->weight[i] *= q->factor;
    return 0;
}

/* A term's documents, with its wdf for a weight. */
static int counted(
    struct matcher *m, const struct posting_list *p, const struct list *within, struct list *out)
{
    size_t n = within ? within->n : p->n, i = 0;
    if (list_new(m, n < p->n ? n : p->n, true, false, out))
        return -1;
    for (size_t k = 0; k < n; k++) {
        uint32_t at = within ? within->at[k] : p->at[k];
        i = within ? seek(p->at, p->n, i, at) : k;
        if (i == p->n)
            break;
        if (p->at[i] == at)
            add(out, at, p->wdf[i], false);
    }
    return 0;
}

/* Several terms as one: wdf added up, as frequent as Xapian takes them to be. */
static int synonym(struct matcher *m, const struct xquery *q, bool weighs,
    const struct list *within, unsigned level, struct list *out)
{
    if (!weighs || q->n_kids < 2)
        return disjunction(m, q->kids, q->n_kids, weighs, within, level, out);
    uint32_t *frequency = raw(m, q->n_kids, sizeof *frequency);
    if (!frequency)
        return -1;
    for (size_t i = 0; i < q->n_kids; i++) {
        struct posting_list *p;
        struct list one, before = *out;
        if (postings_find(m->p, q->kids[i]->term, &p, m->e) || postings_read(m->p, p, m->e) ||
            counted(m, p, within, &one) || unite(m, &before, &one, out))
            return -1;
        frequency[i] = p->frequency;
    }
    double rare = rarity(m, postings_estimate(frequency, q->n_kids, m->docs->n), 1);
    for (size_t i = 0; i < out->n; i++) {
        uint32_t wdf = (uint32_t)out->weight[i], length = m->docs->lengths[out->at[i]];
        out->weight[i] = score(m, rare, out->at[i], wdf < length ? wdf : length);
    }
    return 0;
}

static int eval(struct matcher *m, const struct xquery *q, bool weighs, const struct list *within,
    unsigned level, struct list *out)
{
    struct posting_list *p;
    *out = (struct list){0};
    if (level > LEVELS)
        return err_set(m->e, ERR_COMPLEX, "the query is nested too deep");
    if (look(m))
        return -1;
    if (within && !within->n)
        return 0;
    level++;
    if (q->last_docid)
        return promised(m, q, within, out);
    switch (q->op) {
    case XQ_NONE:
    case XQ_RANGE:
        return 0;
    case XQ_ALL:
        return every(m, within, out);
    case XQ_TERM:
        return postings_find(m->p, q->term, &p, m->e)
                   ? -1
                   : listed(m, p, q->wqf, weighs, false, within, out);
    case XQ_PREFIX:
        return postings_prefix(m->p, q->term, q->limit, &p, m->e)
                   ? -1
                   : listed(m, p, 1, weighs, true, within, out);
    case XQ_AND:
        return conjunction(m, q, weighs, false, within, level, out);
    case XQ_FILTER:
        return conjunction(m, q, weighs, true, within, level, out);
    case XQ_OR:
        return disjunction(m, q->kids, q->n_kids, weighs, within, level, out);
    case XQ_SYNONYM:
        return synonym(m, q, weighs, within, level, out);
    case XQ_NOT:
        return difference(m, q, weighs, within, level, out);
    case XQ_MAYBE:
        return maybe(m, q, weighs, within, level, out);
    case XQ_PHRASE:
    case XQ_NEAR:
        return words_near(m, q, weighs, within, level, out);
    case XQ_SCALE:
        return scaled(m, q, weighs, within, level, out);
    case XQ_DOCIDS:
        return given(m, q, within, out);
    }
    return 0;
}

/* --- what is Xapian's ---------------------------------------------------------------------- */

static bool of_terms(const struct xquery *q)
{
    for (size_t i = 0; i < q->n_kids; i++)
        if (q->kids[i]->op != XQ_TERM || !q->kids[i]->term.n)
            return false;
    return true;
}

/* Also what is wrong with the query: Xapian's side tells. */
static bool is_ours(const struct xquery *q, unsigned level)
{
    if (!q || level > LEVELS)
        return false;
    if (q->last_docid)
        return true;
    if (q->op == XQ_RANGE || (q->op == XQ_TERM && !q->term.n) ||
        (q->op == XQ_PREFIX && (!q->term.n || !q->limit)))
        return false;
    if (q->op == XQ_SYNONYM || q->op == XQ_PHRASE || q->op == XQ_NEAR)
        return of_terms(q);
    for (size_t i = 0; i < q->n_kids; i++)
        if (!is_ours(q->kids[i], level + 1))
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
    if (q->op == XQ_TERM) {
        if (postings_find(m->p, q->term, &list, m->e))
            return NULL;
        *sum += list->read ? 0 : list->frequency;
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

static bool weighs_something(const struct xquery *q)
{
    size_t n = q->op == XQ_FILTER || q->op == XQ_NOT ? 1 : q->n_kids;
    if (q->op == XQ_TERM || q->op == XQ_PREFIX)
        return true;
    if (q->op == XQ_SCALE && !(q->factor > 0))
        return false;
    for (size_t i = 0; i < n && i < q->n_kids; i++)
        if (weighs_something(q->kids[i]))
            return true;
    return false;
}

/* How many documents a promise holds it within; all where there is none. */
static size_t held_within(const struct matcher *m, const struct xquery *q)
{
    const struct docs *d = m->docs;
    size_t n = d->n;
    if (q->last_docid)
        return seek(d->ids, d->n, 0, q->last_docid) - seek(d->ids, d->n, 0, q->first_docid);
    if (q->op == XQ_SCALE || q->op == XQ_NOT || q->op == XQ_MAYBE)
        return q->n_kids ? held_within(m, q->kids[0]) : n;
    for (size_t i = 0; i < q->n_kids && (q->op == XQ_AND || q->op == XQ_FILTER); i++) {
        size_t one = held_within(m, q->kids[i]);
        n = one < n ? one : n;
    }
    return n;
}

/* The share of documents that match, as if words did not depend on one another. */
static int share(struct matcher *m, const struct xquery *q, double *of)
{
    bool all = q->op == XQ_AND || q->op == XQ_FILTER || q->op == XQ_PHRASE || q->op == XQ_NEAR,
         any = q->op == XQ_OR || q->op == XQ_SYNONYM;
    size_t n = all || any ? q->n_kids : q->n_kids > 0;
    *of = any ? 0 : 1;
    if (q->last_docid || q->op == XQ_TERM) {
        size_t documents;
        if (q->last_docid)
            documents = seek(m->docs->ids, m->docs->n, 0, q->last_docid) -
                        seek(m->docs->ids, m->docs->n, 0, q->first_docid);
        else if (most(m, q, &documents, 0))
            return -1;
        *of = (double)documents / (double)m->docs->n;
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        double one;
        if (share(m, q->kids[i], &one))
            return -1;
        *of = any ? *of + one - *of * one : *of * one;
    }
    return 0;
}

/* Few of many, in order of docids: Xapian stops when it has them. NULL: this is not so. */
static struct xquery *early(struct matcher *m)
{
    const struct xsearch *s = m->s;
    uint64_t sum = 0, want = (uint64_t)s->first + s->max;
    double of = 0;
    if ((s->sort != XSORT_DOCID && s->sort != XSORT_DOCID_DOWN) || s->all_docids || want > 1000 ||
        s->check > 10000)
        return NULL;
    size_t within = held_within(m, s->query);
    if (within < m->docs->n / 8 || (within < m->docs->n && share(m, s->query, &of)))
        return NULL;
    want = want > s->check ? want : s->check;
    if (within < m->docs->n && of * (double)m->docs->n < (double)want)
        return NULL; /* it would look at all of them */
    struct xquery *q = spelt_out(m, s->query, &sum);
    return sum > EARLY_STOP ? q : NULL;
}

/* --- the answer ---------------------------------------------------------------------------- */

/* Whether x comes behind y: less weight, or the same and later. */
static bool is_behind(const struct list *l, size_t x, size_t y)
{
    double a = weight_of(l, x), b = weight_of(l, y);
    return a != b ? a < b : x > y;
}

static void sift(const struct list *l, size_t *heap, size_t n, size_t i, bool worst_first)
{
    for (;;) {
        size_t best = i, kid = 2 * i + 1;
        for (size_t k = kid; k < kid + 2 && k < n; k++)
            if (worst_first ? is_behind(l, heap[k], heap[best]) : is_behind(l, heap[best], heap[k]))
                best = k;
        if (best == i)
            return;
        size_t swap = heap[i];
        heap[i] = heap[best];
        heap[best] = swap;
        i = best;
    }
}

struct sure {
    size_t i; /* in the list */
    double weight;
};

/* The next of a list in the order of the answer. */
struct line {
    const struct list *l;
    bool by_weight, down;
    size_t *heap, left;
};

static int line_new(struct matcher *m, const struct list *l, struct line *line)
{
    *line = (struct line){.l = l,
        .by_weight = m->s->sort == XSORT_WEIGHT && l->weight,
        .down = m->s->sort == XSORT_DOCID_DOWN,
        .left = l->n};
    if (!line->by_weight)
        return 0;
    line->heap = raw(m, l->n, sizeof *line->heap);
    for (size_t i = 0; line->heap && i < l->n; i++)
        line->heap[i] = i;
    for (size_t i = line->heap ? l->n / 2 : 0; i-- > 0;)
        sift(l, line->heap, l->n, i, false);
    return line->heap ? 0 : -1;
}

static size_t line_next(struct line *line)
{
    size_t left = line->left--;
    if (!line->by_weight)
        return line->down ? left - 1 : line->l->n - left;
    size_t first = line->heap[0];
    line->heap[0] = line->heap[line->left];
    sift(line->l, line->heap, line->left, 0, false);
    return first;
}

/* The next n of the line into next[], with the places of their words looked up. */
static int next_batch(struct matcher *m, struct line *line, size_t *next, uint32_t *at, size_t n)
{
    size_t asked = 0;
    for (size_t i = 0; i < n; i++) {
        next[i] = line_next(line);
        if (line->l->unsure[next[i]])
            at[asked++] = line->l->at[next[i]];
    }
    if (asked)
        qsort(at, asked, sizeof *at, by_number);
    return batch(m, m->s->query, at, asked);
}

static int heavier_first(const void *x, const void *y)
{
    const struct sure *a = x, *b = y;
    if (a->weight != b->weight)
        return a->weight < b->weight ? 1 : -1;
    return (a->i > b->i) - (a->i < b->i);
}

/* Judges the next `take` of the line; those that match are put behind found[*n]. */
static int judge_next(
    struct matcher *m, struct line *line, size_t take, struct sure *found, size_t *n)
{
    const struct list *l = line->l;
    bool weighs = line->by_weight;
    size_t *next = raw(m, take, sizeof *next);
    uint32_t *at = raw(m, take, sizeof *at);
    if (!next || !at || next_batch(m, line, next, at, take))
        return -1;
    for (size_t k = 0; k < take; k++) {
        size_t i = next[k];
        struct verdict v = {true, weight_of(l, i)};
        if (l->unsure[i] && judge(m, m->s->query, l->at[i], weighs, &v))
            return -1;
        if (v.is)
            found[(*n)++] = (struct sure){i, v.weight};
    }
    if (weighs && *n)
        qsort(found, *n, sizeof *found, heavier_first);
    return 0;
}

/* The first `count` of those that match, in the order of the answer. No weight grows by being
 * looked at, so the rest of the line can be left when it weighs no more than what was found. */
static int surest(struct matcher *m, const struct list *l, size_t count, struct sure *found,
    size_t *n, size_t *left)
{
    struct line line;
    size_t step = 4 * count;
    if (line_new(m, l, &line))
        return -1;
    *n = 0;
    while (line.left) {
        if (*n >= count &&
            (!line.by_weight || !count || found[count - 1].weight >= weight_of(l, line.heap[0])))
            break;
        step = step < 64 ? 64 : step < BATCH ? step : BATCH;
        if (judge_next(m, &line, step < line.left ? step : line.left, found, n))
            return -1;
        step *= 2;
    }
    *left = line.left;
    return 0;
}

/* The first `count`, none of which is unsure, in order of docids. */
static void plainly(const struct matcher *m, const struct list *l, size_t count, struct sure *found)
{
    for (size_t i = 0; i < count; i++)
        found[i].i = m->s->sort == XSORT_DOCID_DOWN ? l->n - 1 - i : i;
}

/* The best `count`, none of which is unsure. */
static int best_of(struct matcher *m, const struct list *l, size_t count, struct sure *found)
{
    size_t *order = raw(m, count, sizeof *order);
    if (!order)
        return -1;
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count / 2; i-- > 0;)
        sift(l, order, count, i, true);
    for (size_t i = count; count && i < l->n; i++)
        if (is_behind(l, order[0], i)) {
            order[0] = i;
            sift(l, order, count, 0, true);
        }
    for (size_t i = 0; i < count; i++)
        found[i] = (struct sure){order[i], l->weight[order[i]]};
    if (count)
        qsort(found, count, sizeof *found, heavier_first);
    return 0;
}

static int fetch(struct matcher *m, struct arena *a, struct xresult *r)
{
    docid_t *ids = raw(m, r->n_hits, sizeof *ids);
    struct slice *data = raw(m, r->n_hits, sizeof *data);
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
    if (settle(m, m->s->query, l))
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
    if ((weighs && make_norms(m)) || eval(m, s->query, weighs, NULL, 0, &l))
        return -1;
    if (s->all_docids)
        return everything(m, a, &l, r);
    uint64_t want = (uint64_t)s->first + s->max;
    uint64_t most = l.unsure && s->check > want ? s->check : want;
    size_t n = most < l.n ? (size_t)most : l.n, left = 0;
    struct sure *found = arena_alloc(m->scratch, (l.unsure ? l.n : n) * sizeof *found);
    if (!found)
        return err_memory(m->e);
    if (l.unsure   ? surest(m, &l, n, found, &n, &left)
        : l.weight ? best_of(m, &l, n, found)
                   : (plainly(m, &l, n, found), 0))
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
    struct xquery *q = early(m);
    s.query = q ? q : s.query;
    int rc = m->e->code ? -1 : q ? xdb_search(m->db, a, &s, r, m->e) : answer(m, a, r);
    arena_recycle(m->scratch, SCRATCH_KEPT);
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
        s->collapse_slot != XSEARCH_NO_SLOT || !is_ours(s->query, 0))
        return xdb_search(db, a, s, r, e);
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
