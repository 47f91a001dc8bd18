// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/utf8.h"

#include <utf8proc.h>

enum { REPLACEMENT = 0xfffd };

/* --- bytes and code points ------------------------------------------------------------------ */

static bool is_tail(unsigned char c)
{
    return (c & 0xc0) == 0x80;
}

/* Length of the character that begins at p, its code point in *cp; 0 where it is not UTF-8. */
static size_t decode(const unsigned char *p, size_t n, uint32_t *cp)
{
    unsigned char c = p[0];
    if (c < 0x80) {
        *cp = c;
        return 1;
    }
    if (c >= 0xc2 && c < 0xe0 && n > 1 && is_tail(p[1])) {
        *cp = (uint32_t)(c & 0x1f) << 6 | (p[1] & 0x3f);
        return 2;
    }
    if (c >= 0xe0 && c < 0xf0 && n > 2 && is_tail(p[1]) && is_tail(p[2])) {
        *cp = (uint32_t)(c & 0x0f) << 12 | (uint32_t)(p[1] & 0x3f) << 6 | (p[2] & 0x3f);
        return *cp >= 0x800 && (*cp < 0xd800 || *cp > 0xdfff) ? 3 : 0;
    }
    if (c >= 0xf0 && c < 0xf5 && n > 3 && is_tail(p[1]) && is_tail(p[2]) && is_tail(p[3])) {
        *cp = (uint32_t)(c & 0x07) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
              (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f);
        return *cp >= 0x10000 && *cp <= 0x10ffff ? 4 : 0;
    }
    return 0;
}

static size_t encode(uint32_t cp, char to[4])
{
    if (cp > 0x10ffff || (cp >= 0xd800 && cp <= 0xdfff))
        cp = REPLACEMENT;
    return (size_t)utf8proc_encode_char((utf8proc_int32_t)cp, (utf8proc_uint8_t *)to);
}

/* How many ASCII bytes the text begins with. */
static size_t ascii_run(struct slice s)
{
    size_t i = 0;
    for (uint64_t word; s.n - i >= sizeof word; i += sizeof word) {
        memcpy(&word, s.p + i, sizeof word);
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    while (i < s.n && (unsigned char)s.p[i] < 0x80)
        i++;
    return i;
}

uint32_t utf8_next(struct slice *s)
{
    uint32_t cp = REPLACEMENT;
    size_t n = decode((const unsigned char *)s->p, s->n, &cp);
    *s = slice_from(*s, n ? n : 1);
    return n ? cp : REPLACEMENT;
}

void utf8_put(struct buf *b, uint32_t cp)
{
    char bytes[4];
    buf_add(b, bytes, encode(cp, bytes));
}

size_t utf8_valid(struct slice s)
{
    size_t i = 0;
    while ((i += ascii_run(slice_from(s, i))) < s.n) {
        uint32_t cp;
        size_t n = decode((const unsigned char *)s.p + i, s.n - i, &cp);
        if (!n)
            return i;
        i += n;
    }
    return s.n;
}

size_t utf8_floor(struct slice s, size_t n)
{
    if (n >= s.n)
        return s.n;
    size_t begin = n;
    while (begin && n - begin < 3 && is_tail((unsigned char)s.p[begin]))
        begin--;
    uint32_t cp;
    size_t length = decode((const unsigned char *)s.p + begin, s.n - begin, &cp);
    return begin + length > n ? begin : n;
}

/* --- classes -------------------------------------------------------------------------------- */

static const utf8proc_property_t *property(uint32_t cp)
{
    return utf8proc_get_property((utf8proc_int32_t)cp);
}

static bool within(uint32_t cp, uint32_t first, uint32_t last)
{
    return cp - first <= last - first;
}

/* Blocks of the scripts that are taken by n-grams; what is no letter in them is sorted out by its
 * category. */
static bool in_ideo_block(uint32_t cp)
{
    static const struct {
        uint32_t first, last;
    } blocks[] = {
        {0x1100, 0x11ff},   /* Hangul jamo */
        {0x2e80, 0x2fdf},   /* radicals */
        {0x3005, 0x3007},   /* iteration mark, zero */
        {0x3021, 0x303c},   /* Hangzhou numerals */
        {0x3041, 0x31ff},   /* kana, bopomofo, compatibility jamo */
        {0x3400, 0x4dbf},   /* Han, extension A */
        {0x4e00, 0x9fff},   /* Han */
        {0xa960, 0xa97f},   /* Hangul jamo, extended */
        {0xac00, 0xd7ff},   /* Hangul syllables */
        {0xf900, 0xfaff},   /* Han, compatibility */
        {0xff66, 0xffdc},   /* half-width kana and jamo */
        {0x16fe0, 0x18cff}, /* Tangut, Khitan */
        {0x1aff0, 0x1b2ff}, /* kana, extended; Nushu */
        {0x20000, 0x3fffd}, /* Han, extensions B and up */
    };
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks && cp >= blocks[i].first; i++)
        if (cp <= blocks[i].last)
            return true;
    return false;
}

static enum utf8_class class_of_ascii(uint32_t c)
{
    if (within(c | 0x20, 'a', 'z'))
        return UTF8_LETTER;
    if (within(c, '0', '9'))
        return UTF8_DIGIT;
    if (c == ' ' || within(c, '\t', '\r'))
        return UTF8_SPACE;
    return c < 0x20 || c == 0x7f ? UTF8_IGNORED : UTF8_OTHER;
}

enum utf8_class utf8_class(uint32_t cp)
{
    if (cp < 0x80)
        return class_of_ascii(cp);
    if (within(cp, 0x4e00, 0x9fff) || within(cp, 0xac00, 0xd7a3))
        return UTF8_IDEO;
    const utf8proc_property_t *p = property(cp);
    if (p->ignorable)
        return UTF8_IGNORED;
    switch (p->category) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
        return UTF8_LETTER;
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
    case UTF8PROC_CATEGORY_NL:
        return in_ideo_block(cp) ? UTF8_IDEO : UTF8_LETTER;
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
        return UTF8_LETTER;
    case UTF8PROC_CATEGORY_ND:
        return UTF8_DIGIT;
    case UTF8PROC_CATEGORY_NO:
        return within(cp, 0x2080, 0x2089) ? UTF8_DIGIT : UTF8_OTHER;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return UTF8_SPACE;
    case UTF8PROC_CATEGORY_CC:
        return cp == 0x85 ? UTF8_SPACE : UTF8_IGNORED;
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_ME:
        return UTF8_IGNORED;
    default:
        return UTF8_OTHER;
    }
}

bool utf8_is_upper(uint32_t cp)
{
    if (cp < 0x80)
        return within(cp, 'A', 'Z');
    utf8proc_propval_t c = property(cp)->category;
    return c == UTF8PROC_CATEGORY_LU || c == UTF8PROC_CATEGORY_LT;
}

bool utf8_is_mark(uint32_t cp)
{
    if (cp < 0x300)
        return false;
    utf8proc_propval_t c = property(cp)->category;
    return c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_MC || c == UTF8PROC_CATEGORY_ME;
}

/* --- folding -------------------------------------------------------------------------------- */

enum { PIECE = 256, PIECE_ROOM = 32 /* more than any code point decomposes into */ };

/* Decomposed code points on their way to NFC. A piece ends before a character that nothing before
 * it composes with, so pieces can be composed one by one; one of 224 marks in a row ends all the
 * same. */
struct piece {
    utf8proc_int32_t v[PIECE];
    size_t n;
};

static void sort_marks(struct piece *p)
{
    for (size_t i = 1; i < p->n; i++) {
        utf8proc_int32_t cp = p->v[i];
        utf8proc_propval_t class = property((uint32_t)cp)->combining_class;
        size_t at = i;
        for (; class && at && property((uint32_t)p->v[at - 1])->combining_class > class; at--)
            p->v[at] = p->v[at - 1];
        p->v[at] = cp;
    }
}

static void flush(struct buf *out, struct piece *p)
{
    sort_marks(p);
    utf8proc_ssize_t n =
        utf8proc_normalize_utf32(p->v, (utf8proc_ssize_t)p->n, UTF8PROC_COMPOSE | UTF8PROC_STABLE);
    for (utf8proc_ssize_t i = 0; i < n; i++)
        utf8_put(out, (uint32_t)p->v[i]);
    p->n = 0;
}

static bool begins_piece(uint32_t cp)
{
    return !utf8_is_mark(cp) && !within(cp, 0x1160, 0x11ff) && !within(cp, 0xff9e, 0xffdc);
}

static void make_room(struct buf *out, struct piece *p, uint32_t next)
{
    if (p->n > PIECE - PIECE_ROOM || (p->n && begins_piece(next)))
        flush(out, p);
}

static size_t decompose(uint32_t cp, utf8proc_int32_t *to, unsigned options)
{
    int boundary = 0;
    utf8proc_ssize_t n = utf8proc_decompose_char(
        (utf8proc_int32_t)cp, to, PIECE_ROOM, (utf8proc_option_t)options, &boundary);
    if (n > 0 && n <= PIECE_ROOM)
        return (size_t)n;
    to[0] = (utf8proc_int32_t)cp;
    return 1;
}

static bool is_alnum(utf8proc_int32_t cp)
{
    return cp >= 0 && cp < 0x80 && class_of_ascii((uint32_t)cp) <= UTF8_DIGIT &&
           class_of_ascii((uint32_t)cp) >= UTF8_LETTER;
}

/* The width forms and those that stand for plain Latin letters and digits; other compatibility
 * forms (fractions, ligatures of Arabic, squared words) are characters of their own. */
static size_t decompose_folded(uint32_t cp, utf8proc_int32_t *to)
{
    enum { CANONICAL = UTF8PROC_DECOMPOSE | UTF8PROC_CASEFOLD };
    utf8proc_propval_t how = property(cp)->decomp_type;
    if (how) {
        size_t n = decompose(cp, to, CANONICAL | UTF8PROC_COMPAT), plain = 0;
        while (plain < n && is_alnum(to[plain]))
            plain++;
        if (plain == n || how == UTF8PROC_DECOMP_TYPE_WIDE || how == UTF8PROC_DECOMP_TYPE_NARROW)
            return n;
    }
    return decompose(cp, to, CANONICAL);
}

static void fold_ascii(struct buf *out, struct slice s)
{
    char *to = buf_room(out, s.n);
    if (!to)
        return;
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (class_of_ascii(c) != UTF8_IGNORED)
            to[n++] = (char)(within(c, 'A', 'Z') ? c | 0x20 : c);
    }
    out->n += n;
}

/* How much of the ASCII at the beginning stands for itself: a mark may follow its last letter, be
 * it behind characters that vanish. */
static size_t sure_run(struct slice s)
{
    size_t n = class_of_ascii((unsigned char)s.p[0]) == UTF8_IGNORED ? 0 : ascii_run(s);
    if (n == s.n)
        return n;
    while (n && class_of_ascii((unsigned char)s.p[n - 1]) == UTF8_IGNORED)
        n--;
    return n ? n - 1 : 0;
}

void utf8_fold(struct buf *out, struct slice s)
{
    struct piece piece;
    piece.n = 0;
    while (s.n) {
        size_t whole = sure_run(s);
        if (whole) {
            flush(out, &piece);
            fold_ascii(out, slice_of(s.p, whole));
            s = slice_from(s, whole);
            continue;
        }
        uint32_t cp = utf8_next(&s);
        if (utf8_class(cp) == UTF8_IGNORED)
            continue;
        make_room(out, &piece, cp);
        piece.n += decompose_folded(cp, piece.v + piece.n);
    }
    flush(out, &piece);
}

/* Letters that do not decompose, and what a keyboard without them writes; NULL: none. */
static const char *plain_letter(uint32_t cp)
{
    switch (cp) {
    case 0xe6:
        return "ae";
    case 0xf0:
    case 0x111:
        return "d";
    case 0xf8:
        return "o";
    case 0xfe:
        return "th";
    case 0x127:
        return "h";
    case 0x131:
        return "i";
    case 0x142:
        return "l";
    case 0x153:
        return "oe";
    case 0x167:
        return "t";
    case 0x180:
        return "b";
    case 0x1e5:
        return "g";
    case 0x237:
        return "j";
    default:
        return NULL;
    }
}

/* Marks a writer may leave out: accents, Hebrew points, Arabic vowels. Not the breve of Cyrillic
 * short i, which is a letter of its own. */
static bool is_accent(utf8proc_int32_t base, utf8proc_int32_t mark)
{
    uint32_t m = (uint32_t)mark;
    if (!utf8_is_mark(m) || (base == 0x438 && m == 0x306))
        return false;
    return within(m, 0x300, 0x36f) || within(m, 0x1ab0, 0x1aff) || within(m, 0x1dc0, 0x1dff) ||
           within(m, 0x591, 0x5c7) || within(m, 0x64b, 0x65f) || m == 0x670;
}

static size_t decompose_plain(uint32_t cp, utf8proc_int32_t base, utf8proc_int32_t *to)
{
    utf8proc_int32_t parts[PIECE_ROOM];
    size_t n = decompose(cp, parts, UTF8PROC_DECOMPOSE), kept = 0;
    for (size_t i = 0; i < n; i++) {
        const char *letter = plain_letter((uint32_t)parts[i]);
        if (!utf8_is_mark((uint32_t)parts[i]))
            base = parts[i];
        if (!letter && !is_accent(base, parts[i]))
            to[kept++] = parts[i];
        for (; letter && *letter; letter++)
            to[kept++] = (unsigned char)*letter;
    }
    return kept;
}

void utf8_plain(struct buf *out, struct slice folded)
{
    struct piece piece;
    piece.n = 0;
    while (folded.n) {
        size_t run = ascii_run(folded);
        if (run) {
            flush(out, &piece);
            buf_add(out, folded.p, run);
            folded = slice_from(folded, run);
            continue;
        }
        uint32_t cp = utf8_next(&folded);
        make_room(out, &piece, cp);
        utf8proc_int32_t base = piece.n ? piece.v[piece.n - 1] : 0;
        piece.n += decompose_plain(cp, base, piece.v + piece.n);
    }
    flush(out, &piece);
}

/* --- making safe ---------------------------------------------------------------------------- */

void utf8_clean(struct buf *out, struct slice s)
{
    while (s.n) {
        size_t good = utf8_valid(s);
        buf_add(out, s.p, good);
        s = slice_from(s, good);
        if (s.n) {
            utf8_put(out, REPLACEMENT);
            s = slice_from(s, 1);
        }
    }
}

static bool is_bidi_control(uint32_t cp)
{
    return cp == 0x61c || within(cp, 0x200e, 0x200f) || within(cp, 0x202a, 0x202e) ||
           within(cp, 0x2066, 0x2069);
}

void utf8_printable(struct buf *out, struct slice s)
{
    while (s.n) {
        size_t plain = 0;
        while (plain < s.n && s.p[plain] >= 0x20 && s.p[plain] < 0x7f)
            plain++;
        buf_add(out, s.p, plain);
        s = slice_from(s, plain);
        if (s.n == 0)
            break;
        uint32_t cp = utf8_next(&s);
        if (within(cp, '\t', '\r') || cp == 0x85 || within(cp, 0x2028, 0x2029))
            cp = ' ';
        else if (cp < 0x20 || within(cp, 0x7f, 0x9f) || is_bidi_control(cp))
            cp = REPLACEMENT;
        utf8_put(out, cp);
    }
}

size_t utf8_width(struct slice s)
{
    size_t columns = 0;
    while (s.n) {
        uint32_t cp = utf8_next(&s);
        int width = cp < 0x7f ? cp >= 0x20 : utf8proc_charwidth((utf8proc_int32_t)cp);
        columns += width > 0 ? (size_t)width : 0;
    }
    return columns;
}

/* --- files ---------------------------------------------------------------------------------- */

struct wide {
    size_t size; /* bytes of a unit: 2 or 4 */
    bool big;    /* most significant byte first */
};

/* The unit at the beginning of *s, which is moved behind it; a unit cut off is U+FFFD. */
static uint32_t take_unit(struct slice *s, struct wide w)
{
    uint32_t unit = 0;
    if (s->n < w.size) {
        *s = slice_from(*s, s->n);
        return REPLACEMENT;
    }
    for (size_t i = 0; i < w.size; i++)
        unit = unit << 8 | (unsigned char)s->p[w.big ? i : w.size - 1 - i];
    *s = slice_from(*s, w.size);
    return unit;
}

static uint32_t take_wide(struct slice *s, struct wide w)
{
    uint32_t unit = take_unit(s, w);
    if (w.size == 4 || !within(unit, 0xd800, 0xdbff) || s->n < w.size)
        return unit;
    struct slice behind = *s;
    uint32_t low = take_unit(&behind, w);
    if (!within(low, 0xdc00, 0xdfff))
        return unit;
    *s = behind;
    return 0x10000 + ((unit & 0x3ff) << 10 | (low & 0x3ff));
}

static bool from_wide(struct arena *a, struct slice bytes, struct wide w, struct slice *text)
{
    size_t units = bytes.n / w.size + 1;
    char *to = arena_array(a, units, w.size == 2 ? 3 : 4);
    if (!to)
        return false;
    size_t n = 0;
    while (bytes.n)
        n += encode(take_wide(&bytes, w), to + n);
    *text = slice_of(to, n);
    return true;
}

static bool is_binary(struct slice bytes)
{
    enum { LOOK = 4096, ONE_IN = 10 };
    size_t n = bytes.n < LOOK ? bytes.n : LOOK, nuls = 0;
    for (size_t i = 0; i < n; i++)
        nuls += bytes.p[i] == '\0';
    return nuls > n / ONE_IN;
}

bool utf8_text(struct arena *a, struct slice bytes, struct slice *text, enum utf8_encoding *how)
{
    static const struct {
        struct slice mark;
        enum utf8_encoding how;
        struct wide wide;
    } marks[] = {
        {SLICE_LIT("\xff\xfe\0\0"), UTF8_FROM_32, {4, false}},
        {SLICE_LIT("\0\0\xfe\xff"), UTF8_FROM_32, {4, true}},
        {SLICE_LIT("\xff\xfe"), UTF8_FROM_16, {2, false}},
        {SLICE_LIT("\xfe\xff"), UTF8_FROM_16, {2, true}},
        {SLICE_LIT("\xef\xbb\xbf"), UTF8_BOM, {1, false}},
    };
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        if (!slice_starts(bytes, marks[i].mark))
            continue;
        *how = marks[i].how;
        *text = slice_from(bytes, marks[i].mark.n);
        return *how == UTF8_BOM || from_wide(a, *text, marks[i].wide, text);
    }
    *how = is_binary(bytes) ? UTF8_BINARY : UTF8_PLAIN;
    *text = *how == UTF8_BINARY ? (struct slice){0} : bytes;
    return true;
}
