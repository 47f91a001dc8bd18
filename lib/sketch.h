// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sketch: a text's set of words in few bytes, to tell how much two texts have in common without
 * either of them. It is made of the sequence (sequence.h) that the index keeps of each unit.
 *
 * It holds a hash of all the words, equal for equal sets, and a mark of two bytes for each word; of
 * more than SKETCH_MARKS words those with the smallest codes, which are the same ones in two
 * texts of the same words. So sets of up to SKETCH_MARKS words are compared as they are (two words
 * in 65,536 share a mark), larger ones by a sample. Order and repetition are nothing.
 */
#ifndef KB_SKETCH_H
#define KB_SKETCH_H

#include "lib/sequence.h"

enum { SKETCH_MARKS = SEQUENCE_SMALL };

struct sketch {
    uint64_t whole; /* of all words */
    uint16_t marks[SKETCH_MARKS];
    size_t n; /* 0: no words */
};

/* Of several forms of a word at one place the last one counts: that without accents (schema.h).
 * What is no sequence has no words. `a` is for what it needs on the way. */
int sketch_of(struct sketch *s, struct arena *a, struct slice sequence, struct err *e);

#endif
