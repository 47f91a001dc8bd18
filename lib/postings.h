// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * postings: what one reader keeps of its revision to match quickly: the posting lists that were
 * asked for lately, decoded, and the texts of hits. Documents are counted as docs.h does.
 *
 * Lists are kept up to a bound (8 MiB and 4 bytes for each document), as arrays; where not all fit,
 * half of it in few bytes (terse.h). Those used longest ago go first, and only when a search ends,
 * so that it may hold on to what it got, and pays itself for having read much, not who asks next;
 * what was found out of single documents (postings_noted), which costs more to find again, lasts
 * longer. Another revision forgets everything. Beside them, from the first prefix on and until
 * postings_rest, two bytes for each document, to add its lists up in.
 *
 * Belongs to its database (xapian-c.h, xdb_attach) and to one thread at a time.
 */
#ifndef KB_POSTINGS_H
#define KB_POSTINGS_H

#include "lib/docs.h"
#include "lib/texts.h"
#include "lib/xapian-c.h"

struct posting_list {
    struct slice term;  /* or a name for several */
    uint32_t frequency; /* documents that hold the term, or as Xapian estimates for several */
    uint32_t most;      /* documents that hold it at most */
    size_t n;           /* documents in `at`; 0 until they are read */
    uint32_t *at;       /* ascending, counted as told above */
    uint16_t *wdf;      /* as often as the document has the term, 65,535 at most */
    bool read;
    bool asked;    /* these two for the own use of who matches: 0 at first */
    size_t probed; /* documents that it was probed for */
};

struct postings;

/* The database's, brought to its revision; made when there is none. For databases of one table set
 * only (xdb_is_single). `docs` lives until the next call. A search begins, until postings_end. */
int postings_of(struct xdb *db, struct postings **p, const struct docs **docs, struct err *e);

/* Forgotten with the revision, too. */
struct texts *postings_texts(struct postings *p);
/* Room for one search. */
struct arena *postings_scratch(struct postings *p);
/* A search ends: that room is cleared, some is kept for the next one; lists beyond the bound go. */
void postings_end(struct postings *p);

/* Nobody asks for a while: what a search alone needs goes back to malloc; lists and texts stay. */
void postings_rest(struct xdb *db);

/* Another bound for each of lists, texts and scratch; 0: what is told above. */
int postings_limit(struct xdb *db, size_t most, struct err *e);

/* The list of a term, by its frequency alone, or with its documents. Lives until postings_end. */
int postings_find(struct postings *p, struct slice term, struct posting_list **list, struct err *e);
int postings_read(struct postings *p, struct posting_list *list, struct err *e);
/* Whether its documents are kept in one form or another, so that postings_read takes little. */
bool postings_is_near(const struct posting_list *list);

/* The list of several terms as one, which are given as queries: wdf is added up, and the frequency
 * is what Xapian estimates for a synonym of them. Those that no document holds are left out. */
int postings_synonym(struct postings *p, struct xquery *const *terms, size_t n,
    struct posting_list **list, struct err *e);

/* The list of all terms that begin with `start`, of the `limit` most frequent ones when there are
 * more; wdf is added up, and the frequency is what Xapian estimates for a synonym of them. */
int postings_prefix(struct postings *p, struct slice start, uint32_t limit,
    struct posting_list **list, struct err *e);

/* Those terms, into the arena, and how many documents hold them, added up. */
int postings_expand(struct postings *p, struct slice start, uint32_t limit, struct arena *a,
    struct slice **terms, size_t *n, uint64_t *documents, struct err *e);

/*
 * How many of `documents` hold any of n terms, as Xapian estimates for a synonym: as if they did
 * not depend on one another, the two rarest joined first (matcher/orpostlist.cc). Changes
 * frequency[].
 */
uint32_t postings_estimate(uint32_t *frequency, size_t n, size_t documents);

/* The part of a list from document `first` to `last`. The last one asked for is kept, since the
 * tiers of an answer ask for the same; it lives until postings_end. */
int postings_part(struct postings *p, struct posting_list *list, uint32_t first, uint32_t last,
    struct posting_list *part, struct err *e);

/* The wdf of a list (that of an entry: no part) in each of the n documents at[] (ascending), for
 * those that are much longer
 * than n and not read yet; absent: found[i] is false. */
int postings_probe(struct postings *p, const struct posting_list *list, const uint32_t *at,
    size_t n, uint16_t *wdf, bool *found, struct err *e);

/*
 * What was found out of single documents under a name that is no term's (it begins with a control
 * character), for as long as there is room: at[] are the documents that were asked about, wdf[]
 * what was found. `read` is false while there is nothing. postings_note replaces all of it; the
 * arrays, of malloc, become the list's.
 */
int postings_noted(
    struct postings *p, struct slice name, struct posting_list **list, struct err *e);
void postings_note(
    struct postings *p, struct posting_list *list, uint32_t *at, uint16_t *found, size_t n);

#endif
