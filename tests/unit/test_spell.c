// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "lib/spell.h"

struct row {
    const char *word;
    uint32_t freq;
};

static struct spell *spell_of(const struct row *rows, size_t n)
{
    struct spell *s;
    struct err e = {0};
    assert_int_equal(spell_new(&s, &e), 0);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(spell_add(s, slice_str(rows[i].word), rows[i].freq, &e), 0);
    spell_done(s);
    return s;
}

/* Byte order. */
static const struct row known[] = {{"anthropic", 900}, {"book", 9}, {"books", 9}, {"cook", 90},
    {"gemini", 500}, {"gemma", 300}, {"gpt5", 70}, {"hello", 4}, {"looks", 5}, {"mistral", 200},
    {"model", 5000}, {"modern", 10}, {"of", 9999}, {"openai", 800}, {"quant", 6},
    {"quantization", 60}, {"quantized", 50}, {"quantum", 60}, {"spark", 80}, {"stark", 2},
    {"\xc3\xa9tat", 30}, {"\xd0\xbc\xd0\xb8\xd1\x80\xd0\xb0", 12},
    {"\xe6\xa8\xa1\xe5\x9e\x8b", 99}};

static void test_nearest(void **state)
{
    (void)state;
    static const struct {
        const char *typed, *meant; /* "": nothing */
    } rows[] = {
        {"geminu", "gemini"},
        {"gemni", "gemini"},
        {"gemiin", "gemini"},
        {"gemmini", "gemini"},
        {"emini", "gemini"},
        {"egmini", "gemini"},
        {"hemini", "gemini"},
        {"ggemini", "gemini"},
        {"geminii", "gemini"},
        {"anthorpic", "anthropic"},
        {"antropik", "anthropic"}, /* two slips */
        {"opneaii", "openai"},
        {"modrel", "model"},
        {"vook", "cook"}, /* v is beside both, and cook is more frequent */
        {"nook", "book"},
        {"xook", "cook"},
        {"dpark", "spark"},
        {"stsrk", "stark"},
        {"gpt6", ""},       /* digits: never */
        {"spark", "stark"}, /* itself is no answer */
        {"xyz", ""},
        {"od", ""},
        {"", ""},
        {"abcde", ""},
        {"zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", ""},
        {"\xc3\xa9tta", "\xc3\xa9tat"},
        {"\xc3\xaatat", "\xc3\xa9tat"},
        {"\xd0\xbc\xd0\xb8\xd0\xb0\xd1\x80", "\xd0\xbc\xd0\xb8\xd1\x80\xd0\xb0"},
        {"\xe6\xa8\xa1", ""},
        {"gem\xff", ""},
    };
    struct spell *s = spell_of(known, sizeof known / sizeof *known);
    assert_int_equal(spell_words(s), sizeof known / sizeof *known - 3);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct spell_word w;
        struct err e = {0};
        assert_int_equal(spell_nearest(s, &a, slice_str(rows[i].typed), &w, &e), 0);
        if (!slice_is(w.text, rows[i].meant))
            fail_msg("%s: %.*s, not %s", rows[i].typed, (int)w.text.n, w.text.p ? w.text.p : "",
                rows[i].meant);
        arena_free(&a);
    }
    spell_free(s);
}

static void test_empty(void **state)
{
    (void)state;
    struct spell *s = spell_of(NULL, 0);
    struct arena a = {0};
    struct spell_word w;
    struct err e = {0};
    assert_int_equal(spell_nearest(s, &a, SLICE_LIT("gemini"), &w, &e), 0);
    assert_int_equal(w.text.n, 0);
    arena_free(&a);
    spell_free(s);
    spell_free(NULL);
}

/* --- against an oracle: every word compared, slips counted by recursion ----------------------- */

static size_t slips(const char *a, size_t n, const char *b, size_t m, size_t most)
{
    if (n && m && a[n - 1] == b[m - 1])
        return slips(a, n - 1, b, m - 1, most);
    if (!n || !m || !most)
        return n + m ? (!n || !m ? n + m : 9) : 0;
    size_t best = slips(a, n - 1, b, m, most - 1);
    size_t other = slips(a, n, b, m - 1, most - 1);
    best = other < best ? other : best;
    other = slips(a, n - 1, b, m - 1, most - 1);
    best = other < best ? other : best;
    if (n > 1 && m > 1 && a[n - 1] == b[m - 2] && a[n - 2] == b[m - 1]) {
        other = slips(a, n - 2, b, m - 2, most - 1);
        best = other < best ? other : best;
    }
    return best + 1;
}

static uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed >> 11;
}

/* Few letters, so that many words are near one another. */
static size_t random_word(uint64_t *seed, char *word)
{
    size_t n = 3 + random_next(seed) % 6;
    for (size_t i = 0; i < n; i++)
        word[i] = (char)('a' + random_next(seed) % 5);
    word[n] = '\0';
    return n;
}

static int by_word(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void test_oracle(void **state)
{
    (void)state;
    static char words[3000][16];
    uint64_t seed = 20260409;
    for (size_t i = 0; i < 3000; i++)
        random_word(&seed, words[i]);
    qsort(words, 3000, sizeof *words, by_word);
    struct spell *s;
    struct err e = {0};
    assert_int_equal(spell_new(&s, &e), 0);
    for (size_t i = 0; i < 3000; i++)
        if (i == 0 || strcmp(words[i], words[i - 1]) != 0)
            assert_int_equal(spell_add(s, slice_str(words[i]), 2 + (uint32_t)i % 7, &e), 0);
    spell_done(s);
    for (int round = 0; round < 1000; round++) {
        char typed[16];
        size_t n = random_word(&seed, typed), best = 9;
        for (size_t i = 0; i < 3000; i++) {
            size_t d = slips(typed, n, words[i], strlen(words[i]), 2);
            best = d && d < best ? d : best;
        }
        struct arena a = {0};
        struct spell_word w;
        assert_int_equal(spell_nearest(s, &a, slice_of(typed, n), &w, &e), 0);
        size_t got = w.text.n ? slips(typed, n, w.text.p, w.text.n, 2) : 9;
        size_t want = best <= (n < 6 ? 1u : 2u) ? best : 9;
        if (got != want)
            fail_msg("%s: %zu slips to %s, not %zu", typed, got, w.text.n ? w.text.p : "-", want);
        arena_free(&a);
    }
    spell_free(s);
}

/* --- real words and real slips ---------------------------------------------------------------- */

struct list {
    char **v;
    size_t n, cap;
};

static void list_add(struct list *l, const char *p, size_t n)
{
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 1024;
        l->v = realloc(l->v, l->cap * sizeof *l->v);
        assert_non_null(l->v);
    }
    l->v[l->n] = strndup(p, n);
    assert_non_null(l->v[l->n++]);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_words_of(struct list *l, const char *path)
{
    static char line[1 << 20];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof line, f))
        for (char *p = line; *p;) {
            size_t n = 0;
            for (; isascii(p[n]) && isalpha(p[n]); n++)
                p[n] = (char)tolower(p[n]);
            if (n >= 3)
                list_add(l, p, n);
            p += n ? n : 1;
        }
    fclose(f);
}

static struct spell *spell_of_folder(const char *folder)
{
    DIR *d = opendir(folder);
    if (!d)
        return NULL;
    struct list l = {0};
    for (struct dirent *entry; (entry = readdir(d));)
        if (strstr(entry->d_name, ".md")) {
            char path[8192];
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
            add_words_of(&l, path);
        }
    closedir(d);
    qsort(l.v, l.n, sizeof *l.v, by_text);
    struct spell *s;
    struct err e = {0};
    assert_int_equal(spell_new(&s, &e), 0);
    for (size_t i = 0, k; i < l.n; i = k) {
        for (k = i; k < l.n && strcmp(l.v[i], l.v[k]) == 0;)
            k++;
        if (k - i >= 2)
            assert_int_equal(spell_add(s, slice_str(l.v[i]), (uint32_t)(k - i), &e), 0);
    }
    spell_done(s);
    for (size_t i = 0; i < l.n; i++)
        free(l.v[i]);
    free(l.v);
    return s;
}

static void test_real_slips(void **state)
{
    (void)state;
    const char *corpora = getenv("KB_CORPORA");
    char path[4096], line[1024];
    corpora = corpora ? corpora : "../shared/corpora";
    snprintf(path, sizeof path, "%s/ainews", corpora);
    struct spell *s = spell_of_folder(path);
    if (!s) {
        print_message("no %s: skipped\n", path);
        skip();
    }
    snprintf(path, sizeof path, "%s/queries/typo-dev.tsv", corpora);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    int right = 0, all = -1;
    for (; fgets(line, sizeof line, f); all++) {
        char *typed = strchr(line, '\t') + 1, *meant = strchr(typed, '\t') + 1;
        struct arena a = {0};
        struct spell_word w;
        struct err e = {0};
        assert_int_equal(
            spell_nearest(s, &a, slice_of(typed, (size_t)(meant - typed - 1)), &w, &e), 0);
        right += slice_eq(w.text, slice_of(meant, strcspn(meant, "\t")));
        arena_free(&a);
    }
    fclose(f);
    print_message("%d of %d\n", right, all);
    assert_true(all > 100 && right * 100 >= all * 98);
    spell_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_real_slips),
    };
    return cmocka_run_group_tests_name("spell", tests, NULL, NULL);
}
