import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FIRED, PF, READY, type State, TOTAL } from "../../src/engine/layout.ts";
import { type Leap, processState, resourceState, shiftState } from "../../src/engine/leap.ts";
import type { ChannelSpec, NetworkResult, NetworkSpec, PortSpec, ProcessSpec, ResourceSpec } from "../../src/engine/network.ts";
import { readResult } from "../../src/engine/result.ts";
import { runNetwork, runRound, runToEnd } from "../../src/engine/run.ts";
import { createState } from "../../src/engine/state.ts";
import { runOracle } from "../../src/sim/oracle.ts";
import {
  type Built,
  build,
  cyclicSource,
  type EdgePlan,
  type NetworkPlan,
  networkPlan,
  type ProcessPlan,
  port,
  server,
  stage,
  wire,
} from "../support/networks.ts";

const runs = (numRuns: number) => ({ numRuns, seed: 20_260 });

describe("fast engine and oracle", () => {
  it("agree on every counter and every word of 1,000 random networks", () => {
    const seen = { finished: 0, stuck: 0, starved: 0, blocked: 0, memory: 0, late: 0, served: 0, refreshHits: 0, words: 0, oftenWithoutBursts: 0, steered: 0 };
    fc.assert(
      fc.property(networkPlan(), (plan) => {
        const [fast, slow] = [build(plan), build(plan)];
        const expected = runOracle(slow.spec);
        expect(runNetwork(fast.spec)).toEqual(expected);
        expect(fast.digests()).toEqual(slow.digests());
        seen[expected.finished ? "finished" : "stuck"]++;
        for (const kind of ["starved", "blocked", "memory"] as const) if (expected.processes.some((process) => process[kind] > 0)) seen[kind]++;
        for (const kind of ["served", "refreshHits"] as const) if (expected.resources.some((resource) => resource[kind] > 0)) seen[kind]++;
        if (expected.processes.some(({ late }) => late.some((ticks) => ticks > 0))) seen.late++;
        if (slow.digests().some((digest) => digest !== 0)) seen.words++;
        if (shareWithoutBursts(slow, expected) >= 0.3) seen.oftenWithoutBursts++;
        if (plan.processes.some((process, p) => isSteered(process) && slow.asked[p]!.some((bursts) => bursts > 0) && readsWords(slow.spec, p))) seen.steered++;
      }),
      runs(1000),
    );
    for (const [what, networks] of Object.entries(seen)) expect(networks, `networks with ${what}`).toBeGreaterThan(60);
  });
});

/** Of the firings of processes that have requests. */
function shareWithoutBursts({ asked }: Built, result: NetworkResult): number {
  const bursts = asked.flatMap((list, p) => list.slice(0, result.processes[p]!.firings));
  return bursts.filter((count) => count === 0).length / Math.max(1, bursts.length);
}

const isSteered = ({ data, requests }: ProcessPlan): boolean => data !== null && requests?.byData === true;

function readsWords({ processes, channels }: NetworkSpec, p: number): boolean {
  return processes[p]!.ports.some(({ kind, channel }) => kind === "stream-in" && channels[channel]!.words > 0);
}

describe("conservation", () => {
  it("keeps tokens, ticks and bursts", () => {
    fc.assert(
      fc.property(networkPlan(), (plan) => {
        const { spec, asked } = build(plan);
        const result = runNetwork(spec);
        result.channels.forEach(({ pushed, popped }, c) => {
          const { depth, initial = 0 } = spec.channels[c]!;
          expect(initial + pushed - popped).toBeGreaterThanOrEqual(0);
          expect(initial + pushed - popped).toBeLessThanOrEqual(depth);
        });
        spec.processes.forEach((process, p) => {
          expectTicksAddUp(process, result.processes[p]!, result.ticks);
        });
        expect(sum(result.processes.flatMap(({ late }) => late))).toBe(sum(result.processes.flatMap(({ lateBy }) => lateBy)));
        const bursts = asked.flatMap((list, p) => list.slice(0, result.processes[p]!.firings)).reduce((total, count) => total + count, 0);
        expect(result.resources.reduce((total, { served }) => total + served, 0)).toBe(bursts);
        result.resources.forEach(({ served, busy }, r) => {
          expect(busy).toBe(served * spec.resources[r]!.service);
        });
      }),
      runs(300),
    );
  });
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function expectTicksAddUp({ ii, ports, behaviour }: ProcessSpec, counters: NetworkResult["processes"][number], ticks: number): void {
  const { firings, lastStart, busy, starved, blocked, memory, waits, fill, late, memoryBy } = counters;
  const parts = busy + starved + blocked + memory;
  expect(parts).toBeLessThanOrEqual(ticks);
  expect(parts - lastStart).toBeGreaterThanOrEqual(firings === 0 ? 1 : ii);
  if (behaviour === undefined) expect([busy, parts]).toEqual([firings * ii, firings === 0 ? 0 : lastStart + ii]);
  const share = (direction: string) => waits.filter((_, j) => ports[j]!.kind.endsWith(direction)).reduce((total, wait) => total + wait, 0);
  expect([share("-in"), share("-out")]).toEqual([starved, blocked]);
  expect(sum(memoryBy)).toBe(memory);
  waits.forEach((wait, j) => {
    for (const part of [fill[j]!, late[j]!]) expect(part).toBeLessThanOrEqual(ports[j]!.kind.endsWith("-in") ? wait : 0);
  });
}

describe("order", () => {
  it("of visits does not matter", () => {
    fc.assert(
      fc.property(networkPlan(), fc.array(fc.nat(), { minLength: 8, maxLength: 8 }), (plan, keys) => {
        const order = plan.processes.map((_, p) => p).sort((a, b) => keys[a]! - keys[b]! || b - a);
        expect(runNetwork(build(plan).spec, { order })).toEqual(runNetwork(build(plan).spec));
      }),
      runs(300),
    );
  });

  it("of processes and channels does not matter where no resource is shared", () => {
    fc.assert(
      fc.property(networkPlan({ resources: false }), (plan) => {
        const result = runNetwork(build(plan).spec);
        const reversed = runNetwork(reverse(build(plan).spec));
        expect({ ...reversed, processes: reversed.processes.toReversed(), channels: reversed.channels.toReversed() }).toEqual(result);
      }),
      runs(200),
    );
  });
});

function reverse({ processes, channels, resources }: NetworkSpec): NetworkSpec {
  const turn = (p: PortSpec): PortSpec => ({ ...p, channel: channels.length - 1 - p.channel });
  return {
    processes: processes.toReversed().map((process) => ({ ...process, ports: process.ports.map(turn) })),
    channels: channels.toReversed(),
    resources,
  };
}

describe("monotony", () => {
  it("makes nothing later that has deeper channels, where no resource is shared", () => {
    fc.assert(
      fc.property(networkPlan({ resources: false }), fc.array(fc.nat(3), { minLength: 12, maxLength: 12 }), (plan, more) => {
        const result = runNetwork(build(plan).spec);
        const { spec } = build(plan);
        const deeper = runNetwork({ ...spec, channels: spec.channels.map((channel, c) => ({ ...channel, depth: channel.depth + more[c]! })) });
        result.processes.forEach(({ firings, lastStart }, p) => {
          expect(deeper.processes[p]!.firings).toBeGreaterThanOrEqual(firings);
          if (deeper.processes[p]!.firings === firings) expect(deeper.processes[p]!.lastStart).toBeLessThanOrEqual(lastStart);
        });
      }),
      runs(200),
    );
  });
});

describe("scale", () => {
  it("of all time constants is the scale of all times, where no slot is waited for", () => {
    fc.assert(
      fc.property(networkPlan({ data: false }), fc.integer({ min: 2, max: 9 }), (plan, factor) => {
        const one = runNetwork(scale(build(plan).spec, 1));
        expect(runNetwork(scale(build(plan).spec, factor))).toEqual(scaleResult(one, factor));
      }),
      runs(200),
    );
  });
});

/** Every slot counts a tick of its own, so there are as many as are ever needed. */
function scale({ processes, channels, resources }: NetworkSpec, factor: number): NetworkSpec {
  const plenty = 100;
  const time = <T extends ProcessSpec | ChannelSpec | ResourceSpec>(value: T): T => ({ ...value, latency: factor * value.latency });
  return {
    processes: processes.map((process) => ({
      ...time(process),
      ii: factor * process.ii,
      ...(process.requests === undefined ? {} : { requests: { ...process.requests, outstanding: plenty } }),
    })),
    channels: channels.map((channel) => ({ ...time(channel), depth: plenty })),
    resources: resources.map(({ refresh, ...resource }) => ({
      ...time(resource),
      service: factor * resource.service,
      origin: factor * resource.origin,
      clock: { numerator: 1, denominator: 1 },
      ...(refresh === undefined ? {} : { refresh: { interval: factor * refresh.interval, duration: factor * refresh.duration } }),
    })),
  };
}

function scaleResult(result: NetworkResult, factor: number): NetworkResult {
  const times = (ticks: number) => (ticks < 0 ? ticks : factor * ticks);
  return {
    ...result,
    ticks: times(result.ticks),
    processes: result.processes.map(({ firings, waits, fill, late, memoryBy, lateBy, lastStart, busy, starved, blocked, memory }) => ({
      firings,
      lastStart: times(lastStart),
      busy: times(busy),
      starved: times(starved),
      blocked: times(blocked),
      memory: times(memory),
      waits: waits.map(times),
      fill: fill.map(times),
      late: late.map(times),
      memoryBy: memoryBy.map(times),
      lateBy: lateBy.map(times),
    })),
    resources: result.resources.map((r) => ({ ...r, busy: times(r.busy), free: times(r.free), waited: times(r.waited) })),
  };
}

describe("a recurrence of the whole normalised state", () => {
  it("shows at a steady pipeline's iterations, and skips to the same end", () => {
    const spec = (): NetworkSpec => ({
      processes: [
        stage("load", 40_000, [port(0, "stream-out")], { requests: { outstanding: 8, source: cyclicSource([[0], [], [1], [], []]) } }),
        stage("reduce", 40_000, [port(0, "stream-in"), port(1, "stream-out", 4)], { ii: 3 }),
        stage("sink", 10_000, [port(1, "stream-in")]),
      ],
      channels: [wire("c", 4), wire("d", 2)],
      resources: [server("a", { clock: { numerator: 2, denominator: 3 }, refresh: { interval: 50, duration: 7 } }), server("b")],
    });
    const state = createState(spec());
    const leap = leapOnce(state);
    expect(leap!.firings).toEqual([expect.any(Number), leap!.firings[0], leap!.firings[0]! / 4]);
    expect(state.pf[FIRED]).toBeGreaterThan(35_000);
    runToEnd(state);
    expect(readResult(state)).toEqual(runNetwork(spec()));
  });

  it("keeps the arrival of a token that nobody pops", () => {
    const spec: NetworkSpec = {
      processes: [stage("source", 100, [port(0, "stream-out")]), stage("sink", 99, [port(0, "stream-in")])],
      channels: [wire("c", 1, { latency: 50 })],
      resources: [],
    };
    const state = createState(spec, { order: [1, 0] });
    expect(leapOnce(state)).not.toBeNull();
    expect(state.pf[FIRED]).toBe(100);
    runToEnd(state);
    expect(readResult(state).ticks).toBe(99 * 51 + 50);
  });

  it.each([
    { kind: "with", limits: { outer: [40, 60] }, plans: 60, least: 5 },
    { kind: "without", limits: { outer: [150, 200], resources: false }, plans: 100, least: 25 },
  ] as const)("skips to the same end in random networks $kind resources", ({ limits, plans, least }) => {
    let leaps = 0;
    fc.assert(
      fc.property(networkPlan({ ...limits, data: false, faults: false }).map(asTree), (plan) => {
        const state = createState(build(plan).spec);
        if (leapOnce(state) !== null) leaps++;
        runToEnd(state);
        expect(readResult(state)).toEqual(runNetwork(build(plan).spec));
      }),
      runs(plans),
    );
    expect(leaps).toBeGreaterThan(least);
  });

  it("refuses a leap that is too long, cuts a period or moves a datapath", () => {
    const state = createState({
      processes: [stage("a", 8, [port(0, "stream-out", 4)]), stage("b", 2, [port(0, "stream-in")], { behaviour: { fire: () => 1 } })],
      channels: [wire("c")],
      resources: [],
    });
    const counts = new Float64Array(state.count.length);
    expect(() => shiftState(state, { cycles: 9, firings: [9, 0], counts })).toThrow("process a has no 9 firings left");
    expect(() => shiftState(state, { cycles: 6, firings: [6, 0], counts })).toThrow("process a: port 0 has an event among 6 firings");
    expect(() => shiftState(state, { cycles: 4, firings: [4, 1], counts })).toThrow("process b computes on data and cannot leap");
  });
});

/** Connected and without reconvergence, so that nothing runs free of the others and nothing deadlocks. */
function asTree({ edges, ...plan }: NetworkPlan): NetworkPlan {
  const branch = (_: unknown, p: number): EdgePlan => ({ ...edges[p % edges.length]!, from: edges[p % edges.length]!.from % (p + 1), to: p + 1 });
  return { ...plan, edges: plan.processes.slice(1).map(branch) };
}

/** Runs until the state recurs with every process moving or done, and leaps as far as firings last. Null if it does not recur. */
function leapOnce(state: State): { readonly firings: readonly number[] } | null {
  const before = new Map<string, { readonly now: number; readonly fired: readonly number[]; readonly counts: Float64Array }>();
  const processes = state.spec.processes.map((_, p) => p);
  const fired = () => processes.map((p) => state.pf[p * PF + FIRED]!);
  while (runRound(state)) {
    const alive = processes.filter((p) => state.pf[p * PF + FIRED]! < state.pf[p * PF + TOTAL]!);
    const now = state.pf[(alive[0] ?? 0) * PF + READY]!;
    const key = wholeState(state, now);
    const first = before.get(key);
    before.set(key, { now, fired: fired(), counts: state.count.slice() });
    if (first === undefined || alive.length === 0) continue;
    const firings = fired().map((n, p) => n - first.fired[p]!);
    const periods = Math.min(...alive.map((p) => Math.floor((state.pf[p * PF + TOTAL]! - state.pf[p * PF + FIRED]!) / firings[p]!)));
    if (alive.some((p) => firings[p] === 0) || periods === 0) continue;
    const cycles = now - first.now;
    const gains = state.count.map((value, i) => value - first.counts[i]!);
    shiftState(state, repeat(periods - 1, cycles, firings, gains));
    expect(wholeState(state, now + (periods - 1) * cycles)).toBe(key);
    shiftState(state, repeat(1, cycles, firings, gains));
    return { firings };
  }
  return null;
}

function wholeState(state: State, now: number): string {
  const { processes, resources } = state.spec;
  return JSON.stringify([processes.map((_, p) => processState(state, p, now)), resources.map((_, r) => resourceState(state, r, now))]);
}

function repeat(periods: number, cycles: number, firings: readonly number[], gains: Float64Array): Leap {
  return { cycles: periods * cycles, firings: firings.map((f) => periods * f), counts: gains.map((gain) => periods * gain) };
}
