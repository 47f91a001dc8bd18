// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pages: the first page and those behind it: totals, cursors, the order that was asked for.
 */
#ifndef KB_SEARCH_PAGES_H
#define KB_SEARCH_PAGES_H

#include "daemon/answer/search/state.h"

/* Fills s->found from s->offset on, in the order that was asked for. */
int pages_order(struct search *s);

/* Without a match for the total where the first page shows it: it is not full, or one tier's. */
int pages_first(struct search *s);

/* Any other page: from an offset or a cursor on, or none at all (limit 0). */
int pages_later(struct search *s);

/* The total, where no page told it. */
int pages_count(struct search *s);

/* The answer's cursor, if there is more: "<revision>:<offset>:<id of the last unit>" */
int pages_cursor(struct search *s);

/* ERR_PARAMS: no answer gave it. */
int pages_read_cursor(struct search *s, uint64_t *revision, char id[2 * UNIT_ID_BYTES + 1]);

#endif
