# SPDX-License-Identifier: GPL-2.0-or-later
# bash completion for kbsearch: options as the program itself tells them, the query by the daemon.

# "short long value" a line; - for none.
_kbsearch_options() {
    "$1" --help 2>/dev/null | sed -nE \
        -e 's/^ +(-.), --([a-z-]+)( ([^ ]+))?( .*)?$/\1 --\2 \4/p' \
        -e 's/^ +--([a-z-]+)( ([^ ]+))?( .*)?$/- --\1 \3/p'
}

_kbsearch() {
    # COMP_WORDS breaks words at colons and quotes; the program does not.
    local program=$1 line=${COMP_LINE:0:COMP_POINT} word before option value known='' i
    word=${line##*[[:blank:]]}
    before=${line%"$word"}
    before=${before%"${before##*[![:blank:]]}"}
    before=${before##*[[:blank:]]}
    local -a options
    mapfile -t options < <(_kbsearch_options "$program")
    COMPREPLY=()
    for i in "${options[@]}"; do
        read -r _ option value <<<"$i"
        known+="$option "
        [[ $i == "$before "* || $option == "$before" ]] || continue
        # An option's value is told in capitals; choices are in small letters.
        case $value in
        WHEN) mapfile -t COMPREPLY < <(compgen -W 'auto always never' -- "$word") ;;
        *[a-z]\|*) mapfile -t COMPREPLY < <(compgen -W "${value//|/ }" -- "$word") ;;
        DIR) mapfile -t COMPREPLY < <(compgen -d -- "$word") ;;
        *PATH* | FILE) mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
        [A-Z]*) ;;
        *) continue ;;
        esac
        [[ $value == [A-Z]* || $value == *\|* ]] && return
    done
    if [[ $word == --* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$known" -- "$word")
        return
    fi
    # What stands before what bash thinks is the word: it keeps that, and wants the rest only.
    local mark='' cut
    case $word in
    *:*) mark=${word%%:*}: ;;
    '#'*) mark='#' ;;
    -*) mark=- ;;
    esac
    cut=${word%"${word##*:}"}
    # A name of several words is quoted: for the query, and once more for the shell.
    mapfile -t COMPREPLY < <("$program" --deadline 300 --suggest "$word" 2>/dev/null |
        sed -e '/[[:blank:]]/s/.*/"&"/' -e 's/[^[:alnum:]_.:/-]/\\&/g')
    for i in "${!COMPREPLY[@]}"; do
        case ${COMPREPLY[i]} in
        *:) compopt -o nospace ;;
        esac
        COMPREPLY[i]=$mark${COMPREPLY[i]#"$mark"}
        COMPREPLY[i]=${COMPREPLY[i]#"$cut"}
    done
}
complete -F _kbsearch kbsearch
