// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report: what kbindex says on stdout, a line at a time, safe for a terminal (utf8.h).
 */
#ifndef KB_REPORT_H
#define KB_REPORT_H

void report_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
