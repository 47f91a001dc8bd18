// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/unite.h"

#include <string.h>

#include "lib/seek.h"

static void append(struct unite_list *out, const struct unite_list *from, size_t i, size_t n)
{
    if (!n)
        return;
    memcpy(out->at + out->n, from->at + i, n * sizeof *out->at);
    memcpy(out->wdf + out->n, from->wdf + i, n * sizeof *out->wdf);
    out->n += n;
}

static uint16_t both(uint16_t a, uint16_t b)
{
    uint32_t sum = (uint32_t)a + b;
    return sum < UINT16_MAX ? (uint16_t)sum : UINT16_MAX;
}

/* Of a length: without a branch that depends on which comes next. */
static void weave(const struct unite_list *a, const struct unite_list *b, struct unite_list *out)
{
    size_t i = 0, k = 0, n = 0;
    while (i < a->n && k < b->n) {
        uint32_t x = a->at[i], y = b->at[k];
        out->at[n] = x < y ? x : y;
        out->wdf[n++] = both(x <= y ? a->wdf[i] : 0, y <= x ? b->wdf[k] : 0);
        i += x <= y;
        k += y <= x;
    }
    out->n = n;
    append(out, a, i, a->n - i);
    append(out, b, k, b->n - k);
}

/* A short one into a long one: what lies between is copied. */
static void insert(
    const struct unite_list *few, const struct unite_list *many, struct unite_list *out)
{
    size_t i = 0;
    for (size_t k = 0; k < few->n; k++) {
        size_t to = seek_from(many->at, many->n, i, few->at[k]);
        bool meet = to < many->n && many->at[to] == few->at[k];
        append(out, many, i, to - i);
        out->at[out->n] = few->at[k];
        out->wdf[out->n++] = both(few->wdf[k], meet ? many->wdf[to] : 0);
        i = to + meet;
    }
    append(out, many, i, many->n - i);
}

static int two(struct arena *a, const struct unite_list *few, const struct unite_list *many,
    struct unite_list *out, struct err *e)
{
    enum { FAR = 16 };
    size_t room = few->n + many->n;
    *out = (struct unite_list){
        arena_raw(a, room * sizeof *out->at), arena_raw(a, room * sizeof *out->wdf), 0};
    if (!out->at || !out->wdf)
        return err_memory(e);
    if (few->n < many->n / FAR)
        insert(few, many, out);
    else
        weave(few, many, out);
    return 0;
}

/* Puts the shortest of n behind the others. */
static void shortest_last(struct unite_list *v, size_t n)
{
    size_t least = n - 1;
    for (size_t i = 0; i < n; i++)
        least = v[i].n < v[least].n ? i : least;
    struct unite_list swap = v[least];
    v[least] = v[n - 1];
    v[n - 1] = swap;
}

int unite_lists(
    struct arena *a, struct unite_list *v, size_t n, struct unite_list *out, struct err *e)
{
    for (; n > 1; n--) {
        struct unite_list one;
        shortest_last(v, n);
        shortest_last(v, n - 1);
        if (two(a, &v[n - 1], &v[n - 2], &one, e))
            return -1;
        v[n - 2] = one;
    }
    *out = n ? v[0] : (struct unite_list){0};
    return 0;
}
