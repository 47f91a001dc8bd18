// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * map: byte strings to values. Keys are copied into the arena given when an entry is made; the
 * table itself is freed by map_free. Entries move when the map grows, what they point to does not.
 */
#ifndef KB_MAP_H
#define KB_MAP_H

#include <stdint.h>

#include "lib/arena.h"

struct map_entry {
    struct slice key;
    uint64_t hash;
    union {
        void *at;
        uint64_t number;
    };
};

struct map {
    struct map_entry *v; /* a key of NULL is a free place */
    size_t n, cap;
};

/* NULL: no such key. */
struct map_entry *map_find(const struct map *m, struct slice key);
/* The key's entry, made with a zero value if there was none (*added, may be NULL). NULL: out of
 * memory. Valid until the next call. */
struct map_entry *map_at(struct map *m, struct arena *a, struct slice key, bool *added);
void map_free(struct map *m);

#endif
