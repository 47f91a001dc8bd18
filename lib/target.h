// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * target: which note a link means, as Obsidian decides it, and which links mean a note. Within one
 * vault and for a link key (schema.h):
 *   1. the note with exactly this path
 *   2. of those whose path ends in it: notes in the linking note's folder or below it first, then
 *      the shortest path, then the first one in order of bytes
 *   3. of those whose title or an alias it is: the same order
 *   4. none: the link dangles
 */
#ifndef KB_TARGET_H
#define KB_TARGET_H

#include "lib/resolve.h"

struct target_note {
    docid_t head;
    uint32_t number;
    struct slice vault, rel, title;
    struct slice key; /* schema_link_key of rel */
};

enum { TARGET_NOTES = 256 /* that one name may stand for; more are not told apart */ };

/* The notes that `key` may mean, in `vault`, or in all when that is empty: those of 1 and 2, or,
 * when there are none, those of 3. In the order of a link from the vault's top. */
int target_find(struct resolver *r, struct slice vault, struct slice key, struct target_note **v,
    size_t *n, struct err *e);

/* The notes with a title or alias of this token_key, as people name them: for questions, never for
 * links. */
int target_by_title(
    struct resolver *r, struct slice key, struct target_note **v, size_t *n, struct err *e);

/* Which of them (all of one vault) a link in the note at `rel` means; n when n is 0. */
size_t target_choose(
    struct arena *a, const struct target_note *v, size_t n, struct slice key, struct slice rel);

/* The units with a link that means the note. */
struct xquery *target_links(struct resolver *r, const struct target_note *note);

#endif
