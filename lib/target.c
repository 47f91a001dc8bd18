// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/target.h"

#include <stdlib.h>

#include "lib/record.h"
#include "lib/schema.h"

static int read_note(struct resolver *r, docid_t head, struct target_note *t, struct err *e)
{
    struct slice data;
    struct record rec;
    if (xdb_data(r->db, r->m.a, head, &data, e) || record_read(r->m.a, data, &rec, e))
        return -1;
    *t = (struct target_note){.head = head,
        .number = rec.note,
        .vault = rec.vault,
        .rel = rec.rel,
        .title = rec.title,
        .key = schema_link_key(r->m.a, rec.rel)};
    return t->key.p ? 0 : err_memory(e);
}

static int by_place(const void *x, const void *y)
{
    const struct target_note *a = x, *b = y;
    if (a->rel.n != b->rel.n)
        return a->rel.n < b->rel.n ? -1 : 1;
    int c = slice_cmp(a->rel, b->rel);
    return c ? c : slice_cmp(a->vault, b->vault);
}

static int gather(struct resolver *r, char prefix, struct slice vault, struct slice key,
    struct target_note **v, size_t *n, struct err *e)
{
    docid_t *heads;
    size_t found;
    struct slice term = schema_term(r->m.a, prefix, key);
    *n = 0;
    if (!term.p)
        return err_memory(e);
    if (xdb_postings(r->db, r->m.a, term, 1, TARGET_NOTES, &heads, &found, e) ||
        resolve_cut(r, heads, &found))
        return -1;
    *v = arena_array(r->m.a, found, sizeof **v);
    if (!*v)
        return err_memory(e);
    for (size_t i = 0; i < found; i++) {
        if (read_note(r, heads[i], &(*v)[*n], e))
            return -1;
        if (!vault.n || slice_eq((*v)[*n].vault, vault))
            ++*n;
    }
    if (*n)
        qsort(*v, *n, sizeof **v, by_place);
    return 0;
}

int target_find(struct resolver *r, struct slice vault, struct slice key, struct target_note **v,
    size_t *n, struct err *e)
{
    *n = 0;
    if (!key.n || !r->db)
        return 0;
    return gather(r, 'N', vault, key, v, n, e) || (!*n && gather(r, 'A', vault, key, v, n, e)) ? -1
                                                                                               : 0;
}

int target_by_title(
    struct resolver *r, struct slice key, struct target_note **v, size_t *n, struct err *e)
{
    return gather(r, 'T', slice_of(NULL, 0), key, v, n, e);
}

size_t target_choose(
    struct arena *a, const struct target_note *v, size_t n, struct slice key, struct slice rel)
{
    for (size_t i = 0; i < n; i++)
        if (slice_eq(v[i].key, key))
            return i;
    struct slice from = schema_link_key(a, rel);
    const char *slash = from.n ? memrchr(from.p, '/', from.n) : NULL;
    struct slice folder = slice_of(from.p, slash ? (size_t)(slash - from.p) + 1 : 0);
    for (size_t i = 0; i < n; i++)
        if (slice_starts(v[i].key, folder))
            return i;
    return n ? 0 : n;
}

/* Of the units with a link of this key, those whose link means the note. */
static struct xquery *chosen(struct resolver *r, struct slice term, struct slice key,
    const struct target_note *v, size_t n, const struct target_note *note)
{
    docid_t *ids;
    size_t found, kept = 0;
    struct arena one = {0};
    if (xdb_postings(r->db, r->m.a, term, 1, RESOLVE_UNITS + 1, &ids, &found, r->m.e))
        return NULL;
    int rc = found > RESOLVE_UNITS
                 ? err_set(r->m.e, ERR_COMPLEX, "over %d units link to a name of several notes",
                       RESOLVE_UNITS)
                 : 0;
    for (size_t i = 0; i < found && !rc; i++) {
        struct slice data;
        struct record rec;
        rc = xdb_data(r->db, &one, ids[i], &data, r->m.e) || record_read(&one, data, &rec, r->m.e);
        if (!rc && slice_eq(rec.vault, note->vault) &&
            v[target_choose(&one, v, n, key, rec.rel)].number == note->number)
            ids[kept++] = ids[i];
        if (one.failed)
            rc = err_memory(r->m.e);
        arena_reset(&one);
    }
    arena_free(&one);
    struct xquery *q = rc ? NULL : xquery_new(&r->m, kept ? XQ_DOCIDS : XQ_NONE);
    if (q) {
        q->docids = ids;
        q->n_docids = kept;
    }
    return q;
}

/* As target_find. Notes of one title are asked about one after another, and share its key. */
static int find_again(
    struct resolver *r, struct slice vault, struct slice key, struct target_note **v, size_t *n)
{
    if (!r->shared.n || !slice_eq(r->shared.key, key) || !slice_eq(r->shared.vault, vault)) {
        if (target_find(r, vault, key, v, n, r->m.e))
            return -1;
        if (*n < 2)
            return 0;
        r->shared.vault = vault;
        r->shared.key = key;
        r->shared.notes = *v;
        r->shared.n = *n;
    }
    *v = r->shared.notes;
    *n = r->shared.n;
    return 0;
}

static struct xquery *links_by(struct resolver *r, struct slice key, const struct target_note *note)
{
    struct target_note *v;
    size_t n, at = 0;
    uint32_t links;
    struct slice term = schema_term(r->m.a, 'L', key);
    if (!term.p) {
        err_memory(r->m.e);
        return NULL;
    }
    if (xdb_term_freq(r->db, term, &links, r->m.e))
        return NULL;
    if (!links)
        return xquery_new(&r->m, XQ_NONE);
    if (find_again(r, note->vault, key, &v, &n))
        return NULL;
    while (at < n && v[at].number != note->number)
        at++;
    if (at == n)
        return xquery_new(&r->m, XQ_NONE);
    if (n > 1)
        return chosen(r, term, key, v, n, note);
    return xquery_pair(
        &r->m, XQ_FILTER, xquery_term(&r->m, term), xquery_prefixed(&r->m, 'V', note->vault));
}

struct xquery *target_links(struct resolver *r, const struct target_note *note)
{
    struct xkids k = {0};
    struct slice *names;
    size_t n;
    for (struct slice end = note->key;;) {
        const char *slash = memchr(end.p, '/', end.n);
        if (xkids_add(&r->m, &k, links_by(r, end, note)))
            return NULL;
        if (!slash)
            break;
        end = slice_of(slash + 1, end.n - (size_t)(slash + 1 - end.p));
    }
    if (xdb_document_terms(r->db, r->m.a, note->head, SLICE_LIT("A"), &names, &n, r->m.e))
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (xkids_add(&r->m, &k, links_by(r, slice_of(names[i].p + 1, names[i].n - 1), note)))
            return NULL;
    return xquery_over(&r->m, XQ_OR, k);
}
