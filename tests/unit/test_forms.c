// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/forms.h"

static void words_that_are_told(void **state)
{
    static const struct {
        const char *stem, *word;
        bool is;
    } rows[] = {{"model", "model", true}, {"model", "models", true}, {"model", "modeling", true},
        {"model", "modelled", false}, {"googl", "google", true}, {"compani", "company", true},
        {"compani", "companies", true}, {"use", "using", true}, {"use", "used", true},
        {"use", "useing", true}, {"us", "us", true}, {"us", "u", false},
        {"quick", "quickly", false}, {"i", "y", false}, {"i", "i", true}, {"e", "ing", false},
        {"", "", false}, {"", "s", false}, {"agreement", "agree", false}, {"model", "", false},
        {"\xc3\xa9t\xc3\xa9", "\xc3\xa9t\xc3\xa9s", true}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (forms_has(slice_str(rows[i].stem), slice_str(rows[i].word)) != rows[i].is)
            fail_msg("%s of %s", rows[i].word, rows[i].stem);
}

/* What is asked for is what is left out. */
static void both_ways(void **state)
{
    static const char *const stems[] = {"model", "use", "compani", "i", "e", "s", ""};
    (void)state;
    for (size_t i = 0; i < sizeof stems / sizeof *stems; i++) {
        struct arena a = {0};
        struct slice stem = slice_str(stems[i]), form[FORMS_OF_STEM];
        size_t n;
        assert_int_equal(forms_of(&a, stem, form, &n), 0);
        assert_in_range(n, stem.n ? 11 : 0, stem.n ? FORMS_OF_STEM : 0);
        for (size_t k = 0; k < n; k++) {
            assert_true(forms_has(stem, form[k]));
            for (size_t j = 0; j < k; j++)
                assert_false(slice_eq(form[j], form[k]));
        }
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_that_are_told), cmocka_unit_test(both_ways)};
    return cmocka_run_group_tests_name("forms", tests, NULL, NULL);
}
