// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pair: the units of a note as it is now beside those that the index remembers of it.
 */
#ifndef KB_UPDATE_PAIR_H
#define KB_UPDATE_PAIR_H

#include "indexer/update/updating.h"
#include "lib/note.h"

enum fate { UNIT_SAME, UNIT_IN_PLACE, UNIT_NEW };

struct pairing {
    const struct state_unit *old; /* SAME: of this text; IN_PLACE: the one it replaces */
    enum fate fate;
};

struct work {
    struct updating *r;
    struct job *j;
    struct slice rel;
    struct state_note now;
    struct note note;
    struct state_unit *old;
    size_t n_old;
    bool *claimed; /* per old unit */
    struct pairing *units;
    struct state_unit *units_now; /* as they are now, in their order */
    struct err *e;
};

/* Fills `units`, `units_now` and `claimed`; docids and signatures are the caller's to fill in. */
int pair_units(struct work *w);

#endif
