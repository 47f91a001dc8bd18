// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/feedback.h"

#include <math.h>
#include <stdlib.h>

#include "daemon/answer/units.h"
#include "lib/match/weigh.h"
#include "lib/plan.h"
#include "lib/schema.h"
#include "lib/token.h"

static const double ASKED_SHARE =
    0.85; /* of the second query's weight; the rest is the feedback's */

struct candidate {
    struct slice stem;
    double weight;
    struct xquery *holding; /* the units that have it */
    double even;            /* its rarity as a part of what a match takes it for */
};

struct gathering {
    struct answer *w;
    struct candidate *v;
    size_t n, cap;
    double documents;
    struct resolver r;
    struct err *e;
};

static int rarity(struct gathering *g, struct candidate *c, double *idf)
{
    struct slice title = schema_term(g->w->arena, 'S', c->stem);
    uint32_t holding, taken, titles;
    if (!title.p)
        return err_memory(g->e);
    c->holding = resolve_own_stems(&g->r, &c->stem, 1);
    if (!c->holding || resolve_documents(&g->r, c->holding, &holding) ||
        resolve_frequency(&g->r, c->holding, (size_t)g->documents, &taken) ||
        xdb_term_freq(g->r.db, title, &titles, g->e))
        return -1;
    *idf = holding ? plan_rarity(g->documents, holding, titles) : 0;
    c->even = weigh_idf(g->documents, holding) / weigh_idf(g->documents, taken);
    return 0;
}

static int by_term(const void *x, const void *y)
{
    return slice_cmp(((const struct candidate *)x)->stem, ((const struct candidate *)y)->stem);
}

static int by_weight(const void *x, const void *y)
{
    const struct candidate *a = x, *b = y;
    return a->weight != b->weight ? (a->weight < b->weight ? 1 : -1) : by_term(x, y);
}

/* The unit's words, each with its share of the text. */
static int gather(struct gathering *g, const struct record *rec, double share)
{
    struct arena *a = g->w->arena;
    struct buf text = {0};
    struct tokens t = {0};
    note_render(&text, rec->text, rec->runs, rec->n_runs);
    buf_char(&text, '\n');
    buf_slice(&text, rec->title);
    bool failed = text.failed || tokenize(a, arena_dup(a, buf_view(&text)), &t, g->e);
    buf_free(&text);
    size_t words = 0;
    for (size_t i = 0; i < t.n; i++)
        words += token_is_base(t.v[i].kind);
    for (size_t i = 0; i < t.n && !failed; i++) {
        const struct token *k = &t.v[i];
        if (k->kind != TOKEN_WORD || !token_is_stemmed(k))
            continue;
        struct slice stem = xstem_of(g->w->reader->stem, a, k->plain);
        failed =
            !stem.p || !ARENA_PUSH(a, g->v, g->n, g->cap,
                           ((struct candidate){.stem = stem, .weight = share / (double)words}));
    }
    return failed ? err_memory(g->e) : 0;
}

/* Adds up what was said of one word and weighs it by its rarity. */
static int sum_up(struct gathering *g)
{
    size_t out = 0;
    if (g->n)
        qsort(g->v, g->n, sizeof *g->v, by_term);
    for (size_t i = 0, j; i < g->n; i = j) {
        struct candidate c = {.stem = g->v[i].stem};
        double idf = 0;
        for (j = i; j < g->n && slice_eq(g->v[j].stem, c.stem); j++)
            c.weight += g->v[j].weight;
        if (rarity(g, &c, &idf))
            return -1;
        c.weight *= idf;
        if (c.weight > 0)
            g->v[out++] = c;
    }
    g->n = out;
    if (out)
        qsort(g->v, out, sizeof *g->v, by_weight);
    return 0;
}

struct xquery *feedback_query(struct answer *w, struct xquery *asked, const struct xhit *hits,
    size_t n_hits, size_t n_words, struct err *e)
{
    struct xmaker m = {w->arena, e};
    struct gathering g = {.w = w, .r = units_resolver(w, e), .e = e};
    struct xdb_info info;
    uint32_t notes[FEEDBACK_UNITS];
    size_t units = 0;
    double best = n_hits ? hits[0].weight : 0, all = 0;
    if (xdb_info(w->reader->index.db, &info, e))
        return NULL;
    g.documents = (double)info.documents;
    for (size_t i = 0; i < n_hits && units < FEEDBACK_UNITS; i++) {
        struct record rec;
        bool seen = false;
        if (record_read(w->arena, hits[i].data, &rec, e))
            return NULL;
        for (size_t k = 0; k < units; k++)
            seen = seen || notes[k] == rec.note;
        if (seen || rec.kind == UNIT_NOTE || rec.kind == UNIT_HEADING)
            continue;
        notes[units++] = rec.note;
        if (gather(&g, &rec, hits[i].weight / best))
            return NULL;
    }
    if (sum_up(&g))
        return NULL;
    size_t n = g.n < FEEDBACK_TERMS ? g.n : FEEDBACK_TERMS;
    for (size_t i = 0; i < n; i++)
        all += g.v[i].weight;
    if (!n)
        return asked;
    struct xkids k = {0};
    if (xkids_add(&m, &k, xquery_scale(&m, asked, ASKED_SHARE / (double)n_words)))
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (xkids_add(&m, &k,
                xquery_scale(
                    &m, g.v[i].holding, (1 - ASKED_SHARE) * g.v[i].even * g.v[i].weight / all)))
            return NULL;
    return xquery_pair(&m, XQ_FILTER, xquery_over(&m, XQ_OR, k), asked);
}
