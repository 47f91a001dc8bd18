// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pool: N readers of the index and, where N is above 1, a spare one, and the requests that wait for
 * one. A request runs as soon as a reader is free; the others wait in their connection's lane, and
 * the lanes are served in turn, so that a connection that asks much holds up itself first. Lanes of
 * which nothing waited or ran come before those, and first those of a process of which nothing did,
 * but for one turn in four: who asks one thing at a time does not wait for a crowd that asks
 * without end, nor for one process with a crowd of connections. Lanes whose last requests took
 * long, of themselves and beside those that run (3 to 8 ms), get all readers but one: light ones
 * need not wait behind heavy ones. Belongs to the loop.
 *
 * Where there is a spare reader, as many requests more as there are readers are at hand for a
 * worker that comes to its end: it goes on without the loop, which it would have to wake and be
 * woken by. What comes from a process of which nothing waited or ran is first there, too.
 *
 * A request that is the only one, that no other message follows and that is not from a lane whose
 * last one took long, need not go to another thread: where the pool keeps such, the loop is stopped
 * (uv_stop) for pool_alone.
 *
 * A second after the last request what they have freed goes back to the kernel, and the readers'
 * room for a search with it: while they come one after the other it would be fetched again at once.
 *
 * A request whose deadline passes before it begins is answered then. Workers mind their own. One
 * that does not, as where a damaged table leads in a circle, is told of a second later (`overdue`),
 * and when it has used five seconds more of a core the process aborts, for another one (keeper.h).
 */
#ifndef KB_POOL_H
#define KB_POOL_H

#include <pthread.h>

#include "daemon/request.h"

struct share {     /* of one process; zeroed at first */
    unsigned held; /* its requests that wait or run */
};

enum lane_rank {
    LANE_BUSY,  /* something of it waited or ran already */
    LANE_OTHER, /* nothing of it, but something of another lane of its process */
    LANE_FRESH  /* nothing of its process */
};

struct errand { /* of a worker: to run what is first at hand */
    uv_work_t work;
    struct pool *pool;
    struct request *ran; /* NULL: nothing was left */
    struct errand *next; /* among the free ones */
};

struct lane { /* part of a connection; zeroed at first */
    struct request *first, *last;
    struct lane *next;
    struct share *share; /* NULL: it is not known whose it is */
    unsigned running;
    uint64_t cost_ns;    /* on a processor, of its last request, or half of the cost before */
    enum lane_rank rank; /* when the first of what it holds was asked */
};

struct pool {
    uv_loop_t *loop;
    uv_timer_t timer; /* at the earliest deadline of those that wait */
    uv_timer_t watch; /* looks after those that run */
    uv_work_t first_work;
    const struct config *config; /* for requests that begin; they keep theirs */
    reply_fn *const *methods;
    bool spare;             /* there is one */
    struct reader *readers; /* the first is the spare one, which keeps little */
    unsigned n, n_waiting;
    unsigned places;                       /* of those that run or are at hand */
    struct errand *errands, *first_errand; /* one for each of these; those that are free */
    pthread_mutex_t lock;
    pthread_cond_t freed;
    struct reader **free;        /* under `lock`; the one used last on top: it is warm */
    unsigned n_free;             /* under `lock` */
    struct request *hand;        /* under `lock`, in the order in which they begin */
    struct request **running;    /* and those at hand, in any order */
    unsigned n_running, n_heavy; /* n_heavy: of lanes that were heavy */
    struct lane *first, *last;   /* that hold requests, by rank, then in the order of their turn */
    unsigned turns;
    uint64_t used_ns; /* when a request ended last */
    bool keeps;       /* requests that are alone, for who runs the loop (leaders.h) */
    struct request *alone;
};

/* `config` and `methods` must outlive the pool. ERR_MEMORY and what reader_init says. */
/* `readers` counts without the spare one. */
int pool_init(struct pool *p, uv_loop_t *loop, unsigned readers, const struct config *config,
    reply_fn *const methods[PROTO_COUNT], struct err *e);
/* No reader reads the index as it stands for so long; before the first request. */
void pool_shun(struct pool *p, unsigned seconds);
/* Calls r->done once, later: never from here. */
void pool_submit(struct pool *p, struct lane *lane, struct request *r);
/* Takes a QUEUED request back: it is the caller's again, and done will not be called. */
void pool_withdraw(struct pool *p, struct lane *lane, struct request *r);
/* How many requests there are no readers for yet. */
unsigned pool_waiting(const struct pool *p);
/* A request runs, or has within the last second: somebody is there who waits for more than a look.
 */
bool pool_in_use(const struct pool *p);
/* What is to be run by whoever runs the loop, before it goes on; NULL: nothing. Then, on any
 * thread, pool_run, and pool_ran where the loop is. */
struct request *pool_alone(struct pool *p);
void pool_run(struct request *r);
void pool_ran(struct request *r);
/* A request that runs, and whose lane may go before it ends. */
void pool_disown(struct request *r);
/* Closes the timer, so that the loop can end. */
void pool_close(struct pool *p);
/* After the loop has ended. */
void pool_free(struct pool *p);

#endif
