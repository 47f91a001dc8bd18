// SPDX-License-Identifier: GPL-2.0-or-later
// types.mjs SCHEMA FILE.ts: the schema's results as types, and that each is what editors/node
// takes it for: the compiler judges.
import { readFileSync, writeFileSync } from "node:fs";

const [, , from, to] = process.argv;
const all = JSON.parse(readFileSync(from, "utf8")).$defs;
const plain = { string: "string", integer: "number", number: "number", boolean: "boolean", null: "null" };

function type(schema) {
    if (schema.$ref) return schema.$ref.split("/").pop();
    if (Array.isArray(schema.type)) return schema.type.map((t) => type({ ...schema, type: t })).join(" | ");
    if (schema.type === "array") return schema.items ? `(${type(schema.items)})[]` : "any[]";
    if (schema.type === "object" && schema.properties) {
        const rows = Object.entries(schema.properties);
        const mark = (name) => (schema.required?.includes(name) ? "" : "?");
        return `{ ${rows.map(([name, s]) => `"${name}"${mark(name)}: ${type(s)};`).join(" ")} }`;
    }
    return plain[schema.type] ?? "any";
}

const taken = { Hit: "hit", Units: "search", Suggestions: "suggest" };
const lines = ['import * as ours from "./client";', `type hit = ${type(all.hit)};`];
for (const name of ["search", "backlinks", "suggest"]) lines.push(`type ${name} = ${type(all[name].$defs.result)};`);
for (const [our, theirs] of [...Object.entries(taken), ["Units", "backlinks"]])
    lines.push(`export const ${our}_${theirs} = (of: ${theirs}): ours.${our} => of;`);
lines.push('export const piece = (of: hit["snippet"][number]): ours.Piece => of;');
writeFileSync(to, lines.join("\n") + "\n");
