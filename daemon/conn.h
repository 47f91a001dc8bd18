// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conn: one peer. Frames in, replies out, in the order in which they get ready.
 *
 * Happy path: bytes come in, each message becomes a request, the pool answers it, the answer is
 * written at once where the socket takes it, the rest by the loop.
 *
 * What goes wrong, and what happens then:
 *   a message that is no request       one error, the connection goes on
 *   a stream that cannot go on         one error, then the end (not JSON, over the size limit)
 *   half a message for 10 s            the same
 *   many messages at once              one, then the next of another that has many; while a reader
 *                                      is in use, a rest between, a longer one where all are
 *                                      refused
 *   too much asked or not read         no more is read until the peer has read its answers
 *   no progress in reading for 30 s    closed
 *   the peer shuts its sending side    every answer is still delivered, then the end
 *   the peer is gone                   what waits is dropped, what runs is stopped and dropped
 *   no memory for a request            closed; the others go on
 *
 * After each callback exactly one of these holds: it reads; it is paused, because something is in
 * flight or unwritten whose end will call back, or it waits for its turn; it is closing.
 */
#ifndef KB_CONN_H
#define KB_CONN_H

#include "daemon/cache.h"
#include "daemon/stay.h"
#include "daemon/subscribe.h"
#include "lib/frame.h"

/* What all connections share. Zeroed but for what host_init sets; the limits may be changed. */
struct host {
    uv_loop_t *loop;
    struct pool *pool;
    struct conn *conns;
    uv_idle_t next_turn;               /* while any has messages left */
    uv_timer_t rest;                   /* between their turns, while a reader is in use */
    struct conn *first_due, *last_due; /* these */
    struct stay stay;
    struct news *news;   /* NULL while nobody subscribes */
    struct cache *cache; /* NULL: answers are not kept */
    const char *db;
    uint64_t started_ns, requests;
    unsigned taken, refused;             /* messages of the last turn, and those refused at sight */
    uint64_t latencies[FACTS_LATENCIES]; /* of the requests (reply.h) */
    unsigned n_conns;
    uint64_t half_ms, stall_ms;
    void (*changed)(struct host *h); /* a connection came or went; may be NULL */
    void *data;                      /* the server's */
    char chunk[16384];               /* what was read last; used up before the next read */
};

void host_init(struct host *h, uv_loop_t *loop, struct pool *pool, const char *db);
/* Closes what is left when the last connection has ended. */
void host_end(struct host *h);
/* Takes over a connected socket, also when it fails (then it is closed). */
int conn_open(struct host *h, int fd, struct err *e);
/* What has arrived is answered, nothing more is read, then each connection ends. */
void host_drain(struct host *h);
/* Closes all connections now. */
void host_close(struct host *h);

#endif
