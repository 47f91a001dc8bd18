// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/index.h"
#include "lib/schema.h"
#include "lib/sequence.h"

#define UUID_A "0123456789abcdef0123456789abcdef"
#define UUID_B "ffffffffffffffffffffffffffffffff"

static char root[] = "/tmp/kb-test-index-XXXXXX";
static unsigned n_folders;

struct fixture {
    struct arena a;
    char *dir;
    struct index_reader r;
    struct err e;
};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)ftw;
    return type == FTW_DP ? rmdir(path) : unlink(path);
}

static void remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static char *in(struct fixture *f, const char *name)
{
    char *path = arena_printf(&f->a, "%s/%s", f->dir, name);
    assert_non_null(path);
    return path;
}

/* --- making indexes ------------------------------------------------------------------------ */

enum {
    FEW_WORDS = 1,
    NO_WORDS = 2,
    NO_UUID = 4,
    NO_SCHEMA = 8,
    NO_KIND = 16,
    NO_DATA = 32,
    NO_SEQUENCE = 64
};

static void put_unit(struct xwriter *w, docid_t id, int how)
{
    struct err e = {0};
    struct xdoc *d;
    assert_int_equal(xdoc_new(&d, &e), 0);
    if (!(how & NO_KIND))
        assert_int_equal(xdoc_term(d, SLICE_LIT("Kentry"), 0, &e), 0);
    struct sequence_place place[300];
    uint32_t words = how & NO_WORDS ? 0 : how & FEW_WORDS ? 3 : 300;
    for (uint32_t i = 0; i < words; i++) {
        char word[16];
        int n = snprintf(word, sizeof word, "w%u-%u", i, id);
        for (int k = 0; k < n; k++) /* words of letters alone: base tokens */
            word[k] = (char)(word[k] >= '0' && word[k] <= '9' ? word[k] - '0' + 'a' : 'x');
        assert_int_equal(xdoc_term(d, slice_of(word, (size_t)n), 1, &e), 0);
        place[i] = (struct sequence_place){i + 1, sequence_word(slice_of(word, (size_t)n))};
    }
    if (words && !(how & NO_SEQUENCE)) {
        struct arena a = {0};
        struct buf b = {0};
        assert_int_equal(sequence_write(&b, &a, place, words, &e), 0);
        assert_int_equal(xdoc_value(d, SLOT_SEQUENCE, buf_view(&b), &e), 0);
        buf_free(&b);
        arena_free(&a);
    }
    if (!(how & NO_DATA))
        assert_int_equal(xdoc_data(d, SLICE_LIT("the text of a unit"), &e), 0);
    assert_int_equal(xwriter_put(w, id, d, &e), 0);
    xdoc_free(d);
}

static void commit(
    struct xwriter *w, const char *uuid, const char *revision, uint32_t units, int how)
{
    struct err e = {0};
    char schema[12];
    snprintf(schema, sizeof schema, "%d", SCHEMA_VERSION);
    assert_int_equal(xwriter_begin(w, &e), 0);
    if (!(how & NO_SCHEMA))
        assert_int_equal(xwriter_set_metadata(w, SLICE_LIT("schema"), slice_str(schema), &e), 0);
    if (!(how & NO_UUID))
        assert_int_equal(xwriter_set_metadata(w, SLICE_LIT("uuid"), slice_str(uuid), &e), 0);
    assert_int_equal(xwriter_set_metadata(w, SLICE_LIT("revision"), slice_str(revision), &e), 0);
    for (uint32_t i = 1; i <= units; i++)
        put_unit(w, i * 1000, how);
    if (xwriter_commit(w, &e) < 0)
        fail_msg("%s", e.text);
}

static void make_gen(struct fixture *f, const char *gen, const char *uuid, const char *revision,
    uint32_t units, int how)
{
    struct err e = {0};
    struct xwriter *w;
    if (xwriter_open(&w, in(f, gen), XWRITER_CREATE, &e) < 0)
        fail_msg("%s", e.text);
    commit(w, uuid, revision, units, how);
    xwriter_close(w);
}

static void swap_in(struct fixture *f, const char *gen)
{
    unlink(in(f, "new"));
    assert_int_equal(symlink(gen, in(f, "new")), 0);
    assert_int_equal(rename(in(f, "new"), in(f, "current")), 0);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    *state = f;
    f->dir = arena_printf(&f->a, "%s/%u", root, n_folders++);
    mkdir(f->dir, 0755);
    return index_reader_init(&f->r, f->dir, &f->e);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    index_reader_free(&f->r);
    remove_tree(f->dir);
    arena_free(&f->a);
    free(f);
    return 0;
}

static int refresh(struct fixture *f)
{
    err_clear(&f->e);
    return index_reader_refresh(&f->r, &f->e);
}

static void works(struct fixture *f, const char *uuid, uint64_t revision)
{
    if (refresh(f) < 0)
        fail_msg("%s", f->e.text);
    assert_non_null(f->r.db);
    assert_string_equal(f->r.uuid, uuid);
    assert_int_equal(f->r.revision, revision);
}

static void fails(struct fixture *f, enum err_code code, const char *part)
{
    assert_int_equal(refresh(f), -1);
    if (f->e.code != code || !strstr(f->e.text, part))
        fail_msg("code %d \"%s\", wanted %d \"%s\"", f->e.code, f->e.text, code, part);
    assert_null(f->r.db);
}

/* --- the story ----------------------------------------------------------------------------- */

static void comes_and_grows(void **state)
{
    struct fixture *f = *state;
    fails(f, ERR_NO_INDEX, "run kbindex VAULT");
    fails(f, ERR_NO_INDEX, f->dir);
    make_gen(f, "gen-1", UUID_A, "7", 3, 0);
    swap_in(f, "gen-1");
    works(f, UUID_A, 7);
    struct xwriter *w;
    assert_int_equal(xwriter_open(&w, in(f, "gen-1"), XWRITER_EXISTING, &f->e), 0);
    for (uint64_t revision = 8; revision < 20; revision++) {
        char text[24];
        snprintf(text, sizeof text, "%llu", (unsigned long long)revision);
        commit(w, UUID_A, text, 3, 0);
        works(f, UUID_A, revision);
    }
    xwriter_close(w);
}

static void unchanged_is_free_of_checks(void **state)
{
    struct fixture *f = *state;
    make_gen(f, "gen-1", UUID_A, "1", 3, 0);
    swap_in(f, "gen-1");
    works(f, UUID_A, 1);
    struct xdb *db = f->r.db;
    uint64_t moves = f->r.moves;
    works(f, UUID_A, 1);
    assert_ptr_equal(f->r.db, db);
    assert_int_equal(f->r.moves, moves);
}

static void swapped_is_opened_anew(void **state)
{
    struct fixture *f = *state;
    make_gen(f, "gen-1", UUID_A, "1", 3, 0);
    swap_in(f, "gen-1");
    works(f, UUID_A, 1);
    make_gen(f, "gen-2", UUID_B, "2", 5, 0); /* the same number of Xapian's own */
    swap_in(f, "gen-2");
    works(f, UUID_B, 2);
    struct xdb_info info;
    assert_int_equal(xdb_info(f->r.db, &info, &f->e), 0);
    assert_int_equal(info.documents, 5);
}

static void same_inode_twice_is_no_mix(void **state)
{
    struct fixture *f = *state;
    make_gen(f, "gen-1", UUID_A, "1", 3, 0);
    swap_in(f, "gen-1");
    works(f, UUID_A, 1);
    for (int i = 0; i < 20; i++) {
        const char *gen = i % 2 ? "gen-1" : "gen-2";
        remove_tree(in(f, gen));
        remove_tree(in(f, i % 2 ? "gen-2" : "gen-1"));
        make_gen(f, gen, i % 2 ? UUID_A : UUID_B, "2", 4, 0);
        swap_in(f, gen);
        works(f, i % 2 ? UUID_A : UUID_B, 2);
    }
}

static void gone_and_back(void **state)
{
    struct fixture *f = *state;
    make_gen(f, "gen-1", UUID_A, "1", 3, 0);
    swap_in(f, "gen-1");
    works(f, UUID_A, 1);
    unlink(in(f, "current"));
    fails(f, ERR_NO_INDEX, "run kbindex VAULT");
    swap_in(f, "gen-1");
    works(f, UUID_A, 1);
}

static void empty_index_is_fine(void **state)
{
    struct fixture *f = *state;
    make_gen(f, "gen-1", UUID_A, "1", 0, 0);
    swap_in(f, "gen-1");
    works(f, UUID_A, 1);
    struct xwriter *w;
    assert_int_equal(xwriter_open(&w, in(f, "gen-1"), XWRITER_EXISTING, &f->e), 0);
    commit(w, UUID_A, "2", 4, 0);
    works(f, UUID_A, 2);
    assert_int_equal(xwriter_begin(w, &f->e), 0);
    for (uint32_t i = 1; i <= 4; i++)
        assert_int_equal(xwriter_delete(w, i * 1000, &f->e), 0);
    assert_int_equal(xwriter_commit(w, &f->e), 0);
    works(f, UUID_A, 2);
    xwriter_close(w);
}

static void units_without_words_are_fine(void **state)
{
    struct fixture *f = *state;
    make_gen(f, "gen-1", UUID_A, "1", 2, NO_WORDS);
    swap_in(f, "gen-1");
    works(f, UUID_A, 1);
}

/* --- faults -------------------------------------------------------------------------------- */

static void cut(const char *path)
{
    assert_int_equal(truncate(path, 0), 0);
}

static void halve(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, st.st_size / 2), 0);
}

static void zero(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(truncate(path, 0), 0);
    assert_int_equal(truncate(path, st.st_size), 0);
}

static void lose(const char *path)
{
    assert_int_equal(unlink(path), 0);
}

static void make_folder(const char *path)
{
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void make_fifo(const char *path)
{
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
}

/* The format's version stands behind the 14 bytes of the magic. */
static void raise_version(const char *path)
{
    int fd = open(path, O_RDWR);
    char bytes[2];
    assert_true(fd >= 0 && pread(fd, bytes, 2, 14) == 2);
    bytes[0]++;
    assert_int_equal(pwrite(fd, bytes, 2, 14), 2);
    close(fd);
}

static const struct {
    const char *file;
    void (*harm)(const char *path);
    enum err_code code;
    const char *part;
} harms[] = {
    {"iamglass", lose, ERR_DAMAGED, "iamglass"},
    {"iamglass", cut, ERR_DAMAGED, "gen-1: "},
    {"iamglass", halve, ERR_DAMAGED, "gen-1: "},
    {"iamglass", zero, ERR_DAMAGED, "gen-1: "},
    {"iamglass", make_folder, ERR_DAMAGED, "iamglass is no regular file"},
    {"iamglass", raise_version, ERR_SCHEMA, "version"},
    {"postlist.glass", lose, ERR_DAMAGED, "postlist.glass"},
    {"postlist.glass", cut, ERR_DAMAGED, ""},
    {"postlist.glass", zero, ERR_DAMAGED, ""},
    {"postlist.glass", make_folder, ERR_DAMAGED, "postlist.glass"},
    {"termlist.glass", lose, ERR_DAMAGED, "termlist.glass"},
    {"termlist.glass", cut, ERR_DAMAGED, ""},
    {"termlist.glass", zero, ERR_DAMAGED, ""},
    {"termlist.glass", make_folder, ERR_DAMAGED, "termlist.glass"},
    {"docdata.glass", lose, ERR_DAMAGED, "docdata.glass"},
    {"docdata.glass", cut, ERR_DAMAGED, ""},
    {"docdata.glass", zero, ERR_DAMAGED, ""},
    {"docdata.glass", make_folder, ERR_DAMAGED, "docdata.glass"},
    {"docdata.glass", make_fifo, ERR_DAMAGED, "docdata.glass"},
};

static void harm_is_told(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof harms / sizeof *harms; i++) {
        remove_tree(in(f, "gen-1"));
        make_gen(f, "gen-1", UUID_A, "1", 20, 0);
        swap_in(f, "gen-1");
        char *path = arena_printf(&f->a, "%s/gen-1/%s", f->dir, harms[i].file);
        harms[i].harm(path);
        if (refresh(f) == 0 || f->e.code != harms[i].code || !strstr(f->e.text, harms[i].part) ||
            !strstr(f->e.text, ": run kbindex --full"))
            fail_msg("harm %zu (%s): code %d \"%s\"", i, harms[i].file, f->e.code, f->e.text);
        assert_null(f->r.db);
        if (getenv("KB_TEST_SHOW"))
            print_message("%zu %s: %s\n", i, harms[i].file, f->e.text);
    }
}

static int read_term(void *ctx, struct slice term, uint32_t documents)
{
    (void)ctx, (void)term, (void)documents;
    return 0;
}

static int read_everything(struct fixture *f)
{
    struct arena a = {0};
    docid_t *ids;
    size_t n = 0;
    int status = xdb_terms_each(f->r.db, SLICE_LIT(""), SLICE_LIT(""), read_term, NULL, &f->e) ||
                         xdb_postings(f->r.db, &a, SLICE_LIT("Kentry"), 1, 1000, &ids, &n, &f->e)
                     ? -1
                     : 0;
    for (size_t i = 0; i < n && status == 0; i++) {
        struct slice data, *terms;
        size_t n_terms = 0;
        if (xdb_data(f->r.db, &a, ids[i], &data, &f->e) < 0 ||
            xdb_document_terms(f->r.db, &a, ids[i], SLICE_LIT(""), &terms, &n_terms, &f->e) < 0)
            status = -1;
    }
    arena_free(&a);
    return status;
}

/* The sample may lie in the half that is left; then whoever reads the other one is told. */
static void halves_are_told(void **state)
{
    static const char *const tables[] = {"postlist.glass", "termlist.glass", "docdata.glass"};
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        remove_tree(in(f, "gen-1"));
        make_gen(f, "gen-1", UUID_A, "1", 200, 0);
        swap_in(f, "gen-1");
        works(f, UUID_A, 1);
        assert_int_equal(read_everything(f), 0);
        index_reader_free(&f->r);
        assert_int_equal(index_reader_init(&f->r, f->dir, &f->e), 0);
        halve(arena_printf(&f->a, "%s/gen-1/%s", f->dir, tables[i]));
        if (refresh(f) == 0 && read_everything(f) == 0)
            fail_msg("half of %s is gone and nobody told", tables[i]);
        assert_int_equal(f->e.code, ERR_DAMAGED);
    }
}

static void wrong_contents_are_told(void **state)
{
    static const struct {
        int how;
        enum err_code code;
        const char *part;
    } rows[] = {
        {NO_SCHEMA, ERR_SCHEMA, "has schema 0, this program needs "},
        {NO_UUID, ERR_DAMAGED, "no uuid: run kbindex --full"},
        {NO_KIND, ERR_DAMAGED, "no kind of unit: run kbindex --full"},
        {NO_DATA, ERR_DAMAGED, "docdata.glass"},
        {NO_SEQUENCE, ERR_DAMAGED, "postlist.glass"},
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        remove_tree(in(f, "gen-1"));
        make_gen(f, "gen-1", UUID_A, "1", 2, rows[i].how);
        swap_in(f, "gen-1");
        fails(f, rows[i].code, rows[i].part);
    }
}

static void folders_that_are_none(void **state)
{
    struct fixture *f = *state;
    mkdir(in(f, "gen-1"), 0700);
    swap_in(f, "gen-1");
    fails(f, ERR_DAMAGED, "run kbindex --full");
    swap_in(f, "gen-none");
    fails(f, ERR_NO_INDEX, "run kbindex VAULT");
    unlink(in(f, "current"));
    close(open(in(f, "current"), O_CREAT | O_WRONLY, 0600));
    fails(f, ERR_DAMAGED, "Not a directory");
    unlink(in(f, "current"));
    rmdir(in(f, "gen-1"));
    rmdir(f->dir);
    close(open(f->dir, O_CREAT | O_WRONLY, 0600));
    fails(f, ERR_NO_INDEX, "Not a directory: run ls -ld");
    unlink(f->dir);
}

static void healed_is_seen(void **state)
{
    struct fixture *f = *state;
    make_gen(f, "gen-1", UUID_A, "1", 2, 0);
    swap_in(f, "gen-1");
    works(f, UUID_A, 1);
    make_gen(f, "gen-2", UUID_A, "2", 2, NO_DATA);
    swap_in(f, "gen-2");
    fails(f, ERR_DAMAGED, "docdata.glass");
    make_gen(f, "gen-3", UUID_A, "3", 2, 0);
    swap_in(f, "gen-3");
    works(f, UUID_A, 3);
}

/* --- rights and limits: in a child, which may give up what it has --------------------------- */

static int in_child(struct fixture *f, int (*body)(struct fixture *f))
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(body(f));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int drop_rights(void)
{
    return geteuid() != 0 ? 0 : setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534);
}

static int told(struct fixture *f, enum err_code code, const char *part)
{
    if (refresh(f) < 0 && f->e.code == code && strstr(f->e.text, part))
        return 0;
    fprintf(stderr, "code %d \"%s\"\n", f->e.code, f->e.text);
    return 1;
}

static int sees_closed_table(struct fixture *f)
{
    return drop_rights() || told(f, ERR_DAMAGED, "docdata.glass: Permission denied: run kbindex");
}

static int sees_closed_version(struct fixture *f)
{
    return drop_rights() || told(f, ERR_DAMAGED, "iamglass: Permission denied: run kbindex");
}

static int sees_closed_folder(struct fixture *f)
{
    return drop_rights() || told(f, ERR_NO_INDEX, "Permission denied: run ls -ld");
}

static void rights_are_told(void **state)
{
    struct fixture *f = *state;
    make_gen(f, "gen-1", UUID_A, "1", 2, 0);
    swap_in(f, "gen-1");
    static const char *const tables[] = {
        "gen-1/iamglass", "gen-1/postlist.glass", "gen-1/termlist.glass"};
    chmod(in(f, "gen-1"), 0755);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        chmod(in(f, tables[i]), 0644);
    chmod(in(f, "gen-1/docdata.glass"), 0000);
    assert_int_equal(in_child(f, sees_closed_table), 0);
    chmod(in(f, "gen-1/iamglass"), 0000);
    assert_int_equal(in_child(f, sees_closed_version), 0);
    chmod(f->dir, 0000);
    assert_int_equal(in_child(f, sees_closed_folder), 0);
    chmod(f->dir, 0755);
}

/* For any number of descriptors left: whole, or told, and whole again when there are more. */
static int lives_with_few_files(struct fixture *f)
{
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    rlim_t enough = limit.rlim_cur;
    int lowest = open("/", O_PATH);
    close(lowest);
    int busy = 0;
    for (int left = 0; left < 12; left++) {
        limit.rlim_cur = (rlim_t)(lowest + left);
        setrlimit(RLIMIT_NOFILE, &limit);
        int status = refresh(f);
        busy += status < 0;
        if (status < 0 && f->e.code != ERR_BUSY) {
            fprintf(stderr, "%d left: code %d \"%s\"\n", left, f->e.code, f->e.text);
            return 1;
        }
        index_reader_free(&f->r);
        index_reader_init(&f->r, f->dir, &f->e);
    }
    limit.rlim_cur = enough;
    setrlimit(RLIMIT_NOFILE, &limit);
    return busy < 3 || refresh(f) < 0;
}

static void few_files_are_told(void **state)
{
    struct fixture *f = *state;
    make_gen(f, "gen-1", UUID_A, "1", 2, 0);
    swap_in(f, "gen-1");
    assert_int_equal(in_child(f, lives_with_few_files), 0);
}

/* A writer that commits and swaps all the time beside a reader: old or new, never in between. */
static int swaps_and_commits(struct fixture *f)
{
    for (unsigned i = 2; i < 60; i++) {
        char *gen = arena_printf(&f->a, "gen-%u", i);
        char *revision = arena_printf(&f->a, "%u", i * 10);
        struct xwriter *w;
        struct err e = {0};
        if (!gen || !revision || xwriter_open(&w, in(f, gen), XWRITER_CREATE, &e) < 0)
            return 1;
        commit(w, UUID_A, revision, i, FEW_WORDS);
        swap_in(f, gen);
        for (int k = 0; k < 3; k++)
            commit(w, UUID_A, revision, i, FEW_WORDS);
        xwriter_close(w);
        remove_tree(arena_printf(&f->a, "%s/gen-%u", f->dir, i - 1));
    }
    return 0;
}

static void reads_while_written(void **state)
{
    struct fixture *f = *state;
    make_gen(f, "gen-1", UUID_A, "10", 1, 0);
    swap_in(f, "gen-1");
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(swaps_and_commits(f));
    int status = 0, done = 0;
    unsigned answers = 0;
    uint64_t last = 0;
    while (!done) {
        done = waitpid(child, &status, WNOHANG) == child;
        if (refresh(f) < 0) {
            if (f->e.code != ERR_BUSY)
                fail_msg("%s", f->e.text);
            continue;
        }
        uint64_t moves = xdb_moves(f->r.db);
        struct xdb_info info;
        struct err e = {0};
        if (xdb_info(f->r.db, &info, &e) < 0 || xdb_moves(f->r.db) != moves)
            continue;
        if (info.documents * 10 != f->r.revision || f->r.revision < last)
            fail_msg("%u units at revision %u after %u", (unsigned)info.documents,
                (unsigned)f->r.revision, (unsigned)last);
        last = f->r.revision;
        answers++;
    }
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_true(answers > 0);
    works(f, UUID_A, 590);
}

int main(void)
{
    if (!mkdtemp(root) || chmod(root, 0755) < 0)
        return 1;
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(comes_and_grows),
        TEST(unchanged_is_free_of_checks),
        TEST(swapped_is_opened_anew),
        TEST(same_inode_twice_is_no_mix),
        TEST(gone_and_back),
        TEST(empty_index_is_fine),
        TEST(units_without_words_are_fine),
        TEST(harm_is_told),
        TEST(halves_are_told),
        TEST(wrong_contents_are_told),
        TEST(folders_that_are_none),
        TEST(healed_is_seen),
        TEST(rights_are_told),
        TEST(few_files_are_told),
        TEST(reads_while_written),
    };
#undef TEST
    int failed = cmocka_run_group_tests_name("index", tests, NULL, NULL);
    remove_tree(root);
    return failed;
}
