// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lib/buf.h"
#include "lib/plan.h"

/* Planning without an index: no stemmer (words are their own stems), one vault, 2026-04-15. */
static const struct slice vaults[] = {{"kb", 2}};

static struct slice nearest(void *ctx, struct arena *a, struct slice word)
{
    (void)ctx;
    (void)a;
    return slice_is(word, "geminu") ? SLICE_LIT("gemini") : slice_of(NULL, 0);
}

static char *text_of(struct arena *a, const struct xquery *q)
{
    struct buf b = {0};
    if (!q)
        return arena_strndup(a, "-", 1);
    xquery_write(q, &b);
    char *s = arena_strndup(a, b.p, b.n);
    buf_free(&b);
    return s;
}

static int make(
    struct arena *a, const char *text, struct plan_options *o, struct plan *p, struct err *e)
{
    struct query q;
    struct plan_env env = {
        .today = day_of(2026, 4, 15), .vaults = vaults, .n_vaults = 1, .nearest = nearest};
    return query_parse(a, slice_str(text), &q, e) ||
                   plan_make(a, &env, o, slice_str(text), &q, p, e)
               ? -1
               : 0;
}

/* clang-format off */
static const struct {
    const char *query, *title, *adjacent, *own, *context;
} rows[] = {
    {"closed", "Tclosed", "-", "Zclosed",
     "(filter (or Zclosed (scale 0.3 Cclosed)) Zclosed)"},
    {"closed source", "Tclosed source",
     "(maybe (scale 0 (phrase closed source)) (or Zclosed Zsource))", "(and Zclosed Zsource)",
     "(filter (and (or Zclosed (scale 0.3 Cclosed)) (or Zsource (scale 0.3 Csource))) (or Zclosed Zsource))"},
    {"closed-source", "Tclosed source", "-",
     "(maybe (scale 0 (or (phrase closed source) closedsource)) (or Zclosed Zsource))", NULL},
    {"\"closed source\"", "-", "-", "(maybe (scale 0 (phrase closed source)) (or Zclosed Zsource))",
     NULL},
    {"\"closed source\"~2", "-", "-",
     "(maybe (scale 0 (phrase/4 closed source)) (or Zclosed Zsource))", NULL},
    {"GPT-5", "Tgpt 5", "-", "gpt5", "(filter (or gpt5 (scale 0.3 Cgpt5)) gpt5)"},
    {"gpt5", "Tgpt 5", "-", "gpt5", "(filter (or gpt5 (scale 0.3 Cgpt5)) gpt5)"},
    {"\"gpt 5\"", "-", "-", "gpt5", "(filter gpt5 gpt5)"},
    {"GPT-5.2", "Tgpt 5.2", "-", "gpt5.2", "(filter (or gpt5.2 (scale 0.3 Cgpt5.2)) gpt5.2)"},
    {"24GB", "T24 gb", "-", "24gb", "(filter (or 24gb (scale 0.3 C24gb)) 24gb)"},
    {"o3-mini", "To 3 mini", "-",
     "(maybe (scale 0 (or (phrase o 3 mini) o3mini)) (or Zo 3 Zmini))", NULL},
    {"quant*", "-", "-", "(or (prefix quant*) Zquant)", NULL},
    {"spark -rumor", NULL, "-", "(not Zspark Zrumor)", NULL},
    {"-rumor", "-", "-", "-", "(not (scale 0 Vkb) Zrumor)"},
    {"-(a b)", "-", "-", "-", "(not (scale 0 Vkb) (and Za Zb))"},
    {"a OR b", "-", "-", "(or Za Zb)", NULL},
    {"kind:entry", "-", "-", "-", "(scale 0 Kentry)"},
    {"spark kind:entry", NULL, "-", "(filter Zspark Kentry)", NULL},
    {"vault:kb spark", NULL, "-", "(filter Zspark Vkb)", NULL},
    {"on:2026-04-09 spark", NULL, "-", "(filter Zspark D20260409)", NULL},
    {"date:2026-04 spark", NULL, "-", "(filter Zspark M202604)", NULL},
    {"date:2026-03-30..2026-05-02", "-", "-", "-",
     "(scale 0 (or D20260330 D20260331 M202604 D20260501 D20260502))"},
    {"spark date:yesterday", NULL, "-", "(filter Zspark D20260414)", NULL},
    {"muse NEAR/3 spark", "-", "-", "(near/5 muse spark)", NULL},
    {"muse ADJ spark", "-", "-", NULL, NULL},
};
/* clang-format on */

static void same(const char *query, const char *tier, const char *got, const char *want)
{
    if (want && strcmp(got, want) != 0)
        fail_msg("%s, %s:\n  got  %s\n  want %s", query, tier, got, want);
}

static void plans(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct err e = {0};
        struct plan p;
        struct plan_options o = {0};
        if (make(&a, rows[i].query, &o, &p, &e))
            fail_msg("%s: %s", rows[i].query, e.text);
        same(rows[i].query, "title", text_of(&a, p.tier[PLAN_TITLE]), rows[i].title);
        same(rows[i].query, "adjacent", text_of(&a, p.tier[PLAN_ADJACENT]), rows[i].adjacent);
        same(rows[i].query, "own", text_of(&a, p.tier[PLAN_OWN]), rows[i].own);
        same(rows[i].query, "context", text_of(&a, p.tier[PLAN_CONTEXT]), rows[i].context);
        arena_free(&a);
    }
}

static void partial_makes_the_last_word_a_prefix(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err e = {0};
    struct plan p;
    struct plan_options o = {.partial = true};
    assert_int_equal(make(&a, "muse spa", &o, &p, &e), 0);
    assert_string_equal(text_of(&a, p.tier[PLAN_OWN]), "(and Zmuse (or (prefix spa*) Zspa))");
    arena_free(&a);
}

static void options_filter_every_tier(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err e = {0};
    struct plan p;
    struct plan_options o = {.on = SLICE_LIT("2026-04-09"), .vault = SLICE_LIT("kb")};
    assert_int_equal(make(&a, "muse spark", &o, &p, &e), 0);
    for (int i = 0; i < PLAN_TIERS; i++) {
        assert_non_null(p.tier[i]);
        assert_non_null(strstr(text_of(&a, p.tier[i]), "(and D20260409 Vkb)"));
    }
    arena_free(&a);
}

static void a_broken_date_is_told_with_its_byte(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err e = {0};
    struct plan p;
    struct plan_options o = {0};
    assert_int_equal(make(&a, "spark date:2026-13", &o, &p, &e), -1);
    assert_int_equal(e.code, ERR_QUERY);
    assert_in_range(e.at, 6, 18);
    err_clear(&e);
    o.since = SLICE_LIT("someday");
    assert_int_equal(make(&a, "spark", &o, &p, &e), -1);
    assert_int_equal(e.code, ERR_PARAMS);
    arena_free(&a);
}

static void a_word_never_seen_is_told(void **state)
{
    (void)state;
    /* Without an index nothing is known to be unseen, so no word is corrected. */
    struct arena a = {0};
    struct err e = {0};
    struct plan p;
    struct plan_options o = {0};
    assert_int_equal(make(&a, "muse geminu", &o, &p, &e), 0);
    arena_free(&a);
}

static void relaxing_leaves_words_out(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err e = {0};
    struct plan p;
    struct plan_options o = {0};
    assert_int_equal(make(&a, "\"p q\" x y z", &o, &p, &e), 0);
    assert_int_equal(p.n_words, 3);
    const char *two = text_of(&a, plan_relax(&a, &p, 2, &e));
    assert_non_null(strstr(two, "(phrase p q)"));
    assert_null(plan_relax(&a, &p, 3, &e));
    assert_int_equal(e.code, ERR_COMPLEX);
    arena_free(&a);
}

static void nothing_to_look_for_is_empty(void **state)
{
    (void)state;
    struct arena a = {0};
    struct err e = {0};
    struct plan p;
    struct plan_options o = {0};
    static const char *const none[] = {"", "  ", "\"\"", "..."};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        assert_int_equal(make(&a, none[i], &o, &p, &e), 0);
        assert_true(p.empty);
    }
    arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans),
        cmocka_unit_test(partial_makes_the_last_word_a_prefix),
        cmocka_unit_test(options_filter_every_tier),
        cmocka_unit_test(a_broken_date_is_told_with_its_byte),
        cmocka_unit_test(a_word_never_seen_is_told),
        cmocka_unit_test(relaxing_leaves_words_out),
        cmocka_unit_test(nothing_to_look_for_is_empty),
    };
    return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
