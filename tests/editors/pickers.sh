#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The sources for pickers of Neovim, called as telescope, fzf-lua and snacks call them.
. "$(dirname "$0")/lib.sh"
ED=nvim
need nvim
ed_setup
cat >run.vim <<'END'
source $KB_SRCDIR/tests/editors/prelude.vim
try
  luafile $KB_SRCDIR/tests/editors/pickers.lua
  qall!
catch
  verbose echo v:exception
  cquit!
endtry
END
ok "to the end" timeout 60 nvim --headless -u NONE -i NONE -S run.vim
ed_tap tap
kb_done
