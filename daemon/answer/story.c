// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/story.h"

#include "daemon/answer/changed.h"
#include "daemon/answer/lexicon.h"
#include "daemon/answer/snippet.h"
#include "daemon/answer/units.h"
#include "lib/nearest.h"
#include "lib/resolve.h"
#include "lib/schema.h"
#include "lib/token.h"

static struct slice nearest_word(void *ctx, struct arena *a, struct slice word)
{
    return lexicon_nearest(((struct answer *)ctx)->reader, a, word);
}

static struct slice saved_query(void *ctx, struct slice name)
{
    const struct config *c = ((struct answer *)ctx)->config;
    for (size_t i = 0; c && i < c->n_saved; i++)
        if (slice_is(name, c->saved[i].name))
            return slice_str(c->saved[i].query);
    return slice_of(NULL, 0);
}

static struct xquery *units_changed(
    void *ctx, struct xmaker *m, struct xquery *everything, day_t from, day_t to)
{
    return changed_query(ctx, m, everything, from, to);
}

int story_env(struct answer *w, struct arena *a, struct plan_env *env, struct err *e)
{
    struct reader *r = w->reader;
    struct slice fault, *vaults = arena_array(a, r->n_vaults, sizeof *vaults);
    if (!vaults)
        return err_memory(e);
    for (size_t i = 0; i < r->n_vaults; i++)
        vaults[i] = r->vaults[i].name;
    *env = (struct plan_env){.db = r->index.db,
        .stem = r->stem,
        .today = w->today,
        .vaults = vaults,
        .n_vaults = r->n_vaults,
        .nearest = nearest_word,
        .saved = saved_query,
        .changed = units_changed,
        .ctx = w,
        .synonyms = reader_synonyms(r, w->config ? w->config->synonyms : NULL, &fault),
        .asof = reader_asof(r)};
    env->warning = fault;
    return 0;
}

static struct plan_options options_of(const struct story_filter *f)
{
    return (struct plan_options){.match = MATCH_ALL,
        .since = f->since,
        .until = f->until,
        .on = f->on,
        .vault = f->vault,
        .asof = f->asof};
}

int story_plan(struct answer *w, struct slice text, const struct story_filter *f, struct plan *p,
    struct xquery **own, struct err *e)
{
    struct plan_env env;
    struct plan_options o = options_of(f);
    struct query q = {0};
    struct xmaker m = {w->arena, e};
    if (lexicon_asof(w, f->asof, e) || query_parse(w->arena, text, &q, e) ||
        story_env(w, w->arena, &env, e) || plan_make(w->arena, &env, &o, text, &q, p, e))
        return -1;
    /* Where the query has no words its filters are all there is. */
    *own = p->empty ? xquery_new(&m, XQ_NONE) : p->tier[PLAN_OWN] ? p->tier[PLAN_OWN] : p->widest;
    return *own ? 0 : err_memory(e);
}

struct xquery *story_filtered(
    struct answer *w, struct xquery *q, const struct story_filter *f, struct err *e)
{
    struct plan_env env;
    struct plan p;
    struct plan_options o = options_of(f);
    struct xmaker m = {w->arena, e};
    if (!q || story_env(w, w->arena, &env, e))
        return NULL;
    if (plan_filters(w->arena, &env, &o, &p, e))
        return NULL;
    return p.required ? xquery_pair(&m, XQ_FILTER, q, p.required) : q;
}

/* --- entities ------------------------------------------------------------------------------ */

struct slice story_link(struct slice text)
{
    text = slice_trim(text);
    if (text.n < 5 || memcmp(text.p, "[[", 2) != 0 || memcmp(text.p + text.n - 2, "]]", 2) != 0)
        return (struct slice){0};
    text = slice_of(text.p + 2, text.n - 4);
    for (size_t i = 0; i < text.n; i++)
        if (text.p[i] == '|' || text.p[i] == '#' || text.p[i] == '[' || text.p[i] == ']')
            return text.p[i] == '[' || text.p[i] == ']' ? (struct slice){0}
                                                        : slice_trim(slice_of(text.p, i));
    return slice_trim(text);
}

/* The title of the note with this path or base name; the name itself if there is none. */
static int title_of_path(struct answer *w, struct slice *name, struct err *e)
{
    struct slice data, key = schema_link_key(w->arena, *name);
    struct slice term = schema_term(w->arena, 'N', key);
    struct record rec;
    docid_t *ids;
    size_t n;
    if (!term.p)
        return err_memory(e);
    if (!key.n)
        return 0;
    struct resolver r = units_resolver(w, e);
    if (xdb_postings(w->reader->index.db, w->arena, term, 1, TARGET_NOTES, &ids, &n, e) ||
        resolve_cut(&r, ids, &n))
        return -1;
    if (!n)
        return 0;
    if (xdb_data(w->reader->index.db, w->arena, ids[0], &data, e) ||
        record_read(w->arena, data, &rec, e))
        return -1;
    *name = rec.title;
    return 0;
}

static int freq(struct answer *w, char prefix, struct slice key, uint32_t *n, struct err *e)
{
    struct slice term = schema_term(w->arena, prefix, key);
    struct resolver r = units_resolver(w, e);
    return term.p ? resolve_count(&r, term, n) : err_memory(e);
}

bool story_is_name(struct answer *w, struct slice text)
{
    struct err none = {0};
    uint32_t notes = 0, values = 0;
    struct slice key = token_key(w->arena, text);
    bool plain = key.n > 0;
    for (size_t i = 0; plain && i < text.n; i++)
        plain = !strchr("\"():|*[]#@", text.p[i]) && (text.p[i] != '-' || i);
    return plain && freq(w, 'T', key, &notes, &none) == 0 &&
           freq(w, 'E', key, &values, &none) == 0 && (notes || values);
}

int story_find(struct answer *w, struct slice name, struct story_entity *x, struct err *e)
{
    struct plan_env env;
    struct xmaker m = {w->arena, e};
    struct xkids heads = {0};
    uint32_t notes = 0, values = 0, links = 0;
    *x = (struct story_entity){.name = name};
    struct slice key = token_key(w->arena, name);
    if (!key.n)
        return 0;
    if (freq(w, 'T', key, &notes, e))
        return -1;
    if (!notes) {
        if (title_of_path(w, &x->name, e))
            return -1;
        key = token_key(w->arena, x->name);
        if (freq(w, 'T', key, &notes, e) || freq(w, 'E', key, &values, e) ||
            freq(w, 'L', schema_link_key(w->arena, x->name), &links, e))
            return -1;
    }
    if (!notes && !values && !links)
        return 0;
    struct resolver r = units_resolver(w, e);
    if (resolve_names(&r, x->name, &x->keys, &x->n_keys) || story_env(w, w->arena, &env, e) ||
        plan_entity(w->arena, &env, x->name, &x->plan, e))
        return -1;
    x->named = x->plan.widest;
    if (!notes)
        return 1;
    if (xkids_add(&m, &heads, xquery_prefixed(&m, 'T', key)))
        return -1;
    x->heads = xquery_over(&m, XQ_OR, heads);
    return x->heads ? 1 : -1;
}

struct finding {
    struct nearest near;
    struct arena *a;
    struct resolver r;
};

static int try_name(void *ctx, struct slice term, uint32_t documents)
{
    struct finding *f = ctx;
    if (f->r.asof && (resolve_count(&f->r, term, &documents) || !documents))
        return f->r.m.e->code != ERR_NONE;
    const char *name = arena_strndup(f->a, term.p + 1, term.n - 1);
    if (name)
        nearest_try(&f->near, name);
    return 0;
}

int story_unknown(struct answer *w, struct slice name, struct err *e)
{
    struct finding f = {nearest_to(token_key(w->arena, name)), w->arena, units_resolver(w, e)};
    int shown = (int)(name.n < 80 ? name.n : 80);
    struct xdb *db = w->reader->index.db;
    if (xdb_terms_each(db, SLICE_LIT("T"), SLICE_LIT(""), try_name, &f, e) < 0 ||
        xdb_terms_each(db, SLICE_LIT("E"), SLICE_LIT(""), try_name, &f, e) < 0 || e->code)
        return -1;
    if (f.near.name)
        return err_set(e, ERR_NOT_FOUND, "no note or entity is called \"%.*s\"; did you mean %s?",
            shown, name.p, f.near.name);
    return err_set(e, ERR_NOT_FOUND, "no note or entity is called \"%.*s\"", shown, name.p);
}

/* --- hits ---------------------------------------------------------------------------------- */

static int absolute_path(struct answer *w, struct hit *h, struct err *e)
{
    const struct reader *r = w->reader;
    h->path = h->rec.rel;
    for (size_t i = 0; i < r->n_vaults; i++)
        if (slice_eq(r->vaults[i].name, h->rec.vault)) {
            char *path = arena_printf(w->arena, "%.*s/%.*s", (int)r->vaults[i].path.n,
                r->vaults[i].path.p, (int)h->rec.rel.n, h->rec.rel.p);
            if (!path)
                return err_memory(e);
            h->path = slice_str(path);
        }
    return 0;
}

int story_hit(struct answer *w, const struct plan *p, docid_t id, int64_t text_bytes, struct hit *h,
    struct err *e)
{
    struct slice data;
    *h = (struct hit){0};
    if (xdb_data(w->reader->index.db, w->arena, id, &data, e) ||
        record_read(w->arena, data, &h->rec, e) || absolute_path(w, h, e) ||
        snippet_make(w->arena, &w->reader->scratch, w->reader->stem, p, h, e))
        return -1;
    h->text = h->rec.text;
    if (text_bytes && h->text.n > (size_t)text_bytes) {
        h->text.n = (size_t)text_bytes;
        while (h->text.n && ((unsigned char)h->text.p[h->text.n] & 0xc0) == 0x80)
            h->text.n--;
        h->truncated = true;
    }
    return 0;
}
