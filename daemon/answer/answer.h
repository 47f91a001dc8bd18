// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * answer: what every method works with. A method is a function from parameters to a result, in a
 * file of its own beside this one; it knows no socket, no event loop, no JSON, so tests call it.
 *
 *   int answer_search(struct answer *w, const struct search_params *p, struct search_result *r,
 *       struct err *e);
 *
 * Everything in a result lives in w->arena.
 */
#ifndef KB_ANSWER_H
#define KB_ANSWER_H

#include <stdatomic.h>
#include <stdint.h>
#include <sys/stat.h>

#include "lib/arena.h"
#include "lib/config.h"
#include "lib/date.h"
#include "lib/err.h"
#include "lib/index.h"
#include "lib/proto.h"
#include "lib/record.h"
#include "lib/synonyms.h"
#include "lib/target.h"

struct vault_row { /* from the index's metadata "vaults" */
    struct slice name, path;
};

/* What one thread keeps between requests: belongs to one request at a time. */
struct reader {
    struct index_reader index;
    uint64_t deadline_ns;    /* of the request, as for xdb_watch */
    const atomic_bool *stop; /* it is cancelled */
    struct xstem *stem;      /* of the index's languages, that of most notes first */
    uint64_t loaded;         /* revision + 1 that `vaults` and caches were read at; 0: none */
    char loaded_of[33];      /* the index they are of */
    uint64_t looked;         /* `loaded` when sandbox_look last looked */
    struct arena scratch;    /* of one hit, say: whoever uses it resets it before it returns */
    struct arena kept;       /* memory of what follows, renewed with the revision */
    struct vault_row *vaults;
    size_t n_vaults;
    struct spell *spell;      /* the index's words (lexicon.h), NULL until they are needed */
    day_t asof, spelled_asof; /* what came later is not known; DAY_NONE: all is */
    uint64_t spelled;         /* `loaded` when they were gathered */
    struct folds *folds;      /* which of them are near-same (fold.h), NULL until needed */
    struct census *census;    /* its units, days and names (census.h), NULL until needed */
    struct {
        struct arena arena;
        struct synonyms read;
        struct stat as;     /* of what was read; st_ino 0: nothing */
        struct slice fault; /* why not; n 0: nothing is wrong */
    } synonyms;
};
int reader_init(struct reader *r, const char *db_dir, struct err *e);
/* Has it read the shards of the configuration, if that names any, instead of the folder. */
int reader_shards(struct reader *r, const struct config *c, struct err *e);
void reader_free(struct reader *r);
/* Between two requests, when the next is not expected at once: keeps less memory. */
void reader_rest(struct reader *r);
/* To a request, until 0, NULL: what is asked of the index heeds that (xdb_watch). */
void reader_lend(struct reader *r, uint64_t deadline_ns, const atomic_bool *stop);
/* The user's synonyms as the file stands now. NULL: there are none, or *fault tells what is wrong
 * with it. Both live until the next call. */
const struct synonyms *reader_synonyms(struct reader *r, const char *path, struct slice *fault);
/* To the newest commit (index.h), and what is kept with it. */
int reader_refresh(struct reader *r, struct err *e);

/* NULL: every day counts. */
const day_t *reader_asof(const struct reader *r);

/* One request being answered. */
struct answer {
    struct reader *reader;
    const struct config *config; /* saved queries, synonyms; may be NULL */
    struct arena *arena;
    day_t today;                              /* of the asker, else the daemon's */
    bool (*hides)(int dir, const char *path); /* sandbox_hides; may be NULL */
    struct matches *matches; /* what `subscribe` found, for the daemon to compare with later */
};

/* What a saved query matches: ids in ascending order, of the newest thousand at most. */
struct matches {
    uint64_t total;
    uint64_t *ids;
    size_t n;
};
/* ERR_NOT_FOUND: the configuration has no such query; names those it has. */
int answer_matches(struct answer *w, struct slice name, struct matches *m, struct err *e);

struct segment { /* of a snippet: rendered text */
    struct slice text;
    bool match;
};

struct neighbour {
    uint32_t line, end_line;
    struct slice text;
};

struct hit {
    struct record rec;
    struct slice path; /* absolute */
    uint32_t match_line, col;
    double score;
    struct slice text; /* rec.text, or its beginning */
    bool truncated;
    struct segment *snippet;
    size_t n_snippet;
    struct neighbour *before, *after;
    size_t n_before, n_after;
    const struct record **folded; /* near-same units on other days, the earliest first */
    size_t n_folded;
};

/* How many of some units have each value of a field, most first, then by value. */
struct facet_value {
    struct slice text;
    uint32_t count;
};
struct facet {
    const char *field;
    size_t distinct; /* values in all */
    struct facet_value *values;
    size_t n_values;
};
struct facets {
    uint64_t total; /* units that were counted */
    struct facet *v;
    size_t n;
};

struct search_result {
    struct slice query;
    char uuid[33];
    uint64_t revision;
    uint64_t total;
    bool total_exact;
    uint64_t units;      /* folded: matches in all; `total` counts what is shown */
    const char *relaxed; /* NULL, "most", "any" */
    uint32_t relaxed_words, relaxed_of;
    struct slice suggestion_from, suggestion_to, suggestion_query; /* from.n == 0: none */
    struct slice *warnings;
    size_t n_warnings;
    struct slice cursor; /* n == 0: the end */
    struct hit *hits;
    size_t n_hits;
    struct facets facets;                    /* of all matches; n == 0: not asked for */
    struct slice explain_tree, explain_plan; /* when asked for */
};
int answer_search(
    struct answer *w, const struct search_params *p, struct search_result *r, struct err *e);

/*
 * One hit, without score and snippet.
 * By id: the unit as the index has it. By path: from the file, read beneath its vault: the unit at
 * a line (else the last one that begins above it), `count` lines as they stand, or the whole file.
 * A piece of lines bears the id, kind and date of the unit it begins in, the whole file those of
 * its head; a unit that the index does not know yet has an id of zeros. `stale`: the note reads
 * otherwise now than it did when it was indexed, or cannot be read.
 * ERR_NOT_FOUND: no such unit, note, vault or line. ERR_PARAMS: not exactly one of id and path, no
 * id, or a path that several vaults have.
 */
struct get_result {
    char uuid[33];
    uint64_t revision;
    bool stale;
    struct hit *hits;
    size_t n_hits;
};
int answer_get(struct answer *w, const struct get_params *p, struct get_result *r, struct err *e);

/*
 * Titles and entities complete all that was typed; tags, fields and words what stands behind the
 * last blank. Of `any` kind: one of each in turn, what is the same in two kinds once. `count`:
 * units that have the word, tag or entity, or link to the title; 0 for fields.
 */
struct suggestion {
    struct slice text;
    const char *kind; /* "word" "title" "tag" "entity" "field" */
    uint32_t count;
};
struct suggest_result {
    char uuid[33];
    uint64_t revision;
    struct suggestion *v;
    size_t n;
};
int answer_suggest(
    struct answer *w, const struct suggest_params *p, struct suggest_result *r, struct err *e);

/*
 * Answers about time and names (design.md, "Counting"). They look at own text alone, so they never
 * relax. `entry`: a unit of kind entry or the head of a digest note. An unknown note or entity is
 * ERR_NOT_FOUND.
 *
 * timeline: of a note or entity the entries that name it and the note's own events, of any other
 * query the entries and events that match; oldest first, then path and line. An event and an entry
 * of the note it links to (where it links to none: of the same day) that say nearly the same are
 * one, "both".
 */
enum story_source { STORY_DIGEST, STORY_NOTE, STORY_BOTH };
struct story_line {
    struct hit hit; /* the entry's, where both tell it */
    enum story_source source;
    struct record twin; /* STORY_BOTH: the note's event */
};
struct timeline_result {
    char uuid[33];
    uint64_t revision, total;
    struct slice entity; /* n == 0: the query is none */
    struct slice suggestion_from, suggestion_to, suggestion_query;
    struct story_line *lines;
    size_t n_lines;
};
int answer_timeline(
    struct answer *w, const struct timeline_params *p, struct timeline_result *r, struct err *e);

/* gaps: entries that name the note on days none of its events has, and its events whose digest is
 * not there (GAP_MISSING) or names it nowhere (GAP_SILENT); oldest first. */
enum gap_kind { GAP_TIMELINE, GAP_MISSING, GAP_SILENT };
struct gap {
    struct hit hit;
    enum gap_kind kind;
};
struct gaps_result {
    char uuid[33];
    uint64_t revision, total;
    struct slice entity;
    struct gap *gaps;
    size_t n_gaps;
};
int answer_gaps(
    struct answer *w, const struct gaps_params *p, struct gaps_result *r, struct err *e);

/* trend: dated entries per day, week (from Monday) or month, from the first to the last one that
 * any of the queries has, or since and until where they are given. */
struct trend_series {
    struct slice query;
    uint64_t total;
    day_t first, last; /* DAY_NONE: none */
    size_t peak;       /* the first highest bucket; with total 0 none */
    uint32_t *counts;  /* a bucket each */
    struct slice suggestion_from, suggestion_to, suggestion_query;
};
struct trend_bucket {
    day_t from, to;
    uint32_t entries; /* all there are, whatever they say */
};
struct trend_result {
    char uuid[33];
    uint64_t revision;
    struct trend_series *series;
    size_t n_series;
    struct trend_bucket *buckets;
    size_t n_buckets;
};
int answer_trend(
    struct answer *w, const struct trend_params *p, struct trend_result *r, struct err *e);

/* facet: facets of the units whose own text matches. */
struct facet_result {
    char uuid[33];
    uint64_t revision;
    struct slice suggestion_from, suggestion_to, suggestion_query;
    struct facets facets;
};
int answer_facet(
    struct answer *w, const struct facet_params *p, struct facet_result *r, struct err *e);

/* with: names in the entries that name the entity, most first; lift: how much more often than in
 * all entries. */
struct with_name {
    struct slice text;
    uint32_t count;
    double lift;
    day_t last;
};
struct with_result {
    char uuid[33];
    uint64_t revision, total, entries;
    struct slice entity;
    size_t distinct;
    struct with_name *names;
    size_t n_names;
};
int answer_with(
    struct answer *w, const struct with_params *p, struct with_result *r, struct err *e);

/*
 * rising: names whose rate, entries of 1,000, is higher in the window than in the RISING_WEEKS
 * before it, by how much, most first. The window ends at the newest entry that is not later than
 * until, asof and today.
 */
enum { RISING_WEEKS = 8, RISING_HITS = 3 };
struct rising_name {
    struct slice text;
    uint32_t count, before;
    double rate, rate_before;
    struct hit *hits; /* the newest entries in the window */
    size_t n_hits;
};
struct rising_result {
    char uuid[33];
    uint64_t revision;
    day_t from, to, base_from; /* the window; base_from to the day before it */
    uint32_t entries, entries_before;
    size_t distinct;
    struct rising_name *names;
    size_t n_names;
};
int answer_rising(
    struct answer *w, const struct rising_params *p, struct rising_result *r, struct err *e);

/* The heads of the notes that are called so: by path, base name, title or alias; `most` of them at
 * most, 0 is no error. */
int answer_named(
    struct answer *w, struct slice name, struct hit *heads, size_t most, size_t *n, struct err *e);

/* The state that a subscriber knows; w->matches is set. */
struct subscribe_result {
    char uuid[33]; /* "" while there is no index */
    uint64_t revision, total;
};
int answer_subscribe(
    struct answer *w, const struct subscribe_params *p, struct subscribe_result *r, struct err *e);

/* Units that link to the note, or with `mentions` name it in words without a link. */
struct backlinks_result {
    struct target_note note;
    struct slice warning; /* n == 0: none */
    struct search_result found;
};
int answer_backlinks(
    struct answer *w, const struct backlinks_params *p, struct backlinks_result *r, struct err *e);

/* The note's links in the order of its lines. */
struct outgoing {
    uint8_t id[UNIT_ID_BYTES];
    uint32_t line;
    struct slice target, heading, alias; /* as written */
    bool embed;
    const struct target_note *to;      /* NULL: leads nowhere */
    const struct target_note *choices; /* all that it may mean, `to` among them */
    size_t n_choices;
};
struct links_result {
    char uuid[33];
    uint64_t revision;
    struct target_note note;
    struct slice warning;
    struct outgoing *links;
    size_t n_links;
};
int answer_links(
    struct answer *w, const struct links_params *p, struct links_result *r, struct err *e);

/* Units of other notes with the rarer words and the names of a unit or note. */
struct related_result {
    char uuid[33];
    uint64_t revision;
    struct slice warning;
    struct hit *hits;
    size_t n_hits;
};
int answer_related(
    struct answer *w, const struct related_params *p, struct related_result *r, struct err *e);

/*
 * What the journal (lib/journal.h) says of the time between two revisions, netted: a unit that
 * moved, or went and came back, is no news, nor is one with the same text elsewhere. A unit that
 * went and one that came in the same note with most of its words are one that changed.
 */
enum news_kind { NEWS_ADDED, NEWS_CHANGED, NEWS_REMOVED, NEWS_KINDS };
struct newly {
    enum news_kind kind;
    struct hit hit;   /* the unit as it is; a removed one as it was */
    struct slice was; /* changed: the text before */
};
struct new_result {
    char uuid[33];
    uint64_t revision;
    uint64_t counts[NEWS_KINDS];
    struct slice *warnings;
    size_t n_warnings;
    struct newly *news;
    size_t n_news;
};
int answer_new(struct answer *w, const struct new_params *p, struct new_result *r, struct err *e);

/* An index that cannot be read is told in `error`, not failed with. */
struct status_vault {
    struct slice name, path;
    uint64_t notes;
};
struct status_result { /* the index's part; the daemon adds its own */
    char uuid[33];     /* "" while there is none */
    uint64_t revision, units, notes;
    int64_t bytes, age_s; /* -1: not known, a shard is elsewhere */
    int64_t pending;      /* notes written since (lib/pending.h); -1: not known */
    uint64_t *shard_units;
    struct status_vault *vaults;
    size_t n_vaults;
    struct slice error; /* why the index cannot be read */
};
/* All but `pending`, for which the vaults are walked through. */
int answer_overview(struct answer *w, struct status_result *r, struct err *e);
int answer_status(
    struct answer *w, const struct status_params *p, struct status_result *r, struct err *e);

#endif
