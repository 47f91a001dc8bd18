// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/update/identity.h"

static struct slice hash_key(const uint64_t *hash)
{
    return slice_of((const char *)hash, sizeof *hash);
}

int identity_units(struct updating *r, struct arena *a, const struct state_note *s,
    struct state_unit **v, size_t *n, struct err *e)
{
    struct slice key = state_units_key(a, s->number), value;
    struct xdb *db = batch_db(&r->batch);
    bool whole;
    if (!key.p)
        return err_memory(e);
    if (xdb_metadata(db, a, key, &value, e) < 0 || state_units_read(a, value, v, n, &whole, e) < 0)
        return -1;
    if (!r->batch.create && (!whole || *n != s->n_units))
        return err_set(e, ERR_DAMAGED,
            "the index does not know the units of %s: run kbindex --full", s->rel.p);
    return 0;
}

int identity_free(struct updating *r, struct job *j, const struct state_note *s, struct err *e)
{
    struct state_unit *v;
    size_t n;
    arena_reset(&r->note);
    if (identity_units(r, &r->note, s, &v, &n, e) < 0)
        return -1;
    for (size_t i = n; i; i--) {
        struct map_entry *at = map_at(&j->freed, &r->arena, hash_key(&v[i - 1].text_hash), NULL);
        struct freed *f = at ? arena_alloc(&r->arena, sizeof *f) : NULL;
        if (!f)
            return err_memory(e);
        *f = (struct freed){at->at, v[i - 1].nth};
        at->at = f;
    }
    return 0;
}

static int is_taken(struct updating *r, uint64_t hash, uint32_t nth, bool *taken, struct err *e)
{
    uint8_t id[UNIT_ID_BYTES];
    uint32_t documents = 0;
    struct xdb *db = batch_db(&r->batch);
    doc_id(hash, nth, id);
    struct slice term = doc_id_term(&r->note, id);
    if (!term.p)
        return err_memory(e);
    if (db && xdb_term_freq(db, term, &documents, e) < 0)
        return -1;
    *taken = documents > 0;
    return 0;
}

/* Which of the equal texts of the vault a new unit is. */
int identity_number(struct updating *r, struct job *j, uint64_t hash, uint32_t *nth, struct err *e)
{
    struct map_entry *left = map_find(&j->freed, hash_key(&hash));
    if (left && left->at) {
        struct freed *f = left->at;
        left->at = f->next;
        *nth = f->nth;
        return 0;
    }
    struct map_entry *at = map_at(&j->numbers, &r->arena, hash_key(&hash), NULL);
    if (!at)
        return err_memory(e);
    for (bool taken = true; taken; at->number++) {
        *nth = (uint32_t)at->number;
        if (is_taken(r, hash, *nth, &taken, e) < 0)
            return -1;
    }
    return 0;
}
