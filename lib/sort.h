// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sort: qsort for what may be long, piece by piece, so that xdb_watch is heeded. -1 with its error,
 * or ERR_MEMORY: then the order is any. So is that of equal ones, as with qsort.
 */
#ifndef KB_SORT_H
#define KB_SORT_H

#include "lib/xapian-c.h"

int sort_watched(const struct xdb *db, void *v, size_t n, size_t size,
    int (*compare)(const void *, const void *), struct err *e);

#endif
