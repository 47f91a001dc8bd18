// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "daemon/answer/census.h"
#include "daemon/answer/lexicon.h"
#include "daemon/answer/own.h"
#include "daemon/answer/story.h"

struct hole {
    docid_t id;
    struct record rec;
    enum gap_kind kind;
};

struct searching {
    struct answer *w;
    const struct gaps_params *p;
    struct gaps_result *r;
    struct census *c;
    struct story_entity x;
    struct own_events events;
    struct census_set named; /* dated units that name it */
    struct record *recs;     /* theirs */
    struct hole *v;
    size_t n, cap;
    struct err *e;
};

static int oldest_first(const void *x, const void *y)
{
    const struct hole *a = x, *b = y;
    if (a->rec.day != b->rec.day)
        return a->rec.day < b->rec.day ? -1 : 1;
    int c = slice_cmp(a->rec.vault, b->rec.vault);
    if (!c)
        c = slice_cmp(a->rec.rel, b->rec.rel);
    return c ? c : (a->rec.line > b->rec.line) - (a->rec.line < b->rec.line);
}

static int add(struct searching *s, struct hole h)
{
    return ARENA_PUSH(s->w->arena, s->v, s->n, s->cap, h) ? 0 : err_memory(s->e);
}

static int read_named(struct searching *s)
{
    s->recs = arena_array(s->w->arena, s->named.n, sizeof *s->recs);
    if (!s->recs)
        return err_memory(s->e);
    for (size_t i = 0; i < s->named.n; i++) {
        struct slice data;
        if (xdb_data(s->w->reader->index.db, s->w->arena, s->named.ids[i], &data, s->e) ||
            record_read(s->w->arena, data, &s->recs[i], s->e))
            return -1;
    }
    return 0;
}

/* Entries on days that no event has. */
static int timeline_lacks(struct searching *s)
{
    for (size_t i = 0; i < s->named.n; i++) {
        bool there = !s->c->entry[s->named.places[i]];
        for (size_t k = 0; k < s->events.n && !there; k++)
            there = s->events.v[k].rec.day == s->recs[i].day;
        if (!there && add(s, (struct hole){s->named.ids[i], s->recs[i], GAP_TIMELINE}))
            return -1;
    }
    return 0;
}

/* Whether a digest has this day, be it that it is the one linked to. */
static int has_digest(struct searching *s, const struct own_event *v, bool *there)
{
    *there = false;
    for (size_t i = 0; i < s->c->n && !*there; i++) {
        struct slice data;
        struct record rec;
        if (!s->c->entry[i] || s->c->days[i] != v->rec.day)
            continue;
        if (xdb_data(s->w->reader->index.db, s->w->arena, s->c->ids[i], &data, s->e) ||
            record_read(s->w->arena, data, &rec, s->e))
            return -1;
        *there = own_event_links(v, s->w->arena, &rec);
    }
    return 0;
}

static bool is_of_digest(const struct record *rec)
{
    return rec->kind == UNIT_ENTRY || rec->day_source == DATE_FILE;
}

static int digests_lack(struct searching *s)
{
    for (size_t i = 0; i < s->events.n; i++) {
        const struct own_event *v = &s->events.v[i];
        bool said = false, there = true;
        for (size_t k = 0; k < s->named.n && !said; k++)
            said = s->recs[k].day == v->rec.day && is_of_digest(&s->recs[k]) &&
                   own_event_links(v, s->w->arena, &s->recs[k]);
        if (said)
            continue;
        if (has_digest(s, v, &there) ||
            add(s, (struct hole){v->id, v->rec, there ? GAP_SILENT : GAP_MISSING}))
            return -1;
    }
    return 0;
}

static int fill(struct searching *s)
{
    struct gaps_result *r = s->r;
    size_t first = (uint64_t)s->p->offset < s->n ? (size_t)s->p->offset : s->n;
    size_t last = s->n - first > (size_t)s->p->limit ? first + (size_t)s->p->limit : s->n;
    r->total = s->n;
    r->gaps = arena_array(s->w->arena, last - first, sizeof *r->gaps);
    if (!r->gaps)
        return err_memory(s->e);
    for (size_t i = first; i < last; i++) {
        struct gap *g = &r->gaps[r->n_gaps++];
        g->kind = s->v[i].kind;
        if (story_hit(s->w, &s->x.plan, s->v[i].id, s->p->text_bytes, &g->hit, s->e))
            return -1;
        g->hit.score = (double)(s->n - i);
    }
    return 0;
}

int answer_gaps(struct answer *w, const struct gaps_params *p, struct gaps_result *r, struct err *e)
{
    struct searching s = {.w = w, .p = p, .r = r, .e = e};
    struct story_filter f = {p->since, p->until, p->on, p->vault, p->asof};
    struct slice link = story_link(p->query), name = link.n ? link : slice_trim(p->query);
    *r = (struct gaps_result){0};
    if (reader_refresh(w->reader, e) || lexicon_asof(w, p->asof, e) || census_take(w, &s.c, e))
        return -1;
    memcpy(r->uuid, w->reader->index.uuid, sizeof r->uuid);
    r->revision = w->reader->index.revision;
    int found = story_find(w, name, &s.x, e);
    if (found < 0)
        return -1;
    if (!found)
        return story_unknown(w, name, e);
    if (!s.x.heads)
        return err_set(e, ERR_NOT_FOUND, "\"%.*s\" has no note, so no timeline to hold against",
            (int)(name.n < 80 ? name.n : 80), name.p);
    r->entity = s.x.name;
    struct xquery *named = story_filtered(w, s.x.named, &f, e);
    struct xquery *events = story_filtered(w, own_events_of(w, s.x.heads, e), &f, e);
    if (!named || !events || census_match(w, s.c, named, &s.named, e))
        return -1;
    census_dated(s.c, &s.named);
    if (own_events_read(w, events, &s.events, e) || read_named(&s) || timeline_lacks(&s) ||
        digests_lack(&s))
        return -1;
    if (s.n)
        qsort(s.v, s.n, sizeof *s.v, oldest_first);
    return fill(&s);
}
