// SPDX-License-Identifier: GPL-2.0-or-later
// What editors/obsidian calls of Obsidian; `told` is what a person would have seen.
const told = { notices: [], commands: {}, modals: [], ends: [] };
module.exports = {
    told,
    Notice: class { constructor(text) { told.notices.push(text); } },
    TFile: class {},
    MarkdownView: class {},
    Plugin: class {
        app = {};
        async loadData() { return null; }
        register(f) { told.ends.push(f); }
        addCommand(command) { told.commands[command.id] = command.callback; }
    },
    SuggestModal: class {
        constructor(app) { this.app = app; }
        setPlaceholder() {}
        open() { told.modals.push(this); }
    },
};
