// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/gone.h"

#include "lib/token.h"

enum { LEVELS = 4 /* of saved queries */ };

struct gone {
    struct answer *w;
    const struct record *rec;
    struct tokens text;
    unsigned levels;
    struct err *e;
};

static bool same_word(struct gone *g, const struct token *a, const struct token *b, bool prefix)
{
    if (prefix)
        return slice_starts(b->plain, a->plain);
    if (slice_eq(a->plain, b->plain))
        return true;
    if (!token_is_stemmed(a) || !token_is_stemmed(b) || a->plain.p[0] != b->plain.p[0])
        return false;
    struct xstem *stem = g->w->reader->stem;
    return slice_eq(xstem_of(stem, g->w->arena, a->plain), xstem_of(stem, g->w->arena, b->plain));
}

static bool has(struct gone *g, const struct token *t, bool prefix)
{
    for (size_t i = 0; i < g->text.n; i++)
        if (same_word(g, t, &g->text.v[i], prefix))
            return true;
    return false;
}

/* All base tokens, or one that stands for all of them. */
static int has_words(struct gone *g, struct slice words, bool prefix)
{
    struct tokens t = {0};
    if (tokenize(g->w->arena, words, &t, g->e))
        return -1;
    size_t last = 0;
    for (size_t i = 0; i < t.n; i++)
        if (token_is_base(t.v[i].kind))
            last = i;
    for (size_t i = 0; i < t.n; i++)
        if (token_is_base(t.v[i].kind) && !has(g, &t.v[i], prefix && i == last))
            return 0;
    return 1;
}

static bool follows(struct gone *g, const struct tokens *t, size_t from)
{
    uint32_t first = 0, begin = g->text.v[from].pos;
    for (size_t k = 0; k < t->n; k++) {
        if (!token_is_base(t->v[k].kind))
            continue;
        if (!first)
            first = t->v[k].pos;
        bool there = false;
        for (size_t i = from; i < g->text.n && !there; i++)
            there = g->text.v[i].pos == begin + t->v[k].pos - first &&
                    slice_eq(g->text.v[i].plain, t->v[k].plain);
        if (!there)
            return false;
    }
    return first > 0;
}

static int has_phrase(struct gone *g, struct slice words)
{
    struct tokens t = {0};
    if (tokenize(g->w->arena, words, &t, g->e))
        return -1;
    for (size_t i = 0; i < g->text.n; i++)
        if (follows(g, &t, i))
            return 1;
    return 0;
}

static int has_field(struct gone *g, const struct node *n)
{
    const struct field_row *row = &field_rows[n->field];
    day_t from, to;
    struct err bad = {0};
    if (n->n_kids)
        return 1;
    switch (row->how) {
    case HOW_KIND:
        return unit_kind_of(n->text) == (int)g->rec->kind;
    case HOW_VAULT:
        return slice_eq(n->text, g->rec->vault);
    case HOW_DATE:
    case HOW_SINCE:
    case HOW_UNTIL:
        if (date_range(n->text, g->w->today, &from, &to, &bad))
            return err_set(g->e, bad.code, "%s", bad.text);
        return g->rec->day != DAY_NONE && (row->how == HOW_UNTIL || g->rec->day >= from) &&
               (row->how == HOW_SINCE || g->rec->day <= to);
    default:
        return 1;
    }
}

static int matches(struct gone *g, const struct node *n);

static int has_saved(struct gone *g, struct slice name)
{
    struct query q;
    const struct config *c = g->w->config;
    if (g->levels >= LEVELS)
        return 1;
    for (size_t i = 0; c && i < c->n_saved; i++)
        if (slice_is(name, c->saved[i].name)) {
            if (query_parse(g->w->arena, slice_str(c->saved[i].query), &q, g->e))
                return -1;
            g->levels++;
            int rc = matches(g, q.root);
            g->levels--;
            return rc;
        }
    return 1;
}

static int matches(struct gone *g, const struct node *n)
{
    int rc;
    switch (n->op) {
    case NODE_AND:
    case NODE_NEAR:
    case NODE_ADJ:
        for (size_t i = 0; i < n->n_kids; i++)
            if ((rc = matches(g, n->kids[i])) != 1)
                return rc;
        return 1;
    case NODE_OR:
        for (size_t i = 0; i < n->n_kids; i++)
            if ((rc = matches(g, n->kids[i])) != 0)
                return rc;
        return 0;
    case NODE_NOT:
        rc = n->n_kids ? matches(g, n->kids[0]) : 0;
        return rc < 0 ? -1 : !rc;
    case NODE_WORD:
    case NODE_PREFIX:
        return has_words(g, n->text, n->op == NODE_PREFIX);
    case NODE_PHRASE:
        return has_phrase(g, n->text);
    case NODE_FIELD:
        return has_field(g, n);
    case NODE_SAVED:
        return has_saved(g, n->text);
    default:
        return 1;
    }
}

int gone_matches(struct answer *w, const struct query *q, const struct record *rec, struct err *e)
{
    struct gone g = {.w = w, .rec = rec, .e = e};
    struct buf text = {0};
    note_render(&text, rec->text, rec->runs, rec->n_runs);
    int rc = text.failed ? err_memory(e) : tokenize(w->arena, buf_view(&text), &g.text, e);
    if (rc == 0)
        rc = q->root ? matches(&g, q->root) : 1;
    buf_free(&text);
    return rc;
}
