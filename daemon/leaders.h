// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * leaders: the two threads that run the loop in turn (after Leader/Followers, Schmidt et al. 2000).
 * The one that leads runs a request that is alone, too (pool_alone): no other thread has to be
 * woken for it, and none by it, which takes as long as the answer where cores sleep deeply. When
 * that lasts, the other one takes the loop over, and the first waits for its own turn. So the loop
 * never stands still for longer than LEADERS_HOLD_US and what a thread takes to wake.
 *
 * What belongs to the loop belongs to the thread that runs it, whichever that is.
 */
#ifndef KB_LEADERS_H
#define KB_LEADERS_H

#include <pthread.h>

#include "daemon/pool.h"

enum { LEADERS_HOLD_US = 1000 };

struct leaders {
    struct pool *pool;
    uv_thread_t other;
    uv_async_t returns; /* keeps the loop alive while a request runs off it */
    pthread_mutex_t lock;
    int timer;            /* when the other thread looks whether it is its turn */
    bool held;            /* under `lock`: the loop stands still for a request */
    bool ended;           /* under `lock`: there is no loop any more */
    struct request *late; /* under `lock`: what ran while the other thread took the loop */
};

/* The other thread takes over the signal mask and waits. ERR_INTERNAL: no thread, or no timer, can
 * be made; the caller's process is to end. */
int leaders_init(struct leaders *l, struct pool *p, struct err *e);
/* Runs the pool's loop until nothing keeps it alive; the caller's thread has it then. What is left
 * to do for the loop to be closed is to run it once more. */
void leaders_run(struct leaders *l);

#endif
