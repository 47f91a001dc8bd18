// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * unite: a few posting lists as one: the documents that are in any, ascending, their wdf added up
 * to 65,535 at most.
 */
#ifndef KB_UNITE_H
#define KB_UNITE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/arena.h"
#include "lib/err.h"

struct unite_list {
    uint32_t *at;
    uint16_t *wdf;
    size_t n;
};

/* The union of n lists: of none an empty one, of one that itself, else new arrays in the arena,
 * where those on the way to it are, too. Changes the order of v. */
int unite_lists(
    struct arena *a, struct unite_list *v, size_t n, struct unite_list *out, struct err *e);

#endif
