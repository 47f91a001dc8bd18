// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { READ_FLAGS = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, TRIES = 8 };

static int open_by_kernel(int vault_fd, const char *rel)
{
    struct open_how how = {.flags = READ_FLAGS, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int fd = -1;
    errno = EAGAIN;
    /* EAGAIN: something on the way was renamed meanwhile, so that the kernel cannot vouch. */
    for (int i = 0; i < TRIES && fd < 0 && (errno == EAGAIN || errno == EINTR); i++)
        fd = (int)syscall(SYS_openat2, vault_fd, rel, &how, sizeof how);
    return fd;
}

/* Component by component, no link followed: for kernels and sandboxes without openat2. */
static int open_by_steps(int vault_fd, const char *rel)
{
    int dir = -1, fd = -1;
    errno = rel[0] == '/' ? EXDEV : ENOENT;
    if (rel[0] == '/')
        return -1;
    while (*rel) {
        char name[NAME_MAX + 1];
        size_t n = strcspn(rel, "/");
        const char *rest = rel + n + strspn(rel + n, "/");
        errno = n > NAME_MAX ? ENAMETOOLONG : EXDEV;
        if (n > NAME_MAX || (n == 2 && rel[0] == '.' && rel[1] == '.'))
            break;
        memcpy(name, rel, n);
        name[n] = '\0';
        int flags = READ_FLAGS | O_NOFOLLOW | (rel[n] ? O_DIRECTORY : 0);
        fd = openat(dir < 0 ? vault_fd : dir, name, flags);
        if (fd < 0 || !*rest)
            break;
        if (dir >= 0)
            close(dir);
        dir = fd;
        fd = -1;
        rel = rest;
    }
    int why = errno;
    if (dir >= 0)
        close(dir);
    errno = why;
    return fd;
}

static int refuse(int why, struct err *e)
{
    if (why == ENOENT || why == ENOTDIR)
        err_set(e, ERR_MISSING, "no such file");
    else if (why == EXDEV || why == ELOOP)
        err_set(e, ERR_IO, "it leads out of the vault");
    else
        err_set(e, ERR_IO, "%s", strerror(why));
    errno = why;
    return -1;
}

int beneath_open(int vault_fd, const char *rel, struct err *e)
{
    struct stat st;
    int fd = open_by_kernel(vault_fd, rel);
    if (fd < 0 && errno == ENOSYS)
        fd = open_by_steps(vault_fd, rel);
    if (fd < 0)
        return refuse(errno, e);
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        return fd;
    close(fd);
    errno = EINVAL;
    return err_set(e, ERR_IO, "it is no regular file");
}
