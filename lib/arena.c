// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/arena.h"

#include <stdarg.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/buf.h"

enum { CHUNK_MIN = 4096, CHUNK_MAX = 1 << 20 };

struct arena_chunk {
    struct arena_chunk *older;
    size_t size, fill; /* of the bytes behind this header */
    alignas(max_align_t) char bytes[];
};

/* Zeroes are asked of the system: what is never touched of them takes no memory. */
static struct arena_chunk *chunk_new(size_t size, bool zeroed)
{
    if (size > SIZE_MAX - sizeof(struct arena_chunk))
        return NULL;
    size_t all = sizeof(struct arena_chunk) + size;
    struct arena_chunk *c = zeroed ? calloc(1, all) : malloc(all);
    if (c)
        *c = (struct arena_chunk){.size = size};
    return c;
}

static bool push_chunk(struct arena *a, size_t size, bool zeroed)
{
    struct arena_chunk *c = chunk_new(size, zeroed);
    if (!c) {
        a->failed = true;
        return false;
    }
    c->older = a->chunk;
    a->chunk = c;
    return true;
}

static bool has_room(const struct arena *a, size_t n)
{
    return a->chunk && a->chunk->size - a->chunk->fill >= n;
}

static size_t rounded(size_t n)
{
    size_t align = alignof(max_align_t);
    return n ? (n + align - 1) / align * align : align;
}

void *arena_raw(struct arena *a, size_t n)
{
    if (n > SIZE_MAX / 2)
        return NULL;
    n = rounded(n);
    if (!has_room(a, n)) {
        size_t size = a->chunk ? a->chunk->size * 2 : CHUNK_MIN;
        if (size > CHUNK_MAX)
            size = CHUNK_MAX;
        if (!push_chunk(a, size < n ? n : size, false))
            return NULL;
    }
    void *p = a->chunk->bytes + a->chunk->fill;
    a->chunk->fill += n;
    a->used += n;
    return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
    if (n > CHUNK_MAX && n <= SIZE_MAX / 2 && !has_room(a, rounded(n)))
        return push_chunk(a, rounded(n), true) ? arena_raw(a, n) : NULL;
    void *p = arena_raw(a, n);
    return p ? memset(p, 0, n) : NULL;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t n;
    return __builtin_mul_overflow(count, size, &n) ? NULL : arena_alloc(a, n);
}

void *arena_grow(struct arena *a, const void *old, size_t have, size_t want, size_t size)
{
    void *p = arena_array(a, want, size);
    if (p && have)
        memcpy(p, old, have * size);
    return p;
}

/* The place of the chunk that holds the array at `p`, of `n` bytes, and nothing else. */
static struct arena_chunk **chunk_of(struct arena *a, const void *p, size_t n)
{
    struct arena_chunk **at = &a->chunk;
    if (n <= CHUNK_MAX)
        return NULL;
    while (*at && (*at)->bytes != p)
        at = &(*at)->older;
    return *at && (*at)->size - n < alignof(max_align_t) && (*at)->fill == (*at)->size ? at : NULL;
}

/* A chunk grows as a whole: what is large moves by its pages. */
static void *chunk_grow(struct arena *a, struct arena_chunk **at, size_t n)
{
    if (n > SIZE_MAX / 2)
        return NULL;
    n = rounded(n);
    struct arena_chunk *c = realloc(*at, sizeof *c + n);
    if (!c) {
        a->failed = true;
        return NULL;
    }
    a->used += n - c->size;
    c->size = c->fill = n;
    *at = c;
    return c->bytes;
}

bool arena_more(struct arena *a, void **ptr, size_t n, size_t *cap, size_t size)
{
    size_t want = *cap ? *cap * 2 : 8, bytes;
    bool fits = want > *cap && !__builtin_mul_overflow(want, size, &bytes);
    struct arena_chunk **own = fits ? chunk_of(a, *ptr, *cap * size) : NULL;
    void *p = own ? chunk_grow(a, own, bytes) : fits ? arena_raw(a, bytes) : NULL;
    if (!p)
        return false;
    if (n && !own)
        memcpy(p, *ptr, n * size);
    *ptr = p;
    *cap = want;
    return true;
}

char *arena_strndup(struct arena *a, const char *p, size_t n)
{
    char *s = n < SIZE_MAX ? arena_alloc(a, n + 1) : NULL;
    if (s && n)
        memcpy(s, p, n);
    return s;
}

struct slice arena_dup(struct arena *a, struct slice s)
{
    char *p = arena_strndup(a, s.p, s.n);
    return slice_of(p, p ? s.n : 0);
}

struct slice arena_take(struct arena *a, struct buf *b)
{
    a->failed |= b->failed;
    struct slice s = b->failed ? (struct slice){0} : arena_dup(a, buf_view(b));
    buf_free(b);
    return s;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *s = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
    if (s)
        vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(ap);
    return s;
}

static void free_chunks(struct arena_chunk *c)
{
    while (c) {
        struct arena_chunk *older = c->older;
        free(c);
        c = older;
    }
}

void arena_free(struct arena *a)
{
    free_chunks(a->chunk);
    *a = (struct arena){0};
}

void arena_reset(struct arena *a)
{
    struct arena_chunk *keep = a->chunk && a->chunk->size <= CHUNK_MAX ? a->chunk : NULL;
    if (keep) {
        free_chunks(keep->older);
        keep->older = NULL;
        keep->fill = 0;
    } else {
        free_chunks(a->chunk);
    }
    *a = (struct arena){.chunk = keep};
}

void arena_recycle(struct arena *a, size_t most)
{
    size_t all = 0;
    for (const struct arena_chunk *c = a->chunk; c; c = c->older)
        all += c->size;
    all = all < most ? all : most;
    if (a->chunk && (a->chunk->size < all || a->chunk->size > most)) {
        arena_free(a);
        a->chunk = chunk_new(all, false);
    }
    a->used = 0;
    a->failed = false;
    if (!a->chunk)
        return;
    free_chunks(a->chunk->older);
    a->chunk->older = NULL;
    a->chunk->fill = 0;
}
