// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/json.h"

static void assert_text(const struct buf *b, const char *want)
{
    assert_false(b->failed);
    assert_int_equal(b->n, strlen(want));
    if (b->n)
        assert_memory_equal(b->p, want, b->n);
}

/* Each value comes back as it went in, but compact. */
static void test_round_trip(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"null", "null"},
        {" true ", "true"},
        {"false", "false"},
        {"-9223372036854775808", "-9223372036854775808"},
        {"9223372036854775807", "9223372036854775807"},
        {"1.5", "1.5"},
        {"1e2", "100.0"},
        {"\"\"", "\"\""},
        {"\"\\u00e9\\n\\ud83d\\ude00\"", "\"é\\n😀\""},
        {"[]", "[]"},
        {"{}", "{}"},
        {"[ 1 , [ ] , { } ]", "[1,[],{}]"},
        {"{\"b\":1, \"a\":[true,null], \"c\":{\"d\":\"x\\\"y\"}}",
            "{\"b\":1,\"a\":[true,null],\"c\":{\"d\":\"x\\\"y\"}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};
        struct json *v = json_parse(slice_str(cases[i].in), &e);
        assert_non_null(v);
        struct buf b = {0};
        json_dump(v, &b);
        assert_text(&b, cases[i].out);
        buf_free(&b);
        json_free(v);
    }
    (void)state;
}

static void test_refused(void **state)
{
    static const struct {
        struct slice text;
        size_t at;
    } cases[] = {
        {{"", 0}, 0},
        {{" ", 1}, 1},
        {{"{", 1}, 1},
        {{"{}x", 3}, 3},
        {{"{} {}", 5}, 4},
        {{"nul", 3}, 3},
        {{"\"a\0b\"", 5}, 3},
        {{"{}\0", 3}, 3},
        {{"\"\\u0000\"", 8}, 7},
        {{"\"\\ud800\"", 8}, 7},
        {{"\"\\udc00x\"", 9}, 7},
        {{"\"\xff\"", 3}, 2},
        {{"\"\xc0\x80\"", 4}, 2},
        {{"\"\xed\xa0\x80\"", 5}, 2},
        {{"\xef\xbb\xbf{}", 5}, 3},
        {{"{\"a\":1,\"a\":2}", 13}, 10},
        {{"9223372036854775808", 19}, 19},
        {{"1e999", 5}, 5},
        {{"01", 2}, 2},
        {{"NaN", 3}, 3},
        {{"'a'", 3}, 1},
        {{"[1,]", 4}, 4},
        {{"\"a", 2}, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {0};
        assert_null(json_parse(cases[i].text, &e));
        assert_int_equal(e.code, ERR_PARSE);
        assert_true(e.at + 2 >= cases[i].at && e.at <= cases[i].text.n);
    }
    (void)state;
}

static char *nested(size_t levels, char open, char shut)
{
    char *text = malloc(2 * levels + 1);
    assert_non_null(text);
    memset(text, open, levels);
    memset(text + levels, shut, levels);
    text[2 * levels] = '\0';
    return text;
}

static void test_depth(void **state)
{
    static const struct {
        size_t levels;
        bool ok;
    } cases[] = {{1, true}, {64, true}, {65, false}, {100000, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = nested(cases[i].levels, '[', ']');
        struct err e = {0};
        struct json *v = json_parse(slice_str(text), &e);
        assert_int_equal(v != NULL, cases[i].ok);
        if (!v) {
            assert_int_equal(e.code, ERR_PARSE);
            assert_int_equal(e.at, JSON_DEPTH);
        } else {
            struct buf b = {0};
            json_dump(v, &b);
            assert_text(&b, text);
            buf_free(&b);
        }
        json_free(v);
        free(text);
    }
    char brackets[200] = "\"";
    memset(brackets + 1, '[', 190);
    brackets[5] = '\\';
    brackets[6] = '"';
    strcat(brackets, "\"");
    struct err e = {0};
    struct json *v = json_parse(slice_str(brackets), &e);
    assert_non_null(v);
    assert_int_equal(json_text(v).n, 189);
    json_free(v);
    (void)state;
}

static int collect(void *ctx, const char *key, const struct json *v)
{
    buf_str(ctx, key);
    return json_kind(v) == JSON_IS_NULL ? 7 : 0;
}

static void test_access(void **state)
{
    struct err e = {0};
    struct json *v = json_parse(
        slice_str("{\"z\":1,\"s\":\"\",\"r\":2.5,\"b\":true,\"l\":[5],\"n\":null,\"y\":0}"), &e);
    assert_non_null(v);
    assert_int_equal(json_kind(v), JSON_IS_OBJECT);
    assert_int_equal(json_len(v), 7);
    assert_int_equal(json_int(json_get(v, "z"), -1), 1);
    assert_int_equal(json_int(json_get(v, "r"), -1), -1);
    assert_true(json_number(json_get(v, "r"), 0) == 2.5);
    assert_true(json_number(json_get(v, "z"), 0) == 1.0);
    assert_true(json_bool(json_get(v, "b"), false));
    assert_true(json_bool(json_get(v, "z"), true));
    assert_non_null(json_text(json_get(v, "s")).p);
    assert_null(json_text(json_get(v, "z")).p);
    assert_null(json_get(v, "none"));
    assert_null(json_get(json_get(v, "z"), "none"));
    assert_int_equal(json_len(json_get(v, "l")), 1);
    assert_int_equal(json_int(json_at(json_get(v, "l"), 0), 0), 5);
    assert_null(json_at(json_get(v, "l"), 1));
    assert_int_equal(json_kind(NULL), JSON_IS_NULL);
    struct buf keys = {0};
    assert_int_equal(json_each(v, collect, &keys), 7);
    assert_text(&keys, "zsrbln");
    buf_free(&keys);
    json_free(v);
    json_free(NULL);
    (void)state;
}

static void test_writer(void **state)
{
    struct buf b = {0};
    struct json_writer w = json_writer(&b);
    json_open(&w, '{');
    json_key_int(&w, "least", INT64_MIN);
    json_key_string(&w, "s", SLICE_LIT("a"));
    json_key(&w, "list");
    json_open(&w, '[');
    json_open(&w, '[');
    json_close(&w, ']');
    json_put_bool(&w, true);
    json_put_null(&w);
    json_put_raw(&w, SLICE_LIT("{}"));
    json_open(&w, '{');
    json_key_bool(&w, "k", false);
    json_close(&w, '}');
    json_close(&w, ']');
    json_key(&w, "real");
    json_put_real(&w, 11.234567);
    json_close(&w, '}');
    assert_text(&b, "{\"least\":-9223372036854775808,\"s\":\"a\",\"list\":[[],true,null,{},{\"k\":"
                    "false}],\"real\":11.2346}");
    buf_clear(&b);
    w = json_writer(&b);
    json_put_real(&w, 0.0 / (double)(b.n - b.n));
    assert_text(&b, "0");
    buf_free(&b);
    (void)state;
}

static void test_writer_depth(void **state)
{
    for (int levels = JSON_DEPTH; levels <= JSON_DEPTH + 1; levels++) {
        struct buf b = {0};
        struct json_writer w = json_writer(&b);
        for (int i = 0; i < levels; i++) {
            json_open(&w, '[');
            json_put_int(&w, 1);
        }
        assert_int_equal(b.failed, levels > JSON_DEPTH);
        for (int i = 0; i < levels; i++)
            json_close(&w, ']');
        buf_free(&b);
    }
    (void)state;
}

static void test_strings(void **state)
{
    static const struct {
        struct slice in;
        const char *out;
    } cases[] = {
        {{NULL, 0}, "\"\""},
        {{"a\"b\\c/", 6}, "\"a\\\"b\\\\c/\""},
        {{"\0\x01\x1f\n\t\r\b\f\x7f", 9}, "\"\\u0000\\u0001\\u001f\\n\\t\\r\\b\\f\\u007f\""},
        {{"\xc2\x80\xc2\x9b\xc2\x9f\xc2\xa0", 8}, "\"\\u0080\\u009b\\u009f\xc2\xa0\""},
        {{"é漢😀", 9}, "\"é漢😀\""},
        {{"\xff", 1}, "\"\xef\xbf\xbd\""},
        {{"a\xe2\x82", 3}, "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
        {{"\xc2", 1}, "\"\xef\xbf\xbd\""},
        {{"\xed\xa0\x80x", 4}, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdx\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b = {0};
        struct json_writer w = json_writer(&b);
        json_put_string(&w, cases[i].in);
        assert_text(&b, cases[i].out);
        buf_free(&b);
    }
    (void)state;
}

/* Every byte pair: what the writer makes of it jansson must read as one string. */
static void test_strings_any_bytes(void **state)
{
    for (unsigned pair = 0; pair < 65536; pair++) {
        char in[] = {(char)(pair >> 8), (char)pair, 'z'};
        struct buf b = {0};
        struct json_writer w = json_writer(&b);
        json_put_string(&w, slice_of(in, 3));
        assert_null(memchr(b.p, '\n', b.n));
        char *raw = memmem(b.p, b.n, "\\u0000", 6) ? NULL : b.p;
        if (raw) {
            struct err e = {0};
            struct json *v = json_parse(buf_view(&b), &e);
            assert_non_null(v);
            assert_true(slice_ends(json_text(v), SLICE_LIT("z")));
            json_free(v);
        }
        buf_free(&b);
    }
    (void)state;
}

/* A megabyte of the smallest values, and of one string. */
static void test_wide_inputs(void **state)
{
    size_t n = 1 << 20;
    char *text = malloc(n);
    assert_non_null(text);
    memset(text, '0', n);
    for (size_t i = 0; i + 2 < n; i += 2)
        memcpy(text + i, i ? "0," : "[0", 2);
    text[2] = ',';
    text[n - 1] = ']';
    struct err e = {0};
    struct json *v = json_parse(slice_of(text, n), &e);
    if (v)
        assert_int_equal(json_kind(v), JSON_IS_ARRAY);
    json_free(v);
    memset(text, 'a', n);
    text[0] = text[n - 1] = '"';
    err_clear(&e);
    v = json_parse(slice_of(text, n), &e);
    assert_non_null(v);
    assert_int_equal(json_text(v).n, n - 2);
    json_free(v);
    free(text);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_access),
        cmocka_unit_test(test_writer),
        cmocka_unit_test(test_writer_depth),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_strings_any_bytes),
        cmocka_unit_test(test_wide_inputs),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
