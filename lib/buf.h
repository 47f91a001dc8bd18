// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * buf: bytes that grow at the end. A zeroed struct buf is empty and ready; its owner calls
 * buf_free. When memory runs out `failed` is set and stays set, further appends do nothing, so a
 * writer checks once at the end. `p` is not NUL-terminated unless buf_cstr was called.
 */
#ifndef KB_BUF_H
#define KB_BUF_H

#include <stdarg.h>
#include <stdint.h>

#include "lib/slice.h"

struct buf {
    char *p;
    size_t n, cap;
    bool failed;
};

/* What buf_room does where there is no room yet. */
char *buf_grow(struct buf *b, size_t n);
/* Room for `n` more bytes behind the end, or NULL; advance buf.n by what was written there. */
static inline char *buf_room(struct buf *b, size_t n)
{
    return b->cap - b->n >= n && !b->failed ? b->p + b->n : buf_grow(b, n);
}
void buf_add(struct buf *b, const char *p, size_t n);
void buf_slice(struct buf *b, struct slice s);
void buf_str(struct buf *b, const char *s);
static inline void buf_char(struct buf *b, char c)
{
    char *to = buf_room(b, 1);
    if (to) {
        *to = c;
        b->n++;
    }
}
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_vprintf(struct buf *b, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));
/* Decimal digits, faster than printf. */
void buf_uint(struct buf *b, uint64_t v);
/* LEB128, 7 bits a byte, low first: the index's own records are made of these. */
void buf_varint(struct buf *b, uint64_t v);
/* Varint length, then the bytes. */
void buf_lenstr(struct buf *b, struct slice s);
/* NUL-terminates behind the end (not counted) and returns p; "" when failed or empty. */
const char *buf_cstr(struct buf *b);
/* Drops the first n bytes, moving the rest down. */
void buf_drop(struct buf *b, size_t n);
/* Empties, keeps the memory. */
void buf_clear(struct buf *b);
void buf_free(struct buf *b);
static inline struct slice buf_view(const struct buf *b)
{
    return slice_of(b->p, b->n);
}

/* Reading what buf_varint and buf_lenstr wrote: false on a short or overlong input, which leaves
 * *in where it was. */
bool take_varint(struct slice *in, uint64_t *v);
bool take_lenstr(struct slice *in, struct slice *s);

#endif
