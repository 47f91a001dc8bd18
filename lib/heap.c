// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/heap.h"

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

enum { LEAST = 1 << 20, MOST = 32 << 20 };

void heap_keep_small(void)
{
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_TRIM_THRESHOLD, LEAST);
#endif
    heap_map_from(LEAST);
}

void heap_map_from(size_t bytes)
{
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, bytes < LEAST ? LEAST : bytes < MOST ? (int)bytes : MOST);
#else
    (void)bytes;
#endif
}

void heap_give_back(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
