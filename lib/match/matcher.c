// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/match/matcher.h"

#include <time.h>

int matcher_look(const struct matcher *m)
{
    if (m->s->stop && atomic_load_explicit(m->s->stop, memory_order_relaxed))
        return err_set(m->e, ERR_CANCELLED, "cancelled");
    if (!m->s->deadline_ns)
        return 0;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    if ((uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec >= m->s->deadline_ns)
        return err_set(m->e, ERR_TIMEOUT, "the deadline passed before the answer was whole");
    return 0;
}

void *matcher_raw(struct matcher *m, size_t n, size_t size)
{
    void *p = arena_raw(m->scratch, n * size);
    if (!p)
        err_memory(m->e);
    return p;
}
