// SPDX-License-Identifier: GPL-2.0-or-later
/* options: the command line of kbsearchd, from one table. */
#ifndef KB_DAEMON_OPTIONS_H
#define KB_DAEMON_OPTIONS_H

#include "lib/buf.h"
#include "lib/config.h"

struct daemon_options {
    struct config_options config;
    unsigned threads;   /* 0: as many as there are cores */
    unsigned idle_exit; /* seconds; 0: never */
    unsigned cache;     /* MiB; 0: answers are not kept */
    bool foreground, help, version;
};

/* ERR_USAGE tells what is wrong. The strings point into argv. */
int daemon_options_parse(int argc, char **argv, struct daemon_options *o, struct err *e);
void daemon_options_help(struct buf *out);

#endif
