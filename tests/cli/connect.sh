#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The examples of docs/connect.md, as they stand there; and being told of commits.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
kb_setup
export PYTHONDONTWRITEBYTECODE=1
cp -R "$KB_SRCDIR/docs/vault/." vault
chmod -R u+w vault
kb_index
mkdir -p home/.config/kbsearch
printf '[saved]\nmuse = "muse spark"\n' >home/.config/kbsearch/kbsearch.conf
kbsearchd
kbsearch -n 3 --format '{date} {rel}:{line} {text}\n' "closed source" >wanted

# example LANGUAGE: its block in the page
example() {
    sed -n "/^\`\`\`$1\$/,/^\`\`\`\$/p" "$KB_SRCDIR/docs/connect.md" | sed '1d;$d'
}

# same NAME PROGRAM LANGUAGE COMMAND...: what the example prints
same() {
    same_name=$1 same_program=$2
    example "$3" >"example.$3"
    shift 3
    if command -v "$same_program" >/dev/null; then
        "$@" >got 2>&1
        is "$same_name" "$(cat got)" "$(cat wanted)"
    else
        kb_result 0 "$same_name # SKIP no $same_program"
    fi
}
same "sh" socat sh sh example.sh
same "Python" python3 python python3 example.python
same "Node" node js sh -c 'node - <example.js'
same "Lua" nvim lua sh -c 'nvim --headless --clean -c "luafile example.lua" -c qall! 2>&1 | tr -d "\r"; echo'

if command -v python3 >/dev/null; then
    KBSEARCH_SOCKET=$(kbsearch --sockname)
    export KBSEARCH_SOCKET
    ok "told of every commit, once and soon" python3 "$KB_SRCDIR/tests/cli/subscribe.py" "$T/vault"
    printf '%s\n' "$OUT"
fi
kb_done
