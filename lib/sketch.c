// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/sketch.h"

#include <stdlib.h>

#include "lib/hash.h"

static int by_number(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

static bool has_mark(const struct sketch *s, uint16_t mark)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->marks[i] == mark)
            return true;
    return false;
}

int sketch_make(struct sketch *s, struct arena *a, const struct tokens *t, struct err *e)
{
    size_t n = 0;
    uint64_t *words = arena_array(a, t->n, sizeof *words);
    *s = (struct sketch){0};
    if (!words)
        return err_memory(e);
    for (size_t i = 0; i < t->n; i++)
        if (token_is_base(t->v[i].kind))
            words[n++] = hash64(t->v[i].plain, 0);
    if (n)
        qsort(words, n, sizeof *words, by_number);
    for (size_t i = 0; i < n; i++) {
        if (i && words[i] == words[i - 1])
            continue;
        s->whole = (s->whole ^ words[i]) * UINT64_C(0x9E3779B97F4A7C15);
        s->whole ^= s->whole >> 32;
        /* The low bits say nothing about which hashes are the smallest. */
        uint16_t mark = (uint16_t)words[i];
        if (s->n < SKETCH_MARKS && !has_mark(s, mark))
            s->marks[s->n++] = mark;
    }
    return 0;
}

size_t sketch_write(const struct sketch *s, char *bytes)
{
    size_t at = 0;
    if (!s->n)
        return 0;
    for (int i = 0; i < 8; i++)
        bytes[at++] = (char)(s->whole >> (8 * i));
    for (size_t i = 0; i < s->n; i++) {
        bytes[at++] = (char)s->marks[i];
        bytes[at++] = (char)(s->marks[i] >> 8);
    }
    return at;
}

void sketch_read(struct sketch *s, struct slice bytes)
{
    const unsigned char *p = (const unsigned char *)bytes.p;
    *s = (struct sketch){0};
    if (bytes.n < 8 || bytes.n > SKETCH_BYTES || bytes.n % 2)
        return;
    for (int i = 0; i < 8; i++)
        s->whole |= (uint64_t)p[i] << (8 * i);
    for (size_t at = 8; at < bytes.n; at += 2)
        s->marks[s->n++] = (uint16_t)(p[at] | p[at + 1] << 8);
}
