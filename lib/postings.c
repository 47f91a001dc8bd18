// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/postings.h"

#include <stdlib.h>

#include "lib/hash.h"
#include "lib/heap.h"
#include "lib/sums.h"
#include "lib/terse.h"
#include "lib/unite.h"

/* The first byte of a name that is no term's: the schema's prefixes are letters. */
enum { NAME_PREFIX = '\0', NAME_FINDINGS = '\1', NAME_SYNONYM = '\2' };

enum {
    BYTES_LEAST = 8 << 20, /* what is kept at least, and for each document beside it */
    BYTES_EACH = 4,
    EXPANSION_KEPT = 2 << 20,
    SCRATCH_KEPT = 1 << 18, /* and for each document beside it */
    SCRATCH_EACH = 6,
    HEAP_EACH = 8,      /* a search writes no larger piece again and again than weights of all */
    FINDINGS_LAST = 16, /* times as long as lists */
    AGES = 24           /* 1, 2, 4, ... searches ago */
};

struct pick { /* a term that a prefix or a synonym stands for */
    uint32_t documents;
    struct slice term;
};

struct picks { /* one piece of malloc with the terms behind it; NULL: not known */
    struct pick *v;
    size_t n, bytes;
};

struct part { /* of a list that was not read: its documents from first to last */
    uint32_t first, last;
    uint32_t *at; /* NULL: none is kept */
    uint16_t *wdf;
    size_t n;
    uint64_t search; /* that read it */
};

struct entry {
    struct posting_list list;
    uint64_t used; /* the search that asked for it last */
    struct part part;
    struct terse terse; /* the same list in few bytes; made when it was not asked for lately */
    struct picks picks; /* a prefix's or a synonym's */
    struct entry *next; /* in its bucket */
};

struct expansion { /* all terms that begin with `start`, in byte order */
    struct arena arena;
    struct slice start;
    struct slice *terms;
    uint32_t *documents;
    size_t n, cap, cap_documents;
};

struct postings {
    struct xdb *db;
    uint64_t moves;
    const struct docs *docs;
    struct entry **buckets;
    size_t n_buckets, n_entries;
    size_t bytes, arrays; /* all, and of them those of lists as arrays */
    size_t most;          /* 0: as told in the header */
    uint64_t search;
    struct expansion expansion[2]; /* of words, and of terms with a prefix: each as one types */
    struct sums sums;              /* none until a prefix is asked for */
    struct texts texts;
    struct arena scratch;
};

/* --- lists --------------------------------------------------------------------------------- */

static size_t array_bytes(const struct entry *e)
{
    return e->list.read ? (sizeof *e->list.at + sizeof *e->list.wdf) * e->list.n : 0;
}

static size_t bytes_of(const struct entry *e)
{
    return sizeof *e + e->list.term.n + array_bytes(e) + e->terse.size + e->picks.bytes +
           (sizeof *e->part.at + sizeof *e->part.wdf) * e->part.n;
}

/* Around each change of an entry. */
static void account_out(struct postings *p, const struct entry *e)
{
    p->bytes -= bytes_of(e);
    p->arrays -= array_bytes(e);
}

static void account_in(struct postings *p, const struct entry *e)
{
    p->bytes += bytes_of(e);
    p->arrays += array_bytes(e);
}

static void entry_free(struct entry *e)
{
    free(e->list.at);
    free(e->list.wdf);
    free(e->part.at);
    free(e->part.wdf);
    free(e->terse.bytes);
    free(e->picks.v);
    free(e);
}

static void forget_lists(struct postings *p)
{
    for (size_t i = 0; i < p->n_buckets; i++)
        for (struct entry *e = p->buckets[i], *next; e; e = next) {
            next = e->next;
            entry_free(e);
        }
    free(p->buckets);
    p->buckets = NULL;
    p->n_buckets = p->n_entries = p->bytes = p->arrays = 0;
}

static void expansion_free(struct expansion *x)
{
    arena_free(&x->arena);
    *x = (struct expansion){0};
}

static void forget(struct postings *p)
{
    forget_lists(p);
    sums_free(&p->sums);
    for (size_t i = 0; i < 2; i++)
        expansion_free(&p->expansion[i]);
    texts_free(&p->texts);
    docs_release(p->docs);
    p->docs = NULL;
}

static void postings_free(void *thing)
{
    struct postings *p = thing;
    forget(p);
    arena_free(&p->scratch);
    free(p);
}

/* Findings about single documents have no terse form. */
static bool is_findings(const struct entry *e)
{
    return e->list.term.n && e->list.term.p[0] == NAME_FINDINGS;
}

/* How long ago it was asked for: 0 in this search, 1 in the last one, 2 in the two before, ...
 * To find out again costs ten times as much a byte as to read a list. */
static unsigned age_of(const struct postings *p, const struct entry *e)
{
    uint64_t ago = (p->search - e->used) / (is_findings(e) ? FINDINGS_LAST : 1);
    unsigned age = ago ? 64 - (unsigned)__builtin_clzll(ago) : 0;
    return age < AGES ? age : AGES - 1;
}

/* The age from which on what is kept goes, so that of `size` no more than `most` stays; AGES: none
 * has to. */
static unsigned age_to_go(
    const struct postings *p, size_t (*size)(const struct entry *e), size_t most)
{
    size_t kept = 0, sizes[AGES] = {0};
    unsigned age = 0;
    for (size_t i = 0; i < p->n_buckets; i++)
        for (const struct entry *e = p->buckets[i]; e; e = e->next)
            sizes[age_of(p, e)] += size(e);
    while (age < AGES && kept + sizes[age] <= most)
        kept += sizes[age++];
    return age;
}

/* Without memory the list is kept as it is. */
static void shorten(struct postings *p, struct entry *e)
{
    account_out(p, e);
    if (e->terse.bytes || terse_make(&e->terse, e->list.at, e->list.wdf, e->list.n) == 0) {
        free(e->list.at);
        free(e->list.wdf);
        e->list.at = NULL;
        e->list.wdf = NULL;
        e->list.n = 0;
        e->list.read = false;
    }
    account_in(p, e);
}

static void shorten_older(struct postings *p, size_t most)
{
    unsigned age = age_to_go(p, array_bytes, most);
    for (size_t i = 0; i < p->n_buckets; i++)
        for (struct entry *e = p->buckets[i]; e; e = e->next)
            if (e->list.read && !is_findings(e) && age_of(p, e) >= age)
                shorten(p, e);
}

static void drop_older(struct postings *p, size_t most)
{
    unsigned age = age_to_go(p, bytes_of, most);
    for (size_t i = 0; i < p->n_buckets; i++)
        for (struct entry **at = &p->buckets[i]; *at;) {
            struct entry *e = *at;
            if (age_of(p, e) < age) {
                at = &e->next;
                continue;
            }
            *at = e->next;
            account_out(p, e);
            p->n_entries--;
            entry_free(e);
        }
}

/* Where not all fits, half is for arrays. What goes, goes some at a time: to look for it takes a
 * walk. */
static void trim(struct postings *p)
{
    size_t most = p->most ? p->most : BYTES_LEAST + BYTES_EACH * p->docs->n;
    if (p->bytes > most && p->arrays > most / 2)
        shorten_older(p, most / 8 * 3);
    if (p->bytes > most)
        drop_older(p, most / 8 * 7);
    for (size_t i = 0; i < 2; i++)
        if (p->expansion[i].arena.used > EXPANSION_KEPT)
            expansion_free(&p->expansion[i]);
}

static int more_buckets(struct postings *p, struct err *e)
{
    size_t n = p->n_buckets ? 2 * p->n_buckets : 256;
    struct entry **v = calloc(n, sizeof(struct entry *));
    if (!v)
        return err_memory(e);
    for (size_t i = 0; i < p->n_buckets; i++)
        for (struct entry *x = p->buckets[i], *next; x; x = next) {
            next = x->next;
            struct entry **to = &v[hash64(x->list.term, 0) & (n - 1)];
            x->next = *to;
            *to = x;
        }
    free(p->buckets);
    p->buckets = v;
    p->n_buckets = n;
    return 0;
}

/* The list under a name; NULL: there is none. */
static struct entry *known_entry(struct postings *p, struct slice name, uint64_t h)
{
    if (p->n_buckets)
        for (struct entry *x = p->buckets[h & (p->n_buckets - 1)]; x; x = x->next)
            if (slice_eq(x->list.term, name)) {
                x->used = p->search;
                return x;
            }
    return NULL;
}

/* The same, a new one where there was none. */
static struct entry *entry_of(struct postings *p, struct slice name, bool *is_new, struct err *e)
{
    uint64_t h = hash64(name, 0);
    struct entry *known = known_entry(p, name, h);
    *is_new = !known;
    if (known)
        return known;
    if (p->n_entries >= p->n_buckets && more_buckets(p, e))
        return NULL;
    struct entry *x = calloc(1, sizeof *x + name.n);
    if (!x) {
        err_memory(e);
        return NULL;
    }
    char *text = (char *)(x + 1);
    memcpy(text, name.p, name.n);
    x->list.term = slice_of(text, name.n);
    x->used = p->search;
    struct entry **to = &p->buckets[h & (p->n_buckets - 1)];
    x->next = *to;
    *to = x;
    p->n_entries++;
    account_in(p, x);
    return x;
}

/* Takes a list out again that could not be filled. */
static void entry_drop(struct postings *p, struct entry *e)
{
    struct entry **at = &p->buckets[hash64(e->list.term, 0) & (p->n_buckets - 1)];
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    account_out(p, e);
    p->n_entries--;
    entry_free(e);
}

int postings_find(struct postings *p, struct slice term, struct posting_list **list, struct err *e)
{
    bool is_new;
    struct entry *x = entry_of(p, term, &is_new, e);
    if (!x)
        return -1;
    if (is_new && xdb_term_freq(p->db, term, &x->list.frequency, e)) {
        entry_drop(p, x);
        return -1;
    }
    x->list.most = x->list.frequency;
    *list = &x->list;
    return 0;
}

int postings_noted(struct postings *p, struct slice name, struct posting_list **list, struct err *e)
{
    bool is_new;
    struct entry *x = entry_of(p, name, &is_new, e);
    if (x)
        *list = &x->list;
    return x ? 0 : -1;
}

void postings_note(
    struct postings *p, struct posting_list *list, uint32_t *at, uint16_t *found, size_t n)
{
    struct entry *x = (struct entry *)list; /* its first member */
    account_out(p, x);
    free(list->at);
    free(list->wdf);
    list->at = at;
    list->wdf = found;
    list->n = n;
    list->read = true;
    account_in(p, x);
}

static int arrays_new(size_t n, uint32_t **at, uint16_t **wdf, struct err *e)
{
    *at = malloc((n ? n : 1) * sizeof **at);
    *wdf = malloc((n ? n : 1) * sizeof **wdf);
    if (*at && *wdf)
        return 0;
    free(*at);
    free(*wdf);
    return err_memory(e);
}

/* From the form in few bytes. */
static int lengthen(struct postings *p, struct entry *x, struct err *e)
{
    uint32_t *at;
    uint16_t *wdf;
    if (arrays_new(x->terse.n, &at, &wdf, e))
        return -1;
    terse_read(&x->terse, at, wdf);
    postings_note(p, &x->list, at, wdf, x->terse.n);
    return 0;
}

bool postings_is_near(const struct posting_list *list)
{
    return list->read || ((const struct entry *)list)->terse.bytes; /* its first member */
}

/* The documents of a term from one docid to another, `room` at most. */
static int decode(struct postings *p, struct slice term, docid_t first, docid_t last, uint32_t *at,
    uint16_t *wdf, size_t room, size_t *n, struct err *e)
{
    return xdb_posting_list(p->db, term, first, last, at, wdf, room, n, e) ||
                   docs_places(p->docs, p->db, at, *n, e)
               ? -1
               : 0;
}

/* Adds up the lists of a prefix's terms, which are kept: the next letter asks for the same ones. */
static int add_lists(struct postings *p, const struct picks *picks, struct err *e)
{
    for (size_t i = 0; i < picks->n; i++) {
        bool is_new;
        struct entry *x = xdb_look(p->db, e) ? NULL : entry_of(p, picks->v[i].term, &is_new, e);
        if (!x)
            return -1;
        x->list.frequency = x->list.most = picks->v[i].documents;
        if (postings_read(p, &x->list, e))
            return -1;
        sums_add(&p->sums, x->list.at, x->list.wdf, x->list.n);
    }
    return 0;
}

static int sum_up(struct postings *p, struct entry *x, struct err *e)
{
    uint32_t *at;
    uint16_t *wdf;
    if (sums_make(&p->sums, p->docs->n, e) || add_lists(p, &x->picks, e) ||
        arrays_new(p->sums.n, &at, &wdf, e)) {
        sums_free(&p->sums);
        return -1;
    }
    size_t n = p->sums.n;
    sums_take(&p->sums, at, wdf);
    postings_note(p, &x->list, at, wdf, n);
    return 0;
}

/* A term's documents from one docid to another, in the scratch; those of its list where all are
 * asked for and are near. */
static int fetch(struct postings *p, const struct pick *pick, docid_t first, docid_t last,
    size_t room, struct unite_list *l, struct err *e)
{
    struct arena *a = &p->scratch;
    bool whole = first == 1 && last == UINT32_MAX;
    struct entry *x = whole ? known_entry(p, pick->term, hash64(pick->term, 0)) : NULL;
    if (xdb_look(p->db, e))
        return -1;
    if (x && postings_is_near(&x->list)) {
        if (postings_read(p, &x->list, e))
            return -1;
        *l = (struct unite_list){x->list.at, x->list.wdf, x->list.n};
        return 0;
    }
    room = room < pick->documents ? room : pick->documents;
    *l = (struct unite_list){
        arena_raw(a, room * sizeof *l->at), arena_raw(a, room * sizeof *l->wdf), 0};
    return l->at && l->wdf ? decode(p, pick->term, first, last, l->at, l->wdf, room, &l->n, e)
                           : err_memory(e);
}

/* Those of a synonym's terms. */
static int fetch_all(struct postings *p, const struct picks *picks, docid_t first, docid_t last,
    size_t room, struct unite_list *out, struct err *e)
{
    struct unite_list *v = arena_array(&p->scratch, picks->n, sizeof *v);
    if (!v)
        return err_memory(e);
    for (size_t i = 0; i < picks->n; i++)
        if (fetch(p, &picks->v[i], first, last, room, &v[i], e))
            return -1;
    return unite_lists(&p->scratch, v, picks->n, out, e);
}

static int read_synonym(struct postings *p, struct entry *x, struct err *e)
{
    struct unite_list all;
    uint32_t *at;
    uint16_t *wdf;
    if (fetch_all(p, &x->picks, 1, UINT32_MAX, SIZE_MAX, &all, e) ||
        arrays_new(all.n, &at, &wdf, e))
        return -1;
    if (all.n) {
        memcpy(at, all.at, all.n * sizeof *at);
        memcpy(wdf, all.wdf, all.n * sizeof *wdf);
    }
    postings_note(p, &x->list, at, wdf, all.n);
    return 0;
}

int postings_read(struct postings *p, struct posting_list *list, struct err *e)
{
    size_t got = 0;
    struct entry *x = (struct entry *)list; /* its first member */
    uint32_t *at;
    uint16_t *wdf;
    if (list->read)
        return 0;
    if (x->terse.bytes)
        return lengthen(p, x, e);
    if (x->picks.v)
        return list->term.p[0] == NAME_PREFIX ? sum_up(p, x, e) : read_synonym(p, x, e);
    if (arrays_new(list->frequency, &at, &wdf, e))
        return -1;
    if (decode(p, list->term, 1, UINT32_MAX, at, wdf, list->frequency, &got, e)) {
        free(at);
        free(wdf);
        return -1;
    }
    postings_note(p, list, at, wdf, got);
    return 0;
}

/* Kept for the next search that asks for the same; without memory it is not. */
static void keep_part(struct postings *p, struct entry *x, const struct part *new)
{
    struct part kept = *new;
    struct err none = {0};
    if (arrays_new(new->n, &kept.at, &kept.wdf, &none))
        return;
    if (new->n) {
        memcpy(kept.at, new->at, new->n * sizeof *kept.at);
        memcpy(kept.wdf, new->wdf, new->n * sizeof *kept.wdf);
    }
    account_out(p, x);
    free(x->part.at);
    free(x->part.wdf);
    x->part = kept;
    account_in(p, x);
}

/* The documents of a term, or of several, from one place to another: arrays in the scratch. */
static int read_part(
    struct postings *p, const struct entry *x, struct part *part, size_t room, struct err *e)
{
    docid_t first = p->docs->ids[part->first], last = p->docs->ids[part->last];
    struct pick alone = {x->list.most, x->list.term};
    struct picks one = {&alone, 1, 0};
    struct unite_list all;
    if (fetch_all(p, x->picks.v ? &x->picks : &one, first, last, room, &all, e))
        return -1;
    part->at = all.at;
    part->wdf = all.wdf;
    part->n = all.n;
    return 0;
}

int postings_part(struct postings *p, struct posting_list *list, uint32_t first, uint32_t last,
    struct posting_list *part, struct err *e)
{
    struct entry *x = (struct entry *)list; /* its first member */
    struct part own = x->part;
    if (!own.at || own.first != first || own.last != last) {
        bool busy = own.at && own.search == p->search; /* this search may hold on to it */
        size_t room = (size_t)(last - first) + 1;
        own = (struct part){.first = first, .last = last, .search = p->search};
        if (read_part(p, x, &own, room < list->most ? room : list->most, e))
            return -1;
        if (!busy)
            keep_part(p, x, &own);
    }
    x->part.search = p->search;
    *part = (struct posting_list){.term = list->term,
        .frequency = list->frequency,
        .most = list->most,
        .n = own.n,
        .at = own.at,
        .wdf = own.wdf,
        .read = true};
    return 0;
}

/* The same of several terms, added up. */
static int probe_each(struct postings *p, const struct picks *picks, const docid_t *ids, size_t n,
    uint16_t *wdf, bool *found, struct err *e)
{
    uint16_t *one = malloc(n * sizeof *one);
    bool *is = malloc(n * sizeof *is);
    int rc = one && is ? 0 : err_memory(e);
    memset(wdf, 0, n * sizeof *wdf);
    memset(found, 0, n * sizeof *found);
    for (size_t k = 0; k < picks->n && rc == 0; k++) {
        rc = xdb_probe(p->db, picks->v[k].term, ids, n, one, is, e);
        for (size_t i = 0; i < n && rc == 0; i++) {
            uint32_t sum = is[i] ? (uint32_t)wdf[i] + one[i] : wdf[i];
            wdf[i] = sum < UINT16_MAX ? (uint16_t)sum : UINT16_MAX;
            found[i] |= is[i];
        }
    }
    free(one);
    free(is);
    return rc;
}

int postings_probe(struct postings *p, const struct posting_list *list, const uint32_t *at,
    size_t n, uint16_t *wdf, bool *found, struct err *e)
{
    const struct entry *x = (const struct entry *)list; /* its first member */
    if (!n)
        return 0;
    docid_t *ids = malloc(n * sizeof *ids);
    if (!ids)
        return err_memory(e);
    for (size_t i = 0; i < n; i++)
        ids[i] = p->docs->ids[at[i]];
    int rc = x->picks.v ? probe_each(p, &x->picks, ids, n, wdf, found, e)
                        : xdb_probe(p->db, list->term, ids, n, wdf, found, e);
    free(ids);
    return rc;
}

static struct postings *attached(struct xdb *db)
{
    struct postings *p = xdb_attached(db);
    if (p || !(p = calloc(1, sizeof *p)))
        return p;
    p->db = db;
    xdb_attach(db, p, postings_free);
    return p;
}

int postings_limit(struct xdb *db, size_t most, struct err *e)
{
    struct postings *p = attached(db);
    if (!p)
        return err_memory(e);
    p->most = p->texts.most = most;
    return 0;
}

int postings_of(struct xdb *db, struct postings **out, const struct docs **docs, struct err *e)
{
    struct postings *p = attached(db);
    if (!p)
        return err_memory(e);
    if (!p->docs || p->moves != xdb_moves(db)) {
        forget(p);
        p->moves = xdb_moves(db);
        if (docs_hold(db, &p->docs, e))
            return -1;
        heap_map_from(HEAP_EACH * p->docs->n);
    }
    *out = p;
    *docs = p->docs;
    return 0;
}

void postings_rest(struct xdb *db)
{
    struct postings *p = xdb_attached(db);
    if (!p)
        return;
    arena_free(&p->scratch);
    sums_free(&p->sums);
}

struct texts *postings_texts(struct postings *p)
{
    return &p->texts;
}

struct arena *postings_scratch(struct postings *p)
{
    return &p->scratch;
}

void postings_end(struct postings *p)
{
    arena_recycle(&p->scratch, p->most ? p->most : SCRATCH_KEPT + SCRATCH_EACH * p->docs->n);
    p->search++;
    trim(p);
}

/* --- prefixes ------------------------------------------------------------------------------ */

struct expanding {
    struct expansion *x;
    struct err *e;
};

static int keep_term(void *ctx, struct slice term, uint32_t documents)
{
    struct expanding *g = ctx;
    struct expansion *x = g->x;
    size_t n = x->n;
    struct slice kept = arena_dup(&x->arena, term);
    if (!kept.p || !ARENA_PUSH(&x->arena, x->documents, n, x->cap_documents, documents) ||
        !ARENA_PUSH(&x->arena, x->terms, x->n, x->cap, kept)) {
        err_memory(g->e);
        return 1;
    }
    return 0;
}

/* As one types, a prefix is a longer form of the one before, and its terms are among that one's. */
static int expand(struct postings *p, struct slice start, struct expansion **of, struct err *e)
{
    struct expansion *x = &p->expansion[start.p[0] >= 'A' && start.p[0] <= 'Z'];
    *of = x;
    if (x->start.n && slice_starts(start, x->start))
        return 0;
    expansion_free(x);
    struct expanding g = {x, e};
    int rc = xdb_terms_each(p->db, start, SLICE_LIT(""), keep_term, &g, e);
    x->start = rc ? slice_of(NULL, 0) : arena_dup(&x->arena, start);
    return rc ? -1 : x->start.p ? 0 : err_memory(e);
}

static bool comes_first(const struct pick *x, const struct pick *y)
{
    return x->documents != y->documents ? x->documents > y->documents
                                        : slice_cmp(x->term, y->term) < 0;
}

static int most_first(const void *x, const void *y)
{
    return comes_first(x, y) ? -1 : comes_first(y, x);
}

/* The terms that begin with `start`: their range in the expansion. */
static void range_of(const struct expansion *x, struct slice start, size_t *first, size_t *end)
{
    size_t low = 0, high = x->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (slice_cmp(x->terms[mid], start) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *first = low;
    high = x->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (slice_starts(x->terms[mid], start))
            low = mid + 1;
        else
            high = mid;
    }
    *end = low;
}

static int by_frequency(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

uint32_t postings_estimate(uint32_t *frequency, size_t n, size_t documents)
{
    if (n == 0 || documents == 0)
        return 0;
    qsort(frequency, n, sizeof *frequency, by_frequency);
    for (size_t i = 0; i + 1 < n; i++) {
        double a = frequency[i] / (double)documents, b = frequency[i + 1] / (double)documents;
        uint32_t both = (uint32_t)((a + b - a * b) * (double)documents + 0.5);
        size_t at = i + 1;
        for (; at + 1 < n && frequency[at + 1] < both; at++)
            frequency[at] = frequency[at + 1];
        frequency[at] = both;
    }
    return frequency[n - 1];
}

/* In a heap no pick comes before those below it. */
static void sift(struct pick *heap, size_t n, size_t i)
{
    for (;;) {
        size_t last = i, kid = 2 * i + 1;
        for (size_t k = kid; k < kid + 2 && k < n; k++)
            if (comes_first(&heap[last], &heap[k]))
                last = k;
        if (last == i)
            return;
        struct pick swap = heap[i];
        heap[i] = heap[last];
        heap[last] = swap;
        i = last;
    }
}

static struct pick pick_of(const struct expansion *x, size_t i)
{
    return (struct pick){x->documents[i], x->terms[i]};
}

/* The `limit` most frequent ones from `first` on. */
static size_t pick_most(
    const struct expansion *x, size_t first, size_t end, uint32_t limit, struct pick *v)
{
    size_t n = end - first < limit ? end - first : limit;
    for (size_t i = 0; i < n; i++)
        v[i] = pick_of(x, first + i);
    if (!n || n == end - first)
        return n;
    for (size_t i = n / 2; i-- > 0;)
        sift(v, n, i);
    for (size_t i = first + n; i < end; i++) {
        struct pick one = pick_of(x, i);
        if (comes_first(&one, &v[0])) {
            v[0] = one;
            sift(v, n, 0);
        }
    }
    qsort(v, n, sizeof *v, most_first);
    return n;
}

/* What a list of several terms is made of: a copy in one piece. */
static int keep_picks(
    struct postings *p, struct entry *x, const struct pick *v, size_t n, struct err *e)
{
    size_t bytes = (n ? n : 1) * sizeof *v;
    uint64_t all = 0;
    uint32_t *frequency = arena_array(&p->scratch, n, sizeof *frequency);
    for (size_t i = 0; i < n; i++)
        bytes += v[i].term.n;
    struct pick *kept = malloc(bytes);
    if (!kept || !frequency) {
        free(kept);
        return err_memory(e);
    }
    char *text = (char *)(kept + n);
    for (size_t i = 0; i < n; i++) {
        kept[i] = (struct pick){v[i].documents, slice_of(text, v[i].term.n)};
        memcpy(text, v[i].term.p, v[i].term.n);
        text += v[i].term.n;
        all += frequency[i] = v[i].documents;
    }
    account_out(p, x);
    x->picks = (struct picks){kept, n, bytes};
    account_in(p, x);
    x->list.frequency = postings_estimate(frequency, n, p->docs->n);
    x->list.most = all < p->docs->n ? (uint32_t)all : (uint32_t)p->docs->n;
    return 0;
}

/* Finds out which terms a prefix stands for, as far as it is not known. */
static int choose(
    struct postings *p, struct entry *x, struct slice start, uint32_t limit, struct err *e)
{
    size_t first, end;
    struct expansion *all;
    if (x->picks.v)
        return 0;
    if (expand(p, start, &all, e))
        return -1;
    range_of(all, start, &first, &end);
    size_t most = end - first < limit ? end - first : limit;
    struct pick *v = malloc((most ? most : 1) * sizeof *v);
    int rc = v ? keep_picks(p, x, v, pick_most(all, first, end, limit, v), e) : err_memory(e);
    free(v);
    return rc;
}

/* What is known of a prefix. */
static struct entry *entry_of_prefix(
    struct postings *p, struct slice start, uint32_t limit, struct err *e)
{
    bool is_new;
    char *name = malloc(start.n + 1 + sizeof limit);
    if (!name) {
        err_memory(e);
        return NULL;
    }
    name[0] = NAME_PREFIX;
    memcpy(name + 1, &limit, sizeof limit);
    memcpy(name + 1 + sizeof limit, start.p, start.n);
    struct entry *x = entry_of(p, slice_of(name, start.n + 1 + sizeof limit), &is_new, e);
    free(name);
    return x && choose(p, x, start, limit, e) == 0 ? x : NULL;
}

int postings_expand(struct postings *p, struct slice start, uint32_t limit, struct arena *a,
    struct slice **terms, size_t *n, uint64_t *documents, struct err *e)
{
    const struct entry *x = entry_of_prefix(p, start, limit, e);
    if (!x)
        return -1;
    *n = x->picks.n;
    *documents = 0;
    *terms = arena_array(a, *n, sizeof **terms);
    bool copied = *terms;
    for (size_t i = 0; i < *n && copied; i++) {
        (*terms)[i] = arena_dup(a, x->picks.v[i].term);
        *documents += x->picks.v[i].documents;
        copied = (*terms)[i].p;
    }
    return copied ? 0 : err_memory(e);
}

int postings_prefix(struct postings *p, struct slice start, uint32_t limit,
    struct posting_list **list, struct err *e)
{
    struct entry *x = entry_of_prefix(p, start, limit, e);
    if (!x)
        return -1;
    *list = &x->list;
    return postings_read(p, &x->list, e);
}

/* --- synonyms ------------------------------------------------------------------------------ */

/* Each term with its length in front. */
static struct slice name_of(struct postings *p, struct xquery *const *terms, size_t n)
{
    size_t bytes = 1;
    for (size_t i = 0; i < n; i++)
        bytes += sizeof terms[i]->term.n + terms[i]->term.n;
    char *name = arena_raw(&p->scratch, bytes), *end = name;
    if (!name)
        return slice_of(NULL, 0);
    *end++ = NAME_SYNONYM;
    for (size_t i = 0; i < n; i++) {
        struct slice t = terms[i]->term;
        memcpy(end, &t.n, sizeof t.n);
        memcpy(end + sizeof t.n, t.p, t.n);
        end += sizeof t.n + t.n;
    }
    return slice_of(name, bytes);
}

/* Finds out how frequent they are. */
static int choose_present(
    struct postings *p, struct entry *x, struct xquery *const *terms, size_t n, struct err *e)
{
    size_t present = 0;
    struct pick *v = arena_array(&p->scratch, n, sizeof *v);
    if (!v)
        return err_memory(e);
    for (size_t i = 0; i < n; i++) {
        struct pick one = {0, terms[i]->term};
        if (xdb_term_freq(p->db, one.term, &one.documents, e))
            return -1;
        if (one.documents)
            v[present++] = one;
    }
    return keep_picks(p, x, v, present, e);
}

int postings_synonym(struct postings *p, struct xquery *const *terms, size_t n,
    struct posting_list **list, struct err *e)
{
    bool is_new;
    struct slice name = name_of(p, terms, n);
    struct entry *x = name.p ? entry_of(p, name, &is_new, e) : NULL;
    if (!x)
        return name.p ? -1 : err_memory(e);
    if (!x->picks.v && choose_present(p, x, terms, n, e))
        return -1;
    if (x->picks.n == 1)
        return postings_find(p, x->picks.v[0].term, list, e);
    *list = &x->list;
    return 0;
}
