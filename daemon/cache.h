// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cache: answers made from the index as it stands, to be given again. It belongs to the loop: a
 * question that was answered before costs no worker.
 *
 * An answer counts for as long as nothing was committed (commit.h), which each question looks for.
 * Where that cannot be told (shards) nothing is kept. The user's synonyms and the asker's day are
 * part of the question. Kept are methods that look at nothing but the index; those asked longest
 * ago go first, above a bound of bytes.
 */
#ifndef KB_CACHE_H
#define KB_CACHE_H

#include "daemon/request.h"
#include "lib/commit.h"

struct cached;

struct cache {
    const struct config *config;
    size_t most; /* bytes; 0: nothing is kept */
    struct commit commit;
    uint64_t commits;                       /* how often another one was seen */
    struct cached **buckets, *first, *last; /* by use, the last one first */
    size_t n, bytes;
    uint64_t hits, misses;
};

/* As much as the configuration says; it must outlive the cache, or the next cache_configure. */
void cache_init(struct cache *c, const struct config *config);
void cache_free(struct cache *c);
void cache_clear(struct cache *c);
/* Forgets all, and what is being answered: it may have been asked of another configuration. */
void cache_configure(struct cache *c, const struct config *config);

/* Whether r->out holds the whole answer now. If not, r is marked with what the index was. */
bool cache_find(struct cache *c, struct request *r);
/* Keeps the answer of a request that cache_find had nothing for, if it still is the index's. */
void cache_keep(struct cache *c, const struct request *r);

#endif
