// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * options: the client's command line. Those that are parameters of a request are the rows of
 * proto.def; the client's own are one table in options.c. Short options end at the first query
 * word, long ones are known anywhere, "--" ends both.
 */
#ifndef KB_CLIENT_OPTIONS_H
#define KB_CLIENT_OPTIONS_H

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/config.h"
#include "lib/proto.h"

enum action {
    ACT_SEARCH,
    ACT_GET,
    ACT_SUGGEST,
    ACT_TIMELINE,
    ACT_GAPS,
    ACT_TREND,
    ACT_FACET,
    ACT_WITH,
    ACT_RISING,
    ACT_BACKLINKS,
    ACT_LINKS,
    ACT_RELATED,
    ACT_NEW,
    ACT_STATUS,
    ACT_DOCTOR,
    ACT_SOCKNAME,
    ACT_CONFIG,
    ACT_RPC,
    ACT_HELP,
    ACT_HELP_SHORT,
    ACT_VERSION
};

enum form {
    FORM_AUTO, /* blocks on a terminal, else lines */
    FORM_NOTES,
    FORM_COUNT,
    FORM_QUIET,
    FORM_JSON,
    FORM_JSONL,
    FORM_VIMGREP,
    FORM_TEMPLATE,
    FORM_SVG /* of --trend */
};

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

enum { FORMAT_VERSION = 1 }; /* of the machine forms: raised when one of them breaks */

struct parameter { /* given on the command line */
    const struct proto_param *row;
    const char *option; /* as written, for messages */
    const char *value;  /* NULL: BOOL */
};

enum { OPTIONS_PARAMETERS = 32, OPTIONS_VS = 15 };

struct options {
    struct config_options config;
    enum action action;
    const char *action_name; /* the option that chose it */
    const char *argument;    /* of the action, where it takes one */
    enum form form;
    const char *form_name, *template;
    enum color color;
    bool mentions;                              /* with --backlinks */
    bool all, zero, no_spawn, explain, limited; /* limited: a limit was given */
    uint64_t limit;                             /* SIZE_MAX for --all */
    uint64_t deadline_ms;
    struct parameter given[OPTIONS_PARAMETERS]; /* but limit */
    size_t n_given;
    const char *vs[OPTIONS_VS]; /* queries beside it, for --trend */
    size_t n_vs;
    const char *query; /* the words joined by blanks; NULL: none */
};

/* ERR_USAGE in words for a person; strings point into argv or the arena. */
int options_parse(struct arena *a, int argc, char *const *argv, struct options *o, struct err *e);

/* The parameter if it was given, else NULL. */
const struct parameter *options_given(const struct options *o, const char *name);
/* As if it had not been given. */
void options_drop(struct options *o, const char *name);

/* Writes what was given as members of an open object. ERR_USAGE: the method has no such one. */
int options_write(
    const struct options *o, enum proto_method m, struct json_writer *w, struct err *e);

/* The usage lines, or all options with their meaning. */
void options_help(bool whole, struct buf *out);

#endif
