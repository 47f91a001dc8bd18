// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/utf8.h"

static struct {
    const char *program;
    enum log_level max;
    bool journal;
} sink = {"kbsearch", LOG_WARNING, false};

void log_open(const char *program, enum log_level max)
{
    sink.program = program;
    sink.max = max;
    sink.journal = getenv("JOURNAL_STREAM") != NULL;
}

/* What can be said without any. */
static const char no_memory[] = ": out of memory, even for the message\n";

void log_line(enum log_level level, const char *fmt, ...)
{
    if (level > sink.max)
        return;
    struct buf raw = {0}, line = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&raw, fmt, ap);
    va_end(ap);
    if (sink.journal)
        buf_printf(&line, "<%d>", (int)level);
    buf_printf(&line, "%s: ", sink.program);
    utf8_printable(&line, buf_view(&raw));
    buf_char(&line, '\n');
    if (!line.failed && !raw.failed) {
        (void)!write(STDERR_FILENO, line.p, line.n);
    } else {
        struct iovec short_of[] = {{(void *)sink.program, strlen(sink.program)},
            {(void *)no_memory, sizeof no_memory - 1}};
        (void)!writev(STDERR_FILENO, short_of, 2);
    }
    buf_free(&line);
    buf_free(&raw);
}
