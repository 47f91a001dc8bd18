#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The extensions of VS Code and Obsidian: their types, their work with the real daemon and stubs
# of their hosts, their packages.
. "$(dirname "$0")/lib.sh"
need node npm
KB_NPM=${KB_NPM_EDITORS:-${KB_BINDIR:-/tmp}/tests/editors/node}
mkdir -p "$KB_NPM" && cd "$KB_NPM" || exit 99
cp -r "$KB_SRCDIR/editors/package.json" "$KB_SRCDIR/editors/tsconfig.json" "$KB_SRCDIR/editors/node" \
    "$KB_SRCDIR/editors/vscode" "$KB_SRCDIR/editors/obsidian" . && chmod -R u+w . || exit 99
# The client of the language server's protocol that VS Code's extensions have.
[ -x node_modules/.bin/tsc ] && [ -x node_modules/.bin/vsce ] && [ -d node_modules/vscode-languageclient ] ||
    ed_npm vscode-languageclient@9.0.1
ed_setup
ed_broken
cd "$KB_NPM" || exit 99
"$KB_BINDIR/tests/gen-protocol" schema >"$T/schema.json"
ok "types of the schema" node "$KB_SRCDIR/tests/editors/types.mjs" "$T/schema.json" node/schema.ts
ok "types" npm run --silent check
KB_NODE_OUT=$KB_NPM/out NODE_PATH=$KB_SRCDIR/tests/editors/stubs:$KB_NPM/node_modules
export KB_NODE_OUT NODE_PATH
timeout 60 node --test --test-reporter=tap "$KB_SRCDIR/tests/editors/node.test.cjs" >"$T/tap" 2>&1
kb_result $? "works with the daemon and stubs of the hosts"
kb_diag "$(grep -v '^ *\(---\|\.\.\.\|duration_ms\|type:\)' "$T/tap")"
ok "the packages are built" npm run --silent package
ok "the package of VS Code" test -s vscode/kbsearch-0.1.0.vsix
ok "the plugin of Obsidian" test -s obsidian/main.js
kb_done
