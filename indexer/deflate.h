// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * deflate: how Xapian's tables are compressed. Xapian gives each term list and each document's data
 * to zlib at its own level, which no option changes, and zlib takes a third of a build for it: for
 * every few hundred bytes it clears 128 KiB of tables. Linked into a program, this takes the place
 * of the four calls of zlib that Xapian writes with, and lets libdeflate do it; the stream is the
 * same format (RFC 1951), read by zlib as before. Nothing of it is called by our own code.
 *
 * What is not worth it is left as it is, by the answer that zlib gives when it does not fit: Xapian
 * stores it uncompressed then. That is whatever is short, and what lib/pack.h made small already.
 *
 * Xapian asks for whole tags in one call (1.4.22, backends/glass: compression_stream.cc); other
 * uses of zlib in the program are not served.
 */
#ifndef KB_DEFLATE_H
#define KB_DEFLATE_H

enum {
    /* zlib's levels 1 to 9 differ by less than 2 % in the size of an index, and so do these. */
    DEFLATE_LEVEL = 1,
    /* Shorter ones are left: a tenth of them gets smaller, and all of an index by 0.2 %. */
    DEFLATE_LEAST = 200
};

#endif
