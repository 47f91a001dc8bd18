// SPDX-License-Identifier: GPL-2.0-or-later

/* In C a function may be named as a struct is, in C++ it "hides its constructor". */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#include "lib/xapian-c.h"
#include "lib/pack.h"
#pragma GCC diagnostic pop

#include <xapian.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <dirent.h>
#include <exception>
#include <fcntl.h>
#include <memory>
#include <new>
#include <sstream>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

struct unpack {
    void operator()(struct pack *p) const
    {
        pack_free(p);
    }
};

namespace
{

/* What the shim itself has to say, in a string literal. */
struct failure {
    enum err_code code;
    const char *text;
};

/* --- for whom we work --------------------------------------------------------------------------
 */

uint64_t now_ns()
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<uint64_t>(t.tv_sec) * 1000000000 + static_cast<uint64_t>(t.tv_nsec);
}

/* Between two looks: steps that read a document or a term, and those within a posting list. */
constexpr unsigned often = 64, seldom = 4096;

class watch
{
    uint64_t deadline_ = 0;
    const atomic_bool *stop_ = nullptr;
    unsigned calls_ = 0;

  public:
    watch() = default;
    watch(uint64_t deadline, const atomic_bool *stop) : deadline_(deadline), stop_(stop)
    {
    }
    bool armed() const
    {
        return deadline_ || stop_;
    }
    void look() const
    {
        if (stop_ && stop_->load(std::memory_order_relaxed))
            throw failure{ERR_CANCELLED, "cancelled"};
        if (deadline_ && now_ns() >= deadline_)
            throw failure{ERR_TIMEOUT, "the deadline passed before the answer was whole"};
    }
    void tick(unsigned every = often)
    {
        if ((++calls_ & (every - 1)) == 0)
            look();
    }
};

} // namespace

/* The terms of a query are asked for again with its next letter, its next page and by the next
 * client: how frequent the last ones were in this revision is remembered. */
struct frequencies {
    struct known {
        std::string term;
        uint64_t moves;
        uint32_t documents;
    };
    std::vector<known> last; /* by hash; empty: what is written to changes all the time */
};

struct xdb {
    Xapian::Database db;
    std::string path;
    bool single;                     /* one glass database, not a stub over several */
    uint64_t moves;                  /* how often it came to another revision */
    bool remote = false;             /* it, or a part of it */
    bool half_read = false;          /* memory ran out within a call, or it was lost */
    bool silent = false;             /* its machine did not answer in time */
    std::string context;             /* what Xapian's errors call its machine */
    std::vector<struct xdb *> parts; /* that were joined */
    struct frequencies frequencies;
    bool asked = false;                        /* whether its data is packed */
    std::unique_ptr<struct pack, unpack> pack; /* if it is */
    void *attached = nullptr;
    void (*free_attached)(void *) = nullptr;
    watch watched;

    xdb(const Xapian::Database &of, const char *at, bool one)
        : db(of), path(at), single(one), moves(0)
    {
    }
    xdb(const xdb &) = delete;
    xdb &operator=(const xdb &) = delete;
    ~xdb()
    {
        if (free_attached)
            free_attached(attached);
    }
};

/* Highlighting asks for the same few words in every hit: the last ones are remembered. */
struct xstem {
    struct known {
        std::string word, stem;
    };
    Xapian::Stem stem;
    std::unique_ptr<xstem> next;
    std::vector<known> last; /* by hash */
};

struct xdoc {
    Xapian::Document doc; /* without its data */
    std::string data;
};

struct xwriter {
    Xapian::WritableDatabase db;
    std::unique_ptr<xdb> reader;
    std::string path;
    bool synced; /* commits are */
    bool open;   /* in a transaction */
    bool failed; /* rolled back after an error: only closing is left */
};

namespace
{

/* --- errors -------------------------------------------------------------------------------- */

const char several[] = "this is asked of one local index only, not of shards";

/* What our own C functions told. */
struct told {
    struct err why;
};

int report(struct err *e, enum err_code code, const Xapian::Error &x, int reason = 0)
{
    const char *why = x.get_error_string();
    if (!why && reason)
        why = strerror(reason);
    return err_set(e, code, "%s%s%s", x.get_msg().c_str(), why ? ": " : "", why ? why : "");
}

/* In a catch block: the exception in flight as an error. */
int caught(struct err *e) noexcept
try {
    throw;
} catch (const failure &x) {
    return err_set(e, x.code, "%s", x.text);
} catch (const told &x) {
    return err_set(e, x.why.code, "%s", x.why.text);
} catch (const Xapian::DatabaseModifiedError &x) {
    return report(e, ERR_BUSY, x);
} catch (const Xapian::DatabaseLockError &x) {
    return report(e, ERR_LOCKED, x);
} catch (const Xapian::DatabaseVersionError &x) {
    return report(e, ERR_SCHEMA, x);
} catch (const Xapian::DatabaseCorruptError &x) {
    return report(e, ERR_DAMAGED, x);
} catch (const Xapian::DatabaseNotFoundError &x) {
    return report(e, ERR_MISSING, x);
} catch (const Xapian::DatabaseOpeningError &x) {
    return report(e, ERR_IO, x);
} catch (const Xapian::DatabaseCreateError &x) {
    /* Of its first commit Xapian does not tell what the system said. */
    return report(e, ERR_IO, x, errno);
} catch (const Xapian::DatabaseClosedError &x) {
    return report(e, ERR_INTERNAL, x);
} catch (const Xapian::DatabaseError &x) {
    /* Without an errno it is a block that cannot be: a table cut short or overwritten. */
    return report(e, x.get_error_string() ? ERR_IO : ERR_DAMAGED, x);
} catch (const Xapian::DocNotFoundError &x) {
    return report(e, ERR_NOT_FOUND, x);
} catch (const Xapian::WildcardError &x) {
    return report(e, ERR_COMPLEX, x);
} catch (const Xapian::NetworkError &x) {
    return report(e, ERR_MODIFIED, x);
} catch (const Xapian::Error &x) {
    return err_set(e, ERR_INTERNAL, "Xapian: %s: %s", x.get_type(), x.get_msg().c_str());
} catch (const std::bad_alloc &) {
    return err_memory(e);
} catch (const std::exception &x) {
    return err_set(e, ERR_INTERNAL, "%s", x.what());
} catch (...) {
    return err_set(e, ERR_INTERNAL, "unknown exception");
}

void (*tell_call)(bool begins);

/* One that reads or changes tables. */
struct told_call {
    told_call()
    {
        if (tell_call)
            tell_call(true);
    }
    ~told_call()
    {
        if (tell_call)
            tell_call(false);
    }
    told_call(const told_call &) = delete;
    told_call &operator=(const told_call &) = delete;
};

template <typename F> int guard(struct err *e, F body) noexcept
{
    try {
        return body();
    } catch (...) {
        return caught(e);
    }
}

/* A guard for opening: whatever went wrong, the message begins with the path (some of Xapian's
 * do by themselves). */
template <typename F> int opening(const char *path, struct err *e, F body) noexcept
{
    struct err why = {};
    told_call told;
    int status = guard(&why, [&] {
        try {
            return body(&why);
        } catch (const Xapian::NetworkTimeoutError &x) {
            return report(&why, ERR_TIMEOUT, x);
        }
    });
    if (status == 0)
        return 0;
    bool named = strncmp(why.text, path, strlen(path)) == 0;
    return err_set(e, why.code, "%s%s%s", named ? "" : path, named ? "" : ": ", why.text);
}

constexpr int max_reopens = 3;

/* Of what was joined, the part that failed. */
void lose(struct xdb *db, const Xapian::NetworkError &x)
{
    if (db->remote && db->context == x.get_context()) {
        db->half_read = true;
        db->silent = strcmp(x.get_type(), "NetworkTimeoutError") == 0;
    }
    for (struct xdb *part : db->parts)
        lose(part, x);
}

/* A guard for reading: asks again from the newest revision when the one being read is gone. */
template <typename F> int reading(struct xdb *db, struct err *e, F body) noexcept
{
    told_call told;
    return guard(e, [&] {
        db->watched.tick();
        for (int reopens = 0;; reopens++) {
            try {
                return body();
            } catch (const Xapian::DatabaseModifiedError &) {
                if (reopens == max_reopens)
                    throw;
                db->db.reopen();
                db->moves++;
            } catch (const Xapian::NetworkError &x) {
                lose(db, x);
                throw;
            } catch (const std::bad_alloc &) {
                db->half_read = true;
                throw;
            }
        }
    });
}

/* --- strings ------------------------------------------------------------------------------- */

std::string str(struct slice s)
{
    return s.n ? std::string(s.p, s.n) : std::string();
}

struct slice view(const std::string &s)
{
    return slice_of(s.data(), s.size());
}

uint16_t narrow(Xapian::termcount n)
{
    return static_cast<uint16_t>(std::min<Xapian::termcount>(n, UINT16_MAX));
}

template <typename T> T *room(struct arena *a, size_t n)
{
    void *p = arena_array(a, n, sizeof(T));
    if (!p)
        throw std::bad_alloc();
    return static_cast<T *>(p);
}

struct slice keep(struct arena *a, const std::string &s)
{
    struct slice copy = arena_dup(a, view(s));
    if (!copy.p && s.size())
        throw std::bad_alloc();
    return copy;
}

/* --- packed data --------------------------------------------------------------------------- */

const char pack_key[] = "pack"; /* of the metadata: a byte, then the dictionary; none: plain data */

void set_pack(struct xdb *db, struct slice dictionary)
{
    struct pack *p;
    struct told t = {};
    if (pack_new(&p, dictionary, &t.why))
        throw t;
    db->pack.reset(p);
    db->asked = true;
}

/* What the data is packed with; NULL: it is plain. */
struct pack *pack_of(struct xdb *db)
{
    if (!db->asked) {
        std::string kept = db->db.get_metadata(pack_key);
        if (!kept.empty())
            set_pack(db, slice_of(kept.data() + 1, kept.size() - 1));
        db->asked = true;
    }
    return db->pack.get();
}

struct slice data_of(struct xdb *db, struct arena *a, docid_t id, const Xapian::Document &doc)
{
    /* Documents of several databases are numbered in turn. */
    struct pack *p = pack_of(db->parts.empty() ? db : db->parts[(id - 1) % db->parts.size()]);
    std::string data = doc.get_data();
    struct slice text = {};
    struct told t = {};
    if (!p || data.empty())
        return keep(a, data);
    if (pack_read(p, a, view(data), &text, &t.why))
        throw t;
    return text;
}

std::string packed(struct xdb *db, const std::string &data)
{
    struct pack *p = pack_of(db);
    struct buf b = {};
    struct told t = {};
    if (!p || data.empty())
        return data;
    int rc = pack_write(p, view(data), &b, &t.why);
    std::string made = rc ? std::string() : std::string(b.p, b.n);
    buf_free(&b);
    if (rc)
        throw t;
    return made;
}

/* --- what is in a folder ------------------------------------------------------------------- */

bool has_tables(const std::string &path)
{
    for (const char *table : {"/postlist.glass", "/termlist.glass", "/docdata.glass"})
        if (access((path + table).c_str(), F_OK) == 0)
            return true;
    return false;
}

/* Says in our words why there is no database to open; Xapian calls most of these alike. */
void want_database(const std::string &path, struct err *e)
{
    struct stat st;
    std::string version = path + "/iamglass";
    if (stat(path.c_str(), &st) < 0)
        err_set(
            e, errno == ENOENT || errno == ENOTDIR ? ERR_MISSING : ERR_IO, "%s", strerror(errno));
    else if (!S_ISDIR(st.st_mode) || access((path + "/XAPIANDB").c_str(), F_OK) == 0)
        return;
    else if (faccessat(AT_FDCWD, version.c_str(), R_OK, AT_EACCESS) == 0)
        return;
    else if (errno != ENOENT)
        err_set(e, ERR_IO, "iamglass: %s", strerror(errno));
    else if (has_tables(path))
        err_set(e, ERR_DAMAGED, "iamglass is missing beside its tables");
    else
        err_set(e, ERR_MISSING, "no database there");
}

void sync_folder(const std::string &path)
{
    int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd) < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    if (failed)
        throw Xapian::DatabaseOpeningError("cannot sync " + path, failed);
}

void sync_file(const std::string &path)
{
    int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    int failed = fd < 0 || fsync(fd) < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    if (failed)
        throw Xapian::DatabaseOpeningError("cannot sync " + path, failed);
}

template <typename F> void each_file(const std::string &path, F body)
{
    std::unique_ptr<DIR, int (*)(DIR *)> dir(opendir(path.c_str()), closedir);
    if (!dir && errno == ENOMEM)
        throw std::bad_alloc();
    if (!dir)
        throw Xapian::DatabaseOpeningError("cannot read " + path, errno);
    while (const struct dirent *entry = readdir(dir.get()))
        if (entry->d_name[0] != '.')
            body(path + "/" + entry->d_name);
}

uint64_t bytes_beneath(const std::string &path)
{
    uint64_t sum = 0;
    struct stat st;
    if (stat(path.c_str(), &st) == 0 && S_ISDIR(st.st_mode))
        each_file(path, [&](const std::string &file) {
            if (stat(file.c_str(), &st) == 0)
                sum += static_cast<uint64_t>(st.st_size);
        });
    return sum;
}

bool is_single(const Xapian::Database &db)
{
    try {
        db.get_revision();
        return true;
    } catch (const Xapian::LogicError &) {
        return false;
    }
}

/* --- ending a match in its middle ---------------------------------------------------------- */

/*
 * Matches every document and weighs nothing; ANDed to a query it sees each candidate and throws
 * when time is up. It claims as many documents as there are, so that it is asked last and leaves
 * Xapian's bounds of the count as they are.
 */
class watch_source : public Xapian::PostingSource
{
    watch *watch_;
    Xapian::docid did_ = 0, last_ = 0;
    Xapian::doccount count_ = 0;

  public:
    explicit watch_source(watch *w) : watch_(w)
    {
    }
    PostingSource *clone() const override
    {
        return new watch_source(watch_);
    }
    void init(const Xapian::Database &db) override
    {
        did_ = 0;
        last_ = db.get_lastdocid();
        count_ = db.get_doccount();
    }
    Xapian::doccount get_termfreq_min() const override
    {
        return count_;
    }
    Xapian::doccount get_termfreq_est() const override
    {
        return count_;
    }
    Xapian::doccount get_termfreq_max() const override
    {
        return count_;
    }
    void next(double) override
    {
        did_++;
        watch_->tick();
    }
    void skip_to(Xapian::docid did, double) override
    {
        did_ = std::max(did, did_);
        watch_->tick();
    }
    bool check(Xapian::docid did, double) override
    {
        did_ = std::max(did, did_);
        watch_->tick();
        return true;
    }
    bool at_end() const override
    {
        return did_ > last_;
    }
    Xapian::docid get_docid() const override
    {
        return did_;
    }
};

/* Matches nothing and costs nothing; but to open the list of a term takes its time, and between
 * those of very many terms this one has a look. */
class look_source : public Xapian::PostingSource
{
    const watch *watch_;

  public:
    explicit look_source(const watch *w) : watch_(w)
    {
    }
    PostingSource *clone() const override
    {
        return new look_source(watch_);
    }
    void init(const Xapian::Database &) override
    {
        watch_->look();
    }
    Xapian::doccount get_termfreq_min() const override
    {
        return 0;
    }
    Xapian::doccount get_termfreq_est() const override
    {
        return 0;
    }
    Xapian::doccount get_termfreq_max() const override
    {
        return 0;
    }
    void next(double) override
    {
    }
    bool at_end() const override
    {
        return true;
    }
    Xapian::docid get_docid() const override
    {
        return 0;
    }
};

/* A sorted array of docids as a posting list; skips by galloping. */
class docid_source : public Xapian::PostingSource
{
    const docid_t *ids_;
    size_t n_, at_ = 0;
    bool started_ = false;

  public:
    docid_source(const docid_t *ids, size_t n) : ids_(ids), n_(n)
    {
    }
    PostingSource *clone() const override
    {
        return new docid_source(ids_, n_);
    }
    void init(const Xapian::Database &) override
    {
        at_ = 0;
        started_ = false;
    }
    Xapian::doccount get_termfreq_min() const override
    {
        return 0;
    }
    Xapian::doccount get_termfreq_est() const override
    {
        return static_cast<Xapian::doccount>(n_);
    }
    Xapian::doccount get_termfreq_max() const override
    {
        return static_cast<Xapian::doccount>(n_);
    }
    void next(double) override
    {
        if (started_)
            at_++;
        started_ = true;
    }
    void skip_to(Xapian::docid did, double) override
    {
        started_ = true;
        size_t step = 1, low = at_;
        while (low + step < n_ && ids_[low + step] < did) {
            low += step;
            step *= 2;
        }
        size_t high = std::min(low + step + 1, n_);
        at_ = static_cast<size_t>(std::lower_bound(ids_ + low, ids_ + high, did) - ids_);
    }
    bool at_end() const override
    {
        return at_ >= n_;
    }
    Xapian::docid get_docid() const override
    {
        return ids_[at_];
    }
};

/* --- queries ------------------------------------------------------------------------------- */

constexpr unsigned max_depth = 100;
constexpr size_t seldom_looked = 256; /* terms whose lists are opened between two looks */

/* What a part of the query is for: to weigh and match, to count as one term, only to match. */
enum class role { ranks, synonym, filters };

/*
 * A plain query as Xapian's. Three of its (1.4.22) faults are gone around here:
 * - Where the wdf does not matter it reads the list of all documents for a term that is in each of
 *   them, but under the term's name, and at the second chunk takes the database for damaged. So
 *   such a term is put as all documents from the start.
 * - Posting sources, values and sets of docids cannot say what a synonym must know.
 * - Where only matching counts, AND_MAYBE within an exclusion lets documents through: its first
 *   part says as much.
 */
class builder
{
    const struct xdb *xdb_;
    watch *watch_; /* nullptr: none */
    bool wdf_matters_;

    using Q = Xapian::Query;
    using queries = std::vector<Q>;
    using frequent = std::pair<Xapian::doccount, std::string>;

    static Q join(Q::op op, const queries &all)
    {
        return Q(op, all.begin(), all.end());
    }

    Q watched(const Q &q, role r) const
    {
        if (!watch_ || r == role::synonym || q.empty())
            return q;
        watch_source source(watch_);
        return Q(Q::OP_FILTER, q, Q(&source));
    }

    queries kids(const struct xquery *q, size_t from, unsigned depth, role r) const
    {
        queries all;
        for (size_t i = from; i < q->n_kids; i++)
            all.push_back(build(q->kids[i], depth + 1, r));
        return all;
    }

    Q any(const struct xquery *q, unsigned depth, role r) const
    {
        queries all = kids(q, 0, depth, r);
        if (watch_ && r != role::synonym)
            for (size_t i = seldom_looked; i < all.size(); i += seldom_looked) {
                look_source look(watch_);
                all.insert(all.begin() + static_cast<ptrdiff_t>(i), Q(&look));
            }
        return join(Q::OP_OR, all);
    }

    /* kids[0] `op` all the others, which are joined by `rest`. */
    Q headed(
        Q::op op, Q::op rest, const struct xquery *q, unsigned depth, role r, role others) const
    {
        if (q->n_kids == 0)
            return Q();
        Q head = build(q->kids[0], depth + 1, r);
        if (q->n_kids == 1)
            return head;
        return Q(op, head, join(rest, kids(q, 1, depth, others)));
    }

    Q scaled(const struct xquery *q, unsigned depth, role r) const
    {
        if (q->n_kids != 1 || !(q->factor >= 0))
            throw failure{ERR_INTERNAL, "a scaled query needs one kid and no negative factor"};
        if (r == role::filters || q->factor > 0)
            return Q(q->factor, build(q->kids[0], depth + 1, r));
        return Q(0.0, build(q->kids[0], depth + 1, role::filters));
    }

    static Q positional(const struct xquery *q)
    {
        if (q->op != XQ_TERM)
            throw failure{ERR_INTERNAL, "a phrase of something else than terms"};
        if (q->term.n == 0)
            throw failure{ERR_INTERNAL, "a query with an empty term"};
        return Q(str(q->term), q->wqf ? q->wqf : 1);
    }

    bool in_each_document(const std::string &term) const
    {
        return xdb_->db.get_termfreq(term) == xdb_->db.get_doccount();
    }

    Q term(const struct xquery *q, role r) const
    {
        Q plain = positional(q);
        bool bare = r == role::filters || !wdf_matters_;
        return bare && in_each_document(str(q->term)) ? Q(std::string()) : plain;
    }

    Q phrase(Q::op op, const struct xquery *q, unsigned depth, role r) const
    {
        if (q->n_kids < 2)
            return join(Q::OP_OR, kids(q, 0, depth, r));
        if (!xdb_->db.has_positions())
            throw failure{ERR_INTERNAL, "a phrase in a database without positions"};
        queries words;
        for (size_t i = 0; i < q->n_kids; i++)
            words.push_back(positional(q->kids[i]));
        auto least = static_cast<Xapian::termcount>(words.size());
        return watched(Q(op, words.begin(), words.end(), std::max(q->window, least)), r);
    }

    /* Not by OP_WILDCARD: that opens every term there is before it comes to the limit. */
    Q prefix(const struct xquery *q, role r) const
    {
        if (q->term.n == 0 || q->limit == 0)
            throw failure{ERR_INTERNAL, "a prefix that is empty or has no limit"};
        std::string start = str(q->term);
        queries terms;
        bool bare = r == role::filters || !wdf_matters_;
        for (const frequent &term : most_frequent(start, q->limit)) {
            if (bare && term.first == xdb_->db.get_doccount())
                return Q(std::string());
            terms.push_back(Q(term.second));
        }
        return join(r == role::filters ? Q::OP_OR : Q::OP_SYNONYM, terms);
    }

    static bool more_frequent(const frequent &a, const frequent &b)
    {
        return a.first != b.first ? a.first > b.first : a.second < b.second;
    }

    std::vector<frequent> most_frequent(const std::string &start, size_t limit) const
    {
        std::vector<frequent> heap; /* the least frequent in front */
        Xapian::TermIterator end = xdb_->db.allterms_end(start);
        for (Xapian::TermIterator i = xdb_->db.allterms_begin(start); i != end; ++i) {
            if (watch_)
                watch_->tick();
            frequent next(i.get_termfreq(), *i);
            if (heap.size() == limit) {
                if (!more_frequent(next, heap.front()))
                    continue;
                std::pop_heap(heap.begin(), heap.end(), more_frequent);
                heap.pop_back();
            }
            heap.push_back(std::move(next));
            std::push_heap(heap.begin(), heap.end(), more_frequent);
        }
        return heap;
    }

    /* An open lower end is the lowest value there is, so that documents without one stay out. */
    static Q range(const struct xquery *q)
    {
        std::string low = q->low.n ? str(q->low) : std::string(1, '\0');
        if (q->high.n == 0)
            return Q(Q::OP_VALUE_GE, q->slot, low);
        return Q(Q::OP_VALUE_RANGE, q->slot, low, str(q->high));
    }

    /* Filtered by all documents, for an id that is in the array but not in the database. */
    Q docids(const struct xquery *q) const
    {
        if (!xdb_->single)
            throw failure{ERR_COMPLEX, several};
        if (q->n_docids == 0)
            return Q();
        docid_source source(q->docids, q->n_docids);
        return Q(Q::OP_FILTER, Q(&source), Q(std::string()));
    }

    Q build(const struct xquery *q, unsigned depth, role r) const
    {
        if (!q)
            throw failure{ERR_INTERNAL, "a search without a query"};
        if (depth > max_depth)
            throw failure{ERR_COMPLEX, "the query is nested too deep"};
        bool plain = r == role::filters;
        switch (q->op) {
        case XQ_TERM:
            return term(q, r);
        case XQ_AND:
            return join(Q::OP_AND, kids(q, 0, depth, r));
        case XQ_OR:
            return any(q, depth, r);
        case XQ_PHRASE:
            return phrase(Q::OP_PHRASE, q, depth, r);
        case XQ_NEAR:
            return phrase(Q::OP_NEAR, q, depth, r);
        case XQ_PREFIX:
            return prefix(q, r);
        case XQ_SYNONYM:
            return plain ? join(Q::OP_OR, kids(q, 0, depth, r))
                         : join(Q::OP_SYNONYM, kids(q, 0, depth, role::synonym));
        default:
            if (r == role::synonym)
                throw failure{ERR_INTERNAL, "a synonym of something else than terms"};
        }
        switch (q->op) {
        case XQ_NONE:
            return Q();
        case XQ_ALL:
            return Q(std::string());
        case XQ_NOT:
            return headed(Q::OP_AND_NOT, Q::OP_OR, q, depth, r, role::filters);
        case XQ_FILTER:
            return headed(Q::OP_FILTER, Q::OP_AND, q, depth, r, role::filters);
        case XQ_MAYBE:
            if (plain && q->n_kids)
                return build(q->kids[0], depth + 1, r);
            return headed(Q::OP_AND_MAYBE, Q::OP_OR, q, depth, r, r);
        case XQ_SCALE:
            return scaled(q, depth, r);
        case XQ_RANGE:
            return range(q);
        case XQ_DOCIDS:
            return docids(q);
        default:
            throw failure{ERR_INTERNAL, "a query of no known kind"};
        }
    }

  public:
    builder(const struct xdb *db, watch *w, bool wdf_matters)
        : xdb_(db), watch_(w && w->armed() && !db->remote ? w : nullptr), wdf_matters_(wdf_matters)
    {
    }
    Q operator()(const struct xquery *q, role r) const
    {
        return watched(build(q, 0, r), r);
    }
};

/* --- searching ----------------------------------------------------------------------------- */

/* Takes every match down and refuses it, so that no result set grows beside the list. */
class collector : public Xapian::MatchDecider
{
    watch *watch_;

  public:
    mutable std::vector<docid_t> ids;

    explicit collector(watch *w) : watch_(w)
    {
    }
    bool operator()(const Xapian::Document &doc) const override
    {
        watch_->tick();
        ids.push_back(doc.get_docid());
        return false;
    }
};

bool is_boolean(const struct xsearch *s)
{
    return s->k1 < 0 || s->sort == XSORT_DOCID || s->sort == XSORT_DOCID_DOWN || s->all_docids;
}

void set_weights(Xapian::Enquire &enquire, const struct xsearch *s)
{
    if (is_boolean(s))
        enquire.set_weighting_scheme(Xapian::BoolWeight());
    else
        enquire.set_weighting_scheme(Xapian::BM25Weight(s->k1, 0, 1, s->b, s->min_length));
}

void set_order(Xapian::Enquire &enquire, const struct xsearch *s)
{
    enquire.set_docid_order(
        s->sort == XSORT_DOCID_DOWN ? Xapian::Enquire::DESCENDING : Xapian::Enquire::ASCENDING);
    if (s->sort == XSORT_VALUE || s->sort == XSORT_VALUE_DOWN)
        enquire.set_sort_by_value(s->slot, s->sort == XSORT_VALUE_DOWN);
    if (s->collapse_slot != XSEARCH_NO_SLOT)
        enquire.set_collapse_key(s->collapse_slot);
}

/* Another machine takes no collector, and of several databases it is told docids of each by itself:
 * those matches come as one result set. */
std::vector<docid_t> all_matches(struct xdb *db, Xapian::Enquire &enquire, watch &w)
{
    collector found(&w);
    if (db->single) {
        enquire.get_mset(0, 1, db->db.get_doccount(), nullptr, &found);
        return std::move(found.ids);
    }
    Xapian::MSet set = enquire.get_mset(0, db->db.get_doccount());
    std::vector<docid_t> ids;
    for (Xapian::MSetIterator i = set.begin(); i != set.end(); ++i)
        ids.push_back(*i);
    return ids;
}

void collect(
    struct xdb *db, struct arena *a, const Xapian::Query &query, watch &w, struct xresult *r)
{
    Xapian::Enquire enquire(db->db);
    enquire.set_query(query);
    enquire.set_weighting_scheme(Xapian::BoolWeight());
    enquire.set_docid_order(Xapian::Enquire::ASCENDING);
    std::vector<docid_t> ids = all_matches(db, enquire, w);
    if (!db->single)
        std::sort(ids.begin(), ids.end());
    r->n_docids = ids.size();
    r->docids = room<docid_t>(a, r->n_docids);
    std::copy(ids.begin(), ids.end(), r->docids);
    r->total = r->lower = r->upper = static_cast<uint32_t>(r->n_docids);
}

void rank(struct xdb *db, struct arena *a, const struct xsearch *s, const Xapian::Query &query,
    watch &w, struct xresult *r)
{
    Xapian::Enquire enquire(db->db);
    enquire.set_query(query);
    set_weights(enquire, s);
    set_order(enquire, s);
    Xapian::MSet set = enquire.get_mset(s->first, s->max, s->check);
    r->hits = room<struct xhit>(a, set.size());
    for (Xapian::MSetIterator i = set.begin(); i != set.end(); ++i) {
        struct xhit *hit = &r->hits[r->n_hits++];
        hit->id = *i;
        hit->weight = i.get_weight();
        if (s->sort == XSORT_VALUE || s->sort == XSORT_VALUE_DOWN)
            hit->value = keep(a, i.get_sort_key());
        if (s->data) {
            w.tick();
            hit->data = data_of(db, a, *i, db->db.get_document(*i, Xapian::DOC_ASSUME_VALID));
        }
    }
    r->total = set.get_matches_estimated();
    r->lower = set.get_matches_lower_bound();
    r->upper = set.get_matches_upper_bound();
    r->max_weight = set.get_max_attained();
}

/* Words have no upper-case prefix. */
class words_only : public Xapian::ExpandDecider
{
  public:
    bool operator()(const std::string &term) const override
    {
        return !term.empty() && !(term[0] >= 'A' && term[0] <= 'Z');
    }
};

/* --- writing ------------------------------------------------------------------------------- */

/* Which source's entry comes first is an accident of Xapian's heap. Noted only: it leaks its tables
 * when the callback throws. */
class same_metadata : public Xapian::Compactor
{
  public:
    bool unlike = false;

    std::string resolve_duplicate_metadata(
        const std::string &, size_t n, const std::string tags[]) override
    {
        for (size_t i = 1; i < n; i++)
            unlike = unlike || tags[i] != tags[0];
        return tags[0];
    }
};

/*
 * Drops everything since the last commit. When even that fails a transaction is left open, for
 * Xapian commits what is pending when it closes a database outside of one.
 */
void roll_back(struct xwriter *w) noexcept
{
    guard(nullptr, [&] {
        if (!w->open)
            w->db.begin_transaction(false);
        w->open = false;
        w->db.cancel_transaction();
        return 0;
    });
    w->failed = true;
    guard(nullptr, [&] {
        w->db.begin_transaction(false);
        return 0;
    });
}

void (*last_words)(const struct err *e);

[[noreturn]] void terminated() noexcept
{
    struct err e = {};
    try {
        if (std::exception_ptr x = std::current_exception())
            std::rethrow_exception(x);
    } catch (...) {
        caught(&e);
    }
    if (!e.code)
        err_set(&e, ERR_INTERNAL, "ended by C++'s runtime");
    if (last_words)
        last_words(&e);
    abort();
}

/* A guard for changes: an error in the middle of one leaves Xapian's batch half done, so it is
 * dropped whole, and nothing but closing works afterwards. */
template <typename F> int writing(struct xwriter *w, struct err *e, F body) noexcept
{
    told_call told;
    return guard(e, [&] {
        if (w->failed || !w->open)
            throw failure{ERR_INTERNAL, w->failed ? "the transaction was dropped after an error"
                                                  : "a change outside of a transaction"};
        try {
            return body();
        } catch (const failure &) {
            throw;
        } catch (...) {
            roll_back(w);
            throw;
        }
    });
}

/* Found out beforehand, for an exception from the change itself costs the whole batch. */
void want_document(struct xwriter *w, docid_t id)
{
    try {
        if (id == 0)
            throw Xapian::DocNotFoundError("");
        w->db.get_doclength(id);
    } catch (const Xapian::DocNotFoundError &) {
        throw failure{ERR_NOT_FOUND, "no such document"};
    }
}

/* A table's key holds a term with its NULs doubled. */
void want_term(struct slice term)
{
    size_t n = term.n + static_cast<size_t>(std::count(term.p, term.p + term.n, '\0'));
    if (n == 0 || n > 245)
        throw failure{ERR_INTERNAL, "a term that is empty or over 245 bytes"};
}

} // namespace

/* --- reading ------------------------------------------------------------------------------- */

int xdb_open(struct xdb **db, const char *path, struct err *e)
{
    *db = nullptr;
    return opening(path, e, [&](struct err *why) {
        want_database(path, why);
        if (why->code)
            return -1;
        Xapian::Database found(path);
        *db = new xdb(found, path, is_single(found));
        (*db)->frequencies.last.resize(8192);
        return 0;
    });
}

/* "HOST:PORT" behind tcp:// */
static Xapian::Database open_tcp(const std::string &address, unsigned timeout, unsigned connect)
{
    size_t colon = address.rfind(':');
    unsigned port = static_cast<unsigned>(strtoul(address.c_str() + colon + 1, nullptr, 10));
    return Xapian::Remote::open(address.substr(0, colon), port, timeout, connect);
}

/* For "HOST/PATH" behind ssh://. Closing waits for the end of ssh, which has to see by itself that
 * the other side is silent. */
static std::string ssh_words(const std::string &address, unsigned timeout, unsigned connect)
{
    unsigned alive = std::max(timeout / 1000, 1u);
    size_t slash = address.find('/');
    return "-o BatchMode=yes -o ConnectTimeout=" + std::to_string(connect / 1000 + 1) +
           " -o ServerAliveInterval=" + std::to_string(alive) + " -o ServerAliveCountMax=1 " +
           address.substr(0, slash) + " xapian-progsrv -t300 " + address.substr(slash) + "/current";
}

int xdb_open_at(
    struct xdb **db, const char *address, unsigned timeout_ms, unsigned connect_ms, struct err *e)
{
    *db = nullptr;
    if (address[0] == '/')
        return xdb_open(db, address, e);
    return opening(address, e, [&](struct err *) {
        std::string behind(address + strlen("tcp://"));
        bool tcp = address[0] == 't';
        std::string words = tcp ? "" : ssh_words(behind, timeout_ms, connect_ms);
        *db = new xdb(tcp ? open_tcp(behind, timeout_ms, connect_ms)
                          : Xapian::Remote::open("ssh", words, timeout_ms),
            address, false);
        (*db)->remote = true;
        (*db)->context = tcp ? "remote:tcp(" + behind + ")" : "remote:prog(ssh " + words + ")";
        return 0;
    });
}

int xdb_join(struct xdb **db, struct xdb *const *parts, size_t n, struct err *e)
{
    *db = nullptr;
    return guard(e, [&] {
        Xapian::Database all;
        bool remote = false;
        for (size_t i = 0; i < n; i++) {
            all.add_database(parts[i]->db);
            remote = remote || parts[i]->remote;
        }
        auto made = std::make_unique<xdb>(all, "", false);
        made->remote = remote;
        made->parts.assign(parts, parts + n);
        *db = made.release();
        return 0;
    });
}

void xdb_close(struct xdb *db)
{
    /* A match that memory ran out for holds on to the database: its files at least are let go. */
    guard(nullptr, [&] {
        if (db && db->half_read)
            db->db.close();
        return 0;
    });
    guard(nullptr, [&] {
        delete db;
        return 0;
    });
}

int xdb_reopen(struct xdb *db, struct err *e)
{
    return reading(db, e, [&] {
        if (db->db.reopen())
            db->moves++;
        return 0;
    });
}

uint64_t xdb_moves(const struct xdb *db)
{
    return db->moves;
}

bool xdb_is_half_read(const struct xdb *db)
{
    return db->half_read;
}

bool xdb_is_silent(const struct xdb *db)
{
    return db->silent;
}

bool xdb_is_single(const struct xdb *db)
{
    return db->single;
}

size_t xdb_parts(const struct xdb *db)
{
    return db->parts.size();
}

void xdb_attach(struct xdb *db, void *thing, void (*free)(void *thing))
{
    guard(nullptr, [&] {
        if (db->free_attached)
            db->free_attached(db->attached);
        db->attached = thing;
        db->free_attached = free;
        return 0;
    });
}

void *xdb_attached(const struct xdb *db)
{
    return db->attached;
}

void xdb_watch(struct xdb *db, uint64_t deadline_ns, const atomic_bool *stop)
{
    guard(nullptr, [&] {
        db->watched = watch(deadline_ns, stop);
        return 0;
    });
}

int xdb_look(const struct xdb *db, struct err *e)
{
    return guard(e, [&] {
        db->watched.look();
        return 0;
    });
}

int xdb_info(struct xdb *db, struct xdb_info *info, struct err *e)
{
    return reading(db, e, [&] {
        *info = {};
        info->documents = db->db.get_doccount();
        info->last_docid = db->db.get_lastdocid();
        info->average_length = db->db.get_average_length();
        info->bytes = bytes_beneath(db->path);
        if (db->single) {
            std::string uuid = db->db.get_uuid();
            memcpy(info->uuid, uuid.data(), std::min(uuid.size(), sizeof info->uuid - 1));
            info->revision = db->db.get_revision();
        }
        return 0;
    });
}

int xdb_metadata(
    struct xdb *db, struct arena *a, struct slice key, struct slice *value, struct err *e)
{
    return reading(db, e, [&] {
        *value = keep(a, db->db.get_metadata(str(key)));
        return 0;
    });
}

int xdb_metadata_lines(
    struct xdb *db, struct arena *a, struct slice key, struct slice *lines, struct err *e)
{
    if (db->parts.empty())
        return xdb_metadata(db, a, key, lines, e);
    return reading(db, e, [&] {
        std::string all;
        for (const struct xdb *part : db->parts) {
            std::istringstream of(part->db.get_metadata(str(key)));
            for (std::string line; std::getline(of, line);)
                if (('\n' + all + '\n').find('\n' + line + '\n') == std::string::npos)
                    all += (all.empty() ? "" : "\n") + line;
        }
        *lines = keep(a, all);
        return 0;
    });
}

int xdb_metadata_each(struct xdb *db, struct slice prefix,
    int (*each)(void *ctx, struct slice key, struct slice value), void *ctx, struct err *e)
{
    std::string done;
    return reading(db, e, [&] {
        std::string start = str(prefix);
        Xapian::TermIterator i = db->db.metadata_keys_begin(start);
        if (!done.empty())
            i.skip_to(done);
        for (; i != db->db.metadata_keys_end(start); ++i) {
            std::string key = *i;
            db->watched.tick();
            if (key == done)
                continue;
            std::string value = db->db.get_metadata(key);
            done = key;
            int stop = each(ctx, view(key), view(value));
            if (stop)
                return stop;
        }
        return 0;
    });
}

int xdb_term_freq(struct xdb *db, struct slice term, uint32_t *documents, struct err *e)
{
    return reading(db, e, [&] {
        std::vector<frequencies::known> &last = db->frequencies.last;
        size_t h = std::hash<std::string_view>()(std::string_view(term.p, term.n));
        frequencies::known *k = last.empty() ? nullptr : &last[h % last.size()];
        if (k && k->moves == db->moves + 1 && slice_eq(view(k->term), term)) {
            *documents = k->documents;
            return 0;
        }
        std::string text = str(term);
        *documents = db->db.get_termfreq(text);
        if (k)
            *k = {std::move(text), db->moves + 1, *documents};
        return 0;
    });
}

int xdb_terms_each(struct xdb *db, struct slice prefix, struct slice from,
    int (*each)(void *ctx, struct slice term, uint32_t documents), void *ctx, struct err *e)
{
    std::string done;
    return reading(db, e, [&] {
        std::string start = str(prefix);
        Xapian::TermIterator i = db->db.allterms_begin(start);
        if (!done.empty())
            i.skip_to(done);
        else if (slice_cmp(from, prefix) > 0)
            i.skip_to(str(from));
        for (; i != db->db.allterms_end(start); ++i) {
            std::string term = *i;
            db->watched.tick();
            if (term == done)
                continue;
            uint32_t documents = i.get_termfreq();
            done = term;
            int stop = each(ctx, view(term), documents);
            if (stop)
                return stop;
        }
        return 0;
    });
}

int xdb_postings(struct xdb *db, struct arena *a, struct slice term, docid_t first, size_t max,
    docid_t **docids, size_t *n, struct err *e)
{
    return reading(db, e, [&] {
        std::string name = str(term);
        size_t most = std::min<size_t>(max, db->db.get_termfreq(name)); /* damaged, it has more */
        *docids = room<docid_t>(a, most);
        *n = 0;
        if (most == 0)
            return 0;
        Xapian::PostingIterator i = db->db.postlist_begin(name);
        if (first > 1 && i != db->db.postlist_end(name))
            i.skip_to(first);
        for (; *n < most && i != db->db.postlist_end(name); ++i) {
            db->watched.tick(seldom);
            (*docids)[(*n)++] = *i;
        }
        return 0;
    });
}

int xdb_lengths(
    struct xdb *db, docid_t *docids, uint16_t *lengths, size_t max, size_t *n, struct err *e)
{
    return reading(db, e, [&] {
        *n = 0;
        Xapian::PostingIterator end = db->db.postlist_end(std::string());
        for (Xapian::PostingIterator i = db->db.postlist_begin(std::string()); *n < max && i != end;
             ++i) {
            db->watched.tick(seldom);
            docids[*n] = *i;
            lengths[(*n)++] = narrow(i.get_doclength());
        }
        return 0;
    });
}

int xdb_posting_list(struct xdb *db, struct slice term, docid_t first, docid_t last,
    docid_t *docids, uint16_t *wdf, size_t max, size_t *n, struct err *e)
{
    return reading(db, e, [&] {
        std::string name = str(term);
        *n = 0;
        Xapian::PostingIterator end = db->db.postlist_end(name);
        Xapian::PostingIterator i = db->db.postlist_begin(name);
        if (first > 1 && i != end)
            i.skip_to(first);
        for (; *n < max && i != end; ++i) {
            db->watched.tick(seldom);
            docids[*n] = *i;
            if (docids[*n] > last)
                break;
            wdf[(*n)++] = narrow(i.get_wdf());
        }
        return 0;
    });
}

int xdb_probe(struct xdb *db, struct slice term, const docid_t *docids, size_t n, uint16_t *wdf,
    bool *found, struct err *e)
{
    return reading(db, e, [&] {
        std::string name = str(term);
        Xapian::PostingIterator end = db->db.postlist_end(name);
        Xapian::PostingIterator i = db->db.postlist_begin(name);
        for (size_t k = 0; k < n; k++) {
            db->watched.tick();
            if (i != end)
                i.skip_to(docids[k]);
            found[k] = i != end && *i == docids[k];
            wdf[k] = found[k] ? narrow(i.get_wdf()) : 0;
        }
        return 0;
    });
}

int xdb_data_of(struct xdb *db, struct arena *a, const docid_t *ids, size_t n, struct slice *data,
    struct err *e)
{
    return reading(db, e, [&] {
        for (size_t i = 0; i < n; i++) {
            db->watched.tick();
            data[i] = data_of(db, a, ids[i], db->db.get_document(ids[i], Xapian::DOC_ASSUME_VALID));
        }
        return 0;
    });
}

int xdb_data(struct xdb *db, struct arena *a, docid_t id, struct slice *data, struct err *e)
{
    return reading(db, e, [&] {
        if (id == 0)
            throw failure{ERR_NOT_FOUND, "no such document"};
        *data = data_of(db, a, id, db->db.get_document(id));
        return 0;
    });
}

int xdb_value(
    struct xdb *db, struct arena *a, docid_t id, uint32_t slot, struct slice *value, struct err *e)
{
    return reading(db, e, [&] {
        *value = {};
        if (id)
            *value = keep(a, db->db.get_document(id, Xapian::DOC_ASSUME_VALID).get_value(slot));
        return 0;
    });
}

/* Another machine hands out values one document a question. The values by which it sorts a match
 * come with the match. */
static std::vector<std::pair<docid_t, std::string>> values_there(struct xdb *db, uint32_t slot)
{
    Xapian::Enquire enquire(db->db);
    enquire.set_query(Xapian::Query(std::string()));
    enquire.set_weighting_scheme(Xapian::BoolWeight());
    enquire.set_sort_by_value(slot, false);
    Xapian::MSet set = enquire.get_mset(0, db->db.get_doccount());
    std::vector<std::pair<docid_t, std::string>> values;
    for (Xapian::MSetIterator i = set.begin(); i != set.end(); ++i)
        values.emplace_back(*i, i.get_sort_key());
    std::sort(values.begin(), values.end());
    return values;
}

static int each_value_there(struct xdb *db, uint32_t slot, const docid_t *docids, size_t n,
    int (*each)(void *ctx, size_t at, struct slice value), void *ctx, struct err *e)
{
    std::vector<std::pair<docid_t, std::string>> values;
    if (reading(db, e, [&] {
            values = values_there(db, slot);
            return 0;
        }))
        return -1;
    auto i = values.begin();
    for (size_t at = 0; at < n; at++) {
        db->watched.tick();
        while (i != values.end() && i->first < docids[at])
            ++i;
        if (i == values.end() || i->first != docids[at] || i->second.empty())
            continue;
        int stop = each(ctx, at, view(i->second));
        if (stop)
            return stop;
    }
    return 0;
}

int xdb_values(struct xdb *db, uint32_t slot, const docid_t *docids, size_t n,
    int (*each)(void *ctx, size_t at, struct slice value), void *ctx, struct err *e)
{
    size_t done = 0;
    if (db->remote)
        return guard(e, [&] { return each_value_there(db, slot, docids, n, each, ctx, e); });
    return reading(db, e, [&] {
        Xapian::ValueIterator end = db->db.valuestream_end(slot);
        Xapian::ValueIterator i = db->db.valuestream_begin(slot);
        while (done < n && i != end) {
            db->watched.tick();
            i.skip_to(docids[done]);
            if (i == end)
                break;
            size_t at = done++;
            if (i.get_docid() != docids[at])
                continue;
            int stop = each(ctx, at, view(*i));
            if (stop)
                return stop;
        }
        return 0;
    });
}

int xdb_document_terms(struct xdb *db, struct arena *a, docid_t id, struct slice prefix,
    struct slice **terms, size_t *n, struct err *e)
{
    return reading(db, e, [&] {
        if (id == 0)
            throw failure{ERR_NOT_FOUND, "no such document"};
        std::vector<struct slice> found;
        Xapian::TermIterator i = db->db.termlist_begin(id);
        if (prefix.n)
            i.skip_to(str(prefix));
        for (; i != db->db.termlist_end(id); ++i) {
            std::string term = *i;
            if (!slice_starts(view(term), prefix))
                break;
            found.push_back(keep(a, term));
        }
        *n = found.size();
        *terms = room<struct slice>(a, *n);
        std::copy(found.begin(), found.end(), *terms);
        return 0;
    });
}

bool xdb_has_positions(const struct xdb *db)
{
    bool has = false;
    guard(nullptr, [&] {
        has = db->db.has_positions();
        return 0;
    });
    return has;
}

int xdb_search(
    struct xdb *db, struct arena *a, const struct xsearch *s, struct xresult *r, struct err *e)
{
    return reading(db, e, [&] {
        *r = {};
        watch &w = db->watched;
        w.look();
        Xapian::Query query =
            builder(db, &w, s->k1 > 0)(s->query, is_boolean(s) ? role::filters : role::ranks);
        w.look();
        if (s->all_docids)
            collect(db, a, query, w, r);
        else
            rank(db, a, s, query, w, r);
        return 0;
    });
}

int xdb_expand(struct xdb *db, struct arena *a, const docid_t *ids, size_t n_ids, size_t max,
    struct xterm **terms, size_t *n_terms, struct err *e)
{
    return reading(db, e, [&] {
        Xapian::RSet set;
        for (size_t i = 0; i < n_ids; i++)
            set.add_document(ids[i]);
        Xapian::Enquire enquire(db->db);
        enquire.set_expansion_scheme("bo1");
        words_only decider;
        Xapian::ESet found =
            enquire.get_eset(static_cast<Xapian::termcount>(max), set, 0, &decider);
        *terms = room<struct xterm>(a, found.size());
        *n_terms = 0;
        for (Xapian::ESetIterator i = found.begin(); i != found.end(); ++i)
            (*terms)[(*n_terms)++] = {keep(a, *i), i.get_weight()};
        return 0;
    });
}

/* --- stems --------------------------------------------------------------------------------- */

int xstem_new(struct xstem **s, const char *language, struct err *e)
{
    *s = nullptr;
    return guard(e, [&] {
        try {
            *s = new xstem{Xapian::Stem(language), nullptr, std::vector<xstem::known>(512)};
            return 0;
        } catch (const Xapian::InvalidArgumentError &) {
            return err_set(e, ERR_CONFIG, "no stemmer for the language \"%s\"", language);
        }
    });
}

int xstem_add(struct xstem *s, const char *language, struct err *e)
{
    return guard(e, [&] {
        struct xstem *more;
        if (xstem_new(&more, language, e))
            return -1;
        while (s->next)
            s = s->next.get();
        s->next.reset(more);
        return 0;
    });
}

struct xstem *xstem_next(const struct xstem *s)
{
    struct xstem *next = nullptr;
    guard(nullptr, [&] {
        next = s->next.get();
        return 0;
    });
    return next;
}

struct slice xstem_language(const struct xstem *s, struct arena *a)
{
    struct slice name = {};
    guard(nullptr, [&] {
        /* "Xapian::Stem(german)" */
        std::string text = s->stem.get_description();
        size_t begin = text.find('(') + 1, end = text.find(')');
        name = keep(a, text.substr(begin, end - begin));
        return 0;
    });
    return name;
}

void xstem_free(struct xstem *s)
{
    guard(nullptr, [&] {
        delete s;
        return 0;
    });
}

struct slice xstem_of(struct xstem *s, struct arena *a, struct slice word)
{
    struct slice stem = word;
    guard(nullptr, [&] {
        size_t h = std::hash<std::string_view>()(std::string_view(word.p, word.n));
        struct xstem::known &k = s->last[h % s->last.size()];
        if (k.word.empty() || !slice_eq(view(k.word), word)) {
            k.word = str(word);
            k.stem = s->stem(k.word);
        }
        stem = keep(a, k.stem);
        return 0;
    });
    return stem;
}

/* --- writing ------------------------------------------------------------------------------- */

int xwriter_open(struct xwriter **w, const char *path, enum xwriter_mode mode, struct err *e)
{
    *w = nullptr;
    return opening(path, e, [&](struct err *why) {
        if (mode == XWRITER_EXISTING)
            want_database(path, why);
        else if (mkdir(path, 0700) < 0 && errno != EEXIST)
            err_set(why, ERR_IO, "%s", strerror(errno));
        if (!why->code && faccessat(AT_FDCWD, path, W_OK | X_OK, AT_EACCESS) < 0)
            err_set(why, ERR_IO, "cannot write there: %s", strerror(errno));
        if (why->code)
            return -1;
        int flags = mode == XWRITER_EXISTING ? Xapian::DB_OPEN : Xapian::DB_CREATE;
        if (mode == XWRITER_PART)
            flags |= Xapian::DB_NO_SYNC;
        errno = 0;
        Xapian::WritableDatabase db(path, flags | Xapian::DB_BACKEND_GLASS);
        auto made = std::make_unique<xwriter>();
        made->db = db;
        made->path = path;
        made->synced = mode != XWRITER_PART;
        made->reader.reset(new xdb(db, path, true));
        *w = made.release();
        return 0;
    });
}

void xwriter_close(struct xwriter *w)
{
    if (!w)
        return;
    if (w->open)
        roll_back(w);
    guard(nullptr, [&] {
        w->db.close();
        return 0;
    });
    guard(nullptr, [&] {
        delete w;
        return 0;
    });
}

void xdb_tell_calls(void (*tell)(bool begins))
{
    guard(nullptr, [&] {
        tell_call = tell;
        return 0;
    });
}

int xwriter_begin(struct xwriter *w, struct err *e)
{
    return guard(e, [&] {
        if (w->failed || w->open)
            throw failure{ERR_INTERNAL, "a transaction is open or was dropped after an error"};
        w->db.begin_transaction(true);
        w->open = true;
        return 0;
    });
}

int xwriter_commit(struct xwriter *w, struct err *e)
{
    return writing(w, e, [&] {
        w->open = false;
        w->db.commit_transaction();
        if (w->synced)
            sync_folder(w->path);
        return 0;
    });
}

int xwriter_cancel(struct xwriter *w, struct err *e)
{
    return writing(w, e, [&] {
        w->open = false;
        w->db.cancel_transaction();
        return 0;
    });
}

int xwriter_put(struct xwriter *w, docid_t id, struct xdoc *d, struct err *e)
{
    return writing(w, e, [&] {
        if (id == 0)
            throw failure{ERR_INTERNAL, "0 is no docid"};
        d->doc.set_data(packed(w->reader.get(), d->data));
        w->db.replace_document(id, d->doc);
        return 0;
    });
}

int xwriter_put_data(struct xwriter *w, docid_t id, struct slice data, struct err *e)
{
    return writing(w, e, [&] {
        want_document(w, id);
        Xapian::Document doc = w->db.get_document(id);
        doc.set_data(packed(w->reader.get(), str(data)));
        w->db.replace_document(id, doc);
        return 0;
    });
}

int xwriter_delete(struct xwriter *w, docid_t id, struct err *e)
{
    return writing(w, e, [&] {
        want_document(w, id);
        w->db.delete_document(id);
        return 0;
    });
}

int xwriter_set_metadata(struct xwriter *w, struct slice key, struct slice value, struct err *e)
{
    return writing(w, e, [&] {
        w->db.set_metadata(str(key), str(value));
        return 0;
    });
}

int xwriter_pack(struct xwriter *w, struct slice dictionary, struct err *e)
{
    return writing(w, e, [&] {
        w->db.set_metadata(pack_key, "1" + str(dictionary));
        set_pack(w->reader.get(), dictionary);
        return 0;
    });
}

void xwriter_last_words(void (*say)(const struct err *e))
{
    guard(nullptr, [&] {
        last_words = say;
        std::set_terminate(terminated);
        return 0;
    });
}

struct xdb *xwriter_db(struct xwriter *w)
{
    return w->reader.get();
}

int xdoc_new(struct xdoc **d, struct err *e)
{
    *d = nullptr;
    return guard(e, [&] {
        *d = new xdoc{};
        return 0;
    });
}

void xdoc_free(struct xdoc *d)
{
    guard(nullptr, [&] {
        delete d;
        return 0;
    });
}

int xdoc_clear(struct xdoc *d, struct err *e)
{
    return guard(e, [&] {
        d->doc = Xapian::Document();
        d->data.clear();
        if (d->data.capacity() > 1 << 20) /* one huge text is not held till the end */
            d->data.shrink_to_fit();
        return 0;
    });
}

int xdoc_term(struct xdoc *d, struct slice term, uint32_t wdf_inc, struct err *e)
{
    return guard(e, [&] {
        want_term(term);
        d->doc.add_term(str(term), wdf_inc);
        return 0;
    });
}

int xdoc_position(struct xdoc *d, struct slice term, uint32_t pos, struct err *e)
{
    return guard(e, [&] {
        want_term(term);
        d->doc.add_posting(str(term), pos, 0);
        return 0;
    });
}

int xdoc_value(struct xdoc *d, uint32_t slot, struct slice value, struct err *e)
{
    return guard(e, [&] {
        d->doc.add_value(slot, str(value));
        return 0;
    });
}

int xdoc_data(struct xdoc *d, struct slice data, struct err *e)
{
    return guard(e, [&] {
        d->data = str(data);
        return 0;
    });
}

int xdb_merge(const char *const *from, size_t n_from, const char *to, struct err *e)
{
    return guard(e, [&] {
        Xapian::Database all;
        for (size_t i = 0; i < n_from; i++)
            all.add_database(Xapian::Database(from[i]));
        same_metadata compactor;
        all.compact(to, Xapian::DBCOMPACT_NO_RENUMBER, 0, compactor);
        if (compactor.unlike)
            throw failure{ERR_INTERNAL, "databases to merge differ in a metadata entry"};
        each_file(to, sync_file);
        sync_folder(to);
        return 0;
    });
}

int xdb_check(struct arena *a, const char *path, struct slice *report, struct err *e)
{
    return guard(e, [&] {
        std::ostringstream said;
        size_t faults = Xapian::Database::check(path, 0, &said);
        *report = keep(a, said.str());
        return static_cast<int>(std::min<size_t>(faults, INT32_MAX));
    });
}
