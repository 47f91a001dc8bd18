// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * options: the command line of kbindex, from one table of rows.
 */
#ifndef KB_INDEXER_OPTIONS_H
#define KB_INDEXER_OPTIONS_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/err.h"

enum check_kind { CHECK_NONE, CHECK_ALL, CHECK_INDEX };

struct options {
    struct config_options places;
    bool help, version, full, quiet, verbose, watch, force, list;
    enum check_kind check;
    const char *remove;   /* NULL: nothing */
    const char *language; /* NULL: not said */
    const char **exclude;
    size_t n_exclude, cap_exclude;
    const char **vaults;
    size_t n_vaults, cap_vaults;
};

/* ERR_USAGE says what is wrong and names the nearest option. */
int options_parse(struct arena *a, int argc, char *const *argv, struct options *o, struct err *e);
void options_help(void);

#endif
