// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * record: what the index keeps of a unit to show it again: the bytes of a Xapian document's data.
 * Written by kbindex, read by kbsearchd; the layout is told by RECORD_FORMAT, part of the index's
 * schema number, and nothing outside record.c knows it.
 */
#ifndef KB_RECORD_H
#define KB_RECORD_H

#include "lib/note.h"

enum { RECORD_FORMAT = 1, UNIT_ID_BYTES = 8, RECORD_HEADINGS = 6 };

struct record {
    uint8_t id[UNIT_ID_BYTES]; /* shown as 16 hex digits */
    uint32_t note;             /* number of its note in this index; term Q<note> */
    uint32_t ordinal;          /* place among the note's units, from 0 (the head) */
    enum unit_kind kind;
    day_t day;
    enum date_source day_source;
    uint32_t line, end_line;
    struct slice vault, rel, title;
    struct slice heading[RECORD_HEADINGS]; /* rendered, outermost first */
    size_t n_headings;
    struct slice text;
    struct unit_line *lines;
    size_t n_lines;
    struct run *runs;
    size_t n_runs;
};

/* Appends the record; check out->failed. */
void record_write(struct buf *out, const struct record *r);
/* Reads it back; slices point into `data`, arrays come from the arena. -1: ERR_DAMAGED (every
 * length and offset is checked) or ERR_MEMORY. */
int record_read(struct arena *a, struct slice data, struct record *r, struct err *e);

/* "9f2c..." into text[2 * UNIT_ID_BYTES + 1]. */
void record_id_format(const uint8_t id[UNIT_ID_BYTES], char text[2 * UNIT_ID_BYTES + 1]);
/* Line and column (both from 1) in the file of byte `at` of the record's text. */
void record_place(const struct record *r, size_t at, uint32_t *line, uint32_t *col);

#endif
