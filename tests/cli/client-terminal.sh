#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What a terminal gets: colours when it may, never a byte of a note that drives it.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v script >/dev/null || kb_skip "script is not there"
kb_setup
R=$KB_SRCDIR/tests/data/replies

# tty REPLY COMMAND: what it prints on a terminal, stderr apart; without the CR of the terminal.
tty() {
    kb_fake "$R/$1"
    script -qec "$2 2>$T/said" /dev/null </dev/null | tr -d '\r'
}

E=$(printf '\033')
color=$(tty last.json "kbsearch --no-spawn x")
like "colours" "$color" "*$E\[1;31mclosed-source$E\[0m*"
like "links" "$color" "*$E]8;;file://*/home/u/kb/daily/2026-04-09-AI-Digest.md$E*"
for plain in "NO_COLOR=1 kbsearch" "TERM=dumb kbsearch" "kbsearch --color never"; do
    got=$(tty last.json "$plain --no-spawn x")
    is "none with: $plain" "$(printf %s "$got" | tr -cd '\033' | wc -c | tr -d ' ')" 0
    like "still a block with: $plain" "$got" "2026-04-09  bullet  /home/u*:30*
    a closed-source rival"
done
got=$(tty last.json "NO_COLOR= kbsearch --no-spawn x")
like "an empty NO_COLOR is none" "$got" "*$E\[1;31m*"
narrow=$(tty last.json "COLUMNS=20 NO_COLOR=1 kbsearch --no-spawn x" | tail -n +2)
is "COLUMNS" "$narrow" "    a closed-source
    rival"
kb_fake "$R/last.json"
like "--color always in a pipe" "$(kbsearch --no-spawn --color always x)" "*$E\[1;31mclosed-source$E\[0m rival"

# Python tells characters where sh sees bytes.
drives() {
    python3 -c '
import re, sys
text = re.sub("\033\\[[0-9;]*m|\033\\]8;;[ -~]*?\033\\\\", "", sys.stdin.buffer.read().decode())
print(sorted({hex(ord(c)) for c in text
    if (c < " " and c not in "\n\t") or "\x7f" <= c < "\xa0" or c in "\u2028\u2029" or
    "\u202a" <= c <= "\u202e" or "\u2066" <= c <= "\u2069"}))'
}
for form in "" "-C1" "-l" "--vimgrep" "--json" "--jsonl" "-0" "--color always" \
    "--format {path}{title}{heading}{text}{snippet}"; do
    is "nothing drives it: $form" "$(tty evil.json "kbsearch --no-spawn $form x" | tr '\0' '\n' | drives)" "[]"
    is "nor on stderr: $form" "$(drives <said)" "[]"
done
kb_done
