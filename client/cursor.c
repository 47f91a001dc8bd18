// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/cursor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/config.h"

enum { NAME_MAX_BYTES = 100, PATH_BYTES = 4096 };

static int check_name(const char *name, struct err *e)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if (name[i] == '/' || (unsigned char)name[i] < ' ' || name[i] == 127)
            n = 0;
    return n && n <= NAME_MAX_BYTES && name[0] != '.'
               ? 0
               : err_set(e, ERR_USAGE,
                     "--new wants a name of 1 to %d bytes without '/', not beginning with '.'",
                     NAME_MAX_BYTES);
}

static int path_of(const char *state_dir, const char *name, char path[PATH_BYTES], struct err *e)
{
    int n = snprintf(path, PATH_BYTES, "%s/news%s%s", state_dir, name[0] ? "/" : "", name);
    return n > 0 && n < PATH_BYTES ? 0 : err_set(e, ERR_IO, "%s: the path is too long", state_dir);
}

int cursor_read(const char *state_dir, const char *name, int64_t *revision, struct err *e)
{
    char path[PATH_BYTES], text[32] = {0}, *end;
    *revision = -1;
    if (check_name(name, e) < 0 || path_of(state_dir, name, path, e) < 0)
        return -1;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? 0 : err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    errno = 0;
    *revision = n > 0 ? strtoll(text, &end, 10) : -1;
    if (n <= 0 || errno || *end != '\n' || *revision < 0)
        return err_set(e, ERR_IO, "%s holds no number: remove it, and %s begins anew", path, name);
    return 0;
}

int cursor_write(const char *state_dir, const char *name, int64_t revision, struct err *e)
{
    char dir[PATH_BYTES], next[NAME_MAX_BYTES + 16], text[32];
    if (check_name(name, e) < 0 || path_of(state_dir, "", dir, e) < 0 ||
        config_private_dir(dir, e) < 0)
        return -1;
    int dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    snprintf(next, sizeof next, ".%s.%d", name, (int)getpid());
    int fd = dir_fd < 0 ? -1 : openat(dir_fd, next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int n = snprintf(text, sizeof text, "%" PRId64 "\n", revision);
    bool good = fd >= 0 && write(fd, text, (size_t)n) == n && fsync(fd) == 0;
    good = fd >= 0 && close(fd) == 0 && good && renameat(dir_fd, next, dir_fd, name) == 0 &&
           fsync(dir_fd) == 0;
    if (!good)
        err_set(e, ERR_IO, "%s/%s cannot be written: %s", dir, name, strerror(errno));
    if (dir_fd >= 0)
        close(dir_fd);
    return good ? 0 : -1;
}
