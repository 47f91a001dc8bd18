// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/query.h"

#include <strings.h>

#include "lib/nearest.h"
#include "lib/utf8.h"

enum { NAME_BYTES = 20 /* longer names are no field's, nor near one */ };

const struct field_row field_rows[FIELD_COUNT] = {
#define FIELD(NAME, name, alias, how, prefix, value, help)                                         \
    [FIELD_##NAME] = {name, alias, HOW_##how, prefix, value, help},
#include "lib/field.def"
#undef FIELD
};

struct parser {
    struct arena *a;
    struct slice s;
    size_t at;      /* the next byte */
    size_t token;   /* where the last '-' that excludes let a token begin */
    unsigned level; /* parentheses open */
    size_t leaves;
    struct query *q;
    size_t cap_warnings;
    struct err *e;
};

/* What a function says that tries one kind of atom. */
enum took { FAILED = -1, NOT_THIS, TOOK };

/* --- fields ---------------------------------------------------------------------------------- */

static bool same_name(struct slice a, struct slice b)
{
    return a.n == b.n && a.n && strncasecmp(a.p, b.p, a.n) == 0;
}

enum field field_find(struct slice name)
{
    for (int f = 0; f < FIELD_COUNT; f++) {
        if (same_name(name, slice_str(field_rows[f].name)))
            return (enum field)f;
        for (const char *p = field_rows[f].alias; *p;) {
            struct slice alias = slice_of(p, strcspn(p, "|"));
            if (same_name(name, alias))
                return (enum field)f;
            p += alias.n;
            p += *p == '|';
        }
    }
    return FIELD_NONE;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The field that `name` is a slip of the finger away from: two letters, one for short names, and
 * never all of either name. */
static enum field field_near(struct slice name)
{
    size_t best = 3;
    enum field near = FIELD_NONE;
    char folded[NAME_BYTES];
    if (name.n > sizeof folded)
        return FIELD_NONE;
    for (size_t i = 0; i < name.n; i++)
        folded[i] = lower(name.p[i]);
    name = slice_of(folded, name.n);
    for (int f = 0; f < FIELD_COUNT; f++) {
        struct slice known = slice_str(field_rows[f].name);
        size_t shorter = least(name.n, known.n);
        size_t d = nearest_distance(name, known);
        if (d < best && d < shorter && (d == 1 || shorter > 3)) {
            best = d;
            near = (enum field)f;
        }
    }
    return near;
}

/* --- characters ------------------------------------------------------------------------------ */

/* Bytes of the character at `at` and its code point; 0 at the end. */
static size_t char_at(const struct parser *p, size_t at, uint32_t *cp)
{
    struct slice rest = slice_of(p->s.p + at, p->s.n - at);
    if (!rest.n)
        return 0;
    *cp = utf8_next(&rest);
    return p->s.n - at - rest.n;
}

static bool byte_is(const struct parser *p, size_t at, char c)
{
    return at < p->s.n && p->s.p[at] == c;
}

static bool one_of(uint32_t cp, const char *set)
{
    return cp && cp < 0x80 && strchr(set, (int)cp);
}

static size_t blank_at(const struct parser *p, size_t at)
{
    uint32_t cp;
    size_t n = char_at(p, at, &cp);
    return n && utf8_class(cp) == UTF8_SPACE ? n : 0;
}

static bool is_curly_quote(uint32_t cp)
{
    return cp >= 0x201c && cp <= 0x201f;
}

static size_t quote_at(const struct parser *p, size_t at)
{
    uint32_t cp;
    size_t n = char_at(p, at, &cp);
    return n && (cp == '"' || is_curly_quote(cp)) ? n : 0;
}

/* Whether a word that came up to `at` ends there. */
static bool ends_word(const struct parser *p, size_t at)
{
    return at >= p->s.n || one_of((unsigned char)p->s.p[at], "()|") || blank_at(p, at) ||
           quote_at(p, at);
}

static struct slice run_at(const struct parser *p, size_t at)
{
    size_t end = at;
    uint32_t cp;
    while (!ends_word(p, end))
        end += char_at(p, end, &cp);
    return slice_of(p->s.p + at, end - at);
}

static bool begins_token(const struct parser *p)
{
    if (p->at == p->token || one_of((unsigned char)p->s.p[p->at - 1], "(|"))
        return true;
    size_t at = p->at - 1;
    while (at && ((unsigned char)p->s.p[at] & 0xc0) == 0x80)
        at--;
    return blank_at(p, at) == p->at - at;
}

static void skip_blanks(struct parser *p)
{
    for (size_t n; (n = blank_at(p, p->at)) > 0;)
        p->at += n;
}

static bool is_word_char(uint32_t cp)
{
    enum utf8_class c = utf8_class(cp);
    return c == UTF8_LETTER || c == UTF8_DIGIT || c == UTF8_IDEO;
}

/* Whether anything in the text can be looked for: a letter, a digit. */
static bool has_word(struct slice text)
{
    while (text.n)
        if (is_word_char(utf8_next(&text)))
            return true;
    return false;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_char(char c)
{
    return (lower(c) >= 'a' && lower(c) <= 'z') || is_digit(c) || c == '_' || c == '-' || c == '.';
}

/* --- nodes ----------------------------------------------------------------------------------- */

static struct node *new_node(struct parser *p, enum node_op op, size_t begin)
{
    struct node *n = arena_alloc(p->a, sizeof *n);
    if (!n) {
        err_memory(p->e);
        return NULL;
    }
    *n = (struct node){.op = op, .field = FIELD_NONE, .begin = begin, .end = p->at};
    return n;
}

static int add_kid(struct parser *p, struct node *n, size_t *cap, struct node *kid)
{
    n->end = kid->end;
    return ARENA_PUSH(p->a, n->kids, n->n_kids, *cap, kid) ? 0 : err_memory(p->e);
}

static int warn(struct parser *p, char *text)
{
    return text && ARENA_PUSH(
                       p->a, p->q->warnings, p->q->n_warnings, p->cap_warnings, slice_str(text))
               ? 0
               : err_memory(p->e);
}

static size_t count_words(struct slice text)
{
    size_t words = 0;
    bool inside = false;
    while (text.n) {
        bool blank = utf8_class(utf8_next(&text)) == UTF8_SPACE;
        words += !blank && !inside;
        inside = !blank;
    }
    return words;
}

static int count_leaves(struct parser *p, size_t at, size_t n)
{
    p->leaves += n;
    if (p->leaves > QUERY_TERMS)
        return err_at(p->e, ERR_COMPLEX, at,
            "the query has more than %d words, where a prefix is %d: search for fewer at once",
            QUERY_TERMS, QUERY_PREFIX_TERMS);
    return 0;
}

/* A leaf from `begin` to where the parser is. */
static enum took leaf(
    struct parser *p, enum node_op op, size_t begin, struct slice text, struct node **out)
{
    size_t words = op == NODE_PREFIX ? QUERY_PREFIX_TERMS : count_words(text);
    if (count_leaves(p, begin, words ? words : 1))
        return FAILED;
    struct node *n = new_node(p, op, begin);
    if (!n)
        return FAILED;
    n->text = text;
    *out = n;
    return TOOK;
}

/* --- operators ------------------------------------------------------------------------------- */

enum op { OP_NONE, OP_OR, OP_AND, OP_NOT, OP_NEAR, OP_ADJ };

struct connective {
    enum op op;
    struct slice text;
    uint32_t slack;
};

/* "/3" behind NEAR and ADJ; false when it is something else. */
static bool distance_of(struct slice text, uint32_t *slack)
{
    *slack = QUERY_SLACK;
    if (!text.n)
        return true;
    if (text.n < 2 || text.p[0] != '/')
        return false;
    *slack = 0;
    for (size_t i = 1; i < text.n; i++) {
        if (!is_digit(text.p[i]))
            return false;
        if (*slack <= QUERY_SLACK_MAX)
            *slack = *slack * 10 + (uint32_t)(text.p[i] - '0');
    }
    return true;
}

static struct connective connective_at(const struct parser *p)
{
    static const struct {
        const char *name;
        enum op op;
    } names[] = {{"OR", OP_OR}, {"AND", OP_AND}, {"NOT", OP_NOT}};
    struct connective o = {.op = OP_NONE};
    if (byte_is(p, p->at, '|')) {
        o.op = OP_OR;
        o.text = slice_of(p->s.p + p->at, byte_is(p, p->at + 1, '|') ? 2 : 1);
        return o;
    }
    o.text = run_at(p, p->at);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (slice_is(o.text, names[i].name))
            o.op = names[i].op;
    if (slice_starts(o.text, SLICE_LIT("NEAR")) &&
        distance_of(slice_of(o.text.p + 4, o.text.n - 4), &o.slack))
        o.op = OP_NEAR;
    if (slice_starts(o.text, SLICE_LIT("ADJ")) &&
        distance_of(slice_of(o.text.p + 3, o.text.n - 3), &o.slack))
        o.op = OP_ADJ;
    return o;
}

static int lacks_operand(struct parser *p, struct slice op, const char *side)
{
    return err_at(p->e, ERR_QUERY, (size_t)(op.p - p->s.p),
        "%.*s needs something to look for on its %s; to search for it as text, quote it: \"%.*s\"",
        (int)op.n, op.p, side, (int)op.n, op.p);
}

/* --- atoms ----------------------------------------------------------------------------------- */

static int parse_query(struct parser *p, struct node **out);

/* "(" query ")"; *out stays NULL when nothing is asked in it. */
static enum took take_group(struct parser *p, struct node **out)
{
    size_t begin = p->at;
    if (!byte_is(p, begin, '('))
        return NOT_THIS;
    if (p->level == QUERY_LEVELS) {
        err_at(
            p->e, ERR_COMPLEX, begin, "more than %d parentheses inside one another", QUERY_LEVELS);
        return FAILED;
    }
    p->level++;
    p->at++;
    if (parse_query(p, out))
        return FAILED;
    if (!byte_is(p, p->at, ')')) {
        err_at(p->e, ERR_QUERY, begin,
            "this parenthesis is never closed: add a ')', or quote the text that holds it");
        return FAILED;
    }
    p->level--;
    p->at++;
    return TOOK;
}

/* The quote that closes the one at `open`: its own kind; of typographic ones any; one of the other
 * kind rather than none. s.n when there is none. */
static size_t closing_quote(const struct parser *p, size_t open)
{
    uint32_t opened = 0, cp = 0;
    size_t other = p->s.n;
    for (size_t at = open + char_at(p, open, &opened); at < p->s.n; at += char_at(p, at, &cp))
        if (quote_at(p, at)) {
            if ((p->s.p[at] == '"') == (opened == '"'))
                return at;
            if (other == p->s.n)
                other = at;
        }
    return other;
}

/* "~3" behind a phrase. */
static int take_slack(struct parser *p, uint32_t *slack)
{
    size_t at = p->at + 1;
    *slack = 0;
    if (!byte_is(p, p->at, '~') || at >= p->s.n || !is_digit(p->s.p[at]))
        return 0;
    for (; at < p->s.n && is_digit(p->s.p[at]); at++)
        if (*slack <= QUERY_SLACK_MAX)
            *slack = *slack * 10 + (uint32_t)(p->s.p[at] - '0');
    if (*slack > QUERY_SLACK_MAX)
        return err_at(p->e, ERR_QUERY, p->at + 1, "a phrase may be spread over at most %d words",
            QUERY_SLACK_MAX);
    p->at = at;
    return 0;
}

/* Text between quotes; *out stays NULL when there is none. */
static enum took take_phrase(struct parser *p, struct node **out)
{
    size_t begin = p->at, open = quote_at(p, begin);
    if (!open)
        return NOT_THIS;
    size_t close = closing_quote(p, begin);
    struct slice text = slice_of(p->s.p + begin + open, close - begin - open);
    uint32_t slack = 0;
    p->at = close + quote_at(p, close);
    if (close == p->s.n &&
        warn(p, arena_printf(p->a, "unbalanced quote at byte %zu: closed at the end", begin)))
        return FAILED;
    if (take_slack(p, &slack))
        return FAILED;
    if (!has_word(text))
        return warn(
                   p, arena_printf(p->a, "no word between the quotes at byte %zu: left out", begin))
                   ? FAILED
                   : TOOK;
    if (leaf(p, NODE_PHRASE, begin, text, out) == FAILED)
        return FAILED;
    (*out)->slack = slack;
    return TOOK;
}

/* The note that [[...]] names: without alias and heading; a table's "\|" is a bar. */
static struct slice link_target(struct slice inside)
{
    size_t n = 0;
    while (n < inside.n && inside.p[n] != '|' && inside.p[n] != '#')
        n++;
    if (n && n < inside.n && inside.p[n] == '|' && inside.p[n - 1] == '\\')
        n--;
    return slice_trim(slice_of(inside.p, n));
}

static enum took take_link_text(struct parser *p, struct slice *target)
{
    size_t begin = p->at;
    if (!byte_is(p, begin, '[') || !byte_is(p, begin + 1, '['))
        return NOT_THIS;
    size_t end = begin + 2;
    while (end < p->s.n && !(p->s.p[end] == ']' && byte_is(p, end + 1, ']')))
        end++;
    if (end == p->s.n) {
        err_at(p->e, ERR_QUERY, begin,
            "this link is never closed: [[Note]], or quote the text that holds it");
        return FAILED;
    }
    *target = link_target(slice_of(p->s.p + begin + 2, end - begin - 2));
    if (!target->n) {
        err_at(p->e, ERR_QUERY, begin, "this link names no note: [[Note]]");
        return FAILED;
    }
    p->at = end + 2;
    return TOOK;
}

static enum took take_link(struct parser *p, struct node **out)
{
    struct slice target;
    size_t begin = p->at;
    enum took t = take_link_text(p, &target);
    return t == TOOK ? leaf(p, NODE_LINK, begin, target, out) : t;
}

/* The key behind '[': a letter, then letters, digits and _ - . / */
static size_t key_end(const struct parser *p, size_t at)
{
    uint32_t cp;
    size_t n = char_at(p, at, &cp);
    if (!n || (utf8_class(cp) != UTF8_LETTER && utf8_class(cp) != UTF8_IDEO))
        return at;
    while (n && (is_word_char(cp) || one_of(cp, "_-./"))) {
        at += n;
        n = char_at(p, at, &cp);
    }
    return at;
}

static struct slice unquoted(struct slice v)
{
    v = slice_trim(v);
    return v.n >= 2 && v.p[0] == '"' && v.p[v.n - 1] == '"' ? slice_of(v.p + 1, v.n - 2) : v;
}

/* [key] and [key:value]; other brackets are text. */
static enum took take_property(struct parser *p, struct node **out)
{
    size_t begin = p->at;
    if (!byte_is(p, begin, '['))
        return NOT_THIS;
    size_t key = key_end(p, begin + 1), end = key;
    bool checkbox = key == begin + 2 && lower(p->s.p[begin + 1]) == 'x';
    if (key == begin + 1 || (checkbox && byte_is(p, key, ']')))
        return NOT_THIS;
    bool has_value = byte_is(p, key, ':');
    if (has_value && blank_at(p, key + 1))
        return NOT_THIS;
    while (has_value && end < p->s.n && p->s.p[end] != ']')
        end++;
    if (has_value && end == p->s.n) {
        err_at(p->e, ERR_QUERY, begin,
            "this bracket is never closed: [%.*s:value], or quote the text that holds it",
            (int)least(key - begin - 1, 40), p->s.p + begin + 1);
        return FAILED;
    }
    bool markdown_link = byte_is(p, end + 1, '(');
    if (!byte_is(p, end, ']') || !ends_word(p, end + 1) || markdown_link)
        return NOT_THIS;
    p->at = end + 1;
    if (leaf(p, NODE_PROPERTY, begin, slice_of(p->s.p + begin + 1, key - begin - 1), out) == FAILED)
        return FAILED;
    (*out)->has_value = has_value;
    if (has_value)
        (*out)->value = unquoted(slice_of(p->s.p + key + 1, end - key - 1));
    return TOOK;
}

static enum took take_tag(struct parser *p, struct node **out)
{
    size_t begin = p->at;
    if (!byte_is(p, begin, '#') || !begins_token(p))
        return NOT_THIS;
    size_t end = key_end(p, begin + 1);
    while (end > begin + 1 && one_of((unsigned char)p->s.p[end - 1], "./-"))
        end--;
    if (end == begin + 1)
        return NOT_THIS;
    p->at = end;
    return leaf(p, NODE_TAG, begin, slice_of(p->s.p + begin + 1, end - begin - 1), out);
}

static enum took take_saved(struct parser *p, struct node **out)
{
    size_t begin = p->at;
    if (!byte_is(p, begin, '@') || !begins_token(p))
        return NOT_THIS;
    struct slice name = run_at(p, begin + 1);
    for (size_t i = 0; i < name.n; i++)
        if (!is_name_char(name.p[i]))
            return NOT_THIS;
    if (!has_word(name))
        return NOT_THIS;
    p->at = begin + 1 + name.n;
    return leaf(p, NODE_SAVED, begin, name, out);
}

/* Between slashes, blanks too; the first '/' that is not escaped must end the token, so that paths
 * (/usr/bin, /r/name) stay words. */
static enum took take_regex(struct parser *p, struct node **out)
{
    size_t begin = p->at, end = begin + 1;
    if (!byte_is(p, begin, '/') || !begins_token(p))
        return NOT_THIS;
    while (end < p->s.n && p->s.p[end] != '/')
        end += p->s.p[end] == '\\' ? 2 : 1;
    if (end >= p->s.n || end == begin + 1 || !ends_word(p, end + 1))
        return NOT_THIS;
    p->at = end + 1;
    return leaf(p, NODE_REGEX, begin, slice_of(p->s.p + begin + 1, end - begin - 1), out);
}

/* The value of a field: a group, a phrase, a link or a run of characters. */
static enum took take_value(struct parser *p, struct node *n, size_t name_at)
{
    struct node *inner = NULL;
    enum took t = take_group(p, &inner);
    if (t == TOOK && inner) {
        n->n_kids = 1;
        n->kids = arena_array(p->a, 1, sizeof *n->kids);
        if (!n->kids) {
            err_memory(p->e);
            return FAILED;
        }
        n->kids[0] = inner;
    }
    if (t == NOT_THIS && (t = take_phrase(p, &inner)) == TOOK && inner) {
        n->quoted = true;
        n->text = inner->text;
        n->slack = inner->slack;
    }
    if (t == NOT_THIS && (t = take_link_text(p, &n->text)) == TOOK)
        n->quoted = true;
    if (t == NOT_THIS) {
        n->text = run_at(p, p->at);
        p->at += n->text.n;
        t = TOOK;
    }
    if (t == TOOK && !n->n_kids && !n->text.n) {
        err_at(p->e, ERR_QUERY, name_at, "%s: has no value: %s:%s", field_rows[n->field].name,
            field_rows[n->field].name, field_rows[n->field].value);
        return FAILED;
    }
    if (t == TOOK && !n->quoted && !n->n_kids && count_leaves(p, name_at, 1))
        return FAILED;
    return t;
}

/* Whether something stands behind "name:" that can be its value. */
static bool value_follows(const struct parser *p, size_t at)
{
    return at < p->s.n && !blank_at(p, at) && !one_of((unsigned char)p->s.p[at], "/:)|");
}

/* "tag: x" and "path:/x" are words, and are told. Not so a URL ("source://x") or "title:" while it
 * is being typed. */
static int warn_no_value(struct parser *p, enum field field, size_t begin, size_t at)
{
    bool blank = blank_at(p, at) && at + 1 < p->s.n;
    bool slash = byte_is(p, at, '/') && !byte_is(p, at + 1, '/');
    if (!blank && !slash)
        return 0;
    return warn(p, arena_printf(p->a,
                       "%s: at byte %zu is read as a word: the value of a field stands right "
                       "behind the colon and does not begin with '/'",
                       field_rows[field].name, begin));
}

static enum took take_field(struct parser *p, struct node **out)
{
    size_t begin = p->at, end = begin;
    while (end < p->s.n && end - begin <= NAME_BYTES &&
           ((lower(p->s.p[end]) >= 'a' && lower(p->s.p[end]) <= 'z') ||
               (end > begin && one_of((unsigned char)p->s.p[end], "_-"))))
        end++;
    if (end == begin || !byte_is(p, end, ':'))
        return NOT_THIS;
    struct slice name = slice_of(p->s.p + begin, end - begin);
    enum field field = field_find(name);
    if (!value_follows(p, end + 1))
        return field != FIELD_NONE && warn_no_value(p, field, begin, end + 1) ? FAILED : NOT_THIS;
    if (field == FIELD_NONE) {
        enum field near = field_near(name);
        if (near == FIELD_NONE)
            return NOT_THIS;
        err_at(p->e, ERR_QUERY, begin,
            "no field %.*s: - did you mean %s:? To search for it as text, quote it", (int)name.n,
            name.p, field_rows[near].name);
        return FAILED;
    }
    struct node *n = new_node(p, NODE_FIELD, begin);
    if (!n)
        return FAILED;
    n->field = field;
    p->at = end + 1;
    if (take_value(p, n, begin) == FAILED)
        return FAILED;
    n->end = p->at;
    *out = n;
    return TOOK;
}

/* Anything else up to a blank; *out stays NULL when there is no letter and no digit in it. */
static enum took take_word(struct parser *p, struct node **out)
{
    size_t begin = p->at;
    struct slice run = run_at(p, begin);
    const char *star = memchr(run.p, '*', run.n);
    if (star && (star != run.p + run.n - 1 || !has_word(run))) {
        err_at(p->e, ERR_QUERY, (size_t)(star - p->s.p),
            "'*' stands at the end of a word (quant*); to search for the text, quote it");
        return FAILED;
    }
    p->at += run.n;
    if (!has_word(run))
        return TOOK;
    if (star)
        return leaf(p, NODE_PREFIX, begin, slice_of(run.p, run.n - 1), out);
    return leaf(p, NODE_WORD, begin, run, out);
}

/* '-' that excludes: at the start of a token, with something behind it that is no second one. */
static bool excludes(const struct parser *p)
{
    return byte_is(p, p->at, '-') && begins_token(p) && !byte_is(p, p->at + 1, '-') &&
           (!ends_word(p, p->at + 1) || byte_is(p, p->at + 1, '(') || quote_at(p, p->at + 1));
}

static int parse_atom(struct parser *p, struct node **out)
{
    static enum took (*const kinds[])(struct parser *, struct node **) = {take_group, take_phrase,
        take_link, take_property, take_tag, take_saved, take_regex, take_field, take_word};
    enum took t = NOT_THIS;
    struct connective o = connective_at(p);
    if (o.op == OP_NOT || excludes(p))
        return err_at(p->e, ERR_QUERY, p->at,
            "%s cannot stand behind NOT, NEAR or ADJ; to search for it as text, quote it",
            o.op == OP_NOT ? "NOT" : "'-'");
    if (o.op != OP_NONE)
        return lacks_operand(p, o.text, "left");
    for (size_t i = 0; t == NOT_THIS; i++)
        t = kinds[i](p, out);
    return t == FAILED ? -1 : 0;
}

/* --- precedence ------------------------------------------------------------------------------ */

static bool at_end(const struct parser *p)
{
    return p->at >= p->s.n || p->s.p[p->at] == ')';
}

/* What NEAR can measure from: words, phrases and choices among them. */
static bool can_be_near(const struct node *n)
{
    if (n->op != NODE_OR)
        return n->op == NODE_WORD || n->op == NODE_PREFIX || n->op == NODE_PHRASE;
    for (size_t i = 0; i < n->n_kids; i++)
        if (!can_be_near(n->kids[i]))
            return false;
    return true;
}

static int add_near(struct parser *p, struct node *n, size_t *cap, struct node *kid)
{
    if (!can_be_near(kid))
        return err_at(p->e, ERR_QUERY, kid->begin, "%s stands between words, phrases or (a OR b)",
            n->op == NODE_NEAR ? "NEAR" : "ADJ");
    return add_kid(p, n, cap, kid);
}

static int parse_near(struct parser *p, struct node **out)
{
    struct node *chain = NULL;
    size_t cap = 0;
    if (parse_atom(p, out))
        return -1;
    for (;;) {
        size_t before = p->at;
        skip_blanks(p);
        struct connective o = at_end(p) ? (struct connective){.op = OP_NONE} : connective_at(p);
        if (o.op != OP_NEAR && o.op != OP_ADJ) {
            p->at = before;
            return 0;
        }
        enum node_op op = o.op == OP_NEAR ? NODE_NEAR : NODE_ADJ;
        if (!*out)
            return lacks_operand(p, o.text, "left");
        if (!o.slack || o.slack > QUERY_SLACK_MAX)
            return err_at(p->e, ERR_QUERY, p->at, "the distance of %.*s is a number from 1 to %d",
                o.op == OP_NEAR ? 4 : 3, o.text.p, QUERY_SLACK_MAX);
        if (chain && (chain->op != op || chain->slack != o.slack))
            return err_at(p->e, ERR_QUERY, p->at,
                "one chain of NEAR or ADJ has one operator and one distance: write it as two, "
                "joined by AND");
        if (!chain) {
            if (!(chain = new_node(p, op, (*out)->begin)))
                return -1;
            chain->slack = o.slack;
            if (add_near(p, chain, &cap, *out))
                return -1;
            *out = chain;
        }
        p->at += o.text.n;
        skip_blanks(p);
        struct node *kid = NULL;
        if (!at_end(p) && parse_atom(p, &kid))
            return -1;
        if (!kid)
            return lacks_operand(p, o.text, "right");
        if (add_near(p, chain, &cap, kid))
            return -1;
    }
}

static int parse_not(struct parser *p, struct node **out)
{
    size_t begin = p->at;
    bool dash = excludes(p);
    struct connective o = connective_at(p);
    if (!dash && o.op != OP_NOT)
        return parse_near(p, out);
    struct node *kid = NULL;
    p->at += dash ? 1 : o.text.n;
    if (dash)
        p->token = p->at;
    skip_blanks(p);
    if (!at_end(p) && parse_near(p, &kid))
        return -1;
    if (!kid && dash)
        return 0;
    if (!kid)
        return lacks_operand(p, o.text, "right");
    size_t cap = 0;
    *out = new_node(p, NODE_NOT, begin);
    return *out ? add_kid(p, *out, &cap, kid) : -1;
}

/* Puts `kid` beside what *out holds already, under one node of `op`. */
static int join(struct parser *p, enum node_op op, struct node **out, struct node **parent,
    size_t *cap, struct node *kid)
{
    if (!*out) {
        *out = kid;
        return 0;
    }
    if (!*parent) {
        struct node *first = *out;
        if (!(*parent = new_node(p, op, first->begin)) || add_kid(p, *parent, cap, first))
            return -1;
        *out = *parent;
    }
    return add_kid(p, *parent, cap, kid);
}

static int parse_and(struct parser *p, struct node **out)
{
    struct node *parent = NULL;
    size_t cap = 0;
    for (;;) {
        skip_blanks(p);
        if (at_end(p))
            return 0;
        struct connective o = connective_at(p);
        if (o.op == OP_OR)
            return 0;
        if (o.op == OP_AND) {
            if (!*out)
                return lacks_operand(p, o.text, "left");
            p->at += o.text.n;
            skip_blanks(p);
        }
        struct node *kid = NULL;
        if (!at_end(p) && connective_at(p).op != OP_OR && parse_not(p, &kid))
            return -1;
        if (kid && join(p, NODE_AND, out, &parent, &cap, kid))
            return -1;
        if (!kid && o.op == OP_AND)
            return lacks_operand(p, o.text, "right");
    }
}

/* *out stays NULL when nothing is asked. */
static int parse_query(struct parser *p, struct node **out)
{
    struct node *parent = NULL;
    size_t cap = 0;
    if (parse_and(p, out))
        return -1;
    while (!at_end(p)) {
        struct connective o = connective_at(p);
        struct node *kid = NULL;
        if (!*out)
            return lacks_operand(p, o.text, "left");
        p->at += o.text.n;
        if (parse_and(p, &kid))
            return -1;
        if (!kid)
            return lacks_operand(p, o.text, "right");
        if (join(p, NODE_OR, out, &parent, &cap, kid))
            return -1;
    }
    return 0;
}

/* --- whole queries --------------------------------------------------------------------------- */

static int begin_query(
    struct parser *p, struct arena *a, struct slice s, struct query *q, struct err *e)
{
    *q = (struct query){0};
    *p = (struct parser){.a = a, .s = s, .q = q, .e = e};
    if (s.n > QUERY_BYTES)
        return err_at(e, ERR_COMPLEX, QUERY_BYTES, "the query has %zu bytes, the limit is %d", s.n,
            QUERY_BYTES);
    return 0;
}

static int end_query(struct parser *p, struct node *root)
{
    skip_blanks(p);
    p->q->root = root ? root : new_node(p, NODE_EMPTY, 0);
    if (!p->q->root)
        return -1;
    if (!root && !p->q->n_warnings && count_words(p->s))
        return warn(p, arena_printf(p->a, "the query holds no letter and no digit to look for"));
    return 0;
}

int query_parse(struct arena *a, struct slice s, struct query *q, struct err *e)
{
    struct parser p;
    struct node *root = NULL;
    if (begin_query(&p, a, s, q, e) || parse_query(&p, &root))
        return -1;
    if (p.at < s.n)
        return err_at(e, ERR_QUERY, p.at,
            "this parenthesis closes none: remove it, or quote the text that holds it");
    return end_query(&p, root);
}

int query_plain(struct arena *a, struct slice s, struct query *q, struct err *e)
{
    struct parser p;
    struct node *root = NULL, *parent = NULL;
    size_t cap = 0;
    if (begin_query(&p, a, s, q, e))
        return -1;
    for (skip_blanks(&p); p.at < s.n; skip_blanks(&p)) {
        size_t begin = p.at;
        uint32_t cp;
        while (p.at < s.n && !blank_at(&p, p.at))
            p.at += char_at(&p, p.at, &cp);
        struct slice run = slice_of(s.p + begin, p.at - begin);
        struct node *word = NULL;
        if (has_word(run) && (leaf(&p, NODE_WORD, begin, run, &word) == FAILED ||
                                 join(&p, NODE_AND, &root, &parent, &cap, word)))
            return -1;
    }
    return end_query(&p, root);
}

/* --- writing --------------------------------------------------------------------------------- */

static void write_text(struct buf *out, struct slice text)
{
    buf_str(out, " \"");
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        if (c < 0x20 || c == 0x7f)
            buf_printf(out, "\\x%02x", c);
        else {
            if (c == '"' || c == '\\')
                buf_char(out, '\\');
            buf_char(out, text.p[i]);
        }
    }
    buf_char(out, '"');
}

void query_write(const struct node *n, struct buf *out)
{
    static const char *const names[] = {[NODE_EMPTY] = "empty",
        [NODE_AND] = "and",
        [NODE_OR] = "or",
        [NODE_NOT] = "not",
        [NODE_NEAR] = "near",
        [NODE_ADJ] = "adj",
        [NODE_WORD] = "word",
        [NODE_PREFIX] = "prefix",
        [NODE_PHRASE] = "phrase",
        [NODE_FIELD] = "field",
        [NODE_PROPERTY] = "property",
        [NODE_TAG] = "tag",
        [NODE_LINK] = "link",
        [NODE_SAVED] = "saved",
        [NODE_REGEX] = "regex"};
    buf_printf(out, "(%s", names[n->op]);
    if (n->op == NODE_FIELD)
        buf_printf(out, " %s%s", field_rows[n->field].name, n->quoted ? " quoted" : "");
    if (n->slack)
        buf_printf(out, " %u", (unsigned)n->slack);
    if (n->text.n)
        write_text(out, n->text);
    if (n->has_value)
        write_text(out, n->value);
    for (size_t i = 0; i < n->n_kids; i++) {
        buf_char(out, ' ');
        query_write(n->kids[i], out);
    }
    buf_char(out, ')');
}
