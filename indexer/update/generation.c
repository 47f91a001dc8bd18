// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/update/generation.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "indexer/apart.h"
#include "indexer/update/meta.h"
#include "lib/hash.h"
#include "lib/heap.h"
#include "lib/log.h"
#include "lib/schema.h"

static int new_uuid(char uuid[33], struct err *e)
{
    uint64_t v[2];
    if (getrandom(v, sizeof v, 0) != (ssize_t)sizeof v)
        return err_set(e, ERR_IO, "no random number: %s", strerror(errno));
    hash_format(v[0], uuid);
    hash_format(v[1], uuid + 16);
    return 0;
}

/* Of an index that cannot be read otherwise, so that they go on. */
static void salvage(struct updating *r)
{
    const char *path;
    struct xdb *db = NULL;
    struct slice uuid, revision;
    struct err ignored = {0};
    if (store_current(r->u->store, &r->arena, &path, &ignored) < 0 || !path ||
        xdb_open(&db, path, &ignored) < 0)
        return;
    if (xdb_metadata(db, &r->arena, SLICE_LIT("uuid"), &uuid, &ignored) == 0 && uuid.n == 32)
        memcpy(r->batch.uuid, uuid.p, 32);
    if (xdb_metadata(db, &r->arena, SLICE_LIT("revision"), &revision, &ignored) == 0 &&
        revision.n && revision.n < 20)
        r->batch.revision = strtoull(revision.p, NULL, 10); /* a NUL follows: arena_dup */
    xdb_close(db);
}

/* Made by an earlier kbindex: an upgrade, not a fault. */
static bool is_older(const struct updating *r, const struct err *why)
{
    return why->code == ERR_SCHEMA && r->reader.schema && r->reader.schema < SCHEMA_VERSION;
}

static int gets_on(void *ctx, struct slice key, struct slice value)
{
    (void)ctx;
    (void)key;
    (void)value;
    apart_go_on();
    return 0;
}

/* All that a rebuild wants to know of what is there. An error is told when it is read again. */
static int try_to_read(void *ctx)
{
    struct updating *r = ctx;
    struct err ignored = {0};
    if (index_reader_refresh(&r->reader, &ignored) == 0)
        xdb_metadata_each(r->reader.db, SLICE_LIT(""), gets_on, NULL, &ignored);
    else
        salvage(r);
    return 0;
}

/* A rebuild goes without an index that cannot even be tried to be read. */
static int give_up_reading(struct updating *r, bool *given_up, struct err *e)
{
    int status;
    if (!r->u->full)
        return 0;
    if (apart_run(try_to_read, r, &status, e) < 0)
        return -1;
    *given_up = apart_fault(status) != NULL;
    if (*given_up)
        log_line(LOG_WARNING, "%s: reading it %s: it is made anew without what it knew",
            r->u->store->dir, apart_fault(status));
    return 0;
}

static int read_present(struct updating *r, struct err *why)
{
    apart_watch(r->u->store->dir);
    int rc = index_reader_refresh(&r->reader, why);
    apart_unwatch();
    return rc;
}

int generation_open(struct updating *r, struct err *e)
{
    const struct update *u = r->u;
    struct batch *b = &r->batch;
    struct err why = {0};
    bool given_up = false;
    if (index_reader_init(&r->reader, u->store->dir, e) < 0 || give_up_reading(r, &given_up, e) < 0)
        return -1;
    if (given_up) {
        b->create = true;
    } else if (read_present(r, &why) == 0) {
        memcpy(b->uuid, r->reader.uuid, sizeof b->uuid);
        b->create = u->full;
    } else if (why.code == ERR_NO_INDEX || (u->full && why.code != ERR_MEMORY) ||
               is_older(r, &why)) {
        r->older = why.code == ERR_SCHEMA && !u->full;
        if (r->older && !u->quiet)
            log_line(LOG_INFO,
                "%s has schema %" PRIu64 ", now %d: it is made anew beside the old one",
                u->store->dir, r->reader.schema, SCHEMA_VERSION);
        b->create = true;
        salvage(r);
    } else {
        return err_set(e, why.code, "%s", why.text);
    }
    b->old = r->reader.db;
    b->closing = meta_closing;
    b->part = u->part;
    b->parts = u->parts;
    r->builder.positions = u->parts > 0;
    b->ctx = r;
    if (!b->uuid[0] && new_uuid(b->uuid, e) < 0)
        return -1;
    if (!b->create)
        return store_current(u->store, &r->arena, &b->path, e) < 0 ? -1 : batch_begin(b, e);
    return build_begin(&r->build, u->store, e) < 0 ? -1 : batch_begin(b, e);
}

int generation_changes(struct updating *r, struct err *e)
{
    struct batch *b = &r->batch;
    uint64_t last, present = r->reader.db ? r->reader.revision : 0;
    if (changes_open(&r->changes, r->u->state, r->reader.db, present, &last, e) < 0)
        return -1;
    if (b->revision <= last)
        b->revision = last + 1;
    b->changes = b->create ? NULL : &r->changes;
    return 0;
}

struct tally {
    int64_t notes, units;
};

static int add_up(void *ctx, struct slice key, struct slice value)
{
    struct tally *t = ctx;
    struct state_note s;
    (void)key;
    if (state_note_read(value, &s)) {
        t->notes++;
        t->units += s.n_units;
    }
    return 0;
}

/*
 * What was written is read back by a reader of its own. (Xapian's check of tables takes four bytes
 * of memory for each number up to the last docid, and ours are sparse.)
 */
static int read_back(const struct updating *r, struct err *e)
{
    const struct batch *b = &r->batch;
    struct xdb *db;
    struct xdb_info info;
    struct tally t = {0};
    int64_t units = 0;
    for (int k = 0; k < UNIT_KINDS; k++)
        units += b->kinds[k];
    if (xdb_open(&db, b->path, e) < 0)
        return -1;
    int rc = xdb_info(db, &info, e);
    if (rc == 0)
        rc = xdb_metadata_each(db, SLICE_LIT("n:"), add_up, &t, e);
    xdb_close(db);
    if (rc == 0 && (info.documents != (uint64_t)units || t.units != units || t.notes != b->notes))
        return err_set(e, ERR_DAMAGED,
            "the new index is not whole (%" PRIu64 " of %" PRId64
            " units): the old one stays; look at the disk and try again",
            info.documents, units);
    return rc;
}

static int note_compacted(struct updating *r, struct err *e)
{
    struct xdb *db;
    struct xdb_info info;
    if (xdb_open(&db, r->batch.path, e) < 0)
        return -1;
    int rc = xdb_info(db, &info, e);
    xdb_close(db);
    if (rc == 0)
        store_compacted(r->u->store, info.bytes);
    return rc;
}

/* What the plan was made with: the processes that write would have it too. */
static void forget_plan(struct updating *r)
{
    for (size_t i = 0; i < r->n_jobs; i++) {
        map_free(&r->jobs[i].freed);
        map_free(&r->jobs[i].numbers);
    }
    doc_builder_free(&r->builder);
    buf_free(&r->bytes);
    arena_free(&r->note);
    heap_give_back();
}

int generation_finish(struct updating *r, struct err *e)
{
    struct batch *b = &r->batch;
    struct build *build = &r->build;
    const char *name;
    progress_clear(&r->progress);
    forget_plan(r);
    build->positions = r->u->parts > 0;
    if (build_parts(build, r->u->jobs, !r->u->quiet, e) < 0)
        return -1;
    b->path = build_last_part(build, e);
    if (!b->path || meta_all(r, e) < 0)
        return -1;
    xwriter_close(b->writer);
    b->writer = NULL;
    if (build_merge(build, &name, e) < 0)
        return -1;
    b->path = arena_printf(&r->arena, "%s/%s", r->u->store->dir, name);
    if (!b->path)
        return err_memory(e);
    if (read_back(r, e) < 0 ||
        changes_rebuilt(&r->changes, b->path, r->reader.db, b->revision, e) < 0)
        return -1;
    return store_swap(r->u->store, name, e) < 0 ? -1 : note_compacted(r, e);
}

int generation_compact(struct updating *r, struct err *e)
{
    struct batch *b = &r->batch;
    const struct store *s = r->u->store;
    const char *name, *from = b->path;
    struct xdb *db;
    struct xdb_info info;
    if (!b->wrote || xdb_open(&db, b->path, e) < 0)
        return b->wrote ? -1 : 0;
    int rc = xdb_info(db, &info, e);
    xdb_close(db);
    if (rc < 0 || !store_compaction_due(s, info.bytes))
        return rc;
    store_compacted(s, info.bytes); /* one that fails is not tried again today */
    xwriter_close(b->writer);
    b->writer = NULL;
    if (store_next(s, &r->arena, &name, e) < 0)
        return -1;
    b->path = arena_printf(&r->arena, "%s/%s", s->dir, name);
    if (!b->path)
        return err_memory(e);
    if (xdb_merge(&from, 1, b->path, e) < 0 || read_back(r, e) < 0 || store_swap(s, name, e) < 0)
        return -1;
    return note_compacted(r, e);
}
