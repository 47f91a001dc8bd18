// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/update/meta.h"

#include <string.h>

#include "lib/json.h"

enum { COMPOUND_BYTES = 512 };

static void write_vaults(const struct updating *r, struct buf *out)
{
    struct json_writer w = json_writer(out);
    json_open(&w, '[');
    for (size_t i = 0; i < r->n_jobs; i++) {
        const struct job *j = &r->jobs[i];
        json_open(&w, '{');
        json_key_string(&w, "name", j->vault->name);
        json_key_string(&w, "path", j->vault->path);
        json_key_string(&w, "language", j->vault->language);
        json_key_int(&w, "notes", j->notes);
        json_key_int(&w, "units", j->units);
        json_close(&w, '}');
    }
    json_close(&w, ']');
}

int meta_vaults(struct updating *r, struct err *e)
{
    struct buf text = {0};
    write_vaults(r, &text);
    int rc =
        text.failed ? err_memory(e) : batch_set(&r->batch, SLICE_LIT("vaults"), buf_view(&text), e);
    buf_free(&text);
    return rc;
}

static bool has_line(struct slice text, struct slice line)
{
    while (text.n) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        if (slice_eq(slice_of(text.p, n), line))
            return true;
        n += end != NULL;
        text = slice_of(text.p + n, text.n - n);
    }
    return false;
}

/* Puts one more way of writing a compound among the others, in their order. */
static int add_words(struct arena *a, struct slice *words, struct slice more, struct err *e)
{
    if (words->n + more.n >= COMPOUND_BYTES || has_line(*words, more))
        return 0;
    struct buf all = {0};
    bool placed = false;
    for (struct slice rest = *words; rest.n;) {
        const char *end = memchr(rest.p, '\n', rest.n);
        struct slice line = slice_of(rest.p, end ? (size_t)(end - rest.p) : rest.n);
        size_t taken = line.n + (end != NULL);
        if (!placed && slice_cmp(more, line) < 0) {
            buf_slice(&all, more);
            buf_char(&all, '\n');
            placed = true;
        }
        buf_slice(&all, line);
        rest = slice_of(rest.p + taken, rest.n - taken);
        if (rest.n || !placed)
            buf_char(&all, '\n');
    }
    if (!placed)
        buf_slice(&all, more);
    *words = all.failed ? slice_of(NULL, 0) : arena_dup(a, buf_view(&all));
    buf_free(&all);
    return words->p ? 0 : err_memory(e);
}

/* The compounds met since the last commit, each beside those that the index knows. */
static int set_compounds(struct updating *r, struct err *e)
{
    struct doc_builder *b = &r->builder;
    struct arena a = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < b->n_joined; i++) {
        struct slice words = {0};
        char *key = arena_printf(&a, "j:%.*s", (int)b->joined[i].joined.n, b->joined[i].joined.p);
        if (!key)
            rc = err_memory(e);
        else
            rc = xdb_metadata(xwriter_db(r->batch.writer), &a, slice_str(key), &words, e);
        size_t before = rc == 0 ? words.n : 0;
        if (rc == 0)
            rc = add_words(&a, &words, b->joined[i].words, e);
        if (rc == 0 && words.n != before)
            rc = batch_set(&r->batch, slice_str(key), words, e);
    }
    if (rc == 0)
        b->n_joined = 0;
    arena_free(&a);
    return rc;
}

int meta_closing(void *ctx, struct err *e)
{
    return set_compounds(ctx, e) < 0 ? -1 : meta_vaults(ctx, e);
}

int meta_note(struct updating *r, struct slice vault, const struct state_note *n, struct err *e)
{
    struct buf text = {0};
    state_note_write(&text, n);
    int rc = text.failed ? err_memory(e)
                         : batch_set(&r->batch, state_note_key(&r->note, vault, n->rel),
                               buf_view(&text), e);
    buf_free(&text);
    return rc;
}

int meta_units(struct updating *r, uint32_t number, const struct state_unit *units, size_t n_units,
    struct err *e)
{
    struct buf text = {0};
    state_units_write(&text, units, n_units);
    int rc = text.failed
                 ? err_memory(e)
                 : batch_set(&r->batch, state_units_key(&r->note, number), buf_view(&text), e);
    buf_free(&text);
    return rc;
}

int meta_name(struct updating *r, struct slice vault, const struct state_note *n, struct err *e)
{
    struct buf name = {0};
    buf_slice(&name, vault);
    buf_char(&name, '/');
    buf_slice(&name, n->rel);
    int rc = name.failed
                 ? err_memory(e)
                 : batch_set(&r->batch, state_name_key(&r->note, n->number), buf_view(&name), e);
    buf_free(&name);
    return rc;
}

/* All that stands beside the units, as one part of the new generation. */
int meta_all(struct updating *r, struct err *e)
{
    const struct build *b = &r->build;
    struct arena a = {0};
    struct slice words = {NULL, 0};
    int rc = meta_vaults(r, e);
    for (size_t i = 0; rc == 0 && i < b->n_notes; i++) {
        const struct build_note *n = &b->notes[i];
        arena_reset(&r->note);
        rc = meta_note(r, n->vault, &n->state, e);
        if (rc == 0)
            rc = meta_units(r, n->state.number, b->units + n->first_unit, n->state.n_units, e);
        if (rc == 0)
            rc = meta_name(r, n->vault, &n->state, e);
    }
    for (size_t i = 0; rc == 0 && i < b->n_compounds; i++) {
        struct slice joined = b->compounds[i].joined;
        rc = add_words(&a, &words, b->compounds[i].words, e);
        if (rc < 0 || (i + 1 < b->n_compounds && slice_eq(joined, b->compounds[i + 1].joined)))
            continue;
        char *key = arena_printf(&a, "j:%.*s", (int)joined.n, joined.p);
        rc = key ? batch_set(&r->batch, slice_str(key), words, e) : err_memory(e);
        arena_reset(&a);
        words = slice_of(NULL, 0);
    }
    arena_free(&a);
    return rc < 0 ? -1 : batch_commit(&r->batch, e);
}
