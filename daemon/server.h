// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * server: the loop of kbsearchd from its first connection to its last. It accepts by itself
 * (uv_poll and accept4), because a libuv 1.44 listener that meets EMFILE calls back for ever.
 *
 *   too many connections    the next one gets an error line and is closed; not one that came behind
 *                           another that hung up
 *   no file descriptors     accepting pauses for a second; connections are kept few enough that
 *                           this does not happen
 *   HUP                     the configuration is read again (settings.h)
 *   TERM, INT               what has arrived is answered, for up to two seconds; no more is
 *                           accepted or read, then the end
 */
#ifndef KB_SERVER_H
#define KB_SERVER_H

#include <stdbool.h>

#include "daemon/listen.h"
#include "daemon/settings.h"
#include "lib/err.h"

struct server_options {
    const struct daemon_options *options;
    struct settings *settings; /* the server's from now on */
    bool wary;                 /* the index as it stands is not to be read for a while */
    void (*ready)(void *ctx);  /* it listens */
    void *ctx;
};

/* Runs until a signal or idleness ends it; closes the listener. 1: it ended for a
 * successor (sandbox.h). -1: it could not start. */
int server_run(struct listener *l, const struct server_options *o, struct err *e);

#endif
