#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Names against their spellings, through an index and the daemon: each line of the table below is a
# name as a note has it, what has to find it, and what must not, between '|' by ';'.
. "${KB_SRCDIR:-$(dirname "$0")/../..}/tests/cli/lib.sh"
kb_setup
command -v python3 >/dev/null || kb_skip "python3 is not there"
cat >table <<'END'
GPT-5 came|GPT-5;gpt5;"gpt 5";gpt 5;GPT‑5;"GPT‑5";GPT_5|GPT-5.2;GPT-4;GPT-4o;gpt50
GPT‑5 too|GPT-5;gpt5;"gpt 5";GPT‑5|GPT-5.2;GPT-4
gpt5 alone|GPT-5;gpt5;"gpt 5";GPT‑5|GPT-5.2;GPT-4o
GPT-5.2 followed|GPT-5.2;gpt5.2;"gpt 5.2"|GPT-5;gpt5;"gpt 5"
GPT-4o spoke|GPT-4o;gpt4o|GPT-4;gpt4
the o3-mini one|o3-mini;o3mini;"o3 mini"|o3-pro;o4-mini
runs llama.cpp here|llama.cpp;llamacpp;"llama cpp"|llama.rs
a Qwen3-235B-A22B box|Qwen3-235B-A22B;"qwen3 235b a22b";qwen3-235b|Qwen3-30B;Qwen2-235B-A22B
a DeepSeek-V3.1 box|DeepSeek-V3.1;"deepseek v3.1";deepseek|DeepSeek-V3;DeepSeek-R1
writes c++ daily|c++;C++|c#;C;c
writes C# daily|C#;c#|c++;C;c
writes .NET daily|.NET;.net|.nett
on r/LocalLLaMA today|r/LocalLLaMA;localllama|r/OpenAI
by @handle today|@handle;handle|@handler
the snake_case way|snake_case;"snake case";snake-case|snake_cast
the CamelCase way|CamelCase;camelcase;camel;case|camelcast
tag v1.0.21 is out|v1.0.21;"v1.0.21"|v1.0.2;v1.0;1.0.2
worth $2.5B now|$2.5B;2.5B|$2.5M;$25B
is 10x faster|10x|100x;10y
has 24GB of it|24GB;"24 GB";24 GB|24TB;240GB
has 48 GB of it|48GB;"48 GB";48 GB|48TB;480GB
from AT&T labs|AT&T;at&t|AT&S
read [this](https://arxiv.org/abs/1) paper|arxiv.org;source:arxiv.org|example.org
see https://www.example.com/x here|example.com;www.example.com|example.net
in Zürich now|Zürich;zurich;ZÜRICH;Zürich;"zürich"|zuerlich
in Zürich then|Zürich;zurich;Zürich|basel
from İstanbul and Diyarbakır|istanbul;İstanbul;Diyarbakır|ankara
eine große Straße|große;grosse;Straße;strasse|klein
don’t panic|don't;don’t;"don't panic"|doughnut
使用GPT模型的人|GPT;模型;使用GPT|模人;GPU
END
python3 - "$T/vault" <<'END' || exit 99
import sys
for i, line in enumerate(open("table", encoding="utf-8")):
    open(f"{sys.argv[1]}/n{i:02}.md", "w", encoding="utf-8").write("- " + line.split("|")[0] + "\n")
END
kb_index || exit 99
kbsearchd || exit 99
KBSEARCH_SOCKET=$(kbsearch --sockname) PYTHONPATH=$KB_SRCDIR/tests/cli python3 - <<'END'
import sys
import rpc

client, n, bad = rpc.Client(), 0, 0


def finds(query, note):
    answer = client.call("search", {"query": query, "limit": 100})
    if "error" in answer:
        return answer["error"]["message"]
    got = answer["result"]
    if got["relaxed"] or got["suggestion"]:
        return False
    return note in {h["rel"] for h in got["hits"]}


for i, line in enumerate(open("table", encoding="utf-8")):
    text, yes, no = line.rstrip("\n").split("|")
    for query, want in [(q, True) for q in yes.split(";")] + [(q, False) for q in no.split(";")]:
        n += 1
        good = finds(query, f"n{i:02}.md") == want
        bad += not good
        print("ok" if good else "not ok", n, "-", query, "finds" if want else "never finds", text)
told = client.call("search", {"query": "@handle"})["result"]["warnings"]
n += 1
good = len(told) == 1 and "no saved query is called handle" in told[0]
bad += not good
print("ok" if good else "not ok", n, "- a handle that is no saved query is told")
print(f"1..{n}")
sys.exit(bad > 0)
END
