// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/lsp.h"

bool lsp_knows(const struct peer *p, struct slice method, const struct json *params)
{
    (void)p;
    (void)method;
    (void)params;
    return false;
}

enum request_kind lsp_read(
    struct request *r, struct peer *p, struct slice method, const struct json *params, bool asks)
{
    (void)r;
    (void)p;
    (void)method;
    (void)params;
    (void)asks;
    return REQUEST_IGNORE;
}

void lsp_free(struct lsp *l)
{
    (void)l;
}
