// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shards: an index in parts, on this machine or others, over Xapian's remote backend. Each part is
 * opened by itself, with its own time limits, and those that live are searched as one: matches are
 * ranked with the figures of all, so that weights are those of one index.
 *
 *   a part does not answer   its mirrors are tried in order; else it is down: the others go on, who
 *                            answers tells (shards_down), and it is tried again half a second
 *                            later, then at most every two
 *   a mirror answers         the part's own place is tried again every two seconds
 *   it is not the i-th of n  parts of the same notes (kbindex --shard i/n): as if it were down
 *   none answers             ERR_NO_INDEX
 *
 * A place that did not answer in time, or failed to open, is left at once by all readers; one of
 * them tries it again, within a quarter of the time its request has left for a step, so that the
 * request is answered. Belongs to one reader, as its connections do.
 */
#ifndef KB_SHARDS_H
#define KB_SHARDS_H

#include <stdatomic.h>

#include "lib/config.h"
#include "lib/xapian-c.h"

/* What any reader saw of a place last. */
struct place_seen {
    _Atomic uint64_t until_ns; /* it failed, and is not tried before; 0: it is well */
    _Atomic uint64_t pause_ns; /* the last one */
    atomic_bool silent;        /* it failed for want of an answer in time */
};

struct shard {
    const char *name;
    const char *const *places; /* its own, then its mirrors */
    size_t n_places, at;       /* at: which one is open */
    struct xdb *db;            /* NULL: down */
    char *folder;              /* local: the folder that was opened */
    struct place_seen *seen;   /* of each place */
    uint64_t part, parts;      /* of the notes, as kbindex --shard made it */
    uint64_t retry_ns, revision;
    char why[sizeof((struct err *)0)->text]; /* it is down */
};

struct shards {
    struct arena arena;
    struct shard *v;
    size_t n, live;
    unsigned timeout_ms, connect_ms;
    uint64_t deadline_ns; /* of the request; 0: none */
    bool all_required;
    char uuid[33]; /* of the names and places: the same whoever is down */
};

/* NULL: the configuration names none. */
int shards_new(struct shards **s, const struct config *c, struct err *e);
void shards_free(struct shards *s); /* NULL is fine */
/* Of the same configuration, which `s` has to outlive: what one sees of a place, both know. */
void shards_share(struct shards *s, const struct shards *with);
/* Brings each part to its newest commit. *joined is made anew when another set of parts lives.
 * *revision: the sum of those of the living. ERR_BUSY: one is down and all are required. */
int shards_refresh(struct shards *s, struct xdb **joined, uint64_t *revision, struct err *e);
/* The names of those that are down; 0 when all live. */
size_t shards_down(const struct shards *s, struct arena *a, struct slice **names);

#endif
