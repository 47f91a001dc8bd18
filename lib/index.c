// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/index.h"

#include "lib/postings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/schema.h"
#include "lib/shards.h"

enum {
    MAX_TRIES = 3,       /* swaps and commits borne within one refresh */
    FILES_OF_READER = 6, /* Xapian's tables, all open at once */
    MAX_KINDS = 16       /* of units, looked at */
};

int index_reader_init(struct index_reader *r, const char *dir, struct err *e)
{
    *r = (struct index_reader){.folder = -1, .commit = {.file = -1}};
    r->dir = strdup(dir);
    return r->dir ? 0 : err_memory(e);
}

static void let_go(struct index_reader *r)
{
    xdb_close(r->db);
    r->db = NULL;
    if (r->folder >= 0)
        close(r->folder);
    r->folder = -1;
    commit_release(&r->commit);
}

void index_reader_free(struct index_reader *r)
{
    if (!r->dir)
        return;
    let_go(r);
    shards_free(r->shards);
    r->shards = NULL;
    free(r->dir);
    r->dir = NULL;
}

/* --- errors -------------------------------------------------------------------------------- */

static int out_of_files(const struct index_reader *r, struct err *e)
{
    return err_set(e, ERR_BUSY, "too few file descriptors to read index %s: ask again", r->dir);
}

static int unreachable(const struct index_reader *r, int why, struct err *e)
{
    if (why == ENOENT)
        return err_set(e, ERR_NO_INDEX, "no index at %s: run kbindex VAULT", r->dir);
    if (why == EMFILE || why == ENFILE)
        return out_of_files(r, e);
    return err_set(e, ERR_NO_INDEX, "cannot read the index at %s: %s: run ls -ld %s", r->dir,
        strerror(why), r->dir);
}

static bool short_of_files(void)
{
    int fd[FILES_OF_READER], n = 0;
    while (n < FILES_OF_READER && (fd[n] = open("/", O_PATH | O_CLOEXEC)) >= 0)
        n++;
    bool is_short = n < FILES_OF_READER && (errno == EMFILE || errno == ENFILE);
    while (n)
        close(fd[--n]);
    return is_short;
}

/* Makes `why`, which came from deeper down, a message about this index. */
static int reworded(const struct index_reader *r, const struct err *why, struct err *e)
{
    switch (why->code) {
    case ERR_MEMORY:
        return err_memory(e);
    case ERR_BUSY:
        return err_set(e, ERR_BUSY, "index %s changes too fast to be read: ask again", r->dir);
    case ERR_SCHEMA:
        return r->db ? err_set(e, ERR_SCHEMA, "index %s %s", r->dir, why->text)
                     : err_set(e, ERR_SCHEMA,
                           "index %s: not of the format that Xapian here reads: %s: run kbindex "
                           "--full",
                           r->dir, why->text);
    default:
        if (short_of_files())
            return out_of_files(r, e);
        return err_set(
            e, ERR_DAMAGED, "index %s is damaged: %s: run kbindex --full", r->dir, why->text);
    }
}

/* --- what it is ---------------------------------------------------------------------------- */

static int metadata_number(
    struct index_reader *r, struct arena *a, const char *key, uint64_t *value, struct err *e)
{
    struct slice text;
    if (xdb_metadata(r->db, a, slice_str(key), &text, e) < 0)
        return -1;
    *value = text.n ? strtoull(text.p, NULL, 10) : 0;
    return 0;
}

static int identify(struct index_reader *r, struct arena *a, struct err *e)
{
    uint64_t schema;
    struct slice uuid;
    if (metadata_number(r, a, "schema", &schema, e) < 0 ||
        metadata_number(r, a, "revision", &r->revision, e) < 0 ||
        xdb_metadata(r->db, a, SLICE_LIT("uuid"), &uuid, e) < 0)
        return -1;
    r->schema = schema;
    if (schema != SCHEMA_VERSION)
        return err_set(e, ERR_SCHEMA, "has schema %llu, this program needs %d: run %s",
            (unsigned long long)schema, SCHEMA_VERSION,
            schema < SCHEMA_VERSION ? "kbindex, which makes it anew"
                                    : "the newer kbindex that made it, or kbindex --full");
    if (uuid.n != sizeof r->uuid - 1)
        return err_set(e, ERR_DAMAGED, "it has no uuid");
    memcpy(r->uuid, uuid.p, uuid.n);
    r->uuid[uuid.n] = '\0';
    return 0;
}

/* --- its health ---------------------------------------------------------------------------- */

static int check_file(const struct index_reader *r, const char *name, bool needed, struct err *e)
{
    int fd = openat(r->folder, name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT && !needed)
        return 0;
    if (fd < 0)
        return err_set(e, ERR_DAMAGED, "%s: %s", name, strerror(errno));
    struct stat st;
    bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    close(fd);
    return regular ? 0 : err_set(e, ERR_DAMAGED, "%s is no regular file", name);
}

/* Xapian makes docdata only when there is something to put in, and none of words' places. */
static int check_files(const struct index_reader *r, struct err *e)
{
    static const struct {
        const char *name;
        bool needed;
    } files[] = {{"iamglass", true}, {"postlist.glass", true}, {"termlist.glass", true},
        {"docdata.glass", false}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (check_file(r, files[i].name, files[i].needed, e) < 0)
            return -1;
    return 0;
}

struct kinds {
    struct arena *a;
    struct slice term[MAX_KINDS];
    size_t n;
};

static int add_kind(void *ctx, struct slice term, uint32_t documents)
{
    struct kinds *kinds = ctx;
    (void)documents;
    if (kinds->n == MAX_KINDS)
        return 1;
    struct slice copy = arena_dup(kinds->a, term);
    if (copy.p)
        kinds->term[kinds->n++] = copy;
    return !copy.p;
}

/* ASCII letters alone are a base token's exact form (schema.h); others may be without a place. */
static bool has_place(struct slice term)
{
    for (size_t i = 0; i < term.n; i++)
        if (term.p[i] < 'a' || term.p[i] > 'z')
            return false;
    return true;
}

/* 1 when a unit could be read whole, 0 when it has no word of its own to tell by. */
static int check_unit(struct index_reader *r, struct arena *a, struct slice kind, struct err *e)
{
    docid_t *id;
    size_t n, n_terms;
    struct slice data, *terms, sequence;
    if (xdb_postings(r->db, a, kind, 1, 1, &id, &n, e) < 0)
        return -1;
    if (n == 0)
        return 0;
    if (xdb_data(r->db, a, *id, &data, e) < 0 ||
        xdb_document_terms(r->db, a, *id, SLICE_LIT(""), &terms, &n_terms, e) < 0 ||
        xdb_value(r->db, a, *id, SLOT_SEQUENCE, &sequence, e) < 0)
        return -1;
    if (data.n == 0)
        return err_set(e, ERR_DAMAGED, "docdata.glass gives no data for unit %u", *id);
    for (size_t i = 0; i < n_terms; i++)
        if (has_place(terms[i]))
            return sequence.n
                       ? 1
                       : err_set(e, ERR_DAMAGED, "postlist.glass tells no words of unit %u", *id);
    return 0;
}

static int check_units(struct index_reader *r, struct arena *a, struct err *e)
{
    struct xdb_info info;
    struct kinds kinds = {.a = a};
    if (xdb_info(r->db, &info, e) < 0)
        return -1;
    if (info.documents == 0)
        return 0;
    if (xdb_terms_each(r->db, SLICE_LIT("K"), SLICE_LIT(""), add_kind, &kinds, e) < 0)
        return -1;
    if (kinds.n == 0)
        return err_set(e, ERR_DAMAGED, "it has units but no kind of unit");
    for (size_t i = 0; i < kinds.n; i++) {
        int told = check_unit(r, a, kinds.term[i], e);
        if (told)
            return told < 0 ? -1 : 0;
    }
    return 0;
}

/* --- what is not to be read ---------------------------------------------------------------- */

void index_reader_shun(struct index_reader *r, unsigned seconds)
{
    struct stat st;
    if (!commit_stat(r->dir, &st))
        return;
    r->shunned.dev = st.st_dev;
    r->shunned.ino = st.st_ino;
    r->shunned.changed = st.st_ctim;
    clock_gettime(CLOCK_MONOTONIC, &r->shunned.until);
    r->shunned.until.tv_sec += seconds;
}

static bool is_shunned(struct index_reader *r)
{
    struct stat st;
    struct timespec now;
    if (!r->shunned.ino)
        return false;
    clock_gettime(CLOCK_MONOTONIC, &now);
    bool same = commit_stat(r->dir, &st) && st.st_dev == r->shunned.dev &&
                st.st_ino == r->shunned.ino && st.st_ctim.tv_sec == r->shunned.changed.tv_sec &&
                st.st_ctim.tv_nsec == r->shunned.changed.tv_nsec;
    if (!same || now.tv_sec >= r->shunned.until.tv_sec)
        r->shunned.ino = 0;
    return r->shunned.ino != 0;
}

/* --- coming to the newest commit ----------------------------------------------------------- */

/* Takes note of the revision, all of it from one. */
static int take_stock(struct index_reader *r, struct err *e)
{
    for (int tries = 0; tries < MAX_TRIES; tries++) {
        struct arena a = {0};
        r->moves = xdb_moves(r->db);
        int status = identify(r, &a, e) || check_units(r, &a, e) ? -1 : 0;
        arena_free(&a);
        if (status < 0 || xdb_moves(r->db) == r->moves)
            return status;
    }
    return err_set(e, ERR_BUSY, "too many commits");
}

static bool is_ours(const struct index_reader *r, const struct stat *folder)
{
    return r->dev == folder->st_dev && r->ino == folder->st_ino;
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* Opens what `current` leads to by its own name: by that of the link, Xapian's reopen would mix
 * the tables of two folders. */
static int open_anew(struct index_reader *r, const char *current, struct err *e)
{
    struct stat st;
    char *path = realpath(current, NULL);
    if (!path)
        return err_set(e, ERR_MISSING, "%s: %s", current, strerror(errno));
    r->folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int status = -1;
    if (r->folder < 0 || fstat(r->folder, &st) < 0) {
        err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    } else {
        r->dev = st.st_dev;
        r->ino = st.st_ino;
        status = check_files(r, e) || xdb_open(&r->db, path, e) ||
                         postings_limit(r->db, r->memory, e) || take_stock(r, e)
                     ? -1
                     : 0;
    }
    free(path);
    return status;
}

static int follow(struct index_reader *r, struct err *e)
{
    if (xdb_reopen(r->db, e) < 0)
        return -1;
    if (xdb_moves(r->db) == r->moves)
        return 0;
    return check_files(r, e) || take_stock(r, e) ? -1 : 0;
}

static int refresh(struct index_reader *r, const char *current, struct err *e)
{
    struct stat before, after;
    if (r->db && !xdb_is_half_read(r->db) && commit_is_newest(&r->commit, r->dir))
        return 0;
    for (int tries = 0;; tries++) {
        if (stat(current, &before) < 0)
            return unreachable(r, errno, e);
        if (r->db && (!is_ours(r, &before) || xdb_is_half_read(r->db)))
            let_go(r);
        commit_hold(&r->commit, r->dir); /* before: what comes between is one look more */
        struct err why = {0};
        int status = r->db ? follow(r, &why) : open_anew(r, current, &why);
        bool swapped = stat(current, &after) < 0 || !is_same(&before, &after) ||
                       (status == 0 && !is_ours(r, &after));
        if (status == 0 && !swapped)
            return 0;
        if (!swapped)
            return reworded(r, &why, e);
        if (tries == MAX_TRIES)
            return err_set(e, ERR_BUSY, "index %s is replaced too often: ask again", r->dir);
        let_go(r);
    }
}

static int refresh_shards(struct index_reader *r, struct err *e)
{
    memcpy(r->uuid, r->shards->uuid, sizeof r->uuid);
    return shards_refresh(r->shards, &r->db, &r->revision, e);
}

int index_reader_refresh(struct index_reader *r, struct err *e)
{
    if (r->shards)
        return refresh_shards(r, e);
    if (is_shunned(r))
        return err_set(
            e, ERR_DAMAGED, "index %s is damaged: reading it crashed: run kbindex --full", r->dir);
    struct arena a = {0};
    char *current = arena_printf(&a, "%s/current", r->dir);
    int status = current ? refresh(r, current, e) : err_memory(e);
    arena_free(&a);
    if (status < 0)
        let_go(r);
    return status;
}
