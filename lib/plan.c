// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/plan.h"

#include <math.h>

#include "lib/plan/concept.h"
#include "lib/plan/correct.h"
#include "lib/plan/filter.h"
#include "lib/plan/planner.h"
#include "lib/plan/tree.h"
#include "lib/schema.h"

enum { RELAX_CHOICES = 64 };

double plan_rarity(double units, uint32_t holding, uint32_t titles)
{
    double n = (double)holding - 2.0 * (double)titles;
    n = n < 0.5 ? 0.5 : n > units ? units : n;
    double odds = (units - n + 0.5) / (n + 0.5);
    return odds > 1.0001 ? log(odds) : 0.0001;
}

/* --- tiers --------------------------------------------------------------------------------- */

/* Each for itself is one; together they may leave no day. */
static int check_order(struct planner *pl)
{
    day_t from, to, other;
    char since[11], until[11];
    struct err none = {0};
    const struct plan_options *o = pl->o;
    if (!o->since.n || !o->until.n || date_range(o->since, pl->env->today, &from, &other, &none) ||
        date_range(o->until, pl->env->today, &other, &to, &none) || from <= to)
        return 0;
    day_format(from, since);
    day_format(to, until);
    return err_set(pl->e, ERR_PARAMS,
        "since, until: %s is after %s: write the earlier date as since", since, until);
}

static int option_filters(struct planner *pl, struct xkids *k)
{
    const struct plan_options *o = pl->o;
    const struct {
        const char *name;
        struct slice value;
        enum field_how how;
    } dates[] = {{"since", o->since, HOW_SINCE}, {"until", o->until, HOW_UNTIL},
        {"on", o->on, HOW_DATE}, {"asof", o->asof, HOW_UNTIL}};
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        if (!dates[i].value.n)
            continue;
        struct xquery *q = filter_days(pl, dates[i].value, ERR_NOWHERE, dates[i].how);
        if (!q && pl->e->code == ERR_QUERY) {
            struct err was = *pl->e;
            err_clear(pl->e);
            return err_set(pl->e, ERR_PARAMS, "%s: %s", dates[i].name, was.text);
        }
        if (xkids_add(&pl->m, k, q))
            return -1;
    }
    if (check_order(pl))
        return -1;
    return o->vault.n ? xkids_add(&pl->m, k, xquery_prefixed(&pl->m, 'V', o->vault)) : 0;
}

static struct xquery *filtered(struct planner *pl, struct xquery *q, const struct tree_parts *s)
{
    struct xkids f = s->filters;
    if (q && f.n)
        q = xquery_pair(&pl->m, XQ_FILTER, q, xquery_over(&pl->m, XQ_AND, f));
    if (q && s->nots.n)
        q = xquery_pair(&pl->m, XQ_NOT, q, xquery_over(&pl->m, XQ_OR, s->nots));
    return q;
}

/* 1 when the tier has units that no other one has: with the words run together. */
static int tier_adjacent(struct planner *pl, struct slice text, const struct tree_parts *s)
{
    struct tokens t = {0};
    size_t bases = 0;
    pl->run_together = false;
    if (tokenize(pl->a, text, &t, pl->e))
        return -1;
    for (size_t i = 0; i < t.n; i++)
        bases += token_is_base(t.v[i].kind);
    if (bases < 2 || t.groups < 2)
        return 0;
    struct xquery *q = concept_adjacent(pl, t.v, t.n, 0, true);
    if (!q || !(q = filtered(pl, q, s)))
        return -1;
    pl->p->tier[PLAN_ADJACENT] = q;
    return pl->run_together;
}

static int tier_title(struct planner *pl, struct slice text, const struct tree_parts *s)
{
    struct slice key = token_key(pl->a, text);
    if (!key.n)
        return 0;
    struct xquery *q = xquery_prefixed(&pl->m, 'T', key);
    if (!q || !(q = filtered(pl, q, s)))
        return -1;
    pl->p->tier[PLAN_TITLE] = q;
    return 0;
}

static int find_last_end(const struct node *n, size_t end)
{
    if (!n)
        return (int)end;
    if (n->op == NODE_WORD && n->end > end)
        end = n->end;
    for (size_t i = 0; i < n->n_kids; i++)
        end = (size_t)find_last_end(n->kids[i], end);
    return (int)end;
}

/* The query's operands, and what is made of them: wide, and of their own texts alone. */
struct operands {
    const struct node *const *v;
    size_t n;
    struct tree_parts own, wide;
    bool plain; /* nothing but words, filters and what is not wanted */
};

static int walk_wide(struct planner *pl, struct operands *o)
{
    struct plan *p = pl->p;
    int step;
    o->plain = true;
    for (size_t i = 0; i < o->n; i += (size_t)step) {
        const struct node *kid = o->v[i];
        o->plain = o->plain && (tree_is_word(kid) || tree_is_filter(kid) || kid->op == NODE_NOT);
        size_t before = o->wide.words.n;
        if ((step = tree_next(pl, o->v + i, o->n - i, WIDE, &o->wide)) < 0)
            return -1;
        for (size_t w = before; tree_is_word(kid) && w < o->wide.words.n; w++)
            if (!ARENA_PUSH(pl->a, p->words, p->n_words, pl->cap_words, o->wide.words.v[w]))
                return err_memory(pl->e);
    }
    return 0;
}

/* Behind walk_wide: it finds the same marks once more. */
static int walk_own(struct planner *pl, struct operands *o)
{
    size_t marks = pl->p->n_marks, runs = pl->p->n_runs;
    int step = 1;
    for (size_t i = 0; i < o->n; i += (size_t)step) {
        step = 1;
        if (o->v[i]->op != NODE_NOT && !tree_is_filter(o->v[i]) &&
            (step = tree_next(pl, o->v + i, o->n - i, OWN, &o->own)) < 0)
            return -1;
    }
    pl->p->n_marks = marks;
    pl->p->n_runs = runs;
    o->own.filters = o->wide.filters;
    o->own.nots = o->wide.nots;
    return 0;
}

static int plan_own(struct planner *pl, const struct operands *o)
{
    struct tree_parts copy = o->own;
    if (pl->o->match == MATCH_ANY || !copy.words.n)
        return 0;
    return (pl->p->tier[PLAN_OWN] = tree_assemble(pl, &copy)) ? 0 : -1;
}

/* `own_any`: the own leaves, of which one must match. */
static int plan_widest(
    struct planner *pl, const struct operands *o, struct xkids own_any, bool apart)
{
    struct plan *p = pl->p;
    struct tree_parts copy = o->wide;
    struct xquery *widest = tree_assemble(pl, &copy);
    p->own_any = own_any.n ? xquery_over(&pl->m, XQ_OR, own_any) : NULL;
    if (widest && p->own_any && o->wide.words.n)
        widest = xquery_pair(&pl->m, XQ_FILTER, widest, p->own_any);
    p->tier[PLAN_CONTEXT] = widest;
    if (widest && p->tier[PLAN_TITLE])
        widest = xquery_pair(&pl->m, XQ_OR, widest, p->tier[PLAN_TITLE]);
    if (widest && apart)
        widest = xquery_pair(&pl->m, XQ_OR, widest, p->tier[PLAN_ADJACENT]);
    p->widest = widest;
    return widest ? 0 : -1;
}

/* What is no word is required even where words are given up. */
static int plan_required(struct planner *pl, const struct operands *o)
{
    struct plan *p = pl->p;
    size_t marks = p->n_marks;
    struct tree_parts rest = {.filters = o->wide.filters, .nots = o->wide.nots};
    for (size_t i = 0; i < o->n; i++) {
        const struct node *kid = o->v[i];
        if (!tree_is_word(kid) && !tree_is_filter(kid) && kid->op != NODE_NOT &&
            kid->op != NODE_EMPTY && tree_kid(pl, kid, WIDE, &rest))
            return -1;
    }
    p->n_marks = marks;
    if (!rest.words.n && !rest.filters.n && !rest.nots.n)
        return 0;
    return (p->required = tree_assemble(pl, &rest)) ? 0 : -1;
}

static int plan_words(struct planner *pl, const struct node *root)
{
    struct plan *p = pl->p;
    const struct node *one = root;
    struct operands o = {.v = &one, .n = 1};
    if (root->op == NODE_AND) {
        o.v = (const struct node *const *)root->kids;
        o.n = root->n_kids;
    }
    if (walk_wide(pl, &o))
        return -1;
    struct xkids own_any = {.v = pl->own, .n = pl->n_own};
    if (walk_own(pl, &o) || option_filters(pl, &o.own.filters))
        return -1;
    o.wide.filters = o.own.filters;

    if (!o.wide.words.n && !o.wide.filters.n && !o.wide.nots.n) {
        p->empty = true;
        p->widest = xquery_new(&pl->m, XQ_NONE);
        return p->widest ? 0 : -1;
    }
    if (pl->o->match == MATCH_ANY && o.wide.words.n) {
        struct xquery *any = xquery_over(&pl->m, XQ_OR, o.wide.words);
        o.wide.words = (struct xkids){0};
        if (xkids_add(&pl->m, &o.wide.words, any))
            return -1;
    }
    int apart = 0;
    if (o.plain && o.wide.words.n) {
        size_t marks = p->n_marks;
        struct slice text = correct_text(pl, planner_words_text(pl, o.v, o.n));
        apart = tier_title(pl, text, &o.wide) ? -1 : tier_adjacent(pl, text, &o.wide);
        p->n_marks = marks; /* they are those of the words */
    }
    if (apart < 0 || plan_own(pl, &o))
        return -1;
    return plan_widest(pl, &o, own_any, apart) ? -1 : plan_required(pl, &o);
}

int plan_make(struct arena *a, const struct plan_env *env, const struct plan_options *o,
    struct slice text, const struct query *q, struct plan *p, struct err *e)
{
    struct planner pl = planner_new(a, env, o, text, p, e);
    day_t from;
    if (o->asof.n && date_range(o->asof, env->today, &from, &pl.asof, e)) {
        struct err was = *e;
        err_clear(e);
        return err_set(e, ERR_PARAMS, "asof: %s", was.text);
    }
    pl.r.asof = pl.asof == DAY_NONE ? NULL : &pl.asof;
    if (env->warning.n && planner_warn(&pl, arena_dup(a, env->warning)))
        return -1;
    for (size_t i = 0; i < q->n_warnings; i++)
        if (planner_warn(&pl, q->warnings[i]))
            return -1;
    if (!q->root || q->root->op == NODE_EMPTY) {
        p->empty = true;
        return 0;
    }
    if (tree_handles(&pl, q->root))
        return -1;
    pl.last_end = (size_t)find_last_end(q->root, 0);
    if (plan_words(&pl, q->root) || correct_tell(&pl))
        return e->code ? -1 : err_memory(e);
    return 0;
}

int plan_filters(struct arena *a, const struct plan_env *env, const struct plan_options *o,
    struct plan *p, struct err *e)
{
    struct xkids k = {0};
    struct planner pl = planner_new(a, env, o, slice_of(NULL, 0), p, e);
    if (option_filters(&pl, &k))
        return e->code ? -1 : err_memory(e);
    p->required = k.n ? xquery_over(&pl.m, XQ_AND, k) : NULL;
    return e->code ? -1 : 0;
}

int plan_entity(
    struct arena *a, const struct plan_env *env, struct slice name, struct plan *p, struct err *e)
{
    static const struct plan_options none = {0};
    struct planner pl = planner_new(a, env, &none, name, p, e);
    pl.asof = env->asof ? *env->asof : DAY_NONE;
    p->widest = filter_entity(&pl, name);
    return p->widest ? 0 : e->code ? -1 : err_memory(e);
}

/* --- relaxing ------------------------------------------------------------------------------ */

static size_t choices(size_t n, size_t m)
{
    size_t c = 1;
    for (size_t i = 0; i < m; i++) {
        c = c * (n - i) / (i + 1);
        if (c > RELAX_CHOICES)
            return c;
    }
    return c;
}

/* The next way to choose m of n in lexical order; false after the last. */
static bool next_choice(size_t *pick, size_t n, size_t m)
{
    for (size_t i = m; i-- > 0;)
        if (pick[i] < n - m + i) {
            pick[i]++;
            for (size_t j = i + 1; j < m; j++)
                pick[j] = pick[j - 1] + 1;
            return true;
        }
    return false;
}

struct xquery *plan_relax(struct arena *a, const struct plan *p, size_t m, struct err *e)
{
    struct xmaker maker = {a, e};
    size_t n = p->n_words, pick[RELAX_CHOICES];
    struct xkids ways = {0};
    if (m == 0 || m >= n || choices(n, m) > RELAX_CHOICES || m > RELAX_CHOICES) {
        err_set(e, ERR_COMPLEX, "too many words to leave some out");
        return NULL;
    }
    for (size_t i = 0; i < m; i++)
        pick[i] = i;
    do {
        struct xkids all = {0};
        for (size_t i = 0; i < m; i++)
            if (xkids_add(&maker, &all, p->words[pick[i]]))
                return NULL;
        if (xkids_add(&maker, &ways, xquery_over(&maker, XQ_AND, all)))
            return NULL;
    } while (next_choice(pick, n, m));
    struct xquery *q = xquery_over(&maker, XQ_OR, ways);
    if (q && p->own_any)
        q = xquery_pair(&maker, XQ_FILTER, q, p->own_any);
    if (q && p->required)
        q = xquery_pair(&maker, XQ_FILTER, q, p->required);
    return q;
}
