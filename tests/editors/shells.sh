#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Completion in bash, zsh and fish: every option of the program, choices, fields, tags, entities.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/editors/lib.sh"
need bash
ed_setup
comp=$KB_SRCDIR/contrib/completions
options=$(kbsearch --help | grep -oE '^ +(-., )?--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort -u)

cat >ask.bash <<EOF
. "$comp/kbsearch.bash"
compopt() { :; }
COMP_LINE=\$1 COMP_POINT=\${#1}
_kbsearch kbsearch
printf '%s\n' "\${COMPREPLY[@]}"
EOF
bash_asks() {
    bash "$T/ask.bash" "$1" | sort
}
fish_asks() {
    fish -N -c "source '$comp/kbsearch.fish'; complete -C '$1'" 2>&1 | cut -f1 | sort
}
zsh_asks() {
    python3 "$KB_SRCDIR/tests/editors/zsh-asks.py" "$comp" "$1"
}

has() {
    printf '%s\n' "$2" | grep -qxF -- "$3"
    kb_result $? "$1: $3"
    printf '%s\n' "$2" | grep -qxF -- "$3" || kb_diag "$2"
}

is "bash: options are those of --help" "$(bash_asks 'kbsearch --')" "$options"
has bash "$(bash_asks 'kbsearch --sort n')" newest
has bash "$(bash_asks 'kbsearch -s n')" newest
has bash "$(bash_asks 'kbsearch --color a')" always
has bash "$(bash_asks 'kbsearch spark ti')" title:
has bash "$(bash_asks 'kbsearch spark tag:mo')" model
has bash "$(bash_asks 'kbsearch spark -tag:mo')" model
has bash "$(bash_asks 'kbsearch entity:mu')" '\"muse\ spark\"'
if command -v fish >/dev/null; then
    is "fish: options are those of --help" "$(fish_asks 'kbsearch --' | grep '^--')" "$options"
    has fish "$(fish_asks 'kbsearch --sort n')" newest
    has fish "$(fish_asks 'kbsearch -s n')" newest
    has fish "$(fish_asks 'kbsearch spark ti')" title:
    has fish "$(fish_asks 'kbsearch spark tag:mo')" tag:model
    has fish "$(fish_asks 'kbsearch entity:op')" entity:openai
fi
if command -v zsh >/dev/null && command -v python3 >/dev/null; then
    like "zsh: options" "$(zsh_asks 'kbsearch --st')" '*--status*state of index*--strict*'
    like "zsh: choices" "$(zsh_asks 'kbsearch --sort n')" '*--sort newest*'
    like "zsh: fields" "$(zsh_asks 'kbsearch tit')" '*title:*'
    like "zsh: tags" "$(zsh_asks 'kbsearch tag:mo')" '*tag:moc*tag:model*'
    like "zsh: entities" "$(zsh_asks 'kbsearch entity:ope')" '*entity:openai*'
fi
kb_stop
ed_broken
PATH=$T/broken:$PATH
is "without a daemon that can start, nothing" "$(bash_asks 'kbsearch mus')" ""
kb_done
