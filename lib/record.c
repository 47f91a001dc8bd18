// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/record.h"

/*
 * Layout, all numbers varints: id (8 bytes) note ordinal kind day (0: none, else from DAY_MIN + 1)
 * day_source line (end_line - line), vault rel title as length and bytes, headings, text, lines as
 * differences, runs as (gap << 2 | form) and length. Forms of a run:
 */
enum { FORM_COPY, FORM_BLANK, FORM_BREAK, FORM_PUT, FORM_BITS = 2 };

void record_id_format(const uint8_t id[UNIT_ID_BYTES], char text[2 * UNIT_ID_BYTES + 1])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < UNIT_ID_BYTES; i++) {
        text[2 * i] = digits[id[i] >> 4];
        text[2 * i + 1] = digits[id[i] & 15];
    }
    text[2 * UNIT_ID_BYTES] = '\0';
}

void record_place(const struct record *r, size_t at, uint32_t *line, uint32_t *col)
{
    size_t low = 0, high = r->n_lines;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (r->lines[mid].begin <= at)
            low = mid + 1;
        else
            high = mid;
    }
    *line = low ? r->lines[low - 1].line : r->line;
    *col = low ? r->lines[low - 1].col + (uint32_t)(at - r->lines[low - 1].begin) : 1;
}

static unsigned form_of(const struct run *run)
{
    if (run->kind == RUN_COPY)
        return FORM_COPY;
    return slice_is(run->put, " ") ? FORM_BLANK : slice_is(run->put, "\n") ? FORM_BREAK : FORM_PUT;
}

static void write_lines(struct buf *out, const struct record *r)
{
    uint32_t begin = 0, line = r->line;
    buf_varint(out, r->n_lines);
    for (size_t i = 0; i < r->n_lines; i++) {
        const struct unit_line *l = &r->lines[i];
        buf_varint(out, l->begin - begin);
        buf_varint(out, l->line - line);
        buf_varint(out, l->col);
        begin = l->begin;
        line = l->line;
    }
}

static void write_runs(struct buf *out, const struct record *r)
{
    uint32_t at = 0;
    buf_varint(out, r->n_runs);
    for (size_t i = 0; i < r->n_runs; i++) {
        const struct run *run = &r->runs[i];
        unsigned form = form_of(run);
        buf_varint(out, (uint64_t)(run->begin - at) << FORM_BITS | form);
        buf_varint(out, run->end - run->begin);
        if (form == FORM_PUT)
            buf_lenstr(out, run->put);
        at = run->end;
    }
}

void record_write(struct buf *out, const struct record *r)
{
    buf_add(out, (const char *)r->id, UNIT_ID_BYTES);
    buf_varint(out, r->note);
    buf_varint(out, r->ordinal);
    buf_varint(out, r->kind);
    buf_varint(out, r->day == DAY_NONE ? 0 : (uint64_t)((int64_t)r->day - DAY_MIN + 1));
    buf_varint(out, r->day_source);
    buf_varint(out, r->line);
    buf_varint(out, r->end_line - r->line);
    buf_lenstr(out, r->vault);
    buf_lenstr(out, r->rel);
    buf_lenstr(out, r->title);
    buf_varint(out, r->n_headings);
    for (size_t i = 0; i < r->n_headings; i++)
        buf_lenstr(out, r->heading[i]);
    buf_lenstr(out, r->text);
    write_lines(out, r);
    write_runs(out, r);
}

/* A number of at most `max`. */
static bool take(struct slice *in, uint64_t max, uint32_t *v)
{
    uint64_t wide;
    if (!take_varint(in, &wide) || wide > max)
        return false;
    *v = (uint32_t)wide;
    return true;
}

static bool take_head(struct slice *in, struct record *r)
{
    uint32_t kind, day, source, more, headings;
    if (in->n < UNIT_ID_BYTES)
        return false;
    memcpy(r->id, in->p, UNIT_ID_BYTES);
    *in = slice_of(in->p + UNIT_ID_BYTES, in->n - UNIT_ID_BYTES);
    if (!take(in, UINT32_MAX, &r->note) || !take(in, UINT32_MAX, &r->ordinal) ||
        !take(in, UNIT_KINDS - 1, &kind) || !take(in, DAY_MAX - DAY_MIN + 1, &day) ||
        !take(in, DATE_FRONTMATTER, &source) || !take(in, UINT32_MAX, &r->line) ||
        !take(in, UINT32_MAX - r->line, &more) || !take_lenstr(in, &r->vault) ||
        !take_lenstr(in, &r->rel) || !take_lenstr(in, &r->title) ||
        !take(in, RECORD_HEADINGS, &headings))
        return false;
    r->kind = (enum unit_kind)kind;
    r->day = day ? (day_t)(day - 1) + DAY_MIN : DAY_NONE;
    r->day_source = (enum date_source)source;
    r->end_line = r->line + more;
    r->n_headings = headings;
    for (size_t i = 0; i < headings; i++)
        if (!take_lenstr(in, &r->heading[i]))
            return false;
    return take_lenstr(in, &r->text) && r->text.n <= UINT32_MAX;
}

static bool take_lines(struct slice *in, struct record *r)
{
    uint32_t begin = 0, line = r->line;
    for (size_t i = 0; i < r->n_lines; i++) {
        uint32_t skip, down, col;
        if (!take(in, r->text.n - begin, &skip) || !take(in, r->end_line - line, &down) ||
            !take(in, UINT32_MAX, &col) || (i && !down))
            return false;
        begin += skip;
        line += down;
        r->lines[i] = (struct unit_line){begin, line, col};
    }
    return true;
}

static bool take_runs(struct slice *in, struct record *r)
{
    uint32_t at = 0;
    for (size_t i = 0; i < r->n_runs; i++) {
        uint64_t word;
        uint32_t length;
        if (!take_varint(in, &word) || word >> FORM_BITS > r->text.n - at)
            return false;
        at += (uint32_t)(word >> FORM_BITS);
        if (!take(in, r->text.n - at, &length))
            return false;
        struct run *run = &r->runs[i];
        unsigned form = word & ((1u << FORM_BITS) - 1);
        run->kind = form == FORM_COPY ? RUN_COPY : RUN_PUT;
        run->put = form == FORM_BLANK ? SLICE_LIT(" ") : SLICE_LIT("\n");
        if (form == FORM_COPY)
            run->put = slice_of(NULL, 0);
        else if (form == FORM_PUT && !take_lenstr(in, &run->put))
            return false;
        run->begin = at;
        at += length;
        run->end = at;
    }
    return true;
}

/* A count of things that take at least one byte each. */
static bool take_count(struct slice *in, size_t *n)
{
    uint64_t v;
    if (!take_varint(in, &v) || v > in->n)
        return false;
    *n = (size_t)v;
    return true;
}

int record_read(struct arena *a, struct slice data, struct record *r, struct err *e)
{
    static const char damaged[] = "a record of the index is damaged: run kbindex --full";
    *r = (struct record){0};
    if (!take_head(&data, r) || !take_count(&data, &r->n_lines))
        return err_set(e, ERR_DAMAGED, "%s", damaged);
    r->lines = arena_array(a, r->n_lines, sizeof *r->lines);
    if (!r->lines)
        return err_memory(e);
    if (!take_lines(&data, r) || !take_count(&data, &r->n_runs))
        return err_set(e, ERR_DAMAGED, "%s", damaged);
    r->runs = arena_array(a, r->n_runs, sizeof *r->runs);
    if (!r->runs)
        return err_memory(e);
    if (!take_runs(&data, r) || data.n)
        return err_set(e, ERR_DAMAGED, "%s", damaged);
    return 0;
}
