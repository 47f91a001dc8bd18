// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/shards.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/hash.h"
#include "lib/schema.h"

static const uint64_t PAUSE_NS = 500 * UINT64_C(1000000), PAUSE_MOST_NS = 2000 * UINT64_C(1000000);

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int shards_new(struct shards **out, const struct config *c, struct err *e)
{
    *out = NULL;
    if (!c->n_shards)
        return 0;
    struct shards *s = calloc(1, sizeof *s);
    if (!s)
        return err_memory(e);
    s->n = c->n_shards;
    s->timeout_ms = config_number(&c->shard_timeout, 0);
    s->connect_ms = config_number(&c->shard_connect, 0);
    s->all_required = strcmp(c->required.text, "all") == 0;
    s->v = arena_array(&s->arena, s->n, sizeof *s->v);
    uint64_t h[2] = {1, 2};
    for (size_t i = 0; s->v && i < s->n; i++) {
        const struct config_shard *from = &c->shards[i];
        s->v[i] =
            (struct shard){.name = from->name, .places = from->places, .n_places = from->n_places};
        for (size_t k = 0; k < 2; k++) {
            h[k] = hash64(slice_str(from->name), h[k]);
            h[k] = hash64(slice_str(from->places[0]), h[k]);
        }
    }
    snprintf(s->uuid, sizeof s->uuid, "%016" PRIx64 "%016" PRIx64, h[0], h[1]);
    *out = s;
    return s->v ? 0 : err_memory(e);
}

static void let_go(struct shard *p)
{
    xdb_close(p->db);
    free(p->folder);
    p->db = NULL;
    p->folder = NULL;
}

void shards_free(struct shards *s)
{
    for (size_t i = 0; s && s->v && i < s->n; i++)
        let_go(&s->v[i]);
    if (s)
        arena_free(&s->arena);
    free(s);
}

/* --- one part ------------------------------------------------------------------------------- */

static bool is_local(const char *place)
{
    return place[0] == '/';
}

/* The folder of the tables: what `current` leads to, or the place itself. */
static char *tables_of(const char *place)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/current", place) >= (int)sizeof path)
        return NULL;
    char *real = realpath(path, NULL);
    return real ? real : realpath(place, NULL);
}

static int read_number(struct xdb *db, const char *key, uint64_t *n, struct err *e)
{
    struct arena a = {0};
    struct slice text;
    int rc = xdb_metadata(db, &a, slice_str(key), &text, e);
    *n = rc == 0 && text.n ? strtoull(text.p, NULL, 10) : 0;
    arena_free(&a);
    return rc;
}

static int identify(struct shard *p, struct err *e)
{
    uint64_t schema;
    if (read_number(p->db, "schema", &schema, e) ||
        read_number(p->db, "revision", &p->revision, e) ||
        read_number(p->db, "part", &p->part, e) || read_number(p->db, "parts", &p->parts, e))
        return -1;
    return schema == SCHEMA_VERSION
               ? 0
               : err_set(e, ERR_SCHEMA, "it has schema %" PRIu64 ", this program needs %d", schema,
                     SCHEMA_VERSION);
}

/* Numbers of notes would mean several notes. */
static int check_part(const struct shards *s, const struct shard *p, struct err *e)
{
    if (s->n > 1 && p->parts != s->n)
        return err_set(e, ERR_SCHEMA,
            "it holds part %" PRIu64 "/%" PRIu64 " of the notes, and there are %zu shards: run "
            "kbindex --full --shard I/%zu there",
            p->part, p->parts, s->n, s->n);
    for (size_t i = 0; i < s->n; i++)
        if (s->n > 1 && s->v[i].db && s->v[i].name != p->name && s->v[i].part == p->part)
            return err_set(
                e, ERR_SCHEMA, "it holds the same part of the notes as shard %s", s->v[i].name);
    return 0;
}

static int open_place(const struct shards *s, struct shard *p, size_t at, struct err *e)
{
    const char *place = p->places[at];
    struct shard found = *p;
    found.db = NULL;
    found.folder = is_local(place) ? tables_of(place) : NULL;
    found.at = at;
    if (is_local(place) && !found.folder)
        return err_set(e, ERR_MISSING, "%s: %s", place, strerror(errno));
    if (xdb_open_at(
            &found.db, found.folder ? found.folder : place, s->timeout_ms, s->connect_ms, e) ||
        identify(&found, e) || check_part(s, &found, e)) {
        let_go(&found);
        return -1;
    }
    let_go(p);
    *p = found;
    return 0;
}

static void open_any(const struct shards *s, struct shard *p)
{
    struct err e = {0};
    for (size_t i = 0; i < p->n_places; i++) {
        err_clear(&e);
        if (open_place(s, p, i, &e) == 0) {
            p->pause_ns = 0;
            p->retry_ns = now_ns() + PAUSE_MOST_NS;
            return;
        }
    }
    snprintf(p->why, sizeof p->why, "%s", e.text);
    p->pause_ns = !p->pause_ns                      ? PAUSE_NS
                  : 2 * p->pause_ns > PAUSE_MOST_NS ? PAUSE_MOST_NS
                                                    : 2 * p->pause_ns;
    p->retry_ns = now_ns() + p->pause_ns;
}

static bool was_swapped(const struct shard *p)
{
    char *now = p->folder ? tables_of(p->places[p->at]) : NULL;
    bool swapped = p->folder && (!now || strcmp(now, p->folder) != 0);
    free(now);
    return swapped;
}

/* False: it has to be opened anew. */
static bool follow(struct shard *p)
{
    struct err ignored = {0};
    uint64_t moves = xdb_moves(p->db);
    if (xdb_is_half_read(p->db) || was_swapped(p) || xdb_reopen(p->db, &ignored))
        return false;
    return xdb_moves(p->db) == moves || identify(p, &ignored) == 0;
}

/* Whether it is another database than before. `anew`: the one there is not to be gone on with. */
static bool refresh_part(const struct shards *s, struct shard *p, bool anew)
{
    struct err ignored = {0};
    bool changed = false;
    if (p->db && (anew || !follow(p))) {
        let_go(p);
        p->retry_ns = 0;
        changed = true;
    }
    if (!p->db && now_ns() >= p->retry_ns) {
        open_any(s, p);
        changed |= p->db != NULL;
    } else if (p->db && p->at && now_ns() >= p->retry_ns) {
        p->retry_ns = now_ns() + PAUSE_MOST_NS;
        changed |= open_place(s, p, 0, &ignored) == 0;
    }
    return changed;
}

/* --- all of them ---------------------------------------------------------------------------- */

static int join(struct shards *s, struct xdb **joined, struct err *e)
{
    struct arena a = {0};
    struct xdb **live = arena_array(&a, s->n, sizeof(struct xdb *));
    size_t n = 0;
    for (size_t i = 0; live && i < s->n; i++)
        if (s->v[i].db)
            live[n++] = s->v[i].db;
    s->live = n;
    int rc = !live ? err_memory(e) : n ? xdb_join(joined, live, n, e) : 0;
    arena_free(&a);
    return rc;
}

static int none(const struct shards *s, struct err *e)
{
    return err_set(e, ERR_NO_INDEX, "no shard answers; the first is %s: %s: run kbsearch --doctor",
        s->v[0].name, s->v[0].why);
}

int shards_refresh(struct shards *s, struct xdb **joined, uint64_t *revision, struct err *e)
{
    bool changed = !*joined, anew = *joined && xdb_is_half_read(*joined);
    for (size_t i = 0; i < s->n; i++)
        changed |= refresh_part(s, &s->v[i], anew);
    if (changed) {
        xdb_close(*joined);
        *joined = NULL;
        if (join(s, joined, e))
            return -1;
    }
    *revision = 0;
    for (size_t i = 0; i < s->n; i++) {
        *revision += s->v[i].db ? s->v[i].revision : 0;
        if (!s->v[i].db && s->all_required)
            return err_set(e, ERR_BUSY, "shard %s is down, and all are required: %s", s->v[i].name,
                s->v[i].why);
    }
    return s->live ? 0 : none(s, e);
}

size_t shards_down(const struct shards *s, struct arena *a, struct slice **names)
{
    size_t n = 0;
    *names = s && s->live < s->n ? arena_array(a, s->n, sizeof **names) : NULL;
    for (size_t i = 0; *names && i < s->n; i++)
        if (!s->v[i].db)
            (*names)[n++] = slice_str(s->v[i].name);
    return n;
}
