// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * frame: messages out of a byte stream, and into one. A connection's first non-blank byte chooses:
 * '{' one JSON object a line, 'C' or 'c' LSP headers ("Content-Length: N\r\n\r\n"). Fed byte by
 * byte or all at once it gives the same messages. No I/O here.
 */
#ifndef KB_FRAME_H
#define KB_FRAME_H

#include "lib/buf.h"
#include "lib/err.h"

enum frame_style { FRAME_UNKNOWN, FRAME_LINES, FRAME_HEADERS };

struct frame {
    enum frame_style style;
    struct buf in;  /* what was fed and not yet taken */
    size_t taken;   /* bytes of `in` already given out */
    size_t scanned; /* bytes behind `taken` known to hold no message end */
    size_t max;     /* longest message, in bytes */
};

void frame_init(struct frame *f, size_t max);
void frame_free(struct frame *f);
/* -1: out of memory. */
int frame_feed(struct frame *f, struct slice bytes, struct err *e);
/* 1: *message is the next one (it lives until the next feed). 0: more bytes are needed. -1: the
 * stream cannot go on (ERR_REQUEST what to send instead, ERR_TOO_LARGE): answer once, close. */
int frame_next(struct frame *f, struct slice *message, struct err *e);
/* Fed and not given out. After frame_next said 0: the beginning of a message, or nothing. */
struct slice frame_rest(const struct frame *f);
/* Appends `message` as this style frames it (FRAME_UNKNOWN as a line). */
void frame_write(enum frame_style style, struct slice message, struct buf *out);

#endif
