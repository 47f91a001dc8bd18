#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Medians, for people to read. Fails only at ten times what is normal: these machines drift.
unset KB_TRAFFIC_DIR # it takes time
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "no python3"
kb_corpus ainews
[ -z "${KB_SANITIZED:-}" ] || kb_skip "a sanitized build has no speed"
kb_setup
oracle=$KB_SRCDIR/tests/oracle

ok "indexes the notes" kb_index "$CORPUS"
[ "$kb_failed" -eq 0 ] || kb_done
ok "has a daemon" kbsearch -q closed source

set -- 'kbsearch "closed source"'
command -v rg >/dev/null && set -- "$@" "rg -i 'closed source' '$CORPUS'"
python3 "$oracle/median.py" 50 "$@" >processes
kb_result $? "50 processes each"
sed 's/^/# median µs: /' processes
[ "$(sed -n '1s/	.*//p' processes)" -lt 25000 ]
kb_result $? "a whole kbsearch under 25 ms"

python3 "$oracle/scan.py" --pick 400 --seed 3 "$CORPUS" | paste -d ' ' - - >queries
python3 "$oracle/load.py" --socket "$(kbsearch --sockname)" --queries queries \
    --connections 1 --requests 2000 --limit 20 >figures 2>faults
kb_result $? "two words, on an open connection"
sed 's/^/# /' figures faults
[ "$(sed -n 's/^p50_us //p' figures)" -lt 10000 ]
kb_result $? "an answer under 10 ms"
kb_done
