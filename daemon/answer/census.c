// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/census.h"

#include <stdlib.h>

#include "daemon/answer/story.h"
#include "lib/match.h"
#include "lib/schema.h"
#include "lib/token.h"
#include "lib/xquery.h"

struct counting {
    struct answer *w;
    struct census *c;
    struct err *e;
};

void census_free(struct census *c)
{
    if (!c)
        return;
    arena_free(&c->arena);
    arena_free(&c->then_arena);
    free(c);
}

/* --- units --------------------------------------------------------------------------------- */

static int docids_of(
    struct answer *w, struct arena *a, const struct xquery *q, struct xresult *r, struct err *e)
{
    struct xsearch x = {.query = q, .k1 = -1, .collapse_slot = XSEARCH_NO_SLOT, .all_docids = true};
    return match_search(w->reader->index.db, a, &x, r, e);
}

static size_t place_of(const struct census *c, docid_t id)
{
    size_t low = 0, high = c->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (c->ids[mid] < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low < c->n && c->ids[low] == id ? low : SIZE_MAX;
}

static int keep_day(void *ctx, size_t at, struct slice value)
{
    day_t *days = ctx;
    days[at] = schema_value_day(xvalue_as_u32(value));
    return 0;
}

/* Docids tell the day, but for those behind DOCID_UNDATED, which come last. */
static int count_days(struct counting *k)
{
    struct census *c = k->c;
    struct xdb *db = k->w->reader->index.db;
    size_t told = 0;
    while (told < c->n && schema_docid_day(xdb_own_docid(db, c->ids[told]), &c->days[told]))
        told++;
    for (size_t i = told; i < c->n; i++)
        c->days[i] = DAY_NONE;
    return c->n == told ? 0
                        : xdb_values(db, SLOT_DAY, c->ids + told, c->n - told, keep_day,
                              c->days + told, k->e);
}

static int mark_entries(struct counting *k)
{
    struct xmaker m = {k->w->arena, k->e};
    struct xresult r;
    struct census *c = k->c;
    if (docids_of(k->w, m.a, xquery_term(&m, SLICE_LIT("Kentry")), &r, k->e))
        return -1;
    for (size_t i = 0, at = 0; i < r.n_docids; i++) {
        while (at < c->n && c->ids[at] < r.docids[i])
            at++;
        if (at < c->n && c->ids[at] == r.docids[i])
            c->entry[at] = true;
    }
    struct xquery *dated = xquery_pair(
        &m, XQ_NOT, xquery_term(&m, SLICE_LIT("Knote")), xquery_term(&m, SLICE_LIT("Dnone")));
    if (!dated || docids_of(k->w, m.a, dated, &r, k->e))
        return -1;
    struct arena one = {0};
    int rc = 0;
    for (size_t i = 0; i < r.n_docids && rc == 0; i++) {
        struct slice data;
        struct record rec;
        size_t at = place_of(c, r.docids[i]);
        rc = xdb_data(k->w->reader->index.db, &one, r.docids[i], &data, k->e) ||
                     record_read(&one, data, &rec, k->e)
                 ? -1
                 : 0;
        if (rc == 0 && at != SIZE_MAX)
            c->entry[at] = rec.day_source == DATE_FILE;
        arena_reset(&one);
    }
    arena_free(&one);
    return rc;
}

static int count_units(struct counting *k)
{
    struct xmaker m = {k->w->arena, k->e};
    struct xresult r;
    struct census *c = k->c;
    struct xquery *all = xquery_new(&m, XQ_ALL);
    if (!all || docids_of(k->w, &c->arena, all, &r, k->e))
        return -1;
    c->ids = r.docids;
    c->n = r.n_docids;
    c->days = arena_array(&c->arena, c->n, sizeof *c->days);
    c->entry = arena_array(&c->arena, c->n, sizeof *c->entry);
    if (!c->days || !c->entry)
        return err_memory(k->e);
    return count_days(k) || mark_entries(k) ? -1 : 0;
}

int census_take(struct answer *w, struct census **out, struct err *e)
{
    struct reader *r = w->reader;
    if (r->census && r->census->loaded == r->loaded) {
        *out = r->census;
        return 0;
    }
    census_free(r->census);
    r->census = calloc(1, sizeof *r->census);
    if (!r->census)
        return err_memory(e);
    struct counting k = {w, r->census, e};
    if (count_units(&k)) {
        census_free(r->census);
        r->census = NULL;
        return -1;
    }
    r->census->loaded = r->loaded;
    *out = r->census;
    return 0;
}

/* --- names --------------------------------------------------------------------------------- */

struct names {
    struct counting k;
    struct arena *a;   /* of what stays */
    const day_t *asof; /* NULL: every day counts */
    struct census_name *v;
    size_t n, cap;
    struct slice *borne; /* all titles and aliases, in order */
    size_t n_borne, cap_borne;
};

static int slice_order(const void *x, const void *y)
{
    return slice_cmp(*(const struct slice *)x, *(const struct slice *)y);
}

static int name_order(const void *x, const void *y)
{
    const struct census_name *a = x, *b = y;
    return slice_cmp(a->keys[0], b->keys[0]);
}

static int too_many(struct names *s)
{
    return err_set(s->k.e, ERR_COMPLEX, "over %d names of notes and entities", CENSUS_NAMES);
}

/* The name of one note: its title's key first. */
static int add_note(struct names *s, docid_t id, day_t day)
{
    struct arena *a = s->a, one = {0};
    struct xdb *db = s->k.w->reader->index.db;
    struct slice data, *terms;
    size_t n;
    struct record rec;
    struct census_name name = {.born = day == DAY_NONE ? DAY_MAX : day};
    int rc = xdb_data(db, &one, id, &data, s->k.e) || record_read(&one, data, &rec, s->k.e) ||
             xdb_document_terms(db, a, id, SLICE_LIT("T"), &terms, &n, s->k.e);
    struct slice key = rc ? (struct slice){0} : token_key(a, rec.title);
    if (!rc && key.n) {
        name.text = arena_dup(a, rec.title);
        name.keys = arena_array(a, n + 1, sizeof *name.keys);
        if (!name.text.p || !name.keys)
            rc = err_memory(s->k.e);
    }
    if (!rc && key.n) {
        name.keys[name.n_keys++] = key;
        for (size_t i = 0; i < n; i++) {
            struct slice other = slice_of(terms[i].p + 1, terms[i].n - 1);
            if (!slice_eq(other, key))
                name.keys[name.n_keys++] = other;
        }
        for (size_t i = 0; i < name.n_keys && !rc; i++)
            if (!ARENA_PUSH(s->k.w->arena, s->borne, s->n_borne, s->cap_borne, name.keys[i]))
                rc = err_memory(s->k.e);
        if (!rc && !ARENA_PUSH(a, s->v, s->n, s->cap, name))
            rc = err_memory(s->k.e);
        if (!rc && s->n > CENSUS_NAMES)
            rc = too_many(s);
    }
    arena_free(&one);
    return rc ? -1 : 0;
}

static int add_notes(struct names *s)
{
    struct xmaker m = {s->k.w->arena, s->k.e};
    struct xresult r;
    const struct census *c = s->k.c;
    struct xquery *heads = xquery_term(&m, SLICE_LIT("Knote"));
    if (!heads || docids_of(s->k.w, m.a, heads, &r, s->k.e))
        return -1;
    for (size_t i = 0; i < r.n_docids; i++) {
        size_t at = place_of(c, r.docids[i]);
        if (at == SIZE_MAX || c->entry[at] ||
            (s->asof && (c->days[at] == DAY_NONE || c->days[at] > *s->asof)))
            continue;
        if (add_note(s, r.docids[i], c->days[at]))
            return -1;
    }
    if (s->n_borne)
        qsort(s->borne, s->n_borne, sizeof *s->borne, slice_order);
    if (s->n)
        qsort(s->v, s->n, sizeof *s->v, name_order);
    return 0;
}

/* Notes of one title are one name. */
static int join_namesakes(struct names *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        struct census_name *to = n ? &s->v[n - 1] : NULL;
        const struct census_name *from = &s->v[i];
        if (!to || !slice_eq(to->keys[0], from->keys[0])) {
            s->v[n++] = *from;
            continue;
        }
        size_t all = to->n_keys + from->n_keys - 1;
        struct slice *keys = arena_grow(s->a, to->keys, to->n_keys, all, sizeof *keys);
        if (!keys)
            return err_memory(s->k.e);
        if (from->n_keys > 1)
            memcpy(keys + to->n_keys, from->keys + 1, (from->n_keys - 1) * sizeof *keys);
        to->keys = keys;
        to->n_keys = all;
        if (from->born < to->born)
            to->born = from->born;
    }
    s->n = n;
    return 0;
}

static int add_term(void *ctx, struct slice term, uint32_t documents)
{
    struct names *s = ctx;
    struct arena *a = s->a;
    struct census_name name = {.n_keys = 1, .born = DAY_MAX};
    (void)documents;
    name.text = arena_dup(a, slice_of(term.p + 1, term.n - 1));
    name.keys = arena_array(a, 1, sizeof *name.keys);
    if (!name.text.p || !name.keys || !ARENA_PUSH(a, s->v, s->n, s->cap, name)) {
        err_memory(s->k.e);
        return 1;
    }
    name.keys[0] = name.text;
    return 0;
}

static int add_value(void *ctx, struct slice term, uint32_t documents)
{
    struct names *s = ctx;
    if (add_term(ctx, term, documents))
        return 1;
    return s->n > CENSUS_NAMES ? (too_many(s), 1) : 0;
}

/* The oldest day of a head that has the value; postings end with the oldest dated ones. */
static int find_births(struct names *s)
{
    struct arena one = {0};
    int rc = 0;
    for (size_t i = 0; i < s->n && rc == 0; i++) {
        docid_t *ids;
        size_t n;
        struct slice term = schema_term(&one, 'E', s->v[i].text);
        rc = !term.p ? err_memory(s->k.e)
                     : xdb_postings(
                           s->k.w->reader->index.db, &one, term, 1, SIZE_MAX, &ids, &n, s->k.e);
        for (size_t k = 0; rc == 0 && k < n; k++) {
            size_t at = place_of(s->k.c, ids[k]);
            if (at != SIZE_MAX && s->k.c->days[at] != DAY_NONE && s->k.c->days[at] < s->v[i].born)
                s->v[i].born = s->k.c->days[at];
        }
        arena_reset(&one);
    }
    arena_free(&one);
    return rc;
}

static int list_values(struct answer *w, struct census *c, struct err *e)
{
    struct names s = {.k = {w, c, e}, .a = &c->arena};
    if (xdb_terms_each(w->reader->index.db, SLICE_LIT("E"), SLICE_LIT(""), add_value, &s, e) < 0 ||
        e->code || find_births(&s))
        return -1;
    c->values = s.v;
    c->n_values = s.n;
    return 0;
}

/* The notes' names, and the values that none of those notes bears. */
static int list_names(struct answer *w, struct census *c, struct arena *a, const day_t *asof,
    struct census_names *out, struct err *e)
{
    struct names s = {.k = {w, c, e}, .a = a, .asof = asof};
    if (add_notes(&s) || join_namesakes(&s))
        return -1;
    *out = (struct census_names){.n_notes = s.n};
    for (size_t i = 0; i < c->n_values; i++) {
        const struct census_name *v = &c->values[i];
        bool borne =
            s.n_borne && bsearch(v->keys, s.borne, s.n_borne, sizeof *v->keys, slice_order);
        if (borne || (asof && v->born > *asof))
            continue;
        if (!ARENA_PUSH(a, s.v, s.n, s.cap, *v))
            return err_memory(e);
        if (s.n > CENSUS_NAMES)
            return too_many(&s);
    }
    out->v = s.v;
    out->n = s.n;
    out->listed = true;
    return 0;
}

static int find_units(struct answer *w, struct census *c, struct arena *a, struct arena *one,
    struct census_name *name, struct err *e)
{
    struct plan_env env;
    struct plan p;
    struct xresult r;
    if (story_env(w, one, &env, e) || plan_entity(one, &env, name->text, &p, e) ||
        docids_of(w, one, p.widest, &r, e))
        return -1;
    name->units = arena_array(a, r.n_docids, sizeof *name->units);
    if (!name->units)
        return err_memory(e);
    for (size_t i = 0; i < r.n_docids; i++) {
        size_t at = place_of(c, r.docids[i]);
        if (at != SIZE_MAX)
            name->units[name->n_units++] = (uint32_t)at;
    }
    return 0;
}

static bool same_keys(const struct census_name *x, const struct census_name *y)
{
    bool same = x->n_keys == y->n_keys;
    for (size_t i = 0; same && i < x->n_keys; i++)
        same = slice_eq(x->keys[i], y->keys[i]);
    return same;
}

/* What is called the same then as it is now is named by the same units. */
static bool take_units(const struct census_names *all, bool note, struct census_name *name)
{
    size_t from = note ? 0 : all->n_notes, to = note ? all->n_notes : all->n;
    const struct census_name *now =
        to > from ? bsearch(name, all->v + from, to - from, sizeof *name, name_order) : NULL;
    if (!now || !same_keys(now, name))
        return false;
    name->units = now->units;
    name->n_units = now->n_units;
    return true;
}

/* `all`: whose units may be taken over; NULL: none. */
static int find_all(struct answer *w, struct census *c, struct arena *a,
    const struct census_names *all, struct census_names *names, struct err *e)
{
    struct arena one = {0};
    int rc = 0;
    for (; rc == 0 && names->n_found < names->n; names->n_found += rc == 0) {
        struct census_name *name = &names->v[names->n_found];
        if (all && take_units(all, names->n_found < names->n_notes, name))
            continue;
        rc = find_units(w, c, a, &one, name, e);
        arena_reset(&one);
    }
    arena_free(&one);
    return rc;
}

static int names_now(struct answer *w, struct census *c, struct err *e)
{
    day_t asof = w->reader->asof;
    w->reader->asof = DAY_NONE; /* entity:NAME asks the reader for it */
    int rc = c->all.listed                                                           ? 0
             : list_values(w, c, e) || list_names(w, c, &c->arena, NULL, &c->all, e) ? -1
                                                                                     : 0;
    if (rc == 0)
        rc = find_all(w, c, &c->arena, NULL, &c->all, e);
    w->reader->asof = asof;
    return rc;
}

int census_names(
    struct answer *w, struct census *c, const struct census_names **names, struct err *e)
{
    const day_t *asof = reader_asof(w->reader);
    if (names_now(w, c, e))
        return -1;
    *names = asof ? &c->then : &c->all;
    if (!asof)
        return 0;
    if (!c->then.listed || c->then_day != *asof) {
        arena_free(&c->then_arena);
        c->then = (struct census_names){0};
        c->then_day = *asof;
        if (list_names(w, c, &c->then_arena, asof, &c->then, e))
            return -1;
    }
    return find_all(w, c, &c->then_arena, &c->all, &c->then, e);
}

/* --- sets ---------------------------------------------------------------------------------- */

/* What every unit matches needs no match. */
static int all_docids(struct answer *w, const struct census *c, struct xresult *r, struct err *e)
{
    *r = (struct xresult){.docids = arena_array(w->arena, c->n, sizeof *r->docids)};
    if (!r->docids)
        return err_memory(e);
    if (c->n)
        memcpy(r->docids, c->ids, c->n * sizeof *c->ids);
    r->n_docids = c->n;
    return 0;
}

int census_match(struct answer *w, const struct census *c, const struct xquery *q,
    struct census_set *s, struct err *e)
{
    struct xresult r;
    if (q->op == XQ_ALL ? all_docids(w, c, &r, e) : docids_of(w, w->arena, q, &r, e))
        return -1;
    *s = (struct census_set){.in = arena_array(w->arena, c->n, sizeof *s->in),
        .places = arena_array(w->arena, r.n_docids, sizeof *s->places),
        .ids = r.docids};
    if (!s->in || !s->places)
        return err_memory(e);
    for (size_t i = 0, at = 0; i < r.n_docids; i++) {
        while (at < c->n && c->ids[at] < r.docids[i])
            at++;
        if (at == c->n || c->ids[at] != r.docids[i])
            continue;
        s->in[at] = true;
        s->places[s->n] = (uint32_t)at;
        s->ids[s->n++] = r.docids[i];
    }
    return 0;
}

static void leave(const struct census *c, struct census_set *s, bool entries)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        uint32_t at = s->places[i];
        s->in[at] = c->days[at] != DAY_NONE && (c->entry[at] || !entries);
        if (!s->in[at])
            continue;
        s->places[n] = at;
        s->ids[n++] = s->ids[i];
    }
    s->n = n;
}

void census_entries(const struct census *c, struct census_set *s)
{
    leave(c, s, true);
}

void census_dated(const struct census *c, struct census_set *s)
{
    leave(c, s, false);
}

uint32_t census_common(
    const struct census *c, const struct census_name *name, const struct census_set *s, day_t *last)
{
    uint32_t n = 0;
    for (size_t i = 0; i < name->n_units; i++) {
        uint32_t at = name->units[i];
        if (!s->in[at])
            continue;
        n++;
        if (last && c->days[at] != DAY_NONE && (*last == DAY_NONE || c->days[at] > *last))
            *last = c->days[at];
    }
    return n;
}

/* --- hosts --------------------------------------------------------------------------------- */

enum { PLACE_BITS = 0x7fffffff };
static const uint32_t STOOD_FOR = UINT32_C(1) << 31; /* a longer host of the unit stands for it */

static int host_order(const void *x, const void *y)
{
    const struct census_name *a = x, *b = y;
    return slice_cmp(a->text, b->text);
}

/* The index has each parent domain beside a host: it is left out where it came with one. */
static void drop_parents(struct names *s, const struct census_name *h)
{
    struct census_name key = {.text = h->text};
    const char *dot;
    while ((dot = memchr(key.text.p, '.', key.text.n))) {
        key.text = slice_of(dot + 1, key.text.n - (size_t)(dot + 1 - key.text.p));
        const struct census_name *parent = bsearch(&key, s->v, s->n, sizeof *s->v, host_order);
        for (size_t i = 0, k = 0; parent && i < h->n_units; i++) {
            uint32_t place = h->units[i] & PLACE_BITS;
            while (k < parent->n_units && (parent->units[k] & PLACE_BITS) < place)
                k++;
            if (k < parent->n_units && (parent->units[k] & PLACE_BITS) == place)
                parent->units[k] |= STOOD_FOR;
        }
    }
}

/* The places of the units with a term. */
static int places_with(struct names *s, char prefix, struct census_name *name)
{
    struct arena one = {0};
    const struct census *c = s->k.c;
    docid_t *ids;
    size_t n, at = 0;
    struct slice term = schema_term(&one, prefix, name->text);
    int rc =
        !term.p ? err_memory(s->k.e)
                : xdb_postings(s->k.w->reader->index.db, &one, term, 1, SIZE_MAX, &ids, &n, s->k.e);
    if (rc == 0 && !(name->units = arena_array(s->a, n, sizeof *name->units)))
        rc = err_memory(s->k.e);
    for (size_t i = 0; rc == 0 && i < n; i++) {
        while (at < c->n && c->ids[at] < ids[i])
            at++;
        if (at < c->n && c->ids[at] == ids[i])
            name->units[name->n_units++] = (uint32_t)at;
    }
    arena_free(&one);
    return rc;
}

static int list_hosts(struct names *s)
{
    if (xdb_terms_each(
            s->k.w->reader->index.db, SLICE_LIT("H"), SLICE_LIT(""), add_term, s, s->k.e) < 0 ||
        s->k.e->code)
        return -1;
    for (size_t i = 0; i < s->n; i++)
        if (places_with(s, 'H', &s->v[i]))
            return -1;
    for (size_t i = 0; i < s->n; i++) {
        if (xdb_look(s->k.w->reader->index.db, s->k.e))
            return -1;
        drop_parents(s, &s->v[i]);
    }
    for (size_t i = 0; i < s->n; i++) {
        struct census_name *h = &s->v[i];
        size_t n = 0;
        for (size_t k = 0; k < h->n_units; k++)
            if (!(h->units[k] & STOOD_FOR))
                h->units[n++] = h->units[k];
        h->n_units = n;
    }
    return 0;
}

int census_hosts(
    struct answer *w, struct census *c, const struct census_name **hosts, size_t *n, struct err *e)
{
    if (!c->hosted) {
        struct names s = {.k = {w, c, e}, .a = &c->arena};
        if (list_hosts(&s))
            return -1;
        c->hosts = s.v;
        c->n_hosts = s.n;
        c->hosted = true;
    }
    *hosts = c->hosts;
    *n = c->n_hosts;
    return 0;
}

/* --- headings ------------------------------------------------------------------------------ */

static int keep_heading(void *ctx, size_t place, struct slice value)
{
    uint64_t *headings = ctx;
    uint64_t one = 1ULL << 63;
    for (size_t i = 0; i < value.n && i < HEADING_BYTES; i++)
        one |= (uint64_t)(unsigned char)value.p[i] << 8 * i;
    headings[place] = one;
    return 0;
}

int census_headings(struct answer *w, struct census *c, const uint64_t **headings, struct err *e)
{
    if (!c->headed) {
        c->headings = arena_array(&c->arena, c->n, sizeof *c->headings);
        if (!c->headings)
            return err_memory(e);
        if (xdb_values(
                w->reader->index.db, SLOT_HEADING, c->ids, c->n, keep_heading, c->headings, e))
            return -1;
        c->headed = true;
    }
    *headings = c->headings;
    return 0;
}
