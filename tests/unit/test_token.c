// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/buf.h"
#include "lib/token.h"
#include "lib/utf8.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A token as the tables below write it: term@position, a letter for the kind of extra ones before
 * it, +span behind it where it covers several, ~plain where that differs; '|' between groups. */
static void write_token(struct buf *out, const struct token *t)
{
    static const char *const kinds[] = {"", "", "", "J:", "P:", "M:", "2:"};
    buf_str(out, kinds[t->kind]);
    buf_slice(out, t->term);
    if (!slice_eq(t->term, t->plain))
        buf_printf(out, "~%.*s", (int)t->plain.n, t->plain.p);
    if (t->pos >= TOKEN_ASIDE)
        buf_printf(out, "@a%u", (unsigned)(t->pos - TOKEN_ASIDE));
    else
        buf_printf(out, "@%u", (unsigned)t->pos);
    if (t->span > 1)
        buf_printf(out, "+%u", (unsigned)t->span);
}

static void write_tokens(struct buf *out, const struct tokens *words)
{
    for (size_t i = 0; i < words->n; i++) {
        if (i)
            buf_str(out, words->v[i].group == words->v[i - 1].group ? " " : " | ");
        write_token(out, &words->v[i]);
    }
}

struct row {
    const char *text, *tokens;
};

static void check_table(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct arena a = {0};
        struct tokens words = {0};
        struct buf got = {0};
        assert_int_equal(tokenize(&a, slice_str(rows[i].text), &words, NULL), 0);
        write_tokens(&got, &words);
        if (!slice_is(buf_view(&got), rows[i].tokens))
            print_error("%s\n", rows[i].text);
        assert_string_equal(buf_cstr(&got), rows[i].tokens);
        buf_free(&got);
        arena_free(&a);
    }
}

static void names_meet_in_every_spelling(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"GPT-5", "gpt@1 J:gpt5@1+2 5@2"},
        {"gpt5", "gpt@1 J:gpt5@1+2 5@2"},
        {"GPT\xe2\x80\x91"
         "5",
            "gpt@1 J:gpt5@1+2 5@2"},
        {"GPT_5", "gpt@1 J:gpt5@1+2 5@2"},
        {"G\xc2\xadPT-\xe2\x80\x8b"
         "5",
            "gpt@1 J:gpt5@1+2 5@2"},
        {"gpt 5", "gpt@1 J:gpt5@1+2 | 5@2"},
        {"GPT\xc2\xa0"
         "5",
            "gpt@1 J:gpt5@1+2 | 5@2"},
        {"GPT  5", "gpt@1 | 5@2"},
        {"GPT\n5", "gpt@1 | 5@10"},
        {"GPT, 5", "gpt@1 | 5@2"},
        {"GPT-5.2", "gpt@1 J:gpt5.2@1+2 5.2@2"},
        {"GPT 5.2", "gpt@1 J:gpt5.2@1+2 | 5.2@2"},
        {"GPT-4o", "gpt@1 J:gpt4o@1+2 4o@2"},
        {"GPT-5.", "gpt@1 J:gpt5@1+2 5@2"},
        {"GPT-5\xc2\xb9", "gpt@1 J:gpt5@1+2 5@2"},
        {"GPT-5's", "gpt@1 J:gpt5s@1+3 J:gpt5@1+2 5@2 s@3"},
        {"\xef\xbc\xa7\xef\xbc\xb0\xef\xbc\xb4\xef\xbc\x8d\xef\xbc\x95\xef\xbc\x8e\xef\xbc\x92",
            "gpt@1 J:gpt5.2@1+2 5.2@2"},
        {"o3-mini", "o@1 J:o3mini@1+3 J:o3@1+2 3@2 mini@3"},
        {"o3 mini", "o@1 J:o3@1+2 3@2 | mini@3"},
        {"Qwen3-235B-A22B",
            "qwen@1 J:qwen3235ba22b@1+5 J:qwen3@1+2 3@2 235b@3 a@4 J:a22b@4+2 22b@5"},
        {"DeepSeek-V3.1", "deepseek@1 J:deepseekv3.1@1+3 P:deep@1 P:seek@1 v@2 J:v3.1@2+2 3.1@3"},
        {"v1.0.21", "v@1 J:v1.0.21@1+2 1.0.21@2"},
        {"claude-opus-4.5", "claude@1 J:claudeopus4.5@1+3 opus@2 J:opus4.5@2+2 4.5@3"},
    };
    check_table(rows, COUNT(rows));
}

static void compounds(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"open-weights", "open@1 J:openweights@1+2 weights@2"},
        {"llama.cpp", "llama@1 J:llamacpp@1+2 cpp@2"},
        {"r/LocalLLaMA", "r@1 J:rlocalllama@1+2 localllama@2 P:local@2"},
        {"a/b/5", "a@1 J:ab5@1+3 b@2 5@3"},
        {"snake_case", "snake@1 J:snakecase@1+2 case@2"},
        {"CamelCase", "camelcase@1 P:camel@1 P:case@1"},
        {"HTTPServer", "httpserver@1 P:http@1 P:server@1"},
        {"OpenAI", "openai@1 P:open@1"},
        {"DeepSeek\xe2\x80\x99s", "deepseek@1 J:deepseeks@1+2 P:deep@1 P:seek@1 s@2"},
        {"don't", "don@1 J:dont@1+2 t@2"},
        {"AT&T", "at@1 J:att@1+2 t@2"},
        {"c++", "c++@1"},
        {"C#, F#; g++.", "c#@1 | f#@2 | g++@3"},
        {"C++17", "c++@1 J:c++17@1+2 17@2"},
        {"ABC# a++", "abc@1 | a@2"},
        {".NET", "net@1 M:.net@1"},
        {"...and", "and@1"},
        {"@handle", "handle@1 M:@handle@1"},
        {"@smol_ai-team", "smol@1 J:smolaiteam@1+3 M:@smolai@1+2 ai@2 team@3"},
        {"me@example.com", "me@1 J:meexamplecom@1+3 example@2 com@3"},
        {"a--b", "a@1 | b@2"},
        {"-x- 'y' _z_", "x@1 | y@2 | z@3"},
        {"\xc3\xa9t\xc3\xa9-Z\xc3\xbcrich",
            "\xc3\xa9t\xc3\xa9~ete@1 J:\xc3\xa9t\xc3\xa9z\xc3\xbcrich~etezurich@1+2 "
            "z\xc3\xbcrich~zurich@2"},
    };
    check_table(rows, COUNT(rows));
}

static void numbers(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"2026.4.10", "2026.4.10@1"},
        {"2026-04-10", "2026@1 J:20260410@1+3 04@2 10@3"},
        {"1,400 1,400,000.5", "1400@1 | 1400000.5@2"},
        {"1,2 12,3456 0,123 1234,567", "1@1 | 2@2 | 12@3 | 3456@4 | 0@5 | 123@6 | 1234@7 | 567@8"},
        {"$2.5B 10x 2nd", "2.5b@1 | 10x@2 | 2nd@3"},
        {"24GB", "24@1 J:24gb@1+2 gb@2"},
        {"24 GB", "24@1 J:24gb@1+2 | gb@2"},
        {"24-GB", "24@1 J:24gb@1+2 gb@2"},
        {"RTX-4090-24GB", "rtx@1 J:rtx409024gb@1+4 J:rtx4090@1+2 4090@2 24@3 J:24gb@3+2 gb@4"},
        {"70 B", "70@1 J:70b@1+2 | b@2"},
        {"70 B-52", "70@1 | b@2 J:b52@2+2 52@3"},
        {"10\xc2\xb5s", "10@1 J:10\xce\xbcs@1+2 \xce\xbcs@2"},
        {"200x4 0x1f 4o 235b 24gb5", "200x4@1 | 0x1f@2 | 4o@3 | 235b@4 | 24gb5@5"},
        {"H\xe2\x82\x82O m\xc2\xb2", "h@1 J:h2o@1+2 2o@2 | m@3"},
        {"1\xef\xb8\x8f\xe2\x83\xa3 \xf0\x9f\x98\x80", "1@1"},
    };
    check_table(rows, COUNT(rows));
}

static void scripts(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"Z\xc3\xbcrich", "z\xc3\xbcrich~zurich@1"},
        {"Zu\xcc\x88rich", "z\xc3\xbcrich~zurich@1"},
        {"zurich", "zurich@1"},
        {"\xc4\xb0stanbul", "i\xcc\x87stanbul~istanbul@1"},
        {"\xc4\xb1\xc5\x9f\xc4\xb1k", "\xc4\xb1\xc5\x9f\xc4\xb1k~isik@1"},
        {"Stra\xc3\x9f"
         "e",
            "strasse@1"},
        {"\xcc\x81 x", "x@1"},
        {"\xe4\xbd\xbf\xe7\x94\xa8GPT-5",
            "\xe4\xbd\xbf@1 2:\xe4\xbd\xbf\xe7\x94\xa8@1+2 \xe7\x94\xa8@2 | gpt@3 J:gpt5@3+2 5@4"},
        {"5\xe4\xbb\xa3", "5@1 | \xe4\xbb\xa3@2"},
        {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab\xea\xb5\xad",
            "\xed\x95\x9c@1 2:\xed\x95\x9c\xea\xb5\xad@1+2 \xea\xb5\xad@2"},
        {"\xef\xbd\xb6\xef\xbe\x9e", "\xe3\x82\xac@1"},
        {"\xe3\x81\x8b\xe3\x82\x99", "\xe3\x81\x8c@1"},
    };
    check_table(rows, COUNT(rows));
}

static void sentences_break_adjacency(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"One. Two", "one@1 | two@10"},
        {"One.\nTwo", "one@1 | two@10"},
        {"One! (\"Two?\") Three\xe2\x80\xa6 four", "one@1 | two@10 | three@19 | four@28"},
        {"one, two: three \xe2\x80\x94 (four) \"five\"",
            "one@1 | two@2 | three@3 | four@4 | five@5"},
        {"one\n\n\ntwo", "one@1 | two@10"},
        {"\n\n. one", "one@1"},
        {"\xe4\xba\xba\xe3\x80\x82\xe5\xb7\xa5\xef\xbc\x81\xe6\x99\xba",
            "\xe4\xba\xba@1 | \xe5\xb7\xa5@10 | \xe6\x99\xba@19"},
        {"a ... b", "a@1 | b@10"},
    };
    check_table(rows, COUNT(rows));
}

static void urls_stand_aside(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"see https://ar.org/abs/1 now",
            "see@1 | https@a0 ar@a1 J:arorg@a1+2 org@a2 abs@a3 1@a4 | now@2"},
        {"(http://x.y/a_(b)). Next", "http@a0 x@a1 J:xy@a1+2 y@a2 a@a3 b@a4 | next@1"},
        {"One. http://x two", "one@1 | http@a0 x@a1 | two@10"},
        {"one (http://x.) Two", "one@1 | http@a0 x@a1 | two@10"},
        {"one (http://x). Two", "one@1 | http@a0 x@a1 | two@10"},
        {"http://a http://b", "http@a0 a@a1 | http@a10 b@a11"},
        {"http://a\xe3\x80\x82\xe4\xba\xba", "http@a0 a@a1 | \xe4\xba\xba@1"},
        {"://", ""},
        {"x://", "x@a0"},
        {"24 gb://x", "24@1 | gb@a0 x@a1"},
        {"a:b, 3://x", "a@1 | b@2 | 3@3 | x@4"},
    };
    check_table(rows, COUNT(rows));
}

static void appends_behind_what_is_there(void **state)
{
    (void)state;
    struct arena a = {0};
    struct tokens words = {0};
    struct buf got = {0};
    assert_int_equal(tokenize(&a, SLICE_LIT("GPT http://a"), &words, NULL), 0);
    assert_int_equal(tokenize(&a, SLICE_LIT(""), &words, NULL), 0);
    assert_int_equal(tokenize(&a, SLICE_LIT("5 http://b"), &words, NULL), 0);
    write_tokens(&got, &words);
    assert_string_equal(buf_cstr(&got), "gpt@1 | http@a0 a@a1 | 5@10 | http@a10 b@a11");
    assert_int_equal(words.groups, 4);
    buf_free(&got);
    arena_free(&a);
}

static void whoever_holds_a_digit_says_so(void **state)
{
    (void)state;
    struct arena a = {0};
    struct tokens words = {0};
    const char *text = "GPT-5 4o @gpt4 open-weights .NET Z\xc3\xbcrich \xe4\xba\xba\xe5\xb7\xa5";
    assert_int_equal(tokenize(&a, slice_str(text), &words, NULL), 0);
    for (size_t i = 0; i < words.n; i++) {
        bool digit = false;
        for (size_t k = 0; k < words.v[i].term.n; k++)
            digit |= words.v[i].term.p[k] >= '0' && words.v[i].term.p[k] <= '9';
        assert_int_equal(words.v[i].digit, digit);
    }
    arena_free(&a);
}

static void long_terms_are_cut_between_characters(void **state)
{
    (void)state;
    struct arena a = {0};
    struct buf text = {0};
    for (int i = 0; i < 5; i++) {
        buf_char(&text, 'x');
        for (int k = 0; k < 100; k++)
            buf_str(&text, "\xc3\xbc\xd1\x8f");
        buf_str(&text, "-");
    }
    struct tokens words = {0};
    assert_int_equal(tokenize(&a, buf_view(&text), &words, NULL), 0);
    assert_int_equal(words.n, 6);
    for (size_t i = 0; i < words.n; i++) {
        assert_in_range(words.v[i].term.n, TOKEN_TERM_MAX - 1, TOKEN_TERM_MAX);
        assert_true(words.v[i].plain.n <= TOKEN_TERM_MAX);
        assert_int_equal(utf8_valid(words.v[i].term), words.v[i].term.n);
    }
    buf_free(&text);
    arena_free(&a);
}

static void keys_of_names(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"GPT-5", "gpt 5"},
        {"gpt 5", "gpt 5"},
        {"gpt5", "gpt 5"},
        {"Muse Spark", "muse spark"},
        {"muse-spark", "muse spark"},
        {"MUSE_SPARK", "muse spark"},
        {"C++", "c++"},
        {"Zu\xcc\x88rich", "z\xc3\xbcrich"},
        {"", ""},
        {"\xf0\x9f\x98\x80 --", ""},
        {"\xe4\xba\xba\xe5\xb7\xa5", "\xe4\xba\xba \xe5\xb7\xa5"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena a = {0};
        assert_true(slice_is(token_key(&a, slice_str(rows[i].text)), rows[i].tokens));
        arena_free(&a);
    }
}

/* --- what holds for any bytes ---------------------------------------------------------------- */

static bool at_character(struct slice text, size_t at)
{
    return at == 0 || at == text.n || ((unsigned char)text.p[at] & 0xc0) != 0x80 ||
           utf8_valid(slice_of(text.p + at, text.n - at)) == 0;
}

static void check_folded(struct slice term)
{
    struct buf again = {0};
    assert_true(term.n > 0 && term.n <= TOKEN_TERM_MAX);
    assert_int_equal(utf8_valid(term), term.n);
    utf8_fold(&again, term);
    if (!slice_eq(buf_view(&again), term))
        print_error("%.*s: %.*s\n", (int)term.n, term.p, (int)again.n, again.p);
    assert_true(slice_eq(buf_view(&again), term));
    buf_free(&again);
}

static void check_token(struct slice text, const struct token *t)
{
    assert_true(t->begin < t->end && t->end <= text.n);
    assert_true(at_character(text, t->begin) && at_character(text, t->end));
    assert_true(t->span >= 1 && t->pos >= 1);
    check_folded(t->term);
    check_folded(t->plain);
}

static void check_order(const struct tokens *words)
{
    uint32_t pos = 0, aside = TOKEN_ASIDE, group = 0;
    for (size_t i = 0; i < words->n; i++) {
        const struct token *t = &words->v[i];
        uint32_t *last = t->pos >= TOKEN_ASIDE ? &aside : &pos;
        assert_true(t->pos >= *last && t->group >= group && t->group < words->groups);
        *last = t->pos;
        group = t->group;
    }
}

static void check_text(struct slice text)
{
    struct arena a = {0};
    struct tokens one = {0}, two = {0};
    assert_int_equal(tokenize(&a, text, &one, NULL), 0);
    assert_int_equal(tokenize(&a, text, &two, NULL), 0);
    assert_int_equal(one.n, two.n);
    for (size_t i = 0; i < one.n; i++) {
        check_token(text, &one.v[i]);
        assert_true(slice_eq(one.v[i].term, two.v[i].term) && one.v[i].pos == two.v[i].pos &&
                    one.v[i].kind == two.v[i].kind && one.v[i].begin == two.v[i].begin);
    }
    check_order(&one);
    arena_free(&a);
}

static uint32_t next_random(uint32_t *seed)
{
    *seed = *seed * 1664525 + 1013904223;
    return *seed >> 8;
}

/* Pieces on which the rules turn, in any order. */
static void any_bytes_are_read(void **state)
{
    (void)state;
    static const char *const pieces[] = {"GPT", "gPtX", "5", "1,400", ".", ",", "-", "_", "'", "@",
        "/", "+", "++", "#", "&", " ", "\n", "://", "http://", "(", ")", "GB", "\xc3\xbc",
        "\xcc\x81", "\xe2\x80\x8b", "\xe2\x80\x91", "\xe2\x80\xa6", "\xe4\xba\xba", "\xe3\x82\xab",
        "\xe3\x82\x99", "\xe1\x84\x92", "\xe1\x85\xa1", "\xe1\x86\xab", "\xea\xb0\x80",
        "\xef\xbd\xb6", "\xef\xbe\x9e", "\xef\xbc\x95", "\xef\xbc\x8e", "\xe3\x80\x82", "\xc4\xb0",
        "\xff", "\xe4\xba", "\xf0\x9f\x98\x80", "\xc2\xad", "\xe0\xa4\xbf", "\xe0\xa4\x95", "\x01"};
    uint32_t seed = 2026;
    for (int round = 0; round < 4000; round++) {
        struct buf text = {0};
        uint32_t n = next_random(&seed) % 40;
        for (uint32_t i = 0; i < n; i++) {
            if (round % 4 == 0)
                buf_char(&text, (char)next_random(&seed));
            else
                buf_str(&text, pieces[next_random(&seed) % COUNT(pieces)]);
        }
        check_text(buf_view(&text));
        buf_free(&text);
    }
}

static bool read_file(struct buf *out, const char *path)
{
    const char *corpora = getenv("KB_CORPORA");
    struct buf name = {0};
    buf_printf(&name, "%s/%s", corpora ? corpora : "../shared/corpora", path);
    FILE *f = fopen(buf_cstr(&name), "rb");
    buf_free(&name);
    if (!f)
        return false;
    size_t n = 1;
    while (n) {
        char *room = buf_room(out, 65536);
        n = room ? fread(room, 1, 65536, f) : 0;
        out->n += n;
    }
    fclose(f);
    return true;
}

static void naughty_strings_are_read(void **state)
{
    (void)state;
    static const char *const names[] = {"edge/bytes-md/blns.md", "edge/bytes-md/utf8tests-bin.md",
        "edge/bytes-md/utf8tests-txt.md", "edge/bytes-md/ugrep-lorem.latin1.md",
        "edge/bytes-md/ugrep-lorem.utf16.md", "edge/bytes-md/sherlock-nul.md"};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct buf text = {0};
        bool found = read_file(&text, names[i]);
        if (found)
            check_text(buf_view(&text));
        else
            print_message("no %s: set KB_CORPORA\n", names[i]);
        buf_free(&text);
        if (!found)
            skip();
    }
}

/* Nothing that grows with the square of a line's length: half a minute each, if so. */
static void long_lines_take_their_time_and_no_more(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a-", "aB", "1.", "1,", ".", ".)", "a://", "\xcc\x81", "@",
        "\xe2\x80\x8b", "\xe4\xba\xba", "a\xe2\x80\x8b", "5 GB ", "(http://"};
    for (size_t i = 0; i < COUNT(pieces); i++) {
        struct arena a = {0};
        struct tokens words = {0};
        struct buf text = {0};
        while (text.n < 300000)
            buf_str(&text, pieces[i]);
        assert_int_equal(tokenize(&a, buf_view(&text), &words, NULL), 0);
        buf_free(&text);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_meet_in_every_spelling),
        cmocka_unit_test(compounds),
        cmocka_unit_test(numbers),
        cmocka_unit_test(scripts),
        cmocka_unit_test(sentences_break_adjacency),
        cmocka_unit_test(urls_stand_aside),
        cmocka_unit_test(appends_behind_what_is_there),
        cmocka_unit_test(whoever_holds_a_digit_says_so),
        cmocka_unit_test(long_terms_are_cut_between_characters),
        cmocka_unit_test(keys_of_names),
        cmocka_unit_test(any_bytes_are_read),
        cmocka_unit_test(naughty_strings_are_read),
        cmocka_unit_test(long_lines_take_their_time_and_no_more),
    };
    return cmocka_run_group_tests_name("token", tests, NULL, NULL);
}
