// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/sketch.h"

#include <stdlib.h>

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

/* Leaves each number once, ascending. */
static size_t distinct(uint32_t *v, size_t n)
{
    size_t kept = 0;
    if (n)
        qsort(v, n, sizeof *v, by_number);
    for (size_t i = 0; i < n; i++)
        if (!i || v[i] != v[kept - 1])
            v[kept++] = v[i];
    return kept;
}

/* A word's third byte, by which a sample is taken, and its mark. */
static size_t read_words(struct slice sequence, uint32_t *words)
{
    struct sequence s;
    size_t n = 0;
    uint32_t last = 0;
    sequence_open(&s, sequence);
    while (sequence_next(&s)) {
        n -= n && s.at == last;
        words[n++] = (uint32_t)s.code & 0xFFFFFF;
        last = s.at;
    }
    return n;
}

static bool has_mark(const struct sketch *s, uint16_t mark)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->marks[i] == mark)
            return true;
    return false;
}

int sketch_of(struct sketch *s, struct arena *a, struct slice sequence, struct err *e)
{
    uint32_t *words = arena_raw(a, (sequence.n / 2 + 1) * sizeof *words);
    *s = (struct sketch){0};
    if (!words)
        return err_memory(e);
    size_t n = distinct(words, read_words(sequence, words));
    if (n <= SKETCH_MARKS) { /* whatever the width of the codes is */
        for (size_t i = 0; i < n; i++)
            words[i] &= 0xFFFF;
        n = distinct(words, n);
    }
    for (size_t i = 0; i < n; i++) {
        uint16_t mark = (uint16_t)words[i];
        s->whole = (s->whole ^ words[i]) * UINT64_C(0x9E3779B97F4A7C15);
        s->whole ^= s->whole >> 32;
        if (s->n < SKETCH_MARKS && !has_mark(s, mark))
            s->marks[s->n++] = mark;
    }
    return 0;
}
