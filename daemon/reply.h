// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * reply: results as JSON, by the worker that made them, straight into the request's buffer. The
 * members and their order are the REPLY_ rows of proto.def. Knows no socket and no loop.
 */
#ifndef KB_REPLY_H
#define KB_REPLY_H

#include "daemon/answer/answer.h"
#include "lib/log.h"

enum { FACTS_LATENCIES = 32 };

/* What the daemon knows of itself, taken by the loop when the request came in. */
struct daemon_facts {
    const char *db;
    const char *sandbox; /* sandbox_name() */
    uint64_t started_ns; /* CLOCK_MONOTONIC */
    uint64_t requests;   /* answered so far */
    unsigned connections, readers, queue;
    /* Answers by the time from request to answer: [i] those below 2^i microseconds and not below
     * half of that, the last one all that took longer. */
    uint64_t latencies[FACTS_LATENCIES];
    const struct log_kept *faults; /* the newest first; for `status` */
    unsigned n_faults;
    bool cached; /* answers are kept (cache.h): */
    uint64_t cache_entries, cache_bytes, cache_hits, cache_misses;
};

/*
 * Answers one method: appends its result object to `out`, of which nothing counts when it returns
 * -1. Runs on a worker; what it was given is its own until it returns.
 */
typedef int reply_fn(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e);

extern reply_fn *const reply_methods[PROTO_COUNT];

/* The two halves around a result. `id` is JSON text. */
void reply_begin(struct buf *out, struct slice id);
void reply_end(struct buf *out);
/* A whole error message. Codes that are not for the wire become `internal`. */
void reply_error(struct buf *out, struct slice id, const struct err *e);

#endif
