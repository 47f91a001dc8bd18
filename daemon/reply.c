// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/reply.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "lib/shards.h"

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void put_uuid(struct json_writer *w, const char *uuid, uint64_t revision)
{
    json_key(w, "index");
    if (uuid[0]) {
        json_put_string(w, slice_str(uuid));
        json_key_int(w, "revision", (int64_t)revision);
    } else {
        json_put_null(w);
        json_key(w, "revision");
        json_put_null(w);
    }
}

static void key_string_or_null(struct json_writer *w, const char *key, struct slice s)
{
    json_key(w, key);
    if (s.n)
        json_put_string(w, s);
    else
        json_put_null(w);
}

static void put_strings(
    struct json_writer *w, const char *key, const struct slice *strings, size_t n)
{
    json_key(w, key);
    json_open(w, '[');
    for (size_t i = 0; i < n; i++)
        json_put_string(w, strings[i]);
    json_close(w, ']');
}

/* --- hits --------------------------------------------------------------------------------------
 */

static void put_snippet(struct json_writer *w, const struct segment *segments, size_t n)
{
    json_key(w, "snippet");
    json_open(w, '[');
    for (size_t i = 0; i < n; i++) {
        json_open(w, '{');
        json_key_string(w, "t", segments[i].text);
        if (segments[i].match)
            json_key_bool(w, "m", true);
        json_close(w, '}');
    }
    json_close(w, ']');
}

static void put_neighbours(
    struct json_writer *w, const char *key, const struct neighbour *units, size_t n)
{
    json_key(w, key);
    json_open(w, '[');
    for (size_t i = 0; i < n; i++) {
        json_open(w, '{');
        json_key_int(w, "line", units[i].line);
        json_key_int(w, "end_line", units[i].end_line);
        json_key_string(w, "text", units[i].text);
        json_close(w, '}');
    }
    json_close(w, ']');
}

static void put_day(struct json_writer *w, const char *key, day_t day)
{
    char text[11];
    json_key(w, key);
    if (day == DAY_NONE) {
        json_put_null(w);
        return;
    }
    day_format(day, text);
    json_put_string(w, slice_str(text));
}

static void put_folded(struct json_writer *w, const struct hit *h)
{
    json_key(w, "folded");
    json_open(w, '[');
    for (size_t i = 0; i < h->n_folded; i++) {
        char id[2 * UNIT_ID_BYTES + 1];
        record_id_format(h->folded[i]->id, id);
        json_open(w, '{');
        json_key_string(w, "id", slice_str(id));
        json_key_string(w, "rel", h->folded[i]->rel);
        json_key_int(w, "line", h->folded[i]->line);
        put_day(w, "date", h->folded[i]->day);
        json_close(w, '}');
    }
    json_close(w, ']');
}

/* Up to its closing brace, for what a method puts behind. */
static void put_hit_open(struct json_writer *w, const struct hit *h, bool neighbours)
{
    const struct record *r = &h->rec;
    char id[2 * UNIT_ID_BYTES + 1];
    record_id_format(r->id, id);
    json_open(w, '{');
    json_key_string(w, "id", slice_str(id));
    json_key_string(w, "path", h->path);
    json_key_string(w, "vault", r->vault);
    json_key_string(w, "rel", r->rel);
    json_key_int(w, "line", r->line);
    json_key_int(w, "end_line", r->end_line);
    json_key_int(w, "match_line", h->match_line);
    json_key_int(w, "col", h->col);
    json_key_string(w, "kind", slice_str(unit_kind_name(r->kind)));
    put_day(w, "date", r->day);
    json_key_string(w, "date_source", slice_str(date_source_name(r->day_source)));
    json_key_string(w, "title", r->title);
    put_strings(w, "heading", r->heading, r->n_headings);
    json_key(w, "score");
    json_put_real(w, h->score);
    json_key_string(w, "text", h->text);
    json_key_bool(w, "truncated", h->truncated);
    put_snippet(w, h->snippet, h->n_snippet);
    if (neighbours) {
        put_neighbours(w, "before", h->before, h->n_before);
        put_neighbours(w, "after", h->after, h->n_after);
    }
    if (h->folded)
        put_folded(w, h);
}

static void put_hit(struct json_writer *w, const struct hit *h, bool neighbours)
{
    put_hit_open(w, h, neighbours);
    json_close(w, '}');
}

static void put_hits(struct json_writer *w, const struct hit *hits, size_t n, bool neighbours)
{
    json_key(w, "hits");
    json_open(w, '[');
    for (size_t i = 0; i < n; i++)
        put_hit(w, &hits[i], neighbours);
    json_close(w, ']');
}

/* --- methods -----------------------------------------------------------------------------------
 */

/* News come from kbindex's journal, which is where it ran. */
static int want_one_index(const struct answer *w, const char *what, struct err *e)
{
    return w->reader->index.shards
               ? err_set(e, ERR_COMPLEX,
                     "%s: this is asked of one local index only, not of shards: what is new stands "
                     "in the journals on their machines",
                     what)
               : 0;
}

/* Shards that were down when the answer was made. */
static void put_incomplete(struct json_writer *j, const struct answer *w)
{
    struct slice *names;
    size_t n = shards_down(w->reader->index.shards, w->arena, &names);
    json_key(j, "incomplete");
    if (!n) {
        json_put_null(j);
        return;
    }
    json_open(j, '{');
    json_key_string(j, "reason", SLICE_LIT("shard_down"));
    put_strings(j, "shards", names, n);
    json_close(j, '}');
}

/* The commit that an answer was made from, and what was not there. */
static void put_commit(
    struct json_writer *j, const struct answer *w, const char *uuid, uint64_t revision)
{
    put_uuid(j, uuid, revision);
    put_incomplete(j, w);
}

static int reply_hello(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    (void)p;
    /* An index that cannot be read is for status to explain; the greeting goes on without. */
    struct err why = {0};
    const struct index_reader *index = &w->reader->index;
    bool there = reader_refresh(w->reader, &why) == 0;
    if (why.code == ERR_MEMORY || why.code == ERR_MODIFIED)
        return err_set(e, why.code, "%s", why.text);
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    json_key_int(&j, "protocol", PROTO_VERSION);
    json_key_string(&j, "server", SLICE_LIT("kbsearchd " PACKAGE_VERSION));
    json_key(&j, "methods");
    json_open(&j, '[');
    for (int m = 0; m < PROTO_COUNT; m++)
        json_put_string(&j, slice_str(proto_rows[m].name));
    json_close(&j, ']');
    json_key(&j, "limits");
    json_open(&j, '{');
    for (size_t i = 0; i < proto_limit_count; i++)
        json_key_int(&j, proto_limits[i].name, proto_limits[i].value);
    json_close(&j, '}');
    json_key_string(&j, "db", slice_str(facts->db));
    put_uuid(&j, there ? index->uuid : "", index->revision);
    json_close(&j, '}');
    return 0;
}

static void put_relaxed(struct json_writer *w, const struct search_result *r)
{
    json_key(w, "relaxed");
    if (!r->relaxed) {
        json_put_null(w);
        return;
    }
    json_open(w, '{');
    json_key_string(w, "to", slice_str(r->relaxed));
    json_key_int(w, "words", r->relaxed_words);
    json_key_int(w, "of", r->relaxed_of);
    json_close(w, '}');
}

static void put_suggestion(
    struct json_writer *w, struct slice from, struct slice to, struct slice query)
{
    json_key(w, "suggestion");
    if (!from.n) {
        json_put_null(w);
        return;
    }
    json_open(w, '{');
    json_key_string(w, "from", from);
    json_key_string(w, "to", to);
    json_key_string(w, "query", query);
    json_close(w, '}');
}

static void put_facets(struct json_writer *w, const struct facets *facets)
{
    json_key(w, "facets");
    json_open(w, '[');
    for (size_t i = 0; i < facets->n; i++) {
        const struct facet *f = &facets->v[i];
        json_open(w, '{');
        json_key_string(w, "field", slice_str(f->field));
        json_key_int(w, "distinct", (int64_t)f->distinct);
        json_key(w, "values");
        json_open(w, '[');
        for (size_t k = 0; k < f->n_values; k++) {
            json_open(w, '{');
            json_key_string(w, "value", f->values[k].text);
            json_key_int(w, "count", f->values[k].count);
            json_close(w, '}');
        }
        json_close(w, ']');
        json_close(w, '}');
    }
    json_close(w, ']');
}

static int reply_search(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    (void)facts;
    uint64_t begun = now_ns();
    struct search_result r = {0};
    if (answer_search(w, &p->search, &r, e))
        return -1;
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    json_key_string(&j, "query", r.query);
    put_commit(&j, w, r.uuid, r.revision);
    json_key_int(&j, "total", (int64_t)r.total);
    json_key_bool(&j, "total_exact", r.total_exact);
    if (p->search.fold)
        json_key_int(&j, "units", (int64_t)r.units);
    put_relaxed(&j, &r);
    put_suggestion(&j, r.suggestion_from, r.suggestion_to, r.suggestion_query);
    json_key_int(&j, "took_us", (int64_t)((now_ns() - begun) / 1000));
    put_strings(&j, "warnings", r.warnings, r.n_warnings);
    key_string_or_null(&j, "cursor", r.cursor);
    put_hits(&j, r.hits, r.n_hits, p->search.neighbours > 0);
    if (p->search.facets.p)
        put_facets(&j, &r.facets);
    if (p->search.explain) {
        json_key(&j, "explain");
        json_open(&j, '{');
        json_key_string(&j, "tree", r.explain_tree);
        json_key_string(&j, "plan", r.explain_plan);
        json_close(&j, '}');
    }
    json_close(&j, '}');
    return 0;
}

static int reply_get(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    (void)facts;
    struct get_result r = {0};
    if (answer_get(w, &p->get, &r, e))
        return -1;
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    put_commit(&j, w, r.uuid, r.revision);
    json_key_bool(&j, "stale", r.stale);
    put_hits(&j, r.hits, r.n_hits, false);
    json_close(&j, '}');
    return 0;
}

static int reply_suggest(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    (void)facts;
    struct suggest_result r = {0};
    if (answer_suggest(w, &p->suggest, &r, e))
        return -1;
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    put_commit(&j, w, r.uuid, r.revision);
    json_key(&j, "suggestions");
    json_open(&j, '[');
    for (size_t i = 0; i < r.n; i++) {
        json_open(&j, '{');
        json_key_string(&j, "text", r.v[i].text);
        json_key_string(&j, "kind", slice_str(r.v[i].kind));
        json_key_int(&j, "count", r.v[i].count);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
    return 0;
}

static void put_note(struct json_writer *w, const char *key, const struct target_note *note)
{
    json_key(w, key);
    if (!note) {
        json_put_null(w);
        return;
    }
    json_open(w, '{');
    json_key_string(w, "vault", note->vault);
    json_key_string(w, "rel", note->rel);
    json_key_string(w, "title", note->title);
    json_close(w, '}');
}

static int reply_backlinks(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    (void)facts;
    struct backlinks_result r = {0};
    if (answer_backlinks(w, &p->backlinks, &r, e))
        return -1;
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    put_note(&j, "note", &r.note);
    put_commit(&j, w, r.found.uuid, r.found.revision);
    json_key_int(&j, "total", (int64_t)r.found.total);
    put_strings(&j, "warnings", &r.warning, r.warning.n > 0);
    key_string_or_null(&j, "cursor", r.found.cursor);
    put_hits(&j, r.found.hits, r.found.n_hits, false);
    json_close(&j, '}');
    return 0;
}

static void put_link(struct json_writer *w, const struct outgoing *l)
{
    char id[2 * UNIT_ID_BYTES + 1];
    record_id_format(l->id, id);
    json_open(w, '{');
    json_key_int(w, "line", l->line);
    json_key_string(w, "id", slice_str(id));
    json_key_string(w, "target", l->target);
    json_key_string(w, "heading", l->heading);
    json_key_string(w, "alias", l->alias);
    json_key_bool(w, "embed", l->embed);
    put_note(w, "to", l->to);
    json_key(w, "others");
    json_open(w, '[');
    for (size_t i = 0; i < l->n_choices; i++)
        if (&l->choices[i] != l->to)
            json_put_string(w, l->choices[i].rel);
    json_close(w, ']');
    json_close(w, '}');
}

static int reply_links(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    (void)facts;
    struct links_result r = {0};
    if (answer_links(w, &p->links, &r, e))
        return -1;
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    put_note(&j, "note", &r.note);
    put_commit(&j, w, r.uuid, r.revision);
    put_strings(&j, "warnings", &r.warning, r.warning.n > 0);
    json_key(&j, "links");
    json_open(&j, '[');
    for (size_t i = 0; i < r.n_links; i++)
        put_link(&j, &r.links[i]);
    json_close(&j, ']');
    json_close(&j, '}');
    return 0;
}

static int reply_related(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    (void)facts;
    struct related_result r = {0};
    if (answer_related(w, &p->related, &r, e))
        return -1;
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    put_commit(&j, w, r.uuid, r.revision);
    put_strings(&j, "warnings", &r.warning, r.warning.n > 0);
    put_hits(&j, r.hits, r.n_hits, false);
    json_close(&j, '}');
    return 0;
}

static int reply_new(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    if (want_one_index(w, "new", e))
        return -1;
    static const char *const kinds[NEWS_KINDS] = {"added", "changed", "removed"};
    (void)facts;
    struct new_result r = {0};
    if (answer_new(w, &p->new, &r, e))
        return -1;
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    put_uuid(&j, r.uuid, r.revision);
    json_key_int(&j, "total", (int64_t)(r.counts[0] + r.counts[1] + r.counts[2]));
    for (int k = 0; k < NEWS_KINDS; k++)
        json_key_int(&j, kinds[k], (int64_t)r.counts[k]);
    put_strings(&j, "warnings", r.warnings, r.n_warnings);
    json_key(&j, "hits");
    json_open(&j, '[');
    for (size_t i = 0; i < r.n_news; i++) {
        put_hit_open(&j, &r.news[i].hit, false);
        json_key_string(&j, "news", slice_str(kinds[r.news[i].kind]));
        if (r.news[i].kind == NEWS_CHANGED)
            json_key_string(&j, "was", r.news[i].was);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
    return 0;
}

static void put_latencies(struct json_writer *j, const struct daemon_facts *facts)
{
    json_key(j, "latencies");
    json_open(j, '[');
    for (unsigned i = 0; i < FACTS_LATENCIES; i++) {
        if (!facts->latencies[i])
            continue;
        json_open(j, '{');
        json_key_int(j, "below_us", INT64_C(1) << i);
        json_key_int(j, "requests", (int64_t)facts->latencies[i]);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void put_cache(struct json_writer *j, const struct daemon_facts *facts)
{
    if (!facts->cached) {
        json_key(j, "cache");
        json_put_null(j);
        return;
    }
    json_key(j, "cache");
    json_open(j, '{');
    json_key_int(j, "entries", (int64_t)facts->cache_entries);
    json_key_int(j, "bytes", (int64_t)facts->cache_bytes);
    json_key_int(j, "hits", (int64_t)facts->cache_hits);
    json_key_int(j, "misses", (int64_t)facts->cache_misses);
    json_close(j, '}');
}

static void put_faults(struct json_writer *j, const struct daemon_facts *facts)
{
    json_key(j, "faults");
    json_open(j, '[');
    for (unsigned i = 0; i < facts->n_faults; i++) {
        const struct log_kept *k = &facts->faults[i];
        char at[32];
        struct tm tm;
        time_t when = k->at;
        gmtime_r(&when, &tm);
        strftime(at, sizeof at, "%Y-%m-%dT%H:%M:%SZ", &tm);
        json_open(j, '{');
        json_key_string(j, "at", slice_str(at));
        json_key_string(j, "level", slice_str(k->level == LOG_ERROR ? "error" : "warning"));
        json_key_int(j, "times", k->times);
        json_key_string(j, "text", slice_str(k->text));
        json_close(j, '}');
    }
    json_close(j, ']');
}

/* -1: not known. */
static void key_known(struct json_writer *j, const char *key, int64_t v)
{
    json_key(j, key);
    if (v < 0)
        json_put_null(j);
    else
        json_put_int(j, v);
}

static void put_shards(struct json_writer *j, const struct shards *s, const uint64_t *units)
{
    json_key(j, "shards");
    json_open(j, '[');
    for (size_t i = 0; s && i < s->n; i++) {
        const struct shard *p = &s->v[i];
        json_open(j, '{');
        json_key_string(j, "name", slice_str(p->name));
        json_key_string(j, "place", slice_str(p->places[p->db ? p->at : 0]));
        key_known(j, "revision", p->db ? (int64_t)p->revision : -1);
        key_known(j, "units", p->db && units ? (int64_t)units[i] : -1);
        key_string_or_null(j, "fault", p->db ? (struct slice){0} : slice_str(p->why));
        json_close(j, '}');
    }
    json_close(j, ']');
}

static int reply_status(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    struct status_result r = {0};
    if (answer_status(w, &p->status, &r, e))
        return -1;
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    json_key_string(&j, "server", SLICE_LIT("kbsearchd " PACKAGE_VERSION));
    json_key_int(&j, "pid", getpid());
    json_key_int(&j, "uptime_s", (int64_t)((now_ns() - facts->started_ns) / 1000000000u));
    json_key_string(&j, "db", slice_str(facts->db));
    put_uuid(&j, r.uuid, r.revision);
    json_key_int(&j, "units", (int64_t)r.units);
    json_key_int(&j, "notes", (int64_t)r.notes);
    json_key(&j, "vaults");
    json_open(&j, '[');
    for (size_t i = 0; i < r.n_vaults; i++) {
        json_open(&j, '{');
        json_key_string(&j, "name", r.vaults[i].name);
        json_key_string(&j, "path", r.vaults[i].path);
        json_key_int(&j, "notes", (int64_t)r.vaults[i].notes);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    key_known(&j, "bytes", r.bytes);
    key_known(&j, "age_s", r.age_s);
    key_known(&j, "pending", r.pending);
    json_key_int(&j, "connections", facts->connections);
    json_key_int(&j, "requests", (int64_t)facts->requests);
    json_key_int(&j, "readers", facts->readers);
    json_key_int(&j, "queue", facts->queue);
    put_latencies(&j, facts);
    put_cache(&j, facts);
    put_shards(&j, w->reader->index.shards, r.shard_units);
    put_faults(&j, facts);
    json_key_string(&j, "sandbox", slice_str(facts->sandbox));
    key_string_or_null(&j, "error", r.error);
    json_close(&j, '}');
    return 0;
}

static int reply_timeline(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    static const char *const sources[] = {"digest", "note", "both"};
    (void)facts;
    struct timeline_result r;
    if (answer_timeline(w, &p->timeline, &r, e))
        return -1;
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    put_commit(&j, w, r.uuid, r.revision);
    key_string_or_null(&j, "entity", r.entity);
    json_key_int(&j, "total", (int64_t)r.total);
    put_suggestion(&j, r.suggestion_from, r.suggestion_to, r.suggestion_query);
    json_key(&j, "hits");
    json_open(&j, '[');
    for (size_t i = 0; i < r.n_lines; i++) {
        const struct story_line *l = &r.lines[i];
        put_hit_open(&j, &l->hit, false);
        json_key_string(&j, "source", slice_str(sources[l->source]));
        if (l->source == STORY_BOTH) {
            char id[2 * UNIT_ID_BYTES + 1];
            record_id_format(l->twin.id, id);
            json_key(&j, "twin");
            json_open(&j, '{');
            json_key_string(&j, "id", slice_str(id));
            json_key_string(&j, "vault", l->twin.vault);
            json_key_string(&j, "rel", l->twin.rel);
            json_key_int(&j, "line", l->twin.line);
            json_key_int(&j, "end_line", l->twin.end_line);
            json_close(&j, '}');
        }
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
    return 0;
}

static int reply_gaps(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    static const char *const kinds[] = {"timeline", "missing", "silent"};
    (void)facts;
    struct gaps_result r;
    if (answer_gaps(w, &p->gaps, &r, e))
        return -1;
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    put_commit(&j, w, r.uuid, r.revision);
    json_key_string(&j, "entity", r.entity);
    json_key_int(&j, "total", (int64_t)r.total);
    json_key(&j, "hits");
    json_open(&j, '[');
    for (size_t i = 0; i < r.n_gaps; i++) {
        put_hit_open(&j, &r.gaps[i].hit, false);
        json_key_string(&j, "gap", slice_str(kinds[r.gaps[i].kind]));
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
    return 0;
}

/* 2026-04-09, 2026-W15 or 2026-04: as date: reads it. */
static void put_bucket(struct json_writer *w, int kind, day_t from)
{
    char text[24];
    struct ymd y = day_split(kind == TREND_WEEK ? from + 3 : from);
    if (kind == TREND_DAY)
        day_format(from, text);
    else if (kind == TREND_MONTH)
        snprintf(text, sizeof text, "%04d-%02d", y.year, y.month);
    else
        snprintf(
            text, sizeof text, "%04d-W%02d", y.year, (from + 3 - day_of(y.year, 1, 1)) / 7 + 1);
    json_key_string(w, "bucket", slice_str(text));
}

static void put_series(
    struct json_writer *w, const struct trend_result *r, const struct trend_series *s, int kind)
{
    json_open(w, '{');
    json_key_string(w, "query", s->query);
    json_key_int(w, "total", (int64_t)s->total);
    put_day(w, "first", s->first);
    put_day(w, "last", s->last);
    json_key(w, "peak");
    if (s->total && r->n_buckets && s->counts[s->peak]) {
        json_open(w, '{');
        put_bucket(w, kind, r->buckets[s->peak].from);
        put_day(w, "from", r->buckets[s->peak].from);
        json_key_int(w, "count", s->counts[s->peak]);
        json_close(w, '}');
    } else {
        json_put_null(w);
    }
    put_suggestion(w, s->suggestion_from, s->suggestion_to, s->suggestion_query);
    json_close(w, '}');
}

static int reply_trend(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    static const char *const names[] = {"day", "week", "month"};
    (void)facts;
    struct trend_result r;
    int kind = p->trend.bucket;
    if (answer_trend(w, &p->trend, &r, e))
        return -1;
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    put_commit(&j, w, r.uuid, r.revision);
    json_key_string(&j, "bucket", slice_str(names[kind]));
    json_key(&j, "series");
    json_open(&j, '[');
    for (size_t i = 0; i < r.n_series; i++)
        put_series(&j, &r, &r.series[i], kind);
    json_close(&j, ']');
    json_key(&j, "buckets");
    json_open(&j, '[');
    for (size_t b = 0; b < r.n_buckets; b++) {
        const struct trend_bucket *t = &r.buckets[b];
        json_open(&j, '{');
        put_bucket(&j, kind, t->from);
        put_day(&j, "from", t->from);
        put_day(&j, "to", t->to);
        json_key_int(&j, "entries", t->entries);
        json_key(&j, "counts");
        json_open(&j, '[');
        for (size_t i = 0; i < r.n_series; i++)
            json_put_int(&j, r.series[i].counts[b]);
        json_close(&j, ']');
        json_key(&j, "rates");
        json_open(&j, '[');
        for (size_t i = 0; i < r.n_series; i++)
            json_put_real(&j, t->entries ? 1000.0 * r.series[i].counts[b] / t->entries : 0);
        json_close(&j, ']');
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
    return 0;
}

static int reply_facet(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    (void)facts;
    struct facet_result r;
    if (answer_facet(w, &p->facet, &r, e))
        return -1;
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    put_commit(&j, w, r.uuid, r.revision);
    json_key_int(&j, "total", (int64_t)r.facets.total);
    put_suggestion(&j, r.suggestion_from, r.suggestion_to, r.suggestion_query);
    put_facets(&j, &r.facets);
    json_close(&j, '}');
    return 0;
}

static int reply_with(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    (void)facts;
    struct with_result r;
    if (answer_with(w, &p->with, &r, e))
        return -1;
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    put_commit(&j, w, r.uuid, r.revision);
    json_key_string(&j, "entity", r.entity);
    json_key_int(&j, "total", (int64_t)r.total);
    json_key_int(&j, "entries", (int64_t)r.entries);
    json_key_int(&j, "distinct", (int64_t)r.distinct);
    json_key(&j, "names");
    json_open(&j, '[');
    for (size_t i = 0; i < r.n_names; i++) {
        json_open(&j, '{');
        json_key_string(&j, "name", r.names[i].text);
        json_key_int(&j, "count", r.names[i].count);
        json_key(&j, "lift");
        json_put_real(&j, r.names[i].lift);
        put_day(&j, "last", r.names[i].last);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
    return 0;
}

static int reply_rising(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    (void)facts;
    struct rising_result r;
    if (answer_rising(w, &p->rising, &r, e))
        return -1;
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    put_commit(&j, w, r.uuid, r.revision);
    put_day(&j, "from", r.from);
    put_day(&j, "to", r.to);
    put_day(&j, "base_from", r.base_from);
    json_key_int(&j, "entries", r.entries);
    json_key_int(&j, "entries_before", r.entries_before);
    json_key_int(&j, "distinct", (int64_t)r.distinct);
    json_key(&j, "names");
    json_open(&j, '[');
    for (size_t i = 0; i < r.n_names; i++) {
        const struct rising_name *n = &r.names[i];
        json_open(&j, '{');
        json_key_string(&j, "name", n->text);
        json_key_int(&j, "count", n->count);
        json_key_int(&j, "before", n->before);
        json_key(&j, "rate");
        json_put_real(&j, n->rate);
        json_key(&j, "rate_before");
        json_put_real(&j, n->rate_before);
        put_hits(&j, n->hits, n->n_hits, false);
        json_close(&j, '}');
    }
    json_close(&j, ']');
    json_close(&j, '}');
    return 0;
}

static int reply_subscribe(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    if (want_one_index(w, "subscribe", e))
        return -1;
    (void)facts;
    struct subscribe_result r = {0};
    if (answer_subscribe(w, &p->subscribe, &r, e))
        return -1;
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    put_uuid(&j, r.uuid, r.revision);
    if (p->subscribe.saved.p)
        json_key_int(&j, "total", (int64_t)r.total);
    json_close(&j, '}');
    return 0;
}

/* The loop does it. */
static int reply_unsubscribe(struct answer *w, const union proto_params *p,
    const struct daemon_facts *facts, struct buf *out, struct err *e)
{
    (void)p;
    (void)facts;
    (void)e;
    struct json_writer j = json_writer(out);
    json_open(&j, '{');
    key_string_or_null(&j, "index", slice_str(w->reader->index.uuid));
    json_close(&j, '}');
    return 0;
}

/* What is not found may stand in a shard that is down. */
static int want_all_shards(const struct answer *w, int rc, struct err *e)
{
    struct slice *names;
    if (rc == 0 || e->code != ERR_NOT_FOUND ||
        !shards_down(w->reader->index.shards, w->arena, &names))
        return rc;
    struct err was = *e;
    err_clear(e);
    return err_set(e, ERR_BUSY, "it may be in shard %.*s, which is down: %s", (int)names->n,
        names->p, was.text);
}

#define METHOD(c, wire, help)                                                                      \
    static int answer_whole_##c(struct answer *w, const union proto_params *p,                     \
        const struct daemon_facts *facts, struct buf *out, struct err *e)                          \
    {                                                                                              \
        return want_all_shards(w, reply_##c(w, p, facts, out, e), e);                              \
    }
PROTO_METHODS(METHOD)
#undef METHOD

reply_fn *const reply_methods[PROTO_COUNT] = {
#define METHOD(c, wire, help) answer_whole_##c,
    PROTO_METHODS(METHOD)
#undef METHOD
};

/* --- around them -------------------------------------------------------------------------------
 */

void reply_begin(struct buf *out, struct slice id)
{
    buf_str(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    buf_slice(out, id);
    buf_str(out, ",\"result\":");
}

void reply_end(struct buf *out)
{
    buf_char(out, '}');
}

void reply_error(struct buf *out, struct slice id, const struct err *e)
{
    enum err_code code = err_rpc(e->code) < ERR_RPC_PRIVATE ? e->code : ERR_INTERNAL;
    struct json_writer w = json_writer(out);
    json_open(&w, '{');
    json_key_string(&w, "jsonrpc", SLICE_LIT("2.0"));
    json_key(&w, "id");
    json_put_raw(&w, id);
    json_key(&w, "error");
    json_open(&w, '{');
    json_key_int(&w, "code", err_rpc(code));
    json_key_string(&w, "message", slice_str(e->text));
    json_key(&w, "data");
    json_open(&w, '{');
    json_key_string(&w, "reason", slice_str(err_reason(code)));
    if (e->at != ERR_NOWHERE)
        json_key_int(&w, "at", (int64_t)e->at);
    json_close(&w, '}');
    json_close(&w, '}');
    json_close(&w, '}');
}
