// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "lib/date.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Day by day through all of the calendar, counted up by the rules a child learns. */
static void counts_every_day_of_the_calendar(void **state)
{
    (void)state;
    int year = 1, month = 1, day = 1;
    for (day_t d = DAY_MIN; d <= DAY_MAX; d++) {
        struct ymd t = day_split(d);
        assert_true(t.year == year && t.month == month && t.day == day);
        assert_int_equal(day_of(year, month, day), d);
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        int last = month == 2                                              ? 28 + leap
                   : month == 4 || month == 6 || month == 9 || month == 11 ? 30
                                                                           : 31;
        if (day == last)
            assert_int_equal(day_of(year, month, day + 1), DAY_NONE);
        day = day == last ? 1 : day + 1;
        month += day == 1;
        year += month == 13;
        month = month == 13 ? 1 : month;
    }
    assert_int_equal(year, 10000);
}

static void agrees_with_the_c_library(void **state)
{
    (void)state;
    for (day_t d = -200000; d < 200000; d += 17) {
        char want[40], got[11];
        time_t t = (time_t)d * 86400;
        struct tm tm;
        gmtime_r(&t, &tm);
        strftime(want, sizeof want, "%Y-%m-%d", &tm);
        day_format(d, got);
        assert_string_equal(got, want);
        assert_int_equal(day_parse(slice_str(got)), d);
        assert_int_equal(day_weekday(d), (tm.tm_wday + 6) % 7);
    }
}

static void refuses_what_is_no_day(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "2026", "2026-04", "2026-4-9", "2026-02-30",
        "2026-13-01", "2026-00-10", "2026-04-00", "2025-02-29", "1900-02-29", "0000-01-01",
        "2026-04-09 ", " 2026-04-09", "2026-04-091", "2026/04/09", "02026-04-09", "2026-04-0x"};
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_int_equal(day_parse(slice_str(texts[i])), DAY_NONE);
    assert_int_not_equal(day_parse(SLICE_LIT("2024-02-29")), DAY_NONE);
    assert_int_not_equal(day_parse(SLICE_LIT("2000-02-29")), DAY_NONE);
}

/* POSIX zones, so that no zone files are needed; the two are 26 hours apart. */
static void today_is_the_local_day(void **state)
{
    (void)state;
    static const char *const zones[] = {"EAST-14", "WEST12", "UTC0", "CET-1CEST,M3.5.0,M10.5.0/3"};
    day_t days[COUNT(zones)];
    for (size_t i = 0; i < COUNT(zones); i++) {
        char before[40], after[40], got[11];
        setenv("TZ", zones[i], 1);
        tzset();
        time_t t = time(NULL);
        strftime(before, sizeof before, "%Y-%m-%d", localtime(&t));
        days[i] = day_today();
        t = time(NULL);
        strftime(after, sizeof after, "%Y-%m-%d", localtime(&t));
        day_format(days[i], got);
        assert_true(strcmp(got, before) == 0 || strcmp(got, after) == 0);
    }
    assert_in_range(days[0] - days[1], 1, 2);
    unsetenv("TZ");
    tzset();
}

struct row {
    const char *text, *day;
    size_t used;
};

static day_t want_day(const char *day)
{
    return day ? day_parse(slice_str(day)) : DAY_NONE;
}

static void dates_that_begin_a_text(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"2026-04-09: Meta", "2026-04-09", 10},
        {"2026-04-09", "2026-04-09", 10},
        {"2026/04/09 x", "2026-04-09", 10},
        {"2026.04.09. x", "2026-04-09", 10},
        {"20260409 x", "2026-04-09", 8},
        {"2026-04-09T10:00", "2026-04-09", 10},
        {"9 April 2026: x", "2026-04-09", 12},
        {"09 apr 2026", "2026-04-09", 11},
        {"9th of", NULL, 0},
        {"9th April 2026", "2026-04-09", 14},
        {"April 9, 2026 x", "2026-04-09", 13},
        {"Apr 9 2026", "2026-04-09", 10},
        {"Apr. 9, 2026", "2026-04-09", 12},
        {"SEPTEMBER 1st, 2026", "2026-09-01", 19},
        {"Sept 1, 2026", "2026-09-01", 12},
        {"[2026-04-09] x", "2026-04-09", 12},
        {"(April 9, 2026) x", "2026-04-09", 15},
        {"  2026-04-09", "2026-04-09", 12},
        {"[2026-04-09 x", NULL, 0},
        {"2026-04-31", NULL, 0},
        {"2026-04/09", NULL, 0},
        {"2026-04-0912", NULL, 0},
        {"2026-04-09-10", NULL, 0},
        {"2026-04-09x", NULL, 0},
        {"20260409.5", NULL, 0},
        {"202604091", NULL, 0},
        {"April 2026", NULL, 0},
        {"April 31, 2026", NULL, 0},
        {"May the 4th", NULL, 0},
        {"2026", NULL, 0},
        {"on 2026-04-09", NULL, 0},
        {"", NULL, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t used = 99;
        day_t d = date_at_start(slice_str(rows[i].text), &used);
        if (d != want_day(rows[i].day) || used != rows[i].used)
            print_error("\"%s\": used %zu\n", rows[i].text, used);
        assert_int_equal(d, want_day(rows[i].day));
        assert_int_equal(used, rows[i].used);
    }
}

static void dates_in_names(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"2026-04-09-AI-Digest", "2026-04-09", 0},
        {"20260409", "2026-04-09", 0},
        {"20260409-digest", "2026-04-09", 0},
        {"26-04-09-not-much-happened", "2026-04-09", 0},
        {"AI Digest 2026-04-09", "2026-04-09", 0},
        {"weekly_2026-04-09_v2", "2026-04-09", 0},
        {"26-04-09 of 2025-01-01", "2026-04-09", 0},
        {"26-13-09 of 2025-01-01", "2025-01-01", 0},
        {"2026-04-091", NULL, 0},
        {"202604091", NULL, 0},
        {"12026-04-09", NULL, 0},
        {"digest 20260409", NULL, 0},
        {"digest 26-04-09", NULL, 0},
        {"2026-02-30", NULL, 0},
        {"GPT-5", NULL, 0},
        {"", NULL, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (date_of_name(slice_str(rows[i].text)) != want_day(rows[i].day))
            print_error("%s\n", rows[i].text);
        assert_int_equal(date_of_name(slice_str(rows[i].text)), want_day(rows[i].day));
    }
}

#define FIRST "0001-01-01"
#define LAST "9999-12-31"

/* All as asked on Thursday, 9 April 2026. */
static void ranges(void **state)
{
    (void)state;
    static const struct {
        const char *text, *from, *to;
    } rows[] = {
        {"2026-04-09", "2026-04-09", "2026-04-09"},
        {"20260409", "2026-04-09", "2026-04-09"},
        {"9 April 2026", "2026-04-09", "2026-04-09"},
        {"2026-04", "2026-04-01", "2026-04-30"},
        {"2024-02", "2024-02-01", "2024-02-29"},
        {"2026", "2026-01-01", "2026-12-31"},
        {"2026-W15", "2026-04-06", "2026-04-12"},
        {"2026-w01", "2025-12-29", "2026-01-04"},
        {"2026-W53", "2026-12-28", "2027-01-03"},
        {"today", "2026-04-09", "2026-04-09"},
        {" Yesterday ", "2026-04-08", "2026-04-08"},
        {"tomorrow", "2026-04-10", "2026-04-10"},
        {"7d", "2026-04-02", "2026-04-09"},
        {"2W", "2026-03-26", "2026-04-09"},
        {"3m", "2026-01-09", "2026-04-09"},
        {"1y", "2025-04-09", "2026-04-09"},
        {"0d", "2026-04-09", "2026-04-09"},
        {"thursday", "2026-04-09", "2026-04-09"},
        {"friday", "2026-04-03", "2026-04-03"},
        {"mon", "2026-04-06", "2026-04-06"},
        {"last_tuesday", "2026-04-07", "2026-04-07"},
        {"last thursday", "2026-04-02", "2026-04-02"},
        {"LAST-Friday", "2026-04-03", "2026-04-03"},
        {"this_week", "2026-04-06", "2026-04-12"},
        {"last week", "2026-03-30", "2026-04-05"},
        {"this month", "2026-04-01", "2026-04-30"},
        {"last_month", "2026-03-01", "2026-03-31"},
        {"this_year", "2026-01-01", "2026-12-31"},
        {"last_year", "2025-01-01", "2025-12-31"},
        {"april", "2026-04-01", "2026-04-30"},
        {"may", "2025-05-01", "2025-05-31"},
        {"last april", "2025-04-01", "2025-04-30"},
        {"last_march", "2026-03-01", "2026-03-31"},
        {"april 2025", "2025-04-01", "2025-04-30"},
        {"Apr_2025", "2025-04-01", "2025-04-30"},
        {"2026-04-01..2026-04-09", "2026-04-01", "2026-04-09"},
        {"2026-04-09..2026-04-09", "2026-04-09", "2026-04-09"},
        {"2025..2026-04", "2025-01-01", "2026-04-30"},
        {"2026-03..", "2026-03-01", LAST},
        {"..yesterday", FIRST, "2026-04-08"},
        {"..2026-02", FIRST, "2026-02-28"},
        {"7d..", "2026-04-02", LAST},
        {"..7d", FIRST, "2026-04-02"},
        {"2w..1w", "2026-03-26", "2026-04-02"},
        {"2026.04.01..2026.04.02", "2026-04-01", "2026-04-02"},
        {"last_week .. today", "2026-03-30", "2026-04-09"},
        {"..", FIRST, LAST},
        {"999999y", FIRST, "2026-04-09"},
    };
    day_t today = day_of(2026, 4, 9);
    for (size_t i = 0; i < COUNT(rows); i++) {
        day_t from = 0, to = 0;
        struct err e = {0};
        int r = date_range(slice_str(rows[i].text), today, &from, &to, &e);
        if (r || from != want_day(rows[i].from) || to != want_day(rows[i].to))
            print_error("\"%s\" %s\n", rows[i].text, e.text);
        assert_int_equal(r, 0);
        assert_int_equal(from, want_day(rows[i].from));
        assert_int_equal(to, want_day(rows[i].to));
    }
}

static void months_ago_end_with_their_month(void **state)
{
    (void)state;
    day_t from, to;
    assert_int_equal(date_range(SLICE_LIT("1m"), day_of(2026, 3, 31), &from, &to, NULL), 0);
    assert_int_equal(from, day_of(2026, 2, 28));
    assert_int_equal(date_range(SLICE_LIT("1y"), day_of(2024, 2, 29), &from, &to, NULL), 0);
    assert_int_equal(from, day_of(2023, 2, 28));
    assert_int_equal(date_range(SLICE_LIT("last_month"), day_of(2026, 1, 5), &from, &to, NULL), 0);
    assert_int_equal(from, day_of(2025, 12, 1));
    assert_int_equal(to, day_of(2025, 12, 31));
}

static void any_day_may_be_today(void **state)
{
    (void)state;
    static const day_t days[] = {INT32_MIN, DAY_MIN, DAY_MIN + 1, DAY_MAX - 1, DAY_MAX, INT32_MAX};
    static const char *const texts[] = {"yesterday", "tomorrow", "999999w", "monday", "last_sunday",
        "this_week", "last_week", "last_month", "last_year", "this_year", "december", "1m", "1d"};
    for (size_t i = 0; i < COUNT(days) * COUNT(texts); i++) {
        day_t from = 0, to = 0;
        struct err e = {0};
        if (date_range(slice_str(texts[i % COUNT(texts)]), days[i / COUNT(texts)], &from, &to, &e))
            assert_int_equal(e.code, ERR_QUERY);
        else
            assert_true(DAY_MIN <= from && from <= to && to <= DAY_MAX);
    }
}

static void errors_tell_where(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t at;
        const char *says;
    } rows[] = {
        {"", 0, "write 2026-04-09"},
        {"soon", 0, "\"soon\" is no date"},
        {"  soon", 2, "\"soon\" is no date"},
        {"2026-02-30", 0, "\"2026-02-30\""},
        {"2026-13", 0, "\"2026-13\""},
        {"2025-W53", 0, "\"2025-W53\""},
        {"2026-W00", 0, "\"2026-W00\""},
        {"2026-04-01..soon", 12, "\"soon\""},
        {"soon..2026-04-01", 0, "\"soon\""},
        {"2026-04-09..2026-04-01", 0, "2026-04-09 is after 2026-04-01"},
        {"1w..2w", 0, "is after"},
        {"last", 0, "\"last\""},
        {"last_", 0, "\"last_\""},
        {"last_tuesday_x", 0, "last_tuesday_x"},
        {"this_april", 0, "this_april"},
        {"7x", 0, "7x"},
        {"7dd", 0, "7dd"},
        {"9999999d", 0, "9999999d"},
        {"\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba"
         "\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba\xe4\xba\xba",
            0, "\xe4\xba\xba\" is no date"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        day_t from, to;
        struct err e = {0};
        int r = date_range(slice_str(rows[i].text), day_of(2026, 4, 9), &from, &to, &e);
        if (r != -1 || !strstr(e.text, rows[i].says))
            print_error("\"%s\": %s\n", rows[i].text, e.text);
        assert_int_equal(r, -1);
        assert_int_equal(e.code, ERR_QUERY);
        assert_int_equal(e.at, rows[i].at);
        assert_non_null(strstr(e.text, rows[i].says));
    }
}

static void spans(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int32_t days;
    } rows[] = {{"14d", 14}, {"2w", 14}, {"3M", 90}, {"1y", 365}, {" 1d ", 1}, {"0d", -1}, {"", -1},
        {"d", -1}, {"14", -1}, {"-1d", -1}, {"1h", -1}, {"1dd", -1}, {"1000000y", -1}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        int32_t days = -1;
        struct err e = {0};
        int r = date_span(slice_str(rows[i].text), &days, &e);
        assert_int_equal(r, rows[i].days < 0 ? -1 : 0);
        assert_int_equal(days, rows[i].days);
        assert_int_equal(e.code, r ? ERR_QUERY : ERR_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_every_day_of_the_calendar),
        cmocka_unit_test(agrees_with_the_c_library),
        cmocka_unit_test(refuses_what_is_no_day),
        cmocka_unit_test(today_is_the_local_day),
        cmocka_unit_test(dates_that_begin_a_text),
        cmocka_unit_test(dates_in_names),
        cmocka_unit_test(ranges),
        cmocka_unit_test(months_ago_end_with_their_month),
        cmocka_unit_test(any_day_may_be_today),
        cmocka_unit_test(errors_tell_where),
        cmocka_unit_test(spans),
    };
    return cmocka_run_group_tests_name("date", tests, NULL, NULL);
}
