// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/check.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "indexer/doc.h"
#include "indexer/report.h"
#include "indexer/state.h"
#include "lib/hash.h"
#include "lib/index.h"
#include "lib/json.h"
#include "lib/log.h"

enum { UNCOVERED_SHOWN = 20 };

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
    int64_t units = json_int(json_get(root, "units"), -1);
    json_free(root);
    if (units >= 0 && (uint64_t)units == info.documents)
        return 0;
    log_line(LOG_ERROR, "%s: %" PRIu64 " units, its counts say %" PRId64 ": run kbindex --full",
        k->c->dir, info.documents, units);
    k->c->findings++;
    return 0;
}

static int check_tables(struct checking *k)
{
    struct slice report;
    char *path = arena_printf(&k->arena, "%s/current", k->c->dir);
    if (!path)
        return err_memory(k->e);
    int faults = xdb_check(&k->arena, path, &report, k->e);
    if (faults < 0)
        return -1;
    if (faults) {
        log_line(LOG_ERROR, "%s: %d faults in its tables: run kbindex --full", k->c->dir, faults);
        k->c->findings += (size_t)faults;
        if (!k->c->quiet)
            report_line("%.*s", (int)report.n, report.p);
    }
    return check_counts(k);
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
    struct slice data;
    struct err why = {0};
    doc_id(s->text_hash, s->nth, id);
    if (doc_text_hash(&k->builder, i, &hash, k->e) < 0 ||
        doc_build(&k->builder, i, id, s->docid, &d, k->e) < 0)
        return -1;
    if (hash != s->text_hash || d.terms_sig != s->terms_sig || d.data_sig != s->data_sig) {
        finding(k, rel, u->line, "the index has something else: run kbindex --full");
        return 0;
    }
    if (xdb_data(k->reader.db, &k->note, s->docid, &data, &why) < 0) {
        if (why.code != ERR_NOT_FOUND)
            return err_set(k->e, why.code, "%s", why.text);
        finding(k, rel, u->line, "not in the index: run kbindex --full");
    } else if (!slice_eq(data, d.data)) {
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
    struct scan scan = {0};
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
        rc = index_reader_refresh(&k.reader, e);
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
