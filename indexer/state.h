// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * state: what the index remembers of each note, committed together with its units.
 *
 *   n:<vault>/<rel>   struct state_note (the key cut as terms are, the whole rel inside)
 *   u:<number>        struct state_unit for each of its units, in their order
 *
 * Bytes that are not such a state read as no state: the note is indexed again.
 */
#ifndef KB_STATE_H
#define KB_STATE_H

#include "indexer/scan.h"
#include "lib/note.h"
#include "lib/xapian-c.h"

struct state_note {
    struct slice rel;
    uint32_t number; /* schema.h, term Q */
    uint32_t n_units;
    struct scan_stat st;
    int64_t run_ns; /* when the run that read it began, by the file system's clock */
    uint64_t hash;  /* of the bytes */
};

struct state_unit {
    uint64_t text_hash; /* doc.h */
    uint32_t nth;       /* 0: the first unit of this text in the vault */
    docid_t docid;
    enum unit_kind kind;
    day_t day;
    uint64_t terms_sig, data_sig; /* doc.h */
};

/* Empty when out of memory. */
struct slice state_note_key(struct arena *a, struct slice vault, struct slice rel);
struct slice state_units_key(struct arena *a, uint32_t number);
struct slice state_name_key(struct arena *a, uint32_t number); /* which note a number is */

void state_note_write(struct buf *out, const struct state_note *n);
bool state_note_read(struct slice in, struct state_note *n); /* rel points into `in` */
void state_units_write(struct buf *out, const struct state_unit *u, size_t n);
/* -1: out of memory. Damaged bytes give what stands before the damage, and *whole false. */
int state_units_read(
    struct arena *a, struct slice in, struct state_unit **u, size_t *n, bool *whole, struct err *e);

/*
 * True when the note must be read again: its file is not the one of then, or it was so young then
 * that a later write may bear the same times. The change time decides alone, since nobody can set
 * it; two seconds are the coarsest clock of a file system in use.
 */
bool state_changed(const struct state_note *n, const struct scan_stat *now);

#endif
