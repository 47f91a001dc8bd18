// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/proto.h"

static int decode(
    enum proto_method m, const char *text, union proto_params *p, struct json **root, struct err *e)
{
    *e = (struct err){0};
    *root = text ? json_parse(slice_str(text), e) : NULL;
    assert_int_equal(e->code, ERR_NONE);
    return proto_decode(m, *root, p, e);
}

static void test_find(void **state)
{
    for (int m = 0; m < PROTO_COUNT; m++)
        assert_int_equal(proto_find(slice_str(proto_rows[m].name)), m);
    assert_int_equal(proto_find(SLICE_LIT("Search")), PROTO_COUNT);
    assert_int_equal(proto_find(SLICE_LIT("searc")), PROTO_COUNT);
    assert_int_equal(proto_find(slice_of(NULL, 0)), PROTO_COUNT);
    (void)state;
}

static void test_nothing_said(void **state)
{
    static const char *const same[] = {NULL, "null", "{}"};
    for (size_t i = 0; i < 3; i++) {
        union proto_params p;
        struct json *root;
        struct err e;
        assert_int_equal(decode(PROTO_get, same[i], &p, &root, &e), 0);
        assert_null(p.get.id.p);
        assert_int_equal(p.get.line, 0);
        assert_int_equal(p.get.deadline_ms, 5000);
        json_free(root);
    }
    (void)state;
}

static void test_everything_said(void **state)
{
    union proto_params p;
    struct json *root;
    struct err e;
    assert_int_equal(decode(PROTO_search,
                         "{\"query\":\"closed source\",\"syntax\":\"plain\",\"match\":\"strict\","
                         "\"limit\":1000,\"offset\":3,\"cursor\":\"\",\"sort\":\"path\","
                         "\"partial\":true,\"exact\":false,\"deadline_ms\":1,\"today\":"
                         "\"2026-04-09\"}",
                         &p, &root, &e),
        0);
    assert_true(slice_is(p.search.query, "closed source"));
    assert_int_equal(p.search.syntax, SYNTAX_PLAIN);
    assert_int_equal(p.search.match, MATCH_STRICT);
    assert_int_equal(p.search.limit, 1000);
    assert_int_equal(p.search.offset, 3);
    assert_non_null(p.search.cursor.p);
    assert_int_equal(p.search.cursor.n, 0);
    assert_null(p.search.since.p);
    assert_int_equal(p.search.sort, SORT_PATH);
    assert_true(p.search.partial);
    assert_false(p.search.exact);
    assert_int_equal(p.search.deadline_ms, 1);
    assert_true(slice_is(p.search.today, "2026-04-09"));
    json_free(root);
    (void)state;
}

static void test_refused(void **state)
{
    static const struct {
        const char *params;
        const char *says;
    } cases[] = {
        {"{}", "missing parameter \"query\""},
        {"[]", "params must be an object"},
        {"\"x\"", "params must be an object"},
        {"3", "params must be an object"},
        {"{\"query\":1}", "query must be a string"},
        {"{\"query\":null}", "query must be a string"},
        {"{\"query\":\"a\",\"limit\":\"5\"}", "limit must be an integer from 0 to 1000"},
        {"{\"query\":\"a\",\"limit\":5.0}", "limit must be an integer"},
        {"{\"query\":\"a\",\"limit\":-1}", "limit must be an integer"},
        {"{\"query\":\"a\",\"limit\":1001}", "limit must be an integer"},
        {"{\"query\":\"a\",\"limit\":true}", "limit must be an integer"},
        {"{\"query\":\"a\",\"partial\":1}", "partial must be true or false"},
        {"{\"query\":\"a\",\"sort\":\"pat\"}", "sort must be one of score|newest|oldest|path"},
        {"{\"query\":\"a\",\"sort\":\"\"}", "sort must be one of"},
        {"{\"query\":\"a\",\"sort\":\"score|newest\"}", "sort must be one of"},
        {"{\"query\":\"a\",\"sort\":[]}", "sort must be one of"},
        {"{\"query\":\"a\",\"limt\":5}", "unknown parameter \"limt\"; did you mean limit?"},
        {"{\"query\":\"a\",\"wholly_new\":5}", "known: query syntax match limit"},
        {"{\"query\":\"a\",\"\":5}", "unknown parameter \"\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        union proto_params p;
        struct json *root;
        struct err e;
        assert_int_equal(decode(PROTO_search, cases[i].params, &p, &root, &e), -1);
        assert_int_equal(e.code, ERR_PARAMS);
        if (!strstr(e.text, cases[i].says))
            fail_msg("%s: %s", cases[i].params, e.text);
        json_free(root);
    }
    (void)state;
}

static void test_lengths(void **state)
{
    static const struct {
        const char *name;
        int most;
        enum err_code over;
    } cases[] = {{"query", 4096, ERR_COMPLEX}, {"cursor", 1024, ERR_PARAMS}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int n = cases[i].most; n <= cases[i].most + 1; n++) {
            struct buf text = {0};
            buf_printf(
                &text, "{%s\"%s\":\"%0*d\"}", i ? "\"query\":\"a\"," : "", cases[i].name, n, 0);
            union proto_params p;
            struct json *root;
            struct err e;
            int rc = decode(PROTO_search, buf_cstr(&text), &p, &root, &e);
            assert_int_equal(rc, n > cases[i].most ? -1 : 0);
            assert_int_equal(e.code, n > cases[i].most ? cases[i].over : ERR_NONE);
            json_free(root);
            buf_free(&text);
        }
    (void)state;
}

static void test_schema_is_json(void **state)
{
    struct buf out = {0};
    proto_write_schema(&out);
    struct err e = {0};
    struct json *root = json_parse(buf_view(&out), &e);
    assert_non_null(root);
    const struct json *search = json_get(json_get(json_get(root, "$defs"), "search"), "$defs");
    const struct json *params = json_get(json_get(search, "params"), "properties");
    assert_int_equal(json_len(params), proto_rows[PROTO_search].n_params);
    assert_int_equal(json_int(json_get(json_get(params, "limit"), "maximum"), 0), 1000);
    assert_int_equal(json_len(json_get(json_get(params, "sort"), "enum")), 4);
    json_free(root);
    buf_free(&out);
    (void)state;
}

static void test_page_is_current(void **state)
{
    const char *srcdir = getenv("KB_SRCDIR");
    struct buf path = {0}, page = {0}, made = {0};
    buf_printf(&path, "%s/docs/protocol.md", srcdir ? srcdir : ".");
    FILE *f = fopen(buf_cstr(&path), "r");
    assert_non_null(f);
    char piece[4096];
    for (size_t n; (n = fread(piece, 1, sizeof piece, f)) > 0;)
        buf_add(&page, piece, n);
    fclose(f);
    proto_write_markdown(&made);
    if (!slice_eq(buf_view(&page), buf_view(&made)))
        fail_msg("docs/protocol.md is out of date: tests/gen-protocol > docs/protocol.md");
    buf_free(&path);
    buf_free(&page);
    buf_free(&made);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_nothing_said),
        cmocka_unit_test(test_everything_said),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_schema_is_json),
        cmocka_unit_test(test_page_is_current),
    };
    return cmocka_run_group_tests_name("proto", tests, NULL, NULL);
}
