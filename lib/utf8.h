// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * utf8: Unicode as this project needs it. The door to utf8proc. Never fails on bad input: an
 * invalid byte is read as U+FFFD, one byte long, and every position stays a byte of the source.
 */
#ifndef KB_UTF8_H
#define KB_UTF8_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/slice.h"

/* The code point at s->p, advancing *s past it; U+FFFD past one byte where the bytes are not
 * UTF-8 (overlong, surrogate, above U+10FFFF, cut off). s->n must not be 0. */
uint32_t utf8_next(struct slice *s);
void utf8_put(struct buf *b, uint32_t cp);
/* Offset of the first byte that is not UTF-8, or s.n. */
size_t utf8_valid(struct slice s);
/* The longest prefix of at most n bytes that ends between characters. */
size_t utf8_floor(struct slice s, size_t n);

enum utf8_class {
    UTF8_SPACE,   /* white space of any kind, NBSP, U+2028 included */
    UTF8_LETTER,  /* L*, M*, and what else words are made of */
    UTF8_DIGIT,   /* Nd, and subscript digits (H2O); superscript ones are notes and powers: OTHER */
    UTF8_IDEO,    /* Han, kana, hangul, bopomofo: taken by n-grams */
    UTF8_IGNORED, /* soft hyphen, zero-width (non-)joiners, variation selectors,
                     enclosing marks, BOM, controls */
    UTF8_OTHER    /* punctuation and symbols */
};
enum utf8_class utf8_class(uint32_t cp);
bool utf8_is_upper(uint32_t cp);
bool utf8_is_mark(uint32_t cp); /* combining marks M* */

/* Appends s in NFC, case folded (full folding: ß is ss), compatibility forms of Latin letters
 * and digits (full-width, superscript, ligatures) and half-width kana made plain, UTF8_IGNORED left
 * out. Folding twice changes nothing. */
void utf8_fold(struct buf *out, struct slice s);
/* Appends the folded s without accents (é e, ø o, ł l, ı i, ...); its argument is folded text.
 * Letters of scripts whose marks are not accents (kana voicing, Indic vowels) stay. */
void utf8_plain(struct buf *out, struct slice folded);

/* Appends s as valid UTF-8: each invalid byte becomes U+FFFD. */
void utf8_clean(struct buf *out, struct slice s);
/* Appends s for a terminal or a log: valid UTF-8, and every C0 (also \n and \t), DEL, C1,
 * bidirectional control and line/paragraph separator becomes a blank or U+FFFD. */
void utf8_printable(struct buf *out, struct slice s);
/* Columns that s takes on a terminal (East Asian wide = 2, combining = 0). */
size_t utf8_width(struct slice s);

enum utf8_encoding { UTF8_PLAIN, UTF8_BOM, UTF8_FROM_16, UTF8_FROM_32, UTF8_BINARY };
/*
 * The text of a file: bytes with a UTF-16 or UTF-32 byte order mark are converted into the arena,
 * a UTF-8 BOM is dropped, anything else is taken as it is (invalid bytes are dealt with later).
 * UTF8_BINARY: it holds no text (NUL bytes in more than a tenth of its first 4 KiB and no BOM);
 * *text is then empty. Single NULs are text. False: out of memory.
 */
bool utf8_text(struct arena *a, struct slice bytes, struct slice *text, enum utf8_encoding *how);

#endif
