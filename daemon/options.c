// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/options.h"

#include <stddef.h>

#include "lib/nearest.h"

/* Those that are no settings. */
static const struct option_row {
    const char *name, *argument; /* argument NULL: a flag */
    size_t offset;
    const char *help;
} rows[] = {
    {"config-file", "FILE", offsetof(struct daemon_options, config.config_file),
        "configuration to read"},
    {"foreground", NULL, offsetof(struct daemon_options, foreground),
        "stay in the foreground and log to standard error"},
    {"help", NULL, offsetof(struct daemon_options, help), "this text"},
    {"version", NULL, offsetof(struct daemon_options, version), "version of the program"},
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static int unknown(struct slice name, struct err *e)
{
    struct nearest near = nearest_to(name);
    for (size_t i = 0; i < N_ROWS; i++)
        nearest_try(&near, rows[i].name);
    for (size_t i = 0; i < config_n_rows; i++)
        if (config_rows[i].who & CONFIG_DAEMON)
            nearest_try(&near, config_rows[i].name);
    return err_set(e, ERR_USAGE, "unknown option --%.*s; %s%s%s", (int)name.n, name.p,
        near.name ? "did you mean --" : "see --help", near.name ? near.name : "",
        near.name ? "?" : "");
}

static int parse_own(
    const struct option_row *row, const char *value, struct daemon_options *o, struct err *e)
{
    void *to = (char *)o + row->offset;
    if (!row->argument) {
        *(bool *)to = true;
        return value ? err_set(e, ERR_USAGE, "--%s takes no argument", row->name) : 0;
    }
    if (!value || !*value)
        return err_set(e, ERR_USAGE, "--%s needs an argument, %s", row->name, row->argument);
    *(const char **)to = value;
    return 0;
}

/* One option at argv[*i], and its argument behind '=' or in the next word. */
static int parse_one(int argc, char **argv, int *i, struct daemon_options *o, struct err *e)
{
    const char *word = argv[*i] + 2, *value = strchr(word, '=');
    struct slice name = slice_of(word, value ? (size_t)(value - word) : strlen(word));
    const struct config_row *setting = config_option(CONFIG_DAEMON, name);
    const struct option_row *row = rows;
    while (row < rows + N_ROWS && !slice_is(name, row->name))
        row++;
    if (!setting && row == rows + N_ROWS)
        return unknown(name, e);
    if (value)
        value++;
    else if ((setting ? setting->argument : row->argument) && *i + 1 < argc)
        value = argv[++*i];
    return setting ? config_take(setting, value, &o->config, e) : parse_own(row, value, o, e);
}

int daemon_options_parse(int argc, char **argv, struct daemon_options *o, struct err *e)
{
    *o = (struct daemon_options){0};
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--", 2) != 0 || !argv[i][2])
            return err_set(
                e, ERR_USAGE, "%s: kbsearchd takes long options only; see --help", argv[i]);
        if (parse_one(argc, argv, &i, o, e))
            return -1;
    }
    return 0;
}

static void help_line(struct buf *out, const char *name, const char *argument, const char *help)
{
    size_t before = out->n;
    buf_printf(out, "  --%s%s%s", name, argument ? " " : "", argument ? argument : "");
    buf_printf(out, "%*s%s\n", (int)(26 - (out->n - before)), "", help);
}

void daemon_options_help(struct buf *out)
{
    buf_str(out, "Usage: kbsearchd [OPTIONS]\n"
                 "Answers searches over a Unix socket (kbsearch --sockname).\n\n");
    for (size_t i = 0; i < config_n_rows; i++)
        if (config_rows[i].who & CONFIG_DAEMON)
            help_line(out, config_rows[i].name, config_rows[i].argument, config_rows[i].help);
    for (size_t i = 0; i < N_ROWS; i++)
        help_line(out, rows[i].name, rows[i].argument, rows[i].help);
    buf_str(out, "\nAll but the last four may stand in kbsearch.conf, too.\n"
                 "Exit: 0, 64 usage, 70 internal, 73 cannot create the socket, 75 another daemon "
                 "listens,\n78 configuration.\n");
}
