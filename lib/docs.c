// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/docs.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "lib/seek.h"

enum {
    BLOCK_BITS = 15,
    LOOK_EVERY = 1 << 15 /* documents between two looks whether to go on (xdb_look) */
};

struct docs_block {
    uint32_t first; /* document that is not before it */
    bool whole;     /* its documents are without gaps, from its first docid on */
};

struct shared {
    struct docs docs;
    struct xdb_info of;
    unsigned users; /* under the lock */
    struct shared *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct shared *all; /* under the lock */

/* Docids come in blocks (days, schema.h) that are mostly without gaps: the place of a block's first
 * document tells that of the others, or where it is at most. */
static size_t block_of(docid_t id)
{
    return (id - 1) >> BLOCK_BITS;
}

static void place_blocks(struct docs *d)
{
    size_t block = 0;
    const docid_t *ids = d->ids;
    for (size_t i = 0; i < d->n; i++)
        for (size_t own = block_of(ids[i]); block <= own; block++)
            d->blocks[block].first = (uint32_t)i;
    d->n_blocks = block;
    for (size_t i = 0; i < block; i++) {
        size_t first = d->blocks[i].first,
               last = (i + 1 < block ? d->blocks[i + 1].first : d->n) - 1;
        d->blocks[i].whole = block_of(ids[first]) == i && block_of(ids[last]) == i &&
                             ids[last] - (i << BLOCK_BITS) == last - first + 1;
    }
}

/* SIZE_MAX: there is no such document. */
static size_t place_of(const struct docs *d, docid_t id)
{
    size_t block = block_of(id);
    if (block >= d->n_blocks)
        return SIZE_MAX;
    const docid_t *ids = d->ids;
    size_t low = d->blocks[block].first, high = low + ((id - 1) & ((1u << BLOCK_BITS) - 1));
    high = high < d->n ? high : d->n - 1;
    if (ids[high] == id)
        return high;
    low = seek_from(ids, high, low, id);
    return ids[low] == id ? low : SIZE_MAX;
}

/* How many of n docids lie in the block of the first. */
static size_t in_block(const uint32_t *at, size_t n, size_t block)
{
    size_t i = 1;
    while (i < n && block_of(at[i]) == block)
        i++;
    return i;
}

static int gone(struct err *e)
{
    return err_set(e, ERR_BUSY, "the revision that was read is gone");
}

int docs_places(const struct docs *d, struct xdb *db, uint32_t *at, size_t n, struct err *e)
{
    for (size_t i = 0, k, looked = 0; i < n; i += k) {
        size_t block = block_of(at[i]), place;
        if (i / LOOK_EVERY != looked && xdb_look(db, e))
            return -1;
        looked = i / LOOK_EVERY;
        k = in_block(at + i, n - i, block);
        if (block + 1 < d->n_blocks && d->blocks[block].whole) {
            uint32_t less = (uint32_t)(block << BLOCK_BITS) + 1 - d->blocks[block].first;
            if (at[i + k - 1] - less >= d->blocks[block + 1].first)
                return gone(e);
            for (size_t j = i; j < i + k; j++)
                at[j] -= less;
            continue;
        }
        for (size_t j = i; j < i + k; j++) {
            if ((place = place_of(d, at[j])) == SIZE_MAX)
                return gone(e);
            at[j] = (uint32_t)place;
        }
    }
    return 0;
}

/* --- sharing ------------------------------------------------------------------------------- */

static void shared_free(struct shared *s)
{
    free(s->docs.ids);
    free(s->docs.lengths);
    free(s->docs.blocks);
    free(s);
}

static struct shared *read_docs(struct xdb *db, const struct xdb_info *info, struct err *e)
{
    struct shared *s = calloc(1, sizeof *s);
    if (!s) {
        err_memory(e);
        return NULL;
    }
    s->of = *info;
    s->users = 1;
    struct docs *d = &s->docs;
    size_t n = (size_t)info->documents;
    d->ids = malloc((n ? n : 1) * sizeof *d->ids);
    d->lengths = malloc((n ? n : 1) * sizeof *d->lengths);
    d->n_blocks = block_of(info->last_docid) + 1;
    d->blocks = malloc(d->n_blocks * sizeof *d->blocks);
    d->average = info->average_length;
    int rc = d->ids && d->lengths && d->blocks ? xdb_lengths(db, d->ids, d->lengths, n, &d->n, e)
                                               : err_memory(e);
    if (rc) {
        shared_free(s);
        return NULL;
    }
    place_blocks(d);
    return s;
}

/* Revisions are counted, and a copy that was put back counts on from what it was. */
static bool is_same(const struct xdb_info *a, const struct xdb_info *b)
{
    return a->uuid[0] && strcmp(a->uuid, b->uuid) == 0 && a->revision == b->revision &&
           a->documents == b->documents && a->last_docid == b->last_docid &&
           a->average_length <= b->average_length && a->average_length >= b->average_length;
}

/* What is shared already; else `new`, if there is one, from now on. */
static struct shared *share(const struct xdb_info *of, struct shared *new)
{
    pthread_mutex_lock(&lock);
    struct shared *s = all;
    while (s && !is_same(&s->of, of))
        s = s->next;
    if (s) {
        s->users++;
    } else if (new) {
        new->next = all;
        all = new;
    }
    pthread_mutex_unlock(&lock);
    if (s && new)
        shared_free(new);
    return s ? s : new;
}

int docs_hold(struct xdb *db, const struct docs **d, struct err *e)
{
    struct xdb_info info;
    uint64_t moves = xdb_moves(db);
    if (xdb_info(db, &info, e))
        return -1;
    struct shared *s = share(&info, NULL);
    if (!s) {
        s = read_docs(db, &info, e);
        if (!s)
            return -1;
        /* What was read across two revisions is for nobody else, and not for long. */
        if (xdb_moves(db) == moves)
            s = share(&info, s);
    }
    *d = &s->docs;
    return 0;
}

void docs_release(const struct docs *d)
{
    struct shared *s = (struct shared *)d; /* its first member */
    if (!s)
        return;
    pthread_mutex_lock(&lock);
    bool last = --s->users == 0;
    struct shared **at = &all;
    while (last && *at && *at != s)
        at = &(*at)->next;
    if (last && *at)
        *at = s->next;
    pthread_mutex_unlock(&lock);
    if (last)
        shared_free(s);
}
