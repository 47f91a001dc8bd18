// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/lsp.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/uri.h"
#include "lib/utf8.h"

enum {
    SYMBOLS = 100,
    COMPLETIONS = 50,
    NAMESAKES = 8, /* notes that one link may mean */
    REFERENCES = PROTO_MAX_HITS,
    HOVER_ENTRIES = 3,
    SHOWN_BYTES = 160 /* of an entry in a list or a hover */
};

struct document {
    struct document *next;
    char *uri;
    struct buf text;
};

struct lsp {
    bool utf8; /* columns are bytes, as agreed on; else UTF-16 units */
    bool shut; /* shutdown came */
    struct document *documents;
    size_t n, bytes;
};

/* What a worker needs of a request. */
struct ask {
    struct slice query;    /* of workspace/symbol */
    struct slice path;     /* of the document */
    struct slice text;     /* of its line; p NULL: the document is not open */
    uint32_t line, column; /* from 0; column in units */
    bool utf8;
};

/* --- places ------------------------------------------------------------------------------------
 */

static size_t units(struct slice s, bool utf8)
{
    size_t n = 0;
    if (utf8)
        return s.n;
    while (s.n)
        n += utf8_next(&s) > 0xffff ? 2 : 1;
    return n;
}

/* The byte at which that many units are over; the end where there are fewer. */
static size_t byte_at(struct slice s, uint64_t column, bool utf8)
{
    struct slice rest = s;
    if (utf8)
        return utf8_floor(s, column < s.n ? (size_t)column : s.n);
    for (uint64_t n = 0; rest.n && n < column;)
        n += utf8_next(&rest) > 0xffff ? 2 : 1;
    return s.n - rest.n;
}

/* Line number `line` without its end; {NULL, 0}: there are not so many. */
static struct slice line_of(struct slice text, uint64_t line)
{
    const char *end;
    for (; line; line--) {
        end = text.n ? memchr(text.p, '\n', text.n) : NULL;
        if (!end)
            return slice_of(NULL, 0);
        text = slice_of(end + 1, text.n - (size_t)(end + 1 - text.p));
    }
    end = text.n ? memchr(text.p, '\n', text.n) : NULL;
    text.n = end ? (size_t)(end - text.p) : text.n;
    if (text.n && text.p[text.n - 1] == '\r')
        text.n--;
    return text.p ? text : SLICE_LIT("");
}

static void put_position(struct json_writer *w, const char *key, uint32_t line, size_t column)
{
    json_key(w, key);
    json_open(w, '{');
    json_key_int(w, "line", line);
    json_key_int(w, "character", (int64_t)column);
    json_close(w, '}');
}

static void put_range(
    struct json_writer *w, uint32_t first_line, size_t first, uint32_t last_line, size_t last)
{
    json_key(w, "range");
    json_open(w, '{');
    put_position(w, "start", first_line, first);
    put_position(w, "end", last_line, last);
    json_close(w, '}');
}

/* Where the first match stands, in units. What the unit does not hold of its line, a list marker
 * say, is taken as one unit a byte. */
static size_t column_of(const struct hit *h, bool utf8)
{
    const struct record *r = &h->rec;
    for (size_t i = 0; i < r->n_lines; i++) {
        const struct unit_line *l = &r->lines[i];
        if (l->line != h->match_line || h->col < l->col || l->begin > r->text.n)
            continue;
        size_t within = h->col - l->col, most = r->text.n - l->begin;
        struct slice before = slice_of(r->text.p + l->begin, within < most ? within : most);
        return l->col - 1 + units(before, utf8);
    }
    return h->col ? h->col - 1 : 0;
}

static void put_location(struct json_writer *w, const struct hit *h, bool utf8)
{
    struct buf uri = {0};
    uint32_t line = h->match_line ? h->match_line - 1 : 0;
    size_t column = column_of(h, utf8);
    buf_str(&uri, "file://");
    uri_escape(&uri, h->path, true);
    json_open(w, '{');
    json_key_string(w, "uri", buf_view(&uri));
    put_range(w, line, column, line, column);
    json_close(w, '}');
    buf_free(&uri);
}

/* One line of an entry: its snippet, else its text. */
static void put_shown(struct buf *out, const struct hit *h)
{
    struct buf all = {0}, clean = {0};
    for (size_t i = 0; i < h->n_snippet; i++)
        buf_slice(&all, h->snippet[i].text);
    if (!h->n_snippet)
        buf_slice(&all, h->text);
    utf8_printable(&clean, buf_view(&all));
    size_t n = utf8_floor(buf_view(&clean), SHOWN_BYTES);
    buf_slice(out, slice_of(clean.p, n));
    if (n < clean.n)
        buf_str(out, "…");
    buf_free(&all);
    buf_free(&clean);
}

/* --- links -------------------------------------------------------------------------------------
 */

/* The inside of the `[[...]]` that byte `at` of the line lies in or touches. */
static bool find_link(struct slice line, size_t at, struct slice *inside)
{
    for (size_t i = 0; i + 1 < line.n; i++) {
        if (line.p[i] != '[' || line.p[i + 1] != '[')
            continue;
        const char *from = line.p + i + 2;
        const char *end = memmem(from, line.n - i - 2, "]]", 2);
        if (!end)
            return false;
        size_t after = (size_t)(end - line.p) + 2;
        if (at >= i && at <= after) {
            *inside = slice_of(from, (size_t)(end - from));
            return true;
        }
        i = after - 1;
    }
    return false;
}

/* "Muse Spark" of `Muse Spark#Specs|the model`, and of `Muse Spark\|x` in a table. */
static struct slice target_of(struct slice inside)
{
    size_t n = 0;
    while (n < inside.n && inside.p[n] != '|' && inside.p[n] != '#')
        n++;
    if (n && n < inside.n && inside.p[n] == '|' && inside.p[n - 1] == '\\')
        n--;
    return slice_trim(slice_of(inside.p, n));
}

static struct slice base_name(struct slice path)
{
    const char *slash = path.n ? memrchr(path.p, '/', path.n) : NULL;
    if (slash)
        path = slice_of(slash + 1, path.n - (size_t)(slash + 1 - path.p));
    const char *dot = path.n ? memrchr(path.p, '.', path.n) : NULL;
    if (dot && dot > path.p)
        path.n = (size_t)(dot - path.p);
    return path;
}

/* The line that is asked about; a document that is not open is read from its file. */
static int read_line(struct answer *w, const struct ask *ask, struct slice *line, struct err *e)
{
    struct get_params p = {.path = ask->path, .line = (int64_t)ask->line + 1, .count = 1};
    struct get_result got;
    struct err why = {0};
    *line = ask->text;
    if (line->p)
        return 0;
    *line = SLICE_LIT("");
    if (!ask->path.n)
        return 0;
    if (answer_get(w, &p, &got, &why))
        return why.code == ERR_NOT_FOUND || why.code == ERR_PARAMS
                   ? 0
                   : err_set(e, why.code, "%s", why.text);
    *line = line_of(got.hits[0].text, 0);
    return 0;
}

/* What the link at the place names; n 0: there is none. The note itself for `[[#Heading]]`. */
static int read_target(struct answer *w, const struct ask *ask, struct slice *target, struct err *e)
{
    struct slice line, inside;
    *target = slice_of(NULL, 0);
    if (read_line(w, ask, &line, e))
        return -1;
    if (!find_link(line, byte_at(line, ask->column, ask->utf8), &inside))
        return 0;
    *target = target_of(inside);
    if (!target->n && inside.n)
        *target = base_name(ask->path);
    return 0;
}

/* Units that link to the target, newest first. */
static int find_backlinks(
    struct answer *w, struct slice target, int64_t limit, struct search_result *r, struct err *e)
{
    char *query = arena_printf(w->arena, "[[%.*s]]", (int)target.n, target.p);
    if (!query)
        return err_memory(e);
    struct search_params p = {.query = slice_str(query),
        .match = MATCH_STRICT,
        .limit = limit,
        .sort = SORT_NEWEST,
        .exact = true};
    return answer_search(w, &p, r, e);
}

/* --- answers -----------------------------------------------------------------------------------
 */

static int answer_definition(
    struct request *r, struct answer *w, reply_fn *const methods[PROTO_COUNT], struct err *e)
{
    const struct ask *ask = r->job;
    struct slice target;
    struct hit heads[NAMESAKES];
    size_t n = 0;
    (void)methods;
    if (read_target(w, ask, &target, e) ||
        (target.n && answer_named(w, target, heads, NAMESAKES, &n, e)))
        return -1;
    struct json_writer j = json_writer(&r->out);
    json_open(&j, '[');
    for (size_t i = 0; i < n; i++) {
        heads[i].match_line = heads[i].col = 1;
        put_location(&j, &heads[i], ask->utf8);
    }
    json_close(&j, ']');
    return 0;
}

static int answer_references(
    struct request *r, struct answer *w, reply_fn *const methods[PROTO_COUNT], struct err *e)
{
    const struct ask *ask = r->job;
    struct slice target;
    struct search_result found = {0};
    (void)methods;
    if (read_target(w, ask, &target, e))
        return -1;
    if (!target.n)
        target = base_name(ask->path);
    if (target.n && find_backlinks(w, target, REFERENCES, &found, e))
        return -1;
    struct json_writer j = json_writer(&r->out);
    json_open(&j, '[');
    for (size_t i = 0; i < found.n_hits; i++)
        put_location(&j, &found.hits[i], ask->utf8);
    json_close(&j, ']');
    return 0;
}

static void put_hover(struct buf *text, struct slice target, const struct hit *head,
    const struct search_result *links)
{
    struct slice title = head ? head->rec.title : target;
    buf_printf(text, "**%.*s**", (int)title.n, title.p);
    if (head)
        buf_printf(text, " (%.*s)", (int)head->rec.rel.n, head->rec.rel.p);
    else
        buf_str(text, ": no note is called so");
    buf_printf(text, "\n\nLinks here: %llu", (unsigned long long)links->total);
    for (size_t i = 0; i < links->n_hits; i++) {
        char day[11] = "undated";
        if (links->hits[i].rec.day != DAY_NONE)
            day_format(links->hits[i].rec.day, day);
        buf_printf(text, "\n- %s ", day);
        put_shown(text, &links->hits[i]);
    }
}

static int answer_hover(
    struct request *r, struct answer *w, reply_fn *const methods[PROTO_COUNT], struct err *e)
{
    const struct ask *ask = r->job;
    struct slice target;
    struct hit head;
    size_t n = 0;
    struct search_result links = {0};
    (void)methods;
    if (read_target(w, ask, &target, e))
        return -1;
    if (!target.n) {
        buf_str(&r->out, "null");
        return 0;
    }
    if (answer_named(w, target, &head, 1, &n, e) ||
        find_backlinks(w, target, HOVER_ENTRIES, &links, e))
        return -1;
    struct buf text = {0};
    put_hover(&text, target, n ? &head : NULL, &links);
    struct json_writer j = json_writer(&r->out);
    json_open(&j, '{');
    json_key(&j, "contents");
    json_open(&j, '{');
    json_key_string(&j, "kind", SLICE_LIT("markdown"));
    json_key_string(&j, "value", buf_view(&text));
    json_close(&j, '}');
    json_close(&j, '}');
    bool failed = text.failed;
    buf_free(&text);
    return failed ? err_memory(e) : 0;
}

/* Where the target begins that is being typed at byte `at`; false: none is. */
static bool find_open_link(struct slice line, size_t at, size_t *begin)
{
    for (size_t i = at; i >= 2; i--) {
        if (line.p[i - 2] == ']' && line.p[i - 1] == ']')
            return false;
        if (line.p[i - 2] == '[' && line.p[i - 1] == '[') {
            *begin = i;
            return !memchr(line.p + i, '|', at - i) && !memchr(line.p + i, '#', at - i);
        }
    }
    return false;
}

static void put_item(
    struct json_writer *w, const struct ask *ask, struct slice title, size_t from, const char *tail)
{
    struct buf text = {0};
    buf_slice(&text, title);
    buf_str(&text, tail);
    json_open(w, '{');
    json_key_string(w, "label", title);
    json_key_int(w, "kind", 18); /* a reference */
    json_key_string(w, "filterText", title);
    json_key(w, "textEdit");
    json_open(w, '{');
    put_range(w, ask->line, from, ask->line, ask->column);
    json_key_string(w, "newText", buf_view(&text));
    json_close(w, '}');
    json_close(w, '}');
    buf_free(&text);
}

static int answer_completion(
    struct request *r, struct answer *w, reply_fn *const methods[PROTO_COUNT], struct err *e)
{
    const struct ask *ask = r->job;
    struct slice line;
    struct suggest_result found = {0};
    size_t begin = 0;
    (void)methods;
    if (read_line(w, ask, &line, e))
        return -1;
    size_t at = byte_at(line, ask->column, ask->utf8);
    bool open = find_open_link(line, at, &begin);
    struct suggest_params p = {.prefix = slice_of(line.p + begin, open ? at - begin : 0),
        .kind = SUGGEST_TITLE,
        .limit = COMPLETIONS};
    if (open && answer_suggest(w, &p, &found, e))
        return -1;
    bool closed = slice_starts(slice_of(line.p + at, line.n - at), SLICE_LIT("]]"));
    size_t from = units(slice_of(line.p, begin), ask->utf8);
    struct json_writer j = json_writer(&r->out);
    json_open(&j, '{');
    json_key_bool(&j, "isIncomplete", true);
    json_key(&j, "items");
    json_open(&j, '[');
    for (size_t i = 0; i < found.n; i++)
        put_item(&j, ask, found.v[i].text, from, closed ? "" : "]]");
    json_close(&j, ']');
    json_close(&j, '}');
    return 0;
}

static int symbol_kind(enum unit_kind kind)
{
    enum { FILE_SYMBOL = 1, NAMESPACE_SYMBOL = 3, STRING_SYMBOL = 15, EVENT_SYMBOL = 24 };
    switch (kind) {
    case UNIT_NOTE:
        return FILE_SYMBOL;
    case UNIT_HEADING:
        return NAMESPACE_SYMBOL;
    case UNIT_ENTRY:
    case UNIT_EVENT:
        return EVENT_SYMBOL;
    default:
        return STRING_SYMBOL;
    }
}

static void put_symbol(struct json_writer *w, const struct hit *h, bool utf8)
{
    struct buf name = {0}, where = {0};
    char day[11];
    if (h->rec.kind == UNIT_NOTE)
        buf_slice(&name, h->rec.title);
    else
        put_shown(&name, h);
    if (h->rec.day != DAY_NONE && h->rec.kind != UNIT_NOTE) {
        day_format(h->rec.day, day);
        buf_printf(&where, "%s ", day);
    }
    buf_slice(&where, h->rec.rel);
    json_open(w, '{');
    json_key_string(w, "name", buf_view(&name));
    json_key_int(w, "kind", symbol_kind(h->rec.kind));
    json_key_string(w, "containerName", buf_view(&where));
    json_key(w, "location");
    put_location(w, h, utf8);
    json_close(w, '}');
    buf_free(&name);
    buf_free(&where);
}

static int answer_symbols(
    struct request *r, struct answer *w, reply_fn *const methods[PROTO_COUNT], struct err *e)
{
    const struct ask *ask = r->job;
    struct search_result found = {0};
    struct err why = {0};
    struct search_params p = {
        .query = ask->query, .partial = true, .limit = SYMBOLS, .sort = SORT_SCORE};
    (void)methods;
    if (!slice_trim(ask->query).n) {
        p.query = SLICE_LIT("kind:note");
        p.partial = false;
        p.sort = SORT_NEWEST;
    }
    int rc = answer_search(w, &p, &found, &why);
    if (rc && why.code == ERR_QUERY) {
        /* Half a query is what is there while it is typed. */
        p.syntax = SYNTAX_PLAIN;
        err_clear(&why);
        rc = answer_search(w, &p, &found, &why);
    }
    if (rc)
        return err_set(e, why.code, "%s", why.text);
    struct json_writer j = json_writer(&r->out);
    json_open(&j, '[');
    for (size_t i = 0; i < found.n_hits; i++)
        put_symbol(&j, &found.hits[i], ask->utf8);
    json_close(&j, ']');
    return 0;
}

/* --- open documents ----------------------------------------------------------------------------
 */

static struct document **find_document(struct lsp *l, struct slice uri)
{
    struct document **d = &l->documents;
    while (*d && !slice_is(uri, (*d)->uri))
        d = &(*d)->next;
    return d;
}

static void drop_document(struct lsp *l, struct document **at)
{
    struct document *d = *at;
    if (!d)
        return;
    *at = d->next;
    l->n--;
    l->bytes -= d->text.n;
    buf_free(&d->text);
    free(d->uri);
    free(d);
}

/* Keeps the text, unless it is too much: then the document counts as not open. */
static void keep_document(struct lsp *l, struct slice uri, struct slice text)
{
    drop_document(l, find_document(l, uri));
    if (l->n == LSP_DOCUMENTS || text.n > LSP_BYTES - l->bytes)
        return;
    struct document *d = calloc(1, sizeof *d);
    if (!d)
        return;
    d->uri = strndup(uri.p, uri.n);
    buf_slice(&d->text, text);
    d->next = l->documents;
    l->documents = d;
    l->n++;
    l->bytes += d->text.n;
    if (!d->uri || d->text.failed)
        drop_document(l, &l->documents);
}

static size_t offset_of(const struct lsp *l, struct slice text, const struct json *position)
{
    int64_t line = json_int(json_get(position, "line"), 0),
            column = json_int(json_get(position, "character"), 0);
    struct slice at = line_of(text, line > 0 ? (uint64_t)line : 0);
    if (!at.p || !text.n)
        return text.n;
    return (size_t)(at.p - text.p) + byte_at(at, column > 0 ? (uint64_t)column : 0, l->utf8);
}

static void change_document(struct lsp *l, struct slice uri, const struct json *change)
{
    struct document *d = *find_document(l, uri);
    const struct json *range = json_get(change, "range");
    struct slice put = json_text(json_get(change, "text"));
    if (!d)
        return;
    struct slice old = buf_view(&d->text);
    size_t from = 0, to = old.n;
    if (json_kind(range) == JSON_IS_OBJECT) {
        from = offset_of(l, old, json_get(range, "start"));
        to = offset_of(l, old, json_get(range, "end"));
        to = to < from ? from : to;
    }
    struct buf now = {0};
    buf_slice(&now, slice_of(old.p, from));
    buf_slice(&now, put);
    buf_slice(&now, slice_from(old, to));
    if (now.failed)
        drop_document(l, find_document(l, uri));
    else
        keep_document(l, uri, buf_view(&now));
    buf_free(&now);
}

static void follow(struct lsp *l, struct slice method, const struct json *params)
{
    const struct json *document = json_get(params, "textDocument");
    struct slice uri = json_text(json_get(document, "uri"));
    if (!uri.n || memchr(uri.p, '\0', uri.n))
        return;
    if (slice_is(method, "textDocument/didOpen"))
        keep_document(l, uri, json_text(json_get(document, "text")));
    if (slice_is(method, "textDocument/didClose"))
        drop_document(l, find_document(l, uri));
    const struct json *changes = json_get(params, "contentChanges");
    for (size_t i = 0; slice_is(method, "textDocument/didChange") && i < json_len(changes); i++)
        change_document(l, uri, json_at(changes, i));
}

void lsp_free(struct lsp *l)
{
    while (l && l->documents)
        drop_document(l, &l->documents);
    free(l);
}

/* --- requests ----------------------------------------------------------------------------------
 */

static enum request_kind refuse(struct request *r, enum err_code code, const char *text)
{
    err_set(&r->err, code, "%s", text);
    return REQUEST_REFUSE;
}

static bool offers_utf8(const struct json *params)
{
    const struct json *offered =
        json_get(json_get(json_get(params, "capabilities"), "general"), "positionEncodings");
    for (size_t i = 0; i < json_len(offered); i++)
        if (slice_is(json_text(json_at(offered, i)), "utf-8"))
            return true;
    return false;
}

static enum request_kind read_initialize(
    struct request *r, struct peer *p, const struct json *params)
{
    if (p->lsp)
        return refuse(r, ERR_REQUEST, "initialize: this connection is initialized already");
    p->lsp = calloc(1, sizeof *p->lsp);
    if (!p->lsp) {
        err_memory(&r->err);
        return REQUEST_REFUSE;
    }
    p->lsp->utf8 = offers_utf8(params);
    reply_begin(&r->out, r->id);
    buf_printf(&r->out,
        "{\"capabilities\":{\"positionEncoding\":\"%s\","
        "\"textDocumentSync\":{\"openClose\":true,\"change\":2},"
        "\"completionProvider\":{\"triggerCharacters\":[\"[\"]},"
        "\"definitionProvider\":true,\"referencesProvider\":true,\"hoverProvider\":true,"
        "\"workspaceSymbolProvider\":true},"
        "\"serverInfo\":{\"name\":\"kbsearchd\",\"version\":\"" PACKAGE_VERSION "\"}}",
        p->lsp->utf8 ? "utf-8" : "utf-16");
    reply_end(&r->out);
    return REQUEST_READY;
}

static enum request_kind read_shutdown(struct request *r, struct peer *p, const struct json *params)
{
    (void)params;
    p->lsp->shut = true;
    reply_begin(&r->out, r->id);
    buf_str(&r->out, "null");
    reply_end(&r->out);
    return REQUEST_READY;
}

static int32_t small(const struct json *v)
{
    int64_t n = json_int(v, -1);
    return n < 0 || n > INT32_MAX ? -1 : (int32_t)n;
}

/* The document and the place in it, and its line where the document is open. */
static int read_place(struct request *r, struct lsp *l, const struct json *params, struct ask *ask)
{
    static const char file[] = "file://";
    struct slice uri = json_text(json_get(json_get(params, "textDocument"), "uri"));
    const struct json *position = json_get(params, "position");
    int32_t line = small(json_get(position, "line")),
            column = small(json_get(position, "character"));
    if (!uri.n || line < 0 || column < 0)
        return err_set(&r->err, ERR_PARAMS, "textDocument.uri and position are needed");
    ask->line = (uint32_t)line;
    ask->column = (uint32_t)column;
    if (slice_starts(uri, SLICE_LIT("file://")))
        ask->path =
            uri_unescape(&r->arena, slice_of(uri.p + sizeof file - 1, uri.n - (sizeof file - 1)));
    const struct document *d = *find_document(l, uri);
    if (!d)
        return 0;
    struct slice text = line_of(buf_view(&d->text), ask->line);
    ask->text = arena_dup(&r->arena, text.p ? text : SLICE_LIT(""));
    return ask->text.p ? 0 : err_memory(&r->err);
}

static const struct row {
    const char *method;
    request_answer *answer; /* NULL: read says all */
    enum request_kind (*read)(struct request *r, struct peer *p, const struct json *params);
} rows[] = {
    {"initialize", NULL, read_initialize},
    {"shutdown", NULL, read_shutdown},
    {"workspace/symbol", answer_symbols, NULL},
    {"textDocument/completion", answer_completion, NULL},
    {"textDocument/definition", answer_definition, NULL},
    {"textDocument/references", answer_references, NULL},
    {"textDocument/hover", answer_hover, NULL},
};

static const struct row *find_row(struct slice method)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (slice_is(method, rows[i].method))
            return &rows[i];
    return NULL;
}

static void unknown_method(struct request *r, struct slice method)
{
    struct buf known = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        buf_printf(&known, " %s", rows[i].method);
    err_set(&r->err, ERR_METHOD, "unknown method \"%.*s\"; known:%s",
        (int)(method.n < 40 ? method.n : 40), method.p, buf_cstr(&known));
    buf_free(&known);
}

static enum request_kind let(
    struct request *r, const struct row *row, struct lsp *l, const struct json *params)
{
    struct ask *ask = arena_alloc(&r->arena, sizeof *ask);
    if (!ask) {
        err_memory(&r->err);
        return REQUEST_REFUSE;
    }
    ask->utf8 = l->utf8;
    if (row->answer == answer_symbols) {
        const struct json *given = json_get(params, "query");
        struct slice query = json_text(given);
        if (given && json_kind(given) != JSON_IS_STRING)
            return refuse(r, ERR_PARAMS, "workspace/symbol: query must be a string");
        if (query.n > PROTO_MAX_QUERY_BYTES)
            return refuse(r, ERR_COMPLEX, "workspace/symbol: the query is too long");
        ask->query = arena_dup(&r->arena, query.p ? query : SLICE_LIT(""));
        if (!ask->query.p)
            err_memory(&r->err);
    } else {
        read_place(r, l, params, ask);
    }
    if (r->err.code)
        return REQUEST_REFUSE;
    request_let(r, row->answer, ask);
    return REQUEST_ASK;
}

bool lsp_knows(const struct peer *p, struct slice method, const struct json *params)
{
    (void)params;
    return p->lsp || find_row(method) || slice_starts(method, SLICE_LIT("textDocument/"));
}

enum request_kind lsp_read(
    struct request *r, struct peer *p, struct slice method, const struct json *params, bool asks)
{
    const struct row *row = find_row(method);
    if (!asks) {
        p->leaves |= p->lsp && slice_is(method, "exit");
        if (p->lsp)
            follow(p->lsp, method, params);
        return REQUEST_IGNORE;
    }
    if (!row) {
        unknown_method(r, method);
        return REQUEST_REFUSE;
    }
    if (!p->lsp && row->read != read_initialize)
        return refuse(r, ERR_UNREADY, "send initialize first");
    if (p->lsp && p->lsp->shut)
        return refuse(r, ERR_REQUEST, "shutdown came: only exit is expected");
    return row->read ? row->read(r, p, params) : let(r, row, p->lsp, params);
}
