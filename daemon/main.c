// SPDX-License-Identifier: GPL-2.0-or-later
/* kbsearchd: what kind of process it is; the rest is server.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/keeper.h"
#include "daemon/options.h"
#include "daemon/sandbox.h"
#include "daemon/server.h"
#include "lib/heap.h"
#include "lib/log.h"
#include "lib/turns.h"

enum {
    EXIT_USAGE = 64,
    EXIT_INTERNAL = 70,
    EXIT_CANNOT_CREATE = 73,
    EXIT_LOCKED = 75,
    EXIT_CONFIGURATION = 78
};

static int exit_code(enum err_code code)
{
    switch (code) {
    case ERR_USAGE:
        return EXIT_USAGE;
    case ERR_IO:
        return EXIT_CANNOT_CREATE;
    case ERR_LOCKED:
        return EXIT_LOCKED;
    case ERR_CONFIG:
        return EXIT_CONFIGURATION;
    default:
        return EXIT_INTERNAL;
    }
}

static int fail(const struct err *e)
{
    log_line(LOG_ERROR, "%s", e->text);
    return exit_code(e->code);
}

/* A socket that became descriptor 2 would get our log lines. */
static int fill_standard_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd < 0)
        return -1;
    close(fd);
    return 0;
}

/* --- going into the background -----------------------------------------------------------------
 */

/* The parent: ends when the child listens, or as the child ended. */
static int wait_for_child(pid_t child, int from)
{
    char byte;
    ssize_t n;
    do
        n = read(from, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n == 1)
        return 0;
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return EXIT_INTERNAL;
    return WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_INTERNAL;
}

/* Returns in the child, with *to set; the parent gets its exit code in *code and true. */
static bool detach(int *to, int *code)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) {
        *code = EXIT_INTERNAL;
        return true;
    }
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        setsid();
        *to = ends[1];
        return false;
    }
    close(ends[1]);
    *code = child < 0 ? EXIT_INTERNAL : wait_for_child(child, ends[0]);
    close(ends[0]);
    return true;
}

/* Lets go of the terminal and the folder. */
static void let_go(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
    if (null >= 0)
        close(null);
    if (chdir("/"))
        log_line(LOG_WARNING, "cannot change to /: %s", strerror(errno));
}

/* --- keeper and child --------------------------------------------------------------------------
 */

struct service {
    const struct daemon_options *options;
    struct settings *settings;
    struct listener listener;
    int parent;           /* who waits until we can be asked; -1: nobody */
    bool detached, later; /* later: not the first child */
    int keeper;           /* in the child: as `parent`, the keeper */
    sigset_t mask;        /* and what signals are let in when it can be asked */
};

static void tell_keeper(void *ctx)
{
    struct service *s = ctx;
    if (s->detached)
        let_go();
    (void)!write(s->keeper, "", 1);
    close(s->keeper);
    sigprocmask(SIG_SETMASK, &s->mask, NULL);
}

static int work(void *ctx, const struct keeper_child *c)
{
    struct service *s = ctx;
    struct err e = {0};
    turns_ask_short();
    if (s->parent >= 0)
        close(s->parent);
    s->keeper = c->ready;
    s->mask = c->mask;
    listener_lend(&s->listener);
    struct settings *newer = s->later ? settings_read(s->options, s->settings, &e) : NULL;
    if (s->later && !newer)
        log_line(LOG_ERROR, "the configuration is as it was at the start: %s", e.text);
    err_clear(&e);
    if (newer)
        s->settings = newer;
    settings_log(s->settings, s->options);
    sandbox_enter(&s->settings->config, c);
    struct server_options server = {.options = s->options,
        .settings = s->settings,
        .wary = c->wary,
        .ready = tell_keeper,
        .ctx = s};
    int rc = server_run(&s->listener, &server, &e);
    return rc < 0 ? fail(&e) : rc ? KEEPER_AGAIN : 0;
}

static void ready(void *ctx)
{
    struct service *s = ctx;
    s->later = true;
    notify_manager("READY=1");
    if (s->parent < 0)
        return;
    let_go();
    (void)!write(s->parent, "", 1);
    close(s->parent);
    s->parent = -1;
}

static bool withdraw(void *ctx)
{
    const struct service *s = ctx;
    return listener_withdraw(&s->listener);
}

static void stopping(void *ctx)
{
    struct service *s = ctx;
    notify_manager("STOPPING=1");
    listener_close(&s->listener);
}

/* --- the program -------------------------------------------------------------------------------
 */

static int serve(const struct daemon_options *o, struct settings *settings)
{
    struct service s = {.options = o, .settings = settings, .parent = -1};
    int code;
    if (!o->foreground && !listener_is_handed() && detach(&s.parent, &code))
        return code;
    struct err e = {0};
    sigset_t mask;
    keeper_hold_signals(&mask);
    if (listener_open(&s.listener, settings->config.socket.text, &e))
        return fail(&e);
    s.detached = s.parent >= 0;
    code = keeper_run(&(struct keeper){.mask = mask,
        .work = work,
        .ready = ready,
        .stopping = stopping,
        .withdraw = withdraw,
        .ctx = &s});
    listener_close(&s.listener);
    return code;
}

static int print(struct buf *text)
{
    bool ok = !text->failed && fwrite(text->p, 1, text->n, stdout) == text->n && !fflush(stdout);
    buf_free(text);
    return ok ? 0 : EXIT_INTERNAL;
}

int main(int argc, char **argv)
{
    struct daemon_options o;
    struct err e = {0};
    struct buf text = {0};
    if (fill_standard_streams())
        return EXIT_INTERNAL;
    heap_keep_small();
    log_open("kbsearchd", LOG_WARNING);
    if (daemon_options_parse(argc, argv, &o, &e))
        return fail(&e);
    if (o.help) {
        daemon_options_help(&text);
        return print(&text);
    }
    if (o.version) {
        buf_str(&text, "kbsearchd " PACKAGE_VERSION "\n");
        return print(&text);
    }
    sandbox_prepare(listener_is_handed() ? LISTENER_HANDED + 1 : STDERR_FILENO + 1);
    struct settings *settings = settings_read(&o, NULL, &e);
    if (!settings)
        return fail(&e);
    settings_log(settings, &o);
    int rc = serve(&o, settings);
    settings_free(settings);
    return rc;
}
