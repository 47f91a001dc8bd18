// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/changed.h"

#include <stdlib.h>

#include "lib/journal.h"

enum { UNITS = 200000 /* that changed since the largest block */ };

struct seen { /* a unit in another block than the largest */
    struct slice id;
    size_t at; /* how far in the journal */
    day_t day; /* DAY_NONE: it went */
};

/*
 * Most units came in one block, when the vault was first indexed. Its day is what all have that no
 * other block tells of, so that they need not be looked up one by one.
 */
struct reading {
    struct answer *w;
    struct xmaker *m;
    struct journal j;
    size_t ground; /* where the largest block begins */
    day_t day;     /* its day; DAY_NONE: there is no block */
    struct seen *v;
    size_t n, cap;
};

static int find_ground(struct reading *d)
{
    struct journal_block b;
    size_t most = 0;
    d->day = DAY_NONE;
    for (size_t at = 0, begin = 0; journal_next(&d->j, &at, &b); begin = at) {
        if (b.revision > d->w->reader->index.revision)
            break;
        if (d->day == DAY_NONE || b.events.n > most) {
            most = b.events.n;
            d->ground = begin;
            d->day = b.day;
        }
    }
    return d->day != DAY_NONE ? 0
                              : err_set(d->m->e, ERR_QUERY,
                                    "changed: there is no journal of this index's changes yet: "
                                    "kbindex begins one");
}

static int keep(struct reading *d, const struct journal_event *v, size_t at, day_t day)
{
    struct seen one = {v->id, at, v->came ? day : DAY_NONE};
    if (xdb_look(d->w->reader->index.db, d->m->e))
        return -1;
    if (d->n >= UNITS)
        return err_set(
            d->m->e, ERR_COMPLEX, "over %d units changed: changed: cannot tell them apart", UNITS);
    return ARENA_PUSH(d->m->a, d->v, d->n, d->cap, one) ? 0 : err_memory(d->m->e);
}

static int by_id(const void *x, const void *y)
{
    const struct seen *a = x, *b = y;
    int c = slice_cmp(a->id, b->id);
    return c ? c : (a->at > b->at) - (a->at < b->at);
}

static struct seen *find(const struct reading *d, size_t n, struct slice id)
{
    const struct seen key = {.id = id, .at = SIZE_MAX};
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (by_id(&d->v[mid], &key) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low && slice_eq(d->v[low - 1].id, id) ? &d->v[low - 1] : NULL;
}

/* What came in the largest block again has its day again. */
static void on_ground(struct reading *d, struct slice events)
{
    struct journal_event v;
    if (d->n)
        qsort(d->v, d->n, sizeof *d->v, by_id);
    while (d->n && journal_event(&events, &v)) {
        struct seen *was = find(d, d->n, v.id);
        if (was)
            was->day = v.came ? d->day : DAY_NONE;
    }
}

/* The last word on each unit that another block tells of. */
static int read_blocks(struct reading *d)
{
    struct journal_block b;
    struct journal_event v;
    size_t n = 0;
    for (size_t at = 0, begin = 0; journal_next(&d->j, &at, &b); begin = at) {
        if (b.revision > d->w->reader->index.revision)
            break;
        if (begin == d->ground) {
            on_ground(d, b.events);
            continue;
        }
        while (journal_event(&b.events, &v))
            if (keep(d, &v, begin, b.day))
                return -1;
    }
    if (d->n)
        qsort(d->v, d->n, sizeof *d->v, by_id);
    for (size_t i = 0; i < d->n; i++)
        if (i + 1 == d->n || !slice_eq(d->v[i].id, d->v[i + 1].id))
            d->v[n++] = d->v[i];
    d->n = n;
    return 0;
}

static int by_docid(const void *x, const void *y)
{
    docid_t a = *(const docid_t *)x, b = *(const docid_t *)y;
    return (a > b) - (a < b);
}

/* The documents of those whose day is within, or not within, the range. */
static struct xquery *documents(struct reading *d, day_t from, day_t to, bool within)
{
    struct xquery *q = xquery_new(d->m, XQ_DOCIDS);
    docid_t *ids = arena_array(d->m->a, d->n, sizeof *ids), *one;
    size_t n;
    if (!q || !ids) {
        err_memory(d->m->e);
        return NULL;
    }
    for (size_t i = 0; i < d->n; i++) {
        const struct seen *s = &d->v[i];
        struct xquery *term;
        if (s->day == DAY_NONE || (s->day >= from && s->day <= to) != within)
            continue;
        if (!(term = xquery_prefixed(d->m, 'I', s->id)) ||
            xdb_postings(d->w->reader->index.db, d->m->a, term->term, 1, 1, &one, &n, d->m->e))
            return NULL;
        if (n)
            ids[q->n_docids++] = one[0];
    }
    if (q->n_docids)
        qsort(ids, q->n_docids, sizeof *ids, by_docid);
    q->docids = ids;
    return q;
}

struct xquery *changed_query(
    struct answer *w, struct xmaker *m, struct xquery *everything, day_t from, day_t to)
{
    struct reading d = {.w = w, .m = m};
    if (!w->config || !w->config->state.text) {
        err_set(m->e, ERR_INTERNAL, "no folder of states is set");
        return NULL;
    }
    if (w->reader->index.shards) {
        err_set(m->e, ERR_COMPLEX,
            "changed: this is asked of one local index only, not of shards: what changed stands in "
            "the journals on their machines");
        return NULL;
    }
    if (!everything || journal_open(&d.j, w->config->state.text, m->e))
        return NULL;
    struct xquery *q = NULL;
    if (find_ground(&d) == 0 && read_blocks(&d) == 0) {
        bool ground = d.day >= from && d.day <= to;
        q = documents(&d, from, to, !ground);
        if (q && ground)
            q = xquery_pair(m, XQ_NOT, everything, q);
    }
    journal_close(&d.j);
    return q;
}
