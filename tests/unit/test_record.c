// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/record.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct unit_line lines[] = {{0, 7, 3}, {6, 9, 1}, {12, 10, 5}};
static struct run runs[] = {{RUN_COPY, 0, 5, {NULL, 0}}, {RUN_PUT, 5, 6, {" ", 1}},
    {RUN_COPY, 6, 8, {NULL, 0}}, {RUN_PUT, 8, 11, {"\xe2\x82\xac", 3}},
    {RUN_PUT, 11, 12, {"\n", 1}}, {RUN_COPY, 12, 17, {NULL, 0}}};

static struct record sample(void)
{
    struct record r = {.id = {0x9f, 0x2c, 0, 1, 2, 3, 4, 0xff},
        .note = 70000,
        .ordinal = 12,
        .kind = UNIT_ENTRY,
        .day = 20552,
        .day_source = DATE_FILE,
        .line = 7,
        .end_line = 10,
        .vault = SLICE_LIT("kb"),
        .rel = SLICE_LIT("daily/2026-04-09-AI-Digest.md"),
        .title = SLICE_LIT("2026-04-09 AI Digest"),
        .heading = {SLICE_LIT("AI Digest"), SLICE_LIT("Models")},
        .n_headings = 2,
        .text = SLICE_LIT("hello\nab&eu;\nworld"),
        .lines = lines,
        .n_lines = 3,
        .runs = runs,
        .n_runs = 6};
    return r;
}

static void assert_slice(struct slice got, struct slice want)
{
    assert_int_equal(got.n, want.n);
    if (want.n)
        assert_memory_equal(got.p, want.p, want.n);
}

static void assert_same(const struct record *got, const struct record *want)
{
    assert_memory_equal(got->id, want->id, UNIT_ID_BYTES);
    assert_int_equal(got->note, want->note);
    assert_int_equal(got->ordinal, want->ordinal);
    assert_int_equal(got->kind, want->kind);
    assert_int_equal(got->day, want->day);
    assert_int_equal(got->day_source, want->day_source);
    assert_int_equal(got->line, want->line);
    assert_int_equal(got->end_line, want->end_line);
    assert_slice(got->vault, want->vault);
    assert_slice(got->rel, want->rel);
    assert_slice(got->title, want->title);
    assert_slice(got->text, want->text);
    assert_int_equal(got->n_headings, want->n_headings);
    for (size_t i = 0; i < want->n_headings; i++)
        assert_slice(got->heading[i], want->heading[i]);
    assert_int_equal(got->n_lines, want->n_lines);
    for (size_t i = 0; i < want->n_lines; i++)
        assert_memory_equal(&got->lines[i], &want->lines[i], sizeof want->lines[i]);
    assert_int_equal(got->n_runs, want->n_runs);
    for (size_t i = 0; i < want->n_runs; i++) {
        assert_int_equal(got->runs[i].kind, want->runs[i].kind);
        assert_int_equal(got->runs[i].begin, want->runs[i].begin);
        assert_int_equal(got->runs[i].end, want->runs[i].end);
        assert_slice(got->runs[i].put, want->runs[i].put);
    }
}

static void round_trip(void **state)
{
    (void)state;
    static const day_t days[] = {DAY_NONE, DAY_MIN, DAY_MAX, 0, -1};
    for (size_t i = 0; i < sizeof days / sizeof *days; i++) {
        struct record r = sample(), back;
        struct arena a = {0};
        struct err e = {0};
        struct buf b = {0};
        r.day = days[i];
        record_write(&b, &r);
        assert_int_equal(record_read(&a, buf_view(&b), &back, &e), 0);
        assert_same(&back, &r);
        buf_free(&b);
        arena_free(&a);
    }
}

static void empty_head(void **state)
{
    (void)state;
    struct record r = {.line = 1, .end_line = 1, .day = DAY_NONE}, back;
    struct arena a = {0};
    struct err e = {0};
    struct buf b = {0};
    record_write(&b, &r);
    assert_int_equal(record_read(&a, buf_view(&b), &back, &e), 0);
    assert_same(&back, &r);
    buf_free(&b);
    arena_free(&a);
}

/* Whatever is read without an error can be shown: all offsets lie within the text. */
static void assert_sound(const struct record *r)
{
    struct buf out = {0};
    uint32_t line, col, at = 0;
    for (size_t i = 0; i < r->n_runs; i++) {
        assert_true(at <= r->runs[i].begin && r->runs[i].begin <= r->runs[i].end);
        at = r->runs[i].end;
    }
    assert_true(at <= r->text.n);
    for (size_t i = 0; i < r->n_lines; i++) {
        assert_true(r->lines[i].begin <= r->text.n);
        assert_true(!i || r->lines[i].line > r->lines[i - 1].line);
        assert_true(r->lines[i].line >= r->line && r->lines[i].line <= r->end_line);
    }
    assert_non_null(unit_kind_name(r->kind));
    assert_non_null(date_source_name(r->day_source));
    note_render(&out, r->text, r->runs, r->n_runs);
    record_place(r, r->text.n, &line, &col);
    buf_free(&out);
}

static void damage(void **state)
{
    (void)state;
    struct record r = sample();
    struct buf b = {0};
    size_t survived = 0;
    record_write(&b, &r);
    for (size_t n = 0; n < b.n; n++) {
        struct arena a = {0};
        struct err e = {0};
        struct record back;
        assert_int_equal(record_read(&a, slice_of(b.p, n), &back, &e), -1);
        assert_int_equal(e.code, ERR_DAMAGED);
        arena_free(&a);
    }
    for (size_t i = 0; i < b.n; i++) {
        for (int flip = 1; flip < 256; flip++) {
            struct arena a = {0};
            struct err e = {0};
            struct record back;
            b.p[i] = (char)(b.p[i] ^ flip);
            if (record_read(&a, buf_view(&b), &back, &e) == 0) {
                assert_sound(&back);
                survived++;
            } else {
                assert_int_equal(e.code, ERR_DAMAGED);
            }
            b.p[i] = (char)(b.p[i] ^ flip);
            arena_free(&a);
        }
    }
    assert_true(survived > 0);
    buf_free(&b);
}

static void places(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint32_t line, col;
    } cases[] = {{0, 7, 3}, {4, 7, 7}, {6, 9, 1}, {8, 9, 3}, {12, 10, 5}, {16, 10, 9}};
    struct record r = sample();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t line, col;
        record_place(&r, cases[i].at, &line, &col);
        assert_int_equal(line, cases[i].line);
        assert_int_equal(col, cases[i].col);
    }
}

static void shows_ids(void **state)
{
    (void)state;
    struct record r = sample();
    char text[2 * UNIT_ID_BYTES + 1];
    record_id_format(r.id, text);
    assert_string_equal(text, "9f2c0001020304ff");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(empty_head),
        cmocka_unit_test(damage),
        cmocka_unit_test(places),
        cmocka_unit_test(shows_ids),
    };
    return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
