// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/link.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
    CONNECT_S = 2,    /* for a daemon whose queue of connections is full */
    START_MS = 10000, /* for a daemon to listen */
    RACE_MS = 5000,   /* for the daemon that won a race to listen */
    RACE_STEP_MS = 5,
    AGAIN_MS = 200, /* until another daemon is started */
    ATTEMPTS = 5,   /* one fault more than the daemon bears of a damaged index before it says so */
    DAEMON_LOCKED = 75 /* its exit code when another one listens, or is about to */
};

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const char *path_of(const struct link *l)
{
    return l->config->socket.text;
}

/* --- starting a daemon ------------------------------------------------------------------------ */

/* Beside this program, where the installation puts it, or NULL: somewhere on PATH. */
static const char *find_daemon(char room[PATH_MAX])
{
    static const char name[] = "kbsearchd";
    ssize_t n = readlink("/proc/self/exe", room, PATH_MAX - sizeof name);
    while (n > 0 && room[n - 1] != '/')
        n--;
    if (n > 0) {
        memcpy(room + n, name, sizeof name);
        if (access(room, X_OK) == 0)
            return room;
    }
    return access(BINDIR "/kbsearchd", X_OK) == 0 ? BINDIR "/kbsearchd" : NULL;
}

static void exec_daemon(const struct link *l, int errors)
{
    const struct config_options *o = l->options;
    struct {
        const char *option, *value;
    } given[] = {{"--index", o->index}, {"--db", o->db}, {"--socket", o->socket},
        {"--config-file", o->config_file},
        {"--idle-exit", l->config->idle_exit.text ? NULL : "3600"}};
    char *argv[2 + 2 * sizeof given / sizeof *given] = {(char *)(size_t) "kbsearchd"};
    size_t n = 1;
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (given[i].value) {
            argv[n++] = (char *)(size_t)given[i].option;
            argv[n++] = (char *)(size_t)given[i].value;
        }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(errors, 2) < 0)
        _exit(126);
    setsid();
    char room[PATH_MAX];
    const char *found = find_daemon(room);
    if (found)
        execv(found, argv);
    else
        execvp("kbsearchd", argv);
    fprintf(stderr, "kbsearchd cannot be run: %s\n", strerror(errno));
    _exit(127);
}

/* The exit status of the process, or -1 when it takes too long. */
static int wait_for(pid_t pid)
{
    int status;
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd >= 0) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        int ready;
        do
            ready = poll(&p, 1, START_MS);
        while (ready < 0 && errno == EINTR);
        close(fd);
        if (ready == 0)
            return -1;
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

/* What the daemon said last, in one line. */
static void last_words(int fd, char text[300])
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char room[4096];
    ssize_t n = poll(&p, 1, 0) > 0 ? read(fd, room, sizeof room) : 0;
    struct slice s = slice_trim(slice_of(room, n > 0 ? (size_t)n : 0));
    for (size_t i = s.n; i > 0; i--)
        if (s.p[i - 1] == '\n') {
            s = slice_of(s.p + i, s.n - i);
            break;
        }
    snprintf(text, 300, "%.*s", (int)s.n, s.n ? s.p : "");
}

/* 0: it listens, or another one does or soon will. */
static int start_daemon(const struct link *l, struct err *e)
{
    int errors[2];
    if (pipe2(errors, O_CLOEXEC) < 0)
        return err_set(e, ERR_NO_DAEMON, "no daemon could be started: %s", strerror(errno));
    pid_t pid = fork();
    int why = errno;
    if (pid == 0)
        exec_daemon(l, errors[1]);
    close(errors[1]);
    int status = pid < 0 ? -1 : wait_for(pid);
    char text[300];
    last_words(errors[0], text);
    close(errors[0]);
    if (pid < 0)
        return err_set(e, ERR_NO_DAEMON, "no daemon could be started: %s", strerror(why));
    if (status < 0)
        return err_set(e, ERR_NO_DAEMON,
            "kbsearchd did not listen within %d s; run: kbsearchd --foreground", START_MS / 1000);
    if (WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == DAEMON_LOCKED))
        return 0;
    return err_set(e, ERR_NO_DAEMON, "no daemon could be started: %s",
        *text ? text : "it ended at once; run: kbsearchd --foreground");
}

/* --- connecting ------------------------------------------------------------------------------- */

/* A file descriptor; -1 with errno. */
static int connect_once(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = CONNECT_S};
    if (strlen(path) >= sizeof to.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(to.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), saved;
    if (fd < 0)
        return -1;
    /* For a Unix socket this bounds the wait in connect() as well. */
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    while (connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        if (errno != EINTR) {
            saved = errno;
            close(fd);
            errno = saved;
            return -1;
        }
    return fd;
}

/* Nobody listens there; anything else is a fault that a new daemon would not mend. */
static bool nobody(int error)
{
    return error == ENOENT || error == ECONNREFUSED || error == ENOTDIR;
}

static int connect_or_start(const struct link *l, struct err *e)
{
    int fd = connect_once(path_of(l));
    if (fd >= 0 || !nobody(errno))
        return fd;
    if (!l->spawn)
        return err_set(e, ERR_NO_DAEMON, "no daemon listens at %s; run: kbsearchd", path_of(l));
    /* The one that won the race to listen may be one that ends: then another is wanted. */
    int64_t end = now_ms() + RACE_MS, again = 0;
    while (nobody(errno) && now_ms() < end) {
        if (now_ms() >= again && start_daemon(l, e) < 0)
            return -1;
        again = now_ms() >= again ? now_ms() + AGAIN_MS : again;
        if ((fd = connect_once(path_of(l))) >= 0)
            return fd;
        int error = errno;
        poll(NULL, 0, RACE_STEP_MS);
        errno = error;
    }
    return -1;
}

static int link_open(struct link *l, struct err *e)
{
    struct ucred peer;
    socklen_t n = sizeof peer;
    l->fd = connect_or_start(l, e);
    if (l->fd < 0 && e->code)
        return -1;
    if (l->fd < 0 && errno == EAGAIN)
        return err_set(
            e, ERR_OVERLOADED, "%s: the daemon takes no more connections now", path_of(l));
    if (l->fd < 0)
        return err_set(
            e, ERR_NO_DAEMON, "%s: %s; run: kbsearchd --foreground", path_of(l), strerror(errno));
    if (getsockopt(l->fd, SOL_SOCKET, SO_PEERCRED, &peer, &n) == 0 && peer.uid != geteuid() &&
        peer.uid != 0 && geteuid() != 0) {
        link_close(l);
        return err_set(
            e, ERR_NO_DAEMON, "%s: user %u listens there, not we", path_of(l), (unsigned)peer.uid);
    }
    return 0;
}

void link_close(struct link *l)
{
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
    buf_free(&l->in);
}

/* --- asking ----------------------------------------------------------------------------------- */

enum outcome { DONE, GONE, FAILED };

static enum outcome send_line(const struct link *l, struct slice line, struct err *e)
{
    while (line.n) {
        ssize_t n = send(l->fd, line.p, line.n, MSG_NOSIGNAL);
        if (n < 0 && (errno == EPIPE || errno == ECONNRESET))
            return GONE;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            err_set(e, errno == EAGAIN ? ERR_TIMEOUT : ERR_NO_DAEMON, "%s: %s", path_of(l),
                strerror(errno));
            return FAILED;
        }
        line = slice_of(line.p + n, line.n - (size_t)n);
    }
    return DONE;
}

static enum outcome read_line(struct link *l, int patience_ms, struct slice *reply, struct err *e)
{
    int64_t end = now_ms() + patience_ms;
    buf_clear(&l->in);
    for (;;) {
        struct pollfd p = {.fd = l->fd, .events = POLLIN};
        int64_t left = end - now_ms();
        int ready = poll(&p, 1, left > 0 ? (int)left : 0);
        if (ready == 0) {
            err_set(e, ERR_TIMEOUT, "no answer within %d ms", patience_ms);
            return FAILED;
        }
        char *to = buf_room(&l->in, 65536);
        if (!to) {
            err_memory(e);
            return FAILED;
        }
        ssize_t n = recv(l->fd, to, 65536, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return GONE;
        l->in.n += (size_t)n;
        if (to[n - 1] == '\n') {
            *reply = slice_trim(buf_view(&l->in));
            return DONE;
        }
    }
}

int link_call(
    struct link *l, struct slice line, int patience_ms, struct slice *reply, struct err *e)
{
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (l->fd < 0 && link_open(l, e) < 0)
            return -1;
        /* A daemon that is full says so and closes without reading: its line may be there. */
        enum outcome sent = send_line(l, line, e);
        enum outcome got = sent == FAILED ? FAILED : read_line(l, patience_ms, reply, e);
        if (got == DONE)
            return 0;
        link_close(l);
        if (got == FAILED)
            return -1;
    }
    return err_set(e, ERR_NO_DAEMON,
        "the daemon at %s ends without an answer; run: kbsearchd "
        "--foreground",
        path_of(l));
}

/* --- the relay -------------------------------------------------------------------------------- */

static bool write_all(int fd, const char *p, size_t n)
{
    while (n) {
        ssize_t done = write(fd, p, n);
        if (done < 0 && errno != EINTR)
            return false;
        if (done > 0) {
            p += done;
            n -= (size_t)done;
        }
    }
    return true;
}

/* What the socket sent to stdout: 1 more may come, 0 its end, -1 with errno. */
static int pass_answers(int fd)
{
    char room[65536];
    ssize_t n = recv(fd, room, sizeof room, MSG_DONTWAIT);
    if (n < 0)
        return errno == EINTR || errno == EAGAIN ? 1 : errno == ECONNRESET ? 0 : -1;
    return n == 0 ? 0 : write_all(STDOUT_FILENO, room, (size_t)n) ? 1 : -1;
}

/* From stdin into `waiting`; false at its end. */
static bool take_input(struct buf *waiting)
{
    char *to = buf_room(waiting, 65536);
    ssize_t n = to ? read(STDIN_FILENO, to, 65536) : 0;
    waiting->n += n > 0 ? (size_t)n : 0;
    return n > 0 || (n < 0 && errno == EINTR);
}

/* From `waiting` to the socket, as much as it takes: never waits, since the daemon may wait for
 * its answers to be read before it reads on. */
static void pass_requests(int fd, struct buf *waiting)
{
    ssize_t n = send(fd, waiting->p, waiting->n, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0)
        buf_drop(waiting, (size_t)n);
    else if (n < 0 && errno != EINTR && errno != EAGAIN)
        buf_clear(waiting);
}

int link_relay(struct link *l, struct err *e)
{
    if (link_open(l, e) < 0)
        return -1;
    struct buf waiting = {0};
    bool input = true;
    int rc = 1;
    while (rc > 0) {
        struct pollfd p[] = {
            {.fd = l->fd, .events = (short)(POLLIN | (waiting.n ? POLLOUT : 0))},
            {.fd = input && !waiting.n ? STDIN_FILENO : -1, .events = POLLIN},
        };
        if (poll(p, 2, -1) < 0 && errno != EINTR)
            rc = -1;
        if (p[1].revents)
            input = take_input(&waiting);
        if (waiting.n && p[0].revents & POLLOUT)
            pass_requests(l->fd, &waiting);
        if (!input && !waiting.n)
            shutdown(l->fd, SHUT_WR);
        if (rc > 0 && p[0].revents & ~POLLOUT)
            rc = pass_answers(l->fd);
    }
    buf_free(&waiting);
    return rc < 0 ? err_set(e, ERR_IO, "relay: %s", strerror(errno)) : 0;
}
