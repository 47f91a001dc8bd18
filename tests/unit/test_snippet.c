// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/answer/snippet.h"
#include "lib/utf8.h"

/*
 * What to find is written as a line: words are stems, 'word' exact, word* a prefix, "a b" side by
 * side (rank of a phrase), =a b= the query as it was typed, ~N a b~ within N positions.
 * What is shown has [ ] around what matched.
 */
struct row {
    const char *name, *note;
    size_t unit;
    const char *find, *shown;
    uint32_t line, col;
};

static const struct row rows[] = {
    {"a word", "Meta debuts Muse Spark.\n", 1, "spark", "Meta debuts Muse [Spark].", 1, 18},
    {"its forms", "Models model a modeler.\n", 1, "model", "[Models] [model] a [modeler].", 1, 1},
    {"exact takes no other form", "Models model.\n", 1, "'model'", "Models [model].", 1, 8},
    {"a prefix", "Quantized, quantum; qua.\n", 1, "quant*", "[Quantized], [quantum]; qua.", 1, 1},
    {"nothing found", "Meta debuts.\n", 1, "zebra", "Meta debuts.", 1, 1},
    {"marks are gone", "It is **closed** `source`.\n", 1, "close sourc", "It is [closed] [source].",
        1, 9},
    {"phrase through marks", "It is **closed** source.\n", 1, "\"closed source\"",
        "It is [closed source].", 1, 9},
    {"phrase over a wrap", "It is closed\nsource now.\n", 1, "\"closed source\"",
        "It is [closed source] now.", 1, 7},
    {"hyphenated", "A closed-source one.\n", 1, "\"closed source\"", "A [closed-source] one.", 1,
        3},
    {"not over a sentence's end", "It closed. Source is out.\n", 1, "\"closed source\"",
        "It closed. Source is out.", 1, 1},
    {"the phrase before a word that comes first", "Source of it:\nclosed source.\n", 1,
        "sourc \"closed source\"", "[Source] of it: [closed source].", 2, 1},
    {"as typed before a phrase", "A b c,\nd e, b c.\n", 1,
        "\"b c\" =d e=", "A [b c], [d e], [b c].", 2, 1},
    {"within a window", "big red fox\n", 1, "~3 big fox~", "[big red fox]", 1, 1},
    {"not beyond a window", "big red old fox\n", 1, "~3 big fox~", "big red old fox", 1, 1},
    {"second line of a unit", "One two\nthree four\n", 1, "four", "One two three [four]", 2, 7},
    {"in a nested quote", "> One two\n> three four\n", 1, "four", "One two three [four]", 2, 9},
    {"a bullet's column", "- One two\n  three\n", 1, "three", "One two [three]", 2, 3},
    {"an entity", "Tom &amp; Jerry here\n", 1, "'jerry'", "Tom & [Jerry] here", 1, 11},
    {"a link's alias", "See [[Muse Spark|the model]] now\n", 1, "model", "See the [model] now", 1,
        22},
    {"a link's target is not shown", "See [it](http://spark.org/x) now\n", 1, "spark", "See it now",
        1, 1},
    {"cells", "| a | b |\n|---|---|\n| one | two |\n", 2, "'two'", "one | [two]", 3, 9},
    {"accents", "Z\xc3\xbcrich calls\n", 1, "'zurich'", "[Z\xc3\xbcrich] calls", 1, 1},
    {"a compound and its part", "With llama.cpp now\n", 1, "'llama' 'llamacpp'",
        "With [llama.cpp] now", 1, 6},
    {"words that touch stay apart", "muse spark\n", 1, "muse spark", "[muse] [spark]", 1, 1},
    {"Han", "\xe6\xa8\xa1\xe5\x9e\x8b\xe5\x8f\x91\xe5\xb8\x83\n", 1, "'\xe6\xa8\xa1\xe5\x9e\x8b'",
        "[\xe6\xa8\xa1\xe5\x9e\x8b]\xe5\x8f\x91\xe5\xb8\x83", 1, 1},
    {"the head", "---\ntitle: Muse\naliases: [MSL]\n---\nText.\n", 0, "'msl'",
        "title: Muse aliases: \\[[MSL]]", 3, 11},
};

struct fixture {
    struct arena a, scratch;
    struct xstem *stem;
    struct plan plan;
    size_t cap_marks, cap_runs;
};

static void add_mark(struct fixture *f, struct slice word)
{
    struct plan_mark m = {.stem = word};
    if (*word.p == '\'')
        m = (struct plan_mark){.exact = slice_of(word.p + 1, word.n - 2)};
    else if (word.p[word.n - 1] == '*')
        m = (struct plan_mark){.prefix = slice_of(word.p, word.n - 1)};
    assert_true(ARENA_PUSH(&f->a, f->plan.marks, f->plan.n_marks, f->cap_marks, m));
}

static void add_run(struct fixture *f, struct slice words, bool whole, uint32_t window)
{
    enum { MOST = 8 };
    struct plan_run r = {.window = window, .whole = whole};
    r.terms = arena_array(&f->a, MOST, sizeof *r.terms);
    r.offsets = arena_array(&f->a, MOST, sizeof *r.offsets);
    for (size_t i = 0; i < words.n; r.n++) {
        size_t begin = i;
        while (i < words.n && words.p[i] != ' ')
            i++;
        r.terms[r.n] = slice_of(words.p + begin, i - begin);
        r.offsets[r.n] = (uint32_t)r.n;
        i += i < words.n;
    }
    assert_true(ARENA_PUSH(&f->a, f->plan.runs, f->plan.n_runs, f->cap_runs, r));
}

static void read_find(struct fixture *f, const char *p)
{
    f->plan = (struct plan){0};
    f->cap_marks = f->cap_runs = 0;
    while (*p) {
        if (*p == ' ') {
            p++;
            continue;
        }
        bool run = strchr("\"=~", *p);
        char *end = strchr(run ? p + 1 : p, run ? *p : ' ');
        if (!end)
            end = strchr(p, '\0');
        if (*p == '~')
            add_run(f, slice_of(p + 3, (size_t)(end - p) - 3), false, (uint32_t)(p[1] - '0'));
        else if (run)
            add_run(f, slice_of(p + 1, (size_t)(end - p) - 1), *p == '=', 0);
        else
            add_mark(f, slice_of(p, (size_t)(end - p)));
        p = end + run;
    }
}

static void make(struct fixture *f, struct slice text, size_t unit, struct hit *h)
{
    struct note n;
    struct err e = {0};
    assert_int_equal(note_parse(&f->a, SLICE_LIT("note.md"), text, &n, &e), 0);
    assert_true(unit < n.n_units);
    const struct unit *u = &n.units[unit];
    *h = (struct hit){.rec = {.kind = u->kind,
                          .line = u->line,
                          .end_line = u->end_line,
                          .text = u->text,
                          .lines = u->lines,
                          .n_lines = u->n_lines,
                          .runs = u->runs,
                          .n_runs = u->n_runs}};
    assert_int_equal(snippet_make(&f->a, &f->scratch, f->stem, &f->plan, h, &e), 0);
}

static void shown(const struct hit *h, char *out, size_t room)
{
    struct buf b = {0};
    for (size_t i = 0; i < h->n_snippet; i++) {
        const struct segment *s = &h->snippet[i];
        assert_true(s->text.n > 0);
        if (s->match)
            buf_char(&b, '[');
        for (size_t k = 0; k < s->text.n; k++) {
            assert_true((unsigned char)s->text.p[k] != '\n');
            if (!s->match && s->text.p[k] == '[')
                buf_char(&b, '\\');
            buf_char(&b, s->text.p[k]);
        }
        if (s->match)
            buf_char(&b, ']');
    }
    assert_true(b.n < room);
    memcpy(out, buf_cstr(&b), b.n + 1);
    buf_free(&b);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    struct err e = {0};
    *state = f;
    return f ? xstem_new(&f->stem, "english", &e) : -1;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    xstem_free(f->stem);
    arena_free(&f->a);
    arena_free(&f->scratch);
    free(f);
    return 0;
}

static void test_rows(void **state)
{
    struct fixture *f = *state;
    int failed = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct row *r = &rows[i];
        struct hit h;
        char text[2000];
        read_find(f, r->find);
        make(f, slice_str(r->note), r->unit, &h);
        shown(&h, text, sizeof text);
        if (strcmp(text, r->shown) != 0 || h.match_line != r->line || h.col != r->col) {
            print_error("%s: %s at %u:%u\n", r->name, text, h.match_line, h.col);
            failed++;
        }
    }
    assert_int_equal(failed, 0);
}

/* `words` times "word " around what is looked for. */
static struct slice long_text(struct fixture *f, size_t before, const char *middle, size_t behind)
{
    struct buf b = {0};
    for (size_t i = 0; i < before; i++)
        buf_str(&b, "wordy ");
    buf_str(&b, middle);
    for (size_t i = 0; i < behind; i++)
        buf_str(&b, " wordy");
    buf_char(&b, '\n');
    struct slice s = arena_dup(&f->a, buf_view(&b));
    buf_free(&b);
    return s;
}

static size_t length(const struct hit *h)
{
    size_t n = 0;
    for (size_t i = 0; i < h->n_snippet; i++)
        n += h->snippet[i].text.n;
    return n;
}

static void test_excerpt_in_the_middle(void **state)
{
    struct fixture *f = *state;
    struct hit h;
    char text[2000];
    read_find(f, "spark");
    make(f, long_text(f, 100, "Spark", 100), 1, &h);
    shown(&h, text, sizeof text);
    assert_true(strncmp(text, "\xe2\x80\xa6 wordy ", 10) == 0);
    assert_non_null(strstr(text, " wordy [Spark] wordy "));
    assert_true(strcmp(text + strlen(text) - 10, " wordy \xe2\x80\xa6") == 0);
    assert_true(length(&h) <= SNIPPET_BYTES + 2 * strlen("\xe2\x80\xa6 "));
    assert_int_equal(h.col, 601);
}

static void test_excerpt_from_the_beginning(void **state)
{
    struct fixture *f = *state;
    struct hit h;
    char text[2000];
    read_find(f, "spark");
    make(f, long_text(f, 3, "Spark", 200), 1, &h);
    shown(&h, text, sizeof text);
    assert_true(strncmp(text, "wordy wordy wordy [Spark] wordy", 31) == 0);
}

static void test_excerpt_where_most_is(void **state)
{
    struct fixture *f = *state;
    struct hit h;
    char text[2000], middle[900] = "Spark";
    for (size_t i = 0; i < 120; i++)
        strcat(middle, " wordy");
    strcat(middle, " spark sparks");
    read_find(f, "spark");
    make(f, long_text(f, 100, middle, 100), 1, &h);
    shown(&h, text, sizeof text);
    assert_non_null(strstr(text, "[spark] [sparks]"));
    assert_int_equal(h.col, 601); /* the first match stays where it is */
}

static void test_excerpt_cuts_no_character(void **state)
{
    struct fixture *f = *state;
    struct hit h;
    struct buf b = {0};
    for (size_t i = 0; i < 600; i++)
        buf_str(&b, "\xe6\xa8\xa1");
    buf_str(&b, "\xe5\x9e\x8b\n");
    read_find(f, "'\xe6\xa8\xa1\xe5\x9e\x8b'");
    make(f, buf_view(&b), 1, &h);
    for (size_t i = 0; i < h.n_snippet; i++)
        assert_int_equal(utf8_valid(h.snippet[i].text), h.snippet[i].text.n);
    assert_true(length(&h) <= SNIPPET_BYTES + 8);
    buf_free(&b);
}

/* A text with more matches than fit is shown whole up to the limit, and each match once. */
static void test_many_matches(void **state)
{
    struct fixture *f = *state;
    struct hit h;
    read_find(f, "wordi");
    make(f, long_text(f, 40, "end", 0), 1, &h);
    size_t marks = 0;
    for (size_t i = 0; i < h.n_snippet; i++)
        marks += h.snippet[i].match;
    assert_int_equal(marks, 40);
    assert_int_equal(length(&h), 40 * 6 + 3);
}

/* Where few words are looked for, what cannot begin one is passed over eight bytes at once. Words
 * that are nowhere, but are too many for that, change nothing. */
static void test_passes_nothing_over(void **state)
{
    static const char *const pieces[] = {"Dying", "die", "dies", "na\xc3\xafve", "naive", "C++",
        "c", "GPT-5.2", "gpt", "2026", "x2026y", "OpenAI", "open ai", "a.b.c", "A.I.", "u.s.a",
        "\xef\xac\x81ne", "fine", "Z\xc3\x9cRICH", "zurich", "don't", "state-of-the-art", "@zurich",
        "#die", "\xe6\xa8\xa1\xe5\x9e\x8b",
        "\xe6\xa8\xa1"
        "die",
        ",", "FOO", "fooBar", "barFoo", "foo_bar", "(bar", "1fine", "FINE.", "\n", "pass", "over",
        "these", "words", "long-ago", "\xe2\x80\x99"};
    static const char *const finds[] = {"die", "'dying'", "fine*", "naiv", "'zurich' die", "c*",
        "'gpt' 2026*", "\"open ai\"", "bar*", "'ai'", "'usa'", "=foo bar=", "~4 die fine~",
        "'\xe6\xa8\xa1\xe5\x9e\x8b'", "f*", "'don't'", "\"state of\" naiv"};
    enum { TEXTS = 4000, MOST = 40 };
    struct fixture *f = *state;
    uint32_t seed = 1;
    for (int i = 0; i < TEXTS; i++) {
        struct buf b = {0}, more = {0};
        for (int k = 0; k < MOST; k++) {
            seed = seed * 1664525 + 1013904223;
            buf_str(&b, pieces[(seed >> 8) % (sizeof pieces / sizeof *pieces)]);
            buf_str(&b, seed >> 28 < 12 ? " " : "");
        }
        const char *find = finds[(seed >> 8) % (sizeof finds / sizeof *finds)];
        struct hit few, many;
        char one[4000], other[4000];
        read_find(f, find);
        make(f, buf_view(&b), 1, &few);
        buf_str(&more, find);
        for (char c = 'a'; c < 'j'; c++)
            buf_printf(&more, " q%czz*", c);
        read_find(f, buf_cstr(&more));
        make(f, buf_view(&b), 1, &many);
        shown(&few, one, sizeof one);
        shown(&many, other, sizeof other);
        assert_string_equal(one, other);
        assert_int_equal(few.col, many.col);
        buf_free(&b);
        buf_free(&more);
        arena_reset(&f->a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_passes_nothing_over, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rows, setup, teardown),
        cmocka_unit_test_setup_teardown(test_excerpt_in_the_middle, setup, teardown),
        cmocka_unit_test_setup_teardown(test_excerpt_from_the_beginning, setup, teardown),
        cmocka_unit_test_setup_teardown(test_excerpt_where_most_is, setup, teardown),
        cmocka_unit_test_setup_teardown(test_excerpt_cuts_no_character, setup, teardown),
        cmocka_unit_test_setup_teardown(test_many_matches, setup, teardown),
    };
    return cmocka_run_group_tests_name("snippet", tests, NULL, NULL);
}
