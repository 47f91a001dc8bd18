// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * raw: where the members of a JSON text stand: for output byte for byte as the daemon wrote it, and
 * for parsing no more of an answer than is printed. What is no JSON gives answers that are empty or
 * no JSON either.
 */
#ifndef KB_CLIENT_RAW_H
#define KB_CLIENT_RAW_H

#include "lib/buf.h"
#include "lib/slice.h"

/* The value of the object's member, {NULL, 0} if there is none. `key` is plain ASCII. */
struct slice raw_member(struct slice object, const char *key);
/* The next element of an array of objects: *rest is the array at first, then what was left there.
 */
bool raw_next(struct slice *rest, struct slice *element);
/* Appends the reply, of whose result's hits (objects) only the members of these names are left;
 * `keys` ends with NULL. A reply without hits is appended as it is. */
void raw_pick(struct slice reply, const char *const *keys, struct buf *out);

#endif
