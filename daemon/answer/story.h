// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * story: what the answers about time and names share: reading a query as own text alone, finding
 * the note that is meant, and filling a hit.
 */
#ifndef KB_STORY_H
#define KB_STORY_H

#include "daemon/answer/answer.h"
#include "lib/plan.h"

/* Filters that all of these methods know; slices of absent ones are {NULL, 0}. */
struct story_filter {
    struct slice since, until, on, vault, asof;
};

/* What planning may ask of the reader. */
int story_env(struct answer *w, struct arena *a, struct plan_env *env, struct err *e);
/* The units whose own text matches; *own is never NULL. The plan tells marks and suggestion. */
int story_plan(struct answer *w, struct slice query, const struct story_filter *f, struct plan *p,
    struct xquery **own, struct err *e);
/* q, and the filters. */
struct xquery *story_filtered(
    struct answer *w, struct xquery *q, const struct story_filter *f, struct err *e);

/* An entity: a note by title, alias, base name or path, or a value of the entity lists. */
struct story_entity {
    struct slice name;  /* the title, or as it was asked for */
    struct slice *keys; /* of its title and aliases */
    size_t n_keys;
    struct xquery *heads; /* of its notes; NULL: it has no note */
    struct xquery *named; /* units that name it: entity:NAME */
    struct plan plan;     /* marks */
};
/* "[[Name#heading|shown]]" is the name in it; anything else is {NULL, 0}. */
struct slice story_link(struct slice text);
/* Whether a note or an entity list calls something so. */
bool story_is_name(struct answer *w, struct slice text);
/* 1: found; 0: nothing is called so; -1: an error. */
int story_find(struct answer *w, struct slice name, struct story_entity *x, struct err *e);
/* ERR_NOT_FOUND with the nearest name. */
int story_unknown(struct answer *w, struct slice name, struct err *e);

/* One unit as a hit, marked as the plan says. */
int story_hit(struct answer *w, const struct plan *p, docid_t id, int64_t text_bytes, struct hit *h,
    struct err *e);

#endif
