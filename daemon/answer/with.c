// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>

#include "daemon/answer/census.h"
#include "daemon/answer/lexicon.h"
#include "daemon/answer/story.h"

static int most_first(const void *x, const void *y)
{
    const struct with_name *a = x, *b = y;
    return a->count != b->count ? (a->count < b->count) - (a->count > b->count)
                                : slice_cmp(a->text, b->text);
}

static bool is_same(const struct census_name *name, const struct story_entity *x)
{
    for (size_t i = 0; i < name->n_keys; i++)
        for (size_t k = 0; k < x->n_keys; k++)
            if (slice_eq(name->keys[i], x->keys[k]))
                return true;
    return false;
}

/* `all`: the entries there are; `set`: those that name x. */
static int count_names(struct answer *w, const struct census *c, const struct story_entity *x,
    const struct census_names *names, const struct census_set *all, const struct census_set *set,
    struct with_result *r, struct err *e)
{
    r->names = arena_array(w->arena, names->n, sizeof *r->names);
    if (!r->names)
        return err_memory(e);
    for (size_t i = 0; i < names->n; i++) {
        const struct census_name *name = &names->v[i];
        day_t last = DAY_NONE;
        uint32_t count = census_common(c, name, set, &last);
        if (!count || is_same(name, x))
            continue;
        uint32_t anywhere = census_common(c, name, all, NULL);
        r->names[r->distinct++] = (struct with_name){name->text, count,
            (double)count * (double)all->n / ((double)set->n * (double)anywhere), last};
    }
    if (r->distinct)
        qsort(r->names, r->distinct, sizeof *r->names, most_first);
    return 0;
}

int answer_with(struct answer *w, const struct with_params *p, struct with_result *r, struct err *e)
{
    struct census *c;
    const struct census_names *names;
    struct census_set all, set;
    struct story_entity x;
    struct xmaker m = {w->arena, e};
    struct story_filter f = {p->since, p->until, p->on, p->vault, p->asof};
    struct slice link = story_link(p->entity), name = link.n ? link : slice_trim(p->entity);
    *r = (struct with_result){0};
    if (reader_refresh(w->reader, e) || lexicon_asof(w, p->asof, e) || census_take(w, &c, e))
        return -1;
    memcpy(r->uuid, w->reader->index.uuid, sizeof r->uuid);
    r->revision = w->reader->index.revision;
    int found = story_find(w, name, &x, e);
    if (found <= 0)
        return found < 0 ? -1 : story_unknown(w, name, e);
    struct xquery *every = story_filtered(w, xquery_new(&m, XQ_ALL), &f, e);
    struct xquery *named = story_filtered(w, x.named, &f, e);
    if (!every || !named || census_names(w, c, &names, e) || census_match(w, c, every, &all, e) ||
        census_match(w, c, named, &set, e))
        return -1;
    census_entries(c, &all);
    census_entries(c, &set);
    r->entity = x.name;
    r->total = set.n;
    r->entries = all.n;
    if (count_names(w, c, &x, names, &all, &set, r, e))
        return -1;
    r->n_names = r->distinct < (size_t)p->limit ? r->distinct : (size_t)p->limit;
    return 0;
}
