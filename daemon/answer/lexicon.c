// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/lexicon.h"

#include "lib/match.h"
#include "lib/resolve.h"
#include "lib/spell.h"

/* Words of one unit alone are often misspelt themselves; a small index has no others. */
enum { SMALL_INDEX = 2000 /* units */ };

struct word {
    struct slice text;
    uint32_t documents;
};

struct gathering {
    struct arena *a;
    struct word *v;
    size_t n, cap;
    struct err *e;
};

static int keep_word(void *ctx, struct slice term, uint32_t documents)
{
    struct gathering *g = ctx;
    struct word w = {arena_dup(g->a, term), documents};
    return w.text.p && ARENA_PUSH(g->a, g->v, g->n, g->cap, w) ? 0 : err_memory(g->e) != 0;
}

/* Units up to the day. */
static int count_units(struct reader *r, struct arena *a, uint64_t *n, struct err *e)
{
    struct resolver of = {.m = {a, e}, .db = r->index.db};
    struct xsearch x = {.query = resolve_days(&of, DAY_MIN, r->asof),
        .sort = XSORT_DOCID,
        .k1 = -1,
        .check = UINT32_MAX,
        .collapse_slot = XSEARCH_NO_SLOT};
    struct xresult found;
    if (!x.query || match_search(r->index.db, a, &x, &found, e))
        return -1;
    *n = found.total;
    return 0;
}

static int add_words(struct reader *r, struct spell *spell, struct arena *a, struct err *e)
{
    struct gathering g = {.a = a, .e = e};
    struct xdb_info info;
    bool all = r->asof == DAY_NONE;
    if (xdb_info(r->index.db, &info, e) || (!all && count_units(r, a, &info.documents, e)))
        return -1;
    uint32_t least = info.documents < SMALL_INDEX ? 1 : 2;
    /* Below 'a' are digits, marks and the capitals that prefix every other kind of term. */
    if (xdb_terms_each(r->index.db, SLICE_LIT(""), SLICE_LIT("a"), keep_word, &g, e) < 0 || e->code)
        return -1;
    for (size_t i = 0; i < g.n; i++) {
        struct word *w = &g.v[i];
        if (i % 512 == 0 && xdb_look(r->index.db, e))
            return -1;
        if (!all && resolve_known(r->index.db, w->text, r->asof, UINT32_MAX, &w->documents, e))
            return -1;
        if (w->documents >= least && spell_add(spell, w->text, w->documents, e) < 0)
            return -1;
    }
    return 0;
}

static int gather(struct reader *r, struct err *e)
{
    struct arena a = {0};
    struct spell *spell;
    if (spell_new(&spell, e))
        return -1;
    int rc = add_words(r, spell, &a, e);
    arena_free(&a);
    if (rc) {
        spell_free(spell);
        return -1;
    }
    spell_done(spell);
    spell_free(r->spell);
    r->spell = spell;
    r->spelled = r->loaded;
    r->spelled_asof = r->asof;
    return 0;
}

int lexicon_asof(struct answer *w, struct slice asof, struct err *e)
{
    day_t from;
    w->reader->asof = DAY_NONE;
    if (!asof.n || date_range(asof, w->today, &from, &w->reader->asof, e) == 0)
        return 0;
    struct err was = *e;
    err_clear(e);
    return err_set(e, ERR_PARAMS, "asof: %s", was.text);
}

struct slice lexicon_nearest(void *reader, struct arena *a, struct slice word)
{
    struct reader *r = reader;
    struct spell_word found;
    struct err ignored = {0};
    bool stale = r->spelled != r->loaded || r->spelled_asof != r->asof;
    if (xdb_look(r->index.db, &ignored) || (stale && gather(r, &ignored)) ||
        spell_nearest(r->spell, a, word, &found, &ignored))
        return (struct slice){0};
    return found.text;
}
