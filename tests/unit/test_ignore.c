// SPDX-License-Identifier: GPL-2.0-or-later
/* The judge is git itself: `git check-ignore` over the same rules and paths. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "indexer/ignore.h"
#include "lib/buf.h"

static char top[] = "/tmp/kb-ignore-XXXXXX";

static void write_file(const char *name, struct slice text)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text.p, 1, text.n, f), text.n);
    assert_int_equal(fclose(f), 0);
}

/* Runs git in the present folder with stdin from `in` and stdout to `out`; its exit status. */
static int git(const char *in, const char *out, const char *const *argv)
{
    pid_t pid = fork();
    if (pid == 0) {
        int from = open(in, O_RDONLY), to = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (from < 0 || to < 0 || dup2(from, 0) < 0 || dup2(to, 1) < 0)
            _exit(126);
        execvp("git", (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    int status = -1;
    assert_true(pid > 0 && waitpid(pid, &status, 0) == pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int setup(void **state)
{
    static const char *const init[] = {"git", "init", "-q", ".", NULL};
    (void)state;
    if (!mkdtemp(top) || chdir(top) < 0)
        return -1;
    setenv("HOME", top, 1);
    setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    return mkdir("in", 0700) < 0 || git("/dev/null", "/dev/null", init) != 0 ? -1 : 0;
}

static int teardown(void **state)
{
    static const char *const rm[] = {"rm", "-rf", top, NULL};
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        execvp("rm", (char *const *)(uintptr_t)rm);
        _exit(127);
    }
    return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

/* Ours, as the walk asks: an ignored folder is not entered. A path that ends in '/' is one. */
static bool ours(const struct ignore *upper, const struct ignore *lower, struct slice path)
{
    for (size_t i = 1; i <= path.n; i++) {
        bool slash = i < path.n && path.p[i] == '/';
        if (!slash && i < path.n)
            continue;
        bool below = i > 3 && memcmp(path.p, "in/", 3) == 0;
        if (ignore_matches(below ? lower : upper, slice_of(path.p, i), slash))
            return true;
        if (slash && i + 1 == path.n)
            return false;
    }
    return false;
}

static void swap_ends(struct buf *out, struct slice in, char from, char to)
{
    for (size_t i = 0; i < in.n; i++)
        buf_char(out, in.p[i] == from ? to : in.p[i]);
}

/* `paths`: one a line. */
static void compare(const char *rules, const char *below, const char *paths)
{
    static const char *const check[] = {"git", "check-ignore", "--no-index", "--stdin", "-z", NULL};
    struct arena a = {0};
    struct ignore upper = {0}, lower = {.up = &upper, .base = 3};
    struct buf raw = {0}, want = {0};
    write_file(".gitignore", slice_str(rules));
    write_file("in/.gitignore", slice_str(below));
    struct buf zero = {0};
    swap_ends(&zero, slice_str(paths), '\n', '\0');
    write_file("paths", buf_view(&zero));
    buf_free(&zero);
    assert_in_range(git("paths", "answer", check), 0, 1);
    int fd = open("answer", O_RDONLY);
    ssize_t n;
    for (char *to; (to = buf_room(&raw, 4096)) && (n = read(fd, to, 4096)) > 0;)
        raw.n += (size_t)n;
    close(fd);
    swap_ends(&want, buf_view(&raw), '\0', '\n');
    buf_free(&raw);
    assert_int_equal(ignore_parse(&a, slice_str(rules), &upper, NULL), 0);
    assert_int_equal(ignore_parse(&a, slice_str(below), &lower, NULL), 0);
    struct buf got = {0};
    for (const char *p = paths; *p; p += strcspn(p, "\n") + 1) {
        struct slice path = slice_of(p, strcspn(p, "\n"));
        if (!ours(&upper, &lower, path))
            continue;
        buf_slice(&got, path);
        buf_char(&got, '\n');
    }
    if (!slice_eq(buf_view(&got), buf_view(&want)))
        fail_msg("rules:\n%s\nbelow:\n%s\nours:\n%s\ngit's:\n%s", rules, below, buf_cstr(&got),
            buf_cstr(&want));
    buf_free(&got);
    buf_free(&want);
    arena_free(&a);
}

static void cases(void **state)
{
    static const char paths[] = "a.md\nb.md\nin/a.md\nin/b.md\nin/deep/a.md\nin/deep/er/a.md\n"
                                "foo/a.md\nin/foo/x.md\nx/foo/y/bar/z.md\n"
                                "draft 1.md\n#x.md\n!x.md\n[x].md\nab.md\na-c.md\na]c.md\n"
                                "\xC3\xA4.md\nA.MD\nx.md \nx\\y.md\n";
    static const struct {
        const char *rules, *below;
    } table[] = {
        {"a.md", ""},
        {"/a.md", ""},
        {"foo/", ""},
        {"foo", ""},
        {"in/a.md", ""},
        {"*.md", "!a.md"},
        {"*.md\n!a.md", ""},
        {"in/*\n!in/deep/", ""},
        {"in/\n!in/a.md", ""},
        {"**/a.md", ""},
        {"in/**", ""},
        {"in/**/a.md", ""},
        {"x/**/bar", ""},
        {"**", ""},
        {"**/", ""},
        {"x**/foo", ""},
        {"# c\n\\#x.md\n\\!x.md", ""},
        {"\\[x\\].md", ""},
        {"[ab].md", ""},
        {"[!a].md", ""},
        {"[^a].md", ""},
        {"a[]-]c.md", ""},
        {"a[[:alpha:]-]c.md", ""},
        {"[a-b].md\n", ""},
        {"[b-a].md", ""},
        {"[a.md", ""},
        {"?.md", ""},
        {"??.md", ""},
        {"draft\\ 1.md  ", ""},
        {"x.md\\ ", ""},
        {"a.md\r\nb.md\r\n", ""},
        {"\xEF\xBB\xBF"
         "a.md",
            ""},
        {"", "/a.md"},
        {"", "deep/*.md"},
        {"a.md", "!a.md"},
        {"!a.md", "a.md"},
        {"/", ""},
        {"//", ""},
        {"!", ""},
        {"x\\\\y.md", ""},
        {"*/a.md", ""},
        {"*a*.md", ""},
        {"/*/*/a.md", ""},
        {"foo/*", ""},
        {"/**/foo/", ""},
        {"in/deep\n", "!deep"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        compare(table[i].rules, table[i].below, paths);
}

static uint32_t seed = 20260409;

static uint32_t pick(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
}

static void random_lines(struct buf *out, const char *letters, uint32_t lines, uint32_t longest)
{
    for (uint32_t i = 0; i < lines; i++) {
        uint32_t n = 1 + pick(longest);
        for (uint32_t k = 0; k < n; k++)
            buf_char(out, letters[pick((uint32_t)strlen(letters))]);
        buf_char(out, '\n');
    }
}

/* git takes a slash at the end for a part of the path, where a walk never has one; and it sees that
 * `in` is a folder. */
static bool plain_path(const char *p, size_t n)
{
    for (size_t i = 0; i + 1 < n; i++)
        if (p[i] == '/' && p[i + 1] == '/')
            return false;
    return n && p[0] != '/' && p[n - 1] != '/' && !(n == 2 && memcmp(p, "in", 2) == 0);
}

static void at_random(void **state)
{
    (void)state;
    for (int round = 0; round < 150; round++) {
        struct buf rules = {0}, below = {0}, raw = {0}, paths = {0};
        random_lines(&rules, "aab**//?![]b-", 4, 7);
        random_lines(&below, "aab*/!", 2, 5);
        random_lines(&raw, "aabbin/-", 60, 8);
        for (const char *p = buf_cstr(&raw); *p; p += strcspn(p, "\n") + 1) {
            size_t n = strcspn(p, "\n");
            if (!plain_path(p, n))
                continue;
            buf_add(&paths, "in/", pick(2) ? 3 : 0);
            buf_add(&paths, p, n + 1);
        }
        compare(buf_cstr(&rules), buf_cstr(&below), buf_cstr(&paths));
        buf_free(&rules);
        buf_free(&below);
        buf_free(&raw);
        buf_free(&paths);
    }
}

/* Stars that a backtracking match would try for ever. */
static void many_stars(void **state)
{
    char text[2001];
    (void)state;
    memset(text, 'a', 2000);
    text[2000] = '\0';
    assert_false(ignore_glob(slice_str("*a*a*a*a*a*a*a*a*a*a*a*a*b"), slice_str(text)));
    assert_false(ignore_glob(slice_str("**/*a/**/*a*a*a/**/b"), slice_str(text)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cases),
        cmocka_unit_test(at_random),
        cmocka_unit_test(many_stars),
    };
    return cmocka_run_group_tests_name("ignore", tests, setup, teardown);
}
