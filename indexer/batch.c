// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/batch.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "indexer/progress.h"
#include "lib/json.h"
#include "lib/schema.h"

enum { BATCH_BYTES = 8 << 20, COMMIT_COST = 512 /* of a document beside its text */ };
#define DISTANCE_NS UINT64_C(2000000000)

static int number_of(struct batch *b, const char *key, uint64_t *v, struct err *e)
{
    struct slice text;
    if (!b->old)
        return 0;
    if (xdb_metadata(b->old, &b->arena, slice_str(key), &text, e) < 0)
        return -1;
    char digits[24];
    if (text.n == 0 || text.n >= sizeof digits)
        return 0;
    memcpy(digits, text.p, text.n);
    digits[text.n] = '\0';
    *v = strtoull(digits, NULL, 10);
    return 0;
}

static int read_counts(struct batch *b, struct err *e)
{
    struct slice text;
    if (xdb_metadata(b->old, &b->arena, SLICE_LIT("counts"), &text, e) < 0)
        return -1;
    struct err bad = {0};
    struct json *root = json_parse(text, &bad);
    if (bad.code == ERR_MEMORY)
        return err_memory(e);
    if (!root)
        return err_set(e, ERR_DAMAGED, "the index has unreadable counts: run kbindex --full");
    b->notes = json_int(json_get(root, "notes"), 0);
    for (int k = 0; k < UNIT_KINDS; k++)
        b->kinds[k] = json_int(json_get(root, unit_kind_name((enum unit_kind)k)), 0);
    json_free(root);
    return 0;
}

static unsigned stride(const struct batch *b)
{
    return b->parts ? b->parts : 1;
}

static int check_part(struct batch *b, struct err *e)
{
    uint64_t part = 0, parts = 0;
    if (number_of(b, "part", &part, e) < 0 || number_of(b, "parts", &parts, e) < 0)
        return -1;
    if (part == b->part && parts == b->parts)
        return 0;
    if (!parts)
        return err_set(e, ERR_CONFIG,
            "the index holds all notes, not part %u/%u: run kbindex --full --shard %u/%u", b->part,
            b->parts, b->part, b->parts);
    return err_set(e, ERR_CONFIG,
        "the index holds part %u/%u of the notes: run kbindex --shard %u/%u, or kbindex --full",
        (unsigned)part, (unsigned)parts, (unsigned)part, (unsigned)parts);
}

int batch_begin(struct batch *b, struct err *e)
{
    uint64_t next_note = b->parts ? b->part : 1, next_undated = DOCID_UNDATED;
    b->last_ns = progress_now_ns();
    if (number_of(b, "revision", &b->revision, e) < 0)
        return -1;
    b->revision++;
    if (!b->create && b->old &&
        (check_part(b, e) < 0 || number_of(b, "next_note", &next_note, e) < 0 ||
            number_of(b, "next_undated", &next_undated, e) < 0 || read_counts(b, e) < 0))
        return -1;
    if (next_note == 0 || next_note > UINT32_MAX || next_undated < DOCID_UNDATED ||
        next_undated > DOCID_LIMIT)
        return err_set(e, ERR_DAMAGED, "the index has impossible numbers: run kbindex --full");
    b->next_note = (uint32_t)next_note;
    b->next_undated = (uint32_t)next_undated;
    return xdoc_new(&b->doc, e);
}

void batch_end(struct batch *b)
{
    xwriter_close(b->writer);
    xdoc_free(b->doc);
    map_free(&b->days);
    arena_free(&b->arena);
}

struct xdb *batch_db(struct batch *b)
{
    return b->writer && !b->create ? xwriter_db(b->writer) : b->old;
}

static int ready(struct batch *b, size_t bytes, struct err *e)
{
    if (!b->writer &&
        xwriter_open(&b->writer, b->path, b->create ? XWRITER_PART : XWRITER_EXISTING, e) < 0)
        return -1;
    if (!b->open && xwriter_begin(b->writer, e) < 0)
        return -1;
    b->open = true;
    b->bytes += bytes + COMMIT_COST;
    return 0;
}

int batch_note_number(struct batch *b, uint32_t *number, struct err *e)
{
    if (b->next_note > UINT32_MAX - stride(b))
        return err_set(e, ERR_IO, "the index has no note number left: run kbindex --full");
    *number = b->next_note;
    b->next_note += stride(b);
    return 0;
}

static void day_key(day_t day, char key[24])
{
    snprintf(key, 24, "d:%" PRId32, day);
}

static int day_number(struct batch *b, day_t day, uint64_t **next, struct err *e)
{
    char key[24];
    bool added;
    uint64_t number = 0;
    day_key(day, key);
    struct map_entry *at = map_at(&b->days, &b->arena, slice_str(key), &added);
    if (!at)
        return err_memory(e);
    if (added && !b->create && number_of(b, key, &number, e) < 0)
        return -1;
    if (added)
        at->number = number;
    *next = &at->number;
    return 0;
}

int batch_docid(struct batch *b, day_t day, docid_t *docid, struct err *e)
{
    docid_t first = schema_day_docid(day);
    if (first) {
        uint64_t *next = NULL;
        if (day_number(b, day, &next, e) < 0)
            return -1;
        if (*next < 1 << DOCID_DAY_BITS) {
            *docid = first + (docid_t)(*next)++;
            return 0;
        }
    }
    if (b->next_undated >= DOCID_LIMIT)
        return err_set(e, ERR_IO, "the index has no place left: run kbindex --full");
    *docid = b->next_undated++;
    return 0;
}

int batch_put(struct batch *b, docid_t docid, const struct doc *d, struct err *e)
{
    if (b->changes && changes_put(b->changes, batch_db(b), docid, d->id_term, e) < 0)
        return -1;
    return ready(b, d->data.n, e) < 0 || doc_fill(d, b->doc, e) < 0
               ? -1
               : xwriter_put(b->writer, docid, b->doc, e);
}

int batch_put_data(struct batch *b, docid_t docid, struct slice data, struct err *e)
{
    return ready(b, data.n, e) < 0 ? -1 : xwriter_put_data(b->writer, docid, data, e);
}

int batch_delete(struct batch *b, docid_t docid, struct err *e)
{
    if (b->changes && changes_delete(b->changes, batch_db(b), docid, e) < 0)
        return -1;
    return ready(b, 0, e) < 0 ? -1 : xwriter_delete(b->writer, docid, e);
}

int batch_set(struct batch *b, struct slice key, struct slice value, struct err *e)
{
    if (!key.p)
        return err_memory(e);
    return ready(b, value.n, e) < 0 ? -1 : xwriter_set_metadata(b->writer, key, value, e);
}

/* --- commits ------------------------------------------------------------------------------- */

static int set_number(struct batch *b, const char *key, uint64_t v, struct err *e)
{
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, v);
    return batch_set(b, slice_str(key), slice_str(text), e);
}

static int set_counts(struct batch *b, struct err *e)
{
    int64_t units = 0;
    struct buf text = {0};
    struct json_writer w = json_writer(&text);
    for (int k = 0; k < UNIT_KINDS; k++)
        units += b->kinds[k];
    json_open(&w, '{');
    json_key_int(&w, "units", units);
    json_key_int(&w, "notes", b->notes);
    for (int k = 0; k < UNIT_KINDS; k++)
        json_key_int(&w, unit_kind_name((enum unit_kind)k), b->kinds[k]);
    json_close(&w, '}');
    int rc = text.failed ? err_memory(e) : batch_set(b, SLICE_LIT("counts"), buf_view(&text), e);
    buf_free(&text);
    return rc;
}

static int set_numbers(struct batch *b, struct err *e)
{
    if (set_number(b, "schema", SCHEMA_VERSION, e) < 0 ||
        set_number(b, "revision", b->revision, e) < 0 ||
        set_number(b, "next_note", b->next_note, e) < 0 ||
        (b->parts &&
            (set_number(b, "part", b->part, e) < 0 || set_number(b, "parts", b->parts, e) < 0)) ||
        set_number(b, "next_undated", b->next_undated, e) < 0 ||
        batch_set(b, SLICE_LIT("uuid"), slice_str(b->uuid), e) < 0 || set_counts(b, e) < 0)
        return -1;
    for (size_t i = 0; i < b->days.cap; i++)
        if (b->days.v[i].key.p && set_number(b, b->days.v[i].key.p, b->days.v[i].number, e) < 0)
            return -1;
    return 0;
}

static void keep_distance(const struct batch *b)
{
    uint64_t due = b->last_ns + DISTANCE_NS, now;
    while (b->wrote && !b->create && (now = progress_now_ns()) < due) {
        uint64_t left = due - now;
        struct timespec t = {(time_t)(left / 1000000000), (long)(left % 1000000000)};
        nanosleep(&t, NULL);
    }
}

int batch_commit(struct batch *b, struct err *e)
{
    if (!b->open)
        return 0;
    if (b->closing(b->ctx, e) < 0 || set_numbers(b, e) < 0)
        return -1;
    keep_distance(b);
    if (b->changes && changes_commit(b->changes, b->revision, e) < 0)
        return -1;
    b->failed = true;
    if (xwriter_commit(b->writer, e) < 0)
        return -1;
    b->failed = false;
    b->open = false;
    b->wrote = true;
    b->bytes = 0;
    b->last_ns = progress_now_ns();
    if (!b->create)
        b->revision++;
    return 0;
}

int batch_pause(struct batch *b, struct err *e)
{
    bool due =
        b->bytes >= BATCH_BYTES || (!b->create && progress_now_ns() - b->last_ns >= DISTANCE_NS);
    return b->open && due ? batch_commit(b, e) : 0;
}
