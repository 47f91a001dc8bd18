// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/plan/correct.h"

static int any_is_known(struct planner *pl, const struct xquery *terms, bool *is)
{
    if (!terms)
        return -1;
    if (terms->op == XQ_TERM)
        return planner_known(pl, terms->term, is);
    *is = false;
    for (size_t i = 0; i < terms->n_kids && !*is; i++)
        if (planner_known(pl, terms->kids[i]->term, is))
            return -1;
    return 0;
}

/* 1: the index has the word, as it is, by its stems or by its parts. */
static int is_known(struct planner *pl, const struct token *t)
{
    struct slice parts;
    bool is;
    if (planner_known(pl, t->plain, &is) ||
        (!is && any_is_known(pl, resolve_own_word(&pl->r, t), &is)) ||
        (!is && any_is_known(pl, resolve_word(&pl->r, 'C', t), &is)))
        return -1;
    if (is)
        return 1;
    return planner_compound_parts(pl, t->plain, &parts) ? -1 : parts.n > 0;
}

/* The query is walked more than once: a word that was read already is the same one. */
static int keep(struct planner *pl, const struct node *node, const struct token *t, struct slice to)
{
    struct planner_read r = {
        node->begin + t->begin, node->begin + t->end, arena_dup(pl->a, t->plain), to};
    if (pl->saved_levels || r.end > pl->text.n)
        r.begin = r.end = 0; /* not in the text that was asked */
    for (size_t i = 0; i < pl->n_read; i++)
        if (pl->read[i].begin == r.begin && slice_eq(pl->read[i].from, r.from))
            return 0;
    return r.from.p && ARENA_PUSH(pl->a, pl->read, pl->n_read, pl->cap_read, r) ? 0
                                                                                : err_memory(pl->e);
}

int correct_word(struct planner *pl, const struct node *node, struct token *t)
{
    if (t->kind != TOKEN_WORD || !token_is_stemmed(t) || !pl->env->nearest || pl->negative ||
        pl->synonym)
        return 0;
    int known = is_known(pl, t);
    if (known)
        return known < 0 ? -1 : 0;
    struct slice to = pl->env->nearest(pl->env->ctx, pl->a, t->plain);
    if (!to.n)
        return 0;
    if (keep(pl, node, t, to))
        return -1;
    t->term = t->plain = to;
    return 0;
}

struct slice correct_text(struct planner *pl, struct slice text)
{
    struct buf b = {0};
    const char *end = text.p + text.n;
    if (!pl->n_read)
        return text;
    for (size_t i = 0; i < pl->n_read; i++) {
        struct slice from = pl->read[i].from;
        const char *at = memmem(text.p, (size_t)(end - text.p), from.p, from.n);
        if (!at)
            continue;
        buf_slice(&b, slice_of(text.p, (size_t)(at - text.p)));
        buf_slice(&b, pl->read[i].to);
        text.p = at + from.n;
    }
    buf_slice(&b, slice_of(text.p, (size_t)(end - text.p)));
    struct slice s = arena_take(pl->a, &b);
    return s;
}

static int tell_another(struct planner *pl, const struct planner_read *r)
{
    return planner_warn(pl, slice_str(arena_printf(pl->a, "%.*s read as %.*s", (int)r->from.n,
                                r->from.p, (int)r->to.n, r->to.p)));
}

int correct_tell(struct planner *pl)
{
    struct plan *p = pl->p;
    struct buf b = {0};
    size_t at = 0;
    if (!pl->n_read)
        return 0;
    p->suggestion_from = pl->read[0].from;
    p->suggestion_to = pl->read[0].to;
    for (size_t i = 0; i < pl->n_read; i++) {
        const struct planner_read *r = &pl->read[i];
        if (i && tell_another(pl, r))
            return -1;
        if (r->begin < at || r->end == 0)
            continue;
        buf_slice(&b, slice_of(pl->text.p + at, r->begin - at));
        buf_slice(&b, r->to);
        at = r->end;
    }
    buf_slice(&b, slice_of(pl->text.p + at, pl->text.n - at));
    p->suggestion_query = arena_take(pl->a, &b);
    return p->suggestion_query.p ? 0 : err_memory(pl->e);
}
