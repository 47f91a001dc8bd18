// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/deflate.h"

#include <libdeflate.h>
#include <stdbool.h>
#include <string.h>
#include <zlib.h>

static struct libdeflate_compressor *compressor(z_streamp s)
{
    return (struct libdeflate_compressor *)(void *)s->state;
}

/* A frame of Zstandard (RFC 8878, 3.1.1). */
static bool is_packed(z_streamp s)
{
    return s->avail_in >= 4 && memcmp(s->next_in, "\x28\xb5\x2f\xfd", 4) == 0;
}

int deflateInit2_(z_streamp s, int level, int method, int window, int memory, int strategy,
    const char *version, int size)
{
    (void)level;
    (void)memory;
    (void)strategy;
    (void)version;
    if (method != Z_DEFLATED || window != -MAX_WBITS || size != (int)sizeof *s)
        return Z_STREAM_ERROR;
    s->state = (struct internal_state *)(void *)libdeflate_alloc_compressor(DEFLATE_LEVEL);
    return s->state ? Z_OK : Z_MEM_ERROR;
}

int deflateReset(z_streamp s)
{
    (void)s;
    return Z_OK;
}

int deflate(z_streamp s, int flush)
{
    if (flush != Z_FINISH)
        return Z_STREAM_ERROR;
    if (s->avail_in < DEFLATE_LEAST || is_packed(s))
        return Z_OK;
    s->total_out = libdeflate_deflate_compress(
        compressor(s), s->next_in, s->avail_in, s->next_out, s->avail_out);
    return s->total_out ? Z_STREAM_END : Z_OK;
}

int deflateEnd(z_streamp s)
{
    libdeflate_free_compressor(compressor(s));
    s->state = NULL;
    return Z_OK;
}
