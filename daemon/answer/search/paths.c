// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/search/paths.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/answer/search/dated.h"
#include "lib/match.h"

struct note_place {
    struct slice vault, rel;
    uint32_t note;
};

static int path_order(const void *x, const void *y)
{
    const struct note_place *a = x, *b = y;
    int c = slice_cmp(a->vault, b->vault);
    return c ? c : slice_cmp(a->rel, b->rel);
}

static int line_order(const void *x, const void *y)
{
    const struct dated *a = x, *b = y;
    return (a->rec.line > b->rec.line) - (a->rec.line < b->rec.line);
}

int paths_order(struct search *s)
{
    struct arena *a = s->w->arena;
    struct xsearch x = {.query = s->all,
        .sort = XSORT_DOCID,
        .max = UINT32_MAX / 4,
        .k1 = -1,
        .data = true,
        .collapse_slot = SLOT_NOTE};
    struct xresult r;
    if (match_search(s->w->reader->index.db, a, &x, &r, s->e))
        return -1;
    struct note_place *notes = arena_array(a, r.n_hits, sizeof *notes);
    if (!notes)
        return err_memory(s->e);
    for (size_t i = 0; i < r.n_hits; i++) {
        struct record rec;
        if (xdb_look(s->w->reader->index.db, s->e) || record_read(a, r.hits[i].data, &rec, s->e))
            return -1;
        notes[i] = (struct note_place){rec.vault, rec.rel, rec.note};
    }
    if (r.n_hits)
        qsort(notes, r.n_hits, sizeof *notes, path_order);
    uint64_t skip = s->offset;
    for (size_t i = 0; i < r.n_hits && s->n_found < s->limit; i++) {
        char q[16];
        struct xresult of;
        struct pile p = {0};
        snprintf(q, sizeof q, "Q%u", notes[i].note);
        char *owned = arena_strndup(a, q, strlen(q));
        struct xquery *one =
            owned ? xquery_pair(&s->m, XQ_FILTER, s->all, xquery_term(&s->m, slice_str(owned)))
                  : NULL;
        if (!one || search_run(s, one, XSORT_DOCID, 0, UINT32_MAX / 4, 0, true, &of) ||
            dated_add(s, &p, &of))
            return s->e->code ? -1 : err_memory(s->e);
        if (p.n)
            qsort(p.v, p.n, sizeof *p.v, line_order);
        for (size_t k = 0; k < p.n && s->n_found < s->limit; k++) {
            if (skip) {
                skip--;
                continue;
            }
            if (search_keep(s, &p.v[k].hit, 0))
                return -1;
        }
    }
    return 0;
}
