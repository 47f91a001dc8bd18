// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/note.h"

#include <strings.h>

#include "lib/frontmatter.h"
#include "lib/markdown.h"
#include "lib/shadow.h"
#include "lib/utf8.h"

enum { TITLE_LINE_MAX = 80, DATE_START_MAX = 120 };

static const char *const kind_names[UNIT_KINDS] = {
    "note", "heading", "entry", "event", "bullet", "text", "row", "code"};

const char *unit_kind_name(enum unit_kind k)
{
    return kind_names[k];
}

int unit_kind_of(struct slice name)
{
    for (int k = 0; k < UNIT_KINDS; k++)
        if (slice_is(name, kind_names[k]))
            return k;
    return -1;
}

const char *date_source_name(enum date_source s)
{
    static const char *const names[] = {"none", "text", "link", "file", "frontmatter"};
    return names[s];
}

/* --- rendered text -------------------------------------------------------------------------- */

static struct slice run_text(struct slice text, const struct run *r)
{
    return r->kind == RUN_PUT ? r->put : slice_of(text.p + r->begin, r->end - r->begin);
}

void note_render(struct buf *out, struct slice text, const struct run *runs, size_t n_runs)
{
    for (size_t i = 0; i < n_runs; i++)
        buf_slice(out, run_text(text, &runs[i]));
}

size_t note_source_of(const struct run *runs, size_t n_runs, size_t at)
{
    for (size_t i = 0; i < n_runs; i++) {
        const struct run *r = &runs[i];
        size_t n = r->kind == RUN_PUT ? r->put.n : r->end - r->begin;
        if (at < n)
            return r->begin + (r->kind == RUN_PUT ? 0 : at);
        at -= n;
    }
    return n_runs ? runs[n_runs - 1].end : 0;
}

/* The rendered text in the arena. */
static struct slice rendered(struct arena *a, const struct unit *u)
{
    size_t n = 0;
    for (size_t i = 0; i < u->n_runs; i++)
        n += run_text(u->text, &u->runs[i]).n;
    if (u->n_runs == 1 && n)
        return run_text(u->text, &u->runs[0]);
    char *p = arena_alloc(a, n + 1);
    struct slice all = {p, 0};
    for (size_t i = 0; p && i < u->n_runs; i++) {
        struct slice s = run_text(u->text, &u->runs[i]);
        memcpy(p + all.n, s.p, s.n);
        all.n += s.n;
    }
    return all;
}

/* --- from source to unit --------------------------------------------------------------------- */

static bool place_lines(struct arena *a, struct slice source, struct unit *u,
    const struct markdown_line *lines, size_t n)
{
    u->lines = arena_array(a, n, sizeof *u->lines);
    if (!u->lines)
        return false;
    size_t bytes = n - 1, at = 0;
    for (size_t i = 0; i < n; i++)
        bytes += lines[i].end - lines[i].begin;
    char *p = n > 1 ? arena_alloc(a, bytes + 1) : NULL;
    if (n > 1 && !p)
        return false;
    u->text = n > 1 ? slice_of(p, bytes) : slice_of(source.p + lines[0].begin, bytes);
    for (size_t i = 0; i < n; i++) {
        u->lines[i] = (struct unit_line){(uint32_t)at, lines[i].line, lines[i].col};
        if (p) {
            memcpy(p + at, source.p + lines[i].begin, lines[i].end - lines[i].begin);
            at += lines[i].end - lines[i].begin;
            if (i + 1 < n)
                p[at++] = '\n';
        }
    }
    u->n_lines = (uint32_t)n;
    u->line = lines[0].line;
    u->end_line = lines[n - 1].line;
    return true;
}

/* Where a byte of the source lies in the unit's text; *from is the line to look from. */
static uint32_t text_offset(
    const struct unit *u, const struct markdown_line *lines, size_t n, size_t *from, uint32_t at)
{
    while (*from + 1 < n && lines[*from + 1].begin <= at)
        (*from)++;
    const struct markdown_line *l = &lines[*from];
    uint32_t in = at < l->begin ? 0 : at > l->end ? l->end - l->begin : at - l->begin;
    return u->lines[*from].begin + in;
}

static bool place_runs(struct arena *a, struct unit *u, const struct markdown_line *lines, size_t n,
    const struct markdown_run *runs, size_t n_runs)
{
    u->runs = arena_array(a, n_runs, sizeof *u->runs);
    size_t from = 0;
    for (size_t i = 0; u->runs && i < n_runs; i++) {
        struct run *r = &u->runs[i];
        r->kind = runs[i].put.p ? RUN_PUT : RUN_COPY;
        r->put = runs[i].put;
        r->begin = text_offset(u, lines, n, &from, runs[i].begin);
        r->end = text_offset(u, lines, n, &from, runs[i].end);
    }
    u->n_runs = (uint32_t)n_runs;
    return u->runs != NULL;
}

/* --- front matter: the head unit and the note's own properties -------------------------------- */

static struct slice trim_hash(struct slice tag)
{
    tag = slice_trim(tag);
    return tag.n && *tag.p == '#' ? slice_of(tag.p + 1, tag.n - 1) : tag;
}

/* The values of the keys, each cut at commas (at blanks too, if asked). */
static bool names_of(struct arena *a, const struct frontmatter *f, const char *const keys[2],
    bool blanks, struct slice **out, size_t *n)
{
    size_t cap = 0;
    for (size_t k = 0; k < 2; k++) {
        const struct frontmatter_field *field = frontmatter_get(f, keys[k]);
        for (size_t i = 0; field && i < field->n_values; i++) {
            struct slice rest = field->values[i];
            while (rest.n) {
                size_t e = 0;
                while (e < rest.n && !((rest.p[e] == ',' && field->n_values == 1) ||
                                         (blanks && rest.p[e] == ' ')))
                    e++;
                struct slice name = slice_of(rest.p, e);
                name = blanks ? trim_hash(name) : slice_trim(name);
                if (name.n && !ARENA_PUSH(a, *out, *n, cap, name))
                    return false;
                e += e < rest.n;
                rest = slice_of(rest.p + e, rest.n - e);
            }
        }
    }
    return true;
}

static struct slice first_value(const struct frontmatter *f, const char *key)
{
    const struct frontmatter_field *field = frontmatter_get(f, key);
    for (size_t i = 0; field && i < field->n_values; i++)
        if (field->values[i].n)
            return field->values[i];
    return slice_of(NULL, 0);
}

static day_t day_of_value(struct slice s)
{
    day_t d = s.n >= 10 ? day_parse(slice_of(s.p, 10)) : DAY_NONE;
    size_t used;
    return d != DAY_NONE ? d : date_at_start(s, &used);
}

static bool take_properties(struct arena *a, const struct frontmatter *f, struct note *n)
{
    n->properties = arena_array(a, f->n_fields, sizeof *n->properties);
    if (!n->properties)
        return false;
    for (size_t i = 0; i < f->n_fields; i++)
        n->properties[i] =
            (struct property){f->fields[i].key, f->fields[i].values, f->fields[i].n_values};
    n->n_properties = f->n_fields;
    n->title = first_value(f, "title");
    n->lang = first_value(f, "lang");
    if (!n->lang.n)
        n->lang = first_value(f, "language");
    static const char *const alias_keys[2] = {"aliases", "alias"};
    static const char *const tag_keys[2] = {"tags", "tag"};
    if (!names_of(a, f, alias_keys, false, &n->aliases, &n->n_aliases) ||
        !names_of(a, f, tag_keys, true, &n->tags, &n->n_tags))
        return false;
    if (n->day == DAY_NONE) {
        n->day = day_of_value(first_value(f, "date"));
        if (n->day == DAY_NONE)
            n->day = day_of_value(first_value(f, "created"));
        n->day_source = n->day == DAY_NONE ? DATE_NONE : DATE_FRONTMATTER;
    }
    return true;
}

struct head {
    struct markdown_run *runs;
    size_t n_runs, cap_runs;
    struct note_link *links;
    size_t n_links, cap_links;
};

/* A wikilink between the bytes `begin` and `close` of the source. */
static bool head_link(struct arena *a, struct head *h, struct slice inside)
{
    struct markdown_link link;
    struct slice visible;
    if (!markdown_wikilink(inside, false, &link, &visible))
        return true;
    struct note_link to = {.target = link.target, .heading = link.heading, .alias = link.alias};
    return ARENA_PUSH(a, h->links, h->n_links, h->cap_links, to);
}

static bool head_links(struct arena *a, struct slice line, struct head *h)
{
    while (line.n > 4) {
        const char *open = memmem(line.p, line.n, "[[", 2), *end = line.p + line.n;
        const char *close = open ? memmem(open, (size_t)(end - open), "]]", 2) : NULL;
        if (!close)
            return true;
        for (const char *next = open; next;
             next = memmem(next + 1, (size_t)(close - next - 1), "[[", 2))
            open = next;
        if (!head_link(a, h, slice_of(open + 2, (size_t)(close - open - 2))))
            return false;
        line = slice_of(close + 2, (size_t)(end - close - 2));
    }
    return true;
}

static bool head_run(struct arena *a, struct head *h, uint32_t begin, uint32_t end)
{
    struct markdown_run run = {begin, end, {NULL, 0}};
    return begin >= end || ARENA_PUSH(a, h->runs, h->n_runs, h->cap_runs, run);
}

/* One line of the front matter: visible but for the marks of bold text. */
static bool head_line(
    struct arena *a, struct slice source, const struct frontmatter_line *l, struct head *h)
{
    uint32_t from = l->begin;
    for (;;) {
        const char *bold = memmem(source.p + from, l->end - from, "**", 2);
        uint32_t at = bold ? (uint32_t)(bold - source.p) : l->end;
        if (!head_run(a, h, from, at))
            return false;
        if (!bold)
            return head_links(a, slice_of(source.p + l->begin, l->end - l->begin), h);
        for (from = at; from < l->end && source.p[from] == '*';)
            from++;
    }
}

static bool head_urls(struct arena *a, const struct frontmatter *f, struct head *h)
{
    for (size_t i = 0; i < f->n_fields; i++)
        for (size_t k = 0; k < f->fields[i].n_values; k++) {
            struct slice v = f->fields[i].values[k];
            struct note_link to = {.target = v, .url = true};
            bool url =
                slice_starts(v, SLICE_LIT("http://")) || slice_starts(v, SLICE_LIT("https://"));
            if (url && !memchr(v.p, ' ', v.n) &&
                !ARENA_PUSH(a, h->links, h->n_links, h->cap_links, to))
                return false;
        }
    return true;
}

static bool make_head(
    struct arena *a, const struct frontmatter *f, const struct note *n, struct unit *u)
{
    *u = (struct unit){.kind = UNIT_NOTE,
        .line = 1,
        .end_line = 1,
        .parent = -1,
        .heading = -1,
        .day = n->day,
        .day_source = n->day_source};
    if (!f->n_lines)
        return true;
    struct head h = {0};
    struct markdown_line *lines = arena_array(a, f->n_lines, sizeof *lines);
    if (!lines)
        return false;
    for (size_t i = 0; i < f->n_lines; i++) {
        const struct frontmatter_line *l = &f->lines[i];
        lines[i] = (struct markdown_line){l->begin, l->end, l->line, l->col};
        struct markdown_run gap = {h.n_runs ? h.runs[h.n_runs - 1].end : 0, l->begin,
            l->joins ? SLICE_LIT(" ") : SLICE_LIT("\n")};
        if ((h.n_runs && !ARENA_PUSH(a, h.runs, h.n_runs, h.cap_runs, gap)) ||
            !head_line(a, n->source, l, &h))
            return false;
    }
    if (!head_urls(a, f, &h) || !place_lines(a, n->source, u, lines, f->n_lines) ||
        !place_runs(a, u, lines, f->n_lines, h.runs, h.n_runs))
        return false;
    u->links = h.links;
    u->n_links = (uint32_t)h.n_links;
    return true;
}

/* --- dates of list items ---------------------------------------------------------------------- */

static struct slice base_of(struct slice path)
{
    for (size_t i = path.n; i-- > 0;)
        if (path.p[i] == '/')
            return slice_of(path.p + i + 1, path.n - i - 1);
    return path;
}

static struct slice stem_of(struct slice base)
{
    static const char *const endings[] = {".md", ".markdown", ".txt"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t n = strlen(endings[i]);
        if (base.n > n && strncasecmp(base.p + base.n - n, endings[i], n) == 0)
            return slice_of(base.p, base.n - n);
    }
    return base;
}

/* A note's bare name at the start of an item: a date that goes on as a name. */
static struct slice bare_name(struct slice s)
{
    if (s.n < 12 || day_parse(slice_of(s.p, 10)) == DAY_NONE || (s.p[10] != '-' && s.p[10] != '_'))
        return slice_of(s.p, 0);
    struct slice rest = slice_of(s.p + 10, s.n - 10), next = rest;
    while (next.n) {
        uint32_t cp = utf8_next(&next);
        enum utf8_class c = utf8_class(cp);
        if (c != UTF8_LETTER && c != UTF8_DIGIT && c != UTF8_IDEO && cp != '-' && cp != '_' &&
            cp != '.')
            break;
        rest = next;
    }
    size_t n = s.n - rest.n;
    while (n && strchr("-_.", s.p[n - 1]))
        n--;
    return slice_of(s.p, n > 11 ? n : 0);
}

/* The date an item gives itself, by a link or by words at its start. */
static bool own_date(struct arena *a, struct unit *u, const struct markdown_block *b)
{
    struct buf start = {0};
    for (size_t i = 0; i < u->n_runs && start.n < DATE_START_MAX; i++)
        buf_slice(&start, run_text(u->text, &u->runs[i]));
    struct slice text = slice_trim(buf_view(&start));
    uint32_t first = b->runs[0].begin;
    const struct markdown_link *link = NULL;
    for (size_t i = 0; !link && i < b->n_links; i++)
        if (b->links[i].at <= first && !b->links[i].url)
            link = &b->links[i];
    bool ok = !start.failed;
    size_t used;
    day_t day = link ? date_of_name(stem_of(base_of(link->target))) : DAY_NONE;
    struct slice name = link ? slice_of(NULL, 0) : bare_name(text);
    if (day != DAY_NONE) {
        u->day_source = DATE_LINK;
    } else if (name.n) {
        day = day_parse(slice_of(name.p, 10));
        u->day_source = DATE_LINK;
        struct note_link to = {.target = stem_of(arena_dup(a, name))};
        size_t cap = u->n_links;
        ok = ok && to.target.p && ARENA_PUSH(a, u->links, u->n_links, cap, to);
    } else {
        day = date_at_start(text, &used);
        u->day_source = DATE_TEXT;
    }
    u->day = day;
    buf_free(&start);
    return ok;
}

/* --- units of the body ------------------------------------------------------------------------ */

struct making {
    struct arena *a;
    struct note *n;
    size_t cap_units;
    int32_t above[7]; /* latest heading of each level */
    bool plain_titles;
};

static bool take_links(struct arena *a, const struct markdown_block *b, struct unit *u)
{
    u->links = b->n_links ? arena_array(a, b->n_links, sizeof *u->links) : NULL;
    if (b->n_links && !u->links)
        return false;
    for (size_t i = 0; i < b->n_links; i++) {
        const struct markdown_link *l = &b->links[i];
        u->links[i] = (struct note_link){l->target, l->heading, l->alias, l->url, l->embed};
    }
    u->n_links = (uint32_t)b->n_links;
    return true;
}

static bool take_tags(struct arena *a, const struct markdown_block *b, struct unit *u)
{
    u->tags = b->n_tags ? arena_grow(a, b->tags, b->n_tags, b->n_tags, sizeof *u->tags) : NULL;
    u->n_tags = (uint32_t)b->n_tags;
    return !b->n_tags || u->tags;
}

static bool take_date(const struct making *k, const struct markdown_block *b, struct unit *u)
{
    u->day = DAY_NONE;
    if (b->kind == MARKDOWN_ITEM && !own_date(k->a, u, b))
        return false;
    if (b->kind == MARKDOWN_ITEM)
        u->kind = k->n->digest ? UNIT_ENTRY : u->day != DAY_NONE ? UNIT_EVENT : UNIT_BULLET;
    if (u->day == DAY_NONE) {
        u->day = k->n->day;
        u->day_source = k->n->day_source;
    }
    return true;
}

static bool make_unit(void *ctx, const struct markdown_block *b)
{
    static const enum unit_kind kinds[] = {[MARKDOWN_TEXT] = UNIT_TEXT,
        [MARKDOWN_ITEM] = UNIT_BULLET,
        [MARKDOWN_HEADING] = UNIT_HEADING,
        [MARKDOWN_ROW] = UNIT_ROW,
        [MARKDOWN_CODE] = UNIT_CODE};
    struct making *k = ctx;
    struct note *n = k->n;
    struct unit u = {.kind = kinds[b->kind],
        .parent = b->parent < 0 ? -1 : b->parent + 1,
        .heading = -1,
        .level = b->level,
        .nested = b->nested};
    k->plain_titles &= b->kind != MARKDOWN_HEADING;
    return place_lines(k->a, n->source, &u, b->lines, b->n_lines) &&
           place_runs(k->a, &u, b->lines, b->n_lines, b->runs, b->n_runs) &&
           take_links(k->a, b, &u) && take_tags(k->a, b, &u) && take_date(k, b, &u) &&
           ARENA_PUSH(k->a, n->units, n->n_units, k->cap_units, u);
}

/* In plain text without any heading, a short line of its own before other text is one. */
static uint8_t title_level(const struct making *k, size_t i)
{
    const struct unit *u = &k->n->units[i];
    if (!k->plain_titles || u->kind != UNIT_TEXT || u->nested || u->n_lines != 1 || u->n_links ||
        i + 1 >= k->n->n_units)
        return 0;
    struct slice s = u->text;
    return s.n > TITLE_LINE_MAX || strchr(".,;!?", s.p[s.n - 1]) ? 0 : i == 1 ? 1 : 2;
}

static int32_t heading_above(const struct making *k, uint8_t level)
{
    int32_t best = -1;
    for (int l = 1; l < level; l++)
        if (k->above[l] > best)
            best = k->above[l];
    return best;
}

static void pass_heading(struct making *k, const struct unit *u, int32_t self)
{
    if (u->kind != UNIT_HEADING || u->nested)
        return;
    k->above[u->level] = self;
    for (int l = u->level + 1; l < 7; l++)
        k->above[l] = -1;
}

/* Once all are there, since what is a title depends on all. */
static void place_headings(struct making *k)
{
    for (size_t l = 0; l < 7; l++)
        k->above[l] = -1;
    for (size_t i = 1; i < k->n->n_units; i++) {
        struct unit *u = &k->n->units[i];
        uint8_t title = title_level(k, i);
        if (title) {
            u->kind = UNIT_HEADING;
            u->level = title;
        }
        u->heading = heading_above(k, u->kind == UNIT_HEADING ? u->level : 7);
        pass_heading(k, u, (int32_t)i);
    }
}

/* "See also: A, B, C." as a note's last text names notes. */
static bool see_also(struct arena *a, struct unit *u)
{
    static const char lead[] = "see also:";
    struct slice s = rendered(a, u);
    if (u->n_links || (u->kind != UNIT_TEXT && u->kind != UNIT_BULLET && u->kind != UNIT_EVENT) ||
        s.n < sizeof lead || strncasecmp(s.p, lead, sizeof lead - 1) != 0)
        return true;
    s = slice_trim(slice_of(s.p + sizeof lead - 1, s.n - sizeof lead + 1));
    if (s.n && s.p[s.n - 1] == '.')
        s.n--;
    size_t cap = 0;
    while (s.n) {
        size_t e = 0;
        while (e < s.n && s.p[e] != ',' && s.p[e] != ';')
            e++;
        struct note_link to = {.target = slice_trim(slice_of(s.p, e))};
        if (to.target.n && !ARENA_PUSH(a, u->links, u->n_links, cap, to))
            return false;
        e += e < s.n;
        s = slice_of(s.p + e, s.n - e);
    }
    return true;
}

static int make_units(struct arena *a, struct note *n, const struct frontmatter *f, struct err *e)
{
    struct making k = {.a = a, .n = n, .plain_titles = true};
    const struct markdown_taker to = {make_unit, &k};
    struct unit head;
    size_t bare_bullets;
    if (!make_head(a, f, n, &head) || !ARENA_PUSH(a, n->units, n->n_units, k.cap_units, head))
        return err_memory(e);
    if (markdown_parse(a, n->source, f->body, f->body_line, &to, &bare_bullets, e) < 0)
        return -1;
    k.plain_titles &= bare_bullets > 0;
    place_headings(&k);
    return see_also(a, &n->units[n->n_units - 1]) ? 0 : err_memory(e);
}

static bool make_title(struct arena *a, struct note *n, struct slice stem)
{
    if (n->title.n)
        return true;
    n->title = stem;
    if (n->n_units > 1 && n->units[1].kind == UNIT_HEADING && n->units[1].level == 1) {
        struct slice s = slice_trim(rendered(a, &n->units[1]));
        if (s.n)
            n->title = s;
    }
    return n->title.p || !n->title.n;
}

int note_parse(struct arena *a, struct slice rel, struct slice bytes, struct note *n, struct err *e)
{
    *n = (struct note){0};
    enum utf8_encoding how;
    if (!utf8_text(a, bytes, &n->source, &how))
        return err_memory(e);
    struct slice stem = stem_of(base_of(rel));
    n->day = date_of_name(stem);
    n->digest = n->day != DAY_NONE;
    n->day_source = n->digest ? DATE_FILE : DATE_NONE;
    struct frontmatter f;
    if (frontmatter_parse(a, n->source, &f, e) || !take_properties(a, &f, n) ||
        make_units(a, n, &f, e) < 0 || !make_title(a, n, stem))
        return err_memory(e);
    size_t cap = 0;
    struct note_warning w = {f.warning_line, f.warning};
    if ((f.warning && !ARENA_PUSH(a, n->warnings, n->n_warnings, cap, w)) || a->failed)
        return err_memory(e);
    return 0;
}
