// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "daemon/answer/fold.h"
#include "daemon/answer/gone.h"
#include "daemon/answer/story.h"
#include "daemon/answer/units.h"
#include "lib/hash.h"
#include "lib/journal.h"
#include "lib/match.h"
#include "lib/sort.h"

enum {
    PAIRS = 40000,    /* of one note that are compared */
    LOOK_EVERY = 4096 /* events between two looks whether to go on */
};
static const double LIKE = 0.35; /* what a changed unit has in common with itself before */

struct seen { /* an event, by its id */
    struct slice id, record;
    int64_t balance;
    size_t at;
};

struct item {
    struct record rec;
    struct slice was;
    uint64_t text;
    docid_t docid; /* of one that came */
    enum news_kind kind;
    bool dropped;
};

struct reading {
    struct answer *w;
    const struct new_params *p;
    struct new_result *r;
    struct seen *seen;
    size_t n_seen, cap_seen;
    docid_t *came; /* found, not yet read */
    size_t n_came, cap_came;
    struct item *items;
    size_t n, cap;
    struct err *e;
};

/* Whether to go on, and in the order of `compare`. */
static int look(const struct reading *d)
{
    return xdb_look(d->w->reader->index.db, d->e);
}

static int sort(const struct reading *d, void *v, size_t n, size_t size,
    int (*compare)(const void *, const void *))
{
    return sort_watched(d->w->reader->index.db, v, n, size, compare, d->e);
}

/* --- from the journal ---------------------------------------------------------------------- */

static int read_blocks(struct reading *d, const struct journal *j)
{
    struct journal_block b;
    struct journal_event v;
    size_t at = 0, n = 0;
    uint64_t now = d->w->reader->index.revision, last = 0;
    d->r->revision = d->p->upto && (uint64_t)d->p->upto < now ? (uint64_t)d->p->upto : now;
    while (journal_next(j, &at, &b) && b.revision <= d->r->revision) {
        last = b.revision;
        if (b.revision <= (uint64_t)d->p->after)
            continue;
        while (journal_event(&b.events, &v)) {
            struct seen one = {v.id, v.record, v.came ? 1 : -1, n++};
            if (n % LOOK_EVERY == 0 && look(d))
                return -1;
            if (!ARENA_PUSH(d->w->arena, d->seen, d->n_seen, d->cap_seen, one))
                return err_memory(d->e);
        }
    }
    if (!last)
        return err_set(d->e, ERR_NOT_FOUND,
            "there is no journal of this index's changes yet: kbindex begins one");
    return 0;
}

static int by_id(const void *x, const void *y)
{
    const struct seen *a = x, *b = y;
    int c = slice_cmp(a->id, b->id);
    return c ? c : (a->at > b->at) - (a->at < b->at);
}

/* One line for each id, with what it comes to and the last record that went. */
static int net(struct reading *d)
{
    size_t kept = 0;
    if (sort(d, d->seen, d->n_seen, sizeof *d->seen, by_id))
        return -1;
    for (size_t i = 0; i < d->n_seen; i++) {
        struct seen *s = &d->seen[i];
        if (kept && slice_eq(d->seen[kept - 1].id, s->id)) {
            d->seen[kept - 1].balance += s->balance;
            if (s->record.n)
                d->seen[kept - 1].record = s->record;
        } else {
            d->seen[kept++] = *s;
        }
    }
    d->n_seen = kept;
    return 0;
}

static uint64_t text_hash(const struct record *rec)
{
    struct buf text = {0};
    note_render(&text, rec->text, rec->runs, rec->n_runs);
    uint64_t hash = hash64(slice_trim(buf_view(&text)), (uint64_t)rec->kind);
    buf_free(&text);
    return hash;
}

/* A head without front matter says nothing of its own. */
static int add_item(struct reading *d, struct slice data, docid_t docid, enum news_kind kind)
{
    struct item one = {.docid = docid, .kind = kind};
    if (look(d) || record_read(d->w->arena, data, &one.rec, d->e))
        return -1;
    if ((one.rec.kind == UNIT_NOTE && !slice_trim(one.rec.text).n) ||
        (d->p->vault.n && !slice_eq(one.rec.vault, d->p->vault)))
        return 0;
    one.text = text_hash(&one.rec);
    return ARENA_PUSH(d->w->arena, d->items, d->n, d->cap, one) ? 0 : err_memory(d->e);
}

/* Those that are there are only found here, and read later. */
static int add_seen(struct reading *d, const struct seen *s)
{
    docid_t *ids;
    size_t n;
    struct arena *a = d->w->arena;
    if (s->balance < 0) {
        /* A journal made anew after its index was lost does not know what the unit said. */
        struct slice copy = arena_dup(a, s->record);
        return copy.n ? add_item(d, copy, 0, NEWS_REMOVED) : 0;
    }
    struct xmaker m = {a, d->e};
    struct xquery *term = xquery_prefixed(&m, 'I', s->id);
    if (!term || xdb_postings(d->w->reader->index.db, a, term->term, 1, 1, &ids, &n, d->e))
        return -1;
    return n && !ARENA_PUSH(a, d->came, d->n_came, d->cap_came, ids[0]) ? err_memory(d->e) : 0;
}

static int by_docid(const void *x, const void *y)
{
    docid_t a = *(const docid_t *)x, b = *(const docid_t *)y;
    return (a > b) - (a < b);
}

/* In the order they lie in. */
static int read_came(struct reading *d)
{
    struct slice *data = arena_array(d->w->arena, d->n_came, sizeof *data);
    if (!data)
        return err_memory(d->e);
    if (sort(d, d->came, d->n_came, sizeof *d->came, by_docid) ||
        xdb_data_of(d->w->reader->index.db, d->w->arena, d->came, d->n_came, data, d->e))
        return -1;
    for (size_t i = 0; i < d->n_came; i++)
        if (add_item(d, data[i], d->came[i], NEWS_ADDED))
            return -1;
    return 0;
}

static int read_journal(struct reading *d)
{
    struct journal j;
    if (!d->w->config || !d->w->config->state.text)
        return err_set(d->e, ERR_INTERNAL, "no folder of states is set");
    if (journal_open(&j, d->w->config->state.text, d->e))
        return -1;
    int rc = read_blocks(d, &j);
    if (rc == 0)
        rc = net(d);
    for (size_t i = 0; rc == 0 && i < d->n_seen; i++)
        if (d->seen[i].balance)
            rc = add_seen(d, &d->seen[i]);
    journal_close(&j);
    return rc ? rc : read_came(d);
}

/* --- what is no news, and what only changed ------------------------------------------------ */

static int by_text(const void *x, const void *y)
{
    const struct item *a = x, *b = y;
    if (a->text != b->text)
        return a->text < b->text ? -1 : 1;
    return (a->kind > b->kind) - (a->kind < b->kind);
}

/* The same text went in one place and came in another: it moved. */
static int drop_moved(struct reading *d)
{
    if (sort(d, d->items, d->n, sizeof *d->items, by_text))
        return -1;
    for (size_t i = 0, end; i < d->n; i = end) {
        for (end = i; end < d->n && d->items[end].text == d->items[i].text; end++)
            ;
        for (size_t a = i, b = end; a + 1 < b; a++, b--) {
            if (d->items[a].kind != NEWS_ADDED || d->items[b - 1].kind != NEWS_REMOVED)
                break;
            d->items[a].dropped = d->items[b - 1].dropped = true;
        }
    }
    return 0;
}

static int by_place(const void *x, const void *y)
{
    const struct item *a = x, *b = y;
    int c = slice_cmp(a->rec.vault, b->rec.vault);
    if (!c)
        c = slice_cmp(a->rec.rel, b->rec.rel);
    if (!c)
        c = (a->rec.line > b->rec.line) - (a->rec.line < b->rec.line);
    return c ? c : (a->kind < b->kind) - (a->kind > b->kind);
}

struct pair {
    size_t came, went;
    double likeness;
    uint32_t apart;
};

static int most_alike(const void *x, const void *y)
{
    const struct pair *a = x, *b = y;
    if (a->likeness != b->likeness)
        return a->likeness > b->likeness ? -1 : 1;
    if (a->apart != b->apart)
        return a->apart < b->apart ? -1 : 1;
    return (a->came > b->came) - (a->came < b->came);
}

static int pair_up(struct reading *d, size_t from, size_t to)
{
    struct pair *v = NULL;
    size_t n = 0, cap = 0;
    for (size_t i = from; i < to; i++)
        for (size_t k = from; k < to; k++) {
            if (look(d))
                return -1;
            const struct item *came = &d->items[i], *went = &d->items[k];
            struct pair one = {.came = i, .went = k};
            if (came->kind != NEWS_ADDED || went->kind != NEWS_REMOVED ||
                came->rec.kind != went->rec.kind)
                continue;
            uint32_t x = came->rec.ordinal, y = went->rec.ordinal;
            one.apart = x > y ? x - y : y - x;
            if (fold_likeness(d->w->arena, &came->rec, &went->rec, &one.likeness, d->e))
                return -1;
            bool head = came->rec.kind == UNIT_NOTE;
            if ((head || one.likeness >= LIKE) && !ARENA_PUSH(d->w->arena, v, n, cap, one))
                return err_memory(d->e);
        }
    if (sort(d, v, n, sizeof *v, most_alike))
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct item *came = &d->items[v[i].came], *went = &d->items[v[i].went];
        if (came->kind != NEWS_ADDED || went->dropped)
            continue;
        came->kind = NEWS_CHANGED;
        came->was = went->rec.text;
        went->dropped = true;
    }
    return 0;
}

static void sweep(struct reading *d)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->n; i++)
        if (!d->items[i].dropped)
            d->items[kept++] = d->items[i];
    d->n = kept;
}

static int find_changed(struct reading *d)
{
    if (sort(d, d->items, d->n, sizeof *d->items, by_place))
        return -1;
    for (size_t i = 0, end; i < d->n; i = end) {
        size_t came = 0;
        for (end = i; end < d->n && slice_eq(d->items[end].rec.rel, d->items[i].rec.rel) &&
                      slice_eq(d->items[end].rec.vault, d->items[i].rec.vault);
             end++)
            came += d->items[end].kind == NEWS_ADDED;
        if (came && came < end - i && came * (end - i - came) <= PAIRS && pair_up(d, i, end))
            return -1;
    }
    sweep(d);
    return 0;
}

/* --- what was asked for -------------------------------------------------------------------- */

/* Which of those that are there the query finds, ascending. */
static int find_present(struct reading *d, struct xquery *query, docid_t **found, size_t *n_found)
{
    struct xmaker m = {d->w->arena, d->e};
    docid_t *ids = arena_array(d->w->arena, d->n, sizeof *ids);
    size_t n = 0;
    struct xresult r;
    *n_found = 0;
    if (!ids)
        return err_memory(d->e);
    for (size_t i = 0; i < d->n; i++)
        if (d->items[i].docid)
            ids[n++] = d->items[i].docid;
    if (!n)
        return 0;
    if (sort(d, ids, n, sizeof *ids, by_docid))
        return -1;
    struct xquery *these = xquery_new(&m, XQ_DOCIDS);
    if (!these)
        return -1;
    these->docids = ids;
    these->n_docids = n;
    struct xquery *wanted = xquery_pair(&m, XQ_FILTER, these, query);
    if (!wanted)
        return -1;
    struct xsearch s = {.query = wanted,
        .sort = XSORT_DOCID,
        .k1 = -1,
        .all_docids = true,
        .collapse_slot = XSEARCH_NO_SLOT};
    if (match_search(d->w->reader->index.db, d->w->arena, &s, &r, d->e))
        return -1;
    *found = r.docids;
    *n_found = r.n_docids;
    return 0;
}

static int keep_matching(struct reading *d, struct plan *plan)
{
    struct query q;
    struct xquery *own;
    const struct story_filter none = {0};
    docid_t *found = NULL;
    size_t n;
    if (!slice_trim(d->p->query).n)
        return 0;
    if (story_plan(d->w, d->p->query, &none, plan, &own, d->e) ||
        query_parse(d->w->arena, d->p->query, &q, d->e) || find_present(d, own, &found, &n))
        return -1;
    d->r->warnings = plan->warnings;
    d->r->n_warnings = plan->n_warnings;
    for (size_t i = 0; i < d->n; i++) {
        struct item *it = &d->items[i];
        int rc = it->docid ? n && bsearch(&it->docid, found, n, sizeof *found, by_docid)
                           : gone_matches(d->w, &q, &it->rec, d->e);
        if (rc < 0)
            return -1;
        it->dropped = !rc;
    }
    sweep(d);
    return 0;
}

static int show(struct reading *d, const struct plan *plan)
{
    struct new_result *r = d->r;
    r->news = arena_array(d->w->arena, (size_t)d->p->limit, sizeof *r->news);
    if (!r->news)
        return err_memory(d->e);
    for (size_t i = 0; i < d->n; i++) {
        const struct item *it = &d->items[i];
        r->counts[it->kind]++;
        if (i < (uint64_t)d->p->offset || r->n_news >= (size_t)d->p->limit)
            continue;
        struct newly *news = &r->news[r->n_news];
        news->kind = it->kind;
        news->was = it->was;
        if (units_fill(d->w, plan, &it->rec, 0, &news->hit, d->e))
            return -1;
        r->n_news++;
    }
    return 0;
}

int answer_new(struct answer *w, const struct new_params *p, struct new_result *r, struct err *e)
{
    struct reading d = {.w = w, .p = p, .r = r, .e = e};
    struct plan plan = {0};
    *r = (struct new_result){0};
    if (reader_refresh(w->reader, e))
        return -1;
    memcpy(r->uuid, w->reader->index.uuid, sizeof r->uuid);
    if (read_journal(&d) || drop_moved(&d))
        return -1;
    sweep(&d);
    return find_changed(&d) || keep_matching(&d, &plan) || show(&d, &plan) ? -1 : 0;
}
