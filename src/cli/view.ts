/** `weft view`: serves the page of a run, or of two side by side, to a browser on this computer. It serves the files that `weft run --out` writes, and no other. */

import { existsSync, readdirSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, dirname, join, resolve } from "node:path";
import { UserError } from "../base/errors.ts";
import { expectedOneOf, suggestion } from "../base/suggest.ts";
import { readBytes } from "./files.ts";
import { onInterrupt } from "./interrupt.ts";
import { PAGE, pageOf } from "./output.ts";
import { wholeNumber } from "./settings.ts";

export interface ViewFlags {
  readonly folders: readonly string[];
  /** Undefined: any that is free. */
  readonly port: string | undefined;
}

/** Ends when it is interrupted: that is how one ends a server. */
export async function view({ folders, port }: ViewFlags): Promise<void> {
  const number = port === undefined ? 0 : wholeNumber("--port", port, 1, 65_535);
  const files = filesOf(folders);
  const server = createServer((request, response) => answer(request, response, files));
  await listening(server, number);
  process.stdout.write(`http://${HOST}:${(server.address() as AddressInfo).port}/\n`);
  process.stderr.write(`weft: serving ${folders.join(" and ")} on this computer alone; Ctrl-C ends it\n`);
  await new Promise<void>((end) => onInterrupt(end));
  server.close();
  server.closeAllConnections();
}

const HOST = "127.0.0.1";

// --- what is served ---

interface Served {
  readonly type: string;
  readonly read: () => Buffer;
}

const TYPES: Readonly<Record<string, string>> = {
  [PAGE]: "text/html; charset=utf-8",
  "report.json": "application/json",
  "report.txt": "text/plain; charset=utf-8",
  "utilisation.svg": "image/svg+xml",
  "trace.bin": "application/octet-stream",
  "trace.csv": "text/csv; charset=utf-8",
  "trace.pftrace": "application/octet-stream",
};

/** By path of the address. Of two runs there is one page, and no other file. */
function filesOf(folders: readonly string[]): ReadonlyMap<string, Served> {
  for (const folder of folders) assertRun(folder);
  const [first, second] = folders as readonly [string, string?];
  if (second !== undefined) {
    const page = Buffer.from(pageOf([first, second].map((folder) => readBytes(join(folder, "trace.bin")))));
    return new Map([["/", { type: TYPES[PAGE]!, read: () => page }]]);
  }
  const names = Object.keys(TYPES).filter((name) => existsSync(join(first, name)));
  const served = names.map((name): [string, Served] => [`/${name}`, { type: TYPES[name]!, read: () => readBytes(join(first, name)) }]);
  return new Map([["/", served[0]![1]], ...served]);
}

const NEEDED = [PAGE, "trace.bin"];

const isRun = (folder: string): boolean => NEEDED.every((name) => existsSync(join(folder, name)));

function assertRun(folder: string): void {
  if (isRun(folder)) return;
  const place = { path: folder };
  const [above, name] = [dirname(resolve(folder)), basename(resolve(folder))];
  const inside = runsIn(folder).map((run) => join(folder, run));
  const beside = runsIn(above);
  const hint = inside.length > 0 ? expectedOneOf(inside) : beside.length > 0 ? suggestion(name, beside) : "weft run WORKLOAD --out FOLDER writes one";
  throw new UserError({
    code: "bad-file",
    message: existsSync(folder) ? `it is no folder of a run: ${NEEDED.join(" or ")} is missing` : "there is no such folder",
    place,
    hint,
  });
}

function runsIn(folder: string): readonly string[] {
  if (!existsSync(folder) || !statSync(folder).isDirectory()) return [];
  return readdirSync(folder).filter((name) => isRun(join(folder, name)));
}

// --- how it is served ---

/** A page from here asks for nothing, is shown in no frame, and nothing is guessed about its files. */
const HEADERS = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'unsafe-inline' blob:; worker-src blob:; style-src 'unsafe-inline'; img-src data: blob:; connect-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cache-Control": "no-store",
};

function answer(request: IncomingMessage, response: ServerResponse, files: ReadonlyMap<string, Served>): void {
  const { status, type, body } = replyTo(request, files);
  response.writeHead(status, { ...HEADERS, "Content-Type": type, "Content-Length": Buffer.byteLength(body) });
  response.end(request.method === "HEAD" ? undefined : body);
}

interface Reply {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer | string;
}

/** The host is asked for, too: a page from elsewhere could have its own name lead here. */
function replyTo({ method = "", url = "", headers }: IncomingMessage, files: ReadonlyMap<string, Served>): Reply {
  const words = (status: number, said: string): Reply => ({ status, type: TYPES["report.txt"]!, body: `${said}\n` });
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? "")) return words(403, "this server is for this computer alone");
  if (method !== "GET" && method !== "HEAD") return words(405, "this server only shows files");
  const file = files.get(url.split("?")[0]!);
  if (file === undefined) return words(404, `there is: ${[...files.keys()].join(" ")}`);
  try {
    return { status: 200, type: file.type, body: file.read() };
  } catch (error) {
    return words(500, error instanceof Error ? error.message : String(error));
  }
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolveIt, reject) => {
    server.once("error", ({ code, message }: NodeJS.ErrnoException) => {
      const words = code === "EADDRINUSE" ? `port ${port} is in use` : code === "EACCES" ? `port ${port} is not for you` : message;
      reject(new UserError({ code: "bad-command-line", message: words, place: { path: "--port" }, hint: "without --port weft takes one that is free" }));
    });
    server.listen(port, HOST, resolveIt);
  });
}
