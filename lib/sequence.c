// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/sequence.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH_LEAST = 2, WIDTH_MOST = 8 };

/* --- writing ------------------------------------------------------------------------------- */

static int by_number(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

size_t sequence_distinct(uint64_t *v, size_t n)
{
    size_t kept = 0;
    if (n)
        qsort(v, n, sizeof *v, by_number);
    for (size_t i = 0; i < n; i++)
        if (!i || v[i] != v[kept - 1])
            v[kept++] = v[i];
    return kept;
}

/* Whether so many bytes tell n different words from one another and from a gap. */
static bool tells_apart(const uint64_t *words, size_t n, unsigned width, uint64_t *codes)
{
    for (size_t i = 0; i < n; i++)
        codes[i] = sequence_code(width, words[i]);
    return sequence_distinct(codes, n) == n && (!n || codes[0]);
}

static int width_for(
    struct arena *a, const struct sequence_place *v, size_t n, unsigned *width, struct err *e)
{
    uint64_t *words = arena_array(a, n, sizeof *words), *codes = arena_array(a, n, sizeof *codes);
    if (!words || !codes)
        return err_memory(e);
    for (size_t i = 0; i < n; i++)
        words[i] = v[i].word;
    size_t different = sequence_distinct(words, n);
    *width = different > SEQUENCE_SMALL ? WIDTH_LEAST + 1 : WIDTH_LEAST;
    while (*width < WIDTH_MOST && !tells_apart(words, different, *width, codes))
        ++*width;
    return 0;
}

static void add_code(struct buf *out, uint64_t code, unsigned width)
{
    for (unsigned i = 0; i < width; i++)
        buf_char(out, (char)(code >> 8 * i));
}

int sequence_write(
    struct buf *out, struct arena *a, const struct sequence_place *v, size_t n, struct err *e)
{
    unsigned width = WIDTH_LEAST;
    uint32_t at = 0;
    if (!n)
        return 0;
    if (width_for(a, v, n, &width, e))
        return -1;
    buf_char(out, (char)width);
    for (size_t i = 0; i < n; i++) {
        if (v[i].at != at + 1) {
            add_code(out, 0, width);
            buf_varint(out, v[i].at - at);
        }
        add_code(out, sequence_code(width, v[i].word), width);
        at = v[i].at;
    }
    return out->failed ? err_memory(e) : 0;
}

/* --- reading ------------------------------------------------------------------------------- */

void sequence_open(struct sequence *s, struct slice bytes)
{
    unsigned width = bytes.n ? (unsigned char)bytes.p[0] : 0;
    bool is = width >= WIDTH_LEAST && width <= WIDTH_MOST;
    *s = (struct sequence){
        .left = is ? slice_of(bytes.p + 1, bytes.n - 1) : bytes, .width = is ? width : 0};
}

static bool take_code(struct sequence *s)
{
    if (!s->width || s->left.n < s->width)
        return false;
    const unsigned char *p = (const unsigned char *)s->left.p;
    s->code = 0;
    for (unsigned i = 0; i < s->width; i++)
        s->code |= (uint64_t)p[i] << 8 * i;
    s->left = slice_of(s->left.p + s->width, s->left.n - s->width);
    return true;
}

bool sequence_next(struct sequence *s)
{
    struct sequence before = *s;
    uint64_t far = 1;
    if (take_code(s) &&
        (s->code || (take_varint(&s->left, &far) && far <= UINT32_MAX - s->at && take_code(s)))) {
        s->at += (uint32_t)far;
        return true;
    }
    *s = before;
    return false;
}

/* --- words beside one another -------------------------------------------------------------- */

struct word {
    uint64_t code;
    uint32_t *at; /* its places, ascending */
    size_t n, cap;
};

struct looking {
    struct arena *a;
    struct word *words; /* by code */
    size_t n_words;
    uint64_t ends;       /* a bit for the last six bits of each code: most others are seen by it */
    struct word **asked; /* in the order they were asked for */
    size_t n;
    uint32_t window;
};

static int by_code(const void *x, const void *y)
{
    const struct word *a = x, *b = y;
    return (a->code > b->code) - (a->code < b->code);
}

static uint64_t end_of(uint64_t code)
{
    return UINT64_C(1) << (code & 63);
}

static struct word *word_of(struct looking *l, uint64_t code)
{
    size_t low = 0, high = l->n_words;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (l->words[mid].code < code)
            low = mid + 1;
        else
            high = mid;
    }
    return low < l->n_words && l->words[low].code == code ? &l->words[low] : NULL;
}

static int name_words(
    struct looking *l, const struct sequence *s, const uint64_t *words, struct err *e)
{
    l->words = arena_array(l->a, l->n, sizeof *l->words);
    l->asked = arena_array(l->a, l->n, sizeof(struct word *));
    if (!l->words || !l->asked)
        return err_memory(e);
    for (size_t i = 0; i < l->n; i++)
        l->words[i].code = sequence_code(s->width, words[i]);
    qsort(l->words, l->n, sizeof *l->words, by_code);
    for (size_t i = 0; i < l->n; i++)
        if (!i || l->words[i].code != l->words[l->n_words - 1].code)
            l->words[l->n_words++] = l->words[i];
    for (size_t i = 0; i < l->n_words; i++)
        l->ends |= end_of(l->words[i].code);
    for (size_t i = 0; i < l->n; i++)
        l->asked[i] = word_of(l, sequence_code(s->width, words[i]));
    return 0;
}

/* Passes over what nobody asked about, as far as that is plain to see: most of it. */
static void pass_over(const struct looking *l, struct sequence *s)
{
    const char *p = s->left.p, *end = p + s->left.n;
    unsigned width = s->width;
    uint32_t at = s->at;
    uint64_t whole;
    while (end - p >= (ptrdiff_t)sizeof whole && at < UINT32_MAX) {
        memcpy(&whole, p, sizeof whole);
        uint64_t code = sequence_code(width, le64toh(whole));
        if (!code || l->ends & end_of(code))
            break;
        p += width;
        at++;
    }
    s->left = slice_of(p, (size_t)(end - p));
    s->at = at;
}

/* Each word's places. */
static int find_places(struct looking *l, struct sequence *s, struct err *e)
{
    while (pass_over(l, s), sequence_next(s)) {
        struct word *w = word_of(l, s->code);
        if (w && !ARENA_PUSH(l->a, w->at, w->n, w->cap, s->at))
            return err_memory(e);
    }
    return 0;
}

/* Each word at its first place behind the last one's; beginning with each place of the first. */
static int in_order(struct looking *l, bool *holds, struct err *e)
{
    size_t *next = arena_array(l->a, l->n, sizeof *next);
    if (!next)
        return err_memory(e);
    for (size_t k = 0; k < l->asked[0]->n && !*holds; k++) {
        uint32_t first = l->asked[0]->at[k], at = first;
        size_t i = 1;
        for (; i < l->n; i++) {
            const struct word *w = l->asked[i];
            while (next[i] < w->n && w->at[next[i]] <= at)
                next[i]++;
            if (next[i] == w->n || w->at[next[i]] - first >= l->window)
                break;
            at = w->at[next[i]];
        }
        *holds = i == l->n;
    }
    return 0;
}

/* Whether each word has a place within the window from `first` on that no other has taken. next[]
 * is its first one there. */
static bool each_has_one(
    const struct looking *l, const size_t *next, uint32_t first, uint32_t *taken)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct word *w = l->asked[i];
        size_t k = next[i], other = 0;
        while (other < i && k < w->n && w->at[k] - first < l->window) {
            bool same = taken[other] == w->at[k];
            k += same;
            other = same ? 0 : other + 1;
        }
        if (k == w->n || w->at[k] - first >= l->window)
            return false;
        taken[i] = w->at[k];
    }
    return true;
}

static int by_rarity(const void *x, const void *y)
{
    const struct word *const *a = x, *const *b = y;
    return ((*a)->n > (*b)->n) - ((*a)->n < (*b)->n);
}

/* Rare words first: what shares their only place (another form of the same word) may have more. */
static int in_any_order(struct looking *l, bool *holds, struct err *e)
{
    size_t *next = arena_array(l->a, l->n, sizeof *next);
    uint32_t *taken = arena_array(l->a, l->n, sizeof *taken);
    if (!next || !taken)
        return err_memory(e);
    qsort(l->asked, l->n, sizeof(struct word *), by_rarity);
    for (;;) {
        uint32_t first = UINT32_MAX, last = 0;
        for (size_t i = 0; i < l->n; i++) {
            if (next[i] == l->asked[i]->n)
                return 0;
            uint32_t at = l->asked[i]->at[next[i]];
            first = at < first ? at : first;
            last = at > last ? at : last;
        }
        if (last - first < l->window && each_has_one(l, next, first, taken)) {
            *holds = true;
            return 0;
        }
        for (size_t i = 0; i < l->n; i++)
            next[i] += l->asked[i]->at[next[i]] == first;
    }
}

int sequence_holds(struct arena *a, struct slice bytes, const uint64_t *words, size_t n,
    uint32_t window, bool any_order, bool *holds, struct err *e)
{
    struct looking l = {.a = a, .n = n, .window = window > n ? window : (uint32_t)n};
    struct sequence s;
    *holds = false;
    sequence_open(&s, bytes);
    if (!n || !s.width)
        return 0;
    if (name_words(&l, &s, words, e) || find_places(&l, &s, e))
        return -1;
    return any_order ? in_any_order(&l, holds, e) : in_order(&l, holds, e);
}
