// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * watch: one run after another, as the vaults change.
 *
 * The kernel's word about a folder is only a hint to look: a run compares everything with the index
 * (update.h), which costs some milliseconds, so that what the kernel did not tell is found too:
 * events lost in a flood, which begins with events that were not; folders that were new. Hints are
 * gathered for 20 ms after the last one, 60 ms after the first one at most; runs begin 100 ms
 * apart. Without any hint there is a run every ten minutes, and every two seconds while something
 * is in doubt: a vault is not there, the last run failed, the kernel watches no more folders.
 *
 * The index is locked while a run is made, not between runs.
 */
#ifndef KB_WATCH_H
#define KB_WATCH_H

#include "indexer/update.h"

enum watch_state {
    WATCH_DONE,
    WATCH_DOUBTFUL, /* look again soon */
    WATCH_LOCKED,   /* nothing was done: another one is at work */
    WATCH_FAILED    /* at the first run: there is no use in going on */
};

/*
 * Calls `run`, until SIGTERM, SIGINT or SIGHUP. -1: the first run failed, or was locked out, with
 * the error of `run`.
 */
int watch_vaults(enum watch_state (*run)(void *ctx, const struct update_ears *ears, struct err *e),
    void *ctx, bool quiet, struct err *e);

#endif
