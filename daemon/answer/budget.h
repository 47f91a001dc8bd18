// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * budget: how many bytes a hit takes in a reply, so that an answer ends before it grows over what
 * was asked for (`budget_bytes`). Counts are never too small, and larger by a few dozen bytes.
 */
#ifndef KB_BUDGET_H
#define KB_BUDGET_H

#include "daemon/answer/answer.h"

enum {
    BUDGET_FRAME = 700, /* of a reply without its hits and the strings of its head */
    BUDGET_FACET = 60   /* of a facet or one of its values, without the strings */
};

/* Of a string in JSON. */
size_t budget_string(struct slice s);
size_t budget_hit(const struct hit *h);
/* Cuts the text, at a line's end where one is near, until the hit takes at most `most` bytes, and
 * sets `truncated`. false: even without text it takes more. */
bool budget_cut(struct hit *h, size_t most);

#endif
