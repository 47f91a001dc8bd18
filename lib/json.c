// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/json.h"

#include <jansson.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/arena.h"
#include "lib/utf8.h"

/*
 * jansson's scanner ignores a failed growth of its buffers and then runs over their ends. So it
 * gets its memory from an arena that leaves the parser altogether when memory runs out; freeing
 * the arena frees whatever the parser held. Each block knows its pool: that is how a root finds
 * what to free.
 */
struct pool {
    struct arena arena;
    jmp_buf exhausted;
};

struct block {
    alignas(max_align_t) struct pool *pool;
};

static _Thread_local struct pool *parsing;

static void *pool_alloc(size_t n)
{
    struct block *b = n < SIZE_MAX / 2 ? arena_alloc(&parsing->arena, sizeof *b + n) : NULL;
    if (!b)
        longjmp(parsing->exhausted, 1);
    b->pool = parsing;
    return b + 1;
}

static void pool_keep(void *p)
{
    (void)p;
}

static void use_pools(void)
{
    json_set_alloc_funcs(pool_alloc, pool_keep);
}

static void pool_free(struct pool *pool)
{
    arena_free(&pool->arena);
    free(pool);
}

static json_t *load(struct slice text, json_error_t *error)
{
    if (setjmp(parsing->exhausted))
        return NULL;
    return json_loadb(
        text.n ? text.p : "", text.n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, error);
}

static const json_t *in(const struct json *v)
{
    return (const json_t *)(const void *)v;
}

static const struct json *out(const json_t *v)
{
    return (const struct json *)(const void *)v;
}

static int check_depth(struct slice text, struct err *e)
{
    int depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (quoted) {
            if (c == '\\')
                i++;
            else if (c == '"')
                quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (c == '{' || c == '[') {
            if (++depth > JSON_DEPTH)
                return err_at(
                    e, ERR_PARSE, i, "byte %zu: more than %d levels of JSON", i, (int)JSON_DEPTH);
        } else if ((c == '}' || c == ']') && depth) {
            depth--;
        }
    }
    return 0;
}

struct json *json_parse(struct slice text, struct err *e)
{
    if (check_depth(text, e))
        return NULL;
    struct pool *pool = calloc(1, sizeof *pool);
    if (!pool) {
        err_memory(e);
        return NULL;
    }
    json_error_t error = {.text = ""};
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, use_pools);
    parsing = pool;
    json_t *root = load(text, &error);
    parsing = NULL;
    if (root) {
        if (json_is_boolean(root) || json_is_null(root))
            pool_free(pool);
        return (struct json *)(void *)root;
    }
    pool_free(pool);
    size_t at = error.position > 0 ? (size_t)error.position : 0;
    if (error.text[0])
        err_at(e, ERR_PARSE, at, "byte %zu: no valid JSON: %s", at, error.text);
    else
        err_memory(e);
    return NULL;
}

void json_free(struct json *root)
{
    /* jansson's true, false and null are static: they came from no pool. */
    if (root && !json_is_boolean(in(root)) && !json_is_null(in(root)))
        pool_free(((struct block *)(void *)root - 1)->pool);
}

enum json_kind json_kind(const struct json *v)
{
    if (!v)
        return JSON_IS_NULL;
    switch (json_typeof(in(v))) {
    case JSON_OBJECT:
        return JSON_IS_OBJECT;
    case JSON_ARRAY:
        return JSON_IS_ARRAY;
    case JSON_STRING:
        return JSON_IS_STRING;
    case JSON_INTEGER:
        return JSON_IS_INT;
    case JSON_REAL:
        return JSON_IS_REAL;
    case JSON_TRUE:
    case JSON_FALSE:
        return JSON_IS_BOOL;
    default:
        return JSON_IS_NULL;
    }
}

const struct json *json_get(const struct json *v, const char *key)
{
    return out(json_object_get(in(v), key));
}

const struct json *json_at(const struct json *v, size_t i)
{
    return out(json_array_get(in(v), i));
}

size_t json_len(const struct json *v)
{
    return json_kind(v) == JSON_IS_OBJECT ? json_object_size(in(v)) : json_array_size(in(v));
}

struct slice json_text(const struct json *v)
{
    return slice_of(json_string_value(in(v)), json_string_length(in(v)));
}

int64_t json_int(const struct json *v, int64_t otherwise)
{
    return json_kind(v) == JSON_IS_INT ? (int64_t)json_integer_value(in(v)) : otherwise;
}

double json_number(const struct json *v, double otherwise)
{
    enum json_kind kind = json_kind(v);
    return kind == JSON_IS_INT || kind == JSON_IS_REAL ? json_number_value(in(v)) : otherwise;
}

bool json_bool(const struct json *v, bool otherwise)
{
    return json_kind(v) == JSON_IS_BOOL ? json_is_true(in(v)) : otherwise;
}

int json_each(
    const struct json *v, int (*each)(void *ctx, const char *key, const struct json *v), void *ctx)
{
    /* jansson's iterator wants a pointer to non-const and changes nothing. */
    json_t *object = (json_t *)(uintptr_t)v;
    int rc = 0;
    for (void *i = json_object_iter(object); i && !rc; i = json_object_iter_next(object, i))
        rc = each(ctx, json_object_iter_key(i), out(json_object_iter_value(i)));
    return rc;
}

static void dump(struct json_writer *w, const struct json *v);

static int dump_member(void *ctx, const char *key, const struct json *v)
{
    struct json_writer *w = ctx;
    json_put_string(w, slice_str(key));
    buf_char(w->out, ':');
    w->after_key = true;
    dump(w, v);
    return 0;
}

static void dump_real(struct json_writer *w, double v)
{
    char text[40];
    int n = snprintf(text, sizeof text, "%.17g", v);
    json_put_raw(w, slice_of(text, (size_t)n));
    if (!strpbrk(text, ".e"))
        buf_str(w->out, ".0");
}

static void dump(struct json_writer *w, const struct json *v)
{
    switch (json_kind(v)) {
    case JSON_IS_NULL:
        json_put_null(w);
        break;
    case JSON_IS_BOOL:
        json_put_bool(w, json_bool(v, false));
        break;
    case JSON_IS_INT:
        json_put_int(w, json_int(v, 0));
        break;
    case JSON_IS_REAL:
        dump_real(w, json_number(v, 0));
        break;
    case JSON_IS_STRING:
        json_put_string(w, json_text(v));
        break;
    case JSON_IS_ARRAY:
        json_open(w, '[');
        for (size_t i = 0; i < json_len(v); i++)
            dump(w, json_at(v, i));
        json_close(w, ']');
        break;
    case JSON_IS_OBJECT:
        json_open(w, '{');
        json_each(v, dump_member, w);
        json_close(w, '}');
        break;
    }
}

void json_dump(const struct json *v, struct buf *to)
{
    struct json_writer w = json_writer(to);
    dump(&w, v);
}

/* The comma, if this value is not the first on its level. */
static void begin_value(struct json_writer *w)
{
    if (w->after_key) {
        w->after_key = false;
    } else if (w->depth) {
        uint64_t level = UINT64_C(1) << (w->depth - 1);
        if (w->filled & level)
            buf_char(w->out, ',');
        w->filled |= level;
    }
}

void json_open(struct json_writer *w, char bracket)
{
    begin_value(w);
    buf_char(w->out, bracket);
    if (w->depth >= JSON_DEPTH)
        w->out->failed = true;
    else
        w->filled &= ~(UINT64_C(1) << w->depth++);
}

void json_close(struct json_writer *w, char bracket)
{
    buf_char(w->out, bracket);
    if (w->depth)
        w->depth--;
}

void json_key(struct json_writer *w, const char *key)
{
    begin_value(w);
    buf_char(w->out, '"');
    buf_str(w->out, key);
    buf_add(w->out, "\":", 2);
    w->after_key = true;
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f && c != 0xc2;
}

/* The bytes of a word of eight that are below `least` or are c, told by their highest bits; a byte
 * behind such a one may be told falsely. */
static uint64_t any_below(uint64_t word, uint64_t least)
{
    const uint64_t ones = 0x0101010101010101u;
    return (word - ones * least) & ~word & (ones << 7);
}

static uint64_t any_is(uint64_t word, uint64_t c)
{
    return any_below(word ^ (0x0101010101010101u * c), 1);
}

/* How many bytes may be copied as they are. */
static size_t plain_run(const char *p, size_t n)
{
    size_t i = 0;
    for (uint64_t word; n - i >= sizeof word; i += sizeof word) {
        memcpy(&word, p + i, sizeof word);
        if (any_below(word, 0x20) | any_is(word, '"') | any_is(word, '\\') | any_is(word, 0x7f) |
            any_is(word, 0xc2))
            break;
    }
    while (i < n && is_plain((unsigned char)p[i]))
        i++;
    return i;
}

static void put_escape(struct buf *b, unsigned char c)
{
    static const char hex[] = "0123456789abcdef", letters[] = "\"\"\\\\\nn\tt\rr\bb\ff";
    for (const char *l = letters; *l; l += 2)
        if ((unsigned char)*l == c) {
            buf_add(b, (const char[]){'\\', l[1]}, 2);
            return;
        }
    buf_add(b, (const char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
}

/* `s` is UTF-8. C1 controls (C2 80..9F) are escaped like the others: terminals obey them too. */
static void put_valid(struct buf *b, struct slice s)
{
    const char *end = s.p + s.n;
    for (const char *p = s.p; p < end;) {
        size_t run = plain_run(p, (size_t)(end - p));
        buf_add(b, p, run);
        p += run;
        if (p == end)
            break;
        unsigned char c = (unsigned char)*p++;
        if (c != 0xc2)
            put_escape(b, c);
        else if ((unsigned char)*p < 0xa0)
            put_escape(b, (unsigned char)*p++);
        else
            buf_char(b, (char)c);
    }
}

void json_put_string(struct json_writer *w, struct slice s)
{
    begin_value(w);
    buf_char(w->out, '"');
    while (s.n) {
        size_t valid = utf8_valid(s);
        put_valid(w->out, slice_of(s.p, valid));
        if (valid == s.n)
            break;
        buf_str(w->out, "\xef\xbf\xbd");
        s = slice_of(s.p + valid + 1, s.n - valid - 1);
    }
    buf_char(w->out, '"');
}

void json_put_int(struct json_writer *w, int64_t v)
{
    begin_value(w);
    if (v < 0)
        buf_char(w->out, '-');
    buf_uint(w->out, v < 0 ? -(uint64_t)v : (uint64_t)v);
}

void json_put_real(struct json_writer *w, double v)
{
    enum { DIGITS = 6, MOST = 999999 };
    char text[32];
    double size = fabs(v);
    uint32_t scale = 1, decimals = 0;
    for (; size >= 0.1 && size * 10 * scale <= MOST && decimals < DIGITS; decimals++)
        scale *= 10;
    if (!(size >= 0.1 && size <= MOST)) { /* rare, and not worth more code */
        int n = snprintf(text, sizeof text, "%.*g", DIGITS, isfinite(v) ? v : 0.0);
        json_put_raw(w, slice_of(text, (size_t)n));
        return;
    }
    uint64_t digits = (uint64_t)(size * scale + 0.5);
    for (; decimals && digits % 10 == 0; decimals--, scale /= 10)
        digits /= 10;
    begin_value(w);
    if (v < 0)
        buf_char(w->out, '-');
    buf_uint(w->out, digits / scale);
    if (decimals) {
        size_t at = sizeof text;
        for (uint32_t i = 0; i < decimals; i++, digits /= 10)
            text[--at] = (char)('0' + digits % 10);
        text[--at] = '.';
        buf_add(w->out, text + at, sizeof text - at);
    }
}

void json_put_bool(struct json_writer *w, bool v)
{
    json_put_raw(w, slice_str(v ? "true" : "false"));
}

void json_put_null(struct json_writer *w)
{
    json_put_raw(w, SLICE_LIT("null"));
}

void json_put_raw(struct json_writer *w, struct slice json)
{
    begin_value(w);
    buf_slice(w->out, json);
}

void json_key_string(struct json_writer *w, const char *key, struct slice s)
{
    json_key(w, key);
    json_put_string(w, s);
}

void json_key_int(struct json_writer *w, const char *key, int64_t v)
{
    json_key(w, key);
    json_put_int(w, v);
}

void json_key_bool(struct json_writer *w, const char *key, bool v)
{
    json_key(w, key);
    json_put_bool(w, v);
}
