// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * doctor: looks at what an answer needs, from the configuration to the notes, and writes a line for
 * each thing: that it is well, or the fault; behind a fault the command that mends it, to be typed
 * as it stands:
 *
 *     fault  socket: /run/user/1000/kbsearch is open to other users (mode 755)
 *     mend   chmod 700 /run/user/1000/kbsearch
 *     well   clock: the index is from 2026-11-26 13:40
 *
 * It asks the daemon, and starts one as any question does; itself it changes nothing. What cannot
 * be looked at because of a fault before it is left out.
 */
#ifndef KB_CLIENT_DOCTOR_H
#define KB_CLIENT_DOCTOR_H

#include "client/link.h"

struct doctor {
    struct link *link;
    struct buf *out;
    unsigned faults;
};

/* The configuration as loaded, or NULL and why not. ERR_MEMORY alone fails. */
int doctor_look(struct doctor *d, const struct config *c, const struct err *why, struct err *e);

#endif
