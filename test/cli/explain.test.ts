/** `weft explain`: its words are golden for a few small workloads, and complete for any; what it says of changes comes from runs. */

import { once } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { machineChanges } from "../../src/cli/changes.ts";
import { explainCommand } from "../../src/cli/explain.ts";
import { printMeasured } from "../../src/cli/explain-report.ts";
import { answerSignals } from "../../src/cli/interrupt.ts";
import { doJob } from "../../src/cli/jobs.ts";
import { machineNames, readMachine } from "../../src/cli/machines.ts";
import { parseSettings } from "../../src/cli/settings.ts";
import type { Trial } from "../../src/cli/trials.ts";
import { explain } from "../../src/compile/explain.ts";
import type { Style } from "../../src/fabric/fabric.ts";
import type { RunResult } from "../../src/result/result.ts";
import { prepare } from "../../src/sim/prepare.ts";
import { workloads } from "../../workloads/index.ts";
import { machineOf } from "../support/runs.ts";
import { said, wordsOf } from "../support/said.ts";

vi.mock("../../src/cli/thread.ts", async (original) => ({ ...(await original<object>()), inThread: (await import("../support/said.ts")).inThisThread }));

const COMMANDS: Readonly<Record<string, string>> = {
  softmax: "explain softmax --set rows=64 --set cols=200 --tries 4",
  pagerank: "explain pagerank --set nodes=64 --set edges=256 --set iterations=3 --tries 0",
  "too-few-units":
    "explain softmax --set rows=64 --set cols=200 --set machine.pcu.count=3 --set machine.pmu.count=3 --set machine.grid.columns=3 --set machine.grid.rows=2 --tries 0",
  cut: "explain gemm-chain-unfused --set m=64 --set n=96 --set k=32 --set p=16 --tries 0",
  "kernel-by-kernel": "explain softmax --set rows=16 --set cols=32 --style kernel-by-kernel --tries 0",
};

describe("explain", () => {
  it.each(Object.entries(COMMANDS))("%s", async (name, command) => {
    const { code, stdout, stderr } = await said(wordsOf(command));
    expect({ code, stderr: stderr.replaceAll(/^weft: (estimating|change) .*\n/gm, "") }).toEqual({ code: 0, stderr: "" });
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

describe("the changes that explain tells of", () => {
  it.each(machineNames())("are machines, each with more of one thing than %s", (name) => {
    const machine = readMachine(name);
    for (const { what, set } of machineChanges(machine)) {
      if (set.some((pair) => /_links=128$/.test(pair))) continue; // more tracks than a machine can have: estimated as none
      const changed = readMachine(name, parseSettings(set).machine);
      expect({ what, figures: JSON.stringify({ ...changed, sources: {} }) }).not.toEqual({ what, figures: JSON.stringify({ ...machine, sources: {} }) });
    }
  });

  it("are those that were run when the time is over", async () => {
    let [printed, ran] = ["", 0];
    await explainCommand(
      { ...flags, maxSeconds: `${performance.now() / 1000 + 4}` },
      {
        ...parts,
        trial: (job, signal) =>
          ran++ === 0 ? (doJob(job, () => {}) as ReturnType<typeof parts.trial>) : once(signal, "abort").then(() => Promise.reject(new Error("ended"))),
        print: (text) => {
          printed += text;
        },
      },
    );
    expect(printed).toMatch(/[01] of \d+ changes were run, then it was stopped/);
  });

  it("are the same with any number of tries side by side", async () => {
    const [one, three] = await Promise.all([1, 3].map(printedWith));
    expect(one).toBe(three);
    expect(one).toContain("verified by a run");
  });

  it("are those that were run until it is interrupted", async () => {
    answerSignals();
    let [printed, ran] = ["", 0];
    const end = explainCommand(flags, {
      ...parts,
      trial: (job, signal) => {
        if (ran++ === 0) return here(job);
        const stopped = once(signal, "abort");
        process.emit("SIGINT");
        return stopped.then(() => Promise.reject(new Error("ended")));
      },
      print: (text) => {
        printed += text;
      },
    });
    await expect(end).rejects.toMatchObject({ code: "interrupted" });
    expect(printed).toMatch(/Measured: [\d,]+ cycles[\s\S]*1 of \d+ changes were run, then it was stopped/);
  });

  it("are told of all the sections that they join, and no gain of none", () => {
    const limit = { resource: "hbm", sentence: "hbm is busy" };
    const routes = { wirelength_hops: 3, longest_route_hops: 1, busiest_link: null };
    const section = (name: string, cycles: number) => ({
      ...{ name, ops: [name], runs: 1, cycles, configuring_cycles: 10, units: { pcu: 1, pmu: 1, ag: 1 } },
      ...{ bounds_cycles: { compute: 5, hbm: 0, ddr: 0, network: 0 }, limit, routes },
    });
    const sections = [section("a", 100), section("b", 200), section("c", 300)];
    const trial = (...timed: readonly (readonly [operators: readonly string[], cycles: number])[]): Trial => ({
      ...{ schedule: {}, placement: 1, why: null, cycles: timed.reduce((sum, [, cycles]) => sum + cycles, 0) },
      sections: timed.map(([operators, cycles]) => ({ name: "", operators, schedule: {}, cycles: cycles - 10, configuring_cycles: 10, expected_cycles: 0 })),
    });
    const change = { of: "program", section: null, set: [], schedule: { cut: [] }, relieves: [] } as const;
    const verified = [
      { change: { ...change, what: "joining b and c" }, trial: trial([["a"], 100], [["b", "c"], 250]) },
      { change: { ...change, what: "waiting" }, trial: trial([["a"], 120], [["b"], 200], [["c"], 300]) },
    ];
    const words = printMeasured({ cycles: 600, sections } as unknown as RunResult, verified, 5, false);
    expect(words.match(/joining b and c: .*/g)).toEqual(
      new Array(2).fill("joining b and c: sections 2 and 3 together 500 -> 250 cycles (50.0 % fewer), the run 600 -> 350; verified by a run"),
    );
    expect(words).toContain("section 1, of a: 100 cycles, 10 of them to load it\n  takes at least, in cycles: compute 5 (5.0 %)");
    expect(words).toContain("no change that was run makes it faster");
    expect(words).toContain("2 of 5 changes were run\n  no gain: waiting\n");
  });
});

const flags = {
  ...{ workload: "softmax", machine: "plasticine", style: "spatial" as Style, set: ["rows=16", "cols=48"], seed: undefined },
  ...{ tries: "3", maxSeconds: "600" },
};

const here = (job: Parameters<typeof doJob>[0]): Promise<never> => doJob(job, () => {}) as Promise<never>;
const parts = { plan: here, run: here, list: here, estimate: here, trial: here, lanes: 1, say: () => {} } as const;

async function printedWith(lanes: number): Promise<string> {
  let printed = "";
  const print = (text: string): void => {
    printed += text;
  };
  await explainCommand(flags, { ...parts, lanes, print });
  return printed;
}
