// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/lexicon.h"

#include "lib/spell.h"

/* Words of one unit alone are often misspelt themselves; a small index has no others. */
enum { SMALL_INDEX = 2000 /* units */ };

struct gathering {
    struct spell *spell;
    uint32_t least; /* units a word must be in */
    struct err *e;
    bool failed;
};

static int add_word(void *ctx, struct slice term, uint32_t documents)
{
    struct gathering *g = ctx;
    if (documents >= g->least)
        g->failed = spell_add(g->spell, term, documents, g->e) < 0;
    return g->failed;
}

static int gather(struct reader *r, struct err *e)
{
    struct xdb_info info;
    struct gathering g = {.e = e};
    if (xdb_info(r->index.db, &info, e) || spell_new(&g.spell, e))
        return -1;
    g.least = info.documents < SMALL_INDEX ? 1 : 2;
    /* Below 'a' are digits, marks and the capitals that prefix every other kind of term. */
    if (xdb_terms_each(r->index.db, SLICE_LIT(""), SLICE_LIT("a"), add_word, &g, e) < 0 ||
        g.failed) {
        spell_free(g.spell);
        return -1;
    }
    spell_done(g.spell);
    spell_free(r->spell);
    r->spell = g.spell;
    r->spelled = r->loaded;
    return 0;
}

struct slice lexicon_nearest(void *reader, struct arena *a, struct slice word)
{
    struct reader *r = reader;
    struct spell_word found;
    struct err ignored = {0};
    if ((r->spelled != r->loaded && gather(r, &ignored)) ||
        spell_nearest(r->spell, a, word, &found, &ignored))
        return (struct slice){0};
    return found.text;
}
