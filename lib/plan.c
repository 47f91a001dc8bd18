// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/plan.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/note.h"
#include "lib/schema.h"
#include "lib/utf8.h"

enum {
    NOTES_MAX = 20000, /* notes that a title:, tag: or note: may stand for */
    DAYS_MAX = 400,    /* day terms beside the month terms of a range */
    RELAX_CHOICES = 64,
    SPLIT_MIN = 2 /* letters of the parts of a compound */
};

static const double CONTEXT_WEIGHT = 0.3;

struct planner {
    struct arena *a;
    const struct plan_env *env;
    const struct plan_options *o;
    struct slice text;
    struct plan *p;
    struct err *e;
    struct xquery **own; /* positive own leaves, for "at least one own word" */
    size_t n_own, cap_own;
    size_t cap_marks, cap_runs, cap_words;
    bool negative;   /* below a NOT: neither marks nor own leaves */
    bool operators;  /* anything but words typed one behind the other */
    size_t last_end; /* where the query's last word ends, for `partial` */
    unsigned saved_depth;
};

enum scope { OWN, WIDE };

/* --- building queries ---------------------------------------------------------------------- */

static struct xquery *node_new(struct planner *pl, enum xq_op op)
{
    struct xquery *q = arena_alloc(pl->a, sizeof *q);
    if (!q)
        err_memory(pl->e);
    else
        q->op = op;
    return q;
}

static struct xquery *term_of(struct planner *pl, struct slice term)
{
    struct xquery *q = node_new(pl, XQ_TERM);
    if (q)
        q->term = term;
    return q;
}

static struct xquery *prefixed(struct planner *pl, char prefix, struct slice text)
{
    struct slice term = schema_term(pl->a, prefix, text);
    if (!term.p) {
        err_memory(pl->e);
        return NULL;
    }
    return term_of(pl, term);
}

struct kids {
    struct xquery **v;
    size_t n, cap;
};

/* Takes NULL for "could not be built" and says so. */
static int kids_add(struct planner *pl, struct kids *k, struct xquery *q)
{
    if (!q)
        return -1;
    return ARENA_PUSH(pl->a, k->v, k->n, k->cap, q) ? 0 : err_memory(pl->e);
}

/* `op` over the kids: nothing over none, a single kid as it is. */
static struct xquery *joined(struct planner *pl, enum xq_op op, struct kids k)
{
    if (k.n == 1)
        return k.v[0];
    struct xquery *q = node_new(pl, k.n ? op : XQ_NONE);
    if (q) {
        q->kids = k.v;
        q->n_kids = k.n;
    }
    return q;
}

static struct xquery *pair(struct planner *pl, enum xq_op op, struct xquery *a, struct xquery *b)
{
    struct kids k = {0};
    if (kids_add(pl, &k, a) || kids_add(pl, &k, b))
        return NULL;
    return joined(pl, op, k);
}

static struct xquery *scaled(struct planner *pl, struct xquery *q, double factor)
{
    struct xquery *s = q ? node_new(pl, XQ_SCALE) : NULL;
    struct kids k = {0};
    if (!s || kids_add(pl, &k, q))
        return NULL;
    s->kids = k.v;
    s->n_kids = k.n;
    s->factor = factor;
    return s;
}

static int warn(struct planner *pl, const char *text)
{
    if (!text)
        return err_memory(pl->e);
    struct plan *p = pl->p;
    return ARENA_PUSH(pl->a, p->warnings, p->n_warnings, p->warnings_cap, slice_str(text))
               ? 0
               : err_memory(pl->e);
}

static struct xquery *everything(struct planner *pl)
{
    struct kids k = {0};
    for (size_t i = 0; i < pl->env->n_vaults; i++)
        if (kids_add(pl, &k, prefixed(pl, 'V', pl->env->vaults[i])))
            return NULL;
    struct xquery *all = k.n ? joined(pl, XQ_OR, k) : node_new(pl, XQ_ALL);
    return scaled(pl, all, 0);
}

/* --- what the index knows ------------------------------------------------------------------ */

static int known(struct planner *pl, struct slice term, bool *is)
{
    uint32_t n = 1;
    if (pl->env->db && xdb_term_freq(pl->env->db, term, &n, pl->e))
        return -1;
    *is = n > 0;
    return 0;
}

/* The parts of a compound that the index has in two words or hyphened, "open weights"; empty when
 * it has none. */
static int compound_parts(struct planner *pl, struct slice joined_form, struct slice *parts)
{
    *parts = slice_of(NULL, 0);
    if (!pl->env->db)
        return 0;
    struct slice key = slice_of(NULL, 0);
    char *text = arena_printf(pl->a, "j:%.*s", (int)joined_form.n, joined_form.p);
    if (!text)
        return err_memory(pl->e);
    key = slice_str(text);
    return xdb_metadata(pl->env->db, pl->a, key, parts, pl->e);
}

/* --- marks --------------------------------------------------------------------------------- */

static int mark(struct planner *pl, struct plan_mark m)
{
    struct plan *p = pl->p;
    if (pl->negative)
        return 0;
    return ARENA_PUSH(pl->a, p->marks, p->n_marks, pl->cap_marks, m) ? 0 : err_memory(pl->e);
}

static int mark_stem(struct planner *pl, const struct token *t, struct slice stem)
{
    return mark(pl, token_is_stemmed(t) ? (struct plan_mark){.stem = stem}
                                        : (struct plan_mark){.exact = t->plain});
}

static int mark_run(
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

/* --- words --------------------------------------------------------------------------------- */

static struct slice stem_of(struct planner *pl, struct slice word)
{
    return pl->env->stem ? xstem_of(pl->env->stem, pl->a, word) : word;
}

/* What kbindex makes of the token for loose matching: the text behind Z or C, or the term. */
static struct slice loose(struct planner *pl, const struct token *t)
{
    return token_is_stemmed(t) ? stem_of(pl, t->plain) : t->plain;
}

static struct xquery *own_leaf(struct planner *pl, const struct token *t)
{
    struct slice x = loose(pl, t);
    if (mark_stem(pl, t, x))
        return NULL;
    return token_is_stemmed(t) ? prefixed(pl, 'Z', x) : term_of(pl, x);
}

static struct xquery *phrase_of(
    struct planner *pl, const struct token *const *base, size_t n, uint32_t window)
{
    struct kids k = {0};
    for (size_t i = 0; i < n; i++)
        if (kids_add(pl, &k, term_of(pl, base[i]->term)))
            return NULL;
    struct xquery *q = joined(pl, XQ_PHRASE, k);
    if (q && q->op == XQ_PHRASE)
        q->window = window;
    return q;
}

/* The base tokens of v[0..n) and the joined one that covers all of them, if any. */
static size_t bases_of(struct planner *pl, const struct token *v, size_t n,
    const struct token ***base, const struct token **whole)
{
    const struct token **b = arena_array(pl->a, n, sizeof *b);
    size_t count = 0;
    *whole = NULL;
    *base = b;
    if (!b) {
        err_memory(pl->e);
        return 0;
    }
    for (size_t i = 0; i < n; i++)
        if (token_is_base(v[i].kind))
            b[count++] = &v[i];
    for (size_t i = 0; i < n; i++)
        if (v[i].kind == TOKEN_JOINED && count && v[i].pos == b[0]->pos && v[i].span == count)
            *whole = &v[i];
    return count;
}

static bool is_pair(const struct token *const *base, size_t n)
{
    return n == 2 && ((base[0]->kind == TOKEN_WORD && base[1]->kind == TOKEN_NUMBER) ||
                         (base[0]->kind == TOKEN_NUMBER && base[1]->kind == TOKEN_WORD));
}

/* Exactly these words side by side: a phrase, or the one term that says the same. */
static struct xquery *adjacent(
    struct planner *pl, const struct token *v, size_t n, uint32_t slack, bool whole_query)
{
    const struct token **base, *whole;
    size_t count = bases_of(pl, v, n, &base, &whole);
    if (!count)
        return pl->e->code ? NULL : node_new(pl, XQ_NONE);
    uint32_t span = base[count - 1]->pos - base[0]->pos + 1;
    uint32_t window = slack || span > count ? span + slack : 0;
    if (mark_run(pl, base, count, window, whole_query))
        return NULL;
    if (whole && is_pair(base, count) && !slack)
        return term_of(pl, whole->term);
    struct xquery *q = phrase_of(pl, base, count, window);
    if (slack || !q)
        return q;
    if (whole && v[0].group == v[n - 1].group)
        return pair(pl, XQ_OR, term_of(pl, whole->term), q);
    /* Two words that the index also has hyphened: its run-together form is the same thing. */
    if (count == 2 && base[0]->kind == TOKEN_WORD && base[1]->kind == TOKEN_WORD) {
        struct slice parts;
        char *form = arena_printf(pl->a, "%.*s%.*s", (int)base[0]->plain.n, base[0]->plain.p,
            (int)base[1]->plain.n, base[1]->plain.p);
        if (!form) {
            err_memory(pl->e);
            return NULL;
        }
        if (compound_parts(pl, slice_str(form), &parts))
            return NULL;
        if (parts.n)
            return pair(pl, XQ_OR, term_of(pl, slice_str(form)), q);
    }
    return q;
}

/* A word that may be a compound of the index run together: its parts as phrases, beside it. */
static struct xquery *with_parts(struct planner *pl, const struct token *t, struct xquery *q)
{
    struct slice lines;
    if (!q || t->kind != TOKEN_WORD || t->plain.n < 2 * SPLIT_MIN)
        return q;
    if (compound_parts(pl, t->plain, &lines))
        return NULL;
    while (q && lines.n) {
        const char *nl = memchr(lines.p, '\n', lines.n);
        struct slice one = slice_of(lines.p, nl ? (size_t)(nl - lines.p) : lines.n);
        lines = slice_of(one.p + one.n + (nl ? 1 : 0), lines.n - one.n - (nl ? 1 : 0));
        struct tokens parts = {0};
        if (tokenize(pl->a, one, &parts, pl->e))
            return NULL;
        const struct token **base, *whole;
        size_t n = bases_of(pl, parts.v, parts.n, &base, &whole);
        if (n < 2)
            continue;
        if (mark_run(pl, base, n, 0, false))
            return NULL;
        q = pair(pl, XQ_OR, q, phrase_of(pl, base, n, 0));
    }
    return q;
}

/* Reads a word that the index has never seen as its nearest neighbour. */
static int correct(struct planner *pl, struct token *t, const struct node *node)
{
    struct plan *p = pl->p;
    if (t->kind != TOKEN_WORD || !token_is_stemmed(t) || !pl->env->nearest || pl->negative)
        return 0;
    struct slice stem = stem_of(pl, t->plain);
    struct slice ask[] = {t->plain, schema_term(pl->a, 'Z', stem), schema_term(pl->a, 'C', stem)};
    for (size_t i = 0; i < sizeof ask / sizeof *ask; i++) {
        bool is = false;
        if (!ask[i].p)
            return err_memory(pl->e);
        if (known(pl, ask[i], &is))
            return -1;
        if (is)
            return 0;
    }
    struct slice to = pl->env->nearest(pl->env->ctx, pl->a, t->plain);
    if (!to.n)
        return 0;
    if (!p->suggestion_from.n) {
        p->suggestion_from = arena_dup(pl->a, t->plain);
        p->suggestion_to = to;
        struct slice q = p->suggestion_query.n ? p->suggestion_query : pl->text;
        size_t at = node->begin + t->begin;
        if (at + (t->end - t->begin) <= q.n) {
            char *whole = arena_printf(pl->a, "%.*s%.*s%.*s", (int)at, q.p, (int)to.n, to.p,
                (int)(q.n - at - (t->end - t->begin)), q.p + at + (t->end - t->begin));
            if (!whole)
                return err_memory(pl->e);
            p->suggestion_query = slice_str(whole);
        }
    }
    t->term = t->plain = to;
    return 0;
}

/* The terms that begin with the token, and the token's own stem where it is a whole word. */
static struct xquery *prefix_leaf(struct planner *pl, const struct token *t, struct slice form)
{
    struct xquery *q = node_new(pl, XQ_PREFIX);
    if (!q || mark(pl, (struct plan_mark){.prefix = t->plain}))
        return NULL;
    q->term = form;
    q->limit = QUERY_EXPAND;
    return q;
}

/* Han characters: their 2-grams, or the one character. */
static struct xquery *grams(struct planner *pl, const struct token *v, size_t n,
    const struct token *const *base, size_t count)
{
    struct kids k = {0};
    for (size_t i = 0; i < n; i++)
        if (v[i].kind == TOKEN_GRAM2 || (count == 1 && v[i].kind == TOKEN_GRAM))
            if (kids_add(pl, &k, term_of(pl, v[i].term)))
                return NULL;
    if (mark_run(pl, base, count, 0, false))
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (v[i].kind == TOKEN_GRAM2 && mark(pl, (struct plan_mark){.exact = v[i].term}))
            return NULL;
    return joined(pl, XQ_AND, k);
}

static bool is_possessive(
    const struct planner *pl, const struct node *node, const struct token *const *base, size_t n)
{
    (void)pl;
    return n == 2 && base[1]->plain.n == 1 && base[1]->plain.p[0] == 's' &&
           base[0]->kind == TOKEN_WORD && node->text.p[base[1]->begin - 1] != '-' &&
           node->text.p[base[1]->begin - 1] != '_';
}

/* One group of tokens ("GPT-5.2", "open-weights", "don't") as one concept. */
static struct xquery *concept(struct planner *pl, const struct node *node, struct token *v,
    size_t n, bool prefix, enum scope scope)
{
    const struct token **base, *whole;
    size_t count = bases_of(pl, v, n, &base, &whole);
    if (!count)
        return NULL;
    struct xquery *own = NULL;
    const struct token *inherit = count == 1 ? base[0] : whole;
    for (size_t i = 0; i < n && !own && !pl->e->code; i++)
        if (v[i].kind == TOKEN_MARKED) {
            own = mark(pl, (struct plan_mark){.exact = base[0]->plain}) ? NULL
                                                                        : term_of(pl, v[i].term);
            inherit = &v[i];
        }
    if (pl->e->code)
        return NULL;
    if (own) {
        /* .net, @handle: the mark is part of the name */
    } else if (base[0]->kind == TOKEN_GRAM && !prefix) {
        own = grams(pl, v, n, base, count);
    } else if (prefix) {
        const struct token *last = base[count - 1];
        own = prefix_leaf(pl, last, count == 1 ? last->plain : whole ? whole->plain : last->plain);
        if (own && count == 1 && scope == OWN)
            own = pair(pl, XQ_OR, own, own_leaf(pl, last));
    } else if (count == 1 || is_possessive(pl, node, base, count)) {
        inherit = base[0];
        own = with_parts(pl, base[0], own_leaf(pl, base[0]));
    } else {
        own = adjacent(pl, v, n, 0, false);
    }
    if (!own)
        return NULL;
    if (scope == OWN || !inherit) {
        if (!pl->negative && scope == WIDE &&
            !ARENA_PUSH(pl->a, pl->own, pl->n_own, pl->cap_own, own)) {
            err_memory(pl->e);
            return NULL;
        }
        return own;
    }
    if (!pl->negative && !ARENA_PUSH(pl->a, pl->own, pl->n_own, pl->cap_own, own)) {
        err_memory(pl->e);
        return NULL;
    }
    return pair(pl, XQ_OR, own, scaled(pl, prefixed(pl, 'C', loose(pl, inherit)), CONTEXT_WEIGHT));
}

/* A word node's groups, each a concept; appended to *out. Without tokens nothing is appended. */
static int word_concepts(
    struct planner *pl, const struct node *node, enum scope scope, struct kids *out)
{
    struct tokens t = {0};
    if (tokenize(pl->a, node->text, &t, pl->e))
        return -1;
    bool prefix_word =
        node->op == NODE_PREFIX || (pl->o->partial && node->end == pl->last_end && !pl->negative);
    for (size_t i = 0, j; i < t.n; i = j) {
        for (j = i; j < t.n && t.v[j].group == t.v[i].group; j++)
            ;
        bool prefix = prefix_word && j == t.n;
        if (!prefix && j - i == 1 && correct(pl, &t.v[i], node))
            return -1;
        struct xquery *q = concept(pl, node, t.v + i, j - i, prefix, scope);
        if (!q && pl->e->code)
            return -1;
        if (q && kids_add(pl, out, q))
            return -1;
    }
    return 0;
}

/* --- dates --------------------------------------------------------------------------------- */

static struct xquery *day_term(struct planner *pl, day_t d)
{
    struct ymd y = day_split(d);
    char text[16];
    snprintf(text, sizeof text, "%04d%02d%02d", y.year % 10000, y.month % 100, y.day % 100);
    return prefixed(pl, 'D', slice_str(text));
}

static struct xquery *month_term(struct planner *pl, int year, int month)
{
    char text[16];
    snprintf(text, sizeof text, "%04d%02d", year % 10000, month % 100);
    return prefixed(pl, 'M', slice_str(text));
}

static int add_days(struct planner *pl, struct kids *k, day_t from, day_t to)
{
    for (day_t d = from; d <= to; d++)
        if (kids_add(pl, k, day_term(pl, d)))
            return -1;
    return 0;
}

/* Whole months by their terms, the days at both ends by theirs; an open or very long range by the
 * value. */
static struct xquery *days_between(struct planner *pl, day_t from, day_t to)
{
    if (from > to)
        return node_new(pl, XQ_NONE);
    if (from <= DAY_MIN || to >= DAY_MAX || to - from > DAYS_MAX * 30) {
        struct xquery *q = node_new(pl, XQ_RANGE);
        char *ends = arena_alloc(pl->a, 8);
        if (!q || !ends) {
            err_memory(pl->e);
            return NULL;
        }
        q->slot = SLOT_DAY;
        xvalue_u32((uint32_t)from + 0x80000000u, ends);
        xvalue_u32((uint32_t)to + 0x80000000u, ends + 4);
        q->low = slice_of(ends, 4);
        q->high = to >= DAY_MAX ? slice_of(NULL, 0) : slice_of(ends + 4, 4);
        return q;
    }
    struct kids k = {0};
    day_t d = from;
    while (d <= to) {
        struct ymd y = day_split(d);
        day_t next = y.month == 12 ? day_of(y.year + 1, 1, 1) : day_of(y.year, y.month + 1, 1);
        if (y.day == 1 && next - 1 <= to) {
            if (kids_add(pl, &k, month_term(pl, y.year, y.month)))
                return NULL;
        } else if (add_days(pl, &k, d, next - 1 <= to ? next - 1 : to)) {
            return NULL;
        }
        d = next;
    }
    return joined(pl, XQ_OR, k);
}

static struct xquery *date_field(
    struct planner *pl, struct slice value, size_t at, enum field_how how)
{
    day_t from, to;
    struct err bad = {0};
    if (date_range(value, pl->env->today, &from, &to, &bad)) {
        err_at(pl->e, bad.code, at == ERR_NOWHERE || bad.at == ERR_NOWHERE ? at : at + bad.at, "%s",
            bad.text);
        return NULL;
    }
    if (how == HOW_SINCE)
        to = DAY_MAX;
    if (how == HOW_UNTIL)
        from = DAY_MIN;
    return days_between(pl, from, to);
}

/* --- fields that are answered by notes ----------------------------------------------------- */

/* The notes whose heads match, as the units of those notes. */
static struct xquery *units_of_heads(struct planner *pl, struct xquery *heads)
{
    if (!heads || !pl->env->db)
        return heads;
    struct xresult r;
    struct xsearch s = {.query = heads,
        .sort = XSORT_DOCID,
        .k1 = -1,
        .all_docids = true,
        .collapse_slot = XSEARCH_NO_SLOT,
        .max = NOTES_MAX + 1};
    if (xdb_search(pl->env->db, pl->a, &s, &r, pl->e))
        return NULL;
    if (r.n_hits > NOTES_MAX) {
        err_set(pl->e, ERR_COMPLEX, "over %d notes match a field: narrow it", NOTES_MAX);
        return NULL;
    }
    struct kids k = {0};
    for (size_t i = 0; i < r.n_hits; i++) {
        struct slice v;
        if (xdb_value(pl->env->db, pl->a, r.hits[i].id, SLOT_NOTE, &v, pl->e))
            return NULL;
        char *n = arena_printf(pl->a, "%u", xvalue_as_u32(v));
        if (kids_add(pl, &k, n ? prefixed(pl, 'Q', slice_str(n)) : NULL))
            return pl->e->code ? NULL : (err_memory(pl->e), NULL);
    }
    return joined(pl, XQ_OR, k);
}

/* All words of the value, each as one term under `prefix`. */
static struct xquery *all_words(struct planner *pl, char prefix, struct slice value)
{
    struct tokens t = {0};
    struct kids k = {0};
    if (tokenize(pl->a, value, &t, pl->e))
        return NULL;
    for (size_t i = 0; i < t.n; i++)
        if (token_is_base(t.v[i].kind))
            if (kids_add(pl, &k, prefixed(pl, prefix, loose(pl, &t.v[i]))))
                return NULL;
    return joined(pl, XQ_AND, k);
}

static struct xquery *keyed(struct planner *pl, char prefix, struct slice value)
{
    struct slice key = token_key(pl->a, value);
    return key.n ? prefixed(pl, prefix, key) : node_new(pl, XQ_NONE);
}

/* Tags are compared level by level, as kbindex writes them. */
static struct xquery *tag_units(struct planner *pl, struct slice tag)
{
    struct buf b = {0};
    while (tag.n && tag.p[0] == '#')
        tag = slice_of(tag.p + 1, tag.n - 1);
    for (struct slice rest = tag; rest.n;) {
        const char *slash = memchr(rest.p, '/', rest.n);
        size_t n = slash ? (size_t)(slash - rest.p) : rest.n;
        struct slice key = token_key(pl->a, slice_of(rest.p, n));
        if (key.n) {
            if (b.n)
                buf_char(&b, '/');
            buf_slice(&b, key);
        }
        rest = slice_of(rest.p + n + (slash ? 1 : 0), rest.n - n - (slash ? 1 : 0));
    }
    struct slice key = arena_dup(pl->a, buf_view(&b));
    buf_free(&b);
    if (!key.n)
        return node_new(pl, XQ_NONE);
    struct xquery *term = prefixed(pl, 'G', key);
    struct xquery *heads =
        term ? pair(pl, XQ_FILTER, term, prefixed(pl, 'K', SLICE_LIT("note"))) : NULL;
    return pair(pl, XQ_OR, term, units_of_heads(pl, heads));
}

struct glob_walk {
    struct planner *pl;
    struct slice pattern;
    bool base_name; /* of the base name, anywhere in it */
    struct kids *out;
};

/* `*` stands for anything but '/', `**` for anything, '?' for one character. */
static bool glob(const char *p, size_t pn, const char *s, size_t sn)
{
    const char *star = NULL, *from = NULL, *end = p + pn, *last = s + sn;
    bool deep = false;
    while (s < last) {
        if (p < end && *p == '*') {
            deep = p + 1 < end && p[1] == '*';
            while (p < end && *p == '*')
                p++;
            if (deep && p < end && *p == '/')
                p++;
            star = p;
            from = s;
        } else if (p < end && (*p == *s || (*p == '?' && *s != '/'))) {
            p++, s++;
        } else if (star && (deep || *from != '/')) {
            p = star;
            s = ++from;
        } else {
            return false;
        }
    }
    while (p < end && *p == '*')
        p++;
    return p == end;
}

static int glob_path(void *ctx, struct slice term, uint32_t documents)
{
    struct glob_walk *w = ctx;
    (void)documents;
    const char *tab = memrchr(term.p, '\t', term.n);
    if (!tab || term.n < 2)
        return 0;
    struct slice rel = slice_of(term.p + 1, (size_t)(tab - term.p) - 1);
    struct slice number = slice_of(tab + 1, term.n - (size_t)(tab - term.p) - 1);
    struct buf folded = {0};
    const char *slash = w->base_name ? memrchr(rel.p, '/', rel.n) : NULL;
    if (slash)
        rel = slice_of(slash + 1, rel.n - (size_t)(slash - rel.p) - 1);
    utf8_fold(&folded, rel);
    bool hit =
        !folded.failed &&
        (memchr(w->pattern.p, '*', w->pattern.n) || memchr(w->pattern.p, '?', w->pattern.n)
                ? glob(w->pattern.p, w->pattern.n, folded.p, folded.n)
            : w->base_name ? memmem(folded.p, folded.n, w->pattern.p, w->pattern.n) != NULL
                           : slice_starts(buf_view(&folded), w->pattern) &&
                                 (folded.n == w->pattern.n || folded.p[w->pattern.n] == '/' ||
                                     folded.p[w->pattern.n] == '.'));
    buf_free(&folded);
    if (!hit)
        return 0;
    if (w->out->n >= NOTES_MAX) {
        err_set(w->pl->e, ERR_COMPLEX, "over %d notes match a path: narrow it", NOTES_MAX);
        return 1;
    }
    return kids_add(w->pl, w->out, prefixed(w->pl, 'Q', number)) ? 1 : 0;
}

static struct xquery *path_field(struct planner *pl, struct slice value, bool base_name)
{
    struct buf folded = {0};
    utf8_fold(&folded, value);
    struct slice pattern = arena_dup(pl->a, buf_view(&folded));
    buf_free(&folded);
    while (pattern.n && pattern.p[0] == '/')
        pattern = slice_of(pattern.p + 1, pattern.n - 1);
    while (pattern.n && pattern.p[pattern.n - 1] == '/')
        pattern.n--;
    struct kids k = {0};
    struct glob_walk w = {.pl = pl, .pattern = pattern, .base_name = base_name, .out = &k};
    if (!pattern.n)
        return everything(pl);
    if (pl->env->db &&
        xdb_terms_each(pl->env->db, SLICE_LIT("F"), slice_of(NULL, 0), glob_path, &w, pl->e) < 0)
        return NULL;
    return pl->e->code ? NULL : joined(pl, XQ_OR, k);
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
    return prefixed(pl, 'K', slice_str(unit_kind_name((enum unit_kind)kind)));
}

static struct xquery *build(struct planner *pl, const struct node *n, enum scope scope);

static struct xquery *not_yet(struct planner *pl, const struct node *n, const char *what)
{
    err_at(pl->e, ERR_QUERY, n->begin, "%s cannot be asked yet: put the words in quotes", what);
    return NULL;
}

static struct xquery *field_query(struct planner *pl, const struct node *n)
{
    const struct field_row *row = &field_rows[n->field];
    size_t at = n->text.p ? (size_t)(n->text.p - pl->text.p) : n->begin;
    if (at > pl->text.n)
        at = n->begin;
    if (n->n_kids && row->how != HOW_WORDS_OF_NOTE && row->how != HOW_NOTE) {
        /* field:(a OR b): the field over each leaf */
        const struct node *kid = n->kids[0];
        struct node leaf = *n;
        struct kids k = {0};
        if (kid->op == NODE_NOT)
            return not_yet(pl, n, "an exclusion inside a field");
        if (kid->op == NODE_AND || kid->op == NODE_OR) {
            for (size_t i = 0; i < kid->n_kids; i++) {
                leaf.kids = &kid->kids[i];
                if (kids_add(pl, &k, field_query(pl, &leaf)))
                    return NULL;
            }
            return joined(pl, kid->op == NODE_AND ? XQ_AND : XQ_OR, k);
        }
        leaf.n_kids = 0;
        leaf.text = kid->text;
        leaf.begin = kid->begin;
        return field_query(pl, &leaf);
    }
    switch (row->how) {
    case HOW_WORDS_OF_NOTE:
        return units_of_heads(pl, all_words(pl, 'S', n->n_kids ? n->kids[0]->text : n->text));
    case HOW_TAG:
        return tag_units(pl, n->text);
    case HOW_PATH:
        return path_field(pl, n->text, false);
    case HOW_FILE:
        return path_field(pl, n->text, true);
    case HOW_KIND:
        return kind_field(pl, n);
    case HOW_VAULT:
        return prefixed(pl, 'V', n->text);
    case HOW_DATE:
    case HOW_SINCE:
    case HOW_UNTIL:
        return date_field(pl, n->text, at, row->how);
    case HOW_SOURCE:
        return prefixed(pl, 'H', n->text);
    case HOW_HEADING:
    case HOW_LINK:
    case HOW_ENTITY:
    case HOW_NOTE:
        break;
    }
    char what[40];
    snprintf(what, sizeof what, "the field %s:", row->name);
    return not_yet(pl, n, what);
}

/* --- the tree ------------------------------------------------------------------------------ */

static bool is_filter(const struct node *n)
{
    return n->op == NODE_FIELD || n->op == NODE_PROPERTY || n->op == NODE_TAG ||
           n->op == NODE_LINK || n->op == NODE_REGEX;
}

static struct xquery *phrase_node(struct planner *pl, const struct node *n)
{
    struct tokens t = {0};
    if (tokenize(pl->a, n->text, &t, pl->e))
        return NULL;
    struct xquery *q = adjacent(pl, t.v, t.n, n->slack, false);
    if (q && !pl->negative && q->op != XQ_NONE &&
        !ARENA_PUSH(pl->a, pl->own, pl->n_own, pl->cap_own, q)) {
        err_memory(pl->e);
        return NULL;
    }
    return q;
}

static struct xquery *near_node(struct planner *pl, const struct node *n)
{
    struct kids k = {0};
    for (size_t i = 0; i < n->n_kids; i++) {
        const struct node *kid = n->kids[i];
        struct tokens t = {0};
        if (kid->op != NODE_WORD && kid->op != NODE_PHRASE)
            return not_yet(pl, kid, "anything but words and phrases beside NEAR or ADJ");
        if (tokenize(pl->a, kid->text, &t, pl->e))
            return NULL;
        for (size_t j = 0; j < t.n; j++)
            if (token_is_base(t.v[j].kind) &&
                (kids_add(pl, &k, term_of(pl, t.v[j].term)) ||
                    mark(pl, (struct plan_mark){.exact = t.v[j].term})))
                return NULL;
    }
    struct xquery *q = joined(pl, n->op == NODE_ADJ ? XQ_PHRASE : XQ_NEAR, k);
    if (q && q->n_kids > 1)
        q->window = (uint32_t)q->n_kids + n->slack;
    if (q && !pl->negative && !ARENA_PUSH(pl->a, pl->own, pl->n_own, pl->cap_own, q)) {
        err_memory(pl->e);
        return NULL;
    }
    return q;
}

struct parts { /* of an AND: what weighs, what only filters, what excludes */
    struct kids words, filters, nots;
};

static int sort_kid(struct planner *pl, const struct node *n, enum scope scope, struct parts *out)
{
    if (n->op == NODE_WORD || n->op == NODE_PREFIX)
        return word_concepts(pl, n, scope, &out->words);
    if (n->op == NODE_NOT) {
        bool was = pl->negative;
        pl->negative = true;
        struct xquery *q = build(pl, n->kids[0], OWN);
        pl->negative = was;
        return kids_add(pl, &out->nots, q);
    }
    struct xquery *q = build(pl, n, scope);
    if (!q)
        return -1;
    if (n->op == NODE_EMPTY)
        return 0;
    return kids_add(pl, is_filter(n) ? &out->filters : &out->words, q);
}

static struct xquery *assemble(struct planner *pl, struct parts *s)
{
    struct xquery *q;
    if (s->words.n) {
        q = joined(pl, XQ_AND, s->words);
    } else if (s->filters.n) {
        struct xquery *all = joined(pl, XQ_AND, s->filters);
        q = scaled(pl, all, 0);
        s->filters.n = 0;
    } else {
        q = everything(pl);
    }
    if (q && s->filters.n)
        q = pair(pl, XQ_FILTER, q, joined(pl, XQ_AND, s->filters));
    if (q && s->nots.n)
        q = pair(pl, XQ_NOT, q, joined(pl, XQ_OR, s->nots));
    return q;
}

static struct xquery *and_node(struct planner *pl, const struct node *n, enum scope scope)
{
    struct parts s = {0};
    for (size_t i = 0; i < n->n_kids; i++)
        if (sort_kid(pl, n->kids[i], scope, &s))
            return NULL;
    return assemble(pl, &s);
}

static struct xquery *build(struct planner *pl, const struct node *n, enum scope scope)
{
    struct parts s = {0};
    struct kids k = {0};
    switch (n->op) {
    case NODE_EMPTY:
        return node_new(pl, XQ_NONE);
    case NODE_AND:
        return and_node(pl, n, scope);
    case NODE_WORD:
    case NODE_PREFIX:
        if (word_concepts(pl, n, scope, &k))
            return NULL;
        return joined(pl, XQ_AND, k);
    case NODE_NOT:
        return sort_kid(pl, n, scope, &s) ? NULL : assemble(pl, &s);
    case NODE_OR:
        for (size_t i = 0; i < n->n_kids; i++)
            if (kids_add(pl, &k, build(pl, n->kids[i], scope)))
                return NULL;
        return joined(pl, XQ_OR, k);
    case NODE_PHRASE:
        return phrase_node(pl, n);
    case NODE_NEAR:
    case NODE_ADJ:
        return near_node(pl, n);
    case NODE_FIELD:
        return field_query(pl, n);
    case NODE_TAG:
        return tag_units(pl, n->text);
    case NODE_PROPERTY:
        return not_yet(pl, n, "front matter");
    case NODE_LINK:
        return not_yet(pl, n, "a link");
    case NODE_SAVED:
        return not_yet(pl, n, "a saved query");
    case NODE_REGEX:
        return not_yet(pl, n, "a regular expression");
    }
    return NULL;
}

/* --- tiers --------------------------------------------------------------------------------- */

/* Words typed one behind the other, and filters: what may be adjacent, be a title, be relaxed. */
static bool plain_words(const struct node *n)
{
    return n->op == NODE_WORD || n->op == NODE_PREFIX;
}

static int option_filters(struct planner *pl, struct kids *k)
{
    const struct plan_options *o = pl->o;
    const struct {
        const char *name;
        struct slice value;
        enum field_how how;
    } dates[] = {
        {"since", o->since, HOW_SINCE}, {"until", o->until, HOW_UNTIL}, {"on", o->on, HOW_DATE}};
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        if (!dates[i].value.n)
            continue;
        struct xquery *q = date_field(pl, dates[i].value, ERR_NOWHERE, dates[i].how);
        if (!q && pl->e->code == ERR_QUERY) {
            struct err was = *pl->e;
            err_clear(pl->e);
            return err_set(pl->e, ERR_PARAMS, "%s: %s", dates[i].name, was.text);
        }
        if (kids_add(pl, k, q))
            return -1;
    }
    return o->vault.n ? kids_add(pl, k, prefixed(pl, 'V', o->vault)) : 0;
}

static struct xquery *filtered(struct planner *pl, struct xquery *q, const struct parts *s)
{
    struct kids f = s->filters;
    if (q && f.n)
        q = pair(pl, XQ_FILTER, q, joined(pl, XQ_AND, f));
    if (q && s->nots.n)
        q = pair(pl, XQ_NOT, q, joined(pl, XQ_OR, s->nots));
    return q;
}

/* The query's words as they were typed, one text, for adjacency and titles. */
static struct slice words_text(struct planner *pl, const struct node *const *kids, size_t n)
{
    struct buf b = {0};
    for (size_t i = 0; i < n; i++)
        if (kids[i]->op == NODE_WORD) {
            if (b.n)
                buf_char(&b, ' ');
            buf_slice(&b, kids[i]->text);
        }
    struct slice s = arena_dup(pl->a, buf_view(&b));
    buf_free(&b);
    return s;
}

static int tier_adjacent(struct planner *pl, struct slice text, const struct parts *s)
{
    struct tokens t = {0};
    size_t bases = 0;
    if (tokenize(pl->a, text, &t, pl->e))
        return -1;
    for (size_t i = 0; i < t.n; i++)
        bases += token_is_base(t.v[i].kind);
    if (bases < 2 || t.groups < 2)
        return 0;
    struct xquery *q = adjacent(pl, t.v, t.n, 0, true);
    if (!q || !(q = filtered(pl, q, s)))
        return -1;
    pl->p->tier[PLAN_ADJACENT] = q;
    return 0;
}

static int tier_title(struct planner *pl, struct slice text, const struct parts *s)
{
    struct slice key = token_key(pl->a, text);
    if (!key.n)
        return 0;
    struct xquery *q = prefixed(pl, 'T', key);
    if (!q || !(q = filtered(pl, q, s)))
        return -1;
    pl->p->tier[PLAN_TITLE] = q;
    return 0;
}

/* With the words corrected, titles and adjacency are looked for in what was read instead. */
static struct slice as_read(struct planner *pl, struct slice text)
{
    const struct plan *p = pl->p;
    if (!p->suggestion_from.n)
        return text;
    const char *at = memmem(text.p, text.n, p->suggestion_from.p, p->suggestion_from.n);
    if (!at)
        return text;
    size_t before = (size_t)(at - text.p), after = before + p->suggestion_from.n;
    char *s = arena_printf(pl->a, "%.*s%.*s%.*s", (int)before, text.p, (int)p->suggestion_to.n,
        p->suggestion_to.p, (int)(text.n - after), text.p + after);
    return s ? slice_str(s) : text;
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

static int plan_words(struct planner *pl, const struct node *root)
{
    struct plan *p = pl->p;
    const struct node *one = root;
    const struct node *const *kids =
        root->op == NODE_AND ? (const struct node *const *)root->kids : &one;
    size_t n = root->op == NODE_AND ? root->n_kids : 1;
    struct parts own = {0}, wide = {0};
    bool plain = true;
    for (size_t i = 0; i < n; i++) {
        plain = plain && (plain_words(kids[i]) || is_filter(kids[i]) || kids[i]->op == NODE_NOT);
        struct parts before = wide;
        if (sort_kid(pl, kids[i], WIDE, &wide))
            return -1;
        for (size_t w = before.words.n; plain_words(kids[i]) && w < wide.words.n; w++)
            if (!ARENA_PUSH(pl->a, p->words, p->n_words, pl->cap_words, wide.words.v[w]))
                return err_memory(pl->e);
    }
    struct kids own_any = {.v = pl->own, .n = pl->n_own};
    size_t marks = p->n_marks, runs = p->n_runs;
    for (size_t i = 0; i < n; i++)
        if (kids[i]->op == NODE_NOT || is_filter(kids[i]))
            continue;
        else if (sort_kid(pl, kids[i], OWN, &own))
            return -1;
    p->n_marks = marks; /* the second walk found the same ones */
    p->n_runs = runs;
    own.filters = wide.filters;
    own.nots = wide.nots;
    if (option_filters(pl, &own.filters))
        return -1;
    wide.filters = own.filters;

    if (!wide.words.n && !wide.filters.n && !wide.nots.n) {
        p->empty = true;
        p->widest = node_new(pl, XQ_NONE);
        return p->widest ? 0 : -1;
    }
    if (pl->o->match == MATCH_ANY && wide.words.n) {
        struct xquery *any = joined(pl, XQ_OR, wide.words);
        wide.words = (struct kids){0};
        if (kids_add(pl, &wide.words, any))
            return -1;
    }
    bool tiers = plain && wide.words.n;
    struct slice text = tiers ? as_read(pl, words_text(pl, kids, n)) : slice_of(NULL, 0);
    if (tiers && (tier_title(pl, text, &wide) || tier_adjacent(pl, text, &wide)))
        return -1;
    if (pl->o->match != MATCH_ANY && own.words.n) {
        struct parts copy = own;
        if (!(p->tier[PLAN_OWN] = assemble(pl, &copy)))
            return -1;
    }
    struct parts copy = wide;
    struct xquery *widest = assemble(pl, &copy);
    p->own_any = own_any.n ? joined(pl, XQ_OR, own_any) : NULL;
    if (widest && p->own_any && wide.words.n)
        widest = pair(pl, XQ_FILTER, widest, p->own_any);
    if (!widest)
        return -1;
    p->tier[PLAN_CONTEXT] = widest;
    p->widest = p->tier[PLAN_TITLE] ? pair(pl, XQ_OR, widest, p->tier[PLAN_TITLE]) : widest;
    struct parts rest = {.filters = wide.filters, .nots = wide.nots};
    for (size_t i = 0; i < n; i++)
        if (!plain_words(kids[i]) && !is_filter(kids[i]) && kids[i]->op != NODE_NOT &&
            kids[i]->op != NODE_EMPTY && sort_kid(pl, kids[i], WIDE, &rest))
            return -1;
    p->n_marks = marks;
    if (rest.words.n || rest.filters.n || rest.nots.n)
        p->required = assemble(pl, &rest);
    return p->widest ? 0 : -1;
}

int plan_make(struct arena *a, const struct plan_env *env, const struct plan_options *o,
    struct slice text, const struct query *q, struct plan *p, struct err *e)
{
    *p = (struct plan){0};
    struct planner pl = {.a = a, .env = env, .o = o, .text = text, .p = p, .e = e};
    for (size_t i = 0; i < q->n_warnings; i++)
        if (!ARENA_PUSH(a, p->warnings, p->n_warnings, p->warnings_cap, q->warnings[i]))
            return err_memory(e);
    if (!q->root || q->root->op == NODE_EMPTY) {
        p->empty = true;
        return 0;
    }
    pl.last_end = (size_t)find_last_end(q->root, 0);
    if (plan_words(&pl, q->root))
        return e->code ? -1 : err_memory(e);
    return 0;
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
    struct plan_env env = {0};
    struct planner pl = {.a = a, .env = &env, .e = e};
    size_t n = p->n_words, pick[RELAX_CHOICES];
    struct kids ways = {0};
    if (m == 0 || m >= n || choices(n, m) > RELAX_CHOICES || m > RELAX_CHOICES) {
        err_set(e, ERR_COMPLEX, "too many words to leave some out");
        return NULL;
    }
    for (size_t i = 0; i < m; i++)
        pick[i] = i;
    do {
        struct kids all = {0};
        for (size_t i = 0; i < m; i++)
            if (kids_add(&pl, &all, p->words[pick[i]]))
                return NULL;
        if (kids_add(&pl, &ways, joined(&pl, XQ_AND, all)))
            return NULL;
    } while (next_choice(pick, n, m));
    struct xquery *q = joined(&pl, XQ_OR, ways);
    if (q && p->own_any)
        q = pair(&pl, XQ_FILTER, q, p->own_any);
    if (q && p->required)
        q = pair(&pl, XQ_FILTER, q, p->required);
    return q;
}

/* --- showing ------------------------------------------------------------------------------- */

static const char *const op_names[] = {[XQ_NONE] = "none",
    [XQ_ALL] = "all",
    [XQ_TERM] = "term",
    [XQ_AND] = "and",
    [XQ_OR] = "or",
    [XQ_SYNONYM] = "synonym",
    [XQ_MAX] = "max",
    [XQ_NOT] = "not",
    [XQ_FILTER] = "filter",
    [XQ_MAYBE] = "maybe",
    [XQ_PHRASE] = "phrase",
    [XQ_NEAR] = "near",
    [XQ_PREFIX] = "prefix",
    [XQ_RANGE] = "range",
    [XQ_SCALE] = "scale",
    [XQ_DOCIDS] = "docids"};

void plan_write(const struct xquery *q, struct buf *out)
{
    if (!q || q->op == XQ_NONE || q->op == XQ_ALL) {
        buf_str(out, q && q->op == XQ_ALL ? "all" : "none");
        return;
    }
    if (q->op == XQ_TERM) {
        utf8_printable(out, q->term);
        return;
    }
    buf_printf(out, "(%s", op_names[q->op]);
    if (q->op == XQ_PREFIX) {
        buf_char(out, ' ');
        utf8_printable(out, q->term);
        buf_char(out, '*');
    } else if (q->op == XQ_RANGE) {
        buf_printf(out, " %u %u..%u", q->slot, xvalue_as_u32(q->low), xvalue_as_u32(q->high));
    } else if (q->op == XQ_SCALE) {
        buf_printf(out, " %g", q->factor);
    } else if (q->op == XQ_DOCIDS) {
        buf_printf(out, " %zu", q->n_docids);
    } else if (q->window) {
        buf_printf(out, "/%u", q->window);
    }
    for (size_t i = 0; i < q->n_kids; i++) {
        buf_char(out, ' ');
        plan_write(q->kids[i], out);
    }
    buf_char(out, ')');
}
