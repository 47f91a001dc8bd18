// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/token.h"

#include "lib/buf.h"
#include "lib/utf8.h"

/* A base token of the group being read, before it is given a position. */
struct base {
    struct slice term, plain;
    uint32_t begin, end;
    char joint;  /* what stands before it: a connector as ASCII, or GLUED */
    bool number; /* begins with a digit */
    bool bare;   /* a number without letters */
    bool camel;  /* an upper-case letter behind its first one */
    bool raw;    /* its bytes are not simply ASCII letters and digits: fold them */
    bool commas; /* 1,400 */
};
enum { GLUED = 0 };

/* What one call of tokenize() carries along. */
struct scan {
    struct arena *a;
    struct tokens *out;
    const char *p;
    size_t n;          /* where reading stops: the end of the text, or of a URL */
    const char *lower; /* the text with its ASCII letters in lower case: most terms point here */
    char *room;        /* for terms that have to be put together */
    size_t left;       /* bytes there */
    struct buf folded, plain;
    struct base *bases; /* of the group at hand */
    size_t n_bases, cap_bases;
    char mark;        /* '.' or '@' before the group, or 0 */
    bool gap;         /* a sentence ended before the next base */
    bool aside;       /* inside a URL */
    struct base last; /* of the group before, unless `near` is FAR */
    uint32_t last_pos, last_group;
    enum { FAR, NEXT, BLANK } near;
    bool failed;
};

/* --- characters ----------------------------------------------------------------------------- */

enum ch_kind { CH_END, CH_SPACE, CH_LETTER, CH_MARK, CH_DIGIT, CH_IDEO, CH_IGNORED, CH_OTHER };

struct ch {
    uint32_t cp;
    uint8_t n;
    enum ch_kind kind;
};

static bool is_alpha(char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

static bool is_digit(char c)
{
    return (unsigned char)(c - '0') < 10;
}

static enum ch_kind kind_of(uint32_t cp)
{
    switch (utf8_class(cp)) {
    case UTF8_SPACE:
        return CH_SPACE;
    case UTF8_LETTER:
        return utf8_is_mark(cp) ? CH_MARK : CH_LETTER;
    case UTF8_DIGIT:
        return CH_DIGIT;
    case UTF8_IDEO:
        return CH_IDEO;
    case UTF8_IGNORED:
        return CH_IGNORED;
    case UTF8_OTHER:
        break;
    }
    return CH_OTHER;
}

/* Hyphens, apostrophes and full-width punctuation as the ASCII that they stand for. */
static struct ch punctuation(struct ch c)
{
    switch (c.cp) {
    case 0x2010:
    case 0x2011:
        c.cp = '-';
        break;
    case 0x2019:
    case 0x02bc:
        c.cp = '\'';
        break;
    default:
        if (c.kind == CH_OTHER && c.cp > 0xff00 && c.cp < 0xff5f)
            c.cp -= 0xfee0;
        return c;
    }
    c.kind = CH_OTHER;
    return c;
}

static struct ch beyond_ascii(const struct scan *s, size_t i)
{
    struct slice rest = slice_of(s->p + i, s->n - i);
    uint32_t cp = utf8_next(&rest);
    return punctuation((struct ch){cp, (uint8_t)(s->n - i - rest.n), kind_of(cp)});
}

static inline struct ch peek(const struct scan *s, size_t i)
{
    if (i >= s->n)
        return (struct ch){.kind = CH_END};
    unsigned char c = (unsigned char)s->p[i];
    if (c >= 0x80)
        return beyond_ascii(s, i);
    enum ch_kind kind = is_alpha((char)c)   ? CH_LETTER
                        : c == ' '          ? CH_SPACE
                        : is_digit((char)c) ? CH_DIGIT
                        : c > ' '           ? CH_OTHER
                                            : kind_of(c);
    return (struct ch){c, 1, c == 0x7f ? CH_IGNORED : kind};
}

static size_t skip_ignored(const struct scan *s, size_t i)
{
    struct ch c;
    while ((c = peek(s, i)).kind == CH_IGNORED)
        i += c.n;
    return i;
}

static inline bool in(const char *set, uint32_t cp)
{
    while (*set && (uint32_t)*set != cp)
        set++;
    return *set;
}

static bool begins_base(struct ch c)
{
    return c.kind == CH_LETTER || c.kind == CH_DIGIT;
}

/* --- memory --------------------------------------------------------------------------------- */

static char *term_room(struct scan *s, size_t n)
{
    enum { BLOCK = 4096 };
    if (s->left < n) {
        s->left = n > BLOCK ? n : BLOCK;
        s->room = arena_alloc(s->a, s->left);
        if (!s->room) {
            s->left = 0;
            s->failed = true;
            return NULL;
        }
    }
    char *p = s->room;
    s->room += n;
    s->left -= n;
    return p;
}

static struct slice cut(struct slice term)
{
    return slice_of(term.p, utf8_floor(term, TOKEN_TERM_MAX));
}

static struct slice keep(struct scan *s, struct slice term)
{
    term = cut(term);
    char *p = term_room(s, term.n);
    if (!p)
        return (struct slice){0};
    if (term.n)
        memcpy(p, term.p, term.n);
    return slice_of(p, term.n);
}

/* a and b run together, as far as a term goes. */
static struct slice glue(struct scan *s, struct slice a, struct slice b)
{
    char both[TOKEN_TERM_MAX];
    b.n = utf8_floor(b, sizeof both - a.n);
    memcpy(both, a.p, a.n);
    if (b.n)
        memcpy(both + a.n, b.p, b.n);
    return keep(s, slice_of(both, a.n + b.n));
}

static void push(struct scan *s, struct token t)
{
    if (t.term.n && !ARENA_PUSH(s->a, s->out->v, s->out->n, s->out->cap, t))
        s->failed = true;
}

/* --- base tokens ---------------------------------------------------------------------------- */

static void drop_commas(struct buf *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++)
        if (b->p[i] != ',' && b->p[i] != '\'')
            b->p[n++] = b->p[i];
    b->n = n;
}

static void fold(
    struct scan *s, struct slice text, bool commas, struct slice *term, struct slice *plain)
{
    buf_clear(&s->folded);
    buf_clear(&s->plain);
    utf8_fold(&s->folded, text);
    if (commas)
        drop_commas(&s->folded);
    utf8_plain(&s->plain, buf_view(&s->folded));
    s->failed |= s->folded.failed || s->plain.failed;
    *term = keep(s, buf_view(&s->folded));
    bool same = !s->plain.n || slice_eq(buf_view(&s->folded), buf_view(&s->plain));
    *plain = same ? *term : keep(s, buf_view(&s->plain));
}

static void finish_base(struct scan *s, struct base *b)
{
    struct slice text = slice_of(s->p + b->begin, b->end - b->begin);
    if (b->raw) {
        fold(s, text, b->commas, &b->term, &b->plain);
    } else {
        b->term = cut(slice_of(s->lower + b->begin, text.n));
        b->plain = b->term;
    }
}

/* "c++", "g++", "c#", "f#": the length of the marks behind a letter that stands alone. */
static size_t language_marks(const struct scan *s, const struct base *b, size_t i)
{
    if (b->end - b->begin != 1 || b->end != i)
        return 0;
    char letter = s->lower[b->begin];
    bool sharp = in("cf", (uint32_t)letter) && peek(s, i).cp == '#' && peek(s, i).n == 1;
    bool plus = in("cg", (uint32_t)letter) && s->n - i >= 2 && s->p[i] == '+' && s->p[i + 1] == '+';
    size_t length = plus ? 2 : sharp ? 1 : 0;
    return length && peek(s, i + length).kind != CH_LETTER ? length : 0;
}

static size_t take_ascii_letters(const struct scan *s, size_t i, struct base *b)
{
    bool camel = false;
    size_t begin = i;
    for (; i < s->n && is_alpha(s->p[i]); i++)
        camel |= i > begin && !(s->p[i] & 0x20);
    b->camel = camel;
    b->end = (uint32_t)i;
    return i;
}

static size_t take_letters(struct scan *s, size_t i, struct base *b)
{
    i = take_ascii_letters(s, i, b);
    for (struct ch c; (c = peek(s, i)).kind != CH_END; i += c.n) {
        b->raw |= c.cp >= 0x80 || c.kind == CH_IGNORED;
        if (c.kind == CH_LETTER || c.kind == CH_MARK) {
            b->camel |= i > b->begin && utf8_is_upper(c.cp);
            b->end = (uint32_t)(i + c.n);
        } else if (c.kind != CH_IGNORED) {
            break;
        }
    }
    size_t marks = language_marks(s, b, i);
    b->end += (uint32_t)marks;
    i += marks;
    return i;
}

/* At a comma or apostrophe: three digits follow, not more, and one to three stand before. */
static bool groups_thousands(const struct scan *s, size_t begin, size_t i)
{
    size_t before = 0, behind = 0;
    while (i - before > begin && before < 4 && is_digit(s->p[i - before - 1]))
        before++;
    while (behind < 4 && i + 1 + behind < s->n && is_digit(s->p[i + 1 + behind]))
        behind++;
    return before >= 1 && before <= 3 && behind == 3 && s->p[begin] != '0';
}

/* Units that are cut from their number; they have two letters at least. */
static bool is_unit(struct slice word)
{
    static const char *const units[] = {"am", "bln", "bn", "bps", "cm", "db", "dpi", "eur", "flops",
        "fps", "gb", "gbps", "gflops", "ghz", "gib", "gw", "gwh", "hr", "hrs", "hz", "kb", "kbps",
        "kg", "khz", "kib", "km", "kph", "kw", "kwh", "mb", "mbps", "mg", "mhz", "mib", "min", "ml",
        "mln", "mm", "mn", "mph", "ms", "mw", "mwh", "nm", "ns", "pb", "pflops", "pib", "pm", "px",
        "rpm", "sec", "tb", "tbps", "tflops", "tib", "tn", "tops", "tps", "tw", "twh", "us", "usd",
        "wh", "\xce\xbcm", "\xce\xbcs"};
    size_t low = 0, high = sizeof units / sizeof *units;
    while (low < high) {
        size_t mid = (low + high) / 2;
        int c = slice_cmp(word, slice_str(units[mid]));
        if (!c)
            return true;
        *(c < 0 ? &high : &low) = c < 0 ? mid : mid + 1;
    }
    return false;
}

/* Whether the letters at [from, to) are a unit. */
static bool unit_at(struct scan *s, size_t from, size_t to)
{
    enum { LONGEST = 6 };
    if (to - from < 2 || to - from > LONGEST)
        return false;
    buf_clear(&s->folded);
    utf8_fold(&s->folded, slice_of(s->p + from, to - from));
    return is_unit(buf_view(&s->folded));
}

static size_t take_number(struct scan *s, size_t i, struct base *b)
{
    size_t letters = 0; /* where they begin */
    bool point = false;
    for (struct ch c; (c = peek(s, i)).kind != CH_END; i += c.n) {
        if (c.kind == CH_LETTER || c.kind == CH_MARK) {
            letters = letters ? letters : i;
        } else if (!letters && c.cp == '.' && peek(s, i + c.n).kind == CH_DIGIT) {
            point = true;
        } else if (!letters && !point && in(",'", c.cp) && c.n == 1 &&
                   groups_thousands(s, b->begin, i)) {
            b->commas = b->raw = true;
        } else if (c.kind != CH_DIGIT && c.kind != CH_IGNORED) {
            break;
        }
        b->raw |= c.cp >= 0x80 || c.kind == CH_IGNORED;
        if (c.kind != CH_IGNORED)
            b->end = (uint32_t)(i + c.n);
    }
    b->bare = !letters;
    if (letters && unit_at(s, letters, b->end)) {
        b->bare = true;
        b->end = (uint32_t)letters;
        return letters;
    }
    return i;
}

/* --- extra tokens --------------------------------------------------------------------------- */

static void push_joined(
    struct scan *s, const struct base *b, size_t n, uint32_t pos, uint32_t group)
{
    struct token t = {.pos = pos,
        .span = (uint32_t)n,
        .begin = b[0].begin,
        .end = b[n - 1].end,
        .group = group,
        .kind = TOKEN_JOINED,
        .term = b[0].term,
        .plain = b[0].plain,
        .digit = b[0].number};
    bool accents = b[0].term.p != b[0].plain.p;
    for (size_t i = 1; i < n; i++) {
        t.digit |= b[i].number;
        accents |= b[i].term.p != b[i].plain.p;
    }
    for (size_t i = 1; i < n && t.term.n < TOKEN_TERM_MAX; i++)
        t.term = glue(s, t.term, b[i].term);
    for (size_t i = 1; i < n && accents && t.plain.n < TOKEN_TERM_MAX; i++)
        t.plain = glue(s, t.plain, b[i].plain);
    if (!accents)
        t.plain = t.term;
    push(s, t);
}

/* A word and its number, or a number and its unit. */
static bool is_pair(const struct base *a, const struct base *b)
{
    if (!a->number)
        return b->number;
    return a->bare && !b->number && is_unit(b->term);
}

/* The single letters that are units only where they stand alone: "70 B", "2.5 M". */
static bool is_lone_unit(const struct base *a, const struct base *b)
{
    return a->bare && b->term.n == 1 && in("bkmt", (uint32_t)b->term.p[0]);
}

static size_t count_letters(struct slice s)
{
    size_t n = 0;
    while (s.n)
        n += utf8_class(utf8_next(&s)) == UTF8_LETTER;
    return n;
}

static void push_part(struct scan *s, const struct base *b, size_t from, size_t to, uint32_t pos)
{
    enum { SHORTEST = 3 };
    struct token t = {.begin = (uint32_t)from,
        .end = (uint32_t)to,
        .pos = pos,
        .span = 1,
        .group = s->out->groups,
        .kind = TOKEN_PART};
    struct slice text = slice_of(s->p + from, to - from);
    if (count_letters(text) < SHORTEST)
        return;
    if (b->raw)
        fold(s, text, false, &t.term, &t.plain);
    else
        t.term = t.plain = cut(slice_of(s->lower + from, text.n));
    push(s, t);
}

/* Cuts before an upper-case letter that follows a lower-case one, and before the last of several
 * when a lower-case one follows: Deep|Seek, HTTP|Server. */
static void push_parts(struct scan *s, const struct base *b, uint32_t pos)
{
    size_t from = b->begin, before = b->begin; /* of the part; of the character before */
    bool upper = false, first = true;
    for (size_t i = b->begin; i < b->end;) {
        struct ch c = peek(s, i);
        if (c.kind != CH_LETTER) {
            i += c.n;
            continue;
        }
        bool up = utf8_is_upper(c.cp);
        size_t at = first ? from : up && !upper ? i : !up && upper ? before : from;
        if (at > from) {
            push_part(s, b, from, at, pos);
            from = at;
        }
        before = i;
        upper = up;
        first = false;
        i += c.n;
    }
    if (from > b->begin)
        push_part(s, b, from, b->end, pos);
}

/* ".net", "@smol_ai": the mark with the bases that underscores or nothing hold together. */
static void push_marked(struct scan *s, uint32_t pos)
{
    const struct base *b = s->bases;
    size_t n = 1;
    struct slice mark = slice_of(&s->mark, 1);
    struct token t = {.begin = b->begin - 1,
        .pos = pos,
        .group = s->out->groups,
        .kind = TOKEN_MARKED,
        .digit = b->number,
        .term = glue(s, mark, b->term)};
    t.plain = b->plain.p == b->term.p ? t.term : glue(s, mark, b->plain);
    for (; n < s->n_bases && in("_", b[n].joint ? (uint32_t)b[n].joint : '_'); n++) {
        t.digit |= b[n].number;
        bool same = t.plain.p == t.term.p && b[n].plain.p == b[n].term.p;
        struct slice plain = same ? (struct slice){0} : glue(s, t.plain, b[n].plain);
        t.term = glue(s, t.term, b[n].term);
        t.plain = same ? t.term : plain;
    }
    t.end = b[n - 1].end;
    t.span = (uint32_t)n;
    push(s, t);
}

/* --- groups --------------------------------------------------------------------------------- */

static uint32_t next_pos(struct scan *s)
{
    uint32_t *last = s->aside ? &s->out->aside : &s->out->pos;
    *last += s->gap && *last ? TOKEN_GAP + 1 : 1;
    s->gap = false;
    return s->aside ? TOKEN_ASIDE + *last - 1 : *last;
}

static void push_base(struct scan *s, const struct base *b, uint32_t pos)
{
    push(s, (struct token){.term = b->term,
                .plain = b->plain,
                .pos = pos,
                .span = 1,
                .begin = b->begin,
                .end = b->end,
                .group = s->out->groups,
                .kind = b->number ? TOKEN_NUMBER : TOKEN_WORD,
                .digit = b->number});
}

/* "GPT 5", "24 GB": over one blank, with the last base of the group before. */
static void push_pair_over_blank(struct scan *s)
{
    struct base pair[] = {s->last, s->bases[0]};
    if (s->near == BLANK &&
        (is_pair(&pair[0], &pair[1]) || (s->n_bases == 1 && is_lone_unit(&pair[0], &pair[1]))))
        push_joined(s, pair, 2, s->last_pos, s->last_group);
}

static void end_group(struct scan *s)
{
    if (!s->aside)
        s->out->groups++;
}

static void emit_group(struct scan *s)
{
    const struct base *b = s->bases;
    size_t n = s->n_bases;
    push_pair_over_blank(s);
    for (size_t i = 0; i < n && !s->failed; i++) {
        uint32_t pos = next_pos(s);
        push_base(s, &b[i], pos);
        if (i == 0 && n > 1)
            push_joined(s, b, n, pos, s->out->groups);
        bool held = i + 1 < n && in("-_", b[i + 1].joint ? (uint32_t)b[i + 1].joint : '-');
        if (n > 2 && held && is_pair(&b[i], &b[i + 1]))
            push_joined(s, b + i, 2, pos, s->out->groups);
        if (b[i].camel)
            push_parts(s, &b[i], pos);
        if (i == 0 && s->mark)
            push_marked(s, pos);
        s->last_pos = pos;
    }
    s->last = b[n - 1];
    s->last_group = s->out->groups;
    s->near = NEXT;
    s->mark = 0;
    end_group(s);
}

static size_t take_base(struct scan *s, size_t i, char joint)
{
    struct base b = {.begin = (uint32_t)i, .joint = joint};
    b.number = peek(s, i).kind == CH_DIGIT;
    i = b.number ? take_number(s, i, &b) : take_letters(s, i, &b);
    finish_base(s, &b);
    if (!ARENA_PUSH(s->a, s->bases, s->n_bases, s->cap_bases, b))
        s->failed = true;
    return i;
}

/* Reads the group that begins at i into s->bases; returns where it ends. */
static size_t take_group(struct scan *s, size_t i)
{
    s->n_bases = 0;
    for (char joint = GLUED; !s->failed;) {
        i = take_base(s, i, joint);
        struct ch c = peek(s, i);
        joint = GLUED;
        if (begins_base(c))
            continue;
        if (!in(s->aside ? "-_.&'@+" : "-_.&'@+/", c.cp))
            break;
        size_t behind = skip_ignored(s, i + c.n);
        if (!begins_base(peek(s, behind)))
            break;
        joint = (char)c.cp;
        i = behind;
    }
    return i;
}

/* --- Han, kana, hangul ---------------------------------------------------------------------- */

/* Hangul written as its parts, and marks, belong to the character before. */
static bool hangs_on(struct ch c)
{
    return c.kind == CH_MARK || c.kind == CH_IGNORED || (c.cp >= 0x1160 && c.cp <= 0x11ff) ||
           c.cp == 0xff9e || c.cp == 0xff9f;
}

static bool folds_to_itself(struct ch c)
{
    return (c.cp >= 0x4e00 && c.cp <= 0x9fff) || (c.cp >= 0x3041 && c.cp <= 0x3096) ||
           (c.cp >= 0x30a1 && c.cp <= 0x30fa) || (c.cp >= 0xac00 && c.cp <= 0xd7a3);
}

static size_t take_gram(struct scan *s, size_t i, struct token *t)
{
    struct ch c = peek(s, i), next;
    size_t begin = i;
    bool raw = !folds_to_itself(c);
    i += c.n;
    t->begin = (uint32_t)begin;
    t->end = (uint32_t)i;
    for (; hangs_on(next = peek(s, i)); i += next.n) {
        raw = true;
        if (next.kind != CH_IGNORED)
            t->end = (uint32_t)(i + next.n);
    }
    struct slice text = slice_of(s->p + begin, t->end - begin);
    if (raw)
        fold(s, text, false, &t->term, &t->plain);
    else
        t->term = t->plain = slice_of(s->lower + begin, text.n);
    return i;
}

static struct token two_grams(struct scan *s, const struct token *a, const struct token *b)
{
    struct token t = *a;
    t.kind = TOKEN_GRAM2;
    t.end = b->end;
    t.span = 2;
    bool plain = a->term.p == a->plain.p && b->term.p == b->plain.p;
    bool touch = a->term.p + a->term.n == b->term.p;
    t.term = touch ? slice_of(a->term.p, a->term.n + b->term.n) : glue(s, a->term, b->term);
    t.plain = plain ? t.term : glue(s, a->plain, b->plain);
    t.term = cut(t.term);
    t.plain = cut(t.plain);
    return t;
}

static size_t take_grams(struct scan *s, size_t i)
{
    struct token last = {0};
    while (peek(s, i).kind == CH_IDEO && !s->failed) {
        struct token t = {.span = 1, .group = s->out->groups, .kind = TOKEN_GRAM};
        i = take_gram(s, i, &t);
        if (last.term.n && t.term.n)
            push(s, two_grams(s, &last, &t));
        t.pos = next_pos(s);
        push(s, t);
        last = t;
    }
    end_group(s);
    s->near = FAR;
    s->mark = 0;
    return i;
}

/* --- URLs and text -------------------------------------------------------------------------- */

static void read_groups(struct scan *s, size_t i);

/* Where the URL with its "://" at i ends: before a blank, a mark that no URL holds, Han, or the
 * punctuation that closes the sentence around it. */
static size_t url_end(const struct scan *s, size_t i)
{
    size_t end = i;
    for (struct ch c; (c = peek(s, i)).kind != CH_END; i += c.n) {
        bool wide = c.kind == CH_OTHER && c.n == 3 && s->p[i] >= '\xe3';
        if (c.kind == CH_SPACE || c.kind == CH_IDEO || wide || in("<>\"`|", c.cp))
            break;
        if (!in(".,;:!?'*_)]}", c.cp))
            end = i + c.n;
    }
    return end;
}

/* The scheme stands in s->bases already: from its first byte on, the URL is read again as words
 * that stand aside. */
static size_t take_url(struct scan *s, size_t i)
{
    size_t end = url_end(s, i), n = s->n, first = s->out->n;
    bool gap = s->gap;
    s->n = end;
    s->aside = true;
    s->gap = true;
    s->near = FAR;
    s->mark = 0;
    read_groups(s, s->bases[0].begin);
    s->n = n;
    s->aside = false;
    s->gap = gap;
    s->near = FAR;
    if (s->out->n > first)
        end_group(s);
    return end;
}

static bool at_url(const struct scan *s, size_t i)
{
    return !s->aside && !s->bases[0].number && s->n - i >= 3 && memcmp(s->p + i, "://", 3) == 0;
}

static size_t take_words(struct scan *s, size_t i)
{
    i = take_group(s, i);
    if (s->failed)
        return s->n;
    if (at_url(s, i))
        return take_url(s, i);
    emit_group(s);
    return i;
}

/* . ! ? ... with white space behind, be it behind a closing mark; 。 and its like. */
static bool ends_sentence(const struct scan *s, struct ch c, size_t i)
{
    if (c.n == 3 && (c.cp == 0x3002 || c.cp == 0xff61 || c.cp == '!' || c.cp == '?'))
        return true;
    if (!in(".!?", c.cp) && c.cp != 0x2026)
        return false;
    struct ch next;
    for (i += c.n; (next = peek(s, i)).kind == CH_OTHER; i += next.n)
        if (!in("\"')]}", next.cp) && next.cp != 0x201d && next.cp != 0xbb)
            return false;
    return next.kind == CH_SPACE;
}

static void read_between(struct scan *s, struct ch c, size_t i)
{
    if (c.kind == CH_IGNORED)
        return;
    s->mark = 0;
    if (c.kind == CH_SPACE) {
        s->near = s->near == NEXT && c.cp != '\n' ? BLANK : FAR;
        s->gap |= c.cp == '\n' && !s->aside;
        return;
    }
    s->near = FAR;
    s->gap |= !s->aside && ends_sentence(s, c, i);
    if (c.n == 1 && in(".@", c.cp) && (i == 0 || s->p[i - 1] != s->p[i]))
        s->mark = (char)c.cp;
}

static void read_groups(struct scan *s, size_t i)
{
    while (!s->failed) {
        struct ch c = peek(s, i);
        if (c.kind == CH_END)
            return;
        if (c.kind == CH_IDEO) {
            i = take_grams(s, i);
        } else if (begins_base(c)) {
            if (c.kind == CH_DIGIT)
                s->mark = 0;
            i = take_words(s, i);
        } else {
            read_between(s, c, i);
            i += c.n;
        }
    }
}

/* --- doors ---------------------------------------------------------------------------------- */

/* Room for the text in lower case, and behind it for the terms that a usual text puts together. */
static bool prepare(struct scan *s)
{
    char *lower = arena_raw(s->a, s->n + s->n / 2);
    size_t guess = s->out->n + s->n / 5 + 8;
    if (!lower)
        return false;
    for (size_t i = 0; i < s->n; i++) {
        char c = s->p[i];
        lower[i] = (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
    }
    s->lower = lower;
    s->room = lower + s->n;
    s->left = s->n / 2;
    if (guess <= s->out->cap)
        return true;
    if (guess < 2 * s->out->cap) /* text is appended piece by piece */
        guess = 2 * s->out->cap;
    struct token *v = arena_raw(s->a, guess * sizeof *v);
    if (!v)
        return false;
    if (s->out->n)
        memcpy(v, s->out->v, s->out->n * sizeof *v);
    s->out->v = v;
    s->out->cap = guess;
    return true;
}

int tokenize(struct arena *a, struct slice text, struct tokens *out, struct err *e)
{
    if (text.n > UINT32_MAX)
        return err_set(e, ERR_TOO_LARGE, "a text of %zu bytes is too long to be read", text.n);
    struct scan s = {.a = a, .out = out, .p = text.p, .n = text.n, .gap = true};
    if (!text.n)
        return 0;
    s.failed = !prepare(&s);
    if (!s.failed)
        read_groups(&s, 0);
    buf_free(&s.folded);
    buf_free(&s.plain);
    a->failed |= s.failed; /* also when it was not the arena's */
    return s.failed ? err_memory(e) : 0;
}

struct slice token_key(struct arena *a, struct slice name)
{
    struct tokens words = {0};
    struct slice key = {0};
    size_t n = 0;
    if (tokenize(a, name, &words, NULL) < 0)
        return key;
    for (size_t i = 0; i < words.n; i++)
        n += token_is_base(words.v[i].kind) ? words.v[i].term.n + 1 : 0;
    char *to = n ? arena_alloc(a, n) : NULL;
    if (!to)
        return key;
    key.p = to;
    for (size_t i = 0; i < words.n; i++) {
        const struct token *t = &words.v[i];
        if (!token_is_base(t->kind))
            continue;
        if (key.n)
            to[key.n++] = ' ';
        memcpy(to + key.n, t->term.p, t->term.n);
        key.n += t->term.n;
    }
    return key;
}
