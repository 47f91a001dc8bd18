// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/plan.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/note.h"
#include "lib/resolve.h"
#include "lib/schema.h"
#include "lib/utf8.h"

enum {
    RELAX_CHOICES = 64,
    SPLIT_MIN = 2,   /* letters of the parts of a compound */
    SAVED_LEVELS = 4 /* saved queries inside saved queries */
};

static const double CONTEXT_WEIGHT = 0.3;

struct planner {
    bool run_together;    /* what adjacent() made last matches one word for two, too */
    double units, bodies; /* count_units */
    struct xmaker m;
    struct resolver r;
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
    bool synonym;    /* these words are in the user's synonyms: no misspelling */
    size_t last_end; /* where the query's last word ends, for `partial` */
    unsigned saved_levels;
    day_t asof; /* DAY_NONE: every day counts */
};

enum scope { OWN, WIDE };

/* --- building queries ---------------------------------------------------------------------- */

static struct xquery *everything(struct planner *pl)
{
    struct xkids k = {0};
    for (size_t i = 0; i < pl->env->n_vaults; i++)
        if (xkids_add(&pl->m, &k, xquery_prefixed(&pl->m, 'V', pl->env->vaults[i])))
            return NULL;
    struct xquery *all = k.n ? xquery_over(&pl->m, XQ_OR, k) : xquery_new(&pl->m, XQ_ALL);
    return xquery_scale(&pl->m, all, 0);
}

static struct slice lower(struct planner *pl, struct slice s)
{
    struct buf b = {0};
    utf8_fold(&b, s);
    struct slice folded = arena_dup(pl->a, buf_view(&b));
    buf_free(&b);
    return folded;
}

/* --- what the index knows ------------------------------------------------------------------ */

static int known(struct planner *pl, struct slice term, bool *is)
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

/* The parts of a compound that the index has in two words or hyphened, "open weights"; empty when
 * it has none. */
static int compound_parts(struct planner *pl, struct slice joined_form, struct slice *parts)
{
    *parts = slice_of(NULL, 0);
    if (!pl->env->db)
        return 0;
    char *text = arena_printf(pl->a, "j:%.*s", (int)joined_form.n, joined_form.p);
    if (!text)
        return err_memory(pl->e);
    struct slice key = slice_str(text);
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

static int mark_stems(struct planner *pl, const struct token *t)
{
    struct slice stems[RESOLVE_LANGUAGES];
    if (!token_is_stemmed(t))
        return mark(pl, (struct plan_mark){.exact = t->plain});
    size_t n = resolve_stems(&pl->r, t->plain, stems);
    for (size_t i = 0; i < n; i++)
        if (mark(pl, (struct plan_mark){.stem = stems[i]}))
            return -1;
    return 0;
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

static struct xquery *own_leaf(struct planner *pl, const struct token *t)
{
    return mark_stems(pl, t) ? NULL : resolve_word(&pl->r, 'Z', t);
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

/* What matches, weighed by the words it is made of: exact forms weigh nothing (schema.h). */
static struct xquery *weighed(
    struct planner *pl, struct xquery *match, const struct token *const *base, size_t n)
{
    struct xkids k = {0};
    for (size_t i = 0; i < n; i++)
        if (xkids_add(&pl->m, &k, resolve_word(&pl->r, 'Z', base[i])))
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
        if (compound_parts(pl, *form, &parts))
            return -1;
        if (!parts.n)
            *form = slice_of(NULL, 0);
    }
    return 0;
}

/* Exactly these words side by side: a phrase, or the one term that says the same. */
static struct xquery *adjacent(
    struct planner *pl, const struct token *v, size_t n, uint32_t slack, bool whole_query)
{
    const struct token **base, *whole;
    size_t count = bases_of(pl, v, n, &base, &whole);
    if (!count)
        return pl->e->code ? NULL : xquery_new(&pl->m, XQ_NONE);
    uint32_t span = base[count - 1]->pos - base[0]->pos + 1;
    uint32_t window = slack || span > count ? span + slack : 0;
    if (mark_run(pl, base, count, window, whole_query))
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
        if (mark(pl, (struct plan_mark){.exact = form}))
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
        q = xquery_pair(&pl->m, XQ_OR, q, weighed(pl, phrase_of(pl, base, n, 0), base, n));
    }
    return q;
}

/* Reads a word that the index has never seen as its nearest neighbour. */
static int correct(struct planner *pl, struct token *t, const struct node *node)
{
    struct plan *p = pl->p;
    if (t->kind != TOKEN_WORD || !token_is_stemmed(t) || !pl->env->nearest || pl->negative ||
        pl->synonym)
        return 0;
    struct slice stems[RESOLVE_LANGUAGES], ask[1 + 2 * RESOLVE_LANGUAGES] = {t->plain};
    size_t n = resolve_stems(&pl->r, t->plain, stems), n_ask = 1;
    for (size_t i = 0; i < n; i++) {
        ask[n_ask++] = schema_term(pl->a, 'Z', stems[i]);
        ask[n_ask++] = schema_term(pl->a, 'C', stems[i]);
    }
    for (size_t i = 0; i < n_ask; i++) {
        bool is = false;
        if (!ask[i].p)
            return err_memory(pl->e);
        if (known(pl, ask[i], &is))
            return -1;
        if (is)
            return 0;
    }
    struct slice parts;
    if (compound_parts(pl, t->plain, &parts))
        return -1;
    if (parts.n)
        return 0;
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

struct beginning { /* a word that begins so */
    struct slice word;
    uint32_t documents;
};

struct beginnings {
    struct arena *a;
    struct beginning *v;
    size_t n, cap;
};

static int keep_beginning(void *ctx, struct slice word, uint32_t documents)
{
    struct beginnings *g = ctx;
    struct beginning b = {arena_dup(g->a, word), documents};
    return !b.word.p || !ARENA_PUSH(g->a, g->v, g->n, g->cap, b);
}

static int most_documents(const void *x, const void *y)
{
    const struct beginning *a = x, *b = y;
    return a->documents != b->documents
               ? (a->documents < b->documents) - (a->documents > b->documents)
               : slice_cmp(a->word, b->word);
}

/* The words that begin so and were there by then, the most frequent ones first. */
static int known_beginnings(struct planner *pl, struct slice begin, struct beginnings *g)
{
    size_t n = 0;
    *g = (struct beginnings){.a = pl->a};
    int rc = xdb_terms_each(pl->env->db, begin, begin, keep_beginning, g, pl->e);
    if (rc)
        return rc < 0 ? -1 : err_memory(pl->e);
    for (size_t i = 0; i < g->n; i++) {
        struct beginning b = g->v[i];
        if (resolve_known(pl->env->db, b.word, pl->asof, UINT32_MAX, &b.documents, pl->e))
            return -1;
        if (b.documents)
            g->v[n++] = b;
    }
    g->n = n;
    if (n)
        qsort(g->v, n, sizeof *g->v, most_documents);
    return 0;
}

static struct xquery *prefix_of(struct planner *pl, struct slice begin)
{
    struct beginnings g;
    struct xkids k = {0};
    if (pl->asof == DAY_NONE || !pl->env->db) {
        struct xquery *q = xquery_new(&pl->m, XQ_PREFIX);
        if (q) {
            q->term = begin;
            q->limit = QUERY_EXPAND;
        }
        return q;
    }
    if (known_beginnings(pl, begin, &g))
        return NULL;
    for (size_t i = 0; i < g.n && i < QUERY_EXPAND; i++)
        if (xkids_add(&pl->m, &k, xquery_term(&pl->m, g.v[i].word)))
            return NULL;
    return xquery_over(&pl->m, XQ_OR, k);
}

static int count_word(void *ctx, struct slice word, uint32_t documents)
{
    unsigned *n = ctx;
    (void)word;
    (void)documents;
    return ++*n > QUERY_EXPAND;
}

/* 1: more words begin so than a prefix stands for. */
static int is_narrow(struct planner *pl, struct slice form)
{
    unsigned n = 0;
    struct beginnings g;
    if (pl->asof == DAY_NONE)
        return xdb_terms_each(pl->env->db, form, form, count_word, &n, pl->e);
    return known_beginnings(pl, form, &g) ? -1 : g.n > QUERY_EXPAND;
}

/* A prefix stands for a bounded number of words. Whoever wrote it is told when there are more. */
static int tell_narrow(struct planner *pl, const struct node *node, struct slice form)
{
    struct plan *p = pl->p;
    if (node->op != NODE_PREFIX || !pl->env->db)
        return 0;
    int more = is_narrow(pl, form);
    if (more <= 0)
        return more;
    char *text = arena_printf(pl->a, "%.*s*: read as the %d most frequent words that begin so",
        (int)node->text.n, node->text.p, QUERY_EXPAND);
    if (!text)
        return err_memory(pl->e);
    for (size_t i = 0; i < p->n_warnings; i++)
        if (slice_is(p->warnings[i], text))
            return 0;
    return ARENA_PUSH(pl->a, p->warnings, p->n_warnings, p->warnings_cap, slice_str(text))
               ? 0
               : err_memory(pl->e);
}

/* One or two letters: half of all units have words that begin so, and no weight of theirs tells
 * which unit was meant. Without weights the newest ones come first, and soon. */
static bool says_little(const struct token *t)
{
    return t->plain.n <= 2;
}

/* The words that begin so, weighed by the stems that do. */
static struct xquery *prefix_leaf(struct planner *pl, const struct token *t, struct slice form)
{
    struct slice stem = schema_term(pl->a, 'Z', t->plain);
    if (!stem.p) {
        err_memory(pl->e);
        return NULL;
    }
    if (mark(pl, (struct plan_mark){.prefix = t->plain}))
        return NULL;
    struct xquery *q = xquery_scale(&pl->m, prefix_of(pl, form), 0);
    return token_is_stemmed(t) && !says_little(t)
               ? xquery_pair(&pl->m, XQ_MAYBE, q, prefix_of(pl, stem))
               : q;
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
    if (mark_run(pl, base, count, 0, false))
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (v[i].kind == TOKEN_GRAM2 && mark(pl, (struct plan_mark){.exact = v[i].term}))
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

double plan_rarity(double units, uint32_t holding, uint32_t titles)
{
    double n = (double)holding - 2.0 * (double)titles;
    n = n < 0.5 ? 0.5 : n > units ? units : n;
    double odds = (units - n + 0.5) / (n + 0.5);
    return odds > 1.0001 ? log(odds) : 0.0001;
}

/* As Xapian's BM25Weight has it. */
static double bm25_rarity(double units, double n)
{
    double odds = (units - n + 0.5) / (n + 0.5);
    return log(odds < 2 ? odds * 0.5 + 1 : odds);
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
    struct xquery *q = xquery_pair(&pl->m, XQ_SYNONYM, own, inherited);
    struct slice text =
        own->term.p[0] == 'Z' ? slice_of(own->term.p + 1, own->term.n - 1) : own->term;
    struct slice title = schema_term(pl->a, 'S', text);
    uint32_t n, titles;
    if (!q || !pl->env->db)
        return q;
    if (!title.p) {
        err_memory(pl->e);
        return NULL;
    }
    if (count_units(pl) || xdb_term_freq(pl->env->db, own->term, &n, pl->e) ||
        xdb_term_freq(pl->env->db, title, &titles, pl->e))
        return NULL;
    return xquery_scale(
        &pl->m, q, plan_rarity(pl->bodies, n, titles) / bm25_rarity(pl->units, (double)n));
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
        is_host(text) ? schema_term(pl->a, 'H', lower(pl, text)) : (struct slice){0};
    if (!q || !term.n || !pl->env->db)
        return q;
    if (known(pl, term, &is))
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
            own = mark(pl, (struct plan_mark){.exact = base[0]->plain})
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
        own = tell_narrow(pl, node, form) ? NULL : prefix_leaf(pl, last, form);
        if (own && count == 1 && !says_little(last))
            own = xquery_pair(&pl->m, XQ_OR, own, own_leaf(pl, last));
    } else if (count == 1 || is_possessive(node, base, count)) {
        inherit = base[0];
        own = with_parts(pl, base[0], own_leaf(pl, base[0]));
    } else {
        uint32_t begin = base[0]->begin, end = base[count - 1]->end;
        own = with_host(
            pl, slice_of(node->text.p + begin, end - begin), adjacent(pl, v, n, 0, false));
    }
    if (!own)
        return NULL;
    if (scope == OWN)
        return own;
    if (!pl->negative && !ARENA_PUSH(pl->a, pl->own, pl->n_own, pl->cap_own, own)) {
        err_memory(pl->e);
        return NULL;
    }
    struct xkids inherited = {0};
    for (size_t i = 0; i < (inherit ? 1 : count); i++)
        if (xkids_add(&pl->m, &inherited, resolve_word(&pl->r, 'C', inherit ? inherit : base[i])))
            return NULL;
    if (pl->o->match == MATCH_ANY && own->op == XQ_TERM && inherited.n == 1)
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

/* A word node's groups, each a concept; appended to *out. Without tokens nothing is appended. */
static int word_concepts(
    struct planner *pl, const struct node *node, enum scope scope, struct xkids *out)
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

/* --- synonyms ------------------------------------------------------------------------------ */

static struct slice words_text(struct planner *pl, const struct node *const *kids, size_t n);

/* The longest run of words from kids[0] on that is a name of some group; 0: none is. */
static size_t synonym_run(struct planner *pl, const struct node *const *kids, size_t n,
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
        struct slice key = synonyms_key(pl->a, words_text(pl, kids, run));
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
    struct slice line = arena_dup(pl->a, buf_view(&b));
    buf_free(&b);
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
        if (word_concepts(pl, &word, scope, &k))
            return NULL;
        return xquery_over(&pl->m, XQ_AND, k);
    }
    struct xquery *q = adjacent(pl, t.v, t.n, 0, false);
    if (q && scope == WIDE && !ARENA_PUSH(pl->a, pl->own, pl->n_own, pl->cap_own, q)) {
        err_memory(pl->e);
        return NULL;
    }
    return q;
}

/* Words that are a name of `groups`, or any other name of theirs; appended to *out. */
static int with_synonyms(struct planner *pl, const struct node *const *kids, size_t n,
    const struct synonym *groups, size_t n_groups, enum scope scope, struct xkids *out)
{
    struct xkids typed = {0}, names = {0};
    pl->synonym = true;
    for (size_t i = 0; i < n; i++)
        if (word_concepts(pl, kids[i], scope, &typed))
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

/* --- dates --------------------------------------------------------------------------------- */

static struct xquery *changed(struct planner *pl, size_t at, day_t from, day_t to)
{
    struct xquery *q = pl->env->changed
                           ? pl->env->changed(pl->env->ctx, &pl->m, everything(pl), from, to)
                           : xquery_new(&pl->m, XQ_NONE);
    if (!q && pl->e->code == ERR_QUERY && pl->e->at == ERR_NOWHERE)
        pl->e->at = at;
    return q;
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
    if (how == HOW_CHANGED)
        return changed(pl, at, from, to);
    if (how == HOW_SINCE)
        to = DAY_MAX;
    if (how == HOW_UNTIL)
        from = DAY_MIN;
    return resolve_days(&pl->r, from, to);
}

static struct xquery *build(struct planner *pl, const struct node *n, enum scope scope);

/* Units that link to the note or name it, by title or any alias, in their own text; and heads whose
 * entity lists have it. */
static struct xquery *entity(struct planner *pl, struct slice name)
{
    struct slice *names;
    size_t n;
    struct xkids k = {0};
    if (resolve_names(&pl->r, name, &names, &n))
        return NULL;
    for (size_t i = 0; i < n; i++) {
        struct tokens t = {0};
        if (tokenize(pl->a, names[i], &t, pl->e) ||
            xkids_add(&pl->m, &k, adjacent(pl, t.v, t.n, 0, false)) ||
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
            if (xkids_add(&pl->m, &each, build(pl, kid->kids[i], OWN)))
                return NULL;
        }
    } else if (xkids_add(&pl->m, &each, build(pl, kid, OWN))) {
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
        return date_field(pl, v, at, how);
    case HOW_SOURCE:
        return xquery_prefixed(&pl->m, 'H', lower(pl, v));
    case HOW_LINK:
        return resolve_link(&pl->r, v);
    case HOW_ENTITY:
        return entity(pl, v);
    case HOW_NOTE:
        return in_one_note(pl, n);
    }
    return NULL;
}

/* field:value, or field:(a OR b -c): the field over each leaf. */
static struct xquery *field_query(struct planner *pl, const struct node *n)
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
        return field_query(pl, &leaf);
    }
    for (size_t i = 0; i < kid->n_kids; i++) {
        bool not = kid->op == NODE_NOT || kid->kids[i]->op == NODE_NOT;
        leaf.kids = kid->kids[i]->op == NODE_NOT ? kid->kids[i]->kids : &kid->kids[i];
        if (xkids_add(&pl->m, not ? &nots : &k, field_query(pl, &leaf)))
            return NULL;
    }
    struct xquery *q =
        k.n ? xquery_over(&pl->m, kid->op == NODE_OR ? XQ_OR : XQ_AND, k) : everything(pl);
    return nots.n ? xquery_pair(&pl->m, XQ_NOT, q, xquery_over(&pl->m, XQ_OR, nots)) : q;
}

static int warn(struct planner *pl, struct slice text)
{
    struct plan *p = pl->p;
    return text.p && ARENA_PUSH(pl->a, p->warnings, p->n_warnings, p->warnings_cap, text)
               ? 0
               : err_memory(pl->e);
}

/* Handles are names, too: @name is a saved query where there is one, else the word. */
static int read_handles(struct planner *pl, struct node *n)
{
    for (size_t i = 0; i < n->n_kids; i++)
        if (read_handles(pl, n->kids[i]))
            return -1;
    if (n->op != NODE_SAVED || (pl->env->saved && pl->env->saved(pl->env->ctx, n->text).p))
        return 0;
    n->op = NODE_WORD;
    n->text = slice_of(n->text.p - 1, n->text.n + 1);
    return warn(pl, slice_str(arena_printf(pl->a,
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
    if (read_handles(pl, q.root))
        return NULL;
    struct slice was = pl->text;
    pl->text = text;
    pl->saved_levels++;
    struct xquery *built = build(pl, q.root, scope);
    pl->saved_levels--;
    pl->text = was;
    return built;
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
                    mark(pl, (struct plan_mark){.exact = t.v[j].term})))
                return NULL;
    }
    struct xquery *q = xquery_over(&pl->m, n->op == NODE_ADJ ? XQ_PHRASE : XQ_NEAR, k);
    if (q && q->n_kids > 1)
        q->window = (uint32_t)q->n_kids + n->slack;
    if (q && !pl->negative && !ARENA_PUSH(pl->a, pl->own, pl->n_own, pl->cap_own, q)) {
        err_memory(pl->e);
        return NULL;
    }
    return q;
}

struct parts { /* of an AND: what weighs, what only filters, what excludes */
    struct xkids words, filters, nots;
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
        return xkids_add(&pl->m, &out->nots, q);
    }
    struct xquery *q = build(pl, n, scope);
    if (!q)
        return -1;
    if (n->op == NODE_EMPTY)
        return 0;
    return xkids_add(&pl->m, is_filter(n) ? &out->filters : &out->words, q);
}

/* The next of an AND's kids, or the words that are one name of the user's; how many, -1 on error.
 */
static int sort_next(struct planner *pl, const struct node *const *kids, size_t n, enum scope scope,
    struct parts *out)
{
    const struct synonym *groups;
    size_t n_groups, run = synonym_run(pl, kids, n, &groups, &n_groups);
    if (!run)
        return sort_kid(pl, kids[0], scope, out) ? -1 : 1;
    return with_synonyms(pl, kids, run, groups, n_groups, scope, &out->words) ? -1 : (int)run;
}

static struct xquery *assemble(struct planner *pl, struct parts *s)
{
    struct xquery *q;
    if (s->words.n) {
        q = xquery_over(&pl->m, XQ_AND, s->words);
    } else if (s->filters.n) {
        struct xquery *all = xquery_over(&pl->m, XQ_AND, s->filters);
        q = xquery_scale(&pl->m, all, 0);
        s->filters.n = 0;
    } else {
        q = everything(pl);
    }
    if (q && s->filters.n)
        q = xquery_pair(&pl->m, XQ_FILTER, q, xquery_over(&pl->m, XQ_AND, s->filters));
    if (q && s->nots.n)
        q = xquery_pair(&pl->m, XQ_NOT, q, xquery_over(&pl->m, XQ_OR, s->nots));
    return q;
}

static struct xquery *and_node(struct planner *pl, const struct node *n, enum scope scope)
{
    struct parts s = {0};
    int step = 1;
    for (size_t i = 0; i < n->n_kids; i += (size_t)step)
        if ((step = sort_next(
                 pl, (const struct node *const *)n->kids + i, n->n_kids - i, scope, &s)) < 0)
            return NULL;
    return assemble(pl, &s);
}

static struct xquery *build(struct planner *pl, const struct node *n, enum scope scope)
{
    struct parts s = {0};
    struct xkids k = {0};
    switch (n->op) {
    case NODE_EMPTY:
        return xquery_new(&pl->m, XQ_NONE);
    case NODE_AND:
        return and_node(pl, n, scope);
    case NODE_WORD:
    case NODE_PREFIX:
        return sort_next(pl, &n, 1, scope, &s) < 0 ? NULL : xquery_over(&pl->m, XQ_AND, s.words);
    case NODE_NOT:
        return sort_kid(pl, n, scope, &s) ? NULL : assemble(pl, &s);
    case NODE_OR:
        for (size_t i = 0; i < n->n_kids; i++)
            if (xkids_add(&pl->m, &k, build(pl, n->kids[i], scope)))
                return NULL;
        return xquery_over(&pl->m, XQ_OR, k);
    case NODE_PHRASE:
        return phrase_node(pl, n);
    case NODE_NEAR:
    case NODE_ADJ:
        return near_node(pl, n);
    case NODE_FIELD:
        return field_query(pl, n);
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

/* --- tiers --------------------------------------------------------------------------------- */

/* Words typed one behind the other, and filters: what may be adjacent, be a title, be relaxed. */
static bool plain_words(const struct node *n)
{
    return n->op == NODE_WORD || n->op == NODE_PREFIX;
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
        struct xquery *q = date_field(pl, dates[i].value, ERR_NOWHERE, dates[i].how);
        if (!q && pl->e->code == ERR_QUERY) {
            struct err was = *pl->e;
            err_clear(pl->e);
            return err_set(pl->e, ERR_PARAMS, "%s: %s", dates[i].name, was.text);
        }
        if (xkids_add(&pl->m, k, q))
            return -1;
    }
    return o->vault.n ? xkids_add(&pl->m, k, xquery_prefixed(&pl->m, 'V', o->vault)) : 0;
}

static struct xquery *filtered(struct planner *pl, struct xquery *q, const struct parts *s)
{
    struct xkids f = s->filters;
    if (q && f.n)
        q = xquery_pair(&pl->m, XQ_FILTER, q, xquery_over(&pl->m, XQ_AND, f));
    if (q && s->nots.n)
        q = xquery_pair(&pl->m, XQ_NOT, q, xquery_over(&pl->m, XQ_OR, s->nots));
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

/* 1 when the tier has units that no other one has: with the words run together. */
static int tier_adjacent(struct planner *pl, struct slice text, const struct parts *s)
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
    struct xquery *q = adjacent(pl, t.v, t.n, 0, true);
    if (!q || !(q = filtered(pl, q, s)))
        return -1;
    pl->p->tier[PLAN_ADJACENT] = q;
    return pl->run_together;
}

static int tier_title(struct planner *pl, struct slice text, const struct parts *s)
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
    int step = 1;
    for (size_t i = 0; i < n; i += (size_t)step) {
        plain = plain && (plain_words(kids[i]) || is_filter(kids[i]) || kids[i]->op == NODE_NOT);
        struct parts before = wide;
        if ((step = sort_next(pl, kids + i, n - i, WIDE, &wide)) < 0)
            return -1;
        for (size_t w = before.words.n; plain_words(kids[i]) && w < wide.words.n; w++)
            if (!ARENA_PUSH(pl->a, p->words, p->n_words, pl->cap_words, wide.words.v[w]))
                return err_memory(pl->e);
    }
    struct xkids own_any = {.v = pl->own, .n = pl->n_own};
    size_t marks = p->n_marks, runs = p->n_runs;
    for (size_t i = 0; i < n; i += (size_t)step) {
        step = 1;
        if (kids[i]->op != NODE_NOT && !is_filter(kids[i]) &&
            (step = sort_next(pl, kids + i, n - i, OWN, &own)) < 0)
            return -1;
    }
    p->n_marks = marks; /* the second walk found the same ones */
    p->n_runs = runs;
    own.filters = wide.filters;
    own.nots = wide.nots;
    if (option_filters(pl, &own.filters))
        return -1;
    wide.filters = own.filters;

    if (!wide.words.n && !wide.filters.n && !wide.nots.n) {
        p->empty = true;
        p->widest = xquery_new(&pl->m, XQ_NONE);
        return p->widest ? 0 : -1;
    }
    if (pl->o->match == MATCH_ANY && wide.words.n) {
        struct xquery *any = xquery_over(&pl->m, XQ_OR, wide.words);
        wide.words = (struct xkids){0};
        if (xkids_add(&pl->m, &wide.words, any))
            return -1;
    }
    bool tiers = plain && wide.words.n;
    struct slice text = tiers ? as_read(pl, words_text(pl, kids, n)) : slice_of(NULL, 0);
    int apart = tiers ? tier_title(pl, text, &wide) ? -1 : tier_adjacent(pl, text, &wide) : 0;
    if (apart < 0)
        return -1;
    if (pl->o->match != MATCH_ANY && own.words.n) {
        struct parts copy = own;
        if (!(p->tier[PLAN_OWN] = assemble(pl, &copy)))
            return -1;
    }
    struct parts copy = wide;
    struct xquery *widest = assemble(pl, &copy);
    p->own_any = own_any.n ? xquery_over(&pl->m, XQ_OR, own_any) : NULL;
    if (widest && p->own_any && wide.words.n)
        widest = xquery_pair(&pl->m, XQ_FILTER, widest, p->own_any);
    if (!widest)
        return -1;
    p->tier[PLAN_CONTEXT] = widest;
    p->widest =
        p->tier[PLAN_TITLE] ? xquery_pair(&pl->m, XQ_OR, widest, p->tier[PLAN_TITLE]) : widest;
    if (apart && p->widest)
        p->widest = xquery_pair(&pl->m, XQ_OR, p->widest, p->tier[PLAN_ADJACENT]);
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
    struct planner pl = {.m = {a, e},
        .r = {{a, e}, env->db, env->stem, env->deadline_ns, env->stop, env->asof},
        .a = a,
        .env = env,
        .o = o,
        .text = text,
        .p = p,
        .asof = DAY_NONE,
        .e = e};
    day_t from;
    if (o->asof.n && date_range(o->asof, env->today, &from, &pl.asof, e)) {
        struct err was = *e;
        err_clear(e);
        return err_set(e, ERR_PARAMS, "asof: %s", was.text);
    }
    pl.r.asof = pl.asof == DAY_NONE ? NULL : &pl.asof;
    if (env->warning.n &&
        !ARENA_PUSH(a, p->warnings, p->n_warnings, p->warnings_cap, arena_dup(a, env->warning)))
        return err_memory(e);
    for (size_t i = 0; i < q->n_warnings; i++)
        if (!ARENA_PUSH(a, p->warnings, p->n_warnings, p->warnings_cap, q->warnings[i]))
            return err_memory(e);
    if (!q->root || q->root->op == NODE_EMPTY) {
        p->empty = true;
        return 0;
    }
    if (read_handles(&pl, q->root))
        return -1;
    pl.last_end = (size_t)find_last_end(q->root, 0);
    if (plan_words(&pl, q->root))
        return e->code ? -1 : err_memory(e);
    return 0;
}

int plan_filters(struct arena *a, const struct plan_env *env, const struct plan_options *o,
    struct plan *p, struct err *e)
{
    *p = (struct plan){0};
    struct xkids k = {0};
    struct planner pl = {.m = {a, e},
        .r = {{a, e}, env->db, env->stem, env->deadline_ns, env->stop, env->asof},
        .a = a,
        .env = env,
        .o = o,
        .p = p,
        .asof = DAY_NONE,
        .e = e};
    if (option_filters(&pl, &k))
        return e->code ? -1 : err_memory(e);
    p->required = k.n ? xquery_over(&pl.m, XQ_AND, k) : NULL;
    return e->code ? -1 : 0;
}

int plan_entity(
    struct arena *a, const struct plan_env *env, struct slice name, struct plan *p, struct err *e)
{
    static const struct plan_options none = {0};
    *p = (struct plan){0};
    struct planner pl = {.m = {a, e},
        .r = {{a, e}, env->db, env->stem, env->deadline_ns, env->stop, env->asof},
        .a = a,
        .env = env,
        .o = &none,
        .text = name,
        .p = p,
        .asof = env->asof ? *env->asof : DAY_NONE,
        .e = e};
    p->widest = entity(&pl, name);
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
    struct plan_env env = {0};
    struct planner pl = {.m = {a, e}, .a = a, .env = &env, .e = e};
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
            if (xkids_add(&pl.m, &all, p->words[pick[i]]))
                return NULL;
        if (xkids_add(&pl.m, &ways, xquery_over(&pl.m, XQ_AND, all)))
            return NULL;
    } while (next_choice(pick, n, m));
    struct xquery *q = xquery_over(&pl.m, XQ_OR, ways);
    if (q && p->own_any)
        q = xquery_pair(&pl.m, XQ_FILTER, q, p->own_any);
    if (q && p->required)
        q = xquery_pair(&pl.m, XQ_FILTER, q, p->required);
    return q;
}
