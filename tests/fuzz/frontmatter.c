// SPDX-License-Identifier: GPL-2.0-or-later
/* The block that opens a note. */
#include "lib/frontmatter.h"
#include "tests/fuzz/fuzz.h"

void fuzz_try(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct err e = {0};
    struct frontmatter f;
    struct slice s = fuzz_copy(data, size);
    MUST(frontmatter_parse(&a, s, &f, &e) == 0);
    MUST(f.body <= s.n && (f.found || !f.body));
    for (size_t i = 0; i < f.n_lines; i++) {
        const struct frontmatter_line *l = &f.lines[i];
        MUST(l->begin <= l->end && l->end <= f.body && l->line >= 1 && l->col >= 1);
        MUST(!i || (l->line > l[-1].line && l->begin >= l[-1].end));
    }
    for (size_t i = 0; i < f.n_fields; i++) {
        struct slice key = f.fields[i].key;
        if (key.n && !memchr(key.p, '\0', key.n))
            MUST(frontmatter_get(&f, arena_strndup(&a, key.p, key.n)) != NULL);
    }
    arena_free(&a);
    free((char *)(uintptr_t)s.p);
}
