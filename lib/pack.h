// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pack: short texts of one kind, each made small by itself, with the help of a dictionary of what
 * they have in common. The door to Zstandard (RFC 8878). A text of some 400 bytes shrinks to 40 %,
 * where zlib, which knows nothing beforehand, leaves 80 %; and is read ten times as fast.
 *
 * Belongs to one thread at a time.
 */
#ifndef KB_PACK_H
#define KB_PACK_H

#ifdef __cplusplus
extern "C" {
#endif

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/err.h"

enum {
    PACK_DICTIONARY = 112 << 10, /* bytes of a dictionary at most */
    PACK_DICTIONARY_LEAST = 4 << 10,
    PACK_TEXT = 64 << 20 /* bytes of a text at most */
};

struct pack;

/* A dictionary of at most `bytes` for texts like `samples`, which lie one behind the other, into
 * the arena; empty where it would not pay: for want of samples, or of room. */
int pack_train(struct arena *a, struct slice samples, const size_t *sizes, size_t n, size_t bytes,
    struct slice *dictionary, struct err *e);

/* The dictionary is copied; an empty one is fine. */
int pack_new(struct pack **p, struct slice dictionary, struct err *e);
void pack_free(struct pack *p); /* NULL is fine */

/* Appends the text, packed. */
int pack_write(struct pack *p, struct slice text, struct buf *out, struct err *e);
/* ERR_DAMAGED: it is not what pack_write made, or not with this dictionary. */
int pack_read(
    struct pack *p, struct arena *a, struct slice packed, struct slice *text, struct err *e);

#ifdef __cplusplus
}
#endif
#endif
