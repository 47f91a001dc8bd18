// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * run: plays .wire files against a fake daemon (fake.h) and prints TAP. A file holds cases:
 *
 *   == NAME                  a new connection to a new daemon with one reader
 *   > TEXT                   sends TEXT and a newline; %XX is a byte
 *   >> TEXT                  sends TEXT alone
 *   repeat N TEXT            sends TEXT N times
 *   end                      shuts our side for sending
 *   gate                     lets one search "gate" through
 *   < JSON                   the next reply; '*' in a string stands for anything, "*" alone for any
 *                            value
 *   replies N JSON           the next N replies
 *   headers                  replies come with LSP headers from here on
 *   closed                   the daemon ends the connection now, and nothing is left to read
 *   whole                    is not played byte by byte: each byte alone fills a socket that is not
 *                            read with a hundred times its size
 *   # TEXT                   says why
 *
 * With KB_RECORD=FILE in the environment every message goes there too, "> " and "< " before it.
 *
 * A case that sends little is played a second time byte by byte. Each wait ends after ten seconds.
 */
#include <errno.h>
#include <signal.h>

#include "tests/wire/fake.h"

enum { WAIT_MS = 10000, BYTEWISE_MAX = 30000 };

struct player {
    struct fake daemon;
    struct buf in;
    bool headers, bytewise;
    struct buf failure; /* empty: all is well so far */
};

static FILE *record;

static void note_message(char side, struct slice message)
{
    message = slice_trim(message);
    if (!record)
        return;
    fprintf(record, "%c %.*s\n", side, (int)message.n, message.n ? message.p : "");
    fflush(record); /* before a fork doubles what waits */
}

/* --- bytes -------------------------------------------------------------------------------------
 */

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void unescape(struct slice text, struct buf *out)
{
    for (size_t i = 0; i < text.n; i++) {
        int high = -1, low = -1;
        if (text.p[i] == '%' && i + 2 < text.n) {
            high = hex_digit(text.p[i + 1]);
            low = hex_digit(text.p[i + 2]);
        }
        char byte = text.p[i];
        if (high >= 0 && low >= 0) {
            byte = (char)(high << 4 | low);
            i += 2;
        }
        buf_char(out, byte);
    }
}

static void play_send(struct player *p, struct slice bytes)
{
    size_t step = p->bytewise ? 1 : bytes.n;
    while (bytes.n) {
        struct pollfd ready = {.fd = p->daemon.fd, .events = POLLOUT};
        if (poll(&ready, 1, WAIT_MS) != 1) {
            buf_str(&p->failure, "cannot send: the daemon does not read");
            return;
        }
        ssize_t n = send(
            p->daemon.fd, bytes.p, step < bytes.n ? step : bytes.n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EAGAIN)
            continue;
        /* It may have refused us and gone: what it said before is what counts. */
        if (n < 0)
            return;
        bytes = slice_of(bytes.p + n, bytes.n - (size_t)n);
    }
}

/* More bytes; 0 at the end, -1 when nothing comes. */
static int receive(struct player *p)
{
    struct pollfd ready = {.fd = p->daemon.fd, .events = POLLIN};
    if (poll(&ready, 1, WAIT_MS) != 1)
        return -1;
    char *room = buf_room(&p->in, 65536);
    ssize_t n = room ? recv(p->daemon.fd, room, 65536, 0) : -1;
    if (n > 0)
        p->in.n += (size_t)n;
    return n > 0 ? 1 : n == 0 || errno == ECONNRESET ? 0 : -1;
}

/* Bytes of a whole reply at the start of what came: *skip before it, *length; false: not yet. */
static bool find_reply(struct player *p, size_t *skip, size_t *length)
{
    const char *in = buf_cstr(&p->in);
    *skip = 0;
    if (p->headers) {
        const char *body = strstr(in, "\r\n\r\n");
        if (!body || sscanf(in, "Content-Length: %zu\r", length) != 1)
            return false;
        *skip = (size_t)(body - in) + 4;
        return p->in.n >= *skip + *length;
    }
    const char *end = strchr(in, '\n');
    *length = end ? (size_t)(end - in) + 1 : 0;
    return end != NULL;
}

/* --- comparing ---------------------------------------------------------------------------------
 */

static bool glob(struct slice pattern, struct slice text)
{
    if (!pattern.n)
        return !text.n;
    struct slice rest = slice_of(pattern.p + 1, pattern.n - 1);
    if (*pattern.p != '*')
        return text.n && *text.p == *pattern.p && glob(rest, slice_of(text.p + 1, text.n - 1));
    for (size_t i = 0; i <= text.n; i++)
        if (glob(rest, slice_of(text.p + i, text.n - i)))
            return true;
    return false;
}

static bool matches(const struct json *want, const struct json *got);

static int member_differs(void *got, const char *key, const struct json *want)
{
    const struct json *v = json_get(got, key);
    return !v || !matches(want, v);
}

static bool matches(const struct json *want, const struct json *got)
{
    if (slice_is(json_text(want), "*"))
        return true;
    if (json_kind(want) != json_kind(got) || json_len(want) != json_len(got))
        return false;
    switch (json_kind(want)) {
    case JSON_IS_STRING:
        return glob(json_text(want), json_text(got));
    case JSON_IS_ARRAY:
        for (size_t i = 0; i < json_len(want); i++)
            if (!matches(json_at(want, i), json_at(got, i)))
                return false;
        return true;
    case JSON_IS_OBJECT:
        return json_each(want, member_differs, (void *)(uintptr_t)got) == 0;
    default:
        return json_int(want, 0) == json_int(got, 0) &&
               json_bool(want, false) == json_bool(got, false);
    }
}

static void play_expect(struct player *p, struct slice want_text)
{
    size_t skip, length;
    while (!find_reply(p, &skip, &length))
        if (receive(p) <= 0) {
            buf_printf(&p->failure, "no reply; wanted %.*s", (int)want_text.n, want_text.p);
            return;
        }
    struct err e = {0};
    struct slice got_text = slice_of(p->in.p + skip, length);
    struct json *want = json_parse(want_text, &e), *got = json_parse(got_text, &e);
    note_message('<', got_text);
    if (!want || !got || !matches(want, got))
        buf_printf(&p->failure, "wanted %.*s, got %.*s %s", (int)want_text.n, want_text.p,
            (int)(length < 500 ? length : 500), got_text.p, e.text);
    json_free(want);
    json_free(got);
    buf_drop(&p->in, skip + length);
}

static void play_closed(struct player *p)
{
    int rc;
    while ((rc = receive(p)) > 0)
        ;
    if (rc < 0)
        buf_str(&p->failure, "the connection is still open");
    if (p->in.n)
        buf_printf(&p->failure, "unexpected: %.*s", (int)(p->in.n < 500 ? p->in.n : 500), p->in.p);
}

/* --- playing -----------------------------------------------------------------------------------
 */

static bool takes(struct slice *line, const char *word)
{
    struct slice w = slice_str(word);
    if (!slice_starts(*line, w))
        return false;
    *line = slice_of(line->p + w.n, line->n - w.n);
    return true;
}

static size_t take_number(struct slice *line)
{
    size_t n = 0;
    while (line->n && *line->p >= '0' && *line->p <= '9') {
        n = n * 10 + (size_t)(*line->p - '0');
        *line = slice_of(line->p + 1, line->n - 1);
    }
    *line = slice_trim(*line);
    return n;
}

static void send_escaped(struct player *p, struct slice text, size_t times, const char *tail)
{
    struct buf one = {0}, all = {0};
    unescape(text, &one);
    for (size_t i = 0; i < times; i++)
        buf_slice(&all, buf_view(&one));
    buf_str(&all, tail);
    play_send(p, buf_view(&all));
    buf_free(&one);
    buf_free(&all);
}

static void play_line(struct player *p, struct slice line)
{
    if (takes(&line, ">> ")) {
        send_escaped(p, line, 1, "");
    } else if (takes(&line, "> ")) {
        note_message('>', line);
        send_escaped(p, line, 1, "\n");
    } else if (takes(&line, "repeat ")) {
        size_t n = take_number(&line);
        send_escaped(p, line, n, "");
    } else if (takes(&line, "< ")) {
        play_expect(p, line);
    } else if (takes(&line, "replies ")) {
        for (size_t n = take_number(&line); n && !p->failure.n; n--)
            play_expect(p, line);
    } else if (slice_is(line, "headers")) {
        p->headers = true;
    } else if (slice_is(line, "end")) {
        shutdown(p->daemon.fd, SHUT_WR);
    } else if (slice_is(line, "gate")) {
        (void)!write(p->daemon.gate, "g", 1);
    } else if (slice_is(line, "closed")) {
        play_closed(p);
    } else if (line.n && *line.p != '#' && !slice_is(line, "whole")) {
        buf_printf(&p->failure, "not understood: %.*s", (int)line.n, line.p);
    }
}

static struct slice next_line(struct slice *text)
{
    const char *end = text->n ? memchr(text->p, '\n', text->n) : NULL;
    struct slice line = slice_of(text->p, end ? (size_t)(end - text->p) : text->n);
    size_t used = line.n + (end != NULL);
    *text = slice_of(text->p + used, text->n - used);
    return line;
}

static void play_case(struct slice name, struct slice body, bool bytewise)
{
    static int number;
    struct player p = {.bytewise = bytewise};
    note_message('=', name);
    if (!fake_open(&p.daemon, (struct fake_limits){.readers = 1}))
        buf_str(&p.failure, "no daemon");
    while (body.n && !p.failure.n)
        play_line(&p, next_line(&body));
    int rc = fake_close(&p.daemon);
    if (rc)
        buf_printf(&p.failure, "; the daemon ended with %d", rc);
    printf("%s %d - %.*s%s\n", p.failure.n ? "not ok" : "ok", ++number, (int)name.n, name.p,
        bytewise ? ", byte by byte" : "");
    if (p.failure.n)
        printf("# %s\n", buf_cstr(&p.failure));
    fflush(stdout);
    buf_free(&p.in);
    buf_free(&p.failure);
}

/* Plays the cases of a file, or only counts what it would play. */
static int play_file(struct slice text, bool count_only)
{
    int n = 0;
    while (text.n) {
        struct slice name = next_line(&text);
        if (!takes(&name, "== "))
            continue;
        struct slice body = slice_of(text.p, 0);
        while (text.n && !slice_starts(text, SLICE_LIT("== "))) {
            next_line(&text);
            body.n = (size_t)(text.p - body.p);
        }
        bool small = body.n < BYTEWISE_MAX && !memmem(body.p, body.n, "repeat", 6) &&
                     !slice_starts(body, SLICE_LIT("whole\n"));
        n += small ? 2 : 1;
        for (int i = 0; !count_only && i < (small ? 2 : 1); i++)
            play_case(name, body, i == 1);
    }
    return n;
}

static bool read_file(const char *path, struct buf *to)
{
    FILE *f = fopen(path, "r");
    char *room;
    size_t n = 0;
    while (f && (room = buf_room(to, 65536)) && (n = fread(room, 1, 65536, f)) > 0)
        to->n += n;
    if (f)
        fclose(f);
    else
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return f && !to->failed;
}

int main(int argc, char **argv)
{
    struct buf text = {0};
    signal(SIGPIPE, SIG_IGN);
    if (getenv("KB_RECORD"))
        record = fopen(getenv("KB_RECORD"), "w");
    for (int i = 1; i < argc; i++) {
        if (!read_file(argv[i], &text))
            return 2;
        buf_char(&text, '\n');
    }
    printf("1..%d\n", play_file(buf_view(&text), true));
    fflush(stdout);
    play_file(buf_view(&text), false);
    if (record)
        fclose(record);
    buf_free(&text);
    return 0;
}
