// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/answer/units.h"
#include "lib/schema.h"

struct gathering {
    struct answer *w;
    struct links_result *r;
    struct resolver resolver;
    size_t cap;
    struct err *e;
};

static bool has_key(const struct slice *terms, size_t n, struct slice term)
{
    for (size_t i = 0; i < n; i++)
        if (slice_eq(terms[i], term))
            return true;
    return false;
}

static int add_link(struct gathering *g, const struct record *rec, const struct note_link *l,
    struct slice key, uint32_t line)
{
    struct target_note *v;
    size_t n;
    struct outgoing out = {.target = l->target,
        .heading = l->heading,
        .alias = l->alias,
        .embed = l->embed,
        .line = line};
    memcpy(out.id, rec->id, sizeof out.id);
    if (target_find(&g->resolver, rec->vault, key, &v, &n, g->e))
        return -1;
    out.n_choices = n;
    if (n) {
        out.to = &v[target_choose(g->w->arena, v, n, key, rec->rel)];
        out.choices = v;
    }
    return ARENA_PUSH(g->w->arena, g->r->links, g->r->n_links, g->cap, out) ? 0 : err_memory(g->e);
}

/* The line of the file on which the link's target is written. */
static uint32_t line_of(const struct record *rec, const struct note_link *l, struct slice text)
{
    uint32_t line = rec->line, col;
    const char *at = l->target.p >= text.p && l->target.p < text.p + text.n ? l->target.p : NULL;
    if (!at && l->target.n)
        at = memmem(text.p, text.n, l->target.p, l->target.n);
    if (at)
        record_place(rec, (size_t)(at - text.p), &line, &col);
    return line;
}

/*
 * A unit's links as they are written. The index keeps their keys alone, so its text is read again;
 * what is a link there and was none in its note (code) has no key.
 */
static int unit_links(struct gathering *g, docid_t id, const struct record *rec)
{
    struct slice *terms;
    size_t n;
    struct note note;
    struct arena *a = g->w->arena;
    if (xdb_document_terms(g->w->reader->index.db, a, id, SLICE_LIT("L"), &terms, &n, g->e))
        return -1;
    if (!n)
        return 0;
    if (note_parse(a, rec->rel, rec->text, &note, g->e))
        return -1;
    for (size_t i = 0; i < note.n_units; i++)
        for (size_t k = 0; k < note.units[i].n_links; k++) {
            const struct note_link *l = &note.units[i].links[k];
            struct slice key =
                l->url ? slice_of(NULL, 0) : schema_target_key(a, rec->rel, l->target);
            if (!key.n || !has_key(terms, n, schema_term(a, 'L', key)))
                continue;
            if (add_link(g, rec, l, key, line_of(rec, l, note.source)))
                return -1;
        }
    return 0;
}

int answer_links(
    struct answer *w, const struct links_params *p, struct links_result *r, struct err *e)
{
    struct xhit *hits;
    struct record *recs;
    size_t n;
    *r = (struct links_result){0};
    if (reader_refresh(w->reader, e))
        return -1;
    memcpy(r->uuid, w->reader->index.uuid, sizeof r->uuid);
    r->revision = w->reader->index.revision;
    if (units_note(w, p->note, p->vault, &r->note, &r->warning, e) ||
        units_of_note(w, r->note.number, &hits, &recs, &n, e))
        return -1;
    struct gathering g = {.w = w, .r = r, .resolver = units_resolver(w, e), .e = e};
    for (size_t i = 0; i < n; i++)
        if (unit_links(&g, hits[i].id, &recs[i]))
            return -1;
    return 0;
}
