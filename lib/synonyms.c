// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/synonyms.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/token.h"

struct reading {
    struct arena *a;
    struct synonyms *s;
    const char *file;
    size_t line;
    struct err *e;
};

static int wrong(struct reading *r, const char *what)
{
    return err_set(r->e, ERR_CONFIG, "%s:%zu: %s", r->file, r->line, what);
}

static struct slice without_comment(struct slice line)
{
    for (size_t i = 0; i < line.n; i++)
        if (line.p[i] == '#' && (i == 0 || line.p[i - 1] == ' ' || line.p[i - 1] == '\t'))
            return slice_of(line.p, i);
    return line;
}

static size_t words_in(struct slice key)
{
    size_t n = 1;
    for (size_t i = 0; i < key.n; i++)
        n += key.p[i] == ' ';
    return n;
}

struct slice synonyms_key(struct arena *a, struct slice name)
{
    struct tokens t = {0};
    struct buf b = {0};
    if (tokenize(a, name, &t, NULL))
        return slice_of(NULL, 0);
    for (size_t i = 0; i < t.n; i++) {
        if (!token_is_base(t.v[i].kind))
            continue;
        if (b.n)
            buf_char(&b, ' ');
        buf_slice(&b, t.v[i].plain);
    }
    struct slice key = b.failed ? slice_of(NULL, 0) : arena_dup(a, buf_view(&b));
    buf_free(&b);
    return key;
}

static int add_name(struct reading *r, struct slice name, struct synonym *group)
{
    name = slice_trim(name);
    if (group->n == SYNONYMS_GROUP)
        return wrong(r, "over 16 names in one group: make two of it");
    if (name.n > SYNONYMS_NAME)
        return wrong(r, "a name of over 200 bytes");
    struct slice key = synonyms_key(r->a, name);
    if (!key.n)
        return wrong(r, "a name without a word: write NAME = OTHER NAME, ...");
    if (words_in(key) > SYNONYMS_WORDS)
        return wrong(r, "a name of over 8 words");
    group->keys[group->n] = key;
    group->names[group->n++] = name;
    return 0;
}

static int add_group(struct reading *r, struct slice line)
{
    struct synonym group = {.names = arena_array(r->a, SYNONYMS_GROUP, sizeof *group.names),
        .keys = arena_array(r->a, SYNONYMS_GROUP, sizeof *group.keys)};
    if (!group.names || !group.keys)
        return err_memory(r->e);
    if (!memchr(line.p, '=', line.n))
        return wrong(r, "no '=': write NAME = OTHER NAME, ...");
    for (size_t i = 0, begin = 0; i <= line.n; i++) {
        if (i < line.n && line.p[i] != '=' && line.p[i] != ',')
            continue;
        if (add_name(r, slice_of(line.p + begin, i - begin), &group))
            return -1;
        begin = i + 1;
    }
    for (size_t i = 0; i < group.n; i++) {
        size_t words = words_in(group.keys[i]);
        group.key = group.keys[i];
        if (words > r->s->longest)
            r->s->longest = words;
        if (!ARENA_PUSH(r->a, r->s->v, r->s->n, r->s->cap, group))
            return err_memory(r->e);
    }
    return 0;
}

static int by_key(const void *x, const void *y)
{
    const struct synonym *a = x, *b = y;
    return slice_cmp(a->key, b->key);
}

int synonyms_parse(
    struct arena *a, struct slice text, const char *name, struct synonyms *s, struct err *e)
{
    struct reading r = {.a = a, .s = s, .file = name, .e = e};
    *s = (struct synonyms){0};
    static const struct slice bom = {"\xef\xbb\xbf", 3};
    if (slice_starts(text, bom))
        text = slice_of(text.p + bom.n, text.n - bom.n);
    struct slice copy = arena_dup(a, text);
    if (!copy.p && text.n)
        return err_memory(e);
    text = copy;
    while (text.n) {
        const char *end = memchr(text.p, '\n', text.n);
        size_t n = end ? (size_t)(end - text.p) : text.n;
        struct slice line = slice_trim(without_comment(slice_of(text.p, n)));
        r.line++;
        if (line.n && add_group(&r, line))
            return -1;
        n += end != NULL;
        text = slice_of(text.p + n, text.n - n);
    }
    if (s->n)
        qsort(s->v, s->n, sizeof *s->v, by_key);
    return 0;
}

static int read_all(int fd, struct buf *text)
{
    for (;;) {
        char *room = buf_room(text, 1 << 16);
        if (!room) {
            errno = ENOMEM;
            return -1;
        }
        ssize_t n = read(fd, room, 1 << 16);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return (int)n;
        text->n += (size_t)n;
        if (text->n > SYNONYMS_BYTES) {
            errno = EFBIG;
            return -1;
        }
    }
}

int synonyms_load(struct arena *a, const char *path, struct synonyms *s, struct err *e)
{
    *s = (struct synonyms){0};
    /* A pipe would hold the daemon up: it is opened without waiting and then refused. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR
                   ? 0
                   : err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    struct stat st;
    struct buf text = {0};
    int rc = fstat(fd, &st);
    if (rc == 0 && !S_ISREG(st.st_mode)) {
        errno = EINVAL;
        rc = -1;
    }
    if (rc == 0)
        rc = read_all(fd, &text);
    if (rc)
        err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    else
        rc = synonyms_parse(a, buf_view(&text), path, s, e);
    buf_free(&text);
    close(fd);
    return rc ? -1 : 0;
}

const struct synonym *synonyms_find(const struct synonyms *s, struct slice key, size_t *n)
{
    size_t low = 0, high = s ? s->n : 0;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (slice_cmp(s->v[mid].key, key) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    *n = 0;
    while (s && low + *n < s->n && slice_eq(s->v[low + *n].key, key))
        ++*n;
    return *n ? &s->v[low] : NULL;
}
