// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/utf8.h"

static const struct row {
    int rpc, exit;
    bool fault;
    const char *reason, *meaning;
} rows[ERR_COUNT] = {
    [ERR_NONE] = {0, 0, false, "none", "no error"},
#define ERROR(name, rpc, reason, exit, fault, text) [ERR_##name] = {rpc, exit, fault, reason, text},
#include "lib/errors.def"
#undef ERROR
};

__attribute__((format(printf, 4, 0))) static void fill(
    struct err *e, enum err_code code, size_t at, const char *fmt, va_list ap)
{
    if (!e || e->code != ERR_NONE)
        return;
    e->code = code;
    e->at = at;
    int n = vsnprintf(e->text, sizeof e->text, fmt, ap);
    struct slice text = slice_str(e->text);
    bool cut = n >= (int)sizeof e->text;
    /* Names of files and what a configuration holds need not be UTF-8. */
    for (size_t bad; (bad = utf8_valid(text)) < text.n;)
        if (cut && text.n - bad < 4)
            e->text[text.n = bad] = '\0';
        else
            e->text[bad] = '?';
    for (char *c = e->text; *c; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' ';
}

int err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fill(e, code, ERR_NOWHERE, fmt, ap);
    va_end(ap);
    return -1;
}

int err_at(struct err *e, enum err_code code, size_t at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    fill(e, code, at, fmt, ap);
    va_end(ap);
    return -1;
}

int err_memory(struct err *e)
{
    return err_set(e, ERR_MEMORY, "out of memory");
}

void err_clear(struct err *e)
{
    e->code = ERR_NONE;
    e->at = ERR_NOWHERE;
    e->text[0] = '\0';
}

int err_rpc(enum err_code code)
{
    return rows[code].rpc;
}

const char *err_reason(enum err_code code)
{
    return rows[code].reason;
}

int err_exit(enum err_code code)
{
    return rows[code].exit;
}

const char *err_meaning(enum err_code code)
{
    return rows[code].meaning;
}

bool err_is_fault(enum err_code code)
{
    return rows[code].fault;
}

enum err_code err_by_reason(const char *reason, size_t n)
{
    for (int i = 1; i < ERR_COUNT; i++)
        if (strlen(rows[i].reason) == n && memcmp(rows[i].reason, reason, n) == 0)
            return (enum err_code)i;
    return ERR_INTERNAL;
}
