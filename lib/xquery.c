// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/xquery.h"

#include "lib/buf.h"
#include "lib/schema.h"
#include "lib/utf8.h"

struct xquery *xquery_new(struct xmaker *m, enum xq_op op)
{
    struct xquery *q = arena_alloc(m->a, sizeof *q);
    if (!q)
        err_memory(m->e);
    else
        q->op = op;
    return q;
}

struct xquery *xquery_term(struct xmaker *m, struct slice term)
{
    struct xquery *q = xquery_new(m, XQ_TERM);
    if (q)
        q->term = term;
    return q;
}

struct xquery *xquery_prefixed(struct xmaker *m, char prefix, struct slice text)
{
    struct slice term = schema_term(m->a, prefix, text);
    if (!term.p) {
        err_memory(m->e);
        return NULL;
    }
    return xquery_term(m, term);
}

int xkids_add(struct xmaker *m, struct xkids *k, struct xquery *q)
{
    if (!q)
        return -1;
    return ARENA_PUSH(m->a, k->v, k->n, k->cap, q) ? 0 : err_memory(m->e);
}

struct xquery *xquery_over(struct xmaker *m, enum xq_op op, struct xkids k)
{
    if (k.n == 1)
        return k.v[0];
    struct xquery *q = xquery_new(m, k.n ? op : XQ_NONE);
    if (q) {
        q->kids = k.v;
        q->n_kids = k.n;
    }
    return q;
}

struct xquery *xquery_pair(struct xmaker *m, enum xq_op op, struct xquery *a, struct xquery *b)
{
    struct xkids k = {0};
    if (xkids_add(m, &k, a) || xkids_add(m, &k, b))
        return NULL;
    return xquery_over(m, op, k);
}

struct xquery *xquery_scale(struct xmaker *m, struct xquery *q, double factor)
{
    struct xkids k = {0};
    struct xquery *s = q ? xquery_new(m, XQ_SCALE) : NULL;
    if (!s || xkids_add(m, &k, q))
        return NULL;
    s->kids = k.v;
    s->n_kids = k.n;
    s->factor = factor;
    return s;
}

bool xquery_same(const struct xquery *a, const struct xquery *b)
{
    if (a->op != b->op || a->n_kids != b->n_kids || a->wqf != b->wqf || a->window != b->window ||
        a->limit != b->limit || a->slot != b->slot || a->docids != b->docids ||
        a->n_docids != b->n_docids || memcmp(&a->factor, &b->factor, sizeof a->factor) != 0 ||
        !slice_eq(a->term, b->term) || !slice_eq(a->low, b->low) || !slice_eq(a->high, b->high))
        return false;
    for (size_t i = 0; i < a->n_kids; i++)
        if (!xquery_same(a->kids[i], b->kids[i]))
            return false;
    return true;
}

static const char *const op_names[] = {[XQ_NONE] = "none",
    [XQ_ALL] = "all",
    [XQ_TERM] = "term",
    [XQ_AND] = "and",
    [XQ_OR] = "or",
    [XQ_SYNONYM] = "synonym",
    [XQ_NOT] = "not",
    [XQ_FILTER] = "filter",
    [XQ_MAYBE] = "maybe",
    [XQ_PHRASE] = "phrase",
    [XQ_NEAR] = "near",
    [XQ_PREFIX] = "prefix",
    [XQ_RANGE] = "range",
    [XQ_SCALE] = "scale",
    [XQ_DOCIDS] = "docids"};

void xquery_write(const struct xquery *q, struct buf *out)
{
    if (!q || q->op == XQ_NONE || q->op == XQ_ALL) {
        buf_str(out, q && q->op == XQ_ALL ? "all" : "none");
        return;
    }
    if (q->op == XQ_TERM) {
        utf8_printable(out, q->term);
        return;
    }
    buf_printf(out, "(%s", op_names[q->op]);
    if (q->op == XQ_PREFIX) {
        buf_char(out, ' ');
        utf8_printable(out, q->term);
        buf_char(out, '*');
    } else if (q->op == XQ_RANGE) {
        buf_printf(out, " %u %u..%u", q->slot, xvalue_as_u32(q->low), xvalue_as_u32(q->high));
    } else if (q->op == XQ_SCALE) {
        buf_printf(out, " %g", q->factor);
    } else if (q->op == XQ_DOCIDS) {
        buf_printf(out, " %zu", q->n_docids);
    } else if (q->window) {
        buf_printf(out, "/%u", q->window);
    }
    for (size_t i = 0; i < q->n_kids; i++) {
        buf_char(out, ' ');
        xquery_write(q->kids[i], out);
    }
    buf_char(out, ')');
}
