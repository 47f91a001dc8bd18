// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * handover: what is left to Xapian's matcher.
 */
#ifndef KB_MATCH_HANDOVER_H
#define KB_MATCH_HANDOVER_H

#include "lib/match/matcher.h"

/* Also what is wrong with the query: Xapian's side tells. */
bool handover_is_ours(const struct xquery *q, unsigned level);

/* Few of many, in order of docids: Xapian stops when it has them. NULL: this is not so. */
struct xquery *handover_early(struct matcher *m);

#endif
