// SPDX-License-Identifier: GPL-2.0-or-later
// The client library of the Model Context Protocol over `kbsearch --mcp`: mcp.mjs legacy|auto
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const require = createRequire(process.env.KB_NPM + "/package.json");
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { Client } = await load("@modelcontextprotocol/client");
const { StdioClientTransport } = await load("@modelcontextprotocol/client/stdio");

const options = process.argv[2] === "auto" ? { versionNegotiation: { mode: "auto" } } : {};
const client = new Client({ name: "test", version: "1" }, options);
await client.connect(new StdioClientTransport({ command: "kbsearch", args: ["--mcp"], env: process.env }));

assert.ok(client.getInstructions().length <= 1024);
const { tools } = await client.listTools();
assert.deepEqual(tools.filter((t) => !t.annotations.readOnlyHint), []);
const found = await client.callTool({ name: "search", arguments: { query: "closed source", limit: 3 } });
assert.equal(found.isError, false);
assert.deepEqual(JSON.parse(found.content[0].text), found.structuredContent);
const hit = found.structuredContent.hits[0];
assert.match(hit.text, /closed.source/i);
const got = await client.callTool({ name: "get", arguments: { id: hit.id } });
assert.equal(got.structuredContent.hits[0].text, hit.text);
const wrong = await client.callTool({ name: "search", arguments: { query: "a AND" } });
assert.equal(wrong.isError, true);
for (const tool of ["recent", "status"])
    assert.equal((await client.callTool({ name: tool, arguments: {} })).isError, false);
const { resources } = await client.listResources();
const { contents } = await client.readResource({ uri: resources[0].uri });
assert.equal(contents[0].mimeType, "text/markdown");
await assert.rejects(client.readResource({ uri: "kbsearch://vault/../x.md" }));
const stop = new AbortController();
const asked = client.callTool({ name: "search", arguments: { query: "muse" } }, { signal: stop.signal });
stop.abort();
await asked.then(() => {}, () => {});
assert.equal((await client.callTool({ name: "status", arguments: {} })).isError, false);
await client.close();
