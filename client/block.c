// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/print.h"

#include <inttypes.h>

#include "lib/utf8.h"

enum { INDENT = 4, TEXT_LINES = 3 };

static void style(struct print *p, const char *code)
{
    if (p->screen.color)
        buf_printf(&p->out, "\033[%sm", code);
}

/* The longest beginning that is at most `width` columns wide, at least one character. */
static size_t fitting(struct slice s, size_t width)
{
    struct slice rest = s;
    size_t used = 0, n = 0;
    while (rest.n) {
        struct slice from = rest;
        utf8_next(&rest);
        used += utf8_width(slice_of(from.p, from.n - rest.n));
        if (used > width && n)
            break;
        n = s.n - rest.n;
    }
    return n;
}

/* Text for one line of at most `width` columns. */
static void put_cut(struct print *p, struct slice text, size_t width)
{
    struct buf safe = {0};
    put_flat(&safe, text);
    struct slice s = buf_view(&safe);
    if (utf8_width(s) > width && width > 1) {
        buf_add(&p->out, s.p, fitting(s, width - 1));
        buf_str(&p->out, "…");
    } else if (width > 1) {
        buf_slice(&p->out, s);
    }
    p->out.failed |= safe.failed;
    buf_free(&safe);
}

/* --- the head of a block ---------------------------------------------------------------------- */

static void put_link(struct print *p, struct slice path)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/-._~";
    buf_printf(&p->out, "\033]8;;file://%s", p->screen.host);
    for (size_t i = 0; i < path.n; i++)
        if (path.p[i] && strchr(plain, path.p[i]))
            buf_char(&p->out, path.p[i]);
        else
            buf_printf(&p->out, "%%%02X", (unsigned char)path.p[i]);
    buf_str(&p->out, "\033\\");
}

static void put_head(struct print *p, const struct hit_shown *h)
{
    struct slice date = hit_text(h, "date"), kind = hit_text(h, "kind");
    struct buf place = {0}, title = {0};
    utf8_printable(&place, hit_path(p, h));
    buf_printf(&place, ":%" PRId64, hit_int(h, "match_line"));
    style(p, "32");
    buf_slice(&p->out, date.n ? date : SLICE_LIT("----------"));
    style(p, "0");
    buf_str(&p->out, "  ");
    style(p, "36");
    buf_slice(&p->out, kind);
    style(p, "0");
    buf_str(&p->out, "  ");
    style(p, "2");
    if (p->screen.links)
        put_link(p, hit_text(h, "path"));
    buf_slice(&p->out, buf_view(&place));
    if (p->screen.links)
        buf_str(&p->out, "\033]8;;\033\\");
    style(p, "0");

    const struct json *heading = json_get(h->json, "heading");
    buf_slice(&title, hit_text(h, "title"));
    for (size_t i = 0; i < json_len(heading); i++) {
        struct slice text = json_text(json_at(heading, i));
        if (i == 0 && slice_eq(text, hit_text(h, "title")))
            continue; /* the note's title stands there again */
        buf_str(&title, " › ");
        buf_slice(&title, text);
    }
    size_t used = 14 + kind.n + utf8_width(buf_view(&place)) + 2;
    if (title.n && used + 8 < p->screen.columns) {
        buf_str(&p->out, "  ");
        put_cut(p, buf_view(&title), p->screen.columns - used);
    }
    buf_char(&p->out, '\n');
    p->out.failed |= place.failed || title.failed;
    buf_free(&place);
    buf_free(&title);
}

/* --- its text --------------------------------------------------------------------------------- */

/* Safe text, and a byte beside each of its bytes that says whether it matched. */
struct marked {
    struct buf text, marks;
};

static void add_marked(struct marked *m, struct slice text, bool match)
{
    size_t from = m->text.n;
    utf8_printable(&m->text, text);
    char *to = m->text.n > from ? buf_room(&m->marks, m->text.n - from) : NULL;
    if (to) {
        memset(to, match, m->text.n - from);
        m->marks.n += m->text.n - from;
    }
}

static void add_snippet(struct marked *m, const struct hit_shown *h)
{
    const struct json *segments = json_get(h->json, "snippet");
    for (size_t i = 0; i < json_len(segments); i++) {
        const struct json *s = json_at(segments, i);
        add_marked(m, json_text(json_get(s, "t")), json_bool(json_get(s, "m"), false));
    }
    if (m->text.n == 0) {
        struct buf flat = {0};
        put_flat(&flat, hit_text(h, "text"));
        add_marked(m, buf_view(&flat), false);
        m->text.failed |= flat.failed;
        buf_free(&flat);
    }
}

static void put_marked(struct print *p, const struct marked *m, size_t from, size_t end)
{
    bool on = false;
    for (size_t i = from; i < end; i++) {
        if (m->marks.p[i] != on) {
            on = !on;
            style(p, on ? "1;31" : "0");
        }
        buf_char(&p->out, m->text.p[i]);
    }
    if (on)
        style(p, "0");
}

static size_t skip_blanks(struct slice s, size_t i)
{
    while (i < s.n && s.p[i] == ' ')
        i++;
    return i;
}

/* Where the line that begins at `from` ends: behind a word, or within one that is too long for
 * any line (Han has no blanks). */
static size_t line_end(struct slice s, size_t from, size_t width)
{
    size_t end = from;
    for (size_t i = from; i < s.n;) {
        size_t word = skip_blanks(s, i), behind = word;
        while (behind < s.n && s.p[behind] != ' ')
            behind++;
        if (utf8_width(slice_of(s.p + from, behind - from)) > width) {
            bool alone = utf8_width(slice_of(s.p + word, behind - word)) > width;
            return end > from && !alone ? end
                                        : from + fitting(slice_of(s.p + from, s.n - from), width);
        }
        end = i = behind;
    }
    return end;
}

static void put_text(struct print *p, const struct hit_shown *h)
{
    struct marked m = {0};
    add_snippet(&m, h);
    size_t width = p->screen.columns - INDENT;
    struct slice s = buf_view(&m.text);
    p->out.failed |= m.text.failed || m.marks.failed;
    if (m.marks.failed)
        s.n = 0;
    for (size_t line = 0, from = skip_blanks(s, 0); line < TEXT_LINES && from < s.n; line++) {
        bool last = line == TEXT_LINES - 1;
        size_t end = line_end(s, from, width);
        bool cut = last && skip_blanks(s, end) < s.n;
        if (cut)
            end = line_end(s, from, width - 2);
        buf_printf(&p->out, "%*s", INDENT, "");
        put_marked(p, &m, from, end);
        buf_str(&p->out, cut ? " …\n" : "\n");
        from = skip_blanks(s, end);
    }
    if (json_len(json_get(h->json, "folded"))) {
        buf_printf(&p->out, "%*s", INDENT - 1, "");
        put_folded(&p->out, h);
        buf_char(&p->out, '\n');
    }
    buf_free(&m.text);
    buf_free(&m.marks);
}

static void put_neighbours(struct print *p, const struct hit_shown *h, const char *key)
{
    const struct json *list = json_get(h->json, key);
    for (size_t i = 0; i < json_len(list); i++) {
        const struct json *n = json_at(list, i);
        style(p, "2");
        buf_printf(&p->out, "%*s%" PRId64 "  ", INDENT, "", json_int(json_get(n, "line"), 0));
        put_cut(p, json_text(json_get(n, "text")), p->screen.columns - 2 * INDENT - 4);
        style(p, "0");
        buf_char(&p->out, '\n');
    }
}

void print_block(struct print *p, const struct hit_shown *h)
{
    if (p->printed)
        buf_char(&p->out, '\n');
    put_head(p, h);
    put_neighbours(p, h, "before");
    put_text(p, h);
    put_neighbours(p, h, "after");
}

/* --- a story ---------------------------------------------------------------------------------- */

static struct slice part_of_story(const struct hit_shown *h)
{
    struct slice source = hit_text(h, "source");
    return source.n ? source : hit_text(h, "gap");
}

static void piped_story(struct print *p, const struct hit_shown *h, const struct buf *place)
{
    buf_slice(&p->out, buf_view(place));
    buf_char(&p->out, ':');
    buf_slice(&p->out, hit_text(h, "date"));
    buf_char(&p->out, ':');
    buf_slice(&p->out, part_of_story(h));
    buf_char(&p->out, ':');
    put_flat(&p->out, hit_text(h, "text"));
    buf_char(&p->out, p->options->zero ? '\0' : '\n');
}

/* Date, who tells it, the text cut to what the line has room for, the place. */
void print_story(struct print *p, const struct hit_shown *h)
{
    enum { SOURCE = 8, LEAST = 30 };
    struct buf place = {0};
    struct marked m = {0};
    struct slice source = part_of_story(h);
    utf8_printable(&place, hit_path(p, h));
    buf_printf(&place, ":%" PRId64, hit_int(h, "match_line"));
    p->out.failed |= place.failed;
    if (!p->screen.terminal || p->options->zero) {
        piped_story(p, h, &place);
        buf_free(&place);
        return;
    }
    style(p, "32");
    buf_slice(&p->out, hit_text(h, "date"));
    style(p, "0");
    style(p, slice_is(source, "both") ? "1;36" : "36");
    buf_printf(&p->out, "  %-*.*s  ", SOURCE, (int)source.n, source.p);
    style(p, "0");
    size_t used = 10 + 2 + SOURCE + 2, tail = utf8_width(buf_view(&place)) + 2;
    bool placed = used + LEAST + tail <= p->screen.columns;
    size_t width = p->screen.columns > used + 2 ? p->screen.columns - used : 2;
    if (placed)
        width -= tail;
    add_snippet(&m, h);
    struct slice s = buf_view(&m.text);
    p->out.failed |= m.text.failed || m.marks.failed;
    bool cut = utf8_width(s) > width;
    if (!m.marks.failed && s.n)
        put_marked(p, &m, 0, cut ? fitting(s, width - 1) : s.n);
    buf_str(&p->out, cut ? "…" : "");
    if (placed) {
        size_t shown = cut ? width : utf8_width(s);
        buf_printf(&p->out, "%*s", (int)(width > shown ? width - shown + 2 : 2), "");
        style(p, "2");
        if (p->screen.links)
            put_link(p, hit_text(h, "path"));
        buf_slice(&p->out, buf_view(&place));
        if (p->screen.links)
            buf_str(&p->out, "\033]8;;\033\\");
        style(p, "0");
    }
    buf_char(&p->out, '\n');
    buf_free(&place);
    buf_free(&m.text);
    buf_free(&m.marks);
}
