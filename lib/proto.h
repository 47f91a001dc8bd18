// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * proto: the protocol table (proto.def) as C: a struct for each method's parameters, one decoder
 * for all of them, and the rows themselves for help, options, schemas and pages.
 */
#ifndef KB_PROTO_H
#define KB_PROTO_H

#include <stdint.h>

#include "lib/err.h"
#include "lib/json.h"
#include "lib/proto.def"
#include "lib/slice.h"

enum { PROTO_VERSION = 1 };

/* PROTO_MAX_REQUEST_BYTES and so on. */
enum {
#define LIMIT(NAME, name, value, help) PROTO_MAX_##NAME = value,
    PROTO_LIMITS(LIMIT)
#undef LIMIT
};

/* struct search_params { struct slice query; int syntax; ... }; slices of absent strings are
 * {NULL, 0}, an empty string that was given has p != NULL. */
#define FIELD_STRING(m, name, required, max, help) struct slice name;
#define FIELD_INT(m, name, dflt, least, most, help) int64_t name;
#define FIELD_BOOL(m, name, help) bool name;
#define FIELD_CHOICE(m, name, choices, help) int name;
#define METHOD(c, wire, help)                                                                      \
    struct c##_params {                                                                            \
        PARAMS_##c(c, FIELD_STRING, FIELD_INT, FIELD_BOOL, FIELD_CHOICE)                           \
    };
PROTO_METHODS(METHOD)
#undef METHOD

/* Values of CHOICE parameters, in the order of their rows. */
enum search_syntax { SYNTAX_QUERY, SYNTAX_PLAIN };
enum search_match { MATCH_ALL, MATCH_ANY, MATCH_STRICT };
enum search_sort { SORT_SCORE, SORT_NEWEST, SORT_OLDEST, SORT_PATH };
enum suggest_kind {
    SUGGEST_ANY,
    SUGGEST_WORD,
    SUGGEST_TITLE,
    SUGGEST_TAG,
    SUGGEST_ENTITY,
    SUGGEST_FIELD
};
enum trend_kind { TREND_DAY, TREND_WEEK, TREND_MONTH };

union proto_params {
#define METHOD(c, wire, help) struct c##_params c;
    PROTO_METHODS(METHOD)
#undef METHOD
};

enum proto_method {
#define METHOD(c, wire, help) PROTO_##c,
    PROTO_METHODS(METHOD)
#undef METHOD
        PROTO_COUNT
};

enum proto_type { PROTO_STRING, PROTO_INT, PROTO_BOOL, PROTO_CHOICE };

struct proto_param {
    const char *name;
    enum proto_type type;
    bool required;
    int64_t dflt, least, most; /* INT; STRING: most is its length in bytes */
    const char *choices;       /* CHOICE: "a|b|c" */
    const char *help;
    size_t offset; /* in the method's struct */
};

struct proto_field {
    const char *name, *type, *help; /* type: as in JSON Schema, '|' between; '?' behind it: may be
                                       absent; "hits": array of the hits' objects */
};

struct proto_limit {
    const char *name, *help;
    int64_t value;
};

struct proto_row {
    const char *name, *help;
    const struct proto_param *params;
    size_t n_params;
    const struct proto_field *reply;
    size_t n_reply;
};

extern const struct proto_row proto_rows[PROTO_COUNT];

enum proto_event {
#define EVENT(c, help) PROTO_EVENT_##c,
    PROTO_EVENTS(EVENT)
#undef EVENT
        PROTO_EVENT_COUNT
};
extern const struct proto_row proto_events[PROTO_EVENT_COUNT]; /* `reply`: its params */
extern const struct proto_field proto_hit[];
extern const size_t proto_hit_count;
extern const struct proto_limit proto_limits[];
extern const size_t proto_limit_count;

/* PROTO_COUNT if there is no such method. */
enum proto_method proto_find(struct slice name);
/*
 * Fills *p from `params` (NULL, null and {} are the same) with defaults where it says nothing.
 * ERR_PARAMS: an unknown parameter (the text names the nearest and all known ones), a
 * missing one, a wrong type, a number out of its range. ERR_TOO_LARGE never: a string over its
 * length is ERR_COMPLEX for `query`, else ERR_PARAMS. Strings point into `params`.
 */
int proto_decode(
    enum proto_method m, const struct json *params, union proto_params *p, struct err *e);

/* JSON Schema: a parameter as a member of `properties`; a method's reply, with what it refers to.
 */
void proto_put_param(struct json_writer *w, const struct proto_param *p);
void proto_put_result(struct json_writer *w, enum proto_method m);
/* JSON Schema: a parameter as a member of `properties`; a method's reply, with what it refers to.
 */
void proto_put_param(struct json_writer *w, const struct proto_param *p);
void proto_put_result(struct json_writer *w, enum proto_method m);
/* The reference page (Markdown) and the JSON Schema (2020-12) of everything, from the rows. */
void proto_write_markdown(struct buf *out);
void proto_write_schema(struct buf *out);

#endif
