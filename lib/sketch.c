// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/sketch.h"

/* A word's third byte, by which a sample is taken, and its mark. */
static size_t read_words(struct slice sequence, uint64_t *words)
{
    struct sequence s;
    size_t n = 0;
    uint32_t last = 0;
    sequence_open(&s, sequence);
    while (sequence_next(&s)) {
        n -= n && s.at == last;
        words[n++] = s.code & 0xFFFFFF;
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
    uint64_t *words = arena_raw(a, (sequence.n / 2 + 1) * sizeof *words);
    *s = (struct sketch){0};
    if (!words)
        return err_memory(e);
    size_t n = sequence_distinct(words, read_words(sequence, words));
    if (n <= SKETCH_MARKS) { /* whatever the width of the codes is */
        for (size_t i = 0; i < n; i++)
            words[i] &= 0xFFFF;
        n = sequence_distinct(words, n);
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
