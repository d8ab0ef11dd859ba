/** Networks in which one thing is slow by construction: waits must go back to it. Run by the engine, so that the counters are true ones. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { NetworkSpec, ProcessSpec } from "../../src/engine/network.ts";
import { runNetwork } from "../../src/engine/run.ts";
import { describeCause, waitedByRoot } from "../../src/report/causes.ts";
import { unitRows } from "../../src/report/units.ts";
import type { Cause, UnitResult } from "../../src/result/result.ts";
import { run } from "../support/counters.ts";
import { build, cyclicSource, networkPlan, port, server, stage, wire } from "../support/networks.ts";
import { sectionOf } from "../support/sections.ts";

function rowsOf(spec: NetworkSpec): readonly UnitResult[] {
  const result = runNetwork(spec);
  expect(result.finished).toBe(true);
  return unitRows(run([sectionOf(spec, result)]));
}

const rowOf = (rows: readonly UnitResult[], id: string): UnitResult => rows.find((row) => row.id === id)!;
const waitsOf = (row: UnitResult): readonly Cause[] => row.causes.filter(({ state }) => state !== "idle");

/** Share of the cycles that these units waited. */
function shareOf(rows: readonly UnitResult[], root: string | RegExp): number {
  const roots = waitedByRoot(rows);
  const sum = (parts: typeof roots) => parts.reduce((total, [, cycles]) => total + cycles, 0);
  return sum(roots.filter(([name]) => (typeof root === "string" ? name === root : root.test(name)))) / sum(roots);
}

const loading = (outstanding: number, ...bursts: readonly (readonly number[])[]): Partial<ProcessSpec> => ({
  requests: { outstanding, source: cyclicSource(bursts) },
});

/** A source, stages of these initiation intervals in a row, and what is between them. */
function chain(iis: readonly number[], firings = 1000): NetworkSpec {
  const last = iis.length - 1;
  const ports = (p: number) => [...(p > 0 ? [port(p - 1, "stream-in")] : []), ...(p < last ? [port(p, "stream-out")] : [])];
  return {
    processes: iis.map((ii, p) => stage(`s${p}`, firings, ports(p), { ii, latency: 5 })),
    channels: iis.slice(1).map((_, c) => wire(`c${c}`, 16)),
    resources: [],
  };
}

describe("waits go back to", () => {
  it("the bandwidth of the memory, where a stream is bound by it", () => {
    const spec: NetworkSpec = {
      processes: [
        stage("load", 2000, [port(0, "stream-out")], loading(32, [0], [1])),
        stage("work", 2000, [port(0, "stream-in"), port(1, "stream-out")], { latency: 10 }),
        stage("sink", 2000, [port(1, "stream-in")]),
      ],
      channels: [wire("a", 64), wire("b", 16)],
      resources: [server("r0", { service: 8 }), server("r1", { service: 8 })],
    };
    const rows = rowsOf(spec);
    expect(shareOf(rows, "hbm (bandwidth)")).toBeGreaterThan(0.98);
    // The slot of channel 1 is free the tick after that of channel 0: all waiting is for the latter, though both serve all the time.
    expect(rowOf(rows, "load").causes.map(({ state, channel }) => [state, channel])).toEqual([
      ["memory", "hbm channel 0"],
      ["idle", ""],
    ]);
    expect(waitsOf(rowOf(rows, "sink"))[0]).toMatchObject({ state: "starved", channel: "b", root: "hbm (bandwidth)" });
    expect(waitsOf(rowOf(rows, "sink"))[0]!.path).toEqual([
      { unit: "work", state: "starved", channel: "a" },
      { unit: "load", state: "memory", channel: "hbm" },
    ]);
  });

  it("the latency of the memory, where few bursts are under way", () => {
    const spec: NetworkSpec = {
      processes: [stage("load", 500, [port(0, "stream-out")], loading(2, [0], [1])), stage("work", 500, [port(0, "stream-in")])],
      channels: [wire("a")],
      resources: [server("r0", { latency: 200 }), server("r1", { latency: 200 })],
    };
    expect(shareOf(rowsOf(spec), "hbm (latency)")).toBeGreaterThan(0.98);
  });

  it("late bursts also where the load itself hardly waits", () => {
    // The load begins each burst when the address before it has come, and has slots to spare: it is starved, and its tokens are late by the burst.
    const spec: NetworkSpec = {
      processes: [
        stage("addresses", 100, [port(0, "stream-out")], { ii: 30 }),
        stage("load", 100, [port(0, "stream-in"), port(1, "stream-out")], loading(64, [0])),
        stage("work", 100, [port(1, "stream-in")]),
      ],
      channels: [wire("a"), wire("b")],
      resources: [server("r", { latency: 16 })],
    };
    const rows = rowsOf(spec);
    // Of each 29 ticks that work waits, the burst was under way for 20; and in the 9 before it the addresses were.
    expect(shareOf([rowOf(rows, "work")], "hbm (latency)")).toBeCloseTo(20 / 29, 1);
    expect(shareOf([rowOf(rows, "work")], "addresses")).toBeCloseTo(9 / 29, 1);
    expect(shareOf([rowOf(rows, "load")], "addresses")).toBeGreaterThan(0.98);
  });

  it("one channel of many, where two loads meet on it", () => {
    const load = (name: string, channel: number, bursts: readonly (readonly number[])[]) =>
      stage(name, 600, [port(channel, "stream-out")], loading(32, ...bursts));
    const spec: NetworkSpec = {
      processes: [
        load("hot0", 0, [[3]]),
        load("hot1", 1, [[3]]),
        load("cool", 2, [[0], [1], [2], [4], [5], [6], [7]]),
        stage("join", 600, [port(0, "stream-in"), port(1, "stream-in"), port(2, "stream-in")]),
      ],
      channels: [wire("a", 64), wire("b", 64), wire("c", 64)],
      resources: Array.from({ length: 8 }, (_, r) => server(`r${r}`)),
    };
    const rows = rowsOf(spec);
    expect(shareOf([rowOf(rows, "join"), rowOf(rows, "hot0"), rowOf(rows, "hot1")], "hbm channel 3 (bandwidth)")).toBeGreaterThan(0.95);
    expect(shareOf([rowOf(rows, "cool")], "hbm channel 3 (bandwidth)")).toBeGreaterThan(0.95);
  });

  it("the one slow stage of a pipeline, whose neighbours work for most of the time", () => {
    const rows = rowsOf(chain([1, 3, 4, 3, 1]));
    expect(shareOf(rows, "s2")).toBeGreaterThan(0.97);
    expect(shareOf([rowOf(rows, "s4")], "s2")).toBeGreaterThan(0.97);
    expect(shareOf([rowOf(rows, "s0")], "s2")).toBeGreaterThan(0.97);
    expect(waitsOf(rowOf(rows, "s4"))[0]!.path).toEqual([
      { unit: "s3", state: "starved", channel: "c2" },
      { unit: "s2", state: "busy", channel: "" },
    ]);
  });

  it("the memory that a store writes to, where that is the slowest", () => {
    const spec: NetworkSpec = {
      processes: [
        stage("source", 1000, [port(0, "stream-out")]),
        stage("work", 1000, [port(0, "stream-in"), port(1, "stream-out")], { ii: 2 }),
        stage("store", 1000, [port(1, "stream-in")], loading(16, [1])),
      ],
      channels: [wire("a"), wire("b")],
      resources: [server("r0"), server("r1", { service: 6 }), server("r2"), server("r3")],
    };
    const rows = rowsOf(spec);
    expect(shareOf(rows, "hbm channel 1 (bandwidth)")).toBeGreaterThan(0.97);
    expect(waitsOf(rowOf(rows, "source")).map(({ state, channel }) => [state, channel])).toContainEqual(["blocked", "a"]);
  });

  it("a ring with too few tokens", () => {
    const spec: NetworkSpec = {
      processes: [
        stage("a", 500, [port(1, "stream-in"), port(0, "stream-out")], { latency: 20 }),
        stage("b", 500, [port(0, "stream-in"), port(1, "stream-out")], { latency: 20 }),
      ],
      channels: [wire("there", 4), wire("back", 4, { initial: 2 })],
      resources: [],
    };
    expect(shareOf(rowsOf(spec), "latency of ring back, there")).toBeGreaterThan(0.97);
  });

  it("a ring through the FIFO that is too shallow beside a longer way", () => {
    // A token goes straight to the join, and another through a stage of 50 ticks: the straight FIFO holds 4.
    const spec: NetworkSpec = {
      processes: [
        stage("fork", 1000, [port(0, "stream-out"), port(1, "stream-out")]),
        stage("long", 1000, [port(1, "stream-in"), port(2, "stream-out")], { latency: 50 }),
        stage("join", 1000, [port(0, "stream-in"), port(2, "stream-in")]),
      ],
      channels: [wire("straight", 4), wire("in", 64), wire("out", 64)],
      resources: [],
    };
    const rows = rowsOf(spec);
    expect(shareOf(rows, "latency of ring in, out, straight")).toBeGreaterThan(0.95);
    expect(waitsOf(rowOf(rows, "fork"))[0]).toMatchObject({ state: "blocked", channel: "straight" });
  });

  it("the one slow consumer of a broadcast", () => {
    const spec: NetworkSpec = {
      processes: [
        stage("source", 800, [port(0, "stream-out"), port(1, "stream-out"), port(2, "stream-out")]),
        stage("quick0", 800, [port(0, "stream-in")]),
        stage("slow", 800, [port(1, "stream-in")], { ii: 5 }),
        stage("quick1", 800, [port(2, "stream-in")], { ii: 2 }),
      ],
      channels: [wire("q0"), wire("s"), wire("q1")],
      resources: [],
    };
    expect(shareOf(rowsOf(spec), "slow")).toBeGreaterThan(0.98);
  });

  it("the fill of the pipeline, for what no stage is slow", () => {
    const rows = rowsOf(chain([1, 1, 1, 1], 50));
    expect(shareOf(rows, "fill")).toBe(1);
    expect(rowOf(rows, "s3").starved_cycles).toBe(3 * 6);
  });

  it("the stage that takes long for its first token, not its fill", () => {
    const spec: NetworkSpec = {
      processes: [
        stage("source", 1000, [port(0, "stream-out")]),
        stage("fold", 1000, [port(0, "stream-in"), port(1, "stream-out", 1000)], { ii: 3 }),
        stage("sink", 1, [port(1, "stream-in")]),
      ],
      channels: [wire("a"), wire("b")],
      resources: [],
    };
    expect(shareOf([rowOf(rowsOf(spec), "sink")], "fold")).toBeGreaterThan(0.99);
  });

  it("what keeps a sink from beginning, where that blocks", () => {
    const spec: NetworkSpec = {
      processes: [
        stage("early", 100, [port(0, "stream-out")]),
        stage("slow", 500, [port(1, "stream-out", 500)], { ii: 4 }),
        stage("join", 100, [port(0, "stream-in"), port(1, "stream-in", 100)]),
      ],
      channels: [wire("e"), wire("s")],
      resources: [],
    };
    const rows = rowsOf(spec);
    expect(shareOf([rowOf(rows, "early")], "slow")).toBeGreaterThan(0.97);
    expect(shareOf([rowOf(rows, "join")], "slow")).toBeGreaterThan(0.99);
  });

  it("several roots, in proportion", () => {
    // The join waits for two tokens in turn: 3 of 4 ticks of what it waits are the one's.
    const spec: NetworkSpec = {
      processes: [
        stage("s", 100, [port(0, "stream-out")], { ii: 40 }),
        stage("fast", 100, [port(0, "stream-in"), port(1, "stream-out")], { latency: 1 }),
        stage("join", 100, [port(1, "stream-in")]),
        stage("work", 100, [port(2, "stream-out")], { ii: 40 }),
        stage("other", 100, [port(2, "stream-in")]),
      ],
      channels: [wire("a"), wire("b"), wire("c")],
      resources: [],
    };
    const rows = rowsOf(spec);
    expect(shareOf(rows, "s")).toBeCloseTo(2 / 3, 1);
    expect(shareOf(rows, "work")).toBeCloseTo(1 / 3, 1);
  });
});

describe("causes", () => {
  it("of each wait add up to it, in random networks", () => {
    let rings = 0;
    fc.assert(
      fc.property(networkPlan(), (plan) => {
        const { spec } = build(plan);
        const result = runNetwork(spec);
        if (!result.finished || result.ticks === 0) return;
        const rows = unitRows(run([sectionOf(spec, result)]));
        for (const row of rows) {
          for (const state of ["starved", "blocked", "memory", "idle"] as const) {
            const told = row.causes.reduce((sum, cause) => sum + (cause.state === state ? cause.cycles : 0), 0);
            expect(told, `${row.id} ${state}`).toBe(row[`${state}_cycles`]);
          }
          expect(row.causes.every(({ cycles, path }) => cycles > 0 && path.length <= 9)).toBe(true);
        }
        if (rows.some(({ causes }) => causes.some(({ root }) => root.startsWith("latency of ring")))) rings++;
      }),
      { numRuns: 500, seed: 20_261 },
    );
    expect(rings).toBeGreaterThan(20);
  });

  it("are told as a sentence", () => {
    const rows = rowsOf(chain([1, 3, 4, 3, 1]));
    const row = rowOf(rows, "s4");
    expect(describeCause(row, row.causes[0]!, 4 * row.causes[0]!.cycles)).toBe("s4 is starved 25.0 % of the cycles by c3: s3 is starved by c2, s2 is busy");
  });
});
