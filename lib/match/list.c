// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/match/list.h"

int list_new(struct matcher *m, size_t most, bool weighs, bool unsure, struct list *l)
{
    *l = (struct list){.at = matcher_raw(m, most, sizeof *l->at)};
    if (weighs)
        l->weight = matcher_raw(m, most, sizeof *l->weight);
    if (unsure)
        l->unsure = matcher_raw(m, most, sizeof *l->unsure);
    return m->e->code ? -1 : 0;
}

bool list_holds(const uint32_t *v, size_t n, uint32_t at)
{
    size_t i = seek_from(v, n, 0, at);
    return i < n && v[i] == at;
}

/* None unsure: without a branch that depends on which comes next. */
static void unite_sure(const struct list *a, const struct list *b, struct list *out)
{
    size_t i = 0, k = 0, n = 0;
    while (i < a->n && k < b->n) {
        uint32_t x = a->at[i], y = b->at[k];
        bool of_a = x <= y, of_b = y <= x;
        out->at[n] = of_a ? x : y;
        if (out->weight)
            out->weight[n] = (of_a ? list_weight(a, i) : 0) + (of_b ? list_weight(b, k) : 0);
        i += of_a;
        k += of_b;
        n++;
    }
    out->n = n;
    for (; i < a->n; i++)
        list_add(out, a->at[i], list_weight(a, i), false);
    for (; k < b->n; k++)
        list_add(out, b->at[k], list_weight(b, k), false);
}

int list_unite(struct matcher *m, const struct list *a, const struct list *b, struct list *out)
{
    if (list_new(m, a->n + b->n, a->weight || b->weight, a->unsure || b->unsure, out))
        return -1;
    if (!out->unsure) {
        if (matcher_ticks(m, a->n + b->n))
            return -1;
        unite_sure(a, b, out);
        return 0;
    }
    size_t i = 0, k = 0;
    while (i < a->n || k < b->n) {
        if (matcher_tick(m))
            return -1;
        if (k == b->n || (i < a->n && a->at[i] < b->at[k])) {
            list_add(out, a->at[i], list_weight(a, i), list_unsure(a, i));
            i++;
        } else if (i == a->n || b->at[k] < a->at[i]) {
            list_add(out, b->at[k], list_weight(b, k), list_unsure(b, k));
            k++;
        } else {
            bool less = (a->weight && list_unsure(a, i)) || (b->weight && list_unsure(b, k));
            list_add(out, a->at[i], list_weight(a, i) + list_weight(b, k),
                less || (list_unsure(a, i) && list_unsure(b, k)));
            i++;
            k++;
        }
    }
    return 0;
}

int list_meet(struct matcher *m, const struct list *a, const struct list *b, struct list *out)
{
    size_t most = a->n < b->n ? a->n : b->n, i = 0;
    if (list_new(m, most, a->weight || b->weight, a->unsure || b->unsure, out))
        return -1;
    for (size_t k = 0; k < b->n; k++) {
        if (matcher_tick(m))
            return -1;
        i = seek_from(a->at, a->n, i, b->at[k]);
        if (i == a->n)
            break;
        if (a->at[i] == b->at[k])
            list_add(out, b->at[k], list_weight(a, i) + list_weight(b, k),
                list_unsure(a, i) || list_unsure(b, k));
    }
    return 0;
}

void list_weigh(const struct list *more, const struct list *l, double *weight)
{
    for (size_t i = 0, k = 0; k < more->n && more->weight; i++) {
        bool both = more->at[k] == l->at[i];
        weight[i] += both ? more->weight[k] : 0;
        k += both;
    }
}
