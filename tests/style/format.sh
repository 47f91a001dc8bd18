#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Sources stand as clang-format leaves them.
cd "${KB_SRCDIR:-.}" || exit 1
if ! command -v clang-format >/dev/null; then
    echo "1..0 # SKIP no clang-format here"
    exit 0
fi
echo 1..1
found=$(find lib indexer daemon client tests bench \( -name '*.[ch]' -o -name '*.cc' \) -print 2>/dev/null |
    sort | xargs clang-format --dry-run 2>&1 | grep 'warning: code should be clang-formatted' | sed 's/: warning.*//' |
    cut -d: -f1 | uniq -c)
if [ -z "$found" ]; then
    echo "ok 1 - clang-format has nothing to change"
else
    echo "not ok 1 - clang-format has nothing to change"
    printf '%s\n' "$found" | sed 's/^/# /'
    exit 1
fi
