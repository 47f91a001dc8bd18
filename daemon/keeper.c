// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"

enum { EXIT_INTERNAL = 70, WITHIN_S = 60, FAULTS = 3, RENEWALS = 30 };

/* The last times of something, for "so many within a minute". */
struct recent {
    time_t at[RENEWALS];
    unsigned n; /* in all */
};

static time_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

/* Whether this is the most-th within a minute. */
static bool too_often(struct recent *r, unsigned most)
{
    time_t now = now_s(), *oldest = &r->at[r->n++ % most];
    bool full = r->n > most && now - *oldest < WITHIN_S;
    *oldest = now;
    return full;
}

static atomic_bool giving_way;

bool keeper_is_replaced(void)
{
    static const char gone[] = " (deleted)";
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path);
    return n >= (ssize_t)sizeof gone &&
           memcmp(path + n - (sizeof gone - 1), gone, sizeof gone - 1) == 0;
}

void keeper_give_way(void)
{
    atomic_store(&giving_way, true);
}

bool keeper_gives_way(void)
{
    return atomic_load(&giving_way);
}

struct life {
    const struct keeper *k;
    int watch; /* signalfd */
    pid_t child;
    bool told, stopping;
    bool fell;  /* the child had ended before it could be told to */
    bool asked; /* this child could be, and told to end */
};

static void be_the_child(struct life *l, const struct keeper_child *c, pid_t keeper)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != keeper)
        _exit(EXIT_INTERNAL);
    close(l->watch);
    exit(l->k->work(l->k->ctx, c));
}

static bool has_ended(pid_t child)
{
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid;
}

static void hand_on(struct life *l)
{
    struct signalfd_siginfo info;
    while (read(l->watch, &info, sizeof info) == sizeof info) {
        int number = (int)info.ssi_signo;
        if (number == SIGCHLD)
            continue;
        if (number != SIGHUP && !l->stopping) {
            l->stopping = true;
            l->fell = has_ended(l->child);
            l->k->stopping(l->k->ctx);
        }
        kill(l->child, number);
    }
}

static void hear(struct life *l, int *ready)
{
    char byte;
    ssize_t n = read(*ready, &byte, 1);
    if (n < 0)
        return;
    l->asked |= n == 1;
    if (n == 1 && !l->told) {
        l->told = true;
        l->k->ready(l->k->ctx);
    }
    close(*ready);
    *ready = -1;
}

/* Until the child has ended; how, as waitpid tells. */
static int live(struct life *l, int ready)
{
    int status;
    pid_t done;
    while ((done = waitpid(l->child, &status, WNOHANG)) == 0) {
        struct pollfd p[] = {{.fd = l->watch, .events = POLLIN}, {.fd = ready, .events = POLLIN}};
        poll(p, 2, -1);
        if (p[1].revents)
            hear(l, &ready);
        if (p[0].revents)
            hand_on(l);
    }
    if (ready >= 0)
        hear(l, &ready);
    if (ready >= 0)
        close(ready);
    return done < 0 ? -1 : status;
}

static int begin(struct life *l, struct keeper_child c)
{
    int ends[2];
    pid_t keeper = getpid();
    if (pipe2(ends, O_CLOEXEC))
        return -1;
    l->asked = false;
    l->child = fork();
    if (l->child == 0) {
        close(ends[0]);
        c.ready = ends[1];
        be_the_child(l, &c, keeper);
    }
    close(ends[1]);
    if (l->child > 0)
        return ends[0];
    close(ends[0]);
    return -1;
}

static bool give_up(const struct life *l, const struct keeper_child *c)
{
    return l->stopping || (c->wary && !l->asked);
}

static void grow_wary(struct keeper_child *c)
{
    if (!c->wary)
        log_line(LOG_ERROR, "the index is taken to be damaged: run kbindex --full");
    c->wary = true;
}

static int keep(struct life *l)
{
    struct recent renewals = {0}, faults = {0};
    struct keeper_child c = {.mask = l->k->mask};
    for (;;) {
        int ready = begin(l, c);
        if (ready < 0) {
            log_line(LOG_ERROR, "cannot begin: %s", strerror(errno));
            return EXIT_INTERNAL;
        }
        int status = live(l, ready);
        bool ended = status >= 0 && WIFEXITED(status);
        int code = ended ? WEXITSTATUS(status) : 0;
        bool again = ended && code == KEEPER_AGAIN;
        if (ended && code == 0 && !l->stopping && !l->k->withdraw(l->k->ctx))
            continue;
        if (ended && (l->stopping || !again || keeper_is_replaced()))
            return again ? 0 : code;
        if (ended) {
            c.settled = too_often(&renewals, RENEWALS);
            c.wary = false;
            continue;
        }
        int number = status >= 0 ? WTERMSIG(status) : 0;
        log_line(LOG_ERROR, "what answers was ended by signal %d, %s", number, strsignal(number));
        if (give_up(l, &c))
            return l->fell || (l->stopping && !l->asked) ? 0 : EXIT_INTERNAL;
        /* Killed it was from outside, for its memory, say: that tells nothing of the index. */
        if (!l->asked || (number != SIGKILL && too_often(&faults, FAULTS)))
            grow_wary(&c);
    }
}

static sigset_t minded(void)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGCHLD};
    sigset_t signals;
    sigemptyset(&signals);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(&signals, numbers[i]);
    return signals;
}

void keeper_hold_signals(sigset_t *before)
{
    sigset_t signals = minded();
    sigprocmask(SIG_BLOCK, &signals, before);
}

int keeper_run(const struct keeper *k)
{
    struct life l = {.k = k};
    sigset_t signals = minded();
    l.watch = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (l.watch < 0) {
        log_line(LOG_ERROR, "cannot wait for signals: %s", strerror(errno));
        return EXIT_INTERNAL;
    }
    int code = keep(&l);
    close(l.watch);
    return code;
}
