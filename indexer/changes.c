// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/changes.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/journal.h"

struct change {
    struct change *next;
    struct slice id;
    int64_t balance;
    struct slice record; /* of the one that went */
};

static struct change *change_of(struct changes *c, struct slice id, struct err *e)
{
    bool added;
    struct map_entry *at = map_at(&c->balance, &c->arena, id, &added);
    if (at && !added)
        return at->at;
    struct change *one = at ? arena_alloc(&c->arena, sizeof *one) : NULL;
    if (!one) {
        err_memory(e);
        return NULL;
    }
    *one = (struct change){.id = at->key};
    at->at = one;
    if (c->last)
        c->last->next = one;
    else
        c->first = one;
    c->last = one;
    return one;
}

static void forget(struct changes *c)
{
    map_free(&c->balance);
    c->balance = (struct map){0};
    c->first = c->last = NULL;
    arena_reset(&c->arena);
}

/* --- the file ------------------------------------------------------------------------------ */

static int append(struct changes *c, uint64_t revision, struct slice events, struct err *e)
{
    struct buf block = {0};
    journal_write_block(&block, revision, day_today(), events);
    if (block.failed) {
        buf_free(&block);
        return err_memory(e);
    }
    size_t done = 0;
    while (done < block.n) {
        ssize_t n = write(c->fd, block.p + done, block.n - done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        done += (size_t)n;
    }
    bool good = done == block.n && fsync(c->fd) == 0;
    buf_free(&block);
    return good ? 0
                : err_set(e, ERR_IO, "%s/journal cannot be written: %s", c->state, strerror(errno));
}

static int write_balance(struct changes *c, uint64_t revision, struct err *e)
{
    struct buf events = {0};
    for (const struct change *v = c->first; v; v = v->next)
        for (int64_t k = v->balance; k; k -= k > 0 ? 1 : -1)
            journal_write_event(&events,
                &(struct journal_event){k > 0, v->id, k > 0 ? slice_of(NULL, 0) : v->record});
    forget(c);
    int rc = events.failed ? err_memory(e) : append(c, revision, buf_view(&events), e);
    buf_free(&events);
    return rc;
}

/* --- all units of an index ----------------------------------------------------------------- */

struct counting {
    struct changes *c;
    struct err *e;
};

static int count_id(void *ctx, struct slice term, uint32_t documents)
{
    struct counting *n = ctx;
    if (term.n != 1 + UNIT_ID_BYTES)
        return 0;
    struct change *v = change_of(n->c, slice_of(term.p + 1, term.n - 1), n->e);
    if (!v)
        return 1;
    v->balance += documents;
    return 0;
}

static int count_all(struct changes *c, struct xdb *db, struct err *e)
{
    struct counting n = {c, e};
    return xdb_terms_each(db, SLICE_LIT("I"), slice_of(NULL, 0), count_id, &n, e) ? -1 : 0;
}

/* --- opening ------------------------------------------------------------------------------- */

static int open_file(struct changes *c, struct err *e)
{
    char path[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/journal", c->state) >= sizeof path)
        return err_set(e, ERR_IO, "%s: the path is too long", c->state);
    bool there = access(path, F_OK) == 0;
    c->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int dir = c->fd < 0 || there ? -1 : open(c->state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = c->fd >= 0 && (there || (dir >= 0 && fsync(dir) == 0));
    if (dir >= 0)
        close(dir);
    return good ? 0 : err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
}

int changes_open(struct changes *c, const char *state, struct xdb *db, uint64_t revision,
    uint64_t *last, struct err *e)
{
    struct journal j;
    struct journal_block b;
    size_t at = 0, whole = 0;
    *c = (struct changes){.state = state, .fd = -1};
    *last = revision;
    if (!state)
        return 0;
    if (journal_open(&j, state, e))
        return -1;
    while (journal_next(&j, &at, &b) && (!db || b.revision <= revision)) {
        whole = b.end;
        if (b.revision > *last)
            *last = b.revision;
    }
    bool torn = whole < j.bytes.n;
    journal_close(&j);
    if (open_file(c, e))
        return -1;
    if (torn && ftruncate(c->fd, (off_t)whole) < 0)
        return err_set(e, ERR_IO, "%s/journal cannot be cut: %s", state, strerror(errno));
    return db && !whole && (count_all(c, db, e) || write_balance(c, revision, e)) ? -1 : 0;
}

void changes_close(struct changes *c)
{
    if (c->state && c->fd >= 0)
        close(c->fd);
    map_free(&c->balance);
    arena_free(&c->arena);
}

/* --- a commit ------------------------------------------------------------------------------ */

int changes_delete(struct changes *c, struct xdb *db, docid_t docid, struct err *e)
{
    struct slice *terms, data;
    size_t n;
    if (!c->state)
        return 0;
    if (xdb_document_terms(db, &c->arena, docid, SLICE_LIT("I"), &terms, &n, e))
        return -1;
    if (n != 1 || terms[0].n != 1 + UNIT_ID_BYTES)
        return 0;
    struct change *v = change_of(c, slice_of(terms[0].p + 1, UNIT_ID_BYTES), e);
    if (!v || xdb_data(db, &c->arena, docid, &data, e))
        return -1;
    v->balance--;
    v->record = data;
    return 0;
}

int changes_put(
    struct changes *c, struct xdb *db, docid_t docid, struct slice id_term, struct err *e)
{
    struct slice data;
    struct err none = {0};
    if (!c->state || id_term.n != 1 + UNIT_ID_BYTES)
        return 0;
    if (db && xdb_data(db, &c->arena, docid, &data, &none) == 0) {
        if (changes_delete(c, db, docid, e))
            return -1;
    } else if (db && none.code != ERR_NOT_FOUND) {
        return err_set(e, none.code, "%s", none.text);
    }
    struct change *v = change_of(c, slice_of(id_term.p + 1, UNIT_ID_BYTES), e);
    if (!v)
        return -1;
    v->balance++;
    return 0;
}

int changes_commit(struct changes *c, uint64_t revision, struct err *e)
{
    return c->state ? write_balance(c, revision, e) : 0;
}

/* --- a rebuild ----------------------------------------------------------------------------- */

/* Takes off what the journal knows to be there. */
static int subtract_known(struct changes *c, struct err *e)
{
    struct journal j;
    struct journal_block b;
    struct journal_event v;
    int rc = journal_open(&j, c->state, e);
    for (size_t at = 0; rc == 0 && journal_next(&j, &at, &b);)
        while (rc == 0 && journal_event(&b.events, &v)) {
            struct change *one = change_of(c, v.id, e);
            rc = one ? 0 : -1;
            if (one)
                one->balance -= v.came ? 1 : -1;
        }
    if (rc == 0)
        journal_close(&j);
    return rc;
}

/* What the units that went had in them, where the old index can still tell. */
static int find_records(struct changes *c, struct xdb *old, struct err *e)
{
    for (struct change *v = c->first; old && v; v = v->next) {
        docid_t *ids;
        size_t n;
        char term[1 + UNIT_ID_BYTES] = "I";
        if (v->balance >= 0)
            continue;
        memcpy(term + 1, v->id.p, UNIT_ID_BYTES);
        if (xdb_postings(old, &c->arena, slice_of(term, sizeof term), 1, 1, &ids, &n, e) ||
            (n && xdb_data(old, &c->arena, ids[0], &v->record, e)))
            return -1;
    }
    return 0;
}

int changes_rebuilt(
    struct changes *c, const char *path, struct xdb *old, uint64_t revision, struct err *e)
{
    struct xdb *db;
    if (!c->state)
        return 0;
    forget(c);
    if (xdb_open(&db, path, e))
        return -1;
    int rc = count_all(c, db, e);
    xdb_close(db);
    return rc || subtract_known(c, e) || find_records(c, old, e) ? -1
                                                                 : write_balance(c, revision, e);
}
