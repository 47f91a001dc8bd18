// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/pack.h"

enum { SAMPLES = 400 };

static size_t sample(char *to, size_t room, unsigned i)
{
    return (size_t)snprintf(to, room,
        "models/Muse Spark.md\nTimeline\n[[2026-04-%02u-AI-Digest]]: entry %u says that weights "
        "are "
        "%s",
        1 + i % 28, i * 7919u, i % 3 ? "open" : "withheld");
}

static struct slice dictionary(struct arena *a, size_t n, size_t bytes)
{
    struct buf all = {0};
    size_t sizes[SAMPLES];
    struct slice made;
    struct err e = {0};
    char text[256];
    for (unsigned i = 0; i < n; i++) {
        sizes[i] = sample(text, sizeof text, i);
        buf_add(&all, text, sizes[i]);
    }
    assert_int_equal(pack_train(a, buf_view(&all), sizes, n, bytes, &made, &e), 0);
    buf_free(&all);
    return made;
}

static void dictionaries_are_made_where_they_pay(void **state)
{
    (void)state;
    struct arena a = {0};
    assert_true(dictionary(&a, SAMPLES, 8192).n > 0);
    assert_true(dictionary(&a, SAMPLES, 8192).n <= 8192);
    assert_int_equal(dictionary(&a, SAMPLES, 100).n, 0);
    assert_int_equal(dictionary(&a, 3, 8192).n, 0);
    assert_int_equal(dictionary(&a, 0, 8192).n, 0);
    arena_free(&a);
}

/* Bytes that all texts take, packed; each comes back as it was. */
static size_t there_and_back(struct arena *a, struct slice with)
{
    struct pack *p, *other;
    struct err e = {0};
    size_t sum = 0;
    char text[256];
    assert_int_equal(pack_new(&p, with, &e), 0);
    assert_int_equal(pack_new(&other, with, &e), 0);
    for (unsigned i = 0; i < 2 * SAMPLES; i++) {
        struct buf b = {0};
        struct slice back, was = slice_of(text, i ? sample(text, sizeof text, i) : 0);
        assert_int_equal(pack_write(p, was, &b, &e), 0);
        assert_int_equal(pack_read(other, a, buf_view(&b), &back, &e), 0);
        assert_true(slice_eq(back, was));
        sum += b.n;
        buf_free(&b);
    }
    pack_free(p);
    pack_free(other);
    return sum;
}

static void texts_come_back(void **state)
{
    (void)state;
    struct arena a = {0};
    size_t with = there_and_back(&a, dictionary(&a, SAMPLES, 8192)),
           without = there_and_back(&a, slice_of(NULL, 0));
    assert_true(2 * with < without);
    arena_free(&a);
}

static void damage_is_told(void **state)
{
    (void)state;
    struct arena a = {0};
    struct pack *p, *without;
    struct buf b = {0};
    struct err e = {0};
    struct slice back;
    assert_int_equal(pack_new(&p, dictionary(&a, SAMPLES, 8192), &e), 0);
    assert_int_equal(pack_new(&without, slice_of(NULL, 0), &e), 0);
    assert_int_equal(pack_write(p, SLICE_LIT("entry 7919 says that weights are open"), &b, &e), 0);
    for (size_t n = 0; n < b.n; n++) {
        err_clear(&e);
        assert_int_equal(pack_read(p, &a, slice_of(b.p, n), &back, &e), -1);
        assert_int_equal(e.code, ERR_DAMAGED);
    }
    for (size_t i = 0; i < b.n * 8; i++) { /* one bit; what comes back may be another text */
        err_clear(&e);
        b.p[i / 8] = (char)(b.p[i / 8] ^ 1 << i % 8);
        int rc = pack_read(p, &a, buf_view(&b), &back, &e);
        assert_true(rc == 0 || e.code == ERR_DAMAGED);
        b.p[i / 8] = (char)(b.p[i / 8] ^ 1 << i % 8);
    }
    err_clear(&e);
    assert_true(pack_read(without, &a, buf_view(&b), &back, &e) == -1 && e.code == ERR_DAMAGED);
    buf_free(&b);
    pack_free(p);
    pack_free(without);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dictionaries_are_made_where_they_pay),
        cmocka_unit_test(texts_come_back),
        cmocka_unit_test(damage_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
