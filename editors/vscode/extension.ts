// SPDX-License-Identifier: GPL-2.0-or-later
import * as vscode from "vscode";
import { CancellationTokenSource, Client, Failure, Hit, linkAt, linkPrefix, summary } from "../node/client";

interface Item extends vscode.QuickPickItem {
    hit: Hit;
}

const LIMIT = 50;

function tell(error: unknown): void {
    if (error instanceof Failure && error.superseded) return;
    void vscode.window.showErrorMessage(`kbsearch: ${(error as Error).message}`);
}

async function show(hit: Hit): Promise<void> {
    const line = Math.max(0, (hit.match_line ?? hit.line) - 1);
    const at = new vscode.Position(line, 0);
    await vscode.window.showTextDocument(vscode.Uri.file(hit.path), {
        selection: new vscode.Range(at, at),
    });
}

class Results implements vscode.TreeDataProvider<Hit> {
    private readonly changed = new vscode.EventEmitter<undefined>();
    readonly onDidChangeTreeData = this.changed.event;
    private hits: Hit[] = [];

    set(hits: Hit[]): void {
        this.hits = hits;
        this.changed.fire(undefined);
    }
    getChildren(parent?: Hit): Hit[] {
        return parent ? [] : this.hits;
    }
    getTreeItem(hit: Hit): vscode.TreeItem {
        const item = new vscode.TreeItem(summary(hit));
        item.description = `${hit.date ?? ""} ${hit.rel}:${hit.line}`.trim();
        item.command = { command: "kbsearch.open", title: "Open", arguments: [hit] };
        return item;
    }
}

// The list as you type: what is shown always answers the newest text.
function live(client: Client, results: Results): void {
    const pick = vscode.window.createQuickPick<Item>();
    let newest = 0;
    let asked = new CancellationTokenSource();
    pick.placeholder = "Search notes";
    pick.onDidChangeValue(async (query) => {
        const mine = ++newest;
        asked.cancel();
        asked = new CancellationTokenSource();
        pick.busy = true;
        try {
            const hits = await client.typed(query, "quickpick", LIMIT, asked.token);
            if (mine !== newest) return;
            // alwaysShow: the daemon chose them, the editor's own filter must not.
            pick.items = hits.map((hit) => ({
                hit,
                label: summary(hit),
                description: `${hit.date ?? ""} ${hit.rel}:${hit.line}`.trim(),
                alwaysShow: true,
            }));
            results.set(hits);
        } catch (error) {
            if (mine === newest) {
                pick.items = [];
                tell(error);
            }
        } finally {
            if (mine === newest) pick.busy = false;
        }
    });
    pick.onDidAccept(() => {
        const chosen = pick.selectedItems[0];
        pick.hide();
        if (chosen) show(chosen.hit).then(undefined, tell);
    });
    pick.onDidHide(() => {
        newest++;
        asked.cancel();
        pick.dispose();
    });
    pick.show();
}

export function activate(context: vscode.ExtensionContext): void {
    const client = new Client(() => {
        const settings = vscode.workspace.getConfiguration("kbsearch");
        return {
            program: settings.get<string>("program", "kbsearch"),
            arguments: settings.get<string[]>("arguments", []),
        };
    });
    const results = new Results();
    context.subscriptions.push(
        { dispose: () => client.close() },
        vscode.window.registerTreeDataProvider("kbsearch.results", results),
        vscode.commands.registerCommand("kbsearch.search", () => live(client, results)),
        vscode.commands.registerCommand("kbsearch.open", (hit: Hit) => show(hit).then(undefined, tell)),
        vscode.commands.registerCommand("kbsearch.backlinks", async () => {
            const note = vscode.window.activeTextEditor?.document.uri.fsPath;
            if (!note) return tell(new Failure("open a note first: backlinks are those of the note shown"));
            try {
                results.set((await client.backlinks(note, 200)).hits);
            } catch (error) {
                tell(error);
            }
        }),
        vscode.languages.registerCompletionItemProvider(
            "markdown",
            {
                async provideCompletionItems(document, position) {
                    const before = document.lineAt(position.line).text.slice(0, position.character);
                    const prefix = linkPrefix(before);
                    if (prefix === undefined) return [];
                    // No message while someone writes: a list that stays away says enough.
                    const titles = await client.titles(prefix).catch(() => []);
                    const range = new vscode.Range(position.translate(0, -prefix.length), position);
                    return titles.map((title) => {
                        const item = new vscode.CompletionItem(title, vscode.CompletionItemKind.Reference);
                        item.range = range;
                        return item;
                    });
                },
            },
            "[",
        ),
        vscode.languages.registerHoverProvider("markdown", {
            async provideHover(document, position) {
                const link = linkAt(document.lineAt(position.line).text, position.character);
                if (!link) return undefined;
                const found = await client.backlinks(link.target, 5).catch(() => undefined);
                if (!found) return undefined;
                const lines = found.hits.map((hit) => `${hit.date ?? ""} ${hit.rel}: ${summary(hit)}`.trim());
                const text = new vscode.MarkdownString();
                text.appendText([`${link.target}: ${found.total} backlinks`, ...lines].join("\n"));
                return new vscode.Hover(text, new vscode.Range(position.line, link.from, position.line, link.to));
            },
        }),
    );
}
