// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * request: one message of a peer and its answer, from arrival to the last byte written. It has one
 * arena, one buffer and in each state one owner:
 *
 *   QUEUED   its lane in the pool; the loop may withdraw it
 *   RUNNING  a worker, which touches nothing but the request and its reader; the loop may only set
 *            `stop`, and take `conn` away when the connection died. Before a worker takes it, the
 *            pool's hand, from which only the pool takes it back, under its lock
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
struct lane;
struct request;

enum request_state { REQUEST_QUEUED, REQUEST_RUNNING, REQUEST_WRITING };

struct lsp;

/* What a connection said that its later messages build on; the loop's. Zeroed at first, emptied by
 * peer_free. */
struct peer {
    const char *mcp; /* the revision of MCP that was agreed on; NULL: none */
    struct lsp *lsp; /* since an LSP client's initialize */
    bool leaves;     /* said that it goes */
};
void peer_free(struct peer *p);

/* What a message asks for. */
enum request_kind {
    REQUEST_ASK,    /* method, params, or answer, job: for the pool */
    REQUEST_READY,  /* `out` holds the whole answer */
    REQUEST_CANCEL, /* of the request whose id is `target`; an answer is due only if `id` is set */
    REQUEST_IGNORE, /* a notification that means nothing to us */
    REQUEST_REFUSE  /* err says why */
};

/* Answers a request of MCP or LSP on a worker, as a reply_fn does. */
typedef int request_answer(
    struct request *r, struct answer *w, reply_fn *const methods[PROTO_COUNT], struct err *e);

struct request {
    uv_write_t write;
    char head[40]; /* LSP header, while it is written */
    size_t charge; /* bytes of memory it holds while it is written */
    struct pool *pool;
    struct request *next; /* in its lane, or at hand */
    struct conn *conn;    /* NULL: the peer is gone, drop the answer */
    enum request_state state;
    struct arena arena;
    struct buf out;
    struct slice id, target; /* JSON text; id is "null" until it is known to be valid */
    enum proto_method method;
    union proto_params params;
    request_answer *answer; /* what answers instead of the method's function, with its job */
    void *job;              /* in the arena */
    bool quiet;             /* gets no answer once it is cancelled */
    bool hidden; /* another process answers: it may read more (sandbox.h) or an upgraded index */
    day_t today;
    uint64_t taken_ns, deadline_ns;
    struct daemon_facts facts;
    struct reader *reader;
    const struct config *config; /* since it is RUNNING */
    struct lane *lane;           /* that it came from, while it runs and there is one */
    bool heavy;                  /* its lane was when it began */
    bool fresh;                  /* nothing of its process waited or ran when it was asked */
    uint64_t cost_ns;            /* the lane's then */
    bool followed;               /* more messages had come when it was read */
    uint64_t cpu_ns;             /* of the worker */
    atomic_int clock;            /* of its thread, a clockid_t; 0: not begun */
    uint64_t late_ns;            /* that clock when the request was found overdue; 0: it was not */
    char uuid[33]; /* of the index and the revision that were asked; revision 0: none */
    uint64_t revision;
    struct matches *matches; /* of `subscribe` */
    /* For the answers' cache (cache.h): what was asked, what the index was then, where the result
     * stands in `out`. */
    struct slice question;
    uint64_t commits;
    size_t result_begin, result_end;
    atomic_bool stop;
    const char *cancelled; /* the loop's word, why: the answer is -32800 whatever the worker made */
    struct err err;        /* code ERR_NONE: `out` holds the answer */
    void (*done)(struct request *r);
    /* It runs, well past its deadline: still to be done, but whoever waits has waited enough. */
    void (*overdue)(struct request *r);
};

/* NULL: out of memory. */
struct request *request_new(void);
void request_free(struct request *r);

/* Reads a message into *r. What it keeps is in its arena. */
enum request_kind request_read(struct request *r, struct peer *peer, struct slice message);
/* Decodes the parameters of a method of ours into *r: a request for the pool. */
int request_ask(struct request *r, enum proto_method m, const struct json *params);
/* Makes `answer` a request for the pool, with the usual deadline. */
void request_let(struct request *r, request_answer *answer, void *job);
/* The id as JSON text into the arena; it must be a string or an integer. */
int request_id(struct request *r, const struct json *v, struct slice *id);
/* The value of the method's parameter `name`, {NULL, 0} if it has none of that name. */
struct slice request_string(const struct request *r, const char *name);

/* On a worker: fills r->out with the whole answer, an error too. */
void request_run(
    struct request *r, const struct config *config, reply_fn *const methods[PROTO_COUNT]);
/* Makes r->err, or the one given, the answer. */
void request_refuse(struct request *r, enum err_code code, const char *text);

#endif
