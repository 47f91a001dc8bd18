// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/frontmatter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#include "lib/buf.h"

/* What was read, as "key=value,value;" and the line numbers, '+' where a line goes on. */
static void describe(struct buf *out, const struct frontmatter *f)
{
    for (size_t i = 0; i < f->n_fields; i++) {
        buf_slice(out, f->fields[i].key);
        for (size_t k = 0; k < f->fields[i].n_values; k++) {
            buf_char(out, k ? ',' : '=');
            buf_slice(out, f->fields[i].values[k]);
        }
        buf_char(out, ';');
    }
    for (size_t i = 0; i < f->n_lines; i++)
        buf_printf(out, " %s%u", f->lines[i].joins ? "+" : "", f->lines[i].line);
}

static const struct {
    const char *name, *source, *want;
    uint32_t body_line;
    bool warned;
} cases[] = {
    {"none", "text\n", "", 1, false},
    {"plain", "---\na: 1\nb: x\n---\ntext\n", "a=1;b=x; 2 3", 5, false},
    {"dots end it", "---\na: 1\n...\ntext\n", "a=1; 2", 4, false},
    {"blank behind the fences", "---  \na: 1\n--- \ntext\n", "a=1; 2", 4, false},
    {"CRLF", "---\r\na: 1\r\n---\r\ntext\r\n", "a=1; 2", 4, false},
    {"CR alone", "---\ra: 1\r---\rtext\r", "a=1; 2", 4, false},
    {"empty block", "---\n---\ntext\n", "", 3, false},
    {"lists", "---\na: [x, 'y z']\nb:\n  - c\n  - d\n---\n", "a=x,y z;b=c,d; 2 3 4 5", 7, false},
    {"nested", "---\na:\n  b: c\n  d:\n    - e: f\n---\n", "a.b=c;a.d.e=f; 2 3 4 5", 7, false},
    {"null", "---\na: null\nb: ~\nc:\nd: ''\n---\n", "a=;b=;c=;d=; 2 3 4 5", 7, false},
    {"folded", "---\nd: >-\n  one\n  two\n\n  three\ne: f\n---\n",
        "d=one two\nthree;e=f; 2 +3 +4 6 7", 9, false},
    {"plain over lines", "---\nd: one\n  two\ne: f\n---\n", "d=one two;e=f; 2 +3 4", 6, false},
    {"literal keeps its lines", "---\nd: |\n  one\n  two\n---\n", "d=one\ntwo; 2 3 4", 6, false},
    {"colon in a title", "---\ntitle: a: b\nx: y\n---\n", "title=a: b;x=y; 2 3", 5, true},
    {"tabs", "---\ntitle:\tt\n\tx: y\nz: w\n---\n", "title=t;title.x=y;z=w; 2 3 4", 6, true},
    {"merge markers", "---\n<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> x\n---\n",
        "a=1,2; 2 3 4 5 6", 8, true},
    {"alias refused", "---\na: &x 1\nb: *x\n---\n", "a=&x 1;b=*x; 2 3", 5, true},
    {"too deep", "---\na: [[[[[[[[[1]]]]]]]]]\n---\n", "a=[[[[[[[[[1]]]]]]]]]; 2", 4, true},
    {"lenient list and quotes", "---\nbad: a: b\nl:\n- 'x'\n- \"y\"\nf: [p, \"q\"]\n---\n",
        "bad=a: b;l=x,y;f=p,q; 2 3 4 5 6", 8, true},
    {"indented end", "---\na: 1\n  ---\ntext\n", "a=1; 2", 4, true},
    {"never closed", "---\na: 1\ntext\n", "", 1, true},
    {"never closed, a rule later", "---\na: 1\n\nSome text here: it goes on\nand on\n\n---\nmore\n",
        "", 1, true},
    {"two rules around text", "---\nJust words\n---\n", "", 1, false},
    {"a list is no front matter", "---\n- a\n---\n", "", 1, false},
    {"four dashes", "----\na: 1\n----\n", "", 1, false},
    {"invalid bytes", "---\na: \xff\xfe\n---\n", "a=\xff\xfe; 2", 4, true},
};

static void reads(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = {0};
        struct err e = {0};
        struct frontmatter f;
        struct buf got = {0};
        assert_int_equal(frontmatter_parse(&a, slice_str(cases[i].source), &f, &e), 0);
        describe(&got, &f);
        if (strcmp(buf_cstr(&got), cases[i].want) || f.body_line != cases[i].body_line ||
            (f.warning != NULL) != cases[i].warned)
            fail_msg("%s: got \"%s\", body at line %u, %s", cases[i].name, buf_cstr(&got),
                f.body_line, f.warning ? f.warning : "no warning");
        buf_free(&got);
        arena_free(&a);
    }
}

static void keeps_every_line(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err e = {0};
    struct frontmatter f;
    struct buf b = {0};
    buf_str(&b, "---\na: b: c\n");
    for (int i = 0; i < 20000; i++)
        buf_printf(&b, "  line %d\nk%d: v: w\n", i, i);
    buf_str(&b, "---\n");
    clock_t begun = clock();
    assert_int_equal(frontmatter_parse(&a, buf_view(&b), &f, &e), 0);
    assert_true(clock() - begun < 5 * CLOCKS_PER_SEC);
    assert_int_equal(f.n_lines, 40001);
    assert_int_equal(f.body, b.n);
    buf_free(&b);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(keeps_every_line),
    };
    return cmocka_run_group_tests_name("frontmatter", tests, NULL, NULL);
}
