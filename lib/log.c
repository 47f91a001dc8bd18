// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/utf8.h"

static struct {
    const char *program;
    enum log_level max;
    bool journal, syslog;
} sink = {"kbsearch", (enum log_level)LOG_WARNING, false, false};

enum { REPEAT_S = 60 };

static struct {
    struct log_kept v[LOG_KEPT];
    unsigned n; /* in all */
} kept;

void log_open(const char *program, enum log_level max)
{
    sink.program = program;
    sink.max = max;
    sink.journal = getenv("JOURNAL_STREAM") != NULL;
}

void log_to_syslog(bool yes)
{
    if (yes && !sink.syslog)
        openlog(sink.program, LOG_PID | LOG_NDELAY, LOG_USER);
    if (!yes && sink.syslog)
        closelog();
    sink.syslog = yes;
}

enum log_level log_level_of(const char *name)
{
    static const struct {
        const char *name;
        enum log_level level;
    } levels[] = {
        {"error", LOG_ERROR}, {"warning", LOG_WARNING}, {"info", LOG_INFO}, {"detail", LOG_DETAIL}};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (strcmp(name, levels[i].name) == 0)
            return levels[i].level;
    return 0;
}

bool log_tells(enum log_level level)
{
    return level <= sink.max;
}

/* Whether it is news. */
static bool keep(enum log_level level, struct slice text)
{
    struct log_kept *last = &kept.v[(kept.n + LOG_KEPT - 1) % LOG_KEPT];
    size_t same = text.n < sizeof last->text - 1 ? text.n : sizeof last->text - 1;
    if (kept.n && last->level == level && strlen(last->text) == same &&
        memcmp(last->text, text.p, same) == 0 && time(NULL) - last->at < REPEAT_S) {
        last->times++;
        return false;
    }
    struct log_kept *k = &kept.v[kept.n++ % LOG_KEPT];
    *k = (struct log_kept){.at = time(NULL), .level = level, .times = 1};
    size_t n = text.n < sizeof k->text - 1 ? text.n : sizeof k->text - 1;
    while (n < text.n && n && ((unsigned char)text.p[n] & 0xc0) == 0x80)
        n--;
    memcpy(k->text, text.p, n);
    return true;
}

unsigned log_last(struct log_kept v[LOG_KEPT])
{
    unsigned n = kept.n < LOG_KEPT ? kept.n : LOG_KEPT;
    for (unsigned i = 0; i < n; i++)
        v[i] = kept.v[(kept.n - 1 - i) % LOG_KEPT];
    return n;
}

/* What can be said without any. */
static const char no_memory[] = ": out of memory, even for the message\n";

static void write_out(enum log_level level, struct buf *text)
{
    struct buf line = {0};
    if (sink.journal)
        buf_printf(&line, "<%d>", (int)level);
    buf_printf(&line, "%s: ", sink.program);
    buf_slice(&line, buf_view(text));
    buf_char(&line, '\n');
    if (sink.syslog && !text->failed) {
        syslog((int)level, "%s", buf_cstr(text));
    } else if (!line.failed && !text->failed) {
        (void)!write(STDERR_FILENO, line.p, line.n);
    } else {
        struct iovec short_of[] = {{(void *)sink.program, strlen(sink.program)},
            {(void *)no_memory, sizeof no_memory - 1}};
        (void)!writev(STDERR_FILENO, short_of, 2);
    }
    buf_free(&line);
}

void log_line(enum log_level level, const char *fmt, ...)
{
    if (level > sink.max && level > (enum log_level)LOG_WARNING)
        return;
    struct buf raw = {0}, text = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&raw, fmt, ap);
    va_end(ap);
    utf8_printable(&text, buf_view(&raw));
    text.failed |= raw.failed;
    bool news = level > (enum log_level)LOG_WARNING || text.failed || keep(level, buf_view(&text));
    if (news && level <= sink.max)
        write_out(level, &text);
    buf_free(&text);
    buf_free(&raw);
}
