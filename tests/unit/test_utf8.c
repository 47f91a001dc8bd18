// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "lib/utf8.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

typedef void transform(struct buf *, struct slice);

static void check(transform *f, struct slice in, struct slice want)
{
    struct buf out = {0};
    f(&out, in);
    if (!slice_eq(buf_view(&out), want))
        print_error("\"%.*s\" became \"%.*s\", not \"%.*s\"\n", (int)in.n, in.p, (int)out.n, out.p,
            (int)want.n, want.p);
    assert_true(slice_eq(buf_view(&out), want));
    buf_free(&out);
}

struct pair {
    const char *in, *out;
};

static void check_table(transform *f, const struct pair *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check(f, slice_str(rows[i].in), slice_str(rows[i].out));
}

/* Every sequence of up to four bytes from a set that holds the borders of each form, against the
 * table of the standard (Unicode, table 3-7) written out as ranges. */
static size_t well_formed(const unsigned char *p, size_t n)
{
    static const struct {
        unsigned char low, high, low2, high2;
        size_t length;
    } rows[] = {
        {0x00, 0x7f, 0, 0, 1},
        {0xc2, 0xdf, 0x80, 0xbf, 2},
        {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3},
        {0xed, 0xed, 0x80, 0x9f, 3},
        {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4},
        {0xf1, 0xf3, 0x80, 0xbf, 4},
        {0xf4, 0xf4, 0x80, 0x8f, 4},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (p[0] < rows[i].low || p[0] > rows[i].high || n < rows[i].length)
            continue;
        if (rows[i].length > 1 && (p[1] < rows[i].low2 || p[1] > rows[i].high2))
            return 0;
        for (size_t k = 2; k < rows[i].length; k++)
            if (p[k] < 0x80 || p[k] > 0xbf)
                return 0;
        return rows[i].length;
    }
    return 0;
}

static void decodes_what_the_standard_allows(void **state)
{
    (void)state;
    static const unsigned char set[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0,
        0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
    size_t n = COUNT(set);
    for (size_t i = 0; i < n * n * n * n; i++) {
        unsigned char bytes[] = {
            set[i % n], set[i / n % n], set[i / n / n % n], set[i / n / n / n]};
        for (size_t length = 1; length <= 4; length++) {
            struct slice s = slice_of((const char *)bytes, length);
            size_t want = well_formed(bytes, length);
            uint32_t cp = utf8_next(&s);
            assert_int_equal(length - s.n, want ? want : 1);
            assert_int_equal(cp == 0xfffd, !want || memcmp(bytes, "\xef\xbf\xbd", 3) == 0);
        }
    }
}

static void every_character_survives_writing_and_reading(void **state)
{
    (void)state;
    struct buf b = {0};
    for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
        if (cp >= 0xd800 && cp <= 0xdfff)
            continue;
        buf_clear(&b);
        utf8_put(&b, cp);
        struct slice s = buf_view(&b);
        assert_int_equal(utf8_valid(s), s.n);
        assert_int_equal(utf8_next(&s), cp);
        assert_int_equal(s.n, 0);
    }
    buf_clear(&b);
    utf8_put(&b, 0xd800);
    utf8_put(&b, 0x110000);
    assert_true(slice_is(buf_view(&b), "\xef\xbf\xbd\xef\xbf\xbd"));
    buf_free(&b);
}

static void tells_where_bytes_go_wrong(void **state)
{
    (void)state;
    assert_int_equal(utf8_valid(SLICE_LIT("")), 0);
    assert_int_equal(utf8_valid(SLICE_LIT("0123456789abcdef\xff")), 16);
    assert_int_equal(utf8_valid(SLICE_LIT("0123456789\xc3\xbc cdef")), 17);
    assert_int_equal(utf8_valid(SLICE_LIT("abc\xc3")), 3);
    check(utf8_clean, SLICE_LIT("a\xff\xfe\xc3\xbc\xe4\xbd"),
        SLICE_LIT("a\xef\xbf\xbd\xef\xbf\xbd\xc3\xbc\xef\xbf\xbd\xef\xbf\xbd"));
}

static void floors_at_characters(void **state)
{
    (void)state;
    struct slice s = SLICE_LIT("a\xc3\xbc\xe4\xbd\xa0\xf0\x9f\x98\x80");
    static const size_t want[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (size_t n = 0; n < COUNT(want); n++)
        assert_int_equal(utf8_floor(s, n), want[n]);
    assert_int_equal(utf8_floor(SLICE_LIT("\x80\x80\x80\x80"), 2), 2);
}

static void classifies(void **state)
{
    (void)state;
    static const struct {
        uint32_t cp;
        enum utf8_class class;
    } rows[] = {
        {'a', UTF8_LETTER},
        {'Z', UTF8_LETTER},
        {'7', UTF8_DIGIT},
        {' ', UTF8_SPACE},
        {'\n', UTF8_SPACE},
        {'\0', UTF8_IGNORED},
        {0x1b, UTF8_IGNORED},
        {0x7f, UTF8_IGNORED},
        {'_', UTF8_OTHER},
        {'@', UTF8_OTHER},
        {'[', UTF8_OTHER},
        {'`', UTF8_OTHER},
        {'{', UTF8_OTHER},
        {'/', UTF8_OTHER},
        {':', UTF8_OTHER},
        {0x85, UTF8_SPACE},
        {0xa0, UTF8_SPACE},
        {0x2028, UTF8_SPACE},
        {0x3000, UTF8_SPACE},
        {0x202f, UTF8_SPACE},
        {0xad, UTF8_IGNORED},
        {0x200b, UTF8_IGNORED},
        {0x200d, UTF8_IGNORED},
        {0x2060, UTF8_IGNORED},
        {0xfeff, UTF8_IGNORED},
        {0xfe0f, UTF8_IGNORED},
        {0xe0101, UTF8_IGNORED},
        {0x20e3, UTF8_IGNORED},
        {0x202e, UTF8_IGNORED},
        {0xfc, UTF8_LETTER},
        {0x301, UTF8_LETTER},
        {0x131, UTF8_LETTER},
        {0x44f, UTF8_LETTER},
        {0x905, UTF8_LETTER},
        {0x93f, UTF8_LETTER},
        {0x2167, UTF8_LETTER},
        {0x660, UTF8_DIGIT},
        {0xff15, UTF8_DIGIT},
        {0x2082, UTF8_DIGIT},
        {0xb2, UTF8_OTHER},
        {0xff27, UTF8_LETTER},
        {0x1d400, UTF8_LETTER},
        {0x4e00, UTF8_IDEO},
        {0x9fff, UTF8_IDEO},
        {0x20000, UTF8_IDEO},
        {0x3005, UTF8_IDEO},
        {0x3007, UTF8_IDEO},
        {0x3042, UTF8_IDEO},
        {0x30ab, UTF8_IDEO},
        {0x30fc, UTF8_IDEO},
        {0xff76, UTF8_IDEO},
        {0xac00, UTF8_IDEO},
        {0x1100, UTF8_IDEO},
        {0x3105, UTF8_IDEO},
        {0x30fb, UTF8_OTHER},
        {0x3002, UTF8_OTHER},
        {0x1f600, UTF8_OTHER},
        {0x2014, UTF8_OTHER},
        {0xfffd, UTF8_OTHER},
        {0x20ac, UTF8_OTHER},
        {0xe000, UTF8_OTHER},
        {0x10ffff, UTF8_OTHER},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (utf8_class(rows[i].cp) != rows[i].class)
            print_error("U+%04X\n", (unsigned)rows[i].cp);
        assert_int_equal(utf8_class(rows[i].cp), rows[i].class);
    }
    assert_true(utf8_is_upper('A') && utf8_is_upper(0xdc) && utf8_is_upper(0x42f));
    assert_false(utf8_is_upper('a') || utf8_is_upper('5') || utf8_is_upper(0xdf));
    assert_true(utf8_is_mark(0x301) && utf8_is_mark(0x93f) && utf8_is_mark(0x3099));
    assert_false(utf8_is_mark('a') || utf8_is_mark(0xe9) || utf8_is_mark(0x4e00));
}

static void folds(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        {"t\x01\xcc\x8c", "\xc5\xa5"},
        {"", ""},
        {"GPT-5 Turbo\n", "gpt-5 turbo\n"},
        {"Zu\xcc\x88rich", "z\xc3\xbcrich"},
        {"Z\xc3\x9cRICH", "z\xc3\xbcrich"},
        {"Stra\xc3\x9f"
         "e",
            "strasse"},
        {"\xe1\xba\x9e", "ss"},
        {"\xce\xa3\xce\xaf\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x82",
            "\xcf\x83\xce\xaf\xcf\x83\xcf\x85\xcf\x86\xce\xbf\xcf\x83"},
        {"\xef\xbc\xa7\xef\xbc\xb0\xef\xbc\xb4\xef\xbc\x8d\xef\xbc\x95", "gpt-5"},
        {"\xef\xac\x81nal", "final"},
        {"10\xc2\xb2 H\xe2\x82\x82O", "102 h2o"},
        {"\xf0\x9d\x90\x86\xf0\x9d\x90\x8f", "gp"},
        {"soft\xc2\xadhyphen zero\xe2\x80\x8bwidth\x01", "softhyphen zerowidth"},
        {"\xc4\xb0", "i\xcc\x87"},
        {"\xc4\xb1", "\xc4\xb1"},
        {"\xef\xbd\xb6\xef\xbe\x9e", "\xe3\x82\xac"},
        {"\xe3\x82\xab\xe3\x82\x99", "\xe3\x82\xac"},
        {"\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab", "\xed\x95\x9c"},
        {"e\xcc\x81\xcc\xa3", "\xe1\xba\xb9\xcc\x81"},
        {"\xe4\xba\xba\xe5\xb7\xa5", "\xe4\xba\xba\xe5\xb7\xa5"},
        {"\xc2\xbd \xe2\x84\xa2", "\xc2\xbd tm"},
        {"bad\xff", "bad\xef\xbf\xbd"},
    };
    check_table(utf8_fold, rows, COUNT(rows));
}

static void leaves_accents_out(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        {"z\xc3\xbcrich", "zurich"},
        {"\xc3\xb8l og \xc3\xa6rlig", "ol og aerlig"},
        {"\xc5\x82\xc3\xb3"
         "d\xc5\xba",
            "lodz"},
        {"\xc4\xb1\xc5\x9f\xc4\xb1k", "isik"},
        {"i\xcc\x87stanbul", "istanbul"},
        {"\xe1\xba\xb9\xcc\x81", "e"},
        {"ti\xe1\xba\xbfng vi\xe1\xbb\x87t", "tieng viet"},
        {"\xd0\xb5\xd1\x89\xd1\x91", "\xd0\xb5\xd1\x89\xd0\xb5"},
        {"\xd0\xbc\xd0\xbe\xd0\xb9", "\xd0\xbc\xd0\xbe\xd0\xb9"},
        {"\xe3\x82\xac\xe3\x83\xbc", "\xe3\x82\xac\xe3\x83\xbc"},
        {"\xe0\xa4\xb9\xe0\xa4\xbf\xe0\xa4\xa8\xe0\xa5\x8d\xe0\xa4\xa6\xe0\xa5\x80",
            "\xe0\xa4\xb9\xe0\xa4\xbf\xe0\xa4\xa8\xe0\xa5\x8d\xe0\xa4\xa6\xe0\xa5\x80"},
        {"\xed\x95\x9c\xea\xb5\xad", "\xed\x95\x9c\xea\xb5\xad"},
        {"plain", "plain"},
    };
    check_table(utf8_plain, rows, COUNT(rows));
}

static void folding_twice_changes_nothing(void **state)
{
    (void)state;
    struct buf one = {0}, two = {0};
    for (uint32_t cp = 0; cp <= 0x10ffff; cp++) {
        if (cp >= 0xd800 && cp <= 0xdfff)
            continue;
        buf_clear(&two);
        utf8_put(&two, cp);
        buf_clear(&one);
        utf8_fold(&one, buf_view(&two));
        buf_clear(&two);
        utf8_fold(&two, buf_view(&one));
        assert_int_equal(utf8_valid(buf_view(&one)), one.n);
        assert_true(slice_eq(buf_view(&one), buf_view(&two)));
        buf_clear(&two);
        utf8_plain(&two, buf_view(&one));
        buf_clear(&one);
        utf8_plain(&one, buf_view(&two));
        assert_true(slice_eq(buf_view(&one), buf_view(&two)));
    }
    buf_free(&one);
    buf_free(&two);
}

/* More marks on one letter than any script has. */
static void survives_a_pile_of_marks(void **state)
{
    (void)state;
    struct buf in = {0}, out = {0};
    buf_char(&in, 'A');
    for (int i = 0; i < 100000; i++)
        utf8_put(&in, i % 2 ? 0x301 : 0x323);
    utf8_fold(&out, buf_view(&in));
    assert_int_equal(utf8_valid(buf_view(&out)), out.n);
    buf_clear(&in);
    utf8_plain(&in, buf_view(&out));
    assert_true(slice_is(buf_view(&in), "a"));
    buf_free(&in);
    buf_free(&out);
}

static void prints_safely(void **state)
{
    (void)state;
    static const struct pair rows[] = {
        {"a\tb\nc\r\n", "a b c  "},
        {"\x1b[31mred\x07", "\xef\xbf\xbd[31mred\xef\xbf\xbd"},
        {"\xc2\x9b"
         "31m",
            "\xef\xbf\xbd"
            "31m"},
        {"a\xe2\x80\xae"
         "b\xe2\x81\xa6"
         "c\xe2\x80\x8f",
            "a\xef\xbf\xbd"
            "b\xef\xbf\xbd"
            "c\xef\xbf\xbd"},
        {"x\xe2\x80\xa8y\xc2\x85z", "x y z"},
        {"\x7f\xff", "\xef\xbf\xbd\xef\xbf\xbd"},
        {"Z\xc3\xbcrich \xe4\xba\xba", "Z\xc3\xbcrich \xe4\xba\xba"},
    };
    check_table(utf8_printable, rows, COUNT(rows));
    check(utf8_printable, SLICE_LIT("a\0b"),
        SLICE_LIT("a\xef\xbf\xbd"
                  "b"));
}

static void measures_columns(void **state)
{
    (void)state;
    assert_int_equal(utf8_width(SLICE_LIT("abc")), 3);
    assert_int_equal(utf8_width(SLICE_LIT("z\xc3\xbcrich")), 6);
    assert_int_equal(utf8_width(SLICE_LIT("u\xcc\x88")), 1);
    assert_int_equal(utf8_width(SLICE_LIT("\xe4\xba\xba\xe5\xb7\xa5")), 4);
    assert_int_equal(utf8_width(SLICE_LIT("\x1b")), 0);
}

static void reads_files_of_any_encoding(void **state)
{
    (void)state;
    static const struct {
        struct slice bytes;
        const char *text;
        enum utf8_encoding how;
    } rows[] = {
        {SLICE_LIT(""), "", UTF8_PLAIN},
        {SLICE_LIT("a\xff"), "a\xff", UTF8_PLAIN},
        {SLICE_LIT("\xef\xbb\xbfhi"), "hi", UTF8_BOM},
        {SLICE_LIT("\xff\xfeh\0\xfc\0"), "h\xc3\xbc", UTF8_FROM_16},
        {SLICE_LIT("\xfe\xff\0h\xd8\x3d\xde\0"), "h\xf0\x9f\x98\x80", UTF8_FROM_16},
        {SLICE_LIT("\xfe\xff\xd8\x3d\0h"), "\xef\xbf\xbdh", UTF8_FROM_16},
        {SLICE_LIT("\xfe\xff\xd8\x3d"), "\xef\xbf\xbd", UTF8_FROM_16},
        {SLICE_LIT("\xfe\xff\0hx"), "h\xef\xbf\xbd", UTF8_FROM_16},
        {SLICE_LIT("\xff\xfe\0\0h\0\0\0"), "h", UTF8_FROM_32},
        {SLICE_LIT("\0\0\xfe\xff\0\1\xf6\0"), "\xf0\x9f\x98\x80", UTF8_FROM_32},
        {SLICE_LIT("\0\0\xfe\xff\x7f\0\0\0"), "\xef\xbf\xbd", UTF8_FROM_32},
        {SLICE_LIT("\0\1\2\3"), "", UTF8_BINARY},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct arena a = {0};
        struct slice text;
        enum utf8_encoding how;
        assert_true(utf8_text(&a, rows[i].bytes, &text, &how));
        assert_int_equal(how, rows[i].how);
        assert_true(slice_is(text, rows[i].text));
        arena_free(&a);
    }
}

static void a_few_nuls_are_text(void **state)
{
    (void)state;
    char bytes[100];
    struct slice text;
    enum utf8_encoding how;
    struct arena a = {0};
    memset(bytes, 'x', sizeof bytes);
    memset(bytes, 0, 10);
    assert_true(utf8_text(&a, slice_of(bytes, sizeof bytes), &text, &how));
    assert_int_equal(how, UTF8_PLAIN);
    assert_int_equal(text.n, sizeof bytes);
    bytes[10] = 0;
    assert_true(utf8_text(&a, slice_of(bytes, sizeof bytes), &text, &how));
    assert_int_equal(how, UTF8_BINARY);
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_what_the_standard_allows),
        cmocka_unit_test(every_character_survives_writing_and_reading),
        cmocka_unit_test(tells_where_bytes_go_wrong),
        cmocka_unit_test(floors_at_characters),
        cmocka_unit_test(classifies),
        cmocka_unit_test(folds),
        cmocka_unit_test(leaves_accents_out),
        cmocka_unit_test(folding_twice_changes_nothing),
        cmocka_unit_test(survives_a_pile_of_marks),
        cmocka_unit_test(prints_safely),
        cmocka_unit_test(measures_columns),
        cmocka_unit_test(reads_files_of_any_encoding),
        cmocka_unit_test(a_few_nuls_are_text),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
