// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/budget.h"

#include "lib/utf8.h"

static size_t byte_cost(unsigned char c, bool valid)
{
    enum { ESCAPE = 2, CONTROL = 6, REPLACEMENT = 3 };
    if (c == '"' || c == '\\' || c == '\n' || c == '\t' || c == '\r')
        return ESCAPE;
    if (c < 0x20)
        return CONTROL;
    return c < 0x80 || valid ? 1 : REPLACEMENT;
}

size_t budget_string(struct slice s)
{
    bool valid = utf8_valid(s) == s.n;
    size_t n = 2;
    for (size_t i = 0; i < s.n; i++)
        n += byte_cost((unsigned char)s.p[i], valid);
    return n;
}

static size_t neighbours(const struct neighbour *v, size_t n)
{
    enum { MEMBERS = 60 };
    size_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += MEMBERS + budget_string(v[i].text);
    return bytes;
}

size_t budget_hit(const struct hit *h)
{
    enum { MEMBERS = 420, SEGMENT = 20 };
    size_t n = MEMBERS + budget_string(h->path) + budget_string(h->rec.vault) +
               budget_string(h->rec.rel) + budget_string(h->rec.title) + budget_string(h->text);
    for (size_t i = 0; i < h->rec.n_headings; i++)
        n += 1 + budget_string(h->rec.heading[i]);
    for (size_t i = 0; i < h->n_snippet; i++)
        n += SEGMENT + budget_string(h->snippet[i].text);
    return n + neighbours(h->before, h->n_before) + neighbours(h->after, h->n_after);
}

/* The line of the text's last byte. */
static uint32_t last_line(const struct hit *h)
{
    const struct record *r = &h->rec;
    uint32_t line = r->line, col;
    if (r->n_lines > 1 && h->text.n) {
        record_place(r, h->text.n - 1, &line, &col);
        return line;
    }
    for (size_t i = 0; i + 1 < h->text.n; i++)
        line += h->text.p[i] == '\n';
    return line;
}

bool budget_cut(struct hit *h, size_t most)
{
    size_t bytes = budget_hit(h), keep = h->text.n;
    if (bytes <= most)
        return true;
    while (keep && bytes > most)
        bytes -= byte_cost((unsigned char)h->text.p[--keep], true);
    if (bytes > most)
        return false;
    const char *end = keep ? memrchr(h->text.p, '\n', keep) : NULL;
    size_t whole = end ? (size_t)(end - h->text.p) + 1 : 0;
    h->text.n = whole > keep / 2 ? whole : utf8_floor(h->text, keep);
    h->truncated = true;
    h->rec.end_line = last_line(h);
    return true;
}
