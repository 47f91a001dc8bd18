// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * changed: which units the index saw come or change on some days, for `changed:` in queries. The
 * journal (lib/journal.h) tells: a unit's day is that of the block in which it came last. A note
 * that moves within one run, lists in another order and full rebuilds are in no block, so they are
 * no change.
 */
#ifndef KB_CHANGED_H
#define KB_CHANGED_H

#include "daemon/answer/answer.h"
#include "lib/xquery.h"

/* A filter. ERR_QUERY: there is no journal; ERR_COMPLEX: more changes than can be told apart. */
struct xquery *changed_query(
    struct answer *w, struct xmaker *m, struct xquery *everything, day_t from, day_t to);

#endif
