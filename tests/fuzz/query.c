// SPDX-License-Identifier: GPL-2.0-or-later
/* What was typed, to the engine's query. The first byte chooses syntax, match and partial. */
#include "lib/plan.h"
#include "lib/query.h"
#include "tests/fuzz/fuzz.h"

static const struct slice vaults[] = {{"kb", 2}, {"work", 4}};

static struct slice nearest(void *ctx, struct arena *a, struct slice word)
{
    (void)ctx;
    return word.n > 6 ? arena_dup(a, slice_of(word.p, utf8_floor(word, word.n - 1)))
                      : slice_of(NULL, 0);
}

/* One that is well, one that is not, one that asks for itself. */
static struct slice saved(void *ctx, struct slice name)
{
    (void)ctx;
    if (slice_is(name, "a"))
        return SLICE_LIT("muse OR (spark -b*)");
    if (slice_is(name, "b"))
        return SLICE_LIT("((");
    return slice_is(name, "c") ? SLICE_LIT("x @c") : slice_of(NULL, 0);
}

static void plan_it(struct arena *a, struct slice text, const struct query *q, uint8_t how)
{
    struct plan p;
    struct err e = {.at = ERR_NOWHERE};
    struct buf b = {0};
    const struct plan_env env = {.today = day_of(2026, 4, 15),
        .vaults = vaults,
        .n_vaults = 2,
        .nearest = nearest,
        .saved = saved};
    const struct plan_options o = {.match = how / 2 % 3, .partial = how & 64};
    if (plan_make(a, &env, &o, text, q, &p, &e)) {
        fuzz_must_tell(&e);
        MUST(e.at == ERR_NOWHERE || e.at <= text.n);
        return;
    }
    for (int t = 0; t < PLAN_TIERS; t++)
        if (p.tier[t])
            xquery_write(p.tier[t], &b);
    if (p.widest)
        xquery_write(p.widest, &b);
    for (size_t m = 1; m < p.n_words && m < 4; m++) {
        struct err much = {0};
        if (!plan_relax(a, &p, m, &much))
            fuzz_must_tell(&much);
    }
    for (size_t i = 0; i < p.n_warnings; i++)
        MUST(p.warnings[i].n);
    MUST(!b.failed);
    buf_free(&b);
}

void fuzz_try(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct err e = {.at = ERR_NOWHERE};
    struct query q;
    uint8_t how = size ? data[0] : 0;
    struct slice text = fuzz_copy(data + (size > 0), size - (size > 0));
    if ((how & 1 ? query_plain : query_parse)(&a, text, &q, &e)) {
        fuzz_must_tell(&e);
        MUST(e.at == ERR_NOWHERE || e.at <= text.n);
    } else {
        struct buf tree = {0};
        query_write(q.root, &tree);
        MUST(!tree.failed);
        buf_free(&tree);
        plan_it(&a, text, &q, how);
    }
    arena_free(&a);
    free((char *)(uintptr_t)text.p);
}
