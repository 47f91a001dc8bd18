// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/print.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "client/raw.h"
#include "lib/hash.h"
#include "lib/utf8.h"

/* --- the screen ----------------------------------------------------------------------------- */

static size_t columns(void)
{
    const char *set = getenv("COLUMNS");
    long n = set ? strtol(set, NULL, 10) : 0;
    struct winsize w;
    if (n <= 0 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0)
        n = w.ws_col;
    return n <= 0 ? 80 : n < 20 ? 20 : n > 1000 ? 1000 : (size_t)n;
}

void screen_find(struct arena *a, const struct options *o, struct screen *s)
{
    const char *term = getenv("TERM"), *no_color = getenv("NO_COLOR");
    bool able = term && strcmp(term, "dumb") != 0;
    char *cwd = getcwd(NULL, 0), host[256] = "";
    gethostname(host, sizeof host - 1);
    *s = (struct screen){.terminal = isatty(STDOUT_FILENO) == 1, .cwd = "", .host = ""};
    s->color = o->color == COLOR_ALWAYS ||
               (o->color == COLOR_AUTO && s->terminal && able && !(no_color && *no_color));
    s->links = s->terminal && s->color && able;
    s->columns = columns();
    if (cwd && (s->cwd = arena_strndup(a, cwd, strlen(cwd))) == NULL)
        s->cwd = "";
    if ((s->host = arena_strndup(a, host, strlen(host))) == NULL)
        s->host = "";
    free(cwd);
}

/* --- a hit ---------------------------------------------------------------------------------- */

struct slice hit_text(const struct hit_shown *h, const char *key)
{
    struct slice s = json_text(json_get(h->json, key));
    return s.p ? s : slice_of("", 0);
}

int64_t hit_int(const struct hit_shown *h, const char *key)
{
    return json_int(json_get(h->json, key), 0);
}

struct slice hit_path(const struct print *p, const struct hit_shown *h)
{
    struct slice path = hit_text(h, "path"), cwd = slice_str(p->screen.cwd);
    bool root = slice_is(cwd, "/");
    if (cwd.n && !root && slice_starts(path, cwd) && path.n > cwd.n + 1 && path.p[cwd.n] == '/')
        return slice_of(path.p + cwd.n + 1, path.n - cwd.n - 1);
    return root && path.n > 1 ? slice_of(path.p + 1, path.n - 1) : path;
}

void put_flat(struct buf *out, struct slice text)
{
    struct slice s = slice_trim(text);
    while (s.n) {
        const char *nl = memchr(s.p, '\n', s.n);
        struct slice line = slice_of(s.p, nl ? (size_t)(nl - s.p) : s.n);
        s = slice_of(s.p + line.n + (nl != NULL), s.n - line.n - (nl != NULL));
        utf8_printable(out, slice_trim(line));
        if (nl && slice_trim(line).n)
            buf_char(out, ' ');
    }
}

static void end_record(struct print *p)
{
    buf_char(&p->out, p->options->zero ? '\0' : '\n');
}

/* --- the forms ------------------------------------------------------------------------------ */

static const char *const BOLD_MATCH = "\033[1;31m", *const PATH_COLOR = "\033[35m",
                         *const LINE_COLOR = "\033[32m", *const PLAIN = "\033[0m";

static void colored(struct print *p, const char *color, struct slice text)
{
    buf_str(&p->out, p->screen.color ? color : "");
    utf8_printable(&p->out, text);
    buf_str(&p->out, p->screen.color ? PLAIN : "");
}

/* The snippet's matches, where the text has them in this order, in colour. */
static void colored_text(struct print *p, const struct hit_shown *h)
{
    struct buf flat = {0};
    const struct json *segments = json_get(h->json, "snippet");
    put_flat(&flat, hit_text(h, "text"));
    struct slice rest = buf_view(&flat);
    for (size_t i = 0; p->screen.color && i < json_len(segments); i++) {
        const struct json *segment = json_at(segments, i);
        struct slice t = json_text(json_get(segment, "t"));
        if (!json_bool(json_get(segment, "m"), false) || t.n == 0 || rest.n == 0)
            continue;
        const char *found = memmem(rest.p, rest.n, t.p, t.n);
        if (!found)
            continue;
        buf_add(&p->out, rest.p, (size_t)(found - rest.p));
        colored(p, BOLD_MATCH, t);
        rest = slice_of(found + t.n, rest.n - (size_t)(found - rest.p) - t.n);
    }
    buf_slice(&p->out, rest);
    p->out.failed |= flat.failed;
    buf_free(&flat);
}

/* A line's number as text, in colour where there is one. */
static void colored_number(struct print *p, int64_t n)
{
    buf_str(&p->out, p->screen.color ? LINE_COLOR : "");
    buf_printf(&p->out, "%" PRId64, n);
    buf_str(&p->out, p->screen.color ? PLAIN : "");
}

/* The days of the near-same ones that a hit stands for. */
void put_folded(struct buf *out, const struct hit_shown *h)
{
    const struct json *list = json_get(h->json, "folded");
    for (size_t i = 0; i < json_len(list); i++) {
        struct slice day = json_text(json_get(json_at(list, i), "date"));
        buf_str(out, i ? ", " : " [also ");
        buf_slice(out, day.n ? day : json_text(json_get(json_at(list, i), "rel")));
    }
    buf_str(out, json_len(list) ? "]" : "");
}

static void print_neighbours(struct print *p, const struct hit_shown *h, const char *key)
{
    const struct json *list = json_get(h->json, key);
    for (size_t i = 0; i < json_len(list); i++) {
        const struct json *n = json_at(list, i);
        colored(p, PATH_COLOR, hit_path(p, h));
        buf_printf(&p->out, "-%" PRId64 "-", json_int(json_get(n, "line"), 0));
        put_flat(&p->out, json_text(json_get(n, "text")));
        end_record(p);
    }
}

static void print_line(struct print *p, const struct hit_shown *h)
{
    bool grouped = options_given(p->options, "neighbours") != NULL;
    if (grouped && p->printed) {
        buf_str(&p->out, "--");
        end_record(p);
    }
    print_neighbours(p, h, "before");
    colored(p, PATH_COLOR, hit_path(p, h));
    buf_char(&p->out, ':');
    colored_number(p, hit_int(h, "match_line"));
    buf_char(&p->out, ':');
    buf_slice(&p->out, hit_text(h, "date"));
    buf_char(&p->out, ':');
    colored_text(p, h);
    put_folded(&p->out, h);
    end_record(p);
    print_neighbours(p, h, "after");
}

/* News: what became of the unit in front, the text that was behind. */
static void print_newly(struct print *p, const struct hit_shown *h)
{
    struct slice news = hit_text(h, "news"), was = hit_text(h, "was");
    buf_str(&p->out, slice_is(news, "added") ? "+ " : slice_is(news, "removed") ? "- " : "~ ");
    utf8_printable(&p->out, hit_path(p, h));
    buf_printf(&p->out, ":%" PRId64 ":", hit_int(h, "line"));
    buf_slice(&p->out, hit_text(h, "date"));
    buf_char(&p->out, ':');
    put_flat(&p->out, hit_text(h, "text"));
    end_record(p);
    if (!was.n)
        return;
    buf_str(&p->out, "    was: ");
    put_flat(&p->out, was);
    end_record(p);
}

static void print_vimgrep(struct print *p, const struct hit_shown *h)
{
    utf8_printable(&p->out, hit_path(p, h));
    buf_printf(&p->out, ":%" PRId64 ":%" PRId64 ":", hit_int(h, "match_line"), hit_int(h, "col"));
    put_flat(&p->out, hit_text(h, "text"));
    end_record(p);
}

static void print_note(struct print *p, const struct hit_shown *h)
{
    if (p->screen.terminal)
        colored(p, PATH_COLOR, hit_path(p, h));
    else
        buf_slice(&p->out, hit_path(p, h));
    end_record(p);
}

static void print_jsonl(struct print *p, const struct hit_shown *h)
{
    buf_slice(&p->out, h->raw);
    end_record(p);
}

static void print_nothing(struct print *p, const struct hit_shown *h)
{
    (void)p;
    (void)h;
}

static void join_hit(struct print *p, const struct hit_shown *h)
{
    if (p->joined.n)
        buf_char(&p->joined, ',');
    buf_slice(&p->joined, h->raw);
}

/* Copies `from` up to `value`, then `instead`; returns what is behind the value. */
static const char *copy_with(
    struct buf *out, const char *from, struct slice value, struct slice instead)
{
    buf_add(out, from, (size_t)(value.p - from));
    buf_slice(out, instead);
    return value.p + value.n;
}

/* The first page's object with the hits of all pages and the cursor of the last. */
static void end_json(struct print *p)
{
    struct slice first = buf_view(&p->first);
    struct slice hits = raw_member(first, "hits"), cursor = raw_member(first, "cursor");
    struct buf list = {0};
    const char *at = first.p;
    buf_char(&list, '[');
    buf_slice(&list, buf_view(&p->joined));
    buf_char(&list, ']');
    if (p->cursor.n && hits.p && cursor.p && cursor.p < hits.p)
        at = copy_with(&p->out, at, cursor, buf_view(&p->cursor));
    if (p->paged && hits.p)
        at = copy_with(&p->out, at, hits, buf_view(&list));
    if (p->cursor.n && cursor.p && (!hits.p || cursor.p > hits.p))
        at = copy_with(&p->out, at, cursor, buf_view(&p->cursor));
    if (first.n)
        buf_add(&p->out, at, (size_t)(first.p + first.n - at));
    end_record(p);
    p->out.failed |= list.failed || p->first.failed || p->cursor.failed;
    buf_free(&list);
}

struct print_form {
    void (*hit)(struct print *p, const struct hit_shown *h);
    void (*end)(struct print *p); /* may be NULL */
    bool notes;                   /* each note once */
    bool filter;                  /* its bytes are filtered at the end for a terminal */
    bool raw;                     /* bytes as the daemon wrote them */
    const char *const *reads;     /* the members of a hit that it looks at; NULL: any */
};

static const char *const line_reads[] = {"path", "match_line", "date", "text", "before", "after",
    "folded", NULL},
                         *const note_reads[] = {"path", NULL},
                         *const vimgrep_reads[] = {"path", "match_line", "col", "text", NULL},
                         *const no_reads[] = {NULL};

static const struct print_form block = {.hit = print_block};
static const struct print_form newly = {.hit = print_newly};
static const struct print_form story = {.hit = print_story};
static const struct print_form forms[] = {
    [FORM_AUTO] = {.hit = print_line, .reads = line_reads},
    [FORM_NOTES] = {.hit = print_note, .notes = true, .reads = note_reads},
    [FORM_COUNT] = {.hit = print_nothing, .reads = no_reads},
    [FORM_QUIET] = {.hit = print_nothing, .reads = no_reads},
    [FORM_JSON] = {.hit = join_hit, .end = end_json, .filter = true, .raw = true},
    [FORM_JSONL] = {.hit = print_jsonl, .filter = true, .raw = true},
    [FORM_VIMGREP] = {.hit = print_vimgrep, .reads = vimgrep_reads},
    [FORM_TEMPLATE] = {.hit = print_template, .filter = true},
    [FORM_SVG] = {.hit = print_nothing, .filter = true},
};

int print_init(struct print *p, const struct options *o, const struct screen *s, struct err *e)
{
    *p = (struct print){.options = o, .screen = *s, .form = &forms[o->form]};
    if (o->form == FORM_AUTO && s->terminal && !o->zero)
        p->form = &block;
    if (o->form == FORM_AUTO && (o->action == ACT_TIMELINE || o->action == ACT_GAPS))
        p->form = &story;
    if (o->form == FORM_AUTO && o->action == ACT_NEW)
        p->form = &newly;
    return o->form == FORM_TEMPLATE ? template_check(o->template, e) : 0;
}

bool print_wants_raw(const struct print *p)
{
    return p->form && p->form->raw;
}

/* What of a search's hits the form looks at, or NULL: at any of it. */
static const char *const *reads(const struct print *p)
{
    if (!p->form || p->options->action != ACT_SEARCH)
        return NULL;
    return p->form == &forms[FORM_AUTO] && p->screen.color ? NULL : p->form->reads;
}

/* jansson takes 30 ns a byte, a third of a short search's time: what nobody looks at is left out
 * before. */
struct json *print_parse(const struct print *p, struct slice reply, struct err *e)
{
    struct buf less = {0};
    if (reads(p))
        raw_pick(reply, reads(p), &less);
    struct json *root = json_parse(reads(p) && !less.failed ? buf_view(&less) : reply, e);
    buf_free(&less);
    return root;
}

void print_free(struct print *p)
{
    buf_free(&p->out);
    buf_free(&p->joined);
    buf_free(&p->first);
    buf_free(&p->cursor);
    free(p->seen.slots);
}

/* --- pages ---------------------------------------------------------------------------------- */

static void place(uint64_t *slots, size_t size, uint64_t key)
{
    size_t i = key & (size - 1);
    while (slots[i])
        i = (i + 1) & (size - 1);
    slots[i] = key;
}

/* True the first time. Out of memory a note may be listed twice, and buf `out` will tell. */
static bool first_time(struct print *p, struct slice path)
{
    struct seen *s = &p->seen;
    uint64_t key = hash64(path, 0) | 1;
    if (s->n * 2 >= s->size) {
        size_t size = s->size ? 2 * s->size : 256;
        uint64_t *slots = calloc(size, sizeof *slots);
        if (!slots) {
            p->out.failed = true;
            return true;
        }
        for (size_t i = 0; i < s->size; i++)
            if (s->slots[i])
                place(slots, size, s->slots[i]);
        free(s->slots);
        s->slots = slots;
        s->size = size;
    }
    for (size_t i = key & (s->size - 1); s->slots[i]; i = (i + 1) & (s->size - 1))
        if (s->slots[i] == key)
            return false;
    place(s->slots, s->size, key);
    s->n++;
    return true;
}

void print_page(struct print *p, struct slice raw, const struct json *result)
{
    const struct json *hits = json_get(result, "hits");
    struct slice rest = p->form->raw ? raw_member(raw, "hits") : slice_of(NULL, 0), element = rest;
    if (p->form->end && p->first.n == 0) {
        buf_slice(&p->first, raw);
    } else if (p->form->end) {
        p->paged = true;
        buf_clear(&p->cursor);
        buf_slice(&p->cursor, raw_member(raw, "cursor"));
    }
    for (size_t i = 0; i < json_len(hits) && p->printed < p->options->limit; i++) {
        if (p->form->raw && !raw_next(&rest, &element))
            break;
        struct hit_shown h = {json_at(hits, i), element};
        if (p->form->notes && !first_time(p, hit_text(&h, "path")))
            continue;
        p->form->hit(p, &h);
        p->printed++;
    }
}

void print_end(struct print *p)
{
    if (p->form->end)
        p->form->end(p);
}

/* --- the other answers ------------------------------------------------------------------------ */

void print_text(struct print *p, const struct json *result)
{
    const struct json *hits = json_get(result, "hits");
    for (size_t i = 0; i < json_len(hits); i++) {
        struct slice text = json_text(json_get(json_at(hits, i), "text"));
        buf_slice(&p->out, text);
        if (text.n && text.p[text.n - 1] != '\n')
            buf_char(&p->out, '\n');
        p->printed++;
    }
}

void print_suggestions(struct print *p, const struct json *result)
{
    const struct json *list = json_get(result, "suggestions");
    for (size_t i = 0; i < json_len(list); i++) {
        utf8_printable(&p->out, json_text(json_get(json_at(list, i), "text")));
        end_record(p);
        p->printed++;
    }
}

/* One line a link: where it stands, and which note it means. */
void print_links(struct print *p, const struct json *result)
{
    const struct json *list = json_get(result, "links");
    struct slice rel = json_text(json_get(json_get(result, "note"), "rel"));
    for (size_t i = 0; i < json_len(list); i++) {
        const struct json *l = json_at(list, i), *to = json_get(l, "to"),
                          *others = json_get(l, "others");
        utf8_printable(&p->out, rel);
        buf_printf(&p->out, ":%" PRId64 ":", json_int(json_get(l, "line"), 0));
        utf8_printable(&p->out, json_text(json_get(l, "target")));
        buf_str(&p->out, " -> ");
        if (json_kind(to) == JSON_IS_OBJECT)
            utf8_printable(&p->out, json_text(json_get(to, "rel")));
        else
            buf_str(&p->out, "(no such note)");
        for (size_t k = 0; k < json_len(others); k++) {
            buf_str(&p->out, k ? ", " : " (not: ");
            utf8_printable(&p->out, json_text(json_at(others, k)));
        }
        buf_str(&p->out, json_len(others) ? ")" : "");
        end_record(p);
        p->printed++;
    }
}

static void put_value(struct buf *out, const struct json *v);

static int put_member(void *ctx, const char *key, const struct json *v)
{
    struct buf *out = ctx;
    if (json_kind(v) != JSON_IS_STRING)
        buf_printf(out, "%s ", key);
    put_value(out, v);
    buf_str(out, "  ");
    return 0;
}

static void put_value(struct buf *out, const struct json *v)
{
    struct buf text = {0};
    if (json_kind(v) == JSON_IS_STRING)
        buf_slice(&text, json_text(v));
    else if (json_kind(v) == JSON_IS_NULL)
        buf_char(&text, '-');
    else if (json_kind(v) == JSON_IS_OBJECT)
        json_each(v, put_member, &text);
    else
        json_dump(v, &text);
    utf8_printable(out, slice_trim(buf_view(&text)));
    out->failed |= text.failed;
    buf_free(&text);
}

static int put_status(void *ctx, const char *key, const struct json *v)
{
    struct print *p = ctx;
    bool list = json_kind(v) == JSON_IS_ARRAY;
    for (size_t i = 0; i < (list ? json_len(v) : 1); i++) {
        buf_printf(&p->out, "%-12s ", i ? "" : key);
        put_value(&p->out, list ? json_at(v, i) : v);
        buf_char(&p->out, '\n');
    }
    return 0;
}

void print_status(struct print *p, const struct json *result)
{
    json_each(result, put_status, p);
}

/* --- leaving -------------------------------------------------------------------------------- */

/* Tabs and line ends stay, everything else that drives a terminal goes. */
static void filter(struct buf *out, struct slice s)
{
    for (size_t from = 0, i = 0; i <= s.n; i++) {
        if (i < s.n && s.p[i] != '\n' && s.p[i] != '\t')
            continue;
        utf8_printable(out, slice_of(s.p + from, i - from));
        if (i < s.n)
            buf_char(out, s.p[i]);
        from = i + 1;
    }
}

static int write_out(struct slice s, struct err *e)
{
    while (s.n) {
        ssize_t n = write(STDOUT_FILENO, s.p, s.n);
        if (n < 0 && errno == EPIPE) {
            signal(SIGPIPE, SIG_DFL);
            raise(SIGPIPE);
        }
        if (n < 0 && errno != EINTR)
            return err_set(e, ERR_IO, "standard output: %s", strerror(errno));
        if (n > 0)
            s = slice_of(s.p + n, s.n - (size_t)n);
    }
    return 0;
}

/* What is printed as it came. The rest makes what it prints safe piece by piece, between colours
 * and links of its own. */
static bool is_raw(const struct print *p)
{
    enum action a = p->options->action;
    return p->form->filter || a == ACT_GET || a == ACT_SUGGEST || a == ACT_LINKS || a == ACT_STATUS;
}

int print_flush(struct print *p, struct err *e)
{
    bool filtered = p->screen.terminal && is_raw(p);
    struct buf safe = {0};
    if (filtered && p->out.n)
        filter(&safe, buf_view(&p->out));
    int rc = p->out.failed || p->joined.failed || safe.failed
                 ? err_memory(e)
                 : write_out(buf_view(filtered ? &safe : &p->out), e);
    buf_free(&safe);
    buf_clear(&p->out);
    return rc;
}

/* --- stderr --------------------------------------------------------------------------------- */

static void notice(struct buf *out, struct buf *text)
{
    buf_str(out, "kbsearch: ");
    put_flat(out, buf_view(text));
    buf_char(out, '\n');
    buf_free(text);
}

void print_notices(const struct json *result, struct buf *out)
{
    const struct json *relaxed = json_get(result, "relaxed"),
                      *suggestion = json_get(result, "suggestion"),
                      *incomplete = json_get(result, "incomplete"),
                      *warnings = json_get(result, "warnings");
    struct buf t = {0};
    if (json_kind(suggestion) == JSON_IS_OBJECT) {
        buf_slice(&t, json_text(json_get(suggestion, "from")));
        buf_str(&t, " read as ");
        buf_slice(&t, json_text(json_get(suggestion, "to")));
        notice(out, &t);
    }
    if (json_kind(relaxed) == JSON_IS_OBJECT) {
        int64_t words = json_int(json_get(relaxed, "words"), 1),
                of = json_int(json_get(relaxed, "of"), 0);
        buf_printf(&t, "no unit has all %" PRId64 " words: showing those with ", of);
        if (slice_is(json_text(json_get(relaxed, "to")), "any"))
            buf_str(&t, "any of them");
        else
            buf_printf(&t, "%" PRId64, words);
        notice(out, &t);
    }
    if (json_kind(incomplete) == JSON_IS_OBJECT) {
        buf_str(&t, "incomplete: ");
        put_value(&t, incomplete);
        notice(out, &t);
    }
    for (size_t i = 0; i < json_len(warnings); i++) {
        buf_slice(&t, json_text(json_at(warnings, i)));
        notice(out, &t);
    }
}

/* A line a field: "kind: entry 12, note 3, 4 more". */
void print_facet_notices(const struct json *result, struct buf *out)
{
    const struct json *facets = json_get(result, "facets");
    for (size_t f = 0; f < json_len(facets); f++) {
        const struct json *facet = json_at(facets, f), *values = json_get(facet, "values");
        int64_t more = json_int(json_get(facet, "distinct"), 0) - (int64_t)json_len(values);
        struct buf t = {0};
        buf_slice(&t, json_text(json_get(facet, "field")));
        buf_str(&t, json_len(values) ? ": " : ": none");
        for (size_t i = 0; i < json_len(values); i++) {
            const struct json *v = json_at(values, i);
            buf_str(&t, i ? ", " : "");
            buf_slice(&t, json_text(json_get(v, "value")));
            buf_printf(&t, " %" PRId64, json_int(json_get(v, "count"), 0));
        }
        if (more > 0)
            buf_printf(&t, ", %" PRId64 " more", more);
        notice(out, &t);
    }
}

static int put_explained(void *ctx, const char *key, const struct json *v)
{
    struct buf *out = ctx, text = {0};
    if (json_kind(v) == JSON_IS_STRING)
        buf_slice(&text, json_text(v));
    else
        json_dump(v, &text);
    buf_printf(out, "%s:\n", key);
    for (struct slice s = slice_trim(buf_view(&text)); s.n;) {
        const char *nl = memchr(s.p, '\n', s.n);
        size_t n = nl ? (size_t)(nl - s.p) : s.n;
        buf_str(out, "  ");
        utf8_printable(out, slice_of(s.p, n));
        buf_char(out, '\n');
        s = slice_of(s.p + n + (nl != NULL), s.n - n - (nl != NULL));
    }
    buf_free(&text);
    return 0;
}

void print_explain(const struct json *result, struct buf *out)
{
    json_each(json_get(result, "explain"), put_explained, out);
}

void print_failure(const struct err *e, const char *query, struct buf *out)
{
    enum { AROUND = 60 }; /* bytes of the query shown before and behind the place */
    struct slice q = slice_str(query);
    buf_str(out, "kbsearch: ");
    utf8_printable(out, slice_str(e->text));
    buf_char(out, '\n');
    if (e->at == ERR_NOWHERE || e->at > q.n || q.n == 0)
        return;
    size_t at = utf8_floor(q, e->at);
    size_t from = at > AROUND ? utf8_floor(q, at - AROUND) : 0;
    size_t end = q.n - at > AROUND ? utf8_floor(q, at + AROUND) : q.n;
    const char *mark = from ? "..." : "";
    struct buf before = {0};
    utf8_printable(&before, slice_of(q.p + from, at - from));
    buf_printf(out, "  %s", mark);
    buf_slice(out, buf_view(&before));
    utf8_printable(out, slice_of(q.p + at, end - at));
    buf_printf(out, "%s\n  %*s^\n", end < q.n ? "..." : "",
        (int)(strlen(mark) + utf8_width(buf_view(&before))), "");
    buf_free(&before);
}
