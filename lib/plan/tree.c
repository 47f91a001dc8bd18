// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/plan/tree.h"

#include "lib/plan/concept.h"
#include "lib/plan/filter.h"
#include "lib/plan/names.h"

enum { SAVED_LEVELS = 4 }; /* saved queries inside saved queries */

int tree_handles(struct planner *pl, struct node *n)
{
    for (size_t i = 0; i < n->n_kids; i++)
        if (tree_handles(pl, n->kids[i]))
            return -1;
    if (n->op != NODE_SAVED || (pl->env->saved && pl->env->saved(pl->env->ctx, n->text).p))
        return 0;
    n->op = NODE_WORD;
    n->text = slice_of(n->text.p - 1, n->text.n + 1);
    return planner_warn(
        pl, slice_str(arena_printf(pl->a,
                "no saved query is called %.*s (see [saved] in kbsearch.conf): "
                "read as the name @%.*s",
                (int)n->text.n - 1, n->text.p + 1, (int)n->text.n - 1, n->text.p + 1)));
}

static struct xquery *saved(struct planner *pl, const struct node *n, enum scope scope)
{
    struct slice text = slice_of(NULL, 0);
    struct query q;
    struct err bad = {0};
    if (pl->env->saved)
        text = pl->env->saved(pl->env->ctx, n->text);
    if (pl->saved_levels >= SAVED_LEVELS) {
        err_at(pl->e, ERR_QUERY, n->begin, "saved queries stand in one another too deep");
        return NULL;
    }
    if (query_parse(pl->a, text, &q, &bad)) {
        err_at(pl->e, bad.code, n->begin, "the saved query %.*s: %s", (int)n->text.n, n->text.p,
            bad.text);
        return NULL;
    }
    if (tree_handles(pl, q.root))
        return NULL;
    struct slice was = pl->text;
    pl->text = text;
    pl->saved_levels++;
    struct xquery *built = tree_build(pl, q.root, scope);
    pl->saved_levels--;
    pl->text = was;
    return built;
}

bool tree_is_filter(const struct node *n)
{
    return n->op == NODE_FIELD || n->op == NODE_PROPERTY || n->op == NODE_TAG ||
           n->op == NODE_LINK || n->op == NODE_REGEX;
}

static struct xquery *phrase_node(struct planner *pl, const struct node *n)
{
    struct tokens t = {0};
    if (tokenize(pl->a, n->text, &t, pl->e))
        return NULL;
    struct xquery *q = concept_adjacent(pl, t.v, t.n, n->slack, false);
    return q && q->op != XQ_NONE ? planner_own(pl, q) : q;
}

static struct xquery *near_node(struct planner *pl, const struct node *n)
{
    struct xkids k = {0};
    for (size_t i = 0; i < n->n_kids; i++) {
        const struct node *kid = n->kids[i];
        struct tokens t = {0};
        if (kid->op != NODE_WORD && kid->op != NODE_PHRASE) {
            err_at(pl->e, ERR_QUERY, kid->begin,
                "only words and phrases can stand beside NEAR and ADJ");
            return NULL;
        }
        if (tokenize(pl->a, kid->text, &t, pl->e))
            return NULL;
        for (size_t j = 0; j < t.n; j++)
            if (token_is_base(t.v[j].kind) &&
                (xkids_add(&pl->m, &k, xquery_term(&pl->m, t.v[j].term)) ||
                    planner_mark(pl, (struct plan_mark){.exact = t.v[j].term})))
                return NULL;
    }
    struct xquery *q = xquery_over(&pl->m, n->op == NODE_ADJ ? XQ_PHRASE : XQ_NEAR, k);
    if (q && q->n_kids > 1)
        q->window = (uint32_t)q->n_kids + n->slack;
    return planner_own(pl, q);
}

int tree_kid(struct planner *pl, const struct node *n, enum scope scope, struct tree_parts *out)
{
    if (n->op == NODE_WORD || n->op == NODE_PREFIX)
        return concept_words(pl, n, scope, &out->words);
    if (n->op == NODE_NOT) {
        bool was = pl->negative;
        pl->negative = true;
        struct xquery *q = tree_build(pl, n->kids[0], OWN);
        pl->negative = was;
        return xkids_add(&pl->m, &out->nots, q);
    }
    struct xquery *q = tree_build(pl, n, scope);
    if (!q)
        return -1;
    if (n->op == NODE_EMPTY)
        return 0;
    return xkids_add(&pl->m, tree_is_filter(n) ? &out->filters : &out->words, q);
}

int tree_next(struct planner *pl, const struct node *const *kids, size_t n, enum scope scope,
    struct tree_parts *out)
{
    const struct synonym *groups;
    size_t n_groups, run = names_run(pl, kids, n, &groups, &n_groups);
    if (!run)
        return tree_kid(pl, kids[0], scope, out) ? -1 : 1;
    return names_concepts(pl, kids, run, groups, n_groups, scope, &out->words) ? -1 : (int)run;
}

struct xquery *tree_assemble(struct planner *pl, struct tree_parts *s)
{
    struct xquery *q;
    if (s->words.n) {
        q = xquery_over(&pl->m, XQ_AND, s->words);
    } else if (s->filters.n) {
        struct xquery *all = xquery_over(&pl->m, XQ_AND, s->filters);
        q = xquery_scale(&pl->m, all, 0);
        s->filters.n = 0;
    } else {
        q = planner_everything(pl);
    }
    if (q && s->filters.n)
        q = xquery_pair(&pl->m, XQ_FILTER, q, xquery_over(&pl->m, XQ_AND, s->filters));
    if (q && s->nots.n)
        q = xquery_pair(&pl->m, XQ_NOT, q, xquery_over(&pl->m, XQ_OR, s->nots));
    return q;
}

static struct xquery *and_node(struct planner *pl, const struct node *n, enum scope scope)
{
    struct tree_parts s = {0};
    int step = 1;
    for (size_t i = 0; i < n->n_kids; i += (size_t)step)
        if ((step = tree_next(
                 pl, (const struct node *const *)n->kids + i, n->n_kids - i, scope, &s)) < 0)
            return NULL;
    return tree_assemble(pl, &s);
}

struct xquery *tree_build(struct planner *pl, const struct node *n, enum scope scope)
{
    struct tree_parts s = {0};
    struct xkids k = {0};
    switch (n->op) {
    case NODE_EMPTY:
        return xquery_new(&pl->m, XQ_NONE);
    case NODE_AND:
        return and_node(pl, n, scope);
    case NODE_WORD:
    case NODE_PREFIX:
        return tree_next(pl, &n, 1, scope, &s) < 0 ? NULL : xquery_over(&pl->m, XQ_AND, s.words);
    case NODE_NOT:
        return tree_kid(pl, n, scope, &s) ? NULL : tree_assemble(pl, &s);
    case NODE_OR:
        for (size_t i = 0; i < n->n_kids; i++)
            if (xkids_add(&pl->m, &k, tree_build(pl, n->kids[i], scope)))
                return NULL;
        return xquery_over(&pl->m, XQ_OR, k);
    case NODE_PHRASE:
        return phrase_node(pl, n);
    case NODE_NEAR:
    case NODE_ADJ:
        return near_node(pl, n);
    case NODE_FIELD:
        return filter_field(pl, n);
    case NODE_TAG:
        return resolve_tag(&pl->r, n->text);
    case NODE_PROPERTY:
        return resolve_property(&pl->r, n->text, n->has_value, n->value);
    case NODE_LINK:
        return resolve_link(&pl->r, n->text);
    case NODE_SAVED:
        return saved(pl, n, scope);
    case NODE_REGEX:
        return resolve_regex(&pl->r, n->text, n->begin + 1);
    }
    return NULL;
}

bool tree_is_word(const struct node *n)
{
    return n->op == NODE_WORD || n->op == NODE_PREFIX;
}
