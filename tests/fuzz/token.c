// SPDX-License-Identifier: GPL-2.0-or-later
/* Text to tokens. */
#include "lib/token.h"
#include "tests/fuzz/fuzz.h"

static void look_at(const struct token *t, const struct token *before, size_t n)
{
    MUST(t->begin < t->end && t->end <= n);
    MUST(t->term.n && t->term.n <= TOKEN_TERM_MAX && utf8_valid(t->term) == t->term.n);
    MUST(t->plain.n <= TOKEN_TERM_MAX && utf8_valid(t->plain) == t->plain.n);
    MUST(t->pos && t->span);
    MUST(!before || (t->pos >= TOKEN_ASIDE) != (before->pos >= TOKEN_ASIDE) ||
         t->pos >= before->pos);
    MUST(!before || t->group >= before->group);
}

static bool same(const struct tokens *a, const struct tokens *b)
{
    bool equal = a->n == b->n;
    for (size_t i = 0; equal && i < a->n; i++)
        equal = slice_eq(a->v[i].term, b->v[i].term) && a->v[i].pos == b->v[i].pos &&
                a->v[i].kind == b->v[i].kind;
    return equal;
}

void fuzz_try(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct err e = {0};
    struct tokens once = {0}, again = {0};
    struct slice s = fuzz_copy(data, size);
    MUST(tokenize(&a, s, &once, &e) == 0 && tokenize(&a, s, &again, &e) == 0);
    MUST(same(&once, &again));
    for (size_t i = 0; i < once.n; i++) {
        look_at(&once.v[i], i ? &once.v[i - 1] : NULL, s.n);
        MUST(once.v[i].group < once.groups);
    }
    struct slice key = token_key(&a, s);
    MUST(utf8_valid(key) == key.n);
    arena_free(&a);
    free((char *)(uintptr_t)s.p);
}
