// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tiers: by score, one tier (lib/plan.h) behind the other.
 */
#ifndef KB_SEARCH_TIERS_H
#define KB_SEARCH_TIERS_H

#include "daemon/answer/search/state.h"

/* Which tiers are asked, and what all of them match. */
int tiers_choose(struct search *s);

/* Whether words may be left out when no unit has them all. */
bool tiers_may_relax(const struct search *s);

/* No unit has all the words: those with most of them, at least half, else those with any. */
int tiers_relax(struct search *s);

/* ERR_PARAMS: `recent` is no span of time. */
int tiers_check_recent(struct search *s);

/* One tier behind the other, until the page is full. Scores fall from tier to tier: each tier's
 * begin above the next one's best. */
int tiers_order(struct search *s);

#endif
