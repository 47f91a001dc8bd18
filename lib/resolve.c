// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/resolve.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/forms.h"
#include "lib/match.h"
#include "lib/note.h"
#include "lib/postings.h"
#include "lib/record.h"
#include "lib/regex.h"
#include "lib/schema.h"
#include "lib/target.h"
#include "lib/token.h"
#include "lib/utf8.h"

enum {
    DAYS_MAX = 12000, /* a longer range is compared by its value */
    WORDS_MAX = 2000  /* words of the index that may hold a pattern's letters */
};

/* --- days ---------------------------------------------------------------------------------- */

static struct xquery *day_term(struct resolver *r, day_t d)
{
    struct ymd y = day_split(d);
    char text[16];
    snprintf(text, sizeof text, "%04d%02d%02d", y.year % 10000, y.month % 100, y.day % 100);
    return xquery_prefixed(&r->m, 'D', slice_str(text));
}

static struct xquery *month_term(struct resolver *r, int year, int month)
{
    char text[16];
    snprintf(text, sizeof text, "%04d%02d", year % 10000, month % 100);
    return xquery_prefixed(&r->m, 'M', slice_str(text));
}

static int add_days(struct resolver *r, struct xkids *k, day_t from, day_t to)
{
    for (day_t d = from; d <= to; d++)
        if (xkids_add(&r->m, k, day_term(r, d)))
            return -1;
    return 0;
}

/* Docids tell the day, but for units with the term R; where there are none, a range of days is one
 * of docids. */
static int promise_docids(struct resolver *r, struct xquery *q, day_t from, day_t to)
{
    uint32_t odd = 1;
    const day_t oldest = DOCID_NEWEST - DOCID_DAYS + 1;
    if (r->db && xdb_term_freq(r->db, SLICE_LIT("R"), &odd, r->m.e))
        return -1;
    if (odd || to < oldest || from > DOCID_NEWEST)
        return 0;
    q->first_docid = schema_day_docid(to < DOCID_NEWEST ? to : DOCID_NEWEST);
    q->last_docid = schema_day_docid(from > oldest ? from : oldest) + (1u << DOCID_DAY_BITS) - 1;
    return 0;
}

/* Whole months by their terms, the days at both ends by theirs; an open or very long range by the
 * value. */
static struct xquery *days_query(struct resolver *r, day_t from, day_t to)
{
    if (from <= DAY_MIN || to >= DAY_MAX || to - from > DAYS_MAX) {
        struct xquery *q = xquery_new(&r->m, XQ_RANGE);
        char *ends = arena_alloc(r->m.a, 8);
        if (!q || !ends) {
            err_memory(r->m.e);
            return NULL;
        }
        q->slot = SLOT_DAY;
        xvalue_u32(schema_day_value(from), ends);
        xvalue_u32(schema_day_value(to), ends + 4);
        q->low = slice_of(ends, 4);
        q->high = to >= DAY_MAX ? slice_of(NULL, 0) : slice_of(ends + 4, 4);
        return q;
    }
    struct xkids k = {0};
    day_t d = from;
    while (d <= to) {
        struct ymd y = day_split(d);
        day_t next = y.month == 12 ? day_of(y.year + 1, 1, 1) : day_of(y.year, y.month + 1, 1);
        if (y.day == 1 && next - 1 <= to) {
            if (xkids_add(&r->m, &k, month_term(r, y.year, y.month)))
                return NULL;
        } else if (add_days(r, &k, d, next - 1 <= to ? next - 1 : to)) {
            return NULL;
        }
        d = next;
    }
    return xquery_over(&r->m, XQ_OR, k);
}

struct xquery *resolve_days(struct resolver *r, day_t from, day_t to)
{
    struct xquery *q = from > to ? xquery_new(&r->m, XQ_NONE) : days_query(r, from, to);
    return q && (from > to || promise_docids(r, q, from, to) == 0) ? q : NULL;
}

int resolve_known(
    struct xdb *db, struct slice term, day_t asof, uint32_t most, uint32_t *n, struct err *e)
{
    struct arena a = {0};
    docid_t *ids, first = schema_day_docid(asof);
    size_t all = 0;
    if (!first && asof <= DOCID_NEWEST)
        first = DOCID_UNDATED;
    int rc = xdb_postings(
        db, &a, term, first ? xdb_joined_docid(db, first) : 1, SIZE_MAX, &ids, &all, e);
    *n = 0;
    for (size_t i = 0; rc == 0 && i < all && *n < most; i++) {
        struct slice value = {0};
        day_t day;
        bool told = schema_docid_day(xdb_own_docid(db, ids[i]), &day);
        if (!told)
            rc = xdb_value(db, &a, ids[i], SLOT_DAY, &value, e);
        *n += told || (value.n && schema_value_day(xvalue_as_u32(value)) <= asof);
    }
    arena_free(&a);
    return rc;
}

int resolve_count(struct resolver *r, struct slice term, uint32_t *n)
{
    return r->asof ? resolve_known(r->db, term, *r->asof, UINT32_MAX, n, r->m.e)
                   : xdb_term_freq(r->db, term, n, r->m.e);
}

int resolve_cut(struct resolver *r, docid_t *ids, size_t *n)
{
    size_t kept = 0;
    for (size_t i = 0; r->asof && i < *n; i++) {
        struct slice value = {0};
        day_t day;
        bool told = schema_docid_day(xdb_own_docid(r->db, ids[i]), &day);
        if (!told && xdb_value(r->db, r->m.a, ids[i], SLOT_DAY, &value, r->m.e))
            return -1;
        if (value.n)
            day = schema_value_day(xvalue_as_u32(value));
        if ((told || value.n) && day <= *r->asof)
            ids[kept++] = ids[i];
    }
    *n = r->asof ? kept : *n;
    return 0;
}

/* --- asking the index ---------------------------------------------------------------------- */

static int match_all(struct resolver *r, const struct xquery *q, uint32_t max, bool data,
    uint32_t collapse, struct xresult *found)
{
    struct xsearch s = {.query = q,
        .sort = XSORT_DOCID,
        .k1 = -1,
        .max = max,
        .data = data,
        .collapse_slot = collapse};
    return match_search(r->db, r->m.a, &s, found, r->m.e);
}

static int too_many_notes(struct resolver *r)
{
    return err_set(r->m.e, ERR_COMPLEX, "over %d notes match a field: narrow it", RESOLVE_NOTES);
}

/* The numbers of the notes that the documents belong to, ascending, each once. */
static int numbers_of(struct resolver *r, const struct xresult *found, uint32_t **out, size_t *n)
{
    uint32_t *v = arena_array(r->m.a, found->n_hits, sizeof *v);
    if (!v)
        return err_memory(r->m.e);
    for (size_t i = 0; i < found->n_hits; i++) {
        struct slice value;
        if (xdb_value(r->db, r->m.a, found->hits[i].id, SLOT_NOTE, &value, r->m.e))
            return -1;
        v[i] = xvalue_as_u32(value);
    }
    *out = v;
    *n = found->n_hits;
    return 0;
}

static struct xquery *units_of(struct resolver *r, const uint32_t *numbers, size_t n)
{
    struct xkids k = {0};
    for (size_t i = 0; i < n; i++) {
        char *text = arena_printf(r->m.a, "%u", numbers[i]);
        if (!text) {
            err_memory(r->m.e);
            return NULL;
        }
        if (xkids_add(&r->m, &k, xquery_prefixed(&r->m, 'Q', slice_str(text))))
            return NULL;
    }
    return xquery_over(&r->m, XQ_OR, k);
}

static int notes_matching(
    struct resolver *r, struct xquery *q, bool heads, uint32_t **numbers, size_t *n)
{
    struct xresult found;
    if (r->asof)
        q = xquery_pair(&r->m, XQ_FILTER, q, resolve_days(r, DAY_MIN, *r->asof));
    if (!q)
        return -1;
    if (match_all(r, q, RESOLVE_NOTES + 1, false, heads ? XSEARCH_NO_SLOT : SLOT_NOTE, &found))
        return -1;
    if (found.n_hits > RESOLVE_NOTES)
        return too_many_notes(r);
    return numbers_of(r, &found, numbers, n);
}

struct xquery *resolve_notes(struct resolver *r, struct xquery *heads)
{
    uint32_t *numbers;
    size_t n;
    if (!heads || !r->db)
        return heads;
    return notes_matching(r, heads, true, &numbers, &n) ? NULL : units_of(r, numbers, n);
}

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

struct xquery *resolve_in_notes(struct resolver *r, struct xquery *const *each, size_t n)
{
    uint32_t *common = NULL, *here;
    size_t count = 0, n_here;
    if (!r->db)
        return n ? each[0] : xquery_new(&r->m, XQ_NONE);
    for (size_t i = 0; i < n; i++) {
        if (!each[i] || notes_matching(r, each[i], false, &here, &n_here))
            return NULL;
        if (n_here)
            qsort(here, n_here, sizeof *here, by_number);
        if (i == 0) {
            common = here;
            count = n_here;
            continue;
        }
        size_t kept = 0;
        for (size_t a = 0, b = 0; a < count && b < n_here;) {
            if (common[a] == here[b])
                common[kept++] = common[a++], b++;
            else if (common[a] < here[b])
                a++;
            else
                b++;
        }
        count = kept;
    }
    return units_of(r, common, count);
}

/* --- words of titles, tags, properties ----------------------------------------------------- */

size_t resolve_stems(
    const struct resolver *r, struct slice word, struct slice stems[RESOLVE_LANGUAGES])
{
    size_t n = r->stem ? 0 : 1;
    stems[0] = word;
    for (struct xstem *s = r->stem; s && n < RESOLVE_LANGUAGES; s = xstem_next(s)) {
        size_t i = 0;
        stems[n] = xstem_of(s, r->m.a, word);
        while (!slice_eq(stems[i], stems[n]))
            i++;
        n += i == n;
    }
    return n;
}

/* Whether the index has a form, and its stem is this one. Over parts on other machines it is not
 * asked: each question is a message. */
static int is_form(struct resolver *r, struct slice form, struct slice stem, bool *is)
{
    struct slice of[RESOLVE_LANGUAGES];
    uint32_t documents = 1;
    *is = false;
    if (xdb_is_single(r->db) && xdb_term_freq(r->db, form, &documents, r->m.e))
        return -1;
    size_t n = documents ? resolve_stems(r, form, of) : 0;
    for (size_t i = 0; i < n && !*is; i++)
        *is = slice_eq(of[i], stem);
    return 0;
}

static int add_forms(struct resolver *r, struct slice stem, struct xkids *out)
{
    struct slice form[FORMS_OF_STEM];
    size_t n;
    if (forms_of(r->m.a, stem, form, &n))
        return err_memory(r->m.e);
    for (size_t i = 0; i < n; i++) {
        bool is;
        if (is_form(r, form[i], stem, &is))
            return -1;
        for (size_t k = 0; k < out->n && is; k++)
            is = !slice_eq(out->v[k]->term, form[i]);
        if (is && xkids_add(&r->m, out, xquery_term(&r->m, form[i])))
            return -1;
    }
    return 0;
}

struct xquery *resolve_own_stems(struct resolver *r, const struct slice *stems, size_t n)
{
    struct xkids k = {0};
    for (size_t i = 0; i < n; i++)
        if (xkids_add(&r->m, &k, xquery_prefixed(&r->m, 'Z', stems[i])))
            return NULL;
    for (size_t i = 0; i < n && r->db; i++)
        if (add_forms(r, stems[i], &k))
            return NULL;
    return xquery_over(&r->m, XQ_SYNONYM, k);
}

struct xquery *resolve_own_word(struct resolver *r, const struct token *t)
{
    struct slice stems[RESOLVE_LANGUAGES];
    return token_is_stemmed(t) ? resolve_own_stems(r, stems, resolve_stems(r, t->plain, stems))
                               : xquery_term(&r->m, t->plain);
}

struct xquery *resolve_word(struct resolver *r, char prefix, const struct token *t)
{
    struct slice stems[RESOLVE_LANGUAGES];
    struct xkids k = {0};
    if (!token_is_stemmed(t))
        return xquery_prefixed(&r->m, prefix, t->plain);
    size_t n = resolve_stems(r, t->plain, stems);
    for (size_t i = 0; i < n; i++)
        if (xkids_add(&r->m, &k, xquery_prefixed(&r->m, prefix, stems[i])))
            return NULL;
    return xquery_over(&r->m, XQ_OR, k);
}

int resolve_frequency(struct resolver *r, const struct xquery *q, size_t units, uint32_t *n)
{
    if (q->op == XQ_TERM)
        return xdb_term_freq(r->db, q->term, n, r->m.e);
    uint32_t *each = arena_array(r->m.a, q->n_kids, sizeof *each);
    if (!each)
        return err_memory(r->m.e);
    for (size_t i = 0; i < q->n_kids; i++)
        if (xdb_term_freq(r->db, q->kids[i]->term, &each[i], r->m.e))
            return -1;
    *n = postings_estimate(each, q->n_kids, units);
    return 0;
}

int resolve_documents(struct resolver *r, const struct xquery *q, uint32_t *n)
{
    struct xresult found;
    struct xsearch s = {.query = q,
        .sort = XSORT_DOCID,
        .k1 = -1,
        .check = UINT32_MAX,
        .collapse_slot = XSEARCH_NO_SLOT};
    if (q->op == XQ_TERM)
        return xdb_term_freq(r->db, q->term, n, r->m.e);
    if (match_search(r->db, r->m.a, &s, &found, r->m.e))
        return -1;
    *n = found.total;
    return 0;
}

/* All words of the value, each as one term under `prefix`. */
static struct xquery *all_words(struct resolver *r, char prefix, struct slice value)
{
    struct tokens t = {0};
    struct xkids k = {0};
    if (tokenize(r->m.a, value, &t, r->m.e))
        return NULL;
    for (size_t i = 0; i < t.n; i++)
        if (token_is_base(t.v[i].kind) && xkids_add(&r->m, &k, resolve_word(r, prefix, &t.v[i])))
            return NULL;
    return xquery_over(&r->m, XQ_AND, k);
}

struct xquery *resolve_title(struct resolver *r, struct slice words)
{
    return resolve_notes(r, all_words(r, 'S', words));
}

struct xquery *resolve_property(
    struct resolver *r, struct slice key, bool has_value, struct slice value)
{
    struct slice k = token_key(r->m.a, key), v = token_key(r->m.a, value);
    if (!k.n || (has_value && !v.n))
        return xquery_new(&r->m, XQ_NONE);
    char *text = has_value ? arena_printf(r->m.a, "%.*s:%.*s", (int)k.n, k.p, (int)v.n, v.p)
                           : arena_printf(r->m.a, "%.*s", (int)k.n, k.p);
    if (!text) {
        err_memory(r->m.e);
        return NULL;
    }
    return resolve_notes(r, xquery_prefixed(&r->m, 'X', slice_str(text)));
}

/* Tags are compared level by level, as kbindex writes them. */
struct xquery *resolve_tag(struct resolver *r, struct slice tag)
{
    struct buf b = {0};
    while (tag.n && tag.p[0] == '#')
        tag = slice_of(tag.p + 1, tag.n - 1);
    for (struct slice rest = tag; rest.n;) {
        const char *slash = memchr(rest.p, '/', rest.n);
        size_t n = slash ? (size_t)(slash - rest.p) : rest.n;
        struct slice key = token_key(r->m.a, slice_of(rest.p, n));
        if (key.n) {
            if (b.n)
                buf_char(&b, '/');
            buf_slice(&b, key);
        }
        rest = slice_of(rest.p + n + (slash ? 1 : 0), rest.n - n - (slash ? 1 : 0));
    }
    struct slice key = arena_take(r->m.a, &b);
    if (!key.n)
        return xquery_new(&r->m, XQ_NONE);
    struct xquery *term = xquery_prefixed(&r->m, 'G', key);
    struct xquery *heads =
        term ? xquery_pair(&r->m, XQ_FILTER, term, xquery_prefixed(&r->m, 'K', SLICE_LIT("note")))
             : NULL;
    return xquery_pair(&r->m, XQ_OR, term, resolve_notes(r, heads));
}

/* --- paths --------------------------------------------------------------------------------- */

struct glob_walk {
    struct resolver *r;
    struct slice pattern;
    bool base_name; /* of the base name, anywhere in it */
    struct xkids *out;
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
    if (w->out->n >= RESOLVE_NOTES) {
        err_set(w->r->m.e, ERR_COMPLEX, "over %d notes match a path: narrow it", RESOLVE_NOTES);
        return 1;
    }
    return xkids_add(&w->r->m, w->out, xquery_prefixed(&w->r->m, 'Q', number)) ? 1 : 0;
}

struct xquery *resolve_path(struct resolver *r, struct slice value, bool base_name)
{
    struct buf folded = {0};
    utf8_fold(&folded, value);
    struct slice pattern = arena_take(r->m.a, &folded);
    while (pattern.n && pattern.p[0] == '/')
        pattern = slice_of(pattern.p + 1, pattern.n - 1);
    while (pattern.n && pattern.p[pattern.n - 1] == '/')
        pattern.n--;
    struct xkids k = {0};
    struct glob_walk w = {.r = r, .pattern = pattern, .base_name = base_name, .out = &k};
    if (!pattern.n)
        return xquery_scale(&r->m, xquery_new(&r->m, XQ_ALL), 0);
    if (r->db &&
        xdb_terms_each(r->db, SLICE_LIT("F"), slice_of(NULL, 0), glob_path, &w, r->m.e) < 0)
        return NULL;
    return r->m.e->code ? NULL : xquery_over(&r->m, XQ_OR, k);
}

/* --- names and links ----------------------------------------------------------------------- */

static int add_name(struct resolver *r, struct slice **v, size_t *n, size_t *cap, struct slice name)
{
    for (size_t i = 0; i < *n; i++)
        if (slice_eq((*v)[i], name))
            return 0;
    if (*n >= RESOLVE_NAMES)
        return 0;
    return ARENA_PUSH(r->m.a, *v, *n, *cap, name) ? 0 : err_memory(r->m.e);
}

int resolve_names(struct resolver *r, struct slice name, struct slice **keys, size_t *n)
{
    size_t cap = 0;
    struct xresult heads;
    struct slice key = token_key(r->m.a, name);
    *keys = NULL;
    *n = 0;
    if (!key.n)
        return 0;
    if (add_name(r, keys, n, &cap, key))
        return -1;
    if (!r->db)
        return 0;
    struct xquery *bear = xquery_prefixed(&r->m, 'T', key);
    if (r->asof)
        bear = xquery_pair(&r->m, XQ_FILTER, bear, resolve_days(r, DAY_MIN, *r->asof));
    if (!bear || match_all(r, bear, RESOLVE_NAMES, false, XSEARCH_NO_SLOT, &heads))
        return -1;
    for (size_t i = 0; i < heads.n_hits; i++) {
        struct slice *terms;
        size_t n_terms;
        if (xdb_document_terms(
                r->db, r->m.a, heads.hits[i].id, SLICE_LIT("T"), &terms, &n_terms, r->m.e))
            return -1;
        for (size_t k = 0; k < n_terms; k++)
            if (add_name(r, keys, n, &cap, slice_of(terms[k].p + 1, terms[k].n - 1)))
                return -1;
    }
    return 0;
}

/* Heads of the notes that the name means: by path, title or alias, else by its words. */
static int linked_notes(struct resolver *r, struct slice target, struct slice key,
    struct target_note **v, size_t *n, bool *exact)
{
    struct slice *names;
    size_t n_names;
    *n = 0;
    if (!r->db)
        return 0;
    if (target_find(r, slice_of(NULL, 0), key, v, n, r->m.e))
        return -1;
    *exact = *n > 0;
    if (*exact)
        return 0;
    if (resolve_names(r, target, &names, &n_names))
        return -1;
    for (size_t i = 0; i < n_names && !*n; i++)
        if (target_by_title(r, names[i], v, n, r->m.e))
            return -1;
    return 0;
}

struct xquery *resolve_link(struct resolver *r, struct slice target)
{
    struct target_note *notes;
    size_t n;
    bool exact = false;
    struct xkids k = {0};
    struct slice key = schema_link_key(r->m.a, target);
    if (!key.n)
        return xquery_new(&r->m, XQ_NONE);
    if (linked_notes(r, target, key, &notes, &n, &exact))
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (xkids_add(&r->m, &k, target_links(r, &notes[i])))
            return NULL;
    if (!exact) {
        char *base = arena_printf(r->m.a, "/%.*s", (int)key.n, key.p);
        if (!base)
            err_memory(r->m.e);
        if (!base || xkids_add(&r->m, &k, xquery_prefixed(&r->m, 'L', key)) ||
            xkids_add(&r->m, &k, xquery_prefixed(&r->m, 'L', slice_str(base))))
            return NULL;
    }
    return xquery_over(&r->m, XQ_OR, k);
}

/* --- reading units ------------------------------------------------------------------------- */

struct reading {
    int (*wanted)(struct reading *rd, const struct record *rec, struct err *e); /* 1 yes, 0 no */
    struct slice words;
    struct regex *re;
    struct buf text;
};

/* The units among the candidates that are wanted. */
static struct xquery *read_units(
    struct resolver *r, const struct xquery *candidates, struct reading *rd, const char *what)
{
    struct xresult found;
    struct arena one = {0};
    if (!candidates || match_all(r, candidates, RESOLVE_UNITS + 1, false, XSEARCH_NO_SLOT, &found))
        return NULL;
    if (found.n_hits > RESOLVE_UNITS) {
        err_set(r->m.e, ERR_COMPLEX,
            "%s would have to be looked for in over %d units: add a word "
            "or a field that narrows it",
            what, RESOLVE_UNITS);
        return NULL;
    }
    docid_t *ids = arena_array(r->m.a, found.n_hits, sizeof *ids);
    size_t n = 0;
    int rc = ids ? 0 : err_memory(r->m.e);
    for (size_t i = 0; i < found.n_hits && rc >= 0; i++) {
        struct slice data;
        struct record rec;
        if (xdb_look(r->db, r->m.e) || xdb_data(r->db, &one, found.hits[i].id, &data, r->m.e) ||
            record_read(&one, data, &rec, r->m.e))
            rc = -1;
        else
            rc = rd->wanted(rd, &rec, r->m.e);
        if (rc > 0)
            ids[n++] = found.hits[i].id;
        arena_reset(&one);
    }
    arena_free(&one);
    struct xquery *q = rc < 0 ? NULL : xquery_new(&r->m, n ? XQ_DOCIDS : XQ_NONE);
    if (q) {
        q->docids = ids;
        q->n_docids = n;
    }
    return q;
}

/* Whether every word of `wanted` (token_key form) is among the words of `key`. */
static bool has_words(struct slice key, struct slice wanted)
{
    while (wanted.n) {
        const char *blank = memchr(wanted.p, ' ', wanted.n);
        struct slice word = slice_of(wanted.p, blank ? (size_t)(blank - wanted.p) : wanted.n);
        bool found = false;
        for (struct slice rest = key; rest.n && !found;) {
            const char *end = memchr(rest.p, ' ', rest.n);
            size_t n = end ? (size_t)(end - rest.p) : rest.n;
            found = slice_eq(slice_of(rest.p, n), word);
            rest = slice_of(rest.p + n + (end ? 1 : 0), rest.n - n - (end ? 1 : 0));
        }
        if (!found)
            return false;
        wanted = slice_of(word.p + word.n + (blank ? 1 : 0), wanted.n - word.n - (blank ? 1 : 0));
    }
    return true;
}

static int below_heading(struct reading *rd, const struct record *rec, struct err *e)
{
    struct arena a = {0};
    bool found = false;
    (void)e;
    for (size_t i = 0; i < rec->n_headings && !found; i++)
        found = has_words(token_key(&a, rec->heading[i]), rd->words);
    if (!found && rec->kind == UNIT_HEADING) {
        buf_clear(&rd->text);
        note_render(&rd->text, rec->text, rec->runs, rec->n_runs);
        found = has_words(token_key(&a, buf_view(&rd->text)), rd->words);
    }
    arena_free(&a);
    return found;
}

struct xquery *resolve_heading(struct resolver *r, struct slice words)
{
    struct reading rd = {.wanted = below_heading, .words = token_key(r->m.a, words)};
    struct xquery *inherited = all_words(r, 'C', words);
    struct xquery *heading = xquery_prefixed(&r->m, 'K', SLICE_LIT("heading"));
    struct tokens t = {0};
    struct xkids own = {0};
    if (!rd.words.n)
        return xquery_new(&r->m, XQ_NONE);
    if (!inherited || !heading || tokenize(r->m.a, words, &t, r->m.e))
        return NULL;
    for (size_t i = 0; i < t.n; i++)
        if (token_is_base(t.v[i].kind) && xkids_add(&r->m, &own, xquery_term(&r->m, t.v[i].term)))
            return NULL;
    struct xquery *headings =
        xquery_pair(&r->m, XQ_FILTER, xquery_over(&r->m, XQ_AND, own), heading);
    struct xquery *q = xquery_pair(&r->m, XQ_OR, inherited, headings);
    if (r->db)
        q = read_units(r, q, &rd, "the heading");
    buf_free(&rd.text);
    return q;
}

/* --- patterns ------------------------------------------------------------------------------ */

struct holding {
    struct resolver *r;
    struct slice letters;
    struct xkids words;
    bool failed;
};

static int add_word_holding(void *ctx, struct slice term, uint32_t documents)
{
    struct holding *h = ctx;
    (void)documents;
    if (term.n && term.p[0] >= 'A' && term.p[0] <= 'Z')
        return 0;
    /* A term as long as terms get may have been cut before the letters. */
    if (term.n + 4 < TOKEN_TERM_MAX && !memmem(term.p, term.n, h->letters.p, h->letters.n))
        return 0;
    if (h->words.n >= WORDS_MAX)
        return 1;
    h->failed = xkids_add(&h->r->m, &h->words, xquery_term(&h->r->m, arena_dup(h->r->m.a, term)));
    return h->failed;
}

/* Units that hold a word with these letters in it; every unit when that would be too many words. */
static struct xquery *units_holding(struct resolver *r, struct slice letters)
{
    struct holding h = {.r = r, .letters = letters};
    int rc = letters.n ? xdb_terms_each(r->db, slice_of(NULL, 0), slice_of(NULL, 0),
                             add_word_holding, &h, r->m.e)
                       : 1;
    if (rc < 0 || h.failed)
        return NULL;
    return rc ? xquery_new(&r->m, XQ_ALL) : xquery_over(&r->m, XQ_OR, h.words);
}

static int matches_pattern(struct reading *rd, const struct record *rec, struct err *e)
{
    size_t begin, end;
    buf_clear(&rd->text);
    note_render(&rd->text, rec->text, rec->runs, rec->n_runs);
    return rd->text.failed ? err_memory(e)
                           : regex_find(rd->re, buf_view(&rd->text), &begin, &end, e);
}

struct xquery *resolve_regex(struct resolver *r, struct slice pattern, size_t at)
{
    struct reading rd = {.wanted = matches_pattern};
    char letters[TOKEN_TERM_MAX];
    if (regex_new(&rd.re, pattern, at, r->m.e))
        return NULL;
    struct xquery *q = NULL;
    if (r->db)
        q = read_units(r,
            units_holding(r, slice_of(letters, regex_literal(pattern, letters, sizeof letters))),
            &rd, "the regular expression");
    else
        q = xquery_new(&r->m, XQ_ALL);
    regex_free(rd.re);
    buf_free(&rd.text);
    return q;
}
