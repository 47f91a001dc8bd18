// SPDX-License-Identifier: GPL-2.0-or-later
// The daemon's socket for editors that run on Node: found and, where nobody listens, started by
// `kbsearch`; opened at the first request and again after an end. Knows no editor.
import { execFile } from "node:child_process";
import * as net from "node:net";
import {
    CancellationToken,
    CancellationTokenSource,
    createMessageConnection,
    Message,
    MessageConnection,
    ResponseError,
    SocketMessageReader,
    SocketMessageWriter,
} from "vscode-jsonrpc/node";

export { CancellationTokenSource };

export interface Piece {
    t: string;
    m?: boolean;
}

export interface Hit {
    date: string | null;
    path: string;
    rel: string;
    title: string | null;
    line: number;
    match_line?: number;
    text: string;
    snippet?: Piece[];
}

export interface Units {
    hits: Hit[];
    total: number;
}

export interface Suggestions {
    suggestions: { text: string }[];
}

export interface Settings {
    program: string;
    arguments: string[];
}

const CANCELLED = -32800;
const DEADLINE_MS = 5000;
const START_MS = 15000;

// What went wrong, in words for a person; `superseded` when only a newer request took its place.
export class Failure extends Error {
    constructor(
        message: string,
        readonly superseded = false,
    ) {
        super(message);
    }
}

function failure(error: unknown): Failure {
    if (error instanceof Failure) return error;
    if (error instanceof ResponseError && error.code === CANCELLED)
        return new Failure(error.message, true);
    // vscode-jsonrpc's own codes, of a connection that ended, lie between the two ranges.
    if (error instanceof ResponseError && (error.code > -32000 || error.code <= -32600))
        return new Failure(error.message);
    return new Failure("kbsearchd ended before it answered: ask again, and it is started anew");
}

export class Client {
    private connection: Promise<MessageConnection> | undefined;
    private closed = false;

    constructor(private readonly settings: () => Settings) {}

    // Fails with a Failure only.
    async request<T>(method: string, params: object, token?: CancellationToken): Promise<T> {
        try {
            const connection = await this.open();
            const all = { deadline_ms: DEADLINE_MS, ...params };
            return await (token
                ? connection.sendRequest<T>(method, all, token)
                : connection.sendRequest<T>(method, all));
        } catch (error) {
            throw failure(error);
        }
    }

    // Hits as you type: a newer call of the same session ends this one, as superseded.
    async typed(query: string, session: string, limit: number, token?: CancellationToken): Promise<Hit[]> {
        if (query.trim() === "") return [];
        const params = { query, session, limit, partial: true };
        return (await this.request<Units>("search", params, token)).hits;
    }

    backlinks(note: string, limit: number): Promise<Units> {
        return this.request("backlinks", { note, limit });
    }

    async titles(prefix: string): Promise<string[]> {
        const params = { prefix, kind: "title", limit: 30 };
        const found = await this.request<Suggestions>("suggest", params);
        return found.suggestions.map((s) => s.text);
    }

    close(): void {
        this.closed = true;
        this.connection?.then(
            (c) => c.end(),
            () => undefined,
        );
        this.connection = undefined;
    }

    private open(): Promise<MessageConnection> {
        if (this.closed) return Promise.reject(new Failure("kbsearch: the extension was stopped"));
        if (!this.connection) {
            const opening: Promise<MessageConnection> = this.connect(() => {
                if (this.connection === opening) this.connection = undefined;
            });
            this.connection = opening;
            opening.catch(() => {
                if (this.connection === opening) this.connection = undefined;
            });
        }
        return this.connection;
    }

    private async connect(ended: () => void): Promise<MessageConnection> {
        const path = (await this.run("--sockname")).trim();
        let socket: net.Socket;
        try {
            socket = await dial(path);
        } catch {
            // It fails also where a daemon runs and has no index, which the answer will tell.
            const failed = await this.run("--status").then(() => undefined, (error: Error) => error);
            socket = await dial(path).catch((error: Error) => {
                throw failed ?? new Failure(`cannot connect to ${path}: ${error.message}`);
            });
        }
        const connection = createMessageConnection(
            new SocketMessageReader(socket),
            new Writer(socket),
        );
        // Only this rejects what still waits for an answer.
        connection.onClose(() => {
            ended();
            connection.dispose();
        });
        connection.onError(() => socket.destroy());
        connection.listen();
        return connection;
    }

    private run(option: string): Promise<string> {
        const { program, arguments: given } = this.settings();
        return new Promise((done, failed) => {
            execFile(program, [...given, option], { timeout: START_MS }, (error, out, err) => {
                if (!error) done(out);
                else if ((error as NodeJS.ErrnoException).code === "ENOENT")
                    failed(new Failure(`there is no program ${program}: install kbsearch or set its path in the settings`));
                else failed(new Failure(err.trim() || `${program} ${option}: ${error.message}`));
            });
        });
    }
}

// A write that fails ends the connection, which rejects what waits. Given on, vscode-jsonrpc would
// throw it where nobody can catch it.
class Writer extends SocketMessageWriter {
    constructor(private readonly to: net.Socket) {
        super(to);
    }
    override async write(message: Message): Promise<void> {
        await super.write(message).catch(() => this.to.destroy());
    }
}

function dial(path: string): Promise<net.Socket> {
    return new Promise((done, failed) => {
        const socket = net.connect({ path });
        socket.once("error", failed);
        socket.once("connect", () => {
            socket.off("error", failed);
            done(socket);
        });
    });
}

// The target of the [[link]] that column `at` of the line stands in.
export function linkAt(line: string, at: number): { target: string; from: number; to: number } | undefined {
    for (const found of line.matchAll(/\[\[([^\]|#]+)[^\]]*\]\]/g)) {
        const from = found.index ?? 0;
        const to = from + found[0].length;
        if (from <= at && at < to) return { target: found[1].trim(), from, to };
    }
    return undefined;
}

// What was typed of a link that is not closed yet, before the cursor.
export function linkPrefix(before: string): string | undefined {
    return /\[\[([^\][|#]*)$/.exec(before)?.[1];
}

export function summary(hit: Hit): string {
    const text = hit.snippet?.map((piece) => piece.t).join("") || hit.text;
    return text.replace(/\s+/g, " ").trim();
}
