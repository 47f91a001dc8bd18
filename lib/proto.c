// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/proto.h"

#include <inttypes.h>

#include "lib/nearest.h"

#define ROW_STRING(m, name, required, max, help)                                                   \
    {#name, PROTO_STRING, required, 0, 0, max, NULL, help, offsetof(struct m##_params, name)},
#define ROW_INT(m, name, dflt, least, most, help)                                                  \
    {#name, PROTO_INT, false, dflt, least, most, NULL, help, offsetof(struct m##_params, name)},
#define ROW_BOOL(m, name, help)                                                                    \
    {#name, PROTO_BOOL, false, 0, 0, 1, NULL, help, offsetof(struct m##_params, name)},
#define ROW_CHOICE(m, name, choices, help)                                                         \
    {#name, PROTO_CHOICE, false, 0, 0, 0, choices, help, offsetof(struct m##_params, name)},
#define ROW_FIELD(name, type, help) {#name, type, help},
#define METHOD(c, wire, help)                                                                      \
    static const struct proto_param params_##c[] = {                                               \
        PARAMS_##c(c, ROW_STRING, ROW_INT, ROW_BOOL, ROW_CHOICE)};                                 \
    static const struct proto_field reply_##c[] = {REPLY_##c(ROW_FIELD)};
PROTO_METHODS(METHOD)
#undef METHOD

const struct proto_row proto_rows[PROTO_COUNT] = {
#define METHOD(c, wire, help)                                                                      \
    {wire, help, params_##c, sizeof params_##c / sizeof *params_##c, reply_##c,                    \
        sizeof reply_##c / sizeof *reply_##c},
    PROTO_METHODS(METHOD)
#undef METHOD
};

#define EVENT(c, help) static const struct proto_field reply_##c[] = {REPLY_##c(ROW_FIELD)};
PROTO_EVENTS(EVENT)
#undef EVENT

const struct proto_row proto_events[PROTO_EVENT_COUNT] = {
#define EVENT(c, help) {#c, help, NULL, 0, reply_##c, sizeof reply_##c / sizeof *reply_##c},
    PROTO_EVENTS(EVENT)
#undef EVENT
};

const struct proto_field proto_hit[] = {REPLY_hit(ROW_FIELD)};
const size_t proto_hit_count = sizeof proto_hit / sizeof *proto_hit;

const struct proto_limit proto_limits[] = {
#define LIMIT(NAME, name, value, help) {name, help, value},
    PROTO_LIMITS(LIMIT)
#undef LIMIT
};
const size_t proto_limit_count = sizeof proto_limits / sizeof *proto_limits;

enum proto_method proto_find(struct slice name)
{
    int m = 0;
    while (m < PROTO_COUNT && !slice_is(name, proto_rows[m].name))
        m++;
    return (enum proto_method)m;
}

/* --- decoding -------------------------------------------------------------------------------- */

struct decoding {
    const struct proto_row *row;
    char *to;
    struct err *e;
};

static int unknown_param(const struct decoding *d, struct slice name)
{
    const struct proto_row *row = d->row;
    struct nearest near = nearest_to(name);
    for (size_t i = 0; i < row->n_params; i++)
        nearest_try(&near, row->params[i].name);
    struct buf known = {0};
    if (near.name)
        buf_printf(&known, "did you mean %s? ", near.name);
    buf_str(&known, "known:");
    for (size_t i = 0; i < row->n_params; i++)
        buf_printf(&known, " %s", row->params[i].name);
    int rc = err_set(d->e, ERR_PARAMS, "%s: unknown parameter \"%.*s\"; %s", row->name,
        (int)(name.n < 40 ? name.n : 40), name.p, buf_cstr(&known));
    buf_free(&known);
    return rc;
}

static int decode_string(
    const struct decoding *d, const struct proto_param *p, const struct json *v, struct slice *to)
{
    if (json_kind(v) != JSON_IS_STRING)
        return err_set(d->e, ERR_PARAMS, "%s: %s must be a string", d->row->name, p->name);
    *to = json_text(v);
    if (to->n <= (size_t)p->most)
        return 0;
    enum err_code code = slice_is(slice_str(p->name), "query") ? ERR_COMPLEX : ERR_PARAMS;
    return err_set(d->e, code, "%s: %s has %zu bytes, at most %" PRId64 " are allowed",
        d->row->name, p->name, to->n, p->most);
}

static int decode_int(
    const struct decoding *d, const struct proto_param *p, const struct json *v, int64_t *to)
{
    *to = json_int(v, 0);
    if (json_kind(v) == JSON_IS_INT && *to >= p->least && *to <= p->most)
        return 0;
    return err_set(d->e, ERR_PARAMS, "%s: %s must be an integer from %" PRId64 " to %" PRId64,
        d->row->name, p->name, p->least, p->most);
}

static int decode_bool(
    const struct decoding *d, const struct proto_param *p, const struct json *v, bool *to)
{
    if (json_kind(v) != JSON_IS_BOOL)
        return err_set(d->e, ERR_PARAMS, "%s: %s must be true or false", d->row->name, p->name);
    *to = json_bool(v, false);
    return 0;
}

static int decode_choice(
    const struct decoding *d, const struct proto_param *p, const struct json *v, int *to)
{
    struct slice given = json_text(v);
    const char *choice = p->choices;
    for (int i = 0; given.n && *choice; i++) {
        size_t n = strcspn(choice, "|");
        if (slice_eq(given, slice_of(choice, n))) {
            *to = i;
            return 0;
        }
        choice += n + (choice[n] == '|');
    }
    return err_set(d->e, ERR_PARAMS, "%s: %s must be one of %s", d->row->name, p->name, p->choices);
}

static int decode_member(void *ctx, const char *key, const struct json *v)
{
    const struct decoding *d = ctx;
    for (size_t i = 0; i < d->row->n_params; i++) {
        const struct proto_param *p = &d->row->params[i];
        if (strcmp(key, p->name) != 0)
            continue;
        void *to = d->to + p->offset;
        switch (p->type) {
        case PROTO_STRING:
            return decode_string(d, p, v, to);
        case PROTO_INT:
            return decode_int(d, p, v, to);
        case PROTO_BOOL:
            return decode_bool(d, p, v, to);
        case PROTO_CHOICE:
            return decode_choice(d, p, v, to);
        }
    }
    return unknown_param(d, slice_str(key));
}

int proto_decode(
    enum proto_method m, const struct json *params, union proto_params *p, struct err *e)
{
    const struct proto_row *row = &proto_rows[m];
    struct decoding d = {row, (char *)p, e};
    *p = (union proto_params){0};
    for (size_t i = 0; i < row->n_params; i++)
        if (row->params[i].type == PROTO_INT)
            *(int64_t *)(void *)(d.to + row->params[i].offset) = row->params[i].dflt;
    enum json_kind kind = json_kind(params);
    if (kind != JSON_IS_NULL && kind != JSON_IS_OBJECT)
        return err_set(e, ERR_PARAMS, "%s: params must be an object", row->name);
    if (json_each(params, decode_member, &d))
        return -1;
    for (size_t i = 0; i < row->n_params; i++)
        if (row->params[i].required && !json_get(params, row->params[i].name))
            return err_set(
                e, ERR_PARAMS, "%s: missing parameter \"%s\"", row->name, row->params[i].name);
    return 0;
}

/* --- the reference page ------------------------------------------------------------------------
 */

static void write_type(struct buf *out, const struct proto_param *p)
{
    switch (p->type) {
    case PROTO_STRING:
        buf_printf(out, "string, at most %" PRId64 " bytes | %s", p->most,
            p->required ? "required" : "absent");
        break;
    case PROTO_INT:
        buf_printf(
            out, "integer, %" PRId64 " to %" PRId64 " | %" PRId64, p->least, p->most, p->dflt);
        break;
    case PROTO_BOOL:
        buf_str(out, "boolean | false");
        break;
    case PROTO_CHOICE:
        for (const char *c = p->choices; *c; c++)
            if (*c == '|')
                buf_str(out, ", ");
            else
                buf_char(out, *c);
        buf_printf(out, " | %.*s", (int)strcspn(p->choices, "|"), p->choices);
        break;
    }
}

/* A type "a|b" must not end a table's cell. */
static void write_fields(struct buf *out, const struct proto_field *fields, size_t n)
{
    buf_str(out, "\n| member | type | meaning |\n|---|---|---|\n");
    for (size_t i = 0; i < n; i++) {
        buf_printf(out, "| `%s` | ", fields[i].name);
        for (const char *c = fields[i].type; *c; c++)
            if (*c == '|')
                buf_str(out, " or ");
            else if (*c == '?')
                buf_str(out, ", or absent");
            else
                buf_char(out, *c);
        buf_printf(out, " | %s |\n", fields[i].help);
    }
}

static void write_method(struct buf *out, const struct proto_row *row)
{
    buf_printf(out, "\n## %s\n\n%s.\n", row->name, row->help);
    buf_str(out, "\n| parameter | type | default | meaning |\n|---|---|---|---|\n");
    for (size_t i = 0; i < row->n_params; i++) {
        buf_printf(out, "| `%s` | ", row->params[i].name);
        write_type(out, &row->params[i]);
        buf_printf(out, " | %s |\n", row->params[i].help);
    }
    buf_str(out, "\nResult:\n");
    write_fields(out, row->reply, row->n_reply);
}

static void write_errors(struct buf *out)
{
    buf_str(out, "\n## Errors\n\n`error.data.reason` is the stable word; `error.data.at`, where it "
                 "is there, the byte of the query or of the request.\n"
                 "\n| code | reason | exit code of kbsearch | meaning |\n|---|---|---|---|\n");
    for (int c = 1; c < ERR_COUNT; c++) {
        enum err_code code = (enum err_code)c;
        if (err_rpc(code) < ERR_RPC_PRIVATE)
            buf_printf(out, "| %d | `%s` | %d | %s |\n", err_rpc(code), err_reason(code),
                err_exit(code), err_meaning(code));
    }
}

void proto_write_markdown(struct buf *out)
{
    buf_str(out,
        "# The protocol of kbsearchd\n\n"
        "Made from lib/proto.def by tests/gen-protocol; do not edit.\n\n"
        "JSON-RPC 2.0 over a Unix stream socket (`kbsearch --sockname` prints its path). The first "
        "byte of a connection that is no blank chooses the framing, and replies use the same: `{` "
        "one object a line; `C` or `c` the headers of LSP (`Content-Length: N`, an empty line, N "
        "bytes).\n\n"
        "- `id` is a string or an integer and comes back as it was sent. A method of the "
        "table without an `id` is refused; any other message without `id` is ignored.\n"
        "- `params` missing, `null` and `{}` are the same; an array is refused, an unknown "
        "parameter too.\n"
        "- Answers come in any order. No batches; no requests from server to client.\n"
        "- The notification `$/cancelRequest` with `{\"id\": ...}` cancels a request, which then "
        "answers with the error `cancelled`, unless it was done already.\n");
    buf_printf(out,
        "\nProtocol number: %d.\n\n## Limits\n\n| limit | value | meaning |\n|---|---|---|\n",
        PROTO_VERSION);
    for (size_t i = 0; i < proto_limit_count; i++)
        buf_printf(out, "| `%s` | %" PRId64 " | %s |\n", proto_limits[i].name,
            proto_limits[i].value, proto_limits[i].help);
    for (int m = 0; m < PROTO_COUNT; m++)
        write_method(out, &proto_rows[m]);
    buf_str(out,
        "\n## Notifications\n\nSent only after `subscribe`: no `id`, and `params` with these "
        "members.\n");
    for (int i = 0; i < PROTO_EVENT_COUNT; i++) {
        buf_printf(out, "\n`%s`: %s.\n", proto_events[i].name, proto_events[i].help);
        write_fields(out, proto_events[i].reply, proto_events[i].n_reply);
    }
    buf_str(out,
        "\n## Notifications\n\nSent only after `subscribe`: no `id`, and `params` with these "
        "members.\n");
    for (int i = 0; i < PROTO_EVENT_COUNT; i++) {
        buf_printf(out, "\n`%s`: %s.\n", proto_events[i].name, proto_events[i].help);
        write_fields(out, proto_events[i].reply, proto_events[i].n_reply);
    }
    buf_str(out, "\n## Members of a hit\n");
    write_fields(out, proto_hit, proto_hit_count);
    write_errors(out);
}

/* --- the JSON Schema ---------------------------------------------------------------------------
 */

static void schema_words(struct json_writer *w, const char *key, struct slice words)
{
    json_key(w, key);
    json_open(w, '[');
    while (words.n) {
        const char *bar = memchr(words.p, '|', words.n);
        size_t n = bar ? (size_t)(bar - words.p) : words.n, used = n + (bar != NULL);
        json_put_string(w, slice_of(words.p, n));
        words = slice_of(words.p + used, words.n - used);
    }
    json_close(w, ']');
}

void proto_put_param(struct json_writer *w, const struct proto_param *p)
{
    static const char *const types[] = {"string", "integer", "boolean", "string"};
    json_key(w, p->name);
    json_open(w, '{');
    json_key_string(w, "type", slice_str(types[p->type]));
    if (p->type == PROTO_STRING)
        json_key_int(w, "maxLength", p->most);
    if (p->type == PROTO_INT) {
        json_key_int(w, "minimum", p->least);
        json_key_int(w, "maximum", p->most);
        json_key_int(w, "default", p->dflt);
    }
    if (p->type == PROTO_BOOL)
        json_key_bool(w, "default", false);
    if (p->type == PROTO_CHOICE) {
        schema_words(w, "enum", slice_str(p->choices));
        json_key_string(w, "default", slice_of(p->choices, strcspn(p->choices, "|")));
    }
    json_key_string(w, "description", slice_str(p->help));
    json_close(w, '}');
}

static void schema_params(struct json_writer *w, const struct proto_row *row)
{
    json_key(w, "params");
    json_open(w, '{');
    json_key_string(w, "type", SLICE_LIT("object"));
    json_key_bool(w, "additionalProperties", false);
    json_key(w, "required");
    json_open(w, '[');
    for (size_t i = 0; i < row->n_params; i++)
        if (row->params[i].required)
            json_put_string(w, slice_str(row->params[i].name));
    json_close(w, ']');
    json_key(w, "properties");
    json_open(w, '{');
    for (size_t i = 0; i < row->n_params; i++)
        proto_put_param(w, &row->params[i]);
    json_close(w, '}');
    json_close(w, '}');
}

static bool is_optional(const struct proto_field *f)
{
    return slice_ends(slice_str(f->type), SLICE_LIT("?"));
}

static void schema_type(struct json_writer *w, struct slice type)
{
    if (memchr(type.p, '|', type.n))
        schema_words(w, "type", type);
    else
        json_key_string(w, "type", type);
}

/* The members of an object. */
static void schema_fields(struct json_writer *w, const struct proto_field *fields, size_t n)
{
    json_key_string(w, "type", SLICE_LIT("object"));
    json_key(w, "required");
    json_open(w, '[');
    for (size_t i = 0; i < n; i++)
        if (!is_optional(&fields[i]))
            json_put_string(w, slice_str(fields[i].name));
    json_close(w, ']');
    json_key(w, "properties");
    json_open(w, '{');
    for (size_t i = 0; i < n; i++) {
        struct slice type = slice_str(fields[i].type);
        type.n -= is_optional(&fields[i]);
        json_key(w, fields[i].name);
        json_open(w, '{');
        if (slice_is(type, "hits")) {
            json_key_string(w, "type", SLICE_LIT("array"));
            json_key(w, "items");
            json_put_raw(w, SLICE_LIT("{\"$ref\":\"#/$defs/hit\"}"));
        } else {
            schema_type(w, type);
        }
        json_key_string(w, "description", slice_str(fields[i].help));
        json_close(w, '}');
    }
    json_close(w, '}');
}

static void schema_object(
    struct json_writer *w, const char *name, const struct proto_field *fields, size_t n)
{
    json_key(w, name);
    json_open(w, '{');
    schema_fields(w, fields, n);
    json_close(w, '}');
}

void proto_put_result(struct json_writer *w, enum proto_method m)
{
    json_open(w, '{');
    schema_fields(w, proto_rows[m].reply, proto_rows[m].n_reply);
    json_key(w, "$defs");
    json_open(w, '{');
    schema_object(w, "hit", proto_hit, proto_hit_count);
    json_close(w, '}');
    json_close(w, '}');
}

/* The data of an error. */
static void schema_reasons(struct json_writer *w)
{
    json_open(w, '{');
    json_key_string(w, "type", SLICE_LIT("object"));
    json_key(w, "required");
    json_put_raw(w, SLICE_LIT("[\"reason\"]"));
    json_key(w, "properties");
    json_open(w, '{');
    json_key(w, "reason");
    json_open(w, '{');
    json_key(w, "enum");
    json_open(w, '[');
    for (int c = 1; c < ERR_COUNT; c++)
        if (err_rpc((enum err_code)c) < ERR_RPC_PRIVATE)
            json_put_string(w, slice_str(err_reason((enum err_code)c)));
    json_close(w, ']');
    json_close(w, '}');
    json_key(w, "at");
    json_put_raw(w, SLICE_LIT("{\"type\":\"integer\",\"minimum\":0}"));
    json_close(w, '}');
    json_close(w, '}');
}

/* What every message of ours looks like. */
static void schema_messages(struct json_writer *w)
{
    json_key(w, "id");
    json_put_raw(w, SLICE_LIT("{\"type\":[\"string\",\"integer\"]}"));
    json_key(w, "request");
    json_put_raw(
        w, SLICE_LIT(
               "{\"type\":\"object\",\"required\":[\"jsonrpc\",\"id\",\"method\"],"
               "\"properties\":{\"jsonrpc\":{\"const\":\"2.0\"},\"id\":{\"$ref\":\"#/$defs/id\"},"
               "\"method\":{\"type\":\"string\"},\"params\":{\"type\":[\"object\",\"null\"]}}}"));
    json_key(w, "response");
    json_put_raw(
        w, SLICE_LIT(
               "{\"type\":\"object\",\"required\":[\"jsonrpc\",\"id\"],\"oneOf\":[{\"required\":"
               "[\"result\"]},{\"required\":[\"error\"]}],\"properties\":{\"jsonrpc\":{\"const\":"
               "\"2.0\"},\"id\":{\"type\":[\"string\",\"integer\",\"null\"]},\"result\":{},"
               "\"error\":{\"$ref\":\"#/$defs/error\"}},\"additionalProperties\":false}"));
    json_key(w, "error");
    json_open(w, '{');
    json_key_string(w, "type", SLICE_LIT("object"));
    json_key(w, "required");
    json_put_raw(w, SLICE_LIT("[\"code\",\"message\",\"data\"]"));
    json_key(w, "properties");
    json_open(w, '{');
    json_key(w, "code");
    json_put_raw(w, SLICE_LIT("{\"type\":\"integer\"}"));
    json_key(w, "message");
    json_put_raw(w, SLICE_LIT("{\"type\":\"string\"}"));
    json_key(w, "data");
    schema_reasons(w);
    json_close(w, '}');
    json_key_bool(w, "additionalProperties", false);
    json_close(w, '}');
}

void proto_write_schema(struct buf *out)
{
    struct json_writer w = json_writer(out);
    json_open(&w, '{');
    json_key_string(&w, "$schema", SLICE_LIT("https://json-schema.org/draft/2020-12/schema"));
    json_key_string(&w, "title", SLICE_LIT("kbsearchd"));
    json_key(&w, "$defs");
    json_open(&w, '{');
    schema_messages(&w);
    schema_object(&w, "hit", proto_hit, proto_hit_count);
    for (int m = 0; m < PROTO_COUNT; m++) {
        json_key(&w, proto_rows[m].name);
        json_open(&w, '{');
        json_key_string(&w, "description", slice_str(proto_rows[m].help));
        json_key(&w, "$defs");
        json_open(&w, '{');
        schema_params(&w, &proto_rows[m]);
        schema_object(&w, "result", proto_rows[m].reply, proto_rows[m].n_reply);
        json_close(&w, '}');
        json_close(&w, '}');
    }
    for (int i = 0; i < PROTO_EVENT_COUNT; i++)
        schema_object(&w, proto_events[i].name, proto_events[i].reply, proto_events[i].n_reply);
    json_close(&w, '}');
    json_close(&w, '}');
    buf_char(out, '\n');
}
