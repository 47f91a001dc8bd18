// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * nearest: which known name a mistyped one was meant to be, for messages.
 *
 *     struct nearest n = nearest_to(word);
 *     for (...)
 *         nearest_try(&n, names[i]);
 *     if (n.name) ... "did you mean %s?"
 */
#ifndef KB_NEAREST_H
#define KB_NEAREST_H

#include "lib/slice.h"

struct nearest {
    struct slice word;
    const char *name; /* the best so far; NULL while none is near enough to be meant */
    size_t distance;  /* letters to change, drop, add or swap */
};

struct nearest nearest_to(struct slice word);
/* Keeps `name` if it is nearer than the one before: at most two letters off, at most a third of the
 * longer word, or longer than `word` by an ending. `name` must outlive *n. */
void nearest_try(struct nearest *n, const char *name);

/* Letters to change, drop, add or swap with their neighbour; SIZE_MAX for words over 40 bytes. */
size_t nearest_distance(struct slice a, struct slice b);

#endif
