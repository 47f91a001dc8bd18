#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The protocol as it is written down, against what is on the wire.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
python3 -c 'import jsonschema' 2>/dev/null || kb_skip "no python3 with jsonschema"
kb_setup
tests=$KB_SRCDIR/tests/cli
export PYTHONDONTWRITEBYTECODE=1

"$KB_BINDIR/tests/gen-protocol" schema >schema.json
cp -R "$KB_SRCDIR/docs/vault/." vault
chmod -R u+w vault
echo secret >outside.md
ln -s "$T/outside.md" vault/escape.md
kb_index
KBSEARCH_SOCKET=$T/run/test.sock
export KBSEARCH_SOCKET
kbsearchd
ok "every method keeps to its schema" python3 "$tests/protocol.py" methods schema.json
ok "pages joined are the whole, none over its budget" \
    python3 "$tests/protocol.py" pages muse "closed source" kind:row "spark model" zebra
ok "as you type" python3 "$tests/protocol.py" session "muse spark closed source weig"
ok "tools and resources of MCP" python3 "$tests/protocol.py" mcp
ok "the language server" python3 "$tests/protocol.py" lsp
ok "bad input: one error that helps, and nobody else notices" python3 "$tests/protocol.py" bad
kb_stop

if [ -d "$KB_CORPORA/ainews" ]; then
    kbindex --quiet --full "$KB_CORPORA/ainews"
    kbsearchd
    ok "a superseded search ends at once" python3 "$tests/protocol.py" heavy
    printf '%s\n' "$OUT"
    kb_stop
    # On the processor, from the stop to the end, with nothing kept; it may take 5 ms, and a
    # sanitized build twenty times as long.
    limit=50
    [ -z "${KB_SANITIZED:-}" ] || limit=1000
    python3 "$tests/stops.py" >requests
    KB_STOPS_STATE=$HOME/.local/state/kbsearch/main "$KB_BINDIR/tests/cli/stops" "$HOME/.cache/kbsearch/main" 6 cold <requests >stops 2>late
    most=$(sort -k 3 -n -r stops | head -n 1)
    echo "# figure: whole, half of the stops, the slowest, ms: $most"
    [ ! -s late ] || kb_diag "$(head -n 30 late)"
    [ "$(wc -l <stops)" = "$(wc -l <requests)" ] && [ "${most%%.*}" != "$most" ] &&
        echo "$most" | awk -v limit=$limit '{ exit($3 > limit) }'
    kb_result $? "a request of any kind that runs ends soon when it is stopped"
fi
kb_done
