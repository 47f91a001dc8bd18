// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a peer sends: framing, JSON, requests of ours, of MCP and of LSP. The first byte is the
 * size of the pieces it comes in; whatever that is, the messages are the same.
 */
#include "daemon/request.h"
#include "lib/frame.h"
#include "tests/fuzz/fuzz.h"

enum { LONGEST = 4096 };

struct seen {
    struct buf messages;
    bool broken;
};

static void take_all(struct frame *f, struct seen *s, struct err *e)
{
    struct slice message;
    int rc;
    while ((rc = frame_next(f, &message, e)) == 1) {
        MUST(message.n <= LONGEST);
        buf_lenstr(&s->messages, message);
    }
    s->broken = rc < 0;
}

static struct seen read_stream(struct slice s, size_t piece)
{
    struct frame f;
    struct seen seen = {0};
    struct err e = {.at = ERR_NOWHERE};
    frame_init(&f, LONGEST);
    while (s.n && !seen.broken) {
        size_t n = piece && piece < s.n ? piece : s.n;
        MUST(frame_feed(&f, slice_of(s.p, n), &e) == 0);
        take_all(&f, &seen, &e);
        s = slice_of(s.p + n, s.n - n);
    }
    if (seen.broken)
        fuzz_must_tell(&e);
    frame_free(&f);
    return seen;
}

/* Whatever was asked, an answer is one line of JSON. */
static void must_answer(struct request *r)
{
    struct err e = {0};
    struct json *v = json_parse(buf_view(&r->out), &e);
    MUST(v && !memchr(r->out.p, '\n', r->out.n));
    MUST(!json_get(v, "result") != !json_get(v, "error"));
    json_free(v);
}

static void ask(struct peer *peer, struct slice message)
{
    struct request *r = request_new();
    MUST(r != NULL);
    enum request_kind kind = request_read(r, peer, message);
    if (kind == REQUEST_REFUSE) {
        fuzz_must_tell(&r->err);
        request_refuse(r, ERR_NONE, NULL);
    }
    if (kind == REQUEST_REFUSE || kind == REQUEST_READY)
        must_answer(r);
    MUST(kind != REQUEST_ASK || r->method < PROTO_COUNT || r->answer);
    request_free(r);
}

void fuzz_try(const uint8_t *data, size_t size)
{
    struct slice s = fuzz_copy(data + (size > 0), size - (size > 0));
    struct seen whole = read_stream(s, 0), pieces = read_stream(s, size ? data[0] : 0);
    MUST(whole.broken == pieces.broken);
    MUST(slice_eq(buf_view(&whole.messages), buf_view(&pieces.messages)));
    struct peer peer = {0};
    struct slice rest = buf_view(&whole.messages), message;
    while (rest.n && take_lenstr(&rest, &message))
        ask(&peer, message);
    peer_free(&peer);
    buf_free(&whole.messages);
    buf_free(&pieces.messages);
    free((char *)(uintptr_t)s.p);
}
