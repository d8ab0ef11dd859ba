import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ChannelSpec, NetworkResult, NetworkSpec, PortSpec, ProcessSpec, ResourceSpec } from "../../src/engine/network.ts";
import { runNetwork } from "../../src/engine/run.ts";
import { runOracle } from "../../src/sim/oracle.ts";
import { type Built, build, networkPlan, type ProcessPlan } from "../support/networks.ts";

const runs = (numRuns: number) => ({ numRuns, seed: 20_260 });

describe("fast engine and oracle", () => {
  it("agree on every counter and every word of 1,000 random networks", () => {
    const seen = { finished: 0, stuck: 0, starved: 0, blocked: 0, memory: 0, served: 0, refreshHits: 0, words: 0, oftenWithoutBursts: 0, steered: 0 };
    fc.assert(
      fc.property(networkPlan(), (plan) => {
        const [fast, slow] = [build(plan), build(plan)];
        const expected = runOracle(slow.spec);
        expect(runNetwork(fast.spec)).toEqual(expected);
        expect(fast.digests()).toEqual(slow.digests());
        seen[expected.finished ? "finished" : "stuck"]++;
        for (const kind of ["starved", "blocked", "memory"] as const) if (expected.processes.some((process) => process[kind] > 0)) seen[kind]++;
        for (const kind of ["served", "refreshHits"] as const) if (expected.resources.some((resource) => resource[kind] > 0)) seen[kind]++;
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

function expectTicksAddUp({ ii, ports, behaviour }: ProcessSpec, counters: NetworkResult["processes"][number], ticks: number): void {
  const { firings, lastStart, busy, starved, blocked, memory, waits } = counters;
  const parts = busy + starved + blocked + memory;
  expect(parts).toBeLessThanOrEqual(ticks);
  expect(parts - lastStart).toBeGreaterThanOrEqual(firings === 0 ? 1 : ii);
  if (behaviour === undefined) expect([busy, parts]).toEqual([firings * ii, firings === 0 ? 0 : lastStart + ii]);
  const share = (direction: string) => waits.filter((_, j) => ports[j]!.kind.endsWith(direction)).reduce((total, wait) => total + wait, 0);
  expect([share("-in"), share("-out")]).toEqual([starved, blocked]);
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
    processes: result.processes.map(({ firings, waits, lastStart, busy, starved, blocked, memory }) => ({
      firings,
      lastStart: times(lastStart),
      busy: times(busy),
      starved: times(starved),
      blocked: times(blocked),
      memory: times(memory),
      waits: waits.map(times),
    })),
    resources: result.resources.map((r) => ({ ...r, busy: times(r.busy), free: times(r.free), waited: times(r.waited) })),
  };
}
