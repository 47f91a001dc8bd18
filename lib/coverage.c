// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/note.h"

#include <stdlib.h>

#include "lib/utf8.h"

enum { MARKUP_MAX = 2000 };

/* The columns of one file line that one unit holds, from 0. */
struct span {
    uint32_t line, begin, end;
};

struct walk {
    const struct note *n;
    struct span *spans; /* by line and column */
    size_t n_spans, next;
    size_t hidden_until;           /* source byte: markup that goes over lines */
    size_t no_comment, no_percent; /* no end is found from here on */
    bool fence;                    /* in a fenced block: no comments there */
    bool definition;               /* the line before belongs to a link's definition */
    struct note_warning *out;
    size_t max, found;
};

static int by_place(const void *a, const void *b)
{
    const struct span *x = a, *y = b;
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

static bool collect(struct arena *a, struct walk *w)
{
    size_t n = 0;
    for (size_t i = 0; i < w->n->n_units; i++)
        n += w->n->units[i].n_lines;
    w->spans = arena_array(a, n, sizeof *w->spans);
    if (!w->spans)
        return false;
    for (size_t i = 0; i < w->n->n_units; i++) {
        const struct unit *u = &w->n->units[i];
        for (size_t l = 0; l < u->n_lines; l++) {
            const struct unit_line *at = &u->lines[l];
            size_t end = l + 1 < u->n_lines ? u->lines[l + 1].begin - 1 : u->text.n;
            w->spans[w->n_spans++] =
                (struct span){at->line, at->col - 1, at->col - 1 + (uint32_t)(end - at->begin)};
        }
    }
    qsort(w->spans, w->n_spans, sizeof *w->spans, by_place);
    return true;
}

static void report(struct walk *w, uint32_t line, const char *text)
{
    if (w->found < w->max)
        w->out[w->found] = (struct note_warning){line, text};
    w->found++;
}

static bool is_word(uint32_t cp)
{
    enum utf8_class c = utf8_class(cp);
    return c == UTF8_LETTER || c == UTF8_DIGIT || c == UTF8_IDEO;
}

/* How many units hold the byte. */
static unsigned holders(const struct walk *w, uint32_t line, uint32_t col)
{
    unsigned n = 0;
    for (size_t i = w->next; i < w->n_spans && w->spans[i].line == line; i++)
        n += w->spans[i].begin <= col && col < w->spans[i].end;
    return n;
}

static size_t seek(struct slice source, size_t from, const char *what)
{
    size_t n = strlen(what);
    const char *hit = from < source.n ? memmem(source.p + from, source.n - from, what, n) : NULL;
    return hit ? (size_t)(hit - source.p) + n : 0;
}

/* Where the paragraph around byte i must have ended: markup over lines is looked for no further. */
static size_t limit_of(struct slice s, size_t i)
{
    size_t far = s.n - i > MARKUP_MAX ? i + MARKUP_MAX : s.n;
    size_t blank = seek(slice_of(s.p, far), i, "\n\n");
    return blank ? blank : far;
}

/* The end of a link's destination whose '(' is at i, 0 when it is not closed. */
static size_t destination(const char *p, size_t i, size_t end)
{
    size_t depth = 0;
    for (; i < end; i++) {
        if (p[i] == '\\')
            i++;
        else if (p[i] == '(')
            depth++;
        else if (p[i] == ')' && !--depth)
            return i + 1;
    }
    return 0;
}

/* The end of the invisible thing that begins at byte i of a line that ends at `end`; i if none. */
static size_t invisible(struct walk *w, size_t i, size_t end)
{
    struct slice s = w->n->source, rest = slice_of(s.p + i, end - i);
    size_t stop = 0;
    if (slice_starts(rest, SLICE_LIT("<!--"))) {
        if (i < w->no_comment && !(stop = seek(s, i + 2, "-->")))
            w->no_comment = i;
    } else if (*rest.p == '<' && rest.n > 1 &&
               (rest.p[1] == '/' || rest.p[1] == '!' || rest.p[1] == '?' ||
                   ((rest.p[1] | 32) >= 'a' && (rest.p[1] | 32) <= 'z'))) {
        stop = seek(slice_of(s.p, limit_of(s, i)), i, ">");
    } else if (slice_starts(rest, SLICE_LIT("](")) || slice_starts(rest, SLICE_LIT("]["))) {
        const char *close = rest.p[1] == '[' ? memchr(rest.p + 2, ']', rest.n - 2) : NULL;
        stop = rest.p[1] == '(' ? destination(s.p, i + 1, limit_of(s, i))
               : close          ? (size_t)(close - s.p) + 1
                                : 0;
    } else if (slice_starts(rest, SLICE_LIT("%%")) && !w->fence) {
        if (i < w->no_percent && !(stop = seek(s, i + 2, "%%")))
            w->no_percent = i;
    } else if (slice_starts(rest, SLICE_LIT("[!")) || slice_starts(rest, SLICE_LIT("[^"))) {
        const char *close = memchr(rest.p, ']', rest.n);
        stop = close ? (size_t)(close - s.p) + 1 : 0;
    } else if (*rest.p == '^' && !memchr(rest.p, ' ', rest.n)) {
        stop = end;
    }
    return stop ? stop : i;
}

/* Behind quote prefixes, list markers and numbers. */
static size_t behind_markers(const char *p, size_t i, size_t end)
{
    for (;;) {
        size_t d = i;
        while (d < end && p[d] >= '0' && p[d] <= '9')
            d++;
        bool number = d > i && d - i < 4 && d < end && (p[d] == '.' || p[d] == ')') &&
                      (d + 1 == end || p[d + 1] == ' ' || p[d + 1] == '\t');
        if (number)
            i = d + 1;
        else if (i < end && strchr(" \t>-*+", p[i]) && p[i])
            i++;
        else if (end - i >= 3 && memcmp(p + i, "\xe2\x80\xa2", 3) == 0)
            i += 3;
        else
            return i;
    }
}

/* [label]: of a link's definition, whose label may go over lines. */
static bool is_definition(struct slice s, size_t i)
{
    return i < s.n && s.p[i] == '[' && seek(slice_of(s.p, limit_of(s, i)), i, "]:");
}

/* One finding for a line's first visible word that lies in no unit or in two. */
static void check_line(struct walk *w, uint32_t line, size_t begin, size_t end)
{
    struct slice s = w->n->source;
    while (w->next < w->n_spans && w->spans[w->next].line < line)
        w->next++;
    bool held = w->next < w->n_spans && w->spans[w->next].line == line;
    size_t i = behind_markers(s.p, begin, end);
    bool blank = i == end;
    if (end - i >= 3 && (memcmp(s.p + i, "```", 3) == 0 || memcmp(s.p + i, "~~~", 3) == 0))
        w->fence = !w->fence;
    bool definition = !held && !blank && (is_definition(s, i) || w->definition);
    w->definition = definition;
    if (definition)
        return;
    if (i < w->hidden_until)
        i = w->hidden_until;
    while (i < end) {
        size_t stop = invisible(w, i, end);
        if (stop > i) {
            w->hidden_until = stop;
            i = stop;
            continue;
        }
        struct slice rest = slice_of(s.p + i, end - i);
        bool word = is_word(utf8_next(&rest));
        unsigned n = word ? holders(w, line, (uint32_t)(i - begin)) : 1;
        if (n != 1) {
            report(w, line, n ? "text that lies in two units" : "text that lies in no unit");
            return;
        }
        i = end - rest.n;
    }
}

size_t note_uncovered(struct arena *a, const struct note *n, struct note_warning *out, size_t max)
{
    struct walk w = {
        .n = n, .out = out, .max = max, .no_comment = SIZE_MAX, .no_percent = SIZE_MAX};
    if (!collect(a, &w)) {
        report(&w, 0, "out of memory");
        return w.found;
    }
    struct slice s = n->source;
    bool cr = s.n && !memchr(s.p, '\n', s.n);
    uint32_t line = 1;
    for (size_t b = 0; b < s.n; line++) {
        const char *stop = memchr(s.p + b, cr ? '\r' : '\n', s.n - b);
        size_t end = stop ? (size_t)(stop - s.p) : s.n;
        check_line(&w, line, b, end);
        b = end + 1;
    }
    for (size_t i = 0; i < w.n_spans; i++)
        if (w.spans[i].line >= line ||
            (i && w.spans[i].line == w.spans[i - 1].line && w.spans[i].begin < w.spans[i - 1].end))
            report(&w, w.spans[i].line, "units overlap");
    return w.found;
}
