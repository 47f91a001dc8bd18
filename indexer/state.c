// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/state.h"

#include "lib/schema.h"

enum { STATE_FORMAT = 1 };
#define RACY_NS INT64_C(2000000000)

struct slice state_note_key(struct arena *a, struct slice vault, struct slice rel)
{
    struct buf name = {0};
    buf_char(&name, ':');
    buf_slice(&name, vault);
    buf_char(&name, '/');
    buf_slice(&name, rel);
    struct slice key = name.failed ? slice_of(NULL, 0) : schema_term(a, 'n', buf_view(&name));
    buf_free(&name);
    return key;
}

struct slice state_units_key(struct arena *a, uint32_t number)
{
    return slice_str(arena_printf(a, "u:%u", number));
}

struct slice state_name_key(struct arena *a, uint32_t number)
{
    return slice_str(arena_printf(a, "o:%u", number));
}

/* Small negative numbers stay short. */
static uint64_t zigzag(int64_t v)
{
    return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t v)
{
    return (int64_t)(v >> 1 ^ (v & 1 ? UINT64_MAX : 0));
}

static void put_u64(struct buf *out, uint64_t v)
{
    char bytes[8];
    for (int i = 0; i < 8; i++)
        bytes[i] = (char)(v >> (8 * i));
    buf_add(out, bytes, sizeof bytes);
}

static bool take_u64(struct slice *in, uint64_t *v)
{
    if (in->n < 8)
        return false;
    *v = 0;
    for (int i = 0; i < 8; i++)
        *v |= (uint64_t)(unsigned char)in->p[i] << (8 * i);
    *in = slice_of(in->p + 8, in->n - 8);
    return true;
}

static bool take_u32(struct slice *in, uint32_t *v)
{
    uint64_t wide;
    if (!take_varint(in, &wide) || wide > UINT32_MAX)
        return false;
    *v = (uint32_t)wide;
    return true;
}

static bool take_signed(struct slice *in, int64_t *v)
{
    uint64_t raw;
    if (!take_varint(in, &raw))
        return false;
    *v = unzigzag(raw);
    return true;
}

void state_note_write(struct buf *out, const struct state_note *n)
{
    buf_char(out, STATE_FORMAT);
    buf_varint(out, n->number);
    buf_varint(out, n->n_units);
    buf_varint(out, n->st.size);
    buf_varint(out, n->st.ino);
    buf_varint(out, zigzag(n->st.mtime_ns));
    buf_varint(out, zigzag(n->st.ctime_ns));
    buf_varint(out, zigzag(n->run_ns));
    put_u64(out, n->hash);
    buf_lenstr(out, n->rel);
}

bool state_note_read(struct slice in, struct state_note *n)
{
    if (!in.n || in.p[0] != STATE_FORMAT)
        return false;
    in = slice_of(in.p + 1, in.n - 1);
    return take_u32(&in, &n->number) && take_u32(&in, &n->n_units) &&
           take_varint(&in, &n->st.size) && take_varint(&in, &n->st.ino) &&
           take_signed(&in, &n->st.mtime_ns) && take_signed(&in, &n->st.ctime_ns) &&
           take_signed(&in, &n->run_ns) && take_u64(&in, &n->hash) && take_lenstr(&in, &n->rel);
}

void state_units_write(struct buf *out, const struct state_unit *u, size_t n)
{
    for (size_t i = 0; i < n; i++, u++) {
        put_u64(out, u->text_hash);
        put_u64(out, u->terms_sig);
        put_u64(out, u->data_sig);
        buf_varint(out, u->nth);
        buf_varint(out, u->docid);
        buf_varint(out, (uint64_t)u->kind);
        buf_varint(out, zigzag(u->day));
    }
}

static bool take_unit(struct slice *in, struct state_unit *u)
{
    uint32_t kind;
    int64_t day;
    if (!take_u64(in, &u->text_hash) || !take_u64(in, &u->terms_sig) ||
        !take_u64(in, &u->data_sig) || !take_u32(in, &u->nth) || !take_u32(in, &u->docid) ||
        !take_u32(in, &kind) || !take_signed(in, &day) || kind >= UNIT_KINDS || !u->docid ||
        day < INT32_MIN || day > INT32_MAX)
        return false;
    u->kind = (enum unit_kind)kind;
    u->day = (day_t)day;
    return true;
}

int state_units_read(
    struct arena *a, struct slice in, struct state_unit **u, size_t *n, bool *whole, struct err *e)
{
    size_t cap = 0;
    *u = NULL;
    *n = 0;
    *whole = false;
    while (in.n) {
        struct state_unit one;
        if (!take_unit(&in, &one))
            return 0;
        if (!ARENA_PUSH(a, *u, *n, cap, one))
            return err_memory(e);
    }
    *whole = true;
    return 0;
}

bool state_changed(const struct state_note *n, const struct scan_stat *now)
{
    return n->st.size != now->size || n->st.ino != now->ino || n->st.mtime_ns != now->mtime_ns ||
           n->st.ctime_ns != now->ctime_ns || n->st.ctime_ns > n->run_ns - RACY_NS;
}
