// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fuzz: what the targets share. A target is a function from any bytes to nothing: it ends the
 * process where something is not as the header of what it tries promises. With --enable-fuzzer it
 * is linked with libFuzzer, else with replay.c, which gives it the bytes of files.
 */
#ifndef KB_TESTS_FUZZ_H
#define KB_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/err.h"
#include "lib/utf8.h"

/* The target. */
void fuzz_try(const uint8_t *data, size_t size);

/* pace.c: fuzz_try under a clock. The names are libFuzzer's. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "does not hold: %s\n", what);
    abort();
}
#define MUST(condition) fuzz_must(condition, #condition)

/* An error that a person is shown: one line, a code, valid UTF-8. */
static inline void fuzz_must_tell(const struct err *e)
{
    struct slice text = slice_str(e->text);
    MUST(e->code != ERR_NONE && e->code != ERR_MEMORY && e->code != ERR_INTERNAL);
    MUST(text.n && !memchr(text.p, '\n', text.n) && utf8_valid(text) == text.n);
}

/* A copy whose end the sanitizer watches. */
static inline struct slice fuzz_copy(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    MUST(copy != NULL);
    if (size)
        memcpy(copy, data, size);
    return slice_of(copy, size);
}

#endif
