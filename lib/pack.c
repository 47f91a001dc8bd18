// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/pack.h"

#include <stdlib.h>

#include <zdict.h>
#include <zstd.h>

enum { LEVEL = 3, SAMPLES_LEAST = 64 };

struct pack {
    ZSTD_CDict *to; /* made when something is written */
    ZSTD_CCtx *writes;
    ZSTD_DDict *from;
    ZSTD_DCtx *reads;
    size_t n;
    char dictionary[];
};

int pack_train(struct arena *a, struct slice samples, const size_t *sizes, size_t n, size_t bytes,
    struct slice *dictionary, struct err *e)
{
    *dictionary = slice_of(NULL, 0);
    if (bytes > PACK_DICTIONARY)
        bytes = PACK_DICTIONARY;
    if (bytes < PACK_DICTIONARY_LEAST || n < SAMPLES_LEAST)
        return 0;
    char *p = arena_alloc(a, bytes);
    if (!p)
        return err_memory(e);
    size_t got = ZDICT_trainFromBuffer(p, bytes, samples.p, sizes, (unsigned)n);
    if (!ZDICT_isError(got)) /* else they have too little in common */
        *dictionary = slice_of(p, got);
    return 0;
}

int pack_new(struct pack **out, struct slice dictionary, struct err *e)
{
    struct pack *p = calloc(1, sizeof *p + dictionary.n);
    *out = NULL;
    if (!p)
        return err_memory(e);
    p->n = dictionary.n;
    if (p->n)
        memcpy(p->dictionary, dictionary.p, dictionary.n);
    p->from = ZSTD_createDDict(p->dictionary, p->n);
    p->reads = ZSTD_createDCtx();
    if (!p->from || !p->reads) {
        pack_free(p);
        return err_memory(e);
    }
    *out = p;
    return 0;
}

void pack_free(struct pack *p)
{
    if (!p)
        return;
    ZSTD_freeCDict(p->to);
    ZSTD_freeCCtx(p->writes);
    ZSTD_freeDDict(p->from);
    ZSTD_freeDCtx(p->reads);
    free(p);
}

static int want_writer(struct pack *p, struct err *e)
{
    if (p->writes)
        return 0;
    p->to = p->to ? p->to : ZSTD_createCDict(p->dictionary, p->n, LEVEL);
    ZSTD_CCtx *c = ZSTD_createCCtx();
    if (!p->to || !c || ZSTD_isError(ZSTD_CCtx_refCDict(c, p->to)) ||
        ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_dictIDFlag, 0))) {
        ZSTD_freeCCtx(c);
        return err_memory(e);
    }
    p->writes = c;
    return 0;
}

int pack_write(struct pack *p, struct slice text, struct buf *out, struct err *e)
{
    if (text.n > PACK_TEXT)
        return err_set(e, ERR_INTERNAL, "a text of %zu bytes is too long to be packed", text.n);
    size_t room = ZSTD_compressBound(text.n);
    char *to = buf_room(out, room);
    if (!to || want_writer(p, e))
        return to ? -1 : err_memory(e);
    size_t n = ZSTD_compress2(p->writes, to, room, text.p, text.n);
    if (ZSTD_isError(n))
        return err_memory(e);
    out->n += n;
    return 0;
}

int pack_read(
    struct pack *p, struct arena *a, struct slice packed, struct slice *text, struct err *e)
{
    unsigned long long n = ZSTD_getFrameContentSize(packed.p, packed.n);
    if (n > PACK_TEXT)
        return err_set(e, ERR_DAMAGED, "a unit's text is damaged");
    char *to = arena_raw(a, (size_t)n + 1);
    if (!to)
        return err_memory(e);
    size_t got = ZSTD_decompress_usingDDict(p->reads, to, (size_t)n, packed.p, packed.n, p->from);
    if (ZSTD_isError(got) || got != n)
        return err_set(e, ERR_DAMAGED, "a unit's text is damaged");
    to[n] = '\0';
    *text = slice_of(to, (size_t)n);
    return 0;
}
