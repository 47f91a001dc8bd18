// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * units: what the peers index: the units of notes as the project reads them.
 *
 *     find VAULT -name '*.md' -printf '%P\n' | units VAULT >units.tsv
 *
 * A line each: number from 1, note, line, day, kind, rendered text; TABs between, blanks for
 * breaks.
 */
#include <stdio.h>
#include <stdlib.h>

#include "lib/note.h"

static int read_file(struct buf *b, const char *path)
{
    char chunk[65536];
    size_t n;
    FILE *in = fopen(path, "r");
    if (!in)
        return -1;
    while ((n = fread(chunk, 1, sizeof chunk, in)) > 0)
        buf_add(b, chunk, n);
    fclose(in);
    return b->failed ? -1 : 0;
}

static void print_unit(size_t number, const char *rel, const struct unit *u)
{
    struct buf text = {0};
    char day[11] = "";
    if (u->day != DAY_NONE)
        day_format(u->day, day);
    note_render(&text, u->text, u->runs, u->n_runs);
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] < ' ')
            text.p[i] = ' ';
    printf("%zu\t%s\t%u\t%s\t%s\t%.*s\n", number, rel, u->line, day, unit_kind_name(u->kind),
        (int)text.n, text.p ? text.p : "");
    buf_free(&text);
}

int main(int argc, char **argv)
{
    char rel[4096], path[8192];
    size_t number = 0;
    if (argc != 2) {
        fputs("usage: units VAULT <NAMES\n", stderr);
        return 2;
    }
    while (fgets(rel, sizeof rel, stdin)) {
        struct arena a = {0};
        struct buf bytes = {0};
        struct note n;
        struct err e = {0};
        rel[strcspn(rel, "\n")] = '\0';
        snprintf(path, sizeof path, "%s/%s", argv[1], rel);
        if (read_file(&bytes, path) || note_parse(&a, slice_str(rel), buf_view(&bytes), &n, &e)) {
            fprintf(stderr, "units: %s: cannot be read\n", path);
            return 1;
        }
        for (size_t i = 0; i < n.n_units; i++)
            print_unit(++number, rel, &n.units[i]);
        buf_free(&bytes);
        arena_free(&a);
    }
    return 0;
}
