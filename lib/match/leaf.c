// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/match/leaf.h"

#include "lib/match/size.h"
#include "lib/match/weigh.h"

enum {
    PROBE = 4,        /* a list so many times as long as what it is held against is probed, */
    PROBE_AGAIN = 32, /* or so many, when it was asked for before: then it is kept; */
    PROBE_NEAR = 500  /* or so many, where it is kept in few bytes */
};

static int probed(struct matcher *m, const struct posting_list *p, double rare, bool weighs,
    const struct list *within, struct list *out)
{
    uint16_t *wdf = matcher_raw(m, within->n, sizeof *wdf);
    bool *found = matcher_raw(m, within->n, sizeof *found);
    if (!wdf || !found || list_new(m, within->n, weighs, false, out) ||
        postings_probe(m->p, p, within->at, within->n, wdf, found, m->e))
        return -1;
    for (size_t i = 0; i < within->n; i++) {
        if (matcher_tick(m))
            return -1;
        if (found[i])
            list_add(out, within->at[i], weighs ? weigh_score(m, rare, within->at[i], wdf[i]) : 0,
                false);
    }
    return 0;
}

/* What of a list lies in a run of documents. */
static int part_of(
    struct matcher *m, struct posting_list *p, const struct list *run, struct posting_list *part)
{
    uint32_t first = run->at[0], last = run->at[run->n - 1];
    *part = *p;
    if (p->read) {
        size_t begin = seek_from(p->at, p->n, 0, first);
        part->n = seek_from(p->at, p->n, begin, last + 1) - begin;
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

/* What documents of a list weigh. What weighs the same is frequent: for many a table is quicker
 * than a division each. */
enum { OFTEN = 4, MANY = 4000 };
struct scores {
    const struct posting_list *p;
    double rare;
    bool clamped, many;
    double of[OFTEN][WEIGH_NORMS];
};

static void scores_new(const struct matcher *m, const struct posting_list *p, double rare,
    bool clamped, size_t n, struct scores *s)
{
    s->p = p;
    s->rare = rare;
    s->clamped = clamped;
    s->many = n > MANY;
    for (uint32_t wdf = 0; wdf < OFTEN && s->many; wdf++)
        for (size_t length = 0; length < WEIGH_NORMS; length++)
            s->of[wdf][length] = weigh_score_of(rare, m->norm[length], wdf);
}

/* Of document p->at[i]. */
static inline double score(const struct matcher *m, const struct scores *s, size_t i)
{
    uint32_t at = s->p->at[i], length = m->docs->lengths[at], wdf = s->p->wdf[i];
    if (s->clamped && wdf > length)
        wdf = length;
    return s->many && wdf < OFTEN && length < WEIGH_NORMS ? s->of[wdf][length]
                                                          : weigh_score(m, s->rare, at, wdf);
}

static int whole_list(struct matcher *m, const struct posting_list *p, double rare, bool weighs,
    bool clamped, struct list *out)
{
    struct scores s;
    *out = (struct list){.at = p->at, .n = p->n};
    if (!weighs)
        return 0;
    out->weight = matcher_raw(m, p->n, sizeof *out->weight);
    if (!out->weight || matcher_ticks(m, p->n))
        return -1;
    scores_new(m, p, rare, clamped, p->n, &s);
    for (size_t i = 0; i < p->n; i++)
        out->weight[i] = score(m, &s, i);
    return 0;
}

/* Where what both have stands in either, some at a time. */
enum { MEETINGS = 512 };
struct meeting {
    size_t i, k; /* where to go on in the one and the other */
    size_t n;
    uint32_t one[MEETINGS], other[MEETINGS];
};

/* Without a branch that depends on which comes next. */
static void meet_near(const struct posting_list *p, const struct list *within, struct meeting *s)
{
    size_t i = s->i, k = s->k, n = 0;
    while (n < MEETINGS && i < p->n && k < within->n) {
        uint32_t x = p->at[i], y = within->at[k];
        s->one[n] = (uint32_t)i;
        s->other[n] = (uint32_t)k;
        n += x == y;
        i += x <= y;
        k += y <= x;
    }
    s->i = i;
    s->k = k;
    s->n = n;
}

static void meet_far(const struct posting_list *p, const struct list *within, struct meeting *s)
{
    s->n = 0;
    for (; s->n < MEETINGS && s->k < within->n; s->k++) {
        s->i = seek_from(p->at, p->n, s->i, within->at[s->k]);
        if (s->i == p->n)
            return;
        s->one[s->n] = (uint32_t)s->i;
        s->other[s->n] = (uint32_t)s->k;
        s->n += p->at[s->i] == within->at[s->k];
    }
}

/* The next ones; false: there are no more. */
static bool meet(
    struct matcher *m, const struct posting_list *p, const struct list *within, struct meeting *s)
{
    enum { NEAR = 6 };
    size_t before = s->i + s->k;
    if (p->n / NEAR < within->n)
        meet_near(p, within, s);
    else
        meet_far(p, within, s);
    return s->n && matcher_ticks(m, s->i + s->k - before) == 0;
}

static size_t fewest(const struct posting_list *p, const struct list *within)
{
    return within->n < p->n ? within->n : p->n;
}

static int held_against(struct matcher *m, const struct posting_list *p, double rare, bool weighs,
    bool clamped, const struct list *within, struct list *out)
{
    struct scores s;
    struct meeting both;
    both.i = both.k = 0;
    if (list_new(m, fewest(p, within), weighs, false, out))
        return -1;
    if (weighs)
        scores_new(m, p, rare, clamped, fewest(p, within), &s);
    while (meet(m, p, within, &both))
        for (size_t j = 0; j < both.n; j++)
            list_add(out, within->at[both.other[j]], weighs ? score(m, &s, both.one[j]) : 0, false);
    return m->e->code ? -1 : 0;
}

/* Whether to probe for n documents is less than to read the list, and all that was probed of it so
 * far would have been. */
static bool is_far(const struct posting_list *p, size_t n)
{
    return p->asked ? p->frequency / PROBE_AGAIN > n + p->probed : p->frequency / PROBE > n;
}

/* Brings a list near that is held against others, or says that it is better probed: part->read is
 * false then. */
static int reach(
    struct matcher *m, struct posting_list *p, const struct list *within, struct posting_list *part)
{
    bool far = !p->read && is_far(p, within->n);
    p->asked |= !p->read;
    if (far && is_within_span(m, p, within))
        return postings_part(m->p, p, m->span_first, m->span_first + m->span_n - 1, part, m->e);
    *part = *p;
    if (far && (!postings_is_near(p) || p->frequency / PROBE_NEAR > within->n)) {
        p->probed += within->n;
        return 0;
    }
    int rc = postings_read(m->p, p, m->e);
    *part = *p;
    return rc;
}

int leaf_list(struct matcher *m, const struct xquery *q, bool weighs, const struct list *within,
    struct list *out)
{
    struct posting_list part, *p;
    if (matcher_postings(m, q, &p))
        return -1;
    bool clamped = q->op != XQ_TERM;
    double rare = weighs ? weigh_rarity(m, p->frequency, q->wqf) : 0;
    if (within && !within->run) {
        if (reach(m, p, within, &part))
            return -1;
        return part.read ? held_against(m, &part, rare, weighs, clamped, within, out)
                         : probed(m, p, rare, weighs, within, out);
    }
    if (within) {
        if (part_of(m, p, within, &part))
            return -1;
        p = &part;
    }
    return postings_read(m->p, p, m->e) ? -1 : whole_list(m, p, rare, weighs, clamped, out);
}

int leaf_weigh(struct matcher *m, const struct xquery *q, double factor, const struct list *within,
    double *weight)
{
    struct posting_list part, *p;
    if (matcher_postings(m, q, &p))
        return -1;
    bool clamped = q->op != XQ_TERM;
    double rare = weigh_rarity(m, p->frequency, q->wqf) * factor;
    struct list one;
    struct scores s;
    struct meeting both;
    both.i = both.k = 0;
    if (reach(m, p, within, &part))
        return -1;
    if (!part.read) {
        if (probed(m, p, rare, true, within, &one))
            return -1;
        list_weigh(&one, within, weight);
        return 0;
    }
    scores_new(m, &part, rare, clamped, fewest(&part, within), &s);
    while (meet(m, &part, within, &both))
        for (size_t j = 0; j < both.n; j++)
            weight[both.other[j]] += score(m, &s, both.one[j]);
    return m->e->code ? -1 : 0;
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

int leaf_every(struct matcher *m, const struct list *within, struct list *out)
{
    if (!within)
        return run_of(m, 0, m->docs->n, out);
    *out = (struct list){.at = within->at, .n = within->n, .run = within->run};
    return 0;
}

int leaf_promised(
    struct matcher *m, const struct xquery *q, const struct list *within, struct list *out)
{
    size_t first, n = size_promised(m, q, &first);
    if (within) {
        size_t i = seek_from(within->at, within->n, 0, (uint32_t)first);
        *out = (struct list){.at = within->at + i,
            .n = seek_from(within->at, within->n, i, (uint32_t)(first + n)) - i,
            .run = within->run};
        return 0;
    }
    m->span_first = (uint32_t)first;
    m->span_n = (uint32_t)n;
    return run_of(m, (uint32_t)first, n, out);
}

int leaf_given(
    struct matcher *m, const struct xquery *q, const struct list *within, struct list *out)
{
    size_t i = 0;
    if (list_new(m, q->n_docids, false, false, out))
        return -1;
    for (size_t k = 0; k < q->n_docids; k++) {
        if (matcher_tick(m))
            return -1;
        i = seek_from(m->docs->ids, m->docs->n, i, q->docids[k]);
        if (i == m->docs->n)
            break;
        if (m->docs->ids[i] == q->docids[k] &&
            (!within || list_holds(within->at, within->n, (uint32_t)i)))
            list_add(out, (uint32_t)i, 0, false);
    }
    return 0;
}
