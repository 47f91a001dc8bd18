// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * parts: a match in a database of several parts, on this machine or others (shards.h). Xapian
 * matches it, all parts at once and with the figures of all. No other machine takes a set of
 * documents (XQ_DOCIDS) into its match: of a tree with such sets the largest pieces without one are
 * matched, each for all it finds, and the answers put together here. Weights are the same: of
 * alternatives and of what all must match they are added up, and a set weighs nothing.
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
