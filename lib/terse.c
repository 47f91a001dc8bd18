// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/terse.h"

#include <stdlib.h>

#include "lib/buf.h"

/* A document is a byte, six bits for the documents left out since the one before and two for the
 * wdf; what does not fit follows as a number of bytes of seven bits. */
enum { GAP_MORE = 63, WDF_MORE = 3, WDF_BITS = 2, MOST = 1 + 5 + 3 /* bytes */ };

static unsigned char *number_put(unsigned char *to, uint32_t v)
{
    for (; v >= 0x80; v >>= 7)
        *to++ = (unsigned char)(v | 0x80);
    *to++ = (unsigned char)v;
    return to;
}

static const unsigned char *number_get(const unsigned char *from, uint32_t *v)
{
    unsigned shift = 0;
    for (*v = 0; *from & 0x80; shift += 7)
        *v |= (uint32_t)(*from++ & 0x7f) << shift;
    *v |= (uint32_t)*from++ << shift;
    return from;
}

int terse_make(struct terse *t, const uint32_t *at, const uint16_t *wdf, size_t n)
{
    struct buf b = {0};
    uint32_t next = 0;
    (void)buf_room(&b, n + n / 8 + MOST); /* as much as most lists take */
    for (size_t i = 0; i < n; i++) {
        uint32_t gap = at[i] - next, own = gap < GAP_MORE ? gap : GAP_MORE;
        uint32_t often = wdf[i] < WDF_MORE ? wdf[i] : WDF_MORE;
        unsigned char *begin = (unsigned char *)buf_room(&b, MOST), *to = begin;
        if (!to)
            break;
        *to++ = (unsigned char)(own << WDF_BITS | often);
        if (own == GAP_MORE)
            to = number_put(to, gap - GAP_MORE);
        if (often == WDF_MORE)
            to = number_put(to, wdf[i] - WDF_MORE);
        b.n += (size_t)(to - begin);
        next = at[i] + 1;
    }
    if (b.failed) {
        buf_free(&b);
        return -1;
    }
    unsigned char *fitting = realloc(b.p, b.n ? b.n : 1);
    *t = (struct terse){fitting ? fitting : (unsigned char *)b.p, b.n, (uint32_t)n};
    return 0;
}

void terse_read(const struct terse *t, uint32_t *at, uint16_t *wdf)
{
    const unsigned char *from = t->bytes;
    uint32_t next = 0, more;
    for (uint32_t i = 0; i < t->n; i++) {
        unsigned head = *from++;
        uint32_t gap = head >> WDF_BITS, often = head & WDF_MORE;
        if (gap == GAP_MORE) {
            from = number_get(from, &more);
            gap += more;
        }
        if (often == WDF_MORE) {
            from = number_get(from, &more);
            often += more;
        }
        at[i] = next + gap;
        wdf[i] = (uint16_t)often;
        next = at[i] + 1;
    }
}
