// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/match/matcher.h"

void *matcher_raw(struct matcher *m, size_t n, size_t size)
{
    void *p = arena_raw(m->scratch, n * size);
    if (!p)
        err_memory(m->e);
    return p;
}
