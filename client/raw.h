// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * raw: where the members of a JSON text stand, for output byte for byte as the daemon wrote it.
 * The text has been parsed before and found good; on anything else the answers are empty.
 */
#ifndef KB_CLIENT_RAW_H
#define KB_CLIENT_RAW_H

#include "lib/slice.h"

/* The value of the object's member, {NULL, 0} if there is none. `key` is plain ASCII. */
struct slice raw_member(struct slice object, const char *key);
/* The next element of an array of objects: *rest is the array at first, then what was left there.
 */
bool raw_next(struct slice *rest, struct slice *element);

#endif
