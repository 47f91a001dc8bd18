// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cursor: up to which revision somebody has read the news: STATE/news/NAME, a file with a number.
 */
#ifndef KB_CLIENT_CURSOR_H
#define KB_CLIENT_CURSOR_H

#include <stdint.h>

#include "lib/err.h"

/* *revision is -1 when there is no such cursor. ERR_USAGE: the name cannot be a file's. */
int cursor_read(const char *state_dir, const char *name, int64_t *revision, struct err *e);
/* The old one or the new one, whatever happens; durable when it returns. */
int cursor_write(const char *state_dir, const char *name, int64_t revision, struct err *e);

#endif
