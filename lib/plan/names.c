// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/plan/names.h"

#include "lib/plan/concept.h"

size_t names_run(struct planner *pl, const struct node *const *kids, size_t n,
    const struct synonym **groups, size_t *n_groups)
{
    const struct synonyms *s = pl->env->synonyms;
    size_t run = 0;
    *n_groups = 0;
    if (!s || pl->negative)
        return 0;
    while (run < n && run < s->longest && kids[run]->op == NODE_WORD)
        run++;
    for (; run; run--) {
        struct slice key = synonyms_key(pl->a, planner_words_text(pl, kids, run));
        *groups = key.n ? synonyms_find(s, key, n_groups) : NULL;
        if (*groups)
            return run;
    }
    return 0;
}

static int tell_synonyms(struct planner *pl, const struct synonym *group)
{
    struct plan *p = pl->p;
    struct buf b = {0};
    for (size_t i = 0; i < group->n; i++) {
        buf_str(&b, i == 0 ? "" : i == 1 ? " = " : ", ");
        buf_slice(&b, group->names[i]);
    }
    struct slice line = arena_take(pl->a, &b);
    for (size_t i = 0; i < p->n_synonyms; i++)
        if (slice_eq(p->synonyms[i], line))
            return 0;
    return line.p && ARENA_PUSH(pl->a, p->synonyms, p->n_synonyms, p->synonyms_cap, line)
               ? 0
               : err_memory(pl->e);
}

/* A name that was not typed: a word in loose matching, several side by side. */
static struct xquery *other_name(struct planner *pl, struct slice name, enum scope scope)
{
    struct node word = {.op = NODE_WORD, .text = name, .end = QUERY_BYTES + 1};
    struct tokens t = {0};
    struct xkids k = {0};
    if (tokenize(pl->a, name, &t, pl->e))
        return NULL;
    if (t.groups == 1) {
        if (concept_words(pl, &word, scope, &k))
            return NULL;
        return xquery_over(&pl->m, XQ_AND, k);
    }
    struct xquery *q = concept_adjacent(pl, t.v, t.n, 0, false);
    return scope == WIDE ? planner_own(pl, q) : q;
}

int names_concepts(struct planner *pl, const struct node *const *kids, size_t n,
    const struct synonym *groups, size_t n_groups, enum scope scope, struct xkids *out)
{
    struct xkids typed = {0}, names = {0};
    pl->synonym = true;
    for (size_t i = 0; i < n; i++)
        if (concept_words(pl, kids[i], scope, &typed))
            return -1;
    struct xquery *q = xquery_over(&pl->m, pl->o->match == MATCH_ANY ? XQ_OR : XQ_AND, typed);
    if (xkids_add(&pl->m, &names, q))
        return -1;
    for (size_t g = 0; g < n_groups; g++) {
        if (tell_synonyms(pl, &groups[g]))
            return -1;
        for (size_t i = 0; i < groups[g].n; i++)
            if (!slice_eq(groups[g].keys[i], groups[g].key) &&
                xkids_add(&pl->m, &names, other_name(pl, groups[g].names[i], scope)))
                return -1;
    }
    pl->synonym = false;
    return xkids_add(&pl->m, out, xquery_over(&pl->m, XQ_OR, names));
}
