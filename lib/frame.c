// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/frame.h"

#include <strings.h>

enum { HEADERS_MAX = 4096, KEEP_MAX = 64 * 1024 };

void frame_init(struct frame *f, size_t max)
{
    *f = (struct frame){.max = max};
}

void frame_free(struct frame *f)
{
    buf_free(&f->in);
}

int frame_feed(struct frame *f, struct slice bytes, struct err *e)
{
    if (f->taken)
        buf_drop(&f->in, f->taken);
    f->taken = 0;
    if (f->in.n == 0 && f->in.cap > KEEP_MAX)
        buf_free(&f->in);
    buf_slice(&f->in, bytes);
    return f->in.failed ? err_memory(e) : 0;
}

struct slice frame_rest(const struct frame *f)
{
    return slice_of(f->in.n ? f->in.p + f->taken : NULL, f->in.n - f->taken);
}

static void take(struct frame *f, size_t n)
{
    f->taken += n;
    f->scanned = 0;
}

static int too_large(const struct frame *f, struct err *e)
{
    return err_set(
        e, ERR_TOO_LARGE, "the request is over %zu bytes; the connection is closed", f->max);
}

/* Blanks and empty lines between messages. */
static void skip_blanks(struct frame *f)
{
    struct slice rest = frame_rest(f);
    size_t n = 0;
    while (n < rest.n && strchr(" \t\r\n", rest.p[n]) && rest.p[n])
        n++;
    if (n)
        take(f, n);
}

static int choose_style(struct frame *f, struct err *e)
{
    switch (f->in.p[f->taken]) {
    case '{':
        f->style = FRAME_LINES;
        return 0;
    case 'C':
    case 'c':
        f->style = FRAME_HEADERS;
        return 0;
    case '[':
        return err_set(e, ERR_REQUEST, "batches are not answered: send one JSON-RPC object a line");
    default:
        return err_set(e, ERR_REQUEST,
            "send JSON-RPC 2.0, either one object a line, beginning with '{', or each behind "
            "\"Content-Length: N\" and an empty line");
    }
}

static int next_line(struct frame *f, struct slice *message, struct err *e)
{
    struct slice rest = frame_rest(f);
    const char *end = memchr(rest.p + f->scanned, '\n', rest.n - f->scanned);
    size_t n = end ? (size_t)(end - rest.p) : rest.n;
    f->scanned = n;
    size_t length = n && rest.p[n - 1] == '\r' ? n - 1 : n;
    if (length > f->max)
        return too_large(f, e);
    if (!end)
        return 0;
    *message = slice_of(rest.p, length);
    take(f, n + 1);
    return 1;
}

/* Bytes up to and with the empty line that ends the headers; 0 if it has not come yet. */
static size_t headers_end(struct slice s)
{
    for (size_t i = 1; i < s.n; i++)
        if (s.p[i] == '\n' &&
            (s.p[i - 1] == '\n' || (i > 1 && s.p[i - 1] == '\r' && s.p[i - 2] == '\n')))
            return i + 1;
    return 0;
}

static int parse_length(struct slice value, size_t max, size_t *length, struct err *e)
{
    value = slice_trim(value);
    size_t n = 0;
    for (size_t i = 0; i < value.n; i++) {
        if (value.p[i] < '0' || value.p[i] > '9')
            return err_set(e, ERR_REQUEST, "Content-Length must be a number of bytes");
        if (n <= max)
            n = n * 10 + (size_t)(value.p[i] - '0');
    }
    if (value.n == 0)
        return err_set(e, ERR_REQUEST, "Content-Length must be a number of bytes");
    if (*length != SIZE_MAX && *length != n)
        return err_set(e, ERR_REQUEST, "two different Content-Length headers");
    *length = n;
    return 0;
}

static int parse_headers(const struct frame *f, struct slice s, size_t *length, struct err *e)
{
    static const char name[] = "Content-Length";
    *length = SIZE_MAX;
    while (s.n) {
        const char *end = memchr(s.p, '\n', s.n);
        struct slice line = slice_of(s.p, end ? (size_t)(end - s.p) : s.n);
        s = end ? slice_of(end + 1, s.n - line.n - 1) : slice_of(NULL, 0);
        line = slice_trim(line);
        const char *colon = line.n ? memchr(line.p, ':', line.n) : NULL;
        if (line.n && !colon)
            return err_set(e, ERR_REQUEST, "a header line without a colon; send Content-Length: N");
        size_t n = colon ? (size_t)(colon - line.p) : 0;
        if (n == sizeof name - 1 && strncasecmp(line.p, name, n) == 0 &&
            parse_length(slice_of(colon + 1, line.n - n - 1), f->max, length, e))
            return -1;
    }
    if (*length == SIZE_MAX)
        return err_set(e, ERR_REQUEST, "headers without Content-Length");
    return *length > f->max ? too_large(f, e) : 0;
}

static int next_headers(struct frame *f, struct slice *message, struct err *e)
{
    struct slice rest = frame_rest(f);
    /* While a body is awaited `scanned` lies behind its headers, so they must be found anew. */
    size_t head = headers_end(rest);
    if (!head || head > HEADERS_MAX) {
        f->scanned = rest.n;
        return rest.n > HEADERS_MAX ? err_set(e, ERR_REQUEST, "headers over %d bytes", HEADERS_MAX)
                                    : 0;
    }
    size_t length;
    if (parse_headers(f, slice_of(rest.p, head), &length, e))
        return -1;
    if (rest.n - head < length) {
        f->scanned = head + length - 1;
        return 0;
    }
    *message = slice_of(rest.p + head, length);
    take(f, head + length);
    return 1;
}

int frame_next(struct frame *f, struct slice *message, struct err *e)
{
    if (f->scanned == 0)
        skip_blanks(f);
    if (f->in.n - f->taken <= f->scanned)
        return 0;
    if (f->style == FRAME_UNKNOWN && choose_style(f, e))
        return -1;
    return f->style == FRAME_LINES ? next_line(f, message, e) : next_headers(f, message, e);
}

void frame_write(enum frame_style style, struct slice message, struct buf *out)
{
    if (style == FRAME_HEADERS) {
        buf_str(out, "Content-Length: ");
        buf_uint(out, message.n);
        buf_str(out, "\r\n\r\n");
    }
    buf_slice(out, message);
    if (style != FRAME_HEADERS)
        buf_char(out, '\n');
}
