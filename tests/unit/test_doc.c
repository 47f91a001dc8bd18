// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "indexer/doc.h"
#include "indexer/state.h"
#include "lib/schema.h"
#include "lib/sequence.h"

struct fixture {
    struct arena a;
    struct doc_builder b;
    struct note note;
    struct doc_note at;
};

static const char topic[] = "---\n"
                            "title: Muse Spark\n"
                            "aliases: [Spark One]\n"
                            "tags: [models/closed]\n"
                            "companies: [Meta AI]\n"
                            "status: released\n"
                            "---\n"
                            "# Timeline\n"
                            "- [[daily/2026-04-09-AI-Digest]]: Z\xC3\xBCrich open-weights GPT-5 "
                            "running #News/EU https://www.blog.example.com/a\n"
                            "  - nested words\n";

static void open_note(struct fixture *f, const char *rel, const char *text)
{
    struct err e = {0};
    *f = (struct fixture){0};
    assert_int_equal(note_parse(&f->a, slice_str(rel), slice_str(text), &f->note, &e), 0);
    f->at = (struct doc_note){SLICE_LIT("kb"), slice_str(rel), 7, SLICE_LIT("english"), &f->note};
    assert_int_equal(doc_begin(&f->b, &f->at, &e), 0);
}

static void close_note(struct fixture *f)
{
    doc_builder_free(&f->b);
    arena_free(&f->a);
}

static size_t find_unit(const struct fixture *f, const char *words)
{
    for (size_t i = 0; i < f->note.n_units; i++)
        if (f->note.units[i].text.n &&
            memmem(f->note.units[i].text.p, f->note.units[i].text.n, words, strlen(words)))
            return i;
    fail_msg("no unit has %s", words);
    return 0;
}

static void build(struct fixture *f, size_t unit, docid_t docid, struct doc *d)
{
    const uint8_t id[UNIT_ID_BYTES] = {1, 2, 3, 4, 5, 6, 7, 8};
    struct err e = {0};
    assert_int_equal(doc_build(&f->b, unit, id, docid, d, &e), 0);
}

static const struct doc_posting *posting(const struct doc *d, const char *term)
{
    for (size_t i = 0; i < d->n; i++)
        if (slice_is(d->postings[i].term, term))
            return &d->postings[i];
    return NULL;
}

/* Where the word stands first; 0: nowhere. */
static uint32_t place_of(const struct doc *d, const char *word)
{
    struct sequence s;
    sequence_open(&s, d->sequence);
    while (sequence_next(&s))
        if (s.code == sequence_code(s.width, sequence_word(slice_str(word))))
            return s.at;
    assert_int_equal(s.left.n, 0);
    return 0;
}

static void has(const struct doc *d, const char *const *terms)
{
    for (; *terms; terms++)
        if (!posting(d, *terms))
            fail_msg("no term %s", *terms);
}

static void lacks(const struct doc *d, const char *const *terms)
{
    for (; *terms; terms++)
        if (posting(d, *terms))
            fail_msg("term %s", *terms);
}

static void event_terms(void **state)
{
    static const char *const there[] = {"z\xC3\xBCrich", "zurich", "open", "weights", "gpt", "5",
        "gpt5", "running", "Zrun", "Kevent", "Vkb", "Q7", "D20260409", "M202604", "Pmodels",
        "Pmodels/big", "Gnews", "Gnews/eu", "Ldaily/2026-04-09-ai-digest", "L/2026-04-09-ai-digest",
        "Hwww.blog.example.com", "Hblog.example.com", "Hexample.com", "Ctimelin", "Cmuse", "Cspark",
        "Cone", NULL};
    static const char *const not [] = {"Zgpt5", "Zgpt-5", "Hcom", "Tmuse spark", "Smuse", "Gmodels",
        "Cnest", "R", "Dnone", "muse", NULL};
    struct fixture f;
    struct doc d;
    (void)state;
    open_note(&f, "models/big/Muse Spark.md", topic);
    build(&f, find_unit(&f, "open-weights"), 1, &d);
    has(&d, there);
    lacks(&d, not );
    assert_int_not_equal(place_of(&d, "zurich"), 0);
    assert_int_equal(place_of(&d, "zurich"), place_of(&d, "z\xC3\xBCrich"));
    assert_int_equal(place_of(&d, "weights"), place_of(&d, "open") + 1);
    assert_in_range(place_of(&d, "blog"), TOKEN_ASIDE, UINT32_MAX);
    assert_null(posting(&d, "openweights"));
    assert_null(posting(&d, "Zopenweight"));
    assert_int_equal(place_of(&d, "gpt5"), 0);
    assert_int_equal(posting(&d, "gpt5")->wdf, 1);
    assert_int_equal(place_of(&d, "Zrun"), 0);
    assert_int_equal(posting(&d, "Kevent")->wdf, 0);
    close_note(&f);
}

/* Each word weighs once: as it is where its stem leads to it, else by its stem. */
static void words_weigh_once(void **state)
{
    static const struct {
        const char *term;
        int wdf; /* -1: it is not there */
    } wanted[] = {{"models", 2}, {"model", 1}, {"Zmodel", -1}, {"policy", 1}, {"Zpolici", -1},
        {"using", 1}, {"Zuse", -1}, {"quickly", 0}, {"Zquick", 1}, {"quick", -1}, {"quickest", 1},
        {"news", 1}, {"Znew", -1}, {"deepseek", 1}, {"deep", -1}, {"Zdeep", 1}, {"Zseek", 1},
        {"z\xC3\xBCrich", 0}, {"zurich", 2}, {"Zzurich", -1}, {"gpt4o", 1}, {"c++", 1},
        {"\xe4\xba\xba", 0}};
    struct fixture f;
    struct doc d;
    (void)state;
    open_note(&f, "a.md",
        "- Models model models policy using quickly quickest news DeepSeek Z\xC3\xBCrich zurich "
        "GPT-4o C++ \xe4\xba\xba\n");
    build(&f, find_unit(&f, "quickly"), 1, &d);
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        int wdf = posting(&d, wanted[i].term) ? 0 : -1;
        for (size_t k = 0; k < d.n; k++)
            if (slice_is(d.postings[k].term, wanted[i].term))
                wdf += (int)d.postings[k].wdf;
        if (wdf != wanted[i].wdf)
            fail_msg("%s: %d, wanted %d", wanted[i].term, wdf, wanted[i].wdf);
    }
    close_note(&f);
}

static void head_terms(void **state)
{
    static const char *const there[] = {"Knote", "Tmuse spark", "Tspark one", "Smuse", "Sspark",
        "Sone", "Gmodels", "Gmodels/closed", "Emeta ai", "Xstatus", "Xstatus:released",
        "Fmodels/big/Muse Spark.md\t7", "Dnone", NULL};
    static const char *const not [] = {"Cmuse", "Ereleased", "Pmodels/big/Muse Spark.md", NULL};
    struct fixture f;
    struct doc d;
    (void)state;
    open_note(&f, "models/big/Muse Spark.md", topic);
    build(&f, 0, DOCID_UNDATED, &d);
    has(&d, there);
    lacks(&d, not );
    close_note(&f);
}

static void nested_inherits(void **state)
{
    static const char *const there[] = {"nested", "Cweight", "Cgpt5", "Ctimelin", "Cmuse", NULL};
    static const char *const not [] = {"Cexample", "Chttps", "gpt5", NULL};
    struct fixture f;
    struct doc d;
    (void)state;
    open_note(&f, "models/big/Muse Spark.md", topic);
    build(&f, find_unit(&f, "nested"), 1, &d);
    has(&d, there);
    lacks(&d, not );
    close_note(&f);
}

/* A digest's title belongs to its head alone; so does what its docid cannot tell. */
static void digest(void **state)
{
    static const char *const there[] = {"Kentry", "Cmodel", "R", "D20260409", NULL};
    struct fixture f;
    struct doc d;
    (void)state;
    open_note(&f, "2026-04-09-AI-Digest.md", "# Daily Digest\n## Models\n- Meta debuts\n");
    build(&f, find_unit(&f, "Meta"), DOCID_UNDATED + 5, &d);
    has(&d, there);
    assert_null(posting(&d, "Smodel"));
    close_note(&f);
}

static uint64_t text_hash(const char *rel, const char *text, const char *words)
{
    struct fixture f;
    struct err e = {0};
    uint64_t h;
    open_note(&f, rel, text);
    assert_int_equal(doc_text_hash(&f.b, find_unit(&f, words), &h, &e), 0);
    close_note(&f);
    return h;
}

static void identity(void **state)
{
    uint8_t first[UNIT_ID_BYTES], second[UNIT_ID_BYTES];
    (void)state;
    uint64_t h = text_hash("a.md", "- Meta debuts **Muse** Spark\n", "debuts");
    assert_true(h == text_hash("x/b.md", "# T\n\ntext\n\n- Meta debuts\n  Muse Spark\n", "debuts"));
    assert_false(h == text_hash("a.md", "- Meta debuts Muse Sparks\n", "debuts"));
    doc_id(h, 0, first);
    doc_id(h, 1, second);
    assert_memory_not_equal(first, second, UNIT_ID_BYTES);
}

static void signatures(const char *rel, const char *text, const char *words, uint64_t sig[2])
{
    struct fixture f;
    struct doc d;
    open_note(&f, rel, text);
    build(&f, find_unit(&f, words), 1, &d);
    sig[0] = d.terms_sig;
    sig[1] = d.data_sig;
    close_note(&f);
}

/* What a signature must see, and what it must not. */
static void what_changed(void **state)
{
    static const char text[] = "# One\n\n- a bullet\n";
    static const struct {
        const char *rel, *text;
        bool same_terms, same_data;
    } table[] = {
        {"n.md", text, true, true},
        {"n.md", "\n# One\n\n- a bullet\n", true, false},
        {"n.md", "# Two\n\n- a bullet\n", false, false},
        {"n.md", "# One\n\n- a bullet #tag\n", false, false},
        {"n.md", "# One\n\n- a **bullet**\n", true, false},
        {"m.md", text, true, false},
        {"d/n.md", text, false, false},
    };
    uint64_t was[2], is[2];
    (void)state;
    signatures("n.md", text, "bullet", was);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        signatures(table[i].rel, table[i].text, "bullet", is);
        if ((was[0] == is[0]) != table[i].same_terms || (was[1] == is[1]) != table[i].same_data)
            fail_msg("row %zu", i);
    }
}

static void compounds(void **state)
{
    struct fixture f;
    struct doc d;
    (void)state;
    open_note(&f, "n.md", "- open-weights, don't, GPT-5, llama.cpp, open-weights\n");
    build(&f, f.note.n_units - 1, 1, &d);
    assert_int_equal(f.b.n_joined, 2);
    assert_true(slice_is(f.b.joined[0].joined, "openweights"));
    assert_true(slice_is(f.b.joined[0].words, "open weights"));
    assert_true(slice_is(f.b.joined[1].joined, "llamacpp"));
    close_note(&f);
}

/* However deep the list, what is inherited is bounded. */
static void deep_nesting(void **state)
{
    struct buf text = {0};
    struct fixture f;
    struct doc d;
    (void)state;
    for (int i = 0; i < 60; i++)
        buf_printf(&text, "%*s- word%c%c%c\n", 2 * i, "", 'a' + i % 26, 'a' + i / 26, 'a' + i % 7);
    open_note(&f, "n.md", buf_cstr(&text));
    build(&f, f.note.n_units - 1, 1, &d);
    size_t inherited = 0;
    for (size_t i = 0; i < d.n; i++)
        inherited += d.postings[i].term.p[0] == 'C';
    assert_in_range(inherited, 1, DOC_PARENTS + 2);
    buf_free(&text);
    close_note(&f);
}

static void state_round_trip(void **state)
{
    struct state_note n = {SLICE_LIT("a\nb/\xFF.md"), 9, 2, {123, 456, -5, 1700000000123456789},
        1700000009000000000, 0x123456789abcdef0};
    struct state_unit u[] = {{1, 0, 5, UNIT_NOTE, DAY_NONE, 2, 3},
        {UINT64_MAX, UINT32_MAX, DOCID_LIMIT, UNIT_CODE, 20552, 4, 5}};
    struct buf note = {0}, units = {0};
    struct state_note back;
    struct state_unit *v;
    struct arena a = {0};
    struct err e = {0};
    size_t count;
    bool whole;
    (void)state;
    state_note_write(&note, &n);
    state_units_write(&units, u, 2);
    assert_true(state_note_read(buf_view(&note), &back));
    assert_true(slice_eq(back.rel, n.rel) && back.hash == n.hash && back.st.mtime_ns == -5);
    for (size_t i = 0; i < note.n; i++)
        assert_false(state_note_read(slice_of(note.p, i), &back));
    assert_int_equal(state_units_read(&a, buf_view(&units), &v, &count, &whole, &e), 0);
    assert_true(whole && count == 2 && v[1].nth == UINT32_MAX && v[1].day == 20552);
    assert_true(v[0].day == DAY_NONE);
    for (size_t i = 1; i < units.n; i++) {
        assert_int_equal(state_units_read(&a, slice_of(units.p, i), &v, &count, &whole, &e), 0);
        assert_true(!whole || count == 1);
    }
    buf_free(&note);
    buf_free(&units);
    arena_free(&a);
}

static void young_files(void **state)
{
    const int64_t second = 1000000000;
    struct state_note n = {.st = {1, 2, 50 * second, 100 * second}, .run_ns = 103 * second};
    struct scan_stat now = n.st;
    (void)state;
    assert_false(state_changed(&n, &now));
    now.ctime_ns++;
    assert_true(state_changed(&n, &now));
    now = n.st;
    n.run_ns = 101 * second; /* written within the clock's last ticks before it was read */
    assert_true(state_changed(&n, &now));
    n.run_ns = 90 * second; /* written after the run began */
    assert_true(state_changed(&n, &now));
}

static void order_does_not_matter(void **state)
{
    (void)state;
    struct fixture f, alone;
    struct doc d, one;
    open_note(&f, "models/Muse.md", topic);
    for (size_t i = 0; i < f.note.n_units; i++) {
        build(&f, i, 5, &d);
        open_note(&alone, "models/Muse.md", topic);
        build(&alone, i, 5, &one);
        assert_true(one.terms_sig == d.terms_sig && one.data_sig == d.data_sig);
        build(&alone, i, 5, &one); /* twice is once */
        assert_true(one.terms_sig == d.terms_sig && one.data_sig == d.data_sig);
        close_note(&alone);
    }
    close_note(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(event_terms),
        cmocka_unit_test(words_weigh_once),
        cmocka_unit_test(head_terms),
        cmocka_unit_test(nested_inherits),
        cmocka_unit_test(digest),
        cmocka_unit_test(identity),
        cmocka_unit_test(what_changed),
        cmocka_unit_test(compounds),
        cmocka_unit_test(deep_nesting),
        cmocka_unit_test(state_round_trip),
        cmocka_unit_test(young_files),
    };
    return cmocka_run_group_tests_name("doc", tests, NULL, NULL);
}
