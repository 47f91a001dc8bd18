// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/answer/answer.h"
#include "daemon/answer/lexicon.h"
#include "lib/beneath.h"
#include "lib/note.h"
#include "lib/schema.h"
#include "lib/sequence.h"
#include "lib/token.h"

/* Two vaults, one inside the other's folder, notes that have the same path in both. */
static const char daily[] = "---\ntitle: Daily Digest\n---\n# Models\n\n- Meta debuts **Muse "
                            "Spark**.\n  - Closed source.\n- Gemini is\n  out.\n\nThe end.\n";
static const char topic[] = "# Muse Spark\n\nA model by Meta.\n";
static const struct {
    const char *vault, *rel, *text;
} notes[] = {
    {"kb", "daily/2026-04-09.md", daily},
    {"kb", "Muse Spark.md", topic},
    {"kb", "both.md", "In kb.\n"},
    {"kb", "crlf.md", "One.\r\n\r\nTwo.\r\n"},
    {"work", "both.md", "In work.\n"},
};

struct fixture {
    char root[64];
    struct arena arena; /* of the request in hand */
    struct reader reader;
    struct answer w;
    struct err e;
};

static void path_in(const struct fixture *f, char path[512], const char *rest)
{
    snprintf(path, 512, "%s/%s", f->root, rest);
}

static void write_file(const struct fixture *f, const char *rest, const char *text)
{
    char path[512];
    path_in(f, path, rest);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    fputs(text, out);
    fclose(out);
}

static const char *folder_of(const char *vault)
{
    return strcmp(vault, "kb") == 0 ? "kb" : "kb/work";
}

/* --- an index as schema.h tells it, without kbindex ------------------------------------------- */

static void term(struct xdoc *d, const char *prefix, struct slice text)
{
    struct err e = {0};
    char bytes[300];
    int n = snprintf(bytes, sizeof bytes, "%s%.*s", prefix, (int)text.n, text.p);
    assert_int_equal(xdoc_term(d, slice_of(bytes, (size_t)n), 0, &e), 0);
}

static void index_unit(struct xwriter *w, size_t number, size_t i, const struct note *n)
{
    struct arena a = {0};
    struct err e = {0};
    const struct unit *u = &n->units[i];
    struct record rec = {.id = {0xa0, 0, 0, 0, 0, 0, (uint8_t)number, (uint8_t)i},
        .note = (uint32_t)number,
        .ordinal = (uint32_t)i,
        .kind = u->kind,
        .day = u->day,
        .day_source = u->day_source,
        .line = u->line,
        .end_line = u->end_line,
        .vault = slice_str(notes[number].vault),
        .rel = slice_str(notes[number].rel),
        .title = n->title,
        .text = u->text,
        .lines = u->lines,
        .n_lines = u->n_lines,
        .runs = u->runs,
        .n_runs = u->n_runs};
    struct buf data = {0};
    struct tokens tokens = {0};
    struct xdoc *d;
    char text[400];
    record_write(&data, &rec);
    assert_int_equal(xdoc_new(&d, &e), 0);
    assert_int_equal(xdoc_data(d, buf_view(&data), &e), 0);
    assert_int_equal(tokenize(&a, u->text, &tokens, &e), 0);
    struct sequence_place *places = arena_array(&a, tokens.n, sizeof *places);
    struct buf sequence = {0};
    size_t n_places = 0;
    for (size_t k = 0; k < tokens.n; k++) {
        xdoc_term(d, tokens.v[k].term, 1, &e);
        if (token_is_base(tokens.v[k].kind))
            places[n_places++] =
                (struct sequence_place){tokens.v[k].pos, sequence_word(tokens.v[k].term)};
    }
    assert_int_equal(sequence_write(&sequence, &a, places, n_places, &e), 0);
    assert_int_equal(xdoc_value(d, SLOT_SEQUENCE, buf_view(&sequence), &e), 0);
    buf_free(&sequence);
    term(d, "K", slice_str(unit_kind_name(u->kind)));
    term(d, "V", rec.vault);
    snprintf(text, sizeof text, "%zu", number);
    term(d, "Q", slice_str(text));
    struct slice id = schema_term(&a, 'I', slice_of((const char *)rec.id, UNIT_ID_BYTES));
    assert_int_equal(xdoc_term(d, id, 0, &e), 0);
    if (i == 0) {
        snprintf(text, sizeof text, "%s\t%zu", notes[number].rel, number);
        term(d, "F", slice_str(text));
        term(d, "T", token_key(&a, n->title));
        term(d, "G", SLICE_LIT("models/meta"));
        term(d, "E", SLICE_LIT("mutual labs"));
    }
    if (i == 1)
        term(d, "L", SLICE_LIT("muse spark"));
    assert_int_equal(xwriter_put(w, (docid_t)(number * 1000 + i + 1), d, &e), 0);
    xdoc_free(d);
    buf_free(&data);
    arena_free(&a);
}

static void index_all(const struct fixture *f)
{
    struct err e = {0};
    struct xwriter *w;
    char path[512], vaults[512], schema[12];
    path_in(f, path, "db/gen-1");
    if (xwriter_open(&w, path, XWRITER_CREATE, &e) || xwriter_begin(w, &e))
        fail_msg("%s", e.text);
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        struct arena a = {0};
        struct note n;
        assert_int_equal(
            note_parse(&a, slice_str(notes[i].rel), slice_str(notes[i].text), &n, &e), 0);
        for (size_t k = 0; k < n.n_units; k++)
            index_unit(w, i, k, &n);
        arena_free(&a);
    }
    snprintf(vaults, sizeof vaults,
        "[{\"name\":\"kb\",\"path\":\"%s/kb\"},{\"name\":\"work\",\"path\":\"%s/kb/work\"}]",
        f->root, f->root);
    snprintf(schema, sizeof schema, "%d", SCHEMA_VERSION);
    const char *const meta[][2] = {{"schema", schema}, {"uuid", "0123456789abcdef0123456789abcdef"},
        {"revision", "7"}, {"vaults", vaults}, {"counts", "{\"units\":20,\"notes\":5}"}};
    for (size_t i = 0; i < sizeof meta / sizeof *meta; i++)
        xwriter_set_metadata(w, slice_str(meta[i][0]), slice_str(meta[i][1]), &e);
    if (xwriter_commit(w, &e))
        fail_msg("%s", e.text);
    xwriter_close(w);
    path_in(f, path, "db/current");
    assert_int_equal(symlink("gen-1", path), 0);
}

static int setup(void **state)
{
    static const char *const folders[] = {"kb", "kb/daily", "kb/work", "db", "outside"};
    struct fixture *f = calloc(1, sizeof *f);
    char path[512];
    *state = f;
    strcpy(f->root, "/tmp/kb-test-get-XXXXXX");
    if (!mkdtemp(f->root))
        return -1;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        path_in(f, path, folders[i]);
        mkdir(path, 0700);
    }
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        snprintf(path, sizeof path, "%s/%s", folder_of(notes[i].vault), notes[i].rel);
        write_file(f, path, notes[i].text);
    }
    write_file(f, "outside/secret.md", "secret\n");
    write_file(f, "kb/unknown.md", "never indexed\n");
    index_all(f);
    path_in(f, path, "db");
    if (reader_init(&f->reader, path, &f->e))
        fail_msg("%s", f->e.text);
    f->w = (struct answer){.reader = &f->reader, .arena = &f->arena};
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)ftw;
    return type == FTW_DP ? rmdir(path) : unlink(path);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    reader_free(&f->reader);
    arena_free(&f->arena);
    nftw(f->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

/* --- asking ----------------------------------------------------------------------------------- */

static int ask(struct fixture *f, const char *path, const char *vault, int64_t line, int64_t count,
    struct get_result *r)
{
    struct get_params p = {
        .path = slice_str(path), .vault = slice_str(vault), .line = line, .count = count};
    arena_reset(&f->arena);
    err_clear(&f->e);
    return answer_get(&f->w, &p, r, &f->e);
}

static int ask_id(struct fixture *f, const char *id, struct get_result *r)
{
    struct get_params p = {.id = slice_str(id)};
    arena_reset(&f->arena);
    err_clear(&f->e);
    return answer_get(&f->w, &p, r, &f->e);
}

static void check_text(struct slice got, const char *want)
{
    if (!slice_is(got, want))
        fail_msg("\"%.*s\", not \"%s\"", (int)got.n, got.p, want);
}

static void test_path(void **state)
{
    struct fixture *f = *state;
    struct get_result r;
    static const struct {
        const char *path, *vault;
        int64_t line, count;
        uint32_t first, last;
        const char *text;
    } rows[] = {
        {"daily/2026-04-09.md", NULL, 0, 0, 1, 11, daily},
        {"./daily/2026-04-09.md", NULL, 0, 0, 1, 11, daily},
        {"daily/2026-04-09.md", "kb", 0, 0, 1, 11, daily},
        {"daily/2026-04-09.md", NULL, 6, 0, 6, 6, "Meta debuts **Muse Spark**."},
        {"daily/2026-04-09.md", NULL, 7, 0, 7, 7, "Closed source."},
        {"daily/2026-04-09.md", NULL, 9, 0, 8, 9, "Gemini is\nout."},
        {"daily/2026-04-09.md", NULL, 11, 0, 11, 11, "The end."},
        {"daily/2026-04-09.md", NULL, 10, 0, 8, 9, "Gemini is\nout."},
        {"daily/2026-04-09.md", NULL, 6, 2, 6, 7,
            "- Meta debuts **Muse Spark**.\n  - Closed source."},
        {"daily/2026-04-09.md", NULL, 11, 50, 11, 11, "The end."},
        {"both.md", "work", 0, 0, 1, 1, "In work.\n"},
        {"both.md", "kb", 1, 1, 1, 1, "In kb."},
        {"crlf.md", NULL, 1, 1, 1, 1, "One."},
        {"crlf.md", NULL, 1, 3, 1, 3, "One.\r\n\r\nTwo."},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (ask(f, rows[i].path, rows[i].vault, rows[i].line, rows[i].count, &r))
            fail_msg("%s:%d: %s", rows[i].path, (int)rows[i].line, f->e.text);
        assert_int_equal(r.n_hits, 1);
        check_text(r.hits->text, rows[i].text);
        assert_int_equal(r.hits->rec.line, rows[i].first);
        assert_int_equal(r.hits->rec.end_line, rows[i].last);
        assert_false(r.stale);
        assert_int_equal(r.revision, 7);
    }
}

static void test_absolute(void **state)
{
    struct fixture *f = *state;
    struct get_result r;
    char path[512];
    path_in(f, path, "kb/daily/2026-04-09.md");
    assert_int_equal(ask(f, path, NULL, 0, 0, &r), 0);
    assert_true(slice_is(r.hits->path, path));
    path_in(f, path, "kb/work/both.md");
    assert_int_equal(ask(f, path, NULL, 0, 0, &r), 0);
    check_text(r.hits->text, "In work.\n");
    assert_int_equal(ask(f, "both.md", NULL, 0, 0, &r), -1);
    assert_int_equal(f->e.code, ERR_PARAMS);
    assert_non_null(strstr(f->e.text, "kb and work"));
    assert_int_equal(ask(f, "both.md", "nowhere", 0, 0, &r), -1);
    assert_int_equal(f->e.code, ERR_NOT_FOUND);
    assert_int_equal(ask(f, "crlf.md", NULL, 4, 0, &r), -1);
    assert_int_equal(f->e.code, ERR_NOT_FOUND);
    assert_non_null(strstr(f->e.text, "3 lines"));
}

static void test_id(void **state)
{
    struct fixture *f = *state;
    struct get_result r;
    static const char *const wrong[] = {
        "a", "a00000000000000", "A000000000000002", "a0000000000000g2", "a000000000000002\n"};
    assert_int_equal(ask_id(f, "a000000000000002", &r), 0);
    check_text(r.hits->text, "Meta debuts **Muse Spark**.");
    assert_int_equal(r.hits->rec.kind, UNIT_ENTRY);
    assert_int_equal(r.hits->match_line, 6);
    assert_int_equal(r.hits->col, 3);
    assert_false(r.stale);
    assert_int_equal(ask_id(f, "ffffffffffffffff", &r), -1);
    assert_int_equal(f->e.code, ERR_NOT_FOUND);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(ask_id(f, wrong[i], &r), -1);
        assert_int_equal(f->e.code, ERR_PARAMS);
    }
    struct get_params none = {0};
    err_clear(&f->e);
    assert_int_equal(answer_get(&f->w, &none, &r, &f->e), -1);
    assert_int_equal(f->e.code, ERR_PARAMS);
}

static void test_stale(void **state)
{
    struct fixture *f = *state;
    struct get_result r;
    char path[512];
    write_file(f, "kb/Muse Spark.md", topic); /* touched, the same */
    assert_int_equal(ask(f, "Muse Spark.md", NULL, 0, 0, &r), 0);
    assert_false(r.stale);
    write_file(f, "kb/Muse Spark.md", "# Muse Spark\n\nNew.\n\nA model by Meta.\n");
    assert_int_equal(ask(f, "Muse Spark.md", NULL, 5, 0, &r), 0);
    assert_true(r.stale);
    check_text(r.hits->text, "A model by Meta.");
    assert_int_equal(r.hits->rec.id[0], 0xa0); /* the unit that it was, moved */
    assert_int_equal(ask(f, "Muse Spark.md", NULL, 3, 0, &r), 0);
    check_text(r.hits->text, "New.");
    assert_int_equal(r.hits->rec.id[0], 0);
    assert_int_equal(ask_id(f, "a000000000000102", &r), 0);
    assert_true(r.stale);
    check_text(r.hits->text, "A model by Meta.");
    path_in(f, path, "kb/Muse Spark.md");
    unlink(path);
    assert_int_equal(ask(f, "Muse Spark.md", NULL, 0, 0, &r), -1);
    assert_int_equal(f->e.code, ERR_NOT_FOUND);
    assert_int_equal(ask_id(f, "a000000000000102", &r), 0);
    assert_true(r.stale);
}

static const char *const hostile[] = {"../outside/secret.md", "../../etc/passwd", "/etc/passwd",
    "/etc/shadow", "//etc/passwd", "/proc/self/environ", "/proc/self/root/etc/passwd", "/dev/stdin",
    "/dev/zero", "daily/../../outside/secret.md", "daily/../Muse Spark.md",
    "./../outside/secret.md", "daily//2026-04-09.md", "daily/./2026-04-09.md", "daily", "daily/",
    ".", "..", "./", "/", "//", "~/.ssh/id_rsa", "$HOME/x", "unknown.md", "outside/secret.md",
    "Muse Spark.md/", "Muse Spark.md/..", "Muse Spark.md\t1", "Muse Spark.md\n", "muse spark.md",
    "*", "%2e%2e/outside/secret.md", "..\\outside\\secret.md", "\xff\xfe", "\xc0\xae\xc0\xae/x",
    "file:///etc/passwd", "kb/Muse Spark.md", "leak.md", "-", "a\x1b[2Jb", "'; cat /etc/passwd"};

static void test_hostile(void **state)
{
    struct fixture *f = *state;
    struct get_result r;
    char path[512], long_path[4096];
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        for (int line = 0; line < 2; line++) {
            if (ask(f, hostile[i], NULL, line, line, &r) == 0)
                fail_msg("%s was given", hostile[i]);
            assert_int_equal(f->e.code, ERR_NOT_FOUND);
            for (const char *c = f->e.text; *c; c++)
                assert_true((unsigned char)*c >= 0x20 && *c != 0x7f);
        }
    path_in(f, path, "kb/../outside/secret.md");
    assert_int_equal(ask(f, path, NULL, 0, 0, &r), -1);
    path_in(f, path, "kb/unknown.md");
    assert_int_equal(ask(f, path, NULL, 0, 0, &r), -1);
    path_in(f, path, "kbx/Muse Spark.md");
    assert_int_equal(ask(f, path, NULL, 0, 0, &r), -1);
    memset(long_path, 'a', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    assert_int_equal(ask(f, long_path, NULL, 0, 0, &r), -1);
    assert_int_equal(f->e.code, ERR_NOT_FOUND);
}

/* A note that the index knows has become something else. */
static void test_replaced(void **state)
{
    struct fixture *f = *state;
    struct get_result r;
    char path[512], target[512];
    path_in(f, path, "kb/Muse Spark.md");
    path_in(f, target, "outside/secret.md");
    for (int what = 0; what < 6; what++) {
        unlink(path);
        if (what == 0)
            assert_int_equal(symlink(target, path), 0);
        if (what == 1)
            assert_int_equal(symlink("../outside/secret.md", path), 0);
        if (what == 2)
            assert_int_equal(symlink("/proc/self/environ", path), 0);
        if (what == 3)
            assert_int_equal(mkfifo(path, 0600), 0);
        if (what == 4)
            assert_int_equal(symlink("Muse Spark.md", path), 0);
        if (what == 5)
            assert_int_equal(mkdir(path, 0700), 0);
        assert_int_equal(ask(f, "Muse Spark.md", NULL, 0, 0, &r), -1);
        assert_int_equal(f->e.code, ERR_NOT_FOUND);
        assert_int_equal(ask_id(f, "a000000000000102", &r), 0);
        assert_true(r.stale);
    }
    rmdir(path);
    assert_int_equal(symlink("daily/2026-04-09.md", path), 0);
    assert_int_equal(ask(f, "Muse Spark.md", NULL, 0, 0, &r), 0);
    assert_true(r.stale);
}

/* The names of hostile[] that lie in the vault all the same. */
static bool is_inside(const char *path)
{
    static const char *const inside[] = {
        "daily//2026-04-09.md", "daily/./2026-04-09.md", "daily/../Muse Spark.md", "unknown.md"};
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++)
        if (strcmp(path, inside[i]) == 0)
            return true;
    return false;
}

static bool opens(int vault, const char *path)
{
    struct err e = {0};
    int fd = beneath_open(vault, path, &e);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool holds_beneath(int vault)
{
    bool ok = opens(vault, "daily/2026-04-09.md") && opens(vault, "daily//2026-04-09.md") &&
              !opens(vault, "");
    for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
        ok = ok && (is_inside(hostile[i]) || !opens(vault, hostile[i]));
    static const char *const links[] = {"out.md", "up.md", "out/secret.md", "magic", "pipe.md"};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        ok = ok && !opens(vault, links[i]);
    return ok;
}

/* As on a kernel that has no openat2. */
static bool forget_openat2(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static void test_beneath(void **state)
{
    struct fixture *f = *state;
    char path[512], target[512];
    path_in(f, target, "outside/secret.md");
    path_in(f, path, "kb/out.md");
    assert_int_equal(symlink(target, path), 0);
    path_in(f, path, "kb/up.md");
    assert_int_equal(symlink("../outside/secret.md", path), 0);
    path_in(f, path, "kb/out");
    assert_int_equal(symlink("../outside", path), 0);
    path_in(f, path, "kb/magic");
    assert_int_equal(symlink("/proc/self/exe", path), 0);
    path_in(f, path, "kb/pipe.md");
    assert_int_equal(mkfifo(path, 0600), 0);
    path_in(f, path, "kb");
    int vault = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(holds_beneath(vault));
    pid_t child = fork();
    if (child == 0)
        _exit(!forget_openat2() ? 2 : !holds_beneath(vault));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 2)
        print_message("no seccomp here: opening without openat2 was not tried\n");
    else
        assert_int_equal(WEXITSTATUS(status), 0);
    close(vault);
}

/* --- suggest, status, lexicon ------------------------------------------------------------------
 */

static void check_suggest(struct fixture *f, int kind, const char *prefix, const char *want)
{
    struct suggest_params p = {.prefix = slice_str(prefix), .kind = kind, .limit = 5};
    struct suggest_result r;
    char got[1000] = "";
    arena_reset(&f->arena);
    err_clear(&f->e);
    if (answer_suggest(&f->w, &p, &r, &f->e))
        fail_msg("%s: %s", prefix, f->e.text);
    for (size_t i = 0; i < r.n; i++) {
        size_t n = strlen(got);
        snprintf(got + n, sizeof got - n, "%s%s %.*s", i ? "|" : "", r.v[i].kind,
            (int)r.v[i].text.n, r.v[i].text.p);
    }
    assert_string_equal(got, want);
}

static void test_suggest(void **state)
{
    struct fixture *f = *state;
    check_suggest(f, SUGGEST_WORD, "spar", "word spark");
    check_suggest(f, SUGGEST_WORD, "Muse SPAR", "word spark");
    check_suggest(f, SUGGEST_WORD, "m", "word meta|word muse|word model|word models");
    check_suggest(f, SUGGEST_WORD, "closed-so", "word source");
    check_suggest(f, SUGGEST_WORD, "zzz", "");
    check_suggest(f, SUGGEST_WORD, "muse ", "");
    check_suggest(f, SUGGEST_TITLE, "mus", "title Muse Spark");
    check_suggest(f, SUGGEST_TITLE, "muse sp", "title Muse Spark");
    check_suggest(f, SUGGEST_TAG, "models/me", "tag models/meta");
    check_suggest(f, SUGGEST_TAG, "#mod", "tag models/meta");
    check_suggest(f, SUGGEST_ENTITY, "mutual l", "entity mutual labs");
    check_suggest(f, SUGGEST_FIELD, "ti", "field title:");
    check_suggest(f, SUGGEST_FIELD, "muse VAU", "field vault:");
    check_suggest(f, SUGGEST_ANY, "mu", "title Muse Spark|entity mutual labs|word muse");
    check_suggest(f, SUGGEST_ANY, "",
        "field title:|field heading:|field tag:|field path:|field "
        "file:");
    check_suggest(f, SUGGEST_ANY, "\xff\x01\"", "");
    check_suggest(f, SUGGEST_ANY, "spark -tag:mod", "tag models/meta");
    check_suggest(f, SUGGEST_ANY, "(#mod", "tag models/meta");
    check_suggest(f, SUGGEST_ANY, "spark entity:\"mutual l", "entity mutual labs");
    check_suggest(f, SUGGEST_ANY, "x [[muse sp", "title Muse Spark");
    check_suggest(f, SUGGEST_ANY, "[[x]] link:mus", "title Muse Spark");
    check_suggest(f, SUGGEST_ANY, "[[x]] mu", "word muse");
    check_suggest(f, SUGGEST_ENTITY, "mutual", "entity mutual labs");
}

static void test_status(void **state)
{
    struct fixture *f = *state;
    struct status_params p = {0};
    struct status_result r;
    char path[512];
    assert_int_equal(answer_status(&f->w, &p, &r, &f->e), 0);
    assert_string_equal(r.uuid, "0123456789abcdef0123456789abcdef");
    assert_int_equal(r.revision, 7);
    assert_int_equal(r.units, 20);
    assert_int_equal(r.notes, 5);
    assert_true(r.bytes > 1000);
    assert_int_equal(r.n_vaults, 2);
    assert_int_equal(r.vaults[0].notes, 4);
    assert_int_equal(r.vaults[1].notes, 1);
    assert_int_equal(r.error.n, 0);
    path_in(f, path, "db/current");
    unlink(path);
    assert_int_equal(answer_status(&f->w, &p, &r, &f->e), 0);
    assert_string_equal(r.uuid, "");
    assert_true(r.error.n > 0);
}

static void test_lexicon(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(reader_refresh(&f->reader, &f->e), 0);
    check_text(lexicon_nearest(&f->reader, &f->arena, SLICE_LIT("geminu")), "gemini");
    check_text(lexicon_nearest(&f->reader, &f->arena, SLICE_LIT("sprak")), "spark");
    check_text(lexicon_nearest(&f->reader, &f->arena, SLICE_LIT("zzzzzz")), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_path, setup, teardown),
        cmocka_unit_test_setup_teardown(test_absolute, setup, teardown),
        cmocka_unit_test_setup_teardown(test_id, setup, teardown),
        cmocka_unit_test_setup_teardown(test_stale, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hostile, setup, teardown),
        cmocka_unit_test_setup_teardown(test_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(test_beneath, setup, teardown),
        cmocka_unit_test_setup_teardown(test_suggest, setup, teardown),
        cmocka_unit_test_setup_teardown(test_status, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lexicon, setup, teardown),
    };
    return cmocka_run_group_tests_name("answer_get", tests, NULL, NULL);
}
