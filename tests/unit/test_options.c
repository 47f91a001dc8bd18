// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/options.h"

enum { ARGS = 12 };

struct parsed {
    struct arena arena;
    struct options options;
    struct err err;
    int rc;
};

static struct parsed parse(const char *const *args)
{
    struct parsed p = {0};
    int argc = 1;
    char *argv[ARGS + 2] = {(char *)(size_t) "kbsearch"};
    for (; args[argc - 1]; argc++)
        argv[argc] = (char *)(size_t)args[argc - 1];
    p.rc = options_parse(&p.arena, argc, argv, &p.options, &p.err);
    return p;
}

/* What a search is asked for. */
static void requests(void **state)
{
    (void)state;
    static const struct {
        const char *args[ARGS];
        const char *query, *params;
        int64_t limit;
    } cases[] = {
        {{"closed", "source"}, "closed source", "{}", 20},
        {{"closed source"}, "closed source", "{}", 20},
        {{"-n5", "x"}, "x", "{}", 5},
        {{"-n", "5", "x"}, "x", "{}", 5},
        {{"x", "--limit=5", "y"}, "x y", "{}", 5},
        {{"-n", "5000", "x"}, "x", "{}", 5000},
        {{"closed", "source", "-rumor"}, "closed source -rumor", "{}", 20},
        {{"x", "-n", "5"}, "x -n 5", "{}", 20},
        {{"--", "-rumor", "--json"}, "-rumor --json", "{}", 20},
        {{"x", "--", "--json", "--"}, "x --json --", "{}", 20},
        {{"-(a b)", "c"}, "-(a b) c", "{}", 20},
        {{"-\"a b\""}, "-\"a b\"", "{}", 20},
        {{"-"}, "-", "{}", 20},
        {{"-s", "newest", "-C2", "x"}, "x", "{\"sort\":\"newest\",\"neighbours\":2}", 20},
        {{"-F", "a:b"}, "a:b", "{\"syntax\":\"plain\"}", 20},
        {{"--any", "--plain", "x"}, "x", "{\"match\":\"any\",\"syntax\":\"plain\"}", 20},
        {{"--strict", "--any", "x"}, "x", "{\"match\":\"any\"}", 20},
        {{"x", "--deadline", "7", "--budget=8"}, "x", "{\"deadline_ms\":7,\"budget_bytes\":8}", 20},
        {{"--exact", "--explain", "--vault", "kb", "x"}, "x",
            "{\"exact\":true,\"explain\":true,\"vault\":\"kb\"}", 20},
        {{"--since", "7d", "--until=today", "--on", "2026", "x"}, "x",
            "{\"since\":\"7d\",\"until\":\"today\",\"on\":\"2026\"}", 20},
        {{"--offset", "3", "--cursor", "c", "x"}, "x", "{\"offset\":3,\"cursor\":\"c\"}", 20},
        {{"--partial", "--text-bytes", "9", "x"}, "x", "{\"partial\":true,\"text_bytes\":9}", 20},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct parsed p = parse(cases[i].args);
        if (p.rc < 0)
            fail_msg("case %zu: %s", i, p.err.text);
        struct buf out = {0};
        struct json_writer w = json_writer(&out);
        json_open(&w, '{');
        assert_int_equal(options_write(&p.options, PROTO_search, &w, &p.err), 0);
        json_close(&w, '}');
        assert_string_equal(p.options.query, cases[i].query);
        assert_string_equal(buf_cstr(&out), cases[i].params);
        assert_int_equal(p.options.limit, cases[i].limit);
        buf_free(&out);
        arena_free(&p.arena);
    }
}

static void faults(void **state)
{
    (void)state;
    static const struct {
        const char *args[ARGS];
        const char *says;
    } cases[] = {
        {{"--limt", "3"}, "--limt; did you mean --limit?"},
        {{"x", "--neighbors", "3"}, "did you mean --neighbours?"},
        {{"--deadlin=3"}, "did you mean --deadline?"},
        {{"--jsn"}, "did you mean --json?"},
        {{"--zzzz"}, "kbsearch --help"},
        {{"--query", "x"}, "unknown option --query"},
        {{"--h"}, "unknown option --h"},
        {{"-x"}, "unknown option -x"},
        {{"-lx"}, "unknown option -x"},
        {{"-n"}, "-n wants a value"},
        {{"--limit"}, "--limit wants a value"},
        {{"-nx"}, "-n wants a number"},
        {{"-n", "-1"}, "-n wants a number"},
        {{"--limit", "3x"}, "--limit wants a number"},
        {{"-C", "21", "x"}, "from 0 to 20"},
        {{"--sort", "best"}, "score|newest|oldest|path"},
        {{"--sort", ""}, "score|newest|oldest|path"},
        {{"--sort", "score|newest"}, "score|newest|oldest|path"},
        {{"--json=3"}, "--json takes no value"},
        {{"--json", "--vimgrep"}, "--json and --vimgrep: choose one"},
        {{"-l", "-c"}, "-l and -c: choose one"},
        {{"--get", "a", "--status"}, "choose one"},
        {{"--status", "x"}, "takes no query"},
        {{"--status", "--vimgrep"}, "has no form"},
        {{"--status", "-n", "3"}, "takes no number of hits"},
        {{"--color", "red"}, "auto, always or never"},
        {{"--format-version", "2"}, "from 1 to 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct parsed p = parse(cases[i].args);
        assert_int_equal(p.rc, -1);
        assert_int_equal(p.err.code, ERR_USAGE);
        if (!strstr(p.err.text, cases[i].says))
            fail_msg("case %zu: %s", i, p.err.text);
        arena_free(&p.arena);
    }
}

static void actions_and_forms(void **state)
{
    (void)state;
    const char *const args[] = {"--get", "a.md:3", "--db=/d", "--socket", "/s", "--index", "i",
        "--config-file", "/c", "--no-spawn", "--jsonl", NULL};
    struct parsed p = parse(args);
    assert_int_equal(p.rc, 0);
    assert_int_equal(p.options.action, ACT_GET);
    assert_string_equal(p.options.argument, "a.md:3");
    assert_string_equal(p.options.config.db, "/d");
    assert_string_equal(p.options.config.socket, "/s");
    assert_string_equal(p.options.config.index, "i");
    assert_string_equal(p.options.config.config_file, "/c");
    assert_true(p.options.no_spawn);
    assert_int_equal(p.options.form, FORM_JSONL);
    arena_free(&p.arena);
}

static void parameters_that_mean_nothing_there(void **state)
{
    (void)state;
    const char *const args[] = {"--status", "--sort", "newest", NULL};
    struct parsed p = parse(args);
    struct buf out = {0};
    struct json_writer w = json_writer(&out);
    assert_int_equal(p.rc, 0);
    json_open(&w, '{');
    assert_int_equal(options_write(&p.options, PROTO_status, &w, &p.err), -1);
    assert_string_equal(p.err.text, "--sort means nothing with --status");
    buf_free(&out);
    arena_free(&p.arena);
}

static void dropping(void **state)
{
    (void)state;
    const char *const args[] = {"--offset", "1", "--exact", "--cursor", "c", "x", NULL};
    struct parsed p = parse(args);
    options_drop(&p.options, "offset");
    options_drop(&p.options, "cursor");
    options_drop(&p.options, "cursor");
    assert_int_equal(p.options.n_given, 1);
    assert_non_null(options_given(&p.options, "exact"));
    assert_null(options_given(&p.options, "offset"));
    arena_free(&p.arena);
}

/* Whatever the command line takes is told, each parameter of the protocol too. */
static void help_tells_every_parameter(void **state)
{
    (void)state;
    struct buf out = {0};
    options_help(true, &out);
    const char *text = buf_cstr(&out);
    const struct proto_row *search = &proto_rows[PROTO_search];
    for (size_t i = 0; i < search->n_params; i++) {
        const char *name = search->params[i].name;
        bool hidden = strcmp(name, "query") == 0 || strcmp(name, "index") == 0 ||
                      strcmp(name, "session") == 0;
        assert_true(hidden || strstr(text, search->params[i].help));
    }
    assert_non_null(strstr(text, "  -n, --limit N"));
    assert_non_null(strstr(text, "  -F, --plain"));
    for (const char *nl = text; (nl = strchr(nl, '\n')) != NULL; nl++)
        assert_true(nl[1] != '\t');
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(faults),
        cmocka_unit_test(actions_and_forms),
        cmocka_unit_test(parameters_that_mean_nothing_there),
        cmocka_unit_test(dropping),
        cmocka_unit_test(help_tells_every_parameter),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
