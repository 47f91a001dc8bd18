// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * regex: regular expressions that cannot hang. The door to PCRE2 (its 8-bit library, UTF mode, no
 * JIT). The bound: a match gives up after REGEX_STEPS steps of PCRE2's own counting and REGEX_HEAP
 * KiB of memory, and that is an error, never "no match". A pattern's case counts when it holds an
 * upper-case letter.
 */
#ifndef KB_REGEX_H
#define KB_REGEX_H

#include "lib/err.h"
#include "lib/slice.h"

enum { REGEX_STEPS = 100000, REGEX_HEAP = 2048 };

struct regex;

/* ERR_QUERY with `at` moved on to the byte that PCRE2 objects to. */
int regex_new(struct regex **re, struct slice pattern, size_t at, struct err *e);
void regex_free(struct regex *re); /* NULL is fine */
/* 1 and the bytes of the first match, 0 for none; -1: ERR_COMPLEX over the bound. Bytes of `text`
 * that are not UTF-8 match nothing. */
int regex_find(struct regex *re, struct slice text, size_t *begin, size_t *end, struct err *e);
/*
 * The longest run of ASCII letters that every match must contain, in lower case, at most `max`
 * bytes of it; 0 when there is none of three letters or more.
 */
size_t regex_literal(struct slice pattern, char *out, size_t max);

#endif
