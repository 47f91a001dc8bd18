#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Clients of the Model Context Protocol as npm has them: the library, in both of its modes, and the
# inspector's command line.
. "$(dirname "$0")/lib.sh"
need node npm
KB_NPM=${KB_NPM:-${KB_BINDIR:-/tmp}/tests/editors/npm}
export KB_NPM
mkdir -p "$KB_NPM" && cd "$KB_NPM" || exit 99
[ -e package.json ] || echo '{"private":true}' >package.json
[ -d node_modules/@modelcontextprotocol/client ] && [ -x node_modules/.bin/mcp-inspector ] ||
    ed_npm @modelcontextprotocol/client@2.4.0 @modelcontextprotocol/inspector@2.12.0
ed_setup
ok "the client library, with its handshake" node "$KB_SRCDIR/tests/editors/mcp.mjs" legacy
ok "the client library, without one" node "$KB_SRCDIR/tests/editors/mcp.mjs" auto

inspect() {
    "$KB_NPM/node_modules/.bin/mcp-inspector" --cli kbsearch --mcp "$@"
}
ok "the inspector lists tools" inspect --method tools/list
like "search is one" "$OUT" '*"search"*'
ok "the inspector calls one" inspect --method tools/call --tool-name search --tool-arg query=muse
like "Muse Spark is found" "$OUT" '*Muse Spark*'
kb_done
