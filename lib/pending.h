// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pending: what a vault has that the index may not know yet: notes that were written since a
 * moment, by the times of files. A hint for people: kbindex compares every note with what it
 * remembers of it, and knows what .gitignore leaves out.
 */
#ifndef KB_PENDING_H
#define KB_PENDING_H

#include <limits.h>
#include <time.h>

struct pending { /* zeroed but for `since`; several vaults may be added up */
    struct timespec since;
    unsigned folders, newer;
    unsigned hidden;      /* that may not be read */
    char first[PATH_MAX]; /* of those */
    int failed;           /* errno of a folder that is there and could not be looked at, else 0 */
};

/* When the index in this folder (index.h) was committed last; zero when there is none. */
struct timespec pending_committed(const char *db);
void pending_look(struct pending *p, const char *vault);

#endif
