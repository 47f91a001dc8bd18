// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/pasted.h"

#include "lib/note.h"
#include "lib/token.h"

/* Links, entities, tags, and what may stand within a word; the tokeniser passes over the others. */
static bool has_marks(struct slice s)
{
    for (size_t i = 0; i + 1 < s.n; i++) {
        char c = s.p[i], next = s.p[i + 1];
        if ((c == ']' && next == '(') || (c == '[' && next == '[') || memchr("<&`*\\~=", c, 7))
            return true;
    }
    return false;
}

int pasted_text(struct arena *a, struct slice text, struct slice *seen, struct err *e)
{
    struct note n;
    struct buf b = {0};
    *seen = text;
    if (!has_marks(text))
        return 0;
    if (note_parse(a, SLICE_LIT("pasted.md"), text, &n, e))
        return -1;
    for (size_t i = 0; i < n.n_units; i++) {
        note_render(&b, n.units[i].text, n.units[i].runs, n.units[i].n_runs);
        buf_char(&b, '\n');
    }
    struct slice rendered = b.failed ? slice_of(NULL, 0) : arena_dup(a, buf_view(&b));
    buf_free(&b);
    if (!rendered.p)
        return err_memory(e);
    if (token_key(a, rendered).n)
        *seen = rendered;
    return 0;
}
