// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list: documents that match, and what is made of two lists.
 */
#ifndef KB_MATCH_LIST_H
#define KB_MATCH_LIST_H

#include "lib/match/matcher.h"
#include "lib/seek.h"

/* Documents that match, ascending. */
struct list {
    uint32_t *at;
    double *weight; /* NULL: all weigh nothing */
    bool *unsure;   /* NULL: none is. Words' places have still to be looked at: it may not match,
                       or weigh less */
    size_t n;
    bool run; /* one behind the other, without a gap */
};

/* Room for so many. */
int list_new(struct matcher *m, size_t most, bool weighs, bool unsure, struct list *l);

bool list_holds(const uint32_t *v, size_t n, uint32_t at);

/* What either has, weights added. */
int list_unite(struct matcher *m, const struct list *a, const struct list *b, struct list *out);

/* What both have; `b` is mostly within `a`. */
int list_meet(struct matcher *m, const struct list *a, const struct list *b, struct list *out);

/* Adds what `more`, which is within the list, weighs to weight[i] of each document l->at[i]. */
void list_weigh(const struct list *more, const struct list *l, double *weight);

static inline void list_add(struct list *l, uint32_t at, double weight, bool unsure)
{
    l->at[l->n] = at;
    if (l->weight)
        l->weight[l->n] = weight;
    if (l->unsure)
        l->unsure[l->n] = unsure;
    l->n++;
}

static inline double list_weight(const struct list *l, size_t i)
{
    return l->weight ? l->weight[i] : 0;
}

static inline bool list_unsure(const struct list *l, size_t i)
{
    return l->unsure && l->unsure[i];
}

#endif
