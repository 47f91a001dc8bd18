#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# --new NAME QUERY: an entry that is gone is held against the query as if it were still there.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
kb_setup
mkdir -p home/.config/kbsearch
printf '[saved]\nstripes = zebra crossing\nspots = leopard\n' >home/.config/kbsearch/kbsearch.conf
kb_note daily/2026-04-09-Zoo.md '- The zebra crossing runs through an open-source town' '- other things'
kb_note b.md '- stays'
kb_index

there='zebra
run
"zebra crossing"
"the zebra"
crossing zebra
(zebra OR yak)
(yak OR (gnu OR town))
zebra -yak
-"crossing zebra"
zeb*
open-source
"open source"
opensource
kind:entry zebra
-kind:heading zebra
vault:vault zebra
date:2026-04-09 zebra
since:2026-04-01 zebra
until:2026-04-30 zebra
date:2026-04-01..2026-04-12 zebra
title:zoo zebra
@stripes
-@spots zebra'
absent='yak
"crossing zebra"
"zebra runs"
zebra yak
zebra -crossing
zebra -"zebra crossing"
(yak OR gnu)
zey*
kind:heading zebra
-kind:entry zebra
vault:other zebra
date:2026-04-10 zebra
since:2026-04-10 zebra
until:2026-04-08 zebra
until:2026-04-09 kind:text zebra
@spots
-@stripes zebra'
n=0
while read -r query; do
    n=$((n + 1))
    kbsearch --new "c$n" >out 2>err
done <<END
$there
$absent
END
kb_note daily/2026-04-09-Zoo.md '- other things'
kb_index

n=0
while read -r query; do
    n=$((n + 1))
    like "it was found by: $query" "$(kbsearch --new "c$n" -- "$query" 2>&1)" "*The zebra crossing runs*"
done <<END
$there
END
while read -r query; do
    n=$((n + 1))
    kbsearch --new "c$n" -- "$query" >out 2>err
    is "it was not by: $query" "$? $(cat out err)" "1 "
done <<END
$absent
END
kb_done
