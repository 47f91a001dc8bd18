// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * update: brings an index in line with its vaults.
 *
 * Found out first: what each vault holds (scan.h) and what the index remembers of it (state.h). An
 * unchanged file is not opened. A changed note is parsed; its units are compared with those
 * remembered, by text and by signature:
 *   same terms, same record   untouched
 *   same terms                only the record is written: the text stands on other lines
 *   same text, same day       the document is replaced in place
 *   no such text before       it takes the place of one of the same kind and day that is gone, or
 *                             the next free docid of its day
 * New notes come before vanished ones go, so that a renamed note is never missing, and take over
 * the numbers of its equal texts (schema.h, id).
 *
 * A full rebuild does the same into a generation of its own (build.h); ids, uuid and revision go on
 * from the present one where that can be read. It is swapped in when it is whole and checked.
 * Nothing that the present index holds is lost by it without `force`.
 */
#ifndef KB_UPDATE_H
#define KB_UPDATE_H

#include "indexer/store.h"
#include "indexer/vaults.h"

/* What the caller of many runs wants to hear. */
struct update_ears {
    void *ctx;
    /* A folder of a vault was read. */
    int (*folder)(void *ctx, const char *vault, const char *rel, struct err *e);
    /* Whether a problem is told: not the second time. `hash` is of its line. */
    bool (*problem)(void *ctx, uint64_t hash);
};

struct update {
    const struct store *store;
    const struct vaults *vaults; /* those that are no longer here leave the index */
    const char *state;           /* the folder of what cannot be rebuilt (changes.h), or NULL */
    bool only_named;             /* bring only the vaults named up to date */
    bool full, force;
    bool quiet, verbose;
    unsigned part, parts;           /* the vaults' (scan.h) */
    unsigned jobs;                  /* processes that write a new generation */
    const struct update_ears *ears; /* NULL: the run is the only one. Else only news is told */

    bool problems; /* told: some input was not read, or kept against the files */
    bool missing;  /* told: a vault that was named is not there */
};

/* Problems of single notes and vaults are told on stderr as they are met; -1 is for what ends the
 * run. */
int update_run(struct update *u, struct err *e);

#endif
