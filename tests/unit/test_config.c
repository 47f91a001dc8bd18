// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/buf.h"
#include "lib/config.h"
#include "lib/nearest.h"

static char top[] = "/tmp/kb-config-XXXXXX";

struct world {
    struct arena arena;
    struct config config;
    struct err err;
};

static const char *const variables[] = {"KBSEARCH_INDEX", "KBSEARCH_DB", "KBSEARCH_SOCKET",
    "KBSEARCH_CONFIG", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR"};

static int fresh(void **state)
{
    static struct world w;
    w = (struct world){0};
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
        unsetenv(variables[i]);
    setenv("HOME", top, 1);
    setenv("XDG_RUNTIME_DIR", top, 1);
    *state = &w;
    return chdir(top);
}

static int done(void **state)
{
    struct world *w = *state;
    arena_free(&w->arena);
    return system("rm -rf .config kb.conf synonyms elsewhere link open made 'file'") == 0 ? 0 : -1;
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static int load(struct world *w, struct config_options o)
{
    err_clear(&w->err);
    return config_load(&w->arena, &o, &w->config, &w->err);
}

static const char *below(const char *path)
{
    static char text[4][256];
    static unsigned turn;
    char *t = text[turn++ % 4];
    snprintf(t, sizeof text[0], "%s/%s", top, path);
    return t;
}

static void defaults(void **state)
{
    struct world *w = *state;
    assert_int_equal(load(w, (struct config_options){0}), 0);
    struct config *c = &w->config;
    assert_null(c->file.text);
    assert_string_equal(c->index.text, "main");
    assert_string_equal(c->index.origin, "default");
    assert_string_equal(c->db.text, below(".cache/kbsearch/main"));
    assert_string_equal(c->state.text, below(".local/state/kbsearch/main"));
    assert_string_equal(c->socket.text, below("kbsearch/main.sock"));
}

static void xdg_folders_rule_when_absolute(void **state)
{
    struct world *w = *state;
    setenv("XDG_CACHE_HOME", "/c/", 1);
    setenv("XDG_STATE_HOME", "not/absolute", 1);
    setenv("KBSEARCH_INDEX", "", 1);
    assert_int_equal(load(w, (struct config_options){.index = "work"}), 0);
    assert_string_equal(w->config.db.text, "/c/kbsearch/work");
    assert_string_equal(w->config.state.text, below(".local/state/kbsearch/work"));
    assert_string_equal(w->config.socket.text, below("kbsearch/work.sock"));
}

static void option_environment_file_default(void **state)
{
    struct world *w = *state;
    write_file("kb.conf", "db = file-db\nsocket = ~/file.sock\n");
    setenv("KBSEARCH_CONFIG", "kb.conf", 1);
    assert_int_equal(load(w, (struct config_options){0}), 0);
    assert_string_equal(w->config.db.text, below("file-db"));
    assert_string_equal(w->config.db.origin, below("kb.conf:1"));
    assert_string_equal(w->config.socket.text, below("file.sock"));
    assert_string_equal(w->config.state.text, below("file-db/state"));

    setenv("KBSEARCH_DB", "/env/db", 1);
    setenv("KBSEARCH_SOCKET", "/env/sock", 1);
    assert_int_equal(load(w, (struct config_options){0}), 0);
    assert_string_equal(w->config.db.text, "/env/db");
    assert_string_equal(w->config.db.origin, "KBSEARCH_DB");
    assert_string_equal(w->config.socket.origin, "KBSEARCH_SOCKET");

    struct config_options o = {.db = "./here/", .socket = "s.sock"};
    assert_int_equal(load(w, o), 0);
    assert_string_equal(w->config.db.text, below("here"));
    assert_string_equal(w->config.db.origin, "--db");
    assert_string_equal(w->config.socket.text, below("s.sock"));
}

/* Whoever names an index must not get what a weaker source says about another one. */
static void a_named_index_beats_a_weaker_db(void **state)
{
    struct world *w = *state;
    write_file("kb.conf", "db = /file/db\nsocket = /file.sock\n");
    setenv("KBSEARCH_CONFIG", "kb.conf", 1);
    assert_int_equal(load(w, (struct config_options){.index = "work"}), 0);
    assert_string_equal(w->config.db.text, below(".cache/kbsearch/work"));
    assert_string_equal(w->config.socket.text, below("kbsearch/work.sock"));
    setenv("KBSEARCH_DB", "/env/db", 1);
    assert_int_equal(load(w, (struct config_options){.index = "work"}), 0);
    assert_string_equal(w->config.db.text, below(".cache/kbsearch/work"));
    assert_int_equal(load(w, (struct config_options){.index = "work", .db = "/x"}), 0);
    assert_string_equal(w->config.db.text, "/x");
}

static void another_db_has_its_own_socket(void **state)
{
    struct world *w = *state;
    assert_int_equal(mkdir("elsewhere", 0700), 0);
    assert_int_equal(symlink("elsewhere", "link"), 0);
    assert_int_equal(load(w, (struct config_options){.db = "elsewhere/db"}), 0);
    const char *first = w->config.socket.text;
    assert_non_null(strstr(first, "/kbsearch/db-"));
    assert_int_equal(strlen(strrchr(first, '/')), strlen("/db-0123456789abcdef.sock"));
    assert_int_equal(load(w, (struct config_options){.db = "link/db"}), 0);
    assert_string_equal(w->config.socket.text, first);
    assert_int_equal(load(w, (struct config_options){.db = "elsewhere/db2"}), 0);
    assert_string_not_equal(w->config.socket.text, first);
    assert_int_equal(load(w, (struct config_options){.db = below(".cache/kbsearch/main")}), 0);
    assert_string_equal(w->config.socket.text, below("kbsearch/main.sock"));
}

static void the_whole_file(void **state)
{
    struct world *w = *state;
    assert_int_equal(system("mkdir -p .config/kbsearch"), 0);
    write_file(".config/kbsearch/synonyms", "");
    write_file(".config/kbsearch/kbsearch.conf",
        "\xef\xbb\xbf# notes\r\nindex = work\r\n\r\n[vault \"my notes\"]\n\tpath = \"~/My Notes\"\n"
        "\tlanguage = german\n\texclude = *.tmp\n\texclude = old/**\n[vault two]\npath=two\n"
        "[saved]\nreleases = \"closed source\" kind:event\n[vault \"my notes\"]\nexclude = x\n");
    assert_int_equal(load(w, (struct config_options){0}), 0);
    struct config *c = &w->config;
    assert_string_equal(c->index.text, "work");
    assert_string_equal(c->index.origin, below(".config/kbsearch/kbsearch.conf:2"));
    assert_int_equal(c->n_vaults, 2);
    assert_string_equal(c->vaults[0].name, "my notes");
    assert_string_equal(c->vaults[0].path, below("My Notes"));
    assert_string_equal(c->vaults[0].language, "german");
    assert_int_equal(c->vaults[0].n_exclude, 3);
    assert_string_equal(c->vaults[0].exclude[1], "old/**");
    assert_string_equal(c->vaults[0].exclude[2], "x");
    assert_string_equal(c->vaults[1].path, below(".config/kbsearch/two"));
    assert_int_equal(c->n_saved, 1);
    assert_string_equal(c->saved[0].name, "releases");
    assert_string_equal(c->saved[0].query, "\"closed source\" kind:event");
    assert_string_equal(c->synonyms, below(".config/kbsearch/synonyms"));

    struct buf out = {0};
    config_print(c, &out);
    assert_non_null(strstr(buf_cstr(&out), "index = work  # "));
    assert_non_null(strstr(buf_cstr(&out), "\n[vault \"two\"]\npath = "));
    buf_free(&out);
}

static void faults_name_the_line_and_the_cure(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *text, *at, *says;
    } cases[] = {
        {"[vaul \"x\"]\npath = y\n", ":2:", "unknown section"},
        {"\n[save]\na = b\n", ":3:", "did you mean \"saved\""},
        {"indx = main\n", ":1:", "did you mean \"index\""},
        {"zzzzzz = main\n", ":1:", "known: index, db, socket"},
        {"[vault \"x\"]\n  pth = y\n", ":2:", "did you mean \"path\""},
        {"# c\n\nrubbish\nindex = a\n", ":3:", "neither"},
        {"rubbish\nindx = a\n", ":1:", "neither"},
        {"index = a\nindex = b\n", ":2:", "set twice"},
        {"index =\n", ":1:", "no value"},
        {"index = a/b\n", ":1:", "no name for an index"},
        {"[vault \"\"]\npath = x\n", ":2:", "needs a name"},
        {"[saved]\na b = x\n", ":2:", "letters"},
        {"[saved]\na = x\na = y\n", ":3:", "set twice"},
        {"db = a\x1b[31m\n", ":1:", "control character"},
        {"threads = 65\n", ":1:", "from 1 to 64"},
        {"required = some\n", ":1:", "one of any|all"},
        {"shard = 3/2\n", ":1:", "such as 1/2"},
        {"[shard \"\"]\ndatabase = /x\n", ":2:", "needs a name"},
        {"[shard \"a\"]\ndatabas = /x\n", ":2:", "did you mean \"database\""},
        {"[shard \"a\"]\nmirror = /x\n", ":2:", "before its mirrors"},
        {"[shard \"a\"]\ndatabase = tcp://host\n", ":2:", "HOST:PORT"},
        {"[shard \"a\"]\ndatabase = ssh://-oProxyCommand=x/y\n", ":2:", "HOST/PATH"},
        {"[shard \"a\"]\ndatabase = ssh://h/x;y\n", ":2:", "HOST/PATH"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file("kb.conf", cases[i].text);
        assert_int_equal(load(w, (struct config_options){.config_file = "kb.conf"}), -1);
        assert_int_equal(w->err.code, ERR_CONFIG);
        if (!strstr(w->err.text, cases[i].at) || !strstr(w->err.text, cases[i].says))
            fail_msg("case %zu: %s", i, w->err.text);
    }
}

static void nothing_is_cut_in_silence(void **state)
{
    struct world *w = *state;
    char text[400];
    static const struct {
        const char *before, *behind;
        int longest;
    } cases[] = {{"db = ", "\n", 198 - 5}, {"[vault ", "]\npath = x\n", 49 - 6},
        {"[saved]\n", " = x\n", 49}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int over = 0; over < 2; over++) {
            snprintf(text, sizeof text, "%s%0*d%s", cases[i].before, cases[i].longest + over, 0,
                cases[i].behind);
            write_file("kb.conf", text);
            struct config_options o = {.config_file = "kb.conf", .socket = "/s"};
            assert_int_equal(load(w, o), -over);
        }
    }
    assert_non_null(strstr(w->err.text, "too long"));
}

static void files_that_are_none(void **state)
{
    struct world *w = *state;
    assert_int_equal(load(w, (struct config_options){.config_file = "missing"}), -1);
    assert_non_null(strstr(w->err.text, "missing: No such file"));
    assert_int_equal(load(w, (struct config_options){.config_file = "."}), -1);
    assert_non_null(strstr(w->err.text, "not a regular file"));
    assert_int_equal(load(w, (struct config_options){.config_file = "/dev/zero"}), -1);
}

static void a_socket_too_long_is_refused(void **state)
{
    struct world *w = *state;
    char path[120];
    memset(path, 'a', sizeof path);
    path[0] = '/';
    for (size_t n = 107; n <= 108; n++) {
        path[n] = '\0';
        assert_int_equal(load(w, (struct config_options){.socket = path}), n == 107 ? 0 : -1);
        path[n] = 'a';
    }
    assert_non_null(strstr(w->err.text, "107"));
}

static void no_home(void **state)
{
    struct world *w = *state;
    unsetenv("HOME");
    assert_int_equal(load(w, (struct config_options){0}), -1);
    assert_non_null(strstr(w->err.text, "HOME"));
    struct config_options o = {.db = "/d", .socket = "/s"};
    assert_int_equal(load(w, o), 0);
    assert_string_equal(w->config.state.text, "/d/state");
}

static void private_folders(void **state)
{
    struct world *w = *state;
    struct stat st;
    assert_int_equal(config_private_dir(below("made/deep/er"), &w->err), 0);
    assert_int_equal(stat("made/deep", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(config_private_dir(below("made/deep/er"), &w->err), 0);

    static const struct {
        const char *make, *path, *says;
    } cases[] = {
        {"mkdir -m 750 open", "open", "chmod 700"},
        {"ln -s made link", "link", "not a link"},
        {": > file", "file", "not a link"},
        {":", "file/x", "Not a directory"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        err_clear(&w->err);
        assert_int_equal(system(cases[i].make), 0);
        assert_int_equal(config_private_dir(below(cases[i].path), &w->err), -1);
        assert_int_equal(w->err.code, ERR_IO);
        if (!strstr(w->err.text, cases[i].says))
            fail_msg("%s: %s", cases[i].path, w->err.text);
    }
}

static void nearest_names(void **state)
{
    (void)state;
    static const struct {
        const char *word, *want;
    } cases[] = {{"limt", "limit"}, {"lmiit", "limit"}, {"neighbors", "neighbours"},
        {"limi", "limit"}, {"explian", "explain"}, {"exp", "explain"}, {"xyz", NULL}, {"", NULL},
        {"l", NULL}, {"limit", "limit"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct nearest n = nearest_to(slice_str(cases[i].word));
        nearest_try(&n, "neighbours");
        nearest_try(&n, "explain");
        nearest_try(&n, "limit");
        if (cases[i].want)
            assert_string_equal(n.name, cases[i].want);
        else
            assert_null(n.name);
    }
}

static int make_top(void **state)
{
    (void)state;
    return mkdtemp(top) ? 0 : -1;
}

static int remove_top(void **state)
{
    (void)state;
    return chdir("/") == 0 && rmdir(top) == 0 ? 0 : -1;
}

#define CONFIG_TEST(f) cmocka_unit_test_setup_teardown(f, fresh, done)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONFIG_TEST(defaults),
        CONFIG_TEST(xdg_folders_rule_when_absolute),
        CONFIG_TEST(option_environment_file_default),
        CONFIG_TEST(a_named_index_beats_a_weaker_db),
        CONFIG_TEST(another_db_has_its_own_socket),
        CONFIG_TEST(the_whole_file),
        CONFIG_TEST(faults_name_the_line_and_the_cure),
        CONFIG_TEST(nothing_is_cut_in_silence),
        CONFIG_TEST(files_that_are_none),
        CONFIG_TEST(a_socket_too_long_is_refused),
        CONFIG_TEST(no_home),
        CONFIG_TEST(private_folders),
        CONFIG_TEST(nearest_names),
    };
    return cmocka_run_group_tests_name("config", tests, make_top, remove_top);
}
