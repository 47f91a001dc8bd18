// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * err: an error, filled once, where it happened, in words for a person. A function that can fail
 * takes a `struct err *` last and returns 0, or -1 with the struct filled; so a failing branch
 * is one line: `return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));`
 * Codes, wire names, exit codes and their meaning are the rows of errors.def.
 */
#ifndef KB_ERR_H
#define KB_ERR_H

#include <stdbool.h>
#include <stddef.h>

enum err_code {
    ERR_NONE = 0,
#define ERROR(name, rpc, reason, exit, fault, text) ERR_##name,
#include "lib/errors.def"
#undef ERROR
    ERR_COUNT
};

/* Errors with this JSON-RPC code or a higher one never get onto the wire. */
enum { ERR_RPC_PRIVATE = 1100 };

#define ERR_NOWHERE ((size_t)-1)

struct err {
    enum err_code code; /* ERR_NONE while nothing went wrong */
    size_t at;          /* byte of the query or the request, from 0; ERR_NOWHERE if none */
    char text[400];     /* one line, UTF-8, no newline; cut at a character */
};

/* Always -1. Fills *e unless an error stands there already; e may be NULL. */
int err_set(struct err *e, enum err_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
int err_at(struct err *e, enum err_code code, size_t at, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* err_set(e, ERR_MEMORY, "out of memory"). */
int err_memory(struct err *e);
void err_clear(struct err *e);

int err_rpc(enum err_code code);
const char *err_reason(enum err_code code);
int err_exit(enum err_code code);
const char *err_meaning(enum err_code code);
/* A fault of the program, the index or the moment, not of the request. */
bool err_is_fault(enum err_code code);
/* The code with this reason, ERR_INTERNAL if there is none: how a client reads a reply. */
enum err_code err_by_reason(const char *reason, size_t n);

#endif
