// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/spell.h"

#include <math.h>
#include <stdlib.h>

#include "lib/buf.h"
#include "lib/utf8.h"

enum {
    BLOCK_WORDS = 32,
    LETTERS_MOST = 256, /* of one dictionary; a word with yet another letter is passed over */
    SLIPS_MOST = 2,
    TWO_SLIPS_FROM = 6, /* letters of a word in which two slips are thought of */
    NEVER = 100         /* more slips than anything has */
};

/* A word is a string of symbols, one a letter: places in the dictionary's own alphabet, from 1. */
struct letters {
    uint8_t v[SPELL_MOST + SLIPS_MOST];
    size_t n;
};

struct block {
    uint32_t at;    /* of its first word in `text` */
    uint8_t joined; /* letters its first word begins with as the word before it did */
    uint8_t shared; /* letters at least that each word begins with as the one before it did */
};

struct spell {
    uint32_t alphabet[LETTERS_MOST];
    size_t n_alphabet; /* alphabet[0] is no letter */
    struct buf text;   /* a word: letters shared, letters of its own, those, varint frequency */
    struct block *blocks;
    size_t n_blocks, cap_blocks;
    size_t words;
    struct letters last;
};

int spell_new(struct spell **s, struct err *e)
{
    *s = calloc(1, sizeof **s);
    if (!*s)
        return err_memory(e);
    (*s)->n_alphabet = 1;
    return 0;
}

void spell_free(struct spell *s)
{
    if (!s)
        return;
    buf_free(&s->text);
    free(s->blocks);
    free(s);
}

size_t spell_words(const struct spell *s)
{
    return s->words;
}

size_t spell_bytes(const struct spell *s)
{
    return sizeof *s + s->text.cap + s->cap_blocks * sizeof *s->blocks;
}

/* --- letters --------------------------------------------------------------------------------- */

/* 0 when the dictionary has no such letter. */
static uint8_t symbol_of(const struct spell *s, uint32_t letter)
{
    for (size_t i = 1; i < s->n_alphabet; i++)
        if (s->alphabet[i] == letter)
            return (uint8_t)i;
    return 0;
}

/* The word's letters; false when it has others than letters, or more than fit. Those that the
 * dictionary lacks are symbol 0. */
static bool letters_of(const struct spell *s, struct slice word, struct letters *l)
{
    l->n = 0;
    while (word.n) {
        uint32_t cp = utf8_next(&word);
        if (l->n == SPELL_MOST || utf8_class(cp) != UTF8_LETTER)
            return false;
        l->v[l->n++] = symbol_of(s, cp);
    }
    return true;
}

/* Gives each letter that is new a symbol; false when there are none left. */
static bool learn_letters(struct spell *s, struct slice word, struct letters *l)
{
    for (size_t i = 0; i < l->n; i++) {
        uint32_t cp = utf8_next(&word);
        if (!l->v[i])
            l->v[i] = symbol_of(s, cp);
        if (!l->v[i]) {
            if (s->n_alphabet == LETTERS_MOST)
                return false;
            l->v[i] = (uint8_t)s->n_alphabet;
            s->alphabet[s->n_alphabet++] = cp;
        }
    }
    return true;
}

static int text_of(const struct spell *s, struct arena *a, const struct letters *l,
    struct slice *text, struct err *e)
{
    struct buf b = {0};
    for (size_t i = 0; i < l->n; i++)
        utf8_put(&b, s->alphabet[l->v[i]]);
    *text = b.failed ? (struct slice){0} : arena_dup(a, buf_view(&b));
    buf_free(&b);
    return text->p ? 0 : err_memory(e);
}

/* --- building -------------------------------------------------------------------------------- */

static bool new_block(struct spell *s, size_t joined)
{
    if (s->n_blocks == s->cap_blocks) {
        size_t cap = s->cap_blocks ? s->cap_blocks * 2 : 64;
        struct block *more = realloc(s->blocks, cap * sizeof *more);
        if (!more)
            return false;
        s->blocks = more;
        s->cap_blocks = cap;
    }
    s->blocks[s->n_blocks++] = (struct block){
        .at = (uint32_t)s->text.n, .joined = (uint8_t)joined, .shared = (uint8_t)joined};
    return true;
}

static size_t shared_letters(const struct letters *a, const struct letters *b)
{
    size_t n = 0;
    while (n < a->n && n < b->n && a->v[n] == b->v[n])
        n++;
    return n;
}

int spell_add(struct spell *s, struct slice word, uint32_t freq, struct err *e)
{
    struct letters l;
    if (!letters_of(s, word, &l) || l.n < SPELL_LEAST || s->text.n > UINT32_MAX / 2 ||
        !learn_letters(s, word, &l))
        return 0;
    size_t shared = shared_letters(&s->last, &l);
    bool first = s->words % BLOCK_WORDS == 0;
    if (first && !new_block(s, shared))
        return err_memory(e);
    struct block *b = &s->blocks[s->n_blocks - 1];
    if (shared < b->shared)
        b->shared = (uint8_t)shared;
    size_t from = first ? 0 : shared;
    buf_char(&s->text, (char)from);
    buf_char(&s->text, (char)(l.n - from));
    buf_add(&s->text, (const char *)l.v + from, l.n - from);
    buf_varint(&s->text, freq);
    if (s->text.failed)
        return err_memory(e);
    s->last = l;
    s->words++;
    return 0;
}

void spell_done(struct spell *s)
{
    struct block *blocks = realloc(s->blocks, (s->n_blocks + 1) * sizeof *blocks);
    char *text = realloc(s->text.p, s->text.n + 1);
    if (blocks) {
        s->blocks = blocks;
        s->cap_blocks = s->n_blocks + 1;
    }
    if (text) {
        s->text.p = text;
        s->text.cap = s->text.n + 1;
    }
}

/* --- reading --------------------------------------------------------------------------------- */

/* The words of one block, one after another. */
struct cursor {
    const unsigned char *p, *end;
    struct letters word;
    size_t shared; /* letters at the front that the word before had too */
    uint32_t freq;
};

static struct cursor block_words(const struct spell *s, size_t i)
{
    const unsigned char *text = (const unsigned char *)s->text.p;
    size_t end = i + 1 < s->n_blocks ? s->blocks[i + 1].at : s->text.n;
    return (struct cursor){.p = text + s->blocks[i].at, .end = text + end};
}

static bool next_word(struct cursor *c)
{
    if (c->p == c->end)
        return false;
    c->shared = c->p[0];
    size_t own = c->p[1];
    c->p += 2;
    for (size_t i = 0; i < own; i++)
        c->word.v[c->shared + i] = c->p[i];
    c->p += own;
    c->word.n = c->shared + own;
    c->freq = 0;
    for (unsigned shift = 0;; shift += 7) {
        unsigned char byte = *c->p++;
        c->freq |= (uint32_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
}

/* --- what was meant -------------------------------------------------------------------------- */

/* Slips between the typed word and the beginnings of the word in hand: a table whose rows stay
 * good as long as the next word begins the same. */
struct slips {
    struct letters typed;
    size_t most;
    size_t rows;    /* row[0..rows] belong to the word in hand */
    size_t too_far; /* letters after which nothing can be near enough; 0: not so */
    uint8_t row[SPELL_MOST + 1][SPELL_MOST + SLIPS_MOST + 2];
};

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Row d for the word's d-th letter, only as far beside the diagonal as can matter; whether
 * anything in it is near enough. */
static bool fill_row(struct slips *t, const uint8_t *word, size_t d)
{
    size_t from = d > t->most ? d - t->most : 0, to = least(t->typed.n, d + t->most);
    uint8_t *row = t->row[d];
    const uint8_t *above = t->row[d - 1], *typed = t->typed.v;
    bool near = false;
    if (from)
        row[from - 1] = NEVER;
    for (size_t j = from; j <= to; j++) {
        size_t n = (size_t)above[j] + 1;
        if (j) {
            bool same = word[d - 1] == typed[j - 1];
            n = least(n, least(above[j - 1] + (size_t)!same, (size_t)row[j - 1] + 1));
            if (!same && d > 1 && j > 1 && word[d - 1] == typed[j - 2] &&
                word[d - 2] == typed[j - 1])
                n = least(n, (size_t)t->row[d - 2][j - 2] + 1);
        }
        row[j] = (uint8_t)least(n, NEVER);
        near |= n <= t->most;
    }
    row[to + 1] = NEVER;
    return near;
}

/* Slips between the typed word and this one, which begins with `shared` letters as the one before
 * did; NEVER when they are too many. */
static size_t count_slips(struct slips *t, const struct letters *word, size_t shared)
{
    if (t->too_far && shared >= t->too_far)
        return NEVER;
    t->too_far = 0;
    t->rows = least(t->rows, shared);
    while (t->rows < word->n) {
        t->rows++;
        if (!fill_row(t, word->v, t->rows)) {
            t->too_far = t->rows;
            return NEVER;
        }
    }
    bool in_reach = t->typed.n <= word->n + t->most;
    return in_reach ? t->row[word->n][t->typed.n] : NEVER;
}

static bool are_keys_near(uint32_t a, uint32_t b)
{
    static const char *const near[] = {['a'] = "qwsz",
        ['b'] = "vghn",
        ['c'] = "xdfv",
        ['d'] = "serfcx",
        ['e'] = "wsdr",
        ['f'] = "drtgvc",
        ['g'] = "ftyhbv",
        ['h'] = "gyujnb",
        ['i'] = "ujko",
        ['j'] = "huikmn",
        ['k'] = "jiolm",
        ['l'] = "kop",
        ['m'] = "njk",
        ['n'] = "bhjm",
        ['o'] = "iklp",
        ['p'] = "ol",
        ['q'] = "wa",
        ['r'] = "edft",
        ['s'] = "awedxz",
        ['t'] = "rfgy",
        ['u'] = "yhji",
        ['v'] = "cfgb",
        ['w'] = "qase",
        ['x'] = "zsdc",
        ['y'] = "tghu",
        ['z'] = "asx"};
    return a < sizeof near / sizeof *near && near[a] && b && b < 0x80 && strchr(near[a], (int)b);
}

static bool is_vowel(uint32_t c)
{
    return c && c < 0x80 && strchr("aeiouy", (int)c);
}

/*
 * How unlikely each slip is, in nats against the likeliest (a letter left out or doubled, two
 * swapped). A neighbouring key is one of about five.
 */
static const double swap_cost = 0, omit_cost = 0, double_cost = 0, near_key_cost = 1.6,
                    vowel_cost = 2.5, other_cost = 4, second_slip_cost = 3;
/* Of the logarithm of a word's frequency: people look for rare words more than they occur. */
static const double freq_weight = 0.5;

static double change_cost(uint32_t meant, uint32_t typed)
{
    if (meant == typed)
        return 0;
    double cost = are_keys_near(meant, typed)          ? near_key_cost
                  : is_vowel(meant) && is_vowel(typed) ? vowel_cost
                                                       : other_cost;
    return second_slip_cost + cost;
}

/* typed[j] is too much: doubled, or a key beside the one before or behind it. */
static double extra_cost(const uint32_t *typed, size_t n, size_t j)
{
    uint32_t before = j ? typed[j - 1] : 0, behind = j + 1 < n ? typed[j + 1] : 0;
    double cost = typed[j] == before || typed[j] == behind ? double_cost
                  : are_keys_near(before, typed[j]) || are_keys_near(behind, typed[j])
                      ? near_key_cost + 1
                      : other_cost;
    return second_slip_cost + cost;
}

static double lesser(double a, double b)
{
    return a < b ? a : b;
}

/* How unlikely it is that `meant` was typed so. */
static double cost_of(const uint32_t *meant, size_t n, const uint32_t *typed, size_t m)
{
    double row[SPELL_MOST + 1][SPELL_MOST + 1];
    for (size_t i = 0; i <= n; i++)
        for (size_t j = 0; j <= m; j++) {
            if (!i && !j) {
                row[0][0] = 0;
                continue;
            }
            double c = HUGE_VAL;
            if (i)
                c = row[i - 1][j] + second_slip_cost + omit_cost;
            if (j)
                c = lesser(c, row[i][j - 1] + extra_cost(typed, m, j - 1));
            if (i && j)
                c = lesser(c, row[i - 1][j - 1] + change_cost(meant[i - 1], typed[j - 1]));
            if (i > 1 && j > 1 && meant[i - 1] == typed[j - 2] && meant[i - 2] == typed[j - 1])
                c = lesser(c, row[i - 2][j - 2] + second_slip_cost + swap_cost);
            row[i][j] = c;
        }
    return row[n][m];
}

struct best {
    uint32_t typed[SPELL_MOST];
    size_t n_typed;
    double cost; /* less is likelier */
    struct letters word;
    uint32_t freq;
};

static void consider(const struct spell *s, struct best *b, const struct cursor *c)
{
    uint32_t meant[SPELL_MOST];
    for (size_t i = 0; i < c->word.n; i++)
        meant[i] = s->alphabet[c->word.v[i]];
    double cost =
        cost_of(meant, c->word.n, b->typed, b->n_typed) - freq_weight * log((double)c->freq + 1);
    if (cost < b->cost) {
        b->cost = cost;
        b->word = c->word;
        b->freq = c->freq;
    }
}

/* The likeliest word that is 1 to `most` slips away; b->freq stays 0 when there is none. */
static void look_within(
    const struct spell *s, const struct letters *typed, size_t most, struct best *b)
{
    struct slips t = {.typed = *typed, .most = most};
    for (size_t j = 0; j <= least(typed->n + 1, most + 1); j++)
        t.row[0][j] = (uint8_t)j;
    for (size_t i = 0; i < s->n_blocks; i++) {
        if (t.too_far && s->blocks[i].shared >= t.too_far)
            continue;
        struct cursor c = block_words(s, i);
        for (size_t shared = s->blocks[i].joined; next_word(&c); shared = SIZE_MAX) {
            size_t n = count_slips(&t, &c.word, shared == SIZE_MAX ? c.shared : shared);
            if (n && n <= most)
                consider(s, b, &c);
        }
    }
}

int spell_nearest(const struct spell *s, struct arena *a, struct slice word, struct spell_word *out,
    struct err *e)
{
    struct letters typed;
    struct best b = {.cost = HUGE_VAL};
    *out = (struct spell_word){0};
    if (!letters_of(s, word, &typed) || typed.n < SPELL_LEAST)
        return 0;
    while (word.n)
        b.typed[b.n_typed++] = utf8_next(&word);
    for (size_t most = 1; most <= (typed.n < TWO_SLIPS_FROM ? 1 : SLIPS_MOST) && !b.freq; most++)
        look_within(s, &typed, most, &b);
    if (!b.freq)
        return 0;
    out->freq = b.freq;
    return text_of(s, a, &b.word, &out->text, e);
}
