// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stay: the loop stays awake for a moment after an answer, where whoever is asking has asked again
 * at once before: a program with one question after the other. To be woken takes it longer than
 * most answers. Who thinks between two questions, as people and agents do, costs nothing; nobody
 * costs more than STAY_NS of one core an answer, and none of what others could use it for: it gives
 * way to them, and does not stay while a request runs. Belongs to the loop.
 */
#ifndef KB_STAY_H
#define KB_STAY_H

#include "daemon/pool.h"

enum { STAY_NS = 50000, STAY_QUICK_NS = 2 * STAY_NS /* with what a wake takes */ };

struct stay {
    uv_idle_t idle;
    const struct pool *pool;
    uint64_t answered_ns; /* 0: never */
    bool quick;           /* the last question came within STAY_QUICK_NS of the answer before */
};

/* `pool` must outlive it. */
void stay_init(struct stay *s, uv_loop_t *loop, const struct pool *pool);
void stay_answered(struct stay *s);
void stay_asked(struct stay *s);
/* So that the loop can end. */
void stay_end(struct stay *s);

#endif
