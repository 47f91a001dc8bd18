// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * arena: memory that dies together. Allocations come from chunks that grow from 4 KiB to 1 MiB;
 * nothing is freed one by one. An arena has one owner, who calls arena_free; everything that
 * came from it is gone then. Not for two threads at once.
 *
 * When memory runs out a function returns NULL and the arena stays usable; callers return
 * ERR_MEMORY (err.h) upwards. Nothing here aborts. `failed` remembers it, for whoever has the whole
 * to give: what was made of "nothing" on the way must not pass for an answer.
 */
#ifndef KB_ARENA_H
#define KB_ARENA_H

#include <stdbool.h>

#include "lib/slice.h"

struct arena_chunk;
struct buf;

struct arena {
    struct arena_chunk *chunk; /* newest first */
    size_t used;               /* bytes handed out over its life, for accounts and tests */
    bool failed;               /* something was refused since it was made, or reset */
};

/* A zeroed struct arena is ready for use: `struct arena a = {0};` */

/* `n` bytes, zeroed, aligned for any type; n = 0 gives a valid pointer. NULL: out of memory. */
void *arena_alloc(struct arena *a, size_t n);

/* The same, of any content: for what is written whole before it is read. */
void *arena_raw(struct arena *a, size_t n);

/* The array form: NULL also when count * size overflows. */
void *arena_array(struct arena *a, size_t count, size_t size);

/*
 * An array that grew: returns room for `want` elements holding the first `have`; the old place
 * stays allocated until the arena dies, so grow by doubling (ARENA_PUSH does).
 */
void *arena_grow(struct arena *a, const void *old, size_t have, size_t want, size_t size);

/* A copy with a NUL behind it. NULL: out of memory. */
char *arena_strndup(struct arena *a, const char *p, size_t n);

/* A copy as a slice (with a NUL behind it); {NULL, 0} when out of memory and s.n > 0. */
struct slice arena_dup(struct arena *a, struct slice s);

/* What was written to the buffer, which is freed. {NULL, 0} when it had failed, which `failed`
 * remembers, too. */
struct slice arena_take(struct arena *a, struct buf *b);

/* printf into the arena; NULL: out of memory. */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Frees everything, keeps nothing; the arena is as if zeroed. */
void arena_free(struct arena *a);

/* Forgets everything but keeps its newest chunk when it is small, for reuse in a loop. */
void arena_reset(struct arena *a);

/* Forgets everything but keeps room for as much again, `most` bytes of it: what is written each
 * time should not be fetched from the kernel each time. */
void arena_recycle(struct arena *a, size_t most);

/*
 * Appends `value` to the array `ptr` with count `n` and capacity `cap`; evaluates to false when
 * out of memory (the array is as before). An array that is moved leaves nothing behind: a large one
 * takes its place along, so keep no pointer into it.
 */
#define ARENA_PUSH(a, ptr, n, cap, ...)                                                            \
    (((n) < (cap) || arena_more((a), (void **)&(ptr), (n), &(cap), sizeof *(ptr))) &&              \
        ((ptr)[(n)] = (__VA_ARGS__), (n)++, 1))

/* For ARENA_PUSH only. */
bool arena_more(struct arena *a, void **ptr, size_t n, size_t *cap, size_t size);

#endif
