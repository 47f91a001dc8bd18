// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "lib/synonyms.h"

static void groups_are_found_by_each_name(void **state)
{
    struct arena a = {0};
    struct err e = {0};
    struct synonyms s;
    size_t n;
    (void)state;
    const char *text = "\xef\xbb\xbf# mine\r\nLLM = large-language Model, LLMs # all alike\r\n\n"
                       "  C# = csharp\nZ\xc3\xbcrich=Turicum\nllm = master of laws";
    assert_int_equal(synonyms_parse(&a, slice_str(text), "f", &s, &e), 0);
    assert_int_equal(s.n, 9);
    assert_int_equal(s.longest, 3);
    const struct synonym *g = synonyms_find(&s, SLICE_LIT("large language model"), &n);
    assert_non_null(g);
    assert_int_equal(n, 1);
    assert_int_equal(g->n, 3);
    assert_true(slice_is(g->names[0], "LLM") && slice_is(g->names[2], "LLMs"));
    assert_non_null(synonyms_find(&s, SLICE_LIT("llm"), &n));
    assert_int_equal(n, 2);
    assert_non_null(synonyms_find(&s, SLICE_LIT("c#"), &n));
    assert_non_null(synonyms_find(&s, SLICE_LIT("zurich"), &n));
    assert_null(synonyms_find(&s, SLICE_LIT("language"), &n));
    assert_null(synonyms_find(NULL, SLICE_LIT("llm"), &n));
    arena_free(&a);
}

static void faults_are_told_with_their_line(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"a = b\nno group\n", "f:2: no '='"},
        {"a = b\n\n# c\na = , b", "f:4: a name without a word"},
        {"= b", "f:1: a name without a word"},
        {"a = one two three four five six seven eight nine", "f:1: a name of over 8 words"},
        {"a=b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q", "f:1: over 16 names"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct arena a = {0};
        struct err e = {0};
        struct synonyms s;
        if (i == 4)
            assert_int_equal(
                synonyms_parse(&a, SLICE_LIT("a=b,c,d,e,f,g,h,i,j,k,l,m,n,o,p"), "f", &s, &e), 0);
        assert_int_equal(synonyms_parse(&a, slice_str(cases[i].text), "f", &s, &e), -1);
        assert_int_equal(e.code, ERR_CONFIG);
        assert_memory_equal(e.text, cases[i].said, strlen(cases[i].said));
        arena_free(&a);
    }
}

static void what_is_no_file_is_no_fault_or_told(void **state)
{
    struct arena a = {0};
    struct err e = {0};
    struct synonyms s;
    (void)state;
    assert_int_equal(synonyms_load(&a, "/nowhere/synonyms", &s, &e), 0);
    assert_int_equal(s.n, 0);
    assert_int_equal(synonyms_load(&a, "/", &s, &e), -1);
    assert_int_equal(e.code, ERR_IO);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_are_found_by_each_name),
        cmocka_unit_test(faults_are_told_with_their_line),
        cmocka_unit_test(what_is_no_file_is_no_fault_or_told),
    };
    return cmocka_run_group_tests_name("synonyms", tests, NULL, NULL);
}
