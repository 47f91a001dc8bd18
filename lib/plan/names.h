// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * names: words that are a name in the user's synonyms (lib/synonyms.h) stand for its other names,
 * too.
 */
#ifndef KB_PLAN_NAMES_H
#define KB_PLAN_NAMES_H

#include "lib/plan/planner.h"

/* The longest run of words from kids[0] on that is a name of some group; 0: none is. */
size_t names_run(struct planner *pl, const struct node *const *kids, size_t n,
    const struct synonym **groups, size_t *n_groups);

/* Words that are a name of `groups`, or any other name of theirs; appended to *out. */
int names_concepts(struct planner *pl, const struct node *const *kids, size_t n,
    const struct synonym *groups, size_t n_groups, enum scope scope, struct xkids *out);

#endif
