// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * identity: which of the equal texts of a vault a unit is (schema.h, id): it keeps its number as
 * long as it can be told from the others, and leaves it to an equal text when it goes.
 */
#ifndef KB_UPDATE_IDENTITY_H
#define KB_UPDATE_IDENTITY_H

#include "indexer/update/updating.h"

/* What the index remembers of a note's units, in their order. */
int identity_units(struct updating *r, struct arena *a, const struct state_note *s,
    struct state_unit **v, size_t *n, struct err *e);
/* The note is on its way out: its numbers are free. */
int identity_free(struct updating *r, struct job *j, const struct state_note *s, struct err *e);
/* The number of a unit that is new: a free one, or the next. */
int identity_number(struct updating *r, struct job *j, uint64_t hash, uint32_t *nth, struct err *e);

#endif
