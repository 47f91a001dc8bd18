// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>

#include "daemon/answer/facet.h"
#include "daemon/answer/story.h"
#include "lib/nearest.h"
#include "lib/record.h"

struct faceting {
    struct answer *w;
    struct census *c;
    struct census_set set;
    struct facet *out;
    size_t cap, limit;
    struct slice *terms; /* of the prefix at hand, without it */
    size_t n_terms, cap_terms;
    struct err *e;
};

static int most_first(const void *x, const void *y)
{
    const struct facet_value *a = x, *b = y;
    return a->count != b->count ? (a->count < b->count) - (a->count > b->count)
                                : slice_cmp(a->text, b->text);
}

static int add(struct faceting *f, struct slice text, uint32_t count)
{
    if (count && !ARENA_PUSH(f->w->arena, f->out->values, f->out->n_values, f->cap,
                     (struct facet_value){text, count}))
        return err_memory(f->e);
    return 0;
}

/* --- terms --------------------------------------------------------------------------------- */

static int keep_term(void *ctx, struct slice term, uint32_t documents)
{
    struct faceting *f = ctx;
    (void)documents;
    struct slice text = arena_dup(f->w->arena, slice_of(term.p + 1, term.n - 1));
    if (!text.p || !ARENA_PUSH(f->w->arena, f->terms, f->n_terms, f->cap_terms, text))
        err_memory(f->e);
    return f->e->code != ERR_NONE;
}

static int list_terms(struct faceting *f, const char *prefix)
{
    f->terms = NULL;
    f->n_terms = f->cap_terms = 0;
    return xdb_terms_each(
               f->w->reader->index.db, slice_str(prefix), SLICE_LIT(""), keep_term, f, f->e) < 0 ||
                   f->e->code
               ? -1
               : 0;
}

enum { LOOK_EVERY = 1 << 14 }; /* steps between two looks whether to go on */

/* The units of the set that have the term, at the front of *ids. */
static int units_with(
    struct faceting *f, struct arena *a, char prefix, struct slice text, docid_t **ids, size_t *n)
{
    const struct census_set *s = &f->set;
    char *term = arena_printf(a, "%c%.*s", prefix, (int)text.n, text.p);
    size_t all, common = 0;
    if (!term)
        return err_memory(f->e);
    if (xdb_postings(f->w->reader->index.db, a, slice_of(term, text.n + 1), s->n ? s->ids[0] : 1,
            SIZE_MAX, ids, &all, f->e))
        return -1;
    for (size_t i = 0, k = 0, steps = 0; i < all && k < s->n; steps++) {
        if (steps % LOOK_EVERY == 0 && xdb_look(f->w->reader->index.db, f->e))
            return -1;
        if ((*ids)[i] == s->ids[k]) {
            (*ids)[common++] = (*ids)[i];
            i++, k++;
        } else if ((*ids)[i] < s->ids[k]) {
            i++;
        } else {
            k++;
        }
    }
    *n = common;
    return 0;
}

static int by_terms(struct faceting *f, const char *prefix)
{
    struct arena one = {0};
    int rc = list_terms(f, prefix);
    for (size_t i = 0; rc == 0 && i < f->n_terms; i++) {
        docid_t *ids;
        size_t n = 0;
        rc = units_with(f, &one, prefix[0], f->terms[i], &ids, &n) ||
                     add(f, f->terms[i], (uint32_t)n)
                 ? -1
                 : 0;
        arena_reset(&one);
    }
    arena_free(&one);
    return rc;
}

static int by_tag(struct faceting *f)
{
    return by_terms(f, "G");
}

static int by_kind(struct faceting *f)
{
    return by_terms(f, "K");
}

static int by_vault(struct faceting *f)
{
    return by_terms(f, "V");
}

static int by_source(struct faceting *f)
{
    const struct census_name *hosts;
    size_t n;
    if (census_hosts(f->w, f->c, &hosts, &n, f->e))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (xdb_look(f->w->reader->index.db, f->e) ||
            add(f, hosts[i].text, census_common(f->c, &hosts[i], &f->set, NULL)))
            return -1;
    return 0;
}

/* --- what has no terms --------------------------------------------------------------------- */

static int by_entity(struct faceting *f)
{
    const struct census_names *names;
    if (census_names(f->w, f->c, &names, f->e))
        return -1;
    for (size_t i = 0; i < names->n; i++)
        if (xdb_look(f->w->reader->index.db, f->e) ||
            add(f, names->v[i].text, census_common(f->c, &names->v[i], &f->set, NULL)))
            return -1;
    return 0;
}

static int add_month(struct faceting *f, day_t day, uint32_t count)
{
    struct ymd y = day_split(day);
    char *text = arena_printf(f->w->arena, "%04d-%02d", y.year % 10000, y.month % 100);
    return text ? add(f, slice_str(text), count) : err_memory(f->e);
}

static day_t month_of(day_t day)
{
    return day - day_split(day).day + 1;
}

/* Days come newest first, but for some at the end. */
static int by_month(struct faceting *f)
{
    struct month {
        day_t first;
        uint32_t count;
    } *v = NULL;
    size_t n = 0, cap = 0, at = 0;
    for (size_t i = 0; i < f->set.n; i++) {
        day_t day = f->c->days[f->set.places[i]];
        if (day == DAY_NONE)
            continue;
        if (at == n || day < v[at].first || day > v[at].first + 27) {
            day_t first = month_of(day);
            for (at = 0; at < n && v[at].first != first; at++)
                ;
            if (at == n && !ARENA_PUSH(f->w->arena, v, n, cap, (struct month){first, 0}))
                return err_memory(f->e);
        }
        v[at].count++;
    }
    for (size_t i = 0; i < n; i++)
        if (add_month(f, v[i].first, v[i].count))
            return -1;
    return 0;
}

struct headed { /* units below one heading */
    uint64_t heading;
    uint32_t count, place; /* of one of them */
};

static int by_number(const void *x, const void *y)
{
    const struct headed *a = x, *b = y;
    return (a->heading > b->heading) - (a->heading < b->heading);
}

static int by_count(const void *x, const void *y)
{
    const struct headed *a = x, *b = y;
    return (a->count < b->count) - (a->count > b->count);
}

/* The text, from the unit's record. */
static int add_heading(struct faceting *f, const struct headed *h)
{
    struct slice data;
    struct record rec;
    struct xdb *db = f->w->reader->index.db;
    if (xdb_look(db, f->e) || xdb_data(db, f->w->arena, f->c->ids[h->place], &data, f->e) ||
        record_read(f->w->arena, data, &rec, f->e))
        return -1;
    return rec.n_headings ? add(f, rec.heading[rec.n_headings - 1], h->count) : 0;
}

/* Only those that can be among the values shown are read. */
static int by_heading(struct faceting *f)
{
    const uint64_t *headings;
    struct headed *v = arena_array(f->w->arena, f->set.n, sizeof *v);
    size_t n = 0, each = 0;
    if (!v)
        return err_memory(f->e);
    if (census_headings(f->w, f->c, &headings, f->e))
        return -1;
    for (size_t i = 0; i < f->set.n; i++)
        if (headings[f->set.places[i]])
            v[n++] = (struct headed){headings[f->set.places[i]], 1, f->set.places[i]};
    if (n)
        qsort(v, n, sizeof *v, by_number);
    for (size_t i = 0; i < n; i++)
        if (each && v[each - 1].heading == v[i].heading)
            v[each - 1].count++;
        else
            v[each++] = v[i];
    if (each)
        qsort(v, each, sizeof *v, by_count);
    uint32_t least = f->limit && each > f->limit ? v[f->limit - 1].count : 0;
    size_t shown = 0;
    for (; shown < each && v[shown].count >= least; shown++)
        if (add_heading(f, &v[shown]))
            return -1;
    f->out->distinct = each - shown;
    return 0;
}

/* --- the whole ----------------------------------------------------------------------------- */

static const struct field_facet {
    const char *name;
    int (*count)(struct faceting *f);
} fields[] = {
    {"entity", by_entity},
    {"tag", by_tag},
    {"source", by_source},
    {"kind", by_kind},
    {"vault", by_vault},
    {"month", by_month},
    {"heading", by_heading},
};
enum { FIELDS = sizeof fields / sizeof *fields };

static int unknown_field(const struct facet_ask *ask, struct slice name, struct err *e)
{
    struct nearest near = nearest_to(name);
    int shown = (int)(name.n < 40 ? name.n : 40);
    for (size_t i = 0; i < FIELDS; i++)
        nearest_try(&near, fields[i].name);
    return err_set(e, ERR_PARAMS,
        "%s: nothing is counted by \"%.*s\"%s%s%s; there are entity, tag, source, kind, vault, "
        "month, heading",
        ask->param, shown, name.p, near.name ? ", did you mean " : "", near.name ? near.name : "",
        near.name ? "?" : "");
}

static int count_field(
    struct faceting *f, const struct facet_ask *ask, struct facets *out, struct slice name)
{
    size_t i = 0;
    while (i < FIELDS && !slice_is(name, fields[i].name))
        i++;
    if (i == FIELDS)
        return unknown_field(ask, name, f->e);
    for (size_t k = 0; k < out->n; k++)
        if (out->v[k].field == fields[i].name)
            return 0;
    f->out = &out->v[out->n++];
    f->out->field = fields[i].name;
    f->out->distinct = 0; /* and what is counted without being named */
    f->cap = 0;
    if (fields[i].count(f))
        return -1;
    f->out->distinct += f->out->n_values;
    if (f->out->n_values)
        qsort(f->out->values, f->out->n_values, sizeof *f->out->values, most_first);
    if (f->out->n_values > ask->limit)
        f->out->n_values = ask->limit;
    return 0;
}

static int count_fields(struct faceting *f, const struct facet_ask *ask, struct facets *out)
{
    struct slice rest = ask->fields;
    out->v = arena_array(f->w->arena, FIELDS, sizeof *out->v);
    if (!out->v)
        return err_memory(f->e);
    do {
        const char *comma = rest.n ? memchr(rest.p, ',', rest.n) : NULL;
        size_t n = comma ? (size_t)(comma - rest.p) : rest.n;
        if (count_field(f, ask, out, slice_trim(slice_of(rest.p, n))))
            return -1;
        n += comma != NULL;
        rest = slice_of(rest.p + n, rest.n - n);
    } while (rest.n);
    return 0;
}

int facet_count(struct answer *w, const struct facet_ask *ask, const struct xquery *q,
    struct facets *out, struct err *e)
{
    struct faceting f = {.w = w, .limit = ask->limit, .e = e};
    *out = (struct facets){0};
    if (census_take(w, &f.c, e) || census_match(w, f.c, q, &f.set, e))
        return -1;
    out->total = f.set.n;
    return count_fields(&f, ask, out);
}

int answer_facet(
    struct answer *w, const struct facet_params *p, struct facet_result *r, struct err *e)
{
    struct story_filter filter = {p->since, p->until, p->on, p->vault, p->asof};
    struct facet_ask ask = {"field", p->field, (size_t)p->limit};
    struct plan plan;
    struct xquery *own;
    *r = (struct facet_result){0};
    if (reader_refresh(w->reader, e))
        return -1;
    memcpy(r->uuid, w->reader->index.uuid, sizeof r->uuid);
    r->revision = w->reader->index.revision;
    if (story_plan(w, p->query, &filter, &plan, &own, e) ||
        facet_count(w, &ask, own, &r->facets, e))
        return -1;
    r->suggestion_from = plan.suggestion_from;
    r->suggestion_to = plan.suggestion_to;
    r->suggestion_query = plan.suggestion_query;
    return 0;
}
