// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * changes: the writer's side of the journal (lib/journal.h). It gathers which units a commit brings
 * and takes away, and writes them down before the commit. What was on its way and never committed
 * is cut off when the journal is next opened.
 *
 * A journal that is not there although the index holds units begins with all of them: nothing of
 * what was before it is news.
 */
#ifndef KB_CHANGES_H
#define KB_CHANGES_H

#include "indexer/map.h"
#include "lib/err.h"
#include "lib/xapian-c.h"

struct changes {
    const char *state; /* the folder; NULL: nothing is kept */
    int fd;            /* of the journal; -1 while closed */
    struct arena arena;
    struct map balance; /* of this commit, by id: struct change */
    struct change *first, *last;
};

/* Opens the journal for an index (NULL: none) of this revision. *last: the highest revision that
 * the journal knows, or that of the index. */
int changes_open(struct changes *c, const char *state, struct xdb *db, uint64_t revision,
    uint64_t *last, struct err *e);
void changes_close(struct changes *c);

/* A document is about to be put over whatever `db` has there (NULL: nothing). `id_term`: I<id>. */
int changes_put(
    struct changes *c, struct xdb *db, docid_t docid, struct slice id_term, struct err *e);
int changes_delete(struct changes *c, struct xdb *db, docid_t docid, struct err *e);
/* Before the commit of this revision. */
int changes_commit(struct changes *c, uint64_t revision, struct err *e);
/*
 * Before the whole index at `path` takes the place of `old` (may be NULL), in this revision: what
 * differs from what the journal knows. */
int changes_rebuilt(
    struct changes *c, const char *path, struct xdb *old, uint64_t revision, struct err *e);

#endif
