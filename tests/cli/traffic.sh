#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# What daemons and clients said to one another in all tests before this one, against the schemas.
said=${KB_TRAFFIC_DIR-}
unset KB_TRAFFIC_DIR
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
python3 -c 'import jsonschema' 2>/dev/null || kb_skip "no python3 with jsonschema"
kb_setup
"$KB_BINDIR/tests/gen-protocol" schema >schema.json
judge=$KB_SRCDIR/tests/cli/schema.py
KB_RECORD=$T/record "$KB_BINDIR/tests/wire/run" "$KB_SRCDIR"/tests/wire/*.wire >/dev/null
ok "the wire tests" python3 "$judge" schema.json record
echo "$OUT" | grep "^# figure"
# What an older daemon said is not this one's.
[ -z "$said" ] || find "$said" -name '*.tap' ! -newer "$KB_BINDIR/kbsearchd" -exec rm -f {} +
set -- "$said"/*.tap
if [ -e "$1" ]; then
    ok "whole programs" python3 "$judge" schema.json "$@"
    echo "$OUT" | grep "^# figure"
fi
kb_done
