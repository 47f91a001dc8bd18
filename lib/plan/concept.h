// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * concept: what one word of a query asks of the index: the table "word by word" of lib/plan.h.
 */
#ifndef KB_PLAN_CONCEPT_H
#define KB_PLAN_CONCEPT_H

#include "lib/plan/planner.h"

/*
 * Exactly these tokens side by side: a phrase, or the one term that says the same; XQ_NONE without
 * tokens. `slack` positions may lie between; whole_query: they are all words of the query. Sets
 * pl->run_together.
 */
struct xquery *concept_adjacent(
    struct planner *pl, const struct token *v, size_t n, uint32_t slack, bool whole_query);

/* A word node's groups of tokens, each a concept; appended to *out. Without tokens nothing is
 * appended. A word that the index has never seen is read as its nearest neighbour, told in the
 * plan's suggestion. */
int concept_words(struct planner *pl, const struct node *node, enum scope scope, struct xkids *out);

#endif
