// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/note.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

static void escaped(struct buf *out, struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\n')
            buf_str(out, "/");
        else
            buf_char(out, s.p[i]);
}

/* A note in lines: "line-end kind [date source] ^parent <heading: rendered text {links} #tags",
 * with
 * '/' for a break. */
static void describe(struct buf *out, const struct note *n)
{
    for (size_t i = 0; i < n->n_units; i++) {
        const struct unit *u = &n->units[i];
        if (i == 0 && !u->text.n)
            continue;
        char day[11];
        struct buf shown = {0};
        buf_printf(out, "%u-%u %s", u->line, u->end_line, unit_kind_name(u->kind));
        if (u->level)
            buf_printf(out, "%d", u->level);
        if (u->day != DAY_NONE) {
            day_format(u->day, day);
            buf_printf(out, " %s %s", day, date_source_name(u->day_source));
        }
        if (u->parent >= 0)
            buf_printf(out, " ^%d", u->parent);
        if (u->heading >= 0)
            buf_printf(out, " <%d", u->heading);
        buf_str(out, ": ");
        note_render(&shown, u->text, u->runs, u->n_runs);
        escaped(out, buf_view(&shown));
        for (size_t l = 0; l < u->n_links; l++) {
            const struct note_link *k = &u->links[l];
            buf_str(out, k->embed ? " {!" : k->url ? " {@" : " {");
            buf_slice(out, k->target);
            if (k->heading.n)
                buf_str(out, "#");
            buf_slice(out, k->heading);
            if (k->alias.n)
                buf_str(out, "|");
            buf_slice(out, k->alias);
            buf_str(out, "}");
        }
        for (size_t t = 0; t < u->n_tags; t++) {
            buf_str(out, " #");
            buf_slice(out, u->tags[t]);
        }
        buf_str(out, "\n");
        buf_free(&shown);
    }
}

struct example {
    const char *name, *rel, *source, *want;
};

static const struct example examples[] = {
#include "tests/data/notes/examples.def"
};

/* Text, lines and columns are the source's own bytes. */
static void assert_places(const struct note *n, const char *name)
{
    bool cr = !memchr(n->source.p, '\n', n->source.n);
    for (size_t i = 0; i < n->n_units; i++) {
        const struct unit *u = &n->units[i];
        for (size_t l = 0; l < u->n_lines; l++) {
            const char *p = n->source.p, *end = p + n->source.n;
            for (uint32_t line = 1; line < u->lines[l].line; line++)
                p = (const char *)memchr(p, cr ? '\r' : '\n', (size_t)(end - p)) + 1;
            p += u->lines[l].col - 1;
            size_t to = l + 1 < u->n_lines ? u->lines[l + 1].begin - 1 : u->text.n;
            if (memcmp(p, u->text.p + u->lines[l].begin, to - u->lines[l].begin))
                fail_msg(
                    "%s: unit %zu, line %u: not the source's bytes", name, i, u->lines[l].line);
        }
        for (size_t r = 0; r < u->n_runs; r++)
            assert_true(u->runs[r].begin <= u->runs[r].end && u->runs[r].end <= u->text.n &&
                        (!r || u->runs[r].begin >= u->runs[r - 1].end));
    }
}

static void reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof *examples; i++) {
        const struct example *x = &examples[i];
        struct arena a = {0};
        struct err e = {0};
        struct note n;
        struct buf got = {0};
        struct note_warning w;
        assert_int_equal(note_parse(&a, slice_str(x->rel), slice_str(x->source), &n, &e), 0);
        describe(&got, &n);
        if (strcmp(buf_cstr(&got), x->want))
            fail_msg("%s:\n--- got\n%s--- want\n%s", x->name, buf_cstr(&got), x->want);
        assert_places(&n, x->name);
        if (note_uncovered(&a, &n, &w, 1))
            fail_msg("%s: line %u: %s", x->name, w.line, w.text);
        buf_free(&got);
        arena_free(&a);
    }
}

static void head(void **state)
{
    (void)state;
    static const struct {
        const char *rel, *source, *title, *day, *from;
        bool digest;
    } cases[] = {
        {"a/Muse Spark.md", "text", "Muse Spark", "", "none", false},
        {"a.md", "# One *two*\n\n# Three\n", "One two", "", "none", false},
        {"a.md", "text\n\n# One\n", "a", "", "none", false},
        {"a.md", "---\ntitle: T\ndate: 2026-04-09T23:59:00Z\n---\n# One\n", "T", "2026-04-09",
            "frontmatter", false},
        {"a.md", "---\ncreated: 2026-04-01\n---\n", "a", "2026-04-01", "frontmatter", false},
        {"d/2026-04-09-AI-Digest.md", "---\ndate: 2026-01-01\n---\n", "2026-04-09-AI-Digest",
            "2026-04-09", "file", true},
        {"25-01-02-x.md", "x", "25-01-02-x", "2025-01-02", "file", true},
        {"notes.v2.txt", "x", "notes.v2", "", "none", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = {0};
        struct err e = {0};
        struct note n;
        char day[11] = "";
        assert_int_equal(
            note_parse(&a, slice_str(cases[i].rel), slice_str(cases[i].source), &n, &e), 0);
        if (n.day != DAY_NONE)
            day_format(n.day, day);
        assert_int_equal(n.title.n, strlen(cases[i].title));
        assert_memory_equal(n.title.p, cases[i].title, n.title.n);
        assert_string_equal(day, cases[i].day);
        assert_string_equal(date_source_name(n.day_source), cases[i].from);
        assert_int_equal(n.digest, cases[i].digest);
        arena_free(&a);
    }
}

static void names(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err e = {0};
    struct note n;
    const char *source = "---\naliases: [Spark, 'Muse, Spark']\nalias: MS\ntags: '#a/b, c'\n"
                         "tag:\n  - \"#d\"\nlang: de\nmodels:\n  - muse-spark\n---\n";
    assert_int_equal(note_parse(&a, SLICE_LIT("x.md"), slice_str(source), &n, &e), 0);
    static const char *const aliases[] = {"Spark", "Muse, Spark", "MS"};
    static const char *const tags[] = {"a/b", "c", "d"};
    assert_int_equal(n.n_aliases, 3);
    assert_int_equal(n.n_tags, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(slice_is(n.aliases[i], aliases[i]));
        assert_true(slice_is(n.tags[i], tags[i]));
    }
    assert_true(slice_is(n.lang, "de"));
    assert_int_equal(n.n_properties, 6);
    arena_free(&a);
}

/* A byte of the rendering leads back to the byte it came from. */
static void leads_back(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err e = {0};
    struct note n;
    struct buf shown = {0};
    const char *source = "- a **bold** [[X|y]] &amp; `c`\n  wrapped ==z==\n";
    assert_int_equal(note_parse(&a, SLICE_LIT("x.md"), slice_str(source), &n, &e), 0);
    const struct unit *u = &n.units[1];
    note_render(&shown, u->text, u->runs, u->n_runs);
    assert_string_equal(buf_cstr(&shown), "a bold y & c wrapped z");
    for (size_t i = 0; i < shown.n; i++) {
        char from = u->text.p[note_source_of(u->runs, u->n_runs, i)];
        if (shown.p[i] != ' ')
            assert_int_equal(from, shown.p[i]);
    }
    buf_free(&shown);
    arena_free(&a);
}

static void bytes_of_all_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n;
        const char *want;
    } cases[] = {
        {"\xef\xbb\xbf# H\r\n\r\n- a\r\n", 15, "1-1 heading1: H\n3-3 bullet <1: a\n"},
        {"# H\r\r- a\r", 9, "1-1 heading1: H\n3-3 bullet <1: a\n"},
        {"\xff\xfe#\0 \0H\0\n\0x\0\n\0", 14, "1-1 heading1: H\n2-2 text <1: x\n"},
        {"- caf\xe9 \xc3\n", 9, "1-1 bullet: caf\xe9 \xc3\n"},
        {"one\rtwo\nthree\n", 14, "1-2 text: one\rtwo three\n"},
        {"", 0, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = {0};
        struct err e = {0};
        struct note n;
        struct buf got = {0};
        assert_int_equal(
            note_parse(&a, SLICE_LIT("x.md"), slice_of(cases[i].bytes, cases[i].n), &n, &e), 0);
        describe(&got, &n);
        assert_string_equal(buf_cstr(&got), cases[i].want);
        assert_int_equal(note_uncovered(&a, &n, NULL, 0), 0);
        buf_free(&got);
        arena_free(&a);
    }
}

/* Units that were made wrongly are found: the check does not trust their maker. */
static void finds_what_is_lost(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err e = {0};
    struct note n;
    struct note_warning w[4];
    assert_int_equal(note_parse(&a, SLICE_LIT("x.md"), SLICE_LIT("- a\n- b\n\ntext\n"), &n, &e), 0);
    assert_int_equal(note_uncovered(&a, &n, w, 4), 0);
    n.n_units--;
    assert_int_equal(note_uncovered(&a, &n, w, 4), 1);
    assert_int_equal(w[0].line, 4);
    n.n_units++;
    n.units[2].lines[0].col = 1;
    assert_int_equal(note_uncovered(&a, &n, w, 4), 1);
    assert_int_equal(w[0].line, 2);
    n.units[2].lines[0] = n.units[1].lines[0];
    assert_int_equal(note_uncovered(&a, &n, w, 4), 3);
    arena_free(&a);
}

static void repeat(struct buf *b, const char *s, size_t n)
{
    while (n--)
        buf_str(b, s);
}

/* What takes quadratic time, or a stack, where parsers are careless. */
static void hostile(void **state)
{
    (void)state;
    static const char *const pieces[] = {"[", "![", "[[", "[[a]]", "*a ", "*a **a ", "_a __a ",
        "> ", ">", "- ", "# a\n", "[a](b) ", "[a](b)\n\n", "http://a.b/c ", "a@", "www.", "<",
        "<a ", "<?", "<!A ", "<![CDATA[", "<!-- a ", "<b x=\">", "%% a ", "%% a\n", "== a", "[^a] ",
        "~a ", "\\", "\n", "\xe2\x80\xa2 a\n", "a\r", "```\na\n", "#a ", "|", "| a |\n|-|\n", "`a ",
        "``a ` ", "a\n=\n", "*_", "[a](<b", "- a\n\n", "> - a\n>\n", "[a]: b \"", "---\n", "^a "};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct arena a = {0};
        struct err e = {0};
        struct note n;
        struct buf b = {0};
        repeat(&b, pieces[i], 20000);
        clock_t begun = clock();
        assert_int_equal(note_parse(&a, SLICE_LIT("x.md"), buf_view(&b), &n, &e), 0);
        note_uncovered(&a, &n, NULL, 0);
        if (clock() - begun > 5 * CLOCKS_PER_SEC)
            fail_msg("20000 times \"%s\" took %ld ms", pieces[i],
                (long)((clock() - begun) * 1000 / CLOCKS_PER_SEC));
        buf_free(&b);
        arena_free(&a);
    }
}

static size_t check_file(const char *path)
{
    struct buf b = {0};
    struct arena a = {0};
    struct err e = {0};
    struct note n;
    struct note_warning w;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    for (size_t got = 1; got && buf_room(&b, 65536); b.n += got)
        got = fread(b.p + b.n, 1, 65536, f);
    fclose(f);
    assert_int_equal(note_parse(&a, slice_str(path), buf_view(&b), &n, &e), 0);
    assert_places(&n, path);
    if (note_uncovered(&a, &n, &w, 1))
        fail_msg("%s:%u: %s", path, w.line, w.text);
    size_t units = n.n_units;
    arena_free(&a);
    buf_free(&b);
    return units;
}

static size_t check_folder(const char *path)
{
    size_t units = 0;
    DIR *d = opendir(path);
    for (struct dirent *x; d && (x = readdir(d));) {
        char below[4096];
        struct stat st;
        size_t n = strlen(x->d_name);
        snprintf(below, sizeof below, "%s/%s", path, x->d_name);
        if (x->d_name[0] == '.' || stat(below, &st))
            continue;
        if (S_ISDIR(st.st_mode))
            units += check_folder(below);
        else if (n > 3 && strcmp(x->d_name + n - 3, ".md") == 0)
            units += check_file(below);
    }
    if (d)
        closedir(d);
    return units;
}

static void real_notes(void **state)
{
    (void)state;
    static const char *const folders[] = {"vault-aiknowledge2026", "edge", "hextra-ai-daily-zh"};
    const char *corpora = getenv("KB_CORPORA");
    size_t units = 0;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", corpora ? corpora : "../shared/corpora", folders[i]);
        units += check_folder(path);
    }
    if (!units) {
        print_message("no corpora: set KB_CORPORA to test with real notes\n");
        skip();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(head),
        cmocka_unit_test(names),
        cmocka_unit_test(leads_back),
        cmocka_unit_test(bytes_of_all_kinds),
        cmocka_unit_test(finds_what_is_lost),
        cmocka_unit_test(hostile),
        cmocka_unit_test(real_notes),
    };
    return cmocka_run_group_tests_name("note", tests, NULL, NULL);
}
