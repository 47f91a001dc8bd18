// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * progress: how far a run is, as a line on a terminal's stderr; silent anywhere else.
 */
#ifndef KB_PROGRESS_H
#define KB_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct progress {
    bool shown, drawn;
    const char *what;
    size_t total, done;
    uint64_t last_ns;
};

/* `what` must outlive *p. */
void progress_begin(struct progress *p, const char *what, size_t total, bool wanted);
void progress_step(struct progress *p);
/* Takes the line away, before anything else is written and at the end. */
void progress_clear(struct progress *p);
/* CLOCK_MONOTONIC. */
uint64_t progress_now_ns(void);

#endif
