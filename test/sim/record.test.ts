/** Traces of whole runs: of one section and of many, with values and without, stopped, resumed, and of runs that nobody recorded. Each trace is checked against the counters as it is made. */

import { describe, expect, it } from "vitest";
import type { Machine } from "../../src/machine/machine.ts";
import type { Definition } from "../../src/pattern/builder.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import type { RunCounters } from "../../src/result/counters.ts";
import { createRecorder, meansOf, type Recorder, recordConfiguring, recordRun, traceOf } from "../../src/sim/record.ts";
import { type SimulateOptions, simulate } from "../../src/sim/simulate.ts";
import type { Snapshot } from "../../src/sim/snapshot.ts";
import { brokenTrace } from "../../src/sim/trace-check.ts";
import { RunStopped } from "../../src/sim/watch.ts";
import type { ActivityTrace } from "../../src/trace/trace.ts";
import { workloads } from "../../workloads/index.ts";
import { machineOf, prepareOn, reportOf } from "../support/runs.ts";

const definitionOf = (name: string): Definition => workloads.find((one) => one.name === name)!;

/** "plasticine detailed": every command of its memory; "plasticine packet": links that channels share. */
function variantOf(name: string): Machine {
  const [base, variant] = name.split(" ") as [string, string | undefined];
  const machine = machineOf(base);
  const { ddr } = machine.tiers;
  if (variant === "packet") return { ...machine, network: { ...machine.network, fidelity: "packet" } };
  return variant === "detailed" ? { ...machine, tiers: { ...machine.tiers, ddr: { ...ddr!, fidelity: "detailed" } } } : machine;
}

interface Case {
  readonly run: (options?: Partial<SimulateOptions>) => RunCounters;
  readonly recorder: () => Recorder;
  readonly means: (counters: RunCounters) => ActivityTrace;
  readonly broken: (trace: ActivityTrace, counters: RunCounters) => readonly string[];
  readonly report: (counters: RunCounters) => string;
}

function caseOf(name: string, params: Readonly<Record<string, number | string>>, machineName: string, values: boolean): Case {
  const machine = variantOf(machineName);
  const program = definitionOf(name).build(params);
  const inputs = generateInputs(program, 3);
  const { mapping } = prepareOn(machine, program);
  return {
    run: (options = {}) => simulate(mapping, machine, { program, inputs, values, engine: "fast", ...options }),
    recorder: () => createRecorder(mapping, machine),
    means: (counters) => meansOf(counters, mapping, machine),
    broken: (trace, counters) => brokenTrace(trace, counters, machine),
    report: (counters) => JSON.stringify(reportOf(machine, program, mapping, counters)),
  };
}

const CASES = [
  ["softmax", { rows: 48, cols: 160 }, "plasticine", false],
  ["gemm", { m: 96, n: 200, k: 40 }, "plasticine", true],
  ["attention", { seq: 64, heads: 2, dim: 32 }, "sn40l", false],
  ["lstm", { hidden: 13, steps: 3 }, "plasticine", false],
  ["kmeans", { n: 67, dim: 7, k: 5, iterations: 3 }, "plasticine", true],
  ["bfs", { nodes: 31, edges: 67, levels: 31 }, "plasticine", false],
  ["hashjoin", { rows: 101, airports: 13, states: 3, codes: 31 }, "sn40l", false],
  ["outer", { m: 50, n: 70 }, "plasticine", false],
  ["outer", { m: 200, n: 300 }, "plasticine detailed", false],
  ["softmax", { rows: 48, cols: 160 }, "plasticine detailed", false],
  ["gemm", { m: 48, n: 100, k: 40 }, "plasticine packet", false],
] as const;

describe.each(CASES)("%s %o on %s, values %s", (name, params, machine, values) => {
  const one = caseOf(name, params, machine, values);
  const plain = one.run();

  it.each([true, false])("is recorded with the same report, fast-forward %s", (fastForward) => {
    const recorder = one.recorder();
    const counters = one.run({ recorder, fastForward });
    if (fastForward) expect(one.report(counters)).toBe(one.report(plain));
    const trace = traceOf(recorder, counters);
    expect(trace).toMatchObject({ cycles: counters.ticks, origin: "recorded", unrecorded_cycles: 0 });
    expect(trace.bins).toBe(Math.ceil(trace.cycles / trace.bin_cycles));
  });

  it.each([0.1, 0.5, 0.95])("has a trace that holds where it was stopped at a share of %d, and where it goes on from there", (share) => {
    let snapshot: Snapshot | null = null;
    const recorder = one.recorder();
    const onCheckpoint: SimulateOptions["onCheckpoint"] = (take, isLast) => {
      if (isLast) snapshot = take();
    };
    const stopped = stoppedBy(() => one.run({ recorder, maxCycles: Math.floor(share * plain.ticks), onCheckpoint }));
    expect(traceOf(recorder, stopped).cycles).toBe(stopped.ticks);
    const second = one.recorder();
    const counters = one.run({ recorder: second, resume: snapshot! });
    expect(one.report(counters)).toBe(one.report(plain));
    const { unrecorded_cycles } = traceOf(second, counters);
    expect(unrecorded_cycles).toBeGreaterThanOrEqual(snapshot!.ticks);
    expect(unrecorded_cycles).toBeLessThanOrEqual(stopped.ticks);
  });

  it("has a trace of means where nobody recorded it", () => {
    const trace = one.means(plain);
    expect(trace).toMatchObject({ cycles: plain.ticks, origin: "means", unrecorded_cycles: 0 });
    expect(one.broken(trace, plain)).toEqual([]);
  });

  it("has a trace that is found to be wrong where a figure of it is", () => {
    const trace = one.means(plain);
    const [section] = trace.sections;
    section!.busy[section!.busy.findIndex((ticks) => ticks > 0)]!--;
    section!.firings[section!.firings.findIndex((fired) => fired > 0)]!++;
    const tier = trace.tiers.find(({ served }) => served.some((bursts) => bursts > 0))!;
    tier.served[0]! += 1;
    const spans = trace.spans.map((span, i) => (i === trace.spans.length - 1 ? { ...span, cycles: span.cycles + 1 } : span));
    const said = one.broken({ ...trace, spans }, plain);
    for (const word of ["is busy for", "firings and", "serve", "runs, cycles of configuration", "the spans end"]) expect(said.join("\n")).toContain(word);
  });
});

describe("spans", () => {
  it("of more runs than are kept are put together, round by round, without a gap", () => {
    const recorder = caseOf("kmeans", { n: 67, dim: 7, k: 5, iterations: 3 }, "plasticine", false).recorder();
    let next = 0;
    for (let round = 0; round < 9000; round++) {
      for (const section of [0, 1]) {
        if (round % 1000 === 0) recordConfiguring(recorder, section, next, 100);
        if (round % 1000 === 0) next += 100;
        recordRun(recorder, section, next, 7 + section);
        next += 7 + section;
      }
    }
    const { spans } = recorder;
    expect(spans.length).toBeLessThan(4100);
    const sums = [0, 1].map((s) =>
      spans.filter(({ section }) => section === s).map(({ runs, cycles, configuring_cycles }) => [runs, cycles, configuring_cycles]),
    );
    expect(sums.map((own) => [0, 1, 2].map((i) => own.reduce((sum, span) => sum + span[i]!, 0)))).toEqual([
      [9000, 9000 * 7 + 900, 900],
      [9000, 9000 * 8 + 900, 900],
    ]);
    spans.forEach(({ start, cycles }, i) => expect(spans[i + 1]?.start ?? next).toBe(start + cycles));
  });
});

function stoppedBy(run: () => unknown): RunCounters {
  try {
    run();
  } catch (error) {
    if (error instanceof RunStopped) return error.counters;
    throw error;
  }
  throw new Error("the run was not stopped");
}
