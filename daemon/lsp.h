// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lsp: the Language Server Protocol (3.17) on the daemon's socket, for editors that have it and
 * nothing else of ours: workspace/symbol searches notes, headings and entries;
 * textDocument/completion completes `[[`; definition, references and hover work on links.
 *
 * A connection speaks it from `initialize` without a string protocolVersion on. Open documents are
 * kept for the connection, LSP_DOCUMENTS of them and LSP_BYTES together; of others the file on disk
 * is asked, beneath its vault. Unknown requests are refused, unknown notifications ignored.
 */
#ifndef KB_LSP_H
#define KB_LSP_H

#include "daemon/request.h"

enum { LSP_DOCUMENTS = 256, LSP_BYTES = 16 << 20 };

/* Whether a method that is none of ours belongs here. */
bool lsp_knows(const struct peer *p, struct slice method, const struct json *params);
enum request_kind lsp_read(
    struct request *r, struct peer *p, struct slice method, const struct json *params, bool asks);
void lsp_free(struct lsp *l); /* NULL is fine */

#endif
