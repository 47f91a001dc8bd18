// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/search/tiers.h"

#include <math.h>

#include "daemon/answer/feedback.h"
#include "daemon/answer/search/ties.h"
#include "lib/sort.h"

enum {
    FIRST_PAGE = 2000, /* hits that are found again faster than left out by a match */
    LOOK_EVERY = 4096
};

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
    if (search_run(s, q, XSORT_DOCID, 0, 1, 1, false, &r))
        return -1;
    *any = r.n_hits > 0;
    return 0;
}

int tiers_relax(struct search *s)
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
    if (search_run(s, *last, XSORT_WEIGHT, 0, 4 * FEEDBACK_UNITS, 0, true, &r))
        return -1;
    *last = feedback_query(s->w, *last, r.hits, r.n_hits, s->plan.n_words, s->e);
    return *last ? 0 : -1;
}

int tiers_choose(struct search *s)
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

bool tiers_may_relax(const struct search *s)
{
    return s->params->match == MATCH_ALL && s->plan.n_words > 1;
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
    if (ties_page(s, s->tier[i], XSORT_WEIGHT, 0, s->limit, s->limit, &r))
        return -1;
    for (size_t k = 0; k < r.n_hits && s->n_found < s->limit; k++)
        if (!is_found(s, before, r.hits[k].id) &&
            search_keep(s, &r.hits[k], floor + r.hits[k].weight))
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
    if (!rest || ties_page(s, rest, XSORT_WEIGHT, first, want, first + want, &r))
        return -1;
    for (size_t k = 0; k < r.n_hits; k++)
        if (search_keep(s, &r.hits[k], floor + r.hits[k].weight))
            return -1;
    *skip = r.n_hits ? 0 : *skip - (*skip < r.total ? *skip : r.total);
    return 0;
}

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
    day_t day;
    struct xdb *db = s->w->reader->index.db;
    if (!schema_docid_day(xdb_own_docid(db, h->id), &day)) {
        struct slice value;
        if (xdb_value(db, s->w->arena, h->id, SLOT_DAY, &value, s->e))
            return -1;
        day = value.n ? schema_value_day(xvalue_as_u32(value)) : DAY_NONE;
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
        search_run(s, rest, XSORT_WEIGHT, 0, UINT32_MAX / 4, 0, false, &r))
        return -1;
    for (size_t k = 0; k < r.n_hits; k++)
        if ((k % LOOK_EVERY == 0 && xdb_look(s->w->reader->index.db, s->e)) ||
            fade(s, &r.hits[k], span))
            return -1;
    if (sort_watched(s->w->reader->index.db, r.hits, r.n_hits, sizeof *r.hits, best_first, s->e) ||
        ties_settle(s, r.hits, r.n_hits, (size_t)*skip, (size_t)*skip + s->limit))
        return -1;
    for (size_t k = *skip < r.n_hits ? (size_t)*skip : r.n_hits;
         k < r.n_hits && s->n_found < s->limit; k++)
        if ((!r.hits[k].data.p && xdb_data(s->w->reader->index.db, s->w->arena, r.hits[k].id,
                                      &r.hits[k].data, s->e)) ||
            search_keep(s, &r.hits[k], floor + r.hits[k].weight))
            return -1;
    *skip -= *skip < r.n_hits ? *skip : r.n_hits;
    return 0;
}

int tiers_check_recent(struct search *s)
{
    int32_t span;
    if (!s->params->recent.n || date_span(s->params->recent, &span, s->e) == 0)
        return 0;
    struct err was = *s->e;
    err_clear(s->e);
    return err_set(s->e, ERR_PARAMS, "recent: %s", was.text);
}

int tiers_order(struct search *s)
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
