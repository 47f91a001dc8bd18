#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The manuals are correct mdoc and name the options that the programs have.
cd "${KB_SRCDIR:-.}" || exit 1
if ! command -v mandoc >/dev/null; then
    echo "1..0 # SKIP no mandoc here"
    exit 0
fi
pages=$(find docs/man -name '*.[157]' | sort)
set -- $pages
echo "1..$(($# + 4))"
n=0
bad=0
for page in $pages; do
    n=$((n + 1))
    if found=$(mandoc -T lint -W warning "$page" 2>&1); then
        echo "ok $n - $page"
    else
        echo "not ok $n - $page"
        printf '%s\n' "$found" | sed 's/^/# /'
        bad=1
    fi
done
for program in kbsearch kbindex kbsearchd; do
    n=$((n + 1))
    lacking=$("${KB_BINDIR:-build}/$program" --help 2>&1 | grep -oE -- '--[a-z][a-z-]+' | sort -u |
        while read -r option; do
            grep -q -- "Fl -$(printf %s "${option#--}" | sed 's/-/\\\\*-/g')" "docs/man/$program.1" ||
                mandoc -T utf8 "docs/man/$program.1" | sed 's/.\x08//g' | grep -q -- "$option" || echo "$option"
        done)
    if [ -z "$lacking" ]; then
        echo "ok $n - $program.1 names every option of $program --help"
    else
        echo "not ok $n - $program.1 names every option of $program --help"
        printf '%s\n' "$lacking" | sed 's/^/# lacks /'
        bad=1
    fi
done
n=$((n + 1))
lacking=$(sed -n 's/^SETTING([a-z_]*, "\([a-z-]*\)".*/\1/p; s/^KEY("[a-z]*", "\([a-z-]*\)".*/\1/p' lib/setting.def |
    while read -r key; do grep -qE "^\.It Cm (.* )?$key( ,.*)?\$" docs/man/kbsearch.conf.5 || echo "$key"; done)
if [ -z "$lacking" ]; then
    echo "ok $n - kbsearch.conf.5 names every key"
else
    echo "not ok $n - kbsearch.conf.5 names every key"
    printf '%s\n' "$lacking" | sed 's/^/# lacks /'
    bad=1
fi
exit $bad
