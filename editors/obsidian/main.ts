// SPDX-License-Identifier: GPL-2.0-or-later
import { App, MarkdownView, Notice, Plugin, SuggestModal, TFile } from "obsidian";
import { Client, Failure, Hit, summary } from "../node/client";

const LIMIT = 50;

class Search extends SuggestModal<Hit> {
    private newest = 0;
    private shown: Hit[] = [];

    constructor(
        app: App,
        private readonly client: Client,
    ) {
        super(app);
        this.setPlaceholder("Search notes");
    }

    // An answer to older text gives the list of the newest one: the modal shows what comes last.
    async getSuggestions(query: string): Promise<Hit[]> {
        const mine = ++this.newest;
        try {
            const hits = await this.client.typed(query, "modal", LIMIT);
            if (mine === this.newest) this.shown = hits;
        } catch (error) {
            if (mine === this.newest) {
                this.shown = [];
                if (!(error as Failure).superseded) new Notice(`kbsearch: ${(error as Error).message}`);
            }
        }
        return this.shown;
    }

    renderSuggestion(hit: Hit, el: HTMLElement): void {
        el.createEl("div", { text: summary(hit) });
        el.createEl("small", { text: `${hit.date ?? ""} ${hit.rel}:${hit.line}`.trim() });
    }

    async onChooseSuggestion(hit: Hit): Promise<void> {
        const file = this.app.vault.getAbstractFileByPath(hit.rel);
        if (!(file instanceof TFile)) {
            new Notice(`kbsearch: ${hit.path} is not in this vault`);
            return;
        }
        const leaf = this.app.workspace.getLeaf(false);
        await leaf.openFile(file);
        if (leaf.view instanceof MarkdownView)
            leaf.view.editor.setCursor({ line: Math.max(0, (hit.match_line ?? hit.line) - 1), ch: 0 });
    }
}

export default class Kbsearch extends Plugin {
    async onload(): Promise<void> {
        const saved = ((await this.loadData()) ?? {}) as { program?: string; arguments?: string[] };
        const client = new Client(() => ({
            program: saved.program ?? "kbsearch",
            arguments: saved.arguments ?? [],
        }));
        this.register(() => client.close());
        this.addCommand({
            id: "search",
            name: "Search notes",
            callback: () => new Search(this.app, client).open(),
        });
    }
}
