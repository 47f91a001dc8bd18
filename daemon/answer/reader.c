// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/answer.h"

#include "daemon/answer/census.h"
#include "lib/json.h"
#include "lib/spell.h"

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

void reader_free(struct reader *r)
{
    index_reader_free(&r->index);
    xstem_free(r->stem);
    arena_free(&r->kept);
    spell_free(r->spell);
    census_free(r->census);
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

int reader_refresh(struct reader *r, struct err *e)
{
    if (index_reader_refresh(&r->index, e)) {
        r->loaded = 0;
        return -1;
    }
    if (r->loaded == r->index.revision + 1 && strcmp(r->loaded_of, r->index.uuid) == 0)
        return 0;
    r->loaded = 0;
    r->n_vaults = 0;
    arena_reset(&r->kept);
    if (load_vaults(r, e))
        return -1;
    r->loaded = r->index.revision + 1;
    memcpy(r->loaded_of, r->index.uuid, sizeof r->loaded_of);
    return 0;
}
