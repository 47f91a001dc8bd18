// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdlib.h>

#include "daemon/answer/units.h"
#include "lib/match.h"
#include "lib/token.h"

enum {
    WORDS = 30,       /* that stand for what is asked about */
    LOOKED_UP = 400,  /* of a long note's words, those that it says most often */
    CANDIDATES = 100, /* that are looked at for shared names */
    NAMES = 64
};
static const double NAME_SHARE = 0.5; /* of a shared name's rarity against that of words */

struct telling { /* a term, and how much it tells of the text */
    struct slice term;
    uint32_t units;
    double weight;
};

struct likeness {
    struct answer *w;
    struct xmaker m;
    const struct related_params *p;
    struct related_result *r;
    struct xhit *units; /* asked about */
    struct record *recs;
    size_t n_units;
    bool whole; /* a whole note */
    double documents;
    struct telling *words, *names;
    size_t n_words, cap_words, n_names, cap_names;
    struct err *e;
};

struct candidate {
    struct xhit hit;
    struct record rec;
    double score;
};

/* --- what is asked about ------------------------------------------------------------------- */

static int pick_id(struct likeness *l)
{
    uint8_t id[UNIT_ID_BYTES];
    docid_t *ids;
    size_t n;
    struct slice data;
    struct arena *a = l->w->arena;
    struct xdb *db = l->w->reader->index.db;
    for (size_t i = 0; i < UNIT_ID_BYTES; i++) {
        char two[3] = {0};
        if (l->p->id.n != 2 * UNIT_ID_BYTES)
            return err_set(l->e, ERR_PARAMS, "id: 16 digits of 0-9a-f, as in an answer's hits");
        memcpy(two, l->p->id.p + 2 * i, 2);
        if (strspn(two, "0123456789abcdef") != 2)
            return err_set(l->e, ERR_PARAMS, "id: 16 digits of 0-9a-f, as in an answer's hits");
        id[i] = (uint8_t)strtoul(two, NULL, 16);
    }
    struct xquery *term = xquery_prefixed(&l->m, 'I', slice_of((const char *)id, sizeof id));
    l->units = arena_alloc(a, sizeof *l->units);
    l->recs = arena_alloc(a, sizeof *l->recs);
    if (!term || !l->units || !l->recs)
        return err_memory(l->e);
    if (xdb_postings(db, a, term->term, 1, 1, &ids, &n, l->e))
        return -1;
    if (!n)
        return err_set(l->e, ERR_NOT_FOUND,
            "no unit has the id %.*s: it was changed or removed since, or belongs to another index",
            (int)l->p->id.n, l->p->id.p);
    if (xdb_data(db, a, ids[0], &data, l->e) || record_read(a, data, l->recs, l->e))
        return -1;
    l->units->id = ids[0];
    l->n_units = 1;
    return 0;
}

static int pick_place(struct likeness *l)
{
    struct target_note note;
    if (units_note(l->w, l->p->path, l->p->vault, &note, &l->r->warning, l->e) ||
        units_of_note(l->w, note.number, &l->units, &l->recs, &l->n_units, l->e))
        return -1;
    l->whole = !l->p->line;
    if (l->whole || !l->n_units)
        return 0;
    size_t at = 0;
    for (size_t i = 0; i < l->n_units; i++)
        if (l->recs[i].line <= l->p->line && (i == 0 || l->recs[i].line >= l->recs[at].line))
            at = i;
    l->units += at;
    l->recs += at;
    l->n_units = 1;
    return 0;
}

/* --- its words and names ------------------------------------------------------------------- */

static int by_term(const void *x, const void *y)
{
    const struct telling *a = x, *b = y;
    return slice_cmp(a->term, b->term);
}

static int by_units(const void *x, const void *y)
{
    const struct telling *a = x, *b = y;
    if (a->units != b->units)
        return a->units > b->units ? -1 : 1;
    return by_term(x, y);
}

static int by_weight(const void *x, const void *y)
{
    const struct telling *a = x, *b = y;
    if (a->weight != b->weight)
        return a->weight > b->weight ? -1 : 1;
    return by_term(x, y);
}

static int add_words(struct likeness *l, const struct record *rec)
{
    struct arena *a = l->w->arena;
    struct buf text = {0};
    struct tokens t = {0};
    note_render(&text, rec->text, rec->runs, rec->n_runs);
    int rc = text.failed ? err_memory(l->e) : tokenize(a, buf_view(&text), &t, l->e);
    buf_free(&text);
    for (size_t i = 0; !rc && i < t.n; i++) {
        const struct token *v = &t.v[i];
        if (!token_is_base(v->kind) && !(v->kind == TOKEN_JOINED && v->digit))
            continue;
        struct telling one = {.units = 1};
        if (token_is_stemmed(v)) {
            struct slice stem = xstem_of(l->w->reader->stem, a, v->plain);
            one.term = slice_str(arena_printf(a, "Z%.*s", (int)stem.n, stem.p));
        } else {
            one.term = v->plain;
        }
        if (!one.term.p || !ARENA_PUSH(a, l->words, l->n_words, l->cap_words, one))
            rc = err_memory(l->e);
    }
    return rc;
}

static int add_names(struct likeness *l, docid_t id)
{
    for (const char *prefix = "LE"; *prefix; prefix++) {
        struct slice *terms;
        size_t n;
        if (xdb_document_terms(
                l->w->reader->index.db, l->w->arena, id, slice_of(prefix, 1), &terms, &n, l->e))
            return -1;
        for (size_t i = 0; i < n; i++) {
            struct telling one = {.term = terms[i], .units = 1};
            if (!ARENA_PUSH(l->w->arena, l->names, l->n_names, l->cap_names, one))
                return err_memory(l->e);
        }
    }
    return 0;
}

/* Each term once, those that tell most first; a term of this unit alone tells nothing of others. */
static int weigh(struct likeness *l, struct telling *v, size_t *n, size_t most)
{
    size_t kept = 0, weighed = 0;
    if (*n)
        qsort(v, *n, sizeof *v, by_term);
    for (size_t i = 0; i < *n; i++) {
        if (kept && slice_eq(v[kept - 1].term, v[i].term))
            v[kept - 1].units += v[i].units;
        else
            v[kept++] = v[i];
    }
    if (kept > LOOKED_UP) {
        qsort(v, kept, sizeof *v, by_units);
        kept = LOOKED_UP;
    }
    for (size_t i = 0; i < kept; i++) {
        uint32_t df;
        if (xdb_term_freq(l->w->reader->index.db, v[i].term, &df, l->e))
            return -1;
        if (df < 2 || df > l->documents / 4)
            continue;
        v[i].weight = log(l->documents / df) * (1 + log(v[i].units));
        v[weighed++] = v[i];
    }
    if (weighed)
        qsort(v, weighed, sizeof *v, by_weight);
    *n = weighed < most ? weighed : most;
    return 0;
}

static int gather(struct likeness *l)
{
    struct xdb_info info;
    if (xdb_info(l->w->reader->index.db, &info, l->e))
        return -1;
    l->documents = (double)info.documents;
    for (size_t i = 0; i < l->n_units; i++)
        if (add_words(l, &l->recs[i]) || add_names(l, l->units[i].id))
            return -1;
    return weigh(l, l->words, &l->n_words, WORDS) || weigh(l, l->names, &l->n_names, NAMES) ? -1
                                                                                            : 0;
}

/* --- what is like it ----------------------------------------------------------------------- */

static struct xquery *alike(struct likeness *l)
{
    struct xkids k = {0};
    char *own = arena_printf(l->w->arena, "Q%u", l->recs->note);
    for (size_t i = 0; i < l->n_words; i++)
        if (xkids_add(&l->m, &k,
                xquery_scale(&l->m, xquery_term(&l->m, l->words[i].term),
                    l->words[i].weight / l->words[0].weight)))
            return NULL;
    for (size_t i = 0; i < l->n_names; i++)
        if (xkids_add(&l->m, &k, xquery_term(&l->m, l->names[i].term)))
            return NULL;
    if (!own) {
        err_memory(l->e);
        return NULL;
    }
    return xquery_pair(
        &l->m, XQ_NOT, xquery_over(&l->m, XQ_OR, k), xquery_term(&l->m, slice_str(own)));
}

static double shared(const struct likeness *l, const struct slice *terms, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < l->n_names; k++)
            if (slice_eq(terms[i], l->names[k].term))
                sum += l->names[k].weight;
    return sum * NAME_SHARE;
}

static int best_first(const void *x, const void *y)
{
    const struct candidate *a = x, *b = y;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    if (a->rec.day != b->rec.day)
        return a->rec.day > b->rec.day ? -1 : 1;
    int c = slice_cmp(a->rec.rel, b->rec.rel);
    return c ? c : (a->rec.line > b->rec.line) - (a->rec.line < b->rec.line);
}

static int score(struct likeness *l, const struct xhit *h, struct candidate *c)
{
    struct xdb *db = l->w->reader->index.db;
    *c = (struct candidate){.hit = *h, .score = h->weight};
    for (const char *prefix = "LE"; *prefix && l->n_names; prefix++) {
        struct slice *terms;
        size_t n;
        if (xdb_document_terms(db, l->w->arena, h->id, slice_of(prefix, 1), &terms, &n, l->e))
            return -1;
        c->score += shared(l, terms, n);
    }
    return record_read(l->w->arena, h->data, &c->rec, l->e);
}

static int rank(struct likeness *l)
{
    struct plan plan = {0};
    struct xsearch s = {.query = alike(l),
        .sort = XSORT_WEIGHT,
        .max = CANDIDATES,
        .k1 = 1.2,
        .b = 0.75,
        .min_length = 0.5,
        .data = true,
        .collapse_slot = XSEARCH_NO_SLOT,
        .deadline_ns = l->w->deadline_ns,
        .stop = l->w->stop};
    struct xresult found;
    if (!s.query || match_search(l->w->reader->index.db, l->w->arena, &s, &found, l->e))
        return -1;
    struct candidate *v = arena_array(l->w->arena, found.n_hits, sizeof *v);
    l->r->hits = arena_array(l->w->arena, (size_t)l->p->limit, sizeof *l->r->hits);
    if (!v || !l->r->hits)
        return err_memory(l->e);
    for (size_t i = 0; i < found.n_hits; i++)
        if (score(l, &found.hits[i], &v[i]))
            return -1;
    if (found.n_hits)
        qsort(v, found.n_hits, sizeof *v, best_first);
    for (size_t i = 0; i < found.n_hits && l->r->n_hits < (size_t)l->p->limit; i++) {
        bool seen = false;
        for (size_t k = 0; k < l->r->n_hits; k++)
            seen |= l->whole && l->r->hits[k].rec.note == v[i].rec.note;
        if (seen)
            continue;
        if (units_fill(l->w, &plan, &v[i].rec, v[i].score, &l->r->hits[l->r->n_hits], l->e))
            return -1;
        l->r->n_hits++;
    }
    return 0;
}

int answer_related(
    struct answer *w, const struct related_params *p, struct related_result *r, struct err *e)
{
    struct likeness l = {.w = w, .m = {w->arena, e}, .p = p, .r = r, .e = e};
    *r = (struct related_result){0};
    if (!p->id.n == !p->path.n)
        return err_set(e, ERR_PARAMS, "give either id or path");
    if (reader_refresh(w->reader, e))
        return -1;
    memcpy(r->uuid, w->reader->index.uuid, sizeof r->uuid);
    r->revision = w->reader->index.revision;
    if ((p->id.n ? pick_id(&l) : pick_place(&l)) || gather(&l))
        return -1;
    return l.n_words || l.n_names ? rank(&l) : 0;
}
