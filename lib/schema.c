// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/schema.h"

#include "lib/buf.h"
#include "lib/hash.h"
#include "lib/utf8.h"

enum { TERM_MAX = 240, TERM_CUT = 224, HEX = 16 };

struct slice schema_term(struct arena *a, char prefix, struct slice text)
{
    size_t before = prefix ? 1 : 0;
    bool whole = before + text.n <= TERM_MAX;
    size_t n = whole ? text.n : utf8_floor(text, TERM_CUT - before);
    char *p = arena_alloc(a, before + n + (whole ? 0 : HEX + 1));
    if (!p)
        return (struct slice){0};
    if (before)
        p[0] = prefix;
    if (n)
        memcpy(p + before, text.p, n);
    if (whole)
        return slice_of(p, before + n);
    hash_format(hash64(text, 0), p + before + n);
    return slice_of(p, before + n + HEX);
}

void schema_heading(struct slice rendered, char bytes[HEADING_BYTES])
{
    uint64_t h = hash64(rendered, 0);
    for (int i = 0; i < HEADING_BYTES; i++)
        bytes[i] = (char)(h >> 8 * i);
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that "%XX" at the beginning of s stands for; -1 if it is none. */
static int escaped_byte(struct slice s)
{
    if (s.n < 3 || s.p[0] != '%')
        return -1;
    int high = hex_value(s.p[1]), low = hex_value(s.p[2]);
    return high < 0 || low < 0 ? -1 : 16 * high + low;
}

static void percent_decode(struct buf *out, struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        int byte = escaped_byte(slice_of(s.p + i, s.n - i));
        buf_char(out, byte < 0 ? s.p[i] : (char)byte);
        i += byte < 0 ? 0 : 2;
    }
}

/* Blanks of any kind and number as one, none at the ends; '\' as '/'. */
static void even_out(struct buf *out, struct slice s)
{
    bool blank = false;
    while (s.n) {
        uint32_t cp = utf8_next(&s);
        if (utf8_class(cp) == UTF8_SPACE) {
            blank = out->n > 0;
            continue;
        }
        if (blank)
            buf_char(out, ' ');
        blank = false;
        utf8_put(out, cp == '\\' ? '/' : cp);
    }
}

static struct slice without_ends(struct slice s)
{
    static const struct slice endings[] = {SLICE_LIT(".md"), SLICE_LIT(".markdown")};
    for (;;) {
        size_t lead = slice_starts(s, SLICE_LIT("./"))  ? 2
                      : slice_starts(s, SLICE_LIT("/")) ? 1
                                                        : 0;
        if (!lead)
            break;
        s = slice_of(s.p + lead, s.n - lead);
    }
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (slice_ends(s, endings[i]) && s.n > endings[i].n)
            return slice_of(s.p, s.n - endings[i].n);
    return s;
}

struct slice schema_link_key(struct arena *a, struct slice target)
{
    struct buf decoded = {0}, even = {0}, folded = {0};
    percent_decode(&decoded, target);
    even_out(&even, buf_view(&decoded));
    utf8_fold(&folded, buf_view(&even));
    struct slice key = {0};
    if (!decoded.failed && !even.failed && !folded.failed)
        key = arena_dup(a, without_ends(buf_view(&folded)));
    else
        a->failed = true;
    buf_free(&decoded);
    buf_free(&even);
    buf_free(&folded);
    return key;
}

static struct slice folder_of(struct slice path)
{
    const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;
    return slice_of(path.p, slash ? (size_t)(slash - path.p) : 0);
}

struct slice schema_target_key(struct arena *a, struct slice rel, struct slice target)
{
    struct slice key = schema_link_key(a, target);
    if (!slice_starts(key, SLICE_LIT("../")))
        return key;
    struct slice folder = folder_of(schema_link_key(a, rel));
    while (slice_starts(key, SLICE_LIT("../"))) {
        if (!folder.n)
            return key;
        folder = folder_of(folder);
        key = slice_of(key.p + 3, key.n - 3);
    }
    if (!folder.n)
        return key;
    return slice_str(arena_printf(a, "%.*s/%.*s", (int)folder.n, folder.p, (int)key.n, key.p));
}
