// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * json: the door to jansson for reading, and a writer that puts each byte once into its buffer.
 */
#ifndef KB_JSON_H
#define KB_JSON_H

#include <stdint.h>

#include "lib/buf.h"
#include "lib/err.h"
#include "lib/slice.h"

/* --- reading: opaque values that live as long as their root ------------------------------- */

struct json; /* any value; a root is freed by json_free, inner ones never */

/* Names that jansson has too (json_string, json_real, JSON_NULL, ...) must not be used here: the
 * linker would give its own calls to our bodies. */
enum json_kind {
    JSON_IS_NULL,
    JSON_IS_BOOL,
    JSON_IS_INT,
    JSON_IS_REAL,
    JSON_IS_STRING,
    JSON_IS_ARRAY,
    JSON_IS_OBJECT
};

enum { JSON_DEPTH = 64 };

/* One value, nothing behind it. Refused with ERR_PARSE and the byte: invalid UTF-8, lone
 * surrogates, U+0000, duplicate keys, integers beyond 64 bits, more than JSON_DEPTH levels (which
 * is checked before jansson sees it). */
struct json *json_parse(struct slice text, struct err *e);
void json_free(struct json *root);

enum json_kind json_kind(const struct json *v);                     /* NULL is JSON_IS_NULL */
const struct json *json_get(const struct json *v, const char *key); /* NULL: no such member */
const struct json *json_at(const struct json *v, size_t i);
size_t json_len(const struct json *v);        /* of an array or object, else 0 */
struct slice json_text(const struct json *v); /* {NULL, 0} unless a string */
int64_t json_int(const struct json *v, int64_t otherwise);
double json_number(const struct json *v, double otherwise);
bool json_bool(const struct json *v, bool otherwise);
/* Calls `each` for the members of an object, in their order, until it returns non-zero. */
int json_each(
    const struct json *v, int (*each)(void *ctx, const char *key, const struct json *v), void *ctx);
/* Appends the value as compact JSON. */
void json_dump(const struct json *v, struct buf *out);

/* --- writing ------------------------------------------------------------------------------- */

/* Commas and colons come by themselves; levels at most JSON_DEPTH. Check out->failed at the end. */
struct json_writer {
    struct buf *out;
    uint64_t filled; /* bit d: level d holds something already */
    unsigned depth;
    bool after_key;
};

static inline struct json_writer json_writer(struct buf *out)
{
    return (struct json_writer){.out = out};
}
void json_open(struct json_writer *w, char bracket);  /* '{' or '[' */
void json_close(struct json_writer *w, char bracket); /* '}' or ']' */
void json_key(struct json_writer *w, const char *key);
/* Strict JSON for any bytes: invalid UTF-8 becomes U+FFFD, controls are escaped; non-ASCII stays.
 * Never a raw newline. */
void json_put_string(struct json_writer *w, struct slice s);
void json_put_int(struct json_writer *w, int64_t v);
void json_put_real(struct json_writer *w, double v); /* up to 6 significant digits, never NaN */
void json_put_bool(struct json_writer *w, bool v);
void json_put_null(struct json_writer *w);
/* Text that is one JSON value already. */
void json_put_raw(struct json_writer *w, struct slice json);
/* key and value in one. */
void json_key_string(struct json_writer *w, const char *key, struct slice s);
void json_key_int(struct json_writer *w, const char *key, int64_t v);
void json_key_bool(struct json_writer *w, const char *key, bool v);

#endif
