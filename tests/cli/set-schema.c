// SPDX-License-Identifier: GPL-2.0-or-later
/* set-schema DATABASE NUMBER: makes an index one of another version, for tests. */
#include <stdio.h>

#include "lib/xapian-c.h"

int main(int argc, char **argv)
{
    struct err e = {0};
    struct xwriter *w = NULL;
    if (argc != 3 || xwriter_open(&w, argv[1], XWRITER_EXISTING, &e) < 0 ||
        xwriter_begin(w, &e) < 0 ||
        xwriter_set_metadata(w, SLICE_LIT("schema"), slice_str(argv[2]), &e) < 0 ||
        xwriter_commit(w, &e) < 0) {
        fprintf(stderr, "set-schema: %s\n", e.text);
        return 1;
    }
    xwriter_close(w);
    return 0;
}
