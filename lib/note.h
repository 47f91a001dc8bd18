// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * note: a pure function from the bytes of a note to its units (design.md §1). It reads no file,
 * knows no index and never fails on what a note holds: broken front matter, binary junk and
 * unclosed marks come out as text, with a warning where a person would want to know.
 *
 * Everything points into the source text or the caller's arena; both must outlive the note.
 *
 * Rendered text. A unit's `text` is source bytes. What a reader sees of it (marks, link targets,
 * comments, block ids gone; entities decoded) is its *rendered* text, described by `runs` over
 * `text`, so that any byte of the rendering can be led back to a byte of the file. In rendered
 * text '\n' ends a paragraph, table cell or code line (adjacency breaks there), a soft line wrap
 * is a blank.
 */
#ifndef KB_NOTE_H
#define KB_NOTE_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/date.h"
#include "lib/err.h"
#include "lib/slice.h"

enum unit_kind {
    UNIT_NOTE, /* the head: title, aliases, tags, all of the front matter. Always units[0] */
    UNIT_HEADING,
    UNIT_ENTRY,  /* list item of a digest note */
    UNIT_EVENT,  /* list item of another note, dated by its own text or link */
    UNIT_BULLET, /* any other list item */
    UNIT_TEXT,   /* paragraph, quote, callout, footnote, HTML block */
    UNIT_ROW,    /* table row; the header row too */
    UNIT_CODE,   /* fenced or indented code, mermaid, dataview */
    UNIT_KINDS
};
/* "note heading entry event bullet text row code" */
const char *unit_kind_name(enum unit_kind k);
/* -1 if there is no such kind. */
int unit_kind_of(struct slice name);

enum date_source { DATE_NONE, DATE_TEXT, DATE_LINK, DATE_FILE, DATE_FRONTMATTER };
/* "none text link file frontmatter" */
const char *date_source_name(enum date_source s);

/* One line of a unit's text: lines are joined by '\n' in `text`, each without its indent, list
 * marker and quote prefix. */
struct unit_line {
    uint32_t begin; /* offset in text of the line's first byte */
    uint32_t line;  /* 1-based line of the file; increases strictly */
    uint32_t col;   /* 1-based byte column of that first byte in the file's line */
};

enum run_kind {
    RUN_COPY, /* text[begin..end) as it stands */
    RUN_PUT   /* `put` instead of text[begin..end): entity, soft wrap (" "), break ("\n") */
};
struct run {
    enum run_kind kind;
    uint32_t begin, end;
    struct slice put;
};

struct note_link {
    struct slice target;  /* as written: note name or path, without heading and block; or a URL */
    struct slice heading; /* behind '#', block ids too ("^id"); may be empty */
    struct slice alias;   /* the shown text; may be empty */
    bool url;             /* has a scheme, or is a mail address */
    bool embed;           /* ![[...]] or ![...](...) */
};

/* A hostile note has 600,000 of them, so they are small. */
struct unit {
    enum unit_kind kind;
    uint32_t line, end_line; /* its own lines, 1-based, both in */
    day_t day;               /* event date or DAY_NONE */
    struct slice text;       /* source bytes: no list marker, quote prefix, child bullets */
    struct unit_line *lines;
    struct run *runs; /* in order, not overlapping; bytes in no run are not visible */
    struct note_link *links;
    struct slice *tags; /* inline #tags without '#', as written */
    uint32_t n_lines, n_runs, n_links, n_tags;
    int32_t parent;  /* index of the list item it lies in, or -1 */
    int32_t heading; /* index of the nearest heading unit above, or -1; a heading's own is
                        the next higher level's */
    enum date_source day_source;
    uint8_t level; /* headings: 1 to 6 */
    bool nested;   /* lies in a quote or a list item */
};

/* A front-matter property: nested maps are joined with '.', a list has several values. */
struct property {
    struct slice key;
    struct slice *values; /* scalars as written, unquoted; null is the empty slice */
    size_t n_values;
};

struct note_warning {
    uint32_t line;
    const char *text; /* "front matter is never closed: read as text" */
};

struct note {
    struct slice source;   /* UTF-8 (converted from UTF-16/32 where the file was) */
    struct slice title;    /* front matter `title`, else the first level-1 heading that opens the
                              note, else the base name without its ending */
    struct slice *aliases; /* front matter `aliases`, `alias` */
    size_t n_aliases;
    struct slice *tags; /* front matter `tags`, `tag`, without '#' */
    size_t n_tags;
    struct property *properties; /* the whole front matter, those above too */
    size_t n_properties;
    struct slice lang; /* front matter `lang`, `language`; may be empty */
    bool digest;       /* the base name carries a date */
    day_t day;         /* of the file name, else of front matter */
    enum date_source day_source;
    struct unit *units; /* in order of their first line, the head first */
    size_t n_units;
    struct note_warning *warnings;
    size_t n_warnings;
};

/*
 * `rel`: the note's path below its vault, '/'-separated, for title and date. `bytes`: the file.
 * Markdown (.md, .markdown) and plain text (.txt) are read alike. -1 only when out of memory
 * (ERR_MEMORY); notes over 16 MiB are the caller's to refuse.
 */
int note_parse(
    struct arena *a, struct slice rel, struct slice bytes, struct note *n, struct err *e);

/* Appends the rendered text of `text` under `runs`. */
void note_render(struct buf *out, struct slice text, const struct run *runs, size_t n_runs);
/* The offset in text that byte `at` of the rendered text came from. */
size_t note_source_of(const struct run *runs, size_t n_runs, size_t at);

/*
 * The visible bytes of `n->source` that lie in no unit, or in two: kbindex --check. Independent of
 * how the units were made: it walks the source's lines and the units' lines and columns. Each
 * finding is a line and a few words. Returns the number of findings, the first `max` in *out.
 */
size_t note_uncovered(struct arena *a, const struct note *n, struct note_warning *out, size_t max);

#endif
