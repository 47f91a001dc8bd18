// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * meta: what an index holds beside its units (schema.h): its vaults, what it remembers of each
 * note, and the ways of writing its compounds.
 */
#ifndef KB_UPDATE_META_H
#define KB_UPDATE_META_H

#include "indexer/update/updating.h"

int meta_vaults(struct updating *r, struct err *e);
int meta_note(struct updating *r, struct slice vault, const struct state_note *n, struct err *e);
int meta_units(struct updating *r, uint32_t number, const struct state_unit *units, size_t n_units,
    struct err *e);
/* Which note a number is. */
int meta_name(struct updating *r, struct slice vault, const struct state_note *n, struct err *e);
/* What each commit ends with (batch.h); `ctx` is the run. */
int meta_closing(void *ctx, struct err *e);
/* Of a new generation, all of it, from what was planned. */
int meta_all(struct updating *r, struct err *e);

#endif
