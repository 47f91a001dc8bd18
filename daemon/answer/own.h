// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * own: the dated bullets of a note that is no digest, its events, and the digests they link to.
 */
#ifndef KB_OWN_H
#define KB_OWN_H

#include "daemon/answer/answer.h"
#include "lib/xquery.h"

struct own_event {
    docid_t id;
    struct record rec;
    struct slice *links; /* link keys (schema.h) of what its text links to */
    size_t n_links;
};
struct own_events {
    struct own_event *v; /* by docid */
    size_t n;
};

/* The events of the notes with these heads. NULL: see e. */
struct xquery *own_events_of(struct answer *w, const struct xquery *heads, struct err *e);
/* Reads those that q matches. */
int own_events_read(
    struct answer *w, const struct xquery *q, struct own_events *out, struct err *e);
const struct own_event *own_event_at(const struct own_events *events, docid_t id);

/* "2026-04-09-AI-Digest" of "daily/2026-04-09-AI-Digest.md" */
struct slice own_base_name(struct slice rel);
/* Whether the event speaks of this unit's note: it links to it, or its day is written out. */
bool own_event_links(const struct own_event *v, struct arena *a, const struct record *rec);
/* Whether one of the words of a token_key is this. */
bool own_has_word(struct slice key, struct slice word);

#endif
