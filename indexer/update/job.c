// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/update/job.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "indexer/apart.h"
#include "lib/log.h"

struct collecting {
    struct arena *a;
    struct state_note *v;
    size_t n, cap;
};

static int collect_state(void *ctx, struct slice key, struct slice value)
{
    struct collecting *c = ctx;
    struct state_note s;
    (void)key;
    apart_go_on();
    if (!state_note_read(value, &s))
        return 0;
    s.rel = arena_dup(c->a, s.rel);
    return s.rel.p && ARENA_PUSH(c->a, c->v, c->n, c->cap, s) ? 0 : 1;
}

static int by_rel(const void *x, const void *y)
{
    const struct state_note *a = x, *b = y;
    return slice_cmp(a->rel, b->rel);
}

int job_states(
    struct updating *r, struct slice vault, struct state_note **v, size_t *n, struct err *e)
{
    struct collecting c = {.a = &r->arena};
    *v = NULL;
    *n = 0;
    if (!r->reader.db)
        return 0;
    char *prefix = arena_printf(&r->arena, "n:%s/", vault.p);
    if (!prefix)
        return err_memory(e);
    apart_watch(r->u->store->dir);
    int rc = xdb_metadata_each(r->reader.db, slice_str(prefix), collect_state, &c, e);
    apart_unwatch();
    if (rc)
        return rc < 0 ? -1 : err_memory(e);
    if (c.n)
        qsort(c.v, c.n, sizeof *c.v, by_rel);
    *v = c.v;
    *n = c.n;
    return 0;
}

const struct state_note *job_state_of(const struct job *j, struct slice rel)
{
    struct state_note key = {.rel = rel};
    return j->n_old ? bsearch(&key, j->old, j->n_old, sizeof key, by_rel) : NULL;
}

static bool in_scan(const struct job *j, struct slice rel)
{
    size_t low = 0, high = j->scan.n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = slice_cmp(j->scan.files[mid].rel, rel);
        if (c == 0)
            return true;
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}

bool job_vanished(const struct job *j, const struct state_note *s)
{
    return !j->keep && !in_scan(j, s->rel) && !scan_unknown(&j->scan, s->rel);
}

static int scan_job(struct updating *r, struct job *j, struct err *e)
{
    const struct vault *v = j->vault;
    const struct update_ears *ears = r->u->ears;
    j->scan.part = v->part;
    j->scan.parts = v->parts;
    if (scan_vault(&r->arena, j->fd, v->exclude, v->n_exclude, &j->scan, e) < 0)
        return -1;
    for (size_t i = 0; ears && i < j->scan.n_folders; i++)
        if (ears->folder(ears->ctx, v->path.p, j->scan.folders[i].p, e) < 0)
            return -1;
    for (size_t i = 0; i < j->scan.n_problems; i++) {
        const struct scan_problem *p = &j->scan.problems[i];
        if (!p->skipped)
            updating_unreadable(r, j, p->rel, p->text);
        else
            log_line(LOG_INFO, "%s/%s: %s: left out", v->path.p, p->rel.p, p->text);
    }
    return 0;
}

/* Refuses to take away what may only be out of sight. */
static int guard_losses(struct updating *r, struct job *j, struct err *e)
{
    char what[160];
    if (r->u->force)
        return 0;
    for (size_t i = 0; r->batch.create && i < j->n_old; i++)
        if (scan_unknown(&j->scan, j->old[i].rel))
            return err_set(e, ERR_IO,
                "%s/%s cannot be looked at: a full rebuild would lose what the index has of it: "
                "mend it, or --force",
                j->vault->path.p, j->old[i].rel.p);
    if (j->scan.n * 2 >= j->n_old)
        return 0;
    if (j->fd < 0)
        snprintf(what, sizeof what,
            "the vault is not there; its %zu notes stay in the index (--force takes them out)",
            j->n_old);
    else
        snprintf(what, sizeof what,
            "only %zu of %zu notes are left; the others stay in the index (--force takes them out)",
            j->scan.n, j->n_old);
    if (r->batch.create)
        return err_set(e, ERR_MISSING, "%s: %s", j->vault->path.p, what);
    updating_tell(r, j, slice_str(""), what);
    j->keep = true;
    return 0;
}

int job_open(struct updating *r, struct job *j, struct err *e)
{
    if (job_states(r, j->vault->name, &j->old, &j->n_old, e) < 0)
        return -1;
    for (size_t i = 0; i < j->n_old; i++) {
        j->notes++;
        j->units += j->old[i].n_units;
    }
    if (!j->wanted)
        return 0;
    j->fd = open(j->vault->path.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (j->fd < 0 && r->older && !r->u->force)
        return err_set(e, ERR_MISSING,
            "%s: no such vault: %s: the index has an older schema and is not made anew without it: "
            "bring it back, kbindex --remove %s, or --force",
            j->vault->path.p, strerror(errno), j->vault->name.p);
    if (j->fd < 0) {
        char what[120];
        snprintf(what, sizeof what, "no such vault: %s", strerror(errno));
        updating_tell(r, j, slice_str(""), what);
        r->u->missing |= j->vault->named;
        if (!r->u->force && !r->batch.create)
            j->keep = true;
    } else if (scan_job(r, j, e) < 0) {
        return -1;
    }
    return j->keep ? 0 : guard_losses(r, j, e);
}
