// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * batch: writing to an index in commits. A transaction opens with the first thing written and takes
 * in whole notes; every commit carries its revision, the next free numbers and the counts, so that
 * no two of them disagree. A run that writes nothing opens no writer and makes no commit.
 *
 * Commits of an index that is being read keep two seconds' distance, since a reader survives one
 * commit under way, not two. A new generation has no readers and needs no such pause.
 */
#ifndef KB_BATCH_H
#define KB_BATCH_H

#include "indexer/changes.h"
#include "indexer/doc.h"

struct batch {
    /* set by the caller before batch_begin */
    const char *path;     /* of the database */
    bool create;          /* a new generation */
    unsigned part, parts; /* scan.h; numbers of notes differ between parts */
    struct xdb *old;      /* the present index, or NULL */
    /* Called before each commit, for what the caller has to write with it. */
    int (*closing)(void *ctx, struct err *e);
    void *ctx;
    struct changes *changes; /* told of every unit that comes or goes; or NULL */

    uint64_t revision; /* of the next commit */
    char uuid[33];
    int64_t notes, kinds[UNIT_KINDS];
    bool wrote;  /* at least one commit was made */
    bool failed; /* one was tried and was not */

    struct xwriter *writer;
    struct xdoc *doc;
    struct arena arena;
    struct map days; /* next free numbers, those of this run */
    uint32_t next_note, next_undated;
    size_t bytes;
    uint64_t last_ns;
    bool open;
};

/* Reads revision, numbers and counts of `old`. */
int batch_begin(struct batch *b, struct err *e);
/* What was not committed is gone. */
void batch_end(struct batch *b);

/* Where what is written can be looked up: the writer's own view, else `old`; NULL for neither. */
struct xdb *batch_db(struct batch *b);

int batch_note_number(struct batch *b, uint32_t *number, struct err *e);
/* The next free docid of a day (schema.h). */
int batch_docid(struct batch *b, day_t day, docid_t *docid, struct err *e);
int batch_put(struct batch *b, docid_t docid, const struct doc *d, struct err *e);
int batch_put_data(struct batch *b, docid_t docid, struct slice data, struct err *e);
int batch_delete(struct batch *b, docid_t docid, struct err *e);
int batch_set(struct batch *b, struct slice key, struct slice value, struct err *e);

/* Between two notes: commits if it is time. */
int batch_pause(struct batch *b, struct err *e);
/* Commits what is open, if anything is. */
int batch_commit(struct batch *b, struct err *e);

#endif
