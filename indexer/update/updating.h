// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * updating: one run of update.h: its vaults, the index that is read, and the one that is written.
 * It lives as long as update_run.
 */
#ifndef KB_UPDATE_UPDATING_H
#define KB_UPDATE_UPDATING_H

#include "indexer/batch.h"
#include "indexer/build.h"
#include "indexer/changes.h"
#include "indexer/doc.h"
#include "indexer/map.h"
#include "indexer/progress.h"
#include "indexer/scan.h"
#include "indexer/state.h"
#include "indexer/update.h"
#include "lib/index.h"

/* The numbers that notes on their way out leave to equal texts, one list a text. */
struct freed {
    struct freed *next;
    uint32_t nth;
};

struct job {
    const struct vault *vault;
    int fd;      /* -1: the vault is not there */
    bool wanted; /* to be brought up to date */
    bool reread; /* its settings changed */
    bool keep;   /* what vanished stays: too much of it at once */
    struct scan scan;
    struct state_note *old; /* what the index remembers, by rel */
    size_t n_old;
    struct map freed;   /* text hashes to struct freed */
    struct map numbers; /* text hashes to the next number to try */
    int64_t notes, units;
    size_t added, changed, removed, unreadable;
    size_t units_added, units_changed, units_removed, units_moved;
};

struct updating {
    struct update *u;
    struct arena arena; /* the run's */
    struct arena note;  /* the present note's */
    struct index_reader reader;
    struct batch batch;
    struct doc_builder builder;
    struct buf bytes;
    struct job *jobs;
    size_t n_jobs;
    struct slice *orphans; /* vaults of the index that are not in u->vaults */
    size_t n_orphans, cap_orphans;
    struct progress progress;
    struct changes changes;
    struct build build; /* of a new generation */
    bool older;         /* the present one has an older schema; what it holds is not known */
};

/* Tells of a problem, once where somebody keeps count (update_ears); `rel` is empty for the vault.
 */
void updating_tell(struct updating *r, struct job *j, struct slice rel, const char *what);
/* The same of input that was not read. */
void updating_unreadable(struct updating *r, struct job *j, struct slice rel, const char *what);

#endif
