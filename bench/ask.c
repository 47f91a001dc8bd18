// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ask: queries over the socket, each connection one at a time, and how long the answers took.
 *
 *     ask SOCKET QUERIES ROUNDS [CONNECTIONS]
 *
 * Prints the kinds as sample_print does, then "rate" (answers a second), "bytes" (of an answer, on
 * average) and "took_us" (the daemon's own figure, on average). An error in an answer ends it.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bench/sample.h"
#include "lib/buf.h"

struct peer {
    int fd;
    size_t at; /* the query in flight */
    uint64_t begun;
    struct buf answer;
};

struct load {
    struct sample_queries q;
    struct sample_times times;
    struct peer *peers;
    struct pollfd *polls;
    size_t n, next, last, done;
    uint64_t bytes, took_us;
};

static void stop(const char *what)
{
    fprintf(stderr, "ask: %s\n", what);
    exit(1);
}

static int connected(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof a) < 0)
        stop(strerror(errno));
    return fd;
}

static void send_next(struct load *l, struct peer *p)
{
    struct buf line = {0};
    p->at = l->next++;
    struct slice params = l->q.v[p->at % l->q.n].params;
    buf_printf(&line, "{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"search\",\"params\":%.*s}\n",
        p->at, (int)params.n, params.p);
    buf_clear(&p->answer);
    p->begun = sample_now();
    if (line.failed || send(p->fd, line.p, line.n, MSG_NOSIGNAL) != (ssize_t)line.n)
        stop("cannot send a request whole");
    buf_free(&line);
}

static void answered(struct load *l, struct peer *p)
{
    const char *text = buf_cstr(&p->answer), *took = strstr(text, "\"took_us\":");
    if (strstr(text, "\"error\":{\"code\"") || !took)
        stop(text);
    sample_add(&l->times, l->q.v[p->at % l->q.n].kind, sample_now() - p->begun);
    l->took_us += strtoull(took + strlen("\"took_us\":"), NULL, 10);
    l->bytes += p->answer.n;
    l->done++;
    if (l->next < l->last)
        send_next(l, p);
}

static void receive(struct load *l, struct peer *p)
{
    enum { CHUNK = 65536 };
    if (!buf_room(&p->answer, CHUNK))
        stop("out of memory");
    ssize_t n = recv(p->fd, p->answer.p + p->answer.n, CHUNK, 0);
    if (n <= 0)
        stop(n ? strerror(errno) : "the connection was closed");
    p->answer.n += (size_t)n;
    if (p->answer.p[p->answer.n - 1] == '\n')
        answered(l, p);
}

static void run(struct load *l)
{
    for (size_t i = 0; i < l->n && l->next < l->last; i++)
        send_next(l, &l->peers[i]);
    while (l->done < l->last) {
        if (l->n > 1 && poll(l->polls, (nfds_t)l->n, -1) < 0 && errno != EINTR)
            stop(strerror(errno));
        for (size_t i = 0; i < l->n; i++)
            if (l->n == 1 || l->polls[i].revents)
                receive(l, &l->peers[i]);
    }
}

int main(int argc, char **argv)
{
    struct load l = {.n = 1};
    if (argc < 4 || argc > 5) {
        fputs("usage: ask SOCKET QUERIES ROUNDS [CONNECTIONS]\n", stderr);
        return 2;
    }
    sample_read(&l.q, argv[2]);
    l.last = l.q.n * strtoul(argv[3], NULL, 10);
    if (argc == 5)
        l.n = strtoul(argv[4], NULL, 10);
    l.peers = calloc(l.n, sizeof *l.peers);
    l.polls = calloc(l.n, sizeof *l.polls);
    if (!l.peers || !l.polls || !l.last)
        stop("nothing to ask");
    for (size_t i = 0; i < l.n; i++) {
        l.peers[i].fd = connected(argv[1]);
        l.polls[i] = (struct pollfd){.fd = l.peers[i].fd, .events = POLLIN};
    }
    uint64_t begun = sample_now();
    run(&l);
    uint64_t ns = sample_now() - begun;
    sample_print(&l.times);
    printf("rate\t%.0f\nbytes\t%llu\ntook_us\t%llu\n", (double)l.done * 1e9 / (double)ns,
        (unsigned long long)(l.bytes / l.done), (unsigned long long)(l.took_us / l.done));
    return 0;
}
