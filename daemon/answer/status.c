// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/answer.h"

#include <errno.h>

#include "lib/json.h"
#include "lib/match.h"
#include "lib/pending.h"
#include "lib/schema.h"
#include "lib/shards.h"

static int add_counts(struct answer *w, struct xdb *db, struct status_result *r, struct err *e)
{
    struct slice text;
    struct err bad = {0};
    if (xdb_metadata(db, w->arena, SLICE_LIT("counts"), &text, e))
        return -1;
    if (!text.n)
        return 0;
    struct json *counts = json_parse(text, &bad);
    if (bad.code == ERR_MEMORY)
        return err_memory(e);
    if (!counts)
        return err_set(e, ERR_DAMAGED, "the index %s has unreadable counts: run kbindex --full",
            w->reader->index.dir);
    r->units += (uint64_t)json_int(json_get(counts, "units"), 0);
    r->notes += (uint64_t)json_int(json_get(counts, "notes"), 0);
    json_free(counts);
    return 0;
}

static int read_counts(struct answer *w, struct status_result *r, struct err *e)
{
    const struct shards *s = w->reader->index.shards;
    if (!s)
        return add_counts(w, w->reader->index.db, r, e);
    r->shard_units = arena_array(w->arena, s->n, sizeof *r->shard_units);
    if (!r->shard_units)
        return err_memory(e);
    for (size_t i = 0; i < s->n; i++) {
        uint64_t before = r->units;
        if (s->v[i].db && add_counts(w, s->v[i].db, r, e))
            return -1;
        r->shard_units[i] = r->units - before;
    }
    return 0;
}

/* Of one database, what its folder tells. */
static int add_folder(struct xdb *db, const char *folder, struct status_result *r, struct err *e)
{
    struct xdb_info info;
    struct timespec now, then = pending_committed(folder);
    clock_gettime(CLOCK_REALTIME, &now);
    if (xdb_info(db, &info, e))
        return -1;
    int64_t age = now.tv_sec > then.tv_sec ? now.tv_sec - then.tv_sec : 0;
    r->bytes += (int64_t)info.bytes;
    r->age_s = age > r->age_s ? age : r->age_s;
    return 0;
}

/* The oldest part's age. Of what is on other machines neither size nor age can be asked. */
static int add_folders(struct answer *w, struct status_result *r, struct err *e)
{
    const struct index_reader *x = &w->reader->index;
    const struct shards *s = x->shards;
    for (size_t i = 0; s && i < s->n; i++)
        if (s->v[i].db && !s->v[i].folder) {
            r->bytes = r->age_s = -1;
            return 0;
        }
    for (size_t i = 0; s && i < s->n; i++)
        if (s->v[i].db && add_folder(s->v[i].db, s->v[i].places[s->v[i].at], r, e))
            return -1;
    return s ? 0 : add_folder(x->db, x->dir, r, e);
}

/* Each shard has notes of its own, so of several it cannot be told. */
static int count_pending(struct answer *w, struct status_result *r, struct err *e)
{
    struct pending p = {.since = pending_committed(w->reader->index.dir)};
    r->pending = w->reader->index.shards || !p.since.tv_sec ? -1 : 0;
    for (size_t i = 0; r->pending >= 0 && i < r->n_vaults; i++) {
        const char *path = arena_strndup(w->arena, r->vaults[i].path.p, r->vaults[i].path.n);
        if (!path)
            return err_memory(e);
        pending_look(&p, path);
    }
    if (p.failed == ENOMEM)
        return err_memory(e);
    r->pending = r->pending < 0 || p.failed ? -1 : (int64_t)p.newer;
    return 0;
}

/* The heads among the vault's units. */
static int count_notes(struct answer *w, struct slice vault, uint64_t *notes, struct err *e)
{
    struct xquery of_vault = {.op = XQ_TERM, .term = schema_term(w->arena, 'V', vault)};
    struct xquery head = {.op = XQ_TERM, .term = SLICE_LIT("Knote")};
    struct xquery *kids[] = {&head, &of_vault};
    struct xquery both = {.op = XQ_AND, .kids = kids, .n_kids = 2};
    struct xsearch s = {.query = &both,
        .sort = XSORT_DOCID,
        .check = UINT32_MAX,
        .k1 = -1,
        .collapse_slot = XSEARCH_NO_SLOT};
    struct xresult found;
    if (!of_vault.term.n)
        return err_memory(e);
    if (match_search(w->reader->index.db, w->arena, &s, &found, e))
        return -1;
    *notes = found.total;
    return 0;
}

static int describe(struct answer *w, struct status_result *r, struct err *e)
{
    struct reader *reader = w->reader;
    if (reader_refresh(reader, e) || add_folders(w, r, e) || read_counts(w, r, e))
        return -1;
    r->vaults = arena_array(w->arena, reader->n_vaults, sizeof *r->vaults);
    if (!r->vaults)
        return err_memory(e);
    for (size_t i = 0; i < reader->n_vaults; i++) {
        struct status_vault *v = &r->vaults[i];
        v->name = reader->vaults[i].name;
        v->path = reader->vaults[i].path;
        if (count_notes(w, v->name, &v->notes, e))
            return -1;
    }
    r->n_vaults = reader->n_vaults;
    memcpy(r->uuid, reader->index.uuid, sizeof r->uuid);
    r->revision = reader->index.revision;
    return 0;
}

int answer_overview(struct answer *w, struct status_result *r, struct err *e)
{
    struct err why = {0};
    *r = (struct status_result){.pending = -1};
    if (describe(w, r, &why) == 0)
        return 0;
    if (why.code == ERR_MEMORY)
        return err_memory(e);
    if (why.code == ERR_TIMEOUT || why.code == ERR_CANCELLED)
        return err_set(e, why.code, "%s", why.text);
    *r = (struct status_result){
        .age_s = -1, .pending = -1, .error = arena_dup(w->arena, slice_str(why.text))};
    return r->error.p ? 0 : err_memory(e);
}

int answer_status(
    struct answer *w, const struct status_params *p, struct status_result *r, struct err *e)
{
    (void)p;
    if (answer_overview(w, r, e))
        return -1;
    return r->error.n ? 0 : count_pending(w, r, e);
}
