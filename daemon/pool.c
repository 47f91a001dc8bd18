// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/pool.h"

#include <stdlib.h>
#include <time.h>

#include "lib/heap.h"
#include "lib/log.h"
#include "lib/shards.h"

enum {
    HEAVY_NS = 3 * 1000 * 1000, /* ten of the usual ones */
    LIGHT_PART = 4,
    LIGHT_MOST_NS = 8 * 1000 * 1000,
    SPARE_BYTES = 1 << 20,
    WATCH_MS = 500,
    LOW_TURN = 4,
    USED_NS = 1000 * 1000 * 1000
};
static const uint64_t LATE_NS = 1000000000u, STUCK_NS = 5000000000u;

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
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->freed, NULL);
    p->spare = readers > 1;
    readers += p->spare;
    p->readers = calloc(readers, sizeof *p->readers);
    p->free = calloc(readers, sizeof(struct reader *));
    p->places = p->spare ? 2 * readers + 1 : readers;
    p->running = calloc(p->places, sizeof(struct request *));
    p->errands = calloc(p->places, sizeof *p->errands);
    int rc = p->readers && p->free && p->running && p->errands ? 0 : err_memory(e);
    while (rc == 0 && p->n < readers) {
        struct reader *r = &p->readers[p->n];
        rc = reader_init(r, config->db.text, e) || reader_shards(r, config, e) ? -1 : 0;
        if (rc == 0) {
            shards_share(r->index.shards, p->readers[0].index.shards);
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
    for (unsigned i = 0; i < p->places; i++) {
        p->errands[i] =
            (struct errand){.work = {.data = &p->errands[i]}, .pool = p, .next = p->first_errand};
        p->first_errand = &p->errands[i];
    }
    uv_timer_init(loop, &p->timer);
    uv_timer_init(loop, &p->watch);
    p->timer.data = p->watch.data = p;
    /* libuv starts its threads with the first job and aborts where it cannot: better now than in
     * the middle of a request. */
    uv_queue_work(loop, &p->first_work, nothing, nothing_done);
    return 0;
}

void pool_shun(struct pool *p, unsigned seconds)
{
    for (unsigned i = 0; i < p->n; i++)
        index_reader_shun(&p->readers[i].index, seconds);
}

/* At the end of its rank. */
static void lane_enter(struct pool *p, struct lane *lane)
{
    struct lane *before = lane->rank == LANE_BUSY ? p->last : NULL;
    for (struct lane *l = before ? NULL : p->first; l && l->rank >= lane->rank; l = l->next)
        before = l;
    struct lane **link = before ? &before->next : &p->first;
    lane->next = *link;
    *link = lane;
    if (!lane->next)
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

static void hold(struct lane *lane, int more)
{
    if (lane->share)
        lane->share->held += (unsigned)more;
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
    p->n_waiting--;
    hold(lane, -1);
    if (!lane->first)
        lane_leave(p, lane);
}

void pool_disown(struct request *r)
{
    if (r->lane) {
        r->lane->running--;
        hold(r->lane, -1);
    }
    r->lane = NULL;
}

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t = {0};
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Under the lock. The spare reader only when there is no other. */
static struct reader *take_reader(struct pool *p)
{
    while (!p->n_free)
        pthread_cond_wait(&p->freed, &p->lock);
    unsigned last = p->n_free - 1;
    if (last && p->free[last] == &p->readers[0]) {
        p->free[last] = p->free[last - 1];
        p->free[last - 1] = &p->readers[0];
    }
    return p->free[--p->n_free];
}

static void give_reader(struct pool *p, struct reader *r)
{
    p->free[p->n_free++] = r;
    pthread_cond_signal(&p->freed);
}

/* With the reader that it has. */
static void run(struct request *r)
{
    clockid_t clock;
    if (pthread_getcpuclockid(pthread_self(), &clock) == 0)
        atomic_store(&r->clock, clock);
    uint64_t begun = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    request_run(r, r->config, r->pool->methods);
    r->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - begun;
    pthread_mutex_lock(&r->pool->lock);
    give_reader(r->pool, r->reader);
    pthread_mutex_unlock(&r->pool->lock);
    r->reader = NULL;
}

void pool_run(struct request *r)
{
    pthread_mutex_lock(&r->pool->lock);
    r->reader = take_reader(r->pool);
    pthread_mutex_unlock(&r->pool->lock);
    run(r);
}

static void work(uv_work_t *w)
{
    struct errand *errand = w->data;
    struct pool *p = errand->pool;
    pthread_mutex_lock(&p->lock);
    struct reader *reader = take_reader(p);
    struct request *r = errand->ran = p->hand;
    if (r) {
        p->hand = r->next;
        r->reader = reader;
    } else {
        give_reader(p, reader);
    }
    pthread_mutex_unlock(&p->lock);
    if (r)
        run(r);
}

static void worked(uv_work_t *w, int status)
{
    (void)status;
    struct errand *errand = w->data;
    struct pool *p = errand->pool;
    errand->next = p->first_errand;
    p->first_errand = errand;
    if (errand->ran)
        pool_ran(errand->ran);
}

/* By itself, and beside those that run: where these take long, a lane is light that took a few ms
 * more, for what was not read yet. */
static bool is_heavy(const struct pool *p, const struct lane *lane)
{
    uint64_t most = HEAVY_NS;
    for (unsigned i = 0; i < p->n_running; i++)
        if (p->running[i]->cost_ns / LIGHT_PART > most)
            most = p->running[i]->cost_ns / LIGHT_PART;
    return lane->cost_ns > (most < LIGHT_MOST_NS ? most : LIGHT_MOST_NS);
}

/* By how many heavy ones run, not by how many readers are free: where light ones always wait, two
 * are never free at once. */
static bool may_start(const struct pool *p, const struct lane *lane, enum lane_rank rank)
{
    bool kept = p->spare && p->n_heavy + 1 == p->n && is_heavy(p, lane);
    unsigned most = p->spare && rank != LANE_FRESH ? p->places - 1 : p->places;
    return p->n_running < most && !kept;
}

/* --- those that run ----------------------------------------------------------------------------
 */

/* By the time of its thread: a process that was stopped, or a slow disk, is no fault. */
static void look_after(struct request *r)
{
    int clock = atomic_load(&r->clock);
    if (!r->late_ns) {
        r->late_ns = clock ? clock_ns(clock) + 1 : 0;
        if (r->overdue)
            r->overdue(r);
    } else if (clock_ns(clock) > r->late_ns + STUCK_NS) {
        log_line(LOG_ERROR, "an answer does not end: the index is damaged, or this is a fault");
        abort();
    }
}

static void on_watch(uv_timer_t *timer)
{
    struct pool *p = timer->data;
    uint64_t now = uv_hrtime();
    for (unsigned i = 0; i < p->n_running; i++)
        if (now > p->running[i]->deadline_ns + LATE_NS)
            look_after(p->running[i]);
    if (pool_in_use(p))
        return;
    uv_timer_stop(timer);
    for (unsigned i = 0; i < p->n; i++)
        reader_rest(&p->readers[i]);
    heap_give_back();
}

static void add_running(struct pool *p, struct request *r)
{
    p->running[p->n_running++] = r;
    if (!uv_is_active((uv_handle_t *)&p->watch))
        uv_timer_start(&p->watch, on_watch, WATCH_MS, WATCH_MS);
}

static void wake_at(struct pool *p, uint64_t deadline_ns);

/* Before the first that is not `fresh`, or at the end. */
static void put_at_hand(struct pool *p, struct request *r)
{
    pthread_mutex_lock(&p->lock);
    struct request **link = &p->hand;
    while (*link && ((*link)->fresh || !r->fresh))
        link = &(*link)->next;
    r->next = *link;
    *link = r;
    pthread_mutex_unlock(&p->lock);
}

static void give_to_worker(struct pool *p, struct request *r)
{
    put_at_hand(p, r);
    if (p->n_running > p->n)
        wake_at(p, r->deadline_ns);
    struct errand *errand = p->first_errand;
    if (!errand)
        return; /* as many are under way as may run: some of what was taken back at hand */
    p->first_errand = errand->next;
    uv_queue_work(p->loop, &errand->work, work, worked);
}

static void start(struct pool *p, struct lane *lane, struct request *r, enum lane_rank rank)
{
    r->fresh = rank == LANE_FRESH;
    r->heavy = is_heavy(p, lane);
    r->cost_ns = lane->cost_ns;
    add_running(p, r);
    r->state = REQUEST_RUNNING;
    r->config = p->config;
    r->lane = lane;
    lane->running++;
    hold(lane, 1);
    p->n_heavy += r->heavy;
    if (p->keeps && p->n_running == 1 && !r->heavy && !r->followed) {
        p->alone = r;
        uv_stop(p->loop);
        return;
    }
    struct request *before = pool_alone(p);
    if (before)
        give_to_worker(p, before);
    give_to_worker(p, r);
}

struct request *pool_alone(struct pool *p)
{
    struct request *r = p->alone;
    p->alone = NULL;
    return r;
}

static struct lane *next_lane(struct pool *p)
{
    unsigned turn = p->turns + 1;
    bool low = turn % LOW_TURN == 0, lowest = turn % (2 * LOW_TURN) == 0;
    struct lane *first = NULL, *lower = NULL;
    for (struct lane *l = p->first; l && (!first || low); l = l->next) {
        if (!may_start(p, l, l->rank))
            continue;
        if (!first)
            first = l;
        else if (l->rank < first->rank && (!lower || (lowest && l->rank < lower->rank)))
            lower = l;
    }
    return lower ? lower : first;
}

static bool start_next(struct pool *p)
{
    struct lane *lane = next_lane(p);
    if (!lane)
        return false;
    p->turns++;
    struct request *r = lane->first;
    enum lane_rank rank = lane->rank;
    pool_withdraw(p, lane, r);
    if (lane->first) {
        lane_leave(p, lane);
        lane->rank = LANE_BUSY;
        lane_enter(p, lane);
    }
    start(p, lane, r, rank);
    return true;
}

static void start_all(struct pool *p)
{
    while (start_next(p)) {
    }
}

static void leave_running(struct pool *p, const struct request *r)
{
    unsigned i = 0;
    while (p->running[i] != r)
        i++;
    p->running[i] = p->running[--p->n_running];
    p->n_heavy -= r->heavy;
}

void pool_ran(struct request *r)
{
    struct pool *p = r->pool;
    leave_running(p, r);
    p->used_ns = uv_hrtime();
    if (r->lane)
        r->lane->cost_ns = r->cpu_ns > r->lane->cost_ns / 2 ? r->cpu_ns : r->lane->cost_ns / 2;
    pool_disown(r);
    start_all(p);
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

/* The same of those at hand. */
static struct request *take_from_hand(struct pool *p, uint64_t now)
{
    struct request *late = NULL, *r;
    pthread_mutex_lock(&p->lock);
    for (struct request **link = &p->hand; (r = *link);) {
        if (r->deadline_ns > now) {
            wake_at(p, r->deadline_ns);
            link = &r->next;
            continue;
        }
        *link = r->next;
        r->next = late;
        late = r;
    }
    pthread_mutex_unlock(&p->lock);
    for (r = late; r; r = r->next) {
        leave_running(p, r);
        pool_disown(r);
    }
    return late;
}

static void overdue(uv_timer_t *timer)
{
    struct pool *p = timer->data;
    uint64_t now = uv_hrtime();
    struct request *late = take_from_hand(p, now);
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
    start_all(p);
}

static enum lane_rank rank_of(const struct lane *lane)
{
    if (lane->running)
        return LANE_BUSY;
    return lane->share && lane->share->held ? LANE_OTHER : LANE_FRESH;
}

unsigned pool_waiting(const struct pool *p)
{
    return p->n_waiting + (p->n_running > p->n ? p->n_running - p->n : 0);
}

bool pool_in_use(const struct pool *p)
{
    return p->n_running || (p->used_ns && uv_hrtime() - p->used_ns < USED_NS);
}

void pool_submit(struct pool *p, struct lane *lane, struct request *r)
{
    r->pool = p;
    enum lane_rank rank = rank_of(lane);
    if (!lane->first && may_start(p, lane, rank)) {
        start(p, lane, r, rank);
        return;
    }
    r->state = REQUEST_QUEUED;
    r->next = NULL;
    if (lane->first) {
        lane->last->next = r;
    } else {
        lane->first = r;
        lane->rank = rank;
        lane_enter(p, lane);
    }
    hold(lane, 1);
    lane->last = r;
    p->n_waiting++;
    wake_at(p, r->deadline_ns);
}

void pool_close(struct pool *p)
{
    uv_close((uv_handle_t *)&p->timer, NULL);
    uv_close((uv_handle_t *)&p->watch, NULL);
}

void pool_free(struct pool *p)
{
    for (unsigned i = 0; i < p->n; i++)
        reader_free(&p->readers[i]);
    free(p->readers);
    free(p->free);
    free(p->running);
    free(p->errands);
    pthread_cond_destroy(&p->freed);
    pthread_mutex_destroy(&p->lock);
}
