// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/update/take.h"

#include <inttypes.h>
#include <stdio.h>

#include "indexer/report.h"
#include "indexer/update/identity.h"
#include "indexer/update/job.h"
#include "indexer/update/meta.h"
#include "indexer/update/pair.h"
#include "lib/hash.h"
#include "lib/utf8.h"

enum { BINARY_SAMPLE = 4096 };

static int place_unit(struct work *w, size_t i)
{
    struct batch *b = &w->r->batch;
    const struct state_unit *old = w->units[i].old;
    struct state_unit *now = &w->units_now[i];
    if (!b->create && old && old->day == now->day) {
        now->docid = old->docid;
        return 0;
    }
    return batch_docid(b, now->day, &now->docid, w->e);
}

static int write_unit(struct work *w, size_t i)
{
    struct updating *r = w->r;
    struct job *j = w->j;
    const struct pairing *p = &w->units[i];
    struct state_unit *now = &w->units_now[i];
    struct doc d;
    uint8_t id[UNIT_ID_BYTES];
    doc_id(now->text_hash, now->nth, id);
    if (place_unit(w, i) < 0 || doc_build(&r->builder, i, id, now->docid, &d, w->e) < 0)
        return -1;
    now->terms_sig = d.terms_sig;
    now->data_sig = d.data_sig;
    bool in_place = p->old && now->docid == p->old->docid;
    bool same_terms = in_place && p->fate == UNIT_SAME && p->old->terms_sig == d.terms_sig;
    bool same_data = same_terms && p->old->data_sig == d.data_sig;
    j->units_added += p->fate == UNIT_NEW;
    j->units_changed += p->fate == UNIT_IN_PLACE;
    j->units_moved += p->fate == UNIT_SAME && !same_data;
    if (same_data)
        return 0;
    if (same_terms)
        return batch_put_data(&r->batch, now->docid, d.data, w->e);
    if (batch_put(&r->batch, now->docid, &d, w->e) < 0)
        return -1;
    return p->old && !in_place ? batch_delete(&r->batch, p->old->docid, w->e) : 0;
}

static int drop_unclaimed(struct work *w)
{
    for (size_t i = 0; i < w->n_old; i++) {
        if (w->claimed[i])
            continue;
        w->j->units_removed++;
        if (!w->r->batch.create && batch_delete(&w->r->batch, w->old[i].docid, w->e) < 0)
            return -1;
    }
    return 0;
}

static void count(struct work *w, const struct state_note *old)
{
    struct batch *b = &w->r->batch;
    bool known = old && !b->create;
    for (size_t i = 0; known && i < w->n_old; i++)
        b->kinds[w->old[i].kind]--;
    for (size_t i = 0; i < w->note.n_units; i++)
        b->kinds[w->note.units[i].kind]++;
    b->notes += !known;
    w->j->notes += !known;
    w->j->units += (int64_t)w->note.n_units - (known ? (int64_t)w->n_old : 0);
    if (!old)
        w->j->added++;
    else if (known || old->hash != w->now.hash)
        w->j->changed++;
}

/* A rebuild writes it later, from the same bytes. */
static int plan_note(struct work *w)
{
    struct updating *r = w->r;
    for (size_t i = 0; i < w->note.n_units; i++) {
        w->j->units_added += w->units[i].fate == UNIT_NEW;
        if (place_unit(w, i) < 0)
            return -1;
    }
    const struct build_note n = {.vault = w->j->vault->name,
        .language = w->j->vault->language,
        .rel = w->rel,
        .state = w->now};
    return build_note(&r->build, &n, buf_view(&r->bytes), w->units_now, w->note.n_units, w->e);
}

static int write_units(struct work *w)
{
    struct updating *r = w->r;
    for (size_t i = 0; i < w->note.n_units; i++)
        if (write_unit(w, i) < 0)
            return -1;
    return meta_note(r, w->j->vault->name, &w->now, w->e) < 0
               ? -1
               : meta_units(r, w->now.number, w->units_now, w->note.n_units, w->e);
}

/* Of a hostile note: no one writes a paragraph as long as a book. */
static void tell_cut(struct work *w)
{
    for (size_t i = 0; i < w->note.n_units; i++) {
        const struct unit *u = &w->note.units[i];
        char what[160];
        if (u->text.n <= DOC_TEXT_BYTES)
            continue;
        snprintf(what, sizeof what,
            "line %" PRIu32 ": %zu bytes in one piece: only the first %d are searched: break it up",
            u->line, u->text.n, DOC_TEXT_BYTES);
        updating_tell(w->r, w->j, w->rel, what);
    }
}

static int write_note(struct work *w, const struct state_note *old)
{
    struct updating *r = w->r;
    const struct doc_note n = {
        w->j->vault->name, w->rel, w->now.number, w->j->vault->language, &w->note};
    w->now.n_units = (uint32_t)w->note.n_units;
    if (doc_begin(&r->builder, &n, w->e) < 0 || pair_units(w) < 0 ||
        (r->batch.create ? plan_note(w) : write_units(w)) < 0 || drop_unclaimed(w) < 0 ||
        (!old && !r->batch.create && meta_name(r, n.vault, &w->now, w->e) < 0))
        return -1;
    tell_cut(w);
    count(w, old);
    return 0;
}

static void tell_note(struct updating *r, const struct work *w, const char *what)
{
    if (!r->u->verbose)
        return;
    progress_clear(&r->progress);
    report_line("%s %s/%s: %zu units", what, w->j->vault->name.p, w->rel.p, w->note.n_units);
    for (size_t i = 0; i < w->note.n_warnings; i++)
        report_line("  %s/%s:%u: %s", w->j->vault->path.p, w->rel.p, w->note.warnings[i].line,
            w->note.warnings[i].text);
}

/* A note that cannot be taken in: it keeps its old units, which a rebuild could not give it. */
static int refuse(struct updating *r, struct job *j, const struct scan_file *f,
    const struct state_note *old, const char *what, struct err *e)
{
    if (r->batch.create && old && !r->u->force)
        return err_set(e, ERR_IO,
            "%s/%s: %s: a full rebuild would lose what the index has of it: mend it, or --force",
            j->vault->path.p, f->rel.p, what);
    updating_unreadable(r, j, f->rel, what);
    return 0;
}

static int parse_note(struct work *w)
{
    struct updating *r = w->r;
    return note_parse(&r->note, w->rel, buf_view(&r->bytes), &w->note, w->e);
}

static int take_in(struct work *w, const struct state_note *old)
{
    struct updating *r = w->r;
    if (old && identity_units(r, &r->note, old, &w->old, &w->n_old, w->e) < 0)
        return -1;
    if (old && !r->batch.create)
        w->now.number = old->number;
    else if (batch_note_number(&r->batch, &w->now.number, w->e) < 0)
        return -1;
    if (parse_note(w) < 0 || write_note(w, old) < 0)
        return -1;
    tell_note(r, w, old ? "changed" : "added");
    return batch_pause(&r->batch, w->e);
}

/* Same bytes as before: the state is renewed, unless it would be as doubtful as the last one. */
static int renew(struct work *w, const struct state_note *old)
{
    w->now.number = old->number;
    w->now.n_units = old->n_units;
    return state_changed(&w->now, &w->now.st) ? 0
                                              : meta_note(w->r, w->j->vault->name, &w->now, w->e);
}

static bool is_binary(struct updating *r, struct slice bytes, bool *binary)
{
    enum utf8_encoding how;
    struct slice text;
    if (bytes.n > BINARY_SAMPLE)
        bytes.n = BINARY_SAMPLE;
    bool good = utf8_text(&r->note, bytes, &text, &how);
    *binary = good && how == UTF8_BINARY;
    return good;
}

int take_file(struct updating *r, struct job *j, const struct scan_file *f, struct err *e)
{
    const struct state_note *old = job_state_of(j, f->rel);
    if (old && !r->batch.create && !j->reread && !state_changed(old, &f->st))
        return 0;
    arena_reset(&r->note);
    struct work w = {.r = r, .j = j, .rel = f->rel, .e = e};
    struct err why = {0};
    if (scan_read(j->fd, f->rel, &r->bytes, &w.now.st, &why) < 0)
        return why.code == ERR_MEMORY ? err_memory(e) : refuse(r, j, f, old, why.text, e);
    bool binary;
    if (!is_binary(r, buf_view(&r->bytes), &binary))
        return err_memory(e);
    if (binary)
        return refuse(r, j, f, old, "not text: rename it, or leave it out by .kbignore", e);
    w.now.rel = f->rel;
    w.now.run_ns = r->u->store->now_ns;
    w.now.hash = hash64(buf_view(&r->bytes), 0);
    if (old && !r->batch.create && !j->reread && old->hash == w.now.hash)
        return renew(&w, old);
    return take_in(&w, old);
}
