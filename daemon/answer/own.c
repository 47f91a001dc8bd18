// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/own.h"

#include "daemon/answer/units.h"
#include "lib/match.h"
#include "lib/resolve.h"
#include "lib/schema.h"

struct xquery *own_events_of(struct answer *w, const struct xquery *heads, struct err *e)
{
    struct xmaker m = {w->arena, e};
    struct resolver r = units_resolver(w, e);
    struct xquery *copy = xquery_new(&m, heads->op);
    if (!copy)
        return NULL;
    *copy = *heads;
    return xquery_pair(
        &m, XQ_FILTER, resolve_notes(&r, copy), xquery_term(&m, SLICE_LIT("Kevent")));
}

int own_events_read(struct answer *w, const struct xquery *q, struct own_events *out, struct err *e)
{
    struct xsearch x = {.query = q,
        .sort = XSORT_DOCID,
        .k1 = -1,
        .max = UINT32_MAX / 4,
        .data = true,
        .collapse_slot = XSEARCH_NO_SLOT};
    struct xresult r;
    struct xdb *db = w->reader->index.db;
    if (match_search(db, w->arena, &x, &r, e))
        return -1;
    *out = (struct own_events){.v = arena_array(w->arena, r.n_hits, sizeof *out->v)};
    if (!out->v)
        return err_memory(e);
    for (size_t i = 0; i < r.n_hits; i++) {
        struct own_event *v = &out->v[out->n++];
        v->id = r.hits[i].id;
        if (record_read(w->arena, r.hits[i].data, &v->rec, e) ||
            xdb_document_terms(db, w->arena, v->id, SLICE_LIT("L"), &v->links, &v->n_links, e))
            return -1;
        for (size_t k = 0; k < v->n_links; k++)
            v->links[k] = slice_of(v->links[k].p + 1, v->links[k].n - 1);
    }
    return 0;
}

const struct own_event *own_event_at(const struct own_events *events, docid_t id)
{
    size_t low = 0, high = events->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (events->v[mid].id < id)
            low = mid + 1;
        else
            high = mid;
    }
    return &events->v[low];
}

struct slice own_base_name(struct slice rel)
{
    const char *slash = rel.n ? memrchr(rel.p, '/', rel.n) : NULL;
    if (slash)
        rel = slice_of(slash + 1, rel.n - (size_t)(slash + 1 - rel.p));
    const char *dot = rel.n ? memrchr(rel.p, '.', rel.n) : NULL;
    return dot && dot != rel.p ? slice_of(rel.p, (size_t)(dot - rel.p)) : rel;
}

bool own_event_links(const struct own_event *v, struct arena *a, const struct record *rec)
{
    if (v->rec.day_source != DATE_LINK)
        return true;
    struct slice base = schema_link_key(a, own_base_name(rec->rel));
    for (size_t i = 0; i < v->n_links; i++) {
        struct slice key = v->links[i];
        const char *slash = key.n ? memrchr(key.p, '/', key.n) : NULL;
        if (slash)
            key = slice_of(slash + 1, key.n - (size_t)(slash + 1 - key.p));
        if (slice_eq(key, base))
            return true;
    }
    return false;
}

bool own_has_word(struct slice key, struct slice word)
{
    while (key.n) {
        const char *blank = memchr(key.p, ' ', key.n);
        size_t n = blank ? (size_t)(blank - key.p) : key.n;
        if (slice_eq(slice_of(key.p, n), word))
            return true;
        n += blank != NULL;
        key = slice_of(key.p + n, key.n - n);
    }
    return false;
}
