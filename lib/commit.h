// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * commit: which commit of an index was seen last. Xapian replaces one file with each; while that is
 * held open its inode is given to no other, so that nothing older is taken for the newest. Only
 * where the index is one folder: of shards there is none.
 */
#ifndef KB_COMMIT_H
#define KB_COMMIT_H

#include <stdbool.h>
#include <sys/stat.h>

struct commit {
    int file; /* -1: none was seen; so it has to be at first */
    dev_t dev;
    ino_t ino;
};

/* The file as it is now, in the index's folder `db`; false: there is none. */
bool commit_stat(const char *db, struct stat *st);
/* Whether the one that was seen is the one that is there: one system call. */
bool commit_is_newest(const struct commit *c, const char *db);
/* Sees what is there now; nothing where there is none, or no descriptor for it. To be released. */
void commit_hold(struct commit *c, const char *db);
void commit_release(struct commit *c);

#endif
