#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The house as docs/design.md draws it: each library behind one door, includes downwards only, and
# calls that are banned because of what they did elsewhere.
cd "${KB_SRCDIR:-.}" || exit 1
n=0
bad=0
sources=$(find lib indexer daemon client \( -name '*.[ch]' -o -name '*.cc' -o -name '*.def' \) | sort)

# $1: what is promised, $2: what breaks it, a line each
none() {
    n=$((n + 1))
    if [ -z "$2" ]; then
        echo "ok $n - $1"
    else
        echo "not ok $n - $1"
        printf '%s\n' "$2" | sed 's/^/# /'
        bad=1
    fi
}

# $1: a library's header, $2: an expression for the files that may include it
door() {
    none "$1 is included by $2 alone" \
        "$(grep -lE "#include <$1>" $sources | grep -vxE "$2")"
}
door 'xapian\.h' 'lib/xapian-c\.cc'
door 'jansson\.h' 'lib/json\.c'
door 'md4c\.h' 'lib/markdown\.c'
door 'yaml\.h' 'lib/frontmatter\.c'
door 'utf8proc\.h' 'lib/utf8\.c'
door 'pcre2\.h' 'lib/regex\.c'
door 'z(std|dict)\.h' 'lib/pack\.c'
door 'libdeflate\.h' 'indexer/deflate\.c'
door 'zlib\.h' 'indexer/deflate\.c'
door 'ini\.h' 'lib/config\.c'
door 'cmocka\.h' 'none'
door 'uv\.h' 'daemon/[a-z]+\.[ch]|indexer/watch\.[ch]'
none "lib/xapian-c.cc is the only C++" \
    "$(find lib indexer daemon client tests -name '*.cc' -o -name '*.cpp' | grep -vx 'lib/xapian-c\.cc')"

# A file includes nothing from a floor above its own, and nothing of another program.
floor() {
    case $1 in
    lib/arena.* | lib/buf.* | lib/err.* | lib/errors.def | lib/log.* | lib/utf8.* | lib/slice.h | lib/hash.*) echo 0 ;;
    lib/query.* | lib/xapian-c.* | lib/proto.* | lib/field.def) echo 2 ;;
    lib/plan.* | lib/plan/* | lib/plan/* | lib/docs.* | lib/texts.* | lib/sort.* | lib/postings.* | lib/match.* | lib/match/* | lib/xquery.* | lib/resolve.* | lib/target.* | lib/coverage.c | lib/note.* | lib/record.* | lib/journal.* | lib/index.* | lib/shards.*) echo 3 ;;
    lib/*) echo 1 ;;
    */main.c) echo 6 ;;
    daemon/answer/*) echo 4 ;;
    indexer/options.*) echo 5 ;;
    indexer/*) echo 4 ;;
    *) echo 5 ;;
    esac
}
upwards() {
    for f in $sources; do
        own=$(floor "$f")
        sed -n 's/^#include "\(.*\)".*/\1/p' "$f" | while read -r inc; do
            if [ ! -e "$inc" ]; then
                echo "$f includes $inc, which is not there"
                continue
            fi
            [ "$(floor "$inc")" -le "$own" ] ||
                echo "$f (floor $own) includes $inc (floor $(floor "$inc"))"
            [ "${inc%%/*}" = lib ] || [ "${inc%%/*}" = "${f%%/*}" ] ||
                echo "$f includes $inc of another program"
        done
    done
}
none "includes point downwards" "$(upwards)"

# $1: what is banned, $2: why
banned() {
    none "nobody uses $2" "$(grep -nE "$1" $sources | grep -v '^[^:]*:[0-9]*: \*')"
}
banned '\bMatchAll\b' "MatchAll: a static with a count that is not atomic"
banned 'set_time_limit' "set_time_limit: it does not end a match"
banned 'DB_CREATE_OR_OVERWRITE|DB_CREATE_OR_OPEN' "DB_CREATE_OR_*: an empty index in place of a good one"
banned 'DB_RETRY_LOCK' "DB_RETRY_LOCK: it waits for ever"
banned '\b(sprintf|strcpy|strcat|gets|system|popen|strtok|alloca)[ ]*\(' \
    "sprintf strcpy strcat gets system popen strtok alloca"
banned 'TODO|FIXME|XXX|HACK' "notes to itself"
none "each source names its licence in its first line" "$(for f in $sources; do
    head -n 1 "$f" | grep -q '^// SPDX-License-Identifier: GPL-2.0-or-later$' || echo "$f"
done)"
none "no blank stands at the end of a line" "$(grep -nE '[[:space:]]+$' $sources)"
# What each function of the shim's header does, it does inside one of the guards.
none "each body of the shim is guarded" "$(
    sed -n 's/^[a-z].*[ *]\(x[a-z]*_[a-z_]*\)(.*/\1/p' lib/xapian-c.h | grep -v '^xvalue_\|_docid$' |
        while read -r name; do
            awk -v name="$name" '
                $0 ~ "^[a-z].*[ *]" name "\\(" { on = 1 }
                on { body = body $0 "\n" }
                on && /^}/ { exit }
                END { if (body !~ /(guard|reading|writing|opening)\(|return (w->reader|db->(moves|single|attached|half_read|silent|parts\.size\(\)))/) print name }
            ' lib/xapian-c.cc
        done
)"
echo "1..$n"
exit $bad
