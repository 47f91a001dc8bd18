// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/answer.h"

#include "daemon/answer/facet.h"
#include "daemon/answer/lexicon.h"
#include "daemon/answer/pasted.h"
#include "daemon/answer/search/folded.h"
#include "daemon/answer/search/hits.h"
#include "daemon/answer/search/pages.h"
#include "daemon/answer/search/tiers.h"
#include "daemon/answer/story.h"
#include "daemon/answer/units.h"
#include "lib/buf.h"
#include "lib/plan.h"

static int explain(struct search *s, const struct query *q)
{
    static const char *const names[] = {"title", "adjacent", "own", "context"};
    struct buf tree = {0}, plan = {0};
    if (q->root)
        query_write(q->root, &tree);
    for (size_t i = 0; i < PLAN_TIERS; i++) {
        if (!s->plan.tier[i])
            continue;
        buf_printf(&plan, "%s%s: ", plan.n ? "\n" : "", names[i]);
        xquery_write(s->plan.tier[i], &plan);
    }
    if (s->r->relaxed) {
        buf_printf(&plan, "%s%s: ", plan.n ? "\n" : "", s->r->relaxed);
        xquery_write(s->all, &plan);
    }
    for (size_t i = 0; i < s->plan.n_synonyms; i++) {
        buf_printf(&plan, "%ssynonyms: ", plan.n ? "\n" : "");
        buf_slice(&plan, s->plan.synonyms[i]);
    }
    if (s->params->recent.n)
        buf_printf(&plan, "%srecent: weights halve every %.*s", plan.n ? "\n" : "",
            (int)s->params->recent.n, s->params->recent.p);
    s->r->explain_tree = arena_dup(s->w->arena, buf_view(&tree));
    s->r->explain_plan = arena_dup(s->w->arena, buf_view(&plan));
    bool ok = !tree.failed && !plan.failed;
    buf_free(&tree);
    buf_free(&plan);
    return ok ? 0 : err_memory(s->e);
}

static int make_plan(struct search *s, struct query *q)
{
    const struct search_params *p = s->params;
    struct arena *a = s->w->arena;
    struct plan_env env;
    struct slice text = p->query;
    if (p->syntax == SYNTAX_PLAIN
            ? pasted_text(a, p->query, &text, s->e) || query_plain(a, text, q, s->e)
            : query_parse(a, text, q, s->e))
        return -1;
    if (story_env(s->w, a, &env, s->e))
        return -1;
    struct plan_options o = {.match = (enum search_match)p->match,
        .partial = p->partial,
        .since = p->since,
        .until = p->until,
        .on = p->on,
        .vault = p->vault,
        .asof = p->asof};
    if (lexicon_asof(s->w, p->asof, s->e))
        return -1;
    return plan_make(a, &env, &o, text, q, &s->plan, s->e);
}

static struct search begin(
    struct answer *w, const struct search_params *p, struct search_result *r, struct err *e)
{
    *r = (struct search_result){.query = p->query, .total_exact = true};
    memcpy(r->uuid, w->reader->index.uuid, sizeof r->uuid);
    r->revision = w->reader->index.revision;
    return (struct search){.m = {w->arena, e},
        .w = w,
        .params = p,
        .r = r,
        .offset = (uint64_t)p->offset,
        .limit = (uint32_t)p->limit,
        .known = UINT64_MAX,
        .e = e};
}

/* They are counted one by one, so the total is known as well. */
static int count_facets(struct search *s)
{
    struct search_result *r = s->r;
    const struct search_params *p = s->params;
    struct facet_ask ask = {"facets", p->facets, FACET_VALUES};
    if (!p->facets.p)
        return 0;
    if (facet_count(s->w, &ask, s->all, &r->facets, s->e))
        return -1;
    if (!p->fold)
        r->total = r->facets.total;
    r->total_exact = true;
    return 0;
}

/* From the plan on. */
static int finish(struct search *s)
{
    const struct search_params *p = s->params;
    uint64_t revision;
    char last[2 * UNIT_ID_BYTES + 1];
    if (tiers_choose(s))
        return -1;
    if (p->fold) {
        if (folded_gather(s) ||
            (!s->n_members && tiers_may_relax(s) && (tiers_relax(s) || folded_gather(s))) ||
            (p->cursor.n && pages_read_cursor(s, &revision, last)) || folded_page(s) ||
            count_facets(s) || hits_fill(s))
            return -1;
        folded_tell(s);
        return pages_cursor(s);
    }
    bool first = s->limit && !s->offset && !p->cursor.n;
    if ((first ? pages_first(s) : pages_later(s)) || count_facets(s))
        return -1;
    return s->limit && (hits_fill(s) || pages_cursor(s)) ? -1 : 0;
}

int units_search(struct answer *w, const struct search_params *p, const struct plan *plan,
    struct search_result *r, struct err *e)
{
    struct search s = begin(w, p, r, e);
    s.plan = *plan;
    s.plan.tier[PLAN_OWN] = plan->widest;
    return finish(&s);
}

int answer_search(
    struct answer *w, const struct search_params *p, struct search_result *r, struct err *e)
{
    struct query q = {0};
    if (reader_refresh(w->reader, e))
        return -1;
    struct search s = begin(w, p, r, e);
    if (tiers_check_recent(&s) || make_plan(&s, &q))
        return -1;
    r->warnings = s.plan.warnings;
    r->n_warnings = s.plan.n_warnings;
    r->suggestion_from = s.plan.suggestion_from;
    r->suggestion_to = s.plan.suggestion_to;
    r->suggestion_query = s.plan.suggestion_query;
    if (s.plan.empty)
        s.all = xquery_new(&s.m, XQ_NONE);
    if (s.plan.empty ? !s.all || count_facets(&s) : finish(&s))
        return -1;
    return p->explain ? explain(&s, &q) : 0;
}
