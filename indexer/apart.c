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

#include "lib/xapian-c.h"

#define NO_END "does not end"
#define CRASHES "crashes"

enum { FAULTS = 4 };
static const int faults[FAULTS] = {SIGPROF, SIGSEGV, SIGBUS, SIGABRT};
static struct sigaction former[FAULTS]; /* a sanitizer has some of its own */
static char begin[4096];                /* of what is said */
static unsigned watches, calls;         /* calls: of the library, under way, while it is watched */
static bool apart;                      /* this process is one that apart_run made */

static void set_timer(time_t seconds)
{
    const struct itimerval t = {.it_value.tv_sec = seconds};
    setitimer(ITIMER_PROF, &t, NULL);
}

void apart_go_on(void)
{
    if (apart || calls)
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
        apart = true;
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
    if (number != SIGPROF && !calls) { /* it is not the index's fault */
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    say(begin);
    say(number == SIGPROF ? NO_END : CRASHES);
    say(": run kbindex --full\n");
    _exit(EX_DATAERR);
}

static void note_call(bool begins)
{
    calls += begins ? 1 : -1U;
    set_timer(calls ? APART_STEP_S : 0);
}

void apart_watch(const char *dir)
{
    if (watches++)
        return;
    snprintf(begin, sizeof begin, "kbindex: index %s: reading it ", dir);
    const struct sigaction how = {.sa_handler = say_so};
    for (size_t i = 0; i < FAULTS; i++)
        sigaction(faults[i], &how, &former[i]);
    xdb_tell_calls(note_call);
}

void apart_unwatch(void)
{
    if (--watches)
        return;
    xdb_tell_calls(NULL);
    for (size_t i = 0; i < FAULTS; i++)
        sigaction(faults[i], &former[i], NULL);
}
