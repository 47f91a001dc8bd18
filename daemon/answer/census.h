// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * census: all units of one revision, counted once and kept with the reader, so that answers about
 * days and names ask the index for docids alone.
 *
 * What counts in trends, neighbours of names and rising ones are *entries*: units of kind entry,
 * and the heads of digest notes (design.md, "Counting"). A *name* is an entity: a note that is no
 * digest, by its title and aliases, or a value of the front matter's entity lists that no note
 * bears. A unit names it as entity:NAME finds it.
 *
 * A unit is told by its *place* here, from 0: in order of docids, the newest day first.
 */
#ifndef KB_CENSUS_H
#define KB_CENSUS_H

#include "daemon/answer/answer.h"
#include "lib/plan.h"

enum { CENSUS_NAMES = 100000 /* more of them are refused: ERR_COMPLEX */ };

struct census_name {
    struct slice text;  /* the note's title, or the value as token_key has it */
    struct slice *keys; /* token_keys of title and aliases */
    size_t n_keys;
    day_t born;      /* the first day that a head bears it; DAY_MAX: no dated one does */
    uint32_t *units; /* places, ascending; once census_names is done */
    size_t n_units;
};

struct census_names {
    struct census_name *v;      /* of notes, then of values, each by their first key */
    size_t n, n_notes, n_found; /* the first n_found have their units */
    bool listed;
};

struct census {
    struct arena arena;
    uint64_t loaded; /* reader.loaded when it was taken */
    docid_t *ids;    /* ascending */
    day_t *days;
    bool *entry; /* counts, see above */
    size_t n;
    struct census_name *values; /* all values of entity lists, also those that a note bears */
    size_t n_values;
    struct census_names all, then; /* then: as of one day, in an arena of its own */
    struct arena then_arena;
    day_t then_day;
    struct census_name *hosts; /* once they were asked for */
    size_t n_hosts;
    bool hosted;
    uint64_t *headings; /* by place, once they were asked for */
    bool headed;
};

/* The reader's, taken anew when the revision changed. */
int census_take(struct answer *w, struct census **c, struct err *e);
/* The names there are as of the reader's day, and their units. Takes a while the first time; what
 * a deadline cut off goes on next time. */
int census_names(
    struct answer *w, struct census *c, const struct census_names **names, struct err *e);
/* The hosts that units link to, by name, and those of their units that link to no longer host of
 * the same domain: a parent domain counts where it stands alone. */
int census_hosts(
    struct answer *w, struct census *c, const struct census_name **hosts, size_t *n, struct err *e);
void census_free(struct census *c);

/* The units that a query matches, each once. */
struct census_set {
    bool *in; /* by place */
    uint32_t *places;
    docid_t *ids;
    size_t n;
};
int census_match(struct answer *w, const struct census *c, const struct xquery *q,
    struct census_set *s, struct err *e);
/* Leaves those in the set that are entries and have a day, or have a day. */
void census_entries(const struct census *c, struct census_set *s);
void census_dated(const struct census *c, struct census_set *s);
/* Which headings units stand below, by place; 0: none. Equal ones have one number. */
int census_headings(struct answer *w, struct census *c, const uint64_t **headings, struct err *e);
/* How many of the units of a name are in the set; *last: the newest day among them. */
uint32_t census_common(const struct census *c, const struct census_name *name,
    const struct census_set *s, day_t *last);

#endif
