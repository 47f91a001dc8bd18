// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/search/folded.h"

#include <stdlib.h>

#include "daemon/answer/fold.h"
#include "daemon/answer/search/pages.h"
#include "lib/match.h"

enum { FOLD_MORE = 40 }; /* units that are ordered beside those that a page of groups shows */

static bool is_earlier(const struct record *a, const struct record *b)
{
    if (a->day != b->day)
        return b->day == DAY_NONE || (a->day != DAY_NONE && a->day < b->day);
    int c = slice_cmp(a->rel, b->rel);
    return c ? c < 0 : a->line < b->line;
}

static int by_record(const void *x, const void *y)
{
    const struct record *const *a = x, *const *b = y;
    return is_earlier(*a, *b) ? -1 : is_earlier(*b, *a);
}

int folded_gather(struct search *s)
{
    struct xresult r;
    struct xsearch x = {
        .query = s->all, .k1 = -1, .collapse_slot = XSEARCH_NO_SLOT, .all_docids = true};
    if (match_search(s->w->reader->index.db, s->w->arena, &x, &r, s->e))
        return -1;
    s->members = r.docids;
    s->n_members = r.n_docids;
    s->groups = arena_array(s->w->arena, r.n_docids, sizeof *s->groups);
    if (!s->groups)
        return err_memory(s->e);
    return fold_units(s->w, r.docids, r.n_docids, s->groups, s->e);
}

static size_t group_of(const struct search *s, docid_t id)
{
    size_t low = 0, high = s->n_members;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (s->members[mid] <= id)
            low = mid;
        else
            high = mid;
    }
    return s->groups[low];
}

/* The groups in the order of their best units, `want` of them if there are so many. */
static int order_groups(struct search *s, uint64_t want, size_t **order_, double **score, size_t *n)
{
    uint64_t offset = s->offset;
    uint32_t limit = s->limit;
    bool *seen = NULL;
    s->offset = 0;
    for (uint64_t most = 2 * want + FOLD_MORE;; most *= 4) {
        s->limit = most < s->n_members ? (uint32_t)most : (uint32_t)s->n_members;
        s->n_found = 0;
        *n = 0;
        *order_ = arena_array(s->w->arena, s->limit, sizeof **order_);
        *score = arena_array(s->w->arena, s->limit, sizeof **score);
        seen = arena_array(s->w->arena, s->n_members, sizeof *seen);
        if (!*order_ || !*score || !seen)
            return err_memory(s->e);
        if (pages_order(s))
            return -1;
        for (size_t i = 0; i < s->n_found; i++) {
            size_t group = group_of(s, s->found[i].id);
            if (seen[group])
                continue;
            seen[group] = true;
            (*score)[*n] = s->score[i];
            (*order_)[(*n)++] = group;
        }
        if (*n >= want || most >= s->n_members)
            break;
    }
    s->offset = offset;
    s->limit = limit;
    return 0;
}

/* The units of one group, the earliest first; *ids are theirs. */
static int read_group(
    struct search *s, size_t group, const struct record ***out, docid_t *first, size_t *n)
{
    struct arena *a = s->w->arena;
    docid_t *ids = NULL;
    size_t cap = 0;
    *n = 0;
    for (size_t i = group; i < s->n_members; i++)
        if (s->groups[i] == group && !ARENA_PUSH(a, ids, *n, cap, s->members[i]))
            return err_memory(s->e);
    struct slice *data = arena_array(a, *n, sizeof *data);
    struct record *recs = arena_array(a, *n, sizeof *recs);
    *out = arena_array(a, *n, sizeof **out);
    if (!data || !recs || !*out)
        return err_memory(s->e);
    if (xdb_data_of(s->w->reader->index.db, a, ids, *n, data, s->e))
        return -1;
    for (size_t i = 0; i < *n; i++) {
        if (record_read(a, data[i], &recs[i], s->e))
            return -1;
        (*out)[i] = &recs[i];
    }
    qsort(*out, *n, sizeof **out, by_record);
    *first = ids[(size_t)((*out)[0] - recs)];
    return 0;
}

int folded_page(struct search *s)
{
    size_t *groups, n = 0;
    double *score;
    for (size_t i = 0; i < s->n_members; i++)
        n += s->groups[i] == i;
    s->r->units = s->n_members;
    s->r->total = n;
    s->r->total_exact = true;
    if (!s->limit || !n)
        return 0;
    if (order_groups(s, s->offset + s->limit, &groups, &score, &n))
        return -1;
    s->n_found = 0;
    s->page = arena_array(s->w->arena, s->limit, sizeof *s->page);
    if (!s->page)
        return err_memory(s->e);
    for (uint64_t i = s->offset; i < n && s->n_found < s->limit; i++) {
        struct members *m = &s->page[s->n_found];
        struct xhit hit = {0};
        if (read_group(s, groups[i], &m->v, &hit.id, &m->n) ||
            xdb_data(s->w->reader->index.db, s->w->arena, hit.id, &hit.data, s->e) ||
            search_keep(s, &hit, score[i]))
            return -1;
    }
    return 0;
}

void folded_tell(struct search *s)
{
    for (size_t i = 0; i < s->r->n_hits; i++) {
        s->r->hits[i].folded = s->page[i].v + 1;
        s->r->hits[i].n_folded = s->page[i].n - 1;
    }
}
