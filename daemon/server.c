// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "daemon/conn.h"
#include "daemon/keeper.h"
#include "daemon/leaders.h"
#include "daemon/sandbox.h"
#include "lib/log.h"

enum {
    ACCEPT_AT_ONCE = 8, /* those that are connected are looked at between */
    ACCEPT_BESIDE = 4,  /* in a millisecond, while a reader is in use */
    REST_MS = 1,
    RETRY_MS = 1000,
    FINISH_MS = 2000,
    LINGER_MS = 500,
    WARY_S = 60,
    THREADS_MAX = 64,
    FDS_OWN = 13,       /* standard streams, loop, its timer, listener, lock */
    FDS_PER_READER = 9, /* tables of an index, and room for its successor */
    STACK_BYTES = 8 << 20
};

static const int heeded[] = {SIGTERM, SIGINT, SIGHUP};

struct server {
    uv_loop_t loop;
    struct listener *listener;
    struct pool pool;
    struct leaders leaders;
    struct host host;
    struct cache cache;
    uv_poll_t accept;
    uv_signal_t signals[sizeof heeded / sizeof *heeded];
    uv_timer_t idle, retry, end;
    uv_check_t outgrown;
    const struct daemon_options *options;
    struct settings *settings, *retired;
    unsigned max_conns;
    unsigned accepted; /* in that millisecond */
    uint64_t accepted_ms;
    bool asked_in; /* somebody waits to be accepted */
    bool stopping, finished, again;
};

/* --- the end -----------------------------------------------------------------------------------
 */

/* What still runs has been told to stop; the process does not wait for it longer than this. */
static void on_linger(uv_timer_t *timer)
{
    const struct server *s = timer->data;
    log_line(LOG_WARNING, "a search did not stop in time");
    _exit(s->again ? KEEPER_AGAIN : 0);
}

/* Whoever runs the loop: the first thread, which has the signals, may be at a request. */
static void heed_no_more(void)
{
    for (size_t i = 0; i < sizeof heeded / sizeof *heeded; i++)
        signal(heeded[i], SIG_IGN);
}

/* Without its handler a signal would be the end of this process, and look like a fault. The other
 * threads have been without signals all along. */
static void close_signals(struct server *s)
{
    sigset_t all;
    sigemptyset(&all);
    for (size_t i = 0; i < sizeof heeded / sizeof *heeded; i++)
        sigaddset(&all, heeded[i]);
    sigprocmask(SIG_BLOCK, &all, NULL);
    for (size_t i = 0; i < sizeof s->signals / sizeof *s->signals; i++)
        uv_close((uv_handle_t *)&s->signals[i], NULL);
}

static void finish(struct server *s)
{
    if (s->finished)
        return;
    s->finished = true;
    heed_no_more();
    pool_close(&s->pool);
    host_end(&s->host);
    for (size_t i = 0; i < sizeof s->signals / sizeof *s->signals; i++)
        uv_unref((uv_handle_t *)&s->signals[i]);
    uv_close((uv_handle_t *)&s->outgrown, NULL);
    uv_close((uv_handle_t *)&s->idle, NULL);
    uv_close((uv_handle_t *)&s->retry, NULL);
    uv_timer_start(&s->end, on_linger, LINGER_MS, 0);
    uv_unref((uv_handle_t *)&s->end);
}

static void on_end(uv_timer_t *timer)
{
    struct server *s = timer->data;
    log_line(LOG_WARNING, "%u connections are closed with answers undelivered", s->host.n_conns);
    host_close(&s->host);
}

static bool accept_some(struct server *s, unsigned most);
static void take_in(struct server *s);
static void on_change(struct host *h);

/* Who is not yet accepted stays in the queue, for the process after this one. */
static void stop(struct server *s, const char *why)
{
    s->stopping = true;
    log_line(LOG_INFO, "%s: finishing", why);
    uv_close((uv_handle_t *)&s->accept, NULL);
    listener_close(s->listener);
    uv_timer_start(&s->end, on_end, FINISH_MS, 0);
    host_drain(&s->host);
    if (!s->host.n_conns)
        finish(s);
}

/* A folder that was not there at the start: the next process reads it. */
static bool is_hidden(const char *path)
{
    int fd = path ? open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
    if (fd >= 0)
        close(fd);
    return path && fd < 0 && errno == EACCES && sandbox_hides(AT_FDCWD, path);
}

static void reload(struct server *s)
{
    struct err e = {0};
    struct settings *newer = settings_read(s->options, s->settings, &e);
    if (!newer) {
        if (!is_hidden(s->settings->config.file_place))
            log_line(LOG_ERROR, "the configuration stays as it was: %s", e.text);
        return;
    }
    s->settings->next = s->retired;
    s->retired = s->settings;
    s->settings = newer;
    settings_log(newer, s->options);
    s->pool.config = &newer->config;
    cache_configure(&s->cache, &newer->config);
    s->host.db = newer->config.db.text;
    subscribers_look(s->host.news);
    on_change(&s->host);
    log_line(LOG_INFO, "%s is in force",
        newer->config.file.text ? newer->config.file.text : "no configuration");
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct server *s = signal->data;
    if (number == SIGHUP && !s->finished) {
        reload(s);
    } else if (!s->stopping) {
        for (int i = 0; i < LISTENER_BACKLOG && accept_some(s, ACCEPT_AT_ONCE);
             i += ACCEPT_AT_ONCE) {
        }
        stop(s, strsignal(number));
    }
}

static void on_turn(uv_check_t *check)
{
    struct server *s = check->data;
    if (s->asked_in && !s->stopping)
        take_in(s);
    s->asked_in = false;
    if (s->retired && !s->pool.n_running) {
        settings_free(s->retired);
        s->retired = NULL;
    }
    if (s->stopping || !(sandbox_outgrown() || keeper_gives_way()))
        return;
    s->again = true;
    stop(s, sandbox_outgrown() ? "the index names folders that this process may not read"
                               : "the index is for the program that replaced this one");
}

/* --- connections -------------------------------------------------------------------------------
 */

static void refuse(int fd, unsigned most)
{
    struct err e = {.at = ERR_NOWHERE};
    struct buf out = {0};
    err_set(&e, ERR_OVERLOADED, "%u connections are open, and no more are taken", most);
    reply_error(&out, SLICE_LIT("null"), &e);
    buf_char(&out, '\n');
    if (!out.failed)
        (void)!send(fd, out.p, out.n, MSG_NOSIGNAL | MSG_DONTWAIT);
    buf_free(&out);
    close(fd);
}

static void welcome(struct server *s, int fd)
{
    struct err e = {.at = ERR_NOWHERE};
    if (!peer_is_owner(fd)) {
        log_line(LOG_WARNING, "a connection of another user was refused");
        close(fd);
    } else if (s->host.n_conns >= s->max_conns) {
        refuse(fd, s->max_conns);
    } else if (conn_open(&s->host, fd, &e)) {
        log_line(LOG_ERROR, "%s", e.text);
    }
}

static void on_accept(uv_poll_t *poll, int status, int events);

static void on_retry(uv_timer_t *timer)
{
    struct server *s = timer->data;
    if (!s->stopping)
        uv_poll_start(&s->accept, UV_READABLE, on_accept);
}

/* Whether there may be more. Where all places are taken, only the first was there when the loop
 * looked for who hung up: those behind it may have come into a place that is free by now. */
static bool accept_some(struct server *s, unsigned most)
{
    for (unsigned i = 0; i < most; i++) {
        if (i && s->host.n_conns >= s->max_conns)
            return true;
        int fd = accept4(s->listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            s->accepted++;
            welcome(s, fd);
            continue;
        }
        if (errno == EINTR || errno == ECONNABORTED)
            continue;
        if (errno != EAGAIN) {
            log_line(LOG_ERROR, "cannot accept: %s", strerror(errno));
            uv_poll_stop(&s->accept);
            uv_timer_start(&s->retry, on_retry, RETRY_MS, 0);
        }
        return false;
    }
    return true;
}

static void take_in(struct server *s)
{
    uint64_t now = uv_now(&s->loop);
    if (now != s->accepted_ms)
        s->accepted = 0;
    s->accepted_ms = now;
    if (!pool_in_use(&s->pool)) {
        accept_some(s, ACCEPT_AT_ONCE);
    } else if (s->accepted < ACCEPT_BESIDE) {
        accept_some(s, ACCEPT_BESIDE - s->accepted);
    } else {
        uv_poll_stop(&s->accept);
        uv_timer_start(&s->retry, on_retry, REST_MS, 0);
    }
}

/* Behind all that was seen with it: who hung up before makes room for who comes. */
static void on_accept(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    struct server *s = poll->data;
    s->asked_in = true;
}

static void on_idle(uv_timer_t *timer)
{
    struct server *s = timer->data;
    accept_some(s, ACCEPT_AT_ONCE);
    if (!s->host.n_conns)
        stop(s, "idle");
}

static void on_change(struct host *h)
{
    struct server *s = h->data;
    unsigned idle_exit = config_number(&s->settings->config.idle_exit, 0);
    if (s->stopping && !h->n_conns)
        finish(s);
    else if (idle_exit && !s->stopping && !h->n_conns)
        uv_timer_start(&s->idle, on_idle, idle_exit * UINT64_C(1000), 0);
    else if (!s->finished)
        uv_timer_stop(&s->idle);
}

/* --- the beginning -----------------------------------------------------------------------------
 */

/* Fewer readers when file descriptors are few, so that some connections remain. */
static void share_descriptors(struct server *s, unsigned *threads)
{
    struct rlimit files = {0};
    getrlimit(RLIMIT_NOFILE, &files);
    rlim_t want = FDS_OWN + THREADS_MAX * FDS_PER_READER + PROTO_MAX_CONNECTIONS;
    if (files.rlim_cur < want) {
        files.rlim_cur = files.rlim_max < want ? files.rlim_max : want;
        setrlimit(RLIMIT_NOFILE, &files);
        getrlimit(RLIMIT_NOFILE, &files);
    }
    unsigned all = files.rlim_cur < want ? (unsigned)files.rlim_cur : (unsigned)want;
    while (*threads > 1 && FDS_OWN + (*threads + 1) * FDS_PER_READER + *threads > all)
        --*threads;
    unsigned own = FDS_OWN + (*threads + 1) * FDS_PER_READER;
    s->max_conns = all > own ? all - own : 1;
    if (s->max_conns > PROTO_MAX_CONNECTIONS)
        s->max_conns = PROTO_MAX_CONNECTIONS;
}

/* libuv reads both when it starts its first thread. */
static void prepare_threads(unsigned threads)
{
    char text[12];
    snprintf(text, sizeof text, "%u", threads);
    setenv("UV_THREADPOOL_SIZE", text, 1);
    struct rlimit stack;
    if (getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur != STACK_BYTES &&
        (stack.rlim_max == RLIM_INFINITY || stack.rlim_max >= STACK_BYTES)) {
        stack.rlim_cur = STACK_BYTES;
        setrlimit(RLIMIT_STACK, &stack);
    }
}

static int start(struct server *s, unsigned threads, struct err *e)
{
    const struct config *config = &s->settings->config;
    if (uv_loop_init(&s->loop))
        return err_set(e, ERR_INTERNAL, "no event loop can be made");
    if (pool_init(&s->pool, &s->loop, threads, config, reply_methods, e)) {
        uv_loop_close(&s->loop);
        return -1;
    }
    if (leaders_init(&s->leaders, &s->pool, e))
        return -1;
    host_init(&s->host, &s->loop, &s->pool, config->db.text);
    cache_init(&s->cache, config);
    s->host.cache = &s->cache;
    s->host.changed = on_change;
    s->host.data = s;
    for (size_t i = 0; i < sizeof heeded / sizeof *heeded; i++) {
        uv_signal_init(&s->loop, &s->signals[i]);
        s->signals[i].data = s;
        uv_signal_start(&s->signals[i], on_signal, heeded[i]);
    }
    uv_check_init(&s->loop, &s->outgrown);
    s->outgrown.data = s;
    uv_check_start(&s->outgrown, on_turn);
    uv_timer_init(&s->loop, &s->idle);
    uv_timer_init(&s->loop, &s->retry);
    uv_timer_init(&s->loop, &s->end);
    s->idle.data = s->retry.data = s->end.data = s;
    uv_poll_init(&s->loop, &s->accept, s->listener->fd);
    s->accept.data = s;
    int rc = uv_poll_start(&s->accept, UV_READABLE, on_accept);
    return rc ? err_set(e, ERR_INTERNAL, "cannot wait for connections: %s", uv_strerror(rc)) : 0;
}

int server_run(struct listener *l, const struct server_options *o, struct err *e)
{
    struct server *s = calloc(1, sizeof *s);
    if (!s)
        return err_memory(e);
    s->listener = l;
    s->options = o->options;
    s->settings = o->settings;
    unsigned threads = config_number(&s->settings->config.threads, uv_available_parallelism());
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    share_descriptors(s, &threads);
    prepare_threads(threads + (threads > 1));
    if (start(s, threads, e)) {
        free(s);
        return -1;
    }
    if (o->wary)
        pool_shun(&s->pool, WARY_S);
    on_change(&s->host);
    log_line(LOG_INFO, "listening on %s with %u readers of %s", l->path, threads, s->host.db);
    o->ready(o->ctx);
    leaders_run(&s->leaders);
    close_signals(s);
    uv_close((uv_handle_t *)&s->end, NULL);
    uv_run(&s->loop, UV_RUN_DEFAULT);
    pool_free(&s->pool);
    cache_free(&s->cache);
    uv_loop_close(&s->loop);
    settings_free(s->retired);
    settings_free(s->settings);
    int again = s->again;
    free(s);
    return again;
}
