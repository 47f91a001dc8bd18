// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/hash.h"

/* Wang Yi's multiply-and-fold: both halves of a 128-bit product, xored. The constants are odd
 * numbers with 32 bits set. */
static const uint64_t K0 = UINT64_C(0xa0761d6478bd642f), K1 = UINT64_C(0xe7037ed1a0b428db),
                      K2 = UINT64_C(0x8ebc6af09c88c6e3);

static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t read_little(const unsigned char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap64(v);
#endif
    return v;
}

uint64_t hash64(struct slice s, uint64_t seed)
{
    enum { STEP = 16 };
    const unsigned char *p = (const unsigned char *)s.p;
    uint64_t h = seed ^ fold(seed ^ K0, K1);
    size_t left = s.n;
    for (; left > STEP; left -= STEP, p += STEP)
        h = fold(read_little(p) ^ K1, read_little(p + 8) ^ h);
    unsigned char tail[STEP] = {0};
    if (left)
        memcpy(tail, p, left);
    h = fold(read_little(tail) ^ K1, read_little(tail + 8) ^ h);
    return fold(h ^ K2, s.n ^ K1);
}

void hash_format(uint64_t hash, char text[17])
{
    for (int i = 0; i < 16; i++)
        text[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
    text[16] = '\0';
}
