// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/sums.h"

#include <stdlib.h>

enum { BITS = 64 };

int sums_make(struct sums *s, size_t documents, struct err *e)
{
    if (s->wdf)
        return 0;
    *s = (struct sums){.wdf = calloc(documents + 1, sizeof *s->wdf),
        .any = calloc(documents / BITS + 1, sizeof *s->any),
        .documents = documents};
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
    for (size_t i = 0; i < n; i++) {
        uint32_t sum = (uint32_t)s->wdf[at[i]] + wdf[i];
        uint64_t *any = &s->any[at[i] / BITS], bit = 1ULL << (at[i] % BITS);
        s->wdf[at[i]] = sum < UINT16_MAX ? (uint16_t)sum : UINT16_MAX;
        s->n += !(*any & bit);
        *any |= bit;
    }
}

void sums_take(struct sums *s, uint32_t *at, uint16_t *wdf)
{
    for (size_t i = 0; s->n && i <= s->documents / BITS; i++) {
        for (uint64_t bits = s->any[i]; bits; bits &= bits - 1) {
            uint32_t one = (uint32_t)(i * BITS + (size_t)__builtin_ctzll(bits));
            *at++ = one;
            *wdf++ = s->wdf[one];
            s->wdf[one] = 0;
        }
        s->any[i] = 0;
    }
    s->n = 0;
}
