// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/sort.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 8192 };

struct sorting {
    const struct xdb *db;
    size_t size;
    int (*compare)(const void *, const void *);
    struct err *e;
};

/* The sorted runs from a to b and from b to end, as one. */
static int merge(const struct sorting *s, const char *a, const char *b, const char *end, char *to)
{
    const char *middle = b;
    for (size_t i = 0; a < middle || b < end; i++) {
        if (i % PIECE == 0 && xdb_look(s->db, s->e))
            return -1;
        const char **next = b == end || (a < middle && s->compare(a, b) <= 0) ? &a : &b;
        memcpy(to, *next, s->size);
        to += s->size;
        *next += s->size;
    }
    return 0;
}

static size_t lesser(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Sorted pieces of v become longer ones, from one room to the other and back. */
static int merge_all(const struct sorting *s, char *v, size_t n, char *room)
{
    char *from = v, *to = room;
    for (size_t run = PIECE; run < n; run *= 2) {
        for (size_t i = 0; i < n; i += 2 * run)
            if (merge(s, from + i * s->size, from + lesser(i + run, n) * s->size,
                    from + lesser(i + 2 * run, n) * s->size, to + i * s->size))
                return -1;
        char *swap = from;
        from = to;
        to = swap;
    }
    if (from != v)
        memcpy(v, from, n * s->size);
    return 0;
}

int sort_watched(const struct xdb *db, void *v, size_t n, size_t size,
    int (*compare)(const void *, const void *), struct err *e)
{
    struct sorting s = {db, size, compare, e};
    for (size_t i = 0; i < n; i += PIECE) {
        if (xdb_look(db, e))
            return -1;
        qsort((char *)v + i * size, lesser(PIECE, n - i), size, compare);
    }
    if (n <= PIECE)
        return 0;
    char *room = malloc(n * size);
    int rc = room ? merge_all(&s, v, n, room) : err_memory(e);
    free(room);
    return rc;
}
