// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "indexer/ignore.h"
#include "lib/hash.h"
#include "lib/beneath.h"

enum { RULES_BYTES = 1 << 20, READ_TRIES = 3 };

struct walk {
    struct arena *a;
    int vault_fd;
    const struct ignore *exclude;
    struct scan *out;
    struct err *err;
};

static struct scan_stat stat_of(const struct stat *st)
{
    return (struct scan_stat){
        .size = (uint64_t)st->st_size,
        .ino = (uint64_t)st->st_ino,
        .mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
        .ctime_ns = (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec,
    };
}

static bool same_stat(const struct scan_stat *a, const struct scan_stat *b)
{
    return a->size == b->size && a->ino == b->ino && a->mtime_ns == b->mtime_ns &&
           a->ctime_ns == b->ctime_ns;
}

static int problem(struct walk *w, struct slice rel, bool folder, bool skipped, const char *text)
{
    struct scan_problem p = {.rel = rel,
        .text = arena_strndup(w->a, text, strlen(text)),
        .folder = folder,
        .skipped = skipped};
    return p.text && ARENA_PUSH(w->a, w->out->problems, w->out->n_problems, w->out->cap_problems, p)
               ? 0
               : err_memory(w->err);
}

/* Reads up to `max` bytes from where fd stands; false with errno. */
static bool read_all(int fd, size_t max, struct buf *to)
{
    for (;;) {
        char *room = buf_room(to, 1 << 16);
        if (!room) {
            errno = ENOMEM;
            return false;
        }
        ssize_t n = read(fd, room, 1 << 16);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        to->n += (size_t)n;
        if (n == 0 || to->n > max)
            return true;
    }
}

static int unread_rules(struct walk *w, struct slice rel, int why)
{
    const char *text = arena_printf(w->a, "its ignore file cannot be read: %s", strerror(why));
    return text ? problem(w, rel, false, false, text) : err_memory(w->err);
}

static int read_rules(
    struct walk *w, int dir, struct slice rel, const char *name, struct ignore *ig)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT || errno == ELOOP ? 0 : unread_rules(w, rel, errno);
    struct stat st;
    struct buf text = {0};
    int rc = 0;
    if (fstat(fd, &st) < 0 || (S_ISREG(st.st_mode) && !read_all(fd, RULES_BYTES, &text))) {
        rc = unread_rules(w, rel, errno);
    } else if (!S_ISREG(st.st_mode) || text.n > RULES_BYTES) {
        rc = problem(w, rel, false, false, "its ignore file is no file, or over 1 MiB");
    } else if (text.n) {
        struct slice kept = arena_dup(w->a, buf_view(&text));
        rc = kept.p ? ignore_parse(w->a, kept, ig, w->err) : err_memory(w->err);
    }
    buf_free(&text);
    close(fd);
    return rc;
}

static bool is_note(const char *name)
{
    static const char *const endings[] = {".md", ".markdown", ".txt"};
    size_t n = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t k = strlen(endings[i]);
        if (n > k && strcasecmp(name + n - k, endings[i]) == 0)
            return true;
    }
    return false;
}

/* A link's target, when it is a regular file beneath the vault; 0 when it is not, -1 on an error.
 */
static int follow(struct walk *w, struct slice rel, struct stat *st)
{
    struct err ignored = {0};
    int fd = beneath_open(w->vault_fd, rel.p, &ignored);
    bool there = fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode);
    if (fd >= 0)
        close(fd);
    if (there)
        return 1;
    return problem(w, rel, false, true, "a link that leads to no file in the vault");
}

static int add_file(struct walk *w, int dir, const char *name, struct slice rel)
{
    const struct scan *out = w->out;
    if (out->parts && hash64(rel, 0) % out->parts != out->part - 1)
        return 0;
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : problem(w, rel, true, false, strerror(errno));
    if (S_ISLNK(st.st_mode)) {
        int there = follow(w, rel, &st);
        if (there <= 0)
            return there;
    }
    if (!S_ISREG(st.st_mode))
        return problem(w, rel, false, true, "not a regular file");
    struct scan_file f = {rel, stat_of(&st)};
    return ARENA_PUSH(w->a, w->out->files, w->out->n, w->out->cap, f) ? 0 : err_memory(w->err);
}

static int walk_folder(
    struct walk *w, int fd, struct slice rel, const struct ignore *up, unsigned depth);

static int enter(struct walk *w, int dir, const char *name, struct slice rel,
    const struct ignore *ig, unsigned depth)
{
    if (depth >= SCAN_DEPTH)
        return problem(w, rel, true, false, "more than 64 folders deep: not read");
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : problem(w, rel, true, false, strerror(errno));
    return walk_folder(w, fd, rel, ig, depth + 1);
}

static bool is_folder(int dir, const struct dirent *d)
{
    struct stat st;
    if (d->d_type != DT_UNKNOWN)
        return d->d_type == DT_DIR;
    return fstatat(dir, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

static int visit(struct walk *w, int dir, const struct dirent *d, struct slice above,
    const struct ignore *ig, unsigned depth)
{
    if (d->d_name[0] == '.')
        return 0;
    bool folder = is_folder(dir, d);
    if (!folder && !is_note(d->d_name))
        return 0;
    char *path = arena_printf(
        w->a, "%.*s%s%s", (int)above.n, above.n ? above.p : "", above.n ? "/" : "", d->d_name);
    if (!path)
        return err_memory(w->err);
    struct slice rel = slice_str(path);
    if (ignore_matches(w->exclude, rel, folder) || ignore_matches(ig, rel, folder))
        return 0;
    return folder ? enter(w, dir, d->d_name, rel, ig, depth) : add_file(w, dir, d->d_name, rel);
}

/* Takes fd over. */
static int walk_folder(
    struct walk *w, int fd, struct slice rel, const struct ignore *up, unsigned depth)
{
    struct ignore ig = {.up = up, .base = rel.n ? rel.n + 1 : 0};
    DIR *dir = NULL;
    struct scan *out = w->out;
    int rc = ARENA_PUSH(w->a, out->folders, out->n_folders, out->cap_folders, rel)
                 ? read_rules(w, fd, rel, ".gitignore", &ig)
                 : err_memory(w->err);
    if (rc == 0)
        rc = read_rules(w, fd, rel, ".kbignore", &ig);
    if (rc == 0 && !(dir = fdopendir(fd)))
        rc = problem(w, rel, true, false, strerror(errno));
    for (struct dirent *d; rc == 0 && dir;) {
        errno = 0;
        if (!(d = readdir(dir))) {
            if (errno)
                rc = problem(w, rel, true, false, strerror(errno));
            break;
        }
        rc = visit(w, fd, d, rel, &ig, depth);
    }
    if (dir)
        closedir(dir);
    else
        close(fd);
    return rc;
}

static int by_rel(const void *x, const void *y)
{
    const struct scan_file *a = x, *b = y;
    return slice_cmp(a->rel, b->rel);
}

int scan_vault(struct arena *a, int vault_fd, const struct slice *exclude, size_t n_exclude,
    struct scan *out, struct err *e)
{
    struct ignore rules = {0};
    struct walk w = {a, vault_fd, &rules, out, e};
    for (size_t i = 0; i < n_exclude; i++)
        if (ignore_parse(a, exclude[i], &rules, e) < 0)
            return -1;
    int fd = openat(vault_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = fd < 0 ? problem(&w, slice_str(""), true, false, strerror(errno))
                    : walk_folder(&w, fd, slice_str(""), NULL, 0);
    if (rc == 0 && out->n)
        qsort(out->files, out->n, sizeof *out->files, by_rel);
    return rc;
}

bool scan_unknown(const struct scan *s, struct slice rel)
{
    for (size_t i = 0; i < s->n_problems; i++) {
        struct slice at = s->problems[i].rel;
        if (s->problems[i].folder && slice_starts(rel, at) &&
            (at.n == 0 || rel.n == at.n || rel.p[at.n] == '/'))
            return true;
    }
    return false;
}

static int read_once(
    int fd, struct buf *bytes, struct scan_stat *st, struct scan_stat *after, struct err *e)
{
    struct stat s;
    buf_clear(bytes);
    if (fstat(fd, &s) < 0 || lseek(fd, 0, SEEK_SET) < 0)
        return err_set(e, ERR_IO, "%s", strerror(errno));
    if (!S_ISREG(s.st_mode))
        return err_set(e, ERR_IO, "not a regular file");
    *st = stat_of(&s);
    if (st->size <= SCAN_NOTE_BYTES && !read_all(fd, SCAN_NOTE_BYTES, bytes))
        return err_set(e, ERR_IO, "cannot be read: %s", strerror(errno));
    if (st->size > SCAN_NOTE_BYTES || bytes->n > SCAN_NOTE_BYTES)
        return err_set(e, ERR_IO, "over 16 MiB: split it, or leave it out by .kbignore");
    if (fstat(fd, &s) < 0)
        return err_set(e, ERR_IO, "%s", strerror(errno));
    *after = stat_of(&s);
    return 0;
}

int scan_read(
    int vault_fd, struct slice rel, struct buf *bytes, struct scan_stat *st, struct err *e)
{
    int fd = beneath_open(vault_fd, rel.p, e);
    if (fd < 0)
        return -1;
    struct scan_stat after = {0};
    int rc;
    unsigned tries = 0;
    do
        rc = read_once(fd, bytes, st, &after, e);
    while (rc == 0 && !same_stat(st, &after) && ++tries < READ_TRIES);
    close(fd);
    return rc;
}
