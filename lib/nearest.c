// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/nearest.h"

#include <stdint.h>

enum { WORD_MAX = 40 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t nearest_distance(struct slice a, struct slice b)
{
    if (a.n > WORD_MAX || b.n > WORD_MAX)
        return SIZE_MAX;
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0], *above = rows[1], *row = rows[2];
    for (size_t j = 0; j <= b.n; j++)
        above[j] = before[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            row[j] =
                least(above[j - 1] + (a.p[i - 1] != b.p[j - 1]), least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] && a.p[i - 2] == b.p[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
        size_t *spare = before;
        before = above;
        above = row;
        row = spare;
    }
    return above[b.n];
}

struct nearest nearest_to(struct slice word)
{
    return (struct nearest){.word = word, .distance = SIZE_MAX};
}

void nearest_try(struct nearest *n, const char *name)
{
    struct slice other = slice_str(name);
    size_t longer = other.n > n->word.n ? other.n : n->word.n;
    size_t d = nearest_distance(n->word, other);
    bool beginning = n->word.n >= 3 && slice_starts(other, n->word);
    if (n->word.n && ((d <= 2 && d * 3 <= longer) || beginning) && d < n->distance) {
        n->name = name;
        n->distance = d;
    }
}
