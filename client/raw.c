// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/raw.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void skip(struct slice *s, size_t n)
{
    *s = slice_of(s->p + n, s->n - n);
}

static void skip_between(struct slice *s)
{
    while (s->n && (is_blank(*s->p) || *s->p == ',' || *s->p == ':'))
        skip(s, 1);
}

/* Takes one value off the front of *s. */
static struct slice take_value(struct slice *s)
{
    size_t depth = 0, i = 0;
    bool quoted = false;
    for (; i < s->n; i++) {
        char c = s->p[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                break;
            depth--;
        } else if (depth == 0 && (c == ',' || c == ':' || is_blank(c))) {
            break;
        }
    }
    struct slice value = slice_of(s->p, i < s->n ? i : s->n);
    skip(s, value.n);
    return value;
}

struct slice raw_member(struct slice object, const char *key)
{
    struct slice s = slice_trim(object);
    if (s.n && *s.p == '{')
        skip(&s, 1);
    for (;;) {
        skip_between(&s);
        struct slice name = take_value(&s);
        skip_between(&s);
        if (name.n < 2 || s.n == 0)
            return slice_of(NULL, 0);
        struct slice value = take_value(&s);
        if (slice_is(slice_of(name.p + 1, name.n - 2), key))
            return value;
    }
}

bool raw_next(struct slice *rest, struct slice *element)
{
    if (rest->n && *rest->p == '[')
        skip(rest, 1);
    skip_between(rest);
    *element = take_value(rest);
    skip_between(rest);
    return element->n > 0;
}
