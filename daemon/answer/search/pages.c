// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/search/pages.h"

#include <stdio.h>

#include "daemon/answer/search/dated.h"
#include "daemon/answer/search/paths.h"
#include "daemon/answer/search/tiers.h"

int pages_count(struct search *s)
{
    struct xresult r;
    s->r->total_exact = true;
    s->r->total = s->known;
    if (s->known != UINT64_MAX)
        return 0;
    if (s->least > SEARCH_TOTAL_EXACT && !s->params->exact) {
        s->r->total = s->least;
        s->r->total_exact = false;
        return 0;
    }
    uint32_t check = s->params->exact ? UINT32_MAX : SEARCH_TOTAL_EXACT + 1;
    if (search_run(s, s->all, XSORT_DOCID, 0, 0, check, false, &r))
        return -1;
    s->r->total = r.lower == r.upper             ? r.total
                  : r.lower > SEARCH_TOTAL_EXACT ? r.lower
                                                 : SEARCH_TOTAL_EXACT;
    s->r->total_exact = r.lower == r.upper;
    return 0;
}

#define CURSOR_FORMAT "%llu:%llu:%s" /* revision, offset, id of the last unit */

int pages_cursor(struct search *s)
{
    uint64_t next = s->offset + s->r->n_hits;
    bool more = s->r->n_hits && (s->r->n_hits < s->n_found || s->n_found == s->limit) &&
                (!s->r->total_exact || next < s->r->total);
    if (!more)
        return 0;
    char id[2 * UNIT_ID_BYTES + 1];
    record_id_format(s->r->hits[s->r->n_hits - 1].rec.id, id);
    char *text = arena_printf(s->w->arena, CURSOR_FORMAT, (unsigned long long)s->r->revision,
        (unsigned long long)next, id);
    if (!text)
        return err_memory(s->e);
    s->r->cursor = slice_str(text);
    return 0;
}

int pages_read_cursor(struct search *s, uint64_t *revision, char id[2 * UNIT_ID_BYTES + 1])
{
    unsigned long long rev = 0, offset = 0;
    struct slice c = s->params->cursor;
    char text[80], again[80];
    snprintf(text, sizeof text, "%.*s", (int)(c.n < sizeof text ? c.n : 0), c.p);
    if (sscanf(text, "%20llu:%20llu:%16[0-9a-f]", &rev, &offset, id) != 3 ||
        strlen(id) != 2 * UNIT_ID_BYTES || offset > UINT32_MAX / 4)
        return err_set(s->e, ERR_PARAMS, "cursor: not one that an answer gave");
    snprintf(again, sizeof again, CURSOR_FORMAT, rev, offset, id);
    if (!slice_eq(c, slice_str(again)))
        return err_set(s->e, ERR_PARAMS, "cursor: not one that an answer gave");
    *revision = rev;
    s->offset = offset;
    return 0;
}

int pages_order(struct search *s)
{
    switch ((enum search_sort)s->params->sort) {
    case SORT_SCORE:
        return tiers_order(s);
    case SORT_NEWEST:
    case SORT_OLDEST:
        return dated_order(s);
    case SORT_PATH:
        return paths_order(s);
    }
    return err_set(s->e, ERR_INTERNAL, "no such order");
}

/* The list changed under a cursor: goes on behind the unit it ended with, if that is still near. */
static int find_again(struct search *s, const char *id)
{
    enum { AROUND = 500 };
    uint64_t offset = s->offset;
    uint32_t limit = s->limit;
    s->offset = offset > AROUND ? offset - AROUND : 0;
    s->limit = 2 * AROUND;
    if (pages_order(s))
        return -1;
    uint64_t next = offset;
    for (size_t i = 0; i < s->n_found; i++) {
        struct record rec;
        char here[2 * UNIT_ID_BYTES + 1];
        if (record_read(s->w->arena, s->found[i].data, &rec, s->e))
            return -1;
        record_id_format(rec.id, here);
        if (strcmp(here, id) == 0)
            next = s->offset + i + 1;
    }
    s->offset = next;
    s->limit = limit;
    s->n_found = 0;
    return search_warn(s, "the index changed since the page before: this one goes on behind it");
}

int pages_first(struct search *s)
{
    if (pages_order(s) || (!s->n_found && tiers_may_relax(s) &&
                              (tiers_relax(s) || (s->r->relaxed && pages_order(s)))))
        return -1;
    if (s->n_found < s->limit)
        s->known = s->n_found;
    return pages_count(s);
}

int pages_later(struct search *s)
{
    uint64_t revision = 0;
    char last[2 * UNIT_ID_BYTES + 1];
    if (pages_count(s) ||
        (!s->r->total && tiers_may_relax(s) && (tiers_relax(s) || pages_count(s))))
        return -1;
    if (s->params->cursor.n && (pages_read_cursor(s, &revision, last) ||
                                   (revision != s->r->revision && find_again(s, last))))
        return -1;
    return s->limit ? pages_order(s) : 0;
}
