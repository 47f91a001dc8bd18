// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/sequence.h"

static uint32_t seed = 11;

static uint32_t roll(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed >> 8) * n >> 24);
}

static struct slice written(
    struct arena *a, const struct sequence_place *v, size_t n, unsigned width)
{
    struct buf b = {0};
    struct err e = {0};
    assert_int_equal(sequence_write(&b, a, v, n, &e), 0);
    struct slice bytes = arena_take(a, &b);
    assert_int_equal(bytes.p[0], width);
    return bytes;
}

static void read_as_written(struct slice bytes, const struct sequence_place *v, size_t n)
{
    struct sequence s;
    sequence_open(&s, bytes);
    for (size_t i = 0; i < n; i++) {
        assert_true(sequence_next(&s));
        assert_int_equal(s.at, v[i].at);
        assert_true(s.code == sequence_code(s.width, v[i].word));
        assert_true(s.code != 0);
    }
    assert_false(sequence_next(&s));
    assert_int_equal(s.left.n, 0);
}

/* Stored in indexes: the same everywhere. */
static void bytes_are_as_told(void **state)
{
    (void)state;
    static const unsigned char wanted[] = {2, 0xef, 0xcd, 0x22, 0x22, 0, 0, 0, 0x33, 0x33, 0, 0, 9,
        0xef, 0xcd, 0, 0, 0xf5, 0xff, 0x3f, 0x44, 0x44};
    struct arena a = {0};
    const struct sequence_place v[] = {{1, 0x1234567890abcdef}, {2, 0x1111111111112222},
        {2, 0x3333}, {11, 0x1234567890abcdef}, {1 << 20, 0x4444}};
    struct slice bytes = written(&a, v, 5, 2);
    assert_int_equal(bytes.n, sizeof wanted);
    assert_memory_equal(bytes.p, wanted, sizeof wanted);
    read_as_written(bytes, v, 5);
    arena_free(&a);
}

/* As many bytes as tell the words of this document from one another and from a gap. */
static void words_have_different_codes(void **state)
{
    (void)state;
    struct arena a = {0};
    static const struct {
        uint64_t one, other;
        unsigned width;
    } rows[] = {{0x10001, 0x10002, 2}, {0x10001, 0x20001, 3}, {0x10000, 0x20001, 3},
        {0x1000001, 0x2000001, 4}, {UINT64_C(1) << 56 | 1, 1, 8}, {5, 5, 2}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct sequence_place v[] = {{4, rows[i].one}, {5, rows[i].other}, {6, rows[i].one}};
        read_as_written(written(&a, v, 3, rows[i].width), v, 3);
    }
    struct sequence_place many[SEQUENCE_SMALL + 1];
    for (uint32_t i = 0; i <= SEQUENCE_SMALL; i++)
        many[i] = (struct sequence_place){i + 1, i + 1};
    read_as_written(written(&a, many, SEQUENCE_SMALL, 2), many, SEQUENCE_SMALL);
    read_as_written(written(&a, many, SEQUENCE_SMALL + 1, 3), many, SEQUENCE_SMALL + 1);
    arena_free(&a);
}

/* --- against places looked at one by one --------------------------------------------------- */

enum { TEXT = 24, WORDS = 5 };

/* Words from `kid` on, at places within [from, end) that none has yet. */
static bool fit(const int *text, const int *asked, size_t n, size_t kid, size_t from, size_t end,
    unsigned taken, bool any_order)
{
    if (kid == n)
        return true;
    for (size_t at = from; at < end && at < TEXT; at++)
        if (text[at] == asked[kid] && !(taken >> at & 1) &&
            fit(text, asked, n, kid + 1, any_order ? from : at + 1, end, taken | 1u << at,
                any_order))
            return true;
    return false;
}

static bool oracle(const int *text, const int *asked, size_t n, size_t window, bool any_order)
{
    for (size_t at = 0; at < TEXT; at++)
        if (fit(text, asked, n, 0, at, at + (window > n ? window : n), 0, any_order))
            return true;
    return false;
}

/* Two bytes do not tell them apart, and the last bits tell some. */
static uint64_t hash_of(int word)
{
    return 0x10000 * (1 + (uint64_t)word) + 7 + (uint64_t)(word & 1);
}

/* The document is known to hold what is asked for. */
static size_t ask_some(const int *text, int *asked, uint64_t *words)
{
    size_t n = 0, most = 1 + roll(4);
    while (n < most) {
        int word = text[roll(TEXT)];
        if (word >= WORDS)
            continue;
        words[n] = hash_of(word);
        asked[n++] = word;
    }
    return n;
}

static void words_are_found_beside_one_another(void **state)
{
    (void)state;
    enum { ROUNDS = 20000 };
    int found = 0;
    for (int round = 0; round < ROUNDS; round++) {
        struct arena a = {0};
        struct err e = {0};
        struct buf b = {0};
        struct sequence_place v[TEXT];
        int text[TEXT], asked[4];
        uint64_t words[4];
        size_t filled = 0, window = roll(8);
        bool any_order = roll(2), holds;
        for (uint32_t at = 0; at < TEXT; at++) {
            text[at] = at ? (int)roll(WORDS * 2) : 0;
            if (text[at] < WORDS)
                v[filled++] = (struct sequence_place){at + 1, hash_of(text[at])};
        }
        size_t n = ask_some(text, asked, words);
        assert_int_equal(sequence_write(&b, &a, v, filled, &e), 0);
        assert_int_equal(
            sequence_holds(&a, buf_view(&b), words, n, (uint32_t)window, any_order, &holds, &e), 0);
        assert_int_equal(holds, oracle(text, asked, n, window, any_order));
        found += holds;
        buf_free(&b);
        arena_free(&a);
    }
    assert_in_range(found, ROUNDS / 5, ROUNDS * 4 / 5);
}

static void forms_share_a_place(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err e = {0};
    bool holds;
    const struct sequence_place v[] = {{1, 100}, {2, 200}, {2, 201}, {3, 300}};
    const uint64_t plain[] = {100, 201, 300}, both[] = {200, 201};
    struct slice bytes = written(&a, v, 4, 2);
    assert_int_equal(sequence_holds(&a, bytes, plain, 3, 0, false, &holds, &e), 0);
    assert_true(holds);
    assert_int_equal(sequence_holds(&a, bytes, both, 2, 0, false, &holds, &e), 0);
    assert_false(holds);
    assert_int_equal(sequence_holds(&a, bytes, both, 2, 0, true, &holds, &e), 0);
    assert_false(holds);
    arena_free(&a);
}

/* Whatever the bytes are: it ends, within them. */
static void any_bytes_can_be_read(void **state)
{
    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct arena a = {0};
        struct err e = {0};
        struct sequence s;
        size_t n = roll(24), codes = 0;
        char *bytes = malloc(n + 1); /* so that a step too far is seen */
        for (size_t i = 0; i < n; i++)
            bytes[i] = (char)(roll(3) ? roll(10) : roll(256));
        const uint64_t words[] = {1, 2};
        bool holds;
        sequence_open(&s, slice_of(bytes, n));
        while (sequence_next(&s))
            assert_true(++codes <= n);
        assert_int_equal(
            sequence_holds(&a, slice_of(bytes, n), words, 2, 3, roll(2), &holds, &e), 0);
        free(bytes);
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(bytes_are_as_told),
        cmocka_unit_test(words_have_different_codes),
        cmocka_unit_test(words_are_found_beside_one_another), cmocka_unit_test(forms_share_a_place),
        cmocka_unit_test(any_bytes_can_be_read)};
    return cmocka_run_group_tests_name("sequence", tests, NULL, NULL);
}
