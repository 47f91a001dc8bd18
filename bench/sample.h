// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sample: what the measuring programs share: the queries they all ask, and how times become a
 * table.
 *
 * A line of queries has four columns, separated by TABs:
 *   kind     rare mid common and2 and3 or2 or3 phrase prefix typo date newest
 *   words    as a person would type them, without operators
 *   extra    typo: the word that was meant; date: FROM..TO; else empty
 *   params   the parameters of kbsearchd's `search` as JSON
 */
#ifndef KB_SAMPLE_H
#define KB_SAMPLE_H

#include <stdint.h>

#include "lib/slice.h"

struct sample_query {
    struct slice kind, words, extra, params;
};

struct sample_queries {
    char *bytes;
    struct sample_query *v;
    size_t n;
};

/* Ends the program with a message where the file cannot be read. */
void sample_read(struct sample_queries *q, const char *path);
uint64_t sample_now(void); /* ns */

/* Times by kind, in the order in which the kinds were first seen. */
enum { SAMPLE_KINDS = 32 };
struct sample_times {
    struct sample_times_of {
        struct slice kind;
        uint32_t *ns;
        size_t n, cap;
    } of[SAMPLE_KINDS];
    size_t n;
};
void sample_add(struct sample_times *t, struct slice kind, uint64_t ns);
/* A line for each kind and one for "all": kind, number, p50, p99, max (µs), TABs between. */
void sample_print(struct sample_times *t);

#endif
