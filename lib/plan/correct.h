// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * correct: words that the index has never seen, read as their nearest neighbour (lib/spell.h),
 * never silently. Words with a digit, words below a NOT and names of the user's synonyms stay as
 * they are.
 */
#ifndef KB_PLAN_CORRECT_H
#define KB_PLAN_CORRECT_H

#include "lib/plan/planner.h"

/* Puts what is read instead into the token of the node's text, and keeps it in pl->read. */
int correct_word(struct planner *pl, const struct node *node, struct token *t);

/* `text`, words of the query as typed, with what was read instead. */
struct slice correct_text(struct planner *pl, struct slice text);

/* The plan's suggestion: the first word, and the query with all of them; a warning for each other.
 */
int correct_tell(struct planner *pl);

#endif
