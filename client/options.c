// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/options.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/nearest.h"

enum how { HOW_ACTION, HOW_FORM, HOW_FLAG, HOW_TEXT, HOW_COLOR, HOW_VERSION, HOW_VS };

static const struct own {
    const char *name;
    char letter;
    const char *value; /* what it is called in help; NULL: takes none */
    enum how how;
    size_t to; /* the action or form; else the offset in struct options */
    const char *help;
} own[] = {
    {"all", 0, NULL, HOW_FLAG, offsetof(struct options, all), "every hit"},
    {"notes", 'l', NULL, HOW_FORM, FORM_NOTES, "paths of notes only"},
    {"count", 'c', NULL, HOW_FORM, FORM_COUNT, "how many hits, exactly, and nothing else"},
    {"null", '0', NULL, HOW_FLAG, offsetof(struct options, zero),
        "end each line with a NUL byte instead"},
    {"quiet", 'q', NULL, HOW_FORM, FORM_QUIET, "print nothing; the exit code tells"},
    {"json", 0, NULL, HOW_FORM, FORM_JSON, "the answer as one JSON object"},
    {"jsonl", 0, NULL, HOW_FORM, FORM_JSONL, "one JSON object a hit and line"},
    {"vimgrep", 0, NULL, HOW_FORM, FORM_VIMGREP, "path:line:col:text"},
    {"format", 0, "TEMPLATE", HOW_FORM, FORM_TEMPLATE,
        "{path} {rel} {line} {match_line} {end_line} {col} {date} {kind} {title} {heading} "
        "{text} {snippet} {id} {vault} {score} \\n \\t \\0"},
    {"format-version", 0, "N", HOW_VERSION, 0,
        "refuse unless the machine forms are of this version (1)"},
    {"color", 0, "WHEN", HOW_COLOR, 0, "auto, always or never"},
    {"timeline", 0, NULL, HOW_ACTION, ACT_TIMELINE,
        "the story of a query or [[Note]], oldest first, one line an entry"},
    {"gaps", 0, NULL, HOW_ACTION, ACT_GAPS,
        "what the timeline of [[Note]] lacks, and what digests do not bear out"},
    {"trend", 0, "day|week|month", HOW_ACTION, ACT_TREND, "how often over time, as bars"},
    {"vs", 0, "QUERY", HOW_VS, 0, "beside --trend: another query, as often as you like"},
    {"svg", 0, NULL, HOW_FORM, FORM_SVG, "--trend as a picture"},
    {"facet", 0, "FIELD[,FIELD]", HOW_ACTION, ACT_FACET,
        "exact counts by entity, tag, source, kind, vault, month or heading"},
    {"with", 0, "ENTITY", HOW_ACTION, ACT_WITH, "who is named in the same entries"},
    {"rising", 0, "[SPAN]", HOW_ACTION, ACT_RISING,
        "who is named more often lately (7d) than in the weeks before"},
    {"backlinks", 0, "NOTE", HOW_ACTION, ACT_BACKLINKS,
        "units that link to the note, newest first"},
    {"mentions", 0, NULL, HOW_FLAG, offsetof(struct options, mentions),
        "with --backlinks: units that name it without a link, instead"},
    {"links", 0, "NOTE", HOW_ACTION, ACT_LINKS, "where the note links, and what leads nowhere"},
    {"related", 0, "ID|NOTE[:LINE]", HOW_ACTION, ACT_RELATED, "what is like a unit or a note"},
    {"new", 0, "NAME", HOW_ACTION, ACT_NEW,
        "what was added, changed or removed since NAME was last read"},
    {"get", 0, "ID|PATH[:LINE[:COUNT]]", HOW_ACTION, ACT_GET, "text of a unit or of a note"},
    {"suggest", 0, "PREFIX", HOW_ACTION, ACT_SUGGEST, "completions of what was typed so far"},
    {"status", 0, NULL, HOW_ACTION, ACT_STATUS, "state of index and daemon"},
    {"doctor", 0, NULL, HOW_ACTION, ACT_DOCTOR, "what is wrong, and the command that mends it"},
    {"sockname", 0, NULL, HOW_ACTION, ACT_SOCKNAME, "path of the socket"},
    {"config", 0, NULL, HOW_ACTION, ACT_CONFIG, "settings in force, and where each came from"},
    {"rpc", 0, NULL, HOW_ACTION, ACT_RPC, "relay between stdin/stdout and the socket"},
    {"mcp", 0, NULL, HOW_ACTION, ACT_RPC, "the same, for agents: the Model Context Protocol"},
    {"lsp", 0, NULL, HOW_ACTION, ACT_RPC, "the same, for editors: the Language Server Protocol"},
    {"no-spawn", 0, NULL, HOW_FLAG, offsetof(struct options, no_spawn), "start no daemon"},
    {"config-file", 0, "FILE", HOW_TEXT, offsetof(struct options, config.config_file),
        "configuration to read"},
    {"help", 0, NULL, HOW_ACTION, ACT_HELP, "this text; -h: the short one"},
    {"h", 'h', NULL, HOW_ACTION, ACT_HELP_SHORT, NULL},
    {"version", 0, NULL, HOW_ACTION, ACT_VERSION, "version of the program"},
};
enum { N_OWN = sizeof own / sizeof *own };

/* Other names of a request's parameters. */
static const struct alias {
    const char *name; /* NULL: the parameter's own stands too */
    char letter;
    const char *param, *value; /* value: what the option stands for; NULL: it takes one */
} aliases[] = {
    {NULL, 'n', "limit", NULL},
    {NULL, 's', "sort", NULL},
    {NULL, 'C', "neighbours", NULL},
    {"deadline", 0, "deadline_ms", NULL},
    {"budget", 0, "budget_bytes", NULL},
    {"any", 0, "match", "any"},
    {"strict", 0, "match", "strict"},
    {"plain", 'F', "syntax", "plain"},
};
enum { N_ALIASES = sizeof aliases / sizeof *aliases };

/* Parameters that the command line says otherwise, or that mean nothing in a single call. */
static bool is_hidden(const struct proto_param *p)
{
    return strcmp(p->name, "query") == 0 || strcmp(p->name, "index") == 0 ||
           strcmp(p->name, "session") == 0;
}

static const struct proto_param *param(enum proto_method m, const char *name)
{
    const struct proto_row *row = &proto_rows[m];
    for (size_t i = 0; i < row->n_params; i++)
        if (strcmp(row->params[i].name, name) == 0)
            return &row->params[i];
    return NULL;
}

/* "text-bytes" for text_bytes, "deadline" for deadline_ms. */
static struct slice option_name(const struct proto_param *p, char room[64])
{
    for (size_t i = 0; i < N_ALIASES; i++)
        if (aliases[i].name && !aliases[i].value && strcmp(aliases[i].param, p->name) == 0)
            return slice_str(aliases[i].name);
    size_t n = 0;
    for (; n < 63 && p->name[n]; n++)
        room[n] = p->name[n] == '_' ? '-' : p->name[n];
    room[n] = '\0';
    return slice_of(room, n);
}

/* What one option is, wherever it was found. */
struct found {
    const struct own *own;
    const struct config_row *setting;
    const struct proto_param *row;
    const char *fixed; /* the row's value, when the option takes none */
};

static bool takes_value(const struct found *f)
{
    if (f->setting)
        return f->setting->argument != NULL;
    return f->own ? f->own->value != NULL : !f->fixed && f->row->type != PROTO_BOOL;
}

static bool find_long(struct slice name, struct found *f)
{
    const struct proto_row *search = &proto_rows[PROTO_search];
    *f = (struct found){.setting = config_option(CONFIG_CLIENT, name)};
    if (f->setting)
        return true;
    for (size_t i = 0; i < N_OWN && !f->own; i++)
        if (own[i].help && slice_is(name, own[i].name))
            f->own = &own[i];
    for (size_t i = 0; i < N_ALIASES && !f->own && !f->row; i++)
        if (aliases[i].value && slice_is(name, aliases[i].name ? aliases[i].name : ""))
            *f = (struct found){
                .row = param(PROTO_search, aliases[i].param), .fixed = aliases[i].value};
    for (size_t i = 0; i < search->n_params && !f->own && !f->row; i++) {
        char room[64];
        if (!is_hidden(&search->params[i]) && slice_eq(name, option_name(&search->params[i], room)))
            f->row = &search->params[i];
    }
    return f->own || f->row;
}

static bool find_letter(char letter, struct found *f)
{
    *f = (struct found){0};
    for (size_t i = 0; i < N_OWN && !f->own; i++)
        if (own[i].letter == letter)
            f->own = &own[i];
    for (size_t i = 0; i < N_ALIASES && !f->own && !f->row; i++)
        if (aliases[i].letter == letter)
            *f = (struct found){
                .row = param(PROTO_search, aliases[i].param), .fixed = aliases[i].value};
    return f->own || f->row;
}

static int unknown(struct slice name, struct err *e)
{
    struct nearest near = nearest_to(name);
    const struct proto_row *search = &proto_rows[PROTO_search];
    char room[32][64];
    for (size_t i = 0; i < N_OWN; i++)
        if (own[i].help)
            nearest_try(&near, own[i].name);
    for (size_t i = 0; i < config_n_rows; i++)
        if (config_rows[i].who & CONFIG_CLIENT)
            nearest_try(&near, config_rows[i].name);
    for (size_t i = 0; i < N_ALIASES; i++)
        if (aliases[i].name)
            nearest_try(&near, aliases[i].name);
    for (size_t i = 0; i < search->n_params && i < 32; i++)
        if (!is_hidden(&search->params[i]))
            nearest_try(&near, option_name(&search->params[i], room[i]).p);
    if (near.name)
        return err_set(e, ERR_USAGE, "unknown option --%.*s; did you mean --%s?", (int)name.n,
            name.p, near.name);
    return err_set(
        e, ERR_USAGE, "unknown option --%.*s; kbsearch --help lists them", (int)name.n, name.p);
}

static int number(
    const char *option, const char *text, int64_t least, int64_t most, int64_t *n, struct err *e)
{
    char *end;
    errno = 0;
    long long v = strtoll(text, &end, 10);
    if (errno || end == text || *end || text[0] == ' ' || v < least || v > most)
        return err_set(e, ERR_USAGE,
            "%s wants a number from %" PRId64 " to %" PRId64 ", not \"%s\"", option, least, most,
            text);
    *n = v;
    return 0;
}

static bool is_choice(const char *choices, const char *value)
{
    size_t n = strlen(value);
    for (const char *c = choices; n && *c; c += c[0] == '|') {
        size_t width = strcspn(c, "|");
        if (width == n && memcmp(c, value, n) == 0)
            return true;
        c += width;
    }
    return false;
}

static int check(
    const struct proto_param *row, const char *option, const char *value, struct err *e)
{
    int64_t n;
    if (row->type == PROTO_INT)
        return number(option, value, row->least, row->most, &n, e);
    if (row->type == PROTO_CHOICE && !is_choice(row->choices, value))
        return err_set(e, ERR_USAGE, "%s wants one of %s, not \"%s\"", option, row->choices, value);
    if (row->type == PROTO_STRING && strlen(value) > (size_t)row->most)
        return err_set(e, ERR_USAGE, "%s: at most %" PRId64 " bytes", option, row->most);
    return 0;
}

static int set_parameter(
    struct options *o, const struct found *f, const char *option, const char *value, struct err *e)
{
    const struct proto_param *row = f->row;
    int64_t n;
    if (f->fixed)
        value = f->fixed;
    if (strcmp(row->name, "limit") == 0) {
        if (number(option, value, 0, INT32_MAX, &n, e) < 0)
            return -1;
        o->limit = (uint64_t)n;
        o->limited = true;
        return 0;
    }
    if (value && check(row, option, value, e) < 0)
        return -1;
    if (strcmp(row->name, "deadline_ms") == 0)
        o->deadline_ms = (uint64_t)strtoll(value, NULL, 10);
    if (strcmp(row->name, "explain") == 0)
        o->explain = true;
    size_t i = 0;
    while (i < o->n_given && o->given[i].row != row)
        i++;
    if (i == OPTIONS_PARAMETERS)
        return err_set(e, ERR_USAGE, "too many options");
    o->n_given += i == o->n_given;
    o->given[i] = (struct parameter){row, option, value};
    return 0;
}

static int set_color(struct options *o, const char *value, struct err *e)
{
    static const char *const names[] = {"auto", "always", "never"};
    for (int i = 0; i < 3; i++)
        if (strcmp(value, names[i]) == 0) {
            o->color = (enum color)i;
            return 0;
        }
    return err_set(e, ERR_USAGE, "--color wants auto, always or never, not \"%s\"", value);
}

static int add_vs(struct options *o, const char *value, struct err *e)
{
    if (o->n_vs == OPTIONS_VS)
        return err_set(e, ERR_USAGE, "--vs: at most %d of them", OPTIONS_VS);
    o->vs[o->n_vs++] = value;
    return 0;
}

static int set_own(
    struct options *o, const struct own *w, const char *option, const char *value, struct err *e)
{
    char *field = (char *)o + (w->how == HOW_FLAG || w->how == HOW_TEXT ? w->to : 0);
    int64_t n;
    switch (w->how) {
    case HOW_FLAG:
        *(bool *)(void *)field = true;
        return 0;
    case HOW_TEXT:
        *(const char **)(void *)field = value;
        return 0;
    case HOW_COLOR:
        return set_color(o, value, e);
    case HOW_VS:
        return add_vs(o, value, e);
    case HOW_VERSION:
        return number(option, value, FORMAT_VERSION, FORMAT_VERSION, &n, e);
    case HOW_FORM:
        if (o->form_name && o->form != (enum form)w->to)
            return err_set(e, ERR_USAGE, "%s and %s: choose one", o->form_name, option);
        o->form = (enum form)w->to;
        o->form_name = option;
        if (value)
            o->template = value;
        return 0;
    case HOW_ACTION:
        if (o->action_name && o->action != (enum action)w->to)
            return err_set(e, ERR_USAGE, "%s and %s: choose one", o->action_name, option);
        o->action = (enum action)w->to;
        o->action_name = option;
        o->argument = value;
        return 0;
    }
    return 0;
}

static int set(
    struct options *o, const struct found *f, const char *option, const char *value, struct err *e)
{
    if (f->setting)
        return config_take(f->setting, value, &o->config, e);
    return f->own ? set_own(o, f->own, option, value, e) : set_parameter(o, f, option, value, e);
}

struct arguments {
    struct arena *arena;
    int argc, i;
    char *const *argv;
    struct buf query;
    bool words, ended; /* a query word was seen; "--" was */
};

/* 7d, 2w: what an option with an optional value takes for its own. */
static bool is_span(const char *s)
{
    size_t digits = strspn(s, "0123456789");
    return digits && s[digits] && strchr("dwmy", s[digits]) && !s[digits + 1];
}

static int take_long(struct arguments *a, struct options *o, struct err *e)
{
    const char *arg = a->argv[a->i] + 2;
    size_t n = strcspn(arg, "=");
    struct found f;
    if (!find_long(slice_of(arg, n), &f))
        return unknown(slice_of(arg, n), e);
    const char *option = arena_printf(a->arena, "--%.*s", (int)n, arg);
    const char *value = arg[n] ? arg + n + 1 : NULL;
    if (!option)
        return err_memory(e);
    if (!takes_value(&f) && value)
        return err_set(e, ERR_USAGE, "%s takes no value", option);
    bool optional = takes_value(&f) && f.own && f.own->value[0] == '[';
    if (takes_value(&f) && !value && a->i + 1 < a->argc &&
        (!optional || is_span(a->argv[a->i + 1])))
        value = a->argv[++a->i];
    if (takes_value(&f) && !value && !optional)
        return err_set(e, ERR_USAGE, "%s wants a value", option);
    return set(o, &f, option, value, e);
}

static int take_letters(struct arguments *a, struct options *o, struct err *e)
{
    for (const char *c = a->argv[a->i] + 1; *c; c++) {
        struct found f;
        if (!find_letter(*c, &f))
            return err_set(e, ERR_USAGE,
                "unknown option -%c; a word to leave out comes behind the others, or behind --",
                *c);
        const char *option = arena_printf(a->arena, "-%c", *c);
        if (!option)
            return err_memory(e);
        if (!takes_value(&f)) {
            if (set(o, &f, option, NULL, e) < 0)
                return -1;
            continue;
        }
        const char *value = c[1] ? c + 1 : a->i + 1 < a->argc ? a->argv[++a->i] : NULL;
        if (!value)
            return err_set(e, ERR_USAGE, "%s wants a value", option);
        return set(o, &f, option, value, e);
    }
    return 0;
}

static bool is_letter(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static int take(struct arguments *a, struct options *o, struct err *e)
{
    const char *arg = a->argv[a->i];
    if (!a->ended && strcmp(arg, "--") == 0) {
        a->ended = true;
        return 0;
    }
    if (!a->ended && arg[0] == '-' && arg[1] == '-')
        return take_long(a, o, e);
    if (!a->ended && !a->words && arg[0] == '-' && is_letter(arg[1]))
        return take_letters(a, o, e);
    if (a->words)
        buf_char(&a->query, ' ');
    buf_str(&a->query, arg);
    a->words = true;
    return 0;
}

/* What an action knows of everything else. */
static bool takes_query(enum action a)
{
    return a == ACT_SEARCH || a == ACT_TIMELINE || a == ACT_GAPS || a == ACT_TREND ||
           a == ACT_FACET || a == ACT_NEW || a >= ACT_HELP;
}

static bool has_hits(enum action a)
{
    return a == ACT_SEARCH || a == ACT_GET || a == ACT_TIMELINE || a == ACT_GAPS ||
           a == ACT_BACKLINKS || a == ACT_RELATED || a == ACT_NEW || a >= ACT_HELP;
}

static bool has_limit(enum action a)
{
    return takes_query(a) ? a != ACT_TREND && a != ACT_NEW
                          : a == ACT_SUGGEST || a == ACT_WITH || a == ACT_RISING ||
                                a == ACT_BACKLINKS || a == ACT_RELATED;
}

static int check_whole(struct options *o, struct err *e)
{
    bool simple = o->form == FORM_AUTO || o->form == FORM_JSON;
    if (o->query && !takes_query(o->action))
        return err_set(e, ERR_USAGE, "%s takes no query: \"%s\"", o->action_name, o->query);
    if (!o->query && takes_query(o->action) && o->action != ACT_SEARCH && o->action != ACT_NEW &&
        o->action < ACT_HELP)
        return err_set(e, ERR_USAGE, "%s wants a query", o->action_name);
    if (o->form == FORM_SVG ? o->action != ACT_TREND && o->action < ACT_HELP
                            : !simple && !has_hits(o->action))
        return err_set(e, ERR_USAGE, "%s has no form %s",
            o->action_name ? o->action_name : "a search", o->form_name);
    if (o->n_vs && o->action != ACT_TREND && o->action < ACT_HELP)
        return err_set(e, ERR_USAGE, "--vs means nothing without --trend");
    if ((o->limited || o->all) && !has_limit(o->action))
        return err_set(e, ERR_USAGE, "%s takes no number of hits", o->action_name);
    if (o->all && o->action == ACT_SUGGEST)
        return err_set(e, ERR_USAGE, "%s takes no number of hits", o->action_name);
    if (o->mentions && o->action != ACT_BACKLINKS && o->action < ACT_HELP)
        return err_set(e, ERR_USAGE, "--mentions means nothing without --backlinks");
    bool story = o->action == ACT_TIMELINE || o->action == ACT_GAPS || o->action == ACT_NEW;
    if (o->all || (story && !o->limited))
        o->limit = SIZE_MAX;
    return 0;
}

int options_parse(struct arena *a, int argc, char *const *argv, struct options *o, struct err *e)
{
    struct arguments args = {.arena = a, .argc = argc, .argv = argv};
    *o = (struct options){.limit = (uint64_t)param(PROTO_search, "limit")->dflt,
        .deadline_ms = (uint64_t)param(PROTO_search, "deadline_ms")->dflt};
    int failed = 0;
    for (args.i = 1; args.i < argc && !failed; args.i++)
        failed = take(&args, o, e);
    struct slice query = buf_view(&args.query);
    if (!failed && args.query.failed)
        failed = err_memory(e);
    if (!failed && slice_trim(query).n) {
        o->query = arena_strndup(a, query.p, query.n);
        failed = o->query ? 0 : err_memory(e);
    }
    buf_free(&args.query);
    return failed ? -1 : check_whole(o, e);
}

const struct parameter *options_given(const struct options *o, const char *name)
{
    for (size_t i = 0; i < o->n_given; i++)
        if (strcmp(o->given[i].row->name, name) == 0)
            return &o->given[i];
    return NULL;
}

void options_drop(struct options *o, const char *name)
{
    for (size_t i = 0; i < o->n_given; i++)
        if (strcmp(o->given[i].row->name, name) == 0)
            o->given[i--] = o->given[--o->n_given];
}

int options_write(
    const struct options *o, enum proto_method m, struct json_writer *w, struct err *e)
{
    for (size_t i = 0; i < o->n_given; i++) {
        const struct parameter *p = &o->given[i];
        const struct proto_param *row = param(m, p->row->name);
        if (!row)
            return err_set(e, ERR_USAGE, "%s means nothing with %s", p->option, o->action_name);
        if (check(row, p->option, p->value, e) < 0)
            return -1;
        if (row->type == PROTO_BOOL)
            json_key_bool(w, row->name, true);
        else if (row->type == PROTO_INT)
            json_key_int(w, row->name, strtoll(p->value, NULL, 10));
        else
            json_key_string(w, row->name, slice_str(p->value));
    }
    return 0;
}

/* --- help ----------------------------------------------------------------------------------- */

static const char usage[] =
    "usage: kbsearch [OPTIONS] QUERY...\n"
    "       kbsearch --timeline | --gaps | --trend day|week|month | --facet FIELD QUERY...\n"
    "       kbsearch --with ENTITY | --rising [SPAN]\n"
    "       kbsearch --backlinks NOTE | --links NOTE | --related ID|NOTE[:LINE]\n"
    "       kbsearch --new NAME [QUERY...]\n"
    "       kbsearch --get ID|PATH[:LINE[:COUNT]] | --suggest PREFIX | --status | --doctor\n"
    "       kbsearch --sockname | --config | --rpc | --mcp | --lsp | --help | --version\n";

static void help_line(
    struct buf *out, char letter, const char *name, const char *value, const char *help)
{
    size_t from = out->n;
    buf_printf(out, letter ? "  -%c, " : "      ", letter);
    buf_printf(out, "--%s%s%s", name, value ? " " : "", value ? value : "");
    size_t width = out->n - from;
    if (width > 26)
        buf_printf(out, "\n%28s%s\n", "", help);
    else
        buf_printf(out, "%*s%s\n", (int)(28 - width), "", help);
}

static void help_parameter(struct buf *out, const struct proto_param *p)
{
    char room[64], help[300], letter = 0;
    const char *value = p->type == PROTO_INT ? "N" : p->type == PROTO_STRING ? "TEXT" : NULL;
    struct slice name = option_name(p, room);
    for (size_t i = 0; i < N_ALIASES; i++)
        if (aliases[i].letter && !aliases[i].value && strcmp(aliases[i].param, p->name) == 0)
            letter = aliases[i].letter;
    if (p->type == PROTO_INT)
        snprintf(help, sizeof help, "%s (%" PRId64 ")", p->help, p->dflt);
    else
        snprintf(help, sizeof help, "%s", p->help);
    help_line(out, letter, name.p, p->type == PROTO_CHOICE ? p->choices : value, help);
    for (size_t i = 0; i < N_ALIASES; i++)
        if (aliases[i].value && strcmp(aliases[i].param, p->name) == 0) {
            snprintf(help, sizeof help, "the same as --%s %s", name.p, aliases[i].value);
            help_line(out, aliases[i].letter, aliases[i].name, NULL, help);
        }
}

void options_help(bool whole, struct buf *out)
{
    const struct proto_row *search = &proto_rows[PROTO_search];
    buf_str(out, usage);
    if (!whole) {
        buf_str(out, "Words of the query are joined; after the first one -x leaves x out.\n"
                     "kbsearch --help tells all options, kbsearch-query(7) the language.\n");
        return;
    }
    buf_str(out, "\nThe request:\n");
    for (size_t i = 0; i < search->n_params; i++)
        if (!is_hidden(&search->params[i]))
            help_parameter(out, &search->params[i]);
    buf_str(out, "\nEverything else:\n");
    for (size_t i = 0; i < N_OWN; i++)
        if (own[i].help)
            help_line(out, own[i].letter, own[i].name, own[i].value, own[i].help);
    for (size_t i = 0; i < config_n_rows; i++)
        if (config_rows[i].who & CONFIG_CLIENT)
            help_line(out, 0, config_rows[i].name, config_rows[i].argument, config_rows[i].help);
    buf_str(out, "\nExit: 0 hit, 1 no hit, 2 usage or query error, 3 no daemon, 4 no index or a "
                 "damaged one,\n5 timed out, 6 busy or internal.\n");
}
