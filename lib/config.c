// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <ini.h>

#include "lib/buf.h"
#include "lib/hash.h"
#include "lib/nearest.h"

enum {
    FILE_MAX = 1 << 20, /* bytes of a configuration */
    NAME_MAX_INI = 49   /* inih cuts longer section and key names without a word */
};

/* How strong a value's source is: the order of the contract. */
enum source { FROM_OPTION, FROM_ENVIRONMENT, FROM_FILE, FROM_DEFAULT };

struct load {
    struct arena *arena;
    struct config *config;
    struct err *err;
    const char *home;                      /* NULL: not set */
    struct config_value index, db, socket; /* of the file; text NULL where it says nothing */
    struct slice rest;                     /* of the file, not yet read */
    const char *path, *folder;             /* of the file */
    int line;
};

/* --- paths ---------------------------------------------------------------------------------- */

static const char *variable(const char *name)
{
    const char *v = getenv(name);
    return v && *v ? v : NULL;
}

static int no_home(struct err *e)
{
    return err_set(e, ERR_CONFIG,
        "HOME is not set: set it, or name the places by --db, --socket "
        "and --config-file");
}

/* `path` without a slash at its end. */
static const char *trimmed(struct arena *a, const char *path)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    return arena_strndup(a, path, n);
}

/* `path` as seen from `folder`, or from the working directory when that is NULL. */
static int absolute(struct load *l, const char *folder, const char *path, const char **out)
{
    const char *p = path;
    if (path[0] == '~' && (path[1] == '/' || !path[1])) {
        if (!l->home)
            return no_home(l->err);
        p = arena_printf(l->arena, "%s%s", l->home, path + 1);
    } else if (path[0] != '/') {
        char *cwd = folder ? NULL : getcwd(NULL, 0);
        if (!folder && !cwd)
            return err_set(
                l->err, ERR_CONFIG, "%s: the working directory is gone: %s", path, strerror(errno));
        while (path[0] == '.' && path[1] == '/')
            path += 2;
        p = arena_printf(l->arena, "%s/%s", folder ? folder : cwd, path);
        free(cwd);
    }
    *out = p ? trimmed(l->arena, p) : NULL;
    return *out ? 0 : err_memory(l->err);
}

/* $VARIABLE, or `below` HOME. */
static int xdg(struct load *l, const char *name, const char *below, const char **out)
{
    const char *v = variable(name);
    if (v && v[0] == '/')
        *out = trimmed(l->arena, v);
    else if (l->home)
        *out = arena_printf(l->arena, "%s/%s", l->home, below);
    else
        return no_home(l->err);
    return *out ? 0 : err_memory(l->err);
}

/* realpath of what exists of `path`, the rest as it is: a folder may be made later. */
static const char *real(struct arena *a, const char *path)
{
    char *there = realpath(path, NULL);
    if (there) {
        const char *copy = arena_strndup(a, there, strlen(there));
        free(there);
        return copy;
    }
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return path;
    const char *above = arena_strndup(a, path, (size_t)(slash - path));
    above = above ? real(a, above) : NULL;
    return above ? arena_printf(a, "%s%s", strcmp(above, "/") == 0 ? "" : above, slash) : NULL;
}

/* --- the file ------------------------------------------------------------------------------- */

static int at_line(struct load *l, const char *what, const char *more)
{
    return err_set(l->err, ERR_CONFIG, "%s:%d: %s%s", l->path, l->line, what, more);
}

static int unknown(
    struct load *l, const char *what, const char *name, const char *const *known, size_t n)
{
    struct nearest near = nearest_to(slice_str(name));
    struct buf all = {0};
    for (size_t i = 0; i < n; i++) {
        nearest_try(&near, known[i]);
        buf_printf(&all, "%s%s", i ? ", " : "", known[i]);
    }
    if (near.name)
        err_set(l->err, ERR_CONFIG, "%s:%d: unknown %s \"%s\"; did you mean \"%s\"?", l->path,
            l->line, what, name, near.name);
    else
        err_set(l->err, ERR_CONFIG, "%s:%d: unknown %s \"%s\"; known: %s", l->path, l->line, what,
            name, buf_cstr(&all));
    buf_free(&all);
    return -1;
}

static bool has_control(const char *s)
{
    for (; *s; s++)
        if ((unsigned char)*s < 0x20 || *s == 0x7f)
            return true;
    return false;
}

/* A value that may stand in quotes: those of a person who is used to a shell. */
static const char *unquoted(struct load *l, const char *value)
{
    size_t n = strlen(value);
    if (n >= 2 && value[0] == '"' && value[n - 1] == '"')
        return arena_strndup(l->arena, value + 1, n - 2);
    return arena_strndup(l->arena, value, n);
}

static int set_value(struct load *l, struct config_value *v, const char *text)
{
    if (v->text)
        return at_line(l, "set twice, first at ", v->origin);
    v->text = text;
    v->origin = arena_printf(l->arena, "%s:%d", l->path, l->line);
    return v->origin ? 0 : err_memory(l->err);
}

static int set_general(struct load *l, const char *name, const char *value)
{
    static const char *const known[] = {"index", "db", "socket"};
    if (strcmp(name, "index") == 0)
        return set_value(l, &l->index, value);
    struct config_value *v = strcmp(name, "db") == 0       ? &l->db
                             : strcmp(name, "socket") == 0 ? &l->socket
                                                           : NULL;
    const char *path;
    if (!v)
        return unknown(l, "key", name, known, sizeof known / sizeof *known);
    if (absolute(l, l->folder, value, &path) < 0)
        return -1;
    return set_value(l, v, path);
}

/* Room for one more in an array of n that grows by doubling: its capacity follows from n. */
static bool one_more(struct arena *a, void **v, size_t n, size_t size)
{
    if (n & (n - 1))
        return true;
    void *grown = arena_grow(a, *v, n, n ? 2 * n : 1, size);
    if (grown)
        *v = grown;
    return grown != NULL;
}

/* The NAME of [vault "NAME"] or [vault NAME]; NULL if the section is something else. */
static const char *vault_name(struct load *l, const char *section)
{
    if (strncmp(section, "vault", 5) != 0 || (section[5] != ' ' && section[5] != '\t'))
        return NULL;
    struct slice name = slice_trim(slice_str(section + 5));
    const char *text = arena_strndup(l->arena, name.p, name.n);
    return text ? unquoted(l, text) : NULL;
}

static struct config_vault *vault(struct load *l, const char *name)
{
    struct config *c = l->config;
    for (size_t i = 0; i < c->n_vaults; i++)
        if (strcmp(c->vaults[i].name, name) == 0)
            return &c->vaults[i];
    void *v = c->vaults;
    if (!one_more(l->arena, &v, c->n_vaults, sizeof *c->vaults))
        return NULL;
    c->vaults = v;
    c->vaults[c->n_vaults] = (struct config_vault){.name = name};
    return &c->vaults[c->n_vaults++];
}

static int set_vault(struct load *l, const char *vault_of, const char *name, const char *value)
{
    static const char *const known[] = {"path", "language", "exclude"};
    if (!*vault_of)
        return at_line(l, "a vault needs a name: [vault \"NAME\"]", "");
    struct config_vault *v = vault(l, vault_of);
    if (!v)
        return err_memory(l->err);
    if (strcmp(name, "exclude") == 0) {
        void *list = (void *)v->exclude;
        if (!one_more(l->arena, &list, v->n_exclude, sizeof *v->exclude))
            return err_memory(l->err);
        ((const char **)list)[v->n_exclude++] = value;
        v->exclude = list;
        return 0;
    }
    bool path = strcmp(name, "path") == 0;
    if (!path && strcmp(name, "language") != 0)
        return unknown(l, "key", name, known, sizeof known / sizeof *known);
    const char **place = path ? &v->path : &v->language;
    if (*place)
        return at_line(l, "set twice: ", name);
    if (path)
        return absolute(l, l->folder, value, place);
    *place = value;
    return 0;
}

static bool is_saved_name(const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        bool word = c >= 0x80 || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        if (!word && c != '-' && c != '_')
            return false;
    }
    return true;
}

static int set_saved(struct load *l, const char *name, const char *value)
{
    struct config *c = l->config;
    const char *copy = arena_strndup(l->arena, name, strlen(name));
    void *v = c->saved;
    if (!is_saved_name(name))
        return at_line(l, "the name of a saved query is letters, digits, - and _: ", name);
    for (size_t i = 0; i < c->n_saved; i++)
        if (strcmp(c->saved[i].name, name) == 0)
            return at_line(l, "set twice: ", name);
    if (!copy || !one_more(l->arena, &v, c->n_saved, sizeof *c->saved))
        return err_memory(l->err);
    c->saved = v;
    c->saved[c->n_saved++] = (struct config_saved){copy, value};
    return 0;
}

static int set(struct load *l, const char *section, const char *name, const char *value)
{
    static const char *const known[] = {"vault \"NAME\"", "saved"};
    if (!*value)
        return at_line(l, "no value for ", name);
    if (has_control(value))
        return at_line(l, "a control character in the value of ", name);
    bool saved = strcmp(section, "saved") == 0;
    const char *text = saved ? arena_strndup(l->arena, value, strlen(value)) : unquoted(l, value);
    if (!text)
        return err_memory(l->err);
    if (saved)
        return set_saved(l, name, text);
    if (!*section)
        return set_general(l, name, text);
    const char *vault_of = vault_name(l, section);
    return vault_of ? set_vault(l, vault_of, name, text)
                    : unknown(l, "section", section, known, sizeof known / sizeof *known);
}

static int on_pair(void *user, const char *section, const char *name, const char *value)
{
    struct load *l = user;
    return l->err->code || set(l, section, name, value) < 0 ? 0 : 1;
}

/* inih cuts names it has no room for: nobody shall get another vault than he wrote. */
static bool names_fit(struct slice line)
{
    bool section = line.n && line.p[0] == '[';
    size_t n = section;
    while (n < line.n && (section ? line.p[n] != ']' : line.p[n] != '=' && line.p[n] != ':'))
        n++;
    return slice_trim(slice_of(line.p + section, n - section)).n <= NAME_MAX_INI;
}

/*
 * fgets for inih, over memory: it counts lines, which inih keeps to itself, and takes the blanks
 * in front away, which would make a line the continuation of another.
 */
static char *next_line(char *to, int room, void *stream)
{
    struct load *l = stream;
    if (l->rest.n == 0 || l->err->code)
        return NULL;
    const char *nl = memchr(l->rest.p, '\n', l->rest.n);
    size_t n = nl ? (size_t)(nl - l->rest.p) + 1 : l->rest.n;
    struct slice line = slice_trim(slice_of(l->rest.p, n));
    l->rest = slice_of(l->rest.p + n, l->rest.n - n);
    l->line++;
    bool comment = line.n && (line.p[0] == '#' || line.p[0] == ';');
    if (comment)
        line.n = 0;
    if (line.n + 2 > (size_t)room || !names_fit(line)) {
        at_line(l, "the line or its name is too long", "");
        return NULL;
    }
    memcpy(to, line.p, line.n);
    memcpy(to + line.n, "\n", 2);
    return to;
}

static int read_file(struct load *l, bool named, struct buf *text)
{
    int fd = open(l->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat st;
    if (fd < 0 && errno == ENOENT && !named) {
        l->path = NULL;
        return 0;
    }
    if (fd < 0)
        return err_set(l->err, ERR_CONFIG, "%s: %s", l->path, strerror(errno));
    ssize_t got = -1;
    if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode))
        err_set(l->err, ERR_CONFIG, "%s: not a regular file", l->path);
    else
        do {
            char *to = buf_room(text, 4096);
            got = to ? read(fd, to, 4096) : 0;
            text->n += got > 0 ? (size_t)got : 0;
        } while (got > 0 && text->n <= FILE_MAX);
    if (got < 0)
        err_set(l->err, ERR_CONFIG, "%s: %s", l->path, strerror(errno));
    else if (text->failed)
        err_memory(l->err);
    else if (text->n > FILE_MAX || (text->n && memchr(text->p, '\0', text->n)))
        err_set(l->err, ERR_CONFIG, "%s: not a configuration", l->path);
    close(fd);
    return l->err->code ? -1 : 0;
}

static int parse_file(struct load *l, bool named)
{
    struct buf text = {0};
    const char *slash = strrchr(l->path, '/');
    l->folder = arena_strndup(l->arena, l->path, (size_t)(slash - l->path));
    if (!l->folder)
        return err_memory(l->err);
    if (read_file(l, named, &text) == 0 && l->path) {
        l->rest = buf_view(&text);
        int bad = ini_parse_stream(next_line, l, on_pair, l);
        int reached = l->line;
        if (bad > 0 && (!l->err->code || bad < reached)) {
            err_clear(l->err);
            l->line = bad;
            at_line(l, "neither [section] nor key = value", "");
        }
    }
    buf_free(&text);
    return l->err->code ? -1 : 0;
}

static int find_file(struct load *l, const struct config_options *o)
{
    struct config_value *v = &l->config->file;
    const char *env = variable("KBSEARCH_CONFIG"), *named = o->config_file ? o->config_file : env;
    v->origin = o->config_file ? "--config-file" : env ? "KBSEARCH_CONFIG" : "default";
    if (named) {
        if (absolute(l, NULL, named, &l->path) < 0)
            return -1;
    } else {
        const char *base;
        const char *xdg_home = variable("XDG_CONFIG_HOME");
        if (!l->home && !(xdg_home && xdg_home[0] == '/'))
            return 0;
        if (xdg(l, "XDG_CONFIG_HOME", ".config", &base) < 0)
            return -1;
        l->path = arena_printf(l->arena, "%s/kbsearch/kbsearch.conf", base);
        if (!l->path)
            return err_memory(l->err);
    }
    if (parse_file(l, named != NULL) < 0)
        return -1;
    v->text = l->path;
    l->config->synonyms = arena_printf(l->arena, "%s/synonyms", l->folder);
    if (!l->config->synonyms)
        return err_memory(l->err);
    return 0;
}

/* --- the places ----------------------------------------------------------------------------- */

/* The strongest source that says something. */
static enum source choose(struct config_value *v, const char *option, const char *option_name,
    const char *environment, const struct config_value *file)
{
    const char *env = variable(environment);
    if (option) {
        *v = (struct config_value){option, option_name};
        return FROM_OPTION;
    }
    if (env) {
        *v = (struct config_value){env, environment};
        return FROM_ENVIRONMENT;
    }
    *v = file->text ? *file : (struct config_value){NULL, "default"};
    return file->text ? FROM_FILE : FROM_DEFAULT;
}

static int check_index_name(const struct config_value *v, struct err *e)
{
    size_t n = strlen(v->text);
    if (n == 0 || n > 64 || v->text[0] == '.' || strchr(v->text, '/') || has_control(v->text))
        return err_set(e, ERR_CONFIG,
            "%s: \"%s\" is no name for an index: up to 64 bytes, no slash, no dot in front",
            v->origin, v->text);
    return 0;
}

static bool ours(const char *path, mode_t closed_to)
{
    struct stat st;
    return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
           !(st.st_mode & closed_to);
}

static int socket_folder(struct load *l, const char **folder)
{
    const char *runtime = variable("XDG_RUNTIME_DIR");
    if (runtime && runtime[0] == '/' && (ours(runtime, 0) || access(runtime, F_OK) != 0)) {
        *folder = arena_printf(l->arena, "%s/kbsearch", runtime);
        return *folder ? 0 : err_memory(l->err);
    }
    char *run = arena_printf(l->arena, "/run/user/%ju", (uintmax_t)geteuid());
    if (!run)
        return err_memory(l->err);
    if (ours(run, 077)) {
        *folder = arena_printf(l->arena, "%s/kbsearch", run);
    } else {
        const char *cache;
        if (xdg(l, "XDG_CACHE_HOME", ".cache", &cache) < 0)
            return -1;
        *folder = arena_printf(l->arena, "%s/kbsearch/run", cache);
    }
    return *folder ? 0 : err_memory(l->err);
}

static int default_socket(struct load *l, bool other_db)
{
    struct config *c = l->config;
    const char *folder;
    if (socket_folder(l, &folder) < 0)
        return -1;
    c->socket.origin = "default";
    if (other_db) {
        const char *path = real(l->arena, c->db.text);
        if (!path)
            return err_memory(l->err);
        c->socket.text =
            arena_printf(l->arena, "%s/db-%016" PRIx64 ".sock", folder, hash64(slice_str(path), 0));
    } else {
        c->socket.text = arena_printf(l->arena, "%s/%s.sock", folder, c->index.text);
    }
    return c->socket.text ? 0 : err_memory(l->err);
}

/* *other: db is not the index's own place. */
static int place_db(struct load *l, bool *other)
{
    struct config *c = l->config;
    const char *cache, *xdg_cache = variable("XDG_CACHE_HOME");
    *other = c->db.text != NULL;
    if (*other && absolute(l, NULL, c->db.text, &c->db.text) < 0)
        return -1;
    if (*other && !l->home && !(xdg_cache && xdg_cache[0] == '/'))
        return 0;
    if (xdg(l, "XDG_CACHE_HOME", ".cache", &cache) < 0)
        return -1;
    const char *own = arena_printf(l->arena, "%s/kbsearch/%s", cache, c->index.text);
    if (!own)
        return err_memory(l->err);
    if (!*other) {
        c->db.text = own;
        return 0;
    }
    const char *real_db = real(l->arena, c->db.text), *real_own = real(l->arena, own);
    if (!real_db || !real_own)
        return err_memory(l->err);
    *other = strcmp(real_db, real_own) != 0;
    return 0;
}

static int place_state(struct load *l, bool other)
{
    struct config *c = l->config;
    const char *state;
    c->state.origin = "default";
    if (other) {
        c->state.text = arena_printf(l->arena, "%s/state", c->db.text);
    } else {
        if (xdg(l, "XDG_STATE_HOME", ".local/state", &state) < 0)
            return -1;
        c->state.text = arena_printf(l->arena, "%s/kbsearch/%s", state, c->index.text);
    }
    return c->state.text ? 0 : err_memory(l->err);
}

static int place_socket(
    struct load *l, const struct config_options *o, enum source index, bool other)
{
    struct config_value *v = &l->config->socket;
    enum source from = choose(v, o->socket, "--socket", "KBSEARCH_SOCKET", &l->socket);
    if (from == FROM_DEFAULT || (from == FROM_FILE && index < FROM_FILE)) {
        if (default_socket(l, other) < 0)
            return -1;
    } else if (absolute(l, NULL, v->text, &v->text) < 0) {
        return -1;
    }
    size_t most = sizeof((struct sockaddr_un *)0)->sun_path - 1;
    if (strlen(v->text) > most)
        return err_set(l->err, ERR_CONFIG,
            "%s: the path of a socket has at most %zu bytes: name a shorter one by --socket",
            v->text, most);
    return 0;
}

int config_load(struct arena *a, const struct config_options *o, struct config *c, struct err *e)
{
    struct load l = {.arena = a, .config = c, .err = e, .home = variable("HOME")};
    *c = (struct config){0};
    if (l.home && l.home[0] != '/')
        l.home = NULL;
    if (find_file(&l, o) < 0)
        return -1;
    enum source index = choose(&c->index, o->index, "--index", "KBSEARCH_INDEX", &l.index);
    enum source db = choose(&c->db, o->db, "--db", "KBSEARCH_DB", &l.db);
    if (!c->index.text)
        c->index.text = "main";
    if (check_index_name(&c->index, e) < 0)
        return -1;
    if (c->db.text && !*c->db.text)
        return err_set(e, ERR_CONFIG, "%s: an empty path", c->db.origin);
    if (o->socket && !*o->socket)
        return err_set(e, ERR_CONFIG, "--socket: an empty path");
    if (db > index)
        c->db = (struct config_value){NULL, "default"};
    bool other;
    if (place_db(&l, &other) < 0 || place_state(&l, other) < 0)
        return -1;
    return place_socket(&l, o, db < index ? db : index, other);
}

/* --- the rest ------------------------------------------------------------------------------- */

static void print_value(struct buf *out, const char *key, const struct config_value *v)
{
    buf_printf(out, "%s = %s  # %s\n", key, v->text ? v->text : "", v->origin);
}

void config_print(const struct config *c, struct buf *out)
{
    if (c->file.text)
        print_value(out, "config-file", &c->file);
    print_value(out, "index", &c->index);
    print_value(out, "db", &c->db);
    print_value(out, "state", &c->state);
    print_value(out, "socket", &c->socket);
    if (c->synonyms && access(c->synonyms, F_OK) == 0)
        buf_printf(out, "synonyms = %s  # beside config-file\n", c->synonyms);
    for (size_t i = 0; i < c->n_vaults; i++) {
        const struct config_vault *v = &c->vaults[i];
        buf_printf(out, "\n[vault \"%s\"]\n", v->name);
        if (v->path)
            buf_printf(out, "path = %s\n", v->path);
        if (v->language)
            buf_printf(out, "language = %s\n", v->language);
        for (size_t j = 0; j < v->n_exclude; j++)
            buf_printf(out, "exclude = %s\n", v->exclude[j]);
    }
    if (c->n_saved)
        buf_str(out, "\n[saved]\n");
    for (size_t i = 0; i < c->n_saved; i++)
        buf_printf(out, "%s = %s\n", c->saved[i].name, c->saved[i].query);
}

static int make_folders(const char *path, struct err *e)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return 0;
    const char *slash = strrchr(path, '/');
    if (errno != ENOENT || !slash || slash == path)
        return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    char *above = strndup(path, (size_t)(slash - path));
    if (!above)
        return err_memory(e);
    int failed = make_folders(above, e);
    free(above);
    if (failed)
        return -1;
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
    return 0;
}

int config_private_dir(const char *path, struct err *e)
{
    if (make_folders(path, e) < 0)
        return -1;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd < 0 && (errno == ENOTDIR || errno == ELOOP))
        return err_set(e, ERR_IO, "%s: must be a folder, not a link or a file", path);
    if (fd < 0 || fstat(fd, &st) < 0) {
        err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return -1;
    }
    close(fd);
    if (st.st_uid != geteuid())
        return err_set(e, ERR_IO, "%s: belongs to user %ju, not to us", path, (uintmax_t)st.st_uid);
    if (st.st_mode & 077)
        return err_set(e, ERR_IO, "%s: open to other users (mode %03o): chmod 700 %s", path,
            (unsigned)(st.st_mode & 0777), path);
    return 0;
}
