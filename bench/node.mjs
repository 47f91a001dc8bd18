// SPDX-License-Identifier: GPL-2.0-or-later
// node.mjs ENGINE UNITS QUERIES ROUNDS: minisearch or lance over the same units, in process.
// Prints "build SECONDS", "rss MB", then a line "kind TAB µs" for each query.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { performance } from "node:perf_hooks";

const [engine, unitsPath, queriesPath, rounds] = process.argv.slice(2);
const lines = (name) => fs.readFileSync(name, "utf8").split("\n").filter(Boolean);
const units = lines(unitsPath).map((line) => {
  const [id, note, at, day, kind, text] = line.split("\t");
  return { id: Number(id), note, line: Number(at), day, kind, text };
});
const queries = lines(queriesPath).map((line) => {
  const [kind, words, extra] = line.split("\t");
  return { kind, words, extra };
});

async function minisearch() {
  const { default: MiniSearch } = await import("minisearch");
  const index = new MiniSearch({ fields: ["text"], storeFields: ["note", "line", "day", "text"] });
  index.addAll(units);
  return ({ kind, words, extra }) => {
    const options = {
      combineWith: kind.startsWith("or") ? "OR" : "AND",
      prefix: kind === "prefix",
      fuzzy: kind === "typo" ? 0.2 : false,
    };
    if (kind === "date") {
      const [from, to] = extra.split("..");
      options.filter = (r) => r.day >= from && r.day <= to;
    }
    const found = index.search(words, options);
    if (kind === "newest") found.sort((a, b) => (a.day < b.day ? 1 : -1));
    return found.slice(0, 20);
  };
}

async function lance() {
  const lancedb = await import("@lancedb/lancedb");
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "kb-lance-"));
  process.on("exit", () => fs.rmSync(folder, { recursive: true, force: true }));
  const table = await (await lancedb.connect(folder)).createTable("units", units);
  await table.createIndex("text", { config: lancedb.Index.fts({ stem: true, withPosition: true }) });
  return async ({ kind, words, extra }) => {
    if (kind === "prefix" || kind === "newest") return null;
    const fuzziness = kind === "typo" ? 1 : 0;
    const operator = kind.startsWith("or") ? lancedb.Operator.Or : lancedb.Operator.And;
    const query = kind === "phrase" ? new lancedb.PhraseQuery(words, "text")
      : new lancedb.MatchQuery(words, "text", { fuzziness, operator });
    let search = table.query().fullTextSearch(query).limit(20);
    if (kind === "date") {
      const [from, to] = extra.split("..");
      search = search.where(`day >= '${from}' AND day <= '${to}'`);
    }
    return search.toArray();
  };
}

const begun = performance.now();
const ask = await { minisearch, lance }[engine]();
console.log(`build ${((performance.now() - begun) / 1000).toFixed(2)}`);
for (let round = 0; round < Number(rounds); round++)
  for (const query of queries) {
    const start = performance.now();
    if ((await ask(query)) !== null)
      console.log(`${query.kind}\t${((performance.now() - start) * 1000).toFixed(1)}`);
  }
console.log(`rss ${Math.round(process.memoryUsage().rss / 1e6)}`);
