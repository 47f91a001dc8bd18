// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/search/state.h"

#include "lib/match.h"

static const double BM25_K1 = 1.2, BM25_B = 0.75, BM25_MIN_LENGTH = 0.5;

int search_run(struct search *s, const struct xquery *q, enum xsort sort, uint32_t first,
    uint32_t max, uint32_t check, bool data, struct xresult *r)
{
    struct xsearch x = {.query = q,
        .sort = sort,
        .slot = SLOT_DAY,
        .first = first,
        .max = max,
        .check = check,
        .k1 = sort == XSORT_WEIGHT ? BM25_K1 : -1,
        .b = BM25_B,
        .min_length = BM25_MIN_LENGTH,
        .data = data,
        .collapse_slot = XSEARCH_NO_SLOT};
    return match_search(s->w->reader->index.db, s->w->arena, &x, r, s->e);
}

int search_keep(struct search *s, const struct xhit *h, double score)
{
    size_t n = s->n_found;
    if (!ARENA_PUSH(s->w->arena, s->score, n, s->cap_score, score) ||
        !ARENA_PUSH(s->w->arena, s->found, s->n_found, s->cap_found, *h))
        return err_memory(s->e);
    return 0;
}

int search_warn(struct search *s, const char *text)
{
    struct search_result *r = s->r;
    struct slice *v =
        arena_grow(s->w->arena, r->warnings, r->n_warnings, r->n_warnings + 1, sizeof *v);
    if (!v || !text)
        return err_memory(s->e);
    v[r->n_warnings++] = slice_str(text);
    r->warnings = v;
    return 0;
}
