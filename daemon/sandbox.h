// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sandbox: what the kernel holds the process to, from before its first thread to its end. A fault
 * in what reads requests, notes or tables then reaches no further than the daemon itself has to.
 *
 * Where the kernel has Landlock (Linux 5.13) and there is an index:
 *   read   the index, the vaults it names, its state (journal.h), the folder of the configuration,
 *          and what no user keeps secret: /usr, /lib, /etc, and this process in /proc
 *   write  nothing but /dev/null
 * Where there is no index yet, nobody knows the vaults: writing is held, reading is not. Where the
 * kernel has no Landlock, file modes are all there is; sandbox_name tells.
 *
 * What was taken away never comes back, neither to a program that this one becomes nor to a child.
 * So a folder that comes later (a vault indexed while the daemon runs, one that was removed and
 * made anew, the index itself) stays hidden until another process is sandboxed. Then the process is
 * outgrown: it ends, and the keeper begins another.
 */
#ifndef KB_SANDBOX_H
#define KB_SANDBOX_H

#include <stdbool.h>

#include "lib/config.h"

enum sandbox {
    SANDBOX_NONE,   /* the kernel cannot, or was not asked to */
    SANDBOX_WRITES, /* writing is held */
    SANDBOX_FULL    /* reading too */
};

/* Nothing of ours is for others, no core holds notes, no program we start gains rights, and no
 * descriptor that we were not handed stays open: those from `keep` on are closed. */
void sandbox_prepare(int keep);
/* Only while there is one thread. A wary process does not read the index and so knows no vaults; a
 * settled one is not to be outgrown. */
struct keeper_child;
enum sandbox sandbox_enter(const struct config *config, const struct keeper_child *c);
/* "none", "writes", "full" */
const char *sandbox_name(void);

/* Of a file below `dir` whose opening for reading met EACCES: whether the sandbox alone is why. */
bool sandbox_hides(int dir, const char *path);
/* Looks whether what the index now names is more than this process may read. True when the user's
 * synonyms are hidden, so that an answer lacks them. */
struct reader;
bool sandbox_look(struct reader *r, const struct config *config);
/* Whether either found something that another process would be let read. */
bool sandbox_outgrown(void);

#endif
