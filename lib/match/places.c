// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/match/places.h"

#include <stdlib.h>

#include "lib/buf.h"
#include "lib/match/list.h"
#include "lib/xquery.h"

/* Which of the documents have it. By Xapian's own match, for that alone keeps its place in the
 * table of positions from one document to the next. */
static int ask_places(
    struct matcher *m, const struct xquery *q, const uint32_t *at, size_t n, uint16_t *is)
{
    docid_t *ids = matcher_raw(m, n, sizeof *ids);
    struct xquery phrase = *q, batch = {.op = XQ_DOCIDS, .docids = ids, .n_docids = n};
    struct xquery *kids[] = {&phrase, &batch};
    struct xquery both = {.op = XQ_FILTER, .kids = kids, .n_kids = 2};
    struct xsearch s = {
        .query = &both, .k1 = -1, .collapse_slot = XSEARCH_NO_SLOT, .all_docids = true};
    struct xresult r;
    if (!ids)
        return -1;
    for (size_t i = 0; i < n; i++)
        ids[i] = m->docs->ids[at[i]];
    if (xdb_search(m->db, m->scratch, &s, &r, m->e))
        return -1;
    for (size_t i = 0, k = 0; i < n; i++) {
        is[i] = k < r.n_docids && r.docids[k] == ids[i];
        k += is[i];
    }
    return 0;
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
        k = list_seek(known->at, known->n, k, m->batch.at[i]);
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

bool places_matter(const struct xquery *q)
{
    return (q->op == XQ_PHRASE || q->op == XQ_NEAR) && q->n_kids > 1;
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
        size_t i = m->batch.phrases[k].q == q ? list_seek(known->at, known->n, 0, at) : known->n;
        if (i < known->n && known->at[i] == at)
            return known->wdf[i];
    }
    return false;
}
