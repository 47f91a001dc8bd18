// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ignore: git's rules for what a vault leaves out (gitignore(5)), for .gitignore, .kbignore and
 * --exclude: the last rule that matches decides, a folder's own rules come before those above it,
 * `!` takes back, a trailing slash means folders only, a slash elsewhere anchors, `**` crosses
 * folders. What lies in an ignored folder cannot be taken back: whoever walks does not enter it.
 */
#ifndef KB_IGNORE_H
#define KB_IGNORE_H

#include "lib/arena.h"
#include "lib/err.h"

struct ignore_rule {
    struct slice glob;
    bool negate, folder_only, anchored;
};

/* The rules of one folder. */
struct ignore {
    const struct ignore *up; /* of the folder above; NULL at the vault's top */
    size_t base;             /* bytes of a path that name this folder, its slash counted */
    struct ignore_rule *rules;
    size_t n, cap;
};

/* Appends the rules of a file's text; later ones win. The text must outlive the rules. */
int ignore_parse(struct arena *a, struct slice text, struct ignore *ig, struct err *e);
/* `rel`: path below the vault, of a folder when `folder`. */
bool ignore_matches(const struct ignore *ig, struct slice rel, bool folder);
/* git's wildmatch with WM_PATHNAME; time is at most product of the lengths. */
bool ignore_glob(struct slice glob, struct slice path);

#endif
