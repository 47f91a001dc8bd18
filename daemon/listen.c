// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/config.h"

static int io_error(struct err *e, const char *what, const char *path)
{
    return err_set(e, ERR_IO, "%s %s: %s", what, path, strerror(errno));
}

/* --- handed over -------------------------------------------------------------------------------
 */

bool listener_is_handed(void)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    return pid && fds && strtol(pid, NULL, 10) == getpid() && strtol(fds, NULL, 10) >= 1;
}

static int socket_option(int fd, int name)
{
    int value = 0;
    socklen_t n = sizeof value;
    return getsockopt(fd, SOL_SOCKET, name, &value, &n) ? -1 : value;
}

static int take_handed(struct listener *l, struct err *e)
{
    if (strtol(getenv("LISTEN_FDS"), NULL, 10) != 1)
        return err_set(e, ERR_IO, "LISTEN_FDS: one socket is expected");
    unsetenv("LISTEN_PID");
    unsetenv("LISTEN_FDS");
    if (socket_option(LISTENER_HANDED, SO_DOMAIN) != AF_UNIX ||
        socket_option(LISTENER_HANDED, SO_TYPE) != SOCK_STREAM ||
        socket_option(LISTENER_HANDED, SO_ACCEPTCONN) != 1)
        return err_set(e, ERR_IO, "file descriptor 3 is no listening Unix stream socket");
    if (fcntl(LISTENER_HANDED, F_SETFD, FD_CLOEXEC) ||
        fcntl(LISTENER_HANDED, F_SETFL, O_RDWR | O_NONBLOCK))
        return err_set(e, ERR_IO, "file descriptor 3: %s", strerror(errno));
    l->fd = LISTENER_HANDED;
    return 0;
}

/* --- our own -----------------------------------------------------------------------------------
 */

static int address_of(const char *path, struct sockaddr_un *a, struct err *e)
{
    *a = (struct sockaddr_un){.sun_family = AF_UNIX};
    size_t n = strlen(path);
    if (n >= sizeof a->sun_path)
        return err_set(e, ERR_IO,
            "%s: a socket's path has at most %zu bytes; choose a shorter one "
            "with --socket",
            path, sizeof a->sun_path - 1);
    memcpy(a->sun_path, path, n + 1);
    return 0;
}

static int make_folder(const char *path, struct err *e)
{
    char folder[sizeof((struct sockaddr_un *)0)->sun_path];
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    if (n == 0)
        return err_set(e, ERR_IO, "%s: a socket needs a folder of its own", path);
    memcpy(folder, path, n);
    folder[n] = '\0';
    return config_private_dir(folder, e);
}

static long pid_in(int fd)
{
    char text[24] = "";
    ssize_t n = pread(fd, text, sizeof text - 1, 0);
    return n > 0 ? strtol(text, NULL, 10) : 0;
}

static int take_lock(struct listener *l, struct err *e)
{
    char path[sizeof((struct sockaddr_un *)0)->sun_path + sizeof ".lock"];
    snprintf(path, sizeof path, "%s.lock", l->path);
    l->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
    if (l->lock < 0)
        return io_error(e, "cannot open", path);
    if (flock(l->lock, LOCK_EX | LOCK_NB)) {
        if (errno != EWOULDBLOCK)
            return io_error(e, "cannot lock", path);
        long pid = pid_in(l->lock);
        if (pid > 0)
            return err_set(
                e, ERR_LOCKED, "another kbsearchd, pid %ld, listens on %s", pid, l->path);
        return err_set(e, ERR_LOCKED, "another kbsearchd listens on %s", l->path);
    }
    char text[24];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    if (ftruncate(l->lock, 0) || pwrite(l->lock, text, (size_t)n, 0) != n)
        return io_error(e, "cannot write", path);
    return 0;
}

static int new_socket(struct err *e)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        err_set(e, ERR_IO, "cannot create a socket: %s", strerror(errno));
    return fd;
}

/* Whether somebody listens; -1 with errno. A keeper that was killed has let go of the lock, and its
 * child, which dies with it, may not yet have let go of the socket. */
static int is_heard(const struct sockaddr_un *a, struct err *e)
{
    enum { LOOKS = 50, PAUSE_MS = 10 };
    for (int i = 0; i < LOOKS; i++) {
        int fd = new_socket(e);
        if (fd < 0)
            return -1;
        int rc = connect(fd, (const struct sockaddr *)a, sizeof *a);
        int why = errno;
        close(fd);
        errno = why;
        if (rc && why != EAGAIN)
            return why == ECONNREFUSED || why == ENOENT ? 0 : -1;
        poll(NULL, 0, PAUSE_MS);
    }
    return 1;
}

/* Only with the lock: no kbsearchd is between bind and listen. */
static int remove_stale(const struct listener *l, const struct sockaddr_un *a, struct err *e)
{
    struct stat st;
    if (lstat(l->path, &st))
        return errno == ENOENT ? 0 : io_error(e, "cannot look at", l->path);
    if (!S_ISSOCK(st.st_mode))
        return err_set(e, ERR_IO,
            "%s is there and is no socket; remove it, or choose another path "
            "with --socket",
            l->path);
    int heard = is_heard(a, e);
    if (heard < 0)
        return io_error(e, "cannot ask who listens on", l->path);
    if (heard)
        return err_set(e, ERR_LOCKED, "another program listens on %s", l->path);
    return unlink(l->path) && errno != ENOENT ? io_error(e, "cannot remove", l->path) : 0;
}

static int bind_and_listen(struct listener *l, const struct sockaddr_un *a, struct err *e)
{
    struct stat st;
    l->fd = new_socket(e);
    if (l->fd < 0)
        return -1;
    mode_t before = umask(0177);
    int rc = bind(l->fd, (const struct sockaddr *)a, sizeof *a);
    int why = errno;
    umask(before);
    errno = why;
    if (rc || lstat(l->path, &st))
        return io_error(e, "cannot create", l->path);
    l->dev = st.st_dev;
    l->ino = st.st_ino;
    return listen(l->fd, LISTENER_BACKLOG) ? io_error(e, "cannot listen on", l->path) : 0;
}

int listener_open(struct listener *l, const char *path, struct err *e)
{
    *l = (struct listener){.fd = -1, .lock = -1, .path = path};
    if (listener_is_handed())
        return take_handed(l, e);
    struct sockaddr_un a;
    if (address_of(path, &a, e))
        return -1;
    if (make_folder(path, e) || take_lock(l, e) || remove_stale(l, &a, e) ||
        bind_and_listen(l, &a, e)) {
        listener_close(l);
        return -1;
    }
    return 0;
}

static bool is_ours(const struct listener *l)
{
    struct stat st;
    return l->ino && lstat(l->path, &st) == 0 && st.st_dev == l->dev && st.st_ino == l->ino;
}

void listener_close(struct listener *l)
{
    if (is_ours(l))
        unlink(l->path);
    if (l->fd >= 0)
        close(l->fd);
    if (l->lock >= 0)
        close(l->lock);
    *l = (struct listener){.fd = -1, .lock = -1};
}

void listener_lend(struct listener *l)
{
    if (l->lock >= 0)
        close(l->lock);
    l->lock = -1;
    l->ino = 0;
}

/* --- peers -------------------------------------------------------------------------------------
 */

bool peer_is_owner(int fd)
{
    struct ucred peer;
    socklen_t n = sizeof peer;
    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 &&
           (peer.uid == geteuid() || peer.uid == 0);
}

static bool somebody_waits(const struct listener *l)
{
    struct pollfd p = {.fd = l->fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLIN);
}

/* Away from its path first: one that connected between a look and the removal would be lost. */
bool listener_withdraw(const struct listener *l)
{
    char aside[sizeof((struct sockaddr_un *)0)->sun_path + sizeof ".end"];
    if (somebody_waits(l))
        return false;
    if (!is_ours(l))
        return true;
    snprintf(aside, sizeof aside, "%s.end", l->path);
    if (rename(l->path, aside))
        return true;
    if (!somebody_waits(l)) {
        unlink(aside);
        return true;
    }
    (void)!rename(aside, l->path);
    return false;
}

void notify_manager(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    size_t n = path ? strlen(path) : 0;
    if (n < 2 || n >= sizeof a.sun_path || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(a.sun_path, path, n);
    if (path[0] == '@')
        a.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)!sendto(fd, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&a,
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
    close(fd);
}
