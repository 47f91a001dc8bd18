// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * resolve: what a field's value stands for in this index: days, notes, tags, links, names, headings
 * and patterns become queries that filter units. Some of it is asked of the index on the way; every
 * such question is bounded and its bound told when it is met.
 */
#ifndef KB_RESOLVE_H
#define KB_RESOLVE_H

#include <stdatomic.h>

#include "lib/date.h"
#include "lib/slice.h"
#include "lib/token.h"
#include "lib/xquery.h"

enum {
    RESOLVE_NOTES = 20000,  /* notes that a field may stand for */
    RESOLVE_UNITS = 100000, /* units whose text a pattern or a heading is looked for in */
    RESOLVE_NAMES = 64,     /* names that a note may be called by */
    RESOLVE_LANGUAGES = 8   /* whose stems a word is looked for by */
};

struct resolver {
    struct xmaker m;
    struct xdb *db;     /* NULL: without an index every question of it has the answer "all" */
    struct xstem *stem; /* of all the index's languages; NULL: words are their own stems */
    const day_t *asof;  /* no later or undated note exists; NULL: all do */
    struct {            /* the last name that several notes have, for target.c */
        struct slice vault, key;
        struct target_note *notes;
        size_t n;
    } shared;
};

/* How many units not later than a day have the term; counting ends at `most`. Undated ones are
 * none of them. */
int resolve_known(
    struct xdb *db, struct slice term, day_t asof, uint32_t most, uint32_t *n, struct err *e);

/* Leaves the documents that are there as of r->asof. */
int resolve_cut(struct resolver *r, docid_t *ids, size_t *n);
/* How many units have the term, as of r->asof. */
int resolve_count(struct resolver *r, struct slice term, uint32_t *n);

/* How many of `units` hold a term or any of a synonym's: as a match takes it for its weights, as if
 * those terms did not depend on one another, and counted. */
int resolve_frequency(struct resolver *r, const struct xquery *q, size_t units, uint32_t *n);
int resolve_documents(struct resolver *r, const struct xquery *q, uint32_t *n);

/* The stems of a word in the index's languages, each once; how many. */
size_t resolve_stems(
    const struct resolver *r, struct slice word, struct slice stems[RESOLVE_LANGUAGES]);

/* Each NULL on an error, which stands in r->m.e. */

/* What of a unit's own words has one of the stems: Z<stem>, which comes first, and its forms that
 * the index has (schema.h), as one term. Without an index there are none. */
struct xquery *resolve_own_stems(struct resolver *r, const struct slice *stems, size_t n);

/* A word in loose matching: what of own words has any of its stems; where it is never stemmed its
 * exact term. */
struct xquery *resolve_own_word(struct resolver *r, const struct token *t);
/* The same under the prefix of words that are not the unit's own. */
struct xquery *resolve_word(struct resolver *r, char prefix, const struct token *t);

/* Units whose event date lies in [from, to]; DAY_MIN and DAY_MAX are open ends. */
struct xquery *resolve_days(struct resolver *r, day_t from, day_t to);
/* All units of the notes whose heads match. */
struct xquery *resolve_notes(struct resolver *r, struct xquery *heads);
/* All units of the notes whose title or aliases have all these words. */
struct xquery *resolve_title(struct resolver *r, struct slice words);
/* Units with the tag or one below it, and all units of notes that bear it. */
struct xquery *resolve_tag(struct resolver *r, struct slice tag);
/* Units of notes with this front-matter key, and this value when `has_value`. */
struct xquery *resolve_property(
    struct resolver *r, struct slice key, bool has_value, struct slice value);
/* Units of the notes at or below a path of their vault: `*` stands for anything but '/', `**` for
 * anything, `?` for one character. With base_name: of those whose base name holds the value. */
struct xquery *resolve_path(struct resolver *r, struct slice value, bool base_name);
/* Units that link to the note that `target` names by path, base name, title or alias. */
struct xquery *resolve_link(struct resolver *r, struct slice target);
/* The token_keys of all titles and aliases of the notes that bear `name`, itself first. */
int resolve_names(struct resolver *r, struct slice name, struct slice **keys, size_t *n);
/* Units of the notes in which each of the queries matches some unit. */
struct xquery *resolve_in_notes(struct resolver *r, struct xquery *const *each, size_t n);
/* Units below a heading with all these words, and that heading. */
struct xquery *resolve_heading(struct resolver *r, struct slice words);
/*
 * Units whose rendered text matches the pattern (regex.h). Only units with words that the pattern
 * cannot do without are read; over RESOLVE_UNITS of them it is an error. `at`: its byte in the
 * query.
 */
struct xquery *resolve_regex(struct resolver *r, struct slice pattern, size_t at);

#endif
