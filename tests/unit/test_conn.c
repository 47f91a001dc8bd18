// SPDX-License-Identifier: GPL-2.0-or-later
/* What literal lines (tests/wire) cannot say: time, memory and turns. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "tests/wire/fake.h"

#define HELLO "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"hello\"}\n"
#define BIG                                                                                        \
    "{\"jsonrpc\":\"2.0\",\"id\":\"b\",\"method\":\"search\",\"params\":{\"query\":\"big\"}}\n"

static void start(struct fake *f, struct fake_limits limits)
{
    if (!limits.readers)
        limits.readers = 2;
    assert_true(fake_open(f, limits));
}

static void send_text(struct fake *f, const char *text)
{
    assert_int_equal(send(f->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Everything up to the end, or up to a first newline. */
static void receive(struct fake *f, struct buf *in, bool line)
{
    ssize_t n = 1;
    while (n > 0 && !(line && in->n && memchr(in->p, '\n', in->n))) {
        struct pollfd p = {.fd = f->fd, .events = POLLIN};
        assert_int_equal(poll(&p, 1, 10000), 1);
        char *room = buf_room(in, 65536);
        assert_non_null(room);
        n = recv(f->fd, room, 65536, 0);
        if (n > 0)
            in->n += (size_t)n;
    }
    assert_true(line || n == 0 || errno == ECONNRESET);
}

static void test_half_a_request(void **state)
{
    struct fake f;
    struct buf in = {0};
    start(&f, (struct fake_limits){.half_ms = 40});
    send_text(&f, HELLO "{\"jsonrpc\":");
    receive(&f, &in, false);
    assert_non_null(strstr(buf_cstr(&in), "\"result\""));
    assert_non_null(strstr(buf_cstr(&in), "\"reason\":\"timed_out\""));
    buf_free(&in);
    assert_int_equal(fake_close(&f), 0);
    (void)state;
}

static void test_idle_connections_live(void **state)
{
    struct fake f;
    struct buf in = {0};
    start(&f, (struct fake_limits){.half_ms = 20, .stall_ms = 20});
    send_text(&f, HELLO);
    receive(&f, &in, true);
    struct pollfd p = {.fd = f.fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 200), 0);
    buf_clear(&in);
    send_text(&f, HELLO);
    receive(&f, &in, true);
    assert_non_null(strstr(buf_cstr(&in), "\"result\""));
    buf_free(&in);
    assert_int_equal(fake_close(&f), 0);
    (void)state;
}

/* Floods with `line` and never reads, until the daemon hangs up. Bytes that it took. */
static size_t flood(struct fake *f, const char *line)
{
    struct buf many = {0};
    for (int i = 0; i < 500; i++)
        buf_str(&many, line);
    size_t sent = 0;
    for (;;) {
        size_t from = sent % many.n;
        ssize_t n = send(f->fd, many.p + from, many.n - from, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            sent += (size_t)n;
            continue;
        }
        if (errno != EAGAIN)
            break;
        struct pollfd p = {.fd = f->fd, .events = POLLOUT};
        assert_int_equal(poll(&p, 1, 10000), 1);
    }
    buf_free(&many);
    return sent;
}

static void test_never_reads(void **state)
{
    static const char *const lines[] = {BIG, HELLO, "{\n", "{}\n"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct fake f;
        start(&f, (struct fake_limits){.stall_ms = 200});
        size_t taken = flood(&f, lines[i]);
        /* A megabyte of answers of a hundred bytes, and what the kernel holds. */
        assert_in_range(taken, 1, 3 << 20);
        assert_int_equal(fake_close(&f), 0);
    }
    struct rusage use;
    getrusage(RUSAGE_CHILDREN, &use);
#ifndef __SANITIZE_ADDRESS__
    assert_in_range(use.ru_maxrss, 1, 40 << 10);
#endif
    (void)state;
}

/* It reads slowly, but it reads: it gets everything. */
static void test_slow_reader(void **state)
{
    struct fake f;
    start(&f, (struct fake_limits){.stall_ms = 400});
    for (int i = 0; i < 10; i++) {
        char line[200];
        snprintf(line, sizeof line,
            "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"search\",\"params\":{\"query\":\"big\"}}"
            "\n",
            i);
        send_text(&f, line);
    }
    shutdown(f.fd, SHUT_WR);
    static char piece[100000];
    size_t got = 0;
    for (ssize_t n = 1; n > 0; got += (size_t)n) {
        struct pollfd pause = {.fd = -1};
        poll(&pause, 1, 25);
        n = recv(f.fd, piece, sizeof piece, 0);
        assert_true(n >= 0);
    }
    assert_true(got > 10 * 200000);
    assert_int_equal(fake_close(&f), 0);
    (void)state;
}

#define THREAD                                                                                     \
    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"search\",\"params\":{\"query\":\"thread\"}}\n"

/* A request that is alone is run by the thread that runs the loop; one that lasts leaves the loop
 * to the other thread. Nothing else is asked between two that last, however slow the machine is:
 * each is run by the thread that took the loop from the one before. */
static void test_leaders(void **state)
{
    struct fake f;
    char byte;
    start(&f, (struct fake_limits){.readers = 2});
    for (int i = 0; i < 4; i++) {
        struct buf in = {0};
        send_text(&f, THREAD);
        assert_int_equal(read(f.gate, &byte, 1), 1);
        send_text(&f, HELLO);
        receive(&f, &in, true);
        assert_non_null(strstr(buf_cstr(&in), "\"id\":1"));
        buf_clear(&in);
        assert_int_equal(write(f.gate, "", 1), 1);
        receive(&f, &in, true);
        assert_non_null(strstr(buf_cstr(&in), i % 2 ? "\"first\":false" : "\"first\":true"));
        buf_free(&in);
    }
    assert_int_equal(fake_close(&f), 0);
    (void)state;
}

/* --- turns -------------------------------------------------------------------------------------
 */

static struct {
    struct buf order;
    unsigned left;
    struct pool pool;
} turns;

static void note_done(struct request *r)
{
    buf_slice(&turns.order, r->id);
    request_free(r);
    if (--turns.left == 0)
        pool_close(&turns.pool);
}

static void submit_line(struct lane *lane, const char *line, int n, void (*done)(struct request *r))
{
    struct request *r = request_new();
    struct peer peer = {0};
    assert_non_null(r);
    assert_int_equal(request_read(r, &peer, slice_of(line, (size_t)n)), REQUEST_ASK);
    r->done = done;
    turns.left++;
    pool_submit(&turns.pool, lane, r);
}

static void submit(struct lane *lane, size_t id)
{
    char line[100];
    int n =
        snprintf(line, sizeof line, "{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"status\"}", id);
    submit_line(lane, line, n, note_done);
}

/* Asks for each lane's number in `asked` once; the ids are 1, 2, ... owners[i], unless it is empty,
 * tells whose lane i is. */
static void take_turns(const char *asked, const char *owners, const char *answered)
{
    static const struct config config = {.db = {"/nonexistent/kbsearch", "test"}};
    struct share shares[10] = {{0}};
    struct lane lanes[10] = {{0}};
    for (size_t i = 0; owners[i]; i++)
        lanes[i].share = &shares[owners[i] - '0'];
    struct err e = {0};
    uv_loop_t loop;
    uv_loop_init(&loop);
    buf_clear(&turns.order);
    assert_int_equal(pool_init(&turns.pool, &loop, 1, &config, fake_methods, &e), 0);
    for (size_t i = 0; asked[i]; i++)
        submit(&lanes[asked[i] - '0'], i + 1);
    assert_int_equal(turns.pool.n_waiting, strlen(asked) - 1);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(turns.pool.n_waiting, 0);
    assert_string_equal(buf_cstr(&turns.order), answered);
    pool_free(&turns.pool);
    assert_int_equal(uv_loop_close(&loop), 0);
    for (size_t i = 0; i < sizeof lanes / sizeof *lanes; i++)
        assert_int_equal(lanes[i].running + shares[i].held, 0);
}

/* A lane of which nothing waits or runs comes first, but for one turn in four. */
static void test_turns(void **state)
{
    take_turns("00001212", "", "15627834");
    take_turns("00012345", "", "14562783");
    buf_free(&turns.order);
    (void)state;
}

/* So does one of whose process nothing waits or runs; every other of those turns is for who has the
 * least. */
static void test_turns_of_processes(void **state)
{
    take_turns("12345", "000001", "15234");
    take_turns("0012", "001", "1432");
    take_turns("12345678", "000012345", "14562783");
    take_turns("00123456789", "0001234567", "1567389102114");
    buf_free(&turns.order);
    (void)state;
}

/* --- at hand -----------------------------------------------------------------------------------
 */

static struct {
    uv_sem_t begun, go;
    uv_mutex_t lock;
    struct buf order; /* of beginning */
} held;

static int hold(struct answer *w, const union proto_params *p, const struct daemon_facts *facts,
    struct buf *out, struct err *e)
{
    (void)w;
    (void)facts;
    (void)e;
    uv_mutex_lock(&held.lock);
    buf_slice(&held.order, p->search.query);
    uv_mutex_unlock(&held.lock);
    uv_sem_post(&held.begun);
    uv_sem_wait(&held.go);
    buf_str(out, "null");
    return 0;
}

static reply_fn *const held_methods[PROTO_COUNT] = {[PROTO_search] = hold};

static void note_held(struct request *r)
{
    buf_str(&turns.order, r->err.code == ERR_TIMEOUT ? "-" : "+");
    request_free(r);
    turns.left--;
}

static void ask_held(struct lane *lane, char query)
{
    char line[100];
    int n = snprintf(line, sizeof line,
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"search\",\"params\":{\"query\":\"%c\"}}",
        query);
    submit_line(lane, line, n, note_held);
}

static void open_held(uv_loop_t *loop)
{
    static const struct config config = {.db = {"/nonexistent/kbsearch", "test"}};
    struct err e = {0};
    uv_sem_init(&held.begun, 0);
    uv_sem_init(&held.go, 0);
    uv_mutex_init(&held.lock);
    uv_loop_init(loop);
    buf_clear(&turns.order);
    buf_clear(&held.order);
    assert_int_equal(pool_init(&turns.pool, loop, 2, &config, held_methods, &e), 0);
    assert_int_equal(turns.pool.n, 3);
}

static void close_held(uv_loop_t *loop)
{
    while (turns.left)
        uv_run(loop, UV_RUN_ONCE);
    pool_close(&turns.pool);
    uv_run(loop, UV_RUN_DEFAULT);
    pool_free(&turns.pool);
    assert_int_equal(uv_loop_close(loop), 0);
    uv_sem_destroy(&held.begun);
    uv_sem_destroy(&held.go);
    uv_mutex_destroy(&held.lock);
    buf_free(&turns.order);
    buf_free(&held.order);
}

#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
static long resident_kib(void)
{
    long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%*d %ld", &pages), 1);
    fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* What a request has freed goes back once nobody asks any more, also from below what is kept. */
static void test_gives_back(void **state)
{
    (void)state;
    enum { PIECES = 1000, PIECE = 64 * 1024 };
    static char *pieces[PIECES];
    uv_loop_t loop;
    struct lane lane = {0};
    open_held(&loop);
    ask_held(&lane, 'a');
    for (size_t i = 0; i < PIECES; i++)
        if ((pieces[i] = malloc(PIECE)))
            memset(pieces[i], 1, PIECE);
    long most = resident_kib();
    for (size_t i = 0; i + 1 < PIECES; i++)
        free(pieces[i]); /* but the last, above them */
    uv_sem_post(&held.go);
    while (turns.left || uv_loop_alive(&loop))
        uv_run(&loop, UV_RUN_ONCE);
    assert_in_range(resident_kib(), 0, most - PIECES * (PIECE / 1024) / 2);
    free(pieces[PIECES - 1]);
    close_held(&loop);
}
#endif

/* Of eight requests of one process three run and three are at hand; the one of another process is
 * the next to begin, and no one waits for the loop, which stands still. */
static void test_hand(void **state)
{
    struct share shares[2] = {{0}};
    struct lane lanes[9] = {{0}};
    uv_loop_t loop;
    open_held(&loop);
    for (int i = 0; i < 9; i++) {
        lanes[i].share = &shares[i == 8];
        ask_held(&lanes[i], (char)('a' + i));
        if (i < 3)
            uv_sem_wait(&held.begun);
    }
    assert_int_equal(turns.pool.n_waiting, 2);
    assert_int_equal(pool_waiting(&turns.pool), 6);
    for (int i = 0; i < 4; i++) {
        uv_sem_post(&held.go);
        uv_sem_wait(&held.begun);
    }
    assert_int_equal(held.order.n, 7);
    assert_memory_equal(held.order.p + 3, "idef", 4);
    for (int i = 0; i < 5; i++)
        uv_sem_post(&held.go);
    close_held(&loop);
    (void)state;
}

/* Who took 40 ms is heavy, whatever else runs: the last reader is for those that took a few. */
static void test_light_lanes(void **state)
{
    static const uint64_t cost_ms[] = {300, 200, 40, 7};
    struct lane lanes[4] = {{0}};
    uv_loop_t loop;
    open_held(&loop);
    for (int i = 0; i < 4; i++) {
        lanes[i].cost_ns = cost_ms[i] * 1000000;
        ask_held(&lanes[i], (char)('a' + i));
        if (i != 2)
            uv_sem_wait(&held.begun);
    }
    unsigned waiting = turns.pool.n_waiting;
    char begun[4] = "";
    memcpy(begun, held.order.p, held.order.n < 3 ? held.order.n : 3);
    for (int i = 0; i < 4; i++)
        uv_sem_post(&held.go);
    close_held(&loop);
    assert_int_equal(waiting, 1);
    assert_string_equal(begun, "abd");
    (void)state;
}

/* Who is at hand when the deadline passes is answered then, and who waits behind comes nearer. */
static void test_hand_and_deadline(void **state)
{
    struct lane lanes[8] = {{0}};
    struct share share = {0};
    uv_loop_t loop;
    open_held(&loop);
    for (int i = 0; i < 3; i++) {
        lanes[i].share = &share;
        ask_held(&lanes[i], 'a');
    }
    for (int i = 0; i < 3; i++)
        uv_sem_wait(&held.begun);
    for (int i = 3; i < 8; i++) {
        lanes[i].share = &share;
        ask_held(&lanes[i], (char)('a' + i));
    }
    uv_mutex_lock(&turns.pool.lock);
    for (struct request *r = turns.pool.hand; r; r = r->next)
        r->deadline_ns = uv_hrtime();
    uv_mutex_unlock(&turns.pool.lock);
    uv_timer_start(&turns.pool.timer, turns.pool.timer.timer_cb, 0, 0);
    while (turns.left > 5)
        uv_run(&loop, UV_RUN_ONCE);
    assert_string_equal(buf_cstr(&turns.order), "---");
    assert_int_equal(turns.pool.n_waiting, 0);
    for (int i = 0; i < 5; i++)
        uv_sem_post(&held.go);
    close_held(&loop);
    assert_int_equal(share.held, 0);
    (void)state;
}

/* --- staying awake -----------------------------------------------------------------------------
 */

/* Only for who asked at once before, only for a moment, and not while a request runs. */
static void test_stay(void **state)
{
    static struct pool pool;
    struct stay s;
    uv_loop_t loop;
    uv_async_t other; /* keeps the loop alive */
    uv_loop_init(&loop);
    uv_async_init(&loop, &other, NULL);
    stay_init(&s, &loop, &pool);
    stay_asked(&s);
    stay_answered(&s);
    assert_false(uv_is_active((uv_handle_t *)&s.idle));
    s.answered_ns = uv_hrtime() - STAY_QUICK_NS;
    stay_asked(&s);
    stay_answered(&s);
    assert_false(uv_is_active((uv_handle_t *)&s.idle));
    for (s.quick = false; !s.quick; stay_asked(&s))
        s.answered_ns = uv_hrtime();
    pool.n_running = 1;
    stay_answered(&s);
    assert_false(uv_is_active((uv_handle_t *)&s.idle));
    pool.n_running = 0;
    stay_answered(&s);
    assert_true(uv_is_active((uv_handle_t *)&s.idle));
    while (uv_is_active((uv_handle_t *)&s.idle))
        uv_run(&loop, UV_RUN_NOWAIT);
    assert_true(uv_hrtime() - s.answered_ns >= STAY_NS);
    stay_end(&s);
    uv_close((uv_handle_t *)&other, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    (void)state;
}

/* --- many at once ------------------------------------------------------------------------------
 */

static struct host *open_host(uv_loop_t *loop, int theirs[], size_t n)
{
    static struct pool none;
    static struct host host;
    struct err e = {0};
    uv_loop_init(loop);
    host_init(&host, loop, &none, "/nonexistent/kbsearch");
    for (size_t i = 0; i < n; i++) {
        int ends[2];
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        theirs[i] = ends[0];
        assert_int_equal(conn_open(&host, ends[1], &e), 0);
    }
    return &host;
}

static unsigned lines_there(int fd)
{
    static char piece[1 << 16];
    unsigned lines = 0;
    for (ssize_t n; (n = recv(fd, piece, sizeof piece, MSG_DONTWAIT)) > 0;)
        for (ssize_t i = 0; i < n; i++)
            lines += piece[i] == '\n';
    return lines;
}

/* What is refused at sight, by the hundred: another's single request comes between. At the end all
 * that was read is answered. */
static void test_gives_way(void **state)
{
    enum { MANY = 600 };
    int fds[2];
    uv_loop_t loop;
    struct buf many = {0};
    struct host *host = open_host(&loop, fds, 2);
    for (int i = 0; i < MANY; i++)
        buf_str(&many, "{}\n");
    assert_int_equal(send(fds[0], many.p, many.n, MSG_NOSIGNAL), many.n);
    assert_int_equal(send(fds[1], "{}\n", 3, MSG_NOSIGNAL), 3);
    unsigned before = 0, after = 0;
    while (!lines_there(fds[1])) {
        uv_run(&loop, UV_RUN_NOWAIT);
        before += lines_there(fds[0]);
    }
    assert_in_range(before, 0, MANY / 3);
    host_drain(host);
    while (host->n_conns) {
        uv_run(&loop, UV_RUN_NOWAIT);
        after += lines_there(fds[0]);
    }
    host_end(host);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(before + after + lines_there(fds[0]), MANY);
    assert_int_equal(uv_loop_close(&loop), 0);
    close(fds[0]);
    close(fds[1]);
    buf_free(&many);
    (void)state;
}

/* While a reader is in use the loop sleeps between the turns of those who have many. */
static void test_rests(void **state)
{
    enum { MANY = 600 };
    int fds[1];
    uv_loop_t loop;
    struct buf many = {0};
    struct host *host = open_host(&loop, fds, 1);
    host->pool->n_running = 1;
    for (int i = 0; i < MANY; i++)
        buf_str(&many, "{}\n");
    assert_int_equal(send(fds[0], many.p, many.n, MSG_NOSIGNAL), many.n);
    unsigned answered = 0;
    while (!answered || uv_backend_timeout(&loop) == 0) {
        uv_run(&loop, UV_RUN_NOWAIT);
        answered += lines_there(fds[0]);
    }
    assert_in_range(answered, 1, MANY - 1);
    while (answered < MANY) {
        uv_run(&loop, UV_RUN_ONCE);
        answered += lines_there(fds[0]);
    }
    host->pool->n_running = 0;
    host_close(host);
    host_end(host);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    close(fds[0]);
    buf_free(&many);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_half_a_request),
        cmocka_unit_test(test_idle_connections_live),
        cmocka_unit_test(test_never_reads),
        cmocka_unit_test(test_slow_reader),
        cmocka_unit_test(test_leaders),
        cmocka_unit_test(test_gives_way),
        cmocka_unit_test(test_rests),
        cmocka_unit_test(test_stay),
        /* Last: it starts libuv's threads in this process, and the others fork. */
        cmocka_unit_test(test_turns),
        cmocka_unit_test(test_turns_of_processes),
#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
        cmocka_unit_test(test_gives_back),
#endif
        cmocka_unit_test(test_hand),
        cmocka_unit_test(test_light_lanes),
        cmocka_unit_test(test_hand_and_deadline),
    };
    return cmocka_run_group_tests_name("conn", tests, NULL, NULL);
}
