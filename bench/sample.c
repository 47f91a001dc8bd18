// SPDX-License-Identifier: GPL-2.0-or-later
#include "bench/sample.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void *must(void *p)
{
    if (p)
        return p;
    fputs("bench: out of memory\n", stderr);
    exit(1);
}

static struct slice column(char **at)
{
    char *begin = *at, *end = begin + strcspn(begin, "\t\n");
    *at = *end == '\t' ? end + 1 : end;
    return slice_of(begin, (size_t)(end - begin));
}

void sample_read(struct sample_queries *q, const char *path)
{
    size_t n = 0, cap = 0, rows = 0;
    FILE *in = fopen(path, "r");
    if (!in) {
        perror(path);
        exit(1);
    }
    do {
        cap = cap ? 2 * cap : 65536;
        q->bytes = must(realloc(q->bytes, cap));
        n += fread(q->bytes + n, 1, cap - n - 1, in);
    } while (n == cap - 1);
    fclose(in);
    q->bytes[n] = '\0';
    for (char *p = q->bytes; *p;) {
        if (q->n == rows) {
            rows = rows ? 2 * rows : 256;
            q->v = must(realloc(q->v, rows * sizeof *q->v));
        }
        struct sample_query row = {.kind = column(&p)};
        row.words = column(&p);
        row.extra = column(&p);
        row.params = column(&p);
        q->v[q->n++] = row;
        p += strcspn(p, "\n");
        p += *p == '\n';
    }
}

uint64_t sample_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void add(struct sample_times_of *of, uint32_t ns)
{
    if (of->n == of->cap) {
        of->cap = of->cap ? 2 * of->cap : 1024;
        of->ns = must(realloc(of->ns, of->cap * sizeof *of->ns));
    }
    of->ns[of->n++] = ns;
}

void sample_add(struct sample_times *t, struct slice kind, uint64_t ns)
{
    size_t i = 0;
    while (i < t->n && !slice_eq(t->of[i].kind, kind))
        i++;
    if (i == SAMPLE_KINDS)
        return;
    if (i == t->n)
        t->of[t->n++].kind = kind;
    add(&t->of[i], ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX);
}

static int ascending(const void *x, const void *y)
{
    const uint32_t *a = x, *b = y;
    return (*a > *b) - (*a < *b);
}

static void print(struct sample_times_of *of)
{
    qsort(of->ns, of->n, sizeof *of->ns, ascending);
    printf("%.*s\t%zu\t%.1f\t%.1f\t%.1f\n", (int)of->kind.n, of->kind.p, of->n,
        of->ns[of->n / 2] / 1e3, of->ns[of->n * 99 / 100] / 1e3, of->ns[of->n - 1] / 1e3);
}

void sample_print(struct sample_times *t)
{
    struct sample_times_of all = {.kind = SLICE_LIT("all")};
    for (size_t i = 0; i < t->n; i++) {
        for (size_t k = 0; k < t->of[i].n; k++)
            add(&all, t->of[i].ns[k]);
        print(&t->of[i]);
    }
    if (all.n)
        print(&all);
    free(all.ns);
}
