// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/plan/concept.h"

#include <math.h>

#include "lib/match/weigh.h"
#include "lib/plan/correct.h"
#include "lib/plan/prefix.h"
#include "lib/postings.h"
#include "lib/schema.h"

enum { SPLIT_MIN = 2 }; /* letters of the parts of a compound */

static const double CONTEXT_WEIGHT = 0.3;

static struct xquery *own_leaf(struct planner *pl, const struct token *t)
{
    return planner_mark_stems(pl, t) ? NULL : resolve_own_word(&pl->r, t);
}

/* What is matched grows with how often a frequent word stands in a phrase: no text that people
 * write comes near this. */
static bool repeats_too_often(const struct token *const *base, size_t n)
{
    enum { MOST = 64 };
    size_t most = 0;
    for (size_t i = 0; i < n && n > MOST && most <= MOST; i++) {
        size_t same = 0;
        for (size_t j = i; j < n; j++)
            same += slice_eq(base[i]->term, base[j]->term);
        most = same > most ? same : most;
    }
    return most > MOST;
}

static struct xquery *phrase_of(
    struct planner *pl, const struct token *const *base, size_t n, uint32_t window)
{
    struct xkids k = {0};
    if (n > QUERY_TERMS || repeats_too_often(base, n)) {
        err_set(pl->e, ERR_COMPLEX,
            "a phrase or compound of more than %d words, or the same one too often: search for "
            "less",
            QUERY_TERMS);
        return NULL;
    }
    for (size_t i = 0; i < n; i++)
        if (xkids_add(&pl->m, &k, xquery_term(&pl->m, base[i]->term)))
            return NULL;
    struct xquery *q = xquery_over(&pl->m, XQ_PHRASE, k);
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

/* What matches, weighed by the stems of the words it is made of. */
static struct xquery *weighed(
    struct planner *pl, struct xquery *match, const struct token *const *base, size_t n)
{
    struct xkids k = {0};
    for (size_t i = 0; i < n; i++)
        if (xkids_add(&pl->m, &k, resolve_own_word(&pl->r, base[i])))
            return NULL;
    return xquery_pair(
        &pl->m, XQ_MAYBE, xquery_scale(&pl->m, match, 0), xquery_over(&pl->m, XQ_OR, k));
}

/*
 * The words run together, where that is the same thing: a compound typed as one ("open-weights"),
 * or two words that the index has hyphened somewhere. Else empty.
 */
static int closed_form(struct planner *pl, const struct token *const *base, size_t n,
    bool one_group, struct slice *form)
{
    struct buf b = {0};
    *form = slice_of(NULL, 0);
    if (n < 2 || (!one_group && n > 2))
        return 0;
    for (size_t i = 0; i < n; i++) {
        if (!token_is_stemmed(base[i]))
            break;
        buf_slice(&b, base[i]->plain);
        if (i + 1 == n)
            *form = arena_dup(pl->a, buf_view(&b));
    }
    bool failed = b.failed || (form->n == 0 && form->p);
    buf_free(&b);
    if (failed)
        return err_memory(pl->e);
    if (form->n && !one_group) {
        struct slice parts;
        if (planner_compound_parts(pl, *form, &parts))
            return -1;
        if (!parts.n)
            *form = slice_of(NULL, 0);
    }
    return 0;
}

struct xquery *concept_adjacent(
    struct planner *pl, const struct token *v, size_t n, uint32_t slack, bool whole_query)
{
    const struct token **base, *whole;
    size_t count = bases_of(pl, v, n, &base, &whole);
    if (!count)
        return pl->e->code ? NULL : xquery_new(&pl->m, XQ_NONE);
    uint32_t span = base[count - 1]->pos - base[0]->pos + 1;
    uint32_t window = slack || span > count ? span + slack : 0;
    if (planner_mark_run(pl, base, count, window, whole_query))
        return NULL;
    if (whole && is_pair(base, count) && !slack)
        return xquery_term(&pl->m, whole->term);
    if (whole_query && repeats_too_often(base, count))
        return xquery_new(&pl->m, XQ_NONE);
    struct xquery *q = phrase_of(pl, base, count, window);
    struct slice form = slice_of(NULL, 0);
    if (slack)
        return weighed(pl, q, base, count);
    if (whole && whole->digit)
        form = whole->term;
    else if (closed_form(pl, base, count, v[0].group == v[n - 1].group, &form))
        return NULL;
    pl->run_together = form.n > 0;
    if (form.n) {
        if (planner_mark(pl, (struct plan_mark){.exact = form}))
            return NULL;
        q = xquery_pair(&pl->m, XQ_OR, q, xquery_term(&pl->m, form));
    }
    return weighed(pl, q, base, count);
}

/* A word that may be a compound of the index run together: its parts as phrases, beside it. */
static struct xquery *with_parts(struct planner *pl, const struct token *t, struct xquery *q)
{
    struct slice lines;
    if (!q || t->kind != TOKEN_WORD || t->plain.n < 2 * SPLIT_MIN)
        return q;
    if (planner_compound_parts(pl, t->plain, &lines))
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
        if (planner_mark_run(pl, base, n, 0, false))
            return NULL;
        q = xquery_pair(&pl->m, XQ_OR, q, weighed(pl, phrase_of(pl, base, n, 0), base, n));
    }
    return q;
}

/* Han characters: their 2-grams, or the one character. */
static struct xquery *grams(struct planner *pl, const struct token *v, size_t n,
    const struct token *const *base, size_t count)
{
    struct xkids k = {0};
    for (size_t i = 0; i < n; i++)
        if (v[i].kind == TOKEN_GRAM2 || (count == 1 && v[i].kind == TOKEN_GRAM))
            if (xkids_add(&pl->m, &k, xquery_term(&pl->m, v[i].term)))
                return NULL;
    if (planner_mark_run(pl, base, count, 0, false))
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (v[i].kind == TOKEN_GRAM2 && planner_mark(pl, (struct plan_mark){.exact = v[i].term}))
            return NULL;
    return xquery_over(&pl->m, XQ_AND, k);
}

/* One, straight or curly, ends in front of the byte. */
static bool is_apostrophe(struct slice s, size_t at)
{
    return slice_ends(slice_of(s.p, at), SLICE_LIT("'")) ||
           slice_ends(slice_of(s.p, at), SLICE_LIT("\xe2\x80\x99"));
}

static bool is_possessive(const struct node *node, const struct token *const *base, size_t n)
{
    return n == 2 && base[1]->plain.n == 1 && base[1]->plain.p[0] == 's' &&
           base[0]->kind == TOKEN_WORD && is_apostrophe(node->text, base[1]->begin);
}

/* Units with a text of their own, and all of them. */
static int count_units(struct planner *pl)
{
    static const char *const bodies[] = {"Kentry", "Kevent", "Kbullet", "Ktext", "Krow", "Kcode"};
    struct xdb_info info;
    if (pl->units > 0)
        return 0;
    if (xdb_info(pl->env->db, &info, pl->e))
        return -1;
    pl->units = (double)info.documents;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        uint32_t n;
        if (xdb_term_freq(pl->env->db, slice_str(bodies[i]), &n, pl->e))
            return -1;
        pl->bodies += n;
    }
    return 0;
}

/*
 * One of many words of which any is enough: own and inherited count as one word (BM25F), and its
 * rarity is that among the units with a text of their own. A title stands in the head and in the
 * first heading, too: counted there, the words that say most of a note would look common.
 */
static struct xquery *any_word(struct planner *pl, struct xquery *own, struct xquery *inherited)
{
    struct xkids k = {0};
    struct slice title =
        schema_term(pl->a, 'S', slice_of(inherited->term.p + 1, inherited->term.n - 1));
    uint32_t n, taken, titles, both[2];
    for (size_t i = 0; i < own->n_kids; i++)
        if (xkids_add(&pl->m, &k, own->kids[i]))
            return NULL;
    if ((own->op == XQ_TERM && xkids_add(&pl->m, &k, own)) || xkids_add(&pl->m, &k, inherited))
        return NULL;
    struct xquery *q = xquery_over(&pl->m, XQ_SYNONYM, k);
    if (!q || !pl->env->db)
        return q;
    if (!title.p) {
        err_memory(pl->e);
        return NULL;
    }
    if (count_units(pl) || resolve_documents(&pl->r, own, &n) ||
        resolve_frequency(&pl->r, q, (size_t)pl->units, &taken) ||
        xdb_term_freq(pl->env->db, inherited->term, &both[1], pl->e) ||
        xdb_term_freq(pl->env->db, title, &titles, pl->e))
        return NULL;
    both[0] = n;
    double rarity = weigh_idf(pl->units, postings_estimate(both, 2, (size_t)pl->units)) /
                    weigh_idf(pl->units, taken);
    return xquery_scale(
        &pl->m, q, rarity * plan_rarity(pl->bodies, n, titles) / weigh_idf(pl->units, n));
}

static bool is_host(struct slice s)
{
    const char *dot = s.n ? memrchr(s.p, '.', s.n) : NULL;
    size_t last = dot ? s.n - (size_t)(dot - s.p) - 1 : 0;
    for (size_t i = 0; i < s.n; i++) {
        bool letter = (s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z';
        bool digit = s.p[i] >= '0' && s.p[i] <= '9';
        if (!letter && (i + last >= s.n || !(digit || s.p[i] == '-' || s.p[i] == '.')))
            return false;
    }
    return last >= 2 && dot != s.p;
}

/* "arxiv.org" is the units with a link there, too, where the index has any. */
static struct xquery *with_host(struct planner *pl, struct slice text, struct xquery *q)
{
    bool is = false;
    struct slice term =
        is_host(text) ? schema_term(pl->a, 'H', planner_lower(pl, text)) : (struct slice){0};
    if (!q || !term.n || !pl->env->db)
        return q;
    if (planner_known(pl, term, &is))
        return NULL;
    return is ? xquery_pair(&pl->m, XQ_OR, q, xquery_scale(&pl->m, xquery_term(&pl->m, term), 0))
              : q;
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
    const struct token *inherit = count == 1 ? base[0] : whole && whole->digit ? whole : NULL;
    for (size_t i = 0; i < n && !own && !pl->e->code; i++)
        if (v[i].kind == TOKEN_MARKED) {
            own = planner_mark(pl, (struct plan_mark){.exact = base[0]->plain})
                      ? NULL
                      : xquery_term(&pl->m, v[i].term);
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
        struct slice form = count == 1 || !whole ? last->plain : whole->plain;
        own = prefix_tell_narrow(pl, node, form) ? NULL : prefix_leaf(pl, last, form);
        if (own && count == 1 && !prefix_says_little(last))
            own = xquery_pair(&pl->m, XQ_OR, own, own_leaf(pl, last));
    } else if (count == 1 || is_possessive(node, base, count)) {
        inherit = base[0];
        own = with_parts(pl, base[0], own_leaf(pl, base[0]));
    } else {
        uint32_t begin = base[0]->begin, end = base[count - 1]->end;
        own = with_host(
            pl, slice_of(node->text.p + begin, end - begin), concept_adjacent(pl, v, n, 0, false));
    }
    if (!own || scope == OWN)
        return own;
    if (!planner_own(pl, own))
        return NULL;
    struct xkids inherited = {0};
    for (size_t i = 0; i < (inherit ? 1 : count); i++)
        if (xkids_add(&pl->m, &inherited, resolve_word(&pl->r, 'C', inherit ? inherit : base[i])))
            return NULL;
    if (pl->o->match == MATCH_ANY && (own->op == XQ_TERM || own->op == XQ_SYNONYM) &&
        inherited.n == 1 && inherited.v[0]->op == XQ_TERM)
        return any_word(pl, own, inherited.v[0]);
    return xquery_pair(&pl->m, XQ_OR, own,
        xquery_scale(&pl->m, xquery_over(&pl->m, XQ_AND, inherited), CONTEXT_WEIGHT));
}

/* Of a compound of letters any word is enough, too. */
static int any_part(struct planner *pl, const struct node *node, struct token *v, size_t n,
    enum scope scope, struct xkids *out)
{
    for (size_t i = 0; i < n; i++)
        if (token_is_base(v[i].kind) &&
            xkids_add(&pl->m, out, concept(pl, node, &v[i], 1, false, scope)))
            return -1;
    return 0;
}

static bool is_letters(const struct token *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (token_is_base(v[i].kind) && v[i].kind != TOKEN_WORD)
            return false;
    return true;
}

int concept_words(struct planner *pl, const struct node *node, enum scope scope, struct xkids *out)
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
        if (!prefix && j - i == 1 && correct_word(pl, node, &t.v[i]))
            return -1;
        if (pl->o->match == MATCH_ANY && !prefix && is_letters(t.v + i, j - i)) {
            if (any_part(pl, node, t.v + i, j - i, scope, out))
                return -1;
            continue;
        }
        struct xquery *q = concept(pl, node, t.v + i, j - i, prefix, scope);
        if (!q && pl->e->code)
            return -1;
        if (q && xkids_add(&pl->m, out, q))
            return -1;
    }
    return 0;
}
