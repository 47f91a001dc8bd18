// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/options.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

#include "lib/nearest.h"

enum { CACHE_MIB = 4 };

enum kind { TEXT, NUMBER, FLAG };

static const struct option_row {
    const char *name, *argument;
    enum kind kind;
    size_t offset;
    unsigned least, most; /* NUMBER */
    const char *help;
} rows[] = {
    {"index", "NAME", TEXT, offsetof(struct daemon_options, config.index), 0, 0,
        "index to serve (main)"},
    {"db", "DIR", TEXT, offsetof(struct daemon_options, config.db), 0, 0,
        "folder of the index, instead"},
    {"socket", "PATH", TEXT, offsetof(struct daemon_options, config.socket), 0, 0,
        "where to listen; its folder must be yours alone"},
    {"config-file", "FILE", TEXT, offsetof(struct daemon_options, config.config_file), 0, 0,
        "configuration to read"},
    {"threads", "N", NUMBER, offsetof(struct daemon_options, threads), 1, 64,
        "searches made at once (as many as there are cores)"},
    {"idle-exit", "SECONDS", NUMBER, offsetof(struct daemon_options, idle_exit), 1, 31536000,
        "end when nobody has been connected for so long"},
    {"cache", "MIB", NUMBER, offsetof(struct daemon_options, cache), 0, 1024,
        "memory for answers that are asked again (4; 0: none are kept)"},
    {"foreground", NULL, FLAG, offsetof(struct daemon_options, foreground), 0, 0,
        "stay in the foreground and log to standard error"},
    {"help", NULL, FLAG, offsetof(struct daemon_options, help), 0, 0, "this text"},
    {"version", NULL, FLAG, offsetof(struct daemon_options, version), 0, 0,
        "version of the program"},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static int unknown(struct slice name, struct err *e)
{
    struct nearest near = nearest_to(name);
    for (size_t i = 0; i < N_ROWS; i++)
        nearest_try(&near, rows[i].name);
    return err_set(e, ERR_USAGE, "unknown option --%.*s; %s%s%s", (int)name.n, name.p,
        near.name ? "did you mean --" : "see --help", near.name ? near.name : "",
        near.name ? "?" : "");
}

static int read_number(const struct option_row *row, const char *text, unsigned *to, struct err *e)
{
    char *end;
    errno = 0;
    long n = strtol(text, &end, 10);
    if (errno || end == text || *end || n < (long)row->least || n > (long)row->most)
        return err_set(e, ERR_USAGE, "--%s %s: a number from %u to %u is needed", row->name, text,
            row->least, row->most);
    *to = (unsigned)n;
    return 0;
}

/* One option at argv[*i], and its argument behind '=' or in the next word. */
static int parse_one(int argc, char **argv, int *i, struct daemon_options *o, struct err *e)
{
    const char *word = argv[*i] + 2, *value = strchr(word, '=');
    struct slice name = slice_of(word, value ? (size_t)(value - word) : strlen(word));
    const struct option_row *row = rows;
    while (row < rows + N_ROWS && !slice_is(name, row->name))
        row++;
    if (row == rows + N_ROWS)
        return unknown(name, e);
    void *to = (char *)o + row->offset;
    if (row->kind == FLAG) {
        *(bool *)to = true;
        return value ? err_set(e, ERR_USAGE, "--%s takes no argument", row->name) : 0;
    }
    value = value ? value + 1 : *i + 1 < argc ? argv[++*i] : NULL;
    if (!value || !*value)
        return err_set(e, ERR_USAGE, "--%s needs an argument, %s", row->name, row->argument);
    if (row->kind == NUMBER)
        return read_number(row, value, to, e);
    *(const char **)to = value;
    return 0;
}

int daemon_options_parse(int argc, char **argv, struct daemon_options *o, struct err *e)
{
    *o = (struct daemon_options){.cache = CACHE_MIB};
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0 || !argv[i][2])
            return err_set(
                e, ERR_USAGE, "%s: kbsearchd takes long options only; see --help", argv[i]);
        if (parse_one(argc, argv, &i, o, e))
            return -1;
    }
    return 0;
}

void daemon_options_help(struct buf *out)
{
    buf_str(out, "Usage: kbsearchd [OPTIONS]\n"
                 "Answers searches over a Unix socket (kbsearch --sockname).\n\n");
    for (size_t i = 0; i < N_ROWS; i++) {
        size_t before = out->n;
        buf_printf(out, "  --%s%s%s", rows[i].name, rows[i].argument ? " " : "",
            rows[i].argument ? rows[i].argument : "");
        buf_printf(out, "%*s%s\n", (int)(26 - (out->n - before)), "", rows[i].help);
    }
    buf_str(out, "\nExit: 0, 64 usage, 70 internal, 73 cannot create the socket, 75 another daemon "
                 "listens,\n78 configuration.\n");
}
