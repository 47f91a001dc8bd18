// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/match/eval.h"

#include <stdlib.h>

#include "lib/match/judge.h"
#include "lib/match/leaf.h"
#include "lib/match/places.h"
#include "lib/match/size.h"
#include "lib/match/weigh.h"

struct sized {
    const struct xquery *q;
    size_t most;
    bool weighs;
};

static int by_size(const void *x, const void *y)
{
    const struct sized *a = x, *b = y;
    return (a->most > b->most) - (a->most < b->most);
}

/* Those that all match, the rarest first, so that the others are only asked about few. */
static int all_of(struct matcher *m, struct sized *v, size_t n, const struct list *within,
    unsigned level, struct list *out)
{
    for (size_t i = 0; i < n; i++)
        if (size_most(m, v[i].q, &v[i].most, level))
            return -1;
    qsort(v, n, sizeof *v, by_size);
    *out = (struct list){0};
    for (size_t i = 0; i < n; i++) {
        struct list one;
        const struct list found = {.at = out->at, .n = out->n, .run = i && out->run}, before = *out;
        if (eval_part(m, v[i].q, false, i ? &found : within, level, &one))
            return -1;
        if (i == 0)
            *out = one;
        else if (list_meet(m, &before, &one, out))
            return -1;
        if (!out->n)
            return 0;
    }
    return 0;
}

/* Adds what a part weighs to each document of a list that has any. No words' places matter in it.
 */
static int weigh_part(
    struct matcher *m, const struct xquery *q, unsigned level, const struct list *l)
{
    const struct list here = {.at = l->at, .n = l->n};
    bool scales =
        q->op == XQ_SCALE && q->n_kids == 1 && q->factor > 0 && matcher_is_leaf(q->kids[0]);
    const struct xquery *leaf = scales ? q->kids[0] : q;
    struct list one;
    if (matcher_is_leaf(leaf))
        return xdb_look(m->db, m->e) ||
                       leaf_weigh(m, leaf, scales ? q->factor : 1, &here, l->weight)
                   ? -1
                   : 0;
    if (eval_part(m, q, true, &here, level, &one))
        return -1;
    list_weigh(&one, &here, l->weight);
    return 0;
}

/* Weights of its own for a list that has none. */
static int own_weights(struct matcher *m, struct list *l)
{
    if (l->weight)
        return 0;
    l->weight = matcher_raw(m, l->n, sizeof *l->weight);
    if (l->weight)
        memset(l->weight, 0, l->n * sizeof *l->weight);
    return l->weight ? 0 : -1;
}

/* The same, where words' places decide about weights. */
static int weigh_unsure(
    struct matcher *m, const struct xquery *q, unsigned level, struct list *found)
{
    const struct list before = *found, here = {.at = found->at, .n = found->n};
    struct list one;
    return eval_part(m, q, true, &here, level, &one) ||
                   (one.weight && list_meet(m, &before, &one, found))
               ? -1
               : 0;
}

/* Weights come last, for those alone that match. */
static int weigh_all(
    struct matcher *m, const struct sized *v, size_t n, unsigned level, struct list *found)
{
    int rc = 0;
    for (size_t i = 0; i < n && found->n && rc == 0; i++) {
        if (!v[i].weighs)
            continue;
        if (places_matter_within(v[i].q, level))
            rc = weigh_unsure(m, v[i].q, level, found);
        else
            rc = own_weights(m, found) || weigh_part(m, v[i].q, level, found) ? -1 : 0;
    }
    return rc;
}

static int conjunction(struct matcher *m, const struct xquery *q, bool weighs, bool first_alone,
    const struct list *within, unsigned level, struct list *out)
{
    struct sized *v = matcher_raw(m, q->n_kids, sizeof *v);
    if (!v)
        return -1;
    for (size_t i = 0; i < q->n_kids; i++)
        v[i] = (struct sized){q->kids[i], 0, weighs && !(first_alone && i)};
    if (!q->n_kids) {
        *out = (struct list){0};
        return 0;
    }
    if (q->n_kids == 1)
        return eval_part(m, q->kids[0], weighs, within, level, out);
    return all_of(m, v, q->n_kids, within, level, out) || weigh_all(m, v, q->n_kids, level, out)
               ? -1
               : 0;
}

/* Many lists without weights, by a bit for each document. */
static int any_bit(struct matcher *m, struct xquery *const *kids, size_t n,
    const struct list *within, unsigned level, struct list *out)
{
    size_t words = m->docs->n / 64 + 1, count = 0;
    uint64_t *bits = arena_alloc(m->scratch, words * sizeof *bits);
    if (!bits)
        return err_memory(m->e);
    for (size_t i = 0; i < n; i++) {
        struct list one;
        if (eval_part(m, kids[i], false, within, level, &one) || judge_settle(m, kids[i], &one))
            return -1;
        for (size_t k = 0; k < one.n; k++)
            bits[one.at[k] / 64] |= 1ULL << (one.at[k] % 64);
    }
    for (size_t i = 0; i < words; i++)
        count += (size_t)__builtin_popcountll(bits[i]);
    if (list_new(m, count, false, false, out))
        return -1;
    for (size_t i = 0; i < words; i++)
        for (uint64_t rest = bits[i]; rest; rest &= rest - 1)
            list_add(out, (uint32_t)(i * 64 + (size_t)__builtin_ctzll(rest)), 0, false);
    return 0;
}

static int disjunction(struct matcher *m, struct xquery *const *kids, size_t n, bool weighs,
    const struct list *within, unsigned level, struct list *out)
{
    enum { MANY = 4 };
    struct list half[2];
    *out = (struct list){0};
    if (n == 0)
        return 0;
    if (n == 1)
        return eval_part(m, kids[0], weighs, within, level, out);
    if (!weighs && n > MANY)
        return any_bit(m, kids, n, within, level, out);
    size_t middle = n / 2;
    return disjunction(m, kids, middle, weighs, within, level, &half[0]) ||
                   disjunction(m, kids + middle, n - middle, weighs, within, level, &half[1])
               ? -1
               : list_unite(m, &half[0], &half[1], out);
}

static int difference(struct matcher *m, const struct xquery *q, bool weighs,
    const struct list *within, unsigned level, struct list *out)
{
    if (!q->n_kids || eval_part(m, q->kids[0], weighs, within, level, out))
        return m->e->code ? -1 : 0;
    for (size_t i = 1; i < q->n_kids && out->n; i++) {
        struct list not, kept;
        const struct list here = {.at = out->at, .n = out->n};
        size_t k = 0;
        if (eval_part(m, q->kids[i], false, &here, level, &not ) ||
            judge_settle(m, q->kids[i], &not ) ||
            list_new(m, out->n, out->weight, out->unsure, &kept))
            return -1;
        for (size_t j = 0; j < out->n; j++) {
            if (matcher_tick(m))
                return -1;
            k = seek_from(not .at, not .n, k, out->at[j]);
            if (k == not .n || not .at[k] != out->at[j])
                list_add(&kept, out->at[j], list_weight(out, j), list_unsure(out, j));
        }
        *out = kept;
    }
    return 0;
}

/* Where words' places decide about weights. */
static int maybe_unsure(struct matcher *m, const struct xquery *q, const struct list *base,
    unsigned level, struct list *out)
{
    struct list more;
    const struct list here = {.at = base->at, .n = base->n};
    if (disjunction(m, q->kids + 1, q->n_kids - 1, true, &here, level, &more) ||
        list_new(m, base->n, true, true, out))
        return -1;
    size_t k = 0;
    for (size_t i = 0; i < base->n; i++) {
        if (matcher_tick(m))
            return -1;
        bool both = k < more.n && more.at[k] == base->at[i];
        list_add(out, base->at[i], list_weight(base, i) + (both ? list_weight(&more, k) : 0),
            list_unsure(base, i) || (both && list_unsure(&more, k)));
        k += both;
    }
    return 0;
}

static int maybe(struct matcher *m, const struct xquery *q, bool weighs, const struct list *within,
    unsigned level, struct list *out)
{
    struct list base;
    if (!q->n_kids || eval_part(m, q->kids[0], weighs, within, level, &base))
        return m->e->code ? -1 : 0;
    *out = base;
    if (!weighs || !base.n)
        return 0;
    bool unsure = base.unsure;
    for (size_t i = 1; i < q->n_kids; i++)
        unsure |= places_matter_within(q->kids[i], level);
    if (unsure)
        return maybe_unsure(m, q, &base, level, out);
    if (own_weights(m, out))
        return -1;
    for (size_t i = 1; i < q->n_kids; i++)
        if (weigh_part(m, q->kids[i], level, out))
            return -1;
    return 0;
}

static int words_near(struct matcher *m, const struct xquery *q, bool weighs,
    const struct list *within, unsigned level, struct list *out)
{
    struct list all;
    if (conjunction(m, q, weighs, false, within, level, &all))
        return -1;
    *out = all;
    if (q->n_kids < 2)
        return 0;
    out->unsure = matcher_raw(m, all.n, sizeof *out->unsure);
    if (out->unsure)
        memset(out->unsure, true, all.n * sizeof *out->unsure);
    return out->unsure ? 0 : -1;
}

static int scaled(struct matcher *m, const struct xquery *q, bool weighs, const struct list *within,
    unsigned level, struct list *out)
{
    if (q->n_kids != 1 || !(q->factor >= 0))
        return err_set(m->e, ERR_INTERNAL, "a scaled query needs one kid and no negative factor");
    weighs = weighs && q->factor > 0;
    if (eval_part(m, q->kids[0], weighs, within, level, out))
        return -1;
    for (size_t i = 0; weighs && out->weight && i < out->n; i++)
        out->weight[i] *= q->factor;
    return 0;
}

int eval_part(struct matcher *m, const struct xquery *q, bool weighs, const struct list *within,
    unsigned level, struct list *out)
{
    *out = (struct list){0};
    if (level > MATCHER_LEVELS)
        return err_set(m->e, ERR_COMPLEX, "the query is nested too deep");
    if (xdb_look(m->db, m->e))
        return -1;
    if (within && !within->n)
        return 0;
    level++;
    if (q->last_docid)
        return leaf_promised(m, q, within, out);
    switch (q->op) {
    case XQ_NONE:
    case XQ_RANGE:
        return 0;
    case XQ_ALL:
        return leaf_every(m, within, out);
    case XQ_TERM:
    case XQ_SYNONYM:
    case XQ_PREFIX:
        return leaf_list(m, q, weighs, within, out);
    case XQ_AND:
        return conjunction(m, q, weighs, false, within, level, out);
    case XQ_FILTER:
        return conjunction(m, q, weighs, true, within, level, out);
    case XQ_OR:
        return disjunction(m, q->kids, q->n_kids, weighs, within, level, out);
    case XQ_NOT:
        return difference(m, q, weighs, within, level, out);
    case XQ_MAYBE:
        return maybe(m, q, weighs, within, level, out);
    case XQ_PHRASE:
    case XQ_NEAR:
        return words_near(m, q, weighs, within, level, out);
    case XQ_SCALE:
        return scaled(m, q, weighs, within, level, out);
    case XQ_DOCIDS:
        return leaf_given(m, q, within, out);
    }
    return 0;
}
