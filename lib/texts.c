// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/texts.h"

#include <stdlib.h>

enum { SLOTS = 8192, BYTES_MOST = 3 << 20, ONE_MOST = 64 << 10 };

struct text {
    docid_t id;
    bool asked; /* since the hand came by */
    uint32_t n;
    char bytes[];
};

static size_t slot_of(docid_t id)
{
    return (id * 2654435761u) >> 7 & (SLOTS - 1);
}

static struct text **find(struct texts *t, docid_t id)
{
    size_t i = slot_of(id);
    while (t->v[i] && t->v[i]->id != id)
        i = (i + 1) & (SLOTS - 1);
    return &t->v[i];
}

/* Takes one out and closes the gap in its run. */
static void drop(struct texts *t, size_t i)
{
    t->bytes -= sizeof *t->v[i] + t->v[i]->n;
    t->n--;
    free(t->v[i]);
    t->v[i] = NULL;
    for (size_t k = (i + 1) & (SLOTS - 1); t->v[k]; k = (k + 1) & (SLOTS - 1)) {
        struct text *moved = t->v[k];
        t->v[k] = NULL;
        *find(t, moved->id) = moved;
    }
}

static void make_room(struct texts *t, size_t bytes)
{
    size_t most = t->most ? t->most : BYTES_MOST;
    while (t->n && (t->bytes + bytes > most || t->n >= SLOTS / 2)) {
        struct text *one = t->v[t->hand];
        if (one && one->asked)
            one->asked = false;
        else if (one)
            drop(t, t->hand);
        t->hand = (t->hand + 1) & (SLOTS - 1);
    }
}

/* Without memory it is not kept, which costs nothing but time. */
static void keep(struct texts *t, docid_t id, struct slice data)
{
    size_t bytes = sizeof(struct text) + data.n;
    if (!t->v)
        t->v = calloc(SLOTS, sizeof(struct text *));
    struct text *one = t->v && data.n <= ONE_MOST ? malloc(bytes) : NULL;
    if (!one)
        return;
    make_room(t, bytes);
    one->id = id;
    one->asked = false;
    one->n = (uint32_t)data.n;
    memcpy(one->bytes, data.p, data.n);
    *find(t, id) = one;
    t->n++;
    t->bytes += bytes;
}

int texts_read(struct texts *t, struct xdb *db, struct arena *a, const docid_t *ids, size_t n,
    struct slice *data, struct err *e)
{
    for (size_t i = 0; i < n; i++) {
        struct text *one = t->v ? *find(t, ids[i]) : NULL;
        if (one) {
            one->asked = true;
            data[i] = arena_dup(a, slice_of(one->bytes, one->n));
            if (!data[i].p)
                return err_memory(e);
            continue;
        }
        if (xdb_data_of(db, a, &ids[i], 1, &data[i], e))
            return -1;
        keep(t, ids[i], data[i]);
    }
    return 0;
}

void texts_free(struct texts *t)
{
    for (size_t i = 0; t->v && i < SLOTS; i++)
        free(t->v[i]);
    free(t->v);
    *t = (struct texts){.most = t->most};
}
