// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * xapian-c: C bindings for the part of Xapian 1.4 that is used. It speaks Xapian's nouns
 * (database, document, term, value, query, result) and knows nothing of notes. xapian-c.cc is the
 * only C++ of the project.
 *
 * - No exception leaves: every body is one guard. -1 comes with a filled struct err:
 *   ERR_MISSING (no database there), ERR_LOCKED, ERR_DAMAGED, ERR_SCHEMA (another format),
 *   ERR_BUSY (its revision was discarded and three reopens did not help), ERR_TIMEOUT,
 *   ERR_CANCELLED, ERR_COMPLEX (a wildcard over its cap), ERR_MEMORY, ERR_IO, ERR_INTERNAL.
 * - No Xapian object and no iterator leaves: results are copied into the caller's arena.
 * - An xdb or xwriter belongs to one thread at a time (Xapian's counts are not atomic).
 * - Slices given in need to live only for the call.
 */
#ifndef KB_XAPIAN_C_H
#define KB_XAPIAN_C_H

#ifdef __cplusplus
#include <atomic>
using std::atomic_bool;
extern "C" {
#else
#include <stdatomic.h>
#endif
#include <stdint.h>

#include "lib/arena.h"
#include "lib/err.h"
#include "lib/slice.h"

typedef uint32_t docid_t; /* from 1; 0 is none */

/* --- queries: plain data, built by lib/plan, owned by whoever built them ------------------- */

enum xq_op {
    XQ_NONE,    /* matches nothing */
    XQ_ALL,     /* matches every document */
    XQ_TERM,    /* term */
    XQ_AND,     /* all kids */
    XQ_OR,      /* any kid, weights added */
    XQ_SYNONYM, /* any kid, weighted as if one term; made of terms, prefixes, AND, OR only */
    XQ_NOT,     /* kids[0] without any of the others */
    XQ_FILTER,  /* kids[0], only where all others match; their weight does not count */
    XQ_MAYBE,   /* kids[0], with the others' weight where they match too */
    XQ_PHRASE,  /* kids (XQ_TERM) at increasing places within `window` */
    XQ_NEAR,    /* the same in any order; unsure where two of the words stand at one place */
    XQ_PREFIX,  /* terms that begin with `term`, at most `limit`: the most frequent ones */
    XQ_RANGE,   /* value `slot` within [low, high], bytewise; an empty end is open */
    XQ_SCALE,   /* kids[0], weight times `factor` (>= 0; 0: matches, weighs nothing) */
    XQ_DOCIDS   /* the documents in docids[], which ascend; single databases only (match.h) */
};

struct xquery {
    enum xq_op op;
    struct slice term;
    struct xquery **kids;
    size_t n_kids;
    uint32_t wqf;    /* XQ_TERM: within-query frequency, 0 means 1 */
    uint32_t window; /* XQ_PHRASE, XQ_NEAR; 0 means n_kids */
    uint32_t limit;  /* XQ_PREFIX */
    uint32_t slot;
    struct slice low, high;
    double factor;
    const docid_t *docids;
    size_t n_docids;
    /* A promise about this part: it matches just the documents from first_docid to last_docid.
     * 0: nothing is promised. Xapian does not ask; match.h does. */
    docid_t first_docid, last_docid;
};

/* --- reading ------------------------------------------------------------------------------- */

struct xdb;

/* `path`: a glass database's folder (a stub file works too). */
int xdb_open(struct xdb **db, const char *path, struct err *e);
/*
 * A database by its address: a folder, tcp://HOST:PORT of a xapian-tcpsrv, or ssh://HOST/PATH, for
 * which ssh runs xapian-progsrv there (on PATH/current where that is). Each step of an answer may
 * take `timeout_ms`, connecting `connect_ms`. When a connection breaks, here or later, that is
 * ERR_MODIFIED: open it anew and ask again. ERR_TIMEOUT: opening took too long.
 */
int xdb_open_at(
    struct xdb **db, const char *address, unsigned timeout_ms, unsigned connect_ms, struct err *e);
/* Several as one. A part may be closed before it, but no data is read from then on: how that is
 * packed each part knows. Docids are interleaved: of the n parts the i-th's docid d is (d - 1) * n
 * + i + 1. */
int xdb_join(struct xdb **db, struct xdb *const *parts, size_t n, struct err *e);
/* How many were joined; 0: it is one database. */
size_t xdb_parts(const struct xdb *db);
/* The docid d that a document of a joined database has in its part, and the first joined docid that
 * such a d has. Of one database: the same. */
static inline docid_t xdb_own_docid(const struct xdb *db, docid_t id)
{
    docid_t n = (docid_t)xdb_parts(db);
    return n && id ? (id - 1) / n + 1 : id;
}
static inline docid_t xdb_joined_docid(const struct xdb *db, docid_t id)
{
    docid_t n = (docid_t)xdb_parts(db);
    return n && id ? (id - 1) * n + 1 : id;
}
void xdb_close(struct xdb *db); /* NULL is fine */
/* To the newest commit; cheap when there is none. Not enough when the folder itself was swapped
 * (faults.md 4): the caller compares (st_dev, st_ino) and opens anew. */
int xdb_reopen(struct xdb *db, struct err *e);

/* How often the database came to another revision, by xdb_reopen or within another call that found
 * its revision discarded. Several calls that must agree: ask before and after, repeat if it moved.
 */
uint64_t xdb_moves(const struct xdb *db);

/* Memory ran out within a call (Xapian takes a table for open whose blocks it had no room for, and
 * crashes over it later), or its machine was lost: to be closed, and opened anew. Of several as
 * one, a machine that is lost is told of its part. */
bool xdb_is_half_read(const struct xdb *db);
/* It was lost for want of an answer in time. */
bool xdb_is_silent(const struct xdb *db);

/* Whether it is one database, not a stub over several. */
bool xdb_is_single(const struct xdb *db);
/* Something of the caller's that lives as long as the database: freed with it, or when another one
 * takes its place. NULL until one was attached. */
void xdb_attach(struct xdb *db, void *thing, void (*free)(void *thing));
void *xdb_attached(const struct xdb *db);

/*
 * For whom the database is asked from now on: what takes long ends in its middle with ERR_CANCELLED
 * once *stop is true (NULL: never), and with ERR_TIMEOUT once CLOCK_MONOTONIC is past the deadline
 * (0: there is none). Loops over many documents of the caller's own ask now and then, too: 0, or -1
 * with the error.
 */
void xdb_watch(struct xdb *db, uint64_t deadline_ns, const atomic_bool *stop);
int xdb_look(const struct xdb *db, struct err *e);

struct xdb_info {
    uint64_t documents;
    docid_t last_docid;
    double average_length;
    uint64_t bytes;    /* on disk */
    char uuid[37];     /* Xapian's own, and its count of commits, where it is single; else empty */
    uint64_t revision; /* and 0 */
};
int xdb_info(struct xdb *db, struct xdb_info *info, struct err *e);

/* Empty when there is no such key. Of a joined database the first part's. */
int xdb_metadata(
    struct xdb *db, struct arena *a, struct slice key, struct slice *value, struct err *e);
/* The lines of an entry, of a joined database those of all parts, each once. */
int xdb_metadata_lines(
    struct xdb *db, struct arena *a, struct slice key, struct slice *lines, struct err *e);
/* Calls `each` for the metadata entries whose key begins with `prefix`, in order, until it returns
 * non-zero, which is then returned (so >= 0). The slices live for the call only. */
int xdb_metadata_each(struct xdb *db, struct slice prefix,
    int (*each)(void *ctx, struct slice key, struct slice value), void *ctx, struct err *e);

int xdb_term_freq(struct xdb *db, struct slice term, uint32_t *documents, struct err *e);
/* Calls `each` for the terms that begin with `prefix`, in byte order from `from` on (empty: from
 * the first), until it returns non-zero, which is then returned. No C frame may longjmp out. */
int xdb_terms_each(struct xdb *db, struct slice prefix, struct slice from,
    int (*each)(void *ctx, struct slice term, uint32_t documents), void *ctx, struct err *e);
/* The documents that hold `term`, ascending, at most `max` of them from `first` on. */
int xdb_postings(struct xdb *db, struct arena *a, struct slice term, docid_t first, size_t max,
    docid_t **docids, size_t *n, struct err *e);
/* All documents, ascending, and their lengths, 65,535 at most; at most `max` documents. */
int xdb_lengths(
    struct xdb *db, docid_t *docids, uint16_t *lengths, size_t max, size_t *n, struct err *e);
/* The posting list of `term` from docid `first` to `last`: at most `max` documents, ascending, and
 * their wdf, 65,535 at most. */
int xdb_posting_list(struct xdb *db, struct slice term, docid_t first, docid_t last,
    docid_t *docids, uint16_t *wdf, size_t max, size_t *n, struct err *e);
/* Which of the n documents (ascending) hold `term`, and their wdf. */
int xdb_probe(struct xdb *db, struct slice term, const docid_t *docids, size_t n, uint16_t *wdf,
    bool *found, struct err *e);
/* The data of n documents that are there. */
int xdb_data_of(struct xdb *db, struct arena *a, const docid_t *ids, size_t n, struct slice *data,
    struct err *e);
/* The document's data; ERR_NOT_FOUND when there is no such document. */
int xdb_data(struct xdb *db, struct arena *a, docid_t id, struct slice *data, struct err *e);
/* One value of one document; empty when it has none. */
int xdb_value(
    struct xdb *db, struct arena *a, docid_t id, uint32_t slot, struct slice *value, struct err *e);
/* Calls `each` for those of the n documents (ascending) that have a value in the slot, in their
 * order, until it returns non-zero, which is then returned. The slice lives for the call only. */
int xdb_values(struct xdb *db, uint32_t slot, const docid_t *docids, size_t n,
    int (*each)(void *ctx, size_t at, struct slice value), void *ctx, struct err *e);
/* The document's terms in byte order that begin with `prefix`. */
int xdb_document_terms(struct xdb *db, struct arena *a, docid_t id, struct slice prefix,
    struct slice **terms, size_t *n, struct err *e);

enum xsort {
    XSORT_WEIGHT,     /* best first, equal ones by ascending docid */
    XSORT_DOCID,      /* ascending docid, weights not computed: stops as soon as full */
    XSORT_DOCID_DOWN, /* descending docid, weights not computed */
    XSORT_VALUE,      /* ascending value of `slot`, then ascending docid */
    XSORT_VALUE_DOWN  /* descending value of `slot`, then ascending docid */
};

struct xsearch {
    const struct xquery *query;
    enum xsort sort;
    uint32_t slot;          /* XSORT_VALUE* */
    uint32_t first, max;    /* results first .. first + max - 1 */
    uint32_t check;         /* the count is exact up to this many matches; UINT32_MAX: always */
    double k1, b;           /* BM25; k1 < 0: Boolean, no weights */
    double min_length;      /* BM25's min_normlen, Xapian's default 0.5 */
    bool data;              /* fetch the documents' data */
    uint32_t collapse_slot; /* keep the best of each value of this slot; XSEARCH_NO_SLOT: no */
    bool all_docids;        /* every match's docid, ascending, in xresult.docids */
};
#define XSEARCH_NO_SLOT UINT32_MAX

struct xhit {
    docid_t id;
    double weight;
    struct slice value; /* XSORT_VALUE*: what it was put in order by */
    struct slice data;
};

struct xresult {
    struct xhit *hits;
    size_t n_hits;
    docid_t *docids; /* all_docids: fit for XQ_DOCIDS */
    size_t n_docids;
    uint32_t total; /* exact when lower == upper */
    uint32_t lower, upper;
    double max_weight; /* best weight any document had */
};

/* Whether Xapian itself can match XQ_PHRASE and XQ_NEAR of more than one word there: any document
 * has positions. Elsewhere that is ERR_INTERNAL (match.h does it). */
bool xdb_has_positions(const struct xdb *db);

/*
 * One match. xdb_watch holds for each candidate, also of prefixes. Matching and
 * fetching the data happen in one go; a discarded revision is reopened and asked again at most
 * three times, then ERR_BUSY. All of *r comes from the arena.
 */
int xdb_search(
    struct xdb *db, struct arena *a, const struct xsearch *s, struct xresult *r, struct err *e);

/* Terms that set the documents in ids[] apart from the rest (Xapian's expand set, Bo1), best
 * first, only terms without an upper-case prefix, at most max. For --related. */
struct xterm {
    struct slice term;
    double weight;
};
int xdb_expand(struct xdb *db, struct arena *a, const docid_t *ids, size_t n_ids, size_t max,
    struct xterm **terms, size_t *n_terms, struct err *e);

/* --- stems --------------------------------------------------------------------------------- */

struct xstem;
/* A Snowball stemmer by Xapian's name ("english", "german", "none"); ERR_CONFIG when unknown.
 * One thread at a time. */
int xstem_new(struct xstem **s, const char *language, struct err *e);
/* Puts one more behind it: those of an index's languages are a list, which xstem_free frees. */
int xstem_add(struct xstem *s, const char *language, struct err *e);
/* The one behind it, or NULL. */
struct xstem *xstem_next(const struct xstem *s);
void xstem_free(struct xstem *s);
/* The language by its full name, "german" for "de"; empty when out of memory. */
struct slice xstem_language(const struct xstem *s, struct arena *a);
/* The stem of a folded word, into the arena; the word itself when out of luck. */
struct slice xstem_of(struct xstem *s, struct arena *a, struct slice word);

/* --- writing ------------------------------------------------------------------------------- */

struct xwriter;
struct xdoc; /* a document under construction */

enum xwriter_mode {
    XWRITER_EXISTING, /* ERR_MISSING when there is none */
    XWRITER_CREATE,   /* a new one; ERR_IO when one is there */
    XWRITER_PART      /* a new one that is only there to be merged: nothing is synced */
};
/* Never waits for the lock: ERR_LOCKED at once; a folder that cannot be written is ERR_IO. A new
 * folder is 0700, the files in it follow the umask. */
int xwriter_open(struct xwriter **w, const char *path, enum xwriter_mode mode, struct err *e);
/* Cancels an open transaction: what was not committed is gone. NULL is fine. */
void xwriter_close(struct xwriter *w);
/*
 * Every change belongs to a transaction. One of any size is atomic: after each 10,000 changes (or
 * XAPIAN_FLUSH_THRESHOLD of the environment when the writer was opened) Xapian moves them from
 * memory to blocks of the tables that no reader sees and that a cancel or a kill leaves free.
 * After ERR_NOT_FOUND and ERR_INTERNAL of the arguments the transaction goes on; after any other
 * error it is dropped whole and nothing but closing works.
 */
int xwriter_begin(struct xwriter *w, struct err *e);
/* Commits the transaction and syncs the folder itself (Xapian does not: faults.md 1). On an error
 * the transaction is cancelled and the writer must be closed. */
int xwriter_commit(struct xwriter *w, struct err *e);
int xwriter_cancel(struct xwriter *w, struct err *e);
/* Puts the document at exactly this docid, new or not. The document stays the caller's. */
int xwriter_put(struct xwriter *w, docid_t id, struct xdoc *d, struct err *e);
/* Changes only the data, leaving terms and values untouched (much cheaper than xwriter_put).
 * ERR_NOT_FOUND when there is no such document, from xwriter_delete too. */
int xwriter_put_data(struct xwriter *w, docid_t id, struct slice data, struct err *e);
int xwriter_delete(struct xwriter *w, docid_t id, struct err *e);
int xwriter_set_metadata(struct xwriter *w, struct slice key, struct slice value, struct err *e);
/* From now on the data of documents is packed (pack.h), with this dictionary, which the database
 * keeps; reading undoes it. Before the first document. */
int xwriter_pack(struct xwriter *w, struct slice dictionary, struct err *e);
/* Reading through the writer sees its uncommitted changes; the xdb lives until the writer closes
 * and must not be closed by the caller. */
struct xdb *xwriter_db(struct xwriter *w);

/* Xapian 1.4 writes values in a destructor, too: an error of the disk there cannot be thrown and
 * ends the process. `say` is told it first, and does not return: what was not committed is gone.
 * NULL: nobody is told any more. */
void xwriter_last_words(void (*say)(const struct err *e));

/* `tell` hears of each call that reads or changes tables, as it begins and (false) as it ends;
 * calls from the callbacks of one lie within it. For one thread that ends what a damaged table
 * leads in a circle. NULL: nobody hears of any more. */
void xdb_tell_calls(void (*tell)(bool begins));

int xdoc_new(struct xdoc **d, struct err *e);
void xdoc_free(struct xdoc *d);
int xdoc_clear(struct xdoc *d, struct err *e);
/* wdf grows by wdf_inc (0: a Boolean term). Terms over 245 bytes: ERR_INTERNAL. */
int xdoc_term(struct xdoc *d, struct slice term, uint32_t wdf_inc, struct err *e);
/* That a term, which the document has or gets by this, stands at a place. */
int xdoc_position(struct xdoc *d, struct slice term, uint32_t pos, struct err *e);
int xdoc_value(struct xdoc *d, uint32_t slot, struct slice value, struct err *e);
int xdoc_data(struct xdoc *d, struct slice data, struct err *e);

/*
 * Merges databases into a new, compacted one at `to`, which must not be there, and syncs it. Docids
 * are kept, so each source needs a range of its own: first to last used docid must not reach into
 * another source's. A metadata key may stand in several sources only with the same value. Else
 * ERR_INTERNAL, and what was made of `to` is the caller's to remove.
 */
int xdb_merge(const char *const *from, size_t n_from, const char *to, struct err *e);
/* Xapian's own check of a database's tables: the number of faults found, -1 when it could not
 * run; what it says is appended line by line to *report. */
int xdb_check(struct arena *a, const char *path, struct slice *report, struct err *e);

/* Four-byte values that sort bytewise as the numbers do. */
static inline void xvalue_u32(uint32_t v, char bytes[4])
{
    bytes[0] = (char)(v >> 24);
    bytes[1] = (char)(v >> 16);
    bytes[2] = (char)(v >> 8);
    bytes[3] = (char)v;
}
static inline uint32_t xvalue_as_u32(struct slice s)
{
    const unsigned char *p = (const unsigned char *)s.p;
    return s.n < 4 ? 0 : (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

#ifdef __cplusplus
}
#endif
#endif
