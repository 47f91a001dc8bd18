// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * limit: how fast Xapian itself answers from the project's own index, in process: one match, its
 * default BM25, 20 hits with their data, nothing checked beyond them, no context, no tiers, no
 * deadline, no highlights. What a daemon adds is above this.
 *
 *     limit DATABASE QUERIES ROUNDS
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/sample.h"
#include "lib/date.h"
#include "lib/resolve.h"
#include "lib/token.h"
#include "lib/xquery.h"

enum { HITS = 20, EXPANSIONS = 100 };

struct limit {
    struct xmaker m;
    struct xstem *stem;
    struct xdb *db;
    struct err err;
};

static struct xquery *leaf(struct limit *l, const struct token *t, bool exact)
{
    struct resolver r = {.m = l->m, .db = l->db, .stem = l->stem};
    return exact ? xquery_term(&l->m, t->term) : resolve_own_word(&r, t);
}

static struct xquery *prefix(struct limit *l, struct slice words)
{
    struct xquery *q = xquery_new(&l->m, XQ_PREFIX);
    if (q) {
        q->term = words;
        q->limit = EXPANSIONS;
    }
    return q;
}

static struct xquery *dated(struct limit *l, struct xquery *q, struct slice range)
{
    struct xquery *days = xquery_new(&l->m, XQ_OR);
    struct xkids all = {0};
    day_t from = day_parse(slice_of(range.p, 10)), to = day_parse(slice_of(range.p + 12, 10));
    char text[16], day[11];
    if (!days)
        return NULL;
    for (day_t d = from; d <= to; d++) {
        day_format(d, day);
        snprintf(text, sizeof text, "D%.4s%.2s%.2s", day, day + 5, day + 8);
        char *kept = arena_strndup(l->m.a, text, strlen(text));
        if (!kept || xkids_add(&l->m, &all, xquery_term(&l->m, slice_str(kept))))
            return NULL;
    }
    return xquery_pair(&l->m, XQ_FILTER, q, xquery_over(&l->m, XQ_OR, all));
}

static struct xquery *query_of(struct limit *l, const struct sample_query *q)
{
    bool phrase = slice_is(q->kind, "phrase"), either = slice_starts(q->kind, SLICE_LIT("or"));
    struct tokens words = {0};
    struct xkids kids = {0};
    if (slice_is(q->kind, "prefix"))
        return prefix(l, q->words);
    if (tokenize(l->m.a, slice_is(q->kind, "typo") ? q->extra : q->words, &words, &l->err))
        return NULL;
    for (size_t i = 0; i < words.n; i++)
        if (token_is_base(words.v[i].kind) && xkids_add(&l->m, &kids, leaf(l, &words.v[i], phrase)))
            return NULL;
    struct xquery *all =
        kids.n == 1 ? kids.v[0] : xquery_over(&l->m, either ? XQ_OR : XQ_AND, kids);
    return slice_is(q->kind, "date") ? dated(l, all, q->extra) : all;
}

static int ask(struct limit *l, const struct sample_query *q, struct sample_times *times)
{
    uint64_t begun = sample_now();
    struct xresult r;
    bool newest = slice_is(q->kind, "newest");
    struct xsearch x = {.query = query_of(l, q),
        .sort = newest ? XSORT_DOCID : XSORT_WEIGHT,
        .max = HITS,
        .k1 = 1,
        .b = 0.5,
        .min_length = 0.5,
        .data = true,
        .collapse_slot = XSEARCH_NO_SLOT};
    if (!x.query || xdb_search(l->db, l->m.a, &x, &r, &l->err))
        return -1;
    sample_add(times, q->kind, sample_now() - begun);
    return 0;
}

int main(int argc, char **argv)
{
    struct limit l = {0};
    struct arena a = {0};
    struct sample_queries q = {0};
    struct sample_times times = {0};
    if (argc != 4) {
        fputs("usage: limit DATABASE QUERIES ROUNDS\n", stderr);
        return 2;
    }
    l.m = (struct xmaker){&a, &l.err};
    sample_read(&q, argv[2]);
    int failed = xdb_open(&l.db, argv[1], &l.err) || xstem_new(&l.stem, "english", &l.err);
    for (int round = 0; !failed && round < atoi(argv[3]); round++)
        for (size_t i = 0; !failed && i < q.n; i++) {
            failed = ask(&l, &q.v[i], &times);
            arena_reset(&a);
        }
    if (failed)
        fprintf(stderr, "limit: %s\n", l.err.text);
    else
        sample_print(&times);
    arena_free(&a);
    return failed ? 1 : 0;
}
