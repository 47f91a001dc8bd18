// SPDX-License-Identifier: GPL-2.0-or-later
/* Prints docs/protocol.md, or with the argument "schema" the JSON Schema of the protocol. */
#include <stdio.h>
#include <string.h>

#include "lib/proto.h"

int main(int argc, char **argv)
{
    struct buf out = {0};
    if (argc > 1 && strcmp(argv[1], "schema") == 0)
        proto_write_schema(&out);
    else
        proto_write_markdown(&out);
    bool ok = !out.failed && fwrite(out.p, 1, out.n, stdout) == out.n && fflush(stdout) == 0;
    buf_free(&out);
    return ok ? 0 : 1;
}
