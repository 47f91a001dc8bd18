// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * folded: near-same ones (daemon/answer/fold.h) once.
 */
#ifndef KB_SEARCH_FOLDED_H
#define KB_SEARCH_FOLDED_H

#include "daemon/answer/search/state.h"

/* All matches, each with the group of its near-same ones. */
int folded_gather(struct search *s);

/* The page of groups, each where its best one stands, shown by its earliest. */
int folded_page(struct search *s);

/* Beside each hit the others that it stands for. */
void folded_tell(struct search *s);

#endif
