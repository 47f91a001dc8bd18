// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * hash: 64 bits of any bytes, for ids, cut terms and the question whether a note changed. Stored
 * in indexes, so the same on every machine and in every version: changing it means raising
 * SCHEMA_VERSION. Fast and well mixed, but not made against somebody who looks for collisions.
 */
#ifndef KB_HASH_H
#define KB_HASH_H

#include <stdint.h>

#include "lib/slice.h"

/* Different seeds give independent hashes; chain them to hash several strings in turn:
 * hash64(b, hash64(a, 0)) tells ("ab", "c") from ("a", "bc"). */
uint64_t hash64(struct slice s, uint64_t seed);

/* "0123456789abcdef" into text[17]. */
void hash_format(uint64_t hash, char text[17]);

#endif
