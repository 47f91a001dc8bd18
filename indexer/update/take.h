// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * take: a file is taken in: it is as it was, or its units are written that are not, or it is
 * refused.
 */
#ifndef KB_UPDATE_TAKE_H
#define KB_UPDATE_TAKE_H

#include "indexer/update/updating.h"

int take_file(struct updating *r, struct job *j, const struct scan_file *f, struct err *e);

#endif
