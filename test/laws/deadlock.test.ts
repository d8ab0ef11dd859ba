/** How far a network gets follows from its tokens alone; and what is said to cure one that gets stuck does, and no less of it would. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Cure, findCure, type Knob, stocksOf } from "../../src/engine/cure.ts";
import { findCircularNeeds } from "../../src/engine/needs.ts";
import type { NetworkSpec } from "../../src/engine/network.ts";
import { findSlowdowns } from "../../src/engine/pace.ts";
import { runNetwork } from "../../src/engine/run.ts";
import { lastFirings, type Stock } from "../../src/engine/tokens.ts";
import { findChain, findWaits } from "../../src/engine/waiting.ts";
import { runOracle } from "../../src/sim/oracle.ts";
import { build, type NetworkPlan, networkPlan, port, stage, wire } from "../support/networks.ts";

const runs = (numRuns: number) => ({ numRuns, seed: 71 });

/** Far more rings and wrong counts than elsewhere. */
const stuckPlan = networkPlan({ steered: false }).map((plan): NetworkPlan => {
  const edges = plan.edges.map((edge, e) => ({
    ...edge,
    anyway: edge.anyway || (e % 3 === 0 && edge.latency > 3),
    depth: Math.min(edge.depth, 3),
    mismatch: edge.mismatch || edge.words + edge.latency >= 7,
  }));
  return { ...plan, edges };
});

describe("tokens alone", () => {
  it("tell the last firing of every process, as time does", () => {
    fc.assert(
      fc.property(fc.oneof(networkPlan({ steered: false }), stuckPlan), (plan) => {
        const result = runNetwork(build(plan).spec);
        expect([...lastFirings(build(plan).spec)!]).toEqual(result.processes.map(({ firings }) => firings));
      }),
      runs(1000),
    );
  });
});

describe("a cure", () => {
  it("lets both engines finish, and one slot or token less does not", () => {
    const seen = { deeper: 0, several: 0, tokens: 0, counts: 0, unknown: 0, hopeless: 0 };
    fc.assert(
      fc.property(fc.oneof(networkPlan({ steered: false }), stuckPlan), (plan) => {
        const { spec } = build(plan);
        const fired = lastFirings(spec)!;
        fc.pre(fired.some((count, p) => count < spec.processes[p]!.firings));
        const knobs = spec.channels.map((_, c) => [c]);
        const cure = findCure(spec, fired, knobs, (stocks) => finishes(plan, stocks));
        seen[cure.kind]++;
        if (cure.kind === "deeper" && cure.changes.length > 1) seen.several++;
        if (cure.kind === "tokens" && cure.starts.length === 0) seen.hopeless++;
        expectCured(plan, spec, knobs, cure);
      }),
      { ...runs(1000), maxSkipsPerRun: 10_000 },
    );
    expect(seen.unknown).toBe(0);
    for (const kind of ["deeper", "several", "tokens", "counts"] as const) expect(seen[kind], kind).toBeGreaterThan(20);
  });

  it("is the smallest of all that deepen, on networks so small that all can be tried", () => {
    let tried = 0;
    fc.assert(
      fc.property(stuckPlan, (plan) => {
        const { spec } = build(plan);
        fc.pre(spec.channels.length <= 5);
        const fired = lastFirings(spec)!;
        fc.pre(fired.some((count, p) => count < spec.processes[p]!.firings));
        const knobs = spec.channels.map((_, c) => [c]);
        const cure = findCure(spec, fired, knobs, () => true);
        if (cure.kind !== "deeper" || !cure.least) return;
        const slots = cure.changes[0]!.slots;
        fc.pre(slots <= 8);
        tried++;
        for (const c of spec.channels.keys()) {
          expect(
            isDone(
              spec,
              spec.channels.map((channel, k) => ({ ...channel, depth: channel.depth + (k === c ? slots - 1 : 0) })),
            ),
          ).toBe(false);
        }
      }),
      { ...runs(400), maxSkipsPerRun: 10_000 },
    );
    expect(tried).toBeGreaterThan(20);
  });

  it("of a long run is found in its first rounds and holds for all of them", () => {
    const rounds = 1_000_000;
    const split = stage("split", 16 * rounds, [port(0, "stream-out"), port(1, "stream-out")]);
    const fold = stage("fold", 16 * rounds, [port(1, "stream-in"), port(2, "stream-out", 16)]);
    const join = stage("join", 16 * rounds, [port(0, "stream-in"), port(2, "stream-in", 16)]);
    const spec: NetworkSpec = { processes: [split, fold, join], channels: [wire("wait", 4), wire("row", 4), wire("sum", 4)], resources: [] };
    const proved: (readonly Stock[])[] = [];
    const prove = (stocks: readonly Stock[]): boolean => proved.push(stocks) > 0;
    expect(findCure(spec, lastFirings(spec)!, [[0], [1], [2]], prove)).toEqual({ kind: "deeper", changes: [{ knob: 0, slots: 12 }], least: true });
    expect(proved.map((stocks) => stocks.map(({ depth }) => depth))).toEqual([[16, 4, 4]]);
  });
});

function expectCured(plan: NetworkPlan, spec: NetworkSpec, knobs: readonly Knob[], cure: Cure): void {
  const stocks = stocksOf(spec, knobs, cure);
  if (cure.kind === "counts") expect(cure.pushed).not.toBe(cure.popped);
  if (stocks === null) return;
  expect(finishes(plan, stocks)).toBe(true);
  expect(runOracle(withStocks(build(plan).spec, stocks)).finished).toBe(true);
  if (cure.kind === "deeper") for (const { knob } of cure.changes) expectStuck(plan, less(stocks, knob, "depth"));
  if (cure.kind === "tokens") expectStuck(plan, less(stocks, cure.starts[0]!.channel, "initial"));
}

const less = (stocks: readonly Stock[], channel: number, what: "depth" | "initial"): readonly Stock[] =>
  stocks.map((stock, c) => (c === channel ? { ...stock, [what]: stock[what]! - 1 } : stock));

function expectStuck(plan: NetworkPlan, stocks: readonly Stock[]): void {
  expect(finishes(plan, stocks)).toBe(false);
  expect(runOracle(withStocks(build(plan).spec, stocks)).finished).toBe(false);
}

const finishes = (plan: NetworkPlan, stocks: readonly Stock[]): boolean => runNetwork(withStocks(build(plan).spec, stocks)).finished;

const isDone = (spec: NetworkSpec, stocks: readonly Stock[]): boolean => lastFirings(spec, stocks)!.every((count, p) => count === spec.processes[p]!.firings);

const withStocks = (spec: NetworkSpec, stocks: readonly Stock[]): NetworkSpec => ({
  ...spec,
  channels: spec.channels.map((channel, c) => ({ ...channel, ...stocks[c] })),
});

describe("needs that go in a circle", () => {
  it("are found only where the network gets stuck, and mostly where it does", () => {
    const seen = { stuck: 0, foretold: 0, finished: 0 };
    fc.assert(
      fc.property(fc.oneof(networkPlan({ steered: false }), stuckPlan), (plan) => {
        const { spec } = build(plan);
        const { waits, isRing } = findChain(findWaits(spec, lastFirings(spec)!));
        const rings = findCircularNeeds(spec);
        if (waits.length === 0) expect(rings).toEqual([]);
        seen[waits.length === 0 ? "finished" : "stuck"]++;
        if (!isRing) return;
        for (const ring of rings) ring.forEach(({ other }, at) => expect(other).toBe(ring[(at + 1) % ring.length]!.process));
        if (rings.length > 0) seen.foretold++;
      }),
      runs(2000),
    );
    expect(seen.finished).toBeGreaterThan(300);
    expect(seen.foretold).toBeGreaterThan(0.8 * seen.stuck);
  });
});

describe("paths of unequal latency", () => {
  it("slow a network down at least as said", () => {
    let slowed = 0;
    fc.assert(
      fc.property(networkPlan({ steered: false, faults: false, outer: [8, 24] }), (plan) => {
        const { spec } = build({ ...plan, processes: plan.processes.map((process) => ({ ...process, trips: process.trips.slice(0, 1) })) });
        const result = runNetwork(spec);
        for (const { from, ticks, slots } of findSlowdowns(spec)) {
          slowed++;
          const { firings, lastStart } = result.processes[from]!;
          if (firings === spec.processes[from]!.firings) expect(lastStart).toBeGreaterThanOrEqual(Math.floor((firings - 1) / slots) * ticks);
        }
      }),
      runs(1500),
    );
    expect(slowed).toBeGreaterThan(20);
  });

  it("are told with the figures of both paths, and not where the slots last", () => {
    const split = stage("split", 100, [port(0, "stream-out"), port(1, "stream-out")]);
    const slow = stage("slow", 100, [port(1, "stream-in"), port(2, "stream-out")], { latency: 20 });
    const join = stage("join", 100, [port(0, "stream-in"), port(2, "stream-in")]);
    const of = (depth: number): NetworkSpec => ({
      processes: [split, slow, join],
      channels: [wire("short", depth), wire("in"), wire("out", 30)],
      resources: [],
    });
    expect(findSlowdowns(of(4))).toEqual([{ from: 0, to: 2, ticks: 23, slots: 4, channel: 0, ii: 1 }]);
    expect(findSlowdowns(of(22))).toHaveLength(1);
    expect(findSlowdowns(of(23))).toEqual([]);
    const lastStart = (depth: number): number => runNetwork(of(depth)).processes[0]!.lastStart;
    expect([lastStart(4), lastStart(22), lastStart(23)]).toEqual([24 * 23 + 3, 4 * 23 + 11, 99]);
  });
});
