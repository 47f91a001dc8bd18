// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * unite: a few posting lists as one: the documents that are in any, ascending, their wdf added up
 * to 65,535 at most.
 */
#ifndef KB_UNITE_H
#define KB_UNITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct unite_list {
    uint32_t *at;
    uint16_t *wdf;
    size_t n;
    bool lent; /* belongs to someone else and is not written to; otherwise both are of malloc */
};

/* Leaves the union of n lists in *out, both arrays of malloc and never NULL. The lists are gone
 * then, after an error too. */
int unite_lists(struct unite_list *v, size_t n, struct unite_list *out, struct err *e);

/* What was not lent is freed. */
void unite_free(struct unite_list *l);

#endif
