// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sums: posting lists added up: how often a document has any of several terms. Two bytes for each
 * document and a bit, all 0 between two uses, so that a sum costs what is in its lists.
 */
#ifndef KB_SUMS_H
#define KB_SUMS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct sums { /* zeroed: none */
    uint16_t *wdf;
    uint64_t *any;       /* a bit for each document that has one of them */
    size_t documents, n; /* all there are, and those that have any */
};

/* Room for so many documents, where there is none yet. */
int sums_make(struct sums *s, size_t documents, struct err *e);
void sums_free(struct sums *s);

/* Adds a list, ascending; a sum ends at 65,535. */
void sums_add(struct sums *s, const uint32_t *at, const uint16_t *wdf, size_t n);
/* Those that have any, ascending; they are 0 from then on. */
void sums_take(struct sums *s, uint32_t *at, uint16_t *wdf);

#endif
