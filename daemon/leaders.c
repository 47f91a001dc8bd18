// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/leaders.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void set_timer(const struct leaders *l, long first_ns, long then_ns)
{
    struct itimerspec when = {.it_value.tv_nsec = first_ns, .it_interval.tv_nsec = then_ns};
    timerfd_settime(l->timer, 0, &when, NULL);
}

static void on_return(uv_async_t *returns)
{
    struct leaders *l = returns->data;
    pthread_mutex_lock(&l->lock);
    struct request *q = l->late;
    l->late = NULL;
    pthread_mutex_unlock(&l->lock);
    if (!q)
        return;
    uv_unref((uv_handle_t *)returns);
    pool_ran(q);
}

static void hold(struct leaders *l)
{
    uv_ref((uv_handle_t *)&l->returns);
    pthread_mutex_lock(&l->lock);
    l->held = true;
    pthread_mutex_unlock(&l->lock);
    set_timer(l, LEADERS_HOLD_US * 1000L, 0);
}

/* Whether the loop is still this thread's. If not, `ran` is given to the one that has it. */
static bool release(struct leaders *l, struct request *ran)
{
    set_timer(l, 0, 0);
    pthread_mutex_lock(&l->lock);
    bool mine = l->held;
    l->held = false;
    if (!mine)
        l->late = ran;
    pthread_mutex_unlock(&l->lock);
    if (!mine)
        uv_async_send(&l->returns);
    return mine;
}

/* Runs the loop until it ends; false: the other thread has it. */
static bool lead(struct leaders *l)
{
    uv_loop_t *loop = l->pool->loop;
    for (;;) {
        bool lives = uv_run(loop, UV_RUN_DEFAULT);
        struct request *q = pool_alone(l->pool);
        if (!q && !lives)
            return true;
        if (!q)
            continue;
        hold(l);
        pool_run(q);
        if (!release(l, q))
            return false;
        uv_unref((uv_handle_t *)&l->returns);
        uv_update_time(loop);
        pool_ran(q);
    }
}

/* Until it is this thread's turn; false: there is no loop any more. */
static bool wait_for_turn(struct leaders *l)
{
    bool turn = false, ended = false;
    while (!turn && !ended) {
        uint64_t times;
        struct pollfd tick = {.fd = l->timer, .events = POLLIN};
        /* Not by reading: a sanitizer lets signals through to the first thread where it polls. */
        if (poll(&tick, 1, -1) < 1 || read(l->timer, &times, sizeof times) < 0)
            continue;
        pthread_mutex_lock(&l->lock);
        turn = l->held;
        ended = l->ended;
        l->held = false;
        pthread_mutex_unlock(&l->lock);
    }
    return turn;
}

static void take_turns(struct leaders *l, bool turn)
{
    while (turn && !lead(l))
        turn = wait_for_turn(l);
    pthread_mutex_lock(&l->lock);
    l->ended = true;
    pthread_mutex_unlock(&l->lock);
    set_timer(l, 1, LEADERS_HOLD_US * 1000L);
}

static void other(void *ctx)
{
    struct leaders *l = ctx;
    take_turns(l, wait_for_turn(l));
}

int leaders_init(struct leaders *l, struct pool *p, struct err *e)
{
    *l = (struct leaders){
        .pool = p, .timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
    if (l->timer < 0)
        return err_set(e, ERR_INTERNAL, "no timer can be made: %s", strerror(errno));
    pthread_mutex_init(&l->lock, NULL);
    int rc = uv_async_init(p->loop, &l->returns, on_return);
    l->returns.data = l;
    if (rc == 0) {
        uv_unref((uv_handle_t *)&l->returns);
        rc = uv_thread_create(&l->other, other, l);
    }
    if (rc)
        return err_set(e, ERR_INTERNAL, "no thread can be made: %s", uv_strerror(rc));
    p->keeps = true;
    return 0;
}

void leaders_run(struct leaders *l)
{
    take_turns(l, true);
    uv_thread_join(&l->other);
    l->pool->keeps = false;
    uv_close((uv_handle_t *)&l->returns, NULL);
    close(l->timer);
    pthread_mutex_destroy(&l->lock);
}
