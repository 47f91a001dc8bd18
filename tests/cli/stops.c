// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stops DB TIMES [cold]: requests of standard input, a line each, answered as a worker of the
 * daemon does, and each stopped TIMES times at points spread over its run. Prints for each the
 * milliseconds on the processor that it takes whole, and the most from a stop to its end; where
 * that is more than KB_STOPS_MS (3), where it was on its way, to standard error. `cold`: a new
 * reader for each, that has nothing kept.
 */
#include <execinfo.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "daemon/request.h"

enum { FRAMES = 40, MS = 1000000 };

static struct reader reader;
static struct config config;
static bool cold;
static uint64_t late_ns;

static atomic_bool *stop;
static uint64_t stopped_ns;
static void *frames[FRAMES];
static int n_frames;
static timer_t timer;

static uint64_t spent(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void ring_in(uint64_t ns)
{
    struct itimerspec t = {.it_value = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)}};
    timer_settime(timer, 0, &t, NULL);
}

/* First the stop; then, when it is late, where we are. */
static void on_ring(int number)
{
    (void)number;
    if (!stopped_ns) {
        stopped_ns = spent();
        atomic_store(stop, true);
        ring_in(late_ns);
    } else if (!n_frames) {
        n_frames = backtrace(frames, FRAMES);
    }
}

static void die(const char *what)
{
    fprintf(stderr, "stops: %s\n", what);
    exit(2);
}

static void new_reader(void)
{
    struct err e = {0};
    if (reader.stem)
        reader_free(&reader);
    if (reader_init(&reader, config.db.text, &e))
        die(e.text);
}

/* Runs one; after so many nanoseconds it is stopped. Those it took, whole or from then on. */
static uint64_t run(struct slice line, uint64_t after, bool *was_stopped)
{
    struct request *r = request_new();
    struct peer peer = {0};
    if (cold)
        new_reader();
    if (!r || request_read(r, &peer, line) != REQUEST_ASK)
        die(r ? r->err.text : "no memory");
    r->deadline_ns += 600000000000u;
    r->reader = &reader;
    r->facts = (struct daemon_facts){.db = config.db.text, .readers = 1};
    stop = &r->stop;
    stopped_ns = 0;
    n_frames = 0;
    uint64_t begun = spent();
    if (after)
        ring_in(after);
    request_run(r, &config, reply_methods);
    ring_in(0);
    uint64_t end = spent();
    *was_stopped = stopped_ns != 0;
    if (!after && r->err.code)
        fprintf(stderr, "%.*s: %s\n", (int)line.n, line.p, r->err.text);
    request_free(r);
    peer_free(&peer);
    return end - (stopped_ns ? stopped_ns : begun);
}

static int upwards(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

static void look_at(struct slice line, unsigned times)
{
    bool stopped;
    uint64_t *took = calloc(times, sizeof *took), most = 0;
    unsigned n = 0;
    run(line, 0, &stopped);
    uint64_t whole = run(line, 0, &stopped);
    for (unsigned i = 0; i < times; i++) {
        uint64_t t = run(line, whole * (i + 1) / (times + 1) + 1, &stopped);
        if (!stopped)
            continue;
        took[n++] = t;
        if (t > most && t > late_ns && n_frames > 2) {
            fprintf(stderr, "\n%.1f ms: %.*s\n", (double)t / MS, (int)line.n, line.p);
            backtrace_symbols_fd(frames + 2, n_frames - 2, 2);
        }
        most = t > most ? t : most;
    }
    qsort(took, n, sizeof *took, upwards);
    printf("%8.1f %8.2f %8.2f  %.*s\n", (double)whole / MS, n ? (double)took[n / 2] / MS : 0,
        (double)most / MS, (int)line.n, line.p);
    fflush(stdout);
    free(took);
}

int main(int argc, char **argv)
{
    static char line[8192], state[4096];
    struct sigaction ring = {.sa_handler = on_ring, .sa_flags = SA_RESTART};
    struct sigevent at = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1};
    const char *ms = getenv("KB_STOPS_MS");
    if (argc < 3)
        die("usage: stops DB TIMES [cold]");
    at._sigev_un._tid = (pid_t)syscall(SYS_gettid);
    late_ns = (ms ? strtoul(ms, NULL, 10) : 3) * MS;
    const char *given = getenv("KB_STOPS_STATE");
    snprintf(state, sizeof state, "%s%s", given ? given : argv[1], given ? "" : "/state");
    config = (struct config){.db.text = argv[1], .state.text = state};
    cold = argc > 3;
    frames[0] = NULL;
    backtrace(frames, 1); /* loads what it needs, outside of a signal */
    sigaction(SIGUSR1, &ring, NULL);
    if (timer_create(CLOCK_THREAD_CPUTIME_ID, &at, &timer))
        die("no timer");
    new_reader();
    while (fgets(line, sizeof line, stdin))
        look_at(slice_of(line, strcspn(line, "\n")), (unsigned)strtoul(argv[2], NULL, 10));
    reader_free(&reader);
    return 0;
}
