// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sequence: which of a document's words stands where, in some two bytes a word. Xapian's own
 * positions take 25, in a table of their own, with two look-ups for each word and document.
 *
 * A word is a code: the low bytes of its hash (hash.h), as many as it takes that no two words of
 * the document have the same one, and none is 0. So, of a document that is known to hold a word,
 * the sequence tells the word's places exactly. Of one that does not, it tells nothing.
 *
 * Bytes: how many a code has (2 to 8; 3 or more where there are more than SEQUENCE_SMALL different
 * words), then the codes in order of their places, low byte first. The next code stands one place
 * behind the last; in front of one that does not stands a code of 0 and how far it is, as a varint
 * (0: at the same place, another form of the word; from 0 in the beginning).
 */
#ifndef KB_SEQUENCE_H
#define KB_SEQUENCE_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/err.h"
#include "lib/hash.h"

enum { SEQUENCE_SMALL = 64 };

/* A word's hash, which is never 0. */
static inline uint64_t sequence_word(struct slice term)
{
    uint64_t word = hash64(term, 0);
    return word ? word : 1;
}

struct sequence_place {
    uint32_t at; /* from 1 */
    uint64_t word;
};

/* Appends that of n places, ascending; nothing for none. Words whose whole hashes are equal are
 * one. `a` is for what it needs on the way. */
int sequence_write(
    struct buf *out, struct arena *a, const struct sequence_place *v, size_t n, struct err *e);

/* Puts words or codes in ascending order, each once; returns how many there are then. */
size_t sequence_distinct(uint64_t *v, size_t n);

/* Reads it from its beginning to its end. */
struct sequence {
    struct slice left;
    unsigned width; /* bytes of a code; 0: it is none */
    uint32_t at;
    uint64_t code;
};

void sequence_open(struct sequence *s, struct slice bytes);
/* The next code and its place; false at the end, or where it cannot be read (`left` is not empty
 * then). */
bool sequence_next(struct sequence *s);
/* A word's code of so many bytes. */
static inline uint64_t sequence_code(unsigned width, uint64_t word)
{
    return width < 8 ? word & ((UINT64_C(1) << 8 * width) - 1) : word;
}

/*
 * Whether n words, which the document holds, stand within `window` places of one another (n or
 * more), each at a place of its own: in this order, or in any (which may be overlooked where two of
 * the words stand at one place).
 */
int sequence_holds(struct arena *a, struct slice bytes, const uint64_t *words, size_t n,
    uint32_t window, bool any_order, bool *holds, struct err *e);

#endif
