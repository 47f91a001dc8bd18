// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tells of each input how long the target worked on it, in time on the processor. libFuzzer's own
 * clock cannot: it looks once a second, sees whole seconds, and on a busy machine counts the turns
 * of others. More than $KB_FUZZ_MS milliseconds is a failure; without it there is no bound. At the
 * end the longest is told.
 */
#include <time.h>

#include "tests/fuzz/fuzz.h"

static int64_t slowest_us;

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void tell(void)
{
    fprintf(stderr, "stat::slowest_us: %lld\n", (long long)slowest_us);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    atexit(tell);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int64_t most_us = -1;
    if (most_us < 0) {
        const char *ms = getenv("KB_FUZZ_MS");
        most_us = ms ? (int64_t)atoi(ms) * 1000 : 0;
    }
    int64_t begin = now_us();
    fuzz_try(data, size);
    int64_t took = now_us() - begin;
    if (took > slowest_us)
        slowest_us = took;
    bool in_time = !most_us || took <= most_us;
    MUST(in_time);
    return 0;
}
