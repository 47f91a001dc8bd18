// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/frontmatter.h"

#include <strings.h>
#include <yaml.h>

#include "lib/buf.h"
#include "lib/shadow.h"

/* What the line reader keeps of one value, and how many keys: the text is visible all the same. */
enum { LENIENT_VALUE = 4096, LENIENT_FIELDS = 4096, FRONTMATTER_BRACKETS = 64 };

enum outcome { READ, BROKEN, NO_KEYS, NO_MEMORY };

struct line {
    size_t begin, end, next; /* end: without line end and trailing blanks */
};

struct block { /* a candidate: what lies between the fences */
    size_t begin, end;
    size_t body;
    uint32_t lines; /* of the content */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static struct line line_at(struct slice s, size_t at, char line_end)
{
    const char *stop = memchr(s.p + at, line_end, s.n - at);
    struct line l = {at, stop ? (size_t)(stop - s.p) : s.n, stop ? (size_t)(stop - s.p) + 1 : s.n};
    while (l.end > l.begin && (is_blank(s.p[l.end - 1]) || s.p[l.end - 1] == '\r'))
        l.end--;
    return l;
}

static size_t skip_blanks(struct slice s, struct line l)
{
    size_t q = l.begin;
    while (q < l.end && is_blank(s.p[q]))
        q++;
    return q;
}

const struct frontmatter_field *frontmatter_get(const struct frontmatter *f, const char *key)
{
    size_t n = strlen(key);
    for (size_t i = 0; i < f->n_fields; i++)
        if (f->fields[i].key.n == n && strncasecmp(f->fields[i].key.p, key, n) == 0)
            return &f->fields[i];
    return NULL;
}

static struct frontmatter_field *field(struct arena *a, struct frontmatter *f, struct slice key)
{
    for (size_t i = f->n_fields; i-- > 0;)
        if (slice_eq(f->fields[i].key, key))
            return &f->fields[i];
    struct frontmatter_field fresh = {.key = key};
    return ARENA_PUSH(a, f->fields, f->n_fields, f->cap_fields, fresh) ? &f->fields[f->n_fields - 1]
                                                                       : NULL;
}

static bool add_value(struct arena *a, struct frontmatter *f, struct slice key, struct slice value)
{
    struct frontmatter_field *to = field(a, f, key);
    return to && ARENA_PUSH(a, to->values, to->n_values, to->cap_values, value);
}

/* --- libyaml ------------------------------------------------------------------------------- */

struct level {
    bool map, has_key;
    struct slice key; /* of the values here, with those above */
};

struct reading {
    struct arena *a;
    struct frontmatter *f;
    struct level levels[FRONTMATTER_DEPTH];
    size_t depth;
    bool mapping; /* the root is one */
    bool *joins;  /* by content line */
    uint32_t lines;
};

static struct slice join_key(struct reading *r, struct slice name)
{
    struct slice above = r->depth > 1 ? r->levels[r->depth - 2].key : slice_of(NULL, 0);
    if (!above.n)
        return arena_dup(r->a, name);
    const char *p = arena_printf(r->a, "%.*s.%.*s", (int)above.n, above.p, (int)name.n, name.p);
    return slice_str(p);
}

static enum outcome on_scalar(struct reading *r, const yaml_event_t *ev)
{
    struct slice text = slice_of((const char *)ev->data.scalar.value, ev->data.scalar.length);
    yaml_scalar_style_t style = ev->data.scalar.style;
    size_t last = ev->end_mark.line - (ev->end_mark.column == 0 && ev->end_mark.line > 0);
    for (size_t l = ev->start_mark.line + 1; style != YAML_LITERAL_SCALAR_STYLE && l <= last; l++)
        if (l < r->lines)
            r->joins[l] = true;
    if (!r->depth)
        return text.n ? NO_KEYS : READ;
    struct level *top = &r->levels[r->depth - 1];
    if (top->map && !top->has_key) {
        top->key = join_key(r, text);
        top->has_key = true;
        return top->key.p || !text.n ? READ : NO_MEMORY;
    }
    top->has_key = false;
    if (style == YAML_PLAIN_SCALAR_STYLE && (slice_is(text, "~") || slice_is(text, "null")))
        text.n = 0;
    text = slice_trim(text);
    struct slice kept = arena_dup(r->a, text);
    return kept.p && add_value(r->a, r->f, top->key, kept) ? READ : NO_MEMORY;
}

static enum outcome on_open(struct reading *r, bool map)
{
    struct slice key = {NULL, 0};
    if (r->depth == FRONTMATTER_DEPTH)
        return BROKEN;
    if (!r->depth && !map)
        return NO_KEYS;
    if (r->depth) {
        struct level *top = &r->levels[r->depth - 1];
        if (top->map && !top->has_key)
            return BROKEN; /* a map or list as key */
        key = top->key;
        top->has_key = false;
    }
    r->levels[r->depth++] = (struct level){.map = map, .key = key};
    return READ;
}

static enum outcome on_event(struct reading *r, const yaml_event_t *ev)
{
    switch (ev->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(r, ev);
    case YAML_MAPPING_START_EVENT:
        return on_open(r, true);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(r, false);
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        r->depth--;
        return READ;
    case YAML_ALIAS_EVENT:
        return BROKEN;
    default:
        return READ;
    }
}

/* libyaml's time grows with the square of open brackets, before its events tell their depth. */
static bool deep_brackets(struct slice text)
{
    size_t depth = 0;
    for (size_t i = 0; i < text.n && depth <= FRONTMATTER_BRACKETS; i++) {
        char c = text.p[i];
        if (c == '[' || c == '{')
            depth++;
        else if (depth && (c == ']' || c == '}'))
            depth--;
    }
    return depth > FRONTMATTER_BRACKETS;
}

static enum outcome read_yaml(
    struct arena *a, struct slice text, uint32_t lines, struct frontmatter *f, bool *joins)
{
    struct reading r = {.a = a, .f = f, .joins = joins, .lines = lines};
    yaml_parser_t parser;
    if (text.n > FRONTMATTER_MAX || deep_brackets(text))
        return BROKEN;
    if (!yaml_parser_initialize(&parser))
        return NO_MEMORY;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text.p, text.n);
    enum outcome out = READ;
    bool no_keys = false;
    for (bool done = false; !done && out == READ;) {
        yaml_event_t ev;
        if (!yaml_parser_parse(&parser, &ev)) {
            out = parser.error == YAML_MEMORY_ERROR ? NO_MEMORY : BROKEN;
            break;
        }
        done = ev.type == YAML_STREAM_END_EVENT;
        if (!no_keys)
            out = on_event(&r, &ev);
        yaml_event_delete(&ev);
        if (out == NO_KEYS) { /* if it is YAML at all: the rest will tell */
            no_keys = true;
            out = READ;
        }
    }
    yaml_parser_delete(&parser);
    return out == READ && no_keys ? NO_KEYS : out;
}

/* --- line by line -------------------------------------------------------------------------- */

/* The length of a key at the start of `s`, 0 when no "key:" stands there. */
static size_t key_length(struct slice s)
{
    size_t n = 0;
    if (!s.n || strchr("-#[]{}<>=|*&!%@`,?:", *s.p))
        return 0;
    while (n < s.n && n <= 100 && s.p[n] != ':' && s.p[n] != '#')
        n++;
    if (n >= s.n || s.p[n] != ':' || (n + 1 < s.n && !is_blank(s.p[n + 1])))
        return 0;
    return n;
}

static struct slice unquote(struct slice s)
{
    s = slice_trim(s);
    if (s.n >= 2 && (*s.p == '"' || *s.p == '\'') && s.p[s.n - 1] == *s.p)
        return slice_of(s.p + 1, s.n - 2);
    return s;
}

static bool add_written(
    struct arena *a, struct frontmatter *f, struct slice key, struct slice value)
{
    value = slice_trim(value);
    if (value.n < 2 || *value.p != '[' || value.p[value.n - 1] != ']' || value.p[1] == '[')
        return add_value(a, f, key, unquote(value));
    struct slice rest = slice_of(value.p + 1, value.n - 2);
    while (rest.n) {
        const char *comma = memchr(rest.p, ',', rest.n);
        size_t n = comma ? (size_t)(comma - rest.p) : rest.n;
        if (!add_value(a, f, key, unquote(slice_of(rest.p, n))))
            return false;
        n += comma != NULL;
        rest = slice_of(rest.p + n, rest.n - n);
    }
    return true;
}

static bool is_block_mark(struct slice s)
{
    return s.n && s.n <= 3 && (*s.p == '>' || *s.p == '|');
}

/* Appends a continuation line to the latest value of the key. */
static bool extend(struct arena *a, struct frontmatter *f, struct slice key, struct slice more)
{
    struct frontmatter_field *to = field(a, f, key);
    if (!to || !to->n_values)
        return to && add_value(a, f, key, unquote(more));
    struct slice *last = &to->values[to->n_values - 1];
    if (!last->n || is_block_mark(*last)) {
        *last = more;
        return true;
    }
    if (last->n > LENIENT_VALUE)
        return true;
    const char *p = arena_printf(a, "%.*s %.*s", (int)last->n, last->p, (int)more.n, more.p);
    *last = slice_str(p);
    return p != NULL;
}

static bool read_lines(struct arena *a, struct frontmatter *f, struct slice source)
{
    struct slice top = {NULL, 0}, key = {NULL, 0};
    for (size_t i = 0; i < f->n_lines && f->n_fields < LENIENT_FIELDS; i++) {
        struct frontmatter_line *l = &f->lines[i];
        struct slice s = slice_of(source.p + l->begin, l->end - l->begin);
        bool item = *s.p == '-' && (s.n == 1 || is_blank(s.p[1]));
        bool indented = l->col > 1;
        size_t n = item ? 0 : key_length(s);
        bool ok = true;
        if (n) {
            struct slice name = unquote(slice_of(s.p, n));
            key = name;
            if (!indented)
                top = name;
            else if (top.n)
                key =
                    slice_str(arena_printf(a, "%.*s.%.*s", (int)top.n, top.p, (int)name.n, name.p));
            struct slice value = slice_trim(slice_of(s.p + n + 1, s.n - n - 1));
            ok = key.p && field(a, f, key) && (!value.n || add_written(a, f, key, value));
        } else if (item && key.n) {
            ok = add_written(a, f, key, slice_of(s.p + 1, s.n - 1));
        } else if (indented && key.n && *s.p != '#') {
            l->joins = i > 0 && f->lines[i - 1].line + 1 == l->line;
            ok = extend(a, f, key, s);
        }
        if (!ok)
            return false;
    }
    return true;
}

/* Whether broken YAML looks like the text of a note that forgot to close its front matter: behind a
 * blank line stands something that is neither key, item, comment, indented nor a merge marker. */
static bool looks_like_text(struct slice source, const struct frontmatter *f)
{
    bool behind_blank = false;
    for (size_t i = 1; i < f->n_lines; i++) {
        const struct frontmatter_line *l = &f->lines[i];
        struct slice s = slice_of(source.p + l->begin, l->end - l->begin);
        behind_blank |= f->lines[i - 1].line + 1 < l->line;
        if (!behind_blank || l->col > 1 || key_length(s))
            continue;
        if (slice_starts(s, SLICE_LIT("##")) || !strchr("-#<=>|[]{}\"'", *s.p))
            return true;
    }
    return false;
}

/* --- the block ----------------------------------------------------------------------------- */

static bool is_fence(struct slice source, size_t begin, size_t end)
{
    struct slice s = slice_of(source.p + begin, end - begin);
    return slice_is(s, "---") || slice_is(s, "...");
}

/* The lines of the block that are not blank. */
static bool split(
    struct arena *a, struct slice source, struct block b, char line_end, struct frontmatter *f)
{
    uint32_t number = 2;
    f->n_lines = f->n_fields = 0;
    for (size_t at = b.begin; at < b.end; number++) {
        struct line l = line_at(slice_of(source.p, b.end), at, line_end);
        size_t q = skip_blanks(source, l);
        struct frontmatter_line fresh = {
            (uint32_t)q, (uint32_t)l.end, number, (uint32_t)(q - l.begin) + 1, false};
        if (q < l.end && !ARENA_PUSH(a, f->lines, f->n_lines, f->cap_lines, fresh))
            return false;
        at = l.next;
    }
    return true;
}

static enum outcome try_block(
    struct arena *a, struct slice source, struct block b, char line_end, struct frontmatter *f)
{
    bool *joins = arena_array(a, (size_t)b.lines + 1, sizeof *joins);
    if (!joins || !split(a, source, b, line_end, f))
        return NO_MEMORY;
    enum outcome out =
        read_yaml(a, slice_of(source.p + b.begin, b.end - b.begin), b.lines, f, joins);
    for (size_t i = 0; out == READ && i < f->n_lines; i++)
        f->lines[i].joins =
            joins[f->lines[i].line - 2] && i > 0 && f->lines[i - 1].line + 1 == f->lines[i].line;
    return out;
}

static void take(struct frontmatter *f, struct block b)
{
    f->found = true;
    f->body = b.body;
    f->body_line = b.lines + 3;
}

static int as_text(struct frontmatter *f, const char *warning)
{
    *f = (struct frontmatter){.body_line = 1, .warning = warning, .warning_line = 1};
    return 0;
}

static int read_block(struct arena *a, struct slice source, struct block exact,
    struct block indented, char line_end, struct frontmatter *f, struct err *e)
{
    enum outcome out = exact.body ? try_block(a, source, exact, line_end, f) : BROKEN;
    if (out == READ) {
        take(f, exact);
        return 0;
    }
    if (out == BROKEN && indented.body) {
        out = try_block(a, source, indented, line_end, f);
        if (out == READ) {
            take(f, indented);
            f->warning = "the line --- that ends the front matter is indented";
            f->warning_line = indented.lines + 2;
            return 0;
        }
    }
    if (out == NO_MEMORY)
        return err_memory(e);
    if (out == NO_KEYS)
        return as_text(f, NULL);
    struct block b = exact.body ? exact : indented;
    if (!split(a, source, b, line_end, f) || (f->n_lines && !read_lines(a, f, source)))
        return err_memory(e);
    if (!f->n_fields || looks_like_text(source, f))
        return as_text(f, "front matter is never closed: read as text");
    take(f, b);
    f->warning = "front matter is no valid YAML: read line by line";
    f->warning_line = 2;
    return 0;
}

int frontmatter_parse(struct arena *a, struct slice source, struct frontmatter *f, struct err *e)
{
    *f = (struct frontmatter){.body_line = 1};
    if (!slice_starts(source, SLICE_LIT("---")))
        return 0;
    char line_end = shadow_cr_lines(source) ? '\r' : '\n';
    struct line l = line_at(source, 0, line_end);
    if (l.end != 3 || l.next >= source.n)
        return 0;
    struct block exact = {.begin = l.next}, indented = {.begin = l.next};
    uint32_t lines = 0;
    for (size_t at = l.next; at < source.n && !exact.body; lines++) {
        l = line_at(source, at, line_end);
        size_t q = skip_blanks(source, l);
        struct block *b = q == l.begin ? &exact : &indented;
        if (!b->body && is_fence(source, q, l.end))
            b->end = at, b->body = l.next, b->lines = lines;
        at = l.next;
    }
    if (!exact.body && !indented.body) {
        size_t q = exact.begin;
        struct line second = line_at(source, q, line_end);
        bool key = key_length(slice_of(source.p + q, second.end - q)) > 0;
        return as_text(f, key ? "front matter is never closed: read as text" : NULL);
    }
    return read_block(a, source, exact, indented, line_end, f, e);
}
