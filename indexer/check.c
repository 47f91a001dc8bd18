// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "indexer/apart.h"
#include "indexer/doc.h"
#include "indexer/report.h"
#include "indexer/state.h"
#include "lib/hash.h"
#include "lib/index.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/schema.h"
#include "lib/sequence.h"

enum {
    UNCOVERED_SHOWN = 20,
    CLOSED = 2 /* exit status: it cannot be opened */
};

struct checking {
    struct check *c;
    struct arena arena, note;
    struct index_reader reader;
    struct doc_builder builder;
    struct buf bytes;
    const struct vault *vault;
    int fd;
    size_t notes, units, bytes_read;
    struct err *e;
};

static void finding(struct checking *k, struct slice rel, uint32_t line, const char *what)
{
    char at[16] = "";
    if (line)
        snprintf(at, sizeof at, ":%" PRIu32, line);
    log_line(LOG_ERROR, "%s%s%s%s: %s", k->vault->path.p, rel.n ? "/" : "", rel.n ? rel.p : "", at,
        what);
    k->c->findings++;
}

/* --- tables -------------------------------------------------------------------------------- */

static int check_counts(struct checking *k)
{
    struct slice text;
    struct xdb_info info;
    if (xdb_metadata(k->reader.db, &k->arena, SLICE_LIT("counts"), &text, k->e) < 0 ||
        xdb_info(k->reader.db, &info, k->e) < 0)
        return -1;
    struct err bad = {0};
    struct json *root = json_parse(text, &bad);
    if (bad.code == ERR_MEMORY)
        return err_memory(k->e);
    int64_t units = json_int(json_get(root, "units"), -1);
    json_free(root);
    if (units >= 0 && (uint64_t)units == info.documents)
        return 0;
    log_line(LOG_ERROR, "%s: %" PRIu64 " units, its counts say %" PRId64 ": run kbindex --full",
        k->c->dir, info.documents, units);
    k->c->findings++;
    return 0;
}

struct walk {
    struct checking *k;
    uint64_t postings; /* what the lists of terms say */
    uint64_t terms;    /* what the documents say */
    uint64_t documents;
};

static int walk_term(void *ctx, struct slice term, uint32_t documents)
{
    struct walk *w = ctx;
    struct checking *k = w->k;
    docid_t *ids;
    size_t n;
    apart_go_on();
    arena_reset(&k->note);
    if (xdb_postings(k->reader.db, &k->note, term, 1, SIZE_MAX, &ids, &n, k->e) < 0)
        return 1;
    w->postings += documents;
    if (n != documents) {
        err_set(k->e, ERR_DAMAGED, "a term has %zu units, not %" PRIu32, n, documents);
        return 1;
    }
    return 0;
}

/* A unit's values: read, and there. */
static int walk_values(struct checking *k, docid_t docid)
{
    struct slice value, day, words;
    struct sequence s;
    if (xdb_value(k->reader.db, &k->note, docid, SLOT_NOTE, &value, k->e) < 0 ||
        xdb_value(k->reader.db, &k->note, docid, SLOT_DAY, &day, k->e) < 0 ||
        xdb_value(k->reader.db, &k->note, docid, SLOT_SEQUENCE, &words, k->e) < 0)
        return -1;
    sequence_open(&s, words);
    while (sequence_next(&s))
        ;
    if (s.left.n)
        return err_set(k->e, ERR_DAMAGED, "where the words of unit %u stand cannot be read", docid);
    return value.n ? 0 : err_set(k->e, ERR_DAMAGED, "unit %u has no note", docid);
}

static int walk_unit(struct walk *w, docid_t docid)
{
    struct checking *k = w->k;
    struct slice data, *terms;
    size_t n;
    struct record r;
    apart_go_on();
    if (xdb_data(k->reader.db, &k->note, docid, &data, k->e) < 0 ||
        record_read(&k->note, data, &r, k->e) < 0 ||
        xdb_document_terms(k->reader.db, &k->note, docid, slice_str(""), &terms, &n, k->e) < 0 ||
        walk_values(k, docid) < 0)
        return -1;
    w->terms += n;
    w->documents++;
    return 0;
}

static int walk_note(void *ctx, struct slice key, struct slice value)
{
    struct walk *w = ctx;
    struct checking *k = w->k;
    struct state_unit *v;
    size_t n;
    bool whole;
    (void)key;
    arena_reset(&k->note);
    if (state_units_read(&k->note, value, &v, &n, &whole, k->e) < 0)
        return 1;
    if (!whole) {
        err_set(k->e, ERR_DAMAGED, "the units of a note cannot be read");
        return 1;
    }
    for (size_t i = 0; i < n; i++)
        if (walk_unit(w, v[i].docid) < 0)
            return 1;
    return 0;
}

/*
 * Reads every document and every list of terms, and whether they agree. (Xapian's own check of
 * tables takes memory for each number up to the last docid, and ours are sparse.)
 */
static int walk_tables(struct checking *k)
{
    struct walk w = {.k = k};
    struct xdb_info info;
    apart_go_on();
    if (xdb_info(k->reader.db, &info, k->e) < 0 ||
        xdb_terms_each(k->reader.db, slice_str(""), slice_str(""), walk_term, &w, k->e) < 0)
        return -1;
    int rc = xdb_metadata_each(k->reader.db, SLICE_LIT("u:"), walk_note, &w, k->e);
    if (rc)
        return -1;
    if (w.documents == info.documents && w.terms == w.postings)
        return 0;
    return err_set(k->e, ERR_DAMAGED,
        "its tables disagree: %" PRIu64 " units of %" PRIu64 ", %" PRIu64 " terms of %" PRIu64,
        w.documents, info.documents, w.terms, w.postings);
}

static int open_and_walk(void *ctx)
{
    struct checking *k = ctx;
    if (index_reader_refresh(&k->reader, k->e) < 0)
        return CLOSED;
    if (walk_tables(k) == 0)
        return 0;
    log_line(LOG_ERROR, "%s: %s: run kbindex --full", k->c->dir, k->e->text);
    return 1;
}

/* Opens the reader once it is known that this can be done, and tells why not. */
static int open_after(struct checking *k, int status)
{
    if (index_reader_refresh(&k->reader, k->e) < 0)
        return -1;
    if (WEXITSTATUS(status) == CLOSED)
        return err_set(k->e, ERR_BUSY, "index %s is being changed: ask again", k->c->dir);
    return check_counts(k);
}

/* In a process of its own, from its opening on: a damaged block can take Xapian down. */
static int check_tables(struct checking *k)
{
    int status;
    if (apart_run(open_and_walk, k, &status, k->e) < 0)
        return -1;
    const char *fault = apart_fault(status);
    if (!fault && WEXITSTATUS(status) != 1)
        return open_after(k, status);
    if (fault)
        log_line(LOG_ERROR, "%s: reading it %s: run kbindex --full", k->c->dir, fault);
    k->c->findings++;
    k->c->tables_only = true;
    return 0;
}

/* --- coverage ------------------------------------------------------------------------------ */

static void check_coverage(struct checking *k, struct slice rel, const struct note *n)
{
    struct note_warning out[UNCOVERED_SHOWN];
    size_t found = note_uncovered(&k->note, n, out, UNCOVERED_SHOWN);
    for (size_t i = 0; i < found && i < UNCOVERED_SHOWN; i++)
        finding(k, rel, out[i].line, out[i].text);
    if (found > UNCOVERED_SHOWN)
        k->c->findings += found - UNCOVERED_SHOWN;
}

static int check_unit(struct checking *k, struct slice rel, const struct unit *u, size_t i,
    const struct state_unit *s)
{
    struct doc d;
    uint8_t id[UNIT_ID_BYTES];
    uint64_t hash;
    struct slice data, sequence;
    struct err why = {0};
    doc_id(s->text_hash, s->nth, id);
    if (doc_text_hash(&k->builder, i, &hash, k->e) < 0 ||
        doc_build(&k->builder, i, id, s->docid, &d, k->e) < 0)
        return -1;
    if (hash != s->text_hash || d.terms_sig != s->terms_sig || d.data_sig != s->data_sig) {
        finding(k, rel, u->line, "the index has something else: run kbindex --full");
        return 0;
    }
    if (xdb_data(k->reader.db, &k->note, s->docid, &data, &why) < 0 ||
        xdb_value(k->reader.db, &k->note, s->docid, SLOT_SEQUENCE, &sequence, &why) < 0) {
        if (why.code != ERR_NOT_FOUND)
            return err_set(k->e, why.code, "%s", why.text);
        finding(k, rel, u->line, "not in the index: run kbindex --full");
    } else if (!slice_eq(data, d.data) || !slice_eq(sequence, d.sequence)) {
        finding(k, rel, u->line, "its text in the index is another: run kbindex --full");
    }
    return 0;
}

static int check_units(struct checking *k, const struct state_note *s, const struct note *n)
{
    struct state_unit *v;
    size_t n_units;
    bool whole;
    struct slice key = state_units_key(&k->note, s->number), value;
    if (!key.p)
        return err_memory(k->e);
    if (xdb_metadata(k->reader.db, &k->note, key, &value, k->e) < 0 ||
        state_units_read(&k->note, value, &v, &n_units, &whole, k->e) < 0)
        return -1;
    if (!whole || n_units != n->n_units) {
        finding(k, s->rel, 0, "its units are not those in the index: run kbindex --full");
        return 0;
    }
    const struct doc_note d = {k->vault->name, s->rel, s->number, k->vault->language, n};
    if (doc_begin(&k->builder, &d, k->e) < 0)
        return -1;
    for (size_t i = 0; i < n_units; i++)
        if (check_unit(k, s->rel, &n->units[i], i, &v[i]) < 0)
            return -1;
    k->builder.n_joined = 0;
    k->units += n_units;
    return 0;
}

static int check_note(struct checking *k, const struct scan_file *f)
{
    struct err why = {0};
    struct scan_stat st;
    struct slice value;
    struct state_note s;
    struct note n = {0};
    arena_reset(&k->note);
    if (scan_read(k->fd, f->rel, &k->bytes, &st, &why) < 0) {
        finding(k, f->rel, 0, why.text);
        return 0;
    }
    struct slice key = state_note_key(&k->note, k->vault->name, f->rel);
    if (!key.p)
        return err_memory(k->e);
    if (xdb_metadata(k->reader.db, &k->note, key, &value, k->e) < 0)
        return -1;
    if (!state_note_read(value, &s)) {
        finding(k, f->rel, 0, "not in the index: run kbindex");
        return 0;
    }
    if (s.hash != hash64(buf_view(&k->bytes), 0)) {
        finding(k, f->rel, 0, "changed since it was indexed: run kbindex");
        return 0;
    }
    if (note_parse(&k->note, f->rel, buf_view(&k->bytes), &n, k->e) < 0)
        return -1;
    k->notes++;
    k->bytes_read += k->bytes.n;
    s.rel = f->rel;
    check_coverage(k, f->rel, &n);
    return check_units(k, &s, &n);
}

static int check_vault(struct checking *k)
{
    struct scan scan = {.part = k->vault->part, .parts = k->vault->parts};
    k->fd = open(k->vault->path.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (k->fd < 0) {
        finding(k, slice_str(""), 0, strerror(errno));
        return 0;
    }
    int rc = scan_vault(&k->arena, k->fd, k->vault->exclude, k->vault->n_exclude, &scan, k->e);
    for (size_t i = 0; rc == 0 && i < scan.n_problems; i++)
        if (!scan.problems[i].skipped)
            finding(k, scan.problems[i].rel, 0, scan.problems[i].text);
    for (size_t i = 0; rc == 0 && i < scan.n; i++)
        rc = check_note(k, &scan.files[i]);
    close(k->fd);
    return rc;
}

static int check_all(struct checking *k)
{
    if (check_tables(k) < 0)
        return -1;
    if (k->c->tables_only)
        return 0;
    for (size_t i = 0; i < k->c->vaults->n; i++) {
        k->vault = &k->c->vaults->v[i];
        if (check_vault(k) < 0)
            return -1;
    }
    return 0;
}

int check_run(struct check *c, struct err *e)
{
    struct checking k = {.c = c, .e = e};
    int rc = index_reader_init(&k.reader, c->dir, e);
    if (rc == 0)
        rc = check_all(&k);
    if (rc == 0 && !c->quiet && c->tables_only)
        report_line("%s: tables: %zu findings", c->dir, c->findings);
    else if (rc == 0 && !c->quiet)
        report_line("%s: %zu notes, %zu units, %zu bytes: %zu findings", c->dir, k.notes, k.units,
            k.bytes_read, c->findings);
    index_reader_free(&k.reader);
    doc_builder_free(&k.builder);
    buf_free(&k.bytes);
    arena_free(&k.note);
    arena_free(&k.arena);
    return rc;
}
