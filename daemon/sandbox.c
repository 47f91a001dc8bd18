// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "daemon/answer/answer.h"
#include "lib/shards.h"
#include "daemon/keeper.h"

static enum sandbox held = SANDBOX_NONE;
static atomic_bool outgrown;
static bool stays;
static bool reads_all; /* on purpose: another process would be no narrower */

void sandbox_prepare(int keep)
{
    umask(077);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    if (close_range((unsigned)keep, UINT_MAX, 0) == 0)
        return;
    struct rlimit files = {0};
    getrlimit(RLIMIT_NOFILE, &files);
    for (int fd = keep; fd < INT_MAX && (rlim_t)fd < files.rlim_cur; fd++)
        close(fd);
}

/* --- the kernel's rules: those that older headers lack are given by number ----------------------
 */

enum { ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_IOCTL = 5, ABI_SCOPES = 6 };

static const uint64_t READ = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t WRITE = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                              LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                              LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                              LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                              LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
static const uint64_t REFER = 1 << 13, TRUNCATE = 1 << 14, IOCTL_DEVICE = 1 << 15;

/* As the newest kernel knows it; an older one is given what it knows of it. */
struct ruleset {
    uint64_t files, net, scopes;
};
enum { SCOPE_SIGNAL = 1 << 1 };

static uint64_t all_writes(long abi)
{
    return WRITE | (abi >= ABI_REFER ? REFER : 0) | (abi >= ABI_TRUNCATE ? TRUNCATE : 0) |
           (abi >= ABI_IOCTL ? IOCTL_DEVICE : 0);
}

/* Rules in the making: what they hold, and where not. */
struct rules {
    int fd;
    uint64_t held;
};

static struct rules make_rules(long abi, bool reading)
{
    struct ruleset r = {.files = all_writes(abi) | (reading ? READ : 0),
        .scopes = abi >= ABI_SCOPES ? SCOPE_SIGNAL : 0};
    size_t size = abi >= ABI_SCOPES ? sizeof r : sizeof r.files;
    return (struct rules){(int)syscall(SYS_landlock_create_ruleset, &r, size, 0), r.files};
}

/* A place that is not there needs no rule. */
static void allow(struct rules rules, const char *path, uint64_t access)
{
    struct stat st;
    int fd = open(path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && !S_ISDIR(st.st_mode))
        access &= LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE;
    struct landlock_path_beneath_attr rule = {
        .allowed_access = access & rules.held, .parent_fd = fd};
    syscall(SYS_landlock_add_rule, rules.fd, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    close(fd);
}

/* --- our places ----------------------------------------------------------------------------------
 */

static void allow_folder_of(struct rules rules, const char *path, uint64_t access)
{
    char folder[PATH_MAX];
    const char *slash = path ? strrchr(path, '/') : NULL;
    size_t n = slash ? (size_t)(slash - path) : 0;
    if (!n || n >= sizeof folder)
        return;
    memcpy(folder, path, n);
    folder[n] = '\0';
    allow(rules, folder, access);
}

static void allow_vaults(struct rules rules, const struct reader *index)
{
    struct arena a = {0};
    for (size_t i = 0; i < index->n_vaults; i++) {
        char *path = arena_strndup(&a, index->vaults[i].path.p, index->vaults[i].path.n);
        if (path)
            allow(rules, path, READ);
    }
    arena_free(&a);
}

static void allow_shards(struct rules rules, const struct config *config)
{
    for (size_t i = 0; i < config->n_shards; i++)
        for (size_t k = 0; k < config->shards[i].n_places; k++)
            if (config->shards[i].places[k][0] == '/')
                allow(rules, config->shards[i].places[k], READ);
}

/* ssh reads what is ours alone: keys, and its own configuration. */
static bool starts_ssh(const struct config *config)
{
    for (size_t i = 0; i < config->n_shards; i++)
        for (size_t k = 0; k < config->shards[i].n_places; k++)
            if (config->shards[i].places[k][0] == 's')
                return true;
    return false;
}

static void allow_reading(
    struct rules rules, const struct config *config, const struct reader *index)
{
    static const char *const everybodys[] = {
        "/usr", "/lib", "/lib64", "/etc", "/proc/self", "/dev/null", "/dev/urandom"};
    for (size_t i = 0; i < sizeof everybodys / sizeof *everybodys; i++)
        allow(rules, everybodys[i], READ);
    allow(rules, config->db.text, READ);
    allow_shards(rules, config);
    allow(rules, config->state.text, READ);
    allow_folder_of(rules, config->file.text, READ);
    allow_folder_of(rules, config->synonyms, READ);
    allow_vaults(rules, index);
}

static void allow_writing(struct rules rules)
{
    allow(rules, "/dev/null", LANDLOCK_ACCESS_FS_WRITE_FILE);
#ifdef SANDBOX_ALSO /* what a build that counts lines leaves behind */
    allow(rules, SANDBOX_ALSO, READ | WRITE | TRUNCATE);
#endif
}

enum { READ_S = 1 }; /* of a core: some milliseconds are normal */

static void end_after(time_t cpu_s)
{
    setitimer(ITIMER_PROF, &(struct itimerval){.it_value = {.tv_sec = cpu_s}}, NULL);
}

/* Where a damaged table leads the library in a circle SIGPROF ends it, and the keeper learns of it:
 * nothing else watches yet. */
static bool can_read(struct reader *index, struct err *e)
{
    end_after(READ_S);
    bool read = reader_refresh(index, e) == 0;
    end_after(0);
    return read;
}

enum sandbox sandbox_enter(const struct config *config, const struct keeper_child *c)
{
    stays = c->settled;
    long abi =
        syscall(SYS_landlock_create_ruleset, NULL, (size_t)0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 1)
        return held;
    struct reader index;
    struct err e = {0};
    if (reader_init(&index, config->db.text, &e) || reader_shards(&index, config, &e))
        return held;
    reads_all = starts_ssh(config);
    bool known = !c->wary && !reads_all && can_read(&index, &e);
    struct rules rules = make_rules(abi, known);
    if (rules.fd >= 0) {
        allow_writing(rules);
        if (known)
            allow_reading(rules, config, &index);
        if (syscall(SYS_landlock_restrict_self, rules.fd, 0) == 0)
            held = known ? SANDBOX_FULL : SANDBOX_WRITES;
        close(rules.fd);
    }
    reader_free(&index);
    return held;
}

const char *sandbox_name(void)
{
    static const char *const names[] = {"none", "writes", "full"};
    return names[held];
}

/* --- later ---------------------------------------------------------------------------------------
 */

static void outgrow(void)
{
    if (!stays)
        atomic_store(&outgrown, true);
}

bool sandbox_hides(int dir, const char *path)
{
    /* Landlock, unlike file modes, has no say in faccessat. */
    bool hidden = held == SANDBOX_FULL && faccessat(dir, path, R_OK, AT_EACCESS) == 0;
    if (hidden)
        outgrow();
    return hidden && !stays;
}

static bool look_at(struct slice place)
{
    char path[PATH_MAX];
    if (place.n >= sizeof path)
        return false;
    memcpy(path, place.p, place.n);
    path[place.n] = '\0';
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
    return fd < 0 && errno == EACCES && sandbox_hides(AT_FDCWD, path);
}

static void look_at_index(struct reader *r)
{
    if (r->index.db && r->looked == r->loaded)
        return;
    r->looked = r->index.db ? r->loaded : 0;
    if (!r->index.db)
        look_at(slice_str(r->index.dir));
    for (size_t i = 0; r->index.db && i < r->n_vaults; i++)
        look_at(r->vaults[i].path);
}

/* A shard in a folder that was made since. */
static bool look_at_shards(const struct shards *s)
{
    bool hidden = false;
    for (size_t i = 0; s && i < s->n; i++)
        for (size_t k = 0; !s->v[i].db && k < s->v[i].n_places; k++)
            hidden |= s->v[i].places[k][0] == '/' && look_at(slice_str(s->v[i].places[k]));
    return hidden;
}

bool sandbox_look(struct reader *r, const struct config *config)
{
    if (held == SANDBOX_WRITES && r->index.db && !reads_all)
        outgrow();
    if (held != SANDBOX_FULL)
        return false;
    look_at_index(r);
    if (look_at_shards(r->index.shards))
        return true;
    return r->synonyms.fault.n && look_at(slice_str(config->synonyms));
}

bool sandbox_outgrown(void)
{
    return atomic_load(&outgrown);
}
