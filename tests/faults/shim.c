// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * shim: what can go wrong below a program, preloaded. By the environment:
 *
 *   KB_FAULT=CALL:N:WHAT   the Nth such call of a process, counted from 1: WHAT is `kill`, or the
 *                          number of an error; N+ for each one from there on
 *   KB_IOLOG=FILE          what is done to files and folders, in order, a line each (power.py)
 *   KB_ALLOC=FILE          shared memory, struct alloc: counts allocations and lets one fail
 */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static char fault_call[16];
static long fault_at, fault_error;
static int fault_sticky, iolog = -1;
static atomic_long seen;

struct alloc {
    _Atomic int64_t count, fail_at, sticky, failed;
};
static struct alloc *allocs;

static void *shared(const char *path)
{
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC, 0);
    void *p = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        syscall(SYS_close, fd);
    return p == MAP_FAILED ? NULL : p;
}

__attribute__((constructor)) static void begin(void)
{
    const char *fault = getenv("KB_FAULT"), *log = getenv("KB_IOLOG"), *alloc = getenv("KB_ALLOC");
    char at[16] = "", what[16] = "";
    if (fault && sscanf(fault, "%15[^:]:%15[^:]:%15s", fault_call, at, what) == 3) {
        fault_at = strtol(at, NULL, 10);
        fault_sticky = strchr(at, '+') != NULL;
        fault_error = strtol(what, NULL, 10); /* 0: kill */
    }
    if (log) {
        int fd = (int)syscall(
            SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        iolog = fcntl(fd, F_DUPFD_CLOEXEC, 200);
        syscall(SYS_close, fd);
    }
    if (alloc)
        allocs = shared(alloc);
}

/* Whether this call has to fail; errno says as what. */
static int faulty(const char *call)
{
    if (!fault_at || strcmp(call, fault_call) != 0)
        return 0;
    long n = atomic_fetch_add(&seen, 1) + 1;
    if (fault_sticky ? n < fault_at : n != fault_at)
        return 0;
    if (!fault_error)
        kill(getpid(), SIGKILL);
    errno = (int)fault_error;
    return 1;
}

/* --- the log: OP INODE ... ----------------------------------------------------------------- */

static void put(const char *format, ...)
{
    char line[9000];
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(line, sizeof line, format, ap);
    va_end(ap);
    int saved = errno;
    (void)!syscall(SYS_write, iolog, line, (size_t)n);
    errno = saved;
}

static unsigned long inode(int fd, const char *path, int flags)
{
    struct stat st;
    int rc = path ? fstatat(fd, path, &st, flags) : fstat(fd, &st);
    return rc ? 0 : st.st_ino;
}

/* The folder that a path is in, and its name there. */
static unsigned long folder(int at, const char *path, const char **name)
{
    char dir[4096];
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    if (!slash)
        return inode(at, ".", 0);
    snprintf(dir, sizeof dir, "%.*s", (int)(slash - path), path);
    return inode(at, dir[0] ? dir : "/", 0);
}

static void log_data(int fd, const void *data, size_t n, long long at)
{
    static _Thread_local char hex[2 * (1 << 20) + 1];
    const unsigned char *p = data;
    if (iolog < 0 || n > 1 << 20)
        return;
    for (size_t i = 0; i < n; i++) {
        hex[2 * i] = "0123456789abcdef"[p[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[p[i] & 15];
    }
    hex[2 * n] = '\n';
    struct stat st;
    if (fstat(fd, &st) || !S_ISREG(st.st_mode))
        return;
    char head[64];
    int k = snprintf(head, sizeof head, "data %lu %lld ", (unsigned long)st.st_ino, at);
    char *line = malloc((size_t)k + 2 * n + 1);
    memcpy(line, head, (size_t)k);
    memcpy(line + k, hex, 2 * n + 1);
    (void)!syscall(SYS_write, iolog, line, (size_t)k + 2 * n + 1);
    free(line);
}

static int opened(
    int at, const char *path, int flags, mode_t mode, int (*real)(int, const char *, int, ...))
{
    const char *name;
    if (faulty("openat"))
        return -1;
    if (iolog < 0 || !(flags & (O_CREAT | O_TRUNC)))
        return real(at, path, flags, mode);
    unsigned long before = inode(at, path, 0);
    int fd = real(at, path, flags, mode);
    if (fd < 0)
        return fd;
    unsigned long dir = folder(at, path, &name);
    if (!before)
        put("create %lu %s %lu\n", dir, name, inode(fd, NULL, 0));
    else if (flags & O_TRUNC)
        put("size %lu 0\n", before);
    return fd;
}

static mode_t mode_of(int flags, va_list ap)
{
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(ap, mode_t) : 0;
}

int openat(int at, const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = mode_of(flags, ap);
    va_end(ap);
    return opened(at, path, flags, mode, NEXT(openat));
}

int openat64(int at, const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = mode_of(flags, ap);
    va_end(ap);
    return opened(at, path, flags, mode, NEXT(openat));
}

int open(const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = mode_of(flags, ap);
    va_end(ap);
    return opened(AT_FDCWD, path, flags, mode, NEXT(openat));
}

int open64(const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = mode_of(flags, ap);
    va_end(ap);
    return opened(AT_FDCWD, path, flags, mode, NEXT(openat));
}

static ssize_t pwritten(int fd, const void *p, size_t n, off_t at)
{
    if (faulty("pwrite64"))
        return -1;
    ssize_t done = syscall(SYS_pwrite64, fd, p, n, at);
    if (done > 0)
        log_data(fd, p, (size_t)done, at);
    return done;
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    return pwritten(fd, p, n, at);
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    return pwritten(fd, p, n, at);
}

ssize_t write(int fd, const void *p, size_t n)
{
    if (fd > 2 && faulty("write"))
        return -1;
    ssize_t done = syscall(SYS_write, fd, p, n);
    if (done > 0 && iolog >= 0)
        log_data(fd, p, (size_t)done, (long long)lseek(fd, 0, SEEK_CUR) - done);
    return done;
}

ssize_t pread(int fd, void *p, size_t n, off_t at)
{
    return faulty("pread64") ? -1 : syscall(SYS_pread64, fd, p, n, at);
}

ssize_t pread64(int fd, void *p, size_t n, off64_t at)
{
    return faulty("pread64") ? -1 : syscall(SYS_pread64, fd, p, n, at);
}

static int synced(int fd, const char *call, long number)
{
    if (faulty(call))
        return -1;
    int rc = (int)syscall(number, fd);
    if (rc == 0 && iolog >= 0)
        put("sync %lu\n", inode(fd, NULL, 0));
    return rc;
}

int fsync(int fd)
{
    return synced(fd, "fsync", SYS_fsync);
}

int fdatasync(int fd)
{
    return synced(fd, "fdatasync", SYS_fdatasync);
}

int ftruncate64(int fd, off64_t n)
{
    int rc = faulty("ftruncate") ? -1 : (int)syscall(SYS_ftruncate, fd, n);
    if (rc == 0 && iolog >= 0)
        put("size %lu %lld\n", inode(fd, NULL, 0), (long long)n);
    return rc;
}

int ftruncate(int fd, off_t n)
{
    return ftruncate64(fd, n);
}

int renameat(int at, const char *from, int to_at, const char *to)
{
    if (faulty("rename"))
        return -1;
    const char *from_name, *to_name;
    unsigned long what = iolog < 0 ? 0 : inode(at, from, AT_SYMLINK_NOFOLLOW);
    int rc = (int)syscall(SYS_renameat2, at, from, to_at, to, 0);
    if (rc == 0 && iolog >= 0) {
        unsigned long d1 = folder(at, from, &from_name), d2 = folder(to_at, to, &to_name);
        put("rename %lu %s %lu %s %lu\n", d1, from_name, d2, to_name, what);
    }
    return rc;
}

int rename(const char *from, const char *to)
{
    return renameat(AT_FDCWD, from, AT_FDCWD, to);
}

int symlinkat(const char *target, int at, const char *path)
{
    const char *name;
    if (faulty("symlinkat"))
        return -1;
    int rc = (int)syscall(SYS_symlinkat, target, at, path);
    if (rc == 0 && iolog >= 0) {
        unsigned long dir = folder(at, path, &name);
        put("symlink %lu %s %lu %s\n", dir, name, inode(at, path, AT_SYMLINK_NOFOLLOW), target);
    }
    return rc;
}

int unlinkat(int at, const char *path, int flags)
{
    const char *name;
    if (faulty("unlinkat"))
        return -1;
    int rc = (int)syscall(SYS_unlinkat, at, path, flags);
    if (rc == 0 && iolog >= 0) {
        unsigned long dir = folder(at, path, &name);
        put("unlink %lu %s\n", dir, name);
    }
    return rc;
}

int unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int mkdirat(int at, const char *path, mode_t mode)
{
    const char *name;
    if (faulty("mkdir"))
        return -1;
    int rc = (int)syscall(SYS_mkdirat, at, path, mode);
    if (rc == 0 && iolog >= 0) {
        unsigned long dir = folder(at, path, &name);
        put("mkdir %lu %s %lu\n", dir, name, inode(at, path, 0));
    }
    return rc;
}

int mkdir(const char *path, mode_t mode)
{
    return mkdirat(AT_FDCWD, path, mode);
}

/* --- memory -------------------------------------------------------------------------------- */

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

static int refused(void)
{
    if (!allocs)
        return 0;
    int64_t n = atomic_fetch_add(&allocs->count, 1) + 1, at = allocs->fail_at;
    if (!at || (allocs->sticky ? n < at : n != at))
        return 0;
    atomic_fetch_add(&allocs->failed, 1);
    errno = ENOMEM;
    return 1;
}

void *malloc(size_t n)
{
    return refused() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return refused() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return refused() ? NULL : __libc_realloc(p, n);
}
