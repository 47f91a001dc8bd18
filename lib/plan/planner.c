// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/plan/planner.h"

#include "lib/utf8.h"

struct planner planner_new(struct arena *a, const struct plan_env *env,
    const struct plan_options *o, struct slice text, struct plan *p, struct err *e)
{
    *p = (struct plan){0};
    return (struct planner){.m = {a, e},
        .r = {.m = {a, e}, .db = env->db, .stem = env->stem, .asof = env->asof},
        .a = a,
        .env = env,
        .o = o,
        .text = text,
        .p = p,
        .asof = DAY_NONE,
        .e = e};
}

struct xquery *planner_everything(struct planner *pl)
{
    struct xkids k = {0};
    for (size_t i = 0; i < pl->env->n_vaults; i++)
        if (xkids_add(&pl->m, &k, xquery_prefixed(&pl->m, 'V', pl->env->vaults[i])))
            return NULL;
    struct xquery *all = k.n ? xquery_over(&pl->m, XQ_OR, k) : xquery_new(&pl->m, XQ_ALL);
    return xquery_scale(&pl->m, all, 0);
}

struct slice planner_lower(struct planner *pl, struct slice s)
{
    struct buf b = {0};
    utf8_fold(&b, s);
    struct slice folded = arena_take(pl->a, &b);
    return folded;
}

int planner_known(struct planner *pl, struct slice term, bool *is)
{
    uint32_t n = 1;
    if (pl->env->db && xdb_term_freq(pl->env->db, term, &n, pl->e))
        return -1;
    if (pl->env->db && n && pl->asof != DAY_NONE &&
        resolve_known(pl->env->db, term, pl->asof, 1, &n, pl->e))
        return -1;
    *is = n > 0;
    return 0;
}

int planner_compound_parts(struct planner *pl, struct slice joined_form, struct slice *parts)
{
    *parts = slice_of(NULL, 0);
    if (!pl->env->db)
        return 0;
    char *text = arena_printf(pl->a, "j:%.*s", (int)joined_form.n, joined_form.p);
    if (!text)
        return err_memory(pl->e);
    struct slice key = slice_str(text);
    return xdb_metadata_lines(pl->env->db, pl->a, key, parts, pl->e);
}

int planner_mark(struct planner *pl, struct plan_mark m)
{
    struct plan *p = pl->p;
    if (pl->negative)
        return 0;
    return ARENA_PUSH(pl->a, p->marks, p->n_marks, pl->cap_marks, m) ? 0 : err_memory(pl->e);
}

int planner_mark_stems(struct planner *pl, const struct token *t)
{
    struct slice stems[RESOLVE_LANGUAGES];
    if (!token_is_stemmed(t))
        return planner_mark(pl, (struct plan_mark){.exact = t->plain});
    size_t n = resolve_stems(&pl->r, t->plain, stems);
    for (size_t i = 0; i < n; i++)
        if (planner_mark(pl, (struct plan_mark){.stem = stems[i]}))
            return -1;
    return 0;
}

int planner_mark_run(
    struct planner *pl, const struct token *const *base, size_t n, uint32_t window, bool whole)
{
    struct plan *p = pl->p;
    if (pl->negative || n == 0)
        return 0;
    struct plan_run r = {.n = n, .window = window, .whole = whole};
    r.terms = arena_array(pl->a, n, sizeof *r.terms);
    r.offsets = arena_array(pl->a, n, sizeof *r.offsets);
    if (!r.terms || !r.offsets)
        return err_memory(pl->e);
    for (size_t i = 0; i < n; i++) {
        r.terms[i] = base[i]->term;
        r.offsets[i] = base[i]->pos - base[0]->pos;
    }
    return ARENA_PUSH(pl->a, p->runs, p->n_runs, pl->cap_runs, r) ? 0 : err_memory(pl->e);
}

int planner_warn(struct planner *pl, struct slice text)
{
    struct plan *p = pl->p;
    if (!text.p)
        return err_memory(pl->e);
    for (size_t i = 0; i < p->n_warnings; i++)
        if (slice_eq(p->warnings[i], text))
            return 0;
    return ARENA_PUSH(pl->a, p->warnings, p->n_warnings, p->warnings_cap, text) ? 0
                                                                                : err_memory(pl->e);
}

struct slice planner_words_text(struct planner *pl, const struct node *const *kids, size_t n)
{
    struct buf b = {0};
    for (size_t i = 0; i < n; i++)
        if (kids[i]->op == NODE_WORD) {
            if (b.n)
                buf_char(&b, ' ');
            buf_slice(&b, kids[i]->text);
        }
    struct slice s = arena_take(pl->a, &b);
    return s;
}

struct xquery *planner_own(struct planner *pl, struct xquery *q)
{
    if (q && !pl->negative && !ARENA_PUSH(pl->a, pl->own, pl->n_own, pl->cap_own, q)) {
        err_memory(pl->e);
        return NULL;
    }
    return q;
}
