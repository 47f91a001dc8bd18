// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * echo: the least a socket costs: for each line that comes, a line of BYTES bytes goes back.
 *
 *     echo SOCKET BYTES
 *
 * One connection, then it ends. The answer is one that ask.c takes.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int accepted(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 1) < 0)
        return -1;
    return accept(fd, NULL, NULL);
}

int main(int argc, char **argv)
{
    static const char head[] = "{\"took_us\":0,\"text\":\"";
    char in[65536];
    if (argc != 3) {
        fputs("usage: echo SOCKET BYTES\n", stderr);
        return 2;
    }
    size_t n = strtoul(argv[2], NULL, 10);
    n = n < 64 ? 64 : n;
    char *out = malloc(n);
    int fd = out ? accepted(argv[1]) : -1;
    if (fd < 0) {
        perror("echo");
        return 1;
    }
    memset(out, 'x', n);
    memcpy(out, head, sizeof head - 1);
    memcpy(out + n - 3, "\"}\n", 3);
    for (ssize_t got; (got = recv(fd, in, sizeof in, 0)) > 0;) {
        if (in[got - 1] != '\n')
            continue;
        for (size_t sent = 0; sent < n;) {
            ssize_t more = send(fd, out + sent, n - sent, MSG_NOSIGNAL);
            if (more <= 0)
                return 1;
            sent += (size_t)more;
        }
    }
    free(out);
    return 0;
}
