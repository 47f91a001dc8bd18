// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "daemon/answer/census.h"
#include "daemon/answer/lexicon.h"
#include "daemon/answer/story.h"

struct rise {
    const struct census_name *name;
    uint32_t count, before;
    double rate, rate_before;
};

struct rising {
    struct answer *w;
    const struct rising_params *p;
    struct rising_result *r;
    struct census *c;
    struct census_set now, before; /* the entries of the window, and of the weeks before */
    struct err *e;
};

static int most_risen(const void *x, const void *y)
{
    const struct rise *a = x, *b = y;
    double up = (a->rate - a->rate_before) - (b->rate - b->rate_before);
    if (up > 1e-9 || up < -1e-9)
        return up > 0 ? -1 : 1;
    if (a->count != b->count)
        return a->count < b->count ? 1 : -1;
    return slice_cmp(a->name->text, b->name->text);
}

static int copy_set(
    struct rising *s, const struct census_set *all, day_t from, day_t to, struct census_set *out)
{
    struct arena *a = s->w->arena;
    *out = (struct census_set){.in = arena_array(a, s->c->n, sizeof *out->in),
        .places = arena_array(a, all->n, sizeof *out->places),
        .ids = arena_array(a, all->n, sizeof *out->ids)};
    if (!out->in || !out->places || !out->ids)
        return err_memory(s->e);
    for (size_t i = 0; i < all->n; i++) {
        uint32_t at = all->places[i];
        if (s->c->days[at] < from || s->c->days[at] > to)
            continue;
        out->in[at] = true;
        out->places[out->n] = at;
        out->ids[out->n++] = all->ids[i];
    }
    return 0;
}

/* The window ends at the newest entry up to today; the filters bound it already. */
static int choose_days(struct rising *s, const struct census_set *all, int32_t span)
{
    struct rising_result *r = s->r;
    r->from = r->to = r->base_from = DAY_NONE;
    for (size_t i = 0; i < all->n; i++) {
        day_t d = s->c->days[all->places[i]];
        if (d <= s->w->today && (r->to == DAY_NONE || d > r->to))
            r->to = d;
    }
    if (r->to == DAY_NONE)
        return 0;
    r->from = r->to - span + 1;
    r->base_from = r->from - RISING_WEEKS * 7;
    if (copy_set(s, all, r->from, r->to, &s->now) ||
        copy_set(s, all, r->base_from, r->from - 1, &s->before))
        return -1;
    r->entries = (uint32_t)s->now.n;
    r->entries_before = (uint32_t)s->before.n;
    return 0;
}

static double rate_of(uint32_t count, size_t entries)
{
    return entries ? 1000.0 * count / (double)entries : 0;
}

static int show(struct rising *s, const struct rise *x, struct rising_name *out)
{
    *out = (struct rising_name){x->name->text, x->count, x->before, x->rate, x->rate_before,
        arena_array(s->w->arena, RISING_HITS, sizeof *out->hits), 0};
    struct plan_env env;
    struct plan p;
    if (!out->hits)
        return err_memory(s->e);
    if (story_env(s->w, s->w->arena, &env, s->e) ||
        plan_entity(s->w->arena, &env, x->name->text, &p, s->e))
        return -1;
    for (size_t i = 0; i < x->name->n_units && out->n_hits < RISING_HITS; i++) {
        uint32_t at = x->name->units[i];
        if (s->now.in[at] && story_hit(s->w, &p, s->c->ids[at], 0, &out->hits[out->n_hits++], s->e))
            return -1;
    }
    return 0;
}

static int find_rising(struct rising *s, const struct census_names *names)
{
    struct rising_result *r = s->r;
    struct rise *v = arena_array(s->w->arena, names->n, sizeof *v);
    if (!v)
        return err_memory(s->e);
    for (size_t i = 0; i < names->n; i++) {
        const struct census_name *name = &names->v[i];
        struct rise x = {.name = name, .count = census_common(s->c, name, &s->now, NULL)};
        if (!x.count)
            continue;
        x.before = census_common(s->c, name, &s->before, NULL);
        x.rate = rate_of(x.count, s->now.n);
        x.rate_before = rate_of(x.before, s->before.n);
        if (x.rate > x.rate_before)
            v[r->distinct++] = x;
    }
    if (r->distinct)
        qsort(v, r->distinct, sizeof *v, most_risen);
    size_t n = r->distinct < (size_t)s->p->limit ? r->distinct : (size_t)s->p->limit;
    r->names = arena_array(s->w->arena, n, sizeof *r->names);
    if (!r->names)
        return err_memory(s->e);
    while (r->n_names < n)
        if (show(s, &v[r->n_names], &r->names[r->n_names]))
            return -1;
        else
            r->n_names++;
    return 0;
}

int answer_rising(
    struct answer *w, const struct rising_params *p, struct rising_result *r, struct err *e)
{
    struct rising s = {.w = w, .p = p, .r = r, .e = e};
    struct census_set all;
    struct xmaker m = {w->arena, e};
    struct story_filter f = {p->since, p->until, p->on, p->vault, p->asof};
    const struct census_names *names;
    int32_t span = 7;
    *r = (struct rising_result){0};
    if (p->span.n && date_span(p->span, &span, e)) {
        struct err was = *e;
        err_clear(e);
        return err_set(e, ERR_PARAMS, "span: %s", was.text);
    }
    if (reader_refresh(w->reader, e) || lexicon_asof(w, p->asof, e) || census_take(w, &s.c, e))
        return -1;
    memcpy(r->uuid, w->reader->index.uuid, sizeof r->uuid);
    r->revision = w->reader->index.revision;
    struct xquery *every = story_filtered(w, xquery_new(&m, XQ_ALL), &f, e);
    if (!every || census_names(w, s.c, &names, e) || census_match(w, s.c, every, &all, e))
        return -1;
    census_entries(s.c, &all);
    if (choose_days(&s, &all, span))
        return -1;
    return r->to == DAY_NONE ? 0 : find_rising(&s, names);
}
