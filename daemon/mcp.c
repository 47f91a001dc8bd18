// SPDX-License-Identifier: GPL-2.0-or-later
#include "daemon/mcp.h"

bool mcp_knows(const struct peer *p, struct slice method, const struct json *params)
{
    (void)p;
    (void)method;
    (void)params;
    return false;
}

enum request_kind mcp_read(
    struct request *r, struct peer *p, struct slice method, const struct json *params, bool asks)
{
    (void)r;
    (void)p;
    (void)method;
    (void)params;
    (void)asks;
    return REQUEST_IGNORE;
}
