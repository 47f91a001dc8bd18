// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/fold.h"

#include <stdlib.h>

#include "lib/hash.h"
#include "lib/match.h"
#include "lib/token.h"

void folds_free(struct folds *f)
{
    if (!f)
        return;
    arena_free(&f->arena);
    free(f);
}

/* --- what is kept -------------------------------------------------------------------------- */

static int compare_whole(struct answer *w, struct folds *f, struct err *e)
{
    struct xmaker m = {w->arena, e};
    struct xresult r;
    struct xsearch x = {.query = xquery_new(&m, XQ_ALL),
        .k1 = -1,
        .collapse_slot = XSEARCH_NO_SLOT,
        .all_docids = true};
    if (!x.query || match_search(w->reader->index.db, w->arena, &x, &r, e))
        return -1;
    return near_compare(w, &f->arena, r.docids, r.n_docids, &f->near, e);
}

static int take_folds(struct answer *w, const struct near **near, struct err *e)
{
    struct reader *r = w->reader;
    if (!r->folds || r->folds->loaded != r->loaded) {
        folds_free(r->folds);
        r->folds = calloc(1, sizeof *r->folds);
        if (!r->folds)
            return err_memory(e);
        if (compare_whole(w, r->folds, e)) {
            folds_free(r->folds);
            r->folds = NULL;
            return -1;
        }
        r->folds->loaded = r->loaded;
    }
    *near = &r->folds->near;
    return 0;
}

/* --- groups -------------------------------------------------------------------------------- */

static size_t root(size_t *parent, size_t i)
{
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

static void join(size_t *parent, size_t a, size_t b)
{
    a = root(parent, a);
    b = root(parent, b);
    parent[a > b ? a : b] = a < b ? a : b;
}

static int group(struct answer *w, const struct near *near, const docid_t *ids, size_t n,
    size_t *groups, struct err *e)
{
    uint32_t *classes = arena_array(w->arena, n, sizeof *classes),
             *first = arena_array(w->arena, near->n_classes, sizeof *first); /* from 1 */
    if (!classes || !first)
        return err_memory(e);
    for (size_t i = 0, at = 0; i < n; i++) {
        while (at < near->n && near->ids[at] < ids[i])
            at++;
        if (at == near->n || near->ids[at] != ids[i])
            return err_set(e, ERR_INTERNAL, "a unit that was not compared");
        classes[i] = near->classes[at];
        if (!first[classes[i]])
            first[classes[i]] = (uint32_t)i + 1;
        groups[i] = first[classes[i]] - 1;
    }
    for (size_t i = 0; i < n; i++) {
        uint32_t c = classes[i];
        for (uint32_t k = near->first[c]; first[c] == i + 1 && k < near->first[c + 1]; k++)
            if (first[near->others[k]])
                join(groups, i, first[near->others[k]] - 1);
    }
    for (size_t i = 0; i < n; i++)
        groups[i] = root(groups, i);
    return 0;
}

int fold_units(struct answer *w, const docid_t *ids, size_t n, size_t *groups, struct err *e)
{
    struct xdb_info info;
    const struct near *near = NULL;
    struct near those;
    if (xdb_info(w->reader->index.db, &info, e))
        return -1;
    if (info.documents <= FOLD_WHOLE)
        return take_folds(w, &near, e) ? -1 : group(w, near, ids, n, groups, e);
    if (n > FOLD_UNITS)
        return err_set(e, ERR_COMPLEX,
            "over %d units match: too many to fold; add a word or a date that narrows it",
            FOLD_UNITS);
    return near_compare(w, w->arena, ids, n, &those, e) ? -1 : group(w, &those, ids, n, groups, e);
}

/* --- two alone ----------------------------------------------------------------------------- */

struct words {
    uint64_t *v; /* ascending */
    size_t n;
};

static int by_number(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

/* The set of a unit's words, ascending. */
static int words_of(struct arena *a, const struct record *rec, struct words *out, struct err *e)
{
    struct buf text = {0};
    struct tokens t = {0};
    note_render(&text, rec->text, rec->runs, rec->n_runs);
    int rc = text.failed ? err_memory(e) : tokenize(a, buf_view(&text), &t, e);
    buf_free(&text);
    if (rc)
        return -1;
    out->n = 0;
    out->v = arena_array(a, t.n, sizeof *out->v);
    if (!out->v)
        return err_memory(e);
    for (size_t i = 0; i < t.n; i++)
        if (token_is_base(t.v[i].kind))
            out->v[out->n++] = hash64(t.v[i].plain, 0);
    if (out->n)
        qsort(out->v, out->n, sizeof *out->v, by_number);
    size_t kept = 0;
    for (size_t i = 0; i < out->n; i++)
        if (!kept || out->v[kept - 1] != out->v[i])
            out->v[kept++] = out->v[i];
    out->n = kept;
    return 0;
}

/* Common words of two sets in the same order. */
static size_t common(const struct words *a, const struct words *b)
{
    size_t n = 0;
    for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
        if (a->v[i] == b->v[k])
            n++, i++, k++;
        else if (a->v[i] < b->v[k])
            i++;
        else
            k++;
    }
    return n;
}

int fold_likeness(struct arena *a, const struct record *x, const struct record *y, double *likeness,
    struct err *e)
{
    struct words p, q;
    if (words_of(a, x, &p, e) || words_of(a, y, &q, e))
        return -1;
    size_t same = common(&p, &q), all = p.n + q.n - same;
    *likeness = all ? (double)same / (double)all : 1;
    return 0;
}
