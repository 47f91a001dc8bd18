// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/subscribe.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    WATCHED_MS = 1000,  /* between looks where the kernel gives hints */
    UNWATCHED_MS = 50,  /* and where it does not */
    DEADLINE_MS = 10000 /* of a look */
};

/* Of the file that every commit replaces. */
struct trace {
    dev_t dev;
    ino_t ino;
    struct timespec changed;
    off_t size;
};

struct news {
    struct news **slot;
    struct pool *pool;
    struct subscriber *subscribers;
    uv_fs_event_t folder, tables; /* the index's, and the database's within */
    uv_timer_t timer;
    unsigned handles;
    struct lane lane;
    struct request *look; /* under way; NULL: none */
    bool again;           /* and another one after it */
    struct trace trace;
    char db[4096], current[4096 + 16], file[4096 + 32];
    char uuid[33];
    uint64_t revision;
};

/* --- matches -----------------------------------------------------------------------------------
 */

static bool matches_copy(struct matches *to, const struct matches *from)
{
    uint64_t *ids = malloc((from->n + 1) * sizeof *ids);
    if (!ids)
        return false;
    if (from->n)
        memcpy(ids, from->ids, from->n * sizeof *ids);
    free(to->ids);
    to->total = from->total;
    to->ids = ids;
    to->n = from->n;
    return true;
}

/* How many of `now` are not in `told`; both ascend. */
static uint64_t count_added(const struct matches *told, const struct matches *now)
{
    uint64_t added = 0;
    size_t i = 0;
    for (size_t k = 0; k < now->n; k++) {
        while (i < told->n && told->ids[i] < now->ids[k])
            i++;
        added += i == told->n || told->ids[i] != now->ids[k];
    }
    return added;
}

/* --- looking at the index ----------------------------------------------------------------------
 */

struct look {
    struct news *news;
    const char **names; /* of the saved queries asked for, each once */
    struct matches *found;
    bool *answered;
    size_t n;
};

static int answer_look(
    struct request *r, struct answer *w, reply_fn *const methods[PROTO_COUNT], struct err *e)
{
    struct look *look = r->job;
    (void)methods;
    if (reader_refresh(w->reader, e))
        return -1;
    for (size_t i = 0; i < look->n; i++) {
        struct err why = {0};
        look->answered[i] =
            answer_matches(w, slice_str(look->names[i]), &look->found[i], &why) == 0;
        if (why.code == ERR_MODIFIED || why.code == ERR_MEMORY || why.code == ERR_CANCELLED)
            return err_set(e, why.code, "%s", why.text);
    }
    return 0;
}

static bool has_name(const struct look *look, const char *name)
{
    for (size_t i = 0; i < look->n; i++)
        if (strcmp(look->names[i], name) == 0)
            return true;
    return false;
}

static bool collect_names(const struct news *n, struct arena *a, struct look *look)
{
    size_t most = 0;
    for (const struct subscriber *s = n->subscribers; s; s = s->next)
        most += s->n_saved;
    look->names = arena_array(a, most, sizeof *look->names);
    look->found = arena_array(a, most, sizeof *look->found);
    look->answered = arena_array(a, most, sizeof *look->answered);
    if (!look->names || !look->found || !look->answered)
        return false;
    for (const struct subscriber *s = n->subscribers; s; s = s->next)
        for (size_t i = 0; i < s->n_saved; i++) {
            const char *name = s->saved[i].name;
            if (has_name(look, name))
                continue;
            look->names[look->n] = arena_strndup(a, name, strlen(name));
            if (!look->names[look->n++])
                return false;
        }
    return true;
}

static void take_matches(struct subscriber *s, const struct look *look)
{
    for (size_t i = 0; i < s->n_saved; i++)
        for (size_t k = 0; k < look->n; k++)
            if (look->answered[k] && strcmp(look->names[k], s->saved[i].name) == 0)
                matches_copy(&s->saved[i].now, &look->found[k]);
}

/* An older look may end after a newer `subscribe`. */
static bool is_newer(const struct news *n, const struct subscriber *s)
{
    return strcmp(n->uuid, s->uuid) != 0 || n->revision > s->told;
}

static void wake_all(struct news *n, const struct look *look)
{
    for (struct subscriber *s = n->subscribers, *next; s; s = next) {
        next = s->next;
        if (!is_newer(n, s))
            continue;
        take_matches(s, look);
        s->due = true;
        s->wake(s);
        if (!*n->slot)
            return;
    }
}

static void news_free(struct news *n)
{
    if (!n->handles && !n->look)
        free(n);
}

static void look_now(struct news *n);

static void on_looked(struct request *r)
{
    const struct look *look = r->job;
    struct news *n = look->news;
    n->look = NULL;
    if (*n->slot == n && r->err.code == ERR_NONE && r->revision) {
        memcpy(n->uuid, r->uuid, sizeof n->uuid);
        n->revision = r->revision;
        /* `wake` may end the last subscriber, and with it the news. */
        struct news **slot = n->slot;
        n->handles++;
        wake_all(n, look);
        n->handles--;
        if (*slot == n && n->again)
            look_now(n);
    } else if (*n->slot == n && n->again) {
        look_now(n);
    }
    request_free(r);
    news_free(n);
}

static void look_now(struct news *n)
{
    n->again = n->look != NULL;
    if (n->look)
        return;
    struct request *r = request_new();
    struct look *look = r ? arena_alloc(&r->arena, sizeof *look) : NULL;
    if (!look || !collect_names(n, &r->arena, look)) {
        if (r)
            request_free(r);
        n->trace = (struct trace){0}; /* the timer looks again */
        return;
    }
    look->news = n;
    request_let(r, answer_look, look);
    r->deadline_ns = uv_hrtime() + DEADLINE_MS * UINT64_C(1000000);
    r->done = on_looked;
    n->look = r;
    pool_submit(n->pool, &n->lane, r);
}

/* --- noticing ----------------------------------------------------------------------------------
 */

static void watch(struct news *n);

static void notice(struct news *n)
{
    struct stat st;
    struct trace now = {0};
    if (stat(n->file, &st) == 0)
        now = (struct trace){st.st_dev, st.st_ino, st.st_ctim, st.st_size};
    bool same = now.dev == n->trace.dev && now.ino == n->trace.ino && now.size == n->trace.size &&
                now.changed.tv_sec == n->trace.changed.tv_sec &&
                now.changed.tv_nsec == n->trace.changed.tv_nsec;
    if (same)
        return;
    n->trace = now;
    look_now(n);
}

static void on_event(uv_fs_event_t *event, const char *name, int events, int status)
{
    struct news *n = event->data;
    (void)events;
    /* Another database may be the current one, or the folder be gone. */
    if (status < 0 || event == &n->folder || !name)
        watch(n);
    notice(n);
}

static void on_timer(uv_timer_t *timer)
{
    struct news *n = timer->data;
    if (!uv_is_active((uv_handle_t *)&n->folder) || !uv_is_active((uv_handle_t *)&n->tables))
        watch(n);
    notice(n);
}

static void watch(struct news *n)
{
    uv_fs_event_stop(&n->tables);
    int rc = uv_fs_event_start(&n->tables, on_event, n->current, 0);
    if (!uv_is_active((uv_handle_t *)&n->folder))
        rc |= uv_fs_event_start(&n->folder, on_event, n->db, 0);
    uint64_t every = rc ? UNWATCHED_MS : WATCHED_MS;
    if (!uv_is_active((uv_handle_t *)&n->timer) || uv_timer_get_repeat(&n->timer) != every)
        uv_timer_start(&n->timer, on_timer, every, every);
}

/* --- beginning and end -------------------------------------------------------------------------
 */

static int news_start(struct news **slot, struct pool *pool, struct err *e)
{
    struct news *n = calloc(1, sizeof *n);
    if (!n)
        return err_memory(e);
    n->slot = slot;
    n->pool = pool;
    snprintf(n->db, sizeof n->db, "%s", pool->config->db.text);
    snprintf(n->current, sizeof n->current, "%s/current", n->db);
    snprintf(n->file, sizeof n->file, "%s/iamglass", n->current);
    uv_fs_event_init(pool->loop, &n->folder);
    uv_fs_event_init(pool->loop, &n->tables);
    uv_timer_init(pool->loop, &n->timer);
    n->folder.data = n->tables.data = n->timer.data = n;
    n->handles = 3;
    *slot = n;
    watch(n);
    return 0;
}

static void on_closed(uv_handle_t *handle)
{
    struct news *n = handle->data;
    n->handles--;
    news_free(n);
}

static void news_stop(struct news *n)
{
    *n->slot = NULL;
    if (n->look && n->look->state == REQUEST_QUEUED) {
        pool_withdraw(n->pool, &n->lane, n->look);
        request_free(n->look);
        n->look = NULL;
    } else if (n->look) {
        atomic_store(&n->look->stop, true);
    }
    uv_close((uv_handle_t *)&n->folder, on_closed);
    uv_close((uv_handle_t *)&n->tables, on_closed);
    uv_close((uv_handle_t *)&n->timer, on_closed);
}

static int join(struct subscriber *s, struct news **slot, const struct request *r, struct err *e)
{
    if (s->news)
        return 0;
    if (!*slot && news_start(slot, r->pool, e))
        return -1;
    struct news *n = *slot;
    s->news = n;
    s->prev = NULL;
    s->next = n->subscribers;
    if (s->next)
        s->next->prev = s;
    n->subscribers = s;
    memcpy(s->uuid, r->uuid, sizeof s->uuid);
    s->told = r->revision;
    /* The index may have moved on since that was read. */
    look_now(n);
    return 0;
}

static void leave(struct subscriber *s)
{
    struct news *n = s->news;
    if (!n || s->index || s->n_saved)
        return;
    *(s->prev ? &s->prev->next : &n->subscribers) = s->next;
    if (s->next)
        s->next->prev = s->prev;
    s->news = NULL;
    s->due = false;
    if (!n->subscribers)
        news_stop(n);
}

static void drop_saved(struct subscriber *s, size_t i)
{
    free(s->saved[i].name);
    free(s->saved[i].told.ids);
    free(s->saved[i].now.ids);
    s->saved[i] = s->saved[--s->n_saved];
}

static size_t find_saved(const struct subscriber *s, struct slice name)
{
    size_t i = 0;
    while (i < s->n_saved && !slice_is(name, s->saved[i].name))
        i++;
    return i;
}

static int add_saved(struct subscriber *s, const struct request *r, struct err *e)
{
    struct slice name = r->params.subscribe.saved;
    if (find_saved(s, name) < s->n_saved)
        return 0;
    if (s->n_saved == SUBSCRIBE_SAVED)
        return err_set(e, ERR_OVERLOADED, "subscribe: at most %d saved queries a connection",
            (int)SUBSCRIBE_SAVED);
    struct subscription *sub = &s->saved[s->n_saved];
    *sub = (struct subscription){.name = strndup(name.p, name.n)};
    if (!sub->name || !r->matches || !matches_copy(&sub->told, r->matches) ||
        !matches_copy(&sub->now, r->matches)) {
        free(sub->name);
        free(sub->told.ids);
        return err_memory(e);
    }
    s->n_saved++;
    return 0;
}

static void unsubscribe(struct subscriber *s, struct slice saved)
{
    size_t i = saved.p ? find_saved(s, saved) : 0;
    if (!saved.p)
        s->index = false;
    else if (i < s->n_saved)
        drop_saved(s, i);
    while (!saved.p && s->n_saved)
        drop_saved(s, 0);
    leave(s);
}

int subscriber_take(struct subscriber *s, struct news **news, struct request *r, struct err *e)
{
    if (r->method == PROTO_unsubscribe) {
        unsubscribe(s, r->params.unsubscribe.saved);
        return 0;
    }
    if (join(s, news, r, e))
        return -1;
    int rc = 0;
    if (r->params.subscribe.saved.p)
        rc = add_saved(s, r, e);
    else
        s->index = true;
    leave(s);
    return rc;
}

void subscribers_look(struct news *news)
{
    if (news)
        look_now(news);
}

void subscriber_end(struct subscriber *s)
{
    unsubscribe(s, slice_of(NULL, 0));
}

/* --- notices -----------------------------------------------------------------------------------
 */

static struct json_writer begin_notice(
    struct buf *out, enum proto_event event, const struct news *n)
{
    struct json_writer w = json_writer(out);
    json_open(&w, '{');
    json_key_string(&w, "jsonrpc", SLICE_LIT("2.0"));
    json_key_string(&w, "method", slice_str(proto_events[event].name));
    json_key(&w, "params");
    json_open(&w, '{');
    json_key_string(&w, "index", slice_str(n->uuid));
    json_key_int(&w, "revision", (int64_t)n->revision);
    return w;
}

static void end_notice(struct json_writer *w)
{
    json_close(w, '}');
    json_close(w, '}');
}

/* false: it matches what it matched. */
static bool tell_saved(struct subscription *sub, const struct news *n, struct buf *out)
{
    uint64_t added = count_added(&sub->told, &sub->now), was = sub->told.total + added;
    uint64_t removed = was > sub->now.total ? was - sub->now.total : 0;
    if ((!added && !removed) || !matches_copy(&sub->told, &sub->now))
        return false;
    struct json_writer w = begin_notice(out, PROTO_EVENT_savedChanged, n);
    json_key_string(&w, "saved", slice_str(sub->name));
    json_key_int(&w, "total", (int64_t)sub->now.total);
    json_key_int(&w, "added", (int64_t)added);
    json_key_int(&w, "removed", (int64_t)removed);
    end_notice(&w);
    return true;
}

bool subscriber_next(struct subscriber *s, struct buf *out)
{
    struct news *n = s->news;
    if (!n || !s->due)
        return false;
    if (is_newer(n, s)) {
        memcpy(s->uuid, n->uuid, sizeof s->uuid);
        s->told = n->revision;
        if (s->index) {
            struct json_writer w = begin_notice(out, PROTO_EVENT_indexChanged, n);
            end_notice(&w);
            return true;
        }
    }
    for (size_t i = 0; i < s->n_saved; i++)
        if (tell_saved(&s->saved[i], n, out))
            return true;
    s->due = false;
    return false;
}
