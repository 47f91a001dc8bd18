// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "daemon/answer/census.h"
#include "daemon/answer/lexicon.h"
#include "daemon/answer/own.h"
#include "daemon/answer/story.h"
#include "lib/token.h"

enum {
    NEAR_PERCENT = 60, /* words of the shorter text that the other has, to say nearly the same */
    NEAR_WORDS = 2     /* and as many words at least */
};

struct line {
    docid_t id;
    day_t day;
    bool event, dropped;
    const struct record *rec; /* NULL: not read yet */
    const struct own_event *twin;
};

struct telling {
    struct answer *w;
    const struct timeline_params *p;
    struct timeline_result *r;
    struct census *c;
    struct plan plan;
    struct story_entity x;
    struct own_events events;
    struct line *lines;
    size_t n, cap;
    struct err *e;
};

/* --- what is told --------------------------------------------------------------------------- */

static int add_line(struct telling *t, struct line line)
{
    return ARENA_PUSH(t->w->arena, t->lines, t->n, t->cap, line) ? 0 : err_memory(t->e);
}

static int add_entries(struct telling *t, const struct xquery *q)
{
    struct census_set set;
    if (!q || census_match(t->w, t->c, q, &set, t->e))
        return -1;
    census_entries(t->c, &set);
    for (size_t i = 0; i < set.n; i++)
        if (add_line(t, (struct line){.id = set.ids[i], .day = t->c->days[set.places[i]]}))
            return -1;
    return 0;
}

static int gather(struct telling *t, const struct story_filter *f)
{
    struct xmaker m = {t->w->arena, t->e};
    struct xquery *entries, *events;
    struct slice link = story_link(t->p->query), name = link.n ? link : slice_trim(t->p->query);
    int found = link.n || story_is_name(t->w, name) ? story_find(t->w, name, &t->x, t->e) : 0;
    if (found < 0)
        return -1;
    if (link.n && !found)
        return story_unknown(t->w, name, t->e);
    if (found) {
        t->r->entity = t->x.name;
        t->plan = t->x.plan;
        entries = story_filtered(t->w, t->x.named, f, t->e);
        events = t->x.heads ? own_events_of(t->w, t->x.heads, t->e) : xquery_new(&m, XQ_NONE);
        events = story_filtered(t->w, events, f, t->e);
    } else {
        if (story_plan(t->w, t->p->query, f, &t->plan, &entries, t->e))
            return -1;
        events = xquery_pair(&m, XQ_FILTER, entries, xquery_term(&m, SLICE_LIT("Kevent")));
        t->r->suggestion_from = t->plan.suggestion_from;
        t->r->suggestion_to = t->plan.suggestion_to;
        t->r->suggestion_query = t->plan.suggestion_query;
    }
    if (!entries || !events || add_entries(t, entries) ||
        own_events_read(t->w, events, &t->events, t->e))
        return -1;
    for (size_t i = 0; i < t->events.n; i++) {
        const struct own_event *v = &t->events.v[i];
        if (add_line(
                t, (struct line){.id = v->id, .day = v->rec.day, .event = true, .rec = &v->rec}))
            return -1;
    }
    return 0;
}

/* --- order ---------------------------------------------------------------------------------- */

static int day_order(const void *x, const void *y)
{
    const struct line *a = x, *b = y;
    return a->day != b->day ? (a->day > b->day) - (a->day < b->day)
                            : (a->id > b->id) - (a->id < b->id);
}

static int place_order(const void *x, const void *y)
{
    const struct line *a = x, *b = y;
    int c = slice_cmp(a->rec->vault, b->rec->vault);
    if (!c)
        c = slice_cmp(a->rec->rel, b->rec->rel);
    return c ? c : (a->rec->line > b->rec->line) - (a->rec->line < b->rec->line);
}

static int read_day(struct telling *t, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++) {
        struct line *l = &t->lines[i];
        struct slice data;
        if (l->rec)
            continue;
        struct record *rec = arena_alloc(t->w->arena, sizeof *rec);
        if (!rec)
            return err_memory(t->e);
        if (xdb_data(t->w->reader->index.db, t->w->arena, l->id, &data, t->e) ||
            record_read(t->w->arena, data, rec, t->e))
            return -1;
        l->rec = rec;
    }
    return 0;
}

/* --- both ----------------------------------------------------------------------------------- */

static int word_order(const void *x, const void *y)
{
    return slice_cmp(*(const struct slice *)x, *(const struct slice *)y);
}

struct words {
    struct slice *v;
    size_t n, cap;
};

/* Whether a word is of the entity's name or of the digest's: those say nothing. */
static bool is_of_name(const struct telling *t, struct slice word, struct slice digest)
{
    for (size_t i = 0; i < t->x.n_keys; i++)
        if (own_has_word(t->x.keys[i], word))
            return true;
    return own_has_word(digest, word);
}

/* The stems of a unit's words, each once, in order. */
static int words_of(
    struct telling *t, const struct record *rec, struct slice digest, struct words *out)
{
    struct arena *a = t->w->arena;
    struct buf text = {0};
    struct tokens tokens = {0};
    note_render(&text, rec->text, rec->runs, rec->n_runs);
    struct slice copy = arena_dup(a, buf_view(&text));
    bool failed = text.failed || (text.n && !copy.p);
    buf_free(&text);
    if (failed)
        return err_memory(t->e);
    if (tokenize(a, copy, &tokens, t->e))
        return -1;
    for (size_t i = 0; i < tokens.n; i++) {
        const struct token *k = &tokens.v[i];
        if (!token_is_base(k->kind) || (k->plain.n < 3 && !k->digit && k->kind == TOKEN_WORD) ||
            is_of_name(t, k->plain, digest))
            continue;
        struct slice stem =
            token_is_stemmed(k) ? xstem_of(t->w->reader->stem, a, k->plain) : k->plain;
        if (!ARENA_PUSH(a, out->v, out->n, out->cap, stem))
            return err_memory(t->e);
    }
    if (out->n)
        qsort(out->v, out->n, sizeof *out->v, word_order);
    size_t n = 0;
    for (size_t i = 0; i < out->n; i++)
        if (!i || !slice_eq(out->v[i], out->v[n - 1]))
            out->v[n++] = out->v[i];
    out->n = n;
    return 0;
}

/* Words of the shorter one that the other has, in percent; 0: too few to tell. */
static unsigned nearness(const struct words *a, const struct words *b)
{
    size_t common = 0, least = a->n < b->n ? a->n : b->n;
    for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
        int c = slice_cmp(a->v[i], b->v[k]);
        common += c == 0;
        i += c <= 0;
        k += c >= 0;
    }
    return common < NEAR_WORDS ? 0 : (unsigned)(100 * common / least);
}

/* The entry of the same day that an event retells becomes `both`; the event goes. */
static int join_event(struct telling *t, size_t from, size_t to, size_t at)
{
    const struct own_event *v = own_event_at(&t->events, t->lines[at].id);
    struct line *best = NULL;
    unsigned best_percent = NEAR_PERCENT - 1;
    for (size_t i = from; i < to; i++) {
        struct line *l = &t->lines[i];
        if (l->event || l->twin || !own_event_links(v, t->w->arena, l->rec))
            continue;
        struct slice digest = token_key(t->w->arena, own_base_name(l->rec->rel));
        struct words a = {0}, b = {0};
        if (words_of(t, &v->rec, digest, &a) || words_of(t, l->rec, digest, &b))
            return -1;
        unsigned percent = nearness(&a, &b);
        if (percent > best_percent) {
            best_percent = percent;
            best = l;
        }
    }
    if (best) {
        best->twin = v;
        t->lines[at].dropped = true;
    }
    return 0;
}

static int join_days(struct telling *t)
{
    for (size_t i = 0, k; i < t->n; i = k) {
        size_t events = 0;
        for (k = i; k < t->n && t->lines[k].day == t->lines[i].day; k++)
            events += t->lines[k].event;
        if (!events || events == k - i)
            continue;
        if (read_day(t, i, k))
            return -1;
        qsort(t->lines + i, k - i, sizeof *t->lines, place_order);
        for (size_t at = i; at < k; at++)
            if (t->lines[at].event && join_event(t, i, k, at))
                return -1;
    }
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++)
        if (!t->lines[i].dropped)
            t->lines[n++] = t->lines[i];
    t->n = n;
    return 0;
}

/* --- the page ------------------------------------------------------------------------------- */

/* Days that the page touches are put in the order of paths and lines. */
static int order_page(struct telling *t, size_t first, size_t last)
{
    for (size_t i = 0, k; i < last; i = k) {
        for (k = i; k < t->n && t->lines[k].day == t->lines[i].day; k++)
            ;
        if (k <= first)
            continue;
        if (read_day(t, i, k))
            return -1;
        qsort(t->lines + i, k - i, sizeof *t->lines, place_order);
    }
    return 0;
}

static int fill(struct telling *t)
{
    struct timeline_result *r = t->r;
    size_t first = (uint64_t)t->p->offset < t->n ? (size_t)t->p->offset : t->n;
    size_t last = t->n - first > (size_t)t->p->limit ? first + (size_t)t->p->limit : t->n;
    r->total = t->n;
    r->lines = arena_array(t->w->arena, last - first, sizeof *r->lines);
    if (!r->lines)
        return err_memory(t->e);
    if (order_page(t, first, last))
        return -1;
    for (size_t i = first; i < last; i++) {
        struct story_line *s = &r->lines[r->n_lines++];
        const struct line *l = &t->lines[i];
        if (story_hit(t->w, &t->plan, l->id, t->p->text_bytes, &s->hit, t->e))
            return -1;
        s->hit.score = (double)(t->n - i);
        s->source = l->twin ? STORY_BOTH : l->event ? STORY_NOTE : STORY_DIGEST;
        if (l->twin)
            s->twin = l->twin->rec;
    }
    return 0;
}

int answer_timeline(
    struct answer *w, const struct timeline_params *p, struct timeline_result *r, struct err *e)
{
    struct telling t = {.w = w, .p = p, .r = r, .e = e};
    struct story_filter f = {p->since, p->until, p->on, p->vault, p->asof};
    *r = (struct timeline_result){0};
    if (reader_refresh(w->reader, e) || lexicon_asof(w, p->asof, e) || census_take(w, &t.c, e))
        return -1;
    memcpy(r->uuid, w->reader->index.uuid, sizeof r->uuid);
    r->revision = w->reader->index.revision;
    if (gather(&t, &f))
        return -1;
    if (t.n)
        qsort(t.lines, t.n, sizeof *t.lines, day_order);
    return join_days(&t) || fill(&t) ? -1 : 0;
}
