// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper: what the daemon is to others. It holds the socket, its lock and the pid that a service
 * manager knows, does nothing with what comes in, and has one child that does all the work, in the
 * sandbox (sandbox.h). The child ends
 *
 *   by itself, or told to by a signal that the keeper hands on: so does the keeper, alike, unless
 *                                   somebody connected while it ended idle
 *   before it minded any signal, and a signal waited for it: the keeper ends well
 *   because it outgrew its sandbox: the next one begins at once; who connects meanwhile waits in
 *                                   the socket's queue
 *   because an upgrade made the index one that only the program installed since can read: so does
 *                                   the keeper, and whoever asks next starts that program
 *   by a fault of its own, or killed: the next one begins. After too many faults of late, and
 *                           where it had not come as far as to answer, the index is taken to be
 *                           damaged: the next one is wary of it, and says so until there is another
 *                           commit (index_reader_shun)
 *
 * When the keeper dies the child does.
 */
#ifndef KB_KEEPER_H
#define KB_KEEPER_H

#include <signal.h>
#include <stdbool.h>

enum { KEEPER_AGAIN = 200 }; /* the child's exit status when it wants a successor */

struct keeper_child {
    int ready;     /* to be closed with a byte written when it can be asked */
    bool settled;  /* it must not want a successor, there were enough */
    bool wary;     /* it is not to read the index as it stands */
    sigset_t mask; /* to be set once TERM, INT and HUP are minded: until then they wait */
};

struct keeper {
    sigset_t mask; /* as keeper_hold_signals gave it */
    /* In the child: works, and returns its exit status. */
    int (*work)(void *ctx, const struct keeper_child *c);
    void (*ready)(void *ctx);    /* the first child can be asked */
    void (*stopping)(void *ctx); /* the end was asked for: before the child is told */
    /* The child has ended idle: nobody can come any more; false: somebody waits to be accepted. */
    bool (*withdraw)(void *ctx);
    void *ctx;
};

/* To be called before the socket is made, which would stay behind a signal else: from here on
 * signals wait until the keeper or its child minds them. Gives the mask as it was. */
void keeper_hold_signals(sigset_t *before);
/* Returns the exit status of the daemon. Only while there is one thread. */
int keeper_run(const struct keeper *k);

/* Whether the program was replaced since it began, as an upgrade does. */
bool keeper_is_replaced(void);
/* In the child, from any thread: the index is one that only the replaced program can read. */
void keeper_give_way(void);
bool keeper_gives_way(void);

#endif
