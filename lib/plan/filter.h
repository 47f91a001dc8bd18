// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * filter: fields (lib/field.def): which units may be hits. They weigh nothing, but for names in
 * entity: and note:.
 */
#ifndef KB_PLAN_FILTER_H
#define KB_PLAN_FILTER_H

#include "lib/plan/planner.h"

/* field:value, or field:(a OR b -c): the field over each leaf. */
struct xquery *filter_field(struct planner *pl, const struct node *n);

/* A range of days; `at` is the byte of the value in the query, or ERR_NOWHERE. */
struct xquery *filter_days(struct planner *pl, struct slice value, size_t at, enum field_how how);

/* Units that link to the note or name it, by title or any alias, in their own text; and heads whose
 * entity lists have it. */
struct xquery *filter_entity(struct planner *pl, struct slice name);

#endif
