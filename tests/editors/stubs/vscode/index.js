// SPDX-License-Identifier: GPL-2.0-or-later
// What editors/vscode calls of VS Code; `told` is what a person would have seen.
const told = { errors: [], opened: [], commands: {}, providers: {}, picks: [], settings: {} };
class Position {
    constructor(line, character) { Object.assign(this, { line, character }); }
    translate(lines, characters) { return new Position(this.line + lines, this.character + characters); }
}
class Range { constructor(...of) { this.of = of; } }
class EventEmitter {
    constructor() { this.event = () => ({ dispose() {} }); }
    fire() {}
}
function createQuickPick() {
    const on = {}, pick = { items: [], selectedItems: [], lists: [], show() {}, hide() { on.hide(); }, dispose() {} };
    for (const name of ["ChangeValue", "Accept", "Hide"]) {
        const key = name === "ChangeValue" ? "type" : name.toLowerCase();
        pick[`onDid${name}`] = (f) => { on[key] = f; };
    }
    let value = "";
    pick.type = (text) => { value = text; return on.type(text); };
    pick.accept = () => on.accept();
    Object.defineProperty(pick, "items", {
        get: () => pick.lists.at(-1)?.items ?? [],
        set: (items) => pick.lists.push({ items, value }),
    });
    told.picks.push(pick);
    return pick;
}
module.exports = {
    told, Position, Range, EventEmitter,
    TreeItem: class { constructor(label) { this.label = label; } },
    CompletionItem: class { constructor(label) { this.label = label; } },
    CompletionItemKind: { Reference: 17 },
    MarkdownString: class { appendText(text) { this.value = (this.value ?? "") + text; } },
    Hover: class { constructor(text) { this.text = text; } },
    Uri: { file: (fsPath) => ({ fsPath }) },
    window: {
        createQuickPick,
        showErrorMessage: async (text) => { told.errors.push(text); },
        showTextDocument: async (uri, options) => { told.opened.push([uri.fsPath, options.selection.of[0].line]); },
        registerTreeDataProvider: (id, tree) => { told.providers.tree = tree; return { dispose() {} }; },
    },
    commands: { registerCommand: (id, f) => { told.commands[id] = f; return { dispose() {} }; } },
    languages: {
        registerCompletionItemProvider: (_, p) => { told.providers.completion = p; return { dispose() {} }; },
        registerHoverProvider: (_, p) => { told.providers.hover = p; return { dispose() {} }; },
    },
    workspace: { getConfiguration: () => ({ get: (name, usual) => told.settings[name] ?? usual }) },
};
