// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Requests, a line each, answered from the index in $KB_FUZZ_DB as a reader of the daemon does.
 * Every answer is one valid line of JSON with a result or an error that is not `internal`.
 */
#include "daemon/request.h"
#include "tests/fuzz/fuzz.h"

static struct reader reader;
static struct config config;

static void open_index(void)
{
    struct err e = {0};
    const char *db = getenv("KB_FUZZ_DB");
    static char state[4096];
    static const struct config_saved saved[] = {
        {"a", "muse OR (spark -b*)", NULL}, {"c", "x @c", NULL}};
    if (!db || reader_init(&reader, db, &e) || reader_refresh(&reader, &e)) {
        fprintf(stderr, "KB_FUZZ_DB: %s\n", db ? e.text : "not set");
        exit(2);
    }
    snprintf(state, sizeof state, "%s/state", db);
    config = (struct config){.db.text = db,
        .state.text = state,
        .saved = (struct config_saved *)(uintptr_t)saved,
        .n_saved = sizeof saved / sizeof *saved};
}

static void look_at(const struct request *r)
{
    struct err e = {0};
    struct json *v = json_parse(buf_view(&r->out), &e);
    if (!v)
        fprintf(stderr, "%s: %.*s\n", e.text, (int)r->out.n, r->out.p);
    MUST(v && !memchr(r->out.p, '\n', r->out.n));
    int64_t code = json_int(json_get(json_get(v, "error"), "code"), 0);
    MUST(!json_get(v, "result") != !code);
    if (code == err_rpc(ERR_INTERNAL))
        fprintf(stderr, "%.*s\n", (int)r->out.n, r->out.p);
    MUST(code != err_rpc(ERR_INTERNAL) && code != err_rpc(ERR_MEMORY) &&
         code != err_rpc(ERR_DAMAGED) && code != err_rpc(ERR_BUSY));
    json_free(v);
}

static void ask(struct peer *peer, struct slice message)
{
    struct request *r = request_new();
    MUST(r != NULL);
    enum request_kind kind = request_read(r, peer, message);
    if (kind == REQUEST_ASK) {
        r->reader = &reader;
        r->facts = (struct daemon_facts){.db = config.db.text, .readers = 1};
        request_run(r, &config, reply_methods);
        look_at(r);
    }
    request_free(r);
}

void fuzz_try(const uint8_t *data, size_t size)
{
    if (!config.db.text)
        open_index();
    struct slice s = fuzz_copy(data, size), rest = s;
    struct peer peer = {0};
    for (int lines = 0; rest.n && lines < 8; lines++) {
        const char *end = memchr(rest.p, '\n', rest.n);
        struct slice line = slice_of(rest.p, end ? (size_t)(end - rest.p) : rest.n);
        size_t used = line.n + (end != NULL);
        ask(&peer, line);
        rest = slice_of(rest.p + used, rest.n - used);
    }
    peer_free(&peer);
    free((char *)(uintptr_t)s.p);
}
