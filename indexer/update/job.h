// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * job: a vault in one run: what its folder holds, what the index remembers of it, and whether what
 * is gone from the one may leave the other.
 */
#ifndef KB_UPDATE_JOB_H
#define KB_UPDATE_JOB_H

#include "indexer/update/updating.h"

/* What the index remembers of a vault's notes, by their path; the run's arena holds it. */
int job_states(
    struct updating *r, struct slice vault, struct state_note **v, size_t *n, struct err *e);
/* NULL: the index does not know it. */
const struct state_note *job_state_of(const struct job *j, struct slice rel);
/* It was there, can be looked for, and is no longer. */
bool job_vanished(const struct job *j, const struct state_note *s);
/* Reads the vault. ERR_IO, ERR_MISSING: the run would lose what only is out of sight. */
int job_open(struct updating *r, struct job *j, struct err *e);

#endif
