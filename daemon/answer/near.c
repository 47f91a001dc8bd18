// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/near.h"

#include "lib/schema.h"
#include "lib/sketch.h"

enum { MARKS = 65536, PAIRS = 4000000, COMPARISONS = 400000000, CHECK_EVERY = 1 << 16 };

struct class
{
    uint64_t whole;
    uint16_t *marks; /* ascending once ranked, the rarest first */
    uint32_t n;
    uint64_t bits[2]; /* one of 128 for each mark: two sets differ at least in what these do */
};

struct list { /* classes that have a rare mark */
    uint32_t *v;
    uint32_t begin, n; /* those before `begin` are too small by now */
};

struct pair {
    uint32_t a, b;
};

struct comparing {
    struct answer *w;
    struct arena *a, tmp, unit;
    struct near *near;
    struct class *classes;
    uint32_t *table; /* classes by hash, from 1 */
    size_t n_table, cap_classes;
    struct list *lists;   /* by mark */
    uint8_t *sizes;       /* the classes', beside one another */
    uint32_t *seen, *met; /* by class: by which it was met last; those that one may be near to */
    struct pair *pairs;
    size_t n_pairs, cap_pairs, compared, checked;
    struct err *e;
};

/* After so many steps more. */
static int go_on(struct comparing *c, size_t steps)
{
    c->compared += steps;
    if (c->compared > COMPARISONS || c->n_pairs > PAIRS)
        return err_set(c->e, ERR_COMPLEX, "too many units are alike to fold them");
    if (c->compared - c->checked < CHECK_EVERY)
        return 0;
    c->checked = c->compared;
    return xdb_look(c->w->reader->index.db, c->e);
}

/* --- classes ------------------------------------------------------------------------------- */

static int add_class(struct comparing *c, const struct sketch *s, uint32_t *number)
{
    struct class new = {.whole = s->whole,
        .marks = arena_array(&c->tmp, s->n, sizeof *new.marks),
        .n = (uint32_t)s->n};
    if (!new.marks)
        return err_memory(c->e);
    for (size_t i = 0; i < s->n; i++)
        new.bits[s->marks[i] >> 6 & 1] |= UINT64_C(1) << (s->marks[i] & 63);
    memcpy(new.marks, s->marks, s->n * sizeof *new.marks);
    *number = (uint32_t)c->near->n_classes;
    return ARENA_PUSH(&c->tmp, c->classes, c->near->n_classes, c->cap_classes, new)
               ? 0
               : err_memory(c->e);
}

static int add_unit(void *ctx, size_t at, struct slice value)
{
    struct comparing *c = ctx;
    struct sketch s;
    arena_reset(&c->unit);
    if (sketch_of(&s, &c->unit, value, c->e))
        return 1;
    if (!s.n)
        return 0;
    size_t i = (size_t)s.whole & (c->n_table - 1);
    while (c->table[i] && c->classes[c->table[i] - 1].whole != s.whole)
        i = (i + 1) & (c->n_table - 1);
    uint32_t number = c->table[i] - 1;
    if (!c->table[i] && add_class(c, &s, &number))
        return 1;
    c->table[i] = number + 1;
    c->near->classes[at] = number;
    return 0;
}

/* Units without words are a class each. */
static int sort_units(struct comparing *c)
{
    struct near *near = c->near;
    c->n_table = 16;
    while (c->n_table < 2 * near->n)
        c->n_table *= 2;
    c->table = arena_array(&c->tmp, c->n_table, sizeof *c->table);
    if (!c->table)
        return err_memory(c->e);
    for (size_t i = 0; i < near->n; i++)
        near->classes[i] = UINT32_MAX;
    if (xdb_values(c->w->reader->index.db, SLOT_SEQUENCE, near->ids, near->n, add_unit, c, c->e))
        return -1;
    struct sketch none = {0};
    for (size_t i = 0; i < near->n; i++)
        if (near->classes[i] == UINT32_MAX && add_class(c, &none, &near->classes[i]))
            return -1;
    return 0;
}

/* --- rare marks first ---------------------------------------------------------------------- */

/* order[]: 0 to n - 1 by their counts, ascending. */
static int by_count(struct comparing *c, const uint32_t *counts, size_t n, uint32_t *order)
{
    uint32_t most = 0;
    for (size_t i = 0; i < n; i++)
        most = counts[i] > most ? counts[i] : most;
    uint32_t *place = arena_array(&c->tmp, (size_t)most + 2, sizeof *place);
    if (!place)
        return err_memory(c->e);
    for (size_t i = 0; i < n; i++)
        place[counts[i] + 1]++;
    for (size_t i = 1; i <= most; i++)
        place[i] += place[i - 1];
    for (size_t i = 0; i < n; i++)
        order[place[counts[i]]++] = (uint32_t)i;
    return 0;
}

/* The classes that have each mark, mark by mark. */
static int invert(struct comparing *c, const uint32_t *counts, uint32_t *begin, uint32_t **classes)
{
    uint32_t all = 0;
    for (size_t i = 0; i < MARKS; i++) {
        begin[i] = all;
        all += counts[i];
    }
    *classes = arena_array(&c->tmp, all, sizeof **classes);
    if (!*classes)
        return err_memory(c->e);
    for (size_t i = 0; i < c->near->n_classes; i++) {
        if (go_on(c, c->classes[i].n))
            return -1;
        for (uint32_t k = 0; k < c->classes[i].n; k++)
            (*classes)[begin[c->classes[i].marks[k]]++] = (uint32_t)i;
    }
    return 0;
}

/* Marks become their numbers in the order from rare to frequent, and ascend in each class. */
static int rank_marks(struct comparing *c)
{
    uint32_t *counts = arena_array(&c->tmp, MARKS, sizeof *counts),
             *order = arena_array(&c->tmp, MARKS, sizeof *order),
             *end = arena_array(&c->tmp, MARKS, sizeof *end),
             *filled = arena_array(&c->tmp, c->near->n_classes, sizeof *filled), *having;
    if (!counts || !order || !end || !filled)
        return err_memory(c->e);
    for (size_t i = 0; i < c->near->n_classes; i++) {
        if (go_on(c, c->classes[i].n))
            return -1;
        for (uint32_t k = 0; k < c->classes[i].n; k++)
            counts[c->classes[i].marks[k]]++;
    }
    if (by_count(c, counts, MARKS, order) || invert(c, counts, end, &having))
        return -1;
    for (size_t rank = 0; rank < MARKS; rank++) {
        uint32_t mark = order[rank];
        if (go_on(c, counts[mark]))
            return -1;
        for (uint32_t at = end[mark] - counts[mark]; at < end[mark]; at++)
            c->classes[having[at]].marks[filled[having[at]]++] = (uint16_t)rank;
    }
    return 0;
}

/* --- comparing ----------------------------------------------------------------------------- */

/* How many of n marks the larger of two near-same classes has in common with the smaller one, at
 * least: one of its n - least + 1 rarest is among them. */
static uint32_t least_of(uint32_t n)
{
    return (FOLD_PERCENT * n + 99) / 100;
}

/* The same for the smaller one. */
static uint32_t least_of_smaller(uint32_t n)
{
    return (2 * FOLD_PERCENT * n + 99 + FOLD_PERCENT) / (100 + FOLD_PERCENT);
}

static uint32_t rarest_of_smaller(uint32_t n)
{
    uint32_t least = least_of_smaller(n);
    return n - (least < n ? least : n) + 1;
}

/* How many marks two classes have in common, at least, when they are near-same. */
static uint32_t least_common(const struct class *a, const struct class *b)
{
    return (FOLD_PERCENT * (a->n + b->n) + 99 + FOLD_PERCENT) / (100 + FOLD_PERCENT);
}

/* Without a flag for newer processors the compiler's own is a call. */
static uint32_t count_bits(uint64_t v)
{
    v -= v >> 1 & UINT64_C(0x5555555555555555);
    v = (v & UINT64_C(0x3333333333333333)) + (v >> 2 & UINT64_C(0x3333333333333333));
    v = (v + (v >> 4)) & UINT64_C(0x0F0F0F0F0F0F0F0F);
    return (uint32_t)(v * UINT64_C(0x0101010101010101) >> 56);
}

/* False for almost all that are not near-same. */
static bool may_be_near(const struct class *a, const struct class *b)
{
    uint32_t differ = count_bits(a->bits[0] ^ b->bits[0]) + count_bits(a->bits[1] ^ b->bits[1]);
    return differ + 2 * least_common(a, b) <= a->n + b->n;
}

static bool is_near(const struct class *a, const struct class *b)
{
    uint32_t all = a->n + b->n, same = 0, i = 0, k = 0, least = least_common(a, b);
    while (i < a->n && k < b->n) {
        if (a->marks[i] == b->marks[k]) {
            same++;
            i++;
            k++;
            continue;
        }
        uint32_t left_a = a->n - i, left_b = b->n - k;
        if (same + (left_a < left_b ? left_a : left_b) < least)
            return false;
        if (a->marks[i] < b->marks[k])
            i++;
        else
            k++;
    }
    return 100 * same >= FOLD_PERCENT * (all - same);
}

/* The smaller classes that share a rare mark with this one, in met[]. */
static uint32_t meet(struct comparing *c, uint32_t number)
{
    const struct class *x = &c->classes[number];
    uint32_t n = 0, probed = x->n - least_of(x->n) + 1;
    for (uint32_t i = 0; i < probed && i < x->n; i++) {
        struct list *l = &c->lists[x->marks[i]];
        while (l->begin < l->n && 100u * c->sizes[l->v[l->begin]] < FOLD_PERCENT * x->n)
            l->begin++;
        c->compared += l->n - l->begin;
        for (uint32_t k = l->begin; k < l->n; k++) {
            uint32_t y = l->v[k];
            if (c->seen[y] == number)
                continue;
            c->seen[y] = number;
            if (may_be_near(x, &c->classes[y]))
                c->met[n++] = y;
        }
    }
    return n;
}

static int join_lists(struct comparing *c, uint32_t number)
{
    const struct class *x = &c->classes[number];
    for (uint32_t i = 0; i < rarest_of_smaller(x->n); i++) {
        struct list *l = &c->lists[x->marks[i]];
        if (l->n && (l->n & (l->n - 1)) == 0) {
            uint32_t *v = arena_grow(&c->tmp, l->v, l->n, 2 * (size_t)l->n, sizeof *v);
            if (!v)
                return err_memory(c->e);
            l->v = v;
        } else if (!l->n && !(l->v = arena_array(&c->tmp, 1, sizeof *l->v))) {
            return err_memory(c->e);
        }
        l->v[l->n++] = number;
    }
    return 0;
}

static int compare(struct comparing *c, uint32_t number)
{
    const struct class *x = &c->classes[number];
    uint32_t n = meet(c, number);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t y = c->met[i];
        if (!is_near(x, &c->classes[y]))
            continue;
        struct pair pair = {number, y};
        if (!ARENA_PUSH(&c->tmp, c->pairs, c->n_pairs, c->cap_pairs, pair))
            return err_memory(c->e);
    }
    return go_on(c, n) || join_lists(c, number) ? -1 : 0;
}

/* The smaller ones first. */
static int compare_all(struct comparing *c)
{
    size_t n = c->near->n_classes;
    uint32_t *sizes = arena_array(&c->tmp, n, sizeof *sizes),
             *order = arena_array(&c->tmp, n, sizeof *order);
    c->lists = arena_array(&c->tmp, MARKS, sizeof *c->lists);
    c->seen = arena_array(&c->tmp, n, sizeof *c->seen);
    c->sizes = arena_array(&c->tmp, n, sizeof *c->sizes);
    c->met = arena_array(&c->tmp, n, sizeof *c->met);
    if (!sizes || !order || !c->lists || !c->seen || !c->sizes || !c->met)
        return err_memory(c->e);
    for (size_t i = 0; i < n; i++) {
        sizes[i] = c->classes[i].n;
        c->sizes[i] = (uint8_t)sizes[i];
        c->seen[i] = UINT32_MAX;
    }
    if (by_count(c, sizes, n, order))
        return -1;
    for (size_t i = 0; i < n; i++)
        if (sizes[order[i]] >= FOLD_WORDS && compare(c, order[i]))
            return -1;
    return 0;
}

/* Both ways. */
static int list_pairs(struct comparing *c)
{
    struct near *near = c->near;
    uint32_t *fill = arena_array(&c->tmp, near->n_classes + 1, sizeof *fill);
    near->first = arena_array(c->a, near->n_classes + 1, sizeof *near->first);
    near->others = arena_array(c->a, 2 * c->n_pairs, sizeof *near->others);
    if (!fill || !near->first || !near->others)
        return err_memory(c->e);
    for (size_t i = 0; i < c->n_pairs; i++) {
        near->first[c->pairs[i].a + 1]++;
        near->first[c->pairs[i].b + 1]++;
    }
    for (size_t i = 0; i < near->n_classes; i++)
        near->first[i + 1] += near->first[i];
    memcpy(fill, near->first, near->n_classes * sizeof *fill);
    for (size_t i = 0; i < c->n_pairs; i++) {
        near->others[fill[c->pairs[i].a]++] = c->pairs[i].b;
        near->others[fill[c->pairs[i].b]++] = c->pairs[i].a;
    }
    return 0;
}

int near_compare(struct answer *w, struct arena *a, const docid_t *ids, size_t n, struct near *near,
    struct err *e)
{
    *near = (struct near){.n = n,
        .ids = arena_array(a, n, sizeof *near->ids),
        .classes = arena_array(a, n, sizeof *near->classes)};
    if (!near->ids || !near->classes)
        return err_memory(e);
    if (n)
        memcpy(near->ids, ids, n * sizeof *ids);
    struct comparing c = {.w = w, .a = a, .near = near, .e = e};
    int rc = sort_units(&c) || rank_marks(&c) || compare_all(&c) || list_pairs(&c) ? -1 : 0;
    arena_free(&c.tmp);
    arena_free(&c.unit);
    return rc;
}
