#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# An index in two folders answers as one index does; what is not found while one of them is away is
# not said not to be there. tests/shards has the same over a network.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
kb_setup

cp -R "$KB_SRCDIR/docs/vault/." vault
kbindex --quiet --db "$T/one" "$T/vault"
for n in 1 2; do
    kbindex --quiet --db "$T/part$n" --shard $n/2 "$T/vault"
done
ok "a part has Xapian's positions, for its phrases are matched elsewhere" test -s "$T/part1/current/position.glass"
is "an index of all notes has none" "$(find "$T/one/current/" -name 'position*')" ""
conf=$T/shards.conf
printf '[shard "a"]\ndatabase = %s\n[shard "b"]\ndatabase = %s\n' "$T/part1" "$T/part2" >"$conf"
kbsearchd --db "$T/one" --cache 0 --socket "$T/run/one.sock"
kbsearchd --config-file "$conf" --socket "$T/run/parts.sock"
is "all questions have the answers of one index" \
    "$(PYTHONPATH=$KB_SRCDIR/tests/cli python3 "$KB_SRCDIR/tests/shards/asked.py" "$T/run/one.sock" "$T/run/parts.sock" 2>&1 | cut -c1-300 | head -5)" ""

ask() {
    kbsearch --no-spawn --config-file "$conf" --socket "$T/run/away.sock" "$@" 2>&1
}
rm -rf "$T/part2"
kbsearchd --config-file "$conf" --socket "$T/run/away.sock"
for note in $(cd vault && ls daily); do
    said=$(ask --get "daily/$note") && here=$note || { away=$note said_away=$said; }
done
like "a note of the part that is there" "$(ask --json --get "daily/$here")" '*"incomplete":{"reason":"shard_down","shards":?"b"?}*'
like "one of the part that is not" "$said_away" '*it may be in shard b, which is down*'
exits "is no note that is not there" 6 ask --get "daily/$away"
like "a story misses a part, and says so" "$(ask --timeline muse)" '*incomplete: shard_down*b*'
like "a trend too" "$(ask --trend day muse)" '*incomplete: shard_down*b*'
kb_done
