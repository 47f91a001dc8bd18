# SPDX-License-Identifier: GPL-2.0-or-later
# fish completion for kbsearch: options as the program itself tells them, the query by the daemon.

function __kbsearch_query
    set -l word (commandline -ct | string unescape)
    set -l mark (string match -r '^(?:[^:]*:|#|-)' -- $word)
    for text in (kbsearch --deadline 300 --suggest "$word" 2>/dev/null)
        string match -q '* *' -- $text; and set text "\"$text\""
        echo "$mark$text"
    end
end

complete -c kbsearch -f -a '(__kbsearch_query)'
kbsearch --help 2>/dev/null | while read -l line
    set -l found (string match -rg '^((?:-.)?)(?:, )?--([a-z-]+) ?([^ ]*) *(.*)$' -- (string trim -- $line))
    or continue
    set -l options -l $found[2]
    test -n "$found[1]"; and set -a options -s (string sub -s 2 -- $found[1])
    test -n "$found[4]"; and set -a options -d $found[4]
    switch "$found[3]"
        case ''
        case WHEN
            set -a options -x -a 'auto always never'
        case DIR FILE '*PATH*'
            set -a options -r -F
        case '*|*'
            set -a options -x -a (string replace -a '|' ' ' -- $found[3])
        case '*'
            set -a options -x
    end
    complete -c kbsearch $options
end
