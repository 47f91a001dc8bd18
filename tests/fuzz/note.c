// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A note to its units, and, which takes longer, those to documents. The first byte chooses whether,
 * and the note's path, since dates and titles come from there.
 */
#include "indexer/doc.h"
#include "lib/note.h"
#include "lib/record.h"
#include "tests/fuzz/fuzz.h"

static const char *const paths[] = {
    "daily/2026-04-09-AI-Digest.md", "models/Muse Spark.md", "imported/Llama 5.txt"};

static void look_at(const struct unit *u)
{
    struct buf shown = {0};
    MUST(u->line >= 1 && u->line <= u->end_line);
    for (size_t i = 0; i < u->n_lines; i++) {
        const struct unit_line *l = &u->lines[i];
        MUST(l->begin <= u->text.n && l->line >= u->line && l->line <= u->end_line && l->col >= 1);
        MUST(!i || (l->line > l[-1].line && l->begin >= l[-1].begin));
    }
    for (size_t i = 0; i < u->n_runs; i++) {
        MUST(u->runs[i].begin <= u->runs[i].end && u->runs[i].end <= u->text.n);
        MUST(!i || u->runs[i].begin >= u->runs[i - 1].end);
    }
    note_render(&shown, u->text, u->runs, u->n_runs);
    MUST(!shown.failed);
    for (size_t at = 0; at < shown.n; at += shown.n / 8 + 1)
        MUST(note_source_of(u->runs, u->n_runs, at) <= u->text.n);
    buf_free(&shown);
}

/* What kbindex --check looks for. Its own reading of Markdown is simpler than ours: what it finds
 * in such bytes as these is no fault. */
static void look_for_gaps(struct arena *a, const struct note *n)
{
    struct note_warning gaps[4];
    size_t found = note_uncovered(a, n, gaps, 4);
    for (size_t i = 0; i < found && i < 4; i++)
        MUST(gaps[i].line && gaps[i].text);
}

/* To documents, and their record back. */
static void index_it(struct arena *a, const struct note *n, const char *path)
{
    static struct doc_builder b;
    struct err e = {0};
    struct doc_note at = {.vault = SLICE_LIT("kb"),
        .rel = slice_str(path),
        .number = 1,
        .language = SLICE_LIT("english"),
        .note = n};
    MUST(doc_begin(&b, &at, &e) == 0);
    for (size_t i = 0; i < n->n_units; i++) {
        uint8_t id[UNIT_ID_BYTES];
        uint64_t hash;
        struct doc d;
        struct record rec;
        MUST(doc_text_hash(&b, i, &hash, &e) == 0);
        doc_id(hash, 0, id);
        MUST(doc_build(&b, i, id, (docid_t)i + 1, &d, &e) == 0);
        for (size_t t = 0; t < d.n; t++)
            MUST(d.postings[t].term.n && d.postings[t].term.n <= 245);
        MUST(record_read(a, d.data, &rec, &e) == 0);
        MUST(slice_eq(rec.text, n->units[i].text) && rec.line == n->units[i].line);
    }
}

void fuzz_try(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct err e = {0};
    struct note n;
    const char *path = paths[size ? data[0] % (sizeof paths / sizeof *paths) : 0];
    struct slice bytes = fuzz_copy(data + (size > 0), size - (size > 0));
    MUST(note_parse(&a, slice_str(path), bytes, &n, &e) == 0);
    MUST(n.n_units && n.units[0].kind == UNIT_NOTE);
    for (size_t i = 0; i < n.n_units; i++) {
        MUST(!i || n.units[i].line >= n.units[i - 1].line);
        MUST(n.units[i].parent < (int32_t)i && n.units[i].heading < (int32_t)i);
        look_at(&n.units[i]);
    }
    look_for_gaps(&a, &n);
    if (size && data[0] & 0x80)
        index_it(&a, &n, path);
    arena_free(&a);
    free((char *)(uintptr_t)bytes.p);
}
