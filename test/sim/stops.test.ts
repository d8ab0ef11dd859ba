/** A run that is stopped reports what it has done, and one that goes on from where it was stopped ends as if it had not been. */

import { deserialize, serialize } from "node:v8";
import { describe, expect, it } from "vitest";
import type { Definition } from "../../src/pattern/builder.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import type { RunCounters } from "../../src/result/counters.ts";
import { runResultSchema } from "../../src/result/schema.ts";
import { type SimulateOptions, simulate } from "../../src/sim/simulate.ts";
import type { Snapshot } from "../../src/sim/snapshot.ts";
import { RunStopped } from "../../src/sim/watch.ts";
import { workloads } from "../../workloads/index.ts";
import { centreRows, elementwise } from "../support/examples.ts";
import { mappingOf, programOf, tinyMachine } from "../support/fabrics.ts";
import { machineOf, prepareOn, reportOf } from "../support/runs.ts";

const machine = machineOf("plasticine");
const definitionOf = (name: string): Definition => workloads.find((one) => one.name === name)!;

function prepared(name: string, params: Readonly<Record<string, number | string>>) {
  const program = definitionOf(name).build(params);
  return { program, inputs: generateInputs(program, 3), mapping: prepareOn(machine, program).mapping };
}

interface Stopped {
  readonly counters: RunCounters;
  readonly snapshot: Snapshot;
}

/** Runs with these options until it has been asked `asks` times whether to stop; null if it ends before. */
function stopAfter(asks: number, run: (options: Partial<SimulateOptions>) => RunCounters): Stopped | null {
  let left = asks;
  const taken: Snapshot[] = [];
  try {
    run({
      shouldStop: () => (left-- > 0 ? null : { reason: "interrupted", words: "enough" }),
      onCheckpoint: (take, isLast) => {
        if (isLast) taken.push(deserialize(serialize(take())) as Snapshot);
      },
    });
    return null;
  } catch (error) {
    if (!(error instanceof RunStopped)) throw error;
    expect(taken).toHaveLength(1);
    return { counters: error.counters, snapshot: taken[0]! };
  }
}

/** Runs with these options until it reaches a limit of cycles. */
function stopAt(maxCycles: number, run: (options: Partial<SimulateOptions>) => RunCounters): Stopped {
  const taken: Snapshot[] = [];
  const onCheckpoint: SimulateOptions["onCheckpoint"] = (take, isLast) => {
    if (isLast) taken.push(take());
  };
  const { counters } = thrownBy(() => run({ maxCycles, onCheckpoint })) as RunStopped;
  expect(taken).toHaveLength(1);
  return { counters, snapshot: taken[0]! };
}

/** How often a run asks. */
function countAsks(run: (options: Partial<SimulateOptions>) => RunCounters): number {
  let asks = 0;
  const shouldStop = (): null => {
    asks++;
    return null;
  };
  run({ shouldStop });
  return asks;
}

/** What was skipped depends on where a run begins, and on nothing else. */
function outcomeOf({ skipped: _, periods: __, skippedIn: ___, ...outcome }: RunCounters): Omit<RunCounters, "skipped" | "periods" | "skippedIn"> {
  return outcome;
}

const CASES = [
  ["softmax", { rows: 48, cols: 160 }, [false, true]],
  ["gemm", { m: 96, n: 200, k: 40 }, [false, true]],
  ["outer", { m: 50, n: 70 }, [false]],
  ["lstm", { hidden: 13, steps: 3 }, [false, true]],
  ["kmeans", { n: 67, dim: 7, k: 5, iterations: 3 }, [false, true]],
  ["bfs", { nodes: 31, edges: 67, levels: 31 }, [false, true]],
  ["hashjoin", { rows: 101, airports: 13, states: 3, codes: 31 }, [false, true]],
  ["flights", { rows: 2500, origins: 31 }, [false, true]],
  ["sgd", { n: 101, dim: 13, epochs: 2, batch: 7 }, [true]],
] as const;

describe.each(CASES.flatMap(([name, params, choices]) => choices.map((values) => ({ name, params, values }))))("$name $params, values $values", (one) => {
  const { program, inputs, mapping } = prepared(one.name, one.params);
  const run = (options: Partial<SimulateOptions>): RunCounters =>
    simulate(mapping, machine, { program, inputs, values: one.values, engine: "fast", ...options });
  const whole = run({});
  const asks = countAsks(run);
  const cuts = [...new Set([0, 1, 2, 0.1, 0.3, 0.5, 0.8, 0.95, asks - 1].map((cut) => (cut > 0 && cut < 1 ? Math.floor(cut * asks) : cut)))];

  it.each(cuts)("stopped when asked after %i others, has a report that holds and no more than the whole run", (cut) => {
    const { counters } = stopAfter(cut, run)!;
    expectPart(counters, "interrupted");
  });

  function expectPart(counters: RunCounters, reason: string): void {
    const report = reportOf(machine, program, mapping, counters);
    expect(runResultSchema.safeParse(report).error).toBeUndefined();
    expect(report.partial).toMatchObject({ reason });
    expect(counters.ticks).toBeLessThanOrEqual(whole.ticks);
    expectLess(totals(counters), totals(whole));
  }

  it.each([0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.99, 1])("stopped at a share of %d of its cycles, has such a report too, and goes on to the same end", (share) => {
    const { counters, snapshot } = stopAt(Math.floor(share * (whole.ticks - 1)), run);
    expectPart(counters, "max-cycles");
    expect(outcomeOf(run({ resume: snapshot }))).toEqual(outcomeOf(whole));
  });

  it.each(cuts)("goes on, where it was stopped after %i others, to the same end", (cut) => {
    const { snapshot } = stopAfter(cut, run)!;
    expect(outcomeOf(run({ resume: snapshot }))).toEqual(outcomeOf(whole));
    const again = stopAfter(Math.floor((asks - cut) / 2), (options) => run({ resume: snapshot, ...options }));
    if (again !== null) expect(outcomeOf(run({ resume: again.snapshot }))).toEqual(outcomeOf(whole));
  });
});

/** What can only grow: by name. */
function totals({ sections }: RunCounters): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  const add = (name: string, count: number): unknown => sums.set(name, count + (sums.get(name) ?? 0));
  for (const { name, units, tiers, network, runs } of sections) {
    add(`${name} runs`, runs);
    add(`${name} hops`, network.vector_hops + network.scalar_hops);
    for (const [tier, counters] of Object.entries(tiers)) add(`${name} ${tier}`, counters.read_bytes + counters.write_bytes);
    for (const unit of units) {
      for (const count of ["firings", "sram_read_bytes", "sram_write_bytes"] as const) add(`${name} ${unit.id} ${count}`, unit[count]);
      for (const { op, dtype, count } of unit.operations) add(`${name} ${unit.id} ${op} ${dtype}`, count);
    }
  }
  return sums;
}

function expectLess(part: ReadonlyMap<string, number>, whole: ReadonlyMap<string, number>): void {
  const more = [...part].filter(([name, count]) => count > (whole.get(name) ?? 0));
  expect(more).toEqual([]);
}

describe("a limit of cycles", () => {
  const { fabric, inputs } = centreRows(9, 50);
  const program = programOf(fabric, Object.keys(inputs), ["y"]);
  const run = (options: Partial<SimulateOptions>): RunCounters =>
    simulate(mappingOf(fabric), tinyMachine, { program, inputs, values: false, engine: "fast", ...options });
  const whole = run({});

  it.each([1, 999, 1000, 1001, 1100, whole.ticks - 1])("of %i ends a run with what it had counted, and the run can go on without it", (maxCycles) => {
    for (const engine of ["fast", "oracle"] as const) {
      let snapshot: Snapshot | undefined;
      const onCheckpoint: SimulateOptions["onCheckpoint"] = (take, isLast) => {
        if (isLast) snapshot = take();
      };
      const stopped = thrownBy(() => run({ maxCycles, engine, onCheckpoint })) as RunStopped;
      expect(stopped).toBeInstanceOf(RunStopped);
      expect(stopped.message).toMatch(/^the limit of \d+ cycles was reached in section section, which began at cycle \d+, at cycle \d+$/);
      expect(stopped.counters.partial).toMatchObject({ reason: "max-cycles", section: "section" });
      expect(stopped.counters.ticks).toBeLessThanOrEqual(whole.ticks);
      expect(outcomeOf(run({ engine, resume: snapshot! }))).toEqual(outcomeOf(whole));
    }
  });

  it("has units whose cycles are known or said to be unknown", () => {
    const { counters } = thrownBy(() => run({ maxCycles: 1080 })) as RunStopped;
    const [section] = counters.sections;
    const known = section!.units.map(({ busy, starved, blocked, memory, idle }) => busy + starved + blocked + memory + idle);
    expect(Math.max(...known)).toBeLessThanOrEqual(section!.ticks);
    expect(Math.min(...known)).toBeLessThan(section!.ticks);
    expect(section!.units.every(({ idle }) => idle === 0)).toBe(true);
  });
});

describe("a snapshot", () => {
  const { fabric, inputs } = elementwise(400_000);
  const program = programOf(fabric, ["x"], ["y"]);
  const run = (options: Partial<SimulateOptions>): RunCounters =>
    simulate(mappingOf(fabric), tinyMachine, { program, inputs, values: false, engine: "fast", ...options });

  it("is offered at the start of each run of a section, and during long ones", () => {
    const taken: Snapshot[] = [];
    const whole = run({ fastForward: false, onCheckpoint: (take) => taken.push(take()) });
    expect(whole.skipped).toBe(0);
    expect(taken.length).toBeGreaterThan(3);
    expect(taken.map(({ engine }) => engine === null)).toEqual(taken.map((_, at) => at === 0));
    for (const resume of taken) {
      expect(run({ fastForward: false, resume })).toEqual(whole);
      expect(outcomeOf(run({ resume }))).toEqual(outcomeOf(whole));
    }
  });

  it("keeps what was skipped, and the run that goes on skips further", () => {
    const whole = run({});
    for (const share of [0.3, 0.6, 0.9]) {
      const { snapshot, counters } = stopAt(Math.floor(share * whole.ticks), run);
      expect(counters.skipped).toBeGreaterThan(0);
      expect(run({ fastForward: false, resume: snapshot }).skipped).toBe(counters.skipped);
      const resumed = run({ resume: snapshot });
      expect(resumed.skipped).toBeGreaterThan(0.9 * whole.skipped);
      expect(outcomeOf(resumed)).toEqual(outcomeOf(whole));
      expect(outcomeOf(run({ fastForward: false, resume: snapshot }))).toEqual(outcomeOf(whole));
    }
  });

  it("of another network is refused", () => {
    const [one, other] = [elementwise(100), centreRows(9, 50)];
    const run = ({ fabric, inputs }: typeof one, options: Partial<SimulateOptions>): RunCounters =>
      simulate(mappingOf(fabric), tinyMachine, { program: programOf(fabric, ["x"], ["y"]), inputs, values: false, engine: "fast", ...options });
    const { snapshot } = stopAfter(5, (options) => run(one, options))!;
    expect(() => run(other, { resume: snapshot })).toThrow("a snapshot of another network");
  });
});

function thrownBy(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
