// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/answer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/answer/budget.h"
#include "lib/beneath.h"
#include "lib/buf.h"
#include "lib/note.h"
#include "lib/schema.h"
#include "lib/utf8.h"

enum {
    NOTE_BYTES = 16 << 20,
    PATH_TERM_BYTES = 220, /* of rel in a term F (schema.h) */
    SAME_PATHS = 64,       /* notes of one rel that are looked at: one a vault */
    SHOWN_BYTES = 120      /* of a path in a message */
};

/* A note of the index. */
struct place {
    const struct vault_row *vault;
    struct record head;
};

struct getting {
    struct answer *w;
    const struct get_params *p;
    struct get_result *r;
    struct record *units; /* of the note, by their place in it */
    size_t n_units, cap_units;
    struct err *e;
};

/* For messages: nothing of it drives a terminal. */
static const char *shown(struct arena *a, struct slice text)
{
    struct buf b = {0};
    utf8_printable(&b, slice_of(text.p, utf8_floor(text, SHOWN_BYTES)));
    const char *copy = arena_strndup(a, b.p ? b.p : "", b.n);
    buf_free(&b);
    return copy ? copy : "";
}

/* --- from the index -------------------------------------------------------------------------- */

static int read_unit(struct getting *g, docid_t id, struct record *rec)
{
    struct slice data;
    return xdb_data(g->w->reader->index.db, g->w->arena, id, &data, g->e) ||
                   record_read(g->w->arena, data, rec, g->e)
               ? -1
               : 0;
}

static int by_ordinal(const void *x, const void *y)
{
    const struct record *a = x, *b = y;
    return (a->ordinal > b->ordinal) - (a->ordinal < b->ordinal);
}

static int load_units(struct getting *g, uint32_t note)
{
    docid_t *ids;
    size_t n;
    char *term = arena_printf(g->w->arena, "Q%u", note);
    if (!term)
        return err_memory(g->e);
    if (xdb_postings(
            g->w->reader->index.db, g->w->arena, slice_str(term), 1, UINT32_MAX, &ids, &n, g->e))
        return -1;
    for (size_t i = 0; i < n; i++) {
        struct record rec;
        if (read_unit(g, ids[i], &rec))
            return -1;
        if (!ARENA_PUSH(g->w->arena, g->units, g->n_units, g->cap_units, rec))
            return err_memory(g->e);
    }
    if (n)
        qsort(g->units, n, sizeof *g->units, by_ordinal);
    return 0;
}

static const struct vault_row *vault_named(const struct reader *r, struct slice name)
{
    for (size_t i = 0; i < r->n_vaults; i++)
        if (slice_eq(r->vaults[i].name, name))
            return &r->vaults[i];
    return NULL;
}

/* --- from the file --------------------------------------------------------------------------- */

/* The whole file behind `fd`, as UTF-8. */
static int read_text(struct arena *a, int fd, struct slice *text, struct err *e)
{
    struct stat st;
    enum utf8_encoding how;
    if (fstat(fd, &st) < 0)
        return err_set(e, ERR_IO, "%s", strerror(errno));
    if (st.st_size > NOTE_BYTES)
        return err_set(e, ERR_IO, "it has more than %d MiB", NOTE_BYTES >> 20);
    size_t size = (size_t)st.st_size, n = 0;
    char *bytes = arena_alloc(a, size);
    if (!bytes)
        return err_memory(e);
    while (n < size) {
        ssize_t got = read(fd, bytes + n, size - n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set(e, ERR_IO, "%s", strerror(errno));
        if (got == 0)
            break;
        n += (size_t)got;
    }
    if (!utf8_text(a, slice_of(bytes, n), text, &how))
        return err_memory(e);
    return how == UTF8_BINARY ? err_set(e, ERR_IO, "it holds no text") : 0;
}

static int read_file(struct answer *w, const struct vault_row *vault, struct slice rel,
    struct slice *text, struct err *e)
{
    struct arena *a = w->arena;
    const char *folder = arena_strndup(a, vault->path.p, vault->path.n);
    const char *name = arena_strndup(a, rel.p, rel.n);
    if (!folder || !name)
        return err_memory(e);
    int dir = open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0)
        return err_set(e, ERR_IO, "the vault %s: %s", folder, strerror(errno));
    int fd = beneath_open(dir, name, e);
    if (fd < 0 && errno == EACCES && w->hides && w->hides(dir, name)) {
        err_clear(e);
        err_set(e, ERR_BUSY,
            "the folder is newer than this process, which may not look into it: ask again");
    }
    close(dir);
    if (fd < 0)
        return -1;
    int rc = read_text(a, fd, text, e);
    close(fd);
    return rc;
}

/* Whether the note now reads as the units that the index has of it. */
static bool reads_as_indexed(const struct getting *g, const struct note *n)
{
    if (n->n_units != g->n_units)
        return false;
    for (size_t i = 0; i < n->n_units; i++) {
        const struct unit *u = &n->units[i];
        const struct record *rec = &g->units[i];
        if (u->kind != rec->kind || u->line != rec->line || u->end_line != rec->end_line ||
            !slice_eq(u->text, rec->text))
            return false;
    }
    return true;
}

/* --- hits ------------------------------------------------------------------------------------ */

static int add_hit(struct getting *g, const struct vault_row *vault, const struct record *rec)
{
    struct hit *h = arena_alloc(g->w->arena, sizeof *h);
    char *path = vault ? arena_printf(g->w->arena, "%.*s/%.*s", (int)vault->path.n, vault->path.p,
                             (int)rec->rel.n, rec->rel.p)
                       : arena_strndup(g->w->arena, rec->rel.p, rec->rel.n);
    if (!h || !path)
        return err_memory(g->e);
    *h = (struct hit){.rec = *rec,
        .path = slice_str(path),
        .match_line = rec->line,
        .col = rec->n_lines ? rec->lines[0].col : 1,
        .text = rec->text};
    g->r->hits = h;
    g->r->n_hits = 1;
    return 0;
}

/* What the index knows of a unit with this text, else of its note. */
static struct record known_of(const struct getting *g, const struct unit *u, struct record head)
{
    for (size_t i = 0; i < g->n_units; i++)
        if (slice_eq(g->units[i].text, u->text) && g->units[i].kind == u->kind)
            return g->units[i];
    memset(head.id, 0, sizeof head.id);
    head.n_headings = 0;
    return head;
}

static bool has_line(const struct unit *u, uint32_t line)
{
    for (size_t i = 0; i < u->n_lines; i++)
        if (u->lines[i].line == line)
            return true;
    return false;
}

/* The unit that holds the line, else the last one that begins above it. */
static const struct unit *unit_at(const struct note *n, uint32_t line)
{
    const struct unit *above = &n->units[0];
    for (size_t i = 0; i < n->n_units; i++) {
        if (has_line(&n->units[i], line))
            return &n->units[i];
        if (n->units[i].line <= line)
            above = &n->units[i];
    }
    return above;
}

static int add_unit(struct getting *g, const struct place *at, const struct unit *u)
{
    struct record rec = known_of(g, u, at->head);
    rec.kind = u->kind;
    rec.day = u->day;
    rec.day_source = u->day_source;
    rec.line = u->line;
    rec.end_line = u->end_line;
    rec.text = u->text;
    rec.lines = u->lines;
    rec.n_lines = u->n_lines;
    rec.runs = u->runs;
    rec.n_runs = u->n_runs;
    return add_hit(g, at->vault, &rec);
}

/* Lines of a text, as an editor counts them. */
static uint32_t count_lines(struct slice text, char newline)
{
    uint32_t n = 0;
    for (size_t i = 0; i < text.n; i++)
        n += text.p[i] == newline;
    return n + (text.n && text.p[text.n - 1] != newline);
}

/* The bytes of lines first to last (both in, from 1), without the last one's end. */
static struct slice lines_of(struct slice text, char newline, uint32_t first, uint32_t last)
{
    const char *begin = text.p, *end = text.p + text.n, *p = begin;
    for (uint32_t line = 1; p < end && line <= last; line++) {
        const char *stop = memchr(p, newline, (size_t)(end - p));
        if (line == first)
            begin = p;
        if (line == last && stop)
            end = stop;
        p = stop ? stop + 1 : end;
    }
    struct slice piece = slice_of(begin, (size_t)(end - begin));
    if (newline == '\n' && piece.n && piece.p[piece.n - 1] == '\r')
        piece.n--;
    return piece;
}

static int add_lines(
    struct getting *g, const struct place *at, const struct note *n, struct slice text)
{
    char newline = memchr(text.p ? text.p : "", '\n', text.n) || !text.n ? '\n' : '\r';
    uint32_t all = count_lines(text, newline), first = 1, last = all ? all : 1;
    struct record rec = at->head;
    if (g->p->line) {
        if (g->p->line > last)
            return err_set(g->e, ERR_NOT_FOUND, "%s has %u lines, none with the number %lld",
                shown(g->w->arena, at->head.rel), last, (long long)g->p->line);
        first = (uint32_t)g->p->line;
        if (!g->p->count)
            return add_unit(g, at, unit_at(n, first));
        if (g->p->count < last - first + 1)
            last = first + (uint32_t)g->p->count - 1;
        rec = known_of(g, unit_at(n, first), at->head);
        text = lines_of(text, newline, first, last);
    }
    rec.line = first;
    rec.end_line = last;
    rec.text = text;
    rec.n_lines = rec.n_runs = 0;
    return add_hit(g, at->vault, &rec);
}

/* --- by id ----------------------------------------------------------------------------------- */

static int digit_of(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static int read_id(struct getting *g, uint8_t id[UNIT_ID_BYTES])
{
    struct slice text = g->p->id;
    for (size_t i = 0; i < UNIT_ID_BYTES; i++) {
        int high = text.n == 2 * UNIT_ID_BYTES ? digit_of(text.p[2 * i]) : -1;
        int low = high >= 0 ? digit_of(text.p[2 * i + 1]) : -1;
        if (low < 0)
            return err_set(g->e, ERR_PARAMS, "id: 16 digits of 0-9a-f, as in an answer's hits");
        id[i] = (uint8_t)(high << 4 | low);
    }
    return 0;
}

static int get_id(struct getting *g)
{
    uint8_t id[UNIT_ID_BYTES];
    docid_t *ids;
    size_t n;
    struct record rec;
    struct slice text;
    struct note note;
    struct err unread = {0};
    struct arena *a = g->w->arena;
    if (read_id(g, id))
        return -1;
    struct slice term = schema_term(a, 'I', slice_of((const char *)id, sizeof id));
    if (!term.n)
        return err_memory(g->e);
    if (xdb_postings(g->w->reader->index.db, a, term, 1, 1, &ids, &n, g->e))
        return -1;
    if (!n)
        return err_set(g->e, ERR_NOT_FOUND,
            "no unit has the id %.*s: it was changed or removed since, or belongs to another index",
            (int)g->p->id.n, g->p->id.p);
    if (read_unit(g, ids[0], &rec) || load_units(g, rec.note))
        return -1;
    const struct vault_row *vault = vault_named(g->w->reader, rec.vault);
    g->r->stale = true;
    if (vault && read_file(g->w, vault, rec.rel, &text, &unread) == 0) {
        if (note_parse(a, rec.rel, text, &note, g->e))
            return -1;
        g->r->stale = !reads_as_indexed(g, &note);
    }
    if (unread.code == ERR_MEMORY || unread.code == ERR_BUSY)
        return err_set(g->e, unread.code, "%s", unread.text);
    return add_hit(g, vault, &rec);
}

/* --- by path --------------------------------------------------------------------------------- */

struct terms {
    struct arena *a;
    struct slice v[SAME_PATHS];
    size_t n;
    bool failed;
};

static int keep_term(void *ctx, struct slice term, uint32_t documents)
{
    struct terms *t = ctx;
    (void)documents;
    if (t->n == SAME_PATHS)
        return 1;
    t->v[t->n] = arena_dup(t->a, term);
    t->failed = !t->v[t->n].p;
    t->n++;
    return t->failed;
}

/* The terms of the notes that have this path in whatever vault. */
static int path_terms(struct getting *g, struct slice rel, struct terms *t)
{
    *t = (struct terms){.a = g->w->arena};
    struct buf b = {0};
    buf_char(&b, 'F');
    buf_add(&b, rel.p, rel.n < PATH_TERM_BYTES ? rel.n : PATH_TERM_BYTES);
    buf_char(&b, '\t');
    bool failed = b.failed;
    int rc = failed ? 0
                    : xdb_terms_each(
                          g->w->reader->index.db, buf_view(&b), buf_view(&b), keep_term, t, g->e);
    buf_free(&b);
    if (failed || t->failed)
        return err_memory(g->e);
    return rc < 0 ? -1 : 0;
}

/* 1 when the vault has a note at `rel`, which *at then is. */
static int note_at(
    struct getting *g, const struct vault_row *vault, struct slice rel, struct place *at)
{
    struct terms t;
    if (path_terms(g, rel, &t))
        return -1;
    for (size_t i = 0; i < t.n; i++) {
        docid_t *ids;
        size_t n;
        if (xdb_postings(g->w->reader->index.db, g->w->arena, t.v[i], 1, 1, &ids, &n, g->e))
            return -1;
        if (!n)
            continue;
        if (read_unit(g, ids[0], &at->head))
            return -1;
        if (slice_eq(at->head.vault, vault->name) && slice_eq(at->head.rel, rel)) {
            at->vault = vault;
            return 1;
        }
    }
    return 0;
}

/* What is left of the asked path below this vault; empty when it is not below it. */
static struct slice below(const struct vault_row *vault, struct slice path)
{
    if (path.p[0] != '/') {
        while (slice_starts(path, SLICE_LIT("./")))
            path = slice_of(path.p + 2, path.n - 2);
        return path;
    }
    struct slice root = vault->path;
    while (root.n && root.p[root.n - 1] == '/')
        root.n--;
    if (!slice_starts(path, root) || path.n <= root.n + 1 || path.p[root.n] != '/')
        return (struct slice){0};
    return slice_of(path.p + root.n + 1, path.n - root.n - 1);
}

/* The one note that is meant. Of vaults inside one another an absolute path means the innermost. */
static int find_note(struct getting *g, struct place *found)
{
    const struct reader *r = g->w->reader;
    struct slice path = g->p->path, wanted = g->p->vault;
    size_t n = 0;
    if (wanted.n && !vault_named(r, wanted))
        return err_set(g->e, ERR_NOT_FOUND,
            "no vault %s in this index: kbsearch --status lists them", shown(g->w->arena, wanted));
    for (size_t i = 0; i < r->n_vaults; i++) {
        const struct vault_row *vault = &r->vaults[i];
        struct place at;
        struct slice rel = below(vault, path);
        if (!rel.n || (wanted.n && !slice_eq(vault->name, wanted)))
            continue;
        int there = note_at(g, vault, rel, &at);
        if (there < 0)
            return -1;
        if (!there)
            continue;
        if (n && path.p[0] != '/')
            return err_set(g->e, ERR_PARAMS, "path: %s is in the vaults %s and %s: say which",
                shown(g->w->arena, path), shown(g->w->arena, found->vault->name),
                shown(g->w->arena, vault->name));
        if (!n || vault->path.n > found->vault->path.n)
            *found = at;
        n++;
    }
    if (n)
        return 0;
    return err_set(g->e, ERR_NOT_FOUND,
        "no note %s in the index: kbindex brings it up to date, kbsearch file:NAME looks for a "
        "name",
        shown(g->w->arena, path));
}

static int get_path(struct getting *g)
{
    struct place at = {0};
    struct slice text;
    struct note note;
    struct err why = {0};
    struct arena *a = g->w->arena;
    if (find_note(g, &at))
        return -1;
    if (read_file(g->w, at.vault, at.head.rel, &text, &why)) {
        if (why.code == ERR_MEMORY)
            return err_memory(g->e);
        if (why.code == ERR_BUSY)
            return err_set(g->e, ERR_BUSY, "%s: %s", shown(a, at.head.rel), why.text);
        return err_set(g->e, ERR_NOT_FOUND,
            "%s is in the index but cannot be read: %s: run kbindex", shown(a, at.head.rel),
            why.text);
    }
    if (load_units(g, at.head.note) || note_parse(a, at.head.rel, text, &note, g->e))
        return -1;
    g->r->stale = !reads_as_indexed(g, &note);
    return add_lines(g, &at, &note, text);
}

int answer_get(struct answer *w, const struct get_params *p, struct get_result *r, struct err *e)
{
    struct getting g = {.w = w, .p = p, .r = r, .e = e};
    *r = (struct get_result){0};
    if (!p->id.n == !p->path.n)
        return err_set(e, ERR_PARAMS, "give either id or path");
    if (reader_refresh(w->reader, e))
        return -1;
    memcpy(r->uuid, w->reader->index.uuid, sizeof r->uuid);
    r->revision = w->reader->index.revision;
    if (p->id.n ? get_id(&g) : get_path(&g))
        return -1;
    size_t budget = p->budget_bytes ? (size_t)p->budget_bytes : SIZE_MAX;
    if (r->n_hits && (budget < BUDGET_FRAME || !budget_cut(&r->hits[0], budget - BUDGET_FRAME)))
        return err_set(e, ERR_PARAMS,
            "budget_bytes: this needs more than %zu bytes, even without text", budget);
    return 0;
}
