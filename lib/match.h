// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * match: the matcher. It does what xdb_search does, to the same contract and with the same weights
 * (Xapian's BM25), over posting lists that are kept decoded (postings.h): an answer is made of
 * several matches over the same words, and Xapian would read and decode those again for each.
 *
 * A tree is evaluated from its leaves to arrays of documents, the rarest side of an AND first.
 * Whether words stand side by side is looked up last, in the order of the answer, and only for as
 * many documents as the answer and its count need. Where, the sequences tell (sequence.h).
 *
 * What it leaves to Xapian (match/parts.h): databases of several parts (shards), order by value,
 * collapsing, value ranges, synonyms of anything but terms; and the newest or oldest few of lists
 * that are long and not decoded yet, where Xapian stops early.
 */
#ifndef KB_MATCH_H
#define KB_MATCH_H

#include "lib/xapian-c.h"

/* As xdb_search (xapian-c.h); whether to go on is looked at with each part of the tree and
 * every few documents. */
int match_search(
    struct xdb *db, struct arena *a, const struct xsearch *s, struct xresult *r, struct err *e);

#endif
