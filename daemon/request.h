// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request: one message of a peer and its answer, from arrival to the last byte written. It has one
 * arena, one buffer and in each state one owner:
 *
 *   QUEUED   its lane in the pool; the loop may withdraw it
 *   RUNNING  a worker, which touches nothing but the request and its reader; the loop may only set
 *            `stop`, and take `conn` away when the connection died
 *   WRITING  the connection's write; memory goes in its callback
 *
 * A message that is refused goes straight to WRITING.
 */
#ifndef KB_REQUEST_H
#define KB_REQUEST_H

#include <uv.h>

#include "daemon/reply.h"

struct conn;
struct pool;

enum request_state { REQUEST_QUEUED, REQUEST_RUNNING, REQUEST_WRITING };

/* What a message asks for. */
enum request_kind {
    REQUEST_ASK,    /* method, params: for the pool */
    REQUEST_CANCEL, /* of the request whose id is `target`; an answer is due only if `id` is set */
    REQUEST_IGNORE, /* a notification that means nothing to us */
    REQUEST_REFUSE  /* err says why */
};

struct request {
    uv_work_t work;
    uv_write_t write;
    char head[40]; /* LSP header, while it is written */
    size_t charge; /* bytes of memory it holds while it is written */
    struct pool *pool;
    struct request *next; /* in its lane */
    struct conn *conn;    /* NULL: the peer is gone, drop the answer */
    enum request_state state;
    struct arena arena;
    struct buf out;
    struct slice id, target; /* JSON text; id is "null" until it is known to be valid */
    enum proto_method method;
    union proto_params params;
    day_t today;
    uint64_t deadline_ns;
    struct daemon_facts facts;
    struct reader *reader;
    atomic_bool stop;
    const char *cancelled; /* the loop's word, why: the answer is -32800 whatever the worker made */
    struct err err;        /* code ERR_NONE: `out` holds the answer */
    void (*done)(struct request *r);
};

/* NULL: out of memory. */
struct request *request_new(void);
void request_free(struct request *r);

/* Reads a message into *r. What it keeps is in its arena. */
enum request_kind request_read(struct request *r, struct slice message);
/* The value of the method's parameter `name`, {NULL, 0} if it has none of that name. */
struct slice request_string(const struct request *r, const char *name);

/* On a worker: fills r->out with the whole answer, an error too. */
void request_run(
    struct request *r, const struct config *config, reply_fn *const methods[PROTO_COUNT]);
/* Makes r->err, or the one given, the answer. */
void request_refuse(struct request *r, enum err_code code, const char *text);

#endif
