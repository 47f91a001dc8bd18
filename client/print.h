// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * print: an answer on its way to stdout, in one of the forms, and what has to be said about it to
 * stderr. A form is a row of the table in print.c. Pages come in one after another; what was
 * printed leaves with print_flush.
 *
 * Nothing a note holds can drive a terminal: text goes through utf8_printable wherever a terminal
 * reads it.
 */
#ifndef KB_CLIENT_PRINT_H
#define KB_CLIENT_PRINT_H

#include "client/options.h"
#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/err.h"
#include "lib/json.h"

/* What stdout is; tests make their own. */
struct screen {
    bool terminal, color, links; /* links: OSC 8 */
    size_t columns;
    const char *cwd;  /* "" if unknown; paths below it are shown relative */
    const char *host; /* of file: links */
};

struct hit_shown {
    const struct json *json;
    struct slice raw;
};

struct seen { /* hashes of the notes listed so far */
    uint64_t *slots;
    size_t n, size; /* size: a power of two, or 0 */
};

struct print {
    const struct options *options;
    struct screen screen;
    const struct print_form *form;
    struct buf out;
    uint64_t printed; /* hits, or notes where notes are listed */
    struct seen seen;
    struct buf joined; /* hits of all pages, for a form that is one object */
    struct buf first, cursor;
    bool paged; /* more than one page came in */
};

void screen_find(struct arena *a, const struct options *o, struct screen *s);

/* ERR_USAGE: a template that cannot be. */
int print_init(struct print *p, const struct options *o, const struct screen *s, struct err *e);
void print_free(struct print *p);

/* Whether the form prints bytes of the result as the daemon wrote them. */
bool print_wants_raw(const struct print *p);
/* The daemon's reply, parsed as far as it is printed: of the hits of a search there may be no more
 * than the form looks at. NULL: it is no JSON, ERR_PARSE. */
struct json *print_parse(const struct print *p, struct slice reply, struct err *e);
/* A search's or get's result: its bytes, where they are wanted, and what they parse to. Prints at
 * most as many hits as are still wanted. */
void print_page(struct print *p, struct slice raw, const struct json *result);
/* After the last page. */
void print_end(struct print *p);
/* The text of a get, as it is. */
void print_text(struct print *p, const struct json *result);
void print_suggestions(struct print *p, const struct json *result);
void print_status(struct print *p, const struct json *result);
void print_links(struct print *p, const struct json *result);

/* Writes what was printed so far. ERR_IO, or SIGPIPE as everybody else dies of it. */
int print_flush(struct print *p, struct err *e);

/* What the answer was made of otherwise than asked: lines for stderr. */
void print_notices(const struct json *result, struct buf *out);
/* Facets of a search, a line each. */
void print_facet_notices(const struct json *result, struct buf *out);
void print_explain(const struct json *result, struct buf *out);
/* One line, and the query with a caret under e->at when it has a place there. */
void print_failure(const struct err *e, const char *query, struct buf *out);

/* For the forms. */
struct slice hit_text(const struct hit_shown *h, const char *key); /* "" for null */
int64_t hit_int(const struct hit_shown *h, const char *key);
/* As it is shown: relative to the working directory when below it. */
struct slice hit_path(const struct print *p, const struct hit_shown *h);
/* On one line: a line end and the blanks around it are one blank; nothing is cut. */
void put_flat(struct buf *out, struct slice text);
/* " [also 2026-04-10, 2026-04-12]" behind a folded hit. */
void put_folded(struct buf *out, const struct hit_shown *h);

/* client/block.c: what a terminal shows; a line of a story, where its `source` or `gap` is shown.
 */
void print_block(struct print *p, const struct hit_shown *h);
void print_story(struct print *p, const struct hit_shown *h);
/* client/chart.c: counts as bars and tables, fitted to the screen. */
void print_trend(struct print *p, const struct json *result);
void print_trend_svg(struct print *p, const struct json *result);
void print_facets(struct print *p, const struct json *result);
void print_with(struct print *p, const struct json *result);
void print_rising(struct print *p, const struct json *result);
/* client/template.c */
int template_check(const char *template, struct err *e);
void print_template(struct print *p, const struct hit_shown *h);

#endif
