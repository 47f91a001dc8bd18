// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tamper DATABASE set KEY VALUE    metadata
 *                 delete TERM      the first document with the term
 *                 data TERM OTHER  gives that document the data of the first with the other term
 * Makes an index one that no kbindex would make, for tests.
 */
#include <stdio.h>
#include <string.h>

#include "lib/xapian-c.h"

static int first_with(
    struct xwriter *w, struct arena *a, const char *term, docid_t *id, struct err *e)
{
    docid_t *ids;
    size_t n;
    if (xdb_postings(xwriter_db(w), a, slice_str(term), 1, 1, &ids, &n, e) < 0)
        return -1;
    *id = n ? ids[0] : 0;
    return n ? 0 : err_set(e, ERR_NOT_FOUND, "no document has %s", term);
}

static int tamper(struct xwriter *w, struct arena *a, int argc, char **argv, struct err *e)
{
    docid_t id, other;
    struct slice data;
    if (argc == 5 && strcmp(argv[2], "set") == 0)
        return xwriter_set_metadata(w, slice_str(argv[3]), slice_str(argv[4]), e);
    if (argc == 4 && strcmp(argv[2], "delete") == 0)
        return first_with(w, a, argv[3], &id, e) || xwriter_delete(w, id, e) ? -1 : 0;
    if (argc == 5 && strcmp(argv[2], "data") == 0)
        return first_with(w, a, argv[3], &id, e) || first_with(w, a, argv[4], &other, e) ||
                       xdb_data(xwriter_db(w), a, other, &data, e) ||
                       xwriter_put_data(w, id, data, e)
                   ? -1
                   : 0;
    return err_set(e, ERR_USAGE, "what is to be done?");
}

int main(int argc, char **argv)
{
    struct err e = {0};
    struct arena a = {0};
    struct xwriter *w = NULL;
    if (argc < 4 || xwriter_open(&w, argv[1], XWRITER_EXISTING, &e) < 0 ||
        xwriter_begin(w, &e) < 0 || tamper(w, &a, argc, argv, &e) < 0 ||
        xwriter_commit(w, &e) < 0) {
        fprintf(stderr, "tamper: %s\n", e.text);
        return 1;
    }
    xwriter_close(w);
    arena_free(&a);
    return 0;
}
