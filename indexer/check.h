// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * check: proves an index, writing nothing. Tables: every document and every list of terms is read,
 * in a process of its own, and they must agree with each other and the counts. Coverage: every note
 * of the vaults is parsed anew; each visible byte must lie in exactly one unit (note_uncovered),
 * and each unit in the index must be what the note gives today.
 */
#ifndef KB_CHECK_H
#define KB_CHECK_H

#include "indexer/vaults.h"

struct check {
    const char *dir; /* of the index */
    const struct vaults *vaults;
    bool tables_only, quiet;
    size_t findings; /* told; each was a line on stderr */
};

int check_run(struct check *c, struct err *e);

#endif
