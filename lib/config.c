// SPDX-License-Identifier: GPL-2.0-or-later
#include "lib/config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <ini.h>

#include "lib/buf.h"
#include "lib/hash.h"
#include "lib/log.h"
#include "lib/nearest.h"

enum {
    FILE_MAX = 1 << 20, /* bytes of a configuration */
    NAME_MAX_INI = 49   /* inih cuts longer section and key names without a word */
};

/* How strong a value's source is: the order of the contract. */
enum source { FROM_OPTION, FROM_ENVIRONMENT, FROM_FILE, FROM_DEFAULT };

const struct config_row config_rows[] = {
#define SETTING(member, name, who, kind, least, most, argument, dflt, live, help)                  \
    {name, who, kind, least, most, argument, dflt, live, help,                                     \
        offsetof(struct config_options, member), offsetof(struct config, member)},
#include "lib/setting.def"
};
enum { N_ROWS = sizeof config_rows / sizeof *config_rows };
const size_t config_n_rows = N_ROWS;

/* Those of the sections that have names. */
static const struct key {
    const char *section, *name;
    bool many;
} keys[] = {
#define KEY(section, name, many, option, help) {section, name, many},
#include "lib/setting.def"
};
enum { N_KEYS = sizeof keys / sizeof *keys };

struct load {
    struct arena *arena;
    struct config *config;
    struct err *err;
    const char *home;                /* NULL: not set */
    struct config_value set[N_ROWS]; /* of the file; text NULL where it says nothing */
    struct slice rest;               /* of the file, not yet read */
    const char *path, *folder;       /* of the file */
    int line;
};

/* --- values --------------------------------------------------------------------------------- */

static bool is_number(const struct config_row *row, const char *text)
{
    char *end;
    errno = 0;
    double n = row->kind == CONFIG_SECONDS ? strtod(text, &end) : (double)strtol(text, &end, 10);
    return !errno && end != text && !*end && *text != ' ' && n >= row->least && n <= row->most;
}

static bool is_choice(const char *choices, const char *text)
{
    size_t n = strlen(text);
    for (const char *c = choices; n && c; c = strchr(c, '|')) {
        c += *c == '|';
        if (strcspn(c, "|") == n && strncmp(c, text, n) == 0)
            return true;
    }
    return false;
}

static bool is_part(const struct config_row *row, const char *text)
{
    unsigned i, n;
    return config_part(text, &i, &n) && i >= 1 && i <= n && n <= row->most;
}

bool config_part(const char *text, unsigned *i, unsigned *n)
{
    int end = 0;
    return text && sscanf(text, "%4u/%4u%n", i, n, &end) == 2 && !text[end];
}

/* Fills *e, behind `where`, when `text` is no value of the row. */
static int check_value(const struct config_row *row, enum err_code code, const char *where,
    const char *text, struct err *e)
{
    switch (row->kind) {
    case CONFIG_NUMBER:
    case CONFIG_SECONDS:
        if (!is_number(row, text))
            return err_set(e, code, "%s %s: a number%s from %u to %u is needed", where, text,
                row->kind == CONFIG_SECONDS ? " of seconds" : "", row->least, row->most);
        return 0;
    case CONFIG_LEVEL:
        return log_level_of(text)
                   ? 0
                   : err_set(e, code, "%s %s: one of error, warning, info, detail", where, text);
    case CONFIG_CHOICE:
        return is_choice(row->argument, text)
                   ? 0
                   : err_set(e, code, "%s %s: one of %s", where, text, row->argument);
    case CONFIG_PART:
        return is_part(row, text) ? 0
                                  : err_set(e, code, "%s %s: I/N, such as 1/2, with N up to %u",
                                        where, text, row->most);
    case CONFIG_YES:
        return strcmp(text, "yes") == 0 || strcmp(text, "no") == 0
                   ? 0
                   : err_set(e, code, "%s %s: yes or no", where, text);
    default:
        return *text ? 0 : err_set(e, code, "%s: an empty value", where);
    }
}

const struct config_row *config_option(enum config_who who, struct slice name)
{
    for (size_t i = 0; i < N_ROWS; i++)
        if (config_rows[i].who & who && slice_is(name, config_rows[i].name))
            return &config_rows[i];
    return NULL;
}

int config_take(
    const struct config_row *row, const char *value, struct config_options *o, struct err *e)
{
    char where[64];
    snprintf(where, sizeof where, "--%s", row->name);
    if (!value && row->kind == CONFIG_YES)
        value = "yes";
    if (!value)
        return err_set(e, ERR_USAGE, "%s needs a value: %s %s", where, where, row->argument);
    *(const char **)(void *)((char *)o + row->in_options) = value;
    return check_value(row, ERR_USAGE, where, value, e);
}

unsigned config_number(const struct config_value *v, unsigned unset)
{
    return v->text ? (unsigned)strtoul(v->text, NULL, 10) : unset;
}

bool config_is_yes(const struct config_value *v)
{
    return v->text && strcmp(v->text, "yes") == 0;
}

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
    const char *known[N_ROWS];
    size_t i = 0;
    while (i < N_ROWS && strcmp(name, config_rows[i].name) != 0) {
        known[i] = config_rows[i].name;
        i++;
    }
    if (i == N_ROWS)
        return unknown(l, "key", name, known, N_ROWS);
    const struct config_row *row = &config_rows[i];
    char *where = arena_printf(l->arena, "%s:%d: %s =", l->path, l->line, name);
    if (!where)
        return err_memory(l->err);
    if (check_value(row, ERR_CONFIG, where, value, l->err) ||
        (row->kind == CONFIG_PATH && absolute(l, l->folder, value, &value) < 0))
        return -1;
    return set_value(l, &l->set[i], value);
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

/* The NAME of [KIND "NAME"] or [KIND NAME]; NULL if the section is something else. */
static const char *section_name(struct load *l, const char *section, const char *kind)
{
    size_t n = strlen(kind);
    if (strncmp(section, kind, n) != 0 || (section[n] != ' ' && section[n] != '\t'))
        return NULL;
    struct slice name = slice_trim(slice_str(section + n));
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

static int unknown_key(struct load *l, const char *section, const char *name)
{
    const char *known[N_KEYS];
    size_t n = 0;
    for (size_t i = 0; i < N_KEYS; i++)
        if (strcmp(keys[i].section, section) == 0)
            known[n++] = keys[i].name;
    return unknown(l, "key", name, known, n);
}

static const char *here(struct load *l)
{
    return arena_printf(l->arena, "%s:%d", l->path, l->line);
}

static int add_exclude(struct load *l, struct config_vault *v, const char *value, const char *at)
{
    void *list = (void *)v->exclude, *places = (void *)v->exclude_at;
    if (!one_more(l->arena, &list, v->n_exclude, sizeof *v->exclude) ||
        !one_more(l->arena, &places, v->n_exclude, sizeof *v->exclude_at))
        return err_memory(l->err);
    ((const char **)places)[v->n_exclude] = at;
    ((const char **)list)[v->n_exclude++] = value;
    v->exclude = list;
    v->exclude_at = places;
    return 0;
}

static int set_vault(struct load *l, const char *vault_of, const char *name, const char *value)
{
    if (!*vault_of)
        return at_line(l, "a vault needs a name: [vault \"NAME\"]", "");
    struct config_vault *v = vault(l, vault_of);
    const char *at = here(l);
    if (!v || !at)
        return err_memory(l->err);
    if (strcmp(name, "exclude") == 0)
        return add_exclude(l, v, value, at);
    bool path = strcmp(name, "path") == 0;
    if (!path && strcmp(name, "language") != 0)
        return unknown_key(l, "vault", name);
    const char **place = path ? &v->path : &v->language;
    if (*place)
        return at_line(l, "set twice: ", name);
    *(path ? &v->path_at : &v->language_at) = at;
    if (path)
        return absolute(l, l->folder, value, place);
    *place = value;
    return 0;
}

static struct config_shard *shard(struct load *l, const char *name)
{
    struct config *c = l->config;
    for (size_t i = 0; i < c->n_shards; i++)
        if (strcmp(c->shards[i].name, name) == 0)
            return &c->shards[i];
    void *v = c->shards;
    if (!one_more(l->arena, &v, c->n_shards, sizeof *c->shards))
        return NULL;
    c->shards = v;
    c->shards[c->n_shards] = (struct config_shard){.name = name};
    return &c->shards[c->n_shards++];
}

/* Host and path go to ssh and to a shell there: nothing in them that either would read. */
static bool is_harmless(const char *s)
{
    for (const char *c = s; *c; c++)
        if (!((*c >= '0' && *c <= '9') || ((*c | 0x20) >= 'a' && (*c | 0x20) <= 'z') ||
                strchr("/._-@:", *c)))
            return false;
    return *s && *s != '-';
}

static int place(struct load *l, const char *value, const char **out)
{
    bool tcp = strncmp(value, "tcp://", 6) == 0, ssh = strncmp(value, "ssh://", 6) == 0;
    const char *end = tcp ? strrchr(value + 6, ':') : ssh ? strchr(value + 6, '/') : NULL;
    *out = value;
    if (tcp || ssh)
        return is_harmless(value + 6) && end && end > value + 6 && end[1]
                   ? 0
                   : at_line(l,
                         tcp ? "tcp://HOST:PORT is needed, not "
                             : "ssh://HOST/PATH is needed, not ",
                         value);
    return absolute(l, l->folder, value, out);
}

static int set_shard(struct load *l, const char *shard_of, const char *name, const char *value)
{
    if (!*shard_of)
        return at_line(l, "a shard needs a name: [shard \"NAME\"]", "");
    struct config_shard *s = shard(l, shard_of);
    const char *at = here(l), *where;
    if (!s || !at)
        return err_memory(l->err);
    bool database = strcmp(name, "database") == 0;
    if (!database && strcmp(name, "mirror") != 0)
        return unknown_key(l, "shard", name);
    if (database && s->n_places)
        return at_line(l, "the database comes once, before the mirrors: ", value);
    if (!database && !s->n_places)
        return at_line(l, "the database comes before its mirrors: ", value);
    void *list = (void *)s->places, *lines = (void *)s->places_at;
    if (place(l, value, &where))
        return -1;
    if (!one_more(l->arena, &list, s->n_places, sizeof *s->places) ||
        !one_more(l->arena, &lines, s->n_places, sizeof *s->places_at))
        return err_memory(l->err);
    ((const char **)lines)[s->n_places] = at;
    ((const char **)list)[s->n_places++] = where;
    s->places = list;
    s->places_at = lines;
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
    c->saved[c->n_saved++] = (struct config_saved){copy, value, here(l)};
    return c->saved[c->n_saved - 1].at ? 0 : err_memory(l->err);
}

static int set(struct load *l, const char *section, const char *name, const char *value)
{
    static const char *const known[] = {"vault \"NAME\"", "shard \"NAME\"", "saved"};
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
    const char *vault_of = section_name(l, section, "vault"),
               *shard_of = section_name(l, section, "shard");
    return vault_of   ? set_vault(l, vault_of, name, text)
           : shard_of ? set_shard(l, shard_of, name, text)
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
    l->config->file_place = l->path;
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
    const char *env = environment ? variable(environment) : NULL;
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

static const struct config_value *of_file(const struct load *l, const char *name)
{
    size_t i = 0;
    while (strcmp(config_rows[i].name, name) != 0)
        i++;
    return &l->set[i];
}

/* What no variable of the environment says. */
static int choose_all(struct load *l, const struct config_options *o)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct config_row *row = &config_rows[i];
        const char *option =
            *(const char *const *)(const void *)((const char *)o + row->in_options);
        struct config_value *v = (void *)((char *)l->config + row->in_config);
        const char *name = arena_printf(l->arena, "--%s", row->name);
        if (!name)
            return err_memory(l->err);
        if (choose(v, option, name, NULL, &l->set[i]) == FROM_DEFAULT)
            v->text = *row->dflt ? row->dflt : NULL;
    }
    return 0;
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
    enum source from = choose(v, o->socket, "--socket", "KBSEARCH_SOCKET", of_file(l, "socket"));
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
    if (choose_all(&l, o) < 0)
        return -1;
    enum source index =
        choose(&c->index, o->index, "--index", "KBSEARCH_INDEX", of_file(&l, "index"));
    enum source db = choose(&c->db, o->db, "--db", "KBSEARCH_DB", of_file(&l, "db"));
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

static void print_value(struct buf *out, const char *key, const char *text, const char *origin)
{
    if (text)
        buf_printf(out, "%s = %s  # %s\n", key, text, origin);
    else
        buf_printf(out, "# %s is not set\n", key);
}

static void print_vault(const struct config_vault *v, struct buf *out)
{
    buf_printf(out, "\n[vault \"%s\"]\n", v->name);
    if (v->path)
        print_value(out, "path", v->path, v->path_at);
    if (v->language)
        print_value(out, "language", v->language, v->language_at);
    for (size_t j = 0; j < v->n_exclude; j++)
        print_value(out, "exclude", v->exclude[j], v->exclude_at[j]);
}

static void print_shard(const struct config_shard *s, struct buf *out)
{
    buf_printf(out, "\n[shard \"%s\"]\n", s->name);
    for (size_t i = 0; i < s->n_places; i++)
        print_value(out, i ? "mirror" : "database", s->places[i], s->places_at[i]);
}

void config_print(const struct config *c, struct buf *out)
{
    if (c->file.text)
        print_value(out, "config-file", c->file.text, c->file.origin);
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct config_value *v = (const void *)((const char *)c + config_rows[i].in_config);
        print_value(out, config_rows[i].name, v->text, v->origin);
    }
    print_value(out, "state", c->state.text, c->state.origin);
    if (c->synonyms && access(c->synonyms, F_OK) == 0)
        print_value(out, "synonyms", c->synonyms, "beside config-file");
    for (size_t i = 0; i < c->n_vaults; i++)
        print_vault(&c->vaults[i], out);
    for (size_t i = 0; i < c->n_shards; i++)
        print_shard(&c->shards[i], out);
    if (c->n_saved)
        buf_str(out, "\n[saved]\n");
    for (size_t i = 0; i < c->n_saved; i++)
        print_value(out, c->saved[i].name, c->saved[i].query, c->saved[i].at);
}

/* --- again ---------------------------------------------------------------------------------- */

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static int copy_value(struct arena *a, const struct config_value *from, struct config_value *to)
{
    *to = (struct config_value){0};
    if (from->text && !(to->text = arena_strndup(a, from->text, strlen(from->text))))
        return -1;
    return from->origin && !(to->origin = arena_strndup(a, from->origin, strlen(from->origin))) ? -1
                                                                                                : 0;
}

int config_keep(struct arena *a, const struct config *now, struct config *newer, struct buf *undone)
{
    if (copy_value(a, &now->state, &newer->state))
        return -1;
    for (size_t i = 0; i < N_ROWS; i++) {
        const struct config_row *row = &config_rows[i];
        const struct config_value *v = (const void *)((const char *)now + row->in_config);
        struct config_value *other = (void *)((char *)newer + row->in_config);
        if (row->live)
            continue;
        if (row->who & CONFIG_DAEMON && !same_text(v->text, other->text))
            buf_printf(undone, "%s%s", undone->n ? ", " : "", row->name);
        if (copy_value(a, v, other))
            return -1;
    }
    return undone->failed ? -1 : 0;
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
