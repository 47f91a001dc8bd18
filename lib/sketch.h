// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sketch: a text's set of words in few bytes, to tell how much two texts have in common without
 * either of them. The index keeps one of each unit.
 *
 * It holds a hash of all the words, equal for equal sets, and a mark of two bytes for each word; of
 * more than SKETCH_MARKS words those whose hashes are the smallest, which are the same ones in two
 * texts of the same words. So sets of up to SKETCH_MARKS words are compared as they are (two words
 * in 65,536 share a mark), larger ones by a sample. Order and repetition are nothing.
 */
#ifndef KB_SKETCH_H
#define KB_SKETCH_H

#include "lib/token.h"

enum { SKETCH_MARKS = 64, SKETCH_BYTES = 8 + 2 * SKETCH_MARKS };

struct sketch {
    uint64_t whole; /* of all words */
    uint16_t marks[SKETCH_MARKS];
    size_t n; /* 0: no words */
};

int sketch_make(struct sketch *s, struct arena *a, const struct tokens *t, struct err *e);
/* At most SKETCH_BYTES, the same on every machine; nothing for no words. Returns how many. */
size_t sketch_write(const struct sketch *s, char *bytes);
/* What is no sketch reads as no words. */
void sketch_read(struct sketch *s, struct slice bytes);

#endif
