// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/buf.h"

#include <stdio.h>
#include <stdlib.h>

char *buf_grow(struct buf *b, size_t n)
{
    size_t cap = b->cap ? b->cap : 256;
    while (cap - b->n < n && cap <= SIZE_MAX / 2)
        cap *= 2;
    char *p = b->failed || cap - b->n < n ? NULL : realloc(b->p, cap);
    if (!p) {
        b->failed = true;
        return NULL;
    }
    b->p = p;
    b->cap = cap;
    return b->p + b->n;
}

void buf_add(struct buf *b, const char *p, size_t n)
{
    char *to = n ? buf_room(b, n) : NULL;
    if (to) {
        memcpy(to, p, n);
        b->n += n;
    }
}

void buf_slice(struct buf *b, struct slice s)
{
    buf_add(b, s.p, s.n);
}

void buf_str(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_vprintf(struct buf *b, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    size_t there = b->cap - b->n;
    int n = vsnprintf(there ? b->p + b->n : NULL, there, fmt, ap);
    char *to = n < 0 ? NULL : buf_room(b, (size_t)n + 1);
    if (to && there <= (size_t)n)
        vsnprintf(to, (size_t)n + 1, fmt, again);
    if (to)
        b->n += (size_t)n;
    va_end(again);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(b, fmt, ap);
    va_end(ap);
}

void buf_uint(struct buf *b, uint64_t v)
{
    char digits[20];
    size_t i = sizeof digits;
    do
        digits[--i] = (char)('0' + v % 10);
    while (v /= 10);
    buf_add(b, digits + i, sizeof digits - i);
}

void buf_varint(struct buf *b, uint64_t v)
{
    char bytes[10];
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        bytes[n++] = (char)(v | 0x80);
    bytes[n++] = (char)v;
    buf_add(b, bytes, n);
}

void buf_lenstr(struct buf *b, struct slice s)
{
    buf_varint(b, s.n);
    buf_slice(b, s);
}

const char *buf_cstr(struct buf *b)
{
    char *end = buf_room(b, 1);
    if (!end)
        return "";
    *end = '\0';
    return b->p;
}

void buf_drop(struct buf *b, size_t n)
{
    b->n -= n;
    memmove(b->p, b->p + n, b->n);
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->failed = false;
}

void buf_free(struct buf *b)
{
    free(b->p);
    *b = (struct buf){0};
}

bool take_varint(struct slice *in, uint64_t *v)
{
    uint64_t value = 0;
    for (size_t i = 0; i < in->n && i < 10; i++) {
        unsigned char c = (unsigned char)in->p[i];
        if (i == 9 && c > 1)
            return false;
        value |= (uint64_t)(c & 0x7f) << (7 * i);
        if (!(c & 0x80)) {
            *v = value;
            in->p += i + 1;
            in->n -= i + 1;
            return true;
        }
    }
    return false;
}

bool take_lenstr(struct slice *in, struct slice *s)
{
    struct slice rest = *in;
    uint64_t n;
    if (!take_varint(&rest, &n) || n > rest.n)
        return false;
    *s = slice_of(rest.p, (size_t)n);
    *in = slice_of(rest.p + n, rest.n - (size_t)n);
    return true;
}
