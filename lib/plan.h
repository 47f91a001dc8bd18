// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * plan: from the tree (query.h) to what the engine runs (xapian-c.h). Fields, dates, names and
 * unknown words get their meaning here; matching and ranking happen elsewhere.
 *
 * An answer is made of tiers, each a match of its own, shown one behind the other: no unit of a
 * later tier comes before one of an earlier tier, however many there are.
 *   title     heads whose title or alias is exactly what was asked
 *   adjacent  all words side by side, in order, unstemmed, in the unit's own text
 *   own       all words in the unit's own text
 *   context   all words, some of them inherited, at least one in the own text
 * and, when no unit is in any of these, `most` or `any` of the words (plan_relax).
 * A query with operators between its words has the tiers own and context alone.
 *
 * Word by word:
 *   letters          its stem, as Z<stem> or one of its forms (forms.h); and, where the index
 *                    knows the word as a compound run together (openweights), the phrase of its
 *                    parts
 *   word + number    the joined term alone: GPT-5, gpt5, "gpt 5" -> gpt5
 *   other compounds  the parts as a phrase or run together (with a digit: the joined term, of
 *                    letters: the plain word); a host's name (arxiv.org) the units with a link
 *                    there, too. With match `any`, each part of a compound of letters by itself
 *   Han, kana        its 2-grams, all of them
 *   a synonym        words typed one behind the other that are a name of the user's synonyms, or
 *                    any of its other names, each as a word or a phrase; titles, adjacency,
 *                    quotes and exclusions stay as typed
 *   "phrase"         exact terms at neighbouring positions; a phrase that is a compound of the
 *                    index ("open weights") its words run together, too
 *
 * A phrase is weighed by the stems of its words.
 */
#ifndef KB_PLAN_H
#define KB_PLAN_H

#include "lib/arena.h"
#include "lib/date.h"
#include "lib/proto.h"
#include "lib/query.h"
#include "lib/synonyms.h"
#include "lib/token.h"
#include "lib/xquery.h"

/* What planning asks of the world; every pointer may be NULL, then that knowledge is missing. */
struct plan_env {
    struct xdb *db;
    struct xstem *stem; /* of all the index's languages; NULL: words are their own stems */
    day_t today;
    const struct slice *vaults; /* names of the index's vaults: their union is everything */
    size_t n_vaults;
    /* The nearest word that the index knows, or an empty slice. */
    struct slice (*nearest)(void *ctx, struct arena *a, struct slice word);
    /* The query saved under a name, or {NULL, 0}. */
    struct slice (*saved)(void *ctx, struct slice name);
    /* A filter for the units that the index saw change on these days; NULL with the error. */
    struct xquery *(*changed)(
        void *ctx, struct xmaker *m, struct xquery *everything, day_t from, day_t to);
    void *ctx;
    const struct synonyms *synonyms; /* the user's own */
    struct slice warning;            /* n == 0: none */
    const day_t *asof; /* for plan_entity: as plan_options.asof; NULL: every day counts */
};

struct plan_options {
    enum search_match match;
    bool partial; /* the last word is a prefix */
    struct slice since, until, on, vault;
    struct slice asof; /* nothing later or undated exists, neither units nor words */
};

/* A word to be marked in hits: one of the forms is set. */
struct plan_mark {
    struct slice stem;   /* tokens with this stem */
    struct slice exact;  /* tokens with this exact or plain term */
    struct slice prefix; /* tokens that begin so */
};

/* Words that are marked only where they stand side by side. */
struct plan_run {
    struct slice *terms;
    uint32_t *offsets; /* positions behind the first term's */
    size_t n;
    uint32_t window; /* 0: exactly at the offsets; else within so many positions */
    bool whole;      /* the query's own words as typed: where a hit has them, it matched there */
};

enum plan_tier { PLAN_TITLE, PLAN_ADJACENT, PLAN_OWN, PLAN_CONTEXT, PLAN_TIERS };

struct plan {
    struct xquery *tier[PLAN_TIERS]; /* NULL: there is none */
    struct xquery *widest;           /* all of them: what is counted, and shown by date or path */
    struct xquery **words;           /* what plan_relax chooses from: own or inherited */
    size_t n_words;
    struct xquery *required; /* filters, phrases, exclusions that stay; NULL: none */
    struct xquery *own_any;  /* at least one own word; NULL: nothing to ask for */
    struct plan_mark *marks;
    size_t n_marks;
    struct plan_run *runs;
    size_t n_runs;
    struct slice *warnings;
    size_t n_warnings, warnings_cap;
    struct slice *synonyms; /* groups that were used: "llm = large language model" */
    size_t n_synonyms, synonyms_cap;
    struct slice suggestion_from, suggestion_to, suggestion_query; /* from.n 0: none */
    bool empty; /* nothing to look for was left: no words, no filters */
};

/* Everything from the arena. Errors: ERR_QUERY with the byte, ERR_COMPLEX, and the index's. */
int plan_make(struct arena *a, const struct plan_env *env, const struct plan_options *o,
    struct slice text, const struct query *q, struct plan *p, struct err *e);

/*
 * How rare a word is among `units` units with a text of their own, `holding` of all units having it
 * and so many notes in their title (which two more units of the note repeat): the inverse document
 * frequency of Robertson and Sparck Jones, never 0 or less.
 */
double plan_rarity(double units, uint32_t holding, uint32_t titles);

/* The query for units with at least `m` of the words (1 <= m < n_words); NULL with ERR_COMPLEX
 * when there are too many ways to choose them. */
struct xquery *plan_relax(struct arena *a, const struct plan *p, size_t m, struct err *e);

/* The options' filters alone: p->required, NULL for none. */
int plan_filters(struct arena *a, const struct plan_env *env, const struct plan_options *o,
    struct plan *p, struct err *e);

/*
 * What entity:NAME asks: units that name the note by title or any alias in their own text or link
 * to it, and heads whose entity lists have it. Sets p->widest and what is marked, nothing else.
 */
int plan_entity(
    struct arena *a, const struct plan_env *env, struct slice name, struct plan *p, struct err *e);

#endif
