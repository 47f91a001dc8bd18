// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/plan/filter.h"

#include "lib/note.h"
#include "lib/plan/concept.h"
#include "lib/plan/tree.h"

static struct xquery *changed(struct planner *pl, size_t at, day_t from, day_t to)
{
    struct xquery *q =
        pl->env->changed ? pl->env->changed(pl->env->ctx, &pl->m, planner_everything(pl), from, to)
                         : xquery_new(&pl->m, XQ_NONE);
    if (!q && pl->e->code == ERR_QUERY && pl->e->at == ERR_NOWHERE)
        pl->e->at = at;
    return q;
}

struct xquery *filter_days(struct planner *pl, struct slice value, size_t at, enum field_how how)
{
    day_t from, to;
    struct err bad = {0};
    if (date_range(value, pl->env->today, &from, &to, &bad)) {
        err_at(pl->e, bad.code, at == ERR_NOWHERE || bad.at == ERR_NOWHERE ? at : at + bad.at, "%s",
            bad.text);
        return NULL;
    }
    if (how == HOW_CHANGED)
        return changed(pl, at, from, to);
    if (how == HOW_SINCE)
        to = DAY_MAX;
    if (how == HOW_UNTIL)
        from = DAY_MIN;
    return resolve_days(&pl->r, from, to);
}

struct xquery *filter_entity(struct planner *pl, struct slice name)
{
    struct slice *names;
    size_t n;
    struct xkids k = {0};
    if (resolve_names(&pl->r, name, &names, &n))
        return NULL;
    for (size_t i = 0; i < n; i++) {
        struct tokens t = {0};
        if (tokenize(pl->a, names[i], &t, pl->e) ||
            xkids_add(&pl->m, &k, concept_adjacent(pl, t.v, t.n, 0, false)) ||
            xkids_add(&pl->m, &k, xquery_prefixed(&pl->m, 'E', names[i])))
            return NULL;
    }
    if (xkids_add(&pl->m, &k, resolve_link(&pl->r, name)))
        return NULL;
    return xquery_over(&pl->m, XQ_OR, k);
}

/* note:(muse benchmark): each of them somewhere in one note. */
static struct xquery *in_one_note(struct planner *pl, const struct node *n)
{
    const struct node *kid = n->n_kids ? n->kids[0] : NULL;
    struct xkids each = {0};
    struct node word = {.op = NODE_WORD, .text = n->text, .begin = n->begin, .end = n->end};
    if (!kid)
        kid = &word;
    if (kid->op == NODE_AND) {
        for (size_t i = 0; i < kid->n_kids; i++) {
            if (kid->kids[i]->op == NODE_NOT) {
                err_at(pl->e, ERR_QUERY, kid->kids[i]->begin,
                    "an exclusion cannot stand inside note:( ): put it behind");
                return NULL;
            }
            if (xkids_add(&pl->m, &each, tree_build(pl, kid->kids[i], OWN)))
                return NULL;
        }
    } else if (xkids_add(&pl->m, &each, tree_build(pl, kid, OWN))) {
        return NULL;
    }
    return resolve_in_notes(&pl->r, each.v, each.n);
}

static struct xquery *kind_field(struct planner *pl, const struct node *n)
{
    int kind = unit_kind_of(n->text);
    if (kind < 0) {
        err_at(pl->e, ERR_QUERY, n->begin,
            "no kind of unit is called \"%.*s\": note heading entry event bullet text row code",
            (int)n->text.n, n->text.p);
        return NULL;
    }
    return xquery_prefixed(&pl->m, 'K', slice_str(unit_kind_name((enum unit_kind)kind)));
}

static struct xquery *value_query(
    struct planner *pl, enum field_how how, const struct node *n, size_t at)
{
    struct slice v = n->text;
    switch (how) {
    case HOW_WORDS_OF_NOTE:
        return resolve_title(&pl->r, v);
    case HOW_HEADING:
        return resolve_heading(&pl->r, v);
    case HOW_TAG:
        return resolve_tag(&pl->r, v);
    case HOW_PATH:
    case HOW_FILE:
        return resolve_path(&pl->r, v, how == HOW_FILE);
    case HOW_KIND:
        return kind_field(pl, n);
    case HOW_VAULT:
        return xquery_prefixed(&pl->m, 'V', v);
    case HOW_DATE:
    case HOW_SINCE:
    case HOW_UNTIL:
    case HOW_CHANGED:
        return filter_days(pl, v, at, how);
    case HOW_SOURCE:
        return xquery_prefixed(&pl->m, 'H', planner_lower(pl, v));
    case HOW_LINK:
        return resolve_link(&pl->r, v);
    case HOW_ENTITY:
        return filter_entity(pl, v);
    case HOW_NOTE:
        return in_one_note(pl, n);
    }
    return NULL;
}

struct xquery *filter_field(struct planner *pl, const struct node *n)
{
    const struct field_row *row = &field_rows[n->field];
    if (!n->n_kids || row->how == HOW_NOTE) {
        size_t at = n->text.p ? (size_t)(n->text.p - pl->text.p) : n->begin;
        return value_query(pl, row->how, n, at <= pl->text.n ? at : n->begin);
    }
    const struct node *kid = n->kids[0];
    struct node leaf = *n;
    struct xkids k = {0}, nots = {0};
    if (kid->op != NODE_AND && kid->op != NODE_OR && kid->op != NODE_NOT) {
        leaf.n_kids = 0;
        leaf.text = kid->text;
        leaf.begin = kid->begin;
        return filter_field(pl, &leaf);
    }
    for (size_t i = 0; i < kid->n_kids; i++) {
        bool not = kid->op == NODE_NOT || kid->kids[i]->op == NODE_NOT;
        leaf.kids = kid->kids[i]->op == NODE_NOT ? kid->kids[i]->kids : &kid->kids[i];
        if (xkids_add(&pl->m, not ? &nots : &k, filter_field(pl, &leaf)))
            return NULL;
    }
    struct xquery *q =
        k.n ? xquery_over(&pl->m, kid->op == NODE_OR ? XQ_OR : XQ_AND, k) : planner_everything(pl);
    return nots.n ? xquery_pair(&pl->m, XQ_NOT, q, xquery_over(&pl->m, XQ_OR, nots)) : q;
}
