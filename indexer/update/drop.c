// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/update/drop.h"

#include "indexer/report.h"
#include "indexer/update/identity.h"
#include "indexer/update/job.h"
#include "indexer/update/meta.h"

static int drop_note(struct updating *r, struct slice vault, const struct state_note *s,
    size_t *units_removed, struct err *e)
{
    struct batch *b = &r->batch;
    struct state_unit *v;
    size_t n;
    struct slice none = {NULL, 0};
    arena_reset(&r->note);
    if (identity_units(r, &r->note, s, &v, &n, e) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (batch_delete(b, v[i].docid, e) < 0)
            return -1;
        b->kinds[v[i].kind]--;
    }
    *units_removed += n;
    if (batch_set(b, state_note_key(&r->note, vault, s->rel), none, e) < 0 ||
        batch_set(b, state_units_key(&r->note, s->number), none, e) < 0 ||
        batch_set(b, state_name_key(&r->note, s->number), none, e) < 0)
        return -1;
    b->notes--;
    return 0;
}

int drop_vanished(struct updating *r, struct job *j, struct err *e)
{
    for (size_t i = 0; i < j->n_old; i++) {
        const struct state_note *s = &j->old[i];
        if (!job_vanished(j, s))
            continue;
        j->removed++;
        if (r->batch.create)
            continue;
        if (drop_note(r, j->vault->name, s, &j->units_removed, e) < 0)
            return -1;
        j->notes--;
        j->units -= s->n_units;
        if (r->u->verbose)
            report_line("removed %s/%s", j->vault->name.p, s->rel.p);
        if (batch_pause(&r->batch, e) < 0)
            return -1;
    }
    return 0;
}

int drop_orphans(struct updating *r, struct err *e)
{
    for (size_t i = 0; i < r->n_orphans; i++) {
        struct state_note *v;
        size_t n, units = 0;
        if (job_states(r, r->orphans[i], &v, &n, e) < 0)
            return -1;
        for (size_t k = 0; k < n; k++)
            if (drop_note(r, r->orphans[i], &v[k], &units, e) < 0 || batch_pause(&r->batch, e) < 0)
                return -1;
        if (n == 0 && meta_vaults(r, e) < 0)
            return -1;
        if (!r->u->quiet)
            report_line("%s: removed: %zu notes, %zu units", r->orphans[i].p, n, units);
    }
    return 0;
}
