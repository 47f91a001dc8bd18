// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * subscribe: who wants to be told of commits, and noticing them.
 *
 * While there are subscribers the index's folder is watched. What the kernel tells is a hint only;
 * a stat of the file that every commit replaces decides, also now and then without a hint. A commit
 * is looked at by a reader like any request, once at a time; what comes meanwhile is one more look.
 *
 * A subscriber is told the newest state, once, and only when everything else it was sent is on its
 * way: never before the reply to `subscribe`, and whoever does not read has one notice waiting,
 * which is made when it is written. A saved query is told of when its matches changed.
 *
 * Belongs to the loop. Starts with the first subscriber and ends with the last.
 */
#ifndef KB_SUBSCRIBE_H
#define KB_SUBSCRIBE_H

#include "daemon/pool.h"

enum { SUBSCRIBE_SAVED = PROTO_MAX_SAVED };

struct news;

struct subscription { /* to a saved query */
    char *name;
    struct matches told, now; /* ids are its own */
};

struct subscriber { /* part of a connection; zeroed at first */
    struct subscriber *prev, *next;
    struct news *news; /* NULL: to nothing */
    bool index;        /* to indexChanged */
    bool due;          /* something may have to be told */
    char uuid[33];
    uint64_t told;
    struct subscription saved[SUBSCRIBE_SAVED];
    size_t n_saved;
    void (*wake)(struct subscriber *s); /* there is something due */
};

/* Does what an answered `subscribe` or `unsubscribe` asked for; *news is what all subscribers of a
 * loop share, NULL at first. -1: ERR_MEMORY, or too many saved queries. */
int subscriber_take(struct subscriber *s, struct news **news, struct request *r, struct err *e);
/* Appends the next notice; false: there is none. */
bool subscriber_next(struct subscriber *s, struct buf *out);
/* Has the saved queries looked at, since they may mean something else now; NULL is fine. */
void subscribers_look(struct news *news);
void subscriber_end(struct subscriber *s);

#endif
