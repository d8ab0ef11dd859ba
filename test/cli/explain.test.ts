/** `weft explain`: its words are golden for a few small workloads, and complete for any; what it says of changes comes from runs. */

import { once } from "node:events";
import { describe, expect, it, vi } from "vitest";
import { machineChanges } from "../../src/cli/changes.ts";
import { explainCommand } from "../../src/cli/explain.ts";
import { doJob } from "../../src/cli/jobs.ts";
import { machineNames, readMachine } from "../../src/cli/machines.ts";
import { parseSettings } from "../../src/cli/settings.ts";
import { explain } from "../../src/compile/explain.ts";
import type { Style } from "../../src/fabric/fabric.ts";
import { prepare } from "../../src/sim/prepare.ts";
import { workloads } from "../../workloads/index.ts";
import { ended, start, temporaryFolder } from "../support/cli.ts";
import { machineOf } from "../support/runs.ts";
import { said, wordsOf } from "../support/said.ts";

vi.mock("../../src/cli/thread.ts", async (original) => ({ ...(await original<object>()), inThread: (await import("../support/said.ts")).inThisThread }));

const COMMANDS: Readonly<Record<string, string>> = {
  softmax: "explain softmax --set rows=64 --set cols=200 --tries 0",
  pagerank: "explain pagerank --set nodes=64 --set edges=256 --set iterations=3 --tries 0",
  "too-few-units":
    "explain softmax --set rows=64 --set cols=200 --set machine.pcu.count=3 --set machine.pmu.count=3 --set machine.grid.columns=3 --set machine.grid.rows=2 --tries 0",
  cut: "explain gemm-chain-unfused --set m=64 --set n=96 --set k=32 --set p=16 --tries 4",
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
      { ...flags, maxSeconds: `${performance.now() / 1000 + 5}` },
      {
        ...parts,
        trial: (job, signal) =>
          ran++ === 0 ? (doJob(job, () => {}) as ReturnType<typeof parts.trial>) : once(signal, "abort").then(() => Promise.reject(new Error("ended"))),
        print: (text) => {
          printed += text;
        },
      },
    );
    expect(printed).toMatch(/1 of \d+ changes were run, then it was stopped/);
  });

  it("are the same with any number of tries side by side", async () => {
    const [one, three] = await Promise.all([1, 3].map(printedWith));
    expect(one).toBe(three);
    expect(one).toContain("verified by a run");
  });

  it("that is interrupted ends with 130 and what was run until then", async () => {
    const child = start(["explain", "softmax", "--set", "rows=64", "--set", "cols=200", "--tries", "30"], temporaryFolder());
    const end = ended(child);
    for (let said = ""; !said.includes("change 1 of"); said += (await once(child.stderr!, "data")).join(""));
    child.kill("SIGINT");
    const { code, stdout, stderr } = await end;
    expect({ code, stderr }).toMatchObject({ code: 130 });
    expect(stdout).toMatch(/Measured: [\d,]+ cycles[\s\S]* changes were run, then it was stopped/);
  });
});

const flags = {
  ...{ workload: "softmax", machine: "plasticine", style: "spatial" as Style, set: ["rows=64", "cols=200"], seed: undefined },
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
