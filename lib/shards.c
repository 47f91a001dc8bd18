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

/* A step may take a quarter of what is left, if that is worth trying. */
enum { HASTE = 4, LEAST_MS = 10 };
static const uint64_t PAUSE_NS = 500 * UINT64_C(1000000), PAUSE_MOST_NS = 2000 * UINT64_C(1000000);

/* How long opening may take. */
struct limits {
    unsigned timeout_ms, connect_ms;
};

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
        s->v[i] = (struct shard){.name = from->name,
            .places = from->places,
            .n_places = from->n_places,
            .seen = arena_array(&s->arena, from->n_places, sizeof(struct place_seen))};
        for (size_t k = 0; k < 2; k++) {
            h[k] = hash64(slice_str(from->name), h[k]);
            h[k] = hash64(slice_str(from->places[0]), h[k]);
        }
    }
    snprintf(s->uuid, sizeof s->uuid, "%016" PRIx64 "%016" PRIx64, h[0], h[1]);
    *out = s;
    return s->v ? 0 : err_memory(e);
}

void shards_share(struct shards *s, const struct shards *with)
{
    for (size_t i = 0; s && i < s->n; i++)
        s->v[i].seen = with->v[i].seen;
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

static int open_within(
    const struct shards *s, struct shard *p, size_t at, struct limits limits, struct err *e)
{
    const char *place = p->places[at];
    struct shard found = *p;
    found.db = NULL;
    found.folder = is_local(place) ? tables_of(place) : NULL;
    found.at = at;
    if (is_local(place) && !found.folder)
        return err_set(e, ERR_MISSING, "%s: %s", place, strerror(errno));
    if (xdb_open_at(&found.db, found.folder ? found.folder : place, limits.timeout_ms,
            limits.connect_ms, e) ||
        identify(&found, e) || check_part(s, &found, e)) {
        if (found.db && xdb_is_silent(found.db))
            e->code = ERR_TIMEOUT;
        let_go(&found);
        return -1;
    }
    let_go(p);
    *p = found;
    return 0;
}

/* --- what is seen of a place ------------------------------------------------------------------
 */

/* It is tried next by whoever comes first, alone. */
static void suspect(struct place_seen *seen)
{
    uint64_t well = 0;
    atomic_store(&seen->silent, true);
    atomic_compare_exchange_strong(&seen->until_ns, &well, now_ns());
}

/* Its turn has come, and it is this reader's. */
static bool claim(const struct shards *s, struct place_seen *seen)
{
    uint64_t until = atomic_load(&seen->until_ns), now = now_ns();
    uint64_t most_ms = s->connect_ms + 5 * (uint64_t)s->timeout_ms;
    return until && now >= until &&
           atomic_compare_exchange_strong(&seen->until_ns, &until, now + most_ms * 1000000);
}

/* What fails at once, each finds out by itself, so that it can tell why. */
static bool is_open_to_all(const struct shard *p, struct place_seen *seen)
{
    return !atomic_load(&seen->until_ns) || (!p->why[0] && !atomic_load(&seen->silent));
}

static void tell_well(struct place_seen *seen)
{
    atomic_store(&seen->pause_ns, 0);
    atomic_store(&seen->silent, false);
    atomic_store(&seen->until_ns, 0);
}

/* The pause grows with those tries only that were made when it was over. */
static void tell_ill(struct place_seen *seen, bool silent)
{
    uint64_t well = 0, now = now_ns();
    atomic_store(&seen->silent, silent);
    atomic_compare_exchange_strong(&seen->until_ns, &well, now + PAUSE_NS);
}

static void pause_longer(struct place_seen *seen)
{
    uint64_t last = atomic_load(&seen->pause_ns);
    uint64_t pause = !last ? PAUSE_NS : 2 * last > PAUSE_MOST_NS ? PAUSE_MOST_NS : 2 * last;
    atomic_store(&seen->pause_ns, pause);
    atomic_store(&seen->until_ns, now_ns() + pause);
}

/* --- opening one ---------------------------------------------------------------------------- */

static unsigned ms_left(const struct shards *s)
{
    uint64_t now = now_ns();
    uint64_t ms = !s->deadline_ns         ? UINT_MAX
                  : now >= s->deadline_ns ? 0
                                          : (s->deadline_ns - now) / 1000000;
    return ms > UINT_MAX ? UINT_MAX : (unsigned)ms;
}

static struct limits within(const struct shards *s, unsigned ms)
{
    return (struct limits){
        ms < s->timeout_ms ? ms : s->timeout_ms, ms < s->connect_ms ? ms : s->connect_ms};
}

static bool is_hasty(const struct shards *s, const struct shard *p, size_t at)
{
    unsigned left = ms_left(s);
    bool doubtful =
        atomic_load(&p->seen[at].until_ns) || left < 2 * (s->timeout_ms + s->connect_ms);
    return doubtful && left / HASTE < s->timeout_ms && !is_local(p->places[at]);
}

/* A connection keeps the time limits that it was opened with: one that was opened in haste is
 * opened again. */
static int open_place(const struct shards *s, struct shard *p, size_t at, bool hasty, struct err *e)
{
    if (hasty && open_within(s, p, at, within(s, ms_left(s) / HASTE), e))
        return -1;
    return open_within(s, p, at, within(s, UINT_MAX), e);
}

static bool try_place(const struct shards *s, struct shard *p, size_t at)
{
    struct place_seen *seen = &p->seen[at];
    struct err e = {0};
    bool hasty = is_hasty(s, p, at);
    if (hasty && ms_left(s) < HASTE * LEAST_MS)
        return false;
    bool claimed = claim(s, seen);
    if (!claimed && !is_open_to_all(p, seen))
        return false;
    if (open_place(s, p, at, hasty, &e) == 0) {
        tell_well(seen);
        p->retry_ns = now_ns() + PAUSE_MOST_NS;
        return true;
    }
    tell_ill(seen, e.code == ERR_TIMEOUT);
    if (claimed)
        pause_longer(seen);
    snprintf(p->why, sizeof p->why, "%s", e.text);
    return false;
}

static void open_any(const struct shards *s, struct shard *p)
{
    for (size_t i = 0; i < p->n_places; i++)
        if (try_place(s, p, i))
            return;
    if (!p->why[0])
        snprintf(p->why, sizeof p->why, "%s: it does not answer", p->places[0]);
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

static void lose(struct shard *p)
{
    if (xdb_is_silent(p->db))
        suspect(&p->seen[p->at]);
    p->why[0] = '\0';
    let_go(p);
}

/* Whether it is another database than before. `anew`: the one there is not to be gone on with. */
static bool refresh_part(const struct shards *s, struct shard *p, bool anew)
{
    bool had = p->db, lost = had && (anew || atomic_load(&p->seen[p->at].until_ns) || !follow(p));
    if (lost)
        lose(p);
    if (!p->db)
        open_any(s, p);
    else if (p->at && now_ns() >= p->retry_ns) {
        p->retry_ns = now_ns() + PAUSE_MOST_NS;
        return try_place(s, p, 0);
    }
    return lost || had != (p->db != NULL);
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
