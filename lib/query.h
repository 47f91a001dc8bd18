// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * query: what a person typed, as a tree (design.md §3). No index, no tokeniser: a leaf is its text
 * and its place. Fields come from field.def.
 *
 *   query  = and { ("OR" | "|") and }
 *   and    = not { ["AND"] not }
 *   not    = ["NOT " | "-"] near                    "-" only at the start of a token
 *   near   = atom { ("NEAR" | "ADJ")["/" n] atom }
 *   atom   = "(" query ")" | field ":" value | "[" key [":" value] "]" | "[[" link "]]"
 *          | "#" tag | "@" saved | "/" regex "/" | phrase | word
 *   value  = "(" query ")" | phrase | range | word
 *   phrase = '"' text '"' ["~" slack]               word = chars ["*"]
 *
 * How the edges are read:
 * - A word ends at a blank, a quote, a parenthesis or '|'. A run without any letter or digit ("-",
 *   "&", "--") asks for nothing and is left out; so is an empty phrase, with a warning.
 * - OR AND NOT NEAR ADJ are operators in capitals only, and an error where they join nothing.
 *   "||" is "|". "--x" is a word, as '-' excludes once. '*' elsewhere than at a word's end: error.
 * - NEAR and ADJ stand between words, prefixes, phrases and (a OR b) of these.
 * - Quotes are " and the typographic ones (U+201C to U+201F).
 * - '#' begins a tag before a letter; '@' a saved query when only a name follows; '/' a regex when
 *   the next '/' (not after a backslash) ends the token; '[' a property when a key of letters
 *   follows with "]" or ":value]" right behind; everything else of the kind is text.
 * - A field's value may be a link: entity:[[Muse Spark]], with `quoted` set.
 */
#ifndef KB_QUERY_H
#define KB_QUERY_H

#include <stdint.h>

#include "lib/arena.h"
#include "lib/buf.h"
#include "lib/err.h"
#include "lib/slice.h"

enum {
    QUERY_BYTES = 4096,
    QUERY_TERMS = 512,
    QUERY_PREFIX_TERMS =
        16, /* what a prefix is counted as: it stands for up to QUERY_EXPAND words */
    QUERY_LEVELS = 16,
    QUERY_EXPAND = 100,
    QUERY_SLACK = 10, /* words between, of NEAR and ADJ without a number */
    QUERY_SLACK_MAX = 100
};

enum field_how { /* one a kind of value; several fields may share one */
    HOW_WORDS_OF_NOTE,
    HOW_HEADING,
    HOW_TAG,
    HOW_PATH,
    HOW_FILE,
    HOW_KIND,
    HOW_VAULT,
    HOW_DATE,
    HOW_SINCE,
    HOW_UNTIL,
    HOW_CHANGED,
    HOW_LINK,
    HOW_ENTITY,
    HOW_NOTE,
    HOW_SOURCE
};

enum field {
    FIELD_NONE = -1,
#define FIELD(NAME, name, alias, how, prefix, value, help) FIELD_##NAME,
#include "lib/field.def"
#undef FIELD
    FIELD_COUNT
};

struct field_row {
    const char *name;
    const char *alias; /* other names, '|' between; may be empty */
    enum field_how how;
    char prefix;
    const char *value, *help;
};
extern const struct field_row field_rows[FIELD_COUNT];
/* By name or alias, case-insensitive; FIELD_NONE. */
enum field field_find(struct slice name);

enum node_op {
    NODE_EMPTY, /* nothing was asked */
    NODE_AND,
    NODE_OR,       /* kids */
    NODE_NOT,      /* kids[0] excluded */
    NODE_NEAR,     /* kids within `slack` words, any order */
    NODE_ADJ,      /* the same, in order */
    NODE_WORD,     /* text: one blank-delimited run, not yet tokens; may hold a compound */
    NODE_PREFIX,   /* text without the '*' */
    NODE_PHRASE,   /* text between the quotes; slack */
    NODE_FIELD,    /* field, and text or kids[0] */
    NODE_PROPERTY, /* [key:value]: text the key, value; has_value */
    NODE_TAG,      /* #tag: text */
    NODE_LINK,     /* [[link]]: text */
    NODE_SAVED,    /* @name: text; resolved by the planner */
    NODE_REGEX     /* text between the slashes */
};

struct node {
    enum node_op op;
    enum field field;
    struct slice text, value;
    bool has_value;
    bool quoted; /* NODE_FIELD: the value was a phrase */
    uint32_t slack;
    size_t begin, end; /* bytes of the query */
    struct node **kids;
    size_t n_kids;
};

struct query {
    struct node *root;
    struct slice *warnings; /* "unbalanced quote: closed at the end" */
    size_t n_warnings;
};

/*
 * The tree, from the arena; text points into `s`. ERR_QUERY with `at` and a hint; ERR_COMPLEX over
 * QUERY_BYTES, QUERY_LEVELS or QUERY_TERMS leaves. A name within two letters of a field's, with a
 * value behind it, is an error that says which; any other a:b is the words a and b.
 */
int query_parse(struct arena *a, struct slice s, struct query *q, struct err *e);
/* syntax "plain": the whole text is one NODE_WORD a blank-delimited run, under one AND. */
int query_plain(struct arena *a, struct slice s, struct query *q, struct err *e);
/* The tree as text in prefix form, for --explain and tests: (and (word "muse") (not (word "x"))).
 */
void query_write(const struct node *n, struct buf *out);

#endif
