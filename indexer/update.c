// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/update.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "indexer/apart.h"
#include "indexer/report.h"
#include "indexer/update/drop.h"
#include "indexer/update/generation.h"
#include "indexer/update/identity.h"
#include "indexer/update/job.h"
#include "indexer/update/take.h"
#include "lib/json.h"

/* Which vaults the index holds, and under which settings. */
static int compare_vaults(struct updating *r, struct err *e)
{
    struct slice text;
    if (!r->reader.db)
        return 0;
    if (xdb_metadata(r->reader.db, &r->arena, SLICE_LIT("vaults"), &text, e) < 0)
        return -1;
    struct json *root = json_parse(text, e);
    if (!root)
        return -1;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < json_len(root); i++) {
        const struct json *v = json_at(root, i);
        struct slice name = json_text(json_get(v, "name"));
        struct job *known = NULL;
        for (size_t k = 0; k < r->n_jobs; k++)
            if (slice_eq(r->jobs[k].vault->name, name))
                known = &r->jobs[k];
        if (known) {
            known->reread = !slice_eq(json_text(json_get(v, "language")), known->vault->language);
            continue;
        }
        name = arena_dup(&r->arena, name);
        if (!name.p || !ARENA_PUSH(&r->arena, r->orphans, r->n_orphans, r->cap_orphans, name))
            rc = err_memory(e);
    }
    json_free(root);
    return rc;
}

static int make_jobs(struct updating *r, struct err *e)
{
    const struct vaults *vs = r->u->vaults;
    r->jobs = arena_array(&r->arena, vs->n, sizeof *r->jobs);
    if (!r->jobs)
        return err_memory(e);
    r->n_jobs = vs->n;
    for (size_t i = 0; i < vs->n; i++)
        r->jobs[i] = (struct job){.vault = &vs->v[i],
            .fd = -1,
            .wanted = r->batch.create || !r->u->only_named || vs->v[i].named};
    if (compare_vaults(r, e) < 0)
        return -1;
    for (size_t i = 0; i < vs->n; i++)
        if (job_open(r, &r->jobs[i], e) < 0)
            return -1;
    for (size_t i = 0; r->batch.create && i < vs->n; i++)
        r->jobs[i].notes = r->jobs[i].units = 0;
    return 0;
}

static int run_job(struct updating *r, struct job *j, struct err *e)
{
    for (size_t i = 0; i < j->n_old; i++)
        if (job_vanished(j, &j->old[i]) && identity_free(r, j, &j->old[i], e) < 0)
            return -1;
    for (size_t i = 0; i < j->scan.n; i++) {
        if (take_file(r, j, &j->scan.files[i], e) < 0)
            return -1;
        progress_step(&r->progress);
    }
    return drop_vanished(r, j, e);
}

static void sum_up(const struct updating *r, const struct job *j, double seconds)
{
    bool news = j->added || j->changed || j->removed;
    if (r->u->quiet || (j->fd < 0 && !j->removed) || (r->u->ears && !news))
        return;
    report_line("%s: %" PRId64 " notes, %" PRId64
                " units: %zu added, %zu changed, %zu removed, %zu unreadable (%.2f s)",
        j->vault->name.p, j->notes, j->units, j->added, j->changed, j->removed, j->unreadable,
        seconds);
    if (news)
        report_line("%s: units: %zu added, %zu changed, %zu removed, %zu moved", j->vault->name.p,
            j->units_added, j->units_changed, j->units_removed, j->units_moved);
}

static int run_wanted(struct updating *r, struct err *e)
{
    size_t files = 0;
    for (size_t i = 0; i < r->n_jobs; i++)
        files += r->jobs[i].scan.n;
    progress_begin(&r->progress, r->batch.create ? "reading" : "indexing", files, !r->u->quiet);
    for (size_t i = 0; i < r->n_jobs; i++)
        if (r->jobs[i].wanted && run_job(r, &r->jobs[i], e) < 0)
            return -1;
    return 0;
}

static int run_jobs(struct updating *r, struct err *e)
{
    if (r->batch.create)
        return run_wanted(r, e) < 0 ? -1 : generation_finish(r, e);
    apart_watch(r->u->store->dir);
    int rc = run_wanted(r, e) < 0 || drop_orphans(r, e) < 0 ? -1 : batch_commit(&r->batch, e);
    apart_unwatch();
    return rc < 0 ? -1 : generation_compact(r, e);
}

static void end(struct updating *r)
{
    progress_clear(&r->progress);
    for (size_t i = 0; i < r->n_jobs; i++) {
        if (r->jobs[i].fd >= 0)
            close(r->jobs[i].fd);
        map_free(&r->jobs[i].freed);
        map_free(&r->jobs[i].numbers);
    }
    batch_end(&r->batch);
    build_end(&r->build);
    changes_close(&r->changes);
    index_reader_free(&r->reader);
    doc_builder_free(&r->builder);
    buf_free(&r->bytes);
    arena_free(&r->note);
    arena_free(&r->arena);
    store_clean(r->u->store);
}

/* The library tells what failed, and not always where. */
static void name_place(const struct update *u, struct err *e)
{
    struct err why = *e;
    if ((e->code != ERR_IO && e->code != ERR_INTERNAL && e->code != ERR_DAMAGED) ||
        strstr(e->text, u->store->dir))
        return;
    *e = (struct err){.at = ERR_NOWHERE};
    err_set(e, why.code, "%s: %s", u->store->dir, why.text);
}

int update_run(struct update *u, struct err *e)
{
    struct updating r = {.u = u, .changes = {.fd = -1}};
    uint64_t began = progress_now_ns();
    store_clean(u->store);
    int rc = generation_open(&r, e);
    if (rc == 0)
        rc = generation_changes(&r, e);
    if (rc == 0)
        rc = make_jobs(&r, e);
    if (rc == 0)
        rc = run_jobs(&r, e);
    if (rc < 0)
        name_place(u, e);
    if (r.batch.failed)
        store_doubt(u->store, true);
    progress_clear(&r.progress);
    double seconds = (double)(progress_now_ns() - began) / 1e9;
    for (size_t i = 0; rc == 0 && i < r.n_jobs; i++)
        if (r.jobs[i].wanted)
            sum_up(&r, &r.jobs[i], seconds);
    end(&r);
    return rc;
}
