// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/watch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <uv.h>

#include "indexer/map.h"
#include "indexer/report.h"
#include "lib/log.h"

enum {
    SETTLE_MS = 20,
    GATHER_MS = 60,
    DISTANCE_MS = 100,
    LOCKED_MS = 250,
    DOUBT_MS = 2000,
    RESCAN_MS = 10 * 60 * 1000,
    SIGNALS = 3
};

struct watch;

/* A folder that the kernel watches for us. */
struct folder {
    uv_fs_event_t event;
    struct watch *watch;
    struct folder *next;
    struct map_entry key; /* its path, as in watch.folders */
    dev_t dev;
    ino_t ino;
    uint64_t seen; /* the last run that met it */
};

/* Problems as they were told, by hash. */
struct told {
    struct arena arena;
    uint64_t *v;
    size_t n, cap;
};

struct watch {
    uv_loop_t loop;
    uv_timer_t timer;
    uv_signal_t signals[SIGNALS];
    struct arena arena;
    struct map folders; /* paths to struct folder, or to NULL */
    struct folder *first;
    struct told before, now;
    enum watch_state (*run)(void *ctx, const struct update_ears *ears, struct err *e);
    void *ctx;
    struct err *e;
    enum watch_state state;
    uint64_t runs, began_ms, hint_ms; /* hint_ms: of the first hint not yet followed, or 0 */
    bool fresh;                       /* this run met folders that were not watched before */
    bool began;                       /* the first run was made */
    bool blind, quiet, announced;
};

/* --- what runs tell ------------------------------------------------------------------------ */

static int by_value(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

static bool hear_problem(void *ctx, uint64_t hash)
{
    struct watch *w = ctx;
    struct told *t = &w->now, *old = &w->before;
    if (!ARENA_PUSH(&t->arena, t->v, t->n, t->cap, hash))
        return true;
    return !old->n || !bsearch(&hash, old->v, old->n, sizeof hash, by_value);
}

static void turn_told(struct watch *w)
{
    arena_free(&w->before.arena);
    w->before = w->now;
    w->now = (struct told){0};
    if (w->before.n)
        qsort(w->before.v, w->before.n, sizeof *w->before.v, by_value);
}

static void on_event(uv_fs_event_t *event, const char *name, int events, int status);

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void drop_folder(struct folder *f)
{
    uv_close((uv_handle_t *)&f->event, on_closed);
}

/* The kernel's limit of folders, or memory: from now on we look for ourselves. */
static void go_blind(struct watch *w, const char *path, int why)
{
    if (!w->blind)
        log_line(LOG_WARNING,
            "%s: the kernel watches no more folders (%s; see fs.inotify.max_user_watches): looking "
            "every %d seconds",
            path, uv_strerror(why), DOUBT_MS / 1000);
    w->blind = true;
}

static int add_folder(struct watch *w, struct map_entry *at, const struct stat *st, struct err *e)
{
    struct folder *f = calloc(1, sizeof *f);
    if (!f)
        return err_memory(e);
    *f = (struct folder){.watch = w,
        .next = w->first,
        .key = *at,
        .dev = st->st_dev,
        .ino = st->st_ino,
        .seen = w->runs};
    uv_fs_event_init(&w->loop, &f->event);
    f->event.data = f;
    int rc = uv_fs_event_start(&f->event, on_event, f->key.key.p, 0);
    if (rc < 0) {
        drop_folder(f);
        if (rc != UV_ENOENT)
            go_blind(w, at->key.p, rc);
        return 0;
    }
    at->at = f;
    w->first = f;
    w->fresh = true;
    return 0;
}

/* A path may have come to mean another folder. */
static int hear_folder(void *ctx, const char *vault, const char *rel, struct err *e)
{
    struct watch *w = ctx;
    struct stat st;
    struct arena a = {0};
    char *path = arena_printf(&a, "%s%s%s", vault, *rel ? "/" : "", rel);
    struct map_entry *at = path ? map_at(&w->folders, &w->arena, slice_str(path), NULL) : NULL;
    arena_free(&a);
    if (!at)
        return err_memory(e);
    struct folder *f = at->at;
    if (stat(at->key.p, &st) < 0)
        return 0;
    if (f && f->dev == st.st_dev && f->ino == st.st_ino) {
        f->seen = w->runs;
        return 0;
    }
    at->at = NULL;
    return add_folder(w, at, &st, e);
}

static void forget_unseen(struct watch *w)
{
    struct folder **link = &w->first;
    while (*link) {
        struct folder *f = *link;
        if (f->seen == w->runs) {
            link = &f->next;
            continue;
        }
        *link = f->next;
        struct map_entry *at = map_find(&w->folders, f->key.key);
        if (at && at->at == f)
            at->at = NULL;
        drop_folder(f);
    }
}

/* --- when ---------------------------------------------------------------------------------- */

static void on_time(uv_timer_t *timer);

static void run_in(struct watch *w, uint64_t ms)
{
    uv_timer_start(&w->timer, on_time, ms, 0);
}

static void hint(struct watch *w)
{
    uint64_t now = uv_now(&w->loop), due = now + SETTLE_MS;
    if (!w->hint_ms)
        w->hint_ms = now;
    if (due > w->hint_ms + GATHER_MS)
        due = w->hint_ms + GATHER_MS;
    if (due < w->began_ms + DISTANCE_MS)
        due = w->began_ms + DISTANCE_MS;
    run_in(w, due > now ? due - now : 0);
}

static void look(struct watch *w)
{
    const struct update_ears ears = {w, hear_folder, hear_problem};
    struct err why = {0};
    w->hint_ms = 0;
    w->fresh = false;
    w->runs++;
    uv_update_time(&w->loop);
    w->began_ms = uv_now(&w->loop);
    w->state = w->run(w->ctx, &ears, &why);
    uv_update_time(&w->loop);
    if (w->state == WATCH_LOCKED && w->runs > 1) {
        run_in(w, LOCKED_MS);
        return;
    }
    turn_told(w);
    if (w->state == WATCH_FAILED || w->state == WATCH_LOCKED) {
        *w->e = why;
        return;
    }
    w->began = true;
    if (w->state == WATCH_DONE)
        forget_unseen(w);
    if (w->fresh) {
        hint(w);
        return;
    }
    if (!w->announced && !w->quiet) {
        report_line("watching");
        fflush(stdout);
    }
    w->announced = true;
    run_in(w, w->blind || w->state == WATCH_DOUBTFUL ? DOUBT_MS : RESCAN_MS);
}

static void on_time(uv_timer_t *timer)
{
    look(timer->data);
}

/* Hidden names are no notes, but two of them rule which are. */
static bool matters(const char *name)
{
    return !name || name[0] != '.' || strcmp(name, ".gitignore") == 0 ||
           strcmp(name, ".kbignore") == 0;
}

static void on_event(uv_fs_event_t *event, const char *name, int events, int status)
{
    const struct folder *f = event->data;
    (void)events;
    if (status < 0 || matters(name))
        hint(f->watch);
}

static void on_signal(uv_signal_t *signal, int number)
{
    (void)number;
    uv_stop(signal->loop);
}

/* --- beginning and end --------------------------------------------------------------------- */

static void close_any(uv_handle_t *handle, void *ctx)
{
    (void)ctx;
    if (!uv_is_closing(handle))
        uv_close(handle, handle->type == UV_FS_EVENT ? on_closed : NULL);
}

static void end(struct watch *w)
{
    uv_walk(&w->loop, close_any, NULL);
    uv_run(&w->loop, UV_RUN_DEFAULT);
    uv_loop_close(&w->loop);
    arena_free(&w->before.arena);
    arena_free(&w->now.arena);
    map_free(&w->folders);
    arena_free(&w->arena);
}

int watch_vaults(enum watch_state (*run)(void *ctx, const struct update_ears *ears, struct err *e),
    void *ctx, bool quiet, struct err *e)
{
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};
    struct watch w = {.run = run, .ctx = ctx, .quiet = quiet, .e = e};
    int rc = uv_loop_init(&w.loop);
    if (rc < 0)
        return err_set(e, ERR_IO, "no event loop: %s", uv_strerror(rc));
    uv_timer_init(&w.loop, &w.timer);
    w.timer.data = &w;
    for (int i = 0; i < SIGNALS; i++)
        uv_signal_init(&w.loop, &w.signals[i]);
    /* Until the first run is done a signal ends us at once: what it leaves is as good. */
    look(&w);
    if (w.began) {
        for (int i = 0; i < SIGNALS; i++)
            uv_signal_start(&w.signals[i], on_signal, numbers[i]);
        uv_run(&w.loop, UV_RUN_DEFAULT);
    }
    end(&w);
    return w.began ? 0 : -1;
}
