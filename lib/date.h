// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * date: calendar days, never instants: no time zone enters here. A day is the count of days from
 * 1970-01-01 in the proleptic Gregorian calendar.
 */
#ifndef KB_DATE_H
#define KB_DATE_H

#include <stdint.h>

#include "lib/err.h"
#include "lib/slice.h"

typedef int32_t day_t;
#define DAY_NONE INT32_MIN
#define DAY_MIN (-719162) /* 0001-01-01 */
#define DAY_MAX 2932896   /* 9999-12-31 */

struct ymd {
    int year, month, day;
};

/* DAY_NONE when there is no such day (2026-02-30). */
day_t day_of(int year, int month, int day);
struct ymd day_split(day_t d);
/* "2026-04-09" into text[11]. */
void day_format(day_t d, char text[11]);
/* "2026-04-09" and nothing else; DAY_NONE if not. */
day_t day_parse(struct slice s);
/* The caller's local day. Only clients call it: the daemon is told (parameter `today`). */
day_t day_today(void);
/* Monday = 0. */
int day_weekday(day_t d);

/* The date that begins the text: 2026-04-09, 2026/04/09, 2026.04.09, 20260409, 9 April 2026,
 * April 9, 2026, Apr 9 2026, also in [brackets] or (parentheses). *used is the number of bytes
 * that belong to it (with its bracket). DAY_NONE if it begins otherwise. */
day_t date_at_start(struct slice text, size_t *used);
/* The date a base name carries at its start: YYYY-MM-DD, YYYYMMDD or YY-MM-DD (20YY), followed by
 * a non-digit or the end. Also anywhere in the name: YYYY-MM-DD. DAY_NONE if none. */
day_t date_of_name(struct slice base);

/*
 * What people write behind date: since: until: on: , with both ends inclusive, either end may be
 * DAY_MIN / DAY_MAX (open):
 *   2026-04-09  2026-04  2026  2026-W15  20260409
 *   today yesterday tomorrow  7d 2w 3m 1y (that long ago up to today; at an end: that day)
 *   monday..sunday, last_tuesday / "last tuesday", this_week last_week this_month last_month
 *   this_year last_year, april (the latest that has begun), "april 2026"
 *   A..B  A..  ..B  with any of these at either end
 * Case does not matter; blanks, _ and - between words are the same. ERR_QUERY with `at` in bytes
 * of s and a message that names what is understood; a range whose ends are reversed is an error.
 */
int date_range(struct slice s, day_t today, day_t *from, day_t *to, struct err *e);
/* 14d 2w 3m 1y as a number of days (m 30, y 365), > 0. */
int date_span(struct slice s, int32_t *days, struct err *e);

#endif
