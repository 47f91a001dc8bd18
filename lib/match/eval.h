// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eval: a tree of a query, from its leaves to a list of documents.
 */
#ifndef KB_MATCH_EVAL_H
#define KB_MATCH_EVAL_H

#include "lib/match/list.h"

/* `within`: of these documents alone; NULL: of all. Weights are there when they are asked for
 * (`weighs`) and the part has any. */
int eval_part(struct matcher *m, const struct xquery *q, bool weighs, const struct list *within,
    unsigned level, struct list *out);

#endif
