// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/shadow.h"

#include <stdlib.h>

enum { NO_CLOSE_LENGTHS = 32 };

struct making {
    struct arena *a;
    struct shadow *s;
    const char *src;
    size_t end; /* of the line at work, without its line end */
    char fence; /* the fence we are in, or 0 */
    size_t fence_length;
    size_t comment_end;    /* of a comment over lines */
    bool no_html_comment;  /* none closes any more in the line */
    bool comments_end;     /* no %% closes any more */
    struct slice *defined; /* names of footnotes */
    size_t n_defined, cap_defined;
    size_t highlight_end;            /* where the == is that closes one */
    size_t close;                    /* where the line's next ]] is, m->end when there is none */
    bool unclosed[NO_CLOSE_LENGTHS]; /* backtick runs of this length close no more in the line */
    size_t table_end;                /* of the latest table */
    size_t cap;                      /* of the shadow */
    const char *line_end;
    bool failed;
};

bool shadow_cr_lines(struct slice source)
{
    return source.n && !memchr(source.p, '\n', source.n) && memchr(source.p, '\r', source.n);
}

uint32_t shadow_source(const struct shadow *s, size_t at)
{
    size_t low = 0, high = s->n_shifts;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (s->shifts[mid].at <= at)
            low = mid + 1;
        else
            high = mid;
    }
    int64_t to = (int64_t)at + (low ? s->shifts[low - 1].by : 0);
    if (low < s->n_shifts && to > (int64_t)s->shifts[low].at + s->shifts[low].by)
        to = (int64_t)s->shifts[low].at + s->shifts[low].by;
    return s->from + (uint32_t)to;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool bare_bullet(struct slice s)
{
    static const char *const bullets[] = {"\xe2\x80\xa2", "\xe2\x80\xa3", "\xe2\x81\x83",
        "\xe2\x96\xaa", "\xe2\x97\x8f", "\xe2\x97\xa6"};
    if (s.n < 3 || s.p[0] != '\xe2')
        return false;
    for (size_t i = 0; i < sizeof bullets / sizeof *bullets; i++)
        if (memcmp(s.p, bullets[i], 3) == 0)
            return true;
    return false;
}

size_t shadow_bullet(struct slice s, bool *bare)
{
    size_t n = 0;
    *bare = bare_bullet(s);
    if (*bare)
        n = 3;
    else if (s.n && (*s.p == '-' || *s.p == '*' || *s.p == '+'))
        n = 1;
    else {
        while (n < s.n && n < 3 && s.p[n] >= '0' && s.p[n] <= '9')
            n++;
        if (!n || n >= s.n || (s.p[n] != '.' && s.p[n] != ')'))
            return 0;
        n++;
    }
    if (n < s.n && !is_blank(s.p[n]) && !*bare)
        return 0;
    while (n < s.n && is_blank(s.p[n]))
        n++;
    return n;
}

static bool is_size(struct slice s)
{
    size_t i = 0;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
        i++;
    if (i && i < s.n && s.p[i] == 'x')
        while (++i < s.n && s.p[i] >= '0' && s.p[i] <= '9') {
        }
    return i && i == s.n;
}

static struct slice trim_marks(struct slice s)
{
    while (s.n > 2 && s.p[0] == '*' && s.p[s.n - 1] == '*')
        s = slice_of(s.p + 1, s.n - 2);
    return s;
}

bool shadow_wikilink(struct slice inside, bool embed, struct wikilink *link)
{
    if (!slice_trim(inside).n || memchr(inside.p, '[', inside.n) ||
        memchr(inside.p, ']', inside.n) || memchr(inside.p, '`', inside.n) ||
        memchr(inside.p, '\n', inside.n))
        return false;
    *link = (struct wikilink){.embed = embed};
    struct slice name = inside;
    const char *bar = memchr(inside.p, '|', inside.n);
    if (bar) {
        name.n = (size_t)(bar - inside.p);
        link->alias = slice_trim(slice_of(bar + 1, inside.n - name.n - 1));
        if (name.n && name.p[name.n - 1] == '\\')
            name.n--;
        if (embed && is_size(link->alias))
            link->alias.n = 0;
    }
    name = slice_trim(name);
    const char *hash = name.n ? memchr(name.p, '#', name.n) : NULL;
    link->target = name;
    if (hash) {
        link->target = slice_trim(slice_of(name.p, (size_t)(hash - name.p)));
        link->heading = slice_trim(slice_of(hash + 1, name.n - (size_t)(hash - name.p) - 1));
    }
    bool block = link->heading.n && *link->heading.p == '^';
    link->alias = trim_marks(link->alias);
    link->visible = link->alias.n ? link->alias : block || !link->target.n ? link->target : name;
    if (!link->alias.n && !link->target.n && !block)
        link->visible = link->heading;
    return name.n > 0;
}

static struct shadow_mark *mark(struct making *m, size_t begin, size_t end)
{
    struct shadow *s = m->s;
    struct shadow_mark fresh = {.begin = (uint32_t)begin,
        .end = (uint32_t)end,
        .visible_begin = (uint32_t)end,
        .visible_end = (uint32_t)end,
        .link = -1};
    if (!ARENA_PUSH(m->a, s->marks, s->n_marks, s->cap_marks, fresh)) {
        m->failed = true;
        return NULL;
    }
    return &s->marks[s->n_marks - 1];
}

/* The shadow's byte for a byte of the source, behind the last bare bullet. */
static char *shade(struct making *m, size_t at)
{
    const struct shadow *s = m->s;
    return s->p + ((ptrdiff_t)(at - s->from) - (s->n_shifts ? s->shifts[s->n_shifts - 1].by : 0));
}

static void fill(struct making *m, size_t begin, size_t end, char filler)
{
    memset(shade(m, begin), filler, end - begin);
}

static size_t run_of(const struct making *m, size_t i, char c)
{
    size_t n = 0;
    while (i + n < m->end && m->src[i + n] == c)
        n++;
    return n;
}

/* Where the text begins behind the containers of a line from b on; copies what it passes. Marks
 * beyond SHADOW_DEPTH become letters. */
static size_t containers(struct making *m, size_t b)
{
    struct shadow *s = m->s;
    size_t q = b, depth = 0, deep = 0;
    for (;;) {
        while (q < m->end && is_blank(m->src[q]))
            s->p[s->n++] = m->src[q++];
        bool bare = false;
        size_t n = q < m->end && m->src[q] == '>' ? 1 : 0;
        if (!n)
            n = shadow_bullet(slice_of(m->src + q, m->end - q), &bare);
        if (!n)
            break;
        if (++depth > SHADOW_DEPTH) {
            if (!deep)
                deep = q;
            memset(s->p + s->n, 'x', n);
            s->n += n;
        } else if (bare) {
            int32_t by = s->n_shifts ? s->shifts[s->n_shifts - 1].by : 0;
            s->n_bare_bullets++;
            s->p[s->n++] = '-';
            if (n == 3)
                s->p[s->n++] = ' ';
            struct shadow_shift shift = {(uint32_t)s->n, by + (n == 3 ? 1 : 2)};
            if (!ARENA_PUSH(m->a, s->shifts, s->n_shifts, s->cap_shifts, shift))
                m->failed = true;
            memcpy(s->p + s->n, m->src + q + 3, n - 3);
            s->n += n - 3;
        } else {
            memcpy(s->p + s->n, m->src + q, n);
            s->n += n;
        }
        q += n;
    }
    if (deep)
        mark(m, deep, q);
    return q;
}

/* Follows fences; true when the line opens or closes one. */
static bool fence(struct making *m, size_t q)
{
    char c = q < m->end ? m->src[q] : 0;
    if (c != '`' && c != '~')
        return false;
    size_t n = run_of(m, q, c);
    struct slice rest = slice_of(m->src + q + n, m->end - q - n);
    if (n < 3)
        return false;
    if (!m->fence) {
        if (c == '`' && rest.n && memchr(rest.p, '`', rest.n))
            return false;
        m->fence = c;
        m->fence_length = n;
        return true;
    }
    if (c != m->fence || n < m->fence_length || slice_trim(rest).n)
        return false;
    m->fence = 0;
    return true;
}

static size_t find(struct slice s, const char *what, size_t n)
{
    const char *hit = s.n ? memmem(s.p, s.n, what, n) : NULL;
    return hit ? (size_t)(hit - s.p) : s.n;
}

static size_t bars_of(struct slice line)
{
    size_t n = 0;
    for (size_t i = 0; i < line.n; i++)
        n += line.p[i] == '|';
    return n;
}

static bool is_delimiter_row(struct slice s)
{
    size_t bars = 0, dashes = 0;
    for (size_t i = 0; i < s.n; i++) {
        bars += s.p[i] == '|';
        dashes += s.p[i] == '-';
        if (s.p[i] != '|' && s.p[i] != '-' && s.p[i] != ':' && !is_blank(s.p[i]))
            return false;
    }
    return bars && dashes;
}

/* The most bars in a line of the table whose header begins at `header`; where it ends in *end. */
static size_t widest_row(const struct making *m, size_t header, size_t *end)
{
    struct slice source = m->s->source;
    size_t widest = 0;
    for (size_t at = header; at < source.n;) {
        size_t n = find(slice_of(source.p + at, source.n - at), m->line_end, 1);
        size_t bars = bars_of(slice_of(source.p + at, n));
        if (!bars)
            break;
        widest = bars > widest ? bars : widest;
        *end = at += n + 1;
    }
    return widest;
}

/*
 * The delimiter row of a table in the shadow: md4c wants three dashes a column, and leaves out what
 * a row has more than that row; and since it emits every column of every row, what is wider than
 * SHADOW_COLUMNS is no table.
 */
static bool widen_table(struct making *m, size_t q)
{
    struct shadow *s = m->s;
    struct slice row = slice_of(m->src + q, m->end - q);
    size_t header = s->n_lines > 1 ? s->lines[s->n_lines - 2] : q;
    if (q < m->table_end || header == q || !is_delimiter_row(row) ||
        !bars_of(slice_of(m->src + header, s->lines[s->n_lines - 1] - header)))
        return false;
    size_t columns = widest_row(m, header, &m->table_end) + 1;
    if (columns > SHADOW_COLUMNS)
        columns = 0;
    size_t bytes = 4 * columns + 1, rest = s->source.n - q;
    if (s->n + bytes + rest >= m->cap) {
        size_t cap = m->cap + m->cap / 4 + bytes;
        char *p = arena_grow(m->a, s->p, s->n, cap, 1);
        if (!p) {
            m->failed = true;
            return true;
        }
        s->p = p;
        m->cap = cap;
    }
    mark(m, q, m->end);
    for (size_t i = 0; i < columns; i++) {
        memcpy(s->p + s->n, "|---", 4);
        s->n += 4;
    }
    s->p[s->n++] = columns ? '|' : 'x';
    struct shadow_shift shift = {
        (uint32_t)s->n, (int32_t)((int64_t)(m->end - s->from) - (int64_t)s->n)};
    if (!ARENA_PUSH(m->a, s->shifts, s->n_shifts, s->cap_shifts, shift))
        m->failed = true;
    return true;
}

/* Each of these reads what begins at source byte i and returns where to go on. */
static size_t read_wikilink(struct making *m, size_t i)
{
    if (m->close < i + 2 && m->close < m->end) {
        struct slice rest = slice_of(m->src + i + 2, m->end - i - 2);
        size_t at = find(rest, "]]", 2);
        m->close = at == rest.n ? m->end : i + 2 + at;
    }
    if (m->close >= m->end)
        return i + 1;
    struct slice inside = slice_of(m->src + i + 2, m->close - i - 2);
    bool embed = i > m->s->from && m->src[i - 1] == '!';
    struct wikilink link;
    if (!shadow_wikilink(inside, embed, &link))
        return i + 1;
    struct shadow *s = m->s;
    size_t begin = embed && i - 1 >= (size_t)m->s->lines[s->n_lines - 1] ? i - 1 : i;
    struct shadow_mark *k = mark(m, begin, m->close + 2);
    if (!k || !ARENA_PUSH(m->a, s->links, s->n_links, s->cap_links, link)) {
        m->failed = true;
        return m->end;
    }
    k->link = (int32_t)(s->n_links - 1);
    k->visible_begin = (uint32_t)(link.visible.p - m->src);
    k->visible_end = k->visible_begin + (uint32_t)link.visible.n;
    fill(m, begin, m->close + 2, 'x');
    return m->close + 2;
}

static size_t read_footnote(struct making *m, size_t i, size_t text)
{
    size_t e = i + 2;
    while (
        e < m->end && e - i < 100 && m->src[e] != ']' && m->src[e] != '[' && !is_blank(m->src[e]))
        e++;
    if (e >= m->end || m->src[e] != ']' || e == i + 2)
        return i + 1;
    struct slice name = slice_of(m->src + i + 2, e - i - 2);
    bool defines = i == text && e + 1 < m->end && m->src[e + 1] == ':';
    e += defines ? 2 : 1;
    struct shadow_mark *k = mark(m, i, e);
    if (!k || (defines && !ARENA_PUSH(m->a, m->defined, m->n_defined, m->cap_defined, name))) {
        m->failed = true;
        return m->end;
    }
    k->link = -2; /* decided when all definitions are known */
    fill(m, i, e, 'x');
    return e;
}

static size_t read_callout(struct making *m, size_t i)
{
    size_t e = i + 2;
    while (e < m->end && (is_alnum(m->src[e]) || strchr("-_|", m->src[e])) && m->src[e])
        e++;
    if (e >= m->end || m->src[e] != ']' || e == i + 2)
        return i + 1;
    e++;
    if (e < m->end && (m->src[e] == '+' || m->src[e] == '-'))
        e++;
    if (e < m->end && !is_blank(m->src[e]))
        return i + 1;
    while (e < m->end && is_blank(m->src[e]))
        e++;
    struct shadow_mark *k = mark(m, i, e);
    if (k)
        k->opens_callout = true;
    fill(m, i, e, 'x');
    return e;
}

static size_t read_comment(struct making *m, size_t i, size_t text)
{
    size_t n = run_of(m, i, '%');
    if (n != 2 || m->fence)
        return i + n;
    struct slice rest = slice_of(m->src + i + 2, m->end - i - 2);
    size_t at = find(rest, "%%", 2);
    size_t e = i + 2 + at + 2;
    if (at < rest.n) {
        mark(m, i, e);
        bool alone = i == text && !slice_trim(slice_of(m->src + e, m->end - e)).n;
        fill(m, i, e, alone ? ' ' : 'x');
        return e;
    }
    if (m->comments_end || (i > text && !is_blank(m->src[i - 1])))
        return i + 2;
    struct slice ahead = slice_of(m->src + m->end, m->s->source.n - m->end);
    at = find(ahead, "%%", 2);
    if (at == ahead.n) {
        m->comments_end = true;
        return i + 2;
    }
    m->comment_end = m->end + at + 2;
    mark(m, i, m->comment_end);
    fill(m, i, m->end, i == text ? ' ' : 'x');
    return m->end;
}

/* An HTML comment within a line: md4c knows none with "--" in it. */
static size_t read_html_comment(struct making *m, size_t i, size_t text)
{
    struct slice rest = slice_of(m->src + i, m->end - i);
    if (i == text || !slice_starts(rest, SLICE_LIT("<!--")) || m->no_html_comment)
        return i + 1;
    size_t at = 2 + find(slice_of(rest.p + 2, rest.n - 2), "-->", 3);
    if (at == rest.n) {
        m->no_html_comment = true;
        return i + 1;
    }
    mark(m, i, i + at + 3);
    fill(m, i, i + at + 3, 'x');
    return i + at + 3;
}

static size_t read_highlight(struct making *m, size_t i)
{
    size_t n = run_of(m, i, '=');
    if (n == 2 && i && i == m->highlight_end) {
        mark(m, i, i + 2);
        return i + 2;
    }
    if (n != 2 || i + 2 >= m->end || is_blank(m->src[i + 2]) ||
        (i > m->s->from && is_alnum(m->src[i - 1])))
        return i + n;
    struct slice rest = slice_of(m->src + i + 2, m->end - i - 2);
    size_t e = i + 2 + find(rest, "==", 2);
    if (e < m->end && !is_blank(m->src[e - 1]) && run_of(m, e, '=') == 2) {
        m->highlight_end = e;
        mark(m, i, i + 2);
    }
    return i + 2;
}

static size_t read_code(struct making *m, size_t i)
{
    size_t n = run_of(m, i, '`');
    if (n >= NO_CLOSE_LENGTHS || m->unclosed[n])
        return i + n;
    for (size_t e = i + n; e < m->end;) {
        const char *hit = memchr(m->src + e, '`', m->end - e);
        if (!hit)
            break;
        e = (size_t)(hit - m->src);
        size_t length = run_of(m, e, '`');
        e += length;
        if (length == n)
            return e;
    }
    m->unclosed[n] = true;
    return i + n;
}

/* " ^block-id" that ends the line, from the '^' on. */
static size_t read_block_id(struct making *m, size_t i, size_t text)
{
    size_t e = i + 1, letters = 0;
    while (e < m->end && (is_alnum(m->src[e]) || m->src[e] == '-'))
        letters += (m->src[e] > '9' || m->src[e] == '-'), e++;
    if (e - i < 3 || !letters || slice_trim(slice_of(m->src + e, m->end - e)).n ||
        (i > text && !is_blank(m->src[i - 1])))
        return i + 1;
    mark(m, i, e);
    return e;
}

static bool url_byte(char c)
{
    return c > ' ' && c < 0x7f && !strchr("<>\"`|]}\\^", c);
}

/* A bare URL from `begin` on, as GitHub cuts it: no punctuation at its end, brackets in pairs. */
static size_t read_url(struct making *m, size_t i, size_t begin, size_t lead)
{
    size_t e = i + lead, open = 0, close = 0;
    while (e < m->end && url_byte(m->src[e]) && !(m->src[e] == ')' && close >= open)) {
        open += m->src[e] == '(';
        close += m->src[e] == ')';
        e++;
    }
    while (e > i + lead && strchr("?!.,:;*_~'", m->src[e - 1]))
        e--;
    if (e == i + lead)
        return e;
    struct shadow_mark *k = mark(m, begin, e);
    struct shadow *s = m->s;
    struct wikilink link = {.target = slice_of(m->src + begin, e - begin)};
    link.visible = link.alias = link.target;
    if (!k || !ARENA_PUSH(m->a, s->links, s->n_links, s->cap_links, link)) {
        m->failed = true;
        return m->end;
    }
    k->link = (int32_t)(s->n_links - 1);
    k->visible_begin = (uint32_t)begin;
    k->url = true;
    fill(m, begin, e, 'x');
    return e;
}

/* "://" at i, with a scheme before it that begins behind `from`. */
static size_t read_scheme(struct making *m, size_t i, size_t from)
{
    size_t begin = i;
    while (begin > from && i - begin < 12 && is_alnum(m->src[begin - 1]))
        begin--;
    bool scheme = i - begin >= 3 && m->src[begin] > '9' && m->src[i + 1] == '/' &&
                  m->src[i + 2] == '/' && !(begin > from && m->src[begin - 1] == '<');
    return scheme ? read_url(m, i, begin, 3) : i + 1;
}

static void inert(struct making *m, size_t text, bool quoted)
{
    static const char table[256] = {['['] = 1,
        ['%'] = 1,
        ['='] = 1,
        ['^'] = 1,
        ['`'] = 1,
        ['\\'] = 1,
        [':'] = 1,
        ['w'] = 1,
        ['<'] = 1};
    size_t ticks = 0, done = text; /* before `done` stands what is read already */
    m->close = 0;
    m->no_html_comment = false;
    for (size_t i = text; i < m->end;) {
        while (i < m->end && !table[(unsigned char)m->src[i]])
            i++;
        if (i >= m->end)
            return;
        char next = i + 1 < m->end ? m->src[i + 1] : 0;
        size_t begin = i;
        switch (m->src[i]) {
        case '[':
            if (next == '[')
                i = read_wikilink(m, i);
            else if (next == '^')
                i = read_footnote(m, i, text);
            else if (next == '!' && i == text && quoted)
                i = read_callout(m, i);
            else
                i++;
            break;
        case '%':
            i = next == '%' ? read_comment(m, i, text) : i + 1;
            break;
        case '=':
            i = next == '=' ? read_highlight(m, i) : i + 1;
            break;
        case '^':
            i = read_block_id(m, i, text);
            break;
        case '`':
            if (!ticks++)
                memset(m->unclosed, 0, sizeof m->unclosed);
            i = read_code(m, i);
            break;
        case '\\':
            i += 2;
            break;
        case '<':
            i = next == '!' ? read_html_comment(m, i, text) : i + 1;
            break;
        case ':':
            i = i + 3 < m->end ? read_scheme(m, i, done) : i + 1;
            break;
        case 'w':
            if (m->end - i > 4 && memcmp(m->src + i, "www.", 4) == 0 &&
                (i == done || !is_alnum(m->src[i - 1])) && !(i > text && m->src[i - 1] == '/'))
                i = read_url(m, i, i, 4);
            else
                i++;
            break;
        default:
            i++;
        }
        if (i > begin + 1)
            done = i;
    }
}

/* A CR within a line and NUL, which md4c would make a line end and U+FFFD of. */
static void tame(char *p, size_t n)
{
    for (char *c = p; (c = memchr(c, '\r', n - (size_t)(c - p)));)
        *c = ' ';
    for (char *c = p; (c = memchr(c, '\0', n - (size_t)(c - p)));)
        *c = '\x01';
}

/* A number of more than three digits numbers no list: "2803. effect of" is a sentence. */
static void escape_number(struct making *m, size_t text)
{
    size_t n = text;
    while (n < m->end && m->src[n] >= '0' && m->src[n] <= '9')
        n++;
    if (n > text && n < m->end && (m->src[n] == '.' || m->src[n] == ')'))
        *shade(m, n) = ',';
}

/* The line [b, m->end), into the shadow. */
static void read_line(struct making *m, size_t b)
{
    struct shadow *s = m->s;
    if (m->comment_end > b) {
        size_t e = m->comment_end < m->end ? m->comment_end : m->end;
        bool more = slice_trim(slice_of(m->src + e, m->end - e)).n > 0;
        memset(s->p + s->n, more ? 'x' : ' ', e - b);
        memcpy(s->p + s->n + (e - b), m->src + e, m->end - e);
        tame(s->p + s->n + (e - b), m->end - e);
        s->n += m->end - b;
        inert(m, e, false);
        return;
    }
    size_t text = containers(m, b);
    if (!m->fence && widen_table(m, text))
        return;
    memcpy(s->p + s->n, m->src + text, m->end - text);
    tame(s->p + s->n, m->end - text);
    s->n += m->end - text;
    bool quoted = text > b && memchr(m->src + b, '>', text - b);
    if (fence(m, text))
        return;
    escape_number(m, text);
    inert(m, text, quoted);
}

static int by_bytes(const void *a, const void *b)
{
    return slice_cmp(*(const struct slice *)a, *(const struct slice *)b);
}

/* A footnote mark vanishes only where the note defines it: "[^0-9]" in a sentence is text. */
static void decide_footnotes(struct making *m)
{
    struct shadow *s = m->s;
    if (m->n_defined)
        qsort(m->defined, m->n_defined, sizeof *m->defined, by_bytes);
    for (size_t i = 0; i < s->n_marks; i++) {
        struct shadow_mark *k = &s->marks[i];
        if (k->link != -2)
            continue;
        k->link = -1;
        const char *p = m->src + k->begin + 2;
        struct slice name =
            slice_of(p, (size_t)((const char *)memchr(p, ']', k->end - k->begin) - p));
        if (!m->n_defined || !bsearch(&name, m->defined, m->n_defined, sizeof name, by_bytes))
            k->visible_begin = k->begin;
    }
}

bool shadow_make(struct arena *a, struct slice source, size_t from, uint32_t line, struct shadow *s)
{
    *s = (struct shadow){.source = source, .from = (uint32_t)from, .first_line = line};
    s->p = arena_alloc(a, source.n - from + 1);
    if (!s->p)
        return false;
    struct making m = {.a = a,
        .s = s,
        .src = source.p,
        .cap = source.n - from + 1,
        .line_end = shadow_cr_lines(source) ? "\r" : "\n"};
    for (size_t b = from; b < source.n && !m.failed;) {
        const char *stop = memchr(source.p + b, *m.line_end, source.n - b);
        size_t end = stop ? (size_t)(stop - source.p) : source.n;
        m.end = end > b && source.p[end - 1] == '\r' ? end - 1 : end;
        if (!ARENA_PUSH(a, s->lines, s->n_lines, s->cap_lines, (uint32_t)b))
            return false;
        read_line(&m, b);
        if (m.end < end)
            s->p[s->n++] = '\r';
        if (stop)
            s->p[s->n++] = '\n';
        b = end + 1;
    }
    decide_footnotes(&m);
    return !m.failed;
}
