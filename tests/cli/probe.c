// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * For LD_PRELOAD: a burglar inside kbsearchd. With its first connection, and once on a worker when
 * that looks for the newest commit, it tries what $KB_PROBE says, a line each, and tells on
 * standard error what came out: "loop: read /etc/passwd: ok".
 *     read PATH  list DIR  write PATH  make PATH  remove PATH  truncate PATH  folder PATH
 *     link PATH  pipe PATH  move PATH  signal PID
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int opens(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC | O_NONBLOCK, 0600);
    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}

static int lists(const char *path)
{
    DIR *dir = opendir(path);
    return dir ? closedir(dir) : -1;
}

static int moves(const char *path)
{
    char to[4200];
    snprintf(to, sizeof to, "%s.moved", path);
    return rename(path, to);
}

static int does(const char *what, const char *path)
{
    if (strcmp(what, "read") == 0)
        return opens(path, O_RDONLY);
    if (strcmp(what, "list") == 0)
        return lists(path);
    if (strcmp(what, "write") == 0)
        return opens(path, O_WRONLY);
    if (strcmp(what, "make") == 0)
        return opens(path, O_WRONLY | O_CREAT | O_EXCL);
    if (strcmp(what, "remove") == 0)
        return unlink(path);
    if (strcmp(what, "truncate") == 0)
        return truncate(path, 0);
    if (strcmp(what, "folder") == 0)
        return mkdir(path, 0700);
    if (strcmp(what, "link") == 0)
        return symlink("/etc/passwd", path);
    if (strcmp(what, "pipe") == 0)
        return mkfifo(path, 0600);
    if (strcmp(what, "move") == 0)
        return moves(path);
    return kill(atoi(path), 0);
}

static void probe(const char *who)
{
    const char *line = getenv("KB_PROBE");
    char what[16], path[4096];
    for (int n; line && sscanf(line, "%15s %4095[^\n]%n", what, path, &n) == 2;
         line += n, line += *line == '\n') {
        int why = does(what, path) ? errno : 0;
        dprintf(2, "%s: %s %s: %s\n", who, what, path, why ? strerrorname_np(why) : "ok");
    }
}

int accept4(int fd, struct sockaddr *address, socklen_t *n, int flags)
{
    static atomic_flag done = ATOMIC_FLAG_INIT;
    int (*real)(int, struct sockaddr *, socklen_t *, int) = dlsym(RTLD_NEXT, "accept4");
    int taken = real(fd, address, n, flags);
    if (taken >= 0 && !atomic_flag_test_and_set(&done))
        probe("loop");
    return taken;
}

static void looks(void)
{
    static atomic_flag done = ATOMIC_FLAG_INIT;
    if (gettid() != getpid() && !atomic_flag_test_and_set(&done))
        probe("worker");
}

int stat64(const char *path, struct stat64 *at)
{
    int (*real)(const char *, struct stat64 *) = dlsym(RTLD_NEXT, "stat64");
    looks();
    return real(path, at);
}

int stat(const char *path, struct stat *at)
{
    int (*real)(const char *, struct stat *) = dlsym(RTLD_NEXT, "stat");
    looks();
    return real(path, at);
}
