// SPDX-License-Identifier: GPL-2.0-or-later
// The extensions of VS Code and Obsidian, with the real daemon and stubs of their hosts.
const test = require("node:test"), assert = require("node:assert"), fs = require("node:fs");
const vscode = require("vscode"), obsidian = require("obsidian");
const out = process.env.KB_NODE_OUT;
const { Client, linkAt, linkPrefix } = require(`${out}/node/client.js`);
const context = { subscriptions: [] };
require(`${out}/vscode/extension.js`).activate(context);
const told = vscode.told;
const document = (text) => ({ lineAt: () => ({ text }) });

test.after(() => {
    for (const s of context.subscriptions) s.dispose();
    for (const f of obsidian.told.ends) f();
});

test("quick pick: every list shown answers the newest text; Enter opens the line", async () => {
    told.commands["kbsearch.search"]();
    const pick = told.picks.at(-1), text = "muse spark", typed = [];
    for (let n = 1; n <= text.length; n++) typed.push(pick.type(text.slice(0, n)));
    await Promise.all(typed);
    assert.deepEqual(told.errors, []);
    assert.equal(pick.lists.length, 1);
    assert.equal(pick.lists[0].value, text);
    assert.ok(pick.items.length > 0 && pick.items.every((i) => i.alwaysShow));
    assert.match(pick.items[0].label, /muse/i);
    pick.selectedItems = [pick.items[0]];
    pick.accept();
    await new Promise(setImmediate);
    const [path, line] = told.opened[0];
    assert.match(fs.readFileSync(path, "utf8").split("\n")[line], /muse/i);
    assert.ok(told.providers.tree.getChildren().length > 0);
});

test("completion and hover of a link", async () => {
    const at = new vscode.Position(0, 8);
    const items = await told.providers.completion.provideCompletionItems(document("see [[Mu"), at);
    assert.ok(items.some((i) => /^Mu/.test(i.label)), JSON.stringify(items));
    const none = await told.providers.completion.provideCompletionItems(document("see Mu"), new vscode.Position(0, 6));
    assert.deepEqual(none, []);
    const hover = await told.providers.hover.provideHover(document(`see [[${items[0].label}]]`), at);
    assert.match(hover.text.value, /backlinks/);
    assert.equal(linkAt("a [[B|c]] d", 4).target, "B");
    assert.equal(linkPrefix("a [[B]] c"), undefined);
});

test("Obsidian: the modal's list", async () => {
    const Plugin = require(`${out}/obsidian/main.js`).default;
    await new Plugin().onload();
    obsidian.told.commands.search();
    const modal = obsidian.told.modals[0];
    const lists = await Promise.all(["m", "mu", "muse"].map((t) => modal.getSuggestions(t)));
    assert.match(lists[2][0].text, /muse/i);
    assert.deepEqual(obsidian.told.notices, []);
});

test("a daemon killed in mid-request: a message, and the next request works", async () => {
    const client = new Client(() => ({ program: "kbsearch", arguments: [] }));
    await client.typed("muse", "s", 1);
    const daemon = fs.readFileSync(`${process.env.T}/daemon`, "utf8").trim().split("\n").map(Number);
    for (const pid of daemon) process.kill(pid, "SIGSTOP"); // so that no answer can come first
    const asked = client.request("search", { query: "muse" });
    const failed = assert.rejects(asked, /ended before it answered: ask again/);
    await new Promise(setImmediate);
    for (const pid of daemon) process.kill(pid, "SIGKILL");
    await failed;
    assert.ok((await client.typed("muse", "s", 5)).length > 0);
    client.close();
});

test("an index that is being rebuilt answers all the while", async () => {
    const client = new Client(() => ({ program: "kbsearch", arguments: [] }));
    const { execFile } = require("node:child_process");
    let done = false;
    const built = new Promise((ok, no) => execFile("kbindex", ["--quiet", "--full", `${process.env.T}/vault`],
        (e) => { done = true; e ? no(e) : ok(); }));
    do assert.ok((await client.typed("muse", "s", 5)).length > 0); while (!done);
    await built;
    client.close();
});

test("no program; a wrong query: messages a person can act on", async () => {
    const none = new Client(() => ({ program: "/nowhere/kbsearch", arguments: [] }));
    await assert.rejects(none.typed("muse", "s", 5), /no program .*install kbsearch or set its path/);
    const client = new Client(() => ({ program: "kbsearch", arguments: [] }));
    await assert.rejects(client.request("search", { query: "muse", limit: "x" }), /limit/);
    assert.ok((await client.typed("muse", "s", 5)).length > 0);
    client.close();
});
