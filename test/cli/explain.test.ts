/** `weft explain`: its words are golden for two small workloads, and complete for any. */

import { describe, expect, it, vi } from "vitest";
import { explain } from "../../src/compile/explain.ts";
import { prepare } from "../../src/sim/prepare.ts";
import { workloads } from "../../workloads/index.ts";
import { machineOf } from "../support/runs.ts";
import { said, wordsOf } from "../support/said.ts";

vi.mock("../../src/cli/thread.ts", async (original) => ({ ...(await original<object>()), inThread: (await import("../support/said.ts")).inThisThread }));

const COMMANDS: Readonly<Record<string, string>> = {
  softmax: "explain softmax --set rows=64 --set cols=200",
  pagerank: "explain pagerank --set nodes=64 --set edges=256 --set iterations=3",
  "too-few-units":
    "explain softmax --set rows=64 --set cols=200 --set machine.pcu.count=3 --set machine.pmu.count=3 --set machine.grid.columns=3 --set machine.grid.rows=2",
  cut: "explain gemm-chain-unfused --set m=64 --set n=96 --set k=32 --set p=16",
  "kernel-by-kernel": "explain softmax --set rows=16 --set cols=32 --style kernel-by-kernel",
};

describe("explain", () => {
  it.each(Object.entries(COMMANDS))("%s", async (name, command) => {
    const { code, stdout, stderr } = await said(wordsOf(command));
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await expect(`$ weft ${command}\n${stdout}`).toMatchFileSnapshot(`../golden/cli/explain.${name}.txt`);
  });

  it.each(["dot", "pagerank", "flights"])("names every pass, section, stage, operand and store of %s once", (name) => {
    const machine = machineOf("plasticine");
    const prepared = prepare(workloads.find((workload) => workload.name === name)!.build(small[name]), machine, { style: "spatial", seed: 1 });
    const lines = explain(prepared, machine)
      .split("\n")
      .map((line) => line.trim());
    const starting = (word: string): readonly string[] =>
      lines.filter((line) => line.startsWith(word)).map((line) => line.slice(word.length).split(/[:,]/)[0]!);
    const { sections } = prepared.controllers;
    const stages = sections.flatMap((section) => section.stages);
    expect(starting("section ")).toEqual(sections.map((_, position) => String(position + 1)));
    expect(starting("stage ")).toEqual(stages.map(({ shape }) => shape.name));
    expect(starting("reads ")).toEqual(stages.flatMap(({ shape }) => shape.operands.map(({ tensor }) => tensor)));
    expect(starting("stores ")).toEqual(stages.flatMap(({ stores }) => stores.map(({ tensor }) => tensor)));
    for (const { pass } of prepared.passes) expect(lines.some((line) => line.startsWith(`${pass}: `))).toBe(true);
  });
});

const small: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  dot: { n: 4096 },
  pagerank: { nodes: 64, edges: 256, iterations: 3 },
  flights: { rows: 1000 },
};
