// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * forms: the words that are told from their stem. Most words are their stem and one of a few
 * endings: a unit with such a word needs no posting of the stem, for who asks for the stem asks for
 * these words (schema.h, Z). Nine of ten words in English; of other languages as many as are their
 * own stem or have one of these endings.
 */
#ifndef KB_FORMS_H
#define KB_FORMS_H

#include "lib/arena.h"
#include "lib/slice.h"

enum { FORMS_OF_STEM = 13 };

/* Whether `word`, whose stem it is, is one of them. */
bool forms_has(struct slice stem, struct slice word);

/* All of them, into the arena: words that may not be there, and whose stem may be another one
 * ("news" of "new"). -1: out of memory. */
int forms_of(struct arena *a, struct slice stem, struct slice form[FORMS_OF_STEM], size_t *n);

#endif
