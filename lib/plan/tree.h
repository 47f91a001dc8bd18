// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tree: the nodes of a query (query.h) to what the engine runs.
 */
#ifndef KB_PLAN_TREE_H
#define KB_PLAN_TREE_H

#include "lib/plan/planner.h"

struct tree_parts { /* of an AND: what weighs, what only filters, what excludes */
    struct xkids words, filters, nots;
};

/* Words typed one behind the other, and filters: what may be adjacent, be a title, be relaxed. */
bool tree_is_filter(const struct node *n);
bool tree_is_word(const struct node *n);

/* Handles are names, too: @name is a saved query where there is one, else the word, told in a
 * warning. Changes the nodes. */
int tree_handles(struct planner *pl, struct node *n);

/* The node and all below it. */
struct xquery *tree_build(struct planner *pl, const struct node *n, enum scope scope);

/* One kid of an AND, put where it belongs. */
int tree_kid(struct planner *pl, const struct node *n, enum scope scope, struct tree_parts *out);

/* The next of an AND's kids, or the words that are one name of the user's; how many, -1 on error.
 */
int tree_next(struct planner *pl, const struct node *const *kids, size_t n, enum scope scope,
    struct tree_parts *out);

/* All of its words and filters, none of its exclusions; without words and filters everything but
 * these. May empty s->filters. */
struct xquery *tree_assemble(struct planner *pl, struct tree_parts *s);

#endif
