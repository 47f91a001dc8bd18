// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hits: what was found, with its text, within the budget.
 */
#ifndef KB_SEARCH_HITS_H
#define KB_SEARCH_HITS_H

#include "daemon/answer/search/state.h"

/* A first hit that is over the budget by itself is cut, so that every page goes on. */
int hits_fill(struct search *s);

#endif
