// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * terse: a posting list in few bytes, one or two for a document where lists are long: what is asked
 * for now and then can be kept three times as long, and is there ten times as fast as from the
 * index.
 */
#ifndef KB_TERSE_H
#define KB_TERSE_H

#include <stddef.h>
#include <stdint.h>

struct terse { /* zeroed: none; freed by free(bytes) */
    unsigned char *bytes;
    size_t size;
    uint32_t n;
};

/* at[] ascending. -1: out of memory, and *t as it was. */
int terse_make(struct terse *t, const uint32_t *at, const uint16_t *wdf, size_t n);
/* Into room for t->n each. */
void terse_read(const struct terse *t, uint32_t *at, uint16_t *wdf);

#endif
