// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * settings: the configuration of a daemon that runs, and how it is read again. SIGHUP makes the
 * loop read the file anew: what setting.def calls live, the saved queries and the vaults' keys take
 * effect with the next request; requests that run go on with what they began with; connections
 * stay. What is not live stays as it is until the daemon is started anew, and a line says which. A
 * file that is wrong changes nothing, and a line says so.
 */
#ifndef KB_SETTINGS_H
#define KB_SETTINGS_H

#include "daemon/options.h"

struct settings {
    struct arena arena;
    struct config config;
    struct settings *next; /* of those that requests may still look at */
};

/* `now`: what the process runs with, NULL at its start. NULL with *e: ERR_CONFIG, ERR_MEMORY. */
struct settings *settings_read(
    const struct daemon_options *o, const struct settings *now, struct err *e);
/* With all behind it; NULL is fine. */
void settings_free(struct settings *s);
/* Level and place of the log. */
void settings_log(const struct settings *s, const struct daemon_options *o);

#endif
