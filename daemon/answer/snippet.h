// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * snippet: where a unit matched and what of it to show. It reads the unit's text with the project's
 * own tokeniser and compares with the plan's marks, so what is marked is what was matched.
 */
#ifndef KB_SNIPPET_H
#define KB_SNIPPET_H

#include "daemon/answer/answer.h"
#include "lib/plan.h"

enum { SNIPPET_BYTES = 320 /* rendered text up to this is shown whole */ };

/*
 * Fills h->snippet, h->match_line and h->col from h->rec. The first match is, in this order: where
 * the query's words stand side by side, where a phrase of it stands, where a word of it stands;
 * with none in the text (the title matched, say) the unit's first line, column of its first byte.
 * What stays comes from `a`; `scratch` is reset at the end. -1: out of memory.
 */
int snippet_make(struct arena *a, struct arena *scratch, struct xstem *stem, const struct plan *p,
    struct hit *h, struct err *e);

#endif
