// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * paths: by path and line.
 */
#ifndef KB_SEARCH_PATHS_H
#define KB_SEARCH_PATHS_H

#include "daemon/answer/search/state.h"

/* The notes that match, in order of their paths; then note by note until the page is full. */
int paths_order(struct search *s);

#endif
