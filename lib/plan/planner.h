// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * planner: one query being planned (lib/plan.h): what was asked, what the index knows, and what was
 * found so far. It lives as long as the call; what it makes is the arena's. Functions that return a
 * pointer return NULL with the error, those that return an int -1.
 */
#ifndef KB_PLAN_PLANNER_H
#define KB_PLAN_PLANNER_H

#include "lib/plan.h"
#include "lib/resolve.h"

/* A word that was read as another one: where it stands in the query; begin and end 0: elsewhere. */
struct planner_read {
    size_t begin, end;
    struct slice from, to;
};

struct planner {
    struct xmaker m;
    struct resolver r;
    struct arena *a;
    const struct plan_env *env;
    const struct plan_options *o;
    struct slice text; /* the query, or the saved one that is read */
    struct plan *p;    /* marks, runs, warnings go here */
    struct err *e;
    struct xquery **own; /* positive own leaves, for "at least one own word" */
    size_t n_own, cap_own;
    size_t cap_marks, cap_runs, cap_words;
    struct planner_read *read; /* in the order in which they stand */
    size_t n_read, cap_read;
    bool negative;        /* below a NOT: neither marks nor own leaves */
    bool synonym;         /* these words are in the user's synonyms: no misspelling */
    bool run_together;    /* what concept_adjacent made last matches one word for two, too */
    double units, bodies; /* all of them, those with a text of their own; 0: not yet counted */
    size_t last_end;      /* where the query's last word ends, for `partial` */
    unsigned saved_levels;
    day_t asof; /* DAY_NONE: every day counts */
};

/* Own text alone, or inherited words, too. */
enum scope { OWN, WIDE };

struct planner planner_new(struct arena *a, const struct plan_env *env,
    const struct plan_options *o, struct slice text, struct plan *p, struct err *e);

/* Every unit of the index's vaults, without weight. */
struct xquery *planner_everything(struct planner *pl);

/* Case folded; {NULL, 0} when out of memory. */
struct slice planner_lower(struct planner *pl, struct slice s);

/* The index had the term by then. Without an index every term is known. */
int planner_known(struct planner *pl, struct slice term, bool *is);

/* The parts of a compound that the index has in two words or hyphened, "open weights", a line each;
 * empty when it has none. */
int planner_compound_parts(struct planner *pl, struct slice joined_form, struct slice *parts);

/* What is marked in hits: a form, a token's stems, words side by side. Nothing below a NOT. */
int planner_mark(struct planner *pl, struct plan_mark m);
int planner_mark_stems(struct planner *pl, const struct token *t);
int planner_mark_run(
    struct planner *pl, const struct token *const *base, size_t n, uint32_t window, bool whole);

/* Text from the arena; {NULL, 0} is an error of memory. The same text is told once. */
int planner_warn(struct planner *pl, struct slice text);

/* The query's words as they were typed, one text, for adjacency and titles. */
struct slice planner_words_text(struct planner *pl, const struct node *const *kids, size_t n);

/* q, which is from now on one of the own leaves; NULL is handed through. */
struct xquery *planner_own(struct planner *pl, struct xquery *q);

#endif
