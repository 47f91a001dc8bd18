// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/options.h"

#include <stdio.h>

#include "lib/nearest.h"

enum takes { NOTHING, VALUE, MAYBE };

struct parsing {
    struct arena *a;
    struct options *o;
    struct err *e;
};

struct row {
    const char *name;
    char letter;
    enum takes takes;
    size_t at; /* without `set`: where in struct options, a bool or a const char * */
    const char *value, *help;
    int (*set)(struct parsing *p, const char *value);
};

static int set_check(struct parsing *p, const char *value)
{
    p->o->check = CHECK_ALL;
    if (!value)
        return 0;
    p->o->check = CHECK_INDEX;
    return strcmp(value, "index") == 0
               ? 0
               : err_set(p->e, ERR_USAGE, "--check=%s: only --check or --check=index", value);
}

static int set_exclude(struct parsing *p, const char *value)
{
    struct options *o = p->o;
    return ARENA_PUSH(p->a, o->exclude, o->n_exclude, o->cap_exclude, value) ? 0 : err_memory(p->e);
}

#define FLAG(member) NOTHING, offsetof(struct options, member), NULL
#define TEXT(member) VALUE, offsetof(struct options, member)

static const struct row rows[] = {
    {"full", 0, FLAG(full), "build the index anew, beside the old one", NULL},
    {"quiet", 'q', FLAG(quiet), "say nothing unless something is wrong", NULL},
    {"verbose", 'v', FLAG(verbose), "a line for each note", NULL},
    {"watch", 0, FLAG(watch), "stay, and index what is saved as it is saved", NULL},
    {"check", 0, MAYBE, 0, "index",
        "prove that every visible byte is indexed, and the tables' health; "
        "=index: the tables only",
        set_check},
    {"force", 0, FLAG(force), "also take out what may only be out of sight", NULL},
    {"list", 0, FLAG(list), "the vaults: name, path, notes, units", NULL},
    {"remove", 0, TEXT(remove), "VAULT", "forget a vault and take it out of the index", NULL},
    {"language", 0, TEXT(language), "LANG", "whose words are stemmed in the vaults named (english)",
        NULL},
    {"exclude", 0, VALUE, 0, "GLOB", "leave out, as a line of .kbignore would; repeatable",
        set_exclude},
    {"config-file", 0, TEXT(places.config_file), "FILE", "read this configuration", NULL},
    {"help", 'h', FLAG(help), "this text", NULL},
    {"version", 0, FLAG(version), "name and version", NULL},
};
enum { ROWS = sizeof rows / sizeof *rows };

static const struct row *find_long(const char *name, size_t n)
{
    for (size_t i = 0; i < ROWS; i++)
        if (strlen(rows[i].name) == n && memcmp(rows[i].name, name, n) == 0)
            return &rows[i];
    return NULL;
}

static const struct row *find_short(char letter)
{
    for (size_t i = 0; i < ROWS; i++)
        if (rows[i].letter == letter)
            return &rows[i];
    return NULL;
}

static int unknown(struct parsing *p, const char *name, size_t n)
{
    struct nearest near = nearest_to(slice_of(name, n));
    for (size_t i = 0; i < ROWS; i++)
        nearest_try(&near, rows[i].name);
    for (size_t i = 0; i < config_n_rows; i++)
        if (config_rows[i].who & CONFIG_INDEXER)
            nearest_try(&near, config_rows[i].name);
    if (near.name)
        return err_set(
            p->e, ERR_USAGE, "unknown option --%.*s: did you mean --%s?", (int)n, name, near.name);
    return err_set(p->e, ERR_USAGE, "unknown option --%.*s: see kbindex --help", (int)n, name);
}

static int apply(struct parsing *p, const struct row *r, const char *value)
{
    char *o = (char *)p->o;
    if (r->set)
        return r->set(p, value);
    if (r->takes == NOTHING)
        *(bool *)(void *)(o + r->at) = true;
    else
        *(const char **)(void *)(o + r->at) = value;
    return 0;
}

static int setting(
    struct parsing *p, const struct config_row *row, const char *value, const char *next)
{
    bool other = !value && row->argument;
    if (config_take(row, other ? next : value, &p->o->places, p->e) < 0)
        return -1;
    return other;
}

/* Returns how many arguments beyond the option itself it took, or -1. */
static int long_option(struct parsing *p, const char *arg, const char *next)
{
    const char *eq = strchr(arg, '=');
    size_t n = eq ? (size_t)(eq - arg) : strlen(arg);
    const struct row *r = find_long(arg, n);
    const struct config_row *row = config_option(CONFIG_INDEXER, slice_of(arg, n));
    if (row)
        return setting(p, row, eq ? eq + 1 : NULL, next);
    if (!r)
        return unknown(p, arg, n);
    if (eq && r->takes == NOTHING)
        return err_set(p->e, ERR_USAGE, "--%s takes no value", r->name);
    if (eq || r->takes != VALUE)
        return apply(p, r, eq ? eq + 1 : NULL);
    if (!next)
        return err_set(p->e, ERR_USAGE, "--%s needs a value: --%s %s", r->name, r->name, r->value);
    return apply(p, r, next) < 0 ? -1 : 1;
}

static int short_options(struct parsing *p, const char *letters)
{
    for (; *letters; letters++) {
        const struct row *r = find_short(*letters);
        if (!r)
            return err_set(p->e, ERR_USAGE, "unknown option -%c: see kbindex --help", *letters);
        if (apply(p, r, NULL) < 0)
            return -1;
    }
    return 0;
}

int options_parse(struct arena *a, int argc, char *const *argv, struct options *o, struct err *e)
{
    struct parsing p = {a, o, e};
    bool words_only = false;
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (!words_only && strcmp(arg, "--") == 0) {
            words_only = true;
        } else if (!words_only && arg[0] == '-' && arg[1] == '-') {
            int used = long_option(&p, arg + 2, i + 1 < argc ? argv[i + 1] : NULL);
            if (used < 0)
                return -1;
            i += used;
        } else if (!words_only && arg[0] == '-' && arg[1]) {
            if (short_options(&p, arg + 1) < 0)
                return -1;
        } else if (!ARENA_PUSH(a, o->vaults, o->n_vaults, o->cap_vaults, arg)) {
            return err_memory(e);
        }
    }
    if (o->watch && (o->list || o->remove || o->check != CHECK_NONE))
        return err_set(e, ERR_USAGE, "--watch stands alone: not with --list, --check or --remove");
    if (o->remove && o->n_vaults)
        return err_set(e, ERR_USAGE, "--remove VAULT stands alone: name no other vault beside it");
    return 0;
}

static void help_line(
    char letter, const char *name, enum takes takes, const char *value, const char *help)
{
    char left[40];
    snprintf(left, sizeof left, "%c%c%c --%s%s%s%s", letter ? '-' : ' ', letter ? letter : ' ',
        letter ? ',' : ' ', name,
        takes == MAYBE   ? "[="
        : takes == VALUE ? " "
                         : "",
        value ? value : "", takes == MAYBE ? "]" : "");
    printf("  %-24s %s\n", left, help);
}

void options_help(void)
{
    printf("usage: kbindex [OPTIONS] [VAULT...]\n"
           "Indexes the vaults (folders of Markdown notes) and remembers them; with none named,\n"
           "brings every remembered vault up to date.\n\n");
    for (size_t i = 0; i < config_n_rows; i++)
        if (config_rows[i].who & CONFIG_INDEXER)
            help_line(0, config_rows[i].name, config_rows[i].argument ? VALUE : NOTHING,
                config_rows[i].argument, config_rows[i].help);
    for (size_t i = 0; i < ROWS; i++)
        help_line(rows[i].letter, rows[i].name, rows[i].takes, rows[i].value, rows[i].help);
    printf(
        "\nExit: 0 done, 64 wrong use, 65 some input was not read, 66 no such vault, 70 internal,\n"
        "73 cannot be written, 75 another kbindex is at work, 78 configuration.\n");
}
