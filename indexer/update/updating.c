// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/update/updating.h"

#include "lib/hash.h"
#include "lib/log.h"

void updating_tell(struct updating *r, struct job *j, struct slice rel, const char *what)
{
    const struct update_ears *ears = r->u->ears;
    uint64_t hash = hash64(slice_str(what), hash64(rel, hash64(j->vault->path, 0)));
    r->u->problems = true;
    if (ears && !ears->problem(ears->ctx, hash))
        return;
    progress_clear(&r->progress);
    log_line(LOG_ERROR, "%s%s%.*s: %s", j->vault->path.p, rel.n ? "/" : "", (int)rel.n,
        rel.n ? rel.p : "", what);
}

void updating_unreadable(struct updating *r, struct job *j, struct slice rel, const char *what)
{
    updating_tell(r, j, rel, what);
    j->unreadable++;
}
