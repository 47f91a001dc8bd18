// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * state: one search (daemon/answer/answer.h) while it is answered. Lives in the request's arena.
 * Functions that return an int return -1 with the error.
 */
#ifndef KB_SEARCH_STATE_H
#define KB_SEARCH_STATE_H

#include "daemon/answer/answer.h"
#include "lib/plan.h"
#include "lib/schema.h"

enum { SEARCH_TOTAL_EXACT = 1000 }; /* matches up to which totals are always exact (design.md §6) */

struct members { /* of a group, the earliest first */
    const struct record **v;
    size_t n;
};

struct search {
    struct xmaker m;
    struct answer *w;
    const struct search_params *params;
    struct search_result *r;
    struct plan plan;
    struct xquery *tier[PLAN_TIERS];
    size_t n_tiers;
    struct xquery *all; /* what is counted */
    uint64_t offset;
    uint32_t limit;
    docid_t *members; /* folded: all matches, and each one's group (fold.h) */
    size_t *groups, n_members;
    struct members *page; /* folded: of each hit */
    struct xhit *found;
    double *score;
    size_t n_found, cap_found, cap_score;
    uint64_t known; /* the total, where a match told it on the way; else UINT64_MAX */
    uint64_t least; /* matches that a tier alone has */
    struct err *e;
};

/* A match with the weights of all searches. */
int search_run(struct search *s, const struct xquery *q, enum xsort sort, uint32_t first,
    uint32_t max, uint32_t check, bool data, struct xresult *r);

/* Puts a unit behind those that were found. */
int search_keep(struct search *s, const struct xhit *h, double score);

/* NULL is an error of memory. */
int search_warn(struct search *s, const char *text);

#endif
