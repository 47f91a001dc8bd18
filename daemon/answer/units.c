// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/units.h"

#include <stdlib.h>

#include "daemon/answer/snippet.h"
#include "lib/match.h"
#include "lib/schema.h"
#include "lib/token.h"
#include "lib/utf8.h"

enum { TOLD = 8 /* notes that a warning names */ };

struct resolver units_resolver(struct answer *w, struct err *e)
{
    return (struct resolver){.m = {w->arena, e},
        .db = w->reader->index.db,
        .stem = w->reader->stem,
        .asof = reader_asof(w->reader)};
}

/* --- the note that is meant ---------------------------------------------------------------- */

/* "[[Muse Spark#Timeline|it]]" as "Muse Spark". */
static struct slice bare(struct slice text)
{
    text = slice_trim(text);
    if (!slice_starts(text, SLICE_LIT("[[")) || !slice_ends(text, SLICE_LIT("]]")) || text.n < 4)
        return text;
    text = slice_of(text.p + 2, text.n - 4);
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '#' || text.p[i] == '|')
            text.n = i;
    return text;
}

static bool below(const struct vault_row *v, struct slice path, struct slice *rel)
{
    struct slice root = v->path;
    while (root.n && root.p[root.n - 1] == '/')
        root.n--;
    if (!slice_starts(path, root) || path.n <= root.n + 1 || path.p[root.n] != '/')
        return false;
    *rel = slice_of(path.p + root.n + 1, path.n - root.n - 1);
    return true;
}

/* The note of an absolute path; *n stays 0 when there is none. Vaults may lie in one another. */
static int by_path(struct answer *w, struct resolver *r, struct slice path, struct slice vault,
    struct target_note **v, size_t *n, struct err *e)
{
    const struct reader *reader = w->reader;
    *n = 0;
    for (size_t i = 0; i < reader->n_vaults && !*n; i++) {
        struct slice rel;
        struct target_note *found;
        size_t n_found;
        const struct vault_row *row = &reader->vaults[i];
        if ((vault.n && !slice_eq(row->name, vault)) || !below(row, path, &rel))
            continue;
        if (target_find(r, row->name, schema_link_key(w->arena, rel), &found, &n_found, e))
            return -1;
        for (size_t k = 0; k < n_found && !*n; k++)
            if (slice_eq(found[k].rel, rel)) {
                *v = &found[k];
                *n = 1;
            }
    }
    return 0;
}

static int tell_others(struct answer *w, struct slice text, const struct target_note *v, size_t n,
    size_t chosen, struct slice *warning, struct err *e)
{
    struct buf b = {0};
    utf8_printable(&b, text);
    buf_printf(&b, " is the name of %zu notes: ", n);
    for (size_t i = 0; i < n && i < TOLD; i++) {
        buf_str(&b, i ? ", " : "");
        utf8_printable(&b, v[i].rel);
    }
    buf_str(&b, n > TOLD ? ", ...; this is about " : "; this is about ");
    utf8_printable(&b, v[chosen].rel);
    *warning = b.failed ? slice_of(NULL, 0) : arena_dup(w->arena, buf_view(&b));
    buf_free(&b);
    return warning->p ? 0 : err_memory(e);
}

int units_note(struct answer *w, struct slice text, struct slice vault, struct target_note *note,
    struct slice *warning, struct err *e)
{
    struct resolver r = units_resolver(w, e);
    struct target_note *v = NULL;
    size_t n = 0, at;
    *warning = slice_of(NULL, 0);
    text = bare(text);
    if (!text.n)
        return err_set(e, ERR_PARAMS, "note: the name of a note is wanted, as in \"[[Home]]\"");
    struct slice key = schema_link_key(w->arena, text);
    if (text.n && text.p[0] == '/' && by_path(w, &r, text, vault, &v, &n, e))
        return -1;
    if (!n && target_find(&r, vault, key, &v, &n, e))
        return -1;
    struct slice words = n ? slice_of(NULL, 0) : token_key(w->arena, text);
    if (words.n && target_by_title(&r, words, &v, &n, e))
        return -1;
    if (!n) {
        struct buf shown = {0};
        utf8_printable(&shown, slice_of(text.p, utf8_floor(text, 120)));
        err_set(e, ERR_NOT_FOUND,
            "no note is called %.*s: kbsearch --suggest completes titles, file:NAME looks for a "
            "path",
            (int)shown.n, shown.n ? shown.p : "");
        buf_free(&shown);
        return -1;
    }
    at = target_choose(w->arena, v, n, key, slice_of(NULL, 0));
    *note = v[at];
    return n > 1 && !slice_eq(v[at].key, key) ? tell_others(w, text, v, n, at, warning, e) : 0;
}

/* --- its units ----------------------------------------------------------------------------- */

struct placed {
    struct xhit hit;
    struct record rec;
};

static int by_ordinal(const void *x, const void *y)
{
    const struct placed *a = x, *b = y;
    return (a->rec.ordinal > b->rec.ordinal) - (a->rec.ordinal < b->rec.ordinal);
}

int units_of_note(struct answer *w, uint32_t number, struct xhit **hits, struct record **recs,
    size_t *n, struct err *e)
{
    struct xmaker m = {w->arena, e};
    char *q = arena_printf(w->arena, "Q%u", number);
    struct xsearch s = {.query = q ? xquery_term(&m, slice_str(q)) : NULL,
        .sort = XSORT_DOCID,
        .max = UINT32_MAX / 4,
        .k1 = -1,
        .data = true,
        .collapse_slot = XSEARCH_NO_SLOT};
    struct xresult r;
    if (!s.query)
        return err_memory(e);
    if (match_search(w->reader->index.db, w->arena, &s, &r, e))
        return -1;
    struct placed *v = arena_array(w->arena, r.n_hits, sizeof *v);
    *hits = arena_array(w->arena, r.n_hits, sizeof **hits);
    *recs = arena_array(w->arena, r.n_hits, sizeof **recs);
    if (!v || !*hits || !*recs)
        return err_memory(e);
    for (size_t i = 0; i < r.n_hits; i++) {
        v[i].hit = r.hits[i];
        if (record_read(w->arena, r.hits[i].data, &v[i].rec, e))
            return -1;
    }
    if (r.n_hits)
        qsort(v, r.n_hits, sizeof *v, by_ordinal);
    for (size_t i = 0; i < r.n_hits; i++) {
        (*hits)[i] = v[i].hit;
        (*recs)[i] = v[i].rec;
    }
    *n = r.n_hits;
    return 0;
}

int units_fill(struct answer *w, const struct plan *plan, const struct record *rec, double score,
    struct hit *h, struct err *e)
{
    const struct reader *r = w->reader;
    *h = (struct hit){.rec = *rec, .path = rec->rel, .score = score, .text = rec->text};
    for (size_t i = 0; i < r->n_vaults; i++)
        if (slice_eq(r->vaults[i].name, rec->vault)) {
            char *path = arena_printf(w->arena, "%.*s/%.*s", (int)r->vaults[i].path.n,
                r->vaults[i].path.p, (int)rec->rel.n, rec->rel.p);
            if (!path)
                return err_memory(e);
            h->path = slice_str(path);
        }
    return snippet_make(w->arena, &w->reader->scratch, r->stem, plan, h, e);
}
