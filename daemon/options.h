// SPDX-License-Identifier: GPL-2.0-or-later
/* options: the command line of kbsearchd: the settings that are its own, and a few besides. */
#ifndef KB_DAEMON_OPTIONS_H
#define KB_DAEMON_OPTIONS_H

#include "lib/buf.h"
#include "lib/config.h"

struct daemon_options {
    struct config_options config;
    bool foreground, help, version;
};

/* ERR_USAGE tells what is wrong. The strings point into argv. */
int daemon_options_parse(int argc, char **argv, struct daemon_options *o, struct err *e);
void daemon_options_help(struct buf *out);

#endif
