// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * docs: which documents a revision has and how long they are, 6 bytes each. Documents are counted
 * from 0 in the order of their docids, so that lists of them are short arrays of small numbers;
 * `ids` leads back.
 *
 * Readers of one revision share it, also in several threads: it does not change.
 */
#ifndef KB_DOCS_H
#define KB_DOCS_H

#include "lib/xapian-c.h"

struct docs {
    size_t n;
    docid_t *ids;      /* ascending */
    uint16_t *lengths; /* number of weighing words (the sum of wdf), 65,535 at most */
    double average;    /* length */
    struct docs_block *blocks;
    size_t n_blocks;
};

/* Those of the database's revision, for one table set only (xdb_is_single). To be
 * released. ERR_MEMORY and what xdb_lengths says. */
int docs_hold(struct xdb *db, const struct docs **d, struct err *e);
void docs_release(const struct docs *d); /* NULL: nothing */

/* Ascending docids in at[] become what they are counted as. ERR_BUSY: one is not there, which says
 * that the database came to another revision. */
int docs_places(const struct docs *d, struct xdb *db, uint32_t *at, size_t n, struct err *e);

#endif
