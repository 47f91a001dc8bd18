# SPDX-License-Identifier: GPL-2.0-or-later
# kbsearch for Kakoune: hits in a *kbsearch* buffer that works as the one of :grep does.
# The commands come back at once; what went wrong stands in the buffer and in the status line.

declare-option -docstring "the program, and options for each call" str kbsearch_command 'kbsearch'

# :grep itself with notes: set-option global grepcmd 'kbsearch --vimgrep'

define-command -hidden kbsearch-run -params 1.. -docstring 'kbsearch-run <options>: hits in a buffer' %{
    evaluate-commands %sh{
        dir=$(mktemp -d "${TMPDIR:-/tmp}/kak-kbsearch.XXXXXXXX") || {
            echo "fail 'kbsearch: no temporary folder can be made'"
            exit
        }
        mkfifo "$dir/fifo"
        # The program's exit code tells what its output cannot: nothing found, no daemon, no index.
        (
            ${kak_opt_kbsearch_command} "$@" >"$dir/fifo" 2>"$dir/err" </dev/null
            code=$?
            said=$(sed -n "s/'/''/g; s/^kbsearch: //p" "$dir/err" | head -n 1)
            case $code in
            0) [ -n "$said" ] || said='done' ;;
            1) said="no hit${said:+: $said}" ;;
            127) said="${kak_opt_kbsearch_command%% *} is not on PATH; install it, or set the option kbsearch_command" ;;
            esac
            face=Information
            [ "$code" -le 1 ] || face=Error
            # A message is markup between quotes: its own quotes and braces must not count.
            printf "evaluate-commands -try-client '%s' -verbatim -- echo -markup '{%s}kbsearch: %s'\n" \
                "$kak_client" "$face" "$(printf %s "$said" | tr '{}' '()')" >"$dir/end"
            kak -p "$kak_session" <"$dir/end"
            rm -rf "$dir"
        ) >/dev/null 2>&1 </dev/null &
        printf '%s\n' "evaluate-commands -try-client '$kak_opt_toolsclient' %{
            edit! -fifo $dir/fifo *kbsearch*
            set-option buffer filetype grep
            set-option buffer grep_current_line 0
        }"
    }
}

define-command kbsearch -params .. -docstring %{
    kbsearch [<query>]: list the units that the query finds; the selection without one
} %{ evaluate-commands %sh{
    quoted() { printf " '%s'" "$(printf %s "$1" | sed "s/'/''/g")"; }
    [ $# -gt 0 ] || set -- "$kak_selection"
    printf 'kbsearch-run --vimgrep -n 200 --'
    for word in "$@"; do quoted "$word"; done
} }
complete-command kbsearch shell-script-candidates %{ ${kak_opt_kbsearch_command} --suggest '' }

define-command kbsearch-timeline -params .. -docstring %{
    kbsearch-timeline [<query>]: the story of an entity, oldest first; of this note without one
} %{ evaluate-commands %sh{
    [ $# -gt 0 ] || { note=${kak_bufname##*/}; set -- "[[${note%.*}]]"; }
    printf "kbsearch-run --timeline --vimgrep -- '%s'" "$(printf %s "$*" | sed "s/'/''/g")"
} }

define-command kbsearch-backlinks -params ..1 -docstring %{
    kbsearch-backlinks [<note>]: the units that link to a note; to this one without
} %{ evaluate-commands %sh{
    printf "kbsearch-run --vimgrep --backlinks '%s'" "$(printf %s "${1:-$kak_buffile}" | sed "s/'/''/g")"
} }

define-command kbsearch-related -docstring 'kbsearch-related: what is like the unit at the cursor' %{
    evaluate-commands %sh{
        printf "kbsearch-run --vimgrep --related '%s:%s'" "$(printf %s "$kak_buffile" | sed "s/'/''/g")" "$kak_cursor_line"
    }
}
