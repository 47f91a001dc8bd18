// SPDX-License-Identifier: GPL-2.0-or-later
/* What goes to a terminal, to a log and into JSON. */
#include "lib/json.h"
#include "tests/fuzz/fuzz.h"

static bool drives_a_terminal(uint32_t cp)
{
    return cp < 0x20 || (cp >= 0x7f && cp < 0xa0) || cp == 0x61c || cp == 0x200e || cp == 0x200f ||
           (cp >= 0x2028 && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
}

static void to_a_terminal(struct slice s)
{
    struct buf out = {0}, again = {0};
    utf8_printable(&out, s);
    MUST(!out.failed && utf8_valid(buf_view(&out)) == out.n);
    for (struct slice rest = buf_view(&out); rest.n;)
        MUST(!drives_a_terminal(utf8_next(&rest)));
    utf8_printable(&again, buf_view(&out));
    MUST(slice_eq(buf_view(&out), buf_view(&again)));
    MUST(utf8_width(buf_view(&out)) <= 2 * out.n);
    buf_free(&out);
    buf_free(&again);
}

/* JSON's own reader sees what `clean` makes of it. */
static void to_json(struct slice s)
{
    struct buf clean = {0}, text = {0};
    struct err e = {0};
    utf8_clean(&clean, s);
    MUST(!clean.failed && utf8_valid(buf_view(&clean)) == clean.n);
    struct json_writer w = json_writer(&text);
    json_put_string(&w, s);
    MUST(!text.failed && !memchr(text.p, '\n', text.n));
    struct json *v = json_parse(buf_view(&text), &e);
    /* The reader, not JSON, refuses U+0000. */
    bool zero = memchr(clean.n ? clean.p : "x", '\0', clean.n ? clean.n : 1) != NULL;
    MUST(zero ? !v : v && slice_eq(json_text(v), buf_view(&clean)));
    json_free(v);
    buf_free(&clean);
    buf_free(&text);
}

static void folded(struct slice s)
{
    struct buf once = {0}, twice = {0}, plain = {0};
    utf8_fold(&once, s);
    utf8_fold(&twice, buf_view(&once));
    utf8_plain(&plain, buf_view(&once));
    MUST(!once.failed && !twice.failed && !plain.failed);
    MUST(utf8_valid(buf_view(&once)) == once.n && utf8_valid(buf_view(&plain)) == plain.n);
    MUST(slice_eq(buf_view(&once), buf_view(&twice)));
    buf_free(&once);
    buf_free(&twice);
    buf_free(&plain);
}

void fuzz_try(const uint8_t *data, size_t size)
{
    struct slice s = fuzz_copy(data, size);
    to_a_terminal(s);
    to_json(s);
    folded(s);
    for (size_t n = 0; n <= s.n && n < 8; n++)
        MUST(utf8_floor(s, n) <= n);
    free((char *)(uintptr_t)s.p);
}
