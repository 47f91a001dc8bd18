// SPDX-License-Identifier: GPL-2.0-or-later
/* The ground floor: slice, arena, buf, err. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/err.h"

/* AddressSanitizer would end the program where malloc is to say no. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void slices_compare_by_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        int order;
    } rows[] = {{"", "", 0}, {"", "a", -1}, {"a", "a", 0}, {"ab", "a", 1}, {"a", "b", -1},
        {"\xff", "a", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        int got = slice_cmp(slice_str(rows[i].a), slice_str(rows[i].b));
        assert_int_equal((got > 0) - (got < 0), rows[i].order);
        assert_int_equal(slice_eq(slice_str(rows[i].a), slice_str(rows[i].b)), !rows[i].order);
    }
    assert_true(slice_is(slice_trim(slice_str(" \t a b\r\n")), "a b"));
    assert_true(slice_is(slice_trim(slice_str(" \n")), ""));
    assert_true(slice_starts(slice_str("abc"), slice_str("ab")));
    assert_false(slice_starts(slice_str("a"), slice_str("ab")));
    assert_true(slice_ends(slice_str("abc"), slice_str("bc")));
    assert_false(slice_ends(slice_str("c"), slice_str("bc")));
}

static void arena_memory_is_zeroed_and_apart(void **state)
{
    (void)state;
    struct arena a = {0};
    unsigned char *all[500];
    size_t size[500];
    for (size_t i = 0; i < 500; i++) {
        size[i] = i * 37 % 9000;
        all[i] = arena_alloc(&a, size[i]);
        assert_non_null(all[i]);
        assert_int_equal((uintptr_t)all[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < size[i]; k++)
            assert_int_equal(all[i][k], 0);
        memset(all[i], (int)(i & 0xff), size[i]);
    }
    for (size_t i = 0; i < 500; i++)
        for (size_t k = 0; k < size[i]; k++)
            assert_int_equal(all[i][k], i & 0xff);
    arena_free(&a);
    assert_null(a.chunk);
}

static void arena_reset_hands_out_zeroes_again(void **state)
{
    (void)state;
    struct arena a = {0};
    for (int round = 0; round < 3; round++) {
        char *p = arena_alloc(&a, 3000);
        for (size_t i = 0; i < 3000; i++)
            assert_int_equal(p[i], 0);
        memset(p, 'x', 3000);
        arena_reset(&a);
    }
    assert_non_null(arena_alloc(&a, 3 << 20));
    arena_reset(&a);
    assert_null(a.chunk);
    arena_free(&a);
}

static void arena_recycle_keeps_one_piece(void **state)
{
    (void)state;
    enum { MOST = 2 << 20 };
    struct arena a = {0};
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 40; i++)
            assert_non_null(arena_raw(&a, 40000));
        arena_recycle(&a, MOST);
    }
    const struct arena_chunk *kept = a.chunk;
    for (int i = 0; i < 40; i++)
        assert_non_null(arena_raw(&a, 40000));
    assert_ptr_equal(a.chunk, kept); /* all of it fitted */
    assert_non_null(arena_raw(&a, 3 * MOST));
    arena_recycle(&a, MOST);
    assert_non_null(arena_raw(&a, MOST));
    kept = a.chunk;
    assert_null(arena_raw(&a, SIZE_MAX / 2 - 64));
    assert_true(a.failed);
    arena_recycle(&a, MOST);
    assert_false(a.failed);
    assert_ptr_equal(a.chunk, kept); /* and no more */
    arena_free(&a);
}

/* What is large is zeroed whether or not it was used before, and takes no memory until it is. */
static void arena_memory_that_is_large(void **state)
{
    (void)state;
    enum { LARGE = 3 << 19 };
    struct arena a = {0};
    struct rusage before, after;
    for (int round = 0; round < 3; round++) {
        char *p = arena_alloc(&a, LARGE);
        assert_non_null(p);
        for (size_t i = 0; i < LARGE; i++)
            assert_int_equal(p[i], 0);
        memset(p, 'x', LARGE);
        arena_recycle(&a, 2 * LARGE);
    }
    getrusage(RUSAGE_SELF, &before);
    assert_non_null(arena_alloc(&a, 64 << 20));
    getrusage(RUSAGE_SELF, &after);
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
    assert_true(after.ru_maxrss - before.ru_maxrss < 32 << 10);
#endif
    arena_free(&a);
}

static void arena_refuses_what_cannot_be(void **state)
{
    (void)state;
    struct arena a = {0};
    assert_null(arena_alloc(&a, SIZE_MAX));
    assert_null(arena_array(&a, SIZE_MAX / 2, 4));
    assert_non_null(arena_alloc(&a, 0));
    arena_free(&a);
}

static void arena_push_grows(void **state)
{
    (void)state;
    struct arena a = {0};
    int *v = NULL;
    size_t n = 0, cap = 0;
    for (int i = 0; i < 1000; i++)
        assert_true(ARENA_PUSH(&a, v, n, cap, i));
    assert_int_equal(n, 1000);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(v[i], i);
    assert_string_equal(arena_printf(&a, "%d-%s", 7, "x"), "7-x");
    assert_string_equal(arena_strndup(&a, "abc", 2), "ab");
    arena_free(&a);
}

/* A large array takes its place along, and what was handed out beside it stays. */
static void arena_push_leaves_nothing_behind(void **state)
{
    (void)state;
    struct arena a = {0};
    uint32_t *v = NULL;
    char *other = NULL;
    size_t n = 0, cap = 0;
    for (uint32_t i = 0; i < 3000000; i++) {
        assert_true(ARENA_PUSH(&a, v, n, cap, i));
        if (i % 500000 == 0)
            assert_non_null(other = arena_strndup(&a, "beside", 6));
    }
    for (uint32_t i = 0; i < 3000000; i++)
        assert_true(v[i] == i);
    assert_string_equal(other, "beside");
    assert_in_range(a.used, cap * sizeof *v, cap * sizeof *v + (3 << 20));
    arena_free(&a);
}

static void numbers_and_strings_come_back(void **state)
{
    (void)state;
    static const uint64_t numbers[] = {0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX};
    struct buf b = {0};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        buf_varint(&b, numbers[i]);
        buf_lenstr(&b, SLICE_LIT("a\0b"));
    }
    struct slice in = buf_view(&b);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        uint64_t v;
        struct slice s;
        assert_true(take_varint(&in, &v));
        assert_true(v == numbers[i]);
        assert_true(take_lenstr(&in, &s));
        assert_true(slice_eq(s, SLICE_LIT("a\0b")));
    }
    assert_int_equal(in.n, 0);
    buf_free(&b);
}

static void broken_numbers_are_refused(void **state)
{
    (void)state;
    static const struct slice bad[] = {{"", 0}, {"\x80", 1},
        {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10},
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct slice in = bad[i];
        uint64_t v;
        assert_false(take_varint(&in, &v));
        assert_ptr_equal(in.p, bad[i].p);
    }
    struct slice in = SLICE_LIT("\x05"
                                "abc"),
                 s;
    assert_false(take_lenstr(&in, &s));
    assert_int_equal(in.n, 4);
}

static void buffers_grow_drop_and_print(void **state)
{
    (void)state;
    struct buf b = {0};
    for (int i = 0; i < 1000; i++)
        buf_printf(&b, "%d,", i);
    buf_uint(&b, UINT64_MAX);
    assert_true(slice_ends(buf_view(&b), SLICE_LIT("999,18446744073709551615")));
    buf_drop(&b, b.n - 3);
    assert_string_equal(buf_cstr(&b), "615");
    buf_clear(&b);
    assert_string_equal(buf_cstr(&b), "");
    assert_null(buf_room(&b, SIZE_MAX));
    assert_true(b.failed);
    buf_str(&b, "no more");
    assert_int_equal(b.n, 0);
    buf_free(&b);
}

static void the_first_error_stands(void **state)
{
    (void)state;
    struct err e = {0};
    assert_int_equal(err_at(&e, ERR_QUERY, 7, "one\ntwo %d", 3), -1);
    assert_int_equal(err_set(&e, ERR_IO, "later"), -1);
    assert_int_equal(e.code, ERR_QUERY);
    assert_int_equal(e.at, 7);
    assert_string_equal(e.text, "one two 3");
    err_clear(&e);
    err_set(&e, ERR_IO, "a\xafz \xc3");
    assert_string_equal(e.text, "a?z ?");
    assert_int_equal(err_set(NULL, ERR_IO, "nobody listens"), -1);
    err_clear(&e);
    assert_int_equal(e.code, ERR_NONE);
}

static void long_errors_are_cut_between_characters(void **state)
{
    (void)state;
    for (size_t lead = 0; lead < 4; lead++) {
        char text[1200] = "";
        memset(text, 'x', lead);
        for (size_t i = lead; i + 3 < sizeof text; i += 3)
            memcpy(text + i, "\xe6\xa8\xa1", 3);
        struct err e = {0};
        err_set(&e, ERR_IO, "%s", text);
        size_t n = strlen(e.text);
        assert_true(n < sizeof e.text);
        assert_int_equal((n - lead) % 3, 0);
    }
}

static void reasons_lead_back_to_codes(void **state)
{
    (void)state;
    for (int c = 1; c < ERR_COUNT; c++) {
        const char *reason = err_reason((enum err_code)c);
        assert_int_equal(err_by_reason(reason, strlen(reason)), c);
        assert_non_null(err_meaning((enum err_code)c));
        assert_true(err_exit((enum err_code)c) > 0);
        assert_true(err_rpc((enum err_code)c) != 0);
    }
    assert_int_equal(err_by_reason("nonsense", 8), ERR_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slices_compare_by_bytes),
        cmocka_unit_test(arena_memory_is_zeroed_and_apart),
        cmocka_unit_test(arena_reset_hands_out_zeroes_again),
        cmocka_unit_test(arena_recycle_keeps_one_piece),
        cmocka_unit_test(arena_memory_that_is_large),
        cmocka_unit_test(arena_refuses_what_cannot_be),
        cmocka_unit_test(arena_push_grows),
        cmocka_unit_test(arena_push_leaves_nothing_behind),
        cmocka_unit_test(numbers_and_strings_come_back),
        cmocka_unit_test(broken_numbers_are_refused),
        cmocka_unit_test(buffers_grow_drop_and_print),
        cmocka_unit_test(the_first_error_stands),
        cmocka_unit_test(long_errors_are_cut_between_characters),
        cmocka_unit_test(reasons_lead_back_to_codes),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
