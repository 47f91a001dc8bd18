#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Words are found by the endings of the language their note is in, whichever the index holds.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
kb_setup
mkdir de en ru
printf '%s\n' '# Tagebuch' '' '- Zwei Häuser mit Gärten standen dort' '- Ein haus allein' >de/a.md
printf '%s\n' '# Diary' '' '- The models were released with weights' >en/a.md
printf '%s\n' '---' 'lang: fr-CA' '---' '# Journal' '' '- Les chevaux continuaient' >en/b.md
printf '%s\n' '# Дневник' '' '- Новые модели и книги' >ru/a.md
mkdir -p home/.config/kbsearch
printf '%s\n' '[vault "de"]' 'language = german' '[vault "ru"]' 'language = ru' \
    >home/.config/kbsearch/kbsearch.conf

# finds NAME QUERY FILE
finds() {
    is "$1" "$(kbsearch -l "$2" 2>/dev/null | cut -d: -f1)" "$3"
}

kb_index en || exit 99
finds "English" 'releasing model' en/a.md
finds "a language of one note" 'continuait' en/b.md
rm en/b.md
kb_index en || exit 99
like "a language that is gone costs nothing" "$(kbsearch --explain releasing 2>&1)" \
    '*own: (synonym Zreleas released)
*'
kb_index de en ru || exit 99
finds "English beside others" 'releasing model' en/a.md
finds "German" 'Hauses' de/a.md
finds "German, inherited" 'Tagebuches garten' de/a.md
finds "German titles" 'title:Tagebuches garten' de/a.md
finds "Russian" 'модель книгу' ru/a.md
is "nothing is read as something else" "$(kbsearch Hauses 2>&1 >/dev/null)" ""
like "what matched is marked" "$(kbsearch --color=always -n 1 garten)" '*[[]*mGärten*'
like "both stems are asked" "$(kbsearch --explain Hauses 2>&1)" '*(synonym Zhaus Zhauses haus *'
printf '%s\n' '# One' '- a new one' >en/new.md
printf '%s\n' '# Two' '- the news again' >en/news.md
kb_index en de ru || exit 99
finds "a word that another stem leads to is no form of this one" 'new' en/new.md
printf '%s\n' '# Tagebuch' >de/a.md
kb_index de en ru || exit 99
finds "an update takes away what is gone" 'Hauses' ''
kb_done
