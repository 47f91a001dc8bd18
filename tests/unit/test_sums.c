// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/sums.h"

enum { DOCUMENTS = 1000, LISTS = 6 };

static uint32_t seed = 5;

static uint32_t roll(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed >> 8) * n >> 24);
}

/* Again and again with the same sums: what was taken is gone. */
static void lists_add_up(void **state)
{
    static uint32_t at[DOCUMENTS], sum[DOCUMENTS], got_at[DOCUMENTS];
    static uint16_t wdf[DOCUMENTS], got[DOCUMENTS];
    struct sums s = {0};
    struct err e = {0};
    (void)state;
    for (int round = 0; round < 300; round++) {
        bool any[DOCUMENTS] = {false};
        memset(sum, 0, sizeof sum);
        assert_int_equal(sums_make(&s, DOCUMENTS, &e), 0);
        for (uint32_t lists = roll(LISTS); lists; lists--) {
            uint32_t n = 0, gap = 1 + roll(400);
            for (uint32_t d = roll(DOCUMENTS); d < DOCUMENTS; d += 1 + roll(gap)) {
                at[n] = d;
                wdf[n] = (uint16_t)(roll(3) ? roll(4) : roll(65536));
                any[d] = true;
                sum[d] += wdf[n++];
            }
            sums_add(&s, at, wdf, n);
        }
        size_t n = 0;
        for (uint32_t d = 0; d < DOCUMENTS; d++)
            n += any[d];
        assert_int_equal(s.n, n);
        sums_take(&s, got_at, got);
        n = 0;
        for (uint32_t d = 0; d < DOCUMENTS; d++) {
            if (!any[d])
                continue;
            assert_int_equal(got_at[n], d);
            assert_int_equal(got[n++], sum[d] < UINT16_MAX ? sum[d] : UINT16_MAX);
        }
        assert_int_equal(s.n, 0);
    }
    sums_free(&s);
    assert_null(s.wdf);
    sums_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lists_add_up)};
    return cmocka_run_group_tests_name("sums", tests, NULL, NULL);
}
