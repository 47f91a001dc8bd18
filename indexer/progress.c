// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { WIDTH = 30 };
#define REDRAW_NS UINT64_C(100000000)

uint64_t progress_now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

void progress_begin(struct progress *p, const char *what, size_t total, bool wanted)
{
    *p = (struct progress){.shown = wanted && total && isatty(STDERR_FILENO),
        .what = what,
        .total = total,
        .last_ns = progress_now_ns()};
}

void progress_step(struct progress *p)
{
    p->done++;
    if (!p->shown)
        return;
    uint64_t now = progress_now_ns();
    if (now - p->last_ns < REDRAW_NS)
        return;
    p->last_ns = now;
    p->drawn = true;
    int full = (int)(p->done * WIDTH / p->total);
    fprintf(stderr, "\r%s [%.*s%*s] %zu/%zu ", p->what, full, "##############################",
        WIDTH - full, "", p->done, p->total);
}

void progress_clear(struct progress *p)
{
    if (p->drawn)
        fprintf(stderr, "\r\033[K");
    p->drawn = false;
}
