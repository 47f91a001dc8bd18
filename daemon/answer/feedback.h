// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * feedback: pseudo-relevance feedback for questions of which any word is enough. The best units of
 * a first match tell which other words belong to the matter; a second match weighs the same units
 * by these words, too. No unit comes in that way: a hit still holds a word that was asked.
 *
 * The weights are those of a relevance model (Lavrenko and Croft, RM3): a word's share of each of
 * the first units, weighed by that unit's score and the word's rarity, mixed with the words asked.
 */
#ifndef KB_FEEDBACK_H
#define KB_FEEDBACK_H

#include "daemon/answer/answer.h"
#include "lib/xquery.h"

enum {
    FEEDBACK_UNITS = 5,  /* of the first match that are read; of as many notes */
    FEEDBACK_TERMS = 15, /* words that are added */
    FEEDBACK_LEAST = 3   /* words that must have been asked: fewer say too little */
};

/*
 * `asked` with its first hits (which hold their data) and the number of its words: the query for
 * the second match, or `asked` itself when the hits tell nothing. NULL on an error.
 */
struct xquery *feedback_query(struct answer *w, struct xquery *asked, const struct xhit *hits,
    size_t n_hits, size_t n_words, struct err *e);

#endif
