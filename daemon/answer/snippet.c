// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/snippet.h"

#include <endian.h>
#include <limits.h>
#include <stdlib.h>

#include "lib/resolve.h"
#include "lib/token.h"
#include "lib/utf8.h"

enum { A_WORD = 1, A_MARK = 2, A_RUN = 4, BEGINNINGS = 8 };

struct match {
    uint32_t begin, end; /* bytes of the rendered text */
    uint8_t rank;        /* 0 a word, 1 a phrase, 2 the words as typed */
};

struct finder {
    struct arena *a, *scratch; /* of the answer, of this hit */
    struct resolver stems;     /* knows them, and where to put a word's */
    const struct plan *p;
    uint8_t begins[UCHAR_MAX + 1]; /* what begins with this byte */
    bool second[UCHAR_MAX + 1];    /* the second byte of any of those */
    struct beginning {
        uint64_t first, second; /* eight times each byte; second: 0 for any */
    } beginnings[BEGINNINGS];   /* those of ASCII */
    size_t n_beginnings;        /* above BEGINNINGS: too many to look for */
    size_t reach;               /* pieces behind its first one that a run may reach into */
    struct buf text;            /* rendered */
    struct tokens tokens;
    struct match *v;
    size_t n, cap;
};

static bool same_word(const struct token *t, struct slice term)
{
    return slice_eq(t->term, term) || slice_eq(t->plain, term);
}

static const uint64_t EACH_BYTE = UINT64_C(0x0101010101010101), HIGH_BITS = EACH_BYTE << 7;

/* A letter, or what becomes one: more than that is no matter, may_begin looks again. */
static uint64_t eight_times(char c)
{
    return EACH_BYTE * ((unsigned char)c | 0x20);
}

static void look_for(struct finder *f, char first, uint64_t second)
{
    if (f->n_beginnings++ < BEGINNINGS)
        f->beginnings[f->n_beginnings - 1] = (struct beginning){eight_times(first), second};
}

/* Of one letter: anything may be its second. */
static void note_beginning(struct finder *f, struct slice s, uint8_t what)
{
    if (!s.n)
        return;
    bool ascii = (unsigned char)s.p[0] < 0x80, any = s.n == 1 || (unsigned char)s.p[1] >= 0x80;
    f->begins[(unsigned char)s.p[0]] |= what;
    if (s.n == 1)
        memset(f->second, true, sizeof f->second);
    else
        f->second[(unsigned char)s.p[1]] = true;
    if (ascii)
        look_for(f, s.p[0], any ? 0 : eight_times(s.p[1]));
    if (s.n > 1 && s.p[1] == 'i') { /* dying, die */
        f->second['y'] = true;
        if (ascii)
            look_for(f, s.p[0], eight_times('y'));
    }
}

static void note_beginnings(struct finder *f)
{
    for (size_t i = 0; i < f->p->n_marks; i++) {
        const struct plan_mark *m = &f->p->marks[i];
        note_beginning(f, m->stem.n ? m->stem : m->prefix.n ? m->prefix : m->exact, A_MARK);
    }
    for (size_t i = 0; i < f->p->n_runs; i++) {
        const struct plan_run *r = &f->p->runs[i];
        size_t n = r->window > r->n ? r->window : r->n;
        note_beginning(f, r->terms[0], A_RUN);
        f->reach = n > f->reach ? n : f->reach;
    }
}

/* Stemming changes ends; of the second letter it makes i of y, as in dying. */
static bool may_have_stem(struct slice word, struct slice stem)
{
    if (word.p[0] != stem.p[0] || stem.n < 2 || word.n < 2)
        return word.p[0] == stem.p[0];
    return word.p[1] == stem.p[1] || (word.p[1] == 'y' && stem.p[1] == 'i');
}

static bool marked(struct finder *f, const struct token *t)
{
    struct slice stem[RESOLVE_LANGUAGES];
    size_t stems = 0;
    if (!f->begins[(unsigned char)t->plain.p[0]] && !f->begins[(unsigned char)t->term.p[0]])
        return false;
    for (size_t i = 0; i < f->p->n_marks; i++) {
        const struct plan_mark *m = &f->p->marks[i];
        if (m->stem.n) {
            if (!token_is_stemmed(t) || !may_have_stem(t->plain, m->stem))
                continue;
            if (!stems)
                stems = resolve_stems(&f->stems, t->plain, stem);
            for (size_t k = 0; k < stems; k++)
                if (slice_eq(stem[k], m->stem))
                    return true;
        } else if (m->prefix.n ? slice_starts(t->plain, m->prefix) : same_word(t, m->exact)) {
            return true;
        }
    }
    return false;
}

static bool add(struct finder *f, uint32_t begin, uint32_t end, uint8_t rank)
{
    return ARENA_PUSH(f->scratch, f->v, f->n, f->cap, (struct match){begin, end, rank});
}

static bool find_words(struct finder *f)
{
    for (size_t i = 0; i < f->tokens.n; i++) {
        const struct token *t = &f->tokens.v[i];
        if (t->plain.n && marked(f, t) && !add(f, t->begin, t->end, 0))
            return false;
    }
    return true;
}

/* The base token at exactly this position, from index i on. */
static const struct token *at_position(const struct finder *f, size_t i, uint32_t pos)
{
    for (; i < f->tokens.n && f->tokens.v[i].pos <= pos; i++)
        if (f->tokens.v[i].pos == pos && token_is_base(f->tokens.v[i].kind))
            return &f->tokens.v[i];
    return NULL;
}

static const struct token *within(
    const struct finder *f, size_t i, uint32_t from, uint32_t to, struct slice term)
{
    for (; i < f->tokens.n && f->tokens.v[i].pos <= to; i++)
        if (f->tokens.v[i].pos >= from && token_is_base(f->tokens.v[i].kind) &&
            same_word(&f->tokens.v[i], term))
            return &f->tokens.v[i];
    return NULL;
}

/* Whether the run stands at token i; *end is the byte behind it. */
static bool run_at(const struct finder *f, const struct plan_run *r, size_t i, uint32_t *end)
{
    const struct token *first = &f->tokens.v[i], *last = first;
    if (!token_is_base(first->kind) || !same_word(first, r->terms[0]))
        return false;
    for (size_t k = 1; k < r->n; k++) {
        uint32_t pos = first->pos + r->offsets[k];
        if (r->window) {
            last = within(f, i, last->pos + 1, first->pos + r->window - 1, r->terms[k]);
        } else {
            last = at_position(f, i, pos);
            if (last && !same_word(last, r->terms[k]))
                return false;
        }
        if (!last)
            return false;
    }
    *end = last->end;
    return true;
}

static bool find_runs(struct finder *f)
{
    for (size_t k = 0; k < f->p->n_runs; k++) {
        const struct plan_run *r = &f->p->runs[k];
        for (size_t i = 0; i < f->tokens.n; i++) {
            uint32_t end;
            if (run_at(f, r, i, &end) && !add(f, f->tokens.v[i].begin, end, r->whole ? 2 : 1))
                return false;
        }
    }
    return true;
}

static int by_place(const void *x, const void *y)
{
    const struct match *a = x, *b = y;
    return a->begin != b->begin ? (a->begin > b->begin ? 1 : -1)
                                : (a->end < b->end) - (a->end > b->end);
}

/* One behind the other, none inside another; the best rank of what was merged stays. */
static void merge(struct finder *f)
{
    size_t out = 0;
    if (f->n)
        qsort(f->v, f->n, sizeof *f->v, by_place);
    for (size_t i = 0; i < f->n; i++) {
        struct match *last = out ? &f->v[out - 1] : NULL;
        if (last && f->v[i].begin < last->end) {
            if (f->v[i].end > last->end)
                last->end = f->v[i].end;
            if (f->v[i].rank > last->rank)
                last->rank = f->v[i].rank;
        } else {
            f->v[out++] = f->v[i];
        }
    }
    f->n = out;
}

static size_t first_of_best_rank(const struct finder *f)
{
    size_t best = 0;
    for (size_t i = 1; i < f->n; i++)
        if (f->v[i].rank > f->v[best].rank)
            best = i;
    return best;
}

/* Where the excerpt begins: before the match with the most company behind it. */
static size_t excerpt_begin(const struct finder *f)
{
    size_t best = 0, score = 0;
    for (size_t i = 0; i < f->n; i++) {
        size_t here = 0;
        for (size_t k = i; k < f->n && f->v[k].end <= f->v[i].begin + SNIPPET_BYTES * 3 / 4; k++)
            here += 1 + 4 * (size_t)f->v[k].rank;
        if (here > score) {
            score = here;
            best = i;
        }
    }
    size_t lead = SNIPPET_BYTES / 5, at = f->n ? f->v[best].begin : 0;
    if (at <= lead)
        return 0;
    at -= lead;
    while (at < f->text.n && f->text.p[at] != ' ' && f->text.p[at] != '\n' && at < f->v[best].begin)
        at++;
    while (at < f->text.n && (f->text.p[at] == ' ' || f->text.p[at] == '\n'))
        at++;
    return utf8_floor(buf_view(&f->text), at);
}

static size_t excerpt_end(struct slice text, size_t begin)
{
    size_t end = begin + SNIPPET_BYTES;
    if (end >= text.n)
        return text.n;
    size_t cut = end;
    while (cut > begin + SNIPPET_BYTES / 2 && text.p[cut] != ' ' && text.p[cut] != '\n')
        cut--;
    return cut > begin + SNIPPET_BYTES / 2 ? cut : utf8_floor(text, end);
}

/* Text as it is shown: one line, breaks as blanks (" | " between table cells). */
static char *put_line(char *to, struct slice s, bool row)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\n' && row)
            *to++ = ' ', *to++ = '|';
        *to++ = s.p[i] == '\n' ? ' ' : s.p[i];
    }
    return to;
}

struct excerpt {
    struct hit *h;
    char *to;
    bool row;
};

static void segment(struct excerpt *x, struct slice s, bool match)
{
    char *begin = x->to;
    x->to = put_line(begin, s, x->row);
    if (s.n)
        x->h->snippet[x->h->n_snippet++] =
            (struct segment){slice_of(begin, (size_t)(x->to - begin)), match};
}

static bool excerpt(struct finder *f, struct hit *h)
{
    static const struct slice before = {"\xe2\x80\xa6 ", 4}, behind = {" \xe2\x80\xa6", 4};
    struct slice text = buf_view(&f->text);
    bool whole = text.n <= SNIPPET_BYTES;
    size_t begin = whole ? 0 : excerpt_begin(f), end = whole ? text.n : excerpt_end(text, begin);
    size_t at = begin, breaks = 0, row = h->rec.kind == UNIT_ROW;
    for (size_t i = begin; i < end; i++)
        breaks += text.p[i] == '\n';
    struct excerpt x = {.h = h, .row = row};
    x.to = arena_alloc(f->a, end - begin + 2 * row * breaks + before.n + behind.n);
    size_t most = f->n < SNIPPET_BYTES ? f->n : SNIPPET_BYTES;
    h->snippet = arena_array(f->a, 2 * most + 3, sizeof *h->snippet);
    if (!x.to || !h->snippet)
        return false;
    if (begin)
        segment(&x, before, false);
    for (size_t i = 0; i < f->n && f->v[i].begin < end; i++) {
        struct match m = f->v[i];
        if (m.begin < at)
            continue;
        if (m.end > end)
            m.end = (uint32_t)end;
        segment(&x, slice_of(text.p + at, m.begin - at), false);
        segment(&x, slice_of(text.p + m.begin, m.end - m.begin), true);
        at = m.end;
    }
    segment(&x, slice_from(slice_of(text.p, end), at), false);
    if (end < text.n)
        segment(&x, behind, false);
    return true;
}

/* --- where to look ---------------------------------------------------------------------------
 * Most of a text has no word that begins as a mark does. It is read in windows around the pieces
 * between blanks that may have one: from the piece before, for a word may be joined with that one,
 * to as many behind it as a run reaches.
 */

static bool is_blank(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static bool is_letter(unsigned char c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static unsigned char lower(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

/* What may begin in the piece: a word at all; a word, or a part of one, that begins as a mark or a
 * run does. What is not ASCII may be anything. */
static uint8_t may_begin(const struct finder *f, const char *p, size_t n)
{
    unsigned char before = ' ';
    uint8_t what = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)p[i];
        if (c >= 0x80)
            return A_WORD | A_MARK | A_RUN;
        bool digit = c >= '0' && c <= '9';
        what |= digit || is_letter(c) ? A_WORD : 0;
        bool inside = is_letter(c) ? is_letter(before) && c >= 'a' : c == before;
        if (!inside && f->begins[lower(c)]) {
            unsigned char next = i + 1 < n ? (unsigned char)p[i + 1] : ' ';
            if (next >= 0x80 || !is_letter(c) || !is_letter(next) || f->second[lower(next)])
                what |= f->begins[lower(c)];
        }
        before = c;
    }
    return what;
}

/* Of eight ASCII bytes, the high bit of each that is a letter. */
static uint64_t letters_of(uint64_t x)
{
    uint64_t low = (x | EACH_BYTE * 0x20) & ~HIGH_BITS;
    return (low + EACH_BYTE * (0x80 - 'a')) & ~(low + EACH_BYTE * (0x7f - 'z')) & HIGH_BITS;
}

/* The high bit of each of eight ASCII bytes that is the one of `eight`. */
static uint64_t same_of(uint64_t x, uint64_t eight)
{
    return ~((x ^ eight) + ~HIGH_BITS) & HIGH_BITS;
}

/* The first byte from `at` on, where a piece begins, that may begin a word as a mark or a run does,
 * by the measure of may_begin or a coarser one: eight bytes at once. */
static size_t next_beginning(const struct finder *f, size_t at)
{
    const size_t n = f->n_beginnings <= BEGINNINGS ? f->text.n : 0;
    uint64_t behind_letter = 0;
    for (; at < n; at += 8) {
        uint64_t x = 0, like = 0;
        memcpy(&x, f->text.p + at, n - at < 8 ? n - at : 8);
        x = le64toh(x);
        uint64_t after = at + 8 < n ? (unsigned char)f->text.p[at + 8] : 0;
        uint64_t next = x >> 8 | after << 56;
        uint64_t low = (x | EACH_BYTE * 0x20) & ~HIGH_BITS;
        uint64_t next_low = (next | EACH_BYTE * 0x20) & ~HIGH_BITS;
        uint64_t letters = letters_of(x), small = letters & x << 2;
        uint64_t no_letter = ~letters_of(next) | next;
        for (size_t i = 0; i < f->n_beginnings; i++) {
            const struct beginning *b = &f->beginnings[i];
            uint64_t second = b->second ? same_of(next_low, b->second) | no_letter : HIGH_BITS;
            like |= same_of(low, b->first) & second;
        }
        uint64_t found = ((like & ~(small & (letters << 8 | behind_letter))) | x) & HIGH_BITS;
        if (found) {
            at += (size_t)__builtin_ctzll(found) / 8;
            break;
        }
        behind_letter = letters >> 56;
    }
    return at < f->text.n ? at : f->text.n;
}

static size_t piece_begin(const struct finder *f, size_t at)
{
    while (at && !is_blank(f->text.p[at - 1]))
        at--;
    return at;
}

static size_t piece_before(const struct finder *f, size_t at)
{
    while (at && is_blank(f->text.p[at - 1]))
        at--;
    return piece_begin(f, at);
}

static bool read_window(struct finder *f, size_t begin, size_t end)
{
    struct err e = {0};
    size_t first = f->tokens.n;
    if (tokenize(f->scratch, slice_of(f->text.p + begin, end - begin), &f->tokens, &e))
        return false;
    for (size_t i = first; i < f->tokens.n; i++) {
        f->tokens.v[i].begin += (uint32_t)begin;
        f->tokens.v[i].end += (uint32_t)begin;
    }
    return true;
}

static bool read_windows(struct finder *f)
{
    size_t n = f->text.n, begin = SIZE_MAX, before = 0, left = 0;
    for (size_t i = 0, end; i < n; i = end) {
        if (begin == SIZE_MAX) {
            end = next_beginning(f, i);
            if (end == n)
                break;
            if (end > i) {
                i = piece_begin(f, end);
                before = piece_before(f, i);
            }
        }
        for (end = i; end < n && !is_blank(f->text.p[end]); end++)
            ;
        uint8_t what = may_begin(f, f->text.p + i, end - i);
        size_t more = what & A_RUN && f->reach ? f->reach + 1 : what & A_MARK ? 2 : 0;
        if (more && begin == SIZE_MAX)
            begin = before;
        left = more > left ? more : left;
        if (left && what && --left == 0) {
            if (!read_window(f, begin, i))
                return false;
            begin = SIZE_MAX;
        }
        before = i;
        while (end < n && is_blank(f->text.p[end]))
            end++;
    }
    return begin == SIZE_MAX || read_window(f, begin, n);
}

static bool find(struct finder *f, struct hit *h)
{
    note_render(&f->text, h->rec.text, h->rec.runs, h->rec.n_runs);
    note_beginnings(f);
    if (f->text.failed || !read_windows(f) || !find_words(f) || !find_runs(f))
        return false;
    merge(f);
    size_t at = 0;
    if (f->n)
        at = note_source_of(h->rec.runs, h->rec.n_runs, f->v[first_of_best_rank(f)].begin);
    record_place(&h->rec, at, &h->match_line, &h->col);
    return excerpt(f, h);
}

int snippet_make(struct arena *a, struct arena *scratch, struct xstem *stem, const struct plan *p,
    struct hit *h, struct err *e)
{
    struct finder f = {.a = a, .scratch = scratch, .p = p};
    f.stems = (struct resolver){.m = {scratch, e}, .stem = stem};
    bool ok = find(&f, h);
    buf_free(&f.text);
    arena_reset(scratch);
    return ok ? 0 : err_memory(e);
}
