// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/forms.h"

/* In place of the end of a stem; without one behind it. By how often they are met in news. */
static const struct ending {
    char of[2], is[6];
} endings[FORMS_OF_STEM] = {{"", ""}, {"", "s"}, {"", "e"}, {"", "ing"}, {"", "ed"}, {"", "es"},
    {"i", "y"}, {"e", "ing"}, {"", "ion"}, {"", "al"}, {"", "er"}, {"", "ation"}, {"", "d"}};

/* What stands before the ending; false: no word of this stem has it. */
static bool trunk(const struct ending *x, struct slice stem, struct slice *out)
{
    size_t n = strlen(x->of);
    *out = slice_of(stem.p, stem.n - n);
    return stem.n > n && memcmp(stem.p + stem.n - n, x->of, n) == 0;
}

bool forms_has(struct slice stem, struct slice word)
{
    for (size_t i = 0; i < FORMS_OF_STEM; i++) {
        struct slice before;
        if (trunk(&endings[i], stem, &before) && slice_starts(word, before) &&
            slice_is(slice_of(word.p + before.n, word.n - before.n), endings[i].is))
            return true;
    }
    return false;
}

int forms_of(struct arena *a, struct slice stem, struct slice form[FORMS_OF_STEM], size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < FORMS_OF_STEM; i++) {
        struct slice before;
        size_t more = strlen(endings[i].is);
        if (!trunk(&endings[i], stem, &before))
            continue;
        char *text = arena_raw(a, before.n + more + 1);
        if (!text)
            return -1;
        memcpy(text, before.p, before.n);
        memcpy(text + before.n, endings[i].is, more);
        form[(*n)++] = slice_of(text, before.n + more);
    }
    return 0;
}
