// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/match/leaf.h"

#include "lib/match/size.h"
#include "lib/match/weigh.h"

enum {
    PROBE = 4,       /* a list so many times as long as what it is held against is probed, */
    PROBE_AGAIN = 32 /* or so many, when it was asked for before: then it is kept */
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
        if (matcher_tick(m))
            return -1;
        uint32_t at = within ? within->at[k] : p->at[k];
        i = within ? list_step(p->at, p->n, i, at, near) : k;
        if (i == p->n)
            break;
        if (p->at[i] != at)
            continue;
        uint32_t wdf = p->wdf[i];
        if (clamped && wdf > m->docs->lengths[at])
            wdf = m->docs->lengths[at];
        list_add(out, at, weighs ? weigh_score(m, rare, at, wdf) : 0, false);
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
