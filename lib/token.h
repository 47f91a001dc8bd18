// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * token: the one tokeniser, for notes, queries, titles, tags and highlights alike.
 *
 * Input is rendered text (note.h): what a reader sees, UTF-8, where '\n' ends a paragraph, item or
 * cell and any other white space is a blank. Output is a flat array in the order of the text;
 * positions never decrease in it, those of URLs counted for themselves.
 *
 * A *group* is a maximal run of word characters and connectors: "GPT-5.2", "org/model", "don't",
 * "llama.cpp", "24GB". Connectors stand between word characters:
 *     - U+2010 U+2011 _ . / & ' U+2019 @ +     and their full-width forms
 * Soft hyphens and zero-width characters vanish, wherever they stand.
 * A group is cut into *base* tokens, each at a position of its own, counted on by 1:
 *     letters        "open-weights" -> open weights;  "don't" -> don t;  "AT&T" -> at t
 *     numbers whole  "5.2", "1.0.21", "2026.4.10"; "1,400" and "1'400" are 1400
 *     letters|digits "gpt5" -> gpt 5, "o3-mini" -> o 3 mini, "v1.0.21" -> v 1.0.21;
 *                    a run that begins with a digit stays whole ("4o", "70b", "10x", "2nd"), but
 *                    a unit of two or more letters is cut off: "24GB" -> 24 gb (token.c lists them)
 *     Han and kana and hangul: one base token a character (kind GRAM); Latin glued to Han is cut,
 *                    a run of them is a group of its own
 *     c++ c# f# g++ stay whole with their marks
 * and into *extra* tokens that share the position of the base token they begin at:
 *     JOINED  the whole group's bases run together where there are two or more: openweights,
 *             gpt5.2, llamacpp; and, in a longer group or over one blank between groups, a word
 *             and the number behind it: GPT-5, GPT 5, gpt5 -> gpt5 (so GPT-5 never meets GPT-5.2,
 *             whose is gpt5.2, or GPT-4o, whose is gpt4o), o3-mini -> o3 and o3mini; a number and
 *             a unit behind it: 24 GB -> 24gb, 70 B -> 70b. Over a blank it is one of the first
 *             group's tokens. Held by other connectors than - and _, only the whole is joined
 *     PART    camel-case parts of a base: DeepSeek -> deep, seek (only here, no position of their
 *             own), of three letters and more
 *     MARKED  with the mark in front: .net  @handle  @smol_ai -> @smolai
 *     GRAM2   two neighbouring Han characters
 * A URL (scheme://...) stands aside: its tokens are counted from TOKEN_ASIDE up, so that its
 * neighbours stay neighbours. Each URL is one group, TOKEN_GAP behind the one before it; a '/' in
 * it holds nothing together.
 *
 * Adjacency: a sentence end (. ! ? ... before white space or the end, be it behind a closing quote
 * or bracket, and the full-width forms anywhere) adds TOKEN_GAP to the next position, '\n' too;
 * several of them in turn add it once. Commas, colons, brackets, dashes, marks do not.
 *
 * Same text, same tokens: nothing here knows whether it reads a note or a query.
 */
#ifndef KB_TOKEN_H
#define KB_TOKEN_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/err.h"
#include "lib/slice.h"

enum { TOKEN_GAP = 8, TOKEN_ASIDE = 1 << 20, TOKEN_TERM_MAX = 64 /* bytes; longer ones are cut */ };

enum token_kind {
    TOKEN_WORD,   /* base: letters */
    TOKEN_NUMBER, /* base: holds a digit */
    TOKEN_GRAM,   /* base: one Han, kana or hangul character */
    TOKEN_JOINED, /* extra, see above */
    TOKEN_PART,
    TOKEN_MARKED,
    TOKEN_GRAM2
};

static inline bool token_is_base(enum token_kind k)
{
    return k <= TOKEN_GRAM;
}

struct token {
    struct slice term;   /* folded, NFC; lives in the arena */
    struct slice plain;  /* term without accents; the same slice when there are none */
    uint32_t pos;        /* from 1; aside from TOKEN_ASIDE */
    uint32_t span;       /* positions covered: the number of bases in it */
    uint32_t begin, end; /* the bytes of the input it came from */
    uint32_t group;      /* counted from 0; tokens of one group stand together */
    enum token_kind kind;
    bool digit; /* holds a digit: never stemmed, never corrected */
};

/* Whether its index term for loose matching is a stem ("Z<stem of plain>"); otherwise the plain
 * term itself serves. kbindex, queries and highlights all ask here. */
static inline bool token_is_stemmed(const struct token *t)
{
    return (t->kind == TOKEN_WORD || t->kind == TOKEN_JOINED || t->kind == TOKEN_PART) &&
           !t->digit && t->plain.n && t->plain.p[t->plain.n - 1] != '+' &&
           t->plain.p[t->plain.n - 1] != '#';
}

struct tokens {
    struct token *v;
    size_t n, cap;
    uint32_t groups;
    uint32_t pos, aside; /* positions given so far, in the text and aside */
};

/* Appends the tokens of `text` to *out, positions and groups beginning where *out ends (TOKEN_GAP
 * apart), all memory from the arena. -1: out of memory. */
int tokenize(struct arena *a, struct slice text, struct tokens *out, struct err *e);

/* The folded base terms of a name joined by single blanks: "GPT-5" and "gpt 5" are both "gpt 5",
 * "Muse Spark" and "muse-spark" both "muse spark". How titles, aliases, tags and entities are
 * compared. Empty for a name without a word. */
struct slice token_key(struct arena *a, struct slice name);

#endif
