// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/match/rank.h"

#include <stdlib.h>

#include "lib/match/judge.h"
#include "lib/match/places.h"
#include "lib/sort.h"

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

/* Whether x comes behind y: less weight, or the same and later. */
static bool is_behind(const struct list *l, size_t x, size_t y)
{
    double a = list_weight(l, x), b = list_weight(l, y);
    return a != b ? a < b : x > y;
}

static void sift(const struct list *l, size_t *heap, size_t n, size_t i, bool worst_first)
{
    for (;;) {
        size_t best = i, kid = 2 * i + 1;
        for (size_t k = kid; k < kid + 2 && k < n; k++)
            if (worst_first ? is_behind(l, heap[k], heap[best]) : is_behind(l, heap[best], heap[k]))
                best = k;
        if (best == i)
            return;
        size_t swap = heap[i];
        heap[i] = heap[best];
        heap[best] = swap;
        i = best;
    }
}

/* The next of a list in the order of the answer. */
struct line {
    const struct list *l;
    bool by_weight, down;
    size_t *heap, left;
};

static int line_new(struct matcher *m, const struct list *l, struct line *line)
{
    *line = (struct line){.l = l,
        .by_weight = m->s->sort == XSORT_WEIGHT && l->weight,
        .down = m->s->sort == XSORT_DOCID_DOWN,
        .left = l->n};
    if (!line->by_weight)
        return 0;
    line->heap = matcher_raw(m, l->n, sizeof *line->heap);
    for (size_t i = 0; line->heap && i < l->n; i++)
        line->heap[i] = i;
    for (size_t i = line->heap ? l->n / 2 : 0; i-- > 0;) {
        if (matcher_tick(m))
            return -1;
        sift(l, line->heap, l->n, i, false);
    }
    return line->heap ? 0 : -1;
}

static size_t line_next(struct line *line)
{
    size_t left = line->left--;
    if (!line->by_weight)
        return line->down ? left - 1 : line->l->n - left;
    size_t first = line->heap[0];
    line->heap[0] = line->heap[line->left];
    sift(line->l, line->heap, line->left, 0, false);
    return first;
}

/* The next n of the line into next[], with the places of their words looked up. */
static int next_batch(struct matcher *m, struct line *line, size_t *next, uint32_t *at, size_t n)
{
    size_t asked = 0;
    for (size_t i = 0; i < n; i++) {
        next[i] = line_next(line);
        if (line->l->unsure[next[i]])
            at[asked++] = line->l->at[next[i]];
    }
    if (asked)
        qsort(at, asked, sizeof *at, by_number);
    return places_look_up(m, m->s->query, at, asked);
}

static int heavier_first(const void *x, const void *y)
{
    const struct sure *a = x, *b = y;
    if (a->weight != b->weight)
        return a->weight < b->weight ? 1 : -1;
    return (a->i > b->i) - (a->i < b->i);
}

/* Judges the next `take` of the line; those that match are put behind found[*n]. */
static int judge_next(
    struct matcher *m, struct line *line, size_t take, struct sure *found, size_t *n)
{
    const struct list *l = line->l;
    bool weighs = line->by_weight;
    size_t *next = matcher_raw(m, take, sizeof *next);
    uint32_t *at = matcher_raw(m, take, sizeof *at);
    if (!next || !at || next_batch(m, line, next, at, take))
        return -1;
    for (size_t k = 0; k < take; k++) {
        size_t i = next[k];
        struct verdict v = {true, list_weight(l, i)};
        if (l->unsure[i] && judge_document(m, m->s->query, l->at[i], weighs, &v))
            return -1;
        if (v.is)
            found[(*n)++] = (struct sure){i, v.weight};
    }
    return weighs ? sort_watched(m->db, found, *n, sizeof *found, heavier_first, m->e) : 0;
}

int rank_surest(struct matcher *m, const struct list *l, size_t count, struct sure *found,
    size_t *n, size_t *left)
{
    struct line line;
    size_t step = 4 * count;
    if (line_new(m, l, &line))
        return -1;
    *n = 0;
    while (line.left) {
        if (*n >= count &&
            (!line.by_weight || !count || found[count - 1].weight >= list_weight(l, line.heap[0])))
            break;
        step = step < 64 ? 64 : step < PLACES_BATCH ? step : PLACES_BATCH;
        if (judge_next(m, &line, step < line.left ? step : line.left, found, n))
            return -1;
        step *= 2;
    }
    *left = line.left;
    return 0;
}

void rank_plainly(const struct matcher *m, const struct list *l, size_t count, struct sure *found)
{
    for (size_t i = 0; i < count; i++)
        found[i].i = m->s->sort == XSORT_DOCID_DOWN ? l->n - 1 - i : i;
}

int rank_best(struct matcher *m, const struct list *l, size_t count, struct sure *found)
{
    size_t *order = matcher_raw(m, count, sizeof *order);
    if (!order)
        return -1;
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count / 2; i-- > 0;)
        sift(l, order, count, i, true);
    for (size_t i = count; count && i < l->n; i++) {
        if (matcher_tick(m))
            return -1;
        if (is_behind(l, order[0], i)) {
            order[0] = i;
            sift(l, order, count, 0, true);
        }
    }
    for (size_t i = 0; i < count; i++)
        found[i] = (struct sure){order[i], l->weight[order[i]]};
    return sort_watched(m->db, found, count, sizeof *found, heavier_first, m->e);
}
