// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * build: a new generation, written whole.
 *
 * Planned first: every note in its order, with the numbers and docids of its units, so that these
 * do not depend on how many hands write. The bytes of the notes go into a spool, an unnamed file:
 * what is written is what was planned, whatever becomes of the files meanwhile.
 *
 * Written then, in parts: each takes in the units of a range of docids, as a small database of its
 * own (Xapian gets slower as a database grows), in `jobs` processes that take the next part when
 * they are done with one, the longest first. Last, the metadata goes into one more part, and all
 * are merged into one compacted database. Parts are generations (store.h) too, so that those of a
 * run that died are cleaned away as any other.
 *
 *     build_begin(&b, store, &e)
 *     build_note(&b, ...) for each note
 *     build_parts(&b, jobs, true, &e)
 *     ... metadata into the database build_last_part(&b), from b.notes, b.units and b.compounds
 *     build_merge(&b, &name, &e)
 */
#ifndef KB_BUILD_H
#define KB_BUILD_H

#include "indexer/state.h"
#include "indexer/store.h"

struct build_note {
    struct slice vault, language, rel;
    struct state_note state;
    size_t first_unit;
    uint64_t at; /* in the spool */
    size_t bytes;
};

/* A compound of letters and one way to write it in words. */
struct build_compound {
    struct slice joined, words;
};

struct build {
    const struct store *store;
    bool positions; /* the caller's to set before build_parts (doc.h) */
    struct arena arena;
    struct build_note *notes;
    size_t n_notes, cap_notes;
    struct state_unit *units;
    size_t n_units, cap_units;
    int spool, found; /* unnamed files; found: the compounds that were met */
    uint64_t spooled;
    unsigned long first_part; /* gen-<first_part> on */
    size_t n_parts;

    /* after build_parts */
    struct build_compound *compounds; /* sorted, none twice */
    size_t n_compounds, cap_compounds;
};

int build_begin(struct build *b, const struct store *s, struct err *e);
/* Removes nothing: store_clean does. */
void build_end(struct build *b);
/* `n` and its units are copied, its strings must outlive the build; `bytes` is the note's text. */
int build_note(struct build *b, const struct build_note *n, struct slice bytes,
    const struct state_unit *units, size_t n_units, struct err *e);
/* Writes all units and fills in their signatures. */
int build_parts(struct build *b, unsigned jobs, bool progress_wanted, struct err *e);
/* Where the metadata belongs; the database is the caller's to make (XWRITER_PART). */
const char *build_last_part(struct build *b, struct err *e);
/* Merges the parts; *name is the generation made. */
int build_merge(struct build *b, const char **name, struct err *e);

#endif
