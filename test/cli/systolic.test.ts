/** `weft systolic`: layers from flags and files, and what is told of them. */

import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, vi } from "vitest";
import { isMet } from "../../src/cli/comparison.ts";
import { parseLayers } from "../../src/cli/layers.ts";
import type { SystolicReport } from "../../src/cli/systolic-count.ts";
import { SYSTOLIC } from "../../src/cli/systolic-suite.ts";
import { ended, start } from "../support/cli.ts";
import { said } from "../support/said.ts";

vi.mock("../../src/cli/thread.ts", async (original) => ({ ...(await original<object>()), inThread: (await import("../support/said.ts")).inThisThread }));

const folder = mkdtempSync(join(tmpdir(), "weft-systolic-"));

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

describe("weft systolic", () => {
  it("prints a line for each layer and dataflow, with both counts, and sums where there is something to sum up", async () => {
    const { code, stdout } = await said(["systolic", "--array", "16", "--gemm", "100,70,33", "--gemm", "128x128x128"]);
    expect(code).toBe(0);
    const rows = stdout.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));
    expect(rows.filter(([, name]) => name === "100x70x33").map((cells) => cells.slice(4, 8))).toEqual([
      ["os", "35", "2,204", "2,765"],
      ["ws", "15", "2,189", "2,190"],
      ["is", "21", "2,435", "2,436"],
    ]);
    expect(rows.filter(([, name]) => name === "all").map((cells) => [cells[6], cells[7]])).toEqual([
      ["12,315", "13,901"],
      ["13,324", "13,326"],
      ["13,570", "13,572"],
    ]);
  });

  it("writes JSON instead with --json -, or beside the table into a file", async () => {
    const args = ["systolic", "--array", "2x3", "--dataflow", "os", "--gemm", "3,4,5"];
    const { stdout } = await said([...args, "--json", "-"]);
    const report = JSON.parse(stdout) as SystolicReport;
    expect(report.array).toEqual({ rows: 2, columns: 3 });
    expect(report.layers).toEqual([
      {
        ...{ name: "3x4x5", times: 1, m: 3, n: 4, k: 5, dataflow: "os", passes: 4, steps: 5, macs: 60 },
        ...{ scale_sim_cycles: 4 * 8 - 1, cycles: 4 * 10, mapped_share: 0.5, busy_share: 0.25 },
      },
    ]);
    const table = await said([...args, "--json", join(folder, "counts.json")]);
    expect(table.stdout).toMatch(/^systolic array of 2 x 3\n/);
    expect(JSON.parse(readFileSync(join(folder, "counts.json"), "utf8"))).toEqual(report);
  });

  it("takes each layer of a file as often as it runs", async () => {
    const path = file("net.csv", "Layer, H, W, R, S, C, F, stride,\nDP1, 9, 9, 3, 3, 6, 1, 2,\nfull, 9, 9, 3, 3, 6, 4, 1,\n");
    const { stdout } = await said(["systolic", "--array", "4x4", "--dataflow", "ws", "--layers", path, "--json", "-"]);
    const { layers, totals } = JSON.parse(stdout) as SystolicReport;
    expect(layers.map(({ times, m, n, k }) => [times, m, n, k])).toEqual([
      [6, 16, 1, 9],
      [1, 49, 4, 54],
    ]);
    expect(totals[0]!.cycles).toBe(6 * layers[0]!.cycles + layers[1]!.cycles);
    expect(totals[0]!.scale_sim_cycles).toBe(totals[0]!.cycles - 7);
  });
});

describe("Ctrl-C", () => {
  it("ends a long count within a second, with 130", async () => {
    const path = file("many.csv", `Layer, M, N, K,\n${"layer, 4096, 4096, 4096,\n".repeat(1000)}`);
    const child = start(["systolic", "--array", "1024", "--layers", path], folder);
    const end = ended(child);
    await new Promise<void>((resolve) => child.stderr!.once("data", () => resolve()));
    const began = performance.now();
    child.kill("SIGINT");
    expect((await end).code).toBe(130);
    expect(performance.now() - began).toBeLessThan(1000);
  });
});

describe("layers from CSV", () => {
  it("are products, or convolutions with one stride or two, with or without a comma or a comment at the end", () => {
    const text =
      "Layer, ...\n\nproduct, 5, 6, 7,\n\tlast, 5, 6, 7\nsparse, 5, 6, 7, 1:1,\n\nconv, 224, 224, 7, 7, 3, 64, 2,#stem\nwide, 10, 20, 3, 3, 1, 1, 2, 3\n";
    expect(parseLayers(text, "net.csv").map(({ name, m, n, k }) => [name, m, n, k])).toEqual([
      ["product", 5, 6, 7],
      ["last", 5, 6, 7],
      ["sparse", 5, 6, 7],
      ["conv", 110 * 110, 64, 147],
      ["wide", 5 * 7, 1, 9],
    ]);
  });
});

describe("weft validate systolic", () => {
  it("finds every figure of SCALE-Sim to the cycle", async () => {
    const rows = await SYSTOLIC.rows(() => undefined);
    expect(rows.filter(({ expected }) => expected !== null)).toHaveLength(42);
    for (const demand of SYSTOLIC.demands) expect(isMet(demand, rows)).toBe(true);
  });
});
