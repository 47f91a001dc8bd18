// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/terse.h"

enum { MOST = 2000 };

static uint32_t seed = 3;

static uint32_t roll(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed >> 8) * n >> 24);
}

static void comes_back(const uint32_t *at, const uint16_t *wdf, size_t n)
{
    static uint32_t at_again[MOST];
    static uint16_t wdf_again[MOST];
    struct terse t = {0};
    assert_int_equal(terse_make(&t, at, wdf, n), 0);
    assert_int_equal(t.n, n);
    terse_read(&t, at_again, wdf_again);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(at_again[i], at[i]);
        assert_int_equal(wdf_again[i], wdf[i]);
    }
    free(t.bytes);
}

static void lists_come_back(void **state)
{
    static const uint32_t edges[] = {0, 1, 64, 127, 128, 191, 255, 382, 511, 600, 16983, 33500,
        2131000, 1u << 31, UINT32_MAX - 1, UINT32_MAX};
    static const uint16_t often[] = {
        0, 1, 2, 3, 4, 130, 131, 132, 16386, 16387, 65534, 65535, 0, 3, 2, 65535};
    static uint32_t at[MOST];
    static uint16_t wdf[MOST];
    (void)state;
    comes_back(edges, often, 0);
    comes_back(edges, often, sizeof edges / sizeof *edges);
    for (uint32_t most = 1; most < 1000000; most *= 3) {
        uint32_t next = 0;
        for (size_t i = 0; i < MOST; i++) {
            at[i] = next + roll(most);
            next = at[i] + 1;
            wdf[i] = (uint16_t)(roll(4) ? roll(3) : roll(70000));
        }
        comes_back(at, wdf, MOST);
    }
}

static void long_lists_take_a_byte_a_document(void **state)
{
    static uint32_t at[MOST];
    static uint16_t wdf[MOST];
    struct terse t = {0};
    (void)state;
    for (uint32_t i = 0; i < MOST; i++) {
        at[i] = 63 * i;
        wdf[i] = (uint16_t)(i % 3);
    }
    assert_int_equal(terse_make(&t, at, wdf, MOST), 0);
    assert_int_equal(t.size, MOST);
    free(t.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_come_back),
        cmocka_unit_test(long_lists_take_a_byte_a_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
