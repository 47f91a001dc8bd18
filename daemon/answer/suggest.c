// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/answer.h"

#include <strings.h>

#include "daemon/answer/lexicon.h"
#include "daemon/answer/units.h"
#include "lib/buf.h"
#include "lib/query.h"
#include "lib/token.h"
#include "lib/utf8.h"

enum {
    TITLES_MOST = 5000, /* looked at for one prefix: each is asked how often it is linked to */
    TERM_CUT = 224      /* a longer term may have lost its end (schema.h) */
};

/* The most frequent completions of one kind. */
struct top {
    struct suggestion *v; /* most frequent first */
    size_t n, max;
    const char *kind;
};

struct suggesting {
    struct answer *w;
    struct resolver r;
    struct slice prefix;
    struct top *top;    /* of the kind that is gathered */
    size_t cut;         /* bytes of a term before its text */
    bool asked;         /* for this kind by name: nothing typed stands for everything */
    struct slice *keys; /* titles: what is counted afterwards */
    size_t n_keys, cap_keys;
    struct err *e;
};

static bool is_full(const struct top *t, uint32_t count)
{
    return t->n == t->max && (!t->max || t->v[t->max - 1].count >= count);
}

/* Equal ones stay in the order they came in, which is that of the terms. */
static int keep(struct suggesting *s, struct slice text, uint32_t count)
{
    struct top *t = s->top;
    if (is_full(t, count))
        return 0;
    struct slice copy = arena_dup(s->w->arena, text);
    if (!copy.p)
        return err_memory(s->e);
    size_t i = t->n < t->max ? t->n++ : t->max - 1;
    for (; i && t->v[i - 1].count < count; i--)
        t->v[i] = t->v[i - 1];
    t->v[i] = (struct suggestion){copy, t->kind, count};
    return 0;
}

/* --- terms ----------------------------------------------------------------------------------- */

/* As of a day there are at most as many units as there are now. */
static int keep_term(void *ctx, struct slice term, uint32_t documents)
{
    struct suggesting *s = ctx;
    struct slice text = slice_of(term.p + s->cut, term.n - s->cut);
    if (term.n > TERM_CUT || is_full(s->top, documents))
        return 0;
    if (s->r.asof && (resolve_count(&s->r, term, &documents) || !documents))
        return s->e->code != ERR_NONE;
    return keep(s, text, documents);
}

static int keep_key(void *ctx, struct slice term, uint32_t documents)
{
    struct suggesting *s = ctx;
    if (s->r.asof && (resolve_count(&s->r, term, &documents) || !documents))
        return s->e->code != ERR_NONE;
    struct slice key = arena_dup(s->w->arena, slice_of(term.p + 1, term.n - 1));
    if (!key.p || !ARENA_PUSH(s->w->arena, s->keys, s->n_keys, s->cap_keys, key))
        err_memory(s->e);
    return s->e->code != ERR_NONE || s->n_keys == TITLES_MOST;
}

static struct xdb *db_of(const struct suggesting *s)
{
    return s->w->reader->index.db;
}

/* Calls `each` for the terms of this prefix (0: words) that begin with `text`. */
static int each_term(struct suggesting *s, char prefix, struct slice text,
    int (*each)(void *ctx, struct slice term, uint32_t documents))
{
    const char mark[2] = {prefix, '\0'};
    char *term = arena_printf(s->w->arena, "%s%.*s", mark, (int)text.n, text.p);
    if (!term)
        return err_memory(s->e);
    s->cut = prefix != 0;
    struct slice from = slice_str(term);
    return xdb_terms_each(db_of(s), from, from, each, s, s->e) < 0 || s->e->code ? -1 : 0;
}

/* What stands behind the last blank that was typed. */
static struct slice last_word(struct slice text)
{
    struct slice word = text;
    while (text.n)
        if (utf8_class(utf8_next(&text)) == UTF8_SPACE)
            word = text;
    return word;
}

static int words(struct suggesting *s)
{
    struct slice key = token_key(s->w->arena, last_word(s->prefix));
    key = last_word(key); /* of a compound, what stands behind its last mark */
    return key.n ? each_term(s, 0, key, keep_term) : 0;
}

static int entities(struct suggesting *s)
{
    struct slice key = token_key(s->w->arena, s->prefix);
    return key.n || s->asked ? each_term(s, 'E', key, keep_term) : 0;
}

/* "a/b" as schema.h has it: each part as a key. */
static int tags(struct suggesting *s)
{
    struct slice rest = last_word(s->prefix);
    struct buf key = {0};
    while (rest.n) {
        const char *slash = memchr(rest.p, '/', rest.n);
        size_t n = slash ? (size_t)(slash - rest.p) : rest.n;
        buf_slice(&key, token_key(s->w->arena, slice_of(rest.p, n)));
        if (slash && key.n)
            buf_char(&key, '/');
        n += slash != NULL;
        rest = slice_of(rest.p + n, rest.n - n);
    }
    int rc = key.failed          ? err_memory(s->e)
             : key.n || s->asked ? each_term(s, 'G', buf_view(&key), keep_term)
                                 : 0;
    buf_free(&key);
    return rc;
}

static int fields(struct suggesting *s)
{
    struct slice typed = last_word(s->prefix);
    for (int f = 0; f < FIELD_COUNT; f++) {
        const char *name = field_rows[f].name;
        if (typed.n > strlen(name) || strncasecmp(name, typed.n ? typed.p : "", typed.n) != 0)
            continue;
        char *text = arena_printf(s->w->arena, "%s:", name);
        if (!text)
            return err_memory(s->e);
        if (keep(s, slice_str(text), 0))
            return -1;
    }
    return 0;
}

/* --- titles ---------------------------------------------------------------------------------- */

/* The title as written, when this key is the title's and no alias's. */
static int written_title(struct suggesting *s, struct slice *text)
{
    struct slice data;
    struct record head;
    docid_t *ids;
    size_t n;
    struct arena *a = s->w->arena;
    char *term = arena_printf(a, "T%.*s", (int)text->n, text->p);
    if (!term)
        return err_memory(s->e);
    if (xdb_postings(
            db_of(s), a, slice_str(term), 1, s->r.asof ? TARGET_NOTES : 1, &ids, &n, s->e) ||
        resolve_cut(&s->r, ids, &n))
        return -1;
    if (!n)
        return 0;
    if (xdb_data(db_of(s), a, ids[0], &data, s->e) || record_read(a, data, &head, s->e))
        return -1;
    if (text->n >= TERM_CUT || slice_eq(token_key(a, head.title), *text))
        *text = head.title;
    return 0;
}

/* Counted by the units that link to the note under this name. */
static int titles(struct suggesting *s)
{
    struct slice key = token_key(s->w->arena, s->prefix);
    if (!key.n)
        return 0;
    if (each_term(s, 'T', key, keep_key))
        return -1;
    for (size_t i = 0; i < s->n_keys; i++) {
        uint32_t links;
        char *term = arena_printf(s->w->arena, "L%.*s", (int)s->keys[i].n, s->keys[i].p);
        if (!term)
            return err_memory(s->e);
        if (resolve_count(&s->r, slice_str(term), &links) || keep(s, s->keys[i], links))
            return -1;
    }
    for (size_t i = 0; i < s->top->n; i++)
        if (written_title(s, &s->top->v[i].text))
            return -1;
    return 0;
}

/* --- the whole ------------------------------------------------------------------------------- */

static const struct kind {
    enum suggest_kind kind;
    const char *name;
    int (*gather)(struct suggesting *s);
} kinds[] = {
    {SUGGEST_TITLE, "title", titles},
    {SUGGEST_ENTITY, "entity", entities},
    {SUGGEST_TAG, "tag", tags},
    {SUGGEST_FIELD, "field", fields},
    {SUGGEST_WORD, "word", words},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* What is typed last: quotes and [[ hold blanks. */
static struct slice last_item(struct slice text)
{
    struct slice item = text;
    bool quoted = false, linked = false;
    while (text.n) {
        if (slice_starts(text, SLICE_LIT("[[")) || slice_starts(text, SLICE_LIT("]]")))
            linked = *text.p == '[';
        uint32_t c = utf8_next(&text);
        quoted ^= c == '"';
        if (!quoted && !linked && utf8_class(c) == UTF8_SPACE)
            item = text;
    }
    return item;
}

/* The kind that the query itself names before what is to be completed; that is cut off. */
static enum suggest_kind marked_kind(struct slice *prefix)
{
    static const struct {
        const char *text;
        enum suggest_kind kind;
    } marks[] = {{"#", SUGGEST_TAG}, {"tag:", SUGGEST_TAG}, {"entity:", SUGGEST_ENTITY},
        {"link:", SUGGEST_TITLE}, {"[[", SUGGEST_TITLE}};
    struct slice item = last_item(*prefix);
    while (item.n && (*item.p == '-' || *item.p == '('))
        item = slice_of(item.p + 1, item.n - 1);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        size_t n = strlen(marks[i].text);
        if (!slice_starts(item, slice_str(marks[i].text)))
            continue;
        *prefix = slice_of(item.p + n, item.n - n);
        if (prefix->n && *prefix->p == '"')
            *prefix = slice_of(prefix->p + 1, prefix->n - 1);
        return marks[i].kind;
    }
    return SUGGEST_ANY;
}

static bool is_there(struct arena *a, const struct suggest_result *r, struct slice text)
{
    struct slice key = token_key(a, text);
    for (size_t i = 0; i < r->n; i++)
        if (slice_eq(token_key(a, r->v[i].text), key))
            return true;
    return false;
}

/* One of each kind in turn; what has been named as one kind is not named again as another. */
static void deal(struct arena *a, const struct top *tops, struct suggest_result *r, size_t max)
{
    for (size_t row = 0; row < max; row++)
        for (size_t k = 0; k < KINDS && r->n < max; k++)
            if (row < tops[k].n && !is_there(a, r, tops[k].v[row].text))
                r->v[r->n++] = tops[k].v[row];
}

int answer_suggest(
    struct answer *w, const struct suggest_params *p, struct suggest_result *r, struct err *e)
{
    struct top tops[KINDS] = {0};
    struct slice prefix = p->prefix;
    int kind = p->kind == SUGGEST_ANY ? (int)marked_kind(&prefix) : p->kind;
    size_t max = (size_t)p->limit;
    *r = (struct suggest_result){0};
    if (reader_refresh(w->reader, e) || lexicon_asof(w, p->asof, e))
        return -1;
    memcpy(r->uuid, w->reader->index.uuid, sizeof r->uuid);
    r->revision = w->reader->index.revision;
    for (size_t k = 0; k < KINDS; k++) {
        if (kind != SUGGEST_ANY && kind != (int)kinds[k].kind)
            continue;
        tops[k] = (struct top){
            .v = arena_array(w->arena, max, sizeof *tops[k].v), .max = max, .kind = kinds[k].name};
        struct suggesting s = {.w = w,
            .r = units_resolver(w, e),
            .prefix = prefix,
            .top = &tops[k],
            .asked = kind != SUGGEST_ANY,
            .e = e};
        if (!tops[k].v)
            return err_memory(e);
        if (kinds[k].gather(&s))
            return -1;
    }
    r->v = arena_array(w->arena, max, sizeof *r->v);
    if (!r->v)
        return err_memory(e);
    deal(w->arena, tops, r, max);
    return 0;
}
