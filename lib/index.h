// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * index: the folder an index lives in, and opening it for reading.
 *
 *   DB/CACHEDIR.TAG
 *   DB/current -> gen-7      replaced by one atomic rename when a full rebuild is done
 *   DB/gen-7/                the Xapian database (schema.h)
 *   DB/lock                  held by the one kbindex that writes; holds its pid
 *
 * An index_reader belongs to one thread at a time. Missing is normal: a daemon starts without.
 */
#ifndef KB_INDEX_H
#define KB_INDEX_H

#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "lib/commit.h"
#include "lib/xapian-c.h"

struct index_reader {
    char *dir;      /* the DB folder */
    struct xdb *db; /* NULL while there is no index */
    dev_t dev;
    ino_t ino;  /* identity of gen-N: another one means open anew, never reopen */
    int folder; /* gen-N, held open so that its inode is given to no other folder; or -1 */
    struct commit commit;  /* that was there before `db` came to its revision */
    uint64_t moves;        /* xdb_moves when last checked */
    size_t memory;         /* for posting lists (postings.h); 0: as much as is good */
    struct shards *shards; /* its parts (shards.h), whose union `db` then is; NULL: one folder */
    char uuid[33];
    uint64_t revision;
    uint64_t schema; /* of the index last looked at, also of one refused; 0: none, or unreadable */
    struct {
        dev_t dev;
        ino_t ino; /* 0: none */
        struct timespec changed, until;
    } shunned; /* the commit that is not to be read */
};

int index_reader_init(struct index_reader *r, const char *dir, struct err *e);
void index_reader_free(struct index_reader *r); /* a zeroed one is fine */
/*
 * Brings the reader to the newest commit: opens, reopens or opens anew. Whenever that led to
 * another revision it reads schema number, uuid and revision and checks the health of the tables
 * (each there and readable, a unit's data and positions not empty: Xapian serves nothing, silently,
 * from a table it cannot open, and a phrase without positions as a plain AND). Cheap (a stat and
 * Xapian's reopen) when nothing changed. ERR_NO_INDEX, ERR_SCHEMA, ERR_DAMAGED, ERR_BUSY (also for
 * want of file descriptors), ERR_MEMORY; each message ends with what to do. After an error the
 * reader holds no database and the next call tries again.
 */
int index_reader_refresh(struct index_reader *r, struct err *e);
/* Reading the index as it stands crashed: refused with ERR_DAMAGED until there is another commit,
 * or for so many seconds. */
void index_reader_shun(struct index_reader *r, unsigned seconds);

#endif
