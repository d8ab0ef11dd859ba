import type { ChildProcess } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { type RequestOptions, request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { ended, start, temporaryFolder, weft } from "../support/cli.ts";

describe("weft view", () => {
  const folder = temporaryFolder();
  beforeAll(async () => {
    const runs = ["8", "16"].map((rows) => weft(["run", "softmax", "--set", `rows=${rows}`, "--set", "cols=16", "--out", `runs/r${rows}`], folder));
    expect((await Promise.all(runs)).map(({ code }) => code)).toEqual([0, 0]);
  }, 60_000);

  it("serves the page and the files of a run, with strict headers, until it is interrupted", async () => {
    const server = await serving(["runs/r8"], folder);
    const page = await get(`${server.url}`);
    expect(page.body).toBe(readFileSync(join(folder, "runs/r8/index.html"), "utf8"));
    expect(page.headers["content-type"]).toBe("text/html; charset=utf-8");
    expect(page.headers["x-content-type-options"]).toBe("nosniff");
    expect(page.headers["content-security-policy"]).toContain("default-src 'none'");
    expect((await get(`${server.url}report.json`)).body).toBe(readFileSync(join(folder, "runs/r8/report.json"), "utf8"));
    server.child.kill("SIGINT");
    expect((await server.end).code).toBe(0);
  });

  it("serves no other file, whatever the path says, and nobody else", async () => {
    writeFileSync(join(folder, "runs/r8/secret.txt"), "secret");
    const server = await serving(["runs/r8"], folder);
    const { port } = new URL(server.url);
    for (const path of [
      "/secret.txt",
      "/../r16/report.json",
      "/..%2fr16/report.json",
      "/%2e%2e/r16/report.json",
      "//etc/passwd",
      "/etc/passwd",
      "/report.json/",
    ])
      expect((await get({ host: "127.0.0.1", port, path })).status, path).toBe(404);
    expect((await get({ host: "127.0.0.1", port, path: "/", headers: { host: "evil.example" } })).status).toBe(403);
    expect((await get({ host: "127.0.0.1", port, path: "/", method: "POST" })).status).toBe(405);
    expect((await get({ host: "127.0.0.1", port, path: "/", method: "HEAD" })).body).toBe("");
    server.child.kill("SIGTERM");
    expect((await server.end).code).toBe(0);
  });

  it("serves two runs as one page", async () => {
    const server = await serving(["runs/r8", "runs/r16"], folder);
    const { body } = await get(server.url);
    expect(body.match(/<script class="weft-run" type="text\/plain"/g)).toHaveLength(2);
    expect((await get(`${server.url}report.json`)).status).toBe(404);
    server.child.kill("SIGINT");
    expect((await server.end).code).toBe(0);
  });

  it("refuses what is no folder of a run, and names the nearest", async () => {
    for (const [named, words] of [
      ["runs/r9", 'weft: runs/r9: there is no such folder; did you mean "r8"?\n'],
      ["runs", `weft: runs: it is no folder of a run: index.html or trace.bin is missing; expected ${join("runs", "r16")} or ${join("runs", "r8")}\n`],
      ["nothing", "weft: nothing: there is no such folder; weft run WORKLOAD --out FOLDER writes one\n"],
    ] as const) {
      const { code, stderr } = await weft(["view", named], folder);
      expect({ code, stderr }).toEqual({ code: 2, stderr: words });
    }
  });

  it("takes a port, unless another has it", async () => {
    const other = createServer();
    await new Promise<void>((done) => other.listen(0, "127.0.0.1", done));
    const { port } = other.address() as { port: number };
    const { code, stderr } = await weft(["view", "runs/r8", "--port", `${port}`], folder);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `weft: --port: port ${port} is in use; without --port weft takes one that is free\n` });
    await new Promise((done) => other.close(done));
    const server = await serving(["runs/r8", "--port", `${port}`], folder);
    expect(server.url).toBe(`http://127.0.0.1:${port}/`);
    server.child.kill("SIGINT");
    await server.end;
  });
});

interface Serving {
  readonly child: ChildProcess;
  readonly url: string;
  readonly end: ReturnType<typeof ended>;
}

async function serving(args: readonly string[], folder: string): Promise<Serving> {
  const child = start(["view", ...args], folder);
  const end = ended(child);
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout?.once("data", (chunk: Buffer) => resolve(chunk.toString().trim()));
    void end.then(({ stderr }) => reject(new Error(stderr)));
  });
  return { child, url, end };
}

interface Got {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** As a client that does not tidy paths. */
function get(where: string | RequestOptions): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asked = request(where as RequestOptions, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body }));
    });
    asked.on("error", reject);
    asked.end();
  });
}
