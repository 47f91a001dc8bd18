// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/config.h"

enum { POLL_MS = 50, COMPACT_BYTES = 32 << 20, DAY_SECONDS = 24 * 60 * 60 };

static const char cachedir_tag[] = "Signature: 8a477f597d28d172789f06886806bc55\n"
                                   "# An index of kbsearch: made again by kbindex, no need to "
                                   "back it up.\n";

static int tag_folder(const struct store *s, struct err *e)
{
    int fd = openat(
        s->dir_fd, "CACHEDIR.TAG", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? 0
                               : err_set(e, ERR_IO, "%s/CACHEDIR.TAG: %s", s->dir, strerror(errno));
    size_t n = sizeof cachedir_tag - 1;
    bool good = write(fd, cachedir_tag, n) == (ssize_t)n;
    int why = errno;
    if (close(fd) < 0 || !good)
        return err_set(e, ERR_IO, "%s/CACHEDIR.TAG: %s", s->dir, strerror(good ? errno : why));
    return 0;
}

static int locked_by(const struct store *s, struct err *e)
{
    char text[16] = "";
    ssize_t n = pread(s->lock_fd, text, sizeof text - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    long pid = strtol(text, NULL, 10);
    /* Who has just taken it has not written its own yet. */
    bool known = pid > 0 && (kill((pid_t)pid, 0) == 0 || errno != ESRCH);
    return known ? err_set(e, ERR_LOCKED,
                       "%s: process %ld is writing: wait for it, or use --wait "
                       "SECONDS",
                       s->dir, pid)
                 : err_set(e, ERR_LOCKED, "%s: another process is writing", s->dir);
}

static int take_lock(struct store *s, int64_t wait_ms, struct err *e)
{
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const struct timespec pause = {.tv_nsec = POLL_MS * 1000000L};
    while (fcntl(s->lock_fd, F_OFD_SETLK, &l) < 0) {
        if (errno != EAGAIN && errno != EACCES && errno != EINTR)
            return err_set(e, ERR_IO, "%s/lock: %s", s->dir, strerror(errno));
        if (wait_ms <= 0)
            return locked_by(s, e);
        nanosleep(&pause, NULL);
        wait_ms -= POLL_MS;
    }
    char text[16];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    struct stat st;
    if (ftruncate(s->lock_fd, 0) < 0 || pwrite(s->lock_fd, text, (size_t)n, 0) != n ||
        fstat(s->lock_fd, &st) < 0)
        return err_set(e, ERR_IO, "%s/lock: %s", s->dir, strerror(errno));
    s->now_ns = (int64_t)st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec;
    return 0;
}

int store_open(struct store *s, const char *dir, int64_t wait_ms, struct err *e)
{
    *s = (struct store){.dir = dir, .dir_fd = -1, .lock_fd = -1};
    if (config_private_dir(dir, e) < 0)
        return -1;
    s->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->dir_fd < 0)
        return err_set(e, ERR_IO, "%s: %s", dir, strerror(errno));
    s->lock_fd = openat(s->dir_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    int rc = s->lock_fd < 0 ? err_set(e, ERR_IO, "%s/lock: %s", dir, strerror(errno))
                            : take_lock(s, wait_ms, e);
    if (rc == 0)
        rc = tag_folder(s, e);
    if (rc < 0)
        store_close(s);
    return rc;
}

void store_close(struct store *s)
{
    if (s->lock_fd >= 0)
        close(s->lock_fd);
    if (s->dir_fd >= 0)
        close(s->dir_fd);
    s->lock_fd = s->dir_fd = -1;
}

/* Empty when there is no link. */
static int read_current(const struct store *s, char name[NAME_MAX + 1], struct err *e)
{
    ssize_t n = readlinkat(s->dir_fd, "current", name, NAME_MAX);
    if (n < 0 && errno != ENOENT)
        return err_set(
            e, ERR_IO, "%s/current: %s: remove it and run kbindex --full", s->dir, strerror(errno));
    name[n > 0 ? n : 0] = '\0';
    return 0;
}

int store_current(const struct store *s, struct arena *a, const char **path, struct err *e)
{
    char name[NAME_MAX + 1];
    *path = NULL;
    if (read_current(s, name, e) < 0)
        return -1;
    if (name[0])
        *path = arena_printf(a, "%s/%s", s->dir, name);
    return !name[0] || *path ? 0 : err_memory(e);
}

/* N of "gen-N"; 0 when it is no such name. */
static unsigned long generation(const char *name)
{
    if (strncmp(name, "gen-", 4) != 0 || name[4] < '1' || name[4] > '9')
        return 0;
    char *end;
    unsigned long n = strtoul(name + 4, &end, 10);
    return *end ? 0 : n;
}

static DIR *list(const struct store *s)
{
    int fd = openat(s->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d && fd >= 0)
        close(fd);
    return d;
}

int store_next(const struct store *s, struct arena *a, const char **name, struct err *e)
{
    unsigned long newest = 0;
    DIR *d = list(s);
    if (!d)
        return err_set(e, ERR_IO, "%s: %s", s->dir, strerror(errno));
    for (const struct dirent *at; (at = readdir(d));)
        if (generation(at->d_name) > newest)
            newest = generation(at->d_name);
    closedir(d);
    *name = arena_printf(a, "gen-%lu", newest + 1);
    return *name ? 0 : err_memory(e);
}

static void remove_generation(const struct store *s, const char *name)
{
    int fd = openat(s->dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (const struct dirent *at; (at = readdir(d));)
        if (strcmp(at->d_name, ".") != 0 && strcmp(at->d_name, "..") != 0)
            unlinkat(fd, at->d_name, 0);
    closedir(d);
    unlinkat(s->dir_fd, name, AT_REMOVEDIR);
}

void store_clean(const struct store *s)
{
    char current[NAME_MAX + 1];
    struct err ignored = {0};
    if (read_current(s, current, &ignored) < 0)
        return;
    unlinkat(s->dir_fd, "current.tmp", 0);
    DIR *d = list(s);
    if (!d)
        return;
    for (const struct dirent *at; (at = readdir(d));)
        if (generation(at->d_name) && strcmp(at->d_name, current) != 0)
            remove_generation(s, at->d_name);
    closedir(d);
}

int store_swap(const struct store *s, const char *name, struct err *e)
{
    unlinkat(s->dir_fd, "current.tmp", 0);
    if (symlinkat(name, s->dir_fd, "current.tmp") < 0 || fsync(s->dir_fd) < 0 ||
        renameat(s->dir_fd, "current.tmp", s->dir_fd, "current") < 0 || fsync(s->dir_fd) < 0)
        return err_set(e, ERR_IO, "%s/current: %s", s->dir, strerror(errno));
    store_clean(s);
    return 0;
}

/* --- what is remembered beside the generations --------------------------------------------- */

static int make_file(const struct store *s, const char *name)
{
    return openat(s->dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
}

void store_compacted(const struct store *s, uint64_t bytes)
{
    int fd = make_file(s, "compacted");
    if (fd < 0)
        return;
    dprintf(fd, "%" PRIu64 "\n", bytes);
    close(fd);
}

bool store_compaction_due(const struct store *s, uint64_t bytes)
{
    char text[24] = "";
    struct stat st;
    int fd = openat(s->dir_fd, "compacted", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool known = fd >= 0 && fstat(fd, &st) == 0 && read(fd, text, sizeof text - 1) > 0;
    if (fd >= 0)
        close(fd);
    if (!known) {
        store_compacted(s, bytes);
        return false;
    }
    uint64_t was = strtoull(text, NULL, 10);
    return bytes > COMPACT_BYTES && bytes > was + was / 2 &&
           s->now_ns / 1000000000 - st.st_mtim.tv_sec >= DAY_SECONDS;
}

void store_doubt(const struct store *s, bool doubtful)
{
    int fd = doubtful ? make_file(s, "doubt") : -1;
    if (!doubtful)
        unlinkat(s->dir_fd, "doubt", 0);
    if (fd >= 0)
        close(fd);
    fsync(s->dir_fd);
}

bool store_doubtful(const struct store *s)
{
    return faccessat(s->dir_fd, "doubt", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}
