// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sandbox: what the kernel holds the process to, from before its first thread to its end. A fault
 * in what reads requests, notes or tables then reaches no further than the daemon itself has to.
 *
 * Where the kernel has Landlock (Linux 5.13) and there is an index:
 *   read   the index, the vaults it names, its state (journal.h), the folder of the configuration,
 *          and what no user keeps secret: /usr, /lib, /etc, and this process in /proc
 *   write  nothing but the socket's own folder, when the socket is ours to remove, and /dev/null
 * Where there is no index yet, nobody knows the vaults: writing is held, reading is not. Where the
 * kernel has no Landlock, file modes are all there is; sandbox_name tells.
 *
 * What was taken away never comes back, neither to a program that this one becomes nor to a child.
 * So a folder that comes later (a vault indexed while the daemon runs, one that was removed and
 * made anew, a configuration that first has a folder) stays hidden until another process is
 * sandboxed: sandbox_hides tells that it is so, sandbox_outgrown that one is wanted.
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
/* `socket`: the path of the socket that is ours to remove, or NULL. Only while there is one thread.
 */
enum sandbox sandbox_enter(const struct config *config, const char *socket);
/* "none", "writes", "full" */
const char *sandbox_name(void);

/* Of a file below `dir` whose opening for reading met EACCES: whether the sandbox alone is why.
 * Once it was, sandbox_outgrown is true. */
bool sandbox_hides(int dir, const char *path);
/* Whether something was hidden that a new process would be let read. */
bool sandbox_outgrown(void);

#endif
