// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * spell: the index's own words, small enough to keep, to answer which of them was meant by a word
 * that is not among them.
 *
 * What was meant is the word that makes the typed one likeliest: slips of the finger are cheap
 * (a letter left out or doubled, two swapped, a neighbouring key), other changes dear, frequent
 * words likelier than rare ones. One slip is tried first, two only when no word is one slip away
 * and the word has six letters or more. Slips are of characters, in the first place of a word too.
 *
 * Words are kept in front-coded blocks, about 7 bytes a word. A block whose words all share a
 * beginning that is too far off already is passed over by one comparison.
 *
 * Built by one thread, then read by any number.
 *
 *     struct spell *s;
 *     spell_new(&s, e); spell_add(s, word, df, e) for each word in byte order; spell_done(s);
 */
#ifndef KB_SPELL_H
#define KB_SPELL_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/err.h"
#include "lib/slice.h"

enum { SPELL_LEAST = 3, SPELL_MOST = 40 /* characters of a word that is kept */ };

struct spell;

struct spell_word {
    struct slice text; /* in the arena */
    uint32_t freq;
};

int spell_new(struct spell **s, struct err *e);
void spell_free(struct spell *s); /* NULL is fine */
/* In byte order, each word once. A word with anything but letters, or too short, too long or
 * ideographic, is passed over. */
int spell_add(struct spell *s, struct slice word, uint32_t freq, struct err *e);
/* Gives back memory taken ahead; nothing is added behind it. */
void spell_done(struct spell *s);
size_t spell_words(const struct spell *s);
size_t spell_bytes(const struct spell *s);

/* The word that `word` (folded, as terms are) was meant to be, never itself; out->text.n == 0 when
 * none is near enough. */
int spell_nearest(const struct spell *s, struct arena *a, struct slice word, struct spell_word *out,
    struct err *e);

#endif
