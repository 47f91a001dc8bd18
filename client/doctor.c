// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/doctor.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/json.h"
#include "lib/pending.h"

enum {
    PATIENCE_MS = 4000,
    CLOCK_SLACK_S = 120, /* of a file system on another machine */
    FILES_NEEDED = 64    /* descriptors, for a daemon with one reader */
};

/* --- words ---------------------------------------------------------------------------------- */

static void well(struct doctor *d, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void fault(struct doctor *d, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void mend(struct doctor *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void line(struct doctor *d, const char *kind, const char *what, const char *fmt, va_list ap)
    __attribute__((format(printf, 4, 0)));

static void line(struct doctor *d, const char *kind, const char *what, const char *fmt, va_list ap)
{
    buf_printf(d->out, "%-7s%s%s", kind, what, *what ? ": " : "");
    buf_vprintf(d->out, fmt, ap);
    buf_char(d->out, '\n');
}

static void well(struct doctor *d, const char *what, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    line(d, "well", what, fmt, ap);
    va_end(ap);
}

static void fault(struct doctor *d, const char *what, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    line(d, "fault", what, fmt, ap);
    va_end(ap);
    d->faults++;
}

static void mend(struct doctor *d, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    line(d, "mend", "", fmt, ap);
    va_end(ap);
}

static bool is_plain(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
           strchr("/._-+:@%", c) || (unsigned char)c >= 0x80;
}

/* As one word of a shell; good until the fourth call after it. */
static const char *word(const char *text)
{
    static char rooms[4][2 * PATH_MAX];
    static unsigned turn;
    char *to = rooms[turn++ % 4], *p = to;
    bool plain = *text != '\0';
    for (const char *c = text; *c; c++)
        plain &= is_plain(*c);
    if (plain || strlen(text) > PATH_MAX / 4) {
        snprintf(to, sizeof rooms[0], "%s", text);
        return to;
    }
    *p++ = '\'';
    for (; *text; text++) {
        if (*text == '\'') {
            memcpy(p, "'\\'", 3);
            p += 3;
        }
        *p++ = *text;
    }
    memcpy(p, "'", 2);
    return to;
}

static const char *sudo(void)
{
    return geteuid() ? "sudo " : "";
}

/* --- files ---------------------------------------------------------------------------------- */

/* A folder that has to be ours alone. True when it is there and well. */
static bool is_private(struct doctor *d, const char *what, const char *path)
{
    struct stat st;
    if (lstat(path, &st) < 0) {
        if (errno != ENOENT) {
            fault(d, what, "%s: %s", path, strerror(errno));
            mend(d, "ls -ld %s", word(path));
        }
        return false;
    }
    if (!S_ISDIR(st.st_mode)) {
        fault(d, what, "%s is a %s, not a folder", path, S_ISLNK(st.st_mode) ? "link" : "file");
        mend(d, "rm %s", word(path));
    } else if (st.st_uid != geteuid()) {
        fault(d, what, "%s belongs to user %ju", path, (uintmax_t)st.st_uid);
        mend(d, "%schown -R %ju %s", sudo(), (uintmax_t)geteuid(), word(path));
    } else if ((st.st_mode & 0777) != 0700) {
        fault(d, what, "%s has mode %03o, not 700", path, (unsigned)st.st_mode & 0777);
        mend(d, "chmod 700 %s", word(path));
    } else {
        return true;
    }
    return false;
}

static void folder_of(const char *path, char room[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    snprintf(room, PATH_MAX, "%.*s", (int)(slash > path ? slash - path : 1), path);
}

/* --- configuration -------------------------------------------------------------------------- */

/* "FILE:LINE: ...": the line is taken out of force. */
static void mend_line(struct doctor *d, const char *text)
{
    const char *colon = text;
    char *end = NULL;
    while ((colon = strchr(colon, ':')) && (!strtoul(colon + 1, &end, 10) || *end != ':'))
        colon++;
    if (!colon) {
        mend(d, "unset KBSEARCH_CONFIG KBSEARCH_INDEX KBSEARCH_DB KBSEARCH_SOCKET");
        return;
    }
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.*s", (int)(colon - text), text);
    mend(d, "sed -i '%lus/^/# /' %s", strtoul(colon + 1, NULL, 10), word(path));
}

static void look_at_no_configuration(struct doctor *d, const struct err *why)
{
    const char *reason = strstr(why->text, ": Permission denied");
    fault(d, "configuration", "%s", why->text);
    if (reason) {
        char path[PATH_MAX];
        snprintf(path, sizeof path, "%.*s", (int)(reason - why->text), why->text);
        mend(d, "chmod u+rw %s", word(path));
    } else {
        mend_line(d, why->text);
    }
}

static void look_at_configuration(struct doctor *d, const struct config *c)
{
    if (c->synonyms && access(c->synonyms, R_OK) < 0 && errno == EACCES) {
        fault(d, "synonyms", "%s cannot be read", c->synonyms);
        mend(d, "chmod u+r %s", word(c->synonyms));
    }
    if (c->file.text)
        well(d, "configuration", "%s", c->file.text);
    else
        well(d, "configuration", "none, all is by default");
}

/* --- the process ---------------------------------------------------------------------------- */

static void look_at_limits(struct doctor *d)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < FILES_NEEDED) {
        fault(d, "limits", "a process may open %ju files only", (uintmax_t)files.rlim_cur);
        mend(d, "ulimit -n 1024");
    }
}

/* --- the socket ----------------------------------------------------------------------------- */

/* 0 somebody listens, else errno. */
static int try_socket(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), rc = 0;
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    if (fd < 0 || (connect(fd, (struct sockaddr *)&to, sizeof to) < 0 && errno != EAGAIN))
        rc = errno;
    if (fd >= 0)
        close(fd);
    return rc;
}

/* Whether it makes sense to ask. */
static bool look_at_socket(struct doctor *d, const struct config *c)
{
    const char *path = c->socket.text;
    char folder[PATH_MAX];
    struct stat st;
    folder_of(path, folder);
    if (!is_private(d, "socket", folder))
        return d->faults == 0;
    if (lstat(path, &st) < 0)
        return true;
    if (!S_ISSOCK(st.st_mode)) {
        fault(d, "socket", "%s is no socket", path);
        mend(d, "rm -r %s", word(path));
        return false;
    }
    if (st.st_uid != geteuid()) {
        fault(d, "socket", "%s belongs to user %ju", path, (uintmax_t)st.st_uid);
        mend(d, "rm -f %s", word(path));
        return false;
    }
    int rc = try_socket(path);
    if (rc == ECONNREFUSED) {
        fault(d, "socket", "%s was left behind: nobody listens", path);
        mend(d, "rm %s", word(path));
        return false;
    }
    if (rc) {
        fault(d, "socket", "%s: %s", path, strerror(rc));
        mend(d, "chmod 600 %s", word(path));
        return false;
    }
    return true;
}

/* --- the daemon ----------------------------------------------------------------------------- */

static long peer_of(const struct link *l)
{
    struct ucred peer = {0};
    socklen_t n = sizeof peer;
    return l->fd >= 0 && getsockopt(l->fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 ? peer.pid : 0;
}

/* The pid that its lock tells. */
static long keeper_of(const struct config *c)
{
    char path[PATH_MAX];
    long pid = 0;
    snprintf(path, sizeof path, "%s.lock", c->socket.text);
    FILE *f = fopen(path, "re");
    if (f && fscanf(f, "%ld", &pid) != 1)
        pid = 0;
    if (f)
        fclose(f);
    return pid;
}

static bool is_replaced(long pid)
{
    char path[64], exe[PATH_MAX];
    snprintf(path, sizeof path, "/proc/%ld/exe", pid);
    ssize_t n = readlink(path, exe, sizeof exe - 1);
    exe[n > 0 ? n : 0] = '\0';
    return strstr(exe, " (deleted)") != NULL;
}

static void look_at_no_daemon(struct doctor *d, const struct config *c, const struct err *why)
{
    long pid = keeper_of(c);
    fault(d, "daemon", "%s", why->text);
    if (why->code == ERR_TIMEOUT && pid)
        mend(d, "kill -KILL %ld; kbsearchd", pid);
    else
        mend(d, "kbsearchd");
}

/* Whether kbindex has vaults to index when none is named. */
static bool knows_vaults(const struct config *c)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/vaults.json", c->state.text);
    return c->n_vaults || access(path, F_OK) == 0;
}

/* The command that an error of the index ends with: "...: run kbindex --full". */
static void mend_told(struct doctor *d, const char *text)
{
    const char *run = NULL, *next = text;
    while ((next = strstr(next, ": run ")))
        run = next += strlen(": run ");
    const char * or = run ? strstr(run, ", or ") : NULL;
    if (or)
        run = or +strlen(", or ");
    size_t n = run ? strcspn(run, ",") : 0;
    if (!run)
        mend(d, "kbindex --full");
    else if (strstr(run, "VAULT") && knows_vaults(d->link->config))
        mend(d, "kbindex");
    else
        mend(d, "%.*s", (int)n, run);
}

static void look_at_daemon(struct doctor *d, const struct config *c, const struct json *status)
{
    struct slice server = json_text(json_get(status, "server")),
                 db = json_text(json_get(status, "db")),
                 error = json_text(json_get(status, "error"));
    long pid = peer_of(d->link);
    if (!slice_is(server, "kbsearchd " PACKAGE_VERSION)) {
        fault(d, "versions", "the daemon is %.*s, this program %s", (int)server.n,
            server.n ? server.p : "", PACKAGE_VERSION);
        mend(d, "kill %ld", pid);
    } else if (is_replaced(pid)) {
        fault(d, "versions", "the daemon's program was replaced since it began");
        mend(d, "kill %ld", pid);
    } else if (!slice_is(db, c->db.text)) {
        fault(d, "daemon", "it serves %.*s, not %s", (int)db.n, db.n ? db.p : "", c->db.text);
        mend(d, "kill %ld", pid);
    } else {
        well(d, "daemon", "%.*s, process %ld", (int)server.n, server.p, pid);
    }
    if (error.n) {
        char text[1024];
        snprintf(text, sizeof text, "%.*s", (int)error.n, error.p);
        fault(d, "index", "%s", text);
        mend_told(d, text);
        return;
    }
    well(d, "index", "%" PRId64 " units of %" PRId64 " notes, revision %" PRId64,
        json_int(json_get(status, "units"), 0), json_int(json_get(status, "notes"), 0),
        json_int(json_get(status, "revision"), 0));
}

/* --- the index ------------------------------------------------------------------------------ */

static void look_at_clock(struct doctor *d, time_t committed)
{
    char text[32];
    struct tm tm;
    localtime_r(&committed, &tm);
    strftime(text, sizeof text, "%Y-%m-%d %H:%M", &tm);
    if (committed > time(NULL) + CLOCK_SLACK_S) {
        fault(d, "clock", "it is before %s, when the index was written", text);
        mend(d, "%stimedatectl set-ntp true", sudo());
    } else {
        well(d, "clock", "the index is of %s", text);
    }
}

/* Room for a rebuild beside it, which needs as much again. */
static void look_at_disk(struct doctor *d, const char *db, int64_t bytes)
{
    struct statvfs fs;
    if (d->link->config->n_shards || statvfs(db, &fs) < 0)
        return;
    uint64_t left = (uint64_t)fs.f_bavail * fs.f_frsize, need = (uint64_t)bytes + (1 << 20);
    if (left < need) {
        fault(d, "disk", "%" PRIu64 " MiB are left at %s, a new index needs %" PRIu64, left >> 20,
            db, (need >> 20) + 1);
        mend(d, "du -xhd1 $(stat -c %%m %s) | sort -h  # and remove what is not needed", word(db));
    } else if (fs.f_files && !fs.f_favail) {
        fault(d, "disk", "no inodes are left at %s", db);
        mend(d, "du -xd1 --inodes $(stat -c %%m %s) | sort -n  # and remove what is not needed",
            word(db));
    } else {
        well(d, "disk", "%" PRIu64 " MiB are left", left >> 20);
    }
}

/* *committed: when it was written last, zero when there is none. */
static void look_at_index(struct doctor *d, const struct config *c, struct timespec *committed)
{
    *committed = (struct timespec){0};
    if (c->n_shards || !is_private(d, "index", c->db.text))
        return;
    is_private(d, "state", c->state.text);
    *committed = pending_committed(c->db.text);
    if (committed->tv_sec)
        look_at_clock(d, committed->tv_sec);
}

/* --- the vaults ----------------------------------------------------------------------------- */

static void look_at_watches(struct doctor *d, const char *vault, unsigned folders)
{
    int fd = inotify_init1(IN_CLOEXEC);
    if (fd < 0 && errno == EMFILE) {
        fault(d, "watches", "no further inotify instance can be had: kbindex --watch needs one");
        mend(d, "%ssysctl fs.inotify.max_user_instances=1024", sudo());
    } else if (fd >= 0 && inotify_add_watch(fd, vault, IN_CREATE) < 0 && errno == ENOSPC) {
        fault(d, "watches",
            "no inotify watches are left: kbindex --watch needs one for each of %u folders",
            folders);
        mend(d, "%ssysctl fs.inotify.max_user_watches=%u", sudo(), 524288 + folders);
    } else {
        well(d, "watches", "there are some for kbindex --watch");
    }
    if (fd >= 0)
        close(fd);
}

static void look_at_vault(
    struct doctor *d, const char *name, const char *path, struct pending *all, const char **watched)
{
    struct stat st;
    if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode)) {
        fault(d, "vault", "%s is gone: %s", name, path);
        mend(d, "kbindex --remove %s", word(name));
        return;
    }
    unsigned before = all->hidden;
    pending_look(all, path);
    if (all->hidden > before) {
        struct stat owner;
        bool ours = lstat(all->first, &owner) == 0 && owner.st_uid == geteuid();
        fault(d, "vault", "%u in %s cannot be read, the first is %s", all->hidden - before, name,
            all->first);
        mend(d, "%schmod -R u+rX %s", ours ? "" : "sudo ", word(path));
        return;
    }
    well(d, "vault", "%s, %s", name, path);
    *watched = path;
}

static void look_at_vaults(
    struct doctor *d, const struct json *status, struct timespec committed, struct arena *a)
{
    const struct json *vaults = json_get(status, "vaults");
    struct pending all = {.since = committed};
    const char *watched = NULL;
    for (size_t i = 0; i < json_len(vaults); i++) {
        struct slice name = json_text(json_get(json_at(vaults, i), "name")),
                     path = json_text(json_get(json_at(vaults, i), "path"));
        const char *n = arena_strndup(a, name.p, name.n), *p = arena_strndup(a, path.p, path.n);
        if (n && p)
            look_at_vault(d, n, p, &all, &watched);
    }
    if (watched)
        look_at_watches(d, watched, all.folders);
    if (committed.tv_sec && all.newer && !all.hidden) {
        fault(d, "index", "%u notes changed since it was written", all.newer);
        mend(d, "kbindex --quiet");
    }
}

/* --- shards --------------------------------------------------------------------------------- */

static bool is_here(struct slice host)
{
    return slice_is(host, "127.0.0.1") || slice_is(host, "localhost");
}

/* The vaults as words of a command line, of what the other shards say. */
static void put_vaults(const struct json *status, struct buf *out)
{
    const struct json *vaults = json_get(status, "vaults");
    for (size_t i = 0; i < json_len(vaults); i++) {
        char path[PATH_MAX];
        struct slice p = json_text(json_get(json_at(vaults, i), "path"));
        snprintf(path, sizeof path, "%.*s", (int)p.n, p.n ? p.p : "");
        buf_printf(out, " %s", word(path));
    }
}

static void mend_shard(
    struct doctor *d, const struct json *status, struct slice place, size_t at, size_t n)
{
    struct slice host = slice_of(place.p + 6, place.n > 6 ? place.n - 6 : 0);
    if (place.n && place.p[0] == '/') {
        struct buf vaults = {0};
        put_vaults(status, &vaults);
        mend(d, "kbindex --full --db %.*s --shard %zu/%zu%s", (int)place.n, place.p, at + 1, n,
            buf_cstr(&vaults));
        buf_free(&vaults);
        return;
    }
    size_t length = 0;
    while (length < host.n && host.p[length] != ':' && host.p[length] != '/')
        length++;
    host.n = length;
    if (is_here(host))
        mend(d, "systemctl --user restart kbsearch-shard");
    else
        mend(d, "ssh %.*s systemctl --user restart kbsearch-shard", (int)host.n, host.p);
}

static void look_at_shards(struct doctor *d, const struct json *status)
{
    const struct json *shards = json_get(status, "shards");
    for (size_t i = 0; i < json_len(shards); i++) {
        const struct json *s = json_at(shards, i);
        struct slice name = json_text(json_get(s, "name")), why = json_text(json_get(s, "fault")),
                     place = json_text(json_get(s, "place"));
        if (why.n) {
            fault(d, "shard", "%.*s is down: %.*s", (int)name.n, name.p, (int)why.n, why.p);
            mend_shard(d, status, place, i, json_len(shards));
        } else {
            well(d, "shard", "%.*s, %.*s", (int)name.n, name.p, (int)place.n, place.p);
        }
    }
}

/* --- the whole ------------------------------------------------------------------------------ */

static int ask(struct doctor *d, const struct config *c, struct json **root)
{
    static const struct slice line =
        SLICE_LIT("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"status\"}\n");
    struct err why = {0};
    struct slice reply;
    if (link_call(d->link, line, PATIENCE_MS, &reply, &why) == 0 &&
        (*root = json_parse(reply, &why)) && json_kind(json_get(*root, "result")) == JSON_IS_OBJECT)
        return 0;
    look_at_no_daemon(d, c, &why);
    return -1;
}

int doctor_look(struct doctor *d, const struct config *c, const struct err *why, struct err *e)
{
    struct json *root = NULL;
    struct arena a = {0};
    struct timespec committed = {0};
    look_at_limits(d);
    if (!c) {
        look_at_no_configuration(d, why);
        return d->out->failed ? err_memory(e) : 0;
    }
    look_at_configuration(d, c);
    look_at_index(d, c, &committed);
    if (look_at_socket(d, c) && ask(d, c, &root) == 0) {
        const struct json *status = json_get(root, "result");
        look_at_daemon(d, c, status);
        look_at_shards(d, status);
        look_at_disk(d, c->db.text, json_int(json_get(status, "bytes"), 0));
        look_at_vaults(d, status, committed, &a);
    }
    json_free(root);
    arena_free(&a);
    return d->out->failed ? err_memory(e) : 0;
}
