// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/search/hits.h"

#include "daemon/answer/budget.h"
#include "daemon/answer/units.h"
#include "daemon/answer/search/dated.h"

static int neighbours(struct search *s, struct hit *h, bool before)
{
    struct arena *a = s->w->arena;
    uint32_t want = (uint32_t)s->params->neighbours;
    char *q = arena_printf(a, "Q%u", h->rec.note);
    struct xresult r;
    struct pile p = {0};
    if (!q)
        return err_memory(s->e);
    if (search_run(
            s, xquery_term(&s->m, slice_str(q)), XSORT_DOCID, 0, UINT32_MAX / 4, 0, true, &r) ||
        dated_add(s, &p, &r))
        return -1;
    struct neighbour *v = arena_array(a, want, sizeof *v);
    size_t n = 0;
    if (!v)
        return err_memory(s->e);
    for (uint32_t d = before ? want : 1; before ? d >= 1 : d <= want; before ? d-- : d++)
        for (size_t i = 0; i < p.n; i++)
            if (p.v[i].rec.ordinal == (before ? h->rec.ordinal - d : h->rec.ordinal + d) &&
                (!before || h->rec.ordinal >= d) && p.v[i].rec.text.n)
                v[n++] = (struct neighbour){p.v[i].rec.line, p.v[i].rec.end_line, p.v[i].rec.text};
    if (before) {
        h->before = v;
        h->n_before = n;
    } else {
        h->after = v;
        h->n_after = n;
    }
    return 0;
}

static int fill_hit(struct search *s, const struct xhit *x, double score, struct hit *h)
{
    struct record rec;
    if (record_read(s->w->arena, x->data, &rec, s->e) ||
        units_fill(s->w, &s->plan, &rec, score, h, s->e))
        return -1;
    if (s->params->text_bytes && h->text.n > (size_t)s->params->text_bytes) {
        h->text.n = (size_t)s->params->text_bytes;
        while (h->text.n && ((unsigned char)h->text.p[h->text.n] & 0xc0) == 0x80)
            h->text.n--;
        h->truncated = true;
    }
    if (s->params->neighbours && (neighbours(s, h, true) || neighbours(s, h, false)))
        return -1;
    return 0;
}

/* Bytes of the reply without its hits. */
static size_t head_bytes(const struct search *s)
{
    const struct search_result *r = s->r;
    size_t n = BUDGET_FRAME + budget_string(r->query) + budget_string(r->suggestion_from) +
               budget_string(r->suggestion_to) + budget_string(r->suggestion_query);
    for (size_t i = 0; i < r->n_warnings; i++)
        n += 1 + budget_string(r->warnings[i]);
    for (size_t i = 0; i < r->facets.n; i++) {
        const struct facet *f = &r->facets.v[i];
        n += BUDGET_FACET;
        for (size_t k = 0; k < f->n_values; k++)
            n += BUDGET_FACET + budget_string(f->values[k].text);
    }
    return n;
}

int hits_fill(struct search *s)
{
    struct search_result *r = s->r;
    size_t budget = s->params->budget_bytes ? (size_t)s->params->budget_bytes : SIZE_MAX;
    size_t bytes = budget < SIZE_MAX ? head_bytes(s) : 0;
    r->hits = arena_array(s->w->arena, s->n_found, sizeof *r->hits);
    if (!r->hits)
        return err_memory(s->e);
    for (size_t i = 0; i < s->n_found; i++) {
        struct hit *h = &r->hits[i];
        if (xdb_look(s->w->reader->index.db, s->e) || fill_hit(s, &s->found[i], s->score[i], h))
            return -1;
        if (budget < SIZE_MAX) {
            if (i == 0 && (bytes > budget || !budget_cut(h, budget - bytes)))
                return err_set(s->e, ERR_PARAMS,
                    "budget_bytes: the next hit needs %zu bytes, even without its text",
                    bytes + budget_hit(h) - h->text.n);
            bytes += budget_hit(h);
            if (i && bytes > budget)
                return 0;
        }
        r->n_hits++;
    }
    return 0;
}
