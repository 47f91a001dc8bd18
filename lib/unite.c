// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/unite.h"

#include <stdlib.h>
#include <string.h>

void unite_free(struct unite_list *l)
{
    if (!l->lent) {
        free(l->at);
        free(l->wdf);
    }
    *l = (struct unite_list){0};
}

static int list_new(struct unite_list *l, size_t room, struct err *e)
{
    *l = (struct unite_list){.at = malloc((room ? room : 1) * sizeof *l->at),
        .wdf = malloc((room ? room : 1) * sizeof *l->wdf)};
    if (l->at && l->wdf)
        return 0;
    unite_free(l);
    return err_memory(e);
}

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

/* The first place from i on that is not before `at`. */
static size_t seek(const uint32_t *v, size_t n, size_t i, uint32_t at)
{
    size_t step = 1;
    while (i + step < n && v[i + step] < at)
        step *= 2;
    size_t low = i + step / 2, high = i + step < n ? i + step : n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (v[mid] < at)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* A short one into a long one: what lies between is copied. */
static void insert(
    const struct unite_list *few, const struct unite_list *many, struct unite_list *out)
{
    size_t i = 0;
    for (size_t k = 0; k < few->n; k++) {
        size_t to = seek(many->at, many->n, i, few->at[k]);
        bool meet = to < many->n && many->at[to] == few->at[k];
        append(out, many, i, to - i);
        out->at[out->n] = few->at[k];
        out->wdf[out->n++] = both(few->wdf[k], meet ? many->wdf[to] : 0);
        i = to + meet;
    }
    append(out, many, i, many->n - i);
}

static int two(const struct unite_list *few, const struct unite_list *many, struct unite_list *out,
    struct err *e)
{
    enum { FAR = 16 };
    if (list_new(out, few->n + many->n, e))
        return -1;
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

/* Those of malloc with no more room than they need. */
static void fit(struct unite_list *l)
{
    void *at = realloc(l->at, (l->n ? l->n : 1) * sizeof *l->at);
    void *wdf = realloc(l->wdf, (l->n ? l->n : 1) * sizeof *l->wdf);
    l->at = at ? at : l->at;
    l->wdf = wdf ? wdf : l->wdf;
}

int unite_lists(struct unite_list *v, size_t n, struct unite_list *out, struct err *e)
{
    int rc = 0;
    for (; n > 1 && rc == 0; n--) {
        struct unite_list one;
        shortest_last(v, n);
        shortest_last(v, n - 1);
        rc = two(&v[n - 1], &v[n - 2], &one, e);
        unite_free(&v[n - 1]);
        if (rc == 0) {
            unite_free(&v[n - 2]);
            v[n - 2] = one;
        }
    }
    *out = (struct unite_list){0};
    if (rc == 0 && (n == 0 || v[0].lent)) {
        rc = list_new(out, n ? v[0].n : 0, e);
        if (rc == 0 && n)
            append(out, &v[0], 0, v[0].n);
    } else if (rc == 0) {
        *out = v[0];
        v[0] = (struct unite_list){0};
        fit(out);
    }
    while (n)
        unite_free(&v[--n]);
    return rc;
}
