// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * synonyms: the user's own words for the same thing, one group a line:
 *     LLM = large language model, LLMs      # each finds the others
 * A comma or '=' stands between two of a group; '#' before or behind a blank begins a comment.
 * Names are compared by synonyms_key, so case, accents and hyphens do not matter.
 */
#ifndef KB_SYNONYMS_H
#define KB_SYNONYMS_H

#include "lib/arena.h"
#include "lib/err.h"
#include "lib/slice.h"

enum {
    SYNONYMS_BYTES = 1 << 20, /* of a file */
    SYNONYMS_GROUP = 16,      /* names in a group */
    SYNONYMS_WORDS = 8,       /* words in a name */
    SYNONYMS_NAME = 200       /* bytes of a name */
};

struct synonym {
    struct slice key;    /* of one name */
    struct slice *names; /* of its whole group, itself among them, as written */
    struct slice *keys;
    size_t n;
};

struct synonyms {
    struct synonym *v; /* by key; one row for each group that has it */
    size_t n, cap;
    size_t longest; /* most words in a name */
};

/* The plain base terms joined by single blanks; empty for a name without a word, and out of memory.
 */
struct slice synonyms_key(struct arena *a, struct slice name);

/*
 * Reads `text`; everything from the arena. ERR_CONFIG: "NAME:LINE: what is wrong" for a line that
 * is no group, a name without a word, and anything over the limits.
 */
int synonyms_parse(
    struct arena *a, struct slice text, const char *name, struct synonyms *s, struct err *e);
/* The same of a file. One that is not there has no synonyms; ERR_IO: it cannot be read. */
int synonyms_load(struct arena *a, const char *path, struct synonyms *s, struct err *e);

/* The first of the rows with this key, *n of them; NULL for none. `s` may be NULL. */
const struct synonym *synonyms_find(const struct synonyms *s, struct slice key, size_t *n);

#endif
