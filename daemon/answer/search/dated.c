// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/search/dated.h"

#include "daemon/answer/search/ties.h"
#include "lib/sort.h"

static int newest_first(const void *x, const void *y)
{
    const struct dated *a = x, *b = y;
    if (a->rec.day != b->rec.day)
        return a->rec.day > b->rec.day ? -1 : 1;
    int c = slice_cmp(a->rec.vault, b->rec.vault);
    if (!c)
        c = slice_cmp(a->rec.rel, b->rec.rel);
    if (!c)
        c = (a->rec.line > b->rec.line) - (a->rec.line < b->rec.line);
    return c ? c : (a->hit.id > b->hit.id) - (a->hit.id < b->hit.id);
}

static int oldest_first(const void *x, const void *y)
{
    const struct dated *a = x, *b = y;
    if (a->rec.day != b->rec.day) {
        if (a->rec.day == DAY_NONE || b->rec.day == DAY_NONE)
            return a->rec.day == DAY_NONE ? 1 : -1;
        return a->rec.day < b->rec.day ? -1 : 1;
    }
    return newest_first(x, y);
}

int dated_sort(struct search *s, struct pile *p)
{
    return sort_watched(s->w->reader->index.db, p->v, p->n, sizeof *p->v, newest_first, s->e);
}

int dated_add(struct search *s, struct pile *p, const struct xresult *r)
{
    for (size_t i = 0; i < r->n_hits; i++) {
        struct dated d = {.hit = r->hits[i]};
        if (xdb_look(s->w->reader->index.db, s->e) ||
            record_read(s->w->arena, r->hits[i].data, &d.rec, s->e))
            return -1;
        if (!ARENA_PUSH(s->w->arena, p->v, p->n, p->cap, d))
            return err_memory(s->e);
    }
    return 0;
}

/* Takes matches in docid order until `want` are there and the last one's day is whole. */
static int pile_days(struct search *s, struct pile *p, struct xquery *q, bool newest, uint32_t want)
{
    uint32_t got = 0, step = want + want / 4 + 4;
    for (;;) {
        struct xresult r;
        if (search_run(
                s, q, newest ? XSORT_DOCID : XSORT_DOCID_DOWN, got, step, got + step, true, &r) ||
            dated_add(s, p, &r))
            return -1;
        got += (uint32_t)r.n_hits;
        if (r.n_hits < step)
            return 0;
        if (p->n > want && p->v[p->n - 1].rec.day != p->v[want ? want - 1 : 0].rec.day)
            return 0;
        step *= 2;
    }
}

int dated_order(struct search *s)
{
    bool newest = s->params->sort == SORT_NEWEST;
    struct pile p = {0};
    uint64_t end = s->offset + s->limit;
    if (end > UINT32_MAX / 4)
        end = UINT32_MAX / 4;
    struct xquery *undated = xquery_term(&s->m, SLICE_LIT("Dnone")),
                  *odd = xquery_term(&s->m, SLICE_LIT("R"));
    struct xquery *aside = xquery_pair(&s->m, XQ_OR, undated, odd);
    struct xquery *plain = xquery_pair(&s->m, XQ_NOT, s->all, aside),
                  *rest = xquery_pair(&s->m, XQ_FILTER, s->all, odd);
    struct xquery *last = xquery_pair(&s->m, XQ_FILTER, s->all, undated);
    struct xresult r;
    uint32_t n_odd;
    if (!plain || !rest || !last || pile_days(s, &p, plain, newest, (uint32_t)end) ||
        xdb_term_freq(s->w->reader->index.db, odd->term, &n_odd, s->e))
        return -1;
    if (n_odd && (search_run(s, rest, newest ? XSORT_VALUE_DOWN : XSORT_VALUE, 0, (uint32_t)end, 0,
                      true, &r) ||
                     dated_add(s, &p, &r)))
        return -1;
    if (sort_watched(s->w->reader->index.db, p.v, p.n, sizeof *p.v,
            newest ? newest_first : oldest_first, s->e))
        return -1;
    for (uint64_t i = s->offset; i < p.n && s->n_found < s->limit; i++)
        if (search_keep(s, &p.v[i].hit, 0))
            return -1;
    if (s->n_found == s->limit)
        return 0;
    uint64_t skip = s->offset > p.n ? s->offset - p.n : 0;
    if (ties_page(s, last, XSORT_DOCID, (uint32_t)(skip < end ? skip : end),
            s->limit - (uint32_t)s->n_found, 0, &r))
        return -1;
    for (size_t i = 0; i < r.n_hits; i++)
        if (search_keep(s, &r.hits[i], 0))
            return -1;
    return 0;
}
