// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/match/parts.h"

#include "lib/match/matcher.h"
#include "lib/match/places.h"
#include "lib/schema.h"
#include "lib/sort.h"
#include "lib/xquery.h"

struct found {
    docid_t id;
    double weight;
    struct slice value; /* to sort or to collapse by */
};

struct set { /* ascending ids */
    struct found *v;
    size_t n;
};

struct putting { /* together */
    struct xdb *db;
    struct arena *a;
    const struct xsearch *s;
    struct err *e;
};

/* Something that Xapian cannot match there. */
static bool has_set(const struct xdb *db, const struct xquery *q, unsigned level)
{
    if ((q->op == XQ_DOCIDS && !xdb_is_single(db)) ||
        (places_matter(q) && !xdb_has_positions(db)) || level > MATCHER_LEVELS)
        return true;
    for (size_t i = 0; i < q->n_kids; i++)
        if (has_set(db, q->kids[i], level + 1))
            return true;
    return false;
}

/* --- sets ---------------------------------------------------------------------------------- */

static int set_new(struct putting *p, size_t most, struct set *s)
{
    *s = (struct set){.v = arena_array(p->a, most, sizeof *s->v)};
    return s->v ? 0 : err_memory(p->e);
}

/* What a has and b has, or has not; the weights of b are added. */
static void keep(struct set *a, const struct set *b, bool has)
{
    size_t n = 0;
    for (size_t i = 0, k = 0; i < a->n; i++) {
        while (k < b->n && b->v[k].id < a->v[i].id)
            k++;
        bool both = k < b->n && b->v[k].id == a->v[i].id;
        if (both != has)
            continue;
        a->v[n] = a->v[i];
        a->v[n++].weight += both ? b->v[k].weight : 0;
    }
    a->n = n;
}

static void weigh(struct set *a, const struct set *b)
{
    for (size_t i = 0, k = 0; i < a->n; i++) {
        while (k < b->n && b->v[k].id < a->v[i].id)
            k++;
        if (k < b->n && b->v[k].id == a->v[i].id)
            a->v[i].weight += b->v[k].weight;
    }
}

static int unite(struct putting *p, const struct set *a, const struct set *b, struct set *out)
{
    if (set_new(p, a->n + b->n, out))
        return -1;
    for (size_t i = 0, k = 0; i < a->n || k < b->n;) {
        bool left = k == b->n || (i < a->n && a->v[i].id <= b->v[k].id);
        bool right = i == a->n || (k < b->n && b->v[k].id <= a->v[i].id);
        struct found f = left ? a->v[i] : b->v[k];
        if (left && right)
            f.weight += b->v[k].weight;
        out->v[out->n++] = f;
        i += left;
        k += right;
    }
    return 0;
}

/* --- the tree ------------------------------------------------------------------------------ */

static int by_id(const void *x, const void *y)
{
    const struct found *a = x, *b = y;
    return (a->id > b->id) - (a->id < b->id);
}

static int ask(struct putting *p, const struct xquery *q, bool weighs, struct set *out)
{
    struct xresult r;
    struct xsearch s = *p->s;
    s.query = q;
    s.sort = weighs ? XSORT_WEIGHT : XSORT_DOCID;
    s.first = 0;
    s.max = UINT32_MAX / 4;
    s.data = false;
    s.all_docids = !weighs;
    s.collapse_slot = XSEARCH_NO_SLOT;
    if (xdb_search(p->db, p->a, &s, &r, p->e) || set_new(p, weighs ? r.n_hits : r.n_docids, out))
        return -1;
    for (size_t i = 0; i < r.n_hits; i++)
        out->v[out->n++] = (struct found){.id = r.hits[i].id, .weight = r.hits[i].weight};
    for (size_t i = 0; i < r.n_docids; i++)
        out->v[out->n++] = (struct found){.id = r.docids[i]};
    return weighs ? sort_watched(p->db, out->v, out->n, sizeof *out->v, by_id, p->e) : 0;
}

static int given(struct putting *p, const struct xquery *q, struct set *out)
{
    if (set_new(p, q->n_docids, out))
        return -1;
    for (size_t i = 0; i < q->n_docids; i++)
        out->v[out->n++] = (struct found){.id = q->docids[i]};
    return 0;
}

/* All words, and then where they stand. Their sequences come with the match. */
static int side_by_side(struct putting *p, const struct xquery *q, bool weighs, struct set *out)
{
    struct arena room = {0};
    struct xresult r;
    struct xquery all = *q;
    struct set weighed;
    uint64_t *words = places_words(p->a, q, p->e);
    struct xsearch s = {.query = &all,
        .sort = XSORT_VALUE,
        .slot = SLOT_SEQUENCE,
        .max = UINT32_MAX / 4,
        .k1 = -1,
        .collapse_slot = XSEARCH_NO_SLOT};
    all.op = XQ_AND;
    if (!words || xdb_search(p->db, p->a, &s, &r, p->e) || set_new(p, r.n_hits, out))
        return -1;
    int rc = 0;
    for (size_t i = 0; i < r.n_hits && !rc; i++) {
        bool so;
        arena_reset(&room);
        rc = xdb_look(p->db, p->e) || places_stand(&room, q, words, r.hits[i].value, &so, p->e);
        if (!rc && so)
            out->v[out->n++] = (struct found){.id = r.hits[i].id};
    }
    arena_free(&room);
    if (rc || sort_watched(p->db, out->v, out->n, sizeof *out->v, by_id, p->e))
        return -1;
    if (weighs && ask(p, &all, true, &weighed))
        return -1;
    if (weighs)
        keep(out, &weighed, true);
    return 0;
}

static int eval(
    struct putting *p, const struct xquery *q, bool weighs, unsigned level, struct set *out);

/* Those of the kids without a set, as one piece of op; NULL: none. The others come first in rest.
 */
static int apart(struct putting *p, const struct xquery *q, size_t from, enum xq_op op,
    struct xquery **piece, struct xquery ***rest, size_t *n_rest)
{
    struct xmaker m = {p->a, p->e};
    struct xkids plain = {0};
    *piece = NULL;
    *n_rest = 0;
    *rest = arena_array(p->a, q->n_kids, sizeof(struct xquery *));
    if (!*rest)
        return err_memory(p->e);
    for (size_t i = from; i < q->n_kids; i++)
        if (has_set(p->db, q->kids[i], 0))
            (*rest)[(*n_rest)++] = q->kids[i];
        else if (xkids_add(&m, &plain, q->kids[i]))
            return -1;
    if (plain.n)
        *piece = xquery_over(&m, op, plain);
    return plain.n && !*piece ? -1 : 0;
}

static int all_of(
    struct putting *p, const struct xquery *q, bool weighs, unsigned level, struct set *out)
{
    struct xquery *piece, **rest;
    struct set one;
    size_t n, i = 0;
    if (apart(p, q, 0, XQ_AND, &piece, &rest, &n) ||
        (piece ? ask(p, piece, weighs, out) : eval(p, rest[i++], weighs, level, out)))
        return -1;
    for (; i < n && out->n; i++) {
        if (eval(p, rest[i], weighs, level, &one))
            return -1;
        keep(out, &one, true);
    }
    return 0;
}

static int any_of(
    struct putting *p, const struct xquery *q, bool weighs, unsigned level, struct set *out)
{
    struct xquery *piece, **rest;
    size_t n;
    *out = (struct set){0};
    if (apart(p, q, 0, XQ_OR, &piece, &rest, &n) || (piece && ask(p, piece, weighs, out)))
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct set one, before = *out;
        if (eval(p, rest[i], weighs, level, &one) || unite(p, &before, &one, out))
            return -1;
    }
    return 0;
}

/* The first kid, and what the others do to it. */
static int headed(
    struct putting *p, const struct xquery *q, bool weighs, unsigned level, struct set *out)
{
    struct xquery *piece, **rest;
    size_t n;
    bool maybe = q->op == XQ_MAYBE;
    if (eval(p, q->kids[0], weighs, level, out))
        return -1;
    if (maybe && !weighs)
        return 0;
    if (apart(p, q, 1, q->op == XQ_FILTER ? XQ_AND : XQ_OR, &piece, &rest, &n))
        return -1;
    for (size_t i = 0; i < n + (piece != NULL) && out->n; i++) {
        struct set one;
        if (i == n ? ask(p, piece, maybe, &one) : eval(p, rest[i], maybe, level, &one))
            return -1;
        if (maybe)
            weigh(out, &one);
        else
            keep(out, &one, q->op == XQ_FILTER);
    }
    return 0;
}

static int eval(
    struct putting *p, const struct xquery *q, bool weighs, unsigned level, struct set *out)
{
    *out = (struct set){0};
    if (level > MATCHER_LEVELS)
        return err_set(p->e, ERR_COMPLEX, "the query is nested too deep");
    if (!has_set(p->db, q, level))
        return ask(p, q, weighs, out);
    level++;
    switch (q->op) {
    case XQ_DOCIDS:
        return given(p, q, out);
    case XQ_PHRASE:
    case XQ_NEAR:
        return side_by_side(p, q, weighs, out);
    case XQ_AND:
        return all_of(p, q, weighs, level, out);
    case XQ_OR:
        return any_of(p, q, weighs, level, out);
    case XQ_FILTER:
    case XQ_NOT:
    case XQ_MAYBE:
        return headed(p, q, weighs, level, out);
    case XQ_SCALE:
        if (eval(p, q->kids[0], weighs && q->factor > 0, level, out))
            return -1;
        for (size_t i = 0; i < out->n; i++)
            out->v[i].weight *= q->factor;
        return 0;
    case XQ_SYNONYM:
        if (!weighs)
            return any_of(p, q, false, level, out);
        /* fall through */
    default:
        return err_set(p->e, ERR_INTERNAL, "documents or a phrase within a synonym");
    }
}

/* --- the answer ---------------------------------------------------------------------------- */

static int by_weight(const void *x, const void *y)
{
    const struct found *a = x, *b = y;
    return a->weight != b->weight ? (a->weight < b->weight) - (a->weight > b->weight) : by_id(x, y);
}

static int by_id_down(const void *x, const void *y)
{
    return by_id(y, x);
}

static int by_value(const void *x, const void *y)
{
    const struct found *a = x, *b = y;
    int c = slice_cmp(a->value, b->value);
    return c ? c : by_id(x, y);
}

static int by_value_down(const void *x, const void *y)
{
    const struct found *a = x, *b = y;
    int c = slice_cmp(b->value, a->value);
    return c ? c : by_id(x, y);
}

static int put_in_order(struct putting *p, struct set *s, enum xsort sort)
{
    static int (*const orders[])(const void *x, const void *y) = {[XSORT_WEIGHT] = by_weight,
        [XSORT_DOCID] = by_id,
        [XSORT_DOCID_DOWN] = by_id_down,
        [XSORT_VALUE] = by_value,
        [XSORT_VALUE_DOWN] = by_value_down};
    return sort_watched(p->db, s->v, s->n, sizeof *s->v, orders[sort], p->e);
}

struct valuing {
    struct putting *p;
    struct set *s;
};

static int keep_value(void *ctx, size_t at, struct slice value)
{
    struct valuing *v = ctx;
    v->s->v[at].value = arena_dup(v->p->a, value);
    return v->s->v[at].value.p ? 0 : 1;
}

static int read_values(struct putting *p, struct set *s, uint32_t slot)
{
    struct valuing v = {p, s};
    docid_t *ids = arena_array(p->a, s->n, sizeof *ids);
    for (size_t i = 0; ids && i < s->n; i++) {
        ids[i] = s->v[i].id;
        s->v[i].value = (struct slice){0};
    }
    int rc = ids ? xdb_values(p->db, slot, ids, s->n, keep_value, &v, p->e) : 1;
    return rc > 0 ? err_memory(p->e) : rc;
}

/* The first in the order asked for stays of each value; ids ascend again. */
static int collapse(struct putting *p, struct set *s, enum xsort sort)
{
    struct set order;
    if (set_new(p, s->n, &order) || put_in_order(p, s, sort))
        return -1;
    for (size_t i = 0; i < s->n; i++)
        order.v[order.n++] = (struct found){.id = (docid_t)i, .value = s->v[i].value};
    if (put_in_order(p, &order, XSORT_VALUE))
        return -1;
    size_t n = 0;
    for (size_t i = 0; i < order.n; i++)
        if (!i || !order.v[i].value.n || !slice_eq(order.v[i].value, order.v[i - 1].value))
            order.v[n++] = s->v[order.v[i].id];
    s->n = n;
    if (n)
        memcpy(s->v, order.v, n * sizeof *s->v);
    return put_in_order(p, s, XSORT_DOCID);
}

static int tell_all(struct putting *p, const struct set *s, struct xresult *r)
{
    r->docids = arena_array(p->a, s->n, sizeof *r->docids);
    if (!r->docids)
        return err_memory(p->e);
    for (size_t i = 0; i < s->n; i++)
        r->docids[r->n_docids++] = s->v[i].id;
    return 0;
}

static int tell_page(struct putting *p, struct set *s, struct xresult *r)
{
    size_t first = p->s->first < s->n ? p->s->first : s->n;
    size_t n = s->n - first < p->s->max ? s->n - first : p->s->max;
    docid_t *ids = arena_array(p->a, n, sizeof *ids);
    struct slice *data = arena_array(p->a, n, sizeof *data);
    r->hits = arena_array(p->a, n, sizeof *r->hits);
    if (!ids || !data || !r->hits)
        return err_memory(p->e);
    for (size_t i = 0; i < n; i++)
        ids[i] = s->v[first + i].id;
    if (p->s->data && n && xdb_data_of(p->db, p->a, ids, n, data, p->e))
        return -1;
    for (; r->n_hits < n; r->n_hits++)
        r->hits[r->n_hits] = (struct xhit){.id = ids[r->n_hits],
            .weight = s->v[first + r->n_hits].weight,
            .data = data[r->n_hits]};
    return 0;
}

int parts_search(
    struct xdb *db, struct arena *a, const struct xsearch *s, struct xresult *r, struct err *e)
{
    struct putting p = {db, a, s, e};
    struct set all;
    bool weighs = s->k1 > 0 && s->sort == XSORT_WEIGHT && !s->all_docids;
    bool by_values = s->sort == XSORT_VALUE || s->sort == XSORT_VALUE_DOWN;
    *r = (struct xresult){0};
    if (!has_set(db, s->query, 0))
        return xdb_search(db, a, s, r, e);
    if (eval(&p, s->query, weighs, 0, &all))
        return -1;
    if (s->collapse_slot != XSEARCH_NO_SLOT &&
        (read_values(&p, &all, s->collapse_slot) || collapse(&p, &all, s->sort)))
        return -1;
    r->total = r->lower = r->upper = (uint32_t)all.n;
    if (s->all_docids)
        return tell_all(&p, &all, r);
    if ((by_values && read_values(&p, &all, s->slot)) || put_in_order(&p, &all, s->sort))
        return -1;
    r->max_weight = weighs && all.n ? all.v[0].weight : 0;
    return tell_page(&p, &all, r);
}
