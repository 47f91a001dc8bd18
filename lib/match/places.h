// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * places: whether words stand side by side, by the documents' sequences (sequence.h). It is looked
 * up for many documents together, and what was found is kept with the revision (postings_noted).
 */
#ifndef KB_MATCH_PLACES_H
#define KB_MATCH_PLACES_H

#include "lib/match/matcher.h"

enum { PLACES_BATCH = 1024 };

/* A phrase of two words or more. */
bool places_matter(const struct xquery *q);
/* One of these is in the tree, or it is nested too deep to tell. */
bool places_matter_within(const struct xquery *q, unsigned level);

/* The words of one as a sequence knows them; NULL with the error. */
uint64_t *places_words(struct arena *a, const struct xquery *q, struct err *e);
/* Whether those stand as the phrase wants, in a document that holds them all. */
int places_stand(struct arena *a, const struct xquery *q, const uint64_t *words,
    struct slice sequence, bool *so, struct err *e);

/* Looks up where the words of the query's phrases stand in these documents, ascending, PLACES_BATCH
 * at most. */
int places_look_up(struct matcher *m, const struct xquery *q, const uint32_t *at, size_t n);

/* In a document that was looked up. */
bool places_hold(const struct matcher *m, const struct xquery *q, uint32_t at);

#endif
