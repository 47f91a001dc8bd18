// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/doc.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/forms.h"
#include "lib/hash.h"
#include "lib/schema.h"
#include "lib/sequence.h"

enum {
    CACHE_BYTES = 48 << 20,
    PATH_TERM_BYTES = 220,
    PROPERTY_BYTES = 200,
    SPAN_MAX = 4,
    TEXT_KEPT = 1 << 20
};

/* A word as it is met in loose matching. */
struct doc_lexeme {
    struct slice stem, context; /* "Z<x>", "C<x>" */
    uint64_t own_stamp, context_stamp;
    uint32_t count;
};

struct doc_words {
    struct doc_lexeme **v;
    size_t n, cap;
};

struct doc_language {
    struct doc_language *next;
    struct slice name, full; /* as written, "de"; as the index tells it, "german" */
    struct xstem *stem;
    struct map words; /* plain forms to lexemes */
};

static void cache_free(struct doc_builder *b)
{
    for (struct doc_language *l = b->languages; l; l = l->next) {
        xstem_free(l->stem);
        map_free(&l->words);
    }
    b->languages = NULL;
    map_free(&b->lexemes);
    map_free(&b->compounds);
    arena_free(&b->cache);
    b->joined = NULL;
    b->n_joined = b->cap_joined = 0;
}

void doc_builder_free(struct doc_builder *b)
{
    cache_free(b);
    arena_free(&b->arena);
    arena_free(&b->unit);
    buf_free(&b->text);
    *b = (struct doc_builder){0};
}

static int language_get(
    struct doc_builder *b, struct slice name, struct doc_language **out, struct err *e)
{
    for (struct doc_language *l = b->languages; l; l = l->next) {
        if (slice_eq(l->name, name)) {
            *out = l;
            return 0;
        }
    }
    struct doc_language *l = arena_alloc(&b->cache, sizeof *l);
    struct slice copy = arena_dup(&b->cache, name);
    if (!l || !copy.p)
        return err_memory(e);
    if (xstem_new(&l->stem, copy.p, e) < 0)
        return -1;
    l->name = copy;
    l->full = xstem_language(l->stem, &b->cache);
    l->next = b->languages;
    b->languages = *out = l;
    return l->full.n ? 0 : err_memory(e);
}

/* "en-US" is "en". */
static struct slice main_tag(struct slice lang)
{
    for (size_t i = 0; i < lang.n; i++)
        if (lang.p[i] == '-' || lang.p[i] == '_')
            return slice_of(lang.p, i);
    return lang;
}

static int choose_language(struct doc_builder *b, const struct doc_note *n, struct err *e)
{
    struct err unknown = {0};
    struct slice own = main_tag(n->note->lang);
    if (own.n && own.n < 32 && language_get(b, own, &b->language, &unknown) == 0)
        return 0;
    if (unknown.code == ERR_MEMORY)
        return err_memory(e);
    return language_get(b, n->language, &b->language, e);
}

/* --- words --------------------------------------------------------------------------------- */

static struct doc_lexeme *lexeme_of(struct doc_builder *b, struct slice x)
{
    struct map_entry *at = map_at(&b->lexemes, &b->cache, x, NULL);
    if (!at || at->at)
        return at ? at->at : NULL;
    struct doc_lexeme *l = arena_alloc(&b->cache, sizeof *l);
    if (!l)
        return NULL;
    l->stem = schema_term(&b->cache, 'Z', x);
    l->context = schema_term(&b->cache, 'C', x);
    if (!l->stem.p || !l->context.p)
        return NULL;
    at->at = l;
    return l;
}

static struct doc_lexeme *lookup(struct doc_builder *b, const struct token *t)
{
    if (!token_is_stemmed(t))
        return lexeme_of(b, t->plain);
    struct map_entry *at = map_at(&b->language->words, &b->cache, t->plain, NULL);
    if (!at)
        return NULL;
    if (!at->at)
        at->at = lexeme_of(b, xstem_of(b->language->stem, &b->unit, t->plain));
    return at->at;
}

static bool words_add(struct arena *a, struct doc_words *w, struct doc_lexeme *l)
{
    return ARENA_PUSH(a, w->v, w->n, w->cap, l);
}

/* The words of a title or of the text that others inherit: no word twice, no URL. */
static int inheritable(
    struct doc_builder *b, const struct tokens *t, struct doc_words *out, struct err *e)
{
    b->stamp++;
    for (size_t i = 0; i < t->n && out->n < DOC_CONTEXT; i++) {
        const struct token *k = &t->v[i];
        if (k->pos >= TOKEN_ASIDE || k->kind == TOKEN_PART ||
            (k->kind == TOKEN_JOINED && !k->digit))
            continue;
        struct doc_lexeme *l = lookup(b, k);
        if (!l)
            return err_memory(e);
        if (l->context_stamp == b->stamp)
            continue;
        l->context_stamp = b->stamp;
        if (!words_add(&b->arena, out, l))
            return err_memory(e);
    }
    return 0;
}

static int title_words(struct doc_builder *b, struct doc_words *out, struct err *e)
{
    const struct note *n = b->at.note;
    struct tokens t = {0};
    if (tokenize(&b->unit, n->title, &t, e) < 0)
        return -1;
    for (size_t i = 0; i < n->n_aliases; i++)
        if (tokenize(&b->unit, n->aliases[i], &t, e) < 0)
            return -1;
    return inheritable(b, &t, out, e);
}

bool doc_is_full(const struct doc_builder *b)
{
    return b->cache.used > CACHE_BYTES && !b->n_joined;
}

void doc_end(struct doc_builder *b)
{
    arena_reset(&b->arena);
    arena_reset(&b->unit);
    if (b->text.cap > TEXT_KEPT)
        buf_free(&b->text);
    b->at = (struct doc_note){0};
}

int doc_begin(struct doc_builder *b, const struct doc_note *n, struct err *e)
{
    doc_end(b);
    if (doc_is_full(b))
        cache_free(b);
    b->at = *n;
    if (choose_language(b, n, e) < 0)
        return -1;
    size_t units = n->note->n_units;
    b->words = arena_array(&b->arena, units, sizeof *b->words);
    b->rendered = arena_array(&b->arena, units, sizeof *b->rendered);
    b->inherited = arena_array(&b->arena, units, sizeof *b->inherited);
    if (!b->words || !b->rendered || !b->inherited)
        return err_memory(e);
    for (size_t i = 0; i < units; i++) {
        const struct unit *u = &n->note->units[i];
        if (u->parent >= 0)
            b->inherited[u->parent] = true;
        if (u->heading >= 0)
            b->inherited[u->heading] = true;
    }
    struct doc_words title = {0};
    if (title_words(b, &title, e) < 0)
        return -1;
    b->title = title.v;
    b->n_title = title.n;
    return 0;
}

/* --- identity ------------------------------------------------------------------------------ */

static struct slice render(struct doc_builder *b, const struct unit *u)
{
    buf_clear(&b->text);
    note_render(&b->text, u->text, u->runs, u->n_runs);
    return buf_view(&b->text);
}

static void fold_blanks(struct buf *out, struct slice text)
{
    bool gap = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            gap = true;
            continue;
        }
        if (gap && out->n)
            buf_char(out, ' ');
        gap = false;
        buf_char(out, c);
    }
}

int doc_text_hash(struct doc_builder *b, size_t unit, uint64_t *hash, struct err *e)
{
    struct buf text = {0};
    if (unit == 0) {
        fold_blanks(&text, b->at.note->title);
        buf_char(&text, '\n');
    }
    struct slice rendered = render(b, &b->at.note->units[unit]);
    fold_blanks(&text, rendered);
    bool failed = text.failed || b->text.failed;
    *hash = failed ? 0 : hash64(buf_view(&text), hash64(b->at.vault, 0));
    buf_free(&text);
    return failed ? err_memory(e) : 0;
}

void doc_id(uint64_t text_hash, uint32_t nth, uint8_t id[UNIT_ID_BYTES])
{
    uint64_t v = text_hash;
    if (nth) {
        char bytes[4];
        xvalue_u32(nth, bytes);
        v = hash64(slice_of(bytes, sizeof bytes), text_hash);
    }
    for (int i = 0; i < UNIT_ID_BYTES; i++)
        id[i] = (uint8_t)(v >> (8 * (UNIT_ID_BYTES - 1 - i)));
}

struct slice doc_id_term(struct arena *a, const uint8_t id[UNIT_ID_BYTES])
{
    return schema_term(a, 'I', slice_of((const char *)id, UNIT_ID_BYTES));
}

/* --- terms --------------------------------------------------------------------------------- */

struct making {
    struct doc_builder *b;
    struct arena *a;
    const struct unit *u;
    struct doc *d;
    struct err *e;
};

static int put(struct making *m, struct slice term, uint32_t wdf)
{
    struct doc_posting p = {term, wdf};
    if (!term.p || !ARENA_PUSH(m->a, m->d->postings, m->d->n, m->d->cap, p))
        return err_memory(m->e);
    return 0;
}

static int put_flag(struct making *m, char prefix, struct slice text)
{
    return put(m, schema_term(m->a, prefix, text), 0);
}

static int put_key(struct making *m, char prefix, struct slice name)
{
    struct slice key = token_key(m->a, name);
    return key.n ? put_flag(m, prefix, key) : 0;
}

/* A compound of letters: its words, unless an apostrophe made it ("don't"). */
static int note_compound(struct making *m, const struct tokens *t, size_t at, struct slice text)
{
    struct doc_builder *b = m->b;
    const struct token *joined = &t->v[at];
    struct slice source = slice_of(text.p + joined->begin, joined->end - joined->begin);
    if (joined->digit || joined->span < 2 || joined->span > SPAN_MAX ||
        memchr(source.p, '\'', source.n) || memmem(source.p, source.n, "\xE2\x80\x99", 3))
        return 0;
    bool added;
    struct buf pair = {0};
    buf_slice(&pair, joined->plain);
    size_t words_at = pair.n;
    size_t first = at;
    while (first && t->v[first - 1].group == joined->group)
        first--;
    for (size_t i = first; i < t->n && t->v[i].group == joined->group; i++) {
        if (!token_is_base(t->v[i].kind) || t->v[i].pos < joined->pos ||
            t->v[i].pos >= joined->pos + joined->span)
            continue;
        buf_char(&pair, pair.n == words_at ? '\n' : ' ');
        buf_slice(&pair, t->v[i].plain);
    }
    struct map_entry *entry =
        pair.failed ? NULL : map_at(&b->compounds, &b->cache, buf_view(&pair), &added);
    buf_free(&pair);
    if (!entry)
        return err_memory(m->e);
    if (!added || entry->key.n <= words_at + 1)
        return 0;
    struct doc_joined j = {slice_of(entry->key.p, words_at),
        slice_of(entry->key.p + words_at + 1, entry->key.n - words_at - 1)};
    return ARENA_PUSH(&b->cache, b->joined, b->n_joined, b->cap_joined, j) ? 0 : err_memory(m->e);
}

/* Whether a word's stem asks for its exact form: it needs no posting of its stem (forms.h). */
static bool is_told(const struct doc_lexeme *l, const struct token *t)
{
    return t->kind != TOKEN_PART && forms_has(slice_of(l->stem.p + 1, l->stem.n - 1), t->plain);
}

static int note_stem(struct making *m, struct doc_lexeme *l, struct doc_words *stems)
{
    if (l->own_stamp != m->b->stamp) {
        l->own_stamp = m->b->stamp;
        l->count = 0;
        if (!words_add(m->a, stems, l))
            return err_memory(m->e);
    }
    l->count++;
    return 0;
}

static int put_forms(struct making *m, const struct token *t, uint32_t wdf, uint32_t plain_wdf)
{
    if (slice_eq(t->plain, t->term))
        return put(m, t->term, wdf + plain_wdf);
    return put(m, t->term, wdf) < 0 ? -1 : put(m, t->plain, plain_wdf);
}

/* A compound of letters is found by its words, a part of a camel-case word by its stem. Each word
 * weighs once: by its exact form, or by its stem. */
static int own_word(struct making *m, const struct token *t, struct doc_words *stems)
{
    if (t->kind == TOKEN_JOINED)
        return t->digit ? put_forms(m, t, 1, 0) : 0;
    if (!token_is_stemmed(t))
        return put_forms(m, t, t->kind == TOKEN_GRAM ? 0 : 1, 0);
    struct doc_lexeme *l = lookup(m->b, t);
    if (!l)
        return err_memory(m->e);
    bool told = is_told(l, t);
    if (t->kind != TOKEN_PART && put_forms(m, t, 0, told) < 0)
        return -1;
    return told ? 0 : note_stem(m, l, stems);
}

static int own_words(struct making *m, const struct tokens *t, struct slice text)
{
    struct doc_words stems = {0};
    m->b->stamp++;
    for (size_t i = 0; i < t->n; i++) {
        const struct token *k = &t->v[i];
        if (k->kind == TOKEN_JOINED && note_compound(m, t, i, text) < 0)
            return -1;
        if (own_word(m, k, &stems) < 0)
            return -1;
    }
    for (size_t i = 0; i < stems.n; i++)
        if (put(m, stems.v[i]->stem, stems.v[i]->count) < 0)
            return -1;
    return 0;
}

static int inherit(struct making *m, struct doc_lexeme *const *v, size_t n, size_t *left)
{
    for (size_t i = 0; i < n && *left; i++) {
        if (v[i]->context_stamp == m->b->stamp)
            continue;
        v[i]->context_stamp = m->b->stamp;
        --*left;
        if (put(m, v[i]->context, 1) < 0)
            return -1;
    }
    return 0;
}

static int context(struct making *m)
{
    const struct doc_builder *b = m->b;
    const struct note *n = b->at.note;
    size_t left = DOC_CONTEXT;
    m->b->stamp++;
    int32_t up = m->u->parent;
    for (int k = 0; up >= 0 && k < DOC_PARENTS; k++, up = n->units[up].parent)
        if (inherit(m, b->words[up].v, b->words[up].n, &left) < 0)
            return -1;
    up = m->u->heading;
    for (int k = 0; up >= 0 && k < RECORD_HEADINGS; k++, up = n->units[up].heading)
        if (inherit(m, b->words[up].v, b->words[up].n, &left) < 0)
            return -1;
    return n->digest ? 0 : inherit(m, b->title, b->n_title, &left);
}

static int tag(struct making *m, struct slice name)
{
    struct buf key = {0};
    int rc = 0;
    while (name.n && rc == 0) {
        const char *slash = memchr(name.p, '/', name.n);
        size_t n = slash ? (size_t)(slash - name.p) : name.n;
        struct slice part = token_key(m->a, slice_of(name.p, n));
        n += slash != NULL;
        name = slice_of(name.p + n, name.n - n);
        if (!part.n)
            continue;
        if (key.n)
            buf_char(&key, '/');
        buf_slice(&key, part);
        rc = key.failed ? err_memory(m->e) : put_flag(m, 'G', buf_view(&key));
    }
    buf_free(&key);
    return rc;
}

static int folders(struct making *m)
{
    struct slice rel = m->b->at.rel;
    for (size_t i = 1; i < rel.n; i++)
        if (rel.p[i] == '/' && put_flag(m, 'P', slice_of(rel.p, i)) < 0)
            return -1;
    return 0;
}

static int hosts(struct making *m, struct slice url)
{
    const char *at = memmem(url.p, url.n, "://", 3);
    if (!at)
        return 0;
    struct slice host = slice_of(at + 3, url.n - (size_t)(at + 3 - url.p));
    size_t end = 0;
    while (end < host.n && !strchr("/?#\\", host.p[end]))
        end++;
    host.n = end;
    const char *user = memrchr(host.p, '@', host.n);
    if (user)
        host = slice_of(user + 1, host.n - (size_t)(user + 1 - host.p));
    const char *port = memchr(host.p, ':', host.n);
    if (port)
        host.n = (size_t)(port - host.p);
    while (host.n && host.p[host.n - 1] == '.')
        host.n--;
    char *low = arena_strndup(m->a, host.p, host.n);
    if (!low)
        return err_memory(m->e);
    for (size_t i = 0; i < host.n; i++)
        if (low[i] >= 'A' && low[i] <= 'Z')
            low[i] = (char)(low[i] - 'A' + 'a');
    host.p = low;
    while (host.n && memchr(host.p, '.', host.n)) {
        if (put_flag(m, 'H', host) < 0)
            return -1;
        size_t label = (size_t)((const char *)memchr(host.p, '.', host.n) - host.p) + 1;
        host = slice_of(host.p + label, host.n - label);
    }
    return 0;
}

static int links(struct making *m)
{
    for (size_t i = 0; i < m->u->n_links; i++) {
        const struct note_link *l = &m->u->links[i];
        if (l->url) {
            if (hosts(m, l->target) < 0)
                return -1;
            continue;
        }
        struct slice key = schema_target_key(m->a, m->b->at.rel, l->target);
        const char *slash = key.n ? memrchr(key.p, '/', key.n) : NULL;
        if (key.n && put_flag(m, 'L', key) < 0)
            return -1;
        if (slash && put_flag(m, 'L', slice_of(slash, key.n - (size_t)(slash - key.p))) < 0)
            return -1;
    }
    return 0;
}

static int number_flag(struct making *m, char prefix, int width, uint32_t v)
{
    char text[16];
    snprintf(text, sizeof text, "%0*" PRIu32, width, v);
    return put_flag(m, prefix, slice_str(text));
}

static int dates(struct making *m, docid_t docid)
{
    if (m->u->day == DAY_NONE)
        return put_flag(m, 'D', SLICE_LIT("none"));
    struct ymd d = day_split(m->u->day);
    uint32_t month = (uint32_t)d.year * 100 + (uint32_t)d.month;
    if (number_flag(m, 'D', 8, month * 100 + (uint32_t)d.day) < 0 ||
        number_flag(m, 'M', 6, month) < 0)
        return -1;
    return docid >= DOCID_UNDATED ? put(m, SLICE_LIT("R"), 0) : 0;
}

static int flags(struct making *m, docid_t docid)
{
    const struct doc_note *at = &m->b->at;
    if (put_flag(m, 'K', slice_str(unit_kind_name(m->u->kind))) < 0 ||
        put_flag(m, 'V', at->vault) < 0 || number_flag(m, 'Q', 1, at->number) < 0 ||
        dates(m, docid) < 0 || folders(m) < 0 || links(m) < 0)
        return -1;
    for (size_t i = 0; i < m->u->n_tags; i++)
        if (tag(m, m->u->tags[i]) < 0)
            return -1;
    return 0;
}

/* --- the head ------------------------------------------------------------------------------ */

static bool is_entity_list(struct slice key)
{
    static const char *const lists[] = {"companies", "company", "organizations", "organisations",
        "models", "model", "products", "people", "person", "authors", "topics", "topic", "tools",
        "entities", "tags", "tag"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        if (slice_is(key, lists[i]))
            return true;
    return false;
}

static int property(struct making *m, const struct property *p)
{
    struct slice key = token_key(m->a, p->key);
    if (!key.n)
        return 0;
    if (put_flag(m, 'X', key) < 0)
        return -1;
    bool entities = is_entity_list(p->key);
    for (size_t i = 0; i < p->n_values; i++) {
        if (p->values[i].n > PROPERTY_BYTES)
            continue;
        struct slice value = token_key(m->a, p->values[i]);
        if (!value.n)
            continue;
        char *pair = arena_printf(m->a, "%.*s:%.*s", (int)key.n, key.p, (int)value.n, value.p);
        if (!pair)
            return err_memory(m->e);
        if (put_flag(m, 'X', slice_str(pair)) < 0 || (entities && put_flag(m, 'E', value) < 0))
            return -1;
    }
    return 0;
}

static int path_term(struct making *m)
{
    struct slice rel = m->b->at.rel;
    struct buf term = {0};
    buf_char(&term, 'F');
    buf_add(&term, rel.p, rel.n < PATH_TERM_BYTES ? rel.n : PATH_TERM_BYTES);
    buf_printf(&term, "\t%" PRIu32, m->b->at.number);
    struct slice kept = term.failed ? slice_of(NULL, 0) : arena_dup(m->a, buf_view(&term));
    buf_free(&term);
    return put(m, kept, 0);
}

static int put_name(struct making *m, struct slice name)
{
    struct slice key = schema_link_key(m->a, name);
    return put_key(m, 'T', name) < 0 ? -1 : key.n ? put_flag(m, 'A', key) : 0;
}

/* What links can call the note. */
static int names(struct making *m)
{
    const struct note *n = m->b->at.note;
    for (struct slice key = schema_link_key(m->a, m->b->at.rel); key.n;) {
        const char *slash = memchr(key.p, '/', key.n);
        if (put_flag(m, 'N', key) < 0)
            return -1;
        size_t gone = slash ? (size_t)(slash - key.p) + 1 : key.n;
        key = slice_of(key.p + gone, key.n - gone);
    }
    if (put_name(m, n->title) < 0)
        return -1;
    for (size_t i = 0; i < n->n_aliases; i++)
        if (put_name(m, n->aliases[i]) < 0)
            return -1;
    return 0;
}

static int head(struct making *m)
{
    const struct doc_builder *b = m->b;
    const struct note *n = b->at.note;
    if (path_term(m) < 0 || names(m) < 0 || put_flag(m, 'Y', b->language->full) < 0)
        return -1;
    for (size_t i = 0; i < b->n_title; i++) {
        struct slice c = b->title[i]->context;
        if (put_flag(m, 'S', slice_of(c.p + 1, c.n - 1)) < 0)
            return -1;
    }
    for (size_t i = 0; i < n->n_tags; i++)
        if (tag(m, n->tags[i]) < 0)
            return -1;
    for (size_t i = 0; i < n->n_properties; i++)
        if (property(m, &n->properties[i]) < 0)
            return -1;
    return 0;
}

/* --- the document -------------------------------------------------------------------------- */

static int record_data(struct making *m, size_t unit, const uint8_t id[UNIT_ID_BYTES])
{
    const struct doc_builder *b = m->b;
    const struct unit *u = m->u;
    struct record r = {.note = b->at.number,
        .ordinal = (uint32_t)unit,
        .kind = u->kind,
        .day = u->day,
        .day_source = u->day_source,
        .line = u->line,
        .end_line = u->end_line,
        .vault = b->at.vault,
        .rel = b->at.rel,
        .title = b->at.note->title,
        .text = u->text,
        .lines = u->lines,
        .n_lines = u->n_lines,
        .runs = u->runs,
        .n_runs = u->n_runs};
    memcpy(r.id, id, sizeof r.id);
    struct slice above[RECORD_HEADINGS] = {{0}};
    for (int32_t h = u->heading; h >= 0 && r.n_headings < RECORD_HEADINGS;
         h = b->at.note->units[h].heading)
        above[r.n_headings++] = b->rendered[h];
    for (size_t i = 0; i < r.n_headings; i++)
        r.heading[i] = above[r.n_headings - 1 - i];
    if (r.n_headings)
        m->d->heading = above[0];
    struct buf data = {0};
    record_write(&data, &r);
    m->d->data = data.failed ? slice_of(NULL, 0) : arena_dup(m->a, buf_view(&data));
    buf_free(&data);
    return m->d->data.p ? 0 : err_memory(m->e);
}

/* Base tokens have a place; those of URLs theirs behind all others. */
static void add_places(const struct tokens *t, bool aside, struct doc_place *v, size_t *n)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct token *k = &t->v[i];
        if (!token_is_base(k->kind) || (k->pos >= TOKEN_ASIDE) != aside)
            continue;
        v[(*n)++] = (struct doc_place){k->term, k->pos};
        if (!slice_eq(k->plain, k->term))
            v[(*n)++] = (struct doc_place){k->plain, k->pos};
    }
}

static int sequence(struct making *m, const struct tokens *t)
{
    struct buf bytes = {0};
    struct doc_place *places = arena_array(m->a, 2 * t->n, sizeof *places);
    struct sequence_place *v = arena_array(m->a, 2 * t->n, sizeof *v);
    size_t n = 0;
    if (!v || !places)
        return err_memory(m->e);
    add_places(t, false, places, &n);
    add_places(t, true, places, &n);
    for (size_t i = 0; i < n; i++)
        v[i] = (struct sequence_place){places[i].at, sequence_word(places[i].word)};
    m->d->places = places;
    m->d->n_places = m->b->positions ? n : 0;
    int rc = sequence_write(&bytes, m->a, v, n, m->e);
    m->d->sequence = arena_take(m->a, &bytes);
    return rc || m->d->sequence.p || !n ? rc : err_memory(m->e);
}

static void sign(struct doc *d)
{
    uint64_t h = hash64(slice_of((const char *)&d->day, sizeof d->day), d->note);
    h = hash64(d->heading, hash64(d->sequence, h));
    for (size_t i = 0; i < d->n; i++) {
        const struct doc_posting *p = &d->postings[i];
        h = hash64(p->term, h + p->wdf);
    }
    d->terms_sig = h;
    d->data_sig = hash64(d->data, 0);
}

/* What others inherit of this one. */
static int bequeath(
    struct doc_builder *b, size_t unit, const struct tokens *t, struct slice text, struct err *e)
{
    if (!b->inherited[unit])
        return 0;
    b->inherited[unit] = false;
    if (b->at.note->units[unit].kind == UNIT_HEADING) {
        b->rendered[unit] = arena_dup(&b->arena, text);
        if (!b->rendered[unit].p)
            return err_memory(e);
    }
    return inheritable(b, t, &b->words[unit], e);
}

/* What of the rendered text is searched. */
static struct slice searched(struct slice text)
{
    if (text.n > DOC_TEXT_BYTES) {
        text.n = DOC_TEXT_BYTES;
        while (text.n && ((unsigned char)text.p[text.n] & 0xC0) == 0x80)
            text.n--;
    }
    return text;
}

/* A unit that is not built before those that inherit from it. */
static int read_ahead(struct doc_builder *b, int32_t unit, struct err *e)
{
    struct tokens t = {0};
    if (!b->inherited[unit])
        return 0;
    arena_reset(&b->unit);
    struct slice text = searched(render(b, &b->at.note->units[unit]));
    if (b->text.failed)
        return err_memory(e);
    return tokenize(&b->unit, text, &t, e) < 0 ? -1 : bequeath(b, (size_t)unit, &t, text, e);
}

static int read_above(struct doc_builder *b, const struct unit *u, struct err *e)
{
    const struct unit *all = b->at.note->units;
    for (int32_t k = 0, up = u->parent; up >= 0 && k < DOC_PARENTS; k++, up = all[up].parent)
        if (read_ahead(b, up, e) < 0)
            return -1;
    for (int32_t k = 0, up = u->heading; up >= 0 && k < RECORD_HEADINGS; k++, up = all[up].heading)
        if (read_ahead(b, up, e) < 0)
            return -1;
    return 0;
}

int doc_build(struct doc_builder *b, size_t unit, const uint8_t id[UNIT_ID_BYTES], docid_t docid,
    struct doc *d, struct err *e)
{
    const struct unit *u = &b->at.note->units[unit];
    if (read_above(b, u, e) < 0)
        return -1;
    arena_reset(&b->unit);
    *d = (struct doc){.day = u->day, .note = b->at.number};
    struct making m = {b, &b->unit, u, d, e};
    struct tokens t = {0};
    struct slice text = searched(render(b, u));
    if (b->text.failed)
        return err_memory(e);
    if (tokenize(&b->unit, text, &t, e) < 0 || own_words(&m, &t, text) < 0 ||
        flags(&m, docid) < 0 || (unit ? context(&m) : head(&m)) < 0 ||
        bequeath(b, unit, &t, text, e) < 0 || sequence(&m, &t) < 0 || record_data(&m, unit, id) < 0)
        return -1;
    sign(d);
    d->id_term = doc_id_term(&b->unit, id);
    return d->id_term.p && !b->unit.failed ? 0 : err_memory(e);
}

int doc_fill(const struct doc *d, struct xdoc *x, struct err *e)
{
    if (xdoc_clear(x, e) < 0)
        return -1;
    for (size_t i = 0; i < d->n; i++) {
        const struct doc_posting *p = &d->postings[i];
        if (xdoc_term(x, p->term, p->wdf, e) < 0)
            return -1;
    }
    for (size_t i = 0; i < d->n_places; i++)
        if (xdoc_position(x, d->places[i].word, d->places[i].at, e) < 0)
            return -1;
    char value[4];
    if (xdoc_term(x, d->id_term, 0, e) < 0)
        return -1;
    xvalue_u32(d->note, value);
    if (xdoc_value(x, SLOT_NOTE, slice_of(value, sizeof value), e) < 0)
        return -1;
    if (d->day != DAY_NONE) {
        xvalue_u32(schema_day_value(d->day), value);
        if (xdoc_value(x, SLOT_DAY, slice_of(value, sizeof value), e) < 0)
            return -1;
    }
    char heading[HEADING_BYTES];
    schema_heading(d->heading, heading);
    if ((d->sequence.n && xdoc_value(x, SLOT_SEQUENCE, d->sequence, e) < 0) ||
        (d->heading.n && xdoc_value(x, SLOT_HEADING, slice_of(heading, sizeof heading), e) < 0))
        return -1;
    return xdoc_data(x, d->data, e);
}
