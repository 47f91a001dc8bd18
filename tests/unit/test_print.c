// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "client/print.h"
#include "client/raw.h"
#include "lib/utf8.h"

/* The replies are results of a daemon, one a file. */
static struct buf load(const char *name)
{
    struct buf b = {0};
    char path[4096];
    const char *root = getenv("KB_SRCDIR");
    snprintf(path, sizeof path, "%s/tests/data/replies/%s.json", root ? root : ".", name);
    FILE *f = fopen(path, "r");
    if (!f)
        fail_msg("%s: not there", path);
    while (!feof(f)) {
        char *to = buf_room(&b, 4096);
        b.n += fread(to, 1, 4096, f);
    }
    fclose(f);
    while (b.n && b.p[b.n - 1] == '\n')
        b.n--;
    return b;
}

struct showing {
    struct options options;
    struct screen screen;
    struct print print;
};

static void begin(struct showing *s)
{
    struct err e = {0};
    if (!s->options.limit)
        s->options.limit = 20;
    if (!s->screen.cwd)
        s->screen.cwd = "/home/u/kb";
    s->screen.host = "host";
    assert_int_equal(print_init(&s->print, &s->options, &s->screen, &e), 0);
}

static void page(struct showing *s, const char *name)
{
    struct buf raw = load(name), reply = {0};
    struct err e = {0};
    buf_printf(&reply, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":%s}", buf_cstr(&raw));
    struct json *root = print_parse(&s->print, buf_view(&reply), &e);
    assert_non_null(root);
    print_page(&s->print, buf_view(&raw), json_get(root, "result"));
    json_free(root);
    buf_free(&raw);
    buf_free(&reply);
}

static void expect(struct showing *s, const char *want)
{
    print_end(&s->print);
    assert_string_equal(buf_cstr(&s->print.out), want);
    print_free(&s->print);
}

static void shows(struct showing s, const char *name, const char *want)
{
    begin(&s);
    page(&s, name);
    expect(&s, want);
}

static void lines(void **state)
{
    (void)state;
    shows((struct showing){0}, "last",
        "daily/2026-04-09-AI-Digest.md:30:2026-04-09:a closed-source rival\n");
    shows((struct showing){.options.form = FORM_VIMGREP}, "last",
        "daily/2026-04-09-AI-Digest.md:30:2:a closed-source rival\n");
    shows((struct showing){.options.zero = true, .screen.cwd = "/"}, "last",
        "home/u/kb/daily/2026-04-09-AI-Digest.md:30:2026-04-09:a closed-source rival");
    shows((struct showing){.screen.cwd = "/home/u/k"}, "last",
        "/home/u/kb/daily/2026-04-09-AI-Digest.md:30:2026-04-09:a closed-source rival\n");
}

/* Behind the earliest the days of the others, or their notes where they have none. */
static void folded(void **state)
{
    (void)state;
    shows((struct showing){0}, "folded",
        "daily/2026-04-09-AI-Digest.md:30:2026-04-09:a closed-source rival"
        " [also 2026-04-10, notes/Rivals.md]\n");
}

/* A unit over several lines is one line of output, its neighbours stand around it. */
static void neighbours(void **state)
{
    (void)state;
    shows((struct showing){0}, "two",
        "daily/2026-04-09-AI-Digest.md-16-Llama 5 the same day\n"
        "daily/2026-04-09-AI-Digest.md:17:2026-04-09:Meta debuts Muse Spark. **Closed source**, "
        "API-only.\n"
        "daily/2026-04-09-AI-Digest.md-19-two lines\n"
        "/home/u/other/Muse [\"Spark\"].md:3::closed source\n");
}

static void notes_once(void **state)
{
    (void)state;
    struct showing s = {.options.form = FORM_NOTES};
    begin(&s);
    page(&s, "two");
    page(&s, "last");
    page(&s, "two");
    assert_int_equal(s.print.printed, 2);
    expect(&s, "daily/2026-04-09-AI-Digest.md\n/home/u/other/Muse [\"Spark\"].md\n");
}

/* The table of notes seen grows. */
static void many_notes_once(void **state)
{
    (void)state;
    struct showing s = {.options = {.form = FORM_NOTES, .limit = 5000}};
    begin(&s);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 1000; i++) {
            char text[100];
            struct err e = {0};
            snprintf(text, sizeof text, "{\"hits\":[{\"path\":\"/n/%d.md\"}]}", i);
            struct json *root = json_parse(slice_str(text), &e);
            print_page(&s.print, slice_str(text), root);
            json_free(root);
        }
    assert_int_equal(s.print.printed, 1000);
    print_free(&s.print);
}

static void templates(void **state)
{
    (void)state;
    static const struct {
        const char *template, *want;
    } cases[] = {
        {"{rel}:{line}-{end_line}:{col}", "daily/2026-04-09-AI-Digest.md:30-30:2\n"},
        {"{date}\\t{kind}\\t{title}", "2026-04-09\tbullet\t2026-04-09 AI Digest\n"},
        {"{snippet}|{text}|{score}|{vault}|{id}",
            "a closed-source rival|a closed-source rival|1|kb|9f2c000000000003\n"},
        {"{path}\\n", "daily/2026-04-09-AI-Digest.md\n"},
        {"{{{kind}}} \\\\ {match_line}", "{bullet} \\ 30\n"},
        {"{heading}.", ".\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        shows((struct showing){.options = {.form = FORM_TEMPLATE, .template = cases[i].template}},
            "last", cases[i].want);
    static const char *const bad[] = {
        "", "text", "{", "{}", "{pth}", "{path", "{path}{ }", "{{path}}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err e = {0};
        assert_int_equal(template_check(bad[i], &e), -1);
        assert_int_equal(e.code, ERR_USAGE);
    }
}

/* Byte for byte what the daemon sent. */
static void json_as_sent(void **state)
{
    (void)state;
    static const char *const names[] = {"two", "last", "none", "evil"};
    for (size_t i = 0; i < 4; i++) {
        struct buf want = load(names[i]);
        buf_char(&want, '\n');
        shows((struct showing){.options.form = FORM_JSON}, names[i], buf_cstr(&want));
        buf_free(&want);
    }
}

static void json_pages_are_one_object(void **state)
{
    (void)state;
    struct showing s = {.options.form = FORM_JSON};
    begin(&s);
    page(&s, "two");
    page(&s, "last");
    print_end(&s.print);
    struct err e = {0};
    struct json *root = json_parse(buf_view(&s.print.out), &e);
    assert_non_null(root);
    assert_int_equal(json_len(json_get(root, "hits")), 3);
    assert_int_equal(json_kind(json_get(root, "cursor")), JSON_IS_NULL);
    assert_int_equal(json_int(json_get(root, "took_us"), 0), 412);
    const struct json *third = json_at(json_get(root, "hits"), 2);
    assert_int_equal(json_int(json_get(third, "line"), 0), 30);
    json_free(root);
    print_free(&s.print);
}

static void jsonl_is_a_hit_a_line(void **state)
{
    (void)state;
    struct showing s = {.options.form = FORM_JSONL};
    begin(&s);
    page(&s, "two");
    struct slice all = buf_view(&s.print.out);
    const char *nl = memchr(all.p, '\n', all.n);
    struct err e = {0};
    struct json *first = json_parse(slice_of(all.p, (size_t)(nl - all.p)), &e);
    struct json *second = json_parse(slice_of(nl + 1, all.n - (size_t)(nl - all.p) - 2), &e);
    assert_true(slice_is(json_text(json_get(first, "id")), "9f2c000000000001"));
    assert_true(slice_is(json_text(json_get(second, "id")), "9f2c000000000002"));
    json_free(first);
    json_free(second);
    print_free(&s.print);
}

static void raw_spans(void **state)
{
    (void)state;
    static const struct {
        const char *object, *key, *want;
    } cases[] = {
        {"{\"a\":1,\"b\":2}", "b", "2"},
        {" { \"a\" : { \"b\" : [1,{\"b\":3}] } , \"b\" : \"x\\\"}\" } ", "b", "\"x\\\"}\""},
        {"{\"a\":\"b\",\"b\":[ [1], {} ]}", "b", "[ [1], {} ]"},
        {"{\"b\":null}", "b", "null"},
        {"{\"c\":\"\\\\\",\"b\":-1.5e3}", "b", "-1.5e3"},
        {"{}", "b", ""},
        {"", "b", ""},
        {"{\"a\"", "a", ""},
        {"{\"a\":\"\\", "b", ""},
        {"{\"a\":\"\\\\\\\"\\n\\\\\",\"b\":7}", "b", "7"},
        {"{\"a\":\"\\\",\\\"b\\\":1\",\"b\":8}", "b", "8"},
        {"[[[[", "b", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct slice got = raw_member(slice_str(cases[i].object), cases[i].key);
        if (!slice_is(got, cases[i].want))
            fail_msg("case %zu: %.*s", i, (int)got.n, got.p ? got.p : "");
    }
}

static void raw_picks(void **state)
{
    (void)state;
    static const struct {
        const char *reply, *want;
    } cases[] = {
        {"{\"id\":1,\"result\":{\"total\":2,\"hits\":[{\"a\":1,\"b\":\"x\\\"},\",\"c\":[{\"a\":2}]}"
         ","
         "{\"c\":0,\"b\":{\"a\":[]}}],\"cursor\":null}}",
            "{\"id\":1,\"result\":{\"total\":2,\"hits\":[{\"a\":1,\"b\":\"x\\\"},\"},"
            "{\"b\":{\"a\":[]}}],\"cursor\":null}}"},
        {"{\"result\":{\"hits\":[ { \"c\" : 1 } , { \"b\" : 2 , \"a\" : 3 } ] } }",
            "{\"result\":{\"hits\":[{},{\"b\" : 2,\"a\" : 3}] } }"},
        {"{\"result\":{\"hits\":[]}}", "{\"result\":{\"hits\":[]}}"},
        {"{\"result\":{\"hits\":null,\"a\":[{\"c\":1}]}}",
            "{\"result\":{\"hits\":null,\"a\":[{\"c\":1}]}}"},
        {"{\"hits\":[{\"c\":1}],\"error\":{\"code\":1}}",
            "{\"hits\":[{\"c\":1}],\"error\":{\"code\":1}}"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf out = {0};
        raw_pick(slice_str(cases[i].reply), (const char *const[]){"a", "b", NULL}, &out);
        assert_string_equal(buf_cstr(&out), cases[i].want);
        buf_free(&out);
    }
}

/* What is no JSON does not become any by what is left out of it. */
static void raw_picks_of_cut_replies(void **state)
{
    (void)state;
    struct buf raw = load("two"), reply = {0};
    buf_printf(&reply, "{\"result\":%s}", buf_cstr(&raw));
    for (size_t n = 0; n <= reply.n; n++) {
        struct buf out = {0};
        struct err e = {0};
        raw_pick(slice_of(reply.p, n), (const char *const[]){"path", "text", NULL}, &out);
        struct json *root = json_parse(buf_view(&out), &e);
        assert_int_equal(root != NULL, n == reply.n);
        json_free(root);
        buf_free(&out);
    }
    buf_free(&raw);
    buf_free(&reply);
}

/* --- the terminal --------------------------------------------------------------------------- */

static void blocks(void **state)
{
    (void)state;
    struct showing s = {.screen = {.terminal = true, .columns = 70}};
    shows(s, "two",
        "2026-04-09  entry  daily/2026-04-09-AI-Digest.md:17  2026-04-09 AI Di…\n"
        "    16  Llama 5 the same day\n"
        "    Meta debuts Muse Spark. Closed source, API-only.\n"
        "    19  two lines\n"
        "\n"
        "----------  text  /home/u/other/Muse [\"Spark\"].md:3  Muse Spark\n"
        "    closed source\n");
    s.screen.color = s.screen.links = true;
    shows(s, "last",
        "\033[32m2026-04-09\033[0m  \033[36mbullet\033[0m  \033[2m"
        "\033]8;;file://host/home/u/kb/daily/2026-04-09-AI-Digest.md\033\\"
        "daily/2026-04-09-AI-Digest.md:30\033]8;;\033\\\033[0m  2026-04-09 AI D…\n"
        "    a \033[1;31mclosed-source\033[0m rival\n");
}

static void show_text(const char *text, size_t columns, const char *want)
{
    struct showing s = {.screen = {.terminal = true, .columns = columns}};
    struct buf raw = {0};
    struct err e = {0};
    struct json_writer w = json_writer(&raw);
    json_open(&w, '{');
    json_key(&w, "hits");
    json_open(&w, '[');
    json_open(&w, '{');
    json_key_string(&w, "text", slice_str(text));
    json_close(&w, '}');
    json_close(&w, ']');
    json_close(&w, '}');
    begin(&s);
    struct json *root = json_parse(buf_view(&raw), &e);
    print_page(&s.print, buf_view(&raw), root);
    json_free(root);
    buf_free(&raw);
    const char *shown = strchr(buf_cstr(&s.print.out), '\n');
    assert_string_equal(shown + 1, want);
    print_free(&s.print);
}

static void long_text_is_cut_at_a_word(void **state)
{
    (void)state;
    show_text("aaaa bbbb cccc dddd", 14, "    aaaa bbbb\n    cccc dddd\n");
    show_text("aaaa bbbb cccc dddd eeee ffff", 14, "    aaaa bbbb\n    cccc dddd\n    eeee ffff\n");
    show_text("aaaa bbbb cccc dddd eeee ffff g", 14, "    aaaa bbbb\n    cccc dddd\n    eeee …\n");
    show_text("aaaaaaaaaabbbbbbbbbbcc", 14, "    aaaaaaaaaa\n    bbbbbbbbbb\n    cc\n");
    show_text("模型发布模型发布", 14, "    模型发布模\n    型发布\n");
    show_text("", 14, "");
}

/* No byte of a note or of its name moves the cursor, whatever the form. */
static void nothing_drives_a_terminal(void **state)
{
    (void)state;
    struct showing tries[] = {
        {.screen = {.terminal = true, .columns = 40}},
        {.screen = {.terminal = true, .columns = 200}},
        {.options.zero = true, .screen.terminal = true},
        {.options.form = FORM_VIMGREP},
        {.options.form = FORM_AUTO},
        {.options.form = FORM_NOTES, .screen.terminal = true},
    };
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        begin(&tries[i]);
        page(&tries[i], "evil");
        struct slice s = buf_view(&tries[i].print.out);
        assert_true(s.n > 0);
        while (s.n) {
            uint32_t cp = utf8_next(&s);
            bool ends = cp == '\n' || cp == 0;
            if ((cp < 0x20 && !ends) || (cp >= 0x7f && cp < 0xa0) || cp == 0x202e)
                fail_msg("try %zu: U+%04X", i, cp);
        }
        print_free(&tries[i].print);
    }
}

/* --- stderr --------------------------------------------------------------------------------- */

static void notices(void **state)
{
    (void)state;
    static const struct {
        const char *name, *want;
    } cases[] = {
        {"two", ""},
        {"none", "kbsearch: geminu read as gemini\n"
                 "kbsearch: no unit has all 4 words: showing those with 3\n"
                 "kbsearch: unbalanced quote: closed at the end\n"},
        {"evil", "kbsearch: a\xef\xbf\xbd[31m read as b\n"
                 "kbsearch: no unit has all 2 words: showing those with any of them\n"
                 "kbsearch: incomplete: shard_down  shards [\"b\"]\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf raw = load(cases[i].name), out = {0};
        struct err e = {0};
        struct json *root = json_parse(buf_view(&raw), &e);
        print_notices(root, &out);
        assert_string_equal(buf_cstr(&out), cases[i].want);
        json_free(root);
        buf_free(&raw);
        buf_free(&out);
    }
}

static void carets(void **state)
{
    (void)state;
    char longer[301], want[400];
    memset(longer, 'a', 300);
    longer[300] = '\0';
    snprintf(want, sizeof want, "kbsearch: m\n  ...%.120s...\n  %*s^\n", longer, 63, "");
    const struct {
        const char *query;
        size_t at;
        const char *want;
    } cases[] = {
        {"a tilte:b", 2, "kbsearch: m\n  a tilte:b\n    ^\n"},
        {"a (b", 4, "kbsearch: m\n  a (b\n      ^\n"},
        {"模型 (b", 7, "kbsearch: m\n  模型 (b\n       ^\n"},
        {"a", 9, "kbsearch: m\n"},
        {"a", ERR_NOWHERE, "kbsearch: m\n"},
        {NULL, 0, "kbsearch: m\n"},
        {longer, 150, want},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err e = {.code = ERR_QUERY, .at = cases[i].at, .text = "m"};
        struct buf out = {0};
        print_failure(&e, cases[i].query, &out);
        assert_string_equal(buf_cstr(&out), cases[i].want);
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(folded),
        cmocka_unit_test(neighbours),
        cmocka_unit_test(notes_once),
        cmocka_unit_test(many_notes_once),
        cmocka_unit_test(templates),
        cmocka_unit_test(json_as_sent),
        cmocka_unit_test(json_pages_are_one_object),
        cmocka_unit_test(jsonl_is_a_hit_a_line),
        cmocka_unit_test(raw_spans),
        cmocka_unit_test(raw_picks),
        cmocka_unit_test(raw_picks_of_cut_replies),
        cmocka_unit_test(blocks),
        cmocka_unit_test(long_text_is_cut_at_a_word),
        cmocka_unit_test(nothing_drives_a_terminal),
        cmocka_unit_test(notices),
        cmocka_unit_test(carets),
    };
    return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
