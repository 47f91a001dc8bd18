// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "daemon/answer/answer.h"

static int ascending(const void *x, const void *y)
{
    const uint64_t *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}

static const struct config_saved *find_saved(const struct config *c, struct slice name)
{
    for (size_t i = 0; c && i < c->n_saved; i++)
        if (slice_is(name, c->saved[i].name))
            return &c->saved[i];
    return NULL;
}

static int unknown(const struct config *c, struct slice name, struct err *e)
{
    struct buf known = {0};
    for (size_t i = 0; c && i < c->n_saved; i++)
        buf_printf(&known, " @%s", c->saved[i].name);
    int rc = err_set(e, ERR_NOT_FOUND, "no saved query @%.*s in the configuration; known:%s",
        (int)(name.n < 100 ? name.n : 100), name.p, known.n ? buf_cstr(&known) : " none");
    buf_free(&known);
    return rc;
}

int answer_matches(struct answer *w, struct slice name, struct matches *m, struct err *e)
{
    const struct config_saved *saved = find_saved(w->config, name);
    struct search_result r;
    *m = (struct matches){0};
    if (!saved)
        return unknown(w->config, name, e);
    struct search_params p = {.query = slice_str(saved->query),
        .match = MATCH_STRICT,
        .limit = PROTO_MAX_HITS,
        .sort = SORT_NEWEST,
        .exact = true};
    if (answer_search(w, &p, &r, e))
        return -1;
    m->ids = arena_array(w->arena, r.n_hits, sizeof *m->ids);
    if (!m->ids)
        return err_memory(e);
    for (size_t i = 0; i < r.n_hits; i++)
        memcpy(&m->ids[i], r.hits[i].rec.id, sizeof *m->ids);
    m->n = r.n_hits;
    m->total = r.total;
    qsort(m->ids, m->n, sizeof *m->ids, ascending);
    return 0;
}

int answer_subscribe(
    struct answer *w, const struct subscribe_params *p, struct subscribe_result *r, struct err *e)
{
    struct err why = {0};
    struct matches *m = arena_alloc(w->arena, sizeof *m);
    *r = (struct subscribe_result){0};
    if (!m)
        return err_memory(e);
    /* Without an index there is one to wait for. */
    if (reader_refresh(w->reader, &why) == 0) {
        memcpy(r->uuid, w->reader->index.uuid, sizeof r->uuid);
        r->revision = w->reader->index.revision;
    } else if (why.code != ERR_NO_INDEX) {
        return err_set(e, why.code, "%s", why.text);
    }
    if (p->saved.p && r->revision) {
        if (answer_matches(w, p->saved, m, e))
            return -1;
        r->total = m->total;
    } else if (p->saved.p && !find_saved(w->config, p->saved)) {
        return unknown(w->config, p->saved, e);
    }
    w->matches = m;
    return 0;
}
