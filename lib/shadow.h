// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shadow: the text that the Markdown parser reads in place of a note's own. What only Obsidian and
 * people who type plain text write is made inert in it, and kept as marks over the source:
 *
 *   [[note#heading|alias]] ![[embed|300]]  letters, with what a reader sees of it as visible part
 *   %%comment%% (also over lines)          letters; blanks where it fills whole lines
 *   https://bare.url www.bare.url       letters, all visible (md4c takes quadratic time for these)
 *   [^1] and [^1]:                         letters, where the note defines that footnote
 *   ==highlight==, " ^block-id", [!tip]-   as they are, but not visible
 *   a bare bullet (• and its like)         "-", which is shorter
 *   the delimiter row of a table           one that is as wide as the widest row
 *   a number that numbers no list (2803.)  a comma for its full stop
 *   NUL, a CR alone                        a control character; a blank, or the line end of a note
 *                                          that has no other
 *
 * Marks count for ordinary text only: whoever meets code or HTML takes the source's bytes.
 */
#ifndef KB_SHADOW_H
#define KB_SHADOW_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/slice.h"

struct wikilink {
    struct slice target, heading, alias, visible;
    bool embed;
};

struct shadow_mark {
    uint32_t begin, end;                 /* in the source */
    uint32_t visible_begin, visible_end; /* the part of it that stays */
    int32_t link;                        /* index in links[], or -1 */
    bool url;                            /* a bare one */
    bool opens_callout;
};

struct shadow_shift { /* from shadow byte `at` on, the source is `by` bytes further */
    uint32_t at;
    int32_t by;
};

struct shadow {
    struct slice source;
    uint32_t from; /* byte of the source that the shadow begins at */
    char *p;       /* the shadow: n bytes */
    size_t n;
    struct shadow_shift *shifts;
    size_t n_shifts, cap_shifts;
    size_t n_bare_bullets;
    struct shadow_mark *marks; /* in order, not overlapping */
    size_t n_marks, cap_marks;
    struct wikilink *links;
    size_t n_links, cap_links;
    uint32_t *lines; /* where each line begins in the source */
    size_t n_lines, cap_lines;
    uint32_t first_line; /* number of lines[0], from 1 */
};

enum { SHADOW_DEPTH = 64, SHADOW_COLUMNS = 128 };

/* Of source[from..], whose first line has the number `line`. False: out of memory. */
bool shadow_make(
    struct arena *a, struct slice source, size_t from, uint32_t line, struct shadow *s);
/* The byte of the source that byte `at` of the shadow (at <= n) came from. */
uint32_t shadow_source(const struct shadow *s, size_t at);

/* The inside of [[...]]. False when it is none: empty, or with brackets or backticks in it. */
bool shadow_wikilink(struct slice inside, bool embed, struct wikilink *link);

/* The length of the list marker at the start of `s` with the blanks behind it, 0 when there is
 * none; *bare when it is a bullet of plain text. */
size_t shadow_bullet(struct slice s, bool *bare);

/* Whether the note writes its lines with CR alone. */
bool shadow_cr_lines(struct slice source);

#endif
