// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mcp: the Model Context Protocol on the daemon's socket, for agents. Two ways in:
 *
 *   `initialize` with a string protocolVersion     the connection speaks MCP from then on
 *                                                  (revisions up to 2025-11-25)
 *   a request whose _meta names a protocolVersion  stands for itself (revision 2026-07-28)
 *
 * The tools are methods of ours, most of whose parameters they offer; their schemas are made from
 * lib/proto.def, and a tool is there when its method is. All are read-only. What a tool answers
 * stays within a budget: lists end early with a cursor, texts are cut and say so. A mistake in a
 * call is told as the tool's result, for the model to mend. Resources are the notes:
 * kbsearch://VAULT/PATH, each path segment percent-encoded.
 *
 * A cancelled request gets no answer.
 */
#ifndef KB_MCP_H
#define KB_MCP_H

#include "daemon/request.h"

/* Whether a method that is none of ours belongs here. */
bool mcp_knows(const struct peer *p, struct slice method, const struct json *params);
enum request_kind mcp_read(
    struct request *r, struct peer *p, struct slice method, const struct json *params, bool asks);

#endif
