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

/* How long the string at the front is, its quotes with it. Most of an answer is text: memchr finds
 * its end, and is asked again only for what it has not seen. */
static size_t string_length(struct slice s)
{
    size_t at = 1, quote = 0;
    while (at < s.n) {
        if (quote < at) {
            const char *found = memchr(s.p + at, '"', s.n - at);
            quote = found ? (size_t)(found - s.p) : s.n;
        }
        const char *escape = memchr(s.p + at, '\\', quote - at);
        if (!escape)
            return quote + (quote < s.n);
        at = (size_t)(escape - s.p) + 2;
    }
    return s.n;
}

/* Takes one value off the front of *s. */
static struct slice take_value(struct slice *s)
{
    size_t depth = 0, i = 0;
    while (i < s->n) {
        char c = s->p[i];
        if (c == '"') {
            i += string_length(slice_of(s->p + i, s->n - i));
            continue;
        }
        if (c == '{' || c == '[') {
            depth++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                break;
            depth--;
        } else if (depth == 0 && (c == ',' || c == ':' || is_blank(c))) {
            break;
        }
        i++;
    }
    struct slice value = slice_of(s->p, i);
    skip(s, value.n);
    return value;
}

/* Moves *rest, the object at first, then what is behind a value, to the next value. */
static bool next_name(struct slice *rest, struct slice *name)
{
    if (rest->n && *rest->p == '{')
        skip(rest, 1);
    skip_between(rest);
    *name = take_value(rest);
    skip_between(rest);
    if (name->n < 2 || rest->n == 0)
        return false;
    *name = slice_of(name->p + 1, name->n - 2);
    return true;
}

/* Moves *rest from the object to the value of the member. */
static bool find(struct slice *rest, const char *key)
{
    struct slice name;
    *rest = slice_trim(*rest);
    while (next_name(rest, &name)) {
        if (slice_is(name, key))
            return true;
        (void)take_value(rest);
    }
    return false;
}

struct slice raw_member(struct slice object, const char *key)
{
    return find(&object, key) ? take_value(&object) : slice_of(NULL, 0);
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

static bool is_among(struct slice name, const char *const *keys)
{
    for (; *keys; keys++)
        if (slice_is(name, *keys))
            return true;
    return false;
}

static void pick(struct slice hit, const char *const *keys, struct buf *out)
{
    struct slice name;
    const char *before = "";
    buf_char(out, '{');
    while (next_name(&hit, &name)) {
        struct slice value = take_value(&hit);
        if (!is_among(name, keys))
            continue;
        buf_str(out, before);
        buf_add(out, name.p - 1, (size_t)(value.p + value.n - name.p) + 1);
        before = ",";
    }
    buf_char(out, '}');
}

void raw_pick(struct slice reply, const char *const *keys, struct buf *out)
{
    struct slice rest = reply, hit;
    const char *before = "[";
    if (find(&rest, "result") && find(&rest, "hits") && *rest.p == '[') {
        buf_add(out, reply.p, (size_t)(rest.p - reply.p));
        for (; raw_next(&rest, &hit); before = ",") {
            buf_str(out, before);
            pick(hit, keys, out);
        }
        buf_str(out, *before == '[' ? "[" : "");
        reply = rest;
    }
    buf_slice(out, reply);
}
