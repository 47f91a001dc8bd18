// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * log: one line an event on stderr, for a person, a journal or cron's mail, or to syslog. Under
 * systemd (JOURNAL_STREAM set) each line on stderr begins with its <level>. Control, C1 and
 * bidirectional characters never get out (utf8.h's filter). Never a note's text, and what was
 * searched only where the user asks for it. The last warnings and errors are kept.
 */
#ifndef KB_LOG_H
#define KB_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR = 3, LOG_WARNING = 4, LOG_INFO = 6, LOG_DETAIL = 7 };

/* `program` stands before each line ("kbindex: "); must outlive the process. Lines above `max`
 * are dropped; the start value is LOG_WARNING. */
void log_open(const char *program, enum log_level max);
/* Where lines go from now on; false at the start. Before a sandbox and the first thread. */
void log_to_syslog(bool yes);
/* 0: no such level. */
enum log_level log_level_of(const char *name);
/* Whether such a line would go anywhere. */
bool log_tells(enum log_level level);
/* Only from one thread: the daemon's loop. */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The last lines at LOG_WARNING and above that this process, or the one it was forked from, wrote:
 * the newest first. */
enum { LOG_KEPT = 16, LOG_KEPT_BYTES = 200 };
struct log_kept {
    int64_t at; /* seconds since 1970 */
    enum log_level level;
    unsigned times; /* the same line within a minute is written once */
    char text[LOG_KEPT_BYTES];
};
unsigned log_last(struct log_kept kept[LOG_KEPT]);

#endif
