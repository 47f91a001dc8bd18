// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/match/places.h"

#include <stdlib.h>

#include "lib/buf.h"
#include "lib/match/list.h"
#include "lib/schema.h"
#include "lib/sequence.h"
#include "lib/xquery.h"

bool places_matter(const struct xquery *q)
{
    return (q->op == XQ_PHRASE || q->op == XQ_NEAR) && q->n_kids > 1;
}

bool places_matter_within(const struct xquery *q, unsigned level)
{
    if (places_matter(q) || level > MATCHER_LEVELS)
        return true;
    for (size_t i = 0; i < q->n_kids; i++)
        if (places_matter_within(q->kids[i], level + 1))
            return true;
    return false;
}

uint64_t *places_words(struct arena *a, const struct xquery *q, struct err *e)
{
    uint64_t *words = arena_array(a, q->n_kids, sizeof *words);
    if (!words) {
        err_memory(e);
        return NULL;
    }
    for (size_t i = 0; i < q->n_kids; i++)
        words[i] = sequence_word(q->kids[i]->term);
    return words;
}

int places_stand(struct arena *a, const struct xquery *q, const uint64_t *words,
    struct slice sequence, bool *so, struct err *e)
{
    return sequence_holds(a, sequence, words, q->n_kids, q->window, q->op == XQ_NEAR, so, e);
}

struct asking {
    struct matcher *m;
    struct arena room; /* for one document */
    const struct xquery *q;
    const uint64_t *words;
    uint16_t *is;
};

static int ask_one(void *ctx, size_t at, struct slice sequence)
{
    struct asking *k = ctx;
    bool holds;
    arena_reset(&k->room);
    if (places_stand(&k->room, k->q, k->words, sequence, &holds, k->m->e))
        return 1;
    k->is[at] = holds;
    return 0;
}

/* Which of the documents, that hold all the words, have them side by side. */
static int ask_places(
    struct matcher *m, const struct xquery *q, const uint32_t *at, size_t n, uint16_t *is)
{
    docid_t *ids = matcher_raw(m, n, sizeof *ids);
    uint64_t *words = places_words(m->scratch, q, m->e);
    struct asking k = {.m = m, .q = q, .words = words, .is = is};
    if (!ids || !words)
        return -1;
    for (size_t i = 0; i < n; i++) {
        ids[i] = m->docs->ids[at[i]];
        is[i] = 0;
    }
    int rc = xdb_values(m->db, SLOT_SEQUENCE, ids, n, ask_one, &k, m->e);
    arena_free(&k.room);
    return rc ? -1 : 0;
}

/* What the words' places are kept under. */
static struct slice phrase_name(struct matcher *m, const struct xquery *q)
{
    struct buf name = {0};
    buf_char(&name, '\1');
    xquery_write(q, &name);
    struct slice kept = arena_take(m->scratch, &name);
    if (!kept.p)
        err_memory(m->e);
    return kept;
}

/* Those of the batch that were never asked about. */
static size_t unasked(const struct matcher *m, const struct posting_list *known, uint32_t *at)
{
    size_t n = 0, k = 0;
    for (size_t i = 0; i < m->batch.n; i++) {
        k = seek_from(known->at, known->n, k, m->batch.at[i]);
        if (k == known->n || known->at[k] != m->batch.at[i])
            at[n++] = m->batch.at[i];
    }
    return n;
}

static int note_places(struct matcher *m, struct posting_list *known, const uint32_t *new_at,
    const uint16_t *new_is, size_t n)
{
    size_t all = known->n + n, i = 0, k = 0;
    uint32_t *at = malloc(all * sizeof *at);
    uint16_t *is = malloc(all * sizeof *is);
    if (!at || !is) {
        free(at);
        free(is);
        return err_memory(m->e);
    }
    for (size_t out = 0; out < all; out++) {
        bool old = k == n || (i < known->n && known->at[i] < new_at[k]);
        at[out] = old ? known->at[i] : new_at[k];
        is[out] = old ? known->wdf[i] : new_is[k];
        i += old;
        k += !old;
    }
    postings_note(m->p, known, at, is, all);
    return 0;
}

static int side_by_side(struct matcher *m, const struct xquery *q, struct posting_list **known)
{
    struct slice name = phrase_name(m, q);
    uint32_t *at = matcher_raw(m, m->batch.n, sizeof *at);
    uint16_t *is = matcher_raw(m, m->batch.n, sizeof *is);
    if (!name.p || !at || !is || postings_noted(m->p, name, known, m->e))
        return -1;
    size_t n = unasked(m, *known, at);
    return n && (ask_places(m, q, at, n, is) || note_places(m, *known, at, is, n)) ? -1 : 0;
}

static int read_phrases(struct matcher *m, const struct xquery *q)
{
    struct phrase p = {.q = q};
    if (!places_matter(q)) {
        for (size_t i = 0; i < q->n_kids; i++)
            if (read_phrases(m, q->kids[i]))
                return -1;
        return 0;
    }
    if (side_by_side(m, q, &p.known))
        return -1;
    return ARENA_PUSH(m->scratch, m->batch.phrases, m->batch.n_phrases, m->batch.cap_phrases, p)
               ? 0
               : err_memory(m->e);
}

int places_look_up(struct matcher *m, const struct xquery *q, const uint32_t *at, size_t n)
{
    m->batch = (struct batch){.at = at, .n = n};
    return n == 0 ? 0 : xdb_look(m->db, m->e) || read_phrases(m, q) ? -1 : 0;
}

bool places_hold(const struct matcher *m, const struct xquery *q, uint32_t at)
{
    for (size_t k = 0; k < m->batch.n_phrases; k++) {
        const struct posting_list *known = m->batch.phrases[k].known;
        size_t i = m->batch.phrases[k].q == q ? seek_from(known->at, known->n, 0, at) : known->n;
        if (i < known->n && known->at[i] == at)
            return known->wdf[i];
    }
    return false;
}
