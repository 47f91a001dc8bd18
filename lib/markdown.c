// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/markdown.h"

#include <md4c.h>
#include <stdlib.h>

#include "lib/buf.h"
#include "lib/shadow.h"
#include "lib/utf8.h"

enum { TAG_MAX = 4096 };

enum pause { PAUSE_NONE, PAUSE_WRAP, PAUSE_BREAK };

enum container_kind { CONTAINER_QUOTE, CONTAINER_ITEM };

struct container {
    enum container_kind kind;
    bool marked;   /* its list marker was passed: the line it stands on is behind */
    int32_t block; /* ITEM: its block; QUOTE: the block of its paragraphs, -1 before the first */
    int32_t item;  /* ITEM: as which it was handed over, or the item around it where it was not */
    size_t owner;  /* the container whose block takes the paragraphs: nearest item, else the
                      outermost quote */
};

struct open_link {
    struct markdown_link link;
    bool seen; /* something of it is visible */
    bool image;
    size_t first_run;
};

struct reading {
    struct arena *a;  /* what lives as long as the caller wants */
    struct arena own; /* what does not: the shadow, the block at work */
    struct shadow *s;
    const char *src;
    const struct markdown_taker *to;
    struct markdown_block at; /* the block at work, its arrays used again for the next one */
    int32_t n_blocks;         /* begun */
    int32_t n_taken;          /* handed over */
    struct container *stack;
    size_t n_stack, cap_stack;
    struct open_link *open;
    size_t n_open, cap_open;
    size_t line;   /* index in s->lines of the latest byte */
    size_t mark;   /* the first mark that may still be met */
    int32_t block; /* the one that takes text, -1 for none */
    bool fresh;    /* the leaf at work has no line yet */
    size_t passed; /* the first line behind those of every leaf so far */
    enum pause pause;
    bool callout;    /* the wrap that comes ends a callout's title */
    size_t html_end; /* bytes of HTML before this belong to a tag */
    size_t html_limit;
    size_t no_gt_until, no_comment_end; /* searches that found nothing are not made twice */
    bool code;
    char fence;
    size_t info, info_n, code_lines, code_indent;
    bool code_placed;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static size_t line_begin(const struct reading *r, size_t line)
{
    return r->s->lines[line];
}

/* Without its line end. */
static size_t line_end(const struct reading *r, size_t line)
{
    size_t e = line + 1 < r->s->n_lines ? r->s->lines[line + 1] : r->s->source.n;
    while (e > r->s->lines[line] && (r->src[e - 1] == '\n' || r->src[e - 1] == '\r'))
        e--;
    return e;
}

static size_t line_of(struct reading *r, size_t at)
{
    const struct shadow *s = r->s;
    size_t low = 0, high = s->n_lines;
    if (r->line < s->n_lines && s->lines[r->line] <= at) {
        low = r->line;
        for (size_t near = low + 4; low < near; low++)
            if (low + 1 >= s->n_lines || s->lines[low + 1] > at)
                return r->line = low;
    }
    while (low + 1 < high) {
        size_t mid = low + (high - low) / 2;
        if (s->lines[mid] <= at)
            low = mid;
        else
            high = mid;
    }
    return r->line = low;
}

/* --- blocks -------------------------------------------------------------------------------- */

static struct container *owner(const struct reading *r)
{
    return r->n_stack ? &r->stack[r->stack[r->n_stack - 1].owner] : NULL;
}

static int32_t item_around(const struct reading *r)
{
    const struct container *c = owner(r);
    return c && c->kind == CONTAINER_ITEM ? c->item : -1;
}

/* One with nothing visible is left out; what lay in it lies in its parent. */
static bool hand_over(struct reading *r)
{
    struct container *c = owner(r);
    bool item = c && c->kind == CONTAINER_ITEM && c->block + 1 == r->n_blocks;
    if (r->n_blocks && r->at.n_runs) {
        if (!r->to->take(r->to->ctx, &r->at))
            return false;
        if (item)
            c->item = r->n_taken;
        r->n_taken++;
    } else if (item) {
        c->item = r->at.parent;
    }
    return true;
}

static bool new_block(struct reading *r, enum markdown_kind kind)
{
    struct markdown_block *b = &r->at;
    if (!hand_over(r) || r->n_blocks == INT32_MAX)
        return false;
    b->kind = kind;
    b->level = 0;
    b->nested = r->n_stack > 0;
    b->parent = item_around(r);
    b->n_lines = b->n_runs = b->n_links = b->n_tags = 0;
    r->block = r->n_blocks++;
    return true;
}

static void begin_leaf(struct reading *r)
{
    r->fresh = true;
    r->callout = false;
    r->html_end = 0;
    r->pause = r->at.n_runs ? PAUSE_BREAK : PAUSE_NONE;
}

/* A paragraph goes to the item or the quote around it, while nothing else came in between. */
static bool begin_paragraph(struct reading *r)
{
    struct container *c = owner(r);
    if (c && c->block >= 0 && c->block + 1 == r->n_blocks)
        r->block = c->block;
    else if (!new_block(r, MARKDOWN_TEXT))
        return false;
    else if (c && c->kind == CONTAINER_QUOTE)
        c->block = r->block;
    begin_leaf(r);
    return true;
}

static bool begin_block(struct reading *r, enum markdown_kind kind)
{
    if (!new_block(r, kind))
        return false;
    begin_leaf(r);
    return true;
}

static void pass_markers(struct reading *r)
{
    for (size_t i = r->n_stack; i-- > 0 && !r->stack[i].marked;)
        r->stack[i].marked = true;
}

static void end_leaf(struct reading *r)
{
    pass_markers(r);
    r->block = -1;
    r->n_open = 0;
}

static bool push_container(struct reading *r, enum container_kind kind)
{
    size_t self = r->n_stack;
    struct container c = {.kind = kind, .block = -1, .owner = self};
    if (kind == CONTAINER_ITEM) {
        if (!new_block(r, MARKDOWN_ITEM))
            return false;
        c.block = r->block;
    } else if (self) {
        c.owner = r->stack[self - 1].owner;
    }
    return ARENA_PUSH(&r->own, r->stack, r->n_stack, r->cap_stack, c);
}

/* --- lines --------------------------------------------------------------------------------- */

/* Where the text of a line begins behind its containers' prefixes. `first`: the leaf's first line,
 * which may hold the markers of the items it opens. */
static size_t behind_prefix(const struct reading *r, size_t line, bool first)
{
    size_t q = line_begin(r, line), e = line_end(r, line);
    for (size_t i = 0; i < r->n_stack; i++) {
        while (q < e && is_blank(r->src[q]))
            q++;
        bool bare;
        if (r->stack[i].kind == CONTAINER_QUOTE)
            q += q < e && r->src[q] == '>';
        else if (first && !r->stack[i].marked)
            q += shadow_bullet(slice_of(r->src + q, e - q), &bare);
    }
    while (q < e && is_blank(r->src[q]))
        q++;
    return q;
}

static bool push_line(struct reading *r, size_t line, size_t begin, size_t end)
{
    struct markdown_block *b = &r->at;
    while (end > begin && is_blank(r->src[end - 1]))
        end--;
    struct markdown_line l = {(uint32_t)begin, (uint32_t)end, r->s->first_line + (uint32_t)line,
        (uint32_t)(begin - line_begin(r, line)) + 1};
    r->fresh = false;
    r->passed = line + 1;
    pass_markers(r);
    return ARENA_PUSH(&r->own, b->lines, b->n_lines, b->cap_lines, l);
}

/* The block's lines up to the one that visible byte `at` lies on. */
static bool reach_line(struct reading *r, size_t at)
{
    size_t line = line_of(r, at);
    if (!r->fresh && line < r->passed)
        return true;
    for (size_t l = r->fresh ? line : r->passed; l <= line; l++) {
        size_t q = behind_prefix(r, l, r->fresh);
        if (l == line && q > at)
            q = at;
        if (!push_line(r, l, q, line_end(r, l)))
            return false;
    }
    return true;
}

/* --- runs ---------------------------------------------------------------------------------- */

static bool push_run(struct reading *r, struct markdown_run run)
{
    struct markdown_block *b = &r->at;
    return ARENA_PUSH(&r->own, b->runs, b->n_runs, b->cap_runs, run);
}

/* source[begin..end) is visible, as it stands or as `put`. */
static bool show(struct reading *r, size_t begin, size_t end, struct slice put)
{
    if (r->block < 0)
        return true;
    struct markdown_block *b = &r->at;
    struct markdown_run *last = b->n_runs ? &b->runs[b->n_runs - 1] : NULL;
    if (last && begin < last->end)
        begin = last->end;
    if (begin >= end)
        return true;
    if (!r->code && !reach_line(r, begin))
        return false;
    bool wrapped = last && r->pause == PAUSE_WRAP && !last->put.p && !put.p &&
                   (is_blank(r->src[last->end - 1]) || is_blank(r->src[begin]));
    if (last && r->pause != PAUSE_NONE && !wrapped) {
        struct slice with = r->pause == PAUSE_WRAP ? SLICE_LIT(" ") : SLICE_LIT("\n");
        if (!push_run(r, (struct markdown_run){last->end, (uint32_t)begin, with}))
            return false;
        last = NULL;
    }
    r->pause = PAUSE_NONE;
    for (size_t i = r->n_open; i-- > 0 && !r->open[i].seen;) {
        r->open[i].seen = true;
        r->open[i].link.at = (uint32_t)begin;
    }
    if (last && !put.p && !last->put.p && last->end == begin) {
        last->end = (uint32_t)end;
        return true;
    }
    return push_run(r, (struct markdown_run){(uint32_t)begin, (uint32_t)end, put});
}

static void pause(struct reading *r, enum pause p)
{
    if (p > r->pause)
        r->pause = p;
}

/* --- links and tags ------------------------------------------------------------------------ */

static bool push_link(struct reading *r, struct markdown_link link)
{
    struct markdown_block *b = &r->at;
    return ARENA_PUSH(&r->own, b->links, b->n_links, b->cap_links, link);
}

static bool has_scheme(struct slice s)
{
    size_t i = 0;
    while (i < s.n && ((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z'))
        i++;
    while (i && i < s.n &&
           (((s.p[i] | 32) >= 'a' && (s.p[i] | 32) <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') ||
               s.p[i] == '+' || s.p[i] == '-' || s.p[i] == '.'))
        i++;
    return i > 1 && i < s.n && s.p[i] == ':';
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct slice percent_decode(struct arena *a, struct slice s)
{
    if (!s.n || !memchr(s.p, '%', s.n))
        return s;
    char *p = arena_alloc(a, s.n);
    size_t n = 0;
    for (size_t i = 0; p && i < s.n; i++) {
        int high = i + 2 < s.n && s.p[i] == '%' ? hex(s.p[i + 1]) : -1;
        int low = high >= 0 ? hex(s.p[i + 2]) : -1;
        if (low >= 0)
            i += 2;
        p[n++] = low >= 0 ? (char)(high * 16 + low) : s.p[i];
    }
    return slice_of(p, n);
}

/* A destination as a slice that lives: of the source where it stands there, else a copy. */
static struct slice attribute(struct reading *r, const MD_ATTRIBUTE *at)
{
    const struct shadow *s = r->s;
    if (!at->size)
        return slice_of(NULL, 0);
    if (at->text >= s->p && at->text + at->size <= s->p + s->n) {
        size_t begin = shadow_source(s, (size_t)(at->text - s->p));
        return slice_of(r->src + begin, at->size);
    }
    return arena_dup(r->a, slice_of(at->text, at->size));
}

static bool open_link(struct reading *r, const MD_ATTRIBUTE *to, bool image)
{
    struct open_link o = {.image = image};
    struct slice target = attribute(r, to);
    o.link.embed = image;
    o.link.url = has_scheme(target) || (target.n > 1 && target.p[0] == '/' && target.p[1] == '/');
    o.link.target = target;
    if (!o.link.url) {
        const char *hash = target.n ? memchr(target.p, '#', target.n) : NULL;
        if (hash) {
            o.link.target.n = (size_t)(hash - target.p);
            o.link.heading = slice_of(hash + 1, target.n - o.link.target.n - 1);
        }
        o.link.target = percent_decode(r->a, o.link.target);
        o.link.heading = percent_decode(r->a, o.link.heading);
        if ((target.n && !o.link.target.p) || (hash && !o.link.heading.p))
            return false;
    }
    o.first_run = r->at.n_runs;
    if (image && o.first_run)
        pause(r, PAUSE_WRAP); /* a picture's words are no part of the words around it */
    return ARENA_PUSH(&r->own, r->open, r->n_open, r->cap_open, o);
}

/* ![text|300](image): the size is not visible. */
static void drop_size(struct reading *r, size_t first_run)
{
    struct markdown_block *b = &r->at;
    if (b->n_runs <= first_run || b->runs[b->n_runs - 1].put.p)
        return;
    struct markdown_run *last = &b->runs[b->n_runs - 1];
    uint32_t e = last->end;
    while (
        e > last->begin && ((r->src[e - 1] >= '0' && r->src[e - 1] <= '9') || r->src[e - 1] == 'x'))
        e--;
    if (e < last->end && e > last->begin && r->src[e - 1] == '|')
        last->end = e - 1;
    if (last->end == last->begin)
        b->n_runs--;
}

static bool close_link(struct reading *r)
{
    if (!r->n_open)
        return true;
    struct open_link o = r->open[--r->n_open];
    if (o.image)
        drop_size(r, o.first_run);
    struct markdown_block *b = &r->at;
    if (o.seen && b->n_runs) {
        size_t end = b->runs[b->n_runs - 1].end;
        if (end > o.link.at)
            o.link.alias = slice_of(r->src + o.link.at, end - o.link.at);
    }
    if (o.image && o.seen)
        pause(r, PAUSE_WRAP);
    if (!o.seen)
        o.link.at = b->n_runs ? b->runs[b->n_runs - 1].end : 0;
    return !(o.link.target.n || o.link.heading.n) || push_link(r, o.link);
}

static bool marked_link(struct reading *r, const struct shadow_mark *k)
{
    const struct wikilink *w = &r->s->links[k->link];
    struct markdown_link link = {.at = k->visible_begin,
        .target = w->target,
        .heading = w->heading,
        .alias = w->alias,
        .url = k->url,
        .embed = w->embed};
    return push_link(r, link);
}

static bool tag_byte(struct slice *rest)
{
    struct slice s = *rest;
    uint32_t cp = utf8_next(&s);
    enum utf8_class c = cp == '_' || cp == '-' || cp == '/' ? UTF8_LETTER : utf8_class(cp);
    if (c != UTF8_LETTER && c != UTF8_DIGIT && c != UTF8_IDEO)
        return false;
    *rest = s;
    return true;
}

/* Whether a tag may begin at `at`: behind nothing that belongs to a word. */
static bool tag_may_begin(const struct reading *r, size_t at)
{
    if (at == 0 || at == line_begin(r, r->line))
        return true;
    unsigned char before = (unsigned char)r->src[at - 1];
    if (before < 0x80)
        return memchr(" \t([{*_~,;:>|\"'=", before, 16) != NULL;
    size_t i = at - 1;
    while (i > 0 && at - i < 4 && ((unsigned char)r->src[i] & 0xc0) == 0x80)
        i--;
    struct slice s = slice_of(r->src + i, at - i);
    enum utf8_class c = utf8_class(utf8_next(&s));
    return c == UTF8_OTHER || c == UTF8_SPACE;
}

static bool tags_in(struct reading *r, size_t begin, size_t end)
{
    for (size_t i = begin; i < end; i++) {
        const char *hash = memchr(r->src + i, '#', end - i);
        if (!hash)
            return true;
        i = (size_t)(hash - r->src);
        struct slice rest = slice_of(r->src + i + 1, line_end(r, r->line) - i - 1), first = rest;
        if (!rest.n || !tag_may_begin(r, i))
            continue;
        enum utf8_class c = utf8_class(utf8_next(&first));
        if (c != UTF8_LETTER && c != UTF8_IDEO)
            continue;
        while (rest.n && tag_byte(&rest)) {
        }
        struct slice tag = slice_of(r->src + i + 1, (size_t)(rest.p - r->src) - i - 1);
        while (tag.n && (tag.p[tag.n - 1] == '/' || tag.p[tag.n - 1] == '-'))
            tag.n--;
        struct markdown_block *b = &r->at;
        if (!ARENA_PUSH(&r->own, b->tags, b->n_tags, b->cap_tags, tag))
            return false;
    }
    return true;
}

/* --- text ---------------------------------------------------------------------------------- */

static bool plain(struct reading *r, size_t begin, size_t end)
{
    line_of(r, begin);
    if (!show(r, begin, end, slice_of(NULL, 0)))
        return false;
    return tags_in(r, begin, end);
}

/* Ordinary text: the marks of the shadow say what of it is visible. */
static bool normal(struct reading *r, size_t begin, size_t end)
{
    const struct shadow *s = r->s;
    while (r->mark < s->n_marks && s->marks[r->mark].end <= begin)
        r->mark++;
    while (r->mark < s->n_marks && s->marks[r->mark].begin < end) {
        const struct shadow_mark *k = &s->marks[r->mark];
        if (k->begin > begin && !plain(r, begin, k->begin))
            return false;
        if (k->visible_end > k->visible_begin &&
            !show(r, k->visible_begin, k->visible_end, slice_of(NULL, 0)))
            return false;
        if (k->link >= 0 && (!k->url || !r->n_open) && !marked_link(r, k))
            return false;
        r->callout |= k->opens_callout;
        begin = k->end;
        r->mark++;
    }
    return begin >= end || plain(r, begin, end);
}

static uint32_t entity_code_point(struct slice s)
{
    static const struct {
        const char *name;
        uint32_t cp;
    } table[] = {
#define ENTITY(name, cp) {name, cp},
#include "lib/entity.def"
#undef ENTITY
    };
    if (s.n < 4 || s.p[0] != '&' || s.p[s.n - 1] != ';')
        return 0;
    s = slice_of(s.p + 1, s.n - 2);
    if (*s.p == '#') {
        bool is_hex = (s.p[1] | 32) == 'x';
        uint32_t cp = 0;
        for (size_t i = is_hex ? 2 : 1; i < s.n && cp <= 0x10ffff; i++) {
            int digit = hex(s.p[i]);
            if (digit < 0 || (!is_hex && digit > 9))
                return 0;
            cp = cp * (is_hex ? 16 : 10) + (uint32_t)digit;
        }
        return cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000) ? 0xfffd : cp ? cp : 0xfffd;
    }
    size_t low = 0, high = sizeof table / sizeof *table;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = slice_cmp(slice_str(table[mid].name), s);
        if (c == 0)
            return table[mid].cp;
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return 0;
}

/* An entity's character; as it stands when nobody knows it. */
static bool entity(struct reading *r, size_t begin, size_t end)
{
    uint32_t cp = entity_code_point(slice_of(r->src + begin, end - begin));
    if (!cp)
        return show(r, begin, end, slice_of(NULL, 0));
    struct buf b = {0};
    utf8_put(&b, cp);
    struct slice put = arena_dup(r->a, buf_view(&b));
    bool ok = !b.failed && put.p;
    buf_free(&b);
    return ok && show(r, begin, end, put);
}

static bool of_list(struct slice name, const char *const *list, size_t n)
{
    char low[12];
    if (name.n >= sizeof low)
        return false;
    for (size_t i = 0; i < name.n; i++)
        low[i] = (char)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 32 : name.p[i]);
    for (size_t i = 0; i < n; i++)
        if (slice_is(slice_of(low, name.n), list[i]))
            return true;
    return false;
}

/* Elements that stand on lines of their own, and those that flow; others are no HTML but text:
 * <think>, <your-key>. */
static bool breaks_line(struct slice name)
{
    static const char *const list[] = {"address", "article", "aside", "blockquote", "br", "caption",
        "center", "dd", "details", "dialog", "div", "dl", "dt", "fieldset", "figcaption", "figure",
        "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html",
        "iframe", "legend", "li", "main", "menu", "nav", "ol", "option", "p", "pre", "script",
        "section", "style", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "title",
        "tr", "ul", "video"};
    return of_list(name, list, sizeof list / sizeof *list);
}

static bool flows(struct slice name)
{
    static const char *const list[] = {"a", "abbr", "audio", "b", "base", "bdi", "bdo", "big",
        "body", "button", "canvas", "cite", "code", "col", "colgroup", "data", "del", "dfn", "em",
        "embed", "font", "i", "img", "input", "ins", "kbd", "label", "link", "map", "mark", "meta",
        "meter", "nobr", "noscript", "object", "output", "param", "picture", "progress", "q", "rp",
        "rt", "ruby", "s", "samp", "select", "slot", "small", "source", "span", "strike", "strong",
        "sub", "sup", "svg", "template", "textarea", "time", "track", "tt", "u", "var", "wbr"};
    return of_list(name, list, sizeof list / sizeof *list);
}

/* Where the tag that begins at source byte `at` ends; 0 when it does not before `limit`. An
 * attribute's quotes may hold a '>', as long as the tag is of sane length. */
static size_t tag_end(const struct reading *r, size_t at, size_t limit)
{
    const char *first = memchr(r->src + at, '>', limit - at);
    if (!first)
        return 0;
    char quote = 0;
    size_t far = limit - at > TAG_MAX ? at + TAG_MAX : limit;
    for (size_t i = at + 1; i < far; i++) {
        char c = r->src[i];
        if (quote ? c == quote : c == '>') {
            if (!quote)
                return i + 1;
            quote = 0;
        } else if (!quote && (c == '"' || c == '\'') && r->src[i - 1] == '=') {
            quote = c;
        }
    }
    return (size_t)(first - r->src) + 1;
}

/* Where an HTML block's tags must have ended: before the next blank line. */
static size_t html_limit(struct reading *r, size_t at)
{
    if (at < r->html_limit)
        return r->html_limit;
    size_t line = line_of(r, at);
    while (line + 1 < r->s->n_lines) {
        size_t next = line_begin(r, line + 1);
        if (!slice_trim(slice_of(r->src + next, line_end(r, line + 1) - next)).n)
            break;
        line++;
    }
    return r->html_limit = line_end(r, line);
}

/* The end of the entity at `at`, 0 when it is none that is known. */
static size_t entity_end(const struct reading *r, size_t at, size_t end)
{
    const char *semi = memchr(r->src + at, ';', end - at < 32 ? end - at : 32);
    size_t n = semi ? (size_t)(semi - r->src) + 1 - at : 0;
    return n && entity_code_point(slice_of(r->src + at, n)) ? at + n : 0;
}

/* What begins with '<' at `at`: the byte behind it when it is not visible, else 0. */
static size_t html_markup(struct reading *r, size_t at, size_t end, bool *breaks)
{
    struct slice s = slice_of(r->src + at, end - at);
    if (slice_starts(s, SLICE_LIT("<!--"))) {
        const char *stop = at >= r->no_comment_end
                               ? memmem(r->src + at + 2, r->s->source.n - at - 2, "-->", 3)
                               : NULL;
        if (!stop)
            r->no_comment_end = r->s->source.n;
        return stop ? (size_t)(stop - r->src) + 3 : 0;
    }
    size_t i = s.n > 1 && s.p[1] == '/' ? 2 : 1, n = i;
    bool declaration = s.n > 1 && (s.p[1] == '!' || s.p[1] == '?');
    while (n < s.n &&
           (((s.p[n] | 32) >= 'a' && (s.p[n] | 32) <= 'z') || (s.p[n] >= '0' && s.p[n] <= '9')))
        n++;
    struct slice name = slice_of(s.p + i, n - i);
    bool line = breaks_line(name);
    if (!declaration && !line && !flows(name))
        return 0;
    size_t stop = 0;
    if (at >= r->no_gt_until) {
        size_t limit = html_limit(r, at);
        stop = tag_end(r, at, limit);
        if (!stop)
            r->no_gt_until = limit;
    }
    *breaks = line;
    return stop;
}

static bool html(struct reading *r, size_t begin, size_t end)
{
    if (begin < r->html_end)
        begin = r->html_end;
    for (size_t i = begin; i < end; i++) {
        size_t stop = 0;
        bool breaks = false;
        if (r->src[i] == '<')
            stop = html_markup(r, i, end, &breaks);
        else if (r->src[i] == '&')
            stop = entity_end(r, i, end);
        if (!stop)
            continue;
        if (i > begin && !show(r, begin, i, slice_of(NULL, 0)))
            return false;
        if (breaks)
            pause(r, PAUSE_BREAK);
        if (r->src[i] == '<')
            r->html_end = stop;
        else if (!entity(r, i, stop))
            return false;
        begin = stop;
        i = stop - 1;
    }
    return begin >= end || show(r, begin, end, slice_of(NULL, 0));
}

/* --- code ---------------------------------------------------------------------------------- */

/* Where the line has a fence, its end when it has none. The first of its kind may be too short:
 * md4c goes on behind one that does not close the block above. */
static size_t fence_run(const struct reading *r, size_t line, char fence)
{
    size_t q = line_begin(r, line), e = line_end(r, line);
    const char run[] = {fence, fence, fence};
    const char *hit = memmem(r->src + q, e - q, run, sizeof run);
    return hit ? (size_t)(hit - r->src) : e;
}

/* Where the line closes the fence that is open; its end when it does not: a fence also ends with
 * the containers it lies in. */
static size_t closing_fence(const struct reading *r, size_t line)
{
    size_t begin = line_begin(r, line), e = line_end(r, line), q = begin;
    while (q < e && (is_blank(r->src[q]) || r->src[q] == '>'))
        q++;
    bool quoted = q > begin && memchr(r->src + begin, '>', q - begin);
    for (size_t i = 0; i < r->n_stack; i++)
        if (r->stack[i].kind == CONTAINER_QUOTE ? !quoted : q == begin)
            return e;
    size_t n = q;
    while (n < e && r->src[n] == r->fence)
        n++;
    return n - q >= 3 && !slice_trim(slice_of(r->src + n, e - n)).n ? q : e;
}

/* The opening fence, with what is written behind it. */
static bool place_fence(struct reading *r, size_t line)
{
    size_t begin = fence_run(r, line, r->fence), e = line_end(r, line);
    if (begin < e && !push_line(r, line, begin, e))
        return false;
    size_t info = begin;
    while (info < e && r->src[info] == r->fence)
        info++;
    while (info < e && is_blank(r->src[info]))
        info++;
    while (e > info && is_blank(r->src[e - 1]))
        e--;
    return info >= e || (show(r, info, e, slice_of(NULL, 0)) && (pause(r, PAUSE_BREAK), true));
}

static bool place_code(struct reading *r, size_t line)
{
    size_t first = line >= r->code_lines ? line - r->code_lines : 0;
    r->code_placed = true;
    if (r->fence && first > 0 && !place_fence(r, first - 1))
        return false;
    if (!r->fence)
        first = line;
    for (size_t l = first; l < line; l++)
        if (!push_line(r, l, line_end(r, l), line_end(r, l)))
            return false;
    return true;
}

static bool code(struct reading *r, size_t begin, size_t end)
{
    size_t line = line_of(r, begin);
    if (!r->code_placed && !place_code(r, line))
        return false;
    if (r->fresh || line >= r->passed) {
        for (size_t l = r->passed; !r->fresh && l < line; l++)
            if (!push_line(r, l, line_end(r, l), line_end(r, l)))
                return false;
        size_t indent = r->code_indent;
        while (indent && begin > line_begin(r, line) && is_blank(r->src[begin - 1])) {
            size_t width = r->src[begin - 1] == '\t' ? 4 : 1;
            indent -= width < indent ? width : indent;
            begin--;
        }
        if (!push_line(r, line, begin, line_end(r, line)))
            return false;
    }
    r->code_indent = 0;
    return show(r, begin, end, slice_of(NULL, 0));
}

/* The next line with a fence: where a block without content lies whose info md4c gives as a copy.
 */
static size_t next_fence(const struct reading *r)
{
    size_t line = r->line > r->passed ? r->line : r->passed;
    while (line < r->s->n_lines && fence_run(r, line, r->fence) == line_end(r, line))
        line++;
    return line;
}

static bool end_code(struct reading *r)
{
    if (!r->code_placed && r->info_n) {
        size_t line = r->info ? line_of(r, r->info) : next_fence(r);
        if (line < r->s->n_lines && !place_fence(r, line))
            return false;
    }
    struct markdown_block *b = &r->at;
    if (r->fence && b->n_lines) {
        size_t line = r->passed;
        while (line < r->s->n_lines && line_begin(r, line) == line_end(r, line))
            line++;
        size_t at = line < r->s->n_lines ? closing_fence(r, line) : 0;
        if (line < r->s->n_lines && at < line_end(r, line)) {
            for (size_t l = r->passed; l < line; l++)
                if (!push_line(r, l, line_end(r, l), line_end(r, l)))
                    return false;
            if (!push_line(r, line, at, line_end(r, line)))
                return false;
        }
    }
    r->code = false;
    end_leaf(r);
    return true;
}

static bool begin_code(struct reading *r, const MD_BLOCK_CODE_DETAIL *d)
{
    const struct shadow *s = r->s;
    r->code = true;
    r->fence = d->fence_char;
    r->code_lines = r->code_indent = r->info_n = 0;
    r->code_placed = false;
    r->info = 0;
    r->info_n = d->info.size;
    if (r->info_n && d->info.text >= s->p && d->info.text < s->p + s->n)
        r->info = shadow_source(s, (size_t)(d->info.text - s->p));
    return begin_block(r, MARKDOWN_CODE);
}

/* --- md4c's events: non-zero ends the parse, and means that memory ran out ------------------- */

/* md4c passes a negative number on, and forgets a positive one in places. */
static int went(bool well)
{
    return well ? 0 : -1;
}

static int on_enter_block(MD_BLOCKTYPE type, void *detail, void *ctx)
{
    struct reading *r = ctx;
    switch (type) {
    case MD_BLOCK_QUOTE:
        return went(push_container(r, CONTAINER_QUOTE));
    case MD_BLOCK_LI:
        if (!push_container(r, CONTAINER_ITEM))
            return -1;
        begin_leaf(r); /* a tight item has no paragraph block */
        return 0;
    case MD_BLOCK_P:
    case MD_BLOCK_HTML:
        return went(begin_paragraph(r));
    case MD_BLOCK_H:
        if (!begin_block(r, MARKDOWN_HEADING))
            return -1;
        r->at.level = (uint8_t)((const MD_BLOCK_H_DETAIL *)detail)->level;
        return 0;
    case MD_BLOCK_CODE:
        return went(begin_code(r, detail));
    case MD_BLOCK_TR:
        return went(begin_block(r, MARKDOWN_ROW));
    default:
        return 0;
    }
}

static int on_leave_block(MD_BLOCKTYPE type, void *detail, void *ctx)
{
    struct reading *r = ctx;
    (void)detail;
    switch (type) {
    case MD_BLOCK_LI:
    case MD_BLOCK_QUOTE:
        r->n_stack--;
        r->block = -1;
        return 0;
    case MD_BLOCK_CODE:
        return went(end_code(r));
    case MD_BLOCK_TD:
    case MD_BLOCK_TH:
        pause(r, PAUSE_BREAK);
        return 0;
    case MD_BLOCK_HR:
    case MD_BLOCK_P:
    case MD_BLOCK_H:
    case MD_BLOCK_HTML:
    case MD_BLOCK_TR:
        end_leaf(r);
        return 0;
    default:
        return 0;
    }
}

static int on_enter_span(MD_SPANTYPE type, void *detail, void *ctx)
{
    struct reading *r = ctx;
    bool link = type == MD_SPAN_A || type == MD_SPAN_IMG;
    if (link && r->block < 0 && (!r->n_stack || !begin_paragraph(r)))
        return r->n_stack ? -1 : 0;
    if (type == MD_SPAN_A)
        return went(open_link(r, &((const MD_SPAN_A_DETAIL *)detail)->href, false));
    if (type == MD_SPAN_IMG)
        return went(open_link(r, &((const MD_SPAN_IMG_DETAIL *)detail)->src, true));
    return 0;
}

static int on_leave_span(MD_SPANTYPE type, void *detail, void *ctx)
{
    (void)detail;
    return went((type != MD_SPAN_A && type != MD_SPAN_IMG) || close_link(ctx));
}

/* A line wrap, or what md4c makes up itself: a blank, indentation of code. */
static void on_wrap(struct reading *r, MD_TEXTTYPE type, const char *text, size_t n)
{
    if (r->code && *text == '\n') {
        r->code_lines++;
        r->code_indent = 0;
        pause(r, PAUSE_BREAK);
    } else if (r->code) {
        r->code_indent += n;
    } else {
        pause(r, type == MD_TEXT_BR || r->callout ? PAUSE_BREAK : PAUSE_WRAP);
        r->callout = false;
    }
}

/* Blanks before a line end, which md4c hands out within code spans alone: no line holds them. */
static bool ends_line(const struct shadow *s, const char *text, size_t n)
{
    const char *end = text + n;
    return end < s->p + s->n && (*end == '\n' || *end == '\r') && strspn(text, " \t") == n;
}

static int on_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE n, void *ctx)
{
    struct reading *r = ctx;
    const struct shadow *s = r->s;
    if (!n)
        return 0;
    if (r->block < 0 && (!r->n_stack || !begin_paragraph(r)))
        return r->n_stack ? -1 : 0;
    if (text < s->p || text >= s->p + s->n || *text == '\n') {
        on_wrap(r, type, text, n);
        return 0;
    }
    if (type == MD_TEXT_CODE && !r->code && ends_line(s, text, n)) {
        pause(r, PAUSE_WRAP);
        return 0;
    }
    size_t at = (size_t)(text - s->p);
    size_t begin = shadow_source(s, at), end = shadow_source(s, at + n);
    switch (type) {
    case MD_TEXT_NORMAL:
        return went(normal(r, begin, end));
    case MD_TEXT_ENTITY:
        return went(entity(r, begin, end));
    case MD_TEXT_HTML:
        return went(html(r, begin, end));
    default:
        return went(r->code ? code(r, begin, end) : show(r, begin, end, slice_of(NULL, 0)));
    }
}

static bool read_all(struct reading *r)
{
    const MD_PARSER parser = {
        .flags = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS,
        .enter_block = on_enter_block,
        .leave_block = on_leave_block,
        .enter_span = on_enter_span,
        .leave_span = on_leave_span,
        .text = on_text,
    };
    const struct shadow *s = r->s;
    return (!s->n || md_parse(s->p, (MD_SIZE)s->n, &parser, r) == 0) && hand_over(r);
}

int markdown_parse(struct arena *a, struct slice source, size_t from, uint32_t line,
    const struct markdown_taker *to, size_t *n_bare_bullets, struct err *e)
{
    struct shadow s;
    struct reading r = {.a = a, .s = &s, .src = source.p, .to = to, .block = -1};
    bool well = shadow_make(&r.own, source, from, line, &s);
    *n_bare_bullets = s.n_bare_bullets;
    well = well && read_all(&r) && !r.own.failed;
    arena_free(&r.own);
    return well ? 0 : err_memory(e);
}

bool markdown_wikilink(
    struct slice inside, bool embed, struct markdown_link *link, struct slice *visible)
{
    struct wikilink w;
    if (!shadow_wikilink(inside, embed, &w))
        return false;
    *link = (struct markdown_link){
        .target = w.target, .heading = w.heading, .alias = w.alias, .embed = embed};
    *visible = w.visible;
    return true;
}
