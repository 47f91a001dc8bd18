// SPDX-License-Identifier: GPL-2.0-or-later
/* kbindex: builds the index and brings it up to date. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "indexer/check.h"
#include "indexer/options.h"
#include "indexer/report.h"
#include "indexer/update.h"
#include "indexer/watch.h"
#include "lib/hash.h"
#include "lib/heap.h"
#include "lib/index.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/turns.h"

enum { JOBS_UNASKED = 4 };

struct program {
    struct arena a;
    struct options o;
    struct config config;
    struct vaults vaults;
    int64_t wait_ms;
    unsigned part, parts; /* scan.h */
    bool missing;         /* a vault that was named is not there */
    const struct update_ears *ears;
    struct err e;
};

static int exit_code(const struct err *e)
{
    switch (e->code) {
    case ERR_USAGE:
        return EX_USAGE;
    case ERR_MISSING:
        return EX_NOINPUT;
    case ERR_IO:
        return EX_CANTCREAT;
    case ERR_LOCKED:
        return EX_TEMPFAIL;
    case ERR_CONFIG:
        return EX_CONFIG;
    default:
        return EX_SOFTWARE;
    }
}

static void say(const struct program *p, const char *text)
{
    if (!p->ears || p->ears->problem(p->ears->ctx, hash64(slice_str(text), 0)))
        log_line(LOG_ERROR, "%s", text);
}

static int fail(const struct program *p)
{
    say(p, p->e.text);
    return exit_code(&p->e);
}

/* Descriptors 0 to 2 must never be given to a table of the index. */
static bool fill_descriptors(void)
{
    for (int fd = 0; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_WRONLY : O_RDONLY) != fd)
            return false;
    return true;
}

/* --- vaults -------------------------------------------------------------------------------- */

/* From the index, where the list beside it is lost. */
static int vaults_of_index(struct program *p)
{
    struct index_reader r = {0};
    struct slice text = {0};
    struct err ignored = {0};
    int rc = index_reader_init(&r, p->config.db.text, &p->e);
    if (rc == 0 && index_reader_refresh(&r, &ignored) == 0)
        rc = xdb_metadata(r.db, &p->a, SLICE_LIT("vaults"), &text, &p->e);
    struct json *root = rc == 0 && text.n ? json_parse(text, &p->e) : NULL;
    for (size_t i = 0; rc == 0 && i < json_len(root); i++) {
        const struct json *v = json_at(root, i);
        struct vault one = {.name = arena_dup(&p->a, json_text(json_get(v, "name"))),
            .path = arena_dup(&p->a, json_text(json_get(v, "path"))),
            .language = arena_dup(&p->a, json_text(json_get(v, "language")))};
        if (!one.name.p || !one.path.p || !one.language.p ||
            !ARENA_PUSH(&p->a, p->vaults.v, p->vaults.n, p->vaults.cap, one))
            rc = err_memory(&p->e);
    }
    json_free(root);
    index_reader_free(&r);
    return rc;
}

static int known_vaults(struct program *p)
{
    if (vaults_read(&p->a, p->config.state.text, &p->vaults, &p->e) < 0)
        return -1;
    if (!p->vaults.n && vaults_of_index(p) < 0)
        return -1;
    return vaults_configure(&p->a, &p->config, &p->vaults, &p->e);
}

static int name_vaults(struct program *p)
{
    const struct vault_wish wish = {p->o.language, p->o.exclude, p->o.n_exclude};
    for (size_t i = 0; i < p->o.n_vaults; i++) {
        struct err why = {0};
        if (vaults_name(&p->a, &p->config, p->o.vaults[i], &wish, &p->vaults, &why) == 0)
            continue;
        if (why.code != ERR_MISSING)
            return err_set(&p->e, why.code, "%s", why.text);
        say(p, why.text);
        p->missing = true;
    }
    return 0;
}

static int check_language(struct program *p)
{
    for (size_t i = 0; i < p->vaults.n; i++) {
        struct xstem *s = NULL;
        struct err why = {0};
        if (xstem_new(&s, p->vaults.v[i].language.p, &why) < 0)
            return err_set(&p->e, why.code == ERR_CONFIG && p->o.language ? ERR_USAGE : why.code,
                "vault %s: %s", p->vaults.v[i].name.p, why.text);
        xstem_free(s);
    }
    return 0;
}

/* --- what can be asked --------------------------------------------------------------------- */

static int list(struct program *p)
{
    struct index_reader r = {0};
    struct slice text = {0};
    struct err why = {0};
    if (index_reader_init(&r, p->config.db.text, &p->e) < 0)
        return fail(p);
    bool there = index_reader_refresh(&r, &why) == 0;
    int rc = there ? xdb_metadata(r.db, &p->a, SLICE_LIT("vaults"), &text, &p->e) : 0;
    struct json *root = text.n ? json_parse(text, &p->e) : NULL;
    for (size_t i = 0; i < p->vaults.n; i++) {
        const struct vault *v = &p->vaults.v[i];
        int64_t notes = 0, units = 0;
        for (size_t k = 0; k < json_len(root); k++) {
            const struct json *row = json_at(root, k);
            if (!slice_eq(json_text(json_get(row, "name")), v->name))
                continue;
            notes = json_int(json_get(row, "notes"), 0);
            units = json_int(json_get(row, "units"), 0);
        }
        report_line(
            "%s  %s  %" PRId64 " notes, %" PRId64 " units", v->name.p, v->path.p, notes, units);
    }
    if (!there)
        log_line(LOG_WARNING, "%s", why.text);
    json_free(root);
    index_reader_free(&r);
    return rc < 0 || p->e.code ? fail(p) : EX_OK;
}

static int check(struct program *p)
{
    struct check c = {.dir = p->config.db.text,
        .vaults = &p->vaults,
        .tables_only = p->o.check == CHECK_INDEX,
        .quiet = p->o.quiet};
    if (check_run(&c, &p->e) < 0) {
        int code = fail(p);
        return p->e.code == ERR_DAMAGED ? EX_DATAERR : code;
    }
    return c.findings ? EX_DATAERR : EX_OK;
}

static void take_part(struct program *p)
{
    config_part(p->config.shard.text, &p->part, &p->parts);
    for (size_t i = 0; i < p->vaults.n; i++) {
        p->vaults.v[i].part = p->part;
        p->vaults.v[i].parts = p->parts;
    }
}

static int prepare(struct program *p)
{
    if (known_vaults(p) < 0)
        return -1;
    if (p->o.remove) {
        struct vault *v = vaults_find(&p->vaults, p->o.remove);
        if (!v)
            return err_set(
                &p->e, ERR_MISSING, "%s: no such vault: kbindex --list names them", p->o.remove);
        vaults_forget(&p->vaults, v);
    }
    if (name_vaults(p) < 0 || check_language(p) < 0)
        return -1;
    if (!p->vaults.n && !p->o.remove && !p->missing)
        return err_set(&p->e, ERR_USAGE, "which vault? kbindex FOLDER");
    take_part(p);
    return 0;
}

static unsigned jobs(const struct config *c)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    if (c->jobs.text)
        return config_number(&c->jobs, 0);
    return cores < 1 ? 1 : cores < JOBS_UNASKED ? (unsigned)cores : JOBS_UNASKED;
}

/* After a commit that failed: before anything is built upon it. A rebuild builds upon nothing. */
static int end_doubt(struct program *p, const struct store *store)
{
    struct check c = {.dir = store->dir, .tables_only = true, .quiet = true};
    struct err why = {0};
    if (!store_doubtful(store) || p->o.full)
        return 0;
    log_line(LOG_WARNING, "the last run could not write: checking the index first");
    if (check_run(&c, &why) < 0 && why.code != ERR_NO_INDEX && why.code != ERR_SCHEMA)
        return err_set(&p->e, why.code, "%s", why.text);
    if (c.findings)
        return err_set(&p->e, ERR_DAMAGED, "%s: not whole: run kbindex --full", store->dir);
    store_doubt(store, false);
    return 0;
}

/* The run that Xapian ends in the middle (xapian-c.h): as any that could not write. */
static struct program *writing;
static const struct store *written;

static void last_words(const struct err *e)
{
    store_doubt(written, true);
    err_set(&writing->e, e->code, "%s: %s", written->dir, e->text);
    _exit(fail(writing));
}

static int write_index(struct program *p)
{
    struct store store;
    const struct options *o = &p->o;
    if (store_open(&store, p->config.db.text, p->wait_ms, &p->e) < 0)
        return p->e.code == ERR_LOCKED && (o->quiet || o->watch) ? EX_OK : fail(p);
    writing = p;      // cppcheck-suppress autoVariables ; they are asked while this runs
    written = &store; // cppcheck-suppress autoVariables
    xwriter_last_words(last_words);
    struct update u = {.store = &store,
        .vaults = &p->vaults,
        .state = p->config.state.text,
        .only_named = o->n_vaults || o->remove,
        .full = o->full,
        .force = o->force,
        .quiet = o->quiet,
        .verbose = o->verbose,
        .jobs = jobs(&p->config),
        .ears = p->ears};
    int rc = end_doubt(p, &store) < 0 ? -1 : prepare(p);
    u.part = p->part;
    u.parts = p->parts;
    bool idle = rc == 0 && p->missing && !o->remove && !p->vaults.n;
    if (rc == 0 && !idle)
        rc = config_private_dir(p->config.state.text, &p->e);
    if (rc == 0 && !idle)
        rc = vaults_write(p->config.state.text, &p->vaults, &p->e);
    if (rc == 0 && !idle)
        rc = update_run(&u, &p->e);
    if (rc == 0 && o->full && store_doubtful(&store))
        store_doubt(&store, false);
    xwriter_last_words(NULL);
    store_close(&store);
    if (rc < 0)
        return fail(p);
    return p->missing || u.missing ? EX_NOINPUT : u.problems ? EX_DATAERR : EX_OK;
}

/* --- many runs ----------------------------------------------------------------------------- */

struct watched {
    const struct program *p;
    bool later; /* a run was made */
    int code;   /* of the last run */
};

static enum watch_state watched_run(void *ctx, const struct update_ears *ears, struct err *e)
{
    struct watched *v = ctx;
    struct program one = {
        .o = v->p->o, .config = v->p->config, .wait_ms = v->p->wait_ms, .ears = ears};
    if (v->later) {
        one.o.full = one.o.force = false;
        one.wait_ms = 0;
    }
    v->code = write_index(&one);
    fflush(stdout);
    enum err_code code = one.e.code;
    *e = one.e;
    arena_free(&one.a);
    if (code == ERR_LOCKED)
        return WATCH_LOCKED;
    if (!v->later && (code || !one.vaults.n))
        return WATCH_FAILED;
    v->later = true;
    return code || v->code == EX_NOINPUT ? WATCH_DOUBTFUL : WATCH_DONE;
}

static int watch(struct program *p)
{
    struct watched v = {.p = p};
    if (watch_vaults(watched_run, &v, p->o.quiet, &p->e) == 0)
        return EX_OK;
    return v.code ? v.code : fail(p);
}

/* Who asks has short turns at once; where nobody waits, in a run of cron's or of --watch, he comes
 * first. */
static void step_back(const struct options *o)
{
    enum { BACK = 19 };
    if ((o->watch || (o->quiet && !o->full)) && getpriority(PRIO_PROCESS, 0) < BACK)
        setpriority(PRIO_PROCESS, 0, BACK);
    turns_ask_long();
}

static int run(struct program *p, int argc, char **argv)
{
    if (options_parse(&p->a, argc, argv, &p->o, &p->e) < 0)
        return fail(p);
    if (p->o.help) {
        options_help();
        return EX_OK;
    }
    if (p->o.version) {
        printf("kbindex %s\n", PACKAGE_VERSION);
        return EX_OK;
    }
    bool writes = !p->o.list && p->o.check == CHECK_NONE;
    if (writes)
        step_back(&p->o);
    log_open("kbindex", p->o.quiet ? LOG_WARNING : p->o.verbose ? LOG_DETAIL : LOG_INFO);
    if (config_load(&p->a, &p->o.places, &p->config, &p->e) < 0)
        return fail(p);
    p->wait_ms = (int64_t)(strtod(p->config.wait.text, NULL) * 1000);
    if (p->o.watch)
        return watch(p);
    if (writes)
        return write_index(p);
    if (known_vaults(p) < 0)
        return fail(p);
    take_part(p);
    return p->o.list ? list(p) : check(p);
}

int main(int argc, char **argv)
{
    struct program p = {0};
    if (!fill_descriptors())
        return EX_OSERR;
    heap_keep_small();
    umask(077);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    /* Xapian's trees of pending changes get slower as they grow: 2,000 documents were best. */
    setenv("XAPIAN_FLUSH_THRESHOLD", "2000", 0);
    log_open("kbindex", LOG_INFO);
    int code = run(&p, argc, argv);
    if (fflush(stdout) == EOF && code == EX_OK) {
        log_line(LOG_ERROR, "standard output: %s", strerror(errno));
        code = EX_CANTCREAT;
    }
    arena_free(&p.a);
    return code;
}
