// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/stay.h"

#include <sched.h>

void stay_init(struct stay *s, uv_loop_t *loop, const struct pool *pool)
{
    *s = (struct stay){.pool = pool};
    uv_idle_init(loop, &s->idle);
    uv_unref((uv_handle_t *)&s->idle);
    s->idle.data = s;
}

/* While it is active, the loop looks at its descriptors without waiting for them. */
static void on_idle(uv_idle_t *idle)
{
    const struct stay *s = idle->data;
    if (s->pool->n_running || uv_hrtime() - s->answered_ns >= STAY_NS)
        uv_idle_stop(idle);
    else
        sched_yield();
}

void stay_answered(struct stay *s)
{
    s->answered_ns = uv_hrtime();
    if (s->quick && !s->pool->n_running)
        uv_idle_start(&s->idle, on_idle);
}

void stay_asked(struct stay *s)
{
    s->quick = uv_hrtime() - s->answered_ns < STAY_QUICK_NS;
    uv_idle_stop(&s->idle);
}

void stay_end(struct stay *s)
{
    uv_close((uv_handle_t *)&s->idle, NULL);
}
