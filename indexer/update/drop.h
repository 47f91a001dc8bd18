// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * drop: what is gone leaves the index: notes of a vault, and vaults.
 */
#ifndef KB_UPDATE_DROP_H
#define KB_UPDATE_DROP_H

#include "indexer/update/updating.h"

int drop_vanished(struct updating *r, struct job *j, struct err *e);
/* The vaults that the run no longer has. */
int drop_orphans(struct updating *r, struct err *e);

#endif
