// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/story.h"
#include "daemon/answer/units.h"
#include "lib/schema.h"

/* Units that name it in words, and neither link to it nor are its own. */
static struct xquery *mentions(struct answer *w, const struct target_note *note,
    struct xquery *links, struct plan *plan, struct err *e)
{
    struct plan_env env;
    struct xmaker m = {w->arena, e};
    char *own = arena_printf(w->arena, "Q%u", note->number);
    if (!own || story_env(w, w->arena, &env, e) ||
        plan_entity(w->arena, &env, note->title, plan, e))
        return NULL;
    struct xquery *rest = xquery_pair(&m, XQ_OR, links, xquery_term(&m, slice_str(own)));
    struct xquery *q = xquery_pair(&m, XQ_NOT, plan->widest, rest);
    return xquery_pair(&m, XQ_FILTER, q, xquery_prefixed(&m, 'V', note->vault));
}

int answer_backlinks(
    struct answer *w, const struct backlinks_params *p, struct backlinks_result *r, struct err *e)
{
    struct plan plan = {0};
    const struct search_params page = {.query = p->note,
        .limit = p->limit,
        .offset = p->offset,
        .cursor = p->cursor,
        .sort = p->sort == 0   ? SORT_NEWEST
                : p->sort == 1 ? SORT_OLDEST
                               : SORT_PATH,
        .exact = true,
        .text_bytes = p->text_bytes,
        .budget_bytes = p->budget_bytes,
        .match = MATCH_STRICT};
    *r = (struct backlinks_result){0};
    if (reader_refresh(w->reader, e) || units_note(w, p->note, p->vault, &r->note, &r->warning, e))
        return -1;
    struct resolver resolver = units_resolver(w, e);
    struct xquery *links = target_links(&resolver, &r->note);
    if (links && p->mentions)
        links = mentions(w, &r->note, links, &plan, e);
    if (!links)
        return -1;
    plan.widest = links;
    return units_search(w, &page, &plan, &r->found, e);
}
