// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdlib.h>

#include "daemon/answer/units.h"
#include "lib/hash.h"
#include "lib/match.h"
#include "lib/schema.h"
#include "lib/token.h"

enum {
    WORDS = 30,       /* that stand for what is asked about */
    LOOKED_UP = 400,  /* of a long note's words, those that it says most often */
    CANDIDATES = 100, /* that are looked at for shared names */
    NAMES = 64
};
static const double NAME_SHARE = 0.5; /* of a shared name's rarity against that of words */

struct telling {            /* a term, and how much it tells of the text */
    struct slice term;      /* Z<stem> also for the forms that the stem has */
    struct xquery *holding; /* the units that have it */
    uint32_t units;
    double weight;
};

/* Each word of what is asked about once, by hash: a long note says most of them many times. */
struct said {
    struct telling *slots; /* term: the word as plain, or the whole of a term that is no stem */
    size_t n, size;
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
    struct said stemmed, exact;
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

static struct telling *slot_of(const struct said *s, struct slice word)
{
    size_t i = hash64(word, 0) & (s->size - 1);
    while (s->slots[i].term.p && !slice_eq(s->slots[i].term, word))
        i = (i + 1) & (s->size - 1);
    return &s->slots[i];
}

static int say(struct likeness *l, struct said *s, struct slice word)
{
    if (2 * s->n >= s->size) {
        struct said more = {.n = s->n, .size = s->size ? 4 * s->size : 1024};
        more.slots = arena_array(l->w->arena, more.size, sizeof *more.slots);
        if (!more.slots)
            return err_memory(l->e);
        for (size_t i = 0; i < s->size; i++)
            if (s->slots[i].term.p)
                *slot_of(&more, s->slots[i].term) = s->slots[i];
        *s = more;
    }
    struct telling *at = slot_of(s, word);
    at->units++;
    if (at->term.p)
        return 0;
    s->n++;
    at->term = arena_dup(l->w->arena, word);
    return at->term.p ? 0 : err_memory(l->e);
}

static int add_text(struct likeness *l, const struct record *rec)
{
    struct arena *one = &l->w->reader->scratch;
    struct buf text = {0};
    struct tokens t = {0};
    note_render(&text, rec->text, rec->runs, rec->n_runs);
    int rc = text.failed ? err_memory(l->e) : tokenize(one, buf_view(&text), &t, l->e);
    for (size_t i = 0; !rc && i < t.n; i++) {
        const struct token *v = &t.v[i];
        if (token_is_base(v->kind) || (v->kind == TOKEN_JOINED && v->digit))
            rc = say(l, token_is_stemmed(v) ? &l->stemmed : &l->exact, v->plain);
    }
    buf_free(&text);
    arena_reset(one);
    return rc;
}

static int add_words(struct likeness *l, const struct said *s, bool stemmed)
{
    struct arena *a = l->w->arena;
    for (size_t i = 0; i < s->size; i++) {
        struct telling one = s->slots[i];
        if (!one.term.p)
            continue;
        if (stemmed)
            one.term = schema_term(a, 'Z', xstem_of(l->w->reader->stem, a, one.term));
        if (!one.term.p || !ARENA_PUSH(a, l->words, l->n_words, l->cap_words, one))
            return err_memory(l->e);
    }
    return 0;
}

/* Whether a bracket may begin a link to a note: not when each is of a link to the web. */
static bool may_link(struct slice text)
{
    size_t brackets = 0, outward = 0;
    for (size_t i = 0; i < text.n; i++) {
        struct slice rest = slice_of(text.p + i, text.n - i);
        brackets += text.p[i] == '[';
        outward += text.p[i] == ']' && (slice_starts(rest, SLICE_LIT("](https://")) ||
                                           slice_starts(rest, SLICE_LIT("](http://")));
    }
    return brackets > outward;
}

/* The names that a unit links to or, a head, has in its lists: terms in order, E before L. */
static int names_of(struct likeness *l, docid_t id, const struct record *rec, struct slice **names,
    size_t *n, struct err *e)
{
    struct xdb *db = l->w->reader->index.db;
    struct slice *links;
    size_t n_links;
    *n = 0;
    if (rec->kind == UNIT_NOTE &&
        xdb_document_terms(db, l->w->arena, id, SLICE_LIT("E"), names, n, e))
        return -1;
    /* A unit's terms cost more than its text. */
    if (!may_link(rec->text))
        return 0;
    if (xdb_document_terms(db, l->w->arena, id, SLICE_LIT("L"), &links, &n_links, e))
        return -1;
    *names = arena_grow(l->w->arena, *n ? *names : NULL, *n, *n + n_links, sizeof **names);
    if (!*names)
        return err_memory(e);
    if (n_links)
        memcpy(*names + *n, links, n_links * sizeof *links);
    *n += n_links;
    return 0;
}

static int add_names(struct likeness *l, docid_t id, const struct record *rec)
{
    struct slice *names;
    size_t n;
    if (names_of(l, id, rec, &names, &n, l->e))
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct telling one = {.term = names[i], .units = 1};
        if (!ARENA_PUSH(l->w->arena, l->names, l->n_names, l->cap_names, one))
            return err_memory(l->e);
    }
    return 0;
}

/* Finds out which units hold a term, and how many they are. */
static int look_up(struct likeness *l, struct telling *t, uint32_t *df)
{
    struct resolver r = units_resolver(l->w, l->e);
    struct slice stem = slice_of(t->term.p + 1, t->term.n - 1);
    t->holding =
        t->term.p[0] == 'Z' ? resolve_own_stems(&r, &stem, 1) : xquery_term(&l->m, t->term);
    return t->holding ? resolve_frequency(&r, t->holding, (size_t)l->documents, df) : -1;
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
        if (look_up(l, &v[i], &df))
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
        if (add_text(l, &l->recs[i]) || add_names(l, l->units[i].id, &l->recs[i]))
            return -1;
    if (add_words(l, &l->stemmed, true) || add_words(l, &l->exact, false) ||
        weigh(l, l->words, &l->n_words, WORDS) || weigh(l, l->names, &l->n_names, NAMES))
        return -1;
    if (l->n_names)
        qsort(l->names, l->n_names, sizeof *l->names, by_term);
    return 0;
}

/* --- what is like it ----------------------------------------------------------------------- */

static struct xquery *alike(struct likeness *l)
{
    struct xkids k = {0};
    char *own = arena_printf(l->w->arena, "Q%u", l->recs->note);
    for (size_t i = 0; i < l->n_words; i++)
        if (xkids_add(&l->m, &k,
                xquery_scale(&l->m, l->words[i].holding, l->words[i].weight / l->words[0].weight)))
            return NULL;
    for (size_t i = 0; i < l->n_names; i++)
        if (xkids_add(&l->m, &k, l->names[i].holding))
            return NULL;
    if (!own) {
        err_memory(l->e);
        return NULL;
    }
    return xquery_pair(
        &l->m, XQ_NOT, xquery_over(&l->m, XQ_OR, k), xquery_term(&l->m, slice_str(own)));
}

/* A document's terms are in order, as the names are. */
static double shared(const struct likeness *l, const struct slice *terms, size_t n)
{
    double sum = 0;
    for (size_t i = 0, k = 0; i < n && k < l->n_names;) {
        int c = slice_cmp(terms[i], l->names[k].term);
        sum += c ? 0 : l->names[k].weight;
        i += c <= 0;
        k += c >= 0;
    }
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
    struct slice *names = NULL;
    size_t n = 0;
    *c = (struct candidate){.hit = *h, .score = h->weight};
    if (record_read(l->w->arena, h->data, &c->rec, l->e) ||
        (l->n_names && names_of(l, h->id, &c->rec, &names, &n, l->e)))
        return -1;
    c->score += shared(l, names, n);
    return 0;
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
        .collapse_slot = XSEARCH_NO_SLOT};
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
