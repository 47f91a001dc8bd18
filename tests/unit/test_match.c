// SPDX-License-Identifier: GPL-2.0-or-later
/* Xapian judges the matcher: random trees over random documents, asked of both. Without XQ_NEAR
 * (test_sequence.c), and synonyms and prefixes of three terms and more, whose
 * frequency it estimates in an order of its own. */
#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/buf.h"
#include "lib/match.h"
#include "lib/postings.h"
#include "lib/schema.h"
#include "lib/sequence.h"
#include "lib/xquery.h"

enum { DOCUMENTS = 900, TREES = 3000, WORDS = 14, PLACES = 30, IDS = 7000, SLOT_GROUP = 9 };

static char root[] = "/tmp/kb-test-match-XXXXXX";
static uint32_t seed = 7;

struct fixture {
    struct arena a;
    struct xwriter *w;
    struct xdb *db, *judge; /* nothing is kept beside the judge's */
    struct err e;
};

/* "aa", "ab", ... from common to rare; the last is in no document. */
static const char *const words[WORDS] = {
    "aa", "ab", "ac", "ba", "bb", "bc", "ca", "cb", "cc", "da", "db", "dc", "ea", "zz"};

static uint32_t roll(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed >> 8) * n >> 24);
}

static void ok(struct fixture *f, int status)
{
    if (status < 0)
        fail_msg("code %d \"%s\"", f->e.code, f->e.text);
}

/* Where the words of each document stand, for the judge: one or two at a place, from 1; 0: none. */
static uint8_t model[IDS][PLACES][2];

static void put_word(
    struct fixture *f, struct xdoc *d, docid_t id, uint32_t at, uint32_t word, struct buf *places)
{
    struct sequence_place p = {1 + at + at / 8, sequence_word(slice_str(words[word]))};
    model[id][at][model[id][at][0] != 0] = (uint8_t)(word + 1);
    buf_add(places, (const char *)&p, sizeof p);
    ok(f, xdoc_term(d, slice_str(words[word]), 1 + (roll(20) == 0), &f->e));
}

static void put_sequence(struct fixture *f, struct xdoc *d, struct buf *places)
{
    struct buf bytes = {0};
    size_t n = places->n / sizeof(struct sequence_place);
    struct sequence_place *v = arena_array(&f->a, n, sizeof *v);
    memcpy(v, places->p, places->n);
    ok(f, sequence_write(&bytes, &f->a, v, n, &f->e));
    ok(f, xdoc_value(d, SLOT_SEQUENCE, buf_view(&bytes), &f->e));
    buf_free(&bytes);
    buf_free(places);
}

static void put(struct fixture *f, docid_t id)
{
    struct xdoc *d;
    struct buf places = {0};
    char data[24], day[4];
    ok(f, xdoc_new(&d, &f->e));
    memset(model[id], 0, sizeof model[id]);
    uint32_t n = 1 + roll(PLACES);
    for (uint32_t at = 0; at < n; at++) {
        uint32_t w = roll(WORDS - 1), better = roll(WORDS - 1);
        put_word(f, d, id, at, better < w ? better : w, &places);
        if (roll(8) == 0)
            put_word(f, d, id, at, roll(WORDS - 1), &places);
    }
    put_sequence(f, d, &places);
    ok(f, xdoc_value(d, SLOT_GROUP, slice_of(&"abcdefgh"[roll(8)], 1), &f->e));
    for (uint32_t i = roll(4); i > 0; i--) {
        snprintf(day, sizeof day, "D%u", roll(9));
        ok(f, xdoc_term(d, slice_str(day), 0, &f->e));
    }
    snprintf(data, sizeof data, "text of %u", id);
    ok(f, xdoc_data(d, slice_str(data), &f->e));
    ok(f, xwriter_put(f->w, id, d, &f->e));
    xdoc_free(d);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    char path[sizeof root + 8];
    *state = f;
    snprintf(path, sizeof path, "%s/db", root);
    ok(f, xwriter_open(&f->w, path, XWRITER_CREATE, &f->e));
    ok(f, xwriter_begin(f->w, &f->e));
    for (docid_t id = 3, i = 0; i < DOCUMENTS; i++, id += 1 + roll(4))
        put(f, id);
    ok(f, xwriter_commit(f->w, &f->e));
    ok(f, xdb_open(&f->db, path, &f->e));
    ok(f, xdb_open(&f->judge, path, &f->e));
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    xwriter_close(f->w);
    xdb_close(f->db);
    xdb_close(f->judge);
    arena_free(&f->a);
    free(f);
    return 0;
}

/* --- trees --------------------------------------------------------------------------------- */

static struct xquery *term(struct xmaker *m)
{
    struct xquery *q = xquery_term(m, slice_str(words[roll(WORDS)]));
    if (roll(6) == 0)
        q->wqf = 2;
    return q;
}

static struct xquery *day(struct xmaker *m)
{
    return xquery_term(m, slice_str(arena_printf(m->a, "D%u", roll(10))));
}

static struct xquery *prefix(struct xmaker *m)
{
    struct xquery *q = xquery_new(m, XQ_PREFIX);
    q->term = slice_of(words[roll(WORDS)], 1);
    q->limit = 1 + roll(2);
    return q;
}

static struct xquery *over(
    struct xmaker *m, enum xq_op op, uint32_t n, struct xquery *(*kid)(struct xmaker *))
{
    struct xkids k = {0};
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(xkids_add(m, &k, kid(m)), 0);
    return xquery_over(m, op, k);
}

static struct xquery *phrase(struct xmaker *m)
{
    struct xquery *q = over(m, XQ_PHRASE, 2 + roll(2), term);
    q->window = q->n_kids > 1 && roll(3) == 0 ? (uint32_t)q->n_kids + roll(3) : 0;
    return q;
}

static struct xquery *leaf(struct xmaker *m)
{
    struct xquery *q;
    docid_t *ids;
    switch (roll(9)) {
    case 0:
        return prefix(m);
    case 1:
        return day(m);
    case 2:
        return phrase(m);
    case 3:
        return over(m, XQ_SYNONYM, 2, roll(8) ? term : prefix);
    case 4:
        if (roll(3))
            return xquery_new(m, roll(4) ? XQ_ALL : XQ_NONE);
        q = xquery_new(m, XQ_DOCIDS);
        ids = arena_array(m->a, 60, sizeof *ids);
        for (docid_t id = 0; q->n_docids < 60;)
            ids[q->n_docids++] = id += 1 + roll(50);
        q->docids = ids;
        return q;
    default:
        return term(m);
    }
}

static struct xquery *tree(struct xmaker *m)
{
    static unsigned depth;
    static const enum xq_op ops[] = {
        XQ_AND, XQ_AND, XQ_OR, XQ_OR, XQ_OR, XQ_NOT, XQ_FILTER, XQ_FILTER, XQ_MAYBE};
    struct xquery *q;
    if (depth == 3 || roll(3) == 0)
        return leaf(m);
    depth++;
    if (roll(8) == 0)
        q = xquery_scale(m, tree(m), roll(3) ? 0.3 + roll(3) : 0);
    else
        q = over(m, ops[roll(sizeof ops / sizeof *ops)], 2 + roll(roll(4) ? 2 : 6), tree);
    depth--;
    return q;
}

/* --- the judge knows no places: he is told which documents have them ------------------------ */

static bool stands_at(uint8_t word, docid_t id, uint32_t at)
{
    return model[id][at][0] == word || model[id][at][1] == word;
}

/* Words from `kid` on at places behind each other, before `end`; eight to a sentence. */
static bool places_fit(
    const uint8_t *asked, size_t n, docid_t id, size_t kid, uint32_t from, uint32_t end)
{
    if (kid == n)
        return true;
    for (uint32_t at = from; at < PLACES && at + at / 8 < end; at++)
        if (stands_at(asked[kid], id, at) && places_fit(asked, n, id, kid + 1, at + 1, end))
            return true;
    return false;
}

static bool stand_so(const uint8_t *asked, size_t n, uint32_t window, docid_t id)
{
    for (uint32_t at = 0; at < PLACES; at++)
        if (stands_at(asked[0], id, at) &&
            places_fit(asked, n, id, 1, at + 1, at + at / 8 + (window > n ? window : (uint32_t)n)))
            return true;
    return false;
}

static uint8_t number_of(struct slice word)
{
    uint8_t i = 0;
    while (!slice_is(word, words[i]))
        i++;
    return i + 1;
}

static struct xquery *judged(struct xmaker *m, const struct xquery *q)
{
    struct xquery *copy = xquery_new(m, q->op);
    *copy = *q;
    copy->kids = arena_array(m->a, q->n_kids, sizeof(struct xquery *));
    for (size_t i = 0; i < q->n_kids; i++)
        copy->kids[i] = judged(m, q->kids[i]);
    if (q->op != XQ_PHRASE)
        return copy;
    struct xquery *those = xquery_new(m, XQ_DOCIDS);
    docid_t *ids = arena_array(m->a, IDS, sizeof *ids);
    uint8_t asked[3];
    for (size_t i = 0; i < q->n_kids; i++)
        asked[i] = number_of(q->kids[i]->term);
    for (docid_t id = 1; id < IDS; id++)
        if (stand_so(asked, q->n_kids, q->window, id))
            ids[those->n_docids++] = id;
    those->docids = ids;
    copy->op = XQ_AND;
    return xquery_pair(m, XQ_FILTER, copy, those);
}

/* --- both answers -------------------------------------------------------------------------- */

static const char *text_of(struct fixture *f, const struct xquery *q)
{
    struct buf b = {0};
    xquery_write(q, &b);
    const char *text = arena_strndup(&f->a, b.p, b.n);
    buf_free(&b);
    return text;
}

static bool are_close(double a, double b)
{
    return fabs(a - b) <= 1e-9 * (1 + fabs(a));
}

/* Xapian adds weights in an order of its own: where two weigh the same but for that, either may
 * come first. */
static void same_hits(struct fixture *f, const struct xquery *q, const struct xresult *mine,
    const struct xresult *its)
{
    if (mine->n_hits != its->n_hits)
        fail_msg("%zu hits, wanted %zu: %s", mine->n_hits, its->n_hits, text_of(f, q));
    for (size_t i = 0; i < mine->n_hits; i++) {
        const struct xhit *a = &mine->hits[i], *b = &its->hits[i];
        size_t like = are_close(b->weight, its->hits[its->n_hits - 1].weight) +
                      are_close(b->weight, its->hits[0].weight);
        for (size_t k = 0; k < its->n_hits; k++)
            like += are_close(b->weight, its->hits[k].weight);
        bool shared = like > 1;
        if (!are_close(a->weight, b->weight) || (a->id != b->id && !shared))
            fail_msg("hit %zu: %u %.12g, wanted %u %.12g: %s", i, a->id, a->weight, b->id,
                b->weight, text_of(f, q));
        char data[24];
        snprintf(data, sizeof data, "text of %u", a->id);
        if (!slice_is(a->data, data))
            fail_msg("hit %zu has another's data: %s", i, text_of(f, q));
    }
}

static void ask_judge(struct fixture *f, const struct xsearch *s, struct xresult *its)
{
    struct xmaker m = {&f->a, &f->e};
    struct xsearch told = *s;
    told.query = judged(&m, s->query);
    ok(f, xdb_search(f->judge, &f->a, &told, its, &f->e));
}

static void ask_both(struct fixture *f, const struct xsearch *s, bool exact)
{
    struct xresult mine, its;
    int rc = match_search(f->db, &f->a, s, &mine, &f->e);
    if (rc)
        fail_msg("\"%s\": %s", f->e.text, text_of(f, s->query));
    ask_judge(f, s, &its);
    if (s->all_docids) {
        if (mine.n_docids != its.n_docids)
            fail_msg(
                "%zu docids, wanted %zu: %s", mine.n_docids, its.n_docids, text_of(f, s->query));
        for (size_t i = 0; i < its.n_docids; i++)
            if (mine.docids[i] != its.docids[i])
                fail_msg("docid %zu: %s", i, text_of(f, s->query));
        return;
    }
    same_hits(f, s->query, &mine, &its);
    assert_true(mine.lower <= mine.total && mine.total <= mine.upper);
    if (exact && (its.lower != its.upper || mine.lower != mine.upper || mine.total != its.total))
        fail_msg("%u..%u in all, wanted %u..%u: %s", mine.lower, mine.upper, its.lower, its.upper,
            text_of(f, s->query));
}

/* The best 20, all of them counted. */
static struct xsearch best_of(struct xquery *q)
{
    return (struct xsearch){.query = q,
        .max = 20,
        .check = UINT32_MAX,
        .k1 = 1.2,
        .b = 0.75,
        .min_length = 0.5,
        .data = true,
        .collapse_slot = XSEARCH_NO_SLOT};
}

static void trees_match_as_xapians(void **state)
{
    struct fixture *f = *state;
    struct xmaker m = {&f->a, &f->e};
    for (int i = 0; i < TREES; i++) {
        struct xsearch s = {.query = tree(&m),
            .sort = (enum xsort)roll(3),
            .first = roll(4) ? 0 : roll(40),
            .max = roll(3) ? 20 : UINT32_MAX / 4,
            .k1 = roll(6) ? 1.2 : -1,
            .b = 0.75,
            .min_length = 0.5,
            .data = true,
            .all_docids = roll(8) == 0,
            .collapse_slot = XSEARCH_NO_SLOT};
        bool exact = roll(2);
        s.check = exact ? UINT32_MAX : s.first + s.max;
        if (i % 50 == 0) /* some lists go, some are kept in few bytes */
            ok(f, postings_limit(f->db, roll(4) ? 4000 + roll(40000) : 0, &f->e));
        ask_both(f, &s, exact);
        arena_reset(&f->a);
    }
    ok(f, postings_limit(f->db, 0, &f->e));
}

/* Of three terms and more: what matches, and what it weighs but for one factor in all. */
static void synonyms_of_many(void **state)
{
    struct fixture *f = *state;
    struct xmaker m = {&f->a, &f->e};
    for (int i = 0; i < 500; i++) {
        struct xquery *many = over(&m, XQ_SYNONYM, 3 + roll(4), term);
        struct xquery *q = roll(3) == 0 ? many
                           : roll(2) == 0
                               ? xquery_pair(&m, XQ_FILTER, many, day(&m))
                               : xquery_pair(&m, XQ_AND, xquery_scale(&m, term(&m), 0), many);
        struct xsearch s = best_of(q);
        s.sort = (enum xsort)(XSORT_DOCID + roll(2));
        s.k1 = -1;
        struct xresult mine, its;
        if (i % 20 == 0)
            ok(f, postings_limit(f->db, roll(2) ? 4000 + roll(40000) : 1, &f->e));
        ask_both(f, &s, true);
        s.k1 = 1.2;
        s.sort = XSORT_WEIGHT;
        ok(f, match_search(f->db, &f->a, &s, &mine, &f->e));
        ask_judge(f, &s, &its);
        assert_int_equal(mine.n_hits, its.n_hits);
        for (size_t k = 0; k < its.n_hits; k++)
            assert_true(are_close(mine.hits[k].weight * its.hits[0].weight,
                its.hits[k].weight * mine.hits[0].weight));
        arena_reset(&f->a);
    }
    ok(f, postings_limit(f->db, 0, &f->e));
}

static void phrases_weigh_their_words(void **state)
{
    struct fixture *f = *state;
    struct xmaker m = {&f->a, &f->e};
    for (int i = 0; i < 300; i++) {
        struct xquery *q = phrase(&m);
        struct xsearch s = best_of(roll(3) ? xquery_pair(&m, XQ_AND, q, term(&m)) : q);
        s.check = roll(2) ? UINT32_MAX : 20;
        ask_both(f, &s, s.check > 20);
        arena_reset(&f->a);
    }
}

/* In an order that is left to Xapian, which knows no places. */
static void phrases_are_put_in_order_by_values(void **state)
{
    struct fixture *f = *state;
    struct xmaker m = {&f->a, &f->e};
    for (int i = 0; i < 300; i++) {
        struct xquery *range = xquery_new(&m, XQ_RANGE);
        range->slot = SLOT_GROUP;
        range->low = SLICE_LIT("c");
        struct xsearch s = {
            .query = roll(3) ? xquery_pair(&m, XQ_AND, phrase(&m), roll(2) ? term(&m) : range)
                             : xquery_pair(&m, XQ_OR, phrase(&m), phrase(&m)),
            .sort = (enum xsort)(XSORT_VALUE + roll(2)),
            .slot = SLOT_GROUP,
            .max = 20,
            .check = UINT32_MAX,
            .k1 = 1.2,
            .b = 0.75,
            .min_length = 0.5,
            .data = true,
            .collapse_slot = roll(3) ? XSEARCH_NO_SLOT : SLOT_GROUP};
        struct xresult mine, its;
        ok(f, match_search(f->db, &f->a, &s, &mine, &f->e));
        ask_judge(f, &s, &its);
        assert_int_equal(mine.n_hits, its.n_hits);
        for (size_t k = 0; k < its.n_hits; k++)
            assert_int_equal(mine.hits[k].id, its.hits[k].id);
        arena_reset(&f->a);
    }
}

/* The lists that were read are let go. */
static void forget_lists(struct fixture *f)
{
    struct xmaker m = {&f->a, &f->e};
    struct xsearch s = {.query = xquery_term(&m, slice_str("zz")),
        .k1 = -1,
        .collapse_slot = XSEARCH_NO_SLOT,
        .all_docids = true};
    struct xresult r;
    ok(f, postings_limit(f->db, 1, &f->e));
    ok(f, match_search(f->db, &f->a, &s, &r, &f->e));
    ok(f, postings_limit(f->db, 0, &f->e));
}

/* Another search, which reads the list of a word. */
static void read_list(struct fixture *f, size_t word)
{
    struct postings *p;
    const struct docs *docs;
    struct posting_list *list;
    ok(f, postings_of(f->db, &p, &docs, &f->e));
    ok(f, postings_find(p, slice_str(words[word]), &list, &f->e));
    ok(f, postings_read(p, list, &f->e));
    postings_end(p);
}

/* Where room is short, what was found out of single documents outlasts lists, but not for ever. */
static void findings_outlast_lists(void **state)
{
    enum { LIMIT = 12000, FOUND = 100, LONGER = 10, TOO_LONG = 400 };
    struct fixture *f = *state;
    struct postings *p;
    const struct docs *docs;
    struct posting_list *list, *found;
    ok(f, postings_limit(f->db, LIMIT, &f->e));
    read_list(f, 0); /* and what other tests found goes */
    ok(f, postings_of(f->db, &p, &docs, &f->e));
    ok(f, postings_noted(p, slice_str("\1found"), &found, &f->e));
    uint32_t *at = calloc(FOUND, sizeof *at);
    for (uint32_t i = 0; at && i < FOUND; i++)
        at[i] = i;
    postings_note(p, found, at, calloc(FOUND, sizeof(uint16_t)), FOUND);
    postings_end(p);
    for (size_t i = 0; i <= LONGER; i++)
        read_list(f, i);
    ok(f, postings_find(p, slice_str(words[0]), &list, &f->e));
    assert_false(postings_is_near(list));
    ok(f, postings_noted(p, slice_str("\1found"), &found, &f->e));
    assert_true(found->read);
    for (size_t i = 0; i < TOO_LONG; i++)
        read_list(f, i % LONGER);
    ok(f, postings_noted(p, slice_str("\1found"), &found, &f->e));
    assert_false(found->read);
    ok(f, postings_limit(f->db, 0, &f->e));
}

/* Who reads more than there is room for lets it go; the next one need not. */
static void who_reads_much_pays(void **state)
{
    struct fixture *f = *state;
    struct postings *p;
    const struct docs *docs;
    struct posting_list *list[WORDS];
    size_t near = 0;
    ok(f, postings_limit(f->db, 1, &f->e));
    ok(f, postings_of(f->db, &p, &docs, &f->e));
    for (size_t i = 0; i < WORDS; i++) {
        ok(f, postings_find(p, slice_str(words[i]), &list[i], &f->e));
        ok(f, postings_read(p, list[i], &f->e));
    }
    for (size_t i = 0; i < WORDS; i++)
        assert_true(postings_is_near(list[i]));
    postings_end(p);
    for (size_t i = 0; i < WORDS; i++) {
        ok(f, postings_find(p, slice_str(words[i]), &list[i], &f->e));
        near += postings_is_near(list[i]);
    }
    assert_int_equal(near, 0);
    ok(f, postings_limit(f->db, 0, &f->e));
}

/* What was let go between two searches is there again for the next. */
static void rest_between_searches(void **state)
{
    struct fixture *f = *state;
    struct xmaker m = {&f->a, &f->e};
    struct postings *p;
    const struct docs *docs;
    postings_rest(f->judge); /* which has none */
    for (int i = 0; i < 20; i++) {
        struct xsearch s = best_of(over(&m, XQ_OR, 2, i % 2 ? prefix : term));
        ask_both(f, &s, true);
        ok(f, postings_of(f->db, &p, &docs, &f->e));
        assert_non_null(postings_scratch(p)->chunk);
        postings_rest(f->db);
        assert_null(postings_scratch(p)->chunk);
        arena_reset(&f->a);
    }
}

/* A part of what no document holds. */
static void part_of_nothing(void **state)
{
    struct fixture *f = *state;
    struct xmaker m = {&f->a, &f->e};
    struct xquery *none[] = {xquery_term(&m, slice_str("zz")), xquery_term(&m, slice_str("zzz"))};
    struct postings *p;
    const struct docs *docs;
    struct posting_list *list, part;
    ok(f, postings_of(f->db, &p, &docs, &f->e));
    ok(f, postings_synonym(p, none, 2, &list, &f->e));
    ok(f, postings_part(p, list, 3, 5, &part, &f->e));
    assert_int_equal(part.n, 0);
    arena_reset(&f->a);
}

/* A part that says which docids it matches, beside one that does not; several are asked for the
 * same ones, of which the lists' parts are kept. */
static void promises_are_kept(void **state)
{
    struct fixture *f = *state;
    struct xmaker m = {&f->a, &f->e};
    docid_t first = 0, last = 0, ids[900];
    for (int i = 0; i < 1200; i++) {
        if (i % 8 == 0) {
            first = 1 + roll(2400);
            forget_lists(f);
        }
        if (i % 2 == 0)
            last = first + roll(900);
        struct xquery run = {.op = XQ_DOCIDS, .docids = ids};
        for (docid_t id = first; id < last; id++)
            ids[run.n_docids++] = id;
        struct xquery *kids[] = {tree(&m), &run};
        struct xquery both = {.op = roll(3)   ? XQ_FILTER
                                    : roll(2) ? XQ_AND
                                              : XQ_NOT,
            .kids = kids,
            .n_kids = 2};
        struct xquery *whole = &both;
        if (roll(3) == 0) /* what it is held against lies outside of the promise, too */
            whole = xquery_pair(&m, XQ_AND, xquery_pair(&m, XQ_OR, &both, day(&m)), term(&m));
        struct xsearch s = best_of(whole);
        s.sort = (enum xsort)roll(3);
        struct xresult mine, its;
        ask_judge(f, &s, &its);
        run.first_docid = first;
        run.last_docid = last > first ? last - 1 : 0;
        ok(f, match_search(f->db, &f->a, &s, &mine, &f->e));
        same_hits(f, whole, &mine, &its);
        assert_int_equal(mine.total, its.total);
        arena_reset(&f->a);
    }
}

/* So many that Xapian is asked, with prefixes as the terms they stand for. */
static void prefixes_of_many_are_spelt_out(void **state)
{
    enum { MANY = 15000 };
    static const char *const pairs[][2] = {{"aa", "ba"}, {"ab", "bb"}, {"ac", "c"}};
    struct fixture *f = *state;
    struct xmaker m = {&f->a, &f->e};
    struct xquery *all[3];
    ok(f, xwriter_begin(f->w, &f->e));
    for (docid_t id = 100000; id < 100000 + MANY; id++) {
        struct xdoc *d;
        const char *const *pair = pairs[id % 3];
        ok(f, xdoc_new(&d, &f->e));
        ok(f, xdoc_term(d, slice_str(pair[0]), 1, &f->e));
        ok(f, xdoc_term(d, slice_str(pair[1]), 1, &f->e));
        ok(f, xwriter_put(f->w, id, d, &f->e));
        xdoc_free(d);
    }
    ok(f, xwriter_commit(f->w, &f->e));
    ok(f, xdb_reopen(f->db, &f->e));
    ok(f, xdb_reopen(f->judge, &f->e));
    for (int i = 0; i < 3; i++) {
        all[i] = xquery_new(&m, XQ_PREFIX);
        all[i]->term = slice_of(&"abc"[i], 1);
        all[i]->limit = 100;
    }
    struct xsearch s = {
        .query = xquery_pair(&m, XQ_AND, xquery_scale(&m, all[0], 0), xquery_scale(&m, all[1], 0)),
        .sort = XSORT_WEIGHT,
        .max = 20,
        .check = 20,
        .k1 = 1.2,
        .b = 0.75,
        .min_length = 0.5,
        .collapse_slot = XSEARCH_NO_SLOT};
    struct xresult mine, its;
    for (int i = 0; i < 2; i++) {
        ok(f, match_search(f->db, &f->a, &s, &mine, &f->e));
        ask_judge(f, &s, &its);
        assert_int_equal(mine.n_hits, 20);
        for (size_t k = 0; k < 20; k++)
            assert_int_equal(mine.hits[k].id, its.hits[k].id);
        s.sort = XSORT_DOCID_DOWN;
    }
}

/* --- what is kept -------------------------------------------------------------------------- */

static void another_revision_forgets(void **state)
{
    struct fixture *f = *state;
    struct xmaker m = {&f->a, &f->e};
    for (int i = 0; i < 20; i++) {
        struct xsearch s = best_of(over(&m, XQ_OR, 3, tree));
        ok(f, xwriter_begin(f->w, &f->e));
        put(f, 5000 + roll(100));
        put(f, 3);
        ok(f, xwriter_commit(f->w, &f->e));
        ok(f, xdb_reopen(f->db, &f->e));
        ok(f, xdb_reopen(f->judge, &f->e));
        ask_both(f, &s, true);
        arena_reset(&f->a);
    }
}

/* Which documents there are is held once for all readers of a revision, and as long as one needs
 * it. */
static void documents_are_shared(void **state)
{
    struct fixture *f = *state;
    const struct docs *d, *same, *newer;
    ok(f, xdb_reopen(f->db, &f->e));
    ok(f, xdb_reopen(f->judge, &f->e));
    ok(f, docs_hold(f->db, &d, &f->e));
    ok(f, docs_hold(f->judge, &same, &f->e));
    assert_ptr_equal(d, same);
    docs_release(same);
    ok(f, xwriter_begin(f->w, &f->e));
    put(f, 6990);
    ok(f, xwriter_commit(f->w, &f->e));
    ok(f, xdb_reopen(f->db, &f->e));
    ok(f, docs_hold(f->db, &newer, &f->e));
    assert_ptr_not_equal(d, newer);
    assert_int_equal(newer->n, d->n + 1);
    ok(f, xdb_reopen(f->judge, &f->e));
    docs_release(d);
    ok(f, docs_hold(f->judge, &same, &f->e));
    assert_ptr_equal(newer, same);
    docs_release(newer);
    docs_release(same);
}

/* Two commits that the reader was not told of: it goes on by itself, with one revision's answer. */
static void discarded_revision_is_left(void **state)
{
    struct fixture *f = *state;
    struct xmaker m = {&f->a, &f->e};
    for (int i = 0; i < 20; i++) {
        struct xresult r;
        struct xsearch s = {.query = over(&m, XQ_AND, 2, term),
            .max = 20,
            .check = UINT32_MAX,
            .k1 = 1.2,
            .b = 0.75,
            .min_length = 0.5,
            .data = true,
            .collapse_slot = XSEARCH_NO_SLOT};
        for (int k = 0; k < 3; k++) {
            ok(f, xwriter_begin(f->w, &f->e));
            for (docid_t id = 6000; id < 6060; id++)
                put(f, id + (docid_t)i);
            ok(f, xwriter_commit(f->w, &f->e));
        }
        uint64_t moves = xdb_moves(f->db);
        ok(f, match_search(f->db, &f->a, &s, &r, &f->e));
        if (xdb_moves(f->db) != moves) {
            ok(f, xdb_reopen(f->judge, &f->e));
            ask_both(f, &s, true);
        }
        arena_reset(&f->a);
    }
}

static void time_ends_a_match(void **state)
{
    struct fixture *f = *state;
    struct xmaker m = {&f->a, &f->e};
    struct xresult r;
    atomic_bool stop = true;
    struct xsearch s = {
        .query = over(&m, XQ_OR, 3, term), .max = 20, .k1 = 1.2, .collapse_slot = XSEARCH_NO_SLOT};
    xdb_watch(f->db, 0, &stop);
    assert_int_equal(match_search(f->db, &f->a, &s, &r, &f->e), -1);
    assert_int_equal(f->e.code, ERR_CANCELLED);
    err_clear(&f->e);
    xdb_watch(f->db, 1, NULL);
    assert_int_equal(match_search(f->db, &f->a, &s, &r, &f->e), -1);
    assert_int_equal(f->e.code, ERR_TIMEOUT);
    err_clear(&f->e);
    xdb_watch(f->db, 0, NULL);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)ftw;
    return type == FTW_DP ? rmdir(path) : unlink(path);
}

int main(void)
{
    if (!mkdtemp(root))
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trees_match_as_xapians),
        cmocka_unit_test(synonyms_of_many),
        cmocka_unit_test(phrases_weigh_their_words),
        cmocka_unit_test(phrases_are_put_in_order_by_values),
        cmocka_unit_test(findings_outlast_lists),
        cmocka_unit_test(who_reads_much_pays),
        cmocka_unit_test(rest_between_searches),
        cmocka_unit_test(part_of_nothing),
        cmocka_unit_test(promises_are_kept),
        cmocka_unit_test(another_revision_forgets),
        cmocka_unit_test(documents_are_shared),
        cmocka_unit_test(discarded_revision_is_left),
        cmocka_unit_test(time_ends_a_match),
        cmocka_unit_test(prefixes_of_many_are_spelt_out),
    };
    int failed = cmocka_run_group_tests_name("match", tests, setup, teardown);
    nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    return failed;
}
