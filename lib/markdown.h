// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * markdown: the blocks of a Markdown text with the exact place of every visible byte. The door to
 * md4c. It reads CommonMark, GitHub's tables, tasks and strikethrough, and what Obsidian adds:
 * [[wikilinks]] and embeds, %%comments%%, ==highlights==, ^block-ids, > [!callouts], [^footnotes],
 * #tags; and the bare bullets (•) of other programs. It knows nothing of units, dates or notes.
 *
 * How. md4c says where ordinary text lies, but neither where a block's lines begin nor anything of
 * Obsidian's. So md4c reads a *shadow* of the text in which those things are made inert (filler
 * letters, blanks; a bare bullet is '-'), and every byte it hands out is led back to the source.
 * Lines follow from the bytes, their beginnings from the containers they lie in.
 *
 * Time is linear in what people write; a table of more than 128 columns and container marks beyond
 * the 64th of a line are read as text, because md4c's time grows with their square.
 *
 * All offsets are bytes of `source`. What a block's slices point to is the source, or comes from
 * the arena. A block is handed over when it is whole, so that no more than one is ever held.
 */
#ifndef KB_MARKDOWN_H
#define KB_MARKDOWN_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/err.h"
#include "lib/slice.h"

enum markdown_kind {
    MARKDOWN_TEXT, /* paragraph, whole quote, HTML block */
    MARKDOWN_ITEM, /* list item: its paragraphs up to its first child block */
    MARKDOWN_HEADING,
    MARKDOWN_ROW,
    MARKDOWN_CODE
};

struct markdown_line {
    uint32_t begin, end; /* without prefix of its containers, indent and line end */
    uint32_t line;       /* from 1 */
    uint32_t col;        /* of `begin`, from 1 */
};

struct markdown_run { /* visible: source[begin..end), or `put` instead of it when put.p is set */
    uint32_t begin, end;
    struct slice put;
};

struct markdown_link {
    uint32_t at;         /* its first visible byte */
    struct slice target; /* without heading; relative ones of [](...) percent-decoded */
    struct slice heading, alias;
    bool url, embed;
};

struct markdown_block {
    enum markdown_kind kind;
    uint8_t level;  /* headings */
    bool nested;    /* lies in a quote or a list item */
    int32_t parent; /* number of the list item it lies in, from 0, or -1 */
    struct markdown_line *lines;
    size_t n_lines, cap_lines;
    struct markdown_run *runs; /* in order, at least one */
    size_t n_runs, cap_runs;
    struct markdown_link *links;
    size_t n_links, cap_links;
    struct slice *tags;
    size_t n_tags, cap_tags;
};

/* Who takes the blocks, in order of their first line; each has something visible. Its arrays are
 * there during the call only. False: out of memory. */
struct markdown_taker {
    bool (*take)(void *ctx, const struct markdown_block *b);
    void *ctx;
};

/* Reads source[from..], whose first line is number `line`. -1: out of memory. */
int markdown_parse(struct arena *a, struct slice source, size_t from, uint32_t line,
    const struct markdown_taker *to, size_t *n_bare_bullets, struct err *e);

/* The inside of [[...]]: "Muse Spark#Notes|it". `visible` is what a reader sees of it, {p, 0} at
 * least. False when it is none (empty, nothing but blanks). */
bool markdown_wikilink(
    struct slice inside, bool embed, struct markdown_link *link, struct slice *visible);

#endif
