// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * parts: a match by Xapian, in a database of several parts, on this machine or others (shards.h),
 * all at once and with the figures of all, or in an order that is left to it (match.h). No other
 * machine takes a set of documents (XQ_DOCIDS) into its match, and only where an index is a part of
 * several Xapian knows where words stand (schema.h): of a tree with what it cannot match the
 * largest pieces without are matched, each for all it finds, and the answers put together here. A
 * phrase is then the match of all its words, with which their sequences come. Weights are the same:
 * of alternatives and of what all must match they are added up, and a set weighs nothing.
 *
 * Such a tree costs a message to each part for each piece, with as many entries as it matches.
 */
#ifndef KB_MATCH_PARTS_H
#define KB_MATCH_PARTS_H

#include "lib/xapian-c.h"

/* As match_search (match.h). */
int parts_search(
    struct xdb *db, struct arena *a, const struct xsearch *s, struct xresult *r, struct err *e);

#endif
