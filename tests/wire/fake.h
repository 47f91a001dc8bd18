// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fake: connections and pool as the daemon has them, in a child process, on one end of a
 * socketpair, with methods that need no index. What `search` does depends on its query:
 *
 *   block    runs until it is stopped or its deadline passes
 *   gate     writes a byte to the gate and runs until one comes back, or it is stopped
 *   thread   a gate that answers with "first": whether the process' first thread ran it
 *   big      answers with 200,000 bytes
 *   io modified memory damaged   fails so
 *   at       fails at byte 3 of the query
 *   others   {"query":Q,"limit":N}
 */
#ifndef KB_TESTS_FAKE_H
#define KB_TESTS_FAKE_H

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/conn.h"
#include "daemon/leaders.h"

struct fake {
    pid_t child;
    int fd;   /* the client's end */
    int gate; /* gives a byte for each search that came to it; write one to let it through */
};

struct fake_limits {
    unsigned readers;
    uint64_t half_ms, stall_ms; /* 0: as in the daemon */
};

static int fake_gate;

/* Until stopped, or a byte comes from the gate (gate < 0: never), or the deadline passes. */
static int fake_wait(struct answer *w, int gate, struct err *e)
{
    if (gate >= 0 && write(gate, "", 1) != 1)
        return err_set(e, ERR_IO, "the fake has no gate");
    while (!atomic_load(w->reader->stop)) {
        struct pollfd p = {.fd = gate, .events = POLLIN};
        char byte;
        if (poll(&p, 1, 1) == 1 && read(gate, &byte, 1) == 1)
            return 0;
        if (uv_hrtime() > w->reader->deadline_ns)
            return err_set(e, ERR_TIMEOUT, "the fake ran out of time");
    }
    return err_set(e, ERR_CANCELLED, "the fake was stopped");
}

static int fake_fail(struct slice query, struct err *e)
{
    static const struct {
        const char *query;
        enum err_code code;
    } rows[] = {{"io", ERR_IO}, {"modified", ERR_MODIFIED}, {"memory", ERR_MEMORY},
        {"damaged", ERR_DAMAGED}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (slice_is(query, rows[i].query))
            return err_set(e, rows[i].code, "the fake failed");
    return slice_is(query, "at") ? err_at(e, ERR_QUERY, 3, "the fake did not understand") : 0;
}

static int fake_search(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    (void)facts;
    struct slice query = p->search.query;
    bool tells = slice_is(query, "thread");
    if (fake_fail(query, e) || (slice_is(query, "block") && fake_wait(w, -1, e)) ||
        ((tells || slice_is(query, "gate")) && fake_wait(w, fake_gate, e)))
        return -1;
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    json_key_string(&j, "query", query);
    json_key_int(&j, "limit", p->search.limit);
    if (slice_is(query, "big")) {
        char *text = arena_alloc(w->arena, 200000);
        if (!text)
            return err_memory(e);
        memset(text, 'x', 200000);
        json_key_string(&j, "text", slice_of(text, 200000));
    }
    if (tells)
        json_key_bool(&j, "first", gettid() == getpid());
    json_close(&j, '}');
    return 0;
}

static int fake_facts(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    (void)w;
    (void)p;
    (void)e;
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    json_key_int(&j, "connections", facts->connections);
    json_key_int(&j, "readers", facts->readers);
    json_close(&j, '}');
    return 0;
}

static reply_fn *const fake_methods[PROTO_COUNT] = {
#define METHOD(c, wire, help) [PROTO_##c] = PROTO_##c == PROTO_search ? fake_search : fake_facts,
    PROTO_METHODS(METHOD)
#undef METHOD
};

static void fake_ended(struct host *h)
{
    if (h->n_conns)
        return;
    pool_close(h->pool);
    host_end(h);
}

/* In the child: until the one connection has ended. 0 if everything was freed. */
static int fake_serve(int fd, struct fake_limits limits)
{
    static const struct config config = {.db = {"/nonexistent/kbsearch", "test"}};
    struct err e = {0};
    uv_loop_t loop;
    struct pool pool;
    struct host host;
    struct leaders leaders;
    signal(SIGPIPE, SIG_IGN);
    char threads[12];
    snprintf(threads, sizeof threads, "%u", limits.readers);
    setenv("UV_THREADPOOL_SIZE", threads, 1);
    uv_loop_init(&loop);
    if (pool_init(&pool, &loop, limits.readers, &config, fake_methods, &e) ||
        leaders_init(&leaders, &pool, &e))
        return 1;
    host_init(&host, &loop, &pool, config.db.text);
    host.half_ms = limits.half_ms ? limits.half_ms : host.half_ms;
    host.stall_ms = limits.stall_ms ? limits.stall_ms : host.stall_ms;
    if (conn_open(&host, fd, &e))
        return 2;
    host.changed = fake_ended;
    leaders_run(&leaders);
    uv_run(&loop, UV_RUN_DEFAULT);
    pool_free(&pool);
    int rc = uv_loop_close(&loop) ? 3 : 0;
    uv_library_shutdown();
    return rc;
}

static inline bool fake_open(struct fake *f, struct fake_limits limits)
{
    int ends[2], gate[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) ||
        socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, gate))
        return false;
    f->child = fork();
    if (f->child == 0) {
        close(ends[0]);
        close(gate[1]);
        fake_gate = gate[0];
        exit(fake_serve(ends[1], limits));
    }
    close(ends[1]);
    close(gate[0]);
    f->fd = ends[0];
    f->gate = gate[1];
    return f->child > 0;
}

/* Closes our end and waits. The child's exit code; 0 is good. */
static inline int fake_close(struct fake *f)
{
    int status = -1;
    close(f->fd);
    waitpid(f->child, &status, 0);
    close(f->gate);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

#endif
