#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The language server, asked by Neovim's own client.
. "$(dirname "$0")/lib.sh"
need nvim
ed_setup
cat >run.vim <<'END'
try
  luafile $KB_SRCDIR/tests/editors/lsp.lua
  qall!
catch
  verbose echo v:exception
  cquit!
endtry
END
ok "Neovim's client" timeout 60 nvim --headless --clean -S run.vim
like "all of it" "$OUT" '*good*'
kb_done
