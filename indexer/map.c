// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/map.h"

#include <stdlib.h>

#include "lib/hash.h"

static struct map_entry *place(struct map_entry *v, size_t cap, struct slice key, uint64_t hash)
{
    size_t i = (size_t)hash & (cap - 1);
    while (v[i].key.p && !(v[i].hash == hash && slice_eq(v[i].key, key)))
        i = (i + 1) & (cap - 1);
    return &v[i];
}

struct map_entry *map_find(const struct map *m, struct slice key)
{
    if (!m->n)
        return NULL;
    struct map_entry *e = place(m->v, m->cap, key, hash64(key, 0));
    return e->key.p ? e : NULL;
}

static bool grow(struct map *m)
{
    size_t cap = m->cap ? m->cap * 2 : 64;
    struct map_entry *v = calloc(cap, sizeof *v);
    if (!v)
        return false;
    for (size_t i = 0; i < m->cap; i++)
        if (m->v[i].key.p)
            *place(v, cap, m->v[i].key, m->v[i].hash) = m->v[i];
    free(m->v);
    m->v = v;
    m->cap = cap;
    return true;
}

struct map_entry *map_at(struct map *m, struct arena *a, struct slice key, bool *added)
{
    if (m->n * 4 >= m->cap * 3 && !grow(m))
        return NULL;
    uint64_t hash = hash64(key, 0);
    struct map_entry *e = place(m->v, m->cap, key, hash);
    if (added)
        *added = !e->key.p;
    if (e->key.p)
        return e;
    char *copy = arena_strndup(a, key.p, key.n);
    if (!copy)
        return NULL;
    *e = (struct map_entry){.key = slice_of(copy, key.n), .hash = hash};
    m->n++;
    return e;
}

void map_free(struct map *m)
{
    free(m->v);
    *m = (struct map){0};
}
