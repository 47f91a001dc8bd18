// SPDX-License-Identifier: GPL-2.0-or-later
/* uri: bytes in and out of percent-encoding. */
#ifndef KB_URI_H
#define KB_URI_H

#include "lib/arena.h"
#include "lib/buf.h"

/* Appends s with everything but unreserved characters, and '/' where `path`, percent-encoded. */
void uri_escape(struct buf *out, struct slice s, bool path);
/* Decodes into the arena; {NULL, 0}: badly encoded, a NUL in it, or out of memory. */
struct slice uri_unescape(struct arena *a, struct slice s);

#endif
