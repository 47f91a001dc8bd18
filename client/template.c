// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/print.h"

#include <inttypes.h>

enum kind { TEXT, NUMBER, PATH, HEADING, SNIPPET, SCORE };

static const struct field {
    const char *name;
    enum kind kind;
} fields[] = {{"path", PATH}, {"rel", TEXT}, {"line", NUMBER}, {"match_line", NUMBER},
    {"end_line", NUMBER}, {"col", NUMBER}, {"date", TEXT}, {"kind", TEXT}, {"title", TEXT},
    {"heading", HEADING}, {"text", TEXT}, {"snippet", SNIPPET}, {"id", TEXT}, {"vault", TEXT},
    {"score", SCORE}};
enum { N_FIELDS = sizeof fields / sizeof *fields };

struct piece {
    const struct field *field; /* NULL: `byte` stands for itself */
    char byte;
};

/* Takes the next piece; -1: a placeholder that is none. */
static int next_piece(const char **at, struct piece *piece, struct err *e)
{
    const char *t = *at;
    *piece = (struct piece){.byte = *t};
    *at = t + 1;
    if (t[0] == '\\' && t[1] && strchr("nt0\\", t[1])) {
        piece->byte = t[1] == 'n' ? '\n' : t[1] == 't' ? '\t' : t[1] == '0' ? '\0' : '\\';
        *at = t + 2;
    } else if ((t[0] == '{' || t[0] == '}') && t[1] == t[0]) {
        *at = t + 2;
    } else if (t[0] == '{') {
        size_t n = strcspn(t + 1, "{}");
        for (size_t i = 0; i < N_FIELDS && !piece->field; i++)
            if (t[1 + n] == '}' && slice_is(slice_of(t + 1, n), fields[i].name))
                piece->field = &fields[i];
        if (!piece->field)
            return err_set(e, ERR_USAGE,
                "--format: unknown placeholder %.*s; there are {path} {rel} {line} {match_line} "
                "{end_line} {col} {date} {kind} {title} {heading} {text} {snippet} {id} {vault} "
                "{score}, and {{ for a brace",
                (int)(n + 1 + (t[1 + n] == '}')), t);
        *at = t + n + 2;
    }
    return 0;
}

int template_check(const char *template, struct err *e)
{
    bool any = false;
    struct piece piece;
    for (const char *at = template; *at;) {
        if (next_piece(&at, &piece, e) < 0)
            return -1;
        any |= piece.field != NULL;
    }
    return any ? 0
               : err_set(e, ERR_USAGE,
                     "--format: \"%s\" has no placeholder such as {path}, {line} or {text}",
                     template);
}

static void put_heading(struct buf *out, const struct json *heading)
{
    for (size_t i = 0; i < json_len(heading); i++) {
        buf_str(out, i ? " > " : "");
        buf_slice(out, json_text(json_at(heading, i)));
    }
}

static void put_snippet(struct buf *out, const struct json *segments)
{
    for (size_t i = 0; i < json_len(segments); i++)
        buf_slice(out, json_text(json_get(json_at(segments, i), "t")));
}

static void put_field(struct print *p, const struct field *f, const struct hit_shown *h)
{
    switch (f->kind) {
    case TEXT:
        buf_slice(&p->out, hit_text(h, f->name));
        break;
    case NUMBER:
        buf_printf(&p->out, "%" PRId64, hit_int(h, f->name));
        break;
    case PATH:
        buf_slice(&p->out, hit_path(p, h));
        break;
    case HEADING:
        put_heading(&p->out, json_get(h->json, "heading"));
        break;
    case SNIPPET:
        put_snippet(&p->out, json_get(h->json, "snippet"));
        break;
    case SCORE:
        buf_printf(&p->out, "%.6g", json_number(json_get(h->json, "score"), 0));
        break;
    }
}

void print_template(struct print *p, const struct hit_shown *h)
{
    struct piece piece = {0};
    for (const char *at = p->options->template; *at;) {
        next_piece(&at, &piece, NULL);
        if (piece.field)
            put_field(p, piece.field, h);
        else
            buf_char(&p->out, piece.byte);
    }
    if (piece.field || (piece.byte != '\n' && piece.byte != '\0'))
        buf_char(&p->out, p->options->zero ? '\0' : '\n');
}
