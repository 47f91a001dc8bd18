// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/buf.h"
#include "lib/hash.h"
#include "lib/schema.h"
#include "lib/utf8.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void hashes_are_the_same_for_ever(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t seed;
        const char *hash;
    } rows[] = {
        {"", 0, "99318b24a3999a6d"},
        {"a", 0, "fe948bd38981c044"},
        {"closed source, open weights", 7, "cba90b890a1c6aa9"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[17];
        hash_format(hash64(slice_str(rows[i].text), rows[i].seed), text);
        assert_string_equal(text, rows[i].hash);
    }
}

/* Each bit of the input, of the length and of the seed changes about half of the hash. */
static void every_bit_counts(void **state)
{
    (void)state;
    char bytes[64];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 37);
    for (size_t n = 1; n <= sizeof bytes; n++) {
        uint64_t whole = hash64(slice_of(bytes, n), 1);
        int changed = 0;
        for (size_t bit = 0; bit < n * 8; bit++) {
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
            int differ = __builtin_popcountll(whole ^ hash64(slice_of(bytes, n), 1));
            bytes[bit / 8] = (char)(bytes[bit / 8] ^ 1 << bit % 8);
            assert_in_range(differ, 8, 56);
            changed += differ;
        }
        assert_in_range(changed / ((int)n * 8), 28, 36);
        assert_true(whole != hash64(slice_of(bytes, n), 2));
        assert_true(whole != hash64(slice_of(bytes, n - 1), 1));
    }
    static const char zeros[64];
    for (size_t n = 1; n <= sizeof zeros; n++)
        assert_true(hash64(slice_of(zeros, n), 0) != hash64(slice_of(zeros, n - 1), 0));
}

static struct slice filled(char *bytes, size_t n, const char *with)
{
    size_t length = strlen(with);
    for (size_t i = 0; i < n; i++)
        bytes[i] = with[i % length];
    return slice_of(bytes, n);
}

static void terms_stay_below_the_limit(void **state)
{
    (void)state;
    struct arena a = {0};
    char bytes[400];
    assert_true(slice_is(schema_term(&a, 'K', SLICE_LIT("entry")), "Kentry"));
    assert_true(slice_is(schema_term(&a, 0, SLICE_LIT("entry")), "entry"));
    assert_true(slice_is(schema_term(&a, 'R', (struct slice){0}), "R"));
    assert_int_equal(schema_term(&a, 'T', filled(bytes, 239, "x")).n, 240);
    struct slice cut = schema_term(&a, 'T', filled(bytes, 240, "x"));
    assert_int_equal(cut.n, 240);
    assert_memory_equal(cut.p + 1, bytes, 223);
    struct slice other = schema_term(&a, 'T', filled(bytes, 241, "x"));
    assert_memory_equal(cut.p, other.p, 224);
    assert_false(slice_eq(cut, other));
    struct slice wide = schema_term(&a, 'T', filled(bytes, 399, "\xe4\xba\xba"));
    assert_true(wide.n <= 240);
    assert_int_equal(utf8_valid(wide), wide.n);
    arena_free(&a);
}

static void links_and_paths_meet(void **state)
{
    (void)state;
    static const struct {
        const char *target, *key;
    } rows[] = {
        {"Muse Spark", "muse spark"},
        {"Muse%20Spark.md", "muse spark"},
        {"./daily/2026-04-09.MD", "daily/2026-04-09"},
        {"/daily\\x.markdown", "daily/x"},
        {".//./x", "x"},
        {"../x", "../x"},
        {"  Muse \t Spark\xc2\xa0", "muse spark"},
        {"Zu\xcc\x88rich", "z\xc3\xbcrich"},
        {"Z%C3%9Crich", "z\xc3\xbcrich"},
        {"100% sure %zz %4z %4", "100% sure %zz %4z %4"},
        {"%6d%6D", "mm"},
        {"md", "md"},
        {".md", ".md"},
        {"a.md.md", "a.md"},
        {"notes.txt", "notes.txt"},
        {"", ""},
        {"/", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena a = {0};
        struct slice key = schema_link_key(&a, slice_str(rows[i].target));
        if (!slice_is(key, rows[i].key))
            print_error("%s: %.*s\n", rows[i].target, (int)key.n, key.p);
        assert_true(slice_is(key, rows[i].key));
        arena_free(&a);
    }
}

static void days_have_their_docids(void **state)
{
    (void)state;
    assert_int_equal(schema_day_docid(DOCID_NEWEST), 1);
    assert_int_equal(schema_day_docid(DOCID_NEWEST + 1), 0);
    assert_int_equal(schema_day_docid(DOCID_NEWEST - 1), (1 << DOCID_DAY_BITS) + 1);
    day_t oldest = DOCID_NEWEST - DOCID_DAYS + 1;
    assert_int_equal(oldest, day_of(2004, 12, 7));
    assert_int_equal(DOCID_NEWEST, day_of(2045, 12, 31));
    assert_int_equal(schema_day_docid(oldest) + (1 << DOCID_DAY_BITS), (uint32_t)DOCID_UNDATED);
    assert_int_equal(schema_day_docid(oldest - 1), 0);
    assert_int_equal(schema_day_docid(DAY_NONE), 0);
    assert_true((uint32_t)DOCID_UNDATED < (uint32_t)DOCID_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes_are_the_same_for_ever),
        cmocka_unit_test(every_bit_counts),
        cmocka_unit_test(terms_stay_below_the_limit),
        cmocka_unit_test(links_and_paths_meet),
        cmocka_unit_test(days_have_their_docids),
    };
    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
