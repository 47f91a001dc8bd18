// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prefix: the words that begin so. They are those of the index, the most frequent QUERY_EXPAND of
 * them; with `asof` those that were there by then.
 */
#ifndef KB_PLAN_PREFIX_H
#define KB_PLAN_PREFIX_H

#include "lib/plan/planner.h"

/* One or two letters: half of all units have words that begin so, and no weight of theirs tells
 * which unit was meant. Without weights the newest ones come first, and soon. */
bool prefix_says_little(const struct token *t);

/* A prefix stands for a bounded number of words. Whoever wrote it is told when there are more. */
int prefix_tell_narrow(struct planner *pl, const struct node *node, struct slice form);

/* The words that begin with `form`, weighed by the stems that begin with the token; marked. */
struct xquery *prefix_leaf(struct planner *pl, const struct token *t, struct slice form);

#endif
