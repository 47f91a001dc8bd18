#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# kbsearch-fzf on a terminal that nobody sees: type, preview, open.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/editors/lib.sh"
need fzf tmux
ed_setup
trap 'ed_close; kb_cleanup' EXIT
printf '#!/bin/sh\nprintf "%%s\\n" "$@" >"%s/opened.part"; mv "%s/opened.part" "%s/opened"\n' "$T" "$T" "$T" >"$T/editor"
chmod +x "$T/editor"

begin() {
    ed_open 150 40 "VISUAL='$T/editor -x' sh '$KB_SRCDIR/contrib/kbsearch-fzf' ${1-}; echo ended; cat"
    shows "it comes up" 'notes>'
}
begin
ed_keys -l 'closed sour'
shows "hits of what is typed" 'models/Muse Spark.md:[0-9]'
shows "the unit beside them" 'License: proprietary'
ed_keys Enter
shows "it ends" 'ended'
is "the editor is given line and note" "$(cat "$T/opened")" "-x
+36
vault/models/Muse Spark.md"
begin muse
shows "what is asked at the start" 'models/Muse Spark.md:[0-9]'
begin
ed_keys -l 'date:nonsense'
shows "an error is shown" 'kbsearch: .*date'

# While an index is rebuilt all the time.
(while [ ! -e "$T/enough" ]; do kbindex --quiet --full "$T/vault"; done) &
rebuilding=$!
begin
ed_keys -l 'closed sour'
shows "an index that is being rebuilt" 'models/Muse Spark.md:[0-9]'
: >"$T/enough"
wait "$rebuilding"

# Stopped, so that no answer can come first; killed once it is asked.
ed_daemon
begin
kill -STOP $(cat "$T/daemon")
ed_keys -l 'muse'
asked() {
    for pid in $(pgrep -x kbsearch); do
        grep -qzxF "KB_TEST_DIR=$T" "/proc/$pid/environ" 2>/dev/null && return
    done
    return 1
}
until asked; do :; done
kill -KILL $(cat "$T/daemon")
shows "a daemon that is killed in mid-request" 'models/Muse Spark.md:[0-9]\|kbsearch: '
KBSEARCH_DB=$T/none
export KBSEARCH_DB
begin
ed_keys -l 'muse'
shows "no index" 'kbindex'
unset KBSEARCH_DB
ed_broken
KBSEARCH_SOCKET=$T/run/broken.sock PATH=$T/broken:$PATH
export KBSEARCH_SOCKET
begin
ed_keys -l 'muse'
shows "no daemon" 'the disk is full'
kb_done
