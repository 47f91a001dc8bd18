// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * fts5: SQLite's full text over the same units, in process, with porter stems, prefix indexes and
 * snippets; ranked by its bm25.
 *
 *     fts5 build DB UNITS
 *     fts5 ask DB QUERIES ROUNDS
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench/sample.h"

static void check(sqlite3 *db, int rc)
{
    if (rc == SQLITE_OK || rc == SQLITE_DONE || rc == SQLITE_ROW)
        return;
    fprintf(stderr, "fts5: %s\n", sqlite3_errmsg(db));
    exit(1);
}

static void build(sqlite3 *db, const char *path)
{
    sqlite3_stmt *s;
    char *line = NULL;
    size_t room = 0;
    FILE *in = fopen(path, "r");
    if (!in) {
        perror(path);
        exit(1);
    }
    check(db, sqlite3_exec(db,
                  "pragma journal_mode=off; begin; create virtual table u using fts5(text, note "
                  "unindexed, line unindexed, day unindexed, tokenize='porter unicode61', "
                  "prefix='2 3 4')",
                  NULL, NULL, NULL));
    check(db, sqlite3_prepare_v2(
                  db, "insert into u(text, note, line, day) values(?,?,?,?)", -1, &s, NULL));
    for (ssize_t n; (n = getline(&line, &room, in)) > 0;) {
        char *column[6] = {line};
        line[n - (line[n - 1] == '\n')] = '\0';
        for (int i = 1; i < 6; i++) {
            column[i] = strchr(column[i - 1], '\t');
            if (!column[i])
                exit(1);
            *column[i]++ = '\0';
        }
        sqlite3_bind_text(s, 1, column[5], -1, SQLITE_TRANSIENT);
        for (int i = 1; i < 4; i++)
            sqlite3_bind_text(s, i + 1, column[i], -1, SQLITE_TRANSIENT);
        check(db, sqlite3_step(s));
        check(db, sqlite3_reset(s));
    }
    sqlite3_finalize(s);
    check(db, sqlite3_exec(db, "commit", NULL, NULL, NULL));
    free(line);
    fclose(in);
}

static void quoted(char *to, size_t room, const struct sample_query *q)
{
    const char *between = slice_starts(q->kind, SLICE_LIT("or")) ? " OR " : " ";
    bool phrase = slice_is(q->kind, "phrase"), prefix = slice_is(q->kind, "prefix");
    size_t n = (size_t)snprintf(to, room, "\"");
    for (size_t i = 0; i < q->words.n && n + 16 < room; i++)
        if (q->words.p[i] == ' ' && !phrase)
            n += (size_t)snprintf(to + n, room - n, "\"%s\"", between);
        else
            to[n++] = q->words.p[i];
    snprintf(to + n, room - n, "\"%s", prefix ? "*" : "");
}

static void ask(sqlite3 *db, const char *path, int rounds)
{
    static const char plain[] = "select snippet(u,0,'[',']','...',40), note, line, text from u "
                                "where u match ?1 order by rank limit 20",
                      dated[] = "select snippet(u,0,'[',']','...',40), note, line, text from u "
                                "where u match ?1 and day between ?2 and ?3 order by rank limit 20",
                      newest[] = "select snippet(u,0,'[',']','...',40), note, line, text from u "
                                 "where u match ?1 order by day desc limit 20";
    struct sample_queries q = {0};
    struct sample_times times = {0};
    sqlite3_stmt *s[3];
    char match[1024];
    check(db, sqlite3_prepare_v2(db, plain, -1, &s[0], NULL));
    check(db, sqlite3_prepare_v2(db, dated, -1, &s[1], NULL));
    check(db, sqlite3_prepare_v2(db, newest, -1, &s[2], NULL));
    sample_read(&q, path);
    for (int round = 0; round < rounds; round++)
        for (size_t i = 0; i < q.n; i++) {
            const struct sample_query *v = &q.v[i];
            bool date = slice_is(v->kind, "date");
            if (slice_is(v->kind, "typo"))
                continue;
            uint64_t begun = sample_now();
            sqlite3_stmt *of = s[date ? 1 : slice_is(v->kind, "newest") ? 2 : 0];
            quoted(match, sizeof match, v);
            sqlite3_bind_text(of, 1, match, -1, SQLITE_TRANSIENT);
            if (date) {
                sqlite3_bind_text(of, 2, v->extra.p, 10, SQLITE_TRANSIENT);
                sqlite3_bind_text(of, 3, v->extra.p + 12, 10, SQLITE_TRANSIENT);
            }
            int rc;
            while ((rc = sqlite3_step(of)) == SQLITE_ROW)
                for (int k = 0; k < 4; k++)
                    sqlite3_column_text(of, k);
            check(db, rc);
            sqlite3_reset(of);
            sample_add(&times, v->kind, sample_now() - begun);
        }
    for (int i = 0; i < 3; i++)
        sqlite3_finalize(s[i]);
    sample_print(&times);
}

int main(int argc, char **argv)
{
    sqlite3 *db;
    if (argc < 4 || sqlite3_open(argv[2], &db)) {
        fputs("usage: fts5 build DB UNITS | fts5 ask DB QUERIES ROUNDS\n", stderr);
        return 2;
    }
    if (strcmp(argv[1], "build") == 0)
        build(db, argv[3]);
    else
        ask(db, argv[3], argc > 4 ? atoi(argv[4]) : 1);
    sqlite3_close(db);
    return 0;
}
