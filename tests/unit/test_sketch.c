// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/sketch.h"
#include "lib/token.h"

static struct sketch of(const char *text)
{
    struct arena a = {0};
    struct tokens t = {0};
    struct err e = {0};
    struct sketch s;
    struct buf b = {0};
    assert_int_equal(tokenize(&a, slice_str(text), &t, &e), 0);
    struct sequence_place *v = arena_array(&a, 2 * t.n, sizeof *v);
    size_t n = 0;
    for (size_t i = 0; i < t.n; i++) {
        if (!token_is_base(t.v[i].kind))
            continue;
        v[n++] = (struct sequence_place){t.v[i].pos, sequence_word(t.v[i].term)};
        if (!slice_eq(t.v[i].plain, t.v[i].term))
            v[n++] = (struct sequence_place){t.v[i].pos, sequence_word(t.v[i].plain)};
    }
    assert_int_equal(sequence_write(&b, &a, v, n, &e), 0);
    assert_int_equal(sketch_of(&s, &a, buf_view(&b), &e), 0);
    buf_free(&b);
    arena_free(&a);
    return s;
}

static size_t common(const struct sketch *a, const struct sketch *b)
{
    size_t n = 0;
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n; k++)
            n += a->marks[i] == b->marks[k];
    return n;
}

static void test_sets(void **state)
{
    (void)state;
    struct sketch a = of("the amber basin cairn"), b = of("Cairn, basin: amber THE the amber!"),
                  c = of("the amber basin delta");
    assert_int_equal(a.n, 4);
    assert_int_equal(b.n, 4);
    assert_true(a.whole == b.whole);
    assert_memory_equal(a.marks, b.marks, 8);
    assert_false(a.whole == c.whole);
    assert_int_equal(common(&a, &c), 3);
    assert_int_equal(of("").n, 0);
    assert_int_equal(of(" - ! ").n, 0);
}

/* Of many words a sample, the same one in texts of nearly the same words. */
static void test_many(void **state)
{
    (void)state;
    char text[2][8000] = {"", ""};
    for (int i = 0; i < 400; i++)
        for (int k = 0; k < 2; k++) {
            char word[16] = {' ', (char)('a' + i % 26), (char)('a' + i / 26), 'q',
                (char)(k && i % 10 == 0 ? 'x' : 'y')};
            strcat(text[k], word);
        }
    struct sketch a = of(text[0]), b = of(text[1]);
    assert_int_equal(a.n, SKETCH_MARKS);
    assert_int_equal(b.n, SKETCH_MARKS);
    assert_false(a.whole == b.whole);
    assert_in_range(common(&a, &b), SKETCH_MARKS * 3 / 4, SKETCH_MARKS - 1);
}

static void test_accents(void **state)
{
    (void)state;
    struct sketch a = of("le caf\xc3\xa9 noir"), b = of("noir cafe le");
    assert_int_equal(a.n, 3);
    assert_true(a.whole == b.whole);
}

static void test_broken(void **state)
{
    (void)state;
    static const char *const bytes[] = {"", "\1ab", "\11ab", "\2", "\2a", "\3ab"};
    for (size_t i = 0; i < sizeof bytes / sizeof *bytes; i++) {
        struct arena a = {0};
        struct err e = {0};
        struct sketch s;
        assert_int_equal(sketch_of(&s, &a, slice_str(bytes[i]), &e), 0);
        assert_int_equal(s.n, 0);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sets), cmocka_unit_test(test_many),
        cmocka_unit_test(test_accents), cmocka_unit_test(test_broken)};
    return cmocka_run_group_tests_name("sketch", tests, NULL, NULL);
}
