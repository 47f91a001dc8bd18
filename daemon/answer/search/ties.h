// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ties: equal hits are told apart by day, then path, then line. Docids of one index ascend so;
 * those of several parts (shards.h) do by day alone, so there the records of equal hits are asked,
 * and the order is that of one index.
 */
#ifndef KB_SEARCH_TIES_H
#define KB_SEARCH_TIES_H

#include "daemon/answer/search/state.h"

enum {
    TIES_MOST = 2000
}; /* equal hits of one day that are put in order; of more, those of a page */

/* A page of a match, with its data: by weight, or with XSORT_DOCID from the newest day on. */
int ties_page(struct search *s, const struct xquery *q, enum xsort sort, uint32_t first,
    uint32_t max, uint32_t check, struct xresult *r);

/* Puts the hits from `first` up to `end` in order, of n that are by weight and docid. Of shards the
 * data of these is read. */
int ties_settle(struct search *s, struct xhit *hits, size_t n, size_t first, size_t end);

#endif
