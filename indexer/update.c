// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/update.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "indexer/batch.h"
#include "indexer/build.h"
#include "indexer/progress.h"
#include "indexer/report.h"
#include "indexer/state.h"
#include "lib/hash.h"
#include "lib/index.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/schema.h"
#include "lib/utf8.h"

enum { BINARY_SAMPLE = 4096, COMPOUND_BYTES = 512 };

/* The numbers that notes on their way out leave to equal texts, one list a text. */
struct freed {
    struct freed *next;
    uint32_t nth;
};

struct job {
    const struct vault *vault;
    int fd;      /* -1: the vault is not there */
    bool wanted; /* to be brought up to date */
    bool reread; /* its settings changed */
    bool keep;   /* what vanished stays: too much of it at once */
    struct scan scan;
    struct state_note *old; /* what the index remembers, by rel */
    size_t n_old;
    struct map freed;   /* text hashes to struct freed */
    struct map numbers; /* text hashes to the next number to try */
    int64_t notes, units;
    size_t added, changed, removed, unreadable;
    size_t units_added, units_changed, units_removed, units_moved;
};

struct updating {
    struct update *u;
    struct arena arena; /* the run's */
    struct arena note;  /* the present note's */
    struct index_reader reader;
    struct batch batch;
    struct doc_builder builder;
    struct buf bytes;
    struct job *jobs;
    size_t n_jobs;
    struct slice *orphans; /* vaults of the index that are not in u->vaults */
    size_t n_orphans, cap_orphans;
    struct progress progress;
    struct changes changes;
    struct build build; /* of a new generation */
    bool older;         /* the present one has an older schema; what it holds is not known */
};

/* --- what there is ------------------------------------------------------------------------- */

struct collecting {
    struct arena *a;
    struct state_note *v;
    size_t n, cap;
};

static int collect_state(void *ctx, struct slice key, struct slice value)
{
    struct collecting *c = ctx;
    struct state_note s;
    (void)key;
    if (!state_note_read(value, &s))
        return 0;
    s.rel = arena_dup(c->a, s.rel);
    return s.rel.p && ARENA_PUSH(c->a, c->v, c->n, c->cap, s) ? 0 : 1;
}

static int by_rel(const void *x, const void *y)
{
    const struct state_note *a = x, *b = y;
    return slice_cmp(a->rel, b->rel);
}

static int load_states(
    struct updating *r, struct slice vault, struct state_note **v, size_t *n, struct err *e)
{
    struct collecting c = {.a = &r->arena};
    *v = NULL;
    *n = 0;
    if (!r->reader.db)
        return 0;
    char *prefix = arena_printf(&r->arena, "n:%s/", vault.p);
    if (!prefix)
        return err_memory(e);
    int rc = xdb_metadata_each(r->reader.db, slice_str(prefix), collect_state, &c, e);
    if (rc)
        return rc < 0 ? -1 : err_memory(e);
    if (c.n)
        qsort(c.v, c.n, sizeof *c.v, by_rel);
    *v = c.v;
    *n = c.n;
    return 0;
}

static const struct state_note *find_state(const struct job *j, struct slice rel)
{
    struct state_note key = {.rel = rel};
    return j->n_old ? bsearch(&key, j->old, j->n_old, sizeof key, by_rel) : NULL;
}

static bool in_scan(const struct job *j, struct slice rel)
{
    size_t low = 0, high = j->scan.n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = slice_cmp(j->scan.files[mid].rel, rel);
        if (c == 0)
            return true;
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return false;
}

static bool vanished(const struct job *j, const struct state_note *s)
{
    return !j->keep && !in_scan(j, s->rel) && !scan_unknown(&j->scan, s->rel);
}

static void tell(struct updating *r, struct job *j, struct slice rel, const char *what)
{
    const struct update_ears *ears = r->u->ears;
    uint64_t hash = hash64(slice_str(what), hash64(rel, hash64(j->vault->path, 0)));
    r->u->problems = true;
    if (ears && !ears->problem(ears->ctx, hash))
        return;
    progress_clear(&r->progress);
    log_line(LOG_ERROR, "%s%s%.*s: %s", j->vault->path.p, rel.n ? "/" : "", (int)rel.n,
        rel.n ? rel.p : "", what);
}

static void unreadable(struct updating *r, struct job *j, struct slice rel, const char *what)
{
    tell(r, j, rel, what);
    j->unreadable++;
}

static int scan_job(struct updating *r, struct job *j, struct err *e)
{
    const struct vault *v = j->vault;
    const struct update_ears *ears = r->u->ears;
    j->scan.part = v->part;
    j->scan.parts = v->parts;
    if (scan_vault(&r->arena, j->fd, v->exclude, v->n_exclude, &j->scan, e) < 0)
        return -1;
    for (size_t i = 0; ears && i < j->scan.n_folders; i++)
        if (ears->folder(ears->ctx, v->path.p, j->scan.folders[i].p, e) < 0)
            return -1;
    for (size_t i = 0; i < j->scan.n_problems; i++) {
        const struct scan_problem *p = &j->scan.problems[i];
        if (!p->skipped)
            unreadable(r, j, p->rel, p->text);
        else
            log_line(LOG_INFO, "%s/%s: %s: left out", v->path.p, p->rel.p, p->text);
    }
    return 0;
}

/* Refuses to take away what may only be out of sight. */
static int guard_losses(struct updating *r, struct job *j, struct err *e)
{
    char what[160];
    if (r->u->force)
        return 0;
    for (size_t i = 0; r->batch.create && i < j->n_old; i++)
        if (scan_unknown(&j->scan, j->old[i].rel))
            return err_set(e, ERR_IO,
                "%s/%s cannot be looked at: a full rebuild would lose what the index has of it: "
                "mend it, or --force",
                j->vault->path.p, j->old[i].rel.p);
    if (j->scan.n * 2 >= j->n_old)
        return 0;
    if (j->fd < 0)
        snprintf(what, sizeof what,
            "the vault is not there; its %zu notes stay in the index (--force takes them out)",
            j->n_old);
    else
        snprintf(what, sizeof what,
            "only %zu of %zu notes are left; the others stay in the index (--force takes them out)",
            j->scan.n, j->n_old);
    if (r->batch.create)
        return err_set(e, ERR_MISSING, "%s: %s", j->vault->path.p, what);
    tell(r, j, slice_str(""), what);
    j->keep = true;
    return 0;
}

static int open_job(struct updating *r, struct job *j, struct err *e)
{
    if (load_states(r, j->vault->name, &j->old, &j->n_old, e) < 0)
        return -1;
    for (size_t i = 0; i < j->n_old; i++) {
        j->notes++;
        j->units += j->old[i].n_units;
    }
    if (!j->wanted)
        return 0;
    j->fd = open(j->vault->path.p, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (j->fd < 0 && r->older && !r->u->force)
        return err_set(e, ERR_MISSING,
            "%s: no such vault: %s: the index has an older schema and is not made anew without it: "
            "bring it back, kbindex --remove %s, or --force",
            j->vault->path.p, strerror(errno), j->vault->name.p);
    if (j->fd < 0) {
        char what[120];
        snprintf(what, sizeof what, "no such vault: %s", strerror(errno));
        tell(r, j, slice_str(""), what);
        r->u->missing |= j->vault->named;
        if (!r->u->force && !r->batch.create)
            j->keep = true;
    } else if (scan_job(r, j, e) < 0) {
        return -1;
    }
    return j->keep ? 0 : guard_losses(r, j, e);
}

/* --- metadata ------------------------------------------------------------------------------ */

static void write_vaults(const struct updating *r, struct buf *out)
{
    struct json_writer w = json_writer(out);
    json_open(&w, '[');
    for (size_t i = 0; i < r->n_jobs; i++) {
        const struct job *j = &r->jobs[i];
        json_open(&w, '{');
        json_key_string(&w, "name", j->vault->name);
        json_key_string(&w, "path", j->vault->path);
        json_key_string(&w, "language", j->vault->language);
        json_key_int(&w, "notes", j->notes);
        json_key_int(&w, "units", j->units);
        json_close(&w, '}');
    }
    json_close(&w, ']');
}

static int set_vaults(struct updating *r, struct err *e)
{
    struct buf text = {0};
    write_vaults(r, &text);
    int rc =
        text.failed ? err_memory(e) : batch_set(&r->batch, SLICE_LIT("vaults"), buf_view(&text), e);
    buf_free(&text);
    return rc;
}

static bool has_line(struct slice text, struct slice line)
{
    while (text.n) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        if (slice_eq(slice_of(text.p, n), line))
            return true;
        n += end != NULL;
        text = slice_of(text.p + n, text.n - n);
    }
    return false;
}

/* Puts one more way of writing a compound among the others, in their order. */
static int add_words(struct arena *a, struct slice *words, struct slice more, struct err *e)
{
    if (words->n + more.n >= COMPOUND_BYTES || has_line(*words, more))
        return 0;
    struct buf all = {0};
    bool placed = false;
    for (struct slice rest = *words; rest.n;) {
        const char *end = memchr(rest.p, '\n', rest.n);
        struct slice line = slice_of(rest.p, end ? (size_t)(end - rest.p) : rest.n);
        size_t taken = line.n + (end != NULL);
        if (!placed && slice_cmp(more, line) < 0) {
            buf_slice(&all, more);
            buf_char(&all, '\n');
            placed = true;
        }
        buf_slice(&all, line);
        rest = slice_of(rest.p + taken, rest.n - taken);
        if (rest.n || !placed)
            buf_char(&all, '\n');
    }
    if (!placed)
        buf_slice(&all, more);
    *words = all.failed ? slice_of(NULL, 0) : arena_dup(a, buf_view(&all));
    buf_free(&all);
    return words->p ? 0 : err_memory(e);
}

/* The compounds met since the last commit, each beside those that the index knows. */
static int set_compounds(struct updating *r, struct err *e)
{
    struct doc_builder *b = &r->builder;
    struct arena a = {0};
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < b->n_joined; i++) {
        struct slice words = {0};
        char *key = arena_printf(&a, "j:%.*s", (int)b->joined[i].joined.n, b->joined[i].joined.p);
        if (!key)
            rc = err_memory(e);
        else
            rc = xdb_metadata(xwriter_db(r->batch.writer), &a, slice_str(key), &words, e);
        size_t before = rc == 0 ? words.n : 0;
        if (rc == 0)
            rc = add_words(&a, &words, b->joined[i].words, e);
        if (rc == 0 && words.n != before)
            rc = batch_set(&r->batch, slice_str(key), words, e);
    }
    if (rc == 0)
        b->n_joined = 0;
    arena_free(&a);
    return rc;
}

static int closing(void *ctx, struct err *e)
{
    return set_compounds(ctx, e) < 0 ? -1 : set_vaults(ctx, e);
}

/* --- identity ------------------------------------------------------------------------------ */

static struct slice hash_key(const uint64_t *hash)
{
    return slice_of((const char *)hash, sizeof *hash);
}

static int old_units(struct updating *r, struct arena *a, const struct state_note *s,
    struct state_unit **v, size_t *n, struct err *e)
{
    struct slice key = state_units_key(a, s->number), value;
    struct xdb *db = batch_db(&r->batch);
    bool whole;
    if (!key.p)
        return err_memory(e);
    if (xdb_metadata(db, a, key, &value, e) < 0 || state_units_read(a, value, v, n, &whole, e) < 0)
        return -1;
    if (!r->batch.create && (!whole || *n != s->n_units))
        return err_set(e, ERR_DAMAGED,
            "the index does not know the units of %s: run kbindex --full", s->rel.p);
    return 0;
}

static int free_numbers(
    struct updating *r, struct job *j, const struct state_note *s, struct err *e)
{
    struct state_unit *v;
    size_t n;
    arena_reset(&r->note);
    if (old_units(r, &r->note, s, &v, &n, e) < 0)
        return -1;
    for (size_t i = n; i; i--) {
        struct map_entry *at = map_at(&j->freed, &r->arena, hash_key(&v[i - 1].text_hash), NULL);
        struct freed *f = at ? arena_alloc(&r->arena, sizeof *f) : NULL;
        if (!f)
            return err_memory(e);
        *f = (struct freed){at->at, v[i - 1].nth};
        at->at = f;
    }
    return 0;
}

static int is_taken(struct updating *r, uint64_t hash, uint32_t nth, bool *taken, struct err *e)
{
    uint8_t id[UNIT_ID_BYTES];
    uint32_t documents = 0;
    struct xdb *db = batch_db(&r->batch);
    doc_id(hash, nth, id);
    struct slice term = doc_id_term(&r->note, id);
    if (!term.p)
        return err_memory(e);
    if (db && xdb_term_freq(db, term, &documents, e) < 0)
        return -1;
    *taken = documents > 0;
    return 0;
}

/* Which of the equal texts of the vault a new unit is. */
static int new_number(
    struct updating *r, struct job *j, uint64_t hash, uint32_t *nth, struct err *e)
{
    struct map_entry *left = map_find(&j->freed, hash_key(&hash));
    if (left && left->at) {
        struct freed *f = left->at;
        left->at = f->next;
        *nth = f->nth;
        return 0;
    }
    struct map_entry *at = map_at(&j->numbers, &r->arena, hash_key(&hash), NULL);
    if (!at)
        return err_memory(e);
    for (bool taken = true; taken; at->number++) {
        *nth = (uint32_t)at->number;
        if (is_taken(r, hash, *nth, &taken, e) < 0)
            return -1;
    }
    return 0;
}

/* --- one note ------------------------------------------------------------------------------ */

enum fate { UNIT_SAME, UNIT_IN_PLACE, UNIT_NEW };

struct pairing {
    struct state_unit now;
    const struct state_unit *old; /* SAME: of this text; IN_PLACE: the one it replaces */
    enum fate fate;
};

struct work {
    struct updating *r;
    struct job *j;
    struct slice rel;
    struct state_note now;
    struct note note;
    struct state_unit *old;
    size_t n_old;
    bool *claimed; /* per old unit */
    struct pairing *units;
    struct err *e;
};

struct by_text {
    uint64_t hash;
    size_t at;
};

static int compare_text(const void *x, const void *y)
{
    const struct by_text *a = x, *b = y;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return (a->at > b->at) - (a->at < b->at);
}

/* Equal texts meet in their order. */
static int pair_texts(struct work *w)
{
    size_t n = w->note.n_units;
    struct by_text *new = arena_array(&w->r->note, n, sizeof *new);
    struct by_text *old = arena_array(&w->r->note, w->n_old, sizeof *old);
    if (!new || !old)
        return err_memory(w->e);
    for (size_t i = 0; i < n; i++)
        new[i] = (struct by_text){w->units[i].now.text_hash, i};
    for (size_t i = 0; i < w->n_old; i++)
        old[i] = (struct by_text){w->old[i].text_hash, i};
    qsort(new, n, sizeof *new, compare_text);
    qsort(old, w->n_old, sizeof *old, compare_text);
    for (size_t i = 0, k = 0; i < n && k < w->n_old;) {
        if (new[i].hash != old[k].hash) {
            if (new[i].hash < old[k].hash)
                i++;
            else
                k++;
            continue;
        }
        struct pairing *p = &w->units[new[i++].at];
        w->claimed[old[k].at] = true;
        p->fate = UNIT_SAME;
        p->old = &w->old[old[k++].at];
        p->now.nth = p->old->nth;
    }
    return 0;
}

/* A unit of new text takes the place of one that is gone, of its kind and day. */
static void pair_places(struct work *w)
{
    size_t from[UNIT_KINDS] = {0};
    for (size_t i = 0; i < w->note.n_units; i++) {
        struct pairing *p = &w->units[i];
        if (p->fate != UNIT_NEW)
            continue;
        size_t *k = &from[p->now.kind];
        while (*k < w->n_old &&
               (w->claimed[*k] || w->old[*k].kind != p->now.kind || w->old[*k].day != p->now.day))
            ++*k;
        if (*k == w->n_old)
            continue;
        w->claimed[*k] = true;
        p->fate = UNIT_IN_PLACE;
        p->old = &w->old[(*k)++];
    }
}

static int pair_units(struct work *w)
{
    struct updating *r = w->r;
    size_t n = w->note.n_units;
    w->units = arena_array(&r->note, n, sizeof *w->units);
    w->claimed = arena_array(&r->note, w->n_old, sizeof *w->claimed);
    if (!w->units || !w->claimed)
        return err_memory(w->e);
    for (size_t i = 0; i < n; i++) {
        struct pairing *p = &w->units[i];
        p->fate = UNIT_NEW;
        p->now.kind = w->note.units[i].kind;
        p->now.day = w->note.units[i].day;
        if (doc_text_hash(&r->builder, i, &p->now.text_hash, w->e) < 0)
            return -1;
    }
    if (pair_texts(w) < 0)
        return -1;
    if (!r->batch.create)
        pair_places(w);
    for (size_t i = 0; i < n; i++) {
        struct pairing *p = &w->units[i];
        if (p->fate != UNIT_SAME && new_number(r, w->j, p->now.text_hash, &p->now.nth, w->e) < 0)
            return -1;
    }
    return 0;
}

static int place_unit(struct work *w, struct pairing *p)
{
    struct batch *b = &w->r->batch;
    if (!b->create && p->old && p->old->day == p->now.day) {
        p->now.docid = p->old->docid;
        return 0;
    }
    return batch_docid(b, p->now.day, &p->now.docid, w->e);
}

static int write_unit(struct work *w, size_t i)
{
    struct updating *r = w->r;
    struct job *j = w->j;
    struct pairing *p = &w->units[i];
    struct doc d;
    uint8_t id[UNIT_ID_BYTES];
    doc_id(p->now.text_hash, p->now.nth, id);
    if (place_unit(w, p) < 0 || doc_build(&r->builder, i, id, p->now.docid, &d, w->e) < 0)
        return -1;
    p->now.terms_sig = d.terms_sig;
    p->now.data_sig = d.data_sig;
    bool in_place = p->old && p->now.docid == p->old->docid;
    bool same_terms = in_place && p->fate == UNIT_SAME && p->old->terms_sig == d.terms_sig;
    bool same_data = same_terms && p->old->data_sig == d.data_sig;
    j->units_added += p->fate == UNIT_NEW;
    j->units_changed += p->fate == UNIT_IN_PLACE;
    j->units_moved += p->fate == UNIT_SAME && !same_data;
    if (same_data)
        return 0;
    if (same_terms)
        return batch_put_data(&r->batch, p->now.docid, d.data, w->e);
    if (batch_put(&r->batch, p->now.docid, &d, w->e) < 0)
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

static int write_state(
    struct updating *r, struct slice vault, const struct state_note *n, struct err *e)
{
    struct buf text = {0};
    state_note_write(&text, n);
    int rc = text.failed ? err_memory(e)
                         : batch_set(&r->batch, state_note_key(&r->note, vault, n->rel),
                               buf_view(&text), e);
    buf_free(&text);
    return rc;
}

static int write_units_state(struct updating *r, uint32_t number, const struct state_unit *units,
    size_t n_units, struct err *e)
{
    struct buf text = {0};
    state_units_write(&text, units, n_units);
    int rc = text.failed
                 ? err_memory(e)
                 : batch_set(&r->batch, state_units_key(&r->note, number), buf_view(&text), e);
    buf_free(&text);
    return rc;
}

static int name_note(
    struct updating *r, struct slice vault, const struct state_note *n, struct err *e)
{
    char *key = arena_printf(&r->note, "o:%" PRIu32, n->number);
    struct buf name = {0};
    buf_slice(&name, vault);
    buf_char(&name, '/');
    buf_slice(&name, n->rel);
    int rc = !key || name.failed ? err_memory(e)
                                 : batch_set(&r->batch, slice_str(key), buf_view(&name), e);
    buf_free(&name);
    return rc;
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

/* The units as they are now, in their order. */
static struct state_unit *units_now(struct work *w)
{
    size_t n = w->note.n_units;
    struct state_unit *v = arena_array(&w->r->note, n, sizeof *v);
    for (size_t i = 0; v && i < n; i++)
        v[i] = w->units[i].now;
    return v;
}

/* A rebuild writes it later, from the same bytes. */
static int plan_note(struct work *w)
{
    struct updating *r = w->r;
    for (size_t i = 0; i < w->note.n_units; i++) {
        w->j->units_added += w->units[i].fate == UNIT_NEW;
        if (place_unit(w, &w->units[i]) < 0)
            return -1;
    }
    const struct state_unit *v = units_now(w);
    const struct build_note n = {.vault = w->j->vault->name,
        .language = w->j->vault->language,
        .rel = w->rel,
        .state = w->now};
    return v ? build_note(&r->build, &n, buf_view(&r->bytes), v, w->note.n_units, w->e)
             : err_memory(w->e);
}

static int write_units(struct work *w)
{
    struct updating *r = w->r;
    for (size_t i = 0; i < w->note.n_units; i++)
        if (write_unit(w, i) < 0)
            return -1;
    const struct state_unit *v = units_now(w);
    if (!v)
        return err_memory(w->e);
    return write_state(r, w->j->vault->name, &w->now, w->e) < 0
               ? -1
               : write_units_state(r, w->now.number, v, w->note.n_units, w->e);
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
        tell(w->r, w->j, w->rel, what);
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
        (!old && !r->batch.create && name_note(r, n.vault, &w->now, w->e) < 0))
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
    unreadable(r, j, f->rel, what);
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
    if (old && old_units(r, &r->note, old, &w->old, &w->n_old, w->e) < 0)
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
                                              : write_state(w->r, w->j->vault->name, &w->now, w->e);
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

static int look_at(struct updating *r, struct job *j, const struct scan_file *f, struct err *e)
{
    const struct state_note *old = find_state(j, f->rel);
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

/* --- what is gone -------------------------------------------------------------------------- */

static int drop_note(struct updating *r, struct slice vault, const struct state_note *s,
    size_t *units_removed, struct err *e)
{
    struct batch *b = &r->batch;
    struct state_unit *v;
    size_t n;
    struct slice none = {NULL, 0};
    arena_reset(&r->note);
    if (old_units(r, &r->note, s, &v, &n, e) < 0)
        return -1;
    for (size_t i = 0; i < n; i++) {
        if (batch_delete(b, v[i].docid, e) < 0)
            return -1;
        b->kinds[v[i].kind]--;
    }
    *units_removed += n;
    char *name = arena_printf(&r->note, "o:%" PRIu32, s->number);
    if (batch_set(b, state_note_key(&r->note, vault, s->rel), none, e) < 0 ||
        batch_set(b, state_units_key(&r->note, s->number), none, e) < 0 ||
        batch_set(b, slice_str(name), none, e) < 0)
        return -1;
    b->notes--;
    return 0;
}

static int drop_vanished(struct updating *r, struct job *j, struct err *e)
{
    for (size_t i = 0; i < j->n_old; i++) {
        const struct state_note *s = &j->old[i];
        if (!vanished(j, s))
            continue;
        j->removed++;
        if (r->batch.create)
            continue;
        if (drop_note(r, j->vault->name, s, &j->units_removed, e) < 0)
            return -1;
        j->notes--;
        j->units -= s->n_units;
        if (r->u->verbose)
            report_line("removed %s/%s", j->vault->name.p, s->rel.p);
        if (batch_pause(&r->batch, e) < 0)
            return -1;
    }
    return 0;
}

static int drop_orphans(struct updating *r, struct err *e)
{
    for (size_t i = 0; i < r->n_orphans; i++) {
        struct state_note *v;
        size_t n, units = 0;
        if (load_states(r, r->orphans[i], &v, &n, e) < 0)
            return -1;
        for (size_t k = 0; k < n; k++)
            if (drop_note(r, r->orphans[i], &v[k], &units, e) < 0 || batch_pause(&r->batch, e) < 0)
                return -1;
        if (n == 0 && set_vaults(r, e) < 0)
            return -1;
        if (!r->u->quiet)
            report_line("%s: removed: %zu notes, %zu units", r->orphans[i].p, n, units);
    }
    return 0;
}

/* --- a vault ------------------------------------------------------------------------------- */

static int run_job(struct updating *r, struct job *j, struct err *e)
{
    for (size_t i = 0; i < j->n_old; i++)
        if (vanished(j, &j->old[i]) && free_numbers(r, j, &j->old[i], e) < 0)
            return -1;
    for (size_t i = 0; i < j->scan.n; i++) {
        if (look_at(r, j, &j->scan.files[i], e) < 0)
            return -1;
        progress_step(&r->progress);
    }
    return drop_vanished(r, j, e);
}

static void sum_up(const struct updating *r, const struct job *j, double seconds)
{
    bool news = j->added || j->changed || j->removed;
    if (r->u->quiet || (j->fd < 0 && !j->removed) || (r->u->ears && !news))
        return;
    report_line("%s: %" PRId64 " notes, %" PRId64
                " units: %zu added, %zu changed, %zu removed, %zu unreadable (%.2f s)",
        j->vault->name.p, j->notes, j->units, j->added, j->changed, j->removed, j->unreadable,
        seconds);
    if (news)
        report_line("%s: units: %zu added, %zu changed, %zu removed, %zu moved", j->vault->name.p,
            j->units_added, j->units_changed, j->units_removed, j->units_moved);
}

/* --- the index ----------------------------------------------------------------------------- */

static int new_uuid(char uuid[33], struct err *e)
{
    uint64_t v[2];
    if (getrandom(v, sizeof v, 0) != (ssize_t)sizeof v)
        return err_set(e, ERR_IO, "no random number: %s", strerror(errno));
    hash_format(v[0], uuid);
    hash_format(v[1], uuid + 16);
    return 0;
}

/* Of an index that cannot be read otherwise, so that they go on. */
static void salvage(struct updating *r)
{
    const char *path;
    struct xdb *db = NULL;
    struct slice uuid, revision;
    struct err ignored = {0};
    if (store_current(r->u->store, &r->arena, &path, &ignored) < 0 || !path ||
        xdb_open(&db, path, &ignored) < 0)
        return;
    if (xdb_metadata(db, &r->arena, SLICE_LIT("uuid"), &uuid, &ignored) == 0 && uuid.n == 32)
        memcpy(r->batch.uuid, uuid.p, 32);
    if (xdb_metadata(db, &r->arena, SLICE_LIT("revision"), &revision, &ignored) == 0 &&
        revision.n && revision.n < 20)
        r->batch.revision = strtoull(arena_strndup(&r->arena, revision.p, revision.n), NULL, 10);
    xdb_close(db);
}

/* Made by an earlier kbindex: an upgrade, not a fault. */
static bool is_older(const struct updating *r, const struct err *why)
{
    return why->code == ERR_SCHEMA && r->reader.schema && r->reader.schema < SCHEMA_VERSION;
}

static int open_index(struct updating *r, struct err *e)
{
    const struct update *u = r->u;
    struct batch *b = &r->batch;
    struct err why = {0};
    if (index_reader_init(&r->reader, u->store->dir, e) < 0)
        return -1;
    if (index_reader_refresh(&r->reader, &why) == 0) {
        memcpy(b->uuid, r->reader.uuid, sizeof b->uuid);
        b->create = u->full;
    } else if (why.code == ERR_NO_INDEX || (u->full && why.code != ERR_MEMORY) ||
               is_older(r, &why)) {
        r->older = why.code == ERR_SCHEMA && !u->full;
        if (r->older && !u->quiet)
            log_line(LOG_INFO,
                "%s has schema %" PRIu64 ", now %d: it is made anew beside the old one",
                u->store->dir, r->reader.schema, SCHEMA_VERSION);
        b->create = true;
        salvage(r);
    } else {
        return err_set(e, why.code, "%s", why.text);
    }
    b->old = r->reader.db;
    b->closing = closing;
    b->part = u->part;
    b->parts = u->parts;
    b->ctx = r;
    if (!b->uuid[0] && new_uuid(b->uuid, e) < 0)
        return -1;
    if (!b->create)
        return store_current(u->store, &r->arena, &b->path, e) < 0 ? -1 : batch_begin(b, e);
    return build_begin(&r->build, u->store, e) < 0 ? -1 : batch_begin(b, e);
}

/* The revision goes on where the index is lost and the journal is not. */
static int open_changes(struct updating *r, struct err *e)
{
    struct batch *b = &r->batch;
    uint64_t last, present = r->reader.db ? r->reader.revision : 0;
    if (changes_open(&r->changes, r->u->state, r->reader.db, present, &last, e) < 0)
        return -1;
    if (b->revision <= last)
        b->revision = last + 1;
    b->changes = b->create ? NULL : &r->changes;
    return 0;
}

/* Which vaults the index holds, and under which settings. */
static int compare_vaults(struct updating *r, struct err *e)
{
    struct slice text;
    if (!r->reader.db)
        return 0;
    if (xdb_metadata(r->reader.db, &r->arena, SLICE_LIT("vaults"), &text, e) < 0)
        return -1;
    struct json *root = json_parse(text, e);
    if (!root)
        return -1;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < json_len(root); i++) {
        const struct json *v = json_at(root, i);
        struct slice name = json_text(json_get(v, "name"));
        struct job *known = NULL;
        for (size_t k = 0; k < r->n_jobs; k++)
            if (slice_eq(r->jobs[k].vault->name, name))
                known = &r->jobs[k];
        if (known) {
            known->reread = !slice_eq(json_text(json_get(v, "language")), known->vault->language);
            continue;
        }
        name = arena_dup(&r->arena, name);
        if (!name.p || !ARENA_PUSH(&r->arena, r->orphans, r->n_orphans, r->cap_orphans, name))
            rc = err_memory(e);
    }
    json_free(root);
    return rc;
}

static int make_jobs(struct updating *r, struct err *e)
{
    const struct vaults *vs = r->u->vaults;
    r->jobs = arena_array(&r->arena, vs->n, sizeof *r->jobs);
    if (!r->jobs)
        return err_memory(e);
    r->n_jobs = vs->n;
    for (size_t i = 0; i < vs->n; i++)
        r->jobs[i] = (struct job){.vault = &vs->v[i],
            .fd = -1,
            .wanted = r->batch.create || !r->u->only_named || vs->v[i].named};
    if (compare_vaults(r, e) < 0)
        return -1;
    for (size_t i = 0; i < vs->n; i++)
        if (open_job(r, &r->jobs[i], e) < 0)
            return -1;
    for (size_t i = 0; r->batch.create && i < vs->n; i++)
        r->jobs[i].notes = r->jobs[i].units = 0;
    return 0;
}

struct tally {
    int64_t notes, units;
};

static int add_up(void *ctx, struct slice key, struct slice value)
{
    struct tally *t = ctx;
    struct state_note s;
    (void)key;
    if (state_note_read(value, &s)) {
        t->notes++;
        t->units += s.n_units;
    }
    return 0;
}

/*
 * What was written is read back by a reader of its own. (Xapian's check of tables takes four bytes
 * of memory for each number up to the last docid, and ours are sparse.)
 */
static int read_back(const struct updating *r, struct err *e)
{
    const struct batch *b = &r->batch;
    struct xdb *db;
    struct xdb_info info;
    struct tally t = {0};
    int64_t units = 0;
    for (int k = 0; k < UNIT_KINDS; k++)
        units += b->kinds[k];
    if (xdb_open(&db, b->path, e) < 0)
        return -1;
    int rc = xdb_info(db, &info, e);
    if (rc == 0)
        rc = xdb_metadata_each(db, SLICE_LIT("n:"), add_up, &t, e);
    xdb_close(db);
    if (rc == 0 && (info.documents != (uint64_t)units || t.units != units || t.notes != b->notes))
        return err_set(e, ERR_DAMAGED,
            "the new index is not whole (%" PRIu64 " of %" PRId64
            " units): the old one stays; look at the disk and try again",
            info.documents, units);
    return rc;
}

/* All that stands beside the units, as one part of the new generation. */
static int write_metadata(struct updating *r, struct err *e)
{
    const struct build *b = &r->build;
    struct arena a = {0};
    struct slice words = {NULL, 0};
    int rc = set_vaults(r, e);
    for (size_t i = 0; rc == 0 && i < b->n_notes; i++) {
        const struct build_note *n = &b->notes[i];
        arena_reset(&r->note);
        rc = write_state(r, n->vault, &n->state, e);
        if (rc == 0)
            rc = write_units_state(
                r, n->state.number, b->units + n->first_unit, n->state.n_units, e);
        if (rc == 0)
            rc = name_note(r, n->vault, &n->state, e);
    }
    for (size_t i = 0; rc == 0 && i < b->n_compounds; i++) {
        struct slice joined = b->compounds[i].joined;
        rc = add_words(&a, &words, b->compounds[i].words, e);
        if (rc < 0 || (i + 1 < b->n_compounds && slice_eq(joined, b->compounds[i + 1].joined)))
            continue;
        char *key = arena_printf(&a, "j:%.*s", (int)joined.n, joined.p);
        rc = key ? batch_set(&r->batch, slice_str(key), words, e) : err_memory(e);
        arena_reset(&a);
        words = slice_of(NULL, 0);
    }
    arena_free(&a);
    return rc < 0 ? -1 : batch_commit(&r->batch, e);
}

static int note_compacted(struct updating *r, struct err *e)
{
    struct xdb *db;
    struct xdb_info info;
    if (xdb_open(&db, r->batch.path, e) < 0)
        return -1;
    int rc = xdb_info(db, &info, e);
    xdb_close(db);
    if (rc == 0)
        store_compacted(r->u->store, info.bytes);
    return rc;
}

/* Writes what was planned; the whole of it becomes the present generation. */
static int finish_build(struct updating *r, struct err *e)
{
    struct batch *b = &r->batch;
    struct build *build = &r->build;
    const char *name;
    progress_clear(&r->progress);
    if (build_parts(build, r->u->jobs, !r->u->quiet, e) < 0)
        return -1;
    b->path = build_last_part(build, e);
    if (!b->path || write_metadata(r, e) < 0)
        return -1;
    xwriter_close(b->writer);
    b->writer = NULL;
    if (build_merge(build, &name, e) < 0)
        return -1;
    b->path = arena_printf(&r->arena, "%s/%s", r->u->store->dir, name);
    if (!b->path)
        return err_memory(e);
    if (read_back(r, e) < 0 ||
        changes_rebuilt(&r->changes, b->path, r->reader.db, b->revision, e) < 0)
        return -1;
    return store_swap(r->u->store, name, e) < 0 ? -1 : note_compacted(r, e);
}

/* Many small runs leave the blocks of the tables half full. */
static int compact(struct updating *r, struct err *e)
{
    struct batch *b = &r->batch;
    const struct store *s = r->u->store;
    const char *name, *from = b->path;
    struct xdb *db;
    struct xdb_info info;
    if (!b->wrote || xdb_open(&db, b->path, e) < 0)
        return b->wrote ? -1 : 0;
    int rc = xdb_info(db, &info, e);
    xdb_close(db);
    if (rc < 0 || !store_compaction_due(s, info.bytes))
        return rc;
    store_compacted(s, info.bytes); /* one that fails is not tried again today */
    xwriter_close(b->writer);
    b->writer = NULL;
    if (store_next(s, &r->arena, &name, e) < 0)
        return -1;
    b->path = arena_printf(&r->arena, "%s/%s", s->dir, name);
    if (!b->path)
        return err_memory(e);
    if (xdb_merge(&from, 1, b->path, e) < 0 || read_back(r, e) < 0 || store_swap(s, name, e) < 0)
        return -1;
    return note_compacted(r, e);
}

static int run_jobs(struct updating *r, struct err *e)
{
    size_t files = 0;
    for (size_t i = 0; i < r->n_jobs; i++)
        files += r->jobs[i].scan.n;
    progress_begin(&r->progress, r->batch.create ? "reading" : "indexing", files, !r->u->quiet);
    for (size_t i = 0; i < r->n_jobs; i++)
        if (r->jobs[i].wanted && run_job(r, &r->jobs[i], e) < 0)
            return -1;
    if (!r->batch.create && drop_orphans(r, e) < 0)
        return -1;
    if (r->batch.create)
        return finish_build(r, e);
    return batch_commit(&r->batch, e) < 0 ? -1 : compact(r, e);
}

static void end(struct updating *r)
{
    progress_clear(&r->progress);
    for (size_t i = 0; i < r->n_jobs; i++) {
        if (r->jobs[i].fd >= 0)
            close(r->jobs[i].fd);
        map_free(&r->jobs[i].freed);
        map_free(&r->jobs[i].numbers);
    }
    batch_end(&r->batch);
    build_end(&r->build);
    changes_close(&r->changes);
    index_reader_free(&r->reader);
    doc_builder_free(&r->builder);
    buf_free(&r->bytes);
    arena_free(&r->note);
    arena_free(&r->arena);
    store_clean(r->u->store);
}

/* The library tells what failed, and not always where. */
static void name_place(const struct update *u, struct err *e)
{
    struct err why = *e;
    if ((e->code != ERR_IO && e->code != ERR_INTERNAL && e->code != ERR_DAMAGED) ||
        strstr(e->text, u->store->dir))
        return;
    *e = (struct err){.at = ERR_NOWHERE};
    err_set(e, why.code, "%s: %s", u->store->dir, why.text);
}

int update_run(struct update *u, struct err *e)
{
    struct updating r = {.u = u, .changes = {.fd = -1}};
    uint64_t began = progress_now_ns();
    store_clean(u->store);
    int rc = open_index(&r, e);
    if (rc == 0)
        rc = open_changes(&r, e);
    if (rc == 0)
        rc = make_jobs(&r, e);
    if (rc == 0)
        rc = run_jobs(&r, e);
    if (rc < 0)
        name_place(u, e);
    if (r.batch.failed)
        store_doubt(u->store, true);
    progress_clear(&r.progress);
    double seconds = (double)(progress_now_ns() - began) / 1e9;
    for (size_t i = 0; rc == 0 && i < r.n_jobs; i++)
        if (r.jobs[i].wanted)
            sum_up(&r, &r.jobs[i], seconds);
    end(&r);
    return rc;
}
