// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * generation: the index that a run reads, and the one that it leaves: the same, a new one, or the
 * same compacted.
 */
#ifndef KB_UPDATE_GENERATION_H
#define KB_UPDATE_GENERATION_H

#include "indexer/update/updating.h"

/* Decides whether a new one is made, and begins. */
int generation_open(struct updating *r, struct err *e);
/* The journal. The revision goes on where the index is lost and the journal is not. */
int generation_changes(struct updating *r, struct err *e);
/* Writes what was planned; the whole of it becomes the present generation. */
int generation_finish(struct updating *r, struct err *e);
/* Many small runs leave the blocks of the tables half full. */
int generation_compact(struct updating *r, struct err *e);

#endif
