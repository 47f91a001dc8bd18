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
        size_t begin = list_seek(p->at, p->n, 0, first);
        part->n = list_seek(p->at, p->n, begin, last + 1) - begin;
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

static uint32_t often(const struct matcher *m, const struct posting_list *p, size_t i, bool clamped)
{
    uint32_t wdf = p->wdf[i], most = clamped ? m->docs->lengths[p->at[i]] : UINT32_MAX;
    return wdf < most ? wdf : most;
}

/* The weights of documents p->at[i[0]], p->at[i[1]], ...; i NULL: of all. What weighs the same is
 * frequent: for many a table is quicker than a division each. */
static void weigh_each(const struct matcher *m, const struct posting_list *p, const uint32_t *i,
    size_t n, double rare, bool clamped, double *weight)
{
    enum { OFTEN = 4, MANY = 4000 };
    double score[OFTEN][WEIGH_NORMS];
    for (uint32_t wdf = 0; wdf < OFTEN && n > MANY; wdf++)
        for (size_t length = 0; length < WEIGH_NORMS; length++)
            score[wdf][length] = weigh_score_of(rare, m->norm[length], wdf);
    for (size_t k = 0; k < n; k++) {
        size_t own = i ? i[k] : k;
        uint32_t wdf = often(m, p, own, clamped), length = m->docs->lengths[p->at[own]];
        weight[k] = n > MANY && wdf < OFTEN && length < WEIGH_NORMS
                        ? score[wdf][length]
                        : weigh_score(m, rare, p->at[own], wdf);
    }
}

static int whole_list(struct matcher *m, const struct posting_list *p, double rare, bool weighs,
    bool clamped, struct list *out)
{
    *out = (struct list){.at = p->at, .n = p->n};
    if (!weighs)
        return 0;
    out->weight = matcher_raw(m, p->n, sizeof *out->weight);
    if (!out->weight || matcher_ticks(m, p->n))
        return -1;
    weigh_each(m, p, NULL, p->n, rare, clamped, out->weight);
    return 0;
}

/* Where what both have stands in the list: without a branch that depends on which comes next. */
static size_t both_near(
    const struct posting_list *p, const struct list *within, uint32_t *at, uint32_t *where)
{
    size_t i = 0, k = 0, n = 0;
    while (i < p->n && k < within->n) {
        uint32_t x = p->at[i], y = within->at[k];
        at[n] = x;
        where[n] = (uint32_t)i;
        n += x == y;
        i += x <= y;
        k += y <= x;
    }
    return n;
}

static size_t both_far(
    const struct posting_list *p, const struct list *within, uint32_t *at, uint32_t *where)
{
    size_t i = 0, n = 0;
    for (size_t k = 0; k < within->n; k++) {
        i = list_seek(p->at, p->n, i, within->at[k]);
        if (i == p->n)
            break;
        if (p->at[i] != within->at[k])
            continue;
        at[n] = within->at[k];
        where[n++] = (uint32_t)i;
    }
    return n;
}

static int held_against(struct matcher *m, const struct posting_list *p, double rare, bool weighs,
    bool clamped, const struct list *within, struct list *out)
{
    enum { NEAR = 6 };
    size_t most = (within->n < p->n ? within->n : p->n) + 1; /* one that is taken back */
    uint32_t *where = matcher_raw(m, most, sizeof *where);
    bool near = p->n / NEAR < within->n;
    if (!where || list_new(m, most, weighs, false, out) ||
        matcher_ticks(m, near ? p->n + within->n : within->n))
        return -1;
    out->n = near ? both_near(p, within, out->at, where) : both_far(p, within, out->at, where);
    if (weighs)
        weigh_each(m, p, where, out->n, rare, clamped, out->weight);
    return 0;
}

/* Whether to probe for n documents is less than to read the list, and all that was probed of it so
 * far would have been. */
static bool is_far(const struct posting_list *p, size_t n)
{
    return p->asked ? p->frequency / PROBE_AGAIN > n + p->probed : p->frequency / PROBE > n;
}

int leaf_list(struct matcher *m, struct posting_list *p, uint32_t wqf, bool weighs, bool clamped,
    const struct list *within, struct list *out)
{
    double rare = weighs ? weigh_rarity(m, p->frequency, wqf) : 0;
    struct posting_list part;
    if (within && within->run) {
        if (part_of(m, p, within, &part))
            return -1;
        p = &part;
        within = NULL;
    }
    bool far = within && !p->read && is_far(p, within->n);
    p->asked |= within && !p->read;
    if (far) {
        if (is_within_span(m, p, within)) {
            if (postings_part(m->p, p, m->span_first, m->span_first + m->span_n - 1, &part, m->e))
                return -1;
            p = &part;
        } else if (!postings_is_near(p) || p->frequency / PROBE_NEAR > within->n) {
            p->probed += within->n;
            return probed(m, p, rare, weighs, within, out);
        }
    }
    if (postings_read(m->p, p, m->e))
        return -1;
    return within ? held_against(m, p, rare, weighs, clamped, within, out)
                  : whole_list(m, p, rare, weighs, clamped, out);
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
        size_t i = list_seek(within->at, within->n, 0, (uint32_t)first);
        *out = (struct list){.at = within->at + i,
            .n = list_seek(within->at, within->n, i, (uint32_t)(first + n)) - i,
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
        i = list_seek(m->docs->ids, m->docs->n, i, q->docids[k]);
        if (i == m->docs->n)
            break;
        if (m->docs->ids[i] == q->docids[k] &&
            (!within || list_holds(within->at, within->n, (uint32_t)i)))
            list_add(out, (uint32_t)i, 0, false);
    }
    return 0;
}
