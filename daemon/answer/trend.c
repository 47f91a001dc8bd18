// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/census.h"
#include "daemon/answer/story.h"

enum {
    SERIES_MOST = 16,
    BUCKETS_MOST = 40000 /* a day each: more than a century */
};

struct trending {
    struct answer *w;
    const struct trend_params *p;
    struct trend_result *r;
    struct census *c;
    struct census_set *sets; /* a series each */
    struct err *e;
};

static day_t bucket_start(int kind, day_t d)
{
    struct ymd y = day_split(d);
    return kind == TREND_DAY ? d : kind == TREND_WEEK ? d - day_weekday(d) : d - (y.day - 1);
}

static day_t next_bucket(int kind, day_t from)
{
    struct ymd y = day_split(from);
    if (kind != TREND_MONTH)
        return from + (kind == TREND_DAY ? 1 : 7);
    return y.month == 12 ? day_of(y.year + 1, 1, 1) : day_of(y.year, y.month + 1, 1);
}

/* --- the queries --------------------------------------------------------------------------- */

static struct story_filter filter_of(const struct trend_params *p)
{
    return (struct story_filter){p->since, p->until, p->on, p->vault, p->asof};
}

static int add_series(struct trending *t, struct slice query)
{
    struct story_filter f = filter_of(t->p);
    struct plan p;
    struct xquery *own;
    struct trend_series *s = &t->r->series[t->r->n_series];
    if (t->r->n_series == SERIES_MOST)
        return err_set(t->e, ERR_COMPLEX, "trend: at most %d queries at once", SERIES_MOST);
    if (story_plan(t->w, query, &f, &p, &own, t->e) ||
        census_match(t->w, t->c, own, &t->sets[t->r->n_series], t->e))
        return -1;
    census_entries(t->c, &t->sets[t->r->n_series]);
    *s = (struct trend_series){.query = query,
        .total = t->sets[t->r->n_series].n,
        .first = DAY_NONE,
        .last = DAY_NONE,
        .suggestion_from = p.suggestion_from,
        .suggestion_to = p.suggestion_to,
        .suggestion_query = p.suggestion_query};
    t->r->n_series++;
    return 0;
}

static int add_all(struct trending *t)
{
    struct slice rest = t->p->vs;
    t->sets = arena_array(t->w->arena, SERIES_MOST, sizeof *t->sets);
    t->r->series = arena_array(t->w->arena, SERIES_MOST, sizeof *t->r->series);
    if (!t->sets || !t->r->series)
        return err_memory(t->e);
    if (add_series(t, t->p->query))
        return -1;
    while (rest.n) {
        const char *nl = memchr(rest.p, '\n', rest.n);
        size_t n = nl ? (size_t)(nl - rest.p) : rest.n;
        struct slice query = slice_trim(slice_of(rest.p, n));
        if (query.n && add_series(t, query))
            return -1;
        n += nl != NULL;
        rest = slice_of(rest.p + n, rest.n - n);
    }
    return 0;
}

/* --- the days ------------------------------------------------------------------------------ */

static void find_ends(struct trending *t)
{
    for (size_t i = 0; i < t->r->n_series; i++) {
        struct trend_series *s = &t->r->series[i];
        for (size_t k = 0; k < t->sets[i].n; k++) {
            day_t d = t->c->days[t->sets[i].places[k]];
            s->first = s->first == DAY_NONE || d < s->first ? d : s->first;
            s->last = s->last == DAY_NONE || d > s->last ? d : s->last;
        }
    }
}

/* What was asked for, else what there is. */
static int find_range(struct trending *t, day_t *from, day_t *to)
{
    day_t a, b;
    *from = *to = DAY_NONE;
    for (size_t i = 0; i < t->r->n_series; i++) {
        const struct trend_series *s = &t->r->series[i];
        if (s->first == DAY_NONE)
            continue;
        *from = *from == DAY_NONE || s->first < *from ? s->first : *from;
        *to = *to == DAY_NONE || s->last > *to ? s->last : *to;
    }
    if (*from == DAY_NONE)
        return 0;
    const struct trend_params *p = t->p;
    if (p->since.n && date_range(p->since, t->w->today, &a, &b, t->e) == 0 && a > DAY_MIN)
        *from = a;
    if (p->until.n && date_range(p->until, t->w->today, &a, &b, t->e) == 0 && b < DAY_MAX)
        *to = b;
    if (p->on.n && date_range(p->on, t->w->today, &a, &b, t->e) == 0) {
        *from = a > DAY_MIN ? a : *from;
        *to = b < DAY_MAX ? b : *to;
    }
    return t->e->code ? -1 : 0;
}

static int make_buckets(struct trending *t, day_t from, day_t to)
{
    int kind = t->p->bucket;
    size_t n = 0;
    for (day_t d = bucket_start(kind, from); d <= to && n <= BUCKETS_MOST; d = next_bucket(kind, d))
        n++;
    if (n > BUCKETS_MOST)
        return err_set(t->e, ERR_PARAMS, "trend: over %d buckets: ask for months, or since a day",
            BUCKETS_MOST);
    t->r->buckets = arena_array(t->w->arena, n, sizeof *t->r->buckets);
    if (!t->r->buckets)
        return err_memory(t->e);
    t->r->n_buckets = n;
    day_t d = bucket_start(kind, from);
    for (size_t i = 0; i < n; i++, d = next_bucket(kind, d))
        t->r->buckets[i] = (struct trend_bucket){.from = d, .to = next_bucket(kind, d) - 1};
    return 0;
}

static size_t bucket_of(const struct trending *t, day_t day)
{
    size_t low = 0, high = t->r->n_buckets;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (t->r->buckets[mid].to < day)
            low = mid + 1;
        else
            high = mid;
    }
    return low < t->r->n_buckets && t->r->buckets[low].from <= day ? low : SIZE_MAX;
}

static int count_series(struct trending *t, size_t i)
{
    struct trend_series *s = &t->r->series[i];
    s->counts = arena_array(t->w->arena, t->r->n_buckets, sizeof *s->counts);
    if (!s->counts)
        return err_memory(t->e);
    for (size_t k = 0; k < t->sets[i].n; k++) {
        size_t b = bucket_of(t, t->c->days[t->sets[i].places[k]]);
        if (b != SIZE_MAX)
            s->counts[b]++;
    }
    for (size_t b = 0; b < t->r->n_buckets; b++)
        if (s->counts[b] > s->counts[s->peak])
            s->peak = b;
    return 0;
}

/* All entries within the filters, for the rates. */
static int count_entries(struct trending *t)
{
    struct xmaker m = {t->w->arena, t->e};
    struct story_filter f = filter_of(t->p);
    struct census_set all;
    struct xquery *q = story_filtered(t->w, xquery_new(&m, XQ_ALL), &f, t->e);
    if (!q || census_match(t->w, t->c, q, &all, t->e))
        return -1;
    census_entries(t->c, &all);
    for (size_t i = 0; i < all.n; i++) {
        if (i % 4096 == 0 && xdb_look(t->w->reader->index.db, t->e))
            return -1;
        size_t b = bucket_of(t, t->c->days[all.places[i]]);
        if (b != SIZE_MAX)
            t->r->buckets[b].entries++;
    }
    return 0;
}

int answer_trend(
    struct answer *w, const struct trend_params *p, struct trend_result *r, struct err *e)
{
    struct trending t = {.w = w, .p = p, .r = r, .e = e};
    day_t from, to;
    *r = (struct trend_result){0};
    if (reader_refresh(w->reader, e) || census_take(w, &t.c, e))
        return -1;
    memcpy(r->uuid, w->reader->index.uuid, sizeof r->uuid);
    r->revision = w->reader->index.revision;
    if (add_all(&t))
        return -1;
    find_ends(&t);
    if (find_range(&t, &from, &to))
        return -1;
    if (from != DAY_NONE && (make_buckets(&t, from, to) || count_entries(&t)))
        return -1;
    for (size_t i = 0; i < r->n_series; i++)
        if (count_series(&t, i))
            return -1;
    return 0;
}
