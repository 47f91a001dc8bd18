// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/date.h"

#include <time.h>

#include "lib/utf8.h"

/* --- the calendar --------------------------------------------------------------------------- */

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Counted in years that begin in March, so that the leap day is the last of its year. */
static day_t days_from_civil(int year, int month, int day)
{
    int y = month <= 2 ? year - 1 : year;
    int of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return y * 365 + y / 4 - y / 100 + y / 400 + of_year - 719468;
}

day_t day_of(int year, int month, int day)
{
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 ||
        day > month_days(year, month))
        return DAY_NONE;
    return days_from_civil(year, month, day);
}

struct ymd day_split(day_t d)
{
    enum { CYCLE = 146097 }; /* days of 400 years */
    int z = d + 719468;
    int era = (z >= 0 ? z : z - (CYCLE - 1)) / CYCLE;
    int of_era = z - era * CYCLE;
    int year = (of_era - of_era / 1460 + of_era / 36524 - of_era / (CYCLE - 1)) / 365;
    int of_year = of_era - (365 * year + year / 4 - year / 100);
    int march = (5 * of_year + 2) / 153;
    int month = march < 10 ? march + 3 : march - 9;
    return (struct ymd){
        year + era * 400 + (month <= 2), month, of_year - (153 * march + 2) / 5 + 1};
}

void day_format(day_t d, char text[11])
{
    struct ymd day = day_split(d < DAY_MIN ? DAY_MIN : d > DAY_MAX ? DAY_MAX : d);
    unsigned parts[] = {(unsigned)day.year / 100 % 100, (unsigned)day.year % 100,
        (unsigned)day.month, (unsigned)day.day};
    static const int at[] = {0, 2, 5, 8};
    memcpy(text, "0000-00-00", 11);
    for (int i = 0; i < 4; i++) {
        text[at[i]] = (char)('0' + parts[i] / 10);
        text[at[i] + 1] = (char)('0' + parts[i] % 10);
    }
}

int day_weekday(day_t d)
{
    int w = (d + 3) % 7; /* 1970-01-01 was a Thursday */
    return w < 0 ? w + 7 : w;
}

day_t day_today(void)
{
    time_t now = time(NULL);
    struct tm t;
    if (!localtime_r(&now, &t))
        return 0;
    return day_of(t.tm_year + 1900, t.tm_mon + 1, t.tm_mday);
}

/* --- reading pieces ------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_alpha(char c)
{
    return lower(c) >= 'a' && lower(c) <= 'z';
}

static size_t digits(struct slice s)
{
    size_t n = 0;
    while (n < s.n && is_digit(s.p[n]))
        n++;
    return n;
}

/* Exactly `n` digits begin *s and no further one: their value, *s behind them; else -1. */
static int take_digits(struct slice *s, size_t n)
{
    int v = 0;
    if (digits(*s) != n)
        return -1;
    for (size_t i = 0; i < n; i++)
        v = v * 10 + (s->p[i] - '0');
    *s = slice_from(*s, n);
    return v;
}

/* One or two digits. */
static int take_small(struct slice *s)
{
    size_t n = digits(*s);
    return n == 1 || n == 2 ? take_digits(s, n) : -1;
}

static bool take_char(struct slice *s, char c)
{
    if (!s->n || s->p[0] != c)
        return false;
    *s = slice_from(*s, 1);
    return true;
}

static bool equal_caseless(struct slice s, const char *word)
{
    size_t i = 0;
    while (i < s.n && word[i] && lower(s.p[i]) == word[i])
        i++;
    return i == s.n && !word[i];
}

static struct slice word_at(struct slice s)
{
    size_t n = 0;
    while (n < s.n && is_alpha(s.p[n]))
        n++;
    return slice_of(s.p, n);
}

/* The place of the word in a list of full names, its first three letters being enough; -1. */
static int name_index(struct slice word, const char *const *names, int n)
{
    for (int i = 0; i < n; i++) {
        char first[4] = {names[i][0], names[i][1], names[i][2], '\0'};
        if (equal_caseless(word, names[i]) || equal_caseless(word, first))
            return i;
    }
    return -1;
}

/* 1 to 12, or 0. */
static int month_of(struct slice word)
{
    static const char *const months[] = {"january", "february", "march", "april", "may", "june",
        "july", "august", "september", "october", "november", "december"};
    return equal_caseless(word, "sept") ? 9 : name_index(word, months, 12) + 1;
}

/* Monday = 0, or -1. */
static int weekday_of(struct slice word)
{
    static const char *const days[] = {
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};
    return name_index(word, days, 7);
}

/* --- dates in texts and names --------------------------------------------------------------- */

/* A day that exists moves *s behind it. */
static day_t taken(struct slice *s, struct slice behind, day_t d)
{
    if (d != DAY_NONE)
        *s = behind;
    return d;
}

/* 2026-04-09 with the same separator twice, one of those given. */
static day_t take_separated(struct slice *s, const char *separators)
{
    struct slice at = *s;
    int year = take_digits(&at, 4);
    if (year < 0 || !at.n || !at.p[0] || !strchr(separators, at.p[0]))
        return DAY_NONE;
    char separator = at.p[0];
    take_char(&at, separator);
    int month = take_digits(&at, 2);
    int day = month >= 0 && take_char(&at, separator) ? take_digits(&at, 2) : -1;
    return taken(s, at, day_of(year, month, day));
}

/* 20260409 */
static day_t take_compact(struct slice *s)
{
    struct slice at = *s;
    int v = take_digits(&at, 8);
    return taken(s, at, day_of(v / 10000, v / 100 % 100, v % 100));
}

day_t day_parse(struct slice s)
{
    day_t d = take_separated(&s, "-");
    return s.n ? DAY_NONE : d;
}

static size_t blanks(struct slice s)
{
    size_t n = 0;
    while (n < s.n && (s.p[n] == ' ' || s.p[n] == '\t'))
        n++;
    return n;
}

static int take_month_name(struct slice *s)
{
    struct slice word = word_at(*s);
    int month = month_of(word);
    if (month) {
        *s = slice_from(*s, word.n);
        if (word.n <= 4)
            take_char(s, '.');
    }
    return month;
}

/* The day of a month, "9", "09", "9th". */
static int take_month_day(struct slice *s)
{
    int day = take_small(s);
    struct slice word = word_at(*s);
    if (day > 0 && word.n == 2) {
        static const char *const endings[] = {"st", "nd", "rd", "th"};
        for (int i = 0; i < 4; i++)
            if (equal_caseless(word, endings[i]))
                *s = slice_from(*s, 2);
    }
    return day;
}

/* "9 April 2026", "April 9, 2026": the month in words, the year in four digits. */
static day_t take_spelled(struct slice *s)
{
    struct slice at = *s;
    bool day_first = at.n && is_digit(at.p[0]);
    int day = day_first ? take_month_day(&at) : 0;
    at = slice_from(at, blanks(at));
    int month = take_month_name(&at);
    if (!month || day < 0)
        return DAY_NONE;
    if (!day_first) {
        at = slice_from(at, blanks(at));
        day = take_month_day(&at);
    }
    take_char(&at, ',');
    size_t gap = blanks(at);
    at = slice_from(at, gap);
    return taken(s, at, day_of(gap ? take_digits(&at, 4) : -1, month, day));
}

static day_t take_date(struct slice *s)
{
    day_t d = take_separated(s, "-/.");
    if (d == DAY_NONE)
        d = take_compact(s);
    return d == DAY_NONE ? take_spelled(s) : d;
}

/* Behind a date no word goes on: 2026-04-09T12:00 is the day, 2026-04-09a and 20260409.5 are
 * none. */
static bool date_ends(struct slice rest)
{
    if (!rest.n)
        return true;
    char c = rest.p[0];
    if (c == 'T' || c == 't')
        return rest.n > 1 && is_digit(rest.p[1]);
    if ((c == '.' || c == '-' || c == '/') && rest.n > 1)
        return !is_digit(rest.p[1]);
    return !is_alpha(c) && !is_digit(c);
}

day_t date_at_start(struct slice text, size_t *used)
{
    struct slice at = slice_from(text, blanks(text));
    char close = take_char(&at, '[') ? ']' : take_char(&at, '(') ? ')' : '\0';
    day_t d = take_date(&at);
    *used = 0;
    if (d == DAY_NONE || (close ? !take_char(&at, close) : !date_ends(at)))
        return DAY_NONE;
    *used = text.n - at.n;
    return d;
}

/* 26-04-09 */
static day_t take_short_year(struct slice *s)
{
    struct slice at = *s;
    int year = take_digits(&at, 2);
    int month = year >= 0 && take_char(&at, '-') ? take_digits(&at, 2) : -1;
    int day = month >= 0 && take_char(&at, '-') ? take_digits(&at, 2) : -1;
    return taken(s, at, day_of(2000 + year, month, day));
}

day_t date_of_name(struct slice base)
{
    struct slice at = base;
    day_t d = take_separated(&at, "-");
    if (d == DAY_NONE)
        d = take_compact(&at);
    if (d == DAY_NONE)
        d = take_short_year(&at);
    for (size_t i = 1; d == DAY_NONE && i < base.n; i++) {
        at = slice_from(base, i);
        if (!is_digit(base.p[i - 1]))
            d = take_separated(&at, "-");
    }
    return d;
}

/* --- what people write behind date: ---------------------------------------------------------- */

struct range {
    day_t from, to;
};
#define NO_RANGE ((struct range){DAY_NONE, DAY_NONE})

static struct range one_day(day_t d)
{
    return (struct range){d, d};
}

static day_t clamp(int64_t d)
{
    return d < DAY_MIN ? DAY_MIN : d > DAY_MAX ? DAY_MAX : (day_t)d;
}

static struct range month_range(int year, int month)
{
    if (day_of(year, month, 1) == DAY_NONE)
        return NO_RANGE;
    return (struct range){day_of(year, month, 1), day_of(year, month, month_days(year, month))};
}

static struct range year_range(int year)
{
    return year < 1 ? NO_RANGE : (struct range){day_of(year, 1, 1), day_of(year, 12, 31)};
}

/* The week of the year that ISO 8601 gives this number: its first one has 4 January. */
static struct range week_range(int year, int week)
{
    day_t january = day_of(year, 1, 4);
    if (january == DAY_NONE || week < 1)
        return NO_RANGE;
    day_t monday = january - day_weekday(january) + 7 * (week - 1);
    if (monday + 3 > day_of(year, 12, 31))
        return NO_RANGE;
    return (struct range){clamp(monday), clamp(monday + 6)};
}

/* 2026  2026-04  2026-W15 */
static struct range read_calendar(struct slice s)
{
    int year = take_digits(&s, 4);
    if (year < 0 || !s.n)
        return year < 0 ? NO_RANGE : year_range(year);
    if (!take_char(&s, '-'))
        return NO_RANGE;
    bool week = take_char(&s, 'W') || take_char(&s, 'w');
    int number = take_digits(&s, 2);
    if (number < 0 || s.n)
        return NO_RANGE;
    return week ? week_range(year, number) : month_range(year, number);
}

/* "7d": *unit is 'd', and so on; -1 if it is none or beyond all calendars. */
static int read_span(struct slice s, char *unit)
{
    enum { DIGITS_MAX = 6 };
    size_t n = digits(s);
    if (n < 1 || n > DIGITS_MAX || s.n != n + 1)
        return -1;
    *unit = lower(s.p[n]);
    s.n = n;
    return strchr("dwmy", *unit) && *unit ? take_digits(&s, n) : -1;
}

/* The day `months` before: the same day of its month, or that month's last. */
static day_t months_before(day_t d, int months)
{
    struct ymd t = day_split(d);
    int64_t count = (int64_t)t.year * 12 + t.month - 1 - months;
    if (count < 12)
        return DAY_MIN;
    int year = (int)(count / 12), month = (int)(count % 12) + 1, last = month_days(year, month);
    return day_of(year, month, t.day < last ? t.day : last);
}

static struct range read_ago(struct slice s, day_t today)
{
    char unit = 0;
    int n = read_span(s, &unit);
    if (n < 0)
        return NO_RANGE;
    day_t from = unit == 'd'   ? clamp((int64_t)today - n)
                 : unit == 'w' ? clamp((int64_t)today - 7 * (int64_t)n)
                 : unit == 'm' ? months_before(today, n)
                               : months_before(today, 12 * n);
    return (struct range){from, today};
}

/* Blanks, '_' and '-' as one of them; true when *s had one and is now behind it. */
static bool take_gap(struct slice *s)
{
    size_t n = 0;
    while (n < s->n && (s->p[n] == ' ' || s->p[n] == '_' || s->p[n] == '-'))
        n++;
    *s = slice_from(*s, n);
    return n > 0;
}

/* The period `back` before the one that holds today. */
static struct range read_period(struct slice word, int back, day_t today)
{
    struct ymd t = day_split(today);
    if (equal_caseless(word, "week")) {
        day_t monday = today - day_weekday(today) - 7 * back;
        return (struct range){clamp(monday), clamp(monday + 6)};
    }
    if (equal_caseless(word, "month")) {
        int count = t.year * 12 + t.month - 1 - back;
        return month_range(count / 12, count % 12 + 1);
    }
    return equal_caseless(word, "year") ? year_range(t.year - back) : NO_RANGE;
}

static struct range read_last(struct slice word, day_t today)
{
    int weekday = weekday_of(word), month = month_of(word);
    if (weekday >= 0)
        return one_day(clamp(today - 1 - (day_weekday(today) + 6 - weekday) % 7));
    if (month) {
        struct ymd t = day_split(today);
        return month_range(month < t.month ? t.year : t.year - 1, month);
    }
    return read_period(word, 1, today);
}

/* A word that stands alone; a weekday is today or before, a month the latest that has begun. */
static struct range read_word(struct slice word, day_t today)
{
    int weekday = weekday_of(word), month = month_of(word);
    struct ymd t = day_split(today);
    if (equal_caseless(word, "today"))
        return one_day(today);
    if (equal_caseless(word, "yesterday"))
        return one_day(clamp((int64_t)today - 1));
    if (equal_caseless(word, "tomorrow"))
        return one_day(clamp((int64_t)today + 1));
    if (weekday >= 0)
        return one_day(clamp(today - (day_weekday(today) + 7 - weekday) % 7));
    return month ? month_range(month <= t.month ? t.year : t.year - 1, month) : NO_RANGE;
}

/* "last tuesday", "this_week", "april 2026", "yesterday" */
static struct range read_words(struct slice s, day_t today)
{
    struct slice first = word_at(s);
    s = slice_from(s, first.n);
    if (!s.n)
        return read_word(first, today);
    if (!take_gap(&s))
        return NO_RANGE;
    struct slice second = word_at(s), year = s;
    int number = take_digits(&year, 4);
    if (month_of(first) && number > 0 && !year.n)
        return month_range(number, month_of(first));
    if (second.n != s.n)
        return NO_RANGE;
    if (equal_caseless(first, "last"))
        return read_last(second, today);
    return equal_caseless(first, "this") ? read_period(second, 0, today) : NO_RANGE;
}

static struct range read_point(struct slice s, day_t today)
{
    struct slice rest = s;
    day_t d = take_date(&rest);
    if (d != DAY_NONE && !rest.n)
        return one_day(d);
    struct range r = read_calendar(s);
    if (r.from == DAY_NONE)
        r = read_ago(s, today);
    return r.from == DAY_NONE && s.n && is_alpha(s.p[0]) ? read_words(s, today) : r;
}

static int not_understood(struct err *e, struct slice whole, struct slice part)
{
    enum { SHOWN = 40 };
    return err_at(e, ERR_QUERY, (size_t)(part.p - whole.p),
        "\"%.*s\" is no date: write 2026-04-09, 2026-04, 2026, 2026-W15, today, yesterday, 7d, 2w, "
        "3m, 1y, monday, last_week, this_month, april, or a range of them, A..B, A.., ..B",
        (int)utf8_floor(part, SHOWN), part.n ? part.p : "");
}

/* An end of a range; "7d" is one day there. */
static int read_end(
    struct slice whole, struct slice part, day_t today, struct range *r, struct err *e)
{
    char unit;
    *r = read_point(part, today);
    if (read_span(part, &unit) >= 0)
        r->to = r->from;
    return r->from == DAY_NONE ? not_understood(e, whole, part) : 0;
}

static int check_order(struct err *e, struct range r)
{
    char from[11], to[11];
    if (r.from <= r.to)
        return 0;
    day_format(r.from, from);
    day_format(r.to, to);
    return err_at(e, ERR_QUERY, 0,
        "the range ends before it begins: %s is after %s; write the earlier date first", from, to);
}

static size_t find_dots(struct slice s)
{
    size_t i = 0;
    while (i + 1 < s.n && (s.p[i] != '.' || s.p[i + 1] != '.'))
        i++;
    return i + 1 < s.n ? i : s.n;
}

int date_range(struct slice s, day_t today, day_t *from, day_t *to, struct err *e)
{
    struct slice all = slice_trim(s);
    size_t dots = find_dots(all);
    struct range r = {DAY_MIN, DAY_MAX}, end;
    today = clamp(today);
    if (dots == all.n) {
        r = read_point(all, today);
        if (r.from == DAY_NONE)
            return not_understood(e, s, all);
    } else {
        struct slice left = slice_trim(slice_of(all.p, dots)),
                     right = slice_trim(slice_from(all, dots + 2));
        if (left.n && read_end(s, left, today, &end, e) < 0)
            return -1;
        r.from = left.n ? end.from : r.from;
        if (right.n && read_end(s, right, today, &end, e) < 0)
            return -1;
        r.to = right.n ? end.to : r.to;
    }
    if (check_order(e, r) < 0)
        return -1;
    *from = r.from;
    *to = r.to;
    return 0;
}

int date_span(struct slice s, int32_t *days, struct err *e)
{
    enum { SHOWN = 40 };
    char unit = 0;
    struct slice span = slice_trim(s);
    int n = read_span(span, &unit);
    if (n < 1)
        return err_at(e, ERR_QUERY, 0,
            "\"%.*s\" is no span of time: write a number and d, w, m or y, as in 14d",
            (int)utf8_floor(span, SHOWN), span.n ? span.p : "");
    *days = n * (unit == 'd' ? 1 : unit == 'w' ? 7 : unit == 'm' ? 30 : 365);
    return 0;
}
