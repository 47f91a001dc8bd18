// SPDX-License-Identifier: GPL-2.0-or-later
/* As Xapian calls it; what comes out is read by zlib itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

#include "indexer/deflate.h"

enum { ROOM = 20000 };

static unsigned char text[ROOM], packed[ROOM], back[ROOM];

/* Whether the first `n` bytes of `text` fitted into one byte less; if so, they have to come back.
 */
static bool fits(z_stream *s, unsigned n)
{
    assert_int_equal(deflateReset(s), Z_OK);
    s->next_in = text;
    s->avail_in = n;
    s->next_out = packed;
    s->avail_out = n - 1;
    int rc = deflate(s, Z_FINISH);
    if (rc != Z_STREAM_END) {
        assert_int_equal(rc, Z_OK);
        return false;
    }
    z_stream in = {
        .next_in = packed, .avail_in = (unsigned)s->total_out, .next_out = back, .avail_out = ROOM};
    assert_true(s->total_out < n);
    assert_int_equal(inflateInit2(&in, -MAX_WBITS), Z_OK);
    assert_int_equal(inflate(&in, Z_FINISH), Z_STREAM_END);
    assert_int_equal(in.total_out, n);
    assert_memory_equal(back, text, n);
    inflateEnd(&in);
    return true;
}

static z_stream begun(void)
{
    z_stream s = {0};
    assert_int_equal(
        deflateInit2(&s, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
    return s;
}

static void zlib_reads_it(void **state)
{
    z_stream s = begun();
    for (unsigned i = 0; i < ROOM; i++)
        text[i] = (unsigned char)("closed source "[i % 14] + (int)(i / 14 % 3));
    for (unsigned n = 2; n <= ROOM; n += n / 9 + 1)
        assert_int_equal(fits(&s, n), n >= DEFLATE_LEAST);
    assert_int_equal(deflateEnd(&s), Z_OK);
    (void)state;
}

static void what_does_not_shrink_is_left(void **state)
{
    z_stream s = begun();
    uint64_t x = 7;
    for (unsigned i = 0; i < ROOM; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        text[i] = (unsigned char)(x >> 56);
    }
    assert_false(fits(&s, 1000));
    assert_false(fits(&s, ROOM));
    memset(text, 'a', ROOM);
    assert_true(fits(&s, 1000));
    memcpy(text, "\x28\xb5\x2f\xfd", 4);
    assert_false(fits(&s, 1000));
    deflateEnd(&s);
    (void)state;
}

static void other_uses_are_refused(void **state)
{
    z_stream s = {0};
    assert_int_equal(deflateInit(&s, 6), Z_STREAM_ERROR);
    s = begun();
    s.next_in = text;
    s.avail_in = ROOM;
    s.next_out = packed;
    s.avail_out = ROOM;
    assert_int_equal(deflate(&s, Z_NO_FLUSH), Z_STREAM_ERROR);
    deflateEnd(&s);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zlib_reads_it),
        cmocka_unit_test(what_does_not_shrink_is_left),
        cmocka_unit_test(other_uses_are_refused),
    };
    return cmocka_run_group_tests_name("deflate", tests, NULL, NULL);
}
