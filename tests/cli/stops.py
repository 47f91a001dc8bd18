# SPDX-License-Identifier: GPL-2.0-or-later
"""stops.py: a request of each kind, a line each, as tests/cli/stops reads them."""
import json

SEARCHES = [
    ("the", {"limit": 1000}), ("to of and", {}), ("in OR on OR at OR of OR with", {}), ("a*", {}), ("open mod", {"partial": True}),
    ('"of the"', {"limit": 1000}), ("the -model", {}), ("/m[a-z]+l/", {}), ("model", {"fold": True}), ("model", {"sort": "newest"}),
    ("model", {"sort": "path"}), ("model", {"recent": "30d"}), ("modle", {}), ("zzzz qqqq xxxx", {}), ("note:(the of)", {}),
    ("[[Muse Spark]]", {}), ("model", {"neighbours": 5}), ("model", {"facets": "kind,tag,entity,source"}), ("heading:model", {}),
    ("date:2025-01..2026-04 the", {}), ("a*", {"asof": "2026-01-01"}), ("the NEAR/5 model", {}),
]
OTHERS = [
    ("suggest", {"prefix": "a"}), ("timeline", {"query": "OpenAI"}), ("trend", {"query": "the"}), ("with", {"entity": "OpenAI"}),
    ("facet", {"query": "model", "field": "entity"}), ("rising", {}), ("backlinks", {"note": "23-12-06-ainews-is-googles-gemini-legit"}), ("new", {}), ("status", {}),
]
requests = [("search", dict(more, query=query)) for query, more in SEARCHES] + OTHERS
for i, (method, params) in enumerate(requests):
    print(json.dumps({"jsonrpc": "2.0", "id": i, "method": method, "params": params}))
