// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * log: one line an event on stderr, for a person, a journal or cron's mail. Under systemd
 * (JOURNAL_STREAM set) each line begins with its <level>. Control, C1 and bidirectional
 * characters never get out (utf8.h's filter). Never a note's text.
 */
#ifndef KB_LOG_H
#define KB_LOG_H

enum log_level { LOG_ERROR = 3, LOG_WARNING = 4, LOG_INFO = 6, LOG_DETAIL = 7 };

/* `program` stands before each line ("kbindex: "); must outlive the process. Lines above `max`
 * are dropped; the start value is LOG_WARNING. */
void log_open(const char *program, enum log_level max);
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
