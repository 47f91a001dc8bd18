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
    const client = new Client(() => ({ program: "kbsearch", arguments: [] })), modal = obsidian.told.modals[0];
    told.commands["kbsearch.search"]();
    const pick = told.picks.at(-1), ask = () => [pick.type("muse"), modal.getSuggestions("muse")];
    await Promise.all([client.typed("muse", "s", 1), ...ask()]);
    assert.deepEqual([told.errors, obsidian.told.notices], [[], []]);
    const daemon = fs.readFileSync(`${process.env.T}/daemon`, "utf8").trim().split("\n").map(Number);
    for (const pid of daemon) process.kill(pid, "SIGSTOP"); // so that no answer can come first
    const failed = assert.rejects(client.request("search", { query: "muse" }), /ended before it answered: ask again/);
    const others = ask();
    await new Promise(setImmediate);
    for (const pid of daemon) process.kill(pid, "SIGKILL");
    await Promise.all([failed, ...others]);
    for (const said of [told.errors, obsidian.told.notices]) {
        assert.equal(said.length, 1, JSON.stringify(said));
        assert.match(said.pop(), /^kbsearch: .*ended before it answered: ask again/);
    }
    assert.deepEqual(pick.items, []);
    assert.ok((await client.typed("muse", "s", 5)).length > 0);
    const [, hits] = await Promise.all(ask());
    assert.ok(pick.items.length > 0 && hits.length > 0);
    client.close();
});

test("an index that is being rebuilt answers all the while", async () => {
    const client = new Client(() => ({ program: "kbsearch", arguments: [] })), modal = obsidian.told.modals[0];
    told.commands["kbsearch.search"]();
    const pick = told.picks.at(-1);
    const { execFile } = require("node:child_process");
    let done = false;
    const built = new Promise((ok, no) => execFile("kbindex", ["--quiet", "--full", `${process.env.T}/vault`],
        (e) => { done = true; e ? no(e) : ok(); }));
    do {
        const [hits, , shown] = await Promise.all([client.typed("muse", "s", 5), pick.type("muse"), modal.getSuggestions("muse")]);
        assert.ok(hits.length > 0 && shown.length > 0 && pick.items.length > 0);
    } while (!done);
    assert.deepEqual([told.errors, obsidian.told.notices], [[], []]);
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

// A daemon that never answers; `heard` resolves with the first message that pleases.
function silent(name) {
    const path = `${process.env.T}/${name}.sock`, program = `${process.env.T}/${name}`, said = [];
    let look = () => {};
    const server = require("node:net").createServer((socket) => {
        let text = "";
        socket.on("data", (data) => {
            text += data;
            for (let m; (m = /^Content-Length: (\d+)\r\n\r\n/.exec(text)) && text.length >= m[0].length + +m[1];) {
                said.push(JSON.parse(text.slice(m[0].length, m[0].length + +m[1])));
                text = text.slice(m[0].length + +m[1]);
            }
            look();
        });
    }).listen(path);
    fs.writeFileSync(program, `#!/bin/sh\necho '${path}'\n`, { mode: 0o755 });
    const heard = (pleases) => new Promise((done) => {
        look = () => { const found = said.find(pleases); if (found) done(found); };
        look();
    });
    return { program, heard, server };
}

test("quick pick: an older request, and that of a pick that is closed, are cancelled on the wire", async () => {
    const daemon = silent("silent"), other = { subscriptions: [] };
    told.settings.program = daemon.program;
    require(`${out}/vscode/extension.js`).activate(other);
    told.commands["kbsearch.search"]();
    const pick = told.picks.at(-1);
    pick.type("mu");
    const first = await daemon.heard((m) => m.method === "search" && m.params.query === "mu");
    pick.type("mus");
    await daemon.heard((m) => m.method === "$/cancelRequest" && m.params.id === first.id);
    const second = await daemon.heard((m) => m.method === "search" && m.params.query === "mus");
    pick.hide();
    await daemon.heard((m) => m.method === "$/cancelRequest" && m.params.id === second.id);
    for (const s of other.subscriptions) s.dispose();
    daemon.server.close();
    delete told.settings.program;
});

test("vscode-languageclient's transport: kbsearch --lsp", async () => {
    const at = require.resolve("vscode-languageclient/package.json");
    const lsp = require(require.resolve("vscode-languageserver-protocol/node", { paths: [at] }));
    const child = require("node:child_process").spawn("kbsearch", ["--lsp"], { stdio: ["pipe", "pipe", "inherit"] });
    const connection = lsp.createProtocolConnection(
        new lsp.StreamMessageReader(child.stdout), new lsp.StreamMessageWriter(child.stdin));
    connection.listen();
    const ask = (type, params) => connection.sendRequest(type, params);
    const hello = await ask(lsp.InitializeRequest.type, { processId: process.pid, rootUri: null, capabilities: {} });
    assert.ok(hello.capabilities.workspaceSymbolProvider);
    await connection.sendNotification(lsp.InitializedNotification.type, {});
    const uri = "file:///nowhere/note.md";
    await connection.sendNotification(lsp.DidOpenTextDocumentNotification.type,
        { textDocument: { uri, languageId: "markdown", version: 1, text: "see [[Muse Spark]] and [[Mu" } });
    const where = (character) => ({ textDocument: { uri }, position: { line: 0, character } });
    const there = await ask(lsp.DefinitionRequest.type, where(8));
    assert.match(there[0].uri, /Muse%20Spark\.md$/);
    const items = (await ask(lsp.CompletionRequest.type, where(27))).items;
    assert.ok(items.some((i) => i.label === "Muse Spark"), JSON.stringify(items));
    assert.ok((await ask(lsp.WorkspaceSymbolRequest.type, { query: "closed source" })).length > 3);
    const stop = new lsp.CancellationTokenSource();
    const asked = connection.sendRequest(lsp.WorkspaceSymbolRequest.type, { query: "muse" }, stop.token);
    stop.cancel();
    await asked.then(() => {}, (e) => assert.equal(e.code, lsp.LSPErrorCodes.RequestCancelled));
    await ask(lsp.ShutdownRequest.type);
    const ended = new Promise((done) => child.on("exit", done));
    await connection.sendNotification(lsp.ExitNotification.type);
    assert.equal(await ended, 0);
});

test("no program: told in VS Code and in Obsidian, which go on", async () => {
    const Plugin = require(`${out}/obsidian/main.js`).default, plugin = new Plugin(), other = { subscriptions: [] };
    const advice = /^kbsearch: there is no program .*install kbsearch or set its path/;
    plugin.loadData = async () => ({ program: "/nowhere/kbsearch" });
    await plugin.onload();
    obsidian.told.commands.search();
    assert.deepEqual(await obsidian.told.modals.at(-1).getSuggestions("muse"), []);
    assert.match(obsidian.told.notices.pop(), advice);
    told.settings.program = "/nowhere/kbsearch";
    require(`${out}/vscode/extension.js`).activate(other);
    told.commands["kbsearch.search"]();
    await told.picks.at(-1).type("muse");
    assert.match(told.errors.pop(), advice);
    told.settings.program = "kbsearch";
    await told.picks.at(-1).type("muse");
    assert.ok(told.picks.at(-1).items.length > 0);
    for (const s of other.subscriptions) s.dispose();
    await new Plugin().onload();
    obsidian.told.commands.search();
    assert.ok((await obsidian.told.modals.at(-1).getSuggestions("muse")).length > 0);
});

test("a daemon that cannot start; no index: told in VS Code and in Obsidian, which go on", async () => {
    const Plugin = require(`${out}/obsidian/main.js`).default, T = process.env.T;
    const worlds = [
        ["unstartable", `PATH='${T}/broken':"$PATH" KBSEARCH_SOCKET='${T}/run/broken.sock'`, /the disk is full/,
            () => { told.settings.program = "kbsearch"; }],
        ["indexless", `KBSEARCH_DB='${T}/none' KBSEARCH_SOCKET='${T}/run/none.sock'`, /kbindex/,
            () => require("node:child_process").execFileSync("kbindex", ["--quiet", "--db", `${T}/none`, `${T}/vault`])]];
    for (const [name, world, advice, mend] of worlds) {
        const program = `${T}/${name}`, plugin = new Plugin(), other = { subscriptions: [] };
        fs.writeFileSync(program, `#!/bin/sh\nexport ${world}\nexec kbsearch "$@"\n`, { mode: 0o755 });
        plugin.loadData = async () => ({ program });
        await plugin.onload();
        obsidian.told.commands.search();
        assert.deepEqual(await obsidian.told.modals.at(-1).getSuggestions("muse"), []);
        assert.match(obsidian.told.notices.pop(), advice);
        told.settings.program = program;
        require(`${out}/vscode/extension.js`).activate(other);
        told.commands["kbsearch.search"]();
        await told.picks.at(-1).type("muse");
        assert.match(told.errors.pop(), advice);
        mend();
        // A daemon that may not read the new vault gives way, and says nothing but that.
        for (let asks = 0; asks < 5 && told.picks.at(-1).items.length === 0; asks++) {
            await told.picks.at(-1).type("muse s");
            for (const said of told.errors.splice(0)) assert.match(said, /ask again/);
        }
        assert.ok(told.picks.at(-1).items.length > 0, name);
        told.settings.program = "kbsearch";
        for (const s of other.subscriptions) s.dispose();
    }
});
