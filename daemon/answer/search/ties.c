// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/search/ties.h"

#include <math.h>

#include "daemon/answer/search/dated.h"
#include "lib/sort.h"

/* Sums of the same weights may differ by as much, by the order of adding up. */
static const double SAME = 1e-9;

static bool weigh_same(const struct xhit *a, const struct xhit *b)
{
    return fabs(a->weight - b->weight) <= SAME * fabs(a->weight);
}

static bool are_equal(const struct search *s, const struct xhit *a, const struct xhit *b)
{
    const struct xdb *db = s->w->reader->index.db;
    day_t x, y;
    bool told = schema_docid_day(xdb_own_docid(db, a->id), &x);
    return weigh_same(a, b) && schema_docid_day(xdb_own_docid(db, b->id), &y) == told &&
           (!told || x == y);
}

static int by_docid(const void *x, const void *y)
{
    const struct xhit *a = x, *b = y;
    return (a->id > b->id) - (a->id < b->id);
}

static int order_days(struct search *s, struct xhit *hits, size_t n)
{
    for (size_t i = 0, k; i < n; i = k) {
        for (k = i + 1; k < n && weigh_same(&hits[i], &hits[k]); k++)
            ;
        if (sort_watched(s->w->reader->index.db, hits + i, k - i, sizeof *hits, by_docid, s->e))
            return -1;
    }
    return 0;
}

static int order_places(struct search *s, struct xhit *hits, size_t n)
{
    struct pile p = {0};
    struct xresult of = {.hits = hits, .n_hits = n};
    for (size_t i = 0; i < n; i++)
        if (!hits[i].data.p &&
            xdb_data(s->w->reader->index.db, s->w->arena, hits[i].id, &hits[i].data, s->e))
            return -1;
    if (n < 2)
        return 0;
    if (dated_add(s, &p, &of) || dated_sort(s, &p))
        return -1;
    for (size_t i = 0; i < n; i++)
        hits[i] = p.v[i].hit;
    return 0;
}

int ties_settle(struct search *s, struct xhit *hits, size_t n, size_t first, size_t end)
{
    if (!s->w->reader->index.shards)
        return 0;
    if (order_days(s, hits, n))
        return -1;
    for (size_t i = 0, k; i < end && i < n; i = k) {
        for (k = i + 1; k < n && are_equal(s, &hits[i], &hits[k]); k++)
            ;
        if (k <= first)
            continue;
        bool many = k - i > TIES_MOST;
        size_t from = many && i < first ? first : i, to = many && k > end ? end : k;
        if (order_places(s, hits + from, to - from))
            return -1;
    }
    return 0;
}

/* The page and what its last hit is equal to. */
static int whole_run(struct search *s, const struct xquery *q, enum xsort sort, uint32_t end,
    uint32_t check, struct xresult *r)
{
    for (uint32_t more = 64;; more *= 2) {
        uint32_t want = end < UINT32_MAX / 4 ? end + more : UINT32_MAX / 4;
        if (search_run(s, q, sort, 0, want, check > want ? check : want, false, r))
            return -1;
        if (r->n_hits < want || more >= TIES_MOST ||
            !are_equal(s, &r->hits[end ? end - 1 : 0], &r->hits[r->n_hits - 1]))
            return 0;
    }
}

int ties_page(struct search *s, const struct xquery *q, enum xsort sort, uint32_t first,
    uint32_t max, uint32_t check, struct xresult *r)
{
    uint32_t end = first < UINT32_MAX / 4 ? first + max : UINT32_MAX / 4;
    if (!s->w->reader->index.shards)
        return search_run(s, q, sort, first, max, check, true, r);
    if (whole_run(s, q, sort, end, check, r) || ties_settle(s, r->hits, r->n_hits, first, end))
        return -1;
    size_t begin = first < r->n_hits ? first : r->n_hits;
    r->hits += begin;
    r->n_hits = r->n_hits - begin < max ? r->n_hits - begin : max;
    return 0;
}
