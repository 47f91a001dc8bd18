// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/unite.h"

enum { DOCUMENTS = 3000, LISTS = 6 };

static uint32_t seed = 5;

static uint32_t roll(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed >> 8) * n >> 24);
}

static struct unite_list random_list(uint32_t *sum, bool *any)
{
    struct unite_list l = {calloc(DOCUMENTS, sizeof *l.at), calloc(DOCUMENTS, sizeof *l.wdf), 0};
    uint32_t gap = roll(3) ? 1 + roll(12) : 1 + roll(900);
    for (uint32_t d = roll(4) ? roll(gap) : roll(DOCUMENTS); d < DOCUMENTS; d += 1 + roll(gap)) {
        l.at[l.n] = d;
        l.wdf[l.n] = (uint16_t)(roll(3) ? roll(4) : roll(65536));
        any[d] = true;
        sum[d] += l.wdf[l.n++];
    }
    return l;
}

/* Against sums in arrays of all documents. */
static void lists_are_one(void **state)
{
    static uint32_t sum[DOCUMENTS];
    static bool any[DOCUMENTS];
    struct err e = {0};
    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct arena a = {0};
        struct unite_list v[LISTS], given[LISTS], all;
        size_t n = roll(LISTS + 1), k = 0;
        memset(sum, 0, sizeof sum);
        memset(any, 0, sizeof any);
        for (size_t i = 0; i < n; i++)
            given[i] = v[i] = random_list(sum, any);
        assert_int_equal(unite_lists(&a, v, n, &all, &e), 0);
        for (uint32_t d = 0; d < DOCUMENTS; d++) {
            if (!any[d])
                continue;
            assert_true(k < all.n);
            assert_int_equal(all.at[k], d);
            assert_int_equal(all.wdf[k++], sum[d] < UINT16_MAX ? sum[d] : UINT16_MAX);
        }
        assert_int_equal(k, all.n);
        for (size_t i = 0; i < n; i++) {
            free(given[i].at);
            free(given[i].wdf);
        }
        arena_free(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lists_are_one)};
    return cmocka_run_group_tests_name("unite", tests, NULL, NULL);
}
