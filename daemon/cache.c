// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/cache.h"

#include <stdlib.h>

#include "lib/hash.h"

enum { BUCKETS = 1024, SHARE = 8 /* of the bound, that one answer may take at most */ };

struct cached {
    struct cached *next, *newer, *older; /* in its bucket; by use */
    uint64_t hash;
    size_t key, body, took; /* bytes; where the time stands in the body, 0: nowhere */
    char bytes[];           /* the key, the result */
};

static const bool of_index[PROTO_COUNT] = {[PROTO_search] = true,
    [PROTO_suggest] = true,
    [PROTO_related] = true,
    [PROTO_backlinks] = true,
    [PROTO_links] = true,
    [PROTO_timeline] = true,
    [PROTO_gaps] = true,
    [PROTO_trend] = true,
    [PROTO_facet] = true,
    [PROTO_with] = true,
    [PROTO_rising] = true};

void cache_init(struct cache *c, const struct config *config)
{
    *c = (struct cache){.commit = {.file = -1}};
    cache_configure(c, config);
}

/* --- entries ------------------------------------------------------------------------------- */

static void unlink_use(struct cache *c, struct cached *e)
{
    *(e->newer ? &e->newer->older : &c->first) = e->older;
    *(e->older ? &e->older->newer : &c->last) = e->newer;
}

static void link_use(struct cache *c, struct cached *e)
{
    e->newer = NULL;
    e->older = c->first;
    *(c->first ? &c->first->newer : &c->last) = e;
    c->first = e;
}

static size_t bytes_of(const struct cached *e)
{
    return sizeof *e + e->key + e->body;
}

static void drop(struct cache *c, struct cached *e)
{
    struct cached **at = &c->buckets[e->hash % BUCKETS];
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    unlink_use(c, e);
    c->bytes -= bytes_of(e);
    c->n--;
    free(e);
}

void cache_clear(struct cache *c)
{
    while (c->last)
        drop(c, c->last);
}

void cache_configure(struct cache *c, const struct config *config)
{
    cache_clear(c);
    c->commits++;
    c->config = config;
    c->most = (size_t)config_number(&config->cache, 0) << 20;
    if (c->most && !c->buckets)
        c->buckets = calloc(BUCKETS, sizeof(struct cached *));
}

void cache_free(struct cache *c)
{
    cache_clear(c);
    free(c->buckets);
    commit_release(&c->commit);
    *c = (struct cache){.commit = {.file = -1}};
}

static struct cached *find(struct cache *c, struct slice key, uint64_t hash)
{
    struct cached *e = c->buckets[hash % BUCKETS];
    while (e && (e->hash != hash || !slice_eq(slice_of(e->bytes, e->key), key)))
        e = e->next;
    return e;
}

/* --- the index as it stands ---------------------------------------------------------------- */

/* Another commit than before forgets everything; false where it cannot be told. */
static bool look_at_index(struct cache *c)
{
    const char *db = c->config->db.text;
    if (commit_is_newest(&c->commit, db))
        return true;
    cache_clear(c);
    c->commits++;
    commit_hold(&c->commit, db);
    return c->commit.file >= 0;
}

/* --- questions ----------------------------------------------------------------------------- */

static void put_param(struct buf *key, const struct proto_param *p, const void *at)
{
    static const char *const others[] = {"session", "deadline_ms", "today"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(p->name, others[i]) == 0)
            return;
    switch (p->type) {
    case PROTO_STRING:
        buf_char(key, ((const struct slice *)at)->p != NULL);
        buf_lenstr(key, *(const struct slice *)at);
        break;
    case PROTO_INT:
        buf_varint(key, (uint64_t) * (const int64_t *)at);
        break;
    case PROTO_BOOL:
        buf_char(key, *(const bool *)at);
        break;
    case PROTO_CHOICE:
        buf_varint(key, (uint64_t) * (const int *)at);
        break;
    }
}

/* All that the answer depends on beside the index. */
static struct slice key_of(const struct cache *c, struct request *r)
{
    const struct proto_row *row = &proto_rows[r->method];
    struct buf key = {0};
    struct stat st;
    buf_char(&key, (char)r->method);
    buf_add(&key, (const char *)&r->today, sizeof r->today);
    for (size_t i = 0; i < row->n_params; i++)
        put_param(&key, &row->params[i], (const char *)&r->params + row->params[i].offset);
    if (c->config->synonyms && stat(c->config->synonyms, &st) == 0) {
        buf_add(&key, (const char *)&st.st_ino, sizeof st.st_ino);
        buf_add(&key, (const char *)&st.st_size, sizeof st.st_size);
        buf_add(&key, (const char *)&st.st_mtim, sizeof st.st_mtim);
        buf_add(&key, (const char *)&st.st_ctim, sizeof st.st_ctim);
    }
    struct slice kept = key.failed ? slice_of(NULL, 0) : arena_dup(&r->arena, buf_view(&key));
    buf_free(&key);
    return kept;
}

/* The result, with the time that it took this time. */
static void put_again(struct request *r, const struct cached *e)
{
    const char *body = e->bytes + e->key;
    reply_begin(&r->out, r->id);
    buf_add(&r->out, body, e->took);
    if (e->took) {
        buf_uint(&r->out, (uv_hrtime() - r->taken_ns) / 1000);
        body += e->took + strspn(body + e->took, "0123456789");
    }
    buf_add(&r->out, body, (size_t)(e->bytes + e->key + e->body - body));
    reply_end(&r->out);
}

bool cache_find(struct cache *c, struct request *r)
{
    r->question = (struct slice){0};
    if (!c->buckets || !c->most || r->answer || !of_index[r->method] || !look_at_index(c))
        return false;
    r->question = key_of(c, r);
    r->commits = c->commits;
    struct cached *e = r->question.p ? find(c, r->question, hash64(r->question, 0)) : NULL;
    if (!e) {
        c->misses++;
        return false;
    }
    put_again(r, e);
    if (r->out.failed)
        return false;
    c->hits++;
    unlink_use(c, e);
    link_use(c, e);
    return true;
}

void cache_keep(struct cache *c, const struct request *r)
{
    static const struct slice name = SLICE_LIT("\"took_us\":");
    struct slice body = slice_of(r->out.p + r->result_begin, r->result_end - r->result_begin);
    size_t room = sizeof(struct cached) + r->question.n + body.n;
    if (!r->question.p || r->err.code || r->cancelled || room > c->most / SHARE ||
        !look_at_index(c) || r->commits != c->commits)
        return;
    uint64_t hash = hash64(r->question, 0);
    struct cached *e = find(c, r->question, hash) ? NULL : malloc(room);
    if (!e)
        return;
    while (c->last && c->bytes + room > c->most)
        drop(c, c->last);
    /* In a string its quotes would be escaped. */
    const char *took = memmem(body.p, body.n, name.p, name.n);
    *e = (struct cached){.next = c->buckets[hash % BUCKETS],
        .hash = hash,
        .key = r->question.n,
        .body = body.n,
        .took = took ? (size_t)(took - body.p) + name.n : 0};
    memcpy(e->bytes, r->question.p, r->question.n);
    memcpy(e->bytes + e->key, body.p, body.n);
    c->buckets[hash % BUCKETS] = e;
    link_use(c, e);
    c->n++;
    c->bytes += room;
}
