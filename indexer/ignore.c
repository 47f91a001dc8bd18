// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/ignore.h"

#include <ctype.h>

static bool in_named_class(struct slice name, int c)
{
    static const struct {
        const char *name;
        int (*test)(int c);
    } classes[] = {{"alnum", isalnum}, {"alpha", isalpha}, {"blank", isblank}, {"cntrl", iscntrl},
        {"digit", isdigit}, {"graph", isgraph}, {"lower", islower}, {"print", isprint},
        {"punct", ispunct}, {"space", isspace}, {"upper", isupper}, {"xdigit", isxdigit}};
    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
        if (slice_is(name, classes[i].name))
            return classes[i].test(c) != 0;
    return false;
}

/* The [:name:] at glob[*at]; false if there is none. */
static bool named_class(struct slice glob, size_t *at, int c, bool *hit)
{
    if (*at + 1 >= glob.n || glob.p[*at] != '[' || glob.p[*at + 1] != ':')
        return false;
    for (size_t i = *at + 2; i + 1 < glob.n && glob.p[i] != ']'; i++) {
        if (glob.p[i] != ':' || glob.p[i + 1] != ']')
            continue;
        *hit |= in_named_class(slice_of(glob.p + *at + 2, i - *at - 2), c);
        *at = i + 2;
        return true;
    }
    return false;
}

static unsigned char bracket_char(struct slice glob, size_t *at)
{
    if (glob.p[*at] == '\\' && *at + 1 < glob.n)
        ++*at;
    return (unsigned char)glob.p[(*at)++];
}

/* Whether c is in the bracket that begins at glob[*at]; *at goes behind it. One that is never
 * closed holds nothing. */
static bool bracket(struct slice glob, size_t *at, unsigned char c)
{
    size_t i = *at + 1;
    bool negate = i < glob.n && (glob.p[i] == '!' || glob.p[i] == '^'), hit = false;
    i += negate;
    for (bool first = true; i < glob.n && (first || glob.p[i] != ']'); first = false) {
        if (named_class(glob, &i, c, &hit))
            continue;
        unsigned char low = bracket_char(glob, &i), high = low;
        if (i + 1 < glob.n && glob.p[i] == '-' && glob.p[i + 1] != ']') {
            i++;
            high = bracket_char(glob, &i);
        }
        hit |= c == low || (low <= c && c <= high);
    }
    if (i >= glob.n)
        return false;
    *at = i + 1;
    return hit != negate && c != '/';
}

static bool match_one(struct slice glob, size_t *g, unsigned char c)
{
    switch (glob.p[*g]) {
    case '?':
        ++*g;
        return c != '/';
    case '[':
        return bracket(glob, g, c);
    case '\\':
        if (*g + 1 < glob.n)
            ++*g;
        /* fall through */
    default:
        return (unsigned char)glob.p[(*g)++] == c;
    }
}

static bool at_double_star(struct slice glob, size_t g)
{
    return g + 1 < glob.n && glob.p[g] == '*' && glob.p[g + 1] == '*' &&
           (g == 0 || glob.p[g - 1] == '/') && (g + 2 == glob.n || glob.p[g + 2] == '/');
}

/*
 * Where a match fails only the last star can help, or, when that one meets a slash, the last double
 * star: an earlier one could do nothing that the later one did not try.
 */
bool ignore_glob(struct slice glob, struct slice path)
{
    const size_t none = (size_t)-1;
    size_t g = 0, p = 0, star = none, star_p = 0, deep = none, deep_p = 0;
    for (;;) {
        if (at_double_star(glob, g)) {
            if (g + 2 == glob.n)
                return p < path.n;
            deep = g += 3;
            deep_p = p;
            star = none;
            continue;
        }
        if (g < glob.n && glob.p[g] == '*') {
            while (g < glob.n && glob.p[g] == '*')
                g++;
            star = g;
            star_p = p;
            continue;
        }
        if (g == glob.n && p == path.n)
            return true;
        if (g < glob.n && p < path.n && match_one(glob, &g, (unsigned char)path.p[p])) {
            p++;
            continue;
        }
        if (star != none && star_p < path.n && path.p[star_p] != '/') {
            p = ++star_p;
            g = star;
            continue;
        }
        const char *slash = deep != none ? memchr(path.p + deep_p, '/', path.n - deep_p) : NULL;
        if (!slash)
            return false;
        p = deep_p = (size_t)(slash - path.p) + 1;
        g = deep;
        star = none;
    }
}

/* Without trailing blanks, but for one behind a backslash. */
static struct slice strip(struct slice line)
{
    size_t end = 0;
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '\\' && i + 1 < line.n)
            end = ++i + 1;
        else if (line.p[i] != ' ')
            end = i + 1;
    }
    return slice_of(line.p, end);
}

static bool parse_rule(struct slice line, struct ignore_rule *r)
{
    if (line.n && line.p[line.n - 1] == '\r')
        line.n--;
    line = strip(line);
    if (!line.n || line.p[0] == '#')
        return false;
    *r = (struct ignore_rule){.negate = line.p[0] == '!'};
    line.p += r->negate;
    line.n -= r->negate;
    r->folder_only = line.n && line.p[line.n - 1] == '/';
    line.n -= r->folder_only;
    r->anchored = line.n && memchr(line.p, '/', line.n);
    if (line.n && line.p[0] == '/') {
        line.p++;
        line.n--;
    }
    r->glob = line;
    return line.n > 0;
}

int ignore_parse(struct arena *a, struct slice text, struct ignore *ig, struct err *e)
{
    if (slice_starts(text, SLICE_LIT("\xEF\xBB\xBF")))
        text = slice_of(text.p + 3, text.n - 3);
    while (text.n) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        struct ignore_rule r;
        if (parse_rule(slice_of(text.p, n), &r) && !ARENA_PUSH(a, ig->rules, ig->n, ig->cap, r))
            return err_memory(e);
        n += end != NULL;
        text = slice_of(text.p + n, text.n - n);
    }
    return 0;
}

static struct slice base_name(struct slice rel)
{
    for (size_t i = rel.n; i; i--)
        if (rel.p[i - 1] == '/')
            return slice_of(rel.p + i, rel.n - i);
    return rel;
}

bool ignore_matches(const struct ignore *ig, struct slice rel, bool folder)
{
    struct slice name = base_name(rel);
    for (; ig; ig = ig->up) {
        struct slice below = slice_of(rel.p + ig->base, rel.n - ig->base);
        for (size_t i = ig->n; i; i--) {
            const struct ignore_rule *r = &ig->rules[i - 1];
            if ((folder || !r->folder_only) && ignore_glob(r->glob, r->anchored ? below : name))
                return !r->negate;
        }
    }
    return false;
}
