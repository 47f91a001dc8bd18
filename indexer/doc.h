// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * doc: from a unit of a note to its document in the index: terms, values and record, as
 * schema.h tells them. Each unit's text is tokenised once; stems are looked up in a cache that
 * lives as long as the builder. Knows no database.
 *
 *     doc_begin(&b, &note, &e);
 *     for (i = 0; i < note.note->n_units; i++)
 *         doc_build(&b, i, id, docid, &doc, &e) ... doc_fill(&doc, xdoc, &e)
 *     doc_end(&b);
 *
 * Units may be built in any order, or only some of them: what one inherits is looked up where it
 * stands.
 */
#ifndef KB_DOC_H
#define KB_DOC_H

#include "indexer/map.h"
#include "lib/note.h"
#include "lib/record.h"
#include "lib/token.h"
#include "lib/xapian-c.h"

/* A unit inherits from so many parents, the nearest first, and so many words in all: more would be
 * the work of a hostile note. */
enum { DOC_PARENTS = 16, DOC_CONTEXT = 512 };

/* So much of one unit's text can be found by its words; all of it is kept and shown. */
enum { DOC_TEXT_BYTES = 512 << 10 };

struct doc_posting {
    struct slice term;
    uint32_t wdf;
};

struct doc_place {
    struct slice word;
    uint32_t at;
};

struct doc {
    struct doc_posting *postings;
    size_t n, cap;
    struct doc_place *places; /* Xapian's positions, where the builder is told to */
    size_t n_places;
    struct slice data;
    struct slice id_term;
    day_t day;
    uint32_t note;
    struct slice sequence, heading;
    uint64_t terms_sig; /* of all terms and values but the id */
    uint64_t data_sig;  /* of the record */
};

/* A note to be indexed. */
struct doc_note {
    struct slice vault, rel;
    uint32_t number;
    struct slice language; /* of the vault; the note's own `lang` comes first where it is known */
    const struct note *note;
};

/* A compound of letters and its words: "openweights", "open weights". */
struct doc_joined {
    struct slice joined, words;
};

struct doc_lexeme;
struct doc_language;

struct doc_builder {
    bool positions; /* Xapian's, too: it is a part of several (schema.h) */

    struct arena cache; /* words, lexemes, languages: until they are too many */
    struct map lexemes;
    struct map compounds;
    struct doc_language *languages;
    struct doc_joined *joined; /* those first met since the caller last set n_joined to 0 */
    size_t n_joined, cap_joined;

    struct arena arena; /* the present note's */
    struct arena unit;  /* the present unit's */
    struct buf text;
    struct doc_note at;
    struct doc_language *language;
    struct doc_words *words; /* per unit, for those that others inherit from */
    struct slice *rendered;  /* per unit, of headings */
    bool *inherited;         /* others inherit from it, and its words are not known yet */
    struct doc_lexeme **title;
    size_t n_title;
    uint64_t stamp;
};

void doc_builder_free(struct doc_builder *b); /* a zeroed builder is ready for use */

/* `n` lives until doc_end or the next doc_begin. ERR_CONFIG: the vault's language is unknown. */
int doc_begin(struct doc_builder *b, const struct doc_note *n, struct err *e);
/* Keeps the words it met, and nothing of the note: before another one is read, since one unit can
 * take as much memory as a whole note. */
void doc_end(struct doc_builder *b);
/* So many words were met that doc_begin should be asked to forget them, with the same note. */
bool doc_is_full(const struct doc_builder *b);

/* The hash of a unit's vault and rendered text, blanks folded; for the head with its title in
 * front. Two units with one hash hold the same text. */
int doc_text_hash(struct doc_builder *b, size_t unit, uint64_t *hash, struct err *e);

/* The id of the nth unit (from 0) with this text in its vault. */
void doc_id(uint64_t text_hash, uint32_t nth, uint8_t id[UNIT_ID_BYTES]);
struct slice doc_id_term(struct arena *a, const uint8_t id[UNIT_ID_BYTES]);

/* *d lives until the next doc_build. */
int doc_build(struct doc_builder *b, size_t unit, const uint8_t id[UNIT_ID_BYTES], docid_t docid,
    struct doc *d, struct err *e);
int doc_fill(const struct doc *d, struct xdoc *x, struct err *e);

#endif
