// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/terse.h"

#include <stdbool.h>
#include <stdlib.h>

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

/* Room for one more; false: out of memory. */
static bool make_room(unsigned char **bytes, size_t *room, size_t used)
{
    if (*room - used >= MOST)
        return true;
    size_t more = *room + *room / 2;
    unsigned char *grown = realloc(*bytes, more);
    if (!grown)
        return false;
    *bytes = grown;
    *room = more;
    return true;
}

int terse_make(struct terse *t, const uint32_t *at, const uint16_t *wdf, size_t n)
{
    size_t room = n + n / 8 + 4 * MOST, used = 0;
    unsigned char *bytes = malloc(room);
    uint32_t next = 0;
    for (size_t i = 0; i < n && bytes; i++) {
        uint32_t gap = at[i] - next, own = gap < GAP_MORE ? gap : GAP_MORE;
        uint32_t often = wdf[i] < WDF_MORE ? wdf[i] : WDF_MORE;
        if (!make_room(&bytes, &room, used)) {
            free(bytes);
            return -1;
        }
        unsigned char *to = bytes + used;
        *to++ = (unsigned char)(own << WDF_BITS | often);
        if (own == GAP_MORE)
            to = number_put(to, gap - GAP_MORE);
        if (often == WDF_MORE)
            to = number_put(to, wdf[i] - WDF_MORE);
        used = (size_t)(to - bytes);
        next = at[i] + 1;
    }
    if (!bytes)
        return -1;
    unsigned char *fitting = realloc(bytes, used ? used : 1);
    *t = (struct terse){fitting ? fitting : bytes, used, (uint32_t)n};
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
