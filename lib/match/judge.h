// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * judge: what a query makes of one document, where an evaluation (eval.h) was unsure.
 */
#ifndef KB_MATCH_JUDGE_H
#define KB_MATCH_JUDGE_H

#include "lib/match/list.h"

/* What a part makes of one document. */
struct verdict {
    bool is;
    double weight; /* means nothing where it is not */
};

/* For a document of the batch, which an evaluation called unsure. */
int judge_document(
    struct matcher *m, const struct xquery *q, uint32_t at, bool weighs, struct verdict *v);

/* Leaves those that are sure, without their weights. */
int judge_settle(struct matcher *m, const struct xquery *q, struct list *l);

#endif
