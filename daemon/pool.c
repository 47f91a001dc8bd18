// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/pool.h"

#include <stdlib.h>
#include <time.h>

enum { HEAVY_NS = 15 * 1000 * 1000, SPARE_BYTES = 1 << 20 };

static void nothing(uv_work_t *w)
{
    (void)w;
}

static void nothing_done(uv_work_t *w, int status)
{
    (void)w;
    (void)status;
}

int pool_init(struct pool *p, uv_loop_t *loop, unsigned readers, const struct config *config,
    reply_fn *const methods[PROTO_COUNT], struct err *e)
{
    *p = (struct pool){.loop = loop, .config = config, .methods = methods};
    p->spare = readers > 1;
    readers += p->spare;
    p->readers = calloc(readers, sizeof *p->readers);
    p->free = calloc(readers, sizeof(struct reader *));
    int rc = p->readers && p->free ? 0 : err_memory(e);
    while (rc == 0 && p->n < readers) {
        rc = reader_init(&p->readers[p->n], config->db.text, e);
        if (rc == 0) {
            p->free[p->n_free++] = &p->readers[p->n];
            p->n++;
        }
    }
    if (rc) {
        pool_free(p);
        return -1;
    }
    if (p->spare)
        p->readers[0].index.memory = SPARE_BYTES;
    uv_timer_init(loop, &p->timer);
    p->timer.data = p;
    /* libuv starts its threads with the first job and aborts where it cannot: better now than in
     * the middle of a request. */
    uv_queue_work(loop, &p->first_work, nothing, nothing_done);
    return 0;
}

static void lane_append(struct pool *p, struct lane *lane)
{
    lane->next = NULL;
    if (p->last)
        p->last->next = lane;
    else
        p->first = lane;
    p->last = lane;
}

static void lane_leave(struct pool *p, struct lane *lane)
{
    struct lane *before = NULL;
    for (struct lane *l = p->first; l != lane; l = l->next)
        before = l;
    *(before ? &before->next : &p->first) = lane->next;
    if (p->last == lane)
        p->last = before;
}

void pool_withdraw(struct pool *p, struct lane *lane, struct request *r)
{
    struct request *before = NULL;
    for (struct request *i = lane->first; i != r; i = i->next)
        before = i;
    *(before ? &before->next : &lane->first) = r->next;
    if (lane->last == r)
        lane->last = before;
    r->next = NULL;
    if (!lane->first)
        lane_leave(p, lane);
}

static uint64_t thread_ns(void)
{
    struct timespec t = {0};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void work(uv_work_t *w)
{
    struct request *r = w->data;
    uint64_t begun = thread_ns();
    request_run(r, r->pool->config, r->pool->methods);
    r->cpu_ns = thread_ns() - begun;
}

static void worked(uv_work_t *w, int status);

static bool may_start(const struct pool *p, const struct lane *lane)
{
    return p->n_free > (p->spare && lane->heavy ? 1 : 0);
}

/* The spare reader only when there is no other. */
static struct reader *take_reader(struct pool *p)
{
    unsigned last = p->n_free - 1;
    if (last && p->free[last] == &p->readers[0]) {
        p->free[last] = p->free[last - 1];
        p->free[last - 1] = &p->readers[0];
    }
    return p->free[--p->n_free];
}

static void start(struct pool *p, struct lane *lane, struct request *r)
{
    r->state = REQUEST_RUNNING;
    r->reader = take_reader(p);
    r->lane = lane;
    r->work.data = r;
    uv_queue_work(p->loop, &r->work, work, worked);
}

static void start_next(struct pool *p)
{
    struct lane *lane = p->first;
    while (lane && !may_start(p, lane))
        lane = lane->next;
    if (!lane)
        return;
    struct request *r = lane->first;
    pool_withdraw(p, lane, r);
    if (lane->first) {
        lane_leave(p, lane);
        lane_append(p, lane);
    }
    start(p, lane, r);
}

static void worked(uv_work_t *w, int status)
{
    (void)status;
    struct request *r = w->data;
    struct pool *p = r->pool;
    p->free[p->n_free++] = r->reader;
    r->reader = NULL;
    if (r->conn) /* else its lane is gone */
        r->lane->heavy = r->cpu_ns > HEAVY_NS;
    start_next(p);
    r->done(r);
}

/* --- waiting -----------------------------------------------------------------------------------
 */

static void overdue(uv_timer_t *timer);

static void wake_at(struct pool *p, uint64_t deadline_ns)
{
    uint64_t now = uv_hrtime();
    uint64_t ms = deadline_ns > now ? (deadline_ns - now) / 1000000u + 1 : 0;
    if (!uv_is_active((uv_handle_t *)&p->timer) || uv_timer_get_due_in(&p->timer) > ms)
        uv_timer_start(&p->timer, overdue, ms, 0);
}

/* Takes those out of the lane whose time is over, as a list. */
static struct request *take_overdue(struct pool *p, struct lane *lane, uint64_t now)
{
    struct request *late = NULL;
    for (struct request *r = lane->first, *next; r; r = next) {
        next = r->next;
        if (r->deadline_ns > now)
            continue;
        pool_withdraw(p, lane, r);
        r->state = REQUEST_RUNNING;
        r->next = late;
        late = r;
    }
    return late;
}

static void overdue(uv_timer_t *timer)
{
    struct pool *p = timer->data;
    uint64_t now = uv_hrtime();
    struct request *late = NULL;
    for (struct lane *lane = p->first, *next; lane; lane = next) {
        next = lane->next;
        for (struct request *r = take_overdue(p, lane, now), *after; r; r = after) {
            after = r->next;
            r->next = late;
            late = r;
        }
    }
    for (struct lane *lane = p->first; lane; lane = lane->next)
        for (struct request *r = lane->first; r; r = r->next)
            wake_at(p, r->deadline_ns);
    /* `done` may close connections and so change the lanes: only now. */
    for (struct request *next; late; late = next) {
        next = late->next;
        late->next = NULL;
        request_refuse(late, ERR_TIMEOUT, "the deadline passed while all readers were busy");
        late->done(late);
    }
}

void pool_submit(struct pool *p, struct lane *lane, struct request *r)
{
    r->pool = p;
    if (may_start(p, lane)) {
        start(p, lane, r);
        return;
    }
    r->state = REQUEST_QUEUED;
    r->next = NULL;
    if (lane->first) {
        lane->last->next = r;
    } else {
        lane->first = r;
        lane_append(p, lane);
    }
    lane->last = r;
    wake_at(p, r->deadline_ns);
}

unsigned pool_waiting(const struct pool *p)
{
    unsigned n = 0;
    for (const struct lane *lane = p->first; lane; lane = lane->next)
        for (const struct request *r = lane->first; r; r = r->next)
            n++;
    return n;
}

void pool_close(struct pool *p)
{
    uv_close((uv_handle_t *)&p->timer, NULL);
}

void pool_free(struct pool *p)
{
    for (unsigned i = 0; i < p->n; i++)
        reader_free(&p->readers[i]);
    free(p->readers);
    free(p->free);
}
