// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/apart.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#define NO_END "does not end"
#define CRASHES "crashes"

enum { FAULTS = 4 };
static const int faults[FAULTS] = {SIGPROF, SIGSEGV, SIGBUS, SIGABRT};
static struct sigaction former[FAULTS]; /* a sanitizer has some of its own */
static char begin[4096];                /* of what is said */
static bool watched;

static void set_timer(time_t seconds)
{
    const struct itimerval t = {.it_value.tv_sec = seconds};
    setitimer(ITIMER_PROF, &t, NULL);
}

void apart_go_on(void)
{
    if (watched)
        set_timer(APART_STEP_S);
}

int apart_run(int (*body)(void *ctx), void *ctx, int *status, struct err *e)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        return err_set(e, ERR_IO, "no process to read the index in: %s", strerror(errno));
    if (pid == 0) {
        for (size_t i = 0; i < FAULTS; i++)
            signal(faults[i], SIG_DFL);
        watched = true;
        apart_go_on();
        _exit(body(ctx));
    }
    while (waitpid(pid, status, 0) < 0)
        if (errno != EINTR)
            return err_set(
                e, ERR_IO, "the process that reads the index is lost: %s", strerror(errno));
    return 0;
}

const char *apart_fault(int status)
{
    if (!WIFSIGNALED(status))
        return NULL;
    return WTERMSIG(status) == SIGPROF ? NO_END : CRASHES;
}

static void say(const char *text)
{
    (void)!write(STDERR_FILENO, text, strlen(text));
}

static void say_so(int number)
{
    say(begin);
    say(number == SIGPROF ? NO_END : CRASHES);
    say(": run kbindex --full\n");
    _exit(EX_DATAERR);
}

void apart_watch(const char *dir)
{
    snprintf(begin, sizeof begin, "kbindex: index %s: reading it ", dir);
    const struct sigaction how = {.sa_handler = say_so};
    for (size_t i = 0; i < FAULTS; i++)
        sigaction(faults[i], &how, &former[i]);
    watched = true;
    apart_go_on();
}

void apart_unwatch(void)
{
    watched = false;
    set_timer(0);
    for (size_t i = 0; i < FAULTS; i++)
        sigaction(faults[i], &former[i], NULL);
}
