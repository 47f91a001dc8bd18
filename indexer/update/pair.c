// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/update/pair.h"

#include <stdlib.h>

#include "indexer/update/identity.h"

struct by_text {
    uint64_t hash;
    size_t at;
};

static int compare_text(const void *x, const void *y)
{
    const struct by_text *a = x, *b = y;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

/* Equal texts meet in their order. */
static int pair_texts(struct work *w)
{
    size_t n = w->note.n_units;
    if (!w->n_old)
        return 0;
    struct by_text *new = arena_array(&w->r->note, n, sizeof *new);
    struct by_text *old = arena_array(&w->r->note, w->n_old, sizeof *old);
    if (!new || !old)
        return err_memory(w->e);
    for (size_t i = 0; i < n; i++)
        new[i] = (struct by_text){w->units_now[i].text_hash, i};
    for (size_t i = 0; i < w->n_old; i++)
        old[i] = (struct by_text){w->old[i].text_hash, i};
    qsort(new, n, sizeof *new, compare_text);
    qsort(old, w->n_old, sizeof *old, compare_text);
    for (size_t i = 0, k = 0; i < n && k < w->n_old;) {
        if (new[i].hash != old[k].hash) {
            if (new[i].hash < old[k].hash)
                i++;
            else
                k++;
            continue;
        }
        size_t at = new[i++].at;
        struct pairing *p = &w->units[at];
        w->claimed[old[k].at] = true;
        p->fate = UNIT_SAME;
        p->old = &w->old[old[k++].at];
        w->units_now[at].nth = p->old->nth;
    }
    return 0;
}

/* A unit of new text takes the place of one that is gone, of its kind and day. */
static void pair_places(struct work *w)
{
    size_t from[UNIT_KINDS] = {0};
    for (size_t i = 0; i < w->note.n_units; i++) {
        struct pairing *p = &w->units[i];
        const struct state_unit *now = &w->units_now[i];
        if (p->fate != UNIT_NEW)
            continue;
        size_t *k = &from[now->kind];
        while (*k < w->n_old &&
               (w->claimed[*k] || w->old[*k].kind != now->kind || w->old[*k].day != now->day))
            ++*k;
        if (*k == w->n_old)
            continue;
        w->claimed[*k] = true;
        p->fate = UNIT_IN_PLACE;
        p->old = &w->old[(*k)++];
    }
}

int pair_units(struct work *w)
{
    struct updating *r = w->r;
    size_t n = w->note.n_units;
    w->units = arena_array(&r->note, n, sizeof *w->units);
    w->units_now = arena_array(&r->note, n, sizeof *w->units_now);
    w->claimed = arena_array(&r->note, w->n_old, sizeof *w->claimed);
    if (!w->units || !w->units_now || !w->claimed)
        return err_memory(w->e);
    for (size_t i = 0; i < n; i++) {
        struct state_unit *now = &w->units_now[i];
        w->units[i].fate = UNIT_NEW;
        now->kind = w->note.units[i].kind;
        now->day = w->note.units[i].day;
        if (doc_text_hash(&r->builder, i, &now->text_hash, w->e) < 0)
            return -1;
    }
    if (pair_texts(w) < 0)
        return -1;
    if (!r->batch.create)
        pair_places(w);
    for (size_t i = 0; i < n; i++) {
        struct state_unit *now = &w->units_now[i];
        if (w->units[i].fate != UNIT_SAME &&
            identity_number(r, w->j, now->text_hash, &now->nth, w->e) < 0)
            return -1;
    }
    return 0;
}
