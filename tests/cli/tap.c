// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tap: preloaded, it keeps what kbsearchd and its clients say to one another in the file
 * $KB_TRAFFIC: for each piece a line "PROCESS.CONNECTION < BYTES" (> from the client), then the
 * bytes. tests/cli/schema.py reads it.
 */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

enum { MOST_FDS = 4096 };
static int file = -1;
static atomic_int connections;
static atomic_int connection[MOST_FDS]; /* of a file descriptor; 0: it is none */

static void begin(void)
{
    file = open(getenv("KB_TRAFFIC"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

__attribute__((constructor)) static void load(void)
{
    if (getenv("KB_TRAFFIC") && strcmp(program_invocation_short_name, "kbsearchd") == 0)
        begin();
}

/* The daemon's first deed. Afterwards it shuts itself in, and could not open the file. */
int close_range(unsigned from, unsigned to, int flags)
{
    int rc = NEXT(close_range)(from, to, flags);
    if (file >= 0)
        begin();
    return rc;
}

/* A descriptor's number may be another thing's by now: only what was accepted has the name of the
 * socket that was listened on. */
static int is_connection(int fd)
{
    struct sockaddr_un name = {0};
    socklen_t n = sizeof name;
    if (file < 0 || fd < 0 || fd >= MOST_FDS || !connection[fd])
        return 0;
    return getsockname(fd, (struct sockaddr *)&name, &n) == 0 && name.sun_family == AF_UNIX &&
           name.sun_path[0];
}

static void keep(int fd, char side, const struct iovec *of, int n, ssize_t done)
{
    int error = errno, which = is_connection(fd) ? connection[fd] : 0;
    struct iovec all[8];
    char head[64];
    size_t left = done > 0 ? (size_t)done : 0;
    if (!which || !left || n > 7) {
        errno = error;
        return;
    }
    all[0].iov_base = head;
    all[0].iov_len =
        (size_t)snprintf(head, sizeof head, "%d.%d %c %zu\n", getpid(), which, side, left);
    int m = 1;
    for (; m <= n && left; m++) {
        all[m] = of[m - 1];
        if (all[m].iov_len > left)
            all[m].iov_len = left;
        left -= all[m].iov_len;
    }
    if (NEXT(writev)(file, all, m) < 0)
        abort();
    errno = error;
}

static int accepted(int fd)
{
    if (fd >= 0 && fd < MOST_FDS)
        connection[fd] = ++connections;
    return fd;
}

int accept4(int fd, struct sockaddr *restrict a, socklen_t *restrict n, int flags)
{
    return accepted(NEXT(accept4)(fd, a, n, flags));
}

ssize_t read(int fd, void *p, size_t n)
{
    ssize_t done = NEXT(read)(fd, p, n);
    keep(fd, '>', &(struct iovec){p, n}, 1, done);
    return done;
}

ssize_t recv(int fd, void *p, size_t n, int flags)
{
    ssize_t done = NEXT(recv)(fd, p, n, flags);
    keep(fd, '>', &(struct iovec){p, n}, 1, done);
    return done;
}

ssize_t write(int fd, const void *p, size_t n)
{
    ssize_t done = NEXT(write)(fd, p, n);
    keep(fd, '<', &(struct iovec){(void *)(size_t)p, n}, 1, done);
    return done;
}

ssize_t writev(int fd, const struct iovec *v, int n)
{
    ssize_t done = NEXT(writev)(fd, v, n);
    keep(fd, '<', v, n, done);
    return done;
}
