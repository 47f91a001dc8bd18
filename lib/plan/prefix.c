// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/plan/prefix.h"

#include <stdlib.h>

struct beginning { /* a word that begins so */
    struct slice word;
    uint32_t documents;
};

struct beginnings {
    struct arena *a;
    struct beginning *v;
    size_t n, cap;
};

static int keep_beginning(void *ctx, struct slice word, uint32_t documents)
{
    struct beginnings *g = ctx;
    struct beginning b = {arena_dup(g->a, word), documents};
    return !b.word.p || !ARENA_PUSH(g->a, g->v, g->n, g->cap, b);
}

static int most_documents(const void *x, const void *y)
{
    const struct beginning *a = x, *b = y;
    return a->documents != b->documents
               ? (a->documents < b->documents) - (a->documents > b->documents)
               : slice_cmp(a->word, b->word);
}

/* The words that begin so and were there by then, the most frequent ones first. */
static int known_beginnings(struct planner *pl, struct slice begin, struct beginnings *g)
{
    size_t n = 0;
    *g = (struct beginnings){.a = pl->a};
    int rc = xdb_terms_each(pl->env->db, begin, begin, keep_beginning, g, pl->e);
    if (rc)
        return rc < 0 ? -1 : err_memory(pl->e);
    for (size_t i = 0; i < g->n; i++) {
        struct beginning b = g->v[i];
        if (resolve_known(pl->env->db, b.word, pl->asof, UINT32_MAX, &b.documents, pl->e))
            return -1;
        if (b.documents)
            g->v[n++] = b;
    }
    g->n = n;
    if (n)
        qsort(g->v, n, sizeof *g->v, most_documents);
    return 0;
}

static struct xquery *prefix_of(struct planner *pl, struct slice begin)
{
    struct beginnings g;
    struct xkids k = {0};
    if (pl->asof == DAY_NONE || !pl->env->db) {
        struct xquery *q = xquery_new(&pl->m, XQ_PREFIX);
        if (q) {
            q->term = begin;
            q->limit = QUERY_EXPAND;
        }
        return q;
    }
    if (known_beginnings(pl, begin, &g))
        return NULL;
    for (size_t i = 0; i < g.n && i < QUERY_EXPAND; i++)
        if (xkids_add(&pl->m, &k, xquery_term(&pl->m, g.v[i].word)))
            return NULL;
    return xquery_over(&pl->m, XQ_SYNONYM, k);
}

static int count_word(void *ctx, struct slice word, uint32_t documents)
{
    unsigned *n = ctx;
    (void)word;
    (void)documents;
    return ++*n > QUERY_EXPAND;
}

/* 1: more words begin so than a prefix stands for. */
static int is_narrow(struct planner *pl, struct slice form)
{
    unsigned n = 0;
    struct beginnings g;
    if (pl->asof == DAY_NONE)
        return xdb_terms_each(pl->env->db, form, form, count_word, &n, pl->e);
    return known_beginnings(pl, form, &g) ? -1 : g.n > QUERY_EXPAND;
}

int prefix_tell_narrow(struct planner *pl, const struct node *node, struct slice form)
{
    if (node->op != NODE_PREFIX || !pl->env->db)
        return 0;
    int more = is_narrow(pl, form);
    if (more <= 0)
        return more;
    char *text = arena_printf(pl->a, "%.*s*: read as the %d most frequent words that begin so",
        (int)node->text.n, node->text.p, QUERY_EXPAND);
    return planner_warn(pl, slice_str(text));
}

bool prefix_says_little(const struct token *t)
{
    return t->plain.n <= 2;
}

struct xquery *prefix_leaf(struct planner *pl, const struct token *t, struct slice form)
{
    if (planner_mark(pl, (struct plan_mark){.prefix = t->plain}))
        return NULL;
    struct xquery *q = prefix_of(pl, form);
    return token_is_stemmed(t) && !prefix_says_little(t) ? q : xquery_scale(&pl->m, q, 0);
}
