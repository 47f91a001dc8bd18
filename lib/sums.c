// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/sums.h"

#include <stdlib.h>

enum { BITS = 64 };

static void sums_reset(struct sums *s)
{
    s->first = UINT32_MAX;
    s->last = 0;
}

int sums_make(struct sums *s, size_t documents, struct err *e)
{
    if (s->wdf)
        return 0;
    s->wdf = calloc(documents + 1, sizeof *s->wdf);
    s->any = calloc(documents / BITS + 1, sizeof *s->any);
    sums_reset(s);
    if (s->wdf && s->any)
        return 0;
    sums_free(s);
    return err_memory(e);
}

void sums_free(struct sums *s)
{
    free(s->wdf);
    free(s->any);
    *s = (struct sums){0};
}

void sums_add(struct sums *s, const uint32_t *at, const uint16_t *wdf, size_t n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n; i++) {
        uint32_t sum = (uint32_t)s->wdf[at[i]] + wdf[i];
        s->wdf[at[i]] = sum < UINT16_MAX ? (uint16_t)sum : UINT16_MAX;
        s->any[at[i] / BITS] |= 1ULL << (at[i] % BITS);
    }
    s->first = at[0] < s->first ? at[0] : s->first;
    s->last = at[n - 1] > s->last ? at[n - 1] : s->last;
}

size_t sums_count(const struct sums *s)
{
    size_t n = 0;
    for (size_t i = s->first / BITS; i <= s->last / BITS; i++)
        n += (size_t)__builtin_popcountll(s->any[i]);
    return n;
}

void sums_take(struct sums *s, uint32_t *at, uint16_t *wdf)
{
    for (size_t i = s->first / BITS; i <= s->last / BITS; i++) {
        for (uint64_t bits = s->any[i]; bits; bits &= bits - 1) {
            uint32_t one = (uint32_t)(i * BITS + (size_t)__builtin_ctzll(bits));
            *at++ = one;
            *wdf++ = s->wdf[one];
            s->wdf[one] = 0;
        }
        s->any[i] = 0;
    }
    sums_reset(s);
}
