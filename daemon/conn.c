// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/conn.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/sandbox.h"
#include "lib/log.h"

enum { HALF_MS = 10000, STALL_MS = 30000, TURN_NS = 200000, REST_MS = 2, REST_REFUSED_MS = 10 };

/* Whose connections they are. */
struct owner {
    struct share share;
    pid_t pid;
    unsigned conns;
};

struct conn {
    struct host *host;
    struct owner *owner; /* NULL: not known */
    struct conn *prev, *next;
    struct conn *next_due;
    uv_pipe_t pipe;
    uv_timer_t timer;
    unsigned handles; /* not yet closed */
    struct frame frame;
    struct lane lane;
    struct peer peer;
    struct subscriber subscriber;
    struct request *in_flight[PROTO_MAX_IN_FLIGHT];
    unsigned n_in_flight;
    size_t unread;                     /* memory of answers that the peer has not read */
    size_t seen_unread;                /* bytes of them when progress was last looked for */
    uint64_t progress_ms;              /* when the peer last read something, or owed nothing */
    uint64_t half_ms;                  /* since when half a message stands there; 0: none */
    bool reading, due, ended, closing; /* due: among those that wait for a turn */
};

void host_init(struct host *h, uv_loop_t *loop, struct pool *pool, const char *db)
{
    *h = (struct host){.loop = loop,
        .pool = pool,
        .db = db,
        .started_ns = uv_hrtime(),
        .half_ms = HALF_MS,
        .stall_ms = STALL_MS};
    uv_idle_init(loop, &h->next_turn);
    uv_timer_init(loop, &h->rest);
    h->next_turn.data = h->rest.data = h;
    stay_init(&h->stay, loop, pool);
}

void host_end(struct host *h)
{
    uv_close((uv_handle_t *)&h->next_turn, NULL);
    uv_close((uv_handle_t *)&h->rest, NULL);
    stay_end(&h->stay);
}

/* --- turns -------------------------------------------------------------------------------------
 */

static void turn(struct conn *c);

static void leave_turn(struct conn *c)
{
    struct host *h = c->host;
    struct conn *before = NULL;
    for (struct conn *i = h->first_due; i != c; i = i->next_due)
        before = i;
    *(before ? &before->next_due : &h->first_due) = c->next_due;
    if (h->last_due == c)
        h->last_due = before;
    c->due = false;
}

static void on_next_turn(uv_idle_t *idle);

static void on_rested(uv_timer_t *timer)
{
    struct host *h = timer->data;
    if (h->first_due)
        uv_idle_start(&h->next_turn, on_next_turn);
}

static void on_next_turn(uv_idle_t *idle)
{
    struct host *h = idle->data;
    uint64_t end = uv_hrtime() + TURN_NS, before = h->requests;
    h->taken = h->refused = 0;
    while (h->first_due && uv_hrtime() < end) {
        struct conn *c = h->first_due;
        leave_turn(c);
        turn(c);
    }
    /* What goes to the pool needs none: no connection has more than some in flight. */
    bool rest = h->first_due && h->requests != before && pool_in_use(h->pool);
    if (!h->first_due || rest)
        uv_idle_stop(idle);
    if (rest)
        uv_timer_start(&h->rest, on_rested, h->refused == h->taken ? REST_REFUSED_MS : REST_MS, 0);
}

/* Behind the others that have messages left: between the turns the loop looks for what is new. */
static void wait_turn(struct conn *c)
{
    struct host *h = c->host;
    if (c->closing || c->ended || c->due || !frame_rest(&c->frame).n)
        return;
    c->due = true;
    c->next_due = NULL;
    *(h->last_due ? &h->last_due->next_due : &h->first_due) = c;
    h->last_due = c;
    if (!uv_is_active((uv_handle_t *)&h->rest))
        uv_idle_start(&h->next_turn, on_next_turn);
}

/* --- the end -----------------------------------------------------------------------------------
 */

static void on_handle_closed(uv_handle_t *handle)
{
    struct conn *c = handle->data;
    if (--c->handles)
        return;
    frame_free(&c->frame);
    peer_free(&c->peer);
    free(c);
}

static void abandon(struct conn *c, struct request *r)
{
    if (r->state == REQUEST_QUEUED) {
        pool_withdraw(c->host->pool, &c->lane, r);
        request_free(r);
    } else {
        pool_disown(r);
        r->conn = NULL;
        atomic_store(&r->stop, true);
    }
}

static void conn_close(struct conn *c)
{
    if (c->closing)
        return;
    c->closing = true;
    if (c->due)
        leave_turn(c);
    while (c->n_in_flight)
        abandon(c, c->in_flight[--c->n_in_flight]);
    subscriber_end(&c->subscriber);
    if (c->owner && --c->owner->conns == 0)
        free(c->owner);
    struct host *h = c->host;
    *(c->prev ? &c->prev->next : &h->conns) = c->next;
    if (c->next)
        c->next->prev = c->prev;
    h->n_conns--;
    uv_close((uv_handle_t *)&c->pipe, on_handle_closed);
    uv_close((uv_handle_t *)&c->timer, on_handle_closed);
    if (h->changed)
        h->changed(h);
}

/* --- replies out -------------------------------------------------------------------------------
 */

static void on_written(uv_write_t *write, int status)
{
    struct request *r = write->data;
    struct conn *c = r->conn;
    c->unread -= r->charge;
    request_free(r);
    if (status < 0)
        conn_close(c);
    wait_turn(c); /* many are written at once */
    turn(c);
}

static size_t write_now(struct conn *c, const uv_buf_t *bufs, unsigned n)
{
    if (c->unread)
        return 0;
    int written = uv_try_write((uv_stream_t *)&c->pipe, bufs, n);
    return written > 0 ? (size_t)written : 0;
}

/* Writes r->out, then frees r. */
static void put(struct conn *c, struct request *r)
{
    r->state = REQUEST_WRITING;
    r->conn = c;
    int head = 0;
    if (c->frame.style == FRAME_HEADERS)
        head = snprintf(r->head, sizeof r->head, "Content-Length: %zu\r\n\r\n", r->out.n);
    else
        buf_char(&r->out, '\n');
    if (r->out.failed) {
        request_free(r);
        conn_close(c);
        return;
    }
    arena_free(&r->arena);
    uv_buf_t bufs[] = {{.base = r->head, .len = (size_t)head}, {.base = r->out.p, .len = r->out.n}};
    size_t written = write_now(c, bufs, 2);
    for (int i = 0; i < 2; i++) {
        size_t done = written < bufs[i].len ? written : bufs[i].len;
        bufs[i].base += done;
        bufs[i].len -= done;
        written -= done;
    }
    if (bufs[0].len + bufs[1].len == 0) {
        stay_answered(&c->host->stay);
        request_free(r);
        return;
    }
    r->write.data = r;
    r->charge = sizeof *r + r->out.cap;
    if (!c->unread)
        c->progress_ms = uv_now(c->host->loop);
    c->unread += r->charge;
    if (uv_write(&r->write, (uv_stream_t *)&c->pipe, bufs, 2, on_written)) {
        c->unread -= r->charge;
        request_free(r);
        conn_close(c);
    }
}

/* The bucket of a time: how many binary digits its microseconds have. */
static unsigned latency_bucket(uint64_t ns)
{
    unsigned i = 0;
    for (uint64_t us = ns / 1000u; us && i < FACTS_LATENCIES - 1; us >>= 1)
        i++;
    return i;
}

static void tell_log(const struct host *h, const struct request *r, uint64_t ns)
{
    const struct config *config = h->pool->config;
    const char *method = r->answer ? "an editor or agent" : proto_rows[r->method].name;
    if (err_is_fault(r->err.code))
        log_line(LOG_WARNING, "%s: %s", method, r->err.text);
    if (!log_tells(LOG_DETAIL))
        return;
    struct slice query = request_string(r, "query");
    bool tell = config && config_is_yes(&config->log_queries) && query.p;
    log_line(LOG_DETAIL, "%s: %llu us, %zu bytes%s%s%s%.*s", method,
        (unsigned long long)(ns / 1000u), r->out.n, r->err.code ? ", " : "",
        r->err.code ? err_reason(r->err.code) : "", tell ? ": " : "", tell ? (int)query.n : 0,
        tell ? query.p : "");
}

static void reply(struct conn *c, struct request *r)
{
    c->host->requests++;
    if (r->taken_ns) {
        uint64_t ns = uv_hrtime() - r->taken_ns;
        c->host->latencies[latency_bucket(ns)]++;
        tell_log(c->host, r, ns);
    }
    put(c, r);
}

static void leave_flight(struct conn *c, const struct request *r)
{
    unsigned i = 0;
    while (c->in_flight[i] != r)
        i++;
    c->in_flight[i] = c->in_flight[--c->n_in_flight];
}

static void on_news(struct subscriber *s)
{
    turn((struct conn *)(void *)((char *)s - offsetof(struct conn, subscriber)));
}

/* What the answers of these two are about is the loop's to do. */
static void subscribe(struct conn *c, struct request *r)
{
    struct err e = {.at = ERR_NOWHERE};
    if (r->method != PROTO_subscribe && r->method != PROTO_unsubscribe)
        return;
    c->subscriber.wake = on_news;
    if (subscriber_take(&c->subscriber, &c->host->news, r, &e)) {
        r->err = e;
        request_refuse(r, ERR_NONE, NULL);
    }
}

/* Only while nothing else waits to be read. */
static void tell(struct conn *c)
{
    while (c->subscriber.due && !c->closing && !c->ended && !c->unread) {
        struct request *r = request_new();
        if (!r) {
            conn_close(c);
        } else if (subscriber_next(&c->subscriber, &r->out)) {
            put(c, r);
        } else {
            request_free(r);
        }
    }
}

/* What was made of it, unless it was cancelled meanwhile. */
static void answer(struct conn *c, struct request *r)
{
    if (r->cancelled && r->quiet) {
        request_free(r);
        return;
    }
    if (r->cancelled)
        request_refuse(r, ERR_CANCELLED, r->cancelled);
    else if (r->err.code == ERR_NONE)
        subscribe(c, r);
    reply(c, r);
}

static void on_done(struct request *r)
{
    struct conn *c = r->conn;
    if (!c) {
        request_free(r);
        return;
    }
    leave_flight(c, r);
    if (r->hidden && !r->cancelled) {
        request_free(r);
        conn_close(c);
        return;
    }
    if (c->host->cache)
        cache_keep(c->host->cache, r);
    answer(c, r);
    turn(c);
}

/* The worker comes to its end yet: nobody waits for it any more. */
static void let_go(struct conn *c, struct request *r, enum err_code why, const char *text)
{
    struct request *told = request_new();
    if (!told)
        return;
    told->id = arena_dup(&told->arena, r->id);
    if (!told->id.p) {
        request_free(told);
        return;
    }
    told->taken_ns = r->taken_ns;
    told->method = r->method;
    told->answer = r->answer;
    told->cancelled = r->cancelled;
    told->quiet = r->quiet;
    leave_flight(c, r);
    abandon(c, r);
    request_refuse(told, why, text);
    answer(c, told);
}

static void on_overdue(struct request *r)
{
    struct conn *c = r->conn;
    if (!c)
        return;
    let_go(c, r, ERR_TIMEOUT, "the deadline passed, and the answer does not come to an end");
    turn(c);
}

/* --- requests in -------------------------------------------------------------------------------
 */

static struct request *find_in_flight(const struct conn *c, struct slice id)
{
    for (unsigned i = 0; i < c->n_in_flight; i++)
        if (slice_eq(c->in_flight[i]->id, id))
            return c->in_flight[i];
    return NULL;
}

static void cancel(struct conn *c, struct request *r, const char *why)
{
    if (r->cancelled)
        return;
    r->cancelled = why;
    if (r->state == REQUEST_QUEUED) {
        pool_withdraw(c->host->pool, &c->lane, r);
        leave_flight(c, r);
        answer(c, r);
    } else {
        atomic_store(&r->stop, true);
        let_go(c, r, ERR_CANCELLED, why);
    }
}

static void supersede(struct conn *c, struct slice session)
{
    for (unsigned i = c->n_in_flight; session.p && !c->closing && i-- > 0;)
        if (slice_eq(request_string(c->in_flight[i], "session"), session))
            cancel(c, c->in_flight[i], "superseded by a newer search of its session");
}

static struct daemon_facts facts_of(const struct host *h)
{
    struct daemon_facts f = {.db = h->db,
        .sandbox = sandbox_name(),
        .started_ns = h->started_ns,
        .requests = h->requests,
        .connections = h->n_conns,
        .readers = h->pool->n,
        .queue = pool_waiting(h->pool),
        .cached = h->cache && h->cache->most};
    memcpy(f.latencies, h->latencies, sizeof f.latencies);
    if (f.cached) {
        f.cache_entries = h->cache->n;
        f.cache_bytes = h->cache->bytes;
        f.cache_hits = h->cache->hits;
        f.cache_misses = h->cache->misses;
    }
    return f;
}

static void put_faults(struct request *r)
{
    struct log_kept *kept = arena_alloc(&r->arena, LOG_KEPT * sizeof *kept);
    r->facts.n_faults = kept ? log_last(kept) : 0;
    r->facts.faults = kept;
}

static void ask(struct conn *c, struct request *r)
{
    struct host *h = c->host;
    if (find_in_flight(c, r->id)) {
        request_refuse(r, ERR_REQUEST, "a request with this id is still unanswered");
        reply(c, r);
        return;
    }
    supersede(c, request_string(r, "session"));
    if (c->closing) {
        request_free(r);
        return;
    }
    if (h->cache && cache_find(h->cache, r)) {
        reply(c, r);
        return;
    }
    r->conn = c;
    r->done = on_done;
    r->overdue = on_overdue;
    r->facts = facts_of(h);
    if (r->method == PROTO_status && !r->answer)
        put_faults(r);
    r->followed = h->first_due || frame_rest(&c->frame).n;
    c->in_flight[c->n_in_flight++] = r;
    pool_submit(h->pool, &c->lane, r);
}

static void cancel_by_id(struct conn *c, struct request *r)
{
    struct request *target = find_in_flight(c, r->target);
    if (target)
        cancel(c, target, "cancelled");
    if (c->closing || slice_is(r->id, "null")) {
        request_free(r);
        return;
    }
    reply_begin(&r->out, r->id);
    buf_str(&r->out, "null");
    reply_end(&r->out);
    reply(c, r);
}

static void take(struct conn *c, struct slice message)
{
    struct request *r = request_new();
    c->host->taken++;
    if (!r) {
        log_line(LOG_ERROR, "out of memory: a connection is closed");
        conn_close(c);
        return;
    }
    switch (request_read(r, &c->peer, message)) {
    case REQUEST_ASK:
        ask(c, r);
        break;
    case REQUEST_READY:
        reply(c, r);
        break;
    case REQUEST_CANCEL:
        cancel_by_id(c, r);
        break;
    case REQUEST_IGNORE:
        request_free(r);
        break;
    case REQUEST_REFUSE:
        c->host->refused++;
        /* An error without the id would leave its asker waiting. */
        c->ended |= r->err.code == ERR_MEMORY && slice_is(r->id, "null");
        request_refuse(r, ERR_NONE, NULL);
        reply(c, r);
        break;
    }
    c->ended |= c->peer.leaves;
}

/* One error, and nothing is read any more. */
static void refuse_stream(struct conn *c, const struct err *e)
{
    c->ended = true;
    struct request *r = request_new();
    if (!r) {
        conn_close(c);
        return;
    }
    r->err = *e;
    request_refuse(r, ERR_NONE, NULL);
    reply(c, r);
}

static bool has_room(const struct conn *c)
{
    return c->n_in_flight < PROTO_MAX_IN_FLIGHT && c->unread < PROTO_MAX_UNREAD_BYTES;
}

static void take_messages(struct conn *c, size_t most)
{
    struct slice message;
    struct err e = {.at = ERR_NOWHERE};
    int rc = 1;
    while (most && !c->closing && !c->ended && has_room(c) &&
           (rc = frame_next(&c->frame, &message, &e)) == 1) {
        most--;
        c->half_ms = 0;
        take(c, message);
    }
    if (rc < 0)
        refuse_stream(c, &e);
    if (!most && has_room(c))
        wait_turn(c);
}

/* Closed, not only shut for sending. */
static bool peer_is_gone(const struct conn *c)
{
    uv_os_fd_t fd;
    if (uv_fileno((const uv_handle_t *)&c->pipe, &fd))
        return true;
    struct pollfd p = {.fd = fd};
    return poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR));
}

/* The end of what the peer sends. A last line needs no newline. */
static void take_rest(struct conn *c)
{
    struct slice rest = frame_rest(&c->frame);
    struct err e = {.at = ERR_NOWHERE};
    c->ended = true;
    if (!rest.n)
        return;
    if (c->frame.style == FRAME_LINES) {
        take(c, rest);
        return;
    }
    err_set(&e, ERR_REQUEST, "the stream ended in the middle of a request");
    refuse_stream(c, &e);
}

/* --- the loop's side ---------------------------------------------------------------------------
 */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    (void)suggested;
    struct conn *c = handle->data;
    *buf = uv_buf_init(c->host->chunk, sizeof c->host->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct conn *c = stream->data;
    struct err e = {.at = ERR_NOWHERE};
    stay_asked(&c->host->stay);
    if (n < 0 && (n != UV_EOF || peer_is_gone(c)))
        conn_close(c);
    else if (n < 0)
        take_rest(c);
    else if (frame_feed(&c->frame, slice_of(buf->base, (size_t)n), &e))
        refuse_stream(c, &e);
    turn(c);
}

static void look_for_progress(struct conn *c)
{
    size_t unread = uv_stream_get_write_queue_size((uv_stream_t *)&c->pipe);
    if (unread != c->seen_unread)
        c->progress_ms = uv_now(c->host->loop);
    c->seen_unread = unread;
}

static void on_timer(uv_timer_t *timer)
{
    struct conn *c = timer->data;
    struct host *h = c->host;
    uint64_t now = uv_now(h->loop);
    look_for_progress(c);
    if (c->unread && now - c->progress_ms >= h->stall_ms) {
        log_line(
            LOG_WARNING, "a client has read nothing for %" PRIu64 " s: closed", h->stall_ms / 1000);
        conn_close(c);
    } else if (c->half_ms && now - c->half_ms >= h->half_ms) {
        struct err e = {.at = ERR_NOWHERE};
        err_set(&e, ERR_TIMEOUT, "half a request for %" PRIu64 " s: the connection is closed",
            h->half_ms / 1000);
        refuse_stream(c, &e);
    }
    turn(c);
}

/* A fraction of the time, so that the end comes soon after it is due. */
static void watch(struct conn *c)
{
    enum { LOOKS = 8 };
    uint64_t wait = UINT64_MAX;
    if (c->unread)
        wait = c->host->stall_ms / LOOKS;
    if (c->half_ms && c->host->half_ms / LOOKS < wait)
        wait = c->host->half_ms / LOOKS;
    if (wait == UINT64_MAX)
        uv_timer_stop(&c->timer);
    else if (!uv_is_active((uv_handle_t *)&c->timer))
        uv_timer_start(&c->timer, on_timer, wait + 1, 0);
}

/* Ends every callback: brings the connection into the one state that fits. */
static void turn(struct conn *c)
{
    if (!c->due)
        take_messages(c, 1);
    tell(c);
    if (c->closing)
        return;
    if (c->ended && !c->n_in_flight && !c->unread) {
        conn_close(c);
        return;
    }
    bool read = !c->ended && !c->due && has_room(c);
    if (read && !c->reading && uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read)) {
        conn_close(c);
        return;
    }
    if (!read && c->reading)
        uv_read_stop((uv_stream_t *)&c->pipe);
    c->reading = read;
    if (!read || !frame_rest(&c->frame).n)
        c->half_ms = 0;
    else if (!c->half_ms)
        c->half_ms = uv_now(c->host->loop);
    watch(c);
}

/* The same for all connections of a process. Without it each is a process of its own. */
static struct owner *owner_of(const struct host *h, int fd)
{
    struct ucred peer = {0};
    socklen_t n = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) || peer.pid <= 0)
        return NULL;
    struct owner *owner = NULL;
    for (struct conn *c = h->conns; c && !owner; c = c->next)
        if (c->owner && c->owner->pid == peer.pid)
            owner = c->owner;
    if (!owner && (owner = calloc(1, sizeof *owner)))
        owner->pid = peer.pid;
    if (owner)
        owner->conns++;
    return owner;
}

int conn_open(struct host *h, int fd, struct err *e)
{
    struct conn *c = calloc(1, sizeof *c);
    if (!c) {
        close(fd);
        return err_memory(e);
    }
    c->host = h;
    c->owner = owner_of(h, fd);
    c->lane.share = c->owner ? &c->owner->share : NULL;
    c->handles = 2;
    frame_init(&c->frame, PROTO_MAX_REQUEST_BYTES);
    uv_pipe_init(h->loop, &c->pipe, 0);
    uv_timer_init(h->loop, &c->timer);
    c->pipe.data = c->timer.data = c;
    c->next = h->conns;
    if (c->next)
        c->next->prev = c;
    h->conns = c;
    h->n_conns++;
    int rc = uv_pipe_open(&c->pipe, fd);
    if (rc) {
        close(fd);
        conn_close(c);
        return err_set(e, ERR_IO, "a connection cannot be taken: %s", uv_strerror(rc));
    }
    if (h->changed)
        h->changed(h);
    turn(c);
    return 0;
}

/* What the peer sent before the end was decided, as far as a request may be large. */
static void take_arrived(struct conn *c)
{
    struct err e = {.at = ERR_NOWHERE};
    uv_os_fd_t fd;
    size_t all = 0;
    ssize_t n;
    if (uv_fileno((const uv_handle_t *)&c->pipe, &fd))
        return;
    take_messages(c, SIZE_MAX);
    while (!c->closing && !c->ended && has_room(c) && all < PROTO_MAX_REQUEST_BYTES &&
           (n = recv(fd, c->host->chunk, sizeof c->host->chunk, MSG_DONTWAIT)) > 0) {
        all += (size_t)n;
        if (frame_feed(&c->frame, slice_of(c->host->chunk, (size_t)n), &e))
            refuse_stream(c, &e);
        take_messages(c, SIZE_MAX);
    }
}

void host_drain(struct host *h)
{
    for (struct conn *c = h->conns, *next; c; c = next) {
        next = c->next;
        take_arrived(c);
        if (c->closing)
            continue;
        c->ended = true;
        turn(c);
    }
}

void host_close(struct host *h)
{
    while (h->conns)
        conn_close(h->conns);
}
