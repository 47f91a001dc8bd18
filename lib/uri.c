// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/uri.h"

static bool is_plain(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

void uri_escape(struct buf *out, struct slice s, bool path)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (is_plain(c) || (path && c == '/'))
            buf_char(out, (char)c);
        else
            buf_printf(out, "%%%02X", c);
    }
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

struct slice uri_unescape(struct arena *a, struct slice s)
{
    char *to = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; to && i < s.n; i++, n++) {
        to[n] = s.p[i];
        if (s.p[i] == '%') {
            int high = i + 2 < s.n ? hex(s.p[i + 1]) : -1, low = high < 0 ? -1 : hex(s.p[i + 2]);
            if (low < 0)
                return slice_of(NULL, 0);
            to[n] = (char)(high << 4 | low);
            i += 2;
        }
        if (!to[n])
            return slice_of(NULL, 0);
    }
    return slice_of(to, to ? n : 0);
}
