// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/answer.h"

#include <stdlib.h>

#include "daemon/answer/census.h"
#include "daemon/answer/fold.h"
#include "lib/json.h"
#include "lib/postings.h"
#include "lib/resolve.h"
#include "lib/shards.h"
#include "lib/spell.h"

struct languages {
    struct arena *a;
    struct language {
        struct slice name;
        uint32_t notes;
    } * v;
    size_t n, cap;
};

static int keep_language(void *ctx, struct slice term, uint32_t notes)
{
    struct languages *l = ctx;
    struct slice name = arena_dup(l->a, slice_of(term.p + 1, term.n - 1));
    return name.p && ARENA_PUSH(l->a, l->v, l->n, l->cap, (struct language){name, notes}) ? 0 : 1;
}

static int by_notes(const void *x, const void *y)
{
    const struct language *a = x, *b = y;
    return a->notes != b->notes ? (a->notes < b->notes ? 1 : -1) : slice_cmp(a->name, b->name);
}

/* The stemmers of the languages that the notes have. */
static int load_languages(struct reader *r, struct err *e)
{
    struct languages l = {.a = &r->kept};
    int rc = xdb_terms_each(r->index.db, SLICE_LIT("Y"), SLICE_LIT(""), keep_language, &l, e);
    if (rc)
        return rc < 0 ? -1 : err_memory(e);
    if (!l.n)
        return 0;
    qsort(l.v, l.n, sizeof *l.v, by_notes);
    struct xstem *all;
    if (xstem_new(&all, l.v[0].name.p, e))
        return -1;
    for (size_t i = 1; i < l.n && i < RESOLVE_LANGUAGES; i++)
        if (xstem_add(all, l.v[i].name.p, e)) {
            xstem_free(all);
            return -1;
        }
    xstem_free(r->stem);
    r->stem = all;
    return 0;
}

int reader_init(struct reader *r, const char *db_dir, struct err *e)
{
    *r = (struct reader){.asof = DAY_NONE, .spelled_asof = DAY_NONE};
    if (index_reader_init(&r->index, db_dir, e))
        return -1;
    if (xstem_new(&r->stem, "english", e)) {
        index_reader_free(&r->index);
        return -1;
    }
    return 0;
}

int reader_shards(struct reader *r, const struct config *c, struct err *e)
{
    return shards_new(&r->index.shards, c, e);
}

void reader_rest(struct reader *r)
{
    if (r->index.db)
        postings_rest(r->index.db);
    arena_free(&r->scratch);
}

void reader_free(struct reader *r)
{
    index_reader_free(&r->index);
    xstem_free(r->stem);
    arena_free(&r->scratch);
    arena_free(&r->kept);
    arena_free(&r->synonyms.arena);
    spell_free(r->spell);
    census_free(r->census);
    folds_free(r->folds);
    *r = (struct reader){0};
}

static int load_vaults(struct reader *r, struct err *e)
{
    struct slice text;
    if (xdb_metadata(r->index.db, &r->kept, SLICE_LIT("vaults"), &text, e))
        return -1;
    if (!text.n)
        return 0;
    struct err bad = {0};
    struct json *root = json_parse(text, &bad);
    if (bad.code == ERR_MEMORY)
        return err_memory(e);
    if (!root)
        return err_set(e, ERR_DAMAGED,
            "the index %s has an unreadable list of vaults: %s: "
            "run kbindex --full",
            r->index.dir, bad.text);
    size_t n = json_len(root);
    r->vaults = arena_array(&r->kept, n, sizeof *r->vaults);
    for (size_t i = 0; r->vaults && i < n; i++) {
        const struct json *v = json_at(root, i);
        r->vaults[i].name = arena_dup(&r->kept, json_text(json_get(v, "name")));
        r->vaults[i].path = arena_dup(&r->kept, json_text(json_get(v, "path")));
    }
    json_free(root);
    if (!r->vaults)
        return err_memory(e);
    r->n_vaults = n;
    return 0;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
           a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static void read_synonyms(struct reader *r, const char *path, const struct stat *now)
{
    struct err e = {0};
    arena_reset(&r->synonyms.arena);
    r->synonyms.as = *now;
    r->synonyms.fault = (struct slice){0};
    r->synonyms.read = (struct synonyms){0};
    if (!now->st_ino || synonyms_load(&r->synonyms.arena, path, &r->synonyms.read, &e) == 0)
        return;
    r->synonyms.read = (struct synonyms){0};
    if (e.code == ERR_MEMORY)
        r->synonyms.as = (struct stat){0};
    else
        r->synonyms.fault = arena_dup(&r->synonyms.arena, slice_str(e.text));
}

const struct synonyms *reader_synonyms(struct reader *r, const char *path, struct slice *fault)
{
    struct stat now;
    if (!path || stat(path, &now))
        now = (struct stat){0};
    if (!same_file(&now, &r->synonyms.as))
        read_synonyms(r, path, &now);
    *fault = r->synonyms.fault;
    return r->synonyms.read.n ? &r->synonyms.read : NULL;
}

const day_t *reader_asof(const struct reader *r)
{
    return r->asof == DAY_NONE ? NULL : &r->asof;
}

void reader_lend(struct reader *r, uint64_t deadline_ns, const atomic_bool *stop)
{
    r->deadline_ns = deadline_ns;
    r->stop = stop;
    if (r->index.shards)
        r->index.shards->deadline_ns = deadline_ns;
    if (r->index.db)
        xdb_watch(r->index.db, deadline_ns, stop);
}

/* A look at the tables that is broken off would be taken for a fault of theirs. */
static int refresh_index(struct reader *r, struct err *e)
{
    if (r->index.db)
        xdb_watch(r->index.db, 0, NULL);
    int rc = index_reader_refresh(&r->index, e);
    if (r->index.db)
        xdb_watch(r->index.db, r->deadline_ns, r->stop);
    return rc;
}

int reader_refresh(struct reader *r, struct err *e)
{
    r->asof = DAY_NONE;
    if (refresh_index(r, e)) {
        r->loaded = 0;
        return -1;
    }
    if (r->loaded == r->index.revision + 1 && strcmp(r->loaded_of, r->index.uuid) == 0)
        return 0;
    r->loaded = 0;
    r->n_vaults = 0;
    arena_reset(&r->kept);
    if (load_vaults(r, e) || load_languages(r, e))
        return -1;
    r->loaded = r->index.revision + 1;
    memcpy(r->loaded_of, r->index.uuid, sizeof r->loaded_of);
    return 0;
}
