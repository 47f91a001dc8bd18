// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pasted: a plain query as a reader sees it. Text that was copied out of a note brings its links'
 * targets, entities and tags along, which no unit is found by; it is read as a note's text is
 * (lib/note.h). Text without such marks, or with nothing else, stays as it is.
 */
#ifndef KB_PASTED_H
#define KB_PASTED_H

#include "lib/arena.h"
#include "lib/err.h"

/* From the arena, or `text` itself. -1: out of memory. */
int pasted_text(struct arena *a, struct slice text, struct slice *seen, struct err *e);

#endif
