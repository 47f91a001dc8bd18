// SPDX-License-Identifier: GPL-2.0-or-later
#include "indexer/build.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "indexer/doc.h"
#include "indexer/progress.h"
#include "lib/pack.h"
#include "lib/schema.h"

enum {
    PART_UNITS = 8000,
    PARTS_MAX = 128,
    FILES_OF_PART = 6, /* while they are merged */
    FILES_OF_RUN = 48,
    COMMIT_POSTINGS = 40000, /* Xapian's trees of pending changes get slower as they grow */
    COMMIT_BYTES = 8 << 20,
    SAMPLE_UNITS = 2000, /* to train the dictionary of the data with (lib/pack.h) */
    SAMPLE_NOTES = 100,
    SAMPLE_NOTE_BYTES = 1 << 18,
    LONG_BYTES = 1 << 16,
    DICTIONARY_SHARE = 64 /* of the notes' bytes */
};

/* A note that has units in a part: among those from `begin` to before `end`. */
struct share {
    size_t part, note, begin, end;
    docid_t first;
};

struct turn {
    size_t part;
    unsigned length; /* a doubling of the usual number of bytes; 0: the usual one, or less */
};

struct signs {
    uint64_t terms, data;
};

/* What the writing processes have in common. */
struct board {
    atomic_size_t next; /* turn to be taken */
    atomic_bool stop;
};

struct writing {
    struct build *b;
    unsigned jobs;
    docid_t *bounds; /* the first docid of each part */
    struct share *shares;
    size_t n_shares, cap_shares;
    size_t *first_share; /* of each part, and the end */
    struct turn *turns;  /* in which the parts are written */
    char *text;          /* the spool */
    struct slice dictionary;
    struct board *board; /* shared memory from here on */
    struct err *errors;  /* one for each process */
    struct signs *signs; /* one for each unit */
    size_t shared_bytes;
    int done[2]; /* a pipe: a byte for each part done */
};

/* --- the plan ------------------------------------------------------------------------------ */

static int unnamed_file(const struct store *s, struct err *e)
{
    int fd = openat(s->dir_fd, ".", O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == ENOENT)) {
        unlinkat(s->dir_fd, "spool", 0);
        fd = openat(s->dir_fd, "spool", O_CREAT | O_EXCL | O_RDWR | O_APPEND | O_CLOEXEC, 0600);
        unlinkat(s->dir_fd, "spool", 0);
    }
    return fd < 0 ? err_set(e, ERR_IO, "%s: no file can be made: %s", s->dir, strerror(errno)) : fd;
}

int build_begin(struct build *b, const struct store *s, struct err *e)
{
    const char *name;
    *b = (struct build){.store = s, .spool = -1, .found = -1};
    if (store_next(s, &b->arena, &name, e) < 0)
        return -1;
    b->first_part = strtoul(name + strlen("gen-"), NULL, 10);
    b->spool = unnamed_file(s, e);
    b->found = b->spool < 0 ? -1 : unnamed_file(s, e);
    return b->found < 0 ? -1 : 0;
}

void build_end(struct build *b)
{
    if (b->spool > 0)
        close(b->spool);
    if (b->found > 0)
        close(b->found);
    arena_free(&b->arena);
}

static int append(int fd, struct slice s, struct err *e)
{
    while (s.n) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_set(e, ERR_IO, "writing beside the index: %s", strerror(errno));
        s = slice_of(s.p + n, s.n - (size_t)n);
    }
    return 0;
}

int build_note(struct build *b, const struct build_note *n, struct slice bytes,
    const struct state_unit *units, size_t n_units, struct err *e)
{
    struct build_note note = *n;
    note.first_unit = b->n_units;
    note.at = b->spooled;
    note.bytes = bytes.n;
    if (append(b->spool, bytes, e) < 0)
        return -1;
    b->spooled += bytes.n;
    for (size_t i = 0; i < n_units; i++)
        if (!ARENA_PUSH(&b->arena, b->units, b->n_units, b->cap_units, units[i]))
            return err_memory(e);
    return ARENA_PUSH(&b->arena, b->notes, b->n_notes, b->cap_notes, note) ? 0 : err_memory(e);
}

/* --- parts --------------------------------------------------------------------------------- */

static int by_docid(const void *x, const void *y)
{
    docid_t a = *(const docid_t *)x, b = *(const docid_t *)y;
    return (a > b) - (a < b);
}

/* All of them are open at once when they are merged. */
static size_t most_parts(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur > FILES_OF_RUN + PARTS_MAX * 8)
        return PARTS_MAX;
    size_t files = limit.rlim_cur > FILES_OF_RUN ? (size_t)limit.rlim_cur - FILES_OF_RUN : 0;
    size_t parts = files / FILES_OF_PART;
    return parts < 2 ? 1 : parts < PARTS_MAX ? parts - 1 : PARTS_MAX;
}

static int cut(struct writing *w, struct err *e)
{
    struct build *b = w->b;
    docid_t *ids = arena_array(&b->arena, b->n_units, sizeof *ids);
    size_t most = most_parts(), units = PART_UNITS;
    if (!ids)
        return err_memory(e);
    for (size_t i = 0; i < b->n_units; i++)
        ids[i] = b->units[i].docid;
    qsort(ids, b->n_units, sizeof *ids, by_docid);
    if (b->n_units / units >= most)
        units = b->n_units / most + 1;
    b->n_parts = (b->n_units + units - 1) / units;
    w->bounds = arena_array(&b->arena, b->n_parts, sizeof *w->bounds);
    w->first_share = arena_array(&b->arena, b->n_parts + 1, sizeof *w->first_share);
    if (!w->bounds || !w->first_share)
        return err_memory(e);
    for (size_t k = 0; k < b->n_parts; k++)
        w->bounds[k] = ids[k * units];
    return 0;
}

static size_t part_of(const struct writing *w, docid_t docid)
{
    size_t low = 0, high = w->b->n_parts;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (w->bounds[mid] <= docid)
            low = mid;
        else
            high = mid;
    }
    return low;
}

static int by_part(const void *x, const void *y)
{
    const struct share *a = x, *b = y;
    if (a->part != b->part)
        return a->part < b->part ? -1 : 1;
    return a->first != b->first ? (a->first < b->first ? -1 : 1) : 0;
}

/* Who has units where; within a part by docid, since Xapian appends faster than it inserts. */
static int share_out(struct writing *w, struct err *e)
{
    const struct build *b = w->b;
    size_t *last = arena_array(&w->b->arena, b->n_parts, sizeof *last);
    if (!last)
        return err_memory(e);
    for (size_t i = 0; i < b->n_notes; i++) {
        size_t end = b->notes[i].first_unit + b->notes[i].state.n_units;
        for (size_t u = b->notes[i].first_unit; u < end; u++) {
            docid_t id = b->units[u].docid;
            size_t k = part_of(w, id);
            size_t unit = u - b->notes[i].first_unit;
            if (last[k] && w->shares[last[k] - 1].note == i) {
                struct share *s = &w->shares[last[k] - 1];
                s->first = s->first < id ? s->first : id;
                s->end = unit + 1;
                continue;
            }
            struct share s = {k, i, unit, unit + 1, id};
            if (!ARENA_PUSH(&w->b->arena, w->shares, w->n_shares, w->cap_shares, s))
                return err_memory(e);
            last[k] = w->n_shares;
        }
    }
    if (w->n_shares)
        qsort(w->shares, w->n_shares, sizeof *w->shares, by_part);
    for (size_t k = 0, i = 0; k <= b->n_parts; k++) {
        while (i < w->n_shares && w->shares[i].part < k)
            i++;
        w->first_share[k] = i;
    }
    return 0;
}

static int longest_first(const void *x, const void *y)
{
    const struct turn *a = x, *b = y;
    if (a->length != b->length)
        return a->length > b->length ? -1 : 1;
    return a->part < b->part ? -1 : a->part > b->part;
}

/* By the bytes of its notes. What takes far longer than others begins first, or all would wait for
 * it in the end; the others stay in their order, in which a long note is read once for many. */
static int take_turns(struct writing *w, struct err *e)
{
    const struct build *b = w->b;
    uint64_t usual = b->n_parts ? b->spooled / b->n_parts + 1 : 1;
    w->turns = arena_array(&w->b->arena, b->n_parts, sizeof *w->turns);
    if (!w->turns)
        return err_memory(e);
    for (size_t k = 0; k < b->n_parts; k++) {
        uint64_t bytes = 0;
        for (size_t i = w->first_share[k]; i < w->first_share[k + 1]; i++) {
            const struct share *s = &w->shares[i];
            const struct build_note *n = &b->notes[s->note];
            bytes += n->bytes / n->state.n_units * (s->end - s->begin);
        }
        w->turns[k].part = k;
        for (; bytes / 2 >= usual; bytes /= 2)
            w->turns[k].length++;
    }
    qsort(w->turns, b->n_parts, sizeof *w->turns, longest_first);
    return 0;
}

static const char *part_path(struct build *b, size_t k, struct err *e)
{
    const char *path = arena_printf(&b->arena, "%s/gen-%lu", b->store->dir, b->first_part + k);
    if (!path)
        err_memory(e);
    return path;
}

/* --- the dictionary ------------------------------------------------------------------------ */

struct sampling {
    const struct writing *w;
    struct doc_builder builder;
    struct arena note;
    struct buf bytes;
    size_t sizes[SAMPLE_UNITS], n;
    struct err *e;
};

static int sample_note(struct sampling *s, const struct build_note *n)
{
    const struct build *b = s->w->b;
    struct note note = {0};
    arena_reset(&s->note);
    if (note_parse(&s->note, n->rel, slice_of(s->w->text + n->at, n->bytes), &note, s->e) < 0)
        return -1;
    const struct doc_note d = {n->vault, n->rel, n->state.number, n->language, &note};
    if (doc_begin(&s->builder, &d, s->e) < 0)
        return -1;
    for (size_t i = 0; i < note.n_units && i < n->state.n_units && s->n < SAMPLE_UNITS; i++) {
        const struct state_unit *u = &b->units[n->first_unit + i];
        uint8_t id[UNIT_ID_BYTES];
        struct doc made;
        doc_id(u->text_hash, u->nth, id);
        if (doc_build(&s->builder, i, id, u->docid, &made, s->e) < 0)
            return -1;
        buf_slice(&s->bytes, made.data);
        s->sizes[s->n++] = made.data.n;
    }
    return s->bytes.failed ? err_memory(s->e) : 0;
}

/* Notes from all over make the dictionary, so that it does not depend on how the work is shared. */
static int train(struct writing *w, struct err *e)
{
    struct build *b = w->b;
    size_t step = b->n_notes / SAMPLE_NOTES + 1, room = (size_t)(b->spooled / DICTIONARY_SHARE);
    struct sampling *s = room < PACK_DICTIONARY_LEAST ? NULL : calloc(1, sizeof *s);
    if (!s)
        return room < PACK_DICTIONARY_LEAST ? 0 : err_memory(e);
    int rc = 0;
    s->w = w;
    s->e = e;
    for (size_t i = 0; i < b->n_notes && rc == 0; i += step)
        rc = b->notes[i].bytes > SAMPLE_NOTE_BYTES ? 0 : sample_note(s, &b->notes[i]);
    if (rc == 0)
        rc = pack_train(&b->arena, buf_view(&s->bytes), s->sizes, s->n, room, &w->dictionary, e);
    buf_free(&s->bytes);
    arena_free(&s->note);
    doc_builder_free(&s->builder);
    free(s);
    return rc;
}

/* --- writing a part ------------------------------------------------------------------------ */

struct hand {
    struct writing *w;
    struct doc_builder builder;
    const struct build_note *at; /* the note that is open: a long one lies in many parts */
    struct note parsed;
    struct arena note;
    struct xwriter *writer;
    struct xdoc *doc;
    struct buf found;
    size_t postings, bytes; /* since the last commit */
    struct err *e;
};

static int put_unit(struct hand *h, size_t unit, size_t at)
{
    const struct state_unit *s = &h->w->b->units[at];
    uint8_t id[UNIT_ID_BYTES];
    struct doc d;
    doc_id(s->text_hash, s->nth, id);
    if (doc_build(&h->builder, unit, id, s->docid, &d, h->e) < 0 ||
        doc_fill(&d, h->doc, h->e) < 0 || xwriter_put(h->writer, s->docid, h->doc, h->e) < 0)
        return -1;
    h->w->signs[at] = (struct signs){d.terms_sig, d.data_sig};
    h->postings += d.n;
    h->bytes += d.data.n;
    if (h->postings < COMMIT_POSTINGS && h->bytes < COMMIT_BYTES)
        return 0;
    h->postings = h->bytes = 0;
    return xwriter_commit(h->writer, h->e) < 0 ? -1 : xwriter_begin(h->writer, h->e);
}

static int take_compounds(struct hand *h)
{
    struct doc_builder *b = &h->builder;
    for (size_t i = 0; i < b->n_joined; i++) {
        buf_slice(&h->found, b->joined[i].joined);
        buf_char(&h->found, '\t');
        buf_slice(&h->found, b->joined[i].words);
        buf_char(&h->found, '\n');
    }
    b->n_joined = 0;
    return h->found.failed ? err_memory(h->e) : 0;
}

/* What was read of a long note's bytes is not held any longer than the note. */
static void let_go(struct hand *h)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const struct build_note *n = h->at;
    if (n && n->bytes >= LONG_BYTES) {
        size_t begin = (size_t)n->at / page * page;
        madvise(h->w->text + begin, (size_t)n->at + n->bytes - begin, MADV_DONTNEED);
    }
    h->at = NULL;
    doc_end(&h->builder);
    arena_reset(&h->note);
}

static int open_note(struct hand *h, const struct build_note *n)
{
    if (h->at == n && !doc_is_full(&h->builder))
        return 0;
    if (h->at != n) {
        let_go(h);
        struct slice bytes = slice_of(h->w->text + n->at, n->bytes);
        if (note_parse(&h->note, n->rel, bytes, &h->parsed, h->e) < 0)
            return -1;
        if (h->parsed.n_units != n->state.n_units)
            return err_set(h->e, ERR_INTERNAL, "%s: parsed twice, two results", n->rel.p);
        h->at = n;
    }
    const struct doc_note d = {n->vault, n->rel, n->state.number, n->language, &h->parsed};
    return doc_begin(&h->builder, &d, h->e);
}

static int write_share(struct hand *h, const struct share *s)
{
    const struct writing *w = h->w;
    const struct build_note *n = &w->b->notes[s->note];
    const struct state_unit *units = w->b->units + n->first_unit;
    docid_t first = w->bounds[s->part];
    docid_t end = s->part + 1 < w->b->n_parts ? w->bounds[s->part + 1] : DOCID_LIMIT;
    if (open_note(h, n) < 0)
        return -1;
    for (size_t i = s->begin; i < s->end; i++)
        if (units[i].docid >= first && units[i].docid < end &&
            put_unit(h, i, n->first_unit + i) < 0)
            return -1;
    return take_compounds(h);
}

static int write_shares(struct hand *h, size_t part)
{
    const struct writing *w = h->w;
    if (xwriter_begin(h->writer, h->e) < 0 || xwriter_pack(h->writer, w->dictionary, h->e) < 0)
        return -1;
    for (size_t i = w->first_share[part]; i < w->first_share[part + 1]; i++)
        if (write_share(h, &w->shares[i]) < 0)
            return -1;
    return xwriter_commit(h->writer, h->e);
}

static int write_part(struct hand *h, size_t part)
{
    const char *path = part_path(h->w->b, part, h->e);
    if (!path || xwriter_open(&h->writer, path, XWRITER_PART, h->e) < 0)
        return -1;
    h->postings = h->bytes = 0;
    int rc = write_shares(h, part);
    xwriter_close(h->writer);
    if (rc == 0)
        rc = append(h->w->b->found, buf_view(&h->found), h->e);
    buf_clear(&h->found);
    return rc;
}

/* Takes parts until none is left; what went wrong is in *e. */
static int write_parts(struct writing *w, struct err *e)
{
    struct hand h = {.w = w, .builder.positions = w->b->positions, .e = e};
    int rc = xdoc_new(&h.doc, e);
    while (rc == 0 && !atomic_load(&w->board->stop)) {
        size_t turn = atomic_fetch_add(&w->board->next, 1);
        if (turn >= w->b->n_parts)
            break;
        rc = write_part(&h, w->turns[turn].part);
        if (rc == 0)
            rc = append(w->done[1], SLICE_LIT("."), e);
    }
    if (rc < 0)
        atomic_store(&w->board->stop, true);
    xdoc_free(h.doc);
    buf_free(&h.found);
    arena_free(&h.note);
    doc_builder_free(&h.builder);
    return rc;
}

/* --- processes ----------------------------------------------------------------------------- */

static int share_memory(struct writing *w, struct err *e)
{
    struct build *b = w->b;
    size_t signs = sizeof *w->signs * b->n_units, board = _Alignof(max_align_t) * 2;
    w->shared_bytes = board + signs + sizeof *w->errors * w->jobs;
    char *p =
        mmap(NULL, w->shared_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return err_memory(e);
    w->board = (void *)p;
    w->signs = (void *)(p + board);
    w->errors = (void *)(p + board + signs);
    if (!b->spooled)
        return 0;
    w->text = mmap(NULL, b->spooled, PROT_READ, MAP_SHARED, b->spool, 0);
    if (w->text == MAP_FAILED) {
        w->text = NULL;
        return err_memory(e);
    }
    return 0;
}

static void unshare_memory(struct writing *w)
{
    if (w->text)
        munmap(w->text, w->b->spooled);
    if (w->board)
        munmap(w->board, w->shared_bytes);
}

static struct err *of_hand;

static void last_words(const struct err *e)
{
    *of_hand = *e;
    _exit(1);
}

_Noreturn static void be_hand(struct writing *w, unsigned k, pid_t parent)
{
    of_hand = &w->errors[k];
    xwriter_last_words(last_words);
    signal(SIGTERM, SIG_DFL);
    signal(SIGINT, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    close(w->done[0]);
    /* None of these outlives the run, or the next one would find them writing. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(1);
    _exit(write_parts(w, &w->errors[k]) < 0);
}

static void watch_parts(const struct writing *w, bool wanted)
{
    struct progress p;
    char dots[64];
    ssize_t n;
    progress_begin(&p, "indexing", w->b->n_parts, wanted);
    while ((n = read(w->done[0], dots, sizeof dots)) > 0 || (n < 0 && errno == EINTR))
        for (; n > 0; n--)
            progress_step(&p);
    progress_clear(&p);
}

static int await_hand(struct writing *w, pid_t pid, struct err *e)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return err_set(e, ERR_INTERNAL, "a writing process is lost: %s", strerror(errno));
    if (!WIFSIGNALED(status))
        return 0;
    atomic_store(&w->board->stop, true);
    return err_set(e, ERR_INTERNAL,
        "a writing process was ended by signal %d: if memory is short, try --jobs 1",
        WTERMSIG(status));
}

static int run_hands(struct writing *w, bool progress_wanted, struct err *e)
{
    pid_t *pids = arena_array(&w->b->arena, w->jobs, sizeof *pids);
    pid_t parent = getpid();
    unsigned n = 0;
    int rc = 0;
    if (!pids)
        return err_memory(e);
    while (w->jobs > 1 && n < w->jobs && (pids[n] = fork()) >= 0) {
        if (pids[n] == 0)
            be_hand(w, n, parent);
        n++;
    }
    if (n == 0)
        rc = write_parts(w, e);
    close(w->done[1]);
    watch_parts(w, progress_wanted);
    close(w->done[0]);
    for (unsigned k = 0; k < n; k++)
        if (await_hand(w, pids[k], e) < 0)
            rc = -1;
    for (unsigned k = 0; k < n; k++)
        if (w->errors[k].code)
            rc = err_set(e, w->errors[k].code, "%s", w->errors[k].text);
    if (rc == 0 && atomic_load(&w->board->next) < w->b->n_parts)
        return err_set(e, ERR_INTERNAL, "the writing processes ended before the work did");
    return rc;
}

/* --- compounds ----------------------------------------------------------------------------- */

static int by_words(const void *x, const void *y)
{
    const struct build_compound *a = x, *b = y;
    int c = slice_cmp(a->joined, b->joined);
    return c ? c : slice_cmp(a->words, b->words);
}

static int collect_compounds(struct build *b, struct err *e)
{
    off_t bytes = lseek(b->found, 0, SEEK_END);
    char *p = bytes < 0 ? NULL : arena_alloc(&b->arena, (size_t)bytes);
    if (!p)
        return bytes < 0 ? err_set(e, ERR_IO, "%s", strerror(errno)) : err_memory(e);
    for (size_t at = 0; at < (size_t)bytes;) {
        ssize_t n = pread(b->found, p + at, (size_t)bytes - at, (off_t)at);
        if (n <= 0 && !(n < 0 && errno == EINTR))
            return err_set(e, ERR_IO, "reading beside the index: %s", strerror(errno));
        at += n > 0 ? (size_t)n : 0;
    }
    for (const char *line = p, *end = p + bytes; line < end;) {
        const char *tab = memchr(line, '\t', (size_t)(end - line));
        const char *stop = tab ? memchr(tab, '\n', (size_t)(end - tab)) : NULL;
        if (!stop)
            return err_set(e, ERR_INTERNAL, "a compound is cut off");
        struct build_compound c = {
            slice_of(line, (size_t)(tab - line)), slice_of(tab + 1, (size_t)(stop - tab - 1))};
        if (!ARENA_PUSH(&b->arena, b->compounds, b->n_compounds, b->cap_compounds, c))
            return err_memory(e);
        line = stop + 1;
    }
    if (!b->n_compounds)
        return 0;
    qsort(b->compounds, b->n_compounds, sizeof *b->compounds, by_words);
    size_t n = 1;
    for (size_t i = 1; i < b->n_compounds; i++)
        if (by_words(&b->compounds[n - 1], &b->compounds[i]) != 0)
            b->compounds[n++] = b->compounds[i];
    b->n_compounds = n;
    return 0;
}

/* --- the whole ----------------------------------------------------------------------------- */

int build_parts(struct build *b, unsigned jobs, bool progress_wanted, struct err *e)
{
    struct writing w = {.b = b};
    if (cut(&w, e) < 0 || share_out(&w, e) < 0 || take_turns(&w, e) < 0)
        return -1;
    w.jobs = jobs > b->n_parts ? (unsigned)b->n_parts : jobs;
    w.jobs = w.jobs ? w.jobs : 1;
    int rc = share_memory(&w, e) < 0 || train(&w, e) < 0 ? -1 : 0;
    if (rc == 0 && pipe2(w.done, O_CLOEXEC) < 0)
        rc = err_set(e, ERR_IO, "no pipe: %s", strerror(errno));
    else if (rc == 0)
        rc = run_hands(&w, progress_wanted, e);
    for (size_t i = 0; rc == 0 && i < b->n_units; i++) {
        b->units[i].terms_sig = w.signs[i].terms;
        b->units[i].data_sig = w.signs[i].data;
    }
    unshare_memory(&w);
    return rc < 0 ? -1 : collect_compounds(b, e);
}

const char *build_last_part(struct build *b, struct err *e)
{
    return part_path(b, b->n_parts, e);
}

int build_merge(struct build *b, const char **name, struct err *e)
{
    const char **parts = arena_array(&b->arena, b->n_parts + 1, sizeof *parts);
    const char *to = part_path(b, b->n_parts + 1, e);
    if (!parts || !to)
        return err_memory(e);
    for (size_t k = 0; k <= b->n_parts; k++)
        if (!(parts[k] = part_path(b, k, e)))
            return -1;
    *name = to + strlen(b->store->dir) + 1;
    return xdb_merge(parts, b->n_parts + 1, to, e);
}
