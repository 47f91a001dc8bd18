#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# The query language, form by form as kbsearch-query(7) tells it: each line of the table is a query
# and the units, as note:line, that are its whole answer; `first` asks for order, `error` for the
# byte and a word of what is said, `warns` for a word of the warning,
# `reads` for the query as it was read.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
command -v python3 >/dev/null || kb_skip "python3 is not there"
kb_setup
kb_note daily/2026-04-08-Digest.md \
    '# Digest' '' '## Models' '' \
    '- Meta shows [[Muse Spark]] early' \
    '- Muse has no spark of doubt' \
    '- the model is closed-source today' \
    '- a **closed** source release #release/open' \
    '- closed again; the source spoke' \
    '- quantized and quantum words'
kb_note daily/2026-04-09-Digest.md \
    '# Digest' '' '## Papers' '' \
    '- open weights for all, o3-mini too' \
    '- openweights is one word, o1-mini' \
    '- open-weights with [code](https://github.com/x/y) rumor' \
    '- see [[Muse Spark|the spark]] on [arxiv](https://arxiv.org/abs/1)' \
    '- alpha one two three beta' \
    '- beta one two three alpha' \
    '- nothing but o4-mini and gemma'
kb_note models/Spark.md \
    '---' 'title: Muse Spark' 'aliases: [Avocado]' 'tags: [model]' 'status: released' '---' '' \
    '## License' '' 'Weights are withheld.' '' '## Timeline' '' \
    '- [[2026-04-08-Digest]] shown early' \
    '- Avocado stays' '' '```' 'gemma_code = 4' '```' '' \
    '| size | cost |' '|---|---|' '| big | gemma row |'
kb_note models/Gemma.md '---' 'title: Gemma 4' 'license: apache' 'status: rumored' '---' '' \
    'Gemma 4 comes in sizes.' '' 'benchmark table of gemma'
kb_note other/Loose.md 'loose words about 2025 and gemma 4'
mkdir -p home/.config/kbsearch
printf '[saved]\nreleases = tag:release\nboth = @releases OR "open weights"\n' \
    >home/.config/kbsearch/kbsearch.conf
kb_index || exit 99
kbsearchd || exit 99
cat >table <<'END2'
muse spark|M:2 08:5 08:6
muse spark|first M:2
gemma 4|first G:2
avocado|first M:2
gpt 4 gemma|warns most
muse withheld|M:10
"closed source"|08:7 08:8
closed source|first 08:7 08:8
"closed source"~3|08:7 08:8 08:9
"closed source"~1|08:7 08:8
"closed again the source"|08:9
"open weights"|09:5 09:6 09:7
open-weights|09:5 09:6 09:7
openweights|09:5 09:6 09:7
quant*|08:10
quantum quant*|08:10
-rumor "open weights"|09:5 09:6
NOT rumor "open weights"|09:5 09:6
"open weights" -(rumor OR mini)|
"open weights" -rumor -mini|
-date:2026 kind:text|M:10 G:7 G:9 L:1
alpha OR quantum|08:10 09:9 09:10
alpha | quantum|08:10 09:9 09:10
alpha AND beta|09:9 09:10
alpha NEAR/4 beta|09:9 09:10
alpha NEAR/2 beta|
alpha ADJ beta|09:9
beta ADJ/3 alpha|09:10
(alpha OR quantum) -beta|08:10
title:gemma|G:2 G:7 G:9
title:avocado kind:code|M:17
heading:license|M:8 M:10
tag:model kind:text|M:10
tag:release|08:8
#release|08:8
#release/open|08:8
tag:open|
path:models kind:code|M:17
path:models/** kind:text|M:10 G:7 G:9
path:*/2026-04-08* kind:heading|08:1 08:3
folder:other|L:1
file:loose|L:1
file:2026-04-08* kind:heading|08:1 08:3
kind:row|M:21 M:23
kind:event|M:14
kind:note path:models|M:2 G:2
vault:vault file:loose|L:1
vault:elsewhere|
[status:released] kind:text|M:10
[license] kind:text|G:7 G:9
[[Muse Spark]]|08:5 09:8
[[Avocado]]|08:5 09:8
link:"muse spark"|08:5 09:8
link:2026-04-08-Digest|M:14
entity:"Muse Spark"|08:5 09:8 M:2 M:15
entity:avocado|08:5 09:8 M:2 M:15
note:(sizes benchmark)|G:2 G:7 G:9
note:(benchmark withheld)|
date:2026-04-09 kind:entry|09:5 09:6 09:7 09:8 09:9 09:10 09:11
date:2026-04 quantum|08:10
date:2026-04-08..2026-04-08 closed|08:7 08:8 08:9
date:..2026-04-08 kind:entry spark|08:5 08:6
on:2026-04-08 quantum|08:10
since:2026-04-09 spark kind:entry|09:8
until:2026-04-08 spark kind:entry|08:5 08:6
date:2026-W15 quantum|08:10
date:april quantum|08:10
changed:today quantum|08:10
changed:..yesterday quantum|
source:arxiv.org|09:8
site:github.com|09:7
host:org|
/o[134]-mini/|09:5 09:6 09:11
/o[13]-MINI/|
/Gemma/|G:2 G:7
/gemma_[a-z]+ =/|M:17
@releases|08:8
@releases -closed|
@both|08:8 09:5 09:6 09:7
@nobody muse|warns @nobody
"closed source|warns quote
foo:bar muse|first
muse AND|error 5 AND
tilte:spark|error 0 title
spark date:2026-13-45|error 11 2026
spark (muse|error 6 never closed
spark )|error 6 closes none
muse * spark|error 5 *
/(/|error 2 parenthesis
/o[/|error 3 ]
/(a+)+$x/|
"a" & spark kind:entry|first
muze sparkk|reads muse spark
quantum (gemmma OR -alhpa)|reads quantum (gemma OR -alhpa)
[status:rel|error 0 never closed
kind:entries|error 0 kind
END2
KBSEARCH_SOCKET=$(kbsearch --sockname) PYTHONPATH=$KB_SRCDIR/tests/cli python3 - <<'END'
import sys
import rpc

NOTES = {"08": "daily/2026-04-08-Digest.md", "09": "daily/2026-04-09-Digest.md", "M": "models/Spark.md",
         "G": "models/Gemma.md", "L": "other/Loose.md"}
SHORT = {v: k for k, v in NOTES.items()}
client, n, bad = rpc.Client(), 0, 0
for row in open("table", encoding="utf-8"):
    query, want = row.rstrip("\n").rsplit("|", 1)
    answer = client.call("search", {"query": query, "limit": 100})
    error, got = answer.get("error"), answer.get("result", {})
    units = [f"{SHORT[h['rel']]}:{h['line']}" for h in got.get("hits", [])]
    if want.startswith("error"):
        _, at, said = want.split(" ", 2)
        good = error and error.get("data", {}).get("at") == int(at) and said in error["message"]
    elif want.startswith("warns"):
        said = want.split(" ", 1)[1]
        good = any(said in w for w in got.get("warnings", [])) or (said == "most" and got.get("relaxed"))
    elif want.startswith("first"):
        firsts = want.split()[1:]
        good = not error and set(units[:len(firsts)]) == set(firsts)
    elif want.startswith("reads"):
        good = got.get("suggestion") and got["suggestion"]["query"] == want.split(" ", 1)[1] and \
            len(got["warnings"]) == query.count("sparkk")
    else:
        units = [] if got.get("relaxed") or got.get("suggestion") else units
        good = not error and set(units) == set(want.split()) and got["total"] == (len(units) or got["total"])
    n += 1
    bad += not good
    print("ok" if good else "not ok", n, "-", query, "->", want)
    if not good:
        print("#", error or (units, got.get("relaxed"), got.get("warnings")))
print(f"1..{n}")
sys.exit(bad > 0)
