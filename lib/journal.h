// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * journal: STATE/journal, what became of the units: which came, which went, in which revision. It
 * outlives the index, since no rebuild could tell it again. kbindex appends to it, kbsearchd reads.
 *
 * A file of blocks, one for each commit, also where no unit came or went (so that revisions go on
 * when the index is lost), made durable before the commit:
 *   "kbj1", length of what follows the hash (4 bytes, low first), its hash64 (8 bytes)
 *   revision, day (zigzag) as varints, then events:
 *     '+' id                  the unit came
 *     '-' id, length, record  the unit went; its record (record.h) as it was last, may be empty
 * A unit that moves comes and goes: what happened between two revisions is the balance of each id.
 * A block of a later revision than the index's was never committed and does not count; the next
 * writer cuts it off, as it does with a torn end.
 */
#ifndef KB_JOURNAL_H
#define KB_JOURNAL_H

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/date.h"
#include "lib/err.h"
#include "lib/record.h"

struct journal { /* mapped */
    struct slice bytes;
};

/* Empty when there is none. ERR_IO, ERR_MEMORY. */
int journal_open(struct journal *j, const char *state_dir, struct err *e);
void journal_close(struct journal *j); /* a zeroed one is fine */

struct journal_block {
    uint64_t revision;
    day_t day;
    struct slice events;
    size_t end; /* where it ends in the file */
};

/* The block at *at, which then is behind it; false at the end, and before a block that is not
 * whole. */
bool journal_next(const struct journal *j, size_t *at, struct journal_block *b);

struct journal_event {
    bool came;
    struct slice id; /* UNIT_ID_BYTES */
    struct slice record;
};
bool journal_event(struct slice *events, struct journal_event *v);

void journal_write_event(struct buf *events, const struct journal_event *v);
void journal_write_block(struct buf *out, uint64_t revision, day_t day, struct slice events);

#endif
