// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/request.h"

#include <inttypes.h>
#include <stdlib.h>

#include "daemon/lsp.h"
#include "daemon/mcp.h"
#include "daemon/keeper.h"
#include "daemon/sandbox.h"
#include "lib/query.h"

_Static_assert((int)PROTO_MAX_QUERY_BYTES == (int)QUERY_BYTES &&
                   (int)PROTO_MAX_QUERY_TERMS == (int)QUERY_TERMS &&
                   (int)PROTO_MAX_QUERY_LEVELS == (int)QUERY_LEVELS &&
                   (int)PROTO_MAX_PREFIX_EXPANSIONS == (int)QUERY_EXPAND &&
                   (int)PROTO_MAX_JSON_LEVELS == (int)JSON_DEPTH,
    "hello tells the limits that hold");

/* ERR_MODIFIED means the index moved on twice while a reader was in it; kbindex commits at most
 * every two seconds, so a damaged block that looks like it must not be tried for ever. */
enum { ATTEMPTS = 3, ERROR_ROOM = 1024 };

struct request *request_new(void)
{
    struct request *r = calloc(1, sizeof *r);
    /* Room for an error, so that one can be told when memory has run out. */
    if (r && !buf_room(&r->out, ERROR_ROOM)) {
        free(r);
        return NULL;
    }
    if (r) {
        r->id = SLICE_LIT("null");
        r->method = PROTO_COUNT;
        r->err.at = ERR_NOWHERE;
        atomic_init(&r->stop, false);
        atomic_init(&r->clock, 0);
    }
    return r;
}

void request_free(struct request *r)
{
    arena_free(&r->arena);
    buf_free(&r->out);
    free(r);
}

static void *param(const struct request *r, const char *name, enum proto_type type)
{
    if (r->method == PROTO_COUNT)
        return NULL;
    const struct proto_row *row = &proto_rows[r->method];
    for (size_t i = 0; i < row->n_params; i++)
        if (row->params[i].type == type && strcmp(row->params[i].name, name) == 0)
            return (char *)(uintptr_t)&r->params + row->params[i].offset;
    return NULL;
}

struct slice request_string(const struct request *r, const char *name)
{
    const struct slice *s = param(r, name, PROTO_STRING);
    return s ? *s : slice_of(NULL, 0);
}

/* --- reading -----------------------------------------------------------------------------------
 */

int request_id(struct request *r, const struct json *v, struct slice *id)
{
    enum json_kind kind = json_kind(v);
    if (kind != JSON_IS_STRING && kind != JSON_IS_INT)
        return err_set(&r->err, ERR_REQUEST, "id must be a string or an integer");
    struct buf text = {0};
    json_dump(v, &text);
    struct slice copy = arena_dup(&r->arena, buf_view(&text));
    bool failed = text.failed || !copy.p;
    buf_free(&text);
    if (failed)
        return err_memory(&r->err);
    *id = copy;
    return 0;
}

/* The strings point into the message's JSON, which goes before the request does. */
static int keep_strings(struct request *r)
{
    const struct proto_row *row = &proto_rows[r->method];
    for (size_t i = 0; i < row->n_params; i++) {
        if (row->params[i].type != PROTO_STRING)
            continue;
        struct slice *s = (void *)((char *)&r->params + row->params[i].offset);
        if (!s->p)
            continue;
        *s = arena_dup(&r->arena, *s);
        if (!s->p)
            return err_memory(&r->err);
    }
    return 0;
}

static void unknown_method(struct request *r, struct slice name)
{
    struct buf known = {0};
    for (int m = 0; m < PROTO_COUNT; m++)
        buf_printf(&known, " %s", proto_rows[m].name);
    err_set(&r->err, ERR_METHOD, "unknown method \"%.*s\"; known:%s",
        (int)(name.n < 40 ? name.n : 40), name.p, buf_cstr(&known));
    buf_free(&known);
}

static int read_today(struct request *r)
{
    struct slice today = request_string(r, "today");
    r->today = today.p ? day_parse(today) : day_today();
    return today.p && r->today == DAY_NONE
               ? err_set(&r->err, ERR_PARAMS, "%s: today must be a day, YYYY-MM-DD",
                     proto_rows[r->method].name)
               : 0;
}

static void set_deadline(struct request *r)
{
    enum { DEADLINE_MS = 5000 };
    const int64_t *ms = param(r, "deadline_ms", PROTO_INT);
    r->taken_ns = uv_hrtime();
    r->deadline_ns = r->taken_ns + (uint64_t)(ms ? *ms : DEADLINE_MS) * 1000000u;
}

int request_ask(struct request *r, enum proto_method m, const struct json *params)
{
    r->method = m;
    if (proto_decode(m, params, &r->params, &r->err) || keep_strings(r) || read_today(r))
        return -1;
    set_deadline(r);
    return 0;
}

void request_let(struct request *r, request_answer *answer, void *job)
{
    r->answer = answer;
    r->job = job;
    r->today = day_today();
    set_deadline(r);
}

static enum request_kind read_cancel(struct request *r, const struct json *params, bool asks)
{
    if (request_id(r, json_get(params, "id"), &r->target) == 0)
        return REQUEST_CANCEL;
    return asks ? REQUEST_REFUSE : REQUEST_IGNORE;
}

/* What is no method of ours. */
static enum request_kind read_foreign(
    struct request *r, struct peer *peer, struct slice method, const struct json *params, bool asks)
{
    if (mcp_knows(peer, method, params))
        return mcp_read(r, peer, method, params, asks);
    if (lsp_knows(peer, method, params))
        return lsp_read(r, peer, method, params, asks);
    if (!asks)
        return REQUEST_IGNORE;
    unknown_method(r, method);
    return REQUEST_REFUSE;
}

static enum request_kind read_call(
    struct request *r, struct peer *peer, const struct json *root, struct slice method)
{
    const struct json *params = json_get(root, "params");
    bool asks = json_get(root, "id") != NULL;
    if (slice_is(method, "$/cancelRequest"))
        return read_cancel(r, params, asks);
    enum proto_method m = proto_find(method);
    if (m == PROTO_COUNT)
        return read_foreign(r, peer, method, params, asks);
    if (!asks)
        err_set(&r->err, ERR_REQUEST, "%s needs an id, a string or an integer", proto_rows[m].name);
    else if (request_ask(r, m, params) == 0)
        return REQUEST_ASK;
    return REQUEST_REFUSE;
}

void peer_free(struct peer *p)
{
    lsp_free(p->lsp);
    *p = (struct peer){0};
}

/* What every request has; -1 with the id as far as it is known. */
static int read_frame(struct request *r, const struct json *root)
{
    if (json_kind(root) == JSON_IS_ARRAY)
        return err_set(
            &r->err, ERR_REQUEST, "batches are not answered: send one request at a time");
    if (json_kind(root) != JSON_IS_OBJECT)
        return err_set(&r->err, ERR_REQUEST, "a request is a JSON object");
    const struct json *id = json_get(root, "id");
    if (id && request_id(r, id, &r->id))
        return -1;
    if (!slice_is(json_text(json_get(root, "jsonrpc")), "2.0"))
        return err_set(&r->err, ERR_REQUEST, "a request has \"jsonrpc\":\"2.0\"");
    if (json_kind(json_get(root, "method")) != JSON_IS_STRING)
        return err_set(&r->err, ERR_REQUEST, "a request has a method, a string");
    return 0;
}

enum request_kind request_read(struct request *r, struct peer *peer, struct slice message)
{
    struct json *root = json_parse(message, &r->err);
    if (!root)
        return REQUEST_REFUSE;
    enum request_kind kind = REQUEST_REFUSE;
    if (read_frame(r, root) == 0)
        kind = read_call(r, peer, root, json_text(json_get(root, "method")));
    json_free(root);
    return kind;
}

/* --- answering ---------------------------------------------------------------------------------
 */

static int check_index(struct request *r, struct err *e)
{
    struct slice want = request_string(r, "index");
    if (!want.p)
        return 0;
    if (reader_refresh(r->reader, e))
        return -1;
    const char *uuid = r->reader->index.uuid;
    return slice_is(want, uuid)
               ? 0
               : err_set(e, ERR_WRONG_INDEX, "this daemon serves the index %s in %s, not %.*s",
                     uuid, r->facts.db, (int)want.n, want.p);
}

static int attempt(
    struct request *r, struct answer *w, reply_fn *const methods[PROTO_COUNT], struct err *e)
{
    buf_clear(&r->out);
    reply_begin(&r->out, r->id);
    r->result_begin = r->out.n;
    if (check_index(r, e))
        return -1;
    int rc = r->answer ? r->answer(r, w, methods, e)
                       : methods[r->method](w, &r->params, &r->facts, &r->out, e);
    if (r->arena.failed) {
        err_clear(e);
        return err_memory(e);
    }
    if (rc)
        return -1;
    r->result_end = r->out.n;
    reply_end(&r->out);
    return r->out.failed ? err_memory(e) : 0;
}

/* `status` fails with nothing: why the index cannot be read is part of its answer. */
static bool tells_error(const struct request *r)
{
    return r->method == PROTO_status && !r->answer && !r->reader->index.db;
}

void request_run(
    struct request *r, const struct config *config, reply_fn *const methods[PROTO_COUNT])
{
    struct answer w = {.reader = r->reader,
        .config = config,
        .arena = &r->arena,
        .today = r->today,
        .hides = sandbox_hides};
    struct err e = {0};
    int tries = 0;
    reader_lend(r->reader, r->deadline_ns, &r->stop);
    do
        err_clear(&e);
    while (attempt(r, &w, methods, &e) && e.code == ERR_MODIFIED && ++tries < ATTEMPTS);
    if (e.code == ERR_MODIFIED) {
        err_clear(&e);
        err_set(&e, ERR_BUSY, "the index changed %d times while the answer was made; ask again",
            (int)ATTEMPTS);
    }
    reader_lend(r->reader, 0, NULL);
    /* What failed, or lacks something, for want of what the sandbox hides is for the next process.
     */
    bool lacks = sandbox_look(r->reader, config);
    if (e.code == ERR_SCHEMA && keeper_is_replaced())
        keeper_give_way();
    r->hidden = (e.code != ERR_NONE && keeper_gives_way()) ||
                ((lacks || tells_error(r) || e.code != ERR_NONE) && sandbox_outgrown());
    r->revision = r->reader->index.db ? r->reader->index.revision : 0;
    memcpy(r->uuid, r->reader->index.uuid, sizeof r->uuid);
    r->matches = w.matches;
    r->err = e;
    if (e.code != ERR_NONE)
        request_refuse(r, ERR_NONE, NULL);
}

void request_refuse(struct request *r, enum err_code code, const char *text)
{
    if (code != ERR_NONE) {
        err_clear(&r->err);
        err_set(&r->err, code, "%s", text);
    }
    buf_clear(&r->out);
    reply_error(&r->out, r->id, &r->err);
    if (r->out.failed) {
        /* Fits into the room that request_new made, unless the id is very long. */
        struct err none = {.code = ERR_MEMORY, .at = ERR_NOWHERE, .text = "out of memory"};
        buf_clear(&r->out);
        reply_error(&r->out, r->id.n < 100 ? r->id : SLICE_LIT("null"), &none);
    }
}
