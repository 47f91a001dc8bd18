// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * slice: bytes that somebody else owns. Never NUL-terminated by promise; `p` may be NULL only
 * when `n` is 0. Whoever hands out a slice says how long its bytes live.
 */
#ifndef KB_SLICE_H
#define KB_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
    const char *p;
    size_t n;
};

#define SLICE_LIT(s) ((struct slice){(s), sizeof(s) - 1})

static inline struct slice slice_of(const char *p, size_t n)
{
    return (struct slice){p, n};
}

/* From a C string; NULL gives the empty slice. */
static inline struct slice slice_str(const char *s)
{
    return (struct slice){s, s ? strlen(s) : 0};
}

/* Without its first n bytes (n <= s.n). The empty slice may have no pointer to count from. */
static inline struct slice slice_from(struct slice s, size_t n)
{
    return slice_of(n ? s.p + n : s.p, s.n - n);
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool slice_is(struct slice a, const char *s)
{
    return slice_eq(a, slice_str(s));
}

/* Byte order, the shorter first on a tie: <0, 0, >0. */
static inline int slice_cmp(struct slice a, struct slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;
    return c ? c : (a.n > b.n) - (a.n < b.n);
}

static inline bool slice_starts(struct slice a, struct slice prefix)
{
    return a.n >= prefix.n && (prefix.n == 0 || memcmp(a.p, prefix.p, prefix.n) == 0);
}

static inline bool slice_ends(struct slice a, struct slice suffix)
{
    return a.n >= suffix.n &&
           (suffix.n == 0 || memcmp(a.p + a.n - suffix.n, suffix.p, suffix.n) == 0);
}

/* Without leading and trailing blanks, tabs, CR and LF. */
static inline struct slice slice_trim(struct slice a)
{
    while (a.n && (*a.p == ' ' || *a.p == '\t' || *a.p == '\r' || *a.p == '\n'))
        a.p++, a.n--;
    while (a.n && (a.p[a.n - 1] == ' ' || a.p[a.n - 1] == '\t' || a.p[a.n - 1] == '\r' ||
                      a.p[a.n - 1] == '\n'))
        a.n--;
    return a;
}

#endif
