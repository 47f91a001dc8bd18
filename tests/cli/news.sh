#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Links and news against programs that use neither our index nor our parser.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "no python3"
kb_setup
oracle=$KB_SRCDIR/tests/oracle

cp -R "$KB_SRCDIR/docs/vault/." vault
chmod -R u+w vault
mkdir -p vault/a vault/b
printf '%s\n' '---' 'aliases: [The Twin]' '---' 'one' >vault/a/Twin.md
printf '%s\n' 'two' '' '- [[Twin]] and [[a/Twin|that]] and [[The Twin#x]]' >vault/b/Twin.md
printf '%s\n' '- [[Twin]], [[b/Twin]], [[Gone]]' '' '| x | y |' '|---|---|' \
    '| [[a/Twin\|t]] | [up](../Home.md) |' '' '```' '[[Twin]]' '```' >vault/b/From.md
mkdir -p vault/c vault/d
for at in c/One d/Two d/Three; do
    printf '%s\n' '---' 'title: Shared Name' "aliases: [${at#*/} alone]" '---' "- [[shared name]] in $at" \
        >"vault/$at.md"
done
printf '%s\n' '- [[Shared Name]] and [[One alone]]' '- [[Two alone#x|y]]' >vault/Top.md
kb_index
ok "links of the sample vault" python3 "$oracle/backlinks.py" vault
exits "a note that is not there" 1 kbsearch --backlinks 'No such note'
kbsearch -c --backlinks Twin >out 2>err
ok "and which note is meant" grep -q 'Twin is the name of 2 notes: a/Twin.md, b/Twin.md' err
is "a link means one of three notes of a title" \
    "$(for n in c/One d/Two d/Three; do kbsearch -c --backlinks $n 2>err; done | tr '\n' ' ')" "2 3 0 "
is "who names them links to all of them" "$(kbsearch -c 'link:"Shared Name"')" 5
exits "a cursor that never was" 1 kbsearch --new mail
exits "a name that cannot be a cursor's" 2 kbsearch --new a/b
kb_stop
rm -rf vault home/.cache home/.local
mkdir vault
ok "news of ${KB_EDITS:=300} edits, with rebuilds and a lost index between" \
    python3 "$oracle/news.py" "$KB_EDITS" 1
kb_stop
rm -rf vault home/.cache home/.local
mkdir vault
ok "planted near-copies are folded" python3 "$oracle/fold.py" 1
for name in vault-aiknowledge2026 ${KB_LONG:+ainews}; do
    if [ -d "$KB_CORPORA/$name" ]; then
        kb_stop
        rm -rf home/.cache home/.local
        ok "indexes $name" kbindex --quiet "$KB_CORPORA/$name"
        ok "links of it" python3 "$oracle/backlinks.py" "$KB_CORPORA/$name"
    else
        kb_result 0 "links of $name # SKIP no notes at $KB_CORPORA"
    fi
done
kb_done
