// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/hash.h"

enum { FRAME_BYTES = 16 };
static const char magic[4] = {'k', 'b', 'j', '1'};

int journal_open(struct journal *j, const char *state_dir, struct err *e)
{
    struct stat st;
    char path[4096];
    *j = (struct journal){0};
    if ((size_t)snprintf(path, sizeof path, "%s/journal", state_dir) >= sizeof path)
        return err_set(e, ERR_IO, "%s: the path is too long", state_dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? 0 : err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    int rc = fstat(fd, &st);
    if (rc == 0 && st.st_size > 0) {
        void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (at == MAP_FAILED)
            rc = -1;
        else
            j->bytes = slice_of(at, (size_t)st.st_size);
    }
    if (rc < 0)
        err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    close(fd);
    return rc;
}

void journal_close(struct journal *j)
{
    if (j->bytes.p)
        munmap((void *)(uintptr_t)j->bytes.p, j->bytes.n);
    *j = (struct journal){0};
}

static uint64_t number(const char *p, int bytes)
{
    uint64_t v = 0;
    for (int i = bytes; i-- > 0;)
        v = v << 8 | (unsigned char)p[i];
    return v;
}

static void put_number(struct buf *out, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_char(out, (char)(v >> (8 * i)));
}

bool journal_next(const struct journal *j, size_t *at, struct journal_block *b)
{
    uint64_t day;
    if (j->bytes.n - *at < FRAME_BYTES)
        return false;
    const char *p = j->bytes.p + *at;
    size_t n = (size_t)number(p + 4, 4);
    struct slice body = slice_of(p + FRAME_BYTES, n);
    if (memcmp(p, magic, sizeof magic) != 0 || n > j->bytes.n - *at - FRAME_BYTES ||
        hash64(body, 0) != number(p + 8, 8) || !take_varint(&body, &b->revision) ||
        !take_varint(&body, &day) || day >> 1 > INT32_MAX)
        return false;
    b->day = (day_t)(day >> 1 ^ (day & 1 ? UINT64_MAX : 0));
    b->events = body;
    *at += FRAME_BYTES + n;
    b->end = *at;
    return true;
}

bool journal_event(struct slice *events, struct journal_event *v)
{
    if (events->n < 1 + UNIT_ID_BYTES)
        return false;
    v->came = events->p[0] == '+';
    v->id = slice_of(events->p + 1, UNIT_ID_BYTES);
    v->record = slice_of(NULL, 0);
    *events = slice_of(events->p + 1 + UNIT_ID_BYTES, events->n - 1 - UNIT_ID_BYTES);
    return v->came || take_lenstr(events, &v->record);
}

void journal_write_event(struct buf *events, const struct journal_event *v)
{
    buf_char(events, v->came ? '+' : '-');
    buf_slice(events, v->id);
    if (!v->came)
        buf_lenstr(events, v->record);
}

void journal_write_block(struct buf *out, uint64_t revision, day_t day, struct slice events)
{
    struct buf body = {0};
    buf_varint(&body, revision);
    buf_varint(&body, (uint64_t)day << 1 ^ (day < 0 ? UINT64_MAX : 0));
    buf_slice(&body, events);
    buf_add(out, magic, sizeof magic);
    put_number(out, body.n, 4);
    put_number(out, hash64(buf_view(&body), 0), 8);
    buf_slice(out, buf_view(&body));
    out->failed = out->failed || body.failed;
    buf_free(&body);
}
