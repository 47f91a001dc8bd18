#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The same with Neovim.
KB_EDITOR=nvim exec sh "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/editors/vim.sh"
