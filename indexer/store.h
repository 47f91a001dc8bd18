// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * store: the folder of an index (lib/index.h) as its one writer holds it: locked, without leftovers
 * of runs that died, and with its generations.
 *
 * The lock is an open-file-description lock on DB/lock: the kernel lets it go with the process,
 * however that dies.
 */
#ifndef KB_STORE_H
#define KB_STORE_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/err.h"

struct store {
    const char *dir;
    int dir_fd, lock_fd; /* -1 while closed */
    int64_t now_ns;      /* when it was locked, by the file system's own clock */
};

/*
 * Creates the folder if need be and takes the lock, trying for `wait_ms`. ERR_LOCKED names the
 * process that has it. `dir` must outlive the store.
 */
int store_open(struct store *s, const char *dir, int64_t wait_ms, struct err *e);
void store_close(struct store *s);

/* The path of the present generation; NULL when there is none. */
int store_current(const struct store *s, struct arena *a, const char **path, struct err *e);
/* A name that no generation has yet: "gen-8". */
int store_next(const struct store *s, struct arena *a, const char **name, struct err *e);
/* Makes `name` the present generation, for good when it returns, and removes the others. */
int store_swap(const struct store *s, const char *name, struct err *e);
/*
 * Whether compaction pays: the present generation of `bytes` has grown by half since it was last
 * compact, is over 32 MiB, and the last time is a day ago. What an index has never told is taken to
 * be compact as it stands.
 */
bool store_compaction_due(const struct store *s, uint64_t bytes);
/* Remembers in DB/compacted that the present generation is compact with so many bytes. */
void store_compacted(const struct store *s, uint64_t bytes);

/* DB/doubt: a commit failed, and what the kernel holds of the tables may not be what the disk has.
 * It is there until the tables were checked. */
void store_doubt(const struct store *s, bool doubtful);
bool store_doubtful(const struct store *s);

/* Removes every generation but the present one; what cannot be removed stays. */
void store_clean(const struct store *s);

#endif
