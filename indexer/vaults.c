// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/vaults.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/json.h"
#include "lib/utf8.h"

enum { FILE_BYTES = 1 << 20 };

/* --- the file ------------------------------------------------------------------------------ */

static int read_vault(struct arena *a, const struct json *j, struct vaults *vs, struct err *e)
{
    struct vault v = {.name = arena_dup(a, json_text(json_get(j, "name"))),
        .path = arena_dup(a, json_text(json_get(j, "path"))),
        .language = arena_dup(a, json_text(json_get(j, "language")))};
    const struct json *exclude = json_get(j, "exclude");
    v.n_exclude = json_len(exclude);
    v.exclude = arena_array(a, v.n_exclude, sizeof *v.exclude);
    if (!v.name.p || !v.path.p || !v.language.p || !v.exclude)
        return err_memory(e);
    for (size_t i = 0; i < v.n_exclude; i++) {
        v.exclude[i] = arena_dup(a, json_text(json_at(exclude, i)));
        if (!v.exclude[i].p)
            return err_memory(e);
    }
    if (!v.name.n || v.path.n == 0 || v.path.p[0] != '/')
        return err_set(e, ERR_CONFIG, "a vault without a name or path");
    return ARENA_PUSH(a, vs->v, vs->n, vs->cap, v) ? 0 : err_memory(e);
}

static int parse(struct arena *a, struct slice text, struct vaults *vs, struct err *e)
{
    struct json *root = json_parse(text, e);
    if (!root)
        return -1;
    const struct json *list = json_get(root, "vaults");
    int rc = json_kind(list) == JSON_IS_ARRAY ? 0 : err_set(e, ERR_CONFIG, "no list of vaults");
    for (size_t i = 0; rc == 0 && i < json_len(list); i++)
        rc = read_vault(a, json_at(list, i), vs, e);
    json_free(root);
    return rc;
}

int vaults_read(struct arena *a, const char *state_dir, struct vaults *vs, struct err *e)
{
    char *path = arena_printf(a, "%s/vaults.json", state_dir);
    if (!path)
        return err_memory(e);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT ? 0 : err_set(e, ERR_CONFIG, "%s: %s", path, strerror(errno));
    struct buf text = {0};
    char *room = buf_room(&text, FILE_BYTES);
    ssize_t n = room ? read(fd, room, FILE_BYTES) : -1;
    close(fd);
    struct err why = {0};
    int rc = n < 0 ? err_set(&why, ERR_CONFIG, "cannot be read")
                   : parse(a, slice_of(text.p, (size_t)n), vs, &why);
    buf_free(&text);
    if (rc == 0)
        return 0;
    return why.code == ERR_MEMORY
               ? err_memory(e)
               : err_set(e, ERR_CONFIG, "%s: %s: move it away and name the vaults again", path,
                     why.text);
}

static int write_file(const char *dir, int dir_fd, struct slice text, struct err *e)
{
    int fd =
        openat(dir_fd, "vaults.tmp", O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_set(e, ERR_IO, "%s/vaults.tmp: %s", dir, strerror(errno));
    bool good = write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;
    int why = errno;
    if ((close(fd) < 0 || !good) || renameat(dir_fd, "vaults.tmp", dir_fd, "vaults.json") < 0 ||
        fsync(dir_fd) < 0)
        return err_set(e, ERR_IO, "%s/vaults.json: %s", dir, strerror(good ? errno : why));
    return 0;
}

static bool is_written(int dir_fd, struct slice text)
{
    int fd = openat(dir_fd, "vaults.json", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0)
        return false;
    struct buf there = {0};
    char *room = buf_room(&there, text.n + 1);
    ssize_t n = room ? read(fd, room, text.n + 1) : -1;
    bool same = n >= 0 && slice_eq(slice_of(room, (size_t)n), text);
    buf_free(&there);
    close(fd);
    return same;
}

int vaults_write(const char *state_dir, const struct vaults *vs, struct err *e)
{
    struct buf text = {0};
    struct json_writer w = json_writer(&text);
    json_open(&w, '{');
    json_key(&w, "vaults");
    json_open(&w, '[');
    for (size_t i = 0; i < vs->n; i++) {
        json_open(&w, '{');
        json_key_string(&w, "name", vs->v[i].name);
        json_key_string(&w, "path", vs->v[i].path);
        json_key_string(&w, "language", vs->v[i].language);
        json_key(&w, "exclude");
        json_open(&w, '[');
        for (size_t k = 0; k < vs->v[i].n_exclude; k++)
            json_put_string(&w, vs->v[i].exclude[k]);
        json_close(&w, ']');
        json_close(&w, '}');
    }
    json_close(&w, ']');
    json_close(&w, '}');
    buf_char(&text, '\n');
    int rc = -1, fd = -1;
    if (text.failed)
        err_memory(e);
    else if ((fd = open(state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        err_set(e, ERR_IO, "%s: %s", state_dir, strerror(errno));
    else
        rc = is_written(fd, buf_view(&text)) ? 0 : write_file(state_dir, fd, buf_view(&text), e);
    if (fd >= 0)
        close(fd);
    buf_free(&text);
    return rc;
}

/* --- the list ------------------------------------------------------------------------------ */

struct vault *vaults_find(const struct vaults *vs, const char *arg)
{
    for (size_t i = 0; i < vs->n; i++)
        if (slice_is(vs->v[i].name, arg) || slice_is(vs->v[i].path, arg))
            return &vs->v[i];
    return NULL;
}

static struct vault *by_path(const struct vaults *vs, const char *path)
{
    for (size_t i = 0; i < vs->n; i++)
        if (slice_is(vs->v[i].path, path))
            return &vs->v[i];
    return NULL;
}

void vaults_forget(struct vaults *vs, const struct vault *v)
{
    size_t i = (size_t)(v - vs->v);
    memmove(&vs->v[i], &vs->v[i + 1], (vs->n - i - 1) * sizeof *vs->v);
    vs->n--;
}

static const struct config_vault *section(const struct config *c, struct slice name)
{
    for (size_t i = 0; i < c->n_vaults; i++)
        if (slice_is(name, c->vaults[i].name))
            return &c->vaults[i];
    return NULL;
}

static int set_exclude(
    struct arena *a, struct vault *v, const char *const *exclude, size_t n, struct err *e)
{
    v->exclude = arena_array(a, n, sizeof *v->exclude);
    if (!v->exclude)
        return err_memory(e);
    v->n_exclude = n;
    for (size_t i = 0; i < n; i++) {
        v->exclude[i] = arena_dup(a, slice_str(exclude[i]));
        if (!v->exclude[i].p)
            return err_memory(e);
    }
    return 0;
}

static int settings(struct arena *a, struct vault *v, const char *language,
    const char *const *exclude, size_t n_exclude, struct err *e)
{
    if (language) {
        v->language = arena_dup(a, slice_str(language));
        if (!v->language.p)
            return err_memory(e);
    }
    return n_exclude ? set_exclude(a, v, exclude, n_exclude, e) : 0;
}

static bool name_fits(struct slice name)
{
    if (!name.n || name.n > 200 || utf8_valid(name) < name.n)
        return false;
    for (size_t i = 0; i < name.n; i++)
        if ((unsigned char)name.p[i] < ' ' || name.p[i] == '/' || name.p[i] == 0x7f)
            return false;
    return true;
}

/* The vault at `path`, new or known. */
static int add(struct arena *a, struct vaults *vs, struct slice name, struct slice path,
    struct vault **out, struct err *e)
{
    struct vault *known = by_path(vs, path.p), *other = vaults_find(vs, name.p);
    if (known) {
        *out = known;
        return 0;
    }
    if (other)
        return err_set(e, ERR_CONFIG,
            "%s: another vault, %s, is named \"%s\": give this one a name in the configuration, "
            "[vault \"NAME\"] with path = %s",
            path.p, other->path.p, name.p, path.p);
    if (!name_fits(name) || utf8_valid(path) < path.n)
        return err_set(e, ERR_CONFIG,
            "%s: no name for a vault: give it one in the configuration, [vault \"NAME\"] with "
            "path = ...; the path must be UTF-8",
            path.p);
    struct vault v = {
        .name = arena_dup(a, name), .path = arena_dup(a, path), .language = SLICE_LIT("english")};
    if (!v.name.p || !v.path.p || !ARENA_PUSH(a, vs->v, vs->n, vs->cap, v))
        return err_memory(e);
    *out = &vs->v[vs->n - 1];
    return 0;
}

int vaults_configure(struct arena *a, const struct config *c, struct vaults *vs, struct err *e)
{
    for (size_t i = 0; i < c->n_vaults; i++) {
        const struct config_vault *s = &c->vaults[i];
        struct vault *v = vaults_find(vs, s->name);
        if (s->path) {
            char real[PATH_MAX];
            const char *path = realpath(s->path, real) ? real : s->path;
            if (v && !slice_is(v->path, path))
                vaults_forget(vs, v);
            if (add(a, vs, slice_str(s->name), slice_str(path), &v, e) < 0)
                return -1;
        }
        if (v && settings(a, v, s->language, s->exclude, s->n_exclude, e) < 0)
            return -1;
    }
    return 0;
}

static int mark(struct arena *a, const struct config *c, const struct vault_wish *wish,
    struct vault *v, struct err *e)
{
    const struct config_vault *s = section(c, v->name);
    v->named = true;
    if (s && settings(a, v, s->language, s->exclude, s->n_exclude, e) < 0)
        return -1;
    return settings(a, v, wish->language, wish->exclude, wish->n_exclude, e);
}

int vaults_name(struct arena *a, const struct config *c, const char *arg,
    const struct vault_wish *wish, struct vaults *vs, struct err *e)
{
    char path[PATH_MAX];
    struct stat st;
    struct vault *v = NULL;
    bool there = realpath(arg, path) && stat(path, &st) == 0;
    if (there && S_ISDIR(st.st_mode)) {
        const char *slash = strrchr(path, '/');
        if (add(a, vs, slice_str(slash[1] ? slash + 1 : path), slice_str(path), &v, e) < 0)
            return -1;
        return mark(a, c, wish, v, e);
    }
    int why = there ? ENOTDIR : errno;
    if ((v = vaults_find(vs, arg)))
        return mark(a, c, wish, v, e);
    return err_set(e, ERR_MISSING, "%s: no such vault: %s", arg, strerror(why));
}
