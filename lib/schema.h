// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * schema: the layout of the index, the one place where kbindex and kbsearchd agree on it. Change
 * anything here or in record.h and raise SCHEMA_VERSION: an index of another number is refused
 * with the command that rebuilds it.
 *
 * A document is a unit. The folder (index.h) has `current`, a link to the Xapian database.
 *
 * Terms. Where words stand SLOT_SEQUENCE tells; in an index that is a part of several ("parts")
 * base tokens' exact and plain forms have Xapian's positions, too, for another machine matches
 * phrases by nothing else. Own words:
 *   word       exact folded form of every base, GRAM2 and MARKED token and of JOINED ones with a
 *              digit (token.h) and, beside it, its plain form where it has accents. A compound of
 *              letters is found by its words, which stand side by side
 *   Z<stem>    stem of the plain form of PART tokens, and of those WORD tokens that are not told
 *              from it (forms.h): what has a stem is what has Z<stem> or one of its forms. Words
 *              with a digit, grams and marked forms have no Z: their exact term serves
 * Each word weighs once, its wdf how often it is there: by Z<stem> where that is, else by its plain
 * form where it is stemmed, else by its exact form. That of a GRAM is 0.
 *   C<x>       context: the stem or the exact term of an inherited word
 * On every unit, Boolean (wdf 0):
 *   K<kind>    Kentry            V<vault>          Q<note>  note number in decimal
 *   D<day>     D20260409, or Dnone                 M<month> M202604
 *   P<dir>     each folder above the note, "daily", "daily/2026"; not for the vault's top
 *   I<id>      the unit's id, UNIT_ID_BYTES raw bytes
 *   G<tag>     its inline tags by token_key, and each parent of a nested tag ("a", "a/b")
 *   L<target>  its wiki and relative links by schema_target_key below
 *   L/<base>   the base name of those that have a folder in front, so that a link to nothing can
 *              be asked for by name
 *   H<host>    hosts of its URLs, and each parent domain of two labels or more
 *   R          its docid does not tell its date (see docid)
 * On head units only:
 *   Y<lang>    the language whose stems the note has: english
 *   T<key>     token_key of the title and of each alias (exact title match)
 *   N<path>    schema_link_key of its path and of every end of that: daily/2026/x, 2026/x, x
 *   A<name>    schema_link_key of the title and of each alias: what else a link can call it
 *   S<x>       words of title and aliases, as C<x>
 *   G<tag>     front matter tags           E<key>  values of the entity lists and tags, token_key
 *   F<rel>\t<n> path of the note n (rel cut to 220 bytes)
 *   X<key>     a front matter property is there      X<key>:<value> and has this value (token_key)
 * Terms over 240 bytes are cut to 224 and a 16-digit hash is put behind.
 *
 * Values: SLOT_NOTE note number, SLOT_DAY day since 1970-01-01 + 2^31 (absent when undated),
 * both xvalue_u32; SLOT_SEQUENCE where its own words stand (sequence.h): the exact forms of base
 * tokens, a plain form that differs behind its own at the same place; SLOT_HEADING which heading it
 * stands below (schema_heading), so that facets read no texts but those they show.
 *
 * Docids ascend from the newest day to the oldest, so that newest-first stops early:
 *   (DOCID_NEWEST - day) * 32768 + number within the day + 1   for the days DOCID_NEWEST down to
 *   DOCID_NEWEST - DOCID_DAYS + 1; 29 bits in all, so eight shards fit in 32 bits. From
 *   DOCID_UNDATED on: undated units, and (term R) dated ones outside those days or beyond the
 *   32768th of their day.
 *
 * Metadata: "schema" (decimal), "uuid" (32 hex), "revision" (decimal; goes on through rebuilds),
 *   "part", "parts" (decimal; none: it holds all notes. Numbers of notes then are those that leave
 *   part modulo parts), "next_note", "next_undated" (decimal), "vaults" (JSON array of {name, path,
 * language, notes, units}), "counts" (JSON object: units, notes, and units by kind), "d:<day>" next
 * free number in that day, "n:<vault>/<rel>" the note's state and "u:<n>" its units'
 * (indexer/state.h), "j:<joined>" the words of a letters-only compound, "open weights" (many, '\n'
 * between), "o:<n>" the note with number n: "<vault>/<rel>", "pack" what the data
 *   is packed with (xapian-c.h, xwriter_pack).
 *
 * The id is a hash of the vault's name, the rendered text with blanks folded (the head's with its
 * title in front) and the number of the unit among those of equal text in the vault. Such a number
 * is given once, the lowest free one, in order of path and line, and stays with its unit: through
 * edits of other units, while the note is renamed (a new note takes over the numbers of those that
 * vanish in the same run) and through full rebuilds, which read the old states. So only equal texts
 * of one vault can change places, and only when the index was lost in between.
 */
#ifndef KB_SCHEMA_H
#define KB_SCHEMA_H

#include "lib/date.h"
#include "lib/slice.h"
#include "lib/arena.h"

enum { SCHEMA_VERSION = 8 };

enum schema_slot { SLOT_NOTE = 0, SLOT_DAY = 1, SLOT_SEQUENCE = 2, SLOT_HEADING = 3 };

enum {
    DOCID_DAY_BITS = 15,
    DOCID_DAYS = 15000,
    DOCID_NEWEST = 27758, /* 2045-12-31 as a day_t; the oldest is 2004-12-07 */
    DOCID_UNDATED = (DOCID_DAYS << DOCID_DAY_BITS) + 1, /* behind the oldest day's last */
    DOCID_LIMIT = 1 << 29
};

/* What SLOT_HEADING holds: of equal headings the same, of two others with a chance of 1 to 2^48. */
enum { HEADING_BYTES = 6 };
void schema_heading(struct slice rendered, char bytes[HEADING_BYTES]);

/* The first docid of a day, or 0 when the day has no place of its own. */
static inline uint32_t schema_day_docid(day_t day)
{
    return day == DAY_NONE || day > DOCID_NEWEST || day <= DOCID_NEWEST - DOCID_DAYS
               ? 0
               : ((uint32_t)(DOCID_NEWEST - day) << DOCID_DAY_BITS) + 1;
}

/* The day that a docid tells; false: it tells none. */
static inline bool schema_docid_day(uint32_t docid, day_t *day)
{
    *day = DOCID_NEWEST - (day_t)((docid - 1) >> DOCID_DAY_BITS);
    return docid < DOCID_UNDATED;
}

/* What SLOT_DAY holds of a day, as a number, and back. */
static inline uint32_t schema_day_value(day_t day)
{
    return (uint32_t)day + (UINT32_C(1) << 31);
}
static inline day_t schema_value_day(uint32_t value)
{
    return (day_t)(value - (UINT32_C(1) << 31));
}

/* prefix + text, cut as told above, into the arena; prefix 0 is none. Empty when out of memory. */
struct slice schema_term(struct arena *a, char prefix, struct slice text);

/*
 * How a link target or note path is compared: without .md/.markdown ending, leading "./" and '/',
 * percent-decoded, NFC, case folded, '\' as '/', runs of blanks as one.
 */
struct slice schema_link_key(struct arena *a, struct slice target);

/* The key of a link's target in the note at `rel`: "../" leads from there, up to the vault's top.
 * Which note it means is for the reader to find out (resolve.h). */
struct slice schema_target_key(struct arena *a, struct slice rel, struct slice target);

#endif
