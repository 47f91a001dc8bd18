// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * apart: reading an index that may be damaged. Xapian has no checksums, so what is damaged can take
 * it down, or lead it in a circle: that is to end a process of its own, or at least to be told.
 */
#ifndef KB_APART_H
#define KB_APART_H

#include "lib/err.h"

/* Seconds of a core that may pass without apart_go_on. */
enum { APART_STEP_S = 10 };

/* Runs `body` in a process of its own, which ends with what it returns (0 to 127). *status is
 * waitpid's. -1: there is no such process (ERR_IO). */
int apart_run(int (*body)(void *ctx), void *ctx, int *status, struct err *e);
/* In it, and in calls that are watched: it gets on. Nothing elsewhere. */
void apart_go_on(void);
/* "crashes", "does not end"; NULL: it ended by itself. */
const char *apart_fault(int status);

/* From now on until as many apart_unwatch this process says so where a call that reads or changes
 * the index in `dir` crashes, or does not end, and exits with EX_DATAERR: what was not committed is
 * gone. */
void apart_watch(const char *dir);
void apart_unwatch(void);

#endif
