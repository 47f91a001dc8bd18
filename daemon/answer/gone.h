// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * gone: whether a unit that the index no longer has would have been found by a query. Its words are
 * looked at, and kind: vault: and dates; of the other fields, which need an index, is taken that
 * they hold.
 */
#ifndef KB_GONE_H
#define KB_GONE_H

#include "daemon/answer/answer.h"
#include "lib/query.h"

/* 1, 0; -1: an error. */
int gone_matches(struct answer *w, const struct query *q, const struct record *rec, struct err *e);

#endif
