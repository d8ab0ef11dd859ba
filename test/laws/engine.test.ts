import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Behaviour } from "../../src/engine/behaviour.ts";
import type { ChannelSpec, NetworkResult, NetworkSpec, PortSpec, ProcessSpec, RequestSpec, ResourceSpec } from "../../src/engine/network.ts";
import { runNetwork } from "../../src/engine/run.ts";
import { runOracle } from "../../src/sim/oracle.ts";
import { type Built, build, type NetworkPlan, networkPlan, type ProcessPlan } from "../support/networks.ts";

const runs = (numRuns: number) => ({ numRuns, seed: 20_260 });

describe("fast engine and oracle", () => {
  it("agree on every counter and every word of 1,000 random networks", () => {
    const seen = {
      finished: 0,
      stuck: 0,
      starved: 0,
      blocked: 0,
      memory: 0,
      late: 0,
      served: 0,
      refreshHits: 0,
      words: 0,
      oftenWithoutBursts: 0,
      burstsByData: 0,
    };
    const features = Object.fromEntries(Object.keys(FEATURES).map((name) => [name, 0]));
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
        if (plan.processes.some((process, p) => asksByData(process) && slow.asked[p]!.some((bursts) => bursts > 0) && readsWords(slow.spec, p)))
          seen.burstsByData++;
        for (const [name, isIn] of Object.entries(FEATURES)) if (isIn(slow.spec, expected)) features[name]!++;
      }),
      runs(1000),
    );
    for (const [what, networks] of Object.entries({ ...seen, ...features })) expect(networks, `networks with ${what}`).toBeGreaterThan(60);
  });
});

type IsIn = (spec: NetworkSpec, result: NetworkResult) => boolean;

/** What networks are made of, where it came into play in the run. */
const FEATURES: Readonly<Record<string, IsIn>> = {
  nestedLoops: ({ processes }, { processes: ran }) =>
    processes.some(
      ({ ports }, p) => new Set(ports.map(({ period, level }) => level ?? period)).size > 1 && ran[p]!.firings > Math.max(...ports.map(({ period }) => period)),
    ),
  broadcasts: ({ processes }, result) =>
    processes.some(({ ports }) => count(ports, ({ kind, channel }) => kind.endsWith("-out") && moved(channel, result)) > 1),
  nBuffers: ({ processes, channels }, result) =>
    processes.some(({ ports }) =>
      ports.some(({ kind, period, channel }) => kind === "buffer-out" && period > 1 && channels[channel]!.depth > 1 && result.channels[channel]!.pushed > 1),
    ),
  sharedResources: ({ processes }, { resources, processes: ran }) =>
    resources.some(({ waited }) => waited > 0) && count(processes, ({ requests }, p) => requests !== undefined && ran[p]!.firings > 0) > 1,
  rings: (spec, result) => spec.channels.some(({ initial = 0 }, c) => initial > 0 && result.channels[c]!.popped > initial && isInRing(spec, c, result)),
  tripsRead: ({ processes }, { processes: ran }) =>
    processes.some(({ name, behaviour }, p) => name.startsWith("p") && isSteered(behaviour) && ran[p]!.firings > 1),
  noTrips: (spec, result) => hasEmptyIteration(spec, result),
  clocks: ({ processes }, { processes: ran }) => new Set(processes.flatMap(({ clock }, p) => (ran[p]!.firings > 0 ? [JSON.stringify(clock)] : []))).size > 1,
  crossings: (spec, result) =>
    spec.channels.some((_, c) => moved(c, result) && new Set(endsOf(spec, c).map((p) => JSON.stringify(spec.processes[p]!.clock))).size > 1),
  burstsOfOtherClocks: ({ processes }, { processes: ran }) =>
    processes.some(({ clock, requests }, p) => clock !== undefined && requests !== undefined && ran[p]!.memory > 0),
  servers: (_, { resources }) => resources.some(({ counts: [hits = 0, misses = 0], waited }) => hits > 0 && misses > 0 && waited > 0),
  steeredOtherClocks: ({ processes }, { processes: ran }) =>
    processes.some(({ clock, behaviour }, p) => clock !== undefined && isSteered(behaviour) && ran[p]!.firings > 1),
};

const count = <T>(list: readonly T[], holds: (item: T, i: number) => boolean): number => list.filter(holds).length;
const moved = (channel: number, { channels }: NetworkResult): boolean => channels[channel]!.popped > 0;
const isSteered = (behaviour: Behaviour | undefined): boolean => behaviour?.steering !== undefined;

/** Processes at the ends of a channel, the one that pushes first. */
function endsOf({ processes }: NetworkSpec, channel: number): number[] {
  const end = (direction: string) => processes.findIndex(({ ports }) => ports.some((p) => p.channel === channel && p.kind.endsWith(direction)));
  return [end("-out"), end("-in")];
}

/** Do tokens flow from the channel's consumer back to its producer? */
function isInRing(spec: NetworkSpec, channel: number, result: NetworkResult): boolean {
  const [producer, consumer] = endsOf(spec, channel) as [number, number];
  const reached = new Set([consumer]);
  for (const p of reached) {
    for (const { kind, channel: next } of spec.processes[p]!.ports) if (kind.endsWith("-out") && moved(next, result)) reached.add(endsOf(spec, next)[1]!);
  }
  return reached.has(producer);
}

/** The fastest steered ports are those of the innermost loop that is read: they acted less often than the process fired, where no constant loop is inside. */
function hasEmptyIteration({ processes }: NetworkSpec, { processes: ran, channels }: NetworkResult): boolean {
  return processes.some(({ name, ports }, p) => {
    const out = ports.find(({ kind }) => kind === "stream-out");
    return name === "feed1" && out !== undefined && channels[out.channel]!.pushed < ran[p]!.firings;
  });
}

/** Of the firings of processes that have requests. */
function shareWithoutBursts({ asked }: Built, result: NetworkResult): number {
  const bursts = asked.flatMap((list, p) => list.slice(0, result.processes[p]!.firings));
  return bursts.filter((count) => count === 0).length / Math.max(1, bursts.length);
}

const asksByData = ({ data, requests }: ProcessPlan): boolean => data !== null && requests?.byData === true;

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
          if (spec.processes.every(({ requests }) => requests?.service === undefined)) expect(busy).toBe(served * spec.resources[r]!.service);
        });
      }),
      runs(300),
    );
  });
});

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

function expectTicksAddUp(
  { ii, ports, behaviour, clock = { numerator: 1, denominator: 1 } }: ProcessSpec,
  counters: NetworkResult["processes"][number],
  ticks: number,
): void {
  const { firings, lastStart, busy, starved, blocked, memory, waits, fill, late, memoryBy } = counters;
  const parts = busy + starved + blocked + memory;
  expect(parts * clock.denominator).toBeLessThanOrEqual(ticks * clock.numerator);
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
      fc.property(networkPlan(), fc.array(fc.nat(), { minLength: 10, maxLength: 10 }), (plan, keys) => {
        const order = build(plan)
          .spec.processes.map((_, p) => p)
          .sort((a, b) => keys[a]! - keys[b]! || b - a);
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
      fc.property(networkPlan({ resources: false }), fc.array(fc.nat(3), { minLength: 30, maxLength: 30 }), (plan, more) => {
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

describe("trips that are read", () => {
  it("give what constant ones give, where all that is read is the same", () => {
    fc.assert(
      fc.property(networkPlan(), fc.integer({ min: 1, max: 3 }), (drawn, trip) => {
        const plan = { ...drawn, feed: { ...drawn.feed, trips: [trip] } };
        const [read, constant] = [build(plan), build(plan)];
        expect(runNetwork(read.spec)).toEqual(runNetwork(asConstant(constant.spec, plan)));
        expect(read.digests()).toEqual(constant.digests());
      }),
      runs(300),
    );
  });
});

/** The same network with periods in place of levels. */
function asConstant(spec: NetworkSpec, { outer, processes, feed }: NetworkPlan): NetworkSpec {
  const trip = feed.trips[0]!;
  return {
    ...spec,
    processes: spec.processes.map((process, p): ProcessSpec => {
      if (!isSteered(process.behaviour)) return process;
      const plan = processes[p];
      const trips = plan === undefined ? [outer, trip] : [outer, ...new Array<number>(plan.readLoops).fill(trip), ...plan.trips];
      const inside = (level: number) => trips.slice(level).reduce((product, each) => product * each, 1);
      const { steering: _, ...behaviour } = process.behaviour!;
      return { ...process, behaviour, firings: inside(0), ports: process.ports.map(({ channel, kind, level }) => ({ channel, kind, period: inside(level!) })) };
    }),
  };
}

describe("a clock that all processes share", () => {
  it("decides nothing but the latency of channels in its ticks", () => {
    fc.assert(
      fc.property(
        networkPlan({ resources: false, clocks: false }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 1, max: 9 }),
        (plan, numerator, denominator) => {
          const [own, network] = [build(plan).spec, build(plan).spec];
          const clocked = runNetwork({ ...own, processes: own.processes.map((process) => ({ ...process, clock: { numerator, denominator } })) });
          const channels = network.channels.map((channel) => ({ ...channel, latency: Math.ceil((channel.latency * numerator) / denominator) }));
          const { ticks, ...rest } = runNetwork({ ...network, channels });
          expect(clocked).toEqual({ ...rest, ticks: Math.ceil((ticks * denominator) / numerator) });
        },
      ),
      runs(200),
    );
  });
});

describe("scale", () => {
  it("of all time constants is the scale of all times, where no slot is waited for", () => {
    fc.assert(
      fc.property(networkPlan({ data: false, clocks: false, servers: "none" }), fc.integer({ min: 2, max: 9 }), (plan, factor) => {
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
      ...(process.requests === undefined ? {} : { requests: scaleRequests(process.requests, factor, plenty) }),
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

function scaleRequests({ service, source }: RequestSpec, factor: number, outstanding: number): RequestSpec {
  return { outstanding, source, ...(service !== undefined && { service: factor * service }) };
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
