// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * listen: the daemon's socket in the file system, and that there is one daemon only.
 *
 * SOCKET.lock is held (flock) for life, from before the path is touched, and holds our pid; it is
 * never removed, so that nobody can lock another file of that name. With the lock a socket on
 * which nobody listens is left over and is removed; anything else at the path is refused. At the
 * end the path is removed only if it is still ours.
 *
 * A socket handed over by systemd (LISTEN_PID, LISTEN_FDS) needs none of this.
 */
#ifndef KB_LISTEN_H
#define KB_LISTEN_H

#include <stdbool.h>
#include <sys/types.h>

#include "lib/err.h"

struct listener {
    int fd, lock; /* lock: -1 when handed over */
    const char *path;
    dev_t dev;
    ino_t ino;
};

enum {
    LISTENER_HANDED = 3,   /* the descriptor of one that was handed over */
    LISTENER_BACKLOG = 511 /* so many wait at most to be accepted */
};
/* Whether a socket was handed over to this process. */
bool listener_is_handed(void);
/* ERR_LOCKED: another daemon listens (names its pid). ERR_IO: cannot create the socket. `path` must
 * outlive the listener. The socket is non-blocking. */
int listener_open(struct listener *l, const char *path, struct err *e);
void listener_close(struct listener *l);
/* In a child: it keeps the socket, the path and the lock stay the parent's. */
void listener_lend(struct listener *l);
/* The peer of a connection runs as us, or as root. */
bool peer_is_owner(int fd);
/* Takes the socket away from its path (over SOCKET.end), unless somebody has connected and is not
 * yet accepted: then it stays, and the answer is false. A socket that was handed over stays as
 * well. */
bool listener_withdraw(const struct listener *l);
/* Tells the service manager, if there is one: "READY=1", "STOPPING=1"; lines of sd_notify(3). */
void notify_manager(const char *state);

#endif
