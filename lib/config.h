// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * config: where things are and what the user set, from options, environment, file and defaults, in
 * that order. The door to inih. The three programs share it; every value knows where it came from.
 */
#ifndef KB_CONFIG_H
#define KB_CONFIG_H

#include "lib/arena.h"
#include "lib/err.h"
#include "lib/slice.h"

/* What the command line said; NULL where it said nothing. */
struct config_options {
    const char *index, *db, *socket, *config_file;
};

struct config_value {
    const char *text;
    const char *origin; /* "--db", "KBSEARCH_DB", "/home/u/.config/kbsearch/kbsearch.conf:12",
                           "default" */
};

struct config_vault { /* [vault "kb"] */
    const char *name;
    const char *path;     /* may be NULL: settings for a vault named on the command line */
    const char *language; /* NULL: english */
    const char *const *exclude;
    size_t n_exclude;
};

struct config_saved { /* [saved] name = query */
    const char *name, *query;
};

struct config {
    struct config_value file;   /* path of the configuration read; text NULL when there is none */
    struct config_value index;  /* "main" */
    struct config_value db;     /* folder of the index (index.h): absolute */
    struct config_value state;  /* folder of what cannot be rebuilt: absolute */
    struct config_value socket; /* absolute, at most 107 bytes */
    struct config_vault *vaults;
    size_t n_vaults;
    struct config_saved *saved;
    size_t n_saved;
    const char *synonyms; /* beside the configuration (synonyms.h), there or not */
};

/*
 * Everything from the arena. Errors are ERR_CONFIG with file:line and what is wrong: an unknown
 * section or key (naming the nearest known one), a bad value, a socket path over 107 bytes, no
 * HOME, a file that was named but is not there.
 *
 * The file is $XDG_CONFIG_HOME/kbsearch/kbsearch.conf (~/.config); everything works without it:
 *     index = main              before any section: index, db, socket
 *     [vault "kb"]              path, language, exclude (any number of times)
 *     [saved]                   name = query, for @name
 * A line is at most 198 bytes, a section's or key's name 49. Relative paths in it are meant from
 * its folder, others from the working directory; "~/" is HOME.
 *
 * Places:
 *   db      --db, KBSEARCH_DB, file `db`, $XDG_CACHE_HOME/kbsearch/INDEX (~/.cache); one that comes
 *           later in this order than INDEX does is not used
 *   state   $XDG_STATE_HOME/kbsearch/INDEX (~/.local/state); for another db: DB/state
 *   socket  --socket, KBSEARCH_SOCKET, file `socket` (unless option or environment chose another
 *           index), else NAME.sock in the first of $XDG_RUNTIME_DIR/kbsearch (unless that folder
 *           is somebody else's), /run/user/UID/kbsearch (when /run/user/UID is ours and 0700),
 *           $XDG_CACHE_HOME/kbsearch/run; NAME is INDEX, or for another db "db-" and 16 hex digits
 *           of a hash of its real path.
 * Empty variables, and XDG folders that are not absolute, are as if unset. Nothing is created.
 */
int config_load(struct arena *a, const struct config_options *o, struct config *c, struct err *e);

/* Appends "key = value  # origin" lines, for kbsearch --config. */
struct buf;
void config_print(const struct config *c, struct buf *out);

/* Creates the folder (and its parents) 0700 if need be and refuses one that is a link, not ours or
 * open to others: for the socket's folder, the index and the state. ERR_IO tells which. */
int config_private_dir(const char *path, struct err *e);

#endif
