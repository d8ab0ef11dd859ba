/** What ends a run early: limits and Ctrl-C leave a report of what was simulated, and a checkpoint from which a later command goes on to the same end. */

import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { RunResult } from "../../src/result/result.ts";
import { parseResult } from "../../src/result/schema.ts";
import { ended, start, temporaryFolder, weft } from "../support/cli.ts";

const small = ["run", "softmax", "--set", "rows=64", "--set", "cols=256"];
const long = ["run", "dot", "--set", "n=2000000000", "--no-fast-forward"];

const resultIn = (folder: string, file: string): RunResult => parseResult(JSON.parse(readFileSync(join(folder, file), "utf8")));

function withoutHost({ host: _, ...rest }: RunResult): Omit<RunResult, "host"> {
  return rest;
}

async function words(child: ChildProcess, awaited: string): Promise<void> {
  let said = "";
  child.stderr?.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  while (!said.includes(awaited)) await once(child.stderr!, "data");
}

describe("a limit", () => {
  it.each([
    [
      "--max-cycles",
      "10500",
      "max-cycles",
      /^weft: stopped: the limit of 10500 cycles was reached in section max\.\.y, which began at cycle 10000, at cycle \d+$/m,
    ],
    [
      "--max-seconds",
      "6",
      "max-seconds",
      /^weft: stopped: the limit of 6 s \(--max-seconds\) was reached in section dot, which began at cycle 10000, at cycle \d+$/m,
    ],
  ])("of %s %s ends with 3, one message and the report so far", async (flag, value, reason, message) => {
    const folder = temporaryFolder();
    const run = flag === "--max-cycles" ? small : long;
    const { code, stdout, stderr } = await weft([...run, flag, value, "--json", "x.json", "--out", "runs"], folder);
    expect({ code, stderr }).toMatchObject({ code: 3 });
    expect(stderr).toMatch(message);
    expect(stdout).toContain("partial");
    expect(readdirSync(join(folder, "runs")).sort()).toEqual(["index.html", "report.json", "report.txt", "trace.bin", "utilisation.svg"]);
    const result = resultIn(folder, "x.json");
    expect(result.partial).toMatchObject({ reason });
    expect(resultIn(folder, "runs/report.json")).toEqual(result);
  });

  it("of memory ends with 3 too, before the run where weft itself is larger", async () => {
    const { code, stdout, stderr } = await weft([...small, "--max-memory", "1MiB"], temporaryFolder());
    expect({ code, stdout }).toEqual({ code: 3, stdout: "" });
    expect(stderr).toMatch(/weft: stopped: the process took \d+ MiB, the limit is 1 MiB \(--max-memory\), while compiling\n$/);
  });

  it("that is not reached changes nothing", async () => {
    const folder = temporaryFolder();
    const limits = ["--max-cycles", "1e9", "--max-seconds", "3600.5", "--max-memory", "100GB", "--no-fast-forward"];
    expect((await weft([...small, "--json", "a.json"], folder)).code).toBe(0);
    expect((await weft([...small, ...limits, "--json", "b.json"], folder)).code).toBe(0);
    expect(withoutHost(resultIn(folder, "b.json"))).toEqual(withoutHost(resultIn(folder, "a.json")));
    expect(resultIn(folder, "a.json").partial).toBeNull();
  });
});

describe("Ctrl-C", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("(%s) ends a run with 130 and the report so far", async (signal) => {
    const folder = temporaryFolder();
    const child = start([...long, "--json", "x.json", "--out", "runs", "--checkpoint", "x.ckpt"], folder);
    const end = ended(child);
    await words(child, "simulated ");
    child.kill(signal);
    const { code, stdout, stderr } = await end;
    expect({ code, stderr }).toMatchObject({ code: 130 });
    expect(stderr).toMatch(/weft: interrupted in section dot, which began at cycle 10000, at cycle \d+\n$/);
    expect(stdout).toContain("interrupted in section dot, about");
    expect(resultIn(folder, "x.json").partial).toMatchObject({ reason: "interrupted", section: "dot" });
    expect(readdirSync(folder).sort()).toEqual(["runs", "x.ckpt", "x.json"]);
  });

  it("while it compiles ends with 130 and no report", async () => {
    const folder = temporaryFolder();
    const child = start(["run", "attention", "--machine", "sn40l", "--json", "x.json"], folder);
    const end = ended(child);
    await words(child, "compiling");
    child.kill("SIGINT");
    expect(await end).toMatchObject({ code: 130, stdout: "" });
    expect(readdirSync(folder)).toEqual([]);
  });
});

describe("a checkpoint", () => {
  it.each([
    [small, "10500"],
    [[...small, "--values"], "10500"],
    [["run", "kmeans", "--set", "n=67", "--set", "dim=7", "--set", "k=5", "--set", "iterations=3", "--values"], "13000"],
  ])("of %j stopped at %s cycles is gone on from to the same report", async (args, cycles) => {
    const folder = temporaryFolder();
    expect((await weft([...args, "--json", "whole.json"], folder)).code).toBe(0);
    const stopped = await weft([...args, "--max-cycles", cycles, "--checkpoint", "c.ckpt"], folder);
    expect({ code: stopped.code, stderr: stopped.stderr }).toMatchObject({ code: 3 });
    expect(stopped.stderr).toContain("weft: checkpoint c.ckpt: a run that resumes goes on ");
    const resumed = await weft([...args, "--resume", "c.ckpt", "--json", "resumed.json"], folder);
    expect({ code: resumed.code, stderr: resumed.stderr }).toMatchObject({ code: 0 });
    expect(withoutHost(resultIn(folder, "resumed.json"))).toEqual(withoutHost(resultIn(folder, "whole.json")));
  });

  it("of another run, cut short, or changed is refused with 2", async () => {
    const folder = temporaryFolder();
    expect((await weft([...small, "--max-cycles", "10500", "--checkpoint", "c.ckpt"], folder)).code).toBe(3);
    const bytes = readFileSync(join(folder, "c.ckpt"));
    writeFileSync(join(folder, "short.ckpt"), bytes.subarray(0, bytes.length - 20));
    writeFileSync(
      join(folder, "changed.ckpt"),
      bytes.map((byte, at) => (at === bytes.length >> 1 ? byte ^ 255 : byte)),
    );
    writeFileSync(join(folder, "later.ckpt"), Buffer.concat([Buffer.from("weft checkpoint 99\n"), bytes]));
    const refused: readonly (readonly [readonly string[], RegExp])[] = [
      [[...small, "--resume", "short.ckpt"], /^weft: --resume: cannot resume from short\.ckpt: it is truncated or damaged\n$/],
      [[...small, "--resume", "changed.ckpt"], /^weft: --resume: cannot resume from changed\.ckpt: it is truncated or damaged\n$/],
      [[...small, "--resume", "later.ckpt"], /its format is "weft checkpoint 99", this weft reads "weft checkpoint 1"\n$/],
      [[...small, "--set", "cols=300", "--resume", "c.ckpt"], /it is of another workload: softmax \w{16}, not softmax \w{16}; run with the flags/],
      [[...small, "--machine", "sn10", "--resume", "c.ckpt"], /it is of another machine: plasticine \w{16}, not sn10 \w{16}; run with/],
      [[...small, "--seed", "7", "--resume", "c.ckpt"], /it is of another seed: 1, not 7; run with/],
      [[...small, "--values", "--resume", "c.ckpt"], /it is of another choice of --values: false, not true; run with/],
    ];
    for (const [args, message] of refused) {
      const { code, stdout, stderr } = await weft(args, folder);
      expect({ args, code, stdout }).toEqual({ args, code: 2, stdout: "" });
      expect(stderr).toMatch(message);
    }
  });
});
