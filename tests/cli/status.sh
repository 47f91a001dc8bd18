#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What --status says is so: each figure against one that was found without the daemon.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v jq >/dev/null || kb_skip "jq is not there"
kb_setup

cp -R "$KB_SRCDIR/docs/vault/." vault
kb_index
kbsearchd --threads 2
# told EXPRESSION: of the state now.
told() {
    kbsearch --no-spawn --status --json | jq -c "$1"
}
DB=$XDG_CACHE_HOME/kbsearch/main
[ -e "$DB/current" ] || DB=$HOME/.cache/kbsearch/main

is "notes" "$(told .notes)" "$(find vault -name '*.md' -o -name '*.txt' | wc -l)"
is "units: one in each answer to everything" "$(told .units)" "$(kbsearch -c 'date:0001.. OR -date:0001..')"
is "vaults, by name and path" "$(told '[.vaults[]|[.name,.path]]')" "[[\"vault\",\"$T/vault\"]]"
is "size" "$(told .bytes)" "$(cat "$DB"/current/* | wc -c)"
is "readers, one of them for what is light" "$(told .readers)" 3
is "nobody waits" "$(told .queue)" 0
is "nothing is pending" "$(told .pending)" 0
revision=$(told .revision)
touch -d '+1 minute' vault/Home.md
is "a note that was written is" "$(told .pending)" 1
echo '- Zanzibar opens a lab.' >>vault/Home.md
kb_index
is "a commit is a revision" "$(told .revision)" $((revision + 1))
touch -d '-1000 seconds' "$DB/current/iamglass"
age=$(told .age_s)
ok "age, in seconds" test "$age" -ge 1000 -a "$age" -lt 1100

kbsearch -q zanzibar
kbsearch -q zanzibar
is "the cache" "$(told '.cache.hits >= 1 and .cache.entries >= 1')" true
# The request that asks is not in it yet.
is "the histogram has every answer" "$(told '([.latencies[].requests]|add) - .requests')" 0
is "in steps of two" "$(told '[.latencies[].below_us|log2|.==floor]|all')" true
is "no fault" "$(told .faults)" '[]'
first=$(told .age_s) shown=$(kbsearch --status | sed -n 's/^age_s  *//p') last=$(told .age_s)
ok "for people, a line each" test "$first" -le "$shown" -a "$shown" -le "$last"

for n in 1 2; do
    kbindex --quiet --db "$T/part$n" --shard $n/2 "$T/vault"
done
printf '[shard "a"]\ndatabase = %s\n[shard "b"]\ndatabase = %s\n' "$T/part1" "$T/part2" >shards.conf
kbsearchd --config-file "$T/shards.conf" --socket "$T/run/shards.sock"
whole=$(told '[.units,.notes]')
told() {
    kbsearch --no-spawn --config-file "$T/shards.conf" --socket "$T/run/shards.sock" --status --json | jq -c "$1"
}
is "over shards: units and notes" "$(told '[.units,.notes]')" "$whole"
is "each shard's units are its part" "$(told '([.shards[].units]|add) == .units and all(.shards[]; .units > 0 and .revision > 0 and .fault == null)')" true
is "size is that of both" "$(told .bytes)" "$(cat part1/current/* part2/current/* | wc -c)"
touch -d '-2000 seconds' part2/current/iamglass
age=$(told .age_s)
ok "age is the oldest's" test "$age" -ge 2000 -a "$age" -lt 2100
is "what is pending is not known" "$(told .pending)" null
rm -rf part2
is "one that is gone has a fault, and no figures" "$(told '.shards[1]|[.units,.revision,(.fault|length > 0)]')" '[null,null,true]'
kb_done
