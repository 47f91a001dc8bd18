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

enum config_who {
    CONFIG_CLIENT = 1,
    CONFIG_INDEXER = 2,
    CONFIG_DAEMON = 4,
    CONFIG_ALL = CONFIG_CLIENT | CONFIG_INDEXER | CONFIG_DAEMON
};

enum config_kind {
    CONFIG_TEXT,
    CONFIG_PATH,
    CONFIG_NUMBER,
    CONFIG_SECONDS, /* with a fraction */
    CONFIG_LEVEL,   /* of log.h */
    CONFIG_CHOICE,  /* one of `argument` */
    CONFIG_PART,    /* i/n */
    CONFIG_YES      /* yes or no; as an option --name, or --name=no */
};

/* What the command line said; NULL where it said nothing. */
struct config_options {
    const char *config_file;
#define SETTING(member, ...) const char *member;
#include "lib/setting.def"
};

struct config_value {
    const char *text;
    const char *origin; /* "--db", "KBSEARCH_DB", "/home/u/.config/kbsearch/kbsearch.conf:12",
                           "default" */
};

/* One row of setting.def. */
struct config_row {
    const char *name;
    enum config_who who;
    enum config_kind kind;
    unsigned least, most;
    const char *argument; /* as it is called in help; NULL: takes none */
    const char *dflt;     /* "": not set */
    bool live;
    const char *help;
    size_t in_options, in_config; /* offsets in struct config_options and struct config */
};
extern const struct config_row config_rows[];
extern const size_t config_n_rows;

/* The row of the option --name of a program; NULL: it has none. */
const struct config_row *config_option(enum config_who who, struct slice name);
/* Takes the value of an option; NULL for a CONFIG_YES that stands alone. ERR_USAGE. */
int config_take(
    const struct config_row *row, const char *value, struct config_options *o, struct err *e);

struct config_vault { /* [vault "kb"] */
    const char *name;
    const char *path;     /* may be NULL: settings for a vault named on the command line */
    const char *language; /* NULL: english */
    const char *const *exclude;
    size_t n_exclude;
    /* file:line of each */
    const char *path_at, *language_at;
    const char *const *exclude_at;
};

struct config_shard { /* [shard "a"] */
    const char *name;
    const char *const *places; /* `database`, then each `mirror`: absolute paths, tcp:, ssh: */
    const char *const *places_at;
    size_t n_places;
};

struct config_saved { /* [saved] name = query */
    const char *name, *query, *at;
};

struct config {
    struct config_value file;  /* path of the configuration read; text NULL when there is none */
    const char *file_place;    /* where it is looked for; NULL: nowhere */
    struct config_value state; /* folder of what cannot be rebuilt: absolute */
    /* index: "main". db: folder of the index (index.h), absolute. socket: absolute, at most 107
     * bytes. The others: text NULL while not set, else of their kind. */
#define SETTING(member, ...) struct config_value member;
#include "lib/setting.def"
    struct config_vault *vaults;
    size_t n_vaults;
    struct config_shard *shards; /* none: one local index, `db` */
    size_t n_shards;
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
 *     index = main              before any section: the settings of setting.def
 *     [vault "kb"]              path, language, exclude (any number of times)
 *     [shard "a"]               database, then mirror (any number of times)
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

/* The number of a CONFIG_NUMBER; `unset` while it is not set. */
unsigned config_number(const struct config_value *v, unsigned unset);
/* The numbers of a CONFIG_PART; false: it is none. */
bool config_part(const char *text, unsigned *i, unsigned *n);
bool config_is_yes(const struct config_value *v);

/* For a process that runs with `now`: puts back into *newer what it cannot change while it runs,
 * and appends the names of the keys that this undid, with commas. */
struct buf;
int config_keep(
    struct arena *a, const struct config *now, struct config *newer, struct buf *undone);

/* Appends "key = value  # origin" lines, for kbsearch --config. */
void config_print(const struct config *c, struct buf *out);

/* Creates the folder (and its parents) 0700 if need be and refuses one that is a link, not ours or
 * open to others: for the socket's folder, the index and the state. ERR_IO tells which. */
int config_private_dir(const char *path, struct err *e);

#endif
