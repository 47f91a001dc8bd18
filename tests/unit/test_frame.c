// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/frame.h"

enum { MAX = 32 };

/*
 * What the bytes give when fed in pieces of `step`: each message in angle brackets, then the error.
 */
static void run(struct slice bytes, size_t step, size_t max, struct buf *out)
{
    struct frame f;
    frame_init(&f, max);
    struct err e = {0};
    int rc = 0;
    for (size_t i = 0; i < bytes.n && rc >= 0; i += step) {
        size_t n = bytes.n - i < step ? bytes.n - i : step;
        assert_int_equal(frame_feed(&f, slice_of(bytes.p + i, n), &e), 0);
        struct slice m;
        while ((rc = frame_next(&f, &m, &e)) == 1)
            buf_printf(out, "<%.*s>", (int)m.n, m.n ? m.p : "");
    }
    if (rc < 0)
        buf_printf(out, "!%s", err_reason(e.code));
    else if (frame_rest(&f).n)
        buf_str(out, "...");
    frame_free(&f);
}

static const struct {
    const char *in, *out;
} cases[] = {
    {"", ""},
    {" \t\r\n\n", ""},
    {"{}\n", "<{}>"},
    {"\n  {}\r\n\r\n\n{\"a\":1}\n", "<{}><{\"a\":1}>"},
    {"{}\n[1]\n", "<{}><[1]>"},
    {"{}\nrubbish\n{}\n", "<{}><rubbish><{}>"},
    {"{", "..."},
    {"{}\n{", "<{}>..."},
    {"{01234567890123456789012345678}x\n", "<{01234567890123456789012345678}x>"},
    {"{01234567890123456789012345678}x\r\n", "<{01234567890123456789012345678}x>"},
    {"{01234567890123456789012345678}xy\n", "!too_large"},
    {"{01234567890123456789012345678}xyz", "!too_large"},
    {"[{}]\n", "!invalid_request"},
    {"GET / HTTP/1.1\r\n", "!invalid_request"},
    {"\xef\xbb\xbf{}\n", "!invalid_request"},
    {"\"x\"\n", "!invalid_request"},
    {"Content-Length: 2\r\n\r\n{}", "<{}>"},
    {"content-length:2\n\n{}", "<{}>"},
    {"\r\nContent-Type: x\r\nCONTENT-LENGTH:  2 \r\nX: y\r\n\r\n{}", "<{}>"},
    {"Content-Length: 2\r\n\r\n{}Content-Length: 3\r\n\r\n{ }", "<{}><{ }>"},
    {"Content-Length: 0\r\n\r\nContent-Length: 2\r\n\r\n{}", "<><{}>"},
    {"Content-Length: 3\r\n\r\n\n\r\nContent-Length: 2\r\n\r\n{}", "<\n\r\n><{}>"},
    {"Content-Length: 32\r\n\r\n01234567890123456789012345678901",
        "<01234567890123456789012345678901>"},
    {"Content-Length: 33\r\n\r\n", "!too_large"},
    {"Content-Length: 99999999999999999999999999\r\n\r\n", "!too_large"},
    {"Content-Length: -1\r\n\r\n", "!invalid_request"},
    {"Content-Length: +1\r\n\r\n", "!invalid_request"},
    {"Content-Length: 0x2\r\n\r\n{}", "!invalid_request"},
    {"Content-Length: 2 3\r\n\r\n{}", "!invalid_request"},
    {"Content-Length:\r\n\r\n{}", "!invalid_request"},
    {"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", "<{}>"},
    {"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", "!invalid_request"},
    {"Content-Type: x\r\n\r\n{}", "!invalid_request"},
    {"Content-Length 2\r\n\r\n{}", "!invalid_request"},
    {"Content-Length: 5\r\n\r\n{}", "..."},
    {"Content-Length: 5\r\n", "..."},
};

static void test_messages(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice in = slice_str(cases[i].in);
        for (size_t step = 1; step <= in.n + 1; step++) {
            struct buf out = {0};
            run(in, step, MAX, &out);
            assert_string_equal(buf_cstr(&out), cases[i].out);
            buf_free(&out);
        }
    }
    (void)state;
}

static void test_endless_headers(void **state)
{
    struct buf in = {0}, out = {0};
    buf_str(&in, "Content-Length: 2\r\n");
    while (in.n < 5000)
        buf_str(&in, "X-Filler: abcdefghijklmnop\r\n");
    run(buf_view(&in), 100, MAX, &out);
    assert_string_equal(buf_cstr(&out), "!invalid_request");
    buf_clear(&out);
    buf_str(&in, "\r\n{}");
    run(buf_view(&in), in.n, MAX, &out);
    assert_string_equal(buf_cstr(&out), "!invalid_request");
    buf_free(&in);
    buf_free(&out);
    (void)state;
}

/* A peer that never ends its line costs no more than the limit and a piece. */
static void test_memory_is_bounded(void **state)
{
    struct frame f;
    frame_init(&f, 1 << 20);
    struct err e = {0};
    struct slice m;
    char piece[65536];
    memset(piece, '{', sizeof piece);
    int rc = 0;
    size_t fed = 0;
    while (rc == 0) {
        assert_int_equal(frame_feed(&f, slice_of(piece, sizeof piece), &e), 0);
        fed += sizeof piece;
        rc = frame_next(&f, &m, &e);
    }
    assert_int_equal(e.code, ERR_TOO_LARGE);
    assert_true(fed <= (1 << 20) + 2 * sizeof piece);
    frame_free(&f);
    (void)state;
}

static void test_big_buffers_are_given_back(void **state)
{
    struct frame f;
    frame_init(&f, 1 << 20);
    struct err e = {0};
    struct slice m;
    char *line = malloc(1 << 20);
    assert_non_null(line);
    memset(line, '{', 1 << 20);
    line[(1 << 20) - 1] = '\n';
    assert_int_equal(frame_feed(&f, slice_of(line, 1 << 20), &e), 0);
    assert_int_equal(frame_next(&f, &m, &e), 1);
    assert_int_equal(m.n, (1 << 20) - 1);
    assert_int_equal(frame_feed(&f, SLICE_LIT("{"), &e), 0);
    assert_true(f.in.cap <= 65536);
    frame_free(&f);
    free(line);
    (void)state;
}

static void test_write(void **state)
{
    struct buf out = {0};
    frame_write(FRAME_LINES, SLICE_LIT("{}"), &out);
    frame_write(FRAME_UNKNOWN, SLICE_LIT("{}"), &out);
    frame_write(FRAME_HEADERS, SLICE_LIT("{\"é\":1}"), &out);
    assert_string_equal(buf_cstr(&out), "{}\n{}\nContent-Length: 8\r\n\r\n{\"é\":1}");
    buf_free(&out);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_endless_headers),
        cmocka_unit_test(test_memory_is_bounded),
        cmocka_unit_test(test_big_buffers_are_given_back),
        cmocka_unit_test(test_write),
    };
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
