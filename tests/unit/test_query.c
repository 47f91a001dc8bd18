// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/query.h"

/* clang-format off */
static const struct {
    const char *text, *tree;
} reads[] = {
    /* words */
    {"", "(empty)"},
    {"   ", "(empty)"},
    {"muse", "(word \"muse\")"},
    {"muse spark", "(and (word \"muse\") (word \"spark\"))"},
    {"  muse\t spark\n", "(and (word \"muse\") (word \"spark\"))"},
    {"muse\xc2\xa0spark", "(and (word \"muse\") (word \"spark\"))"},
    {"muse\xe3\x80\x80spark", "(and (word \"muse\") (word \"spark\"))"},
    {"a b c d", "(and (word \"a\") (word \"b\") (word \"c\") (word \"d\"))"},
    {"GPT-5.2", "(word \"GPT-5.2\")"},
    {"closed-source", "(word \"closed-source\")"},
    {"2026-04-09", "(word \"2026-04-09\")"},
    {"C# c++ .net", "(and (word \"C#\") (word \"c++\") (word \".net\"))"},
    {"#1", "(word \"#1\")"},
    {"don't", "(word \"don't\")"},
    {"a,b;c.", "(word \"a,b;c.\")"},
    {"org/model", "(word \"org/model\")"},
    {"\xe6\xa8\xa1\xe5\x9e\x8b", "(word \"\xe6\xa8\xa1\xe5\x9e\x8b\")"},
    {"Foo - Bar & Baz", "(and (word \"Foo\") (word \"Bar\") (word \"Baz\"))"},
    {"Foo \xe2\x80\x94 Bar", "(and (word \"Foo\") (word \"Bar\"))"},
    {"-", "(empty)"},
    {"- a", "(word \"a\")"},
    {"a -", "(word \"a\")"},
    {"...", "(empty)"},
    {"\xf0\x9f\x94\xa5", "(empty)"},
    {"hot \xf0\x9f\x94\xa5", "(word \"hot\")"},
    {"+must", "(word \"+must\")"},
    {"what?", "(word \"what?\")"},
    {"back\\slash", "(word \"back\\\\slash\")"},
    {"bad\xff utf8", "(and (word \"bad\xff\") (word \"utf8\"))"},
    /* prefixes */
    {"quant*", "(prefix \"quant\")"},
    {"q*", "(prefix \"q\")"},
    {"gpt-5* x", "(and (prefix \"gpt-5\") (word \"x\"))"},
    {"-quant*", "(not (prefix \"quant\"))"},
    /* phrases */
    {"\"closed source\"", "(phrase \"closed source\")"},
    {"\"closed source\" x", "(and (phrase \"closed source\") (word \"x\"))"},
    {"x\"closed source\"y", "(and (word \"x\") (phrase \"closed source\") (word \"y\"))"},
    {"\"closed source\"~3", "(phrase 3 \"closed source\")"},
    {"\"a b\"~100", "(phrase 100 \"a b\")"},
    {"\"a b\"~", "(phrase \"a b\")"},
    {"\"a b\"~x", "(and (phrase \"a b\") (word \"~x\"))"},
    {"\"a (b OR -c) [d] *\"", "(phrase \"a (b OR -c) [d] *\")"},
    {"\"OR\"", "(phrase \"OR\")"},
    {"\xe2\x80\x9c" "closed source\xe2\x80\x9d x", "(and (phrase \"closed source\") (word \"x\"))"},
    {"\xe2\x80\x9e" "closed source\xe2\x80\x9c", "(phrase \"closed source\")"},
    {"\xe2\x80\x9d" "closed source\xe2\x80\x9d", "(phrase \"closed source\")"},
    {"\xe2\x80\x9c" "closed source\"", "(phrase \"closed source\")"},
    {"\"closed source\xe2\x80\x9d", "(phrase \"closed source\")"},
    {"\"a \xe2\x80\x9c" "b\xe2\x80\x9d c\"", "(phrase \"a \xe2\x80\x9c" "b\xe2\x80\x9d c\")"},
    {"\"closed source", "(phrase \"closed source\")"},
    {"5\"", "(word \"5\")"},
    {"\"\"", "(empty)"},
    {"\" \" x", "(word \"x\")"},
    {"-\"\" x", "(word \"x\")"},
    {"\"", "(empty)"},
    /* exclusion */
    {"-rumor", "(not (word \"rumor\"))"},
    {"a -b", "(and (word \"a\") (not (word \"b\")))"},
    {"-b a", "(and (not (word \"b\")) (word \"a\"))"},
    {"NOT a", "(not (word \"a\"))"},
    {"NOT(a b)", "(not (and (word \"a\") (word \"b\")))"},
    {"a NOT b", "(and (word \"a\") (not (word \"b\")))"},
    {"a AND NOT b", "(and (word \"a\") (not (word \"b\")))"},
    {"-(a b)", "(not (and (word \"a\") (word \"b\")))"},
    {"-(a OR -b)", "(not (or (word \"a\") (not (word \"b\"))))"},
    {"-\"a b\"", "(not (phrase \"a b\"))"},
    {"-title:x", "(not (field title \"x\"))"},
    {"-#tag", "(not (tag \"tag\"))"},
    {"-@saved", "(not (saved \"saved\"))"},
    {"-/re/", "(not (regex \"re\"))"},
    {"-[k]", "(not (property \"k\"))"},
    {"-[[N]]", "(not (link \"N\"))"},
    {"(-a)", "(not (word \"a\"))"},
    {"a|-b", "(or (word \"a\") (not (word \"b\")))"},
    {"--flag", "(word \"--flag\")"},
    {"not a", "(and (word \"not\") (word \"a\"))"},
    {"a-b -c-d", "(and (word \"a-b\") (not (word \"c-d\")))"},
    {"-()", "(empty)"},
    {"a\xe3\x80\x80-b", "(and (word \"a\") (not (word \"b\")))"},
    /* OR, AND, groups */
    {"a OR b", "(or (word \"a\") (word \"b\"))"},
    {"a | b", "(or (word \"a\") (word \"b\"))"},
    {"a|b", "(or (word \"a\") (word \"b\"))"},
    {"a || b", "(or (word \"a\") (word \"b\"))"},
    {"a OR b OR c", "(or (word \"a\") (word \"b\") (word \"c\"))"},
    {"a b OR c d", "(or (and (word \"a\") (word \"b\")) (and (word \"c\") (word \"d\")))"},
    {"a AND b OR c", "(or (and (word \"a\") (word \"b\")) (word \"c\"))"},
    {"a AND b", "(and (word \"a\") (word \"b\"))"},
    {"a && b", "(and (word \"a\") (word \"b\"))"},
    {"a or b and c", "(and (word \"a\") (word \"or\") (word \"b\") (word \"and\") (word \"c\"))"},
    {"ORACLE ANDROID NOTE", "(and (word \"ORACLE\") (word \"ANDROID\") (word \"NOTE\"))"},
    {"a (b OR c)", "(and (word \"a\") (or (word \"b\") (word \"c\")))"},
    {"a(b)c", "(and (word \"a\") (word \"b\") (word \"c\"))"},
    {"((a))", "(word \"a\")"},
    {"(a b) c", "(and (and (word \"a\") (word \"b\")) (word \"c\"))"},
    {"()", "(empty)"},
    {"a () b", "(and (word \"a\") (word \"b\"))"},
    {"((((((((((((((((a))))))))))))))))", "(word \"a\")"},
    /* nearness */
    {"a NEAR b", "(near 10 (word \"a\") (word \"b\"))"},
    {"a NEAR/3 b", "(near 3 (word \"a\") (word \"b\"))"},
    {"a ADJ b", "(adj 10 (word \"a\") (word \"b\"))"},
    {"a ADJ/2 b ADJ/2 c", "(adj 2 (word \"a\") (word \"b\") (word \"c\"))"},
    {"x a NEAR b y", "(and (word \"x\") (near 10 (word \"a\") (word \"b\")) (word \"y\"))"},
    {"\"a b\" NEAR/5 c*", "(near 5 (phrase \"a b\") (prefix \"c\"))"},
    {"(a OR b) NEAR c", "(near 10 (or (word \"a\") (word \"b\")) (word \"c\"))"},
    {"-a NEAR b", "(not (near 10 (word \"a\") (word \"b\")))"},
    {"a NEAR b OR c", "(or (near 10 (word \"a\") (word \"b\")) (word \"c\"))"},
    {"a NEARBY b", "(and (word \"a\") (word \"NEARBY\") (word \"b\"))"},
    {"a NEAR/x b", "(and (word \"a\") (word \"NEAR/x\") (word \"b\"))"},
    {"a near b", "(and (word \"a\") (word \"near\") (word \"b\"))"},
    /* fields */
    {"title:x", "(field title \"x\")"},
    {"TITLE:x", "(field title \"x\")"},
    {"title:\"a b\"", "(field title quoted \"a b\")"},
    {"title:\"a b\"~2", "(field title quoted 2 \"a b\")"},
    {"title:(a b)", "(field title (and (word \"a\") (word \"b\")))"},
    {"title:(a OR -b)", "(field title (or (word \"a\") (not (word \"b\"))))"},
    {"title:quant*", "(field title \"quant*\")"},
    {"heading:x y", "(and (field heading \"x\") (word \"y\"))"},
    {"tag:a/b", "(field tag \"a/b\")"},
    {"tag:#a/b", "(field tag \"#a/b\")"},
    {"path:x/**", "(field path \"x/**\")"},
    {"folder:daily", "(field path \"daily\")"},
    {"file:2026-04", "(field file \"2026-04\")"},
    {"filename:x", "(field file \"x\")"},
    {"kind:entry", "(field kind \"entry\")"},
    {"kind:(entry OR event)", "(field kind (or (word \"entry\") (word \"event\")))"},
    {"vault:kb", "(field vault \"kb\")"},
    {"date:2026-04", "(field date \"2026-04\")"},
    {"date:2026-04-01..2026-04-09", "(field date \"2026-04-01..2026-04-09\")"},
    {"date:7d..", "(field date \"7d..\")"},
    {"date:..yesterday", "(field date \"..yesterday\")"},
    {"date:\"last tuesday\"", "(field date quoted \"last tuesday\")"},
    {"on:today since:7d until:1d",
        "(and (field on \"today\") (field since \"7d\") (field until \"1d\"))"},
    {"link:\"Muse Spark\"", "(field link quoted \"Muse Spark\")"},
    {"link:[[Muse Spark|x]]", "(field link quoted \"Muse Spark\")"},
    {"entity:\"Muse Spark\"", "(field entity quoted \"Muse Spark\")"},
    {"entity:GPT-5", "(field entity \"GPT-5\")"},
    {"note:(muse benchmark)", "(field note (and (word \"muse\") (word \"benchmark\")))"},
    {"source:arxiv.org", "(field source \"arxiv.org\")"},
    {"host:x.org", "(field source \"x.org\")"},
    {"site:x.org", "(field source \"x.org\")"},
    {"(title:a)", "(field title \"a\")"},
    {"title:\xe2\x80\x9c" "a b\xe2\x80\x9d", "(field title quoted \"a b\")"},
    /* no fields */
    {"a:b", "(word \"a:b\")"},
    {"foo:bar", "(word \"foo:bar\")"},
    {"Re: foo", "(and (word \"Re:\") (word \"foo\"))"},
    {"http://x.org/a?b=c", "(word \"http://x.org/a?b=c\")"},
    {"source://x", "(word \"source://x\")"},
    {"12:30", "(word \"12:30\")"},
    {"C:\\x", "(word \"C:\\\\x\")"},
    {"title:", "(word \"title:\")"},
    {"title: x", "(and (word \"title:\") (word \"x\"))"},
    {"titl: x", "(and (word \"titl:\") (word \"x\"))"},
    {"path:/x", "(word \"path:/x\")"},
    {"key:: v", "(and (word \"key::\") (word \"v\"))"},
    {"std::vector", "(word \"std::vector\")"},
    {"o:x", "(word \"o:x\")"},
    {"go:x", "(word \"go:x\")"},
    /* properties, links */
    {"[status:released]", "(property \"status\" \"released\")"},
    {"[status:\"in progress\"]", "(property \"status\" \"in progress\")"},
    {"[status:in progress]", "(property \"status\" \"in progress\")"},
    {"[status:]", "(property \"status\" \"\")"},
    {"[license]", "(property \"license\")"},
    {"[a.b_c-d]", "(property \"a.b_c-d\")"},
    {"[\xc3\xa9tat:x]", "(property \"\xc3\xa9tat\" \"x\")"},
    {"([license])", "(property \"license\")"},
    {"[1] foo", "(and (word \"[1]\") (word \"foo\"))"},
    {"[x] done", "(and (word \"[x]\") (word \"done\"))"},
    {"[two words]", "(and (word \"[two\") (word \"words]\"))"},
    {"[Update: we]", "(and (word \"[Update:\") (word \"we]\"))"},
    {"[text](http://u)", "(and (word \"[text]\") (word \"http://u\"))"},
    {"a[0]", "(word \"a[0]\")"},
    {"[[Muse Spark]]", "(link \"Muse Spark\")"},
    {"[[Muse Spark|alias]]", "(link \"Muse Spark\")"},
    {"[[Muse Spark\\|alias]]", "(link \"Muse Spark\")"},
    {"[[Muse Spark#Heading]]", "(link \"Muse Spark\")"},
    {"[[ a/b.md ]] x", "(and (link \"a/b.md\") (word \"x\"))"},
    /* tags, saved queries */
    {"#tag", "(tag \"tag\")"},
    {"#a/b-c_d", "(tag \"a/b-c_d\")"},
    {"#tag, x", "(and (tag \"tag\") (word \"x\"))"},
    {"#\xe6\xa8\xa1", "(tag \"\xe6\xa8\xa1\")"},
    {"a#b", "(word \"a#b\")"},
    {"#", "(empty)"},
    {"##h", "(word \"##h\")"},
    {"@releases -google", "(and (saved \"releases\") (not (word \"google\")))"},
    {"@a_b-2", "(saved \"a_b-2\")"},
    {"@", "(empty)"},
    {"@a/b", "(word \"@a/b\")"},
    {"me@x.org", "(word \"me@x.org\")"},
    /* regular expressions */
    {"/o[134]-mini/", "(regex \"o[134]-mini\")"},
    {"/a(b|c) d/ x", "(and (regex \"a(b|c) d\") (word \"x\"))"},
    {"/a\\/b/", "(regex \"a\\\\/b\")"},
    {"(/a/)", "(regex \"a\")"},
    {"/r/LocalLLaMA", "(word \"/r/LocalLLaMA\")"},
    {"r/LocalLLaMA", "(word \"r/LocalLLaMA\")"},
    {"/usr/bin x/", "(and (word \"/usr/bin\") (word \"x/\"))"},
    {"/usr", "(word \"/usr\")"},
    {"//", "(empty)"},
    {"and/or/", "(word \"and/or/\")"},
    {"/a\\", "(word \"/a\\\\\")"},
};

static const struct {
    const char *text;
    size_t at;
    const char *says; /* part of the message */
} errors[] = {
    {"OR", 0, "quote it: \"OR\""},
    {"AND", 0, "quote it: \"AND\""},
    {"NOT", 0, "quote it: \"NOT\""},
    {"NEAR x", 0, "left"},
    {"OR a", 0, "left"},
    {"| a", 0, "left"},
    {"a OR", 2, "right"},
    {"a |", 2, "right"},
    {"a AND", 2, "right"},
    {"a NOT", 2, "right"},
    {"a NEAR", 2, "right"},
    {"a ADJ/3", 2, "right"},
    {"a OR OR b", 2, "right"},
    {"a OR -", 2, "right"},
    {"a AND OR b", 2, "right"},
    {"a AND AND b", 6, "left"},
    {"a NEAR OR b", 7, "left"},
    {"(a OR) b", 3, "right"},
    {"a (OR b)", 3, "left"},
    {"NOT NOT x", 4, "NOT"},
    {"NOT -x", 4, "'-' cannot"},
    {"a NEAR -b", 7, "'-' cannot"},
    {"-NOT x", 1, "NOT"},
    {"a NEAR NOT b", 7, "NOT"},
    {"a NEAR title:b", 7, "words, phrases"},
    {"(a b) NEAR c", 1, "words, phrases"},
    {"#t NEAR c", 0, "words, phrases"},
    {"a NEAR b ADJ c", 9, "one operator"},
    {"a NEAR/2 b NEAR/3 c", 11, "one distance"},
    {"a NEAR/0 b", 2, "from 1 to 100"},
    {"a ADJ/101 b", 2, "from 1 to 100"},
    {"a NEAR/99999999999999999999 b", 2, "from 1 to 100"},
    {"\"a b\"~101", 6, "100"},
    {"(a", 0, "never closed"},
    {"a (b (c)", 2, "never closed"},
    {"a)", 1, "closes none"},
    {":)", 1, "closes none"},
    {"(a))", 3, "closes none"},
    {"*", 0, "quant*"},
    {"a *", 2, "quant*"},
    {"-*", 1, "quant*"},
    {"qu*nt", 2, "quant*"},
    {"*quant", 0, "quant*"},
    {"**bold**", 0, "quant*"},
    {"\"a\"*", 3, "quant*"},
    {"tilte:x", 0, "did you mean title:"},
    {"a titel:x", 2, "did you mean title:"},
    {"tags:x", 0, "did you mean tag:"},
    {"dat:x", 0, "did you mean date:"},
    {"entitys:x", 0, "did you mean entity:"},
    {"valut:x", 0, "did you mean vault:"},
    {"PAHT:x", 0, "did you mean path:"},
    {"hedding:x", 0, "did you mean heading:"},
    {"sice:7d", 0, "did you mean since:"},
    {"title:()", 0, "no value"},
    {"title:\"\"", 0, "no value"},
    {"title:(-)", 0, "no value"},
    {"[status:released", 0, "never closed"},
    {"[[Muse", 0, "never closed"},
    {"[[#heading]]", 0, "no note"},
    {"x [[]]", 2, "no note"},
    {"\xe6\xa8\xa1 (a", 4, "never closed"},
};

static const struct {
    const char *text, *warning;
} warns[] = {
    {"\"a b", "unbalanced quote at byte 0: closed at the end"},
    {"x \xe2\x80\x9c" "a b", "unbalanced quote at byte 2: closed at the end"},
    {"a \"\"", "no word between the quotes at byte 2: left out"},
    {"&", "no letter and no digit"},
    {"tag: x", "tag: at byte 0 is read as a word"},
    {"path:/x", "path: at byte 0 is read as a word"},
};
/* clang-format on */

static void test_reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof reads / sizeof *reads; i++) {
        struct arena a = {0};
        struct buf b = {0};
        struct query q;
        struct err e = {0};
        if (query_parse(&a, slice_str(reads[i].text), &q, &e))
            fail_msg("%s: %s", reads[i].text, e.text);
        query_write(q.root, &b);
        if (strcmp(buf_cstr(&b), reads[i].tree) != 0)
            fail_msg("%s: %s, not %s", reads[i].text, buf_cstr(&b), reads[i].tree);
        buf_free(&b);
        arena_free(&a);
    }
}

static void test_errors(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        struct arena a = {0};
        struct query q;
        struct err e = {0};
        if (!query_parse(&a, slice_str(errors[i].text), &q, &e))
            fail_msg("%s: no error", errors[i].text);
        if (e.code != ERR_QUERY || e.at != errors[i].at || !strstr(e.text, errors[i].says))
            fail_msg("%s: at %zu: %s", errors[i].text, e.at, e.text);
        arena_free(&a);
    }
}

static void test_warnings(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof warns / sizeof *warns; i++) {
        struct arena a = {0};
        struct query q;
        struct err e = {0};
        assert_int_equal(query_parse(&a, slice_str(warns[i].text), &q, &e), 0);
        if (q.n_warnings != 1 || !strstr(q.warnings[0].p, warns[i].warning))
            fail_msg("%s: %zu warnings: %s", warns[i].text, q.n_warnings,
                q.n_warnings ? q.warnings[0].p : "");
        arena_free(&a);
    }
}

/* A text of `n` copies of `piece`. */
static struct slice copies(struct arena *a, const char *piece, size_t n)
{
    size_t len = strlen(piece);
    char *p = arena_alloc(a, len * n);
    assert_non_null(p);
    for (size_t i = 0; i < n; i++)
        memcpy(p + i * len, piece, len);
    return slice_of(p, len * n);
}

static void test_limits(void **state)
{
    (void)state;
    static const struct {
        const char *piece;
        size_t n;
        enum err_code code;
    } bombs[] = {
        {"x", 4096, ERR_NONE},
        {"x", 4097, ERR_COMPLEX},
        {"x", 1 << 20, ERR_COMPLEX},
        {"(", 1000000, ERR_COMPLEX},
        {"(", 4000, ERR_COMPLEX},
        {"title:(", 17, ERR_COMPLEX},
        {"-(", 17, ERR_COMPLEX},
        {"(", 16, ERR_QUERY},
        {"x ", 512, ERR_NONE},
        {"x ", 513, ERR_COMPLEX},
        {"#x ", 513, ERR_COMPLEX},
        {"kind:x ", 513, ERR_COMPLEX},
        {"x|", 2000, ERR_COMPLEX},
        {"x OR ", 10000, ERR_COMPLEX},
        {"\"a b c\" ", 170, ERR_NONE},
        {"\"a b c\" ", 171, ERR_COMPLEX},
        {"\" \" ", 1000, ERR_NONE},
        {"-x ", 512, ERR_NONE},
        {"NOT ", 1000, ERR_QUERY},
        {"\"", 4095, ERR_NONE},
    };
    for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
        struct arena a = {0};
        struct query q;
        struct err e = {0};
        query_parse(&a, copies(&a, bombs[i].piece, bombs[i].n), &q, &e);
        if (e.code != bombs[i].code)
            fail_msg("%s x %zu: %s", bombs[i].piece, bombs[i].n, e.text);
        arena_free(&a);
    }
}

static void test_plain(void **state)
{
    (void)state;
    static const struct {
        const char *text, *tree;
    } rows[] = {
        {"", "(empty)"},
        {"a", "(word \"a\")"},
        {"-a OR \"b (c* title:x) #t & NOT", "(and (word \"-a\") (word \"OR\") (word \"\\\"b\") "
                                            "(word \"(c*\") (word \"title:x)\") (word \"#t\") "
                                            "(word \"NOT\"))"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct buf b = {0};
        struct query q;
        struct err e = {0};
        assert_int_equal(query_plain(&a, slice_str(rows[i].text), &q, &e), 0);
        query_write(q.root, &b);
        assert_string_equal(buf_cstr(&b), rows[i].tree);
        buf_free(&b);
        arena_free(&a);
    }
    struct arena a = {0};
    struct query q;
    struct err e = {0};
    assert_int_equal(query_plain(&a, copies(&a, "x ", 513), &q, &e), -1);
    assert_int_equal(e.code, ERR_COMPLEX);
    arena_free(&a);
}

static void test_fields(void **state)
{
    (void)state;
    for (int f = 0; f < FIELD_COUNT; f++) {
        assert_int_equal(field_find(slice_str(field_rows[f].name)), f);
        assert_true(field_rows[f].help[0] && field_rows[f].value[0]);
    }
    assert_int_equal(field_find(slice_str("Folder")), FIELD_PATH);
    assert_int_equal(field_find(slice_str("")), FIELD_NONE);
    assert_int_equal(field_find(slice_str("titl")), FIELD_NONE);
    assert_int_equal(field_find(slice_str("host|site")), FIELD_NONE);
}

/* Every node lies in the query, its children in it, in order. */
static void check_node(const struct node *n, size_t size)
{
    assert_true(n->begin <= n->end && n->end <= size);
    for (size_t i = 0; i < n->n_kids; i++) {
        assert_true(n->begin <= n->kids[i]->begin && n->kids[i]->end <= n->end);
        assert_true(i == 0 || n->kids[i - 1]->end <= n->kids[i]->begin);
        check_node(n->kids[i], size);
    }
}

static void check_any(struct slice text)
{
    struct arena a = {0};
    struct buf b = {0};
    struct query q;
    struct err e = {0};
    if (query_parse(&a, text, &q, &e) == 0) {
        check_node(q.root, text.n);
        query_write(q.root, &b);
        assert_false(b.failed);
    } else {
        assert_true(e.code == ERR_QUERY || e.code == ERR_COMPLEX);
        assert_true(e.at <= text.n && e.text[0]);
    }
    err_clear(&e);
    if (query_plain(&a, text, &q, &e) == 0)
        check_node(q.root, text.n);
    buf_free(&b);
    arena_free(&a);
}

static void test_random(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a", "b c", " ", " ", "(", ")", "\"", "-", "OR ", "AND ",
        "NOT ", " NEAR/2 ", " ADJ ", "|", "title:", "tag:", "#", "@", "/", "[", "]", "[[", "]]",
        ":", "*", "~2", "\xe2\x80\x9c", "\xe2\x80\x9d", "\xff", "\xe6\xa8\xa1", "\\", "..", "1",
        "note:("};
    uint64_t seed = 88172645463325252u;
    for (int round = 0; round < 20000; round++) {
        char text[256];
        size_t n = 0;
        for (size_t k = (size_t)(seed >> 32) % 24; k; k--) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            const char *piece = pieces[seed % (sizeof pieces / sizeof *pieces)];
            memcpy(text + n, piece, strlen(piece));
            n += strlen(piece);
        }
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        char *exact = malloc(n ? n : 1); /* so that a byte too far is seen */
        assert_non_null(exact);
        memcpy(exact, text, n);
        check_any(slice_of(exact, n));
        free(exact);
    }
}

static void test_naughty(void **state)
{
    (void)state;
    const char *corpora = getenv("KB_CORPORA");
    char path[4096], line[8192];
    snprintf(
        path, sizeof path, "%s/edge/bytes-md/blns.md", corpora ? corpora : "../shared/corpora");
    FILE *f = fopen(path, "r");
    if (!f) {
        print_message("no %s: skipped\n", path);
        skip();
    }
    int lines = 0;
    for (; fgets(line, sizeof line, f); lines++)
        check_any(slice_of(line, strlen(line)));
    fclose(f);
    assert_true(lines > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_errors),
        cmocka_unit_test(test_warnings),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_naughty),
    };
    return cmocka_run_group_tests_name("query", tests, NULL, NULL);
}
