// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/answer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/answer/budget.h"
#include "daemon/answer/facet.h"
#include "daemon/answer/fold.h"
#include "daemon/answer/feedback.h"
#include "daemon/answer/lexicon.h"
#include "daemon/answer/pasted.h"
#include "daemon/answer/story.h"
#include "daemon/answer/units.h"
#include "lib/buf.h"
#include "lib/match.h"
#include "lib/plan.h"
#include "lib/schema.h"

enum {
    TOTAL_EXACT = 1000, /* matches up to which totals are always exact (design.md §6) */
    FIRST_PAGE = 2000,  /* hits that are found again faster than left out by a match */
    FOLD_MORE = 40      /* units that are ordered beside those that a page of groups shows */
};

static const double BM25_K1 = 1.2, BM25_B = 0.75, BM25_MIN_LENGTH = 0.5;

struct members { /* of a group, the earliest first */
    const struct record **v;
    size_t n;
};

struct search {
    struct xmaker m;
    struct answer *w;
    const struct search_params *params;
    struct search_result *r;
    struct plan plan;
    struct xquery *tier[PLAN_TIERS];
    size_t n_tiers;
    struct xquery *all; /* what is counted */
    uint64_t offset;
    uint32_t limit;
    docid_t *members; /* folded: all matches, and each one's group (fold.h) */
    size_t *groups, n_members;
    struct members *page; /* folded: of each hit */
    struct xhit *found;
    double *score;
    size_t n_found, cap_found, cap_score;
    uint64_t known; /* the total, where a match told it on the way; else UINT64_MAX */
    uint64_t least; /* matches that a tier alone has */
    struct err *e;
};

static int run(struct search *s, const struct xquery *q, enum xsort sort, uint32_t first,
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
        .collapse_slot = XSEARCH_NO_SLOT,
        .deadline_ns = s->w->deadline_ns,
        .stop = s->w->stop};
    return match_search(s->w->reader->index.db, s->w->arena, &x, r, s->e);
}

/* --- tiers --------------------------------------------------------------------------------- */

/* Tier i without the units of those before it. */
static struct xquery *rest_of(struct search *s, size_t i)
{
    struct xquery *rest = s->tier[i];
    for (size_t k = 0; rest && k < i; k++)
        rest = xquery_pair(&s->m, XQ_NOT, rest, s->tier[k]);
    return rest;
}

static int matches_any(struct search *s, const struct xquery *q, bool *any)
{
    struct xresult r;
    if (run(s, q, XSORT_DOCID, 0, 1, 1, false, &r))
        return -1;
    *any = r.n_hits > 0;
    return 0;
}

/* No unit has all the words: those with most of them, at least half, else those with any. */
static int relax(struct search *s)
{
    size_t n = s->plan.n_words;
    for (size_t m = n - 1; m > 0; m--) {
        bool any;
        struct xquery *q = m == 1 || 2 * m >= n ? plan_relax(s->w->arena, &s->plan, m, s->e) : NULL;
        if (!q && s->e->code == ERR_COMPLEX)
            err_clear(s->e);
        if (!q) {
            if (s->e->code)
                return -1;
            continue;
        }
        if (matches_any(s, q, &any))
            return -1;
        if (!any)
            continue;
        s->r->relaxed = m == 1 ? "any" : "most";
        s->r->relaxed_words = (uint32_t)m;
        s->r->relaxed_of = (uint32_t)n;
        s->tier[0] = s->all = q;
        s->n_tiers = 1;
        s->known = UINT64_MAX;
        return 0;
    }
    return 0;
}

/* Whether a unit matches q just when it has any of the own words: then context adds none. */
static bool adds_no_context(const struct search *s, const struct xquery *q)
{
    while (q && (q->op == XQ_FILTER || q->op == XQ_NOT) && q->n_kids)
        q = q->kids[0];
    return q && s->plan.own_any && xquery_same(q, s->plan.own_any);
}

/* Most queries are no title; to look it up is cheaper than a match. */
static int drop_title(struct search *s, struct xquery **tier)
{
    uint32_t n = 1;
    const struct xquery *q = tier[PLAN_TITLE];
    while (q && (q->op == XQ_FILTER || q->op == XQ_NOT) && q->n_kids)
        q = q->kids[0];
    if (q && q->op == XQ_TERM && xdb_term_freq(s->w->reader->index.db, q->term, &n, s->e))
        return -1;
    if (n)
        return 0;
    tier[PLAN_TITLE] = NULL;
    s->plan.widest = tier[PLAN_CONTEXT];
    return 0;
}

/* Of many words any is enough: what the best units say beside them weighs the last tier, too. */
static int learn(struct search *s)
{
    struct xresult r;
    if (s->params->match != MATCH_ANY || s->params->sort != SORT_SCORE || !s->n_tiers ||
        s->plan.n_words < FEEDBACK_LEAST)
        return 0;
    struct xquery **last = &s->tier[s->n_tiers - 1];
    if (run(s, *last, XSORT_WEIGHT, 0, 4 * FEEDBACK_UNITS, 0, true, &r))
        return -1;
    *last = feedback_query(s->w, *last, r.hits, r.n_hits, s->plan.n_words, s->e);
    return *last ? 0 : -1;
}

static int choose_tiers(struct search *s)
{
    struct xquery *tier[PLAN_TIERS];
    memcpy(tier, s->plan.tier, sizeof tier);
    if (drop_title(s, tier))
        return -1;
    bool alone = adds_no_context(s, tier[PLAN_OWN]);
    s->all = !alone             ? s->plan.widest
             : tier[PLAN_TITLE] ? xquery_pair(&s->m, XQ_OR, tier[PLAN_OWN], tier[PLAN_TITLE])
                                : tier[PLAN_OWN];
    for (size_t i = 0; s->all && i < PLAN_TIERS; i++)
        if (tier[i] && !(alone && i == PLAN_CONTEXT))
            s->tier[s->n_tiers++] = tier[i];
    return s->all ? learn(s) : -1;
}

static bool may_relax(const struct search *s)
{
    return s->params->match == MATCH_ALL && s->plan.n_words > 1;
}

static int keep(struct search *s, const struct xhit *h, double score)
{
    size_t n = s->n_found;
    if (!ARENA_PUSH(s->w->arena, s->score, n, s->cap_score, score) ||
        !ARENA_PUSH(s->w->arena, s->found, s->n_found, s->cap_found, *h))
        return err_memory(s->e);
    return 0;
}

static bool is_found(const struct search *s, size_t among, docid_t id)
{
    for (size_t i = 0; i < among; i++)
        if (s->found[i].id == id)
            return true;
    return false;
}

/* The next tier on the first page: all units of those before it are found already, so that leaving
 * them out costs no match of its own. */
static int first_page(struct search *s, size_t i, double floor)
{
    struct xresult r;
    size_t before = s->n_found;
    if (run(s, s->tier[i], XSORT_WEIGHT, 0, s->limit, s->limit, true, &r))
        return -1;
    for (size_t k = 0; k < r.n_hits && s->n_found < s->limit; k++)
        if (!is_found(s, before, r.hits[k].id) && keep(s, &r.hits[k], floor + r.hits[k].weight))
            return -1;
    if (!before && i + 1 == s->n_tiers && r.lower == r.upper)
        s->known = r.total;
    s->least = r.lower > s->least ? r.lower : s->least;
    return 0;
}

static int later_page(struct search *s, size_t i, double floor, uint64_t *skip)
{
    struct xresult r;
    struct xquery *rest = rest_of(s, i);
    uint32_t want = s->limit - (uint32_t)s->n_found;
    uint32_t first = *skip > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)*skip;
    if (!rest || run(s, rest, XSORT_WEIGHT, first, want, first + want, true, &r))
        return -1;
    for (size_t k = 0; k < r.n_hits; k++)
        if (keep(s, &r.hits[k], floor + r.hits[k].weight))
            return -1;
    *skip = r.n_hits ? 0 : *skip - (*skip < r.total ? *skip : r.total);
    return 0;
}

/* --- fading -------------------------------------------------------------------------------- */

static int best_first(const void *x, const void *y)
{
    const struct xhit *a = x, *b = y;
    if (a->weight != b->weight)
        return a->weight < b->weight ? 1 : -1;
    return (a->id > b->id) - (a->id < b->id);
}

/* A weight halves with each span of age; what has no date is older than everything. */
static int fade(struct search *s, struct xhit *h, int32_t span)
{
    day_t day = DOCID_NEWEST - (day_t)((h->id - 1) >> DOCID_DAY_BITS);
    if (h->id >= DOCID_UNDATED) {
        struct slice value;
        if (xdb_value(s->w->reader->index.db, s->w->arena, h->id, SLOT_DAY, &value, s->e))
            return -1;
        day = value.n ? (day_t)(xvalue_as_u32(value) - 0x80000000u) : DAY_NONE;
    }
    double age = day == DAY_NONE || day > s->w->today ? 0 : (double)s->w->today - day;
    h->weight = day == DAY_NONE ? 0 : h->weight * exp2(-age / span);
    return 0;
}

/* All units of the tier, as age can bring any of them to the front. */
static int faded_tier(struct search *s, size_t i, double floor, uint64_t *skip)
{
    struct xresult r;
    struct xquery *rest = rest_of(s, i);
    int32_t span;
    if (date_span(s->params->recent, &span, s->e) || !rest ||
        run(s, rest, XSORT_WEIGHT, 0, UINT32_MAX / 4, 0, false, &r))
        return -1;
    for (size_t k = 0; k < r.n_hits; k++)
        if (fade(s, &r.hits[k], span))
            return -1;
    if (r.n_hits)
        qsort(r.hits, r.n_hits, sizeof *r.hits, best_first);
    for (size_t k = *skip < r.n_hits ? (size_t)*skip : r.n_hits;
         k < r.n_hits && s->n_found < s->limit; k++)
        if (xdb_data(s->w->reader->index.db, s->w->arena, r.hits[k].id, &r.hits[k].data, s->e) ||
            keep(s, &r.hits[k], floor + r.hits[k].weight))
            return -1;
    *skip -= *skip < r.n_hits ? *skip : r.n_hits;
    return 0;
}

static int check_recent(struct search *s)
{
    int32_t span;
    if (!s->params->recent.n || date_span(s->params->recent, &span, s->e) == 0)
        return 0;
    struct err was = *s->e;
    err_clear(s->e);
    return err_set(s->e, ERR_PARAMS, "recent: %s", was.text);
}

/* --- by score ------------------------------------------------------------------------------ */

/* One tier behind the other, until the page is full. Scores fall from tier to tier: each tier's
 * begin above the next one's best. */
static int by_score(struct search *s)
{
    uint64_t skip = s->offset;
    for (size_t i = 0; i < s->n_tiers && s->n_found < s->limit; i++) {
        double floor = 1000.0 * (double)(s->n_tiers - 1 - i);
        if (s->params->recent.n                  ? faded_tier(s, i, floor, &skip)
            : s->offset || s->limit > FIRST_PAGE ? later_page(s, i, floor, &skip)
                                                 : first_page(s, i, floor))
            return -1;
    }
    return 0;
}

/* --- by date ------------------------------------------------------------------------------- */

struct dated {
    struct xhit hit;
    struct record rec;
};

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

struct pile {
    struct dated *v;
    size_t n, cap;
};

static int pile_add(struct search *s, struct pile *p, const struct xresult *r)
{
    for (size_t i = 0; i < r->n_hits; i++) {
        struct dated d = {.hit = r->hits[i]};
        if (record_read(s->w->arena, r->hits[i].data, &d.rec, s->e))
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
        if (run(s, q, newest ? XSORT_DOCID : XSORT_DOCID_DOWN, got, step, got + step, true, &r) ||
            pile_add(s, p, &r))
            return -1;
        got += (uint32_t)r.n_hits;
        if (r.n_hits < step)
            return 0;
        if (p->n > want && p->v[p->n - 1].rec.day != p->v[want ? want - 1 : 0].rec.day)
            return 0;
        step *= 2;
    }
}

/*
 * Docids ascend from the newest day to the oldest (schema.h), so the first ones are the newest,
 * found without visiting the rest. Units whose docid does not tell their day (term R) come from a
 * match of their own; undated ones (Dnone) follow last, in docid order.
 */
static int by_date(struct search *s)
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
    if (!plain || !rest || !last || pile_days(s, &p, plain, newest, (uint32_t)end))
        return -1;
    if (run(s, rest, newest ? XSORT_VALUE_DOWN : XSORT_VALUE, 0, (uint32_t)end, 0, true, &r) ||
        pile_add(s, &p, &r))
        return -1;
    if (p.n)
        qsort(p.v, p.n, sizeof *p.v, newest ? newest_first : oldest_first);
    for (uint64_t i = s->offset; i < p.n && s->n_found < s->limit; i++)
        if (keep(s, &p.v[i].hit, 0))
            return -1;
    if (s->n_found == s->limit)
        return 0;
    uint64_t skip = s->offset > p.n ? s->offset - p.n : 0;
    if (run(s, last, XSORT_DOCID, (uint32_t)(skip < end ? skip : end),
            s->limit - (uint32_t)s->n_found, 0, true, &r))
        return -1;
    for (size_t i = 0; i < r.n_hits; i++)
        if (keep(s, &r.hits[i], 0))
            return -1;
    return 0;
}

/* --- by path ------------------------------------------------------------------------------- */

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

/* The notes that match, in order of their paths; then note by note until the page is full. */
static int by_path(struct search *s)
{
    struct arena *a = s->w->arena;
    struct xsearch x = {.query = s->all,
        .sort = XSORT_DOCID,
        .max = UINT32_MAX / 4,
        .k1 = -1,
        .data = true,
        .collapse_slot = SLOT_NOTE,
        .deadline_ns = s->w->deadline_ns,
        .stop = s->w->stop};
    struct xresult r;
    if (match_search(s->w->reader->index.db, a, &x, &r, s->e))
        return -1;
    struct note_place *notes = arena_array(a, r.n_hits, sizeof *notes);
    if (!notes)
        return err_memory(s->e);
    for (size_t i = 0; i < r.n_hits; i++) {
        struct record rec;
        if (record_read(a, r.hits[i].data, &rec, s->e))
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
        if (!one || run(s, one, XSORT_DOCID, 0, UINT32_MAX / 4, 0, true, &of) ||
            pile_add(s, &p, &of))
            return s->e->code ? -1 : err_memory(s->e);
        if (p.n)
            qsort(p.v, p.n, sizeof *p.v, line_order);
        for (size_t k = 0; k < p.n && s->n_found < s->limit; k++) {
            if (skip) {
                skip--;
                continue;
            }
            if (keep(s, &p.v[k].hit, 0))
                return -1;
        }
    }
    return 0;
}

/* --- hits ---------------------------------------------------------------------------------- */

static int neighbours(struct search *s, struct hit *h, bool before)
{
    struct arena *a = s->w->arena;
    uint32_t want = (uint32_t)s->params->neighbours;
    char *q = arena_printf(a, "Q%u", h->rec.note);
    struct xresult r;
    struct pile p = {0};
    if (!q)
        return err_memory(s->e);
    if (run(s, xquery_term(&s->m, slice_str(q)), XSORT_DOCID, 0, UINT32_MAX / 4, 0, true, &r) ||
        pile_add(s, &p, &r))
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

/* A first hit that is over the budget by itself is cut, so that every page goes on. */
static int fill_hits(struct search *s)
{
    struct search_result *r = s->r;
    size_t budget = s->params->budget_bytes ? (size_t)s->params->budget_bytes : SIZE_MAX;
    size_t bytes = budget < SIZE_MAX ? head_bytes(s) : 0;
    r->hits = arena_array(s->w->arena, s->n_found, sizeof *r->hits);
    if (!r->hits)
        return err_memory(s->e);
    for (size_t i = 0; i < s->n_found; i++) {
        struct hit *h = &r->hits[i];
        if (s->w->stop && atomic_load_explicit(s->w->stop, memory_order_relaxed))
            return err_set(s->e, ERR_CANCELLED, "cancelled");
        if (fill_hit(s, &s->found[i], s->score[i], h))
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

/* --- totals and cursors -------------------------------------------------------------------- */

static int count(struct search *s)
{
    struct xresult r;
    s->r->total_exact = true;
    s->r->total = s->known;
    if (s->known != UINT64_MAX)
        return 0;
    if (s->least > TOTAL_EXACT && !s->params->exact) {
        s->r->total = s->least;
        s->r->total_exact = false;
        return 0;
    }
    uint32_t check = s->params->exact ? UINT32_MAX : TOTAL_EXACT + 1;
    if (run(s, s->all, XSORT_DOCID, 0, 0, check, false, &r))
        return -1;
    s->r->total = r.lower == r.upper ? r.total : r.lower > TOTAL_EXACT ? r.lower : TOTAL_EXACT;
    s->r->total_exact = r.lower == r.upper;
    return 0;
}

/* "<revision>:<offset>:<id of the last unit>" */
static int make_cursor(struct search *s)
{
    uint64_t next = s->offset + s->r->n_hits;
    bool more = s->r->n_hits && (s->r->n_hits < s->n_found || s->n_found == s->limit) &&
                (!s->r->total_exact || next < s->r->total);
    if (!more)
        return 0;
    char id[2 * UNIT_ID_BYTES + 1];
    record_id_format(s->r->hits[s->r->n_hits - 1].rec.id, id);
    char *text = arena_printf(s->w->arena, "%llu:%llu:%s", (unsigned long long)s->r->revision,
        (unsigned long long)next, id);
    if (!text)
        return err_memory(s->e);
    s->r->cursor = slice_str(text);
    return 0;
}

static int add_warning(struct search *s, const char *text)
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

static int read_cursor(struct search *s, uint64_t *revision, char id[2 * UNIT_ID_BYTES + 1])
{
    unsigned long long rev, offset;
    struct slice c = s->params->cursor;
    char text[80];
    int end = 0;
    if (c.n >= sizeof text)
        return err_set(s->e, ERR_PARAMS, "cursor: not one that an answer gave");
    memcpy(text, c.p, c.n);
    text[c.n] = '\0';
    if (sscanf(text, "%20llu:%20llu:%16[0-9a-f]%n", &rev, &offset, id, &end) != 3 ||
        text[end] != '\0' || offset > UINT32_MAX / 4)
        return err_set(s->e, ERR_PARAMS, "cursor: not one that an answer gave");
    *revision = rev;
    s->offset = offset;
    return 0;
}

static int order(struct search *s)
{
    switch ((enum search_sort)s->params->sort) {
    case SORT_SCORE:
        return by_score(s);
    case SORT_NEWEST:
    case SORT_OLDEST:
        return by_date(s);
    case SORT_PATH:
        return by_path(s);
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
    if (order(s))
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
    return add_warning(s, "the index changed since the page before: this one goes on behind it");
}

/* Without a match for the total where the first page shows it: it is not full, or one tier's. */
static int first_answer(struct search *s)
{
    if (order(s) || (!s->n_found && may_relax(s) && (relax(s) || (s->r->relaxed && order(s)))))
        return -1;
    if (s->n_found < s->limit)
        s->known = s->n_found;
    return count(s);
}

static int later_answer(struct search *s)
{
    uint64_t revision = 0;
    char last[2 * UNIT_ID_BYTES + 1];
    if (count(s) || (!s->r->total && may_relax(s) && (relax(s) || count(s))))
        return -1;
    if (s->params->cursor.n &&
        (read_cursor(s, &revision, last) || (revision != s->r->revision && find_again(s, last))))
        return -1;
    return s->limit ? order(s) : 0;
}

/* --- near-same ones once ------------------------------------------------------------------- */

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

/* All matches, each with the group of its near-same ones. */
static int gather_members(struct search *s)
{
    struct xresult r;
    struct xsearch x = {.query = s->all,
        .k1 = -1,
        .collapse_slot = XSEARCH_NO_SLOT,
        .all_docids = true,
        .deadline_ns = s->w->deadline_ns,
        .stop = s->w->stop};
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
        if (order(s))
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

/* The page of groups, each where its best one stands, shown by its earliest. */
static int folded(struct search *s)
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
            keep(s, &hit, score[i]))
            return -1;
    }
    return 0;
}

/* Beside each hit the others that it stands for. */
static void tell_folded(struct search *s)
{
    for (size_t i = 0; i < s->r->n_hits; i++) {
        s->r->hits[i].folded = s->page[i].v + 1;
        s->r->hits[i].n_folded = s->page[i].n - 1;
    }
}

/* --- the whole ----------------------------------------------------------------------------- */

static int explain(struct search *s, const struct query *q)
{
    static const char *const names[] = {"title", "adjacent", "own", "context"};
    struct buf tree = {0}, plan = {0};
    if (q->root)
        query_write(q->root, &tree);
    for (size_t i = 0; i < PLAN_TIERS; i++) {
        if (!s->plan.tier[i])
            continue;
        buf_printf(&plan, "%s%s: ", plan.n ? "\n" : "", names[i]);
        xquery_write(s->plan.tier[i], &plan);
    }
    if (s->r->relaxed) {
        buf_printf(&plan, "%s%s: ", plan.n ? "\n" : "", s->r->relaxed);
        xquery_write(s->all, &plan);
    }
    for (size_t i = 0; i < s->plan.n_synonyms; i++) {
        buf_printf(&plan, "%ssynonyms: ", plan.n ? "\n" : "");
        buf_slice(&plan, s->plan.synonyms[i]);
    }
    if (s->params->recent.n)
        buf_printf(&plan, "%srecent: weights halve every %.*s", plan.n ? "\n" : "",
            (int)s->params->recent.n, s->params->recent.p);
    s->r->explain_tree = arena_dup(s->w->arena, buf_view(&tree));
    s->r->explain_plan = arena_dup(s->w->arena, buf_view(&plan));
    bool ok = !tree.failed && !plan.failed;
    buf_free(&tree);
    buf_free(&plan);
    return ok ? 0 : err_memory(s->e);
}

static int make_plan(struct search *s, struct query *q)
{
    const struct search_params *p = s->params;
    struct arena *a = s->w->arena;
    struct plan_env env;
    struct slice text = p->query;
    if (p->syntax == SYNTAX_PLAIN
            ? pasted_text(a, p->query, &text, s->e) || query_plain(a, text, q, s->e)
            : query_parse(a, text, q, s->e))
        return -1;
    if (story_env(s->w, a, &env, s->e))
        return -1;
    struct plan_options o = {.match = (enum search_match)p->match,
        .partial = p->partial,
        .since = p->since,
        .until = p->until,
        .on = p->on,
        .vault = p->vault,
        .asof = p->asof};
    if (lexicon_asof(s->w, p->asof, s->e))
        return -1;
    return plan_make(a, &env, &o, text, q, &s->plan, s->e);
}

static struct search begin(
    struct answer *w, const struct search_params *p, struct search_result *r, struct err *e)
{
    *r = (struct search_result){.query = p->query, .total_exact = true};
    memcpy(r->uuid, w->reader->index.uuid, sizeof r->uuid);
    r->revision = w->reader->index.revision;
    return (struct search){.m = {w->arena, e},
        .w = w,
        .params = p,
        .r = r,
        .offset = (uint64_t)p->offset,
        .limit = (uint32_t)p->limit,
        .known = UINT64_MAX,
        .e = e};
}

/* They are counted one by one, so the total is known as well. */
static int count_facets(struct search *s)
{
    struct search_result *r = s->r;
    const struct search_params *p = s->params;
    struct facet_ask ask = {"facets", p->facets, FACET_VALUES};
    if (!p->facets.p)
        return 0;
    if (facet_count(s->w, &ask, s->all, &r->facets, s->e))
        return -1;
    if (!p->fold)
        r->total = r->facets.total;
    r->total_exact = true;
    return 0;
}

/* From the plan on. */
static int finish(struct search *s)
{
    const struct search_params *p = s->params;
    uint64_t revision;
    char last[2 * UNIT_ID_BYTES + 1];
    if (choose_tiers(s))
        return -1;
    if (p->fold) {
        if (gather_members(s) ||
            (!s->n_members && may_relax(s) && (relax(s) || gather_members(s))) ||
            (p->cursor.n && read_cursor(s, &revision, last)) || folded(s) || count_facets(s) ||
            fill_hits(s))
            return -1;
        tell_folded(s);
        return make_cursor(s);
    }
    bool first = s->limit && !s->offset && !p->cursor.n;
    if ((first ? first_answer(s) : later_answer(s)) || count_facets(s))
        return -1;
    return s->limit && (fill_hits(s) || make_cursor(s)) ? -1 : 0;
}

int units_search(struct answer *w, const struct search_params *p, const struct plan *plan,
    struct search_result *r, struct err *e)
{
    struct search s = begin(w, p, r, e);
    s.plan = *plan;
    s.plan.tier[PLAN_OWN] = plan->widest;
    return finish(&s);
}

int answer_search(
    struct answer *w, const struct search_params *p, struct search_result *r, struct err *e)
{
    struct query q = {0};
    if (reader_refresh(w->reader, e))
        return -1;
    struct search s = begin(w, p, r, e);
    if (check_recent(&s) || make_plan(&s, &q))
        return -1;
    r->warnings = s.plan.warnings;
    r->n_warnings = s.plan.n_warnings;
    r->suggestion_from = s.plan.suggestion_from;
    r->suggestion_to = s.plan.suggestion_to;
    r->suggestion_query = s.plan.suggestion_query;
    if (s.plan.empty)
        s.all = xquery_new(&s.m, XQ_NONE);
    if (s.plan.empty ? !s.all || count_facets(&s) : finish(&s))
        return -1;
    return p->explain ? explain(&s, &q) : 0;
}
