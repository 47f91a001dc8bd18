#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Kakoune with the real daemon, and without: a client on a terminal that nobody sees.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/editors/lib.sh"
ED=kakoune
need kak tmux
ed_setup
export KAKOUNE_CONFIG_DIR="$T/kak"
mkdir -p "$T/kak"
trap 'ed_close; kb_cleanup' EXIT

begin() {
    ed_open 150 30 "kak -n -e 'source /usr/share/kak/rc/tools/grep.kak
        source $KB_SRCDIR/editors/kakoune/kbsearch.kak; set-option global grepcmd %{kbsearch --vimgrep}' '$T/vault/Home.md'"
    shows "it comes up$1" 'Home.md'
}

begin ""
ed_keys ':kbsearch closed source' Enter
shows "kbsearch fills a buffer" 'Muse Spark.md:[0-9]*:[0-9]*:.*losed'
shows "and says that it is done" 'kbsearch: done'
ed_keys gg Enter
shows "Enter goes to the note" 'Muse Spark.md .*1 sel'
ed_keys ':grep quillfeather OR "closed source"' Enter
shows "grepcmd" 'grep.*1 sel'
ed_keys ':kbsearch zzzqqq9' Enter
shows "nothing found" 'kbsearch: no hit'
ed_keys ':kbsearch date:nonsense' Enter
shows "an error" 'kbsearch: .*date'

(while [ ! -e "$T/enough" ]; do kbindex --quiet --full "$T/vault"; done) &
rebuilding=$!
ed_keys ':kbsearch quillfeather OR "closed source"' Enter
shows "an index that is being rebuilt" 'kbsearch: done'
: >"$T/enough"
wait "$rebuilding"
kill -KILL $(cat "$T/daemon")
ed_keys ':kbsearch muse' Enter
shows "a daemon that was killed is started anew" 'kbsearch: done'
ed_broken
path=$PATH PATH=$T/broken:$PATH KBSEARCH_SOCKET=$T/run/broken.sock
export KBSEARCH_SOCKET
begin ", with a daemon that cannot start"
ed_keys ':kbsearch muse' Enter
shows "none can be started" 'the disk is full'
unset KBSEARCH_SOCKET
PATH=$path
KBSEARCH_DB=$T/none
export KBSEARCH_DB
begin ", without an index"
ed_keys ':kbsearch muse' Enter
shows "no index" 'kbindex'
ed_keys i 'still here' Escape
shows "the editor goes on" 'still here'
kb_done
