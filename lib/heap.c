// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/heap.h"

#include <stdlib.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

void heap_keep_small(size_t mapped)
{
#ifdef __GLIBC__
    mallopt(M_ARENA_MAX, 1);
    mallopt(M_MMAP_THRESHOLD, (int)mapped);
    mallopt(M_TRIM_THRESHOLD, 1024 * 1024);
#else
    (void)mapped;
#endif
}

void heap_give_back(void)
{
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}
