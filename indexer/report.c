// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/report.h"

#include <stdarg.h>
#include <stdio.h>

#include "lib/utf8.h"

void report_line(const char *fmt, ...)
{
    struct buf raw = {0}, safe = {0};
    va_list ap;
    va_start(ap, fmt);
    buf_vprintf(&raw, fmt, ap);
    va_end(ap);
    utf8_printable(&safe, buf_view(&raw));
    buf_char(&safe, '\n');
    if (!raw.failed && !safe.failed)
        fwrite(safe.p, 1, safe.n, stdout);
    buf_free(&raw);
    buf_free(&safe);
}
