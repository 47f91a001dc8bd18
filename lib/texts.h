// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * texts: the data of documents that were read lately, so that hits that come again (with the next
 * letter typed, the next page, another tier) are not looked up and inflated again. Bounded; what
 * was not asked for while the hand went round goes first.
 *
 * Belongs to one revision of one database: forget it with another.
 */
#ifndef KB_TEXTS_H
#define KB_TEXTS_H

#include "lib/xapian-c.h"

struct texts {   /* zeroed at first */
    size_t most; /* bytes; 0: as much as is good */
    struct text **v;
    size_t n, hand, bytes;
};

/* The data of n documents that are there, into the arena. */
int texts_read(struct texts *t, struct xdb *db, struct arena *a, const docid_t *ids, size_t n,
    struct slice *data, struct err *e);
/* As if zeroed again, but for `most`. */
void texts_free(struct texts *t);

#endif
