// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/fold.h"

#include <stdlib.h>
#include <time.h>

#include "lib/hash.h"
#include "lib/token.h"

enum { COMPARISONS = 4000000, CHECK_EVERY = 4096 };

struct words {
    uint64_t *v; /* rarest first once ranked */
    size_t n;
};

struct rank {
    uint64_t word;
    uint32_t units;
};

struct folding {
    struct answer *w;
    struct words *units;
    size_t n;
    size_t *parent;
    struct rank *ranks;
    size_t n_ranks;
    size_t *first, *postings; /* of each rank's units, by their rarest words */
    size_t compared;
    struct err *e;
};

static int by_number(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

/* The set of a unit's words, ascending. */
static int words_of(struct arena *a, const struct record *rec, struct words *out, struct err *e)
{
    struct buf text = {0};
    struct tokens t = {0};
    note_render(&text, rec->text, rec->runs, rec->n_runs);
    int rc = text.failed ? err_memory(e) : tokenize(a, buf_view(&text), &t, e);
    buf_free(&text);
    if (rc)
        return -1;
    out->n = 0;
    out->v = arena_array(a, t.n, sizeof *out->v);
    if (!out->v)
        return err_memory(e);
    for (size_t i = 0; i < t.n; i++)
        if (token_is_base(t.v[i].kind))
            out->v[out->n++] = hash64(t.v[i].plain, 0);
    if (out->n)
        qsort(out->v, out->n, sizeof *out->v, by_number);
    size_t kept = 0;
    for (size_t i = 0; i < out->n; i++)
        if (!kept || out->v[kept - 1] != out->v[i])
            out->v[kept++] = out->v[i];
    out->n = kept;
    return 0;
}

/* Common words of two sets in the same order. */
static size_t common(const struct words *a, const struct words *b)
{
    size_t n = 0;
    for (size_t i = 0, k = 0; i < a->n && k < b->n;) {
        if (a->v[i] == b->v[k])
            n++, i++, k++;
        else if (a->v[i] < b->v[k])
            i++;
        else
            k++;
    }
    return n;
}

static bool is_near(const struct words *a, const struct words *b)
{
    if (a->n < FOLD_WORDS || b->n < FOLD_WORDS)
        return a->n == b->n && a->n && common(a, b) == a->n;
    if (100 * (a->n < b->n ? a->n : b->n) < FOLD_PERCENT * (a->n < b->n ? b->n : a->n))
        return false;
    size_t same = common(a, b);
    return 100 * same >= FOLD_PERCENT * (a->n + b->n - same);
}

int fold_likeness(struct arena *a, const struct record *x, const struct record *y, double *likeness,
    struct err *e)
{
    struct words p, q;
    if (words_of(a, x, &p, e) || words_of(a, y, &q, e))
        return -1;
    size_t same = common(&p, &q), all = p.n + q.n - same;
    *likeness = all ? (double)same / (double)all : 1;
    return 0;
}

/* --- rare words first ---------------------------------------------------------------------- */

static int by_units(const void *x, const void *y)
{
    const struct rank *a = x, *b = y;
    if (a->units != b->units)
        return a->units < b->units ? -1 : 1;
    return (a->word > b->word) - (a->word < b->word);
}

static int by_word(const void *x, const void *y)
{
    const struct rank *a = x, *b = y;
    return (a->word > b->word) - (a->word < b->word);
}

struct renamed {
    uint64_t word, number;
};

static int by_renamed(const void *x, const void *y)
{
    const struct renamed *a = x, *b = y;
    return (a->word > b->word) - (a->word < b->word);
}

/* Words become their numbers in the order from rare to frequent. */
static int rank_words(struct folding *f)
{
    size_t all = 0, n = 0;
    for (size_t i = 0; i < f->n; i++)
        all += f->units[i].n;
    struct rank *ranks = arena_array(f->w->arena, all, sizeof *ranks);
    if (!ranks)
        return err_memory(f->e);
    for (size_t i = 0; i < f->n; i++)
        for (size_t k = 0; k < f->units[i].n; k++)
            ranks[n++] = (struct rank){f->units[i].v[k], 1};
    if (n)
        qsort(ranks, n, sizeof *ranks, by_word);
    for (size_t i = 0; i < n; i++) {
        if (f->n_ranks && ranks[f->n_ranks - 1].word == ranks[i].word)
            ranks[f->n_ranks - 1].units++;
        else
            ranks[f->n_ranks++] = ranks[i];
    }
    struct renamed *names = arena_array(f->w->arena, f->n_ranks, sizeof *names);
    if (!names)
        return err_memory(f->e);
    if (f->n_ranks)
        qsort(ranks, f->n_ranks, sizeof *ranks, by_units);
    for (size_t i = 0; i < f->n_ranks; i++)
        names[i] = (struct renamed){ranks[i].word, i};
    if (f->n_ranks)
        qsort(names, f->n_ranks, sizeof *names, by_renamed);
    for (size_t i = 0; i < f->n; i++) {
        for (size_t k = 0; k < f->units[i].n; k++) {
            struct renamed key = {f->units[i].v[k], 0};
            const struct renamed *at = bsearch(&key, names, f->n_ranks, sizeof *names, by_renamed);
            f->units[i].v[k] = at ? at->number : 0;
        }
        if (f->units[i].n)
            qsort(f->units[i].v, f->units[i].n, sizeof *f->units[i].v, by_number);
    }
    f->ranks = ranks;
    return 0;
}

/* Two near-same sets have one of so many of their rarest words in common. */
static size_t rarest(size_t n)
{
    return n < FOLD_WORDS ? n : n - (FOLD_PERCENT * n + 99) / 100 + 1;
}

/* --- groups -------------------------------------------------------------------------------- */

static size_t root(struct folding *f, size_t i)
{
    while (f->parent[i] != i)
        i = f->parent[i] = f->parent[f->parent[i]];
    return i;
}

static void join(struct folding *f, size_t a, size_t b)
{
    a = root(f, a);
    b = root(f, b);
    f->parent[a > b ? a : b] = a < b ? a : b;
}

static bool same_words(const struct words *a, const struct words *b)
{
    return a->n == b->n && memcmp(a->v, b->v, a->n * sizeof *a->v) == 0;
}

static int go_on(struct folding *f)
{
    struct timespec now;
    if (++f->compared > COMPARISONS)
        return err_set(f->e, ERR_COMPLEX,
            "too many units are alike to fold them: add a word or a date that narrows it");
    if (f->compared % CHECK_EVERY)
        return 0;
    if (f->w->stop && atomic_load_explicit(f->w->stop, memory_order_relaxed))
        return err_set(f->e, ERR_CANCELLED, "cancelled");
    clock_gettime(CLOCK_MONOTONIC, &now);
    return f->w->deadline_ns &&
                   (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec > f->w->deadline_ns
               ? err_set(f->e, ERR_TIMEOUT, "the deadline passed while entries were folded")
               : 0;
}

/* Compares a unit with the earlier ones that share a rare word with it; *kept is false when one
 * of them has the same words, so that later ones need not look at this one, too. */
static int compare(struct folding *f, size_t i, const size_t *filled, bool *kept)
{
    const struct words *u = &f->units[i];
    *kept = true;
    for (size_t k = 0; k < rarest(u->n) && *kept; k++) {
        size_t word = (size_t)u->v[k];
        for (size_t at = f->first[word]; at < filled[word] && *kept; at++) {
            size_t other = f->postings[at];
            if (go_on(f))
                return -1;
            if (!is_near(u, &f->units[other]))
                continue;
            join(f, i, other);
            *kept = !same_words(u, &f->units[other]);
        }
    }
    return 0;
}

static int group(struct folding *f)
{
    f->first = arena_array(f->w->arena, f->n_ranks + 1, sizeof *f->first);
    size_t *filled = arena_array(f->w->arena, f->n_ranks + 1, sizeof *filled), all = 0;
    if (!f->first || !filled)
        return err_memory(f->e);
    for (size_t i = 0; i < f->n_ranks; i++) {
        f->first[i] = filled[i] = all;
        all += f->ranks[i].units;
    }
    f->postings = arena_array(f->w->arena, all, sizeof *f->postings);
    if (!f->postings)
        return err_memory(f->e);
    for (size_t i = 0; i < f->n; i++) {
        bool kept;
        if (compare(f, i, filled, &kept))
            return -1;
        for (size_t k = 0; kept && k < rarest(f->units[i].n); k++)
            f->postings[filled[f->units[i].v[k]]++] = i;
    }
    return 0;
}

int fold_units(
    struct answer *w, const struct record *units, size_t n, size_t *groups, struct err *e)
{
    struct folding f = {.w = w, .n = n, .parent = groups, .e = e};
    f.units = arena_array(w->arena, n, sizeof *f.units);
    if (!f.units)
        return err_memory(e);
    for (size_t i = 0; i < n; i++) {
        groups[i] = i;
        if (words_of(w->arena, &units[i], &f.units[i], e))
            return -1;
    }
    if (rank_words(&f) || group(&f))
        return -1;
    for (size_t i = 0; i < n; i++)
        groups[i] = root(&f, i);
    return 0;
}
