// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/regex.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <stdlib.h>

enum { LITERAL_LEAST = 3 };

struct regex {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *limits;
};

static bool has_upper(struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\')
            i++;
        else if (s.p[i] >= 'A' && s.p[i] <= 'Z')
            return true;
    }
    return false;
}

int regex_new(struct regex **re, struct slice pattern, size_t at, struct err *e)
{
    int code;
    PCRE2_SIZE where;
    uint32_t options = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF | PCRE2_NEVER_BACKSLASH_C;
    struct regex *r = calloc(1, sizeof *r);
    *re = NULL;
    if (!r)
        return err_memory(e);
    r->code = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n,
        has_upper(pattern) ? options : options | PCRE2_CASELESS, &code, &where, NULL);
    if (!r->code) {
        PCRE2_UCHAR text[120];
        pcre2_get_error_message(code, text, sizeof text);
        regex_free(r);
        return err_at(
            e, ERR_QUERY, at + where, "the regular expression is broken: %s", (const char *)text);
    }
    r->match = pcre2_match_data_create(1, NULL);
    r->limits = pcre2_match_context_create(NULL);
    if (!r->match || !r->limits) {
        regex_free(r);
        return err_memory(e);
    }
    pcre2_set_match_limit(r->limits, REGEX_STEPS);
    pcre2_set_heap_limit(r->limits, REGEX_HEAP);
    *re = r;
    return 0;
}

void regex_free(struct regex *re)
{
    if (!re)
        return;
    pcre2_match_context_free(re->limits);
    pcre2_match_data_free(re->match);
    pcre2_code_free(re->code);
    free(re);
}

int regex_find(struct regex *re, struct slice text, size_t *begin, size_t *end, struct err *e)
{
    int rc = pcre2_match(
        re->code, (PCRE2_SPTR)(text.p ? text.p : ""), text.n, 0, 0, re->match, re->limits);
    if (rc >= 0) {
        const PCRE2_SIZE *v = pcre2_get_ovector_pointer(re->match);
        *begin = v[0];
        *end = v[1] > v[0] ? v[1] : v[0];
        return 1;
    }
    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    if (rc == PCRE2_ERROR_NOMEMORY)
        return err_memory(e);
    return err_set(e, ERR_COMPLEX,
        "the regular expression takes too many steps on one unit: use fewer nested repeats");
}

/* --- what every match must contain --------------------------------------------------------- */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The byte behind the group or class that opens at i. */
static size_t closing(struct slice s, size_t i)
{
    int depth = 0;
    bool class = false;
    for (; i < s.n; i++) {
        char c = s.p[i];
        if (c == '\\')
            i++;
        else if (class)
            class = c != ']';
        else if (c == '[')
            class = true;
        else if (c == '(')
            depth++;
        else if (c == ')')
            depth--;
        if (i < s.n && depth <= 0 && !class)
            return i + 1;
    }
    return s.n;
}

size_t regex_literal(struct slice pattern, char *out, size_t max)
{
    size_t best = 0, best_n = 0, n = 0, begin = 0;
    for (size_t i = 0; i <= pattern.n;) {
        char c = i < pattern.n ? pattern.p[i] : '\0';
        bool repeated = i + 1 < pattern.n && strchr("*?{", pattern.p[i + 1]) != NULL;
        if (c == '|')
            return 0;
        if (is_letter(c) && !repeated) {
            begin = n ? begin : i;
            n++;
            i++;
            continue;
        }
        if (n > best_n) {
            best = begin;
            best_n = n;
        }
        n = 0;
        if (c == '(' && i + 1 < pattern.n && pattern.p[i + 1] == '?')
            return 0; /* options and look-arounds may change what a letter means */
        if (c == '\\')
            i += 2;
        else
            i = c == '(' || c == '[' ? closing(pattern, i) : i + 1;
    }
    if (best_n < LITERAL_LEAST)
        return 0;
    best_n = best_n < max ? best_n : max;
    for (size_t i = 0; i < best_n; i++)
        out[i] = (char)(pattern.p[best + i] | 0x20);
    return best_n;
}
