// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/answer.h"
#include "daemon/answer/story.h"
#include "lib/match.h"

int answer_named(
    struct answer *w, struct slice name, struct hit *heads, size_t most, size_t *n, struct err *e)
{
    struct story_entity x;
    struct xresult r;
    *n = 0;
    if (reader_refresh(w->reader, e))
        return -1;
    int found = story_find(w, name, &x, e);
    if (found <= 0 || !x.heads)
        return found < 0 ? -1 : 0;
    struct xsearch s = {.query = x.heads,
        .sort = XSORT_DOCID,
        .max = (uint32_t)most,
        .k1 = -1,
        .collapse_slot = XSEARCH_NO_SLOT};
    if (match_search(w->reader->index.db, w->arena, &s, &r, e))
        return -1;
    for (size_t i = 0; i < r.n_hits; i++, ++*n)
        if (story_hit(w, &x.plan, r.hits[i].id, 0, &heads[i], e))
            return -1;
    return 0;
}
