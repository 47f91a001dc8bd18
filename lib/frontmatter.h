// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * frontmatter: the YAML block that opens a note. The door to libyaml, which reads it while it is
 * valid, at most 64 KiB, 8 levels deep and without aliases; what real vaults hold beside that
 * (merge markers, tabs, `title: a: b`) is read line by line: `key: value`, `- item`.
 *
 * The block is from a first line `---` to the next line `---` or `...`. Where that makes no YAML,
 * an indented `---` before it may end it. A block that is never closed, or holds no keys, is no
 * front matter but text.
 */
#ifndef KB_FRONTMATTER_H
#define KB_FRONTMATTER_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/err.h"
#include "lib/slice.h"

enum { FRONTMATTER_MAX = 65536, FRONTMATTER_DEPTH = 8 };

struct frontmatter_field {
    struct slice key;     /* nested ones joined by '.' */
    struct slice *values; /* unquoted, folded; null is empty */
    size_t n_values, cap_values;
};

struct frontmatter_line {
    uint32_t begin, end; /* bytes of the source, without indent and line end; blank lines are left
                            out */
    uint32_t line, col;  /* from 1 */
    bool joins;          /* goes on with the line before, as in a folded scalar */
};

struct frontmatter {
    bool found;
    size_t body;        /* where the text behind it begins; 0 when there is none */
    uint32_t body_line; /* number of that line, from 1 */
    struct frontmatter_line *lines;
    size_t n_lines, cap_lines;
    struct frontmatter_field *fields;
    size_t n_fields, cap_fields;
    const char *warning; /* what a person would want to know, or NULL */
    uint32_t warning_line;
};

/* -1: out of memory. What it gives points into the source or comes from the arena. */
int frontmatter_parse(struct arena *a, struct slice source, struct frontmatter *f, struct err *e);

/* The values of a key, NULL when it is not there. ASCII case does not matter. */
const struct frontmatter_field *frontmatter_get(const struct frontmatter *f, const char *key);

#endif
