// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/mcp.h"

#include <inttypes.h>
#include <stdio.h>

#include "lib/uri.h"

#define MODERN "2026-07-28"
#define LATEST "2025-11-25" /* of those that begin with initialize */
#define META "io.modelcontextprotocol/"
#define SCHEME "kbsearch://"

enum {
    MODERN_UNSUPPORTED = -32022,
    INSTRUCTIONS = 1024,     /* bytes, at most */
    ANSWER_BYTES = 131072,   /* of a tool's result, at most, whatever the budget */
    RESOURCE_BYTES = 262144, /* of a note read as a resource */
    RESOURCES_PAGE = 100,
    LIST_TTL_MS = 3600000
};

struct job {
    bool modern;
    const struct tool *tool;
    struct slice cursor; /* of resources/list */
};

/* --- tools -------------------------------------------------------------------------------------
 */

#define BUDGET "\"budget_bytes\":16384"

static const struct tool {
    const char *name, *method, *title, *description;
    const char *preset; /* the arguments that it has where none is given, a JSON object */
} tools[] = {
    {"search", "search", "Search notes",
        "Dated entries that match a query, ranked, each with its exact text, path, line and date. "
        "Quote them with these. `cursor` goes on where a list ended.",
        "{\"limit\":10," BUDGET "}"},
    {"get", "get", "Read a note",
        "Exact text by `path` (and `line`, `count`), or by the `id` of a hit. A long text is cut: "
        "`truncated`, and `end_line` where it ends; ask on from the line after.",
        "{" BUDGET "}"},
    {"timeline", "timeline", "Timeline", "The story of a note or a query, oldest first.",
        "{\"limit\":50," BUDGET "}"},
    {"trend", "trend", "Trend", "How often over time, raw and per 1,000 entries.", "{" BUDGET "}"},
    {"related", "related", "Related", "Entries like a given one.", "{\"limit\":10," BUDGET "}"},
    {"recent", "search", "Recent entries",
        "The newest entries, of all notes or of those that match a query.",
        "{\"query\":\"kind:entry\",\"sort\":\"newest\",\"limit\":10," BUDGET "}"},
    {"status", "status", "Index status", "What is indexed: vaults, counts, revision, health.",
        "{}"},
    {"fetch", "get", "Read a note", "The same as get.", "{" BUDGET "}"},
};
enum { N_TOOLS = sizeof tools / sizeof *tools };

/* What agents may ask for at most. */
static const struct cap {
    const char *param;
    int64_t most;
} caps[] = {{"limit", 50}, {"budget_bytes", 65536}, {"neighbours", 5}};

/* Parameters that are not for agents: they have no keys to press and no local day. */
static const char *const hidden[] = {"session", "deadline_ms", "today", "index", "explain",
    "partial", "exact", "text_bytes", "facets", "cursor_name"};

static int64_t cap_of(const struct proto_param *p)
{
    for (size_t i = 0; i < sizeof caps / sizeof *caps; i++)
        if (strcmp(caps[i].param, p->name) == 0 && caps[i].most < p->most)
            return caps[i].most;
    return p->most;
}

static bool is_hidden(const char *name)
{
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (strcmp(hidden[i], name) == 0)
            return true;
    return false;
}

static const struct proto_param *tool_param(const struct proto_row *row, const char *name)
{
    for (size_t i = 0; i < row->n_params; i++)
        if (strcmp(row->params[i].name, name) == 0 && !is_hidden(name))
            return &row->params[i];
    return NULL;
}

static const struct tool *find_tool(struct slice name)
{
    for (size_t i = 0; i < N_TOOLS; i++)
        if (slice_is(name, tools[i].name) && proto_find(slice_str(tools[i].method)) != PROTO_COUNT)
            return &tools[i];
    return NULL;
}

static struct json *preset_of(const struct tool *t)
{
    struct err e = {0};
    return json_parse(slice_str(t->preset), &e);
}

static void put_input(struct json_writer *w, const struct tool *t, const struct proto_row *row)
{
    struct json *preset = preset_of(t);
    json_key(w, "inputSchema");
    json_open(w, '{');
    json_key_string(w, "type", SLICE_LIT("object"));
    json_key(w, "properties");
    json_open(w, '{');
    for (size_t i = 0; i < row->n_params; i++) {
        struct proto_param p = row->params[i];
        const struct json *dflt = json_get(preset, p.name);
        if (is_hidden(p.name) || (p.type == PROTO_CHOICE && dflt))
            continue;
        p.most = p.type == PROTO_INT ? cap_of(&p) : p.most;
        p.dflt = json_int(dflt, p.dflt);
        p.least = p.least < p.dflt && dflt ? 1 : p.least;
        proto_put_param(w, &p);
    }
    json_close(w, '}');
    json_key(w, "required");
    json_open(w, '[');
    for (size_t i = 0; i < row->n_params; i++)
        if (row->params[i].required && !json_get(preset, row->params[i].name))
            json_put_string(w, slice_str(row->params[i].name));
    json_close(w, ']');
    json_key_bool(w, "additionalProperties", false);
    json_close(w, '}');
    json_free(preset);
}

static void put_tool(struct json_writer *w, const struct tool *t, enum proto_method m)
{
    json_open(w, '{');
    json_key_string(w, "name", slice_str(t->name));
    json_key_string(w, "title", slice_str(t->title));
    json_key_string(w, "description", slice_str(t->description));
    put_input(w, t, &proto_rows[m]);
    json_key(w, "outputSchema");
    proto_put_result(w, m);
    json_key(w, "annotations");
    json_open(w, '{');
    json_key_string(w, "title", slice_str(t->title));
    json_key_bool(w, "readOnlyHint", true);
    json_key_bool(w, "destructiveHint", false);
    json_key_bool(w, "idempotentHint", true);
    json_key_bool(w, "openWorldHint", false);
    json_close(w, '}');
    json_close(w, '}');
}

/* --- results -----------------------------------------------------------------------------------
 */

static struct json_writer begin_result(struct buf *out, bool modern)
{
    struct json_writer w = json_writer(out);
    json_open(&w, '{');
    if (modern)
        json_key_string(&w, "resultType", SLICE_LIT("complete"));
    return w;
}

/* How long a list may be kept. */
static void put_cache(struct json_writer *w, bool modern, int64_t ttl_ms)
{
    if (!modern)
        return;
    json_key_int(w, "ttlMs", ttl_ms);
    json_key_string(w, "cacheScope", SLICE_LIT("private"));
}

static void put_server(struct json_writer *w, const char *key)
{
    json_key(w, key);
    json_open(w, '{');
    json_key_string(w, "name", SLICE_LIT("kbsearch"));
    json_key_string(w, "title", SLICE_LIT("kbsearch: dated notes"));
    json_key_string(w, "version", SLICE_LIT(PACKAGE_VERSION));
    json_close(w, '}');
}

static enum request_kind ready(struct request *r, struct json_writer *w)
{
    json_close(w, '}');
    reply_end(&r->out);
    return REQUEST_READY;
}

static struct json_writer begin_ready(struct request *r, bool modern)
{
    reply_begin(&r->out, r->id);
    return begin_result(&r->out, modern);
}

/* A tool's answer: the same twice, as structure and as text; a mistake only as text. */
static void put_answer(struct json_writer *w, struct slice text, bool mistake)
{
    json_key(w, "content");
    json_open(w, '[');
    json_open(w, '{');
    json_key_string(w, "type", SLICE_LIT("text"));
    json_key_string(w, "text", text);
    json_close(w, '}');
    json_close(w, ']');
    if (!mistake) {
        json_key(w, "structuredContent");
        json_put_raw(w, text);
    }
    json_key_bool(w, "isError", mistake);
}

static void put_mistake(struct json_writer *w, const struct err *e)
{
    struct buf text = {0};
    buf_printf(&text, "%s: %s", err_reason(e->code), e->text);
    if (e->at != ERR_NOWHERE && e->code == ERR_QUERY)
        buf_printf(&text, " (at byte %zu of the query)", e->at);
    put_answer(w, buf_view(&text), true);
    buf_free(&text);
}

/* --- answering on a worker ---------------------------------------------------------------------
 */

/* What is no mistake of the call: the caller's loop or the whole request has to deal with it. */
static bool ends_it(enum err_code code)
{
    return code == ERR_MODIFIED || code == ERR_MEMORY || code == ERR_CANCELLED;
}

static int answer_tool(
    struct request *r, struct answer *w, reply_fn *const methods[PROTO_COUNT], struct err *e)
{
    const struct job *job = r->job;
    struct buf text = {0};
    struct err why = {.at = ERR_NOWHERE};
    int rc = methods[r->method](w, &r->params, &r->facts, &text, &why);
    if (rc == 0 && text.failed)
        rc = err_memory(&why);
    if (rc == 0 && text.n > ANSWER_BYTES)
        rc = err_set(&why, ERR_TOO_LARGE,
            "the answer has %zu bytes, over %d: narrow the query, or ask for less", text.n,
            (int)ANSWER_BYTES);
    if (rc && ends_it(why.code)) {
        buf_free(&text);
        return err_at(e, why.code, why.at, "%s", why.text);
    }
    struct json_writer j = begin_result(&r->out, job->modern);
    if (rc)
        put_mistake(&j, &why);
    else
        put_answer(&j, buf_view(&text), false);
    json_close(&j, '}');
    buf_free(&text);
    return 0;
}

/* The day of the first entry in this order, "" if there is none. */
static int end_of_time(struct answer *w, enum search_sort sort, char day[11], struct err *e)
{
    struct search_params p = {.query = SLICE_LIT("kind:entry"), .limit = 1, .sort = (int)sort};
    struct search_result found;
    day[0] = '\0';
    if (answer_search(w, &p, &found, e))
        return -1;
    if (found.n_hits && found.hits[0].rec.day != DAY_NONE)
        day_format(found.hits[0].rec.day, day);
    return 0;
}

/* The corpus in a sentence; nothing of it where the index cannot be read. */
static int describe(struct answer *w, struct buf *text, struct err *e)
{
    struct status_result s;
    struct err why = {0};
    char first[11] = "", last[11] = "";
    if (answer_overview(w, &s, e))
        return -1;
    if (s.error.n) {
        buf_printf(text, "The index cannot be read: %.*s", (int)(s.error.n < 300 ? s.error.n : 300),
            s.error.p);
        return 0;
    }
    if ((end_of_time(w, SORT_OLDEST, first, &why) || end_of_time(w, SORT_NEWEST, last, &why)) &&
        ends_it(why.code))
        return err_set(e, why.code, "%s", why.text);
    buf_printf(text, "%" PRIu64 " notes, %" PRIu64 " searchable pieces", s.notes, s.units);
    if (first[0] && last[0])
        buf_printf(text, ", %s to %s", first, last);
    buf_str(text, "; vaults:");
    for (size_t i = 0; i < s.n_vaults && i < 5; i++)
        buf_printf(text, " %.*s", (int)(s.vaults[i].name.n < 24 ? s.vaults[i].name.n : 24),
            s.vaults[i].name.p);
    return 0;
}

static int put_instructions(struct answer *w, struct json_writer *j, struct err *e)
{
    static const char rest[] =
        ".\nEach hit is one dated entry with exact text: quote it with path, line, date and the "
        "answer's revision.\n"
        "query: words (all wanted), \"phrase\", -without, a OR b, (group), quant*, [[Note]] (links "
        "there), #tag, /regex/, date:2026-04, date:2026-04-01..2026-04-09, date:7d..\nfields:";
    static const char end[] =
        "\nWith sort:newest or `recent` for news. Answers end at budget_bytes; go on with `cursor` "
        "(search) or line = end_line + 1 (get).";
    static const char *const fields[] = {
#define FIELD(NAME, name, alias, how, prefix, value, help) name,
#include "lib/field.def"
#undef FIELD
    };
    struct buf text = {0};
    int rc = describe(w, &text, e);
    buf_str(&text, rest);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (text.n + strlen(fields[i]) + sizeof end + 2 < INSTRUCTIONS)
            buf_printf(&text, " %s:", fields[i]);
    buf_str(&text, end);
    if (rc == 0 && text.failed)
        rc = err_memory(e);
    if (rc == 0)
        json_key_string(j, "instructions", buf_view(&text));
    buf_free(&text);
    return rc;
}

static void put_capabilities(struct json_writer *w)
{
    json_key(w, "capabilities");
    json_put_raw(w, SLICE_LIT("{\"tools\":{},\"resources\":{}}"));
}

static int answer_initialize(
    struct request *r, struct answer *w, reply_fn *const methods[PROTO_COUNT], struct err *e)
{
    (void)methods;
    struct json_writer j = begin_result(&r->out, false);
    json_key_string(&j, "protocolVersion", slice_str(r->job));
    put_capabilities(&j);
    put_server(&j, "serverInfo");
    if (put_instructions(w, &j, e))
        return -1;
    json_close(&j, '}');
    return 0;
}

static int answer_discover(
    struct request *r, struct answer *w, reply_fn *const methods[PROTO_COUNT], struct err *e)
{
    (void)methods;
    struct json_writer j = begin_result(&r->out, true);
    json_key(&j, "supportedVersions");
    json_put_raw(&j, SLICE_LIT("[\"" MODERN "\",\"2025-11-25\",\"2025-06-18\",\"2025-03-26\"]"));
    put_capabilities(&j);
    json_key(&j, "_meta");
    json_open(&j, '{');
    put_server(&j, META "serverInfo");
    json_close(&j, '}');
    if (put_instructions(w, &j, e))
        return -1;
    put_cache(&j, true, 0);
    json_close(&j, '}');
    return 0;
}

/* --- resources ---------------------------------------------------------------------------------
 */

static void put_resource(struct json_writer *w, const struct record *rec)
{
    struct buf uri = {0};
    buf_str(&uri, SCHEME);
    uri_escape(&uri, rec->vault, false);
    buf_char(&uri, '/');
    uri_escape(&uri, rec->rel, true);
    json_open(w, '{');
    json_key_string(w, "uri", buf_view(&uri));
    json_key_string(w, "name", rec->rel);
    json_key_string(w, "title", rec->title);
    json_key_string(w, "mimeType", SLICE_LIT("text/markdown"));
    json_close(w, '}');
    buf_free(&uri);
}

static int answer_resources(
    struct request *r, struct answer *w, reply_fn *const methods[PROTO_COUNT], struct err *e)
{
    (void)methods;
    const struct job *job = r->job;
    struct search_params p = {.query = SLICE_LIT("kind:note"),
        .limit = RESOURCES_PAGE,
        .sort = SORT_NEWEST,
        .cursor = job->cursor};
    struct search_result found;
    if (answer_search(w, &p, &found, e))
        return -1;
    struct json_writer j = begin_result(&r->out, job->modern);
    json_key(&j, "resources");
    json_open(&j, '[');
    for (size_t i = 0; i < found.n_hits; i++)
        put_resource(&j, &found.hits[i].rec);
    json_close(&j, ']');
    if (found.cursor.n)
        json_key_string(&j, "nextCursor", found.cursor);
    put_cache(&j, job->modern, 0);
    json_close(&j, '}');
    return 0;
}

static int answer_resource(
    struct request *r, struct answer *w, reply_fn *const methods[PROTO_COUNT], struct err *e)
{
    (void)methods;
    const struct job *job = r->job;
    struct get_result got;
    struct err why = {0};
    if (answer_get(w, &r->params.get, &got, &why)) {
        bool absent = why.code == ERR_NOT_FOUND;
        return err_set(e, absent ? ERR_PARAMS : why.code, "%s", why.text);
    }
    if (got.hits[0].truncated)
        return err_set(e, ERR_PARAMS,
            "the note has more than %d bytes: read it in pieces with the tool get",
            (int)RESOURCE_BYTES);
    struct json_writer j = begin_result(&r->out, job->modern);
    struct buf uri = {0};
    uri_escape(&uri, got.hits[0].rec.vault, false);
    buf_char(&uri, '/');
    uri_escape(&uri, got.hits[0].rec.rel, true);
    json_key(&j, "contents");
    json_open(&j, '[');
    json_open(&j, '{');
    char *full = arena_printf(w->arena, SCHEME "%s", buf_cstr(&uri));
    buf_free(&uri);
    if (!full)
        return err_memory(e);
    json_key_string(&j, "uri", slice_str(full));
    json_key_string(&j, "mimeType", SLICE_LIT("text/markdown"));
    json_key_string(&j, "text", got.hits[0].text);
    json_close(&j, '}');
    json_close(&j, ']');
    put_cache(&j, job->modern, 0);
    json_close(&j, '}');
    return 0;
}

/* --- reading requests --------------------------------------------------------------------------
 */

static enum request_kind refuse(struct request *r, enum err_code code, const char *text)
{
    err_set(&r->err, code, "%s", text);
    return REQUEST_REFUSE;
}

static enum request_kind let(
    struct request *r, request_answer *answer, bool modern, const struct job *job)
{
    struct job *own = arena_alloc(&r->arena, sizeof *own);
    if (!own) {
        err_memory(&r->err);
        return REQUEST_REFUSE;
    }
    *own = job ? *job : (struct job){0};
    own->modern = modern;
    request_let(r, answer, own);
    return REQUEST_ASK;
}

static enum request_kind read_initialize(
    struct request *r, struct peer *p, const struct json *params, bool modern)
{
    static const char *const known[] = {LATEST, "2025-06-18", "2025-03-26"};
    struct slice asked = json_text(json_get(params, "protocolVersion"));
    (void)modern;
    p->mcp = LATEST;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (slice_is(asked, known[i]))
            p->mcp = known[i];
    request_let(r, answer_initialize, (void *)(uintptr_t)p->mcp);
    return REQUEST_ASK;
}

static enum request_kind read_discover(
    struct request *r, struct peer *p, const struct json *params, bool modern)
{
    (void)p;
    (void)params;
    if (!modern)
        return refuse(r, ERR_METHOD, "server/discover is of revision " MODERN);
    return let(r, answer_discover, true, NULL);
}

static enum request_kind read_ping(
    struct request *r, struct peer *p, const struct json *params, bool modern)
{
    (void)p;
    (void)params;
    if (modern)
        return refuse(r, ERR_METHOD, "ping is not of revision " MODERN);
    struct json_writer w = begin_ready(r, false);
    return ready(r, &w);
}

static enum request_kind read_tools(
    struct request *r, struct peer *p, const struct json *params, bool modern)
{
    (void)p;
    (void)params;
    struct json_writer w = begin_ready(r, modern);
    json_key(&w, "tools");
    json_open(&w, '[');
    for (size_t i = 0; i < N_TOOLS; i++) {
        enum proto_method m = proto_find(slice_str(tools[i].method));
        if (m != PROTO_COUNT)
            put_tool(&w, &tools[i], m);
    }
    json_close(&w, ']');
    put_cache(&w, modern, LIST_TTL_MS);
    return ready(r, &w);
}

static enum request_kind read_templates(
    struct request *r, struct peer *p, const struct json *params, bool modern)
{
    (void)p;
    (void)params;
    struct json_writer w = begin_ready(r, modern);
    json_key(&w, "resourceTemplates");
    json_put_raw(&w,
        SLICE_LIT("[{\"uriTemplate\":\"" SCHEME "{vault}/{+path}\",\"name\":\"note\","
                  "\"title\":\"A note\",\"description\":\"The Markdown of a note, by its vault and "
                  "its path below it\",\"mimeType\":\"text/markdown\"}]"));
    put_cache(&w, modern, LIST_TTL_MS);
    return ready(r, &w);
}

struct merging {
    const struct tool *tool;
    const struct proto_row *row;
    const struct json *given;
    struct json_writer w;
    struct err *e;
};

static int unknown_argument(struct merging *m, const char *name)
{
    struct buf known = {0};
    for (size_t i = 0; i < m->row->n_params; i++)
        if (!is_hidden(m->row->params[i].name))
            buf_printf(&known, " %s", m->row->params[i].name);
    err_set(m->e, ERR_PARAMS, "unknown argument \"%.40s\"; known:%s", name, buf_cstr(&known));
    buf_free(&known);
    return -1;
}

static int merge_given(void *ctx, const char *name, const struct json *v)
{
    struct merging *m = ctx;
    const struct proto_param *p = tool_param(m->row, name);
    if (!p)
        return unknown_argument(m, name);
    if (p->type == PROTO_INT && json_int(v, 0) > cap_of(p))
        return err_set(m->e, ERR_PARAMS, "%s: at most %" PRId64, name, cap_of(p));
    json_key(&m->w, name);
    struct buf text = {0};
    json_dump(v, &text);
    json_put_raw(&m->w, buf_view(&text));
    buf_free(&text);
    return 0;
}

/* A budget of 0 would be none. */
static bool is_given(const struct json *given, const char *name)
{
    const struct json *v = json_get(given, name);
    return v && !(strcmp(name, "budget_bytes") == 0 && json_int(v, 1) == 0);
}

static int merge_preset(void *ctx, const char *name, const struct json *v)
{
    struct merging *m = ctx;
    return is_given(m->given, name) || !tool_param(m->row, name) ? 0 : merge_given(ctx, name, v);
}

static int merge_argument(void *ctx, const char *name, const struct json *v)
{
    struct merging *m = ctx;
    return is_given(m->given, name) || !tool_param(m->row, name) ? merge_given(ctx, name, v) : 0;
}

/* The arguments, and the tool's own where none is given, as parameters of its method. */
static int read_arguments(
    struct request *r, const struct tool *t, enum proto_method m, const struct json *given)
{
    struct buf text = {0};
    struct err e = {.at = ERR_NOWHERE};
    struct merging merging = {t, &proto_rows[m], given, json_writer(&text), &e};
    struct json *preset = preset_of(t), *merged = NULL;
    if (json_kind(given) != JSON_IS_NULL && json_kind(given) != JSON_IS_OBJECT)
        err_set(&e, ERR_PARAMS, "arguments must be an object");
    json_open(&merging.w, '{');
    if (!e.code && json_each(given, merge_argument, &merging) == 0)
        json_each(preset, merge_preset, &merging);
    json_close(&merging.w, '}');
    if (!e.code && text.failed)
        err_memory(&e);
    if (!e.code)
        merged = json_parse(buf_view(&text), &e);
    r->err = e;
    int rc = merged ? request_ask(r, m, merged) : -1;
    json_free(merged);
    json_free(preset);
    buf_free(&text);
    return rc;
}

static enum request_kind read_call(
    struct request *r, struct peer *p, const struct json *params, bool modern)
{
    (void)p;
    const struct tool *t = find_tool(json_text(json_get(params, "name")));
    if (!t) {
        struct buf known = {0};
        for (size_t i = 0; i < N_TOOLS; i++)
            if (find_tool(slice_str(tools[i].name)))
                buf_printf(&known, " %s", tools[i].name);
        err_set(&r->err, ERR_PARAMS, "tools/call: name must be one of%s", buf_cstr(&known));
        buf_free(&known);
        return REQUEST_REFUSE;
    }
    enum proto_method m = proto_find(slice_str(t->method));
    if (read_arguments(r, t, m, json_get(params, "arguments")) == 0) {
        uint64_t deadline = r->deadline_ns;
        day_t today = r->today;
        enum request_kind kind = let(r, answer_tool, modern, &(struct job){.tool = t});
        r->deadline_ns = deadline;
        r->today = today;
        return kind;
    }
    if (r->err.code == ERR_MEMORY)
        return REQUEST_REFUSE;
    struct json_writer w = begin_ready(r, modern);
    put_mistake(&w, &r->err);
    err_clear(&r->err);
    return ready(r, &w);
}

static enum request_kind read_resources(
    struct request *r, struct peer *p, const struct json *params, bool modern)
{
    (void)p;
    struct slice cursor = json_text(json_get(params, "cursor"));
    struct job job = {.cursor = arena_dup(&r->arena, cursor)};
    return let(r, answer_resources, modern, &job);
}

/* No empty segment, no "." and no "..", which a path below a vault has no need of. */
static bool is_below(struct slice path)
{
    while (path.n) {
        const char *slash = memchr(path.p, '/', path.n);
        struct slice part = slice_of(path.p, slash ? (size_t)(slash - path.p) : path.n);
        if (!part.n || slice_is(part, ".") || slice_is(part, ".."))
            return false;
        size_t used = part.n + (slash != NULL);
        path = slice_of(path.p + used, path.n - used);
        if (slash && !path.n)
            return false;
    }
    return true;
}

static enum request_kind read_resource(
    struct request *r, struct peer *p, const struct json *params, bool modern)
{
    static const char wrong[] = "resources/read: uri must be " SCHEME "VAULT/PATH, as "
                                "resources/list and the tools name them";
    (void)p;
    struct slice uri = json_text(json_get(params, "uri")), scheme = SLICE_LIT(SCHEME);
    if (!slice_starts(uri, scheme))
        return refuse(r, ERR_PARAMS, wrong);
    uri = slice_of(uri.p + scheme.n, uri.n - scheme.n);
    const char *slash = memchr(uri.p, '/', uri.n);
    if (!slash)
        return refuse(r, ERR_PARAMS, wrong);
    size_t n = (size_t)(slash - uri.p);
    struct slice vault = uri_unescape(&r->arena, slice_of(uri.p, n)),
                 path = uri_unescape(&r->arena, slice_of(slash + 1, uri.n - n - 1));
    if (!vault.n || !path.n || !is_below(path))
        return refuse(r, ERR_PARAMS, wrong);
    r->params.get =
        (struct get_params){.path = path, .vault = vault, .budget_bytes = RESOURCE_BYTES};
    return let(r, answer_resource, modern, NULL);
}

typedef enum request_kind read_fn(
    struct request *r, struct peer *p, const struct json *params, bool modern);

static const struct {
    const char *method;
    read_fn *read; /* NULL: a notification */
} rows[] = {
    {"initialize", read_initialize},
    {"notifications/initialized", NULL},
    {"notifications/cancelled", NULL},
    {"server/discover", read_discover},
    {"ping", read_ping},
    {"tools/list", read_tools},
    {"tools/call", read_call},
    {"resources/list", read_resources},
    {"resources/templates/list", read_templates},
    {"resources/read", read_resource},
};

static const struct json *version_of(const struct json *params)
{
    return json_get(json_get(params, "_meta"), META "protocolVersion");
}

bool mcp_knows(const struct peer *p, struct slice method, const struct json *params)
{
    bool says = json_kind(json_get(params, "protocolVersion")) == JSON_IS_STRING;
    if (slice_is(method, "initialize"))
        return says;
    if (p->mcp || version_of(params))
        return true;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (slice_is(method, rows[i].method))
            return true;
    return false;
}

/* The error that a client of another revision understands. */
static enum request_kind refuse_version(struct request *r, struct slice asked)
{
    struct json_writer w = json_writer(&r->out);
    json_open(&w, '{');
    json_key_string(&w, "jsonrpc", SLICE_LIT("2.0"));
    json_key(&w, "id");
    json_put_raw(&w, r->id);
    json_key(&w, "error");
    json_open(&w, '{');
    json_key_int(&w, "code", MODERN_UNSUPPORTED);
    json_key_string(&w, "message", SLICE_LIT("unsupported protocol version"));
    json_key(&w, "data");
    json_open(&w, '{');
    json_key(&w, "supported");
    json_put_raw(&w, SLICE_LIT("[\"" MODERN "\"]"));
    json_key_string(&w, "requested", asked);
    json_close(&w, '}');
    json_close(&w, '}');
    json_close(&w, '}');
    return REQUEST_READY;
}

static enum request_kind read_notification(
    struct request *r, struct slice method, const struct json *params)
{
    bool cancels = slice_is(method, "notifications/cancelled");
    return cancels && request_id(r, json_get(params, "requestId"), &r->target) == 0
               ? REQUEST_CANCEL
               : REQUEST_IGNORE;
}

/* Whether the request's revision is one that is spoken; else it is answered with an error. */
static bool is_spoken(struct request *r, const struct peer *p, struct slice method,
    const struct json *params, enum request_kind *kind)
{
    const struct json *version = version_of(params);
    *kind = REQUEST_REFUSE;
    if (version && !slice_is(json_text(version), MODERN)) {
        *kind = refuse_version(r, json_text(version));
        return false;
    }
    const struct json *meta = json_get(params, "_meta");
    if (version && json_kind(json_get(meta, META "clientCapabilities")) != JSON_IS_OBJECT) {
        refuse(r, ERR_PARAMS, "_meta needs " META "clientCapabilities, an object");
        return false;
    }
    if (!version && !p->mcp && !slice_is(method, "ping")) {
        refuse(r, ERR_PARAMS,
            "send initialize first, or _meta with " META "protocolVersion \"" MODERN "\"");
        return false;
    }
    return true;
}

enum request_kind mcp_read(
    struct request *r, struct peer *p, struct slice method, const struct json *params, bool asks)
{
    enum request_kind kind;
    size_t i = 0;
    if (!asks)
        return read_notification(r, method, params);
    r->quiet = true;
    bool initialize = slice_is(method, "initialize");
    if (!initialize && !is_spoken(r, p, method, params, &kind))
        return kind;
    while (i < sizeof rows / sizeof *rows && !slice_is(method, rows[i].method))
        i++;
    if (i < sizeof rows / sizeof *rows && rows[i].read)
        return rows[i].read(r, p, params, !initialize && version_of(params) != NULL);
    err_set(&r->err, ERR_METHOD, "unknown method \"%.*s\"; tools, resources and ping are served",
        (int)(method.n < 40 ? method.n : 40), method.p);
    return REQUEST_REFUSE;
}
