// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/cursor.h"
#include "client/doctor.h"
#include "client/link.h"
#include "client/options.h"
#include "client/print.h"
#include "client/raw.h"
#include "lib/date.h"
#include "lib/utf8.h"

enum {
    EXIT_HIT = 0,
    EXIT_NO_HIT = 1,
    PAGE_MAX = PROTO_MAX_HITS,
    NOTES_PAGE = 100, /* hits asked for at least, where only their notes are listed */
    GRACE_MS = 1000   /* for an answer that meets its deadline to arrive */
};

struct client {
    struct arena arena;
    struct options options;
    struct config config;
    struct link link;
    struct screen screen;
    struct print print;
    struct buf line;
    int64_t id;
    int64_t after, upto; /* revisions, of --new */
};

/* What a call came back with. */
struct reply {
    struct json *root;
    const struct json *result;
    struct slice raw; /* of the result */
};

static void say(struct buf *text)
{
    static const char no_memory[] = "kbsearch: out of memory, even for the message\n";
    if (text->failed)
        (void)!write(STDERR_FILENO, no_memory, sizeof no_memory - 1);
    else if (text->n)
        (void)!write(STDERR_FILENO, text->p, text->n);
    buf_free(text);
}

static int complain(const struct client *c, const struct err *e)
{
    struct buf text = {0};
    print_failure(e, c->options.query, &text);
    say(&text);
    return err_exit(e->code);
}

/* --- one call ------------------------------------------------------------------------------- */

static int read_error(const struct json *error, struct err *e)
{
    const struct json *data = json_get(error, "data"), *at = json_get(data, "at");
    struct slice message = json_text(json_get(error, "message")),
                 reason = json_text(json_get(data, "reason"));
    enum err_code code = err_by_reason(reason.n ? reason.p : "", reason.n);
    size_t byte = json_kind(at) == JSON_IS_INT ? (size_t)json_int(at, 0) : ERR_NOWHERE;
    return err_at(e, code, byte, "%.*s", (int)message.n, message.n ? message.p : "");
}

static int call(struct client *c, struct reply *r, struct err *e)
{
    struct slice text;
    *r = (struct reply){0};
    if (c->line.failed)
        return err_memory(e);
    if (link_call(&c->link, buf_view(&c->line), (int)c->options.deadline_ms + GRACE_MS, &text, e) <
        0)
        return -1;
    r->root = print_parse(&c->print, text, e);
    if (!r->root)
        return -1;
    const struct json *error = json_get(r->root, "error");
    r->result = json_get(r->root, "result");
    r->raw = print_wants_raw(&c->print) ? raw_member(text, "result") : slice_of(NULL, 0);
    if (error)
        read_error(error, e);
    else if (json_kind(r->result) != JSON_IS_OBJECT)
        err_set(e, ERR_INTERNAL, "the daemon's reply is none: neither result nor error");
    if (e->code)
        json_free(r->root);
    return e->code ? -1 : 0;
}

/* Opens a request up to its params; end_request closes it. */
static struct json_writer begin_request(struct client *c, enum proto_method m)
{
    buf_clear(&c->line);
    struct json_writer w = json_writer(&c->line);
    json_open(&w, '{');
    json_key_string(&w, "jsonrpc", SLICE_LIT("2.0"));
    json_key_int(&w, "id", ++c->id);
    json_key_string(&w, "method", slice_str(proto_rows[m].name));
    json_key(&w, "params");
    json_open(&w, '{');
    return w;
}

static void end_request(struct json_writer *w)
{
    json_close(w, '}');
    json_close(w, '}');
    buf_char(w->out, '\n');
}

/* --- the index meant -------------------------------------------------------------------------- */

static bool is_default(const struct config_value *v)
{
    return strcmp(v->origin, "default") == 0;
}

static bool same_folder(const char *a, const char *b)
{
    char *real_a = realpath(a, NULL), *real_b = realpath(b, NULL);
    bool same = strcmp(real_a ? real_a : a, real_b ? real_b : b) == 0;
    free(real_a);
    free(real_b);
    return same;
}

/* A socket's name tells its index, unless it was chosen as well: then its daemon is asked. */
static int check_index(struct client *c, struct err *e)
{
    const struct config *g = &c->config;
    if (is_default(&g->socket) || (is_default(&g->db) && is_default(&g->index)))
        return 0;
    struct reply r;
    struct json_writer w = begin_request(c, PROTO_hello);
    end_request(&w);
    if (call(c, &r, e) < 0)
        return -1;
    struct slice db = json_text(json_get(r.result, "db"));
    if (!db.n || !same_folder(db.p, g->db.text))
        err_set(e, ERR_WRONG_INDEX,
            "the daemon at %s has the index %s, not %s: name another socket, or none",
            g->socket.text, db.n ? db.p : "?", g->db.text);
    json_free(r.root);
    return e->code ? -1 : 0;
}

/* --- search --------------------------------------------------------------------------------- */

static int64_t page_size(const struct client *c)
{
    const struct options *o = &c->options;
    uint64_t left = o->limit - c->print.printed;
    if (o->form == FORM_COUNT)
        return 0;
    if (o->form == FORM_QUIET)
        return 1;
    if (o->form == FORM_NOTES && left && left < NOTES_PAGE)
        return NOTES_PAGE;
    return left < PAGE_MAX ? (int64_t)left : PAGE_MAX;
}

static int ask_page(struct client *c, struct slice cursor, struct reply *r, struct err *e)
{
    const struct options *o = &c->options;
    struct json_writer w = begin_request(c, PROTO_search);
    json_key_string(&w, "query", slice_str(o->query));
    json_key_int(&w, "limit", page_size(c));
    if (cursor.n)
        json_key_string(&w, "cursor", cursor);
    if (options_write(o, PROTO_search, &w, e) < 0)
        return -1;
    if ((o->form == FORM_COUNT || o->all) && !options_given(o, "exact"))
        json_key_bool(&w, "exact", true);
    if (!options_given(o, "today")) {
        char today[11];
        day_format(day_today(), today);
        json_key_string(&w, "today", slice_str(today));
    }
    end_request(&w);
    return call(c, r, e);
}

/* `said`: what the pages before had to say; it is not said again. */
static void say_notices(const struct client *c, const struct reply *r, struct buf *said)
{
    struct buf now = {0}, explained = {0};
    if (c->options.form == FORM_QUIET)
        return;
    if (said->n == 0 && c->options.explain && c->options.form != FORM_JSON)
        print_explain(r->result, &explained);
    say(&explained);
    print_notices(r->result, &now);
    if (slice_eq(buf_view(&now), buf_view(said))) {
        buf_free(&now);
        return;
    }
    buf_clear(said);
    buf_slice(said, buf_view(&now));
    say(&now);
}

static void say_facets(const struct client *c, const struct json *result)
{
    struct buf text = {0};
    if (c->options.form != FORM_JSON && c->options.form != FORM_QUIET)
        print_facet_notices(result, &text);
    say(&text);
}

/* That the list was cut, where nobody asked for its length and the form does not tell. */
static void say_more(const struct client *c, const struct reply *r)
{
    const struct options *o = &c->options;
    struct buf text = {0};
    if (o->form == FORM_JSON || o->form == FORM_QUIET || o->form == FORM_COUNT ||
        (o->limited && !isatty(STDERR_FILENO)))
        return;
    buf_printf(&text, "kbsearch: %llu%s of %s%lld%s shown; -n N or --all for more\n",
        (unsigned long long)c->print.printed, o->form == FORM_NOTES ? " notes" : "",
        json_bool(json_get(r->result, "total_exact"), true) ? "" : "at least ",
        (long long)json_int(json_get(r->result, "total"), 0),
        o->form == FORM_NOTES ? " units" : "");
    say(&text);
}

/* Whether another page is to be asked for. */
static bool wants_more(const struct client *c, struct slice cursor, uint64_t before)
{
    const struct options *o = &c->options;
    if (cursor.n == 0 || o->form == FORM_COUNT || o->form == FORM_QUIET)
        return false;
    if (options_given(o, "budget_bytes") && !o->all)
        return false;
    bool went_on = c->print.printed > before || o->form == FORM_NOTES;
    return went_on && c->print.printed < o->limit;
}

static int search(struct client *c, struct err *e)
{
    struct print *p = &c->print;
    struct buf cursor = {0}, said = {0};
    bool more = true;
    uint64_t found = 0;
    while (more && !e->code) {
        struct reply r;
        uint64_t before = p->printed;
        if (ask_page(c, buf_view(&cursor), &r, e) < 0)
            break;
        say_notices(c, &r, &said);
        print_page(p, r.raw, r.result);
        options_drop(&c->options, "facets");
        options_drop(&c->options, "offset");
        options_drop(&c->options, "cursor");
        buf_clear(&cursor);
        buf_slice(&cursor, json_text(json_get(r.result, "cursor")));
        if (cursor.failed)
            err_memory(e);
        found = (uint64_t)json_int(json_get(r.result, "total"), 0);
        more = wants_more(c, buf_view(&cursor), before);
        if (!more && c->options.form == FORM_COUNT)
            buf_printf(&p->out, "%llu%c", (unsigned long long)found, c->options.zero ? 0 : '\n');
        if (!more)
            print_end(p);
        if (print_flush(p, e) == 0 && !more && cursor.n)
            say_more(c, &r);
        say_facets(c, r.result);
        json_free(r.root);
    }
    buf_free(&cursor);
    buf_free(&said);
    if (e->code)
        return -1;
    bool counted = c->options.form == FORM_COUNT || c->options.limit == 0;
    return (counted ? found : p->printed) ? EXIT_HIT : EXIT_NO_HIT;
}

/* --- the other methods ------------------------------------------------------------------------ */

static bool is_id(const char *s)
{
    return strlen(s) == 16 && strspn(s, "0123456789abcdef") == 16;
}

/* Cuts ":NUMBER" off the end of `text`; 0 if there is none. */
static int64_t cut_number(char *text)
{
    char *colon = strrchr(text, ':'), *end;
    if (!colon || colon == text || !colon[1] ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1))
        return 0;
    errno = 0;
    long long n = strtoll(colon + 1, &end, 10);
    if (errno || n < 1 || n > INT32_MAX)
        return 0;
    *colon = '\0';
    return n;
}

/* PATH[:LINE[:COUNT]], where a file that has the colons in its name comes first. */
static int write_place(struct client *c, struct json_writer *w, struct err *e)
{
    char *path = arena_strndup(&c->arena, c->options.argument, strlen(c->options.argument));
    int64_t line = 0, count = 0;
    if (!path)
        return err_memory(e);
    if (access(path, F_OK) != 0 && (line = cut_number(path)) > 0 && access(path, F_OK) != 0 &&
        (count = cut_number(path)) > 0) {
        int64_t first = count;
        count = line;
        line = first;
    }
    char *real = realpath(path, NULL);
    json_key_string(w, "path", slice_str(real ? real : path));
    free(real);
    if (line)
        json_key_int(w, "line", line);
    if (count)
        json_key_int(w, "count", count);
    return 0;
}

static int get(struct client *c, struct err *e)
{
    struct reply r;
    struct json_writer w = begin_request(c, PROTO_get);
    if (is_id(c->options.argument))
        json_key_string(&w, "id", slice_str(c->options.argument));
    else if (write_place(c, &w, e) < 0)
        return -1;
    if (options_write(&c->options, PROTO_get, &w, e) < 0)
        return -1;
    end_request(&w);
    if (call(c, &r, e) < 0)
        return -1;
    struct buf text = {0};
    if (json_bool(json_get(r.result, "stale"), false))
        buf_printf(&text, "kbsearch: %s changed since it was indexed; run: kbindex\n",
            c->options.argument);
    say(&text);
    c->options.limit = SIZE_MAX;
    if (c->options.form == FORM_AUTO)
        print_text(&c->print, r.result);
    else
        print_page(&c->print, r.raw, r.result);
    print_end(&c->print);
    json_free(r.root);
    return c->print.printed ? EXIT_HIT : EXIT_NO_HIT;
}

static void write_today(const struct client *c, struct json_writer *w)
{
    char today[11];
    if (options_given(&c->options, "today"))
        return;
    day_format(day_today(), today);
    json_key_string(w, "today", slice_str(today));
}

static int suggest(struct client *c, struct err *e)
{
    struct reply r;
    struct json_writer w = begin_request(c, PROTO_suggest);
    json_key_string(&w, "prefix", slice_str(c->options.argument));
    if (c->options.limited)
        json_key_int(&w, "limit", (int64_t)c->options.limit);
    if (options_given(&c->options, "asof"))
        write_today(c, &w);
    if (options_write(&c->options, PROTO_suggest, &w, e) < 0)
        return -1;
    end_request(&w);
    if (call(c, &r, e) < 0)
        return -1;
    bool any = json_len(json_get(r.result, "suggestions")) > 0;
    if (c->options.form == FORM_JSON)
        print_page(&c->print, r.raw, r.result);
    else
        print_suggestions(&c->print, r.result);
    print_end(&c->print);
    json_free(r.root);
    return any ? EXIT_HIT : EXIT_NO_HIT;
}

static int status(struct client *c, struct err *e)
{
    struct reply r;
    struct json_writer w = begin_request(c, PROTO_status);
    if (options_write(&c->options, PROTO_status, &w, e) < 0)
        return -1;
    end_request(&w);
    if (call(c, &r, e) < 0)
        return -1;
    bool bad = json_kind(json_get(r.result, "error")) == JSON_IS_STRING;
    if (c->options.form == FORM_JSON)
        print_page(&c->print, r.raw, r.result);
    else
        print_status(&c->print, r.result);
    print_end(&c->print);
    json_free(r.root);
    return bad ? err_exit(ERR_NO_INDEX) : EXIT_HIT;
}

/* Of a configuration that cannot be read there is `why`. */
static int doctor(struct client *c, const struct err *why, struct err *e)
{
    struct doctor d = {.link = &c->link, .out = &c->print.out};
    if (doctor_look(&d, why ? NULL : &c->config, why, e))
        return -1;
    return d.faults ? EXIT_NO_HIT : EXIT_HIT;
}

static void say_suggestion(const struct client *c, const struct json *from)
{
    struct buf text = {0};
    if (c->options.form != FORM_QUIET)
        print_notices(from, &text);
    say(&text);
}

/* --- notes and links -------------------------------------------------------------------------- */

/* A file by its real path, anything else as it was said. */
static void write_note(
    const struct client *c, struct json_writer *w, const char *key, const char *name)
{
    char *real = access(name, F_OK) == 0 ? realpath(name, NULL) : NULL;
    (void)c;
    json_key_string(w, key, slice_str(real ? real : name));
    free(real);
}

static int links(struct client *c, struct err *e)
{
    struct reply r;
    struct json_writer w = begin_request(c, PROTO_links);
    write_note(c, &w, "note", c->options.argument);
    if (options_write(&c->options, PROTO_links, &w, e) < 0)
        return -1;
    end_request(&w);
    if (call(c, &r, e) < 0)
        return -1;
    say_suggestion(c, r.result);
    bool any = json_len(json_get(r.result, "links")) > 0;
    if (c->options.form == FORM_JSON)
        print_page(&c->print, r.raw, r.result);
    else
        print_links(&c->print, r.result);
    print_end(&c->print);
    json_free(r.root);
    return any ? EXIT_HIT : EXIT_NO_HIT;
}

static int related(struct client *c, struct err *e)
{
    enum { MOST = 100 };
    struct reply r;
    const struct options *o = &c->options;
    struct json_writer w = begin_request(c, PROTO_related);
    char *name = arena_strndup(&c->arena, o->argument, strlen(o->argument));
    if (!name)
        return err_memory(e);
    if (is_id(name)) {
        json_key_string(&w, "id", slice_str(name));
    } else {
        int64_t line = access(name, F_OK) == 0 ? 0 : cut_number(name);
        write_note(c, &w, "path", name);
        if (line)
            json_key_int(&w, "line", line);
    }
    json_key_int(&w, "limit", o->limit < MOST ? (int64_t)o->limit : MOST);
    if (options_write(o, PROTO_related, &w, e) < 0)
        return -1;
    end_request(&w);
    if (call(c, &r, e) < 0)
        return -1;
    say_suggestion(c, r.result);
    print_page(&c->print, r.raw, r.result);
    uint64_t found = json_len(json_get(r.result, "hits"));
    if (o->form == FORM_COUNT)
        buf_printf(&c->print.out, "%llu%c", (unsigned long long)found, o->zero ? 0 : '\n');
    print_end(&c->print);
    json_free(r.root);
    return found ? EXIT_HIT : EXIT_NO_HIT;
}

/* --- time and names --------------------------------------------------------------------------- */

/* What the pages of a list are about. */
static void write_about(const struct client *c, enum proto_method m, struct json_writer *w)
{
    const struct options *o = &c->options;
    if (m == PROTO_backlinks)
        write_note(c, w, "note", o->argument);
    if (m == PROTO_backlinks && o->mentions)
        json_key_bool(w, "mentions", true);
    if (m == PROTO_new)
        json_key_int(w, "after", c->after);
    if (m == PROTO_new && c->upto)
        json_key_int(w, "upto", c->upto);
    if (o->query)
        json_key_string(w, "query", slice_str(o->query));
}

/* --timeline, --gaps, --backlinks and --new: hits, page after page. */
static int story(struct client *c, enum proto_method m, struct err *e)
{
    struct print *p = &c->print;
    const struct options *o = &c->options;
    uint64_t total = 1, first = 0, seen = 0;
    const struct parameter *offset = options_given(o, "offset");
    if (offset)
        first = strtoull(offset->value, NULL, 10);
    options_drop(&c->options, "offset");
    bool counts = o->form == FORM_COUNT;
    do {
        struct reply r;
        uint64_t left = o->limit - seen;
        struct json_writer w = begin_request(c, m);
        write_about(c, m, &w);
        json_key_int(&w, "limit", counts ? 0 : left < PAGE_MAX ? (int64_t)left : PAGE_MAX);
        json_key_int(&w, "offset", (int64_t)(first + seen));
        if (options_write(o, m, &w, e) < 0)
            return -1;
        if (m != PROTO_backlinks)
            write_today(c, &w);
        end_request(&w);
        if (call(c, &r, e) < 0)
            return -1;
        c->upto = json_int(json_get(r.result, "revision"), 0);
        if (!seen)
            say_suggestion(c, r.result);
        total = (uint64_t)json_int(json_get(r.result, "total"), 0);
        size_t here = json_len(json_get(r.result, "hits"));
        seen += here;
        print_page(p, r.raw, r.result);
        json_free(r.root);
        if (!here || print_flush(p, e) < 0)
            break;
    } while (seen < o->limit && first + seen < total);
    if (counts)
        buf_printf(&p->out, "%llu%c", (unsigned long long)total, o->zero ? 0 : '\n');
    print_end(p);
    return total ? EXIT_HIT : EXIT_NO_HIT;
}

/* A name that nobody read by yet begins here and now: the whole index is no news. */
static int begin_cursor(struct client *c, struct err *e)
{
    struct reply r;
    struct buf text = {0};
    struct json_writer w = begin_request(c, PROTO_new);
    json_key_int(&w, "limit", 0);
    json_key_int(&w, "after", INT64_C(9007199254740991));
    end_request(&w);
    if (call(c, &r, e) < 0)
        return -1;
    int64_t now = json_int(json_get(r.result, "revision"), 0);
    json_free(r.root);
    if (cursor_write(c->config.state.text, c->options.argument, now, e) < 0)
        return -1;
    buf_printf(
        &text, "kbsearch: %s was never read before: its news begin now\n", c->options.argument);
    say(&text);
    return EXIT_NO_HIT;
}

static int news(struct client *c, struct err *e)
{
    const struct options *o = &c->options;
    bool peek = o->form == FORM_COUNT || o->form == FORM_QUIET;
    if (cursor_read(c->config.state.text, o->argument, &c->after, e) < 0)
        return -1;
    if (c->after < 0)
        return begin_cursor(c, e);
    int code = story(c, PROTO_new, e);
    if (code < 0 || peek || print_flush(&c->print, e) < 0)
        return e->code ? -1 : code;
    return cursor_write(c->config.state.text, o->argument, c->upto, e) < 0 ? -1 : code;
}

static void write_vs(const struct options *o, struct json_writer *w)
{
    struct buf vs = {0};
    for (size_t i = 0; i < o->n_vs; i++) {
        buf_str(&vs, i ? "\n" : "");
        buf_str(&vs, o->vs[i]);
    }
    json_key_string(w, "vs", buf_view(&vs));
    w->out->failed |= vs.failed;
    buf_free(&vs);
}

/* What the action's own option says, and the query. */
static void write_subject(const struct client *c, enum proto_method m, struct json_writer *w)
{
    const struct options *o = &c->options;
    static const struct {
        enum proto_method method;
        const char *argument;
    } rows[] = {{PROTO_trend, "bucket"}, {PROTO_facet, "field"}, {PROTO_with, "entity"},
        {PROTO_rising, "span"}};
    if (o->query)
        json_key_string(w, "query", slice_str(o->query));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].method == m && o->argument)
            json_key_string(w, rows[i].argument, slice_str(o->argument));
    if (m == PROTO_trend && o->n_vs)
        write_vs(o, w);
    else if (m != PROTO_trend && o->limit == SIZE_MAX)
        json_key_int(w, "limit", m == PROTO_rising ? 100 : PAGE_MAX);
    else if (m != PROTO_trend && o->limited)
        json_key_int(w, "limit", (int64_t)o->limit);
}

/* Whether it told anything. */
static bool counted(const struct json *result)
{
    const struct json *series = json_get(result, "series"), *names = json_get(result, "names");
    for (size_t i = 0; i < json_len(series); i++)
        if (json_int(json_get(json_at(series, i), "total"), 0))
            return true;
    return names ? json_int(json_get(result, "distinct"), 0) > 0
                 : json_int(json_get(result, "total"), 0) > 0;
}

/* --trend, --facet, --with and --rising: one answer each. */
static int counts(struct client *c, enum proto_method m,
    void (*print)(struct print *p, const struct json *result), struct err *e)
{
    struct reply r;
    struct json_writer w = begin_request(c, m);
    write_subject(c, m, &w);
    if (options_write(&c->options, m, &w, e) < 0)
        return -1;
    write_today(c, &w);
    end_request(&w);
    if (call(c, &r, e) < 0)
        return -1;
    say_suggestion(c, r.result);
    for (size_t i = 0; i < json_len(json_get(r.result, "series")); i++)
        say_suggestion(c, json_at(json_get(r.result, "series"), i));
    if (c->options.form == FORM_JSON)
        print_page(&c->print, r.raw, r.result);
    else
        print(&c->print, r.result);
    print_end(&c->print);
    bool any = counted(r.result);
    json_free(r.root);
    return any ? EXIT_HIT : EXIT_NO_HIT;
}

/* --- the whole ------------------------------------------------------------------------------ */

/* A closed 0, 1 or 2 would be taken by the socket; in this way reads and writes there fail. */
static void occupy_standard_files(void)
{
    for (int fd = 0; fd < 3; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

static int run(struct client *c, struct err *e)
{
    const struct options *o = &c->options;
    if (o->action != ACT_SOCKNAME && o->action != ACT_CONFIG && o->action != ACT_RPC) {
        screen_find(&c->arena, o, &c->screen);
        if (print_init(&c->print, o, &c->screen, e) < 0)
            return -1;
    }
    struct err why = {0};
    int loaded = config_load(&c->arena, &o->config, &c->config, &why);
    if (loaded < 0 && o->action != ACT_DOCTOR) {
        *e = why;
        return -1;
    }
    c->link = (struct link){&c->config, &o->config, !o->no_spawn, -1, {0}};
    if (o->action == ACT_DOCTOR)
        return doctor(c, loaded < 0 ? &why : NULL, e);
    if (o->action != ACT_SOCKNAME && o->action != ACT_CONFIG && o->action != ACT_STATUS &&
        check_index(c, e) < 0)
        return -1;
    switch (o->action) {
    case ACT_SOCKNAME:
        buf_printf(&c->print.out, "%s\n", c->config.socket.text);
        return 0;
    case ACT_CONFIG:
        config_print(&c->config, &c->print.out);
        return 0;
    case ACT_RPC:
        return link_relay(&c->link, e);
    case ACT_BACKLINKS:
        return story(c, PROTO_backlinks, e);
    case ACT_LINKS:
        return links(c, e);
    case ACT_RELATED:
        return related(c, e);
    case ACT_NEW:
        return news(c, e);
    case ACT_GET:
        return get(c, e);
    case ACT_SUGGEST:
        return suggest(c, e);
    case ACT_STATUS:
        return status(c, e);
    case ACT_TIMELINE:
        return story(c, PROTO_timeline, e);
    case ACT_GAPS:
        return story(c, PROTO_gaps, e);
    case ACT_TREND:
        return counts(c, PROTO_trend, o->form == FORM_SVG ? print_trend_svg : print_trend, e);
    case ACT_FACET:
        return counts(c, PROTO_facet, print_facets, e);
    case ACT_WITH:
        return counts(c, PROTO_with, print_with, e);
    case ACT_RISING:
        return counts(c, PROTO_rising, print_rising, e);
    case ACT_SEARCH:
    default:
        return search(c, e);
    }
}

/* What needs neither configuration nor daemon. */
static bool is_simple(const struct client *c)
{
    return c->options.action >= ACT_HELP || (c->options.action == ACT_SEARCH && !c->options.query);
}

static int run_simple(struct client *c)
{
    const struct options *o = &c->options;
    struct buf *out = &c->print.out, usage = {0};
    if (o->action == ACT_SEARCH) {
        options_help(false, &usage);
        say(&usage);
        return err_exit(ERR_USAGE);
    }
    if (o->action == ACT_VERSION)
        buf_str(out, "kbsearch " PACKAGE_VERSION "\n");
    else
        options_help(o->action == ACT_HELP, out);
    return 0;
}

/* A query of bytes that are no text would move the places of errors. */
static int clean_query(struct client *c, struct err *e)
{
    struct slice q = slice_str(c->options.query);
    if (q.n == 0 || utf8_valid(q) == q.n)
        return 0;
    struct buf clean = {0};
    utf8_clean(&clean, q);
    c->options.query = arena_strndup(&c->arena, clean.p, clean.n);
    buf_free(&clean);
    return c->options.query ? 0 : err_memory(e);
}

int main(int argc, char **argv)
{
    struct client c = {.link = {.fd = -1}, .print = {.options = &c.options}};
    struct err e = {0};
    int code = -1;
    occupy_standard_files();
    if (options_parse(&c.arena, argc, argv, &c.options, &e) == 0 && clean_query(&c, &e) == 0)
        code = is_simple(&c) ? run_simple(&c) : run(&c, &e);
    if (!e.code && c.options.action != ACT_SEARCH)
        print_flush(&c.print, &e);
    if (e.code)
        code = complain(&c, &e);
    link_close(&c.link);
    buf_free(&c.line);
    print_free(&c.print);
    arena_free(&c.arena);
    return code;
}
