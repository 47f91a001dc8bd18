// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * facet: how many of a query's units have each value of a field, for the method of this name and
 * for `search`. All kinds of units count.
 */
#ifndef KB_FACET_H
#define KB_FACET_H

#include "daemon/answer/census.h"

enum { FACET_VALUES = 20 /* a field, in the answer of a search */ };

struct facet_ask {
    const char *param;   /* the parameter that names the fields, for errors */
    struct slice fields; /* "entity,month" */
    size_t limit;        /* values a field */
};

/* ERR_PARAMS: a field is none of those there are. */
int facet_count(struct answer *w, const struct facet_ask *ask, const struct xquery *q,
    struct facets *out, struct err *e);

#endif
