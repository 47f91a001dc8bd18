// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * link: the connection to the daemon. It is made at the first call; a daemon that is not there is
 * started (unless `spawn` is false), and one that went away between two calls, at its idle end or
 * for a restart or upgrade, is asked again, a few times.
 *
 *     struct link l = {.config = &config, .options = &o.config, .spawn = true, .fd = -1};
 *     struct slice reply;
 *     if (link_call(&l, line, 6000, &reply, &e) < 0) ...
 *     link_close(&l);
 *
 * ERR_NO_DAEMON: none answers and none could be started; the text says what to run.
 */
#ifndef KB_CLIENT_LINK_H
#define KB_CLIENT_LINK_H

#include "lib/buf.h"
#include "lib/config.h"

struct link {
    const struct config *config;
    const struct config_options *options; /* passed on to a daemon that is started */
    bool spawn;
    int fd; /* -1: not connected */
    struct buf in;
};

/* Sends one line (with its newline) and waits for one: *reply lives until the next call.
 * ERR_TIMEOUT after `patience_ms` without an answer. */
int link_call(
    struct link *l, struct slice line, int patience_ms, struct slice *reply, struct err *e);

/* Copies stdin to the socket and the socket to stdout until either side ends; what the daemon
 * still answers after the end of stdin is copied too. */
int link_relay(struct link *l, struct err *e);

void link_close(struct link *l);

#endif
