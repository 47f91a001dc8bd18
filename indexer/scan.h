// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * scan: which notes a vault holds, and their bytes. Everything is opened below the vault's
 * descriptor; no link leads out of it: linked folders are not entered, a linked file counts where
 * it resolves beneath the vault.
 *
 * A note is a regular file that ends in .md, .markdown or .txt (any case). Hidden names are left
 * out, folders and files alike, and what .gitignore, .kbignore (ignore.h) and the globs given say.
 */
#ifndef KB_SCAN_H
#define KB_SCAN_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/err.h"

enum { SCAN_DEPTH = 64, SCAN_NOTE_BYTES = 16 << 20 };

/* What tells that a file is the one of the last time. */
struct scan_stat {
    uint64_t size, ino;
    int64_t mtime_ns, ctime_ns;
};

struct scan_file {
    struct slice rel; /* any bytes but NUL, '/'-separated, with a NUL behind */
    struct scan_stat st;
};

/* What could not be looked at. */
struct scan_problem {
    struct slice rel; /* empty: the vault's own folder */
    const char *text;
    bool folder;  /* what lies beneath is unknown, not gone */
    bool skipped; /* left out by rule: a link out of the vault, a pipe */
};

struct scan {
    unsigned part,
        parts; /* given: only the notes of this part of so many, by a hash of rel; 0: all */
    struct scan_file *files; /* bytewise by rel */
    size_t n, cap;
    struct scan_problem *problems;
    size_t n_problems, cap_problems;
    struct slice *folders; /* that were read, the vault's own first: rel, with a NUL behind */
    size_t n_folders, cap_folders;
};

/* Everything from the arena. `exclude`: rules as in .kbignore. -1: out of memory. */
int scan_vault(struct arena *a, int vault_fd, const struct slice *exclude, size_t n_exclude,
    struct scan *out, struct err *e);

/* True when rel lies in a folder that could not be read. */
bool scan_unknown(const struct scan *s, struct slice rel);

/* Replaces *bytes by the file's bytes, all from one state of the file, which *st tells. ERR_IO says
 * what is wrong (a pipe, over 16 MiB, not permitted), without the path. */
int scan_read(
    int vault_fd, struct slice rel, struct buf *bytes, struct scan_stat *st, struct err *e);

#endif
