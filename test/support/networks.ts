/**
 * Random networks: nested loops, broadcasts, N buffers, reconvergence, rings, shared resources with refresh and clocks of their own, datapaths that
 * lengthen firings and decide bursts. A plan is plain data, so that a counterexample prints and shrinks; `build` makes a fresh spec of it for each engine.
 */

import fc from "fast-check";
import type { Behaviour } from "../../src/engine/behaviour.ts";
import type { ChannelSpec, NetworkSpec, PortSpec, ProcessSpec, RequestSource, RequestSpec, ResourceSpec } from "../../src/engine/network.ts";

export interface ProcessPlan {
  /** Trips inside the outer loop that all processes share. */
  readonly trips: readonly number[];
  readonly ii: number;
  readonly latency: number;
  readonly requests: null | RequestPlan;
  /** Seed of its datapath; null: time only. */
  readonly data: number | null;
}

export interface RequestPlan {
  readonly outstanding: number;
  /** Resources of each firing's bursts, again and again. */
  readonly bursts: readonly (readonly number[])[];
  /** Where the process computes: the words that it pops choose the entry of `bursts`, and turn its resources. */
  readonly byData: boolean;
}

export interface EdgePlan {
  readonly from: number;
  readonly to: number;
  /** Which of the common divisors of the two ends' firings is the number of tokens. */
  readonly tokens: number;
  readonly buffer: boolean;
  readonly depth: number;
  readonly latency: number;
  readonly words: number;
  /** Tokens in it at the start, of its slots. */
  readonly initial: number;
  /** Leaves the direction as drawn: can close a ring. */
  readonly anyway: boolean;
  /** The consumer expects another number of tokens. */
  readonly mismatch: boolean;
}

export interface NetworkPlan {
  readonly outer: number;
  readonly processes: readonly ProcessPlan[];
  readonly edges: readonly EdgePlan[];
  readonly resources: readonly Omit<ResourceSpec, "name">[];
}

export interface Built {
  readonly spec: NetworkSpec;
  /** What each datapath has seen: a checksum of all its inputs at all its firings. */
  readonly digests: () => number[];
  /** By process: bursts of each firing that its source has been asked about. */
  readonly asked: readonly (readonly number[])[];
}

export interface PlanLimits {
  readonly outer?: readonly [number, number];
  readonly resources?: boolean;
  readonly data?: boolean;
  /** Rings and mismatched ends, most of which deadlock. */
  readonly faults?: boolean;
}

const rarely = (allowed: boolean, percent: number): fc.Arbitrary<boolean> =>
  allowed ? fc.integer({ min: 0, max: 99 }).map((x) => x >= 100 - percent) : fc.constant(false);

const CLOCKS = [
  [1, 1],
  [2, 3],
  [3, 2],
  [4, 5],
  [5, 3],
  [1, 4],
  [7, 1],
] as const;

export function networkPlan({ outer = [1, 6], resources = true, data = true, faults = true }: PlanLimits = {}): fc.Arbitrary<NetworkPlan> {
  return fc.record({
    outer: fc.integer({ min: outer[0], max: outer[1] }),
    processes: fc.array(processPlan(resources, data), { minLength: 2, maxLength: 8 }),
    edges: fc.array(edgePlan(faults), { minLength: 1, maxLength: 12 }),
    resources: resources ? fc.array(resourcePlan(), { minLength: 1, maxLength: 3 }) : fc.constant([]),
  });
}

function processPlan(resources: boolean, data: boolean): fc.Arbitrary<ProcessPlan> {
  const some = fc.array(fc.nat(2), { minLength: 1, maxLength: 4 });
  const bursts = fc.array(fc.oneof(some, fc.constant([])), { minLength: 1, maxLength: 8 });
  const requests = fc.record({ outstanding: fc.integer({ min: 1, max: 6 }), bursts, byData: fc.integer({ min: 0, max: 3 }).map((x) => x > 0) });
  return fc.record({
    trips: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
    ii: fc.integer({ min: 1, max: 6 }),
    latency: fc.integer({ min: 0, max: 8 }),
    requests: resources ? fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: requests }) : fc.constant(null),
    data: data ? fc.oneof(fc.constant(null), fc.nat(1000)) : fc.constant(null),
  });
}

function edgePlan(faults: boolean): fc.Arbitrary<EdgePlan> {
  return fc.record({
    from: fc.nat(7),
    to: fc.nat(7),
    tokens: fc.nat(20),
    buffer: fc.boolean(),
    depth: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 4 }) }, { weight: 1, arbitrary: fc.integer({ min: 5, max: 20 }) }),
    latency: fc.integer({ min: 1, max: 5 }),
    words: fc.nat(3),
    initial: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat(8) }),
    anyway: rarely(faults, 3),
    mismatch: rarely(faults, 1),
  });
}

function resourcePlan(): fc.Arbitrary<Omit<ResourceSpec, "name">> {
  const refresh = fc.record({ interval: fc.integer({ min: 20, max: 80 }), duration: fc.integer({ min: 0, max: 15 }) });
  return fc
    .record({
      service: fc.integer({ min: 1, max: 6 }),
      latency: fc.nat(20),
      clock: fc.constantFrom(...CLOCKS).map(([numerator, denominator]) => ({ numerator, denominator })),
      refresh: fc.option(refresh, { freq: 2 }),
      origin: fc.oneof(fc.constant(0), fc.nat(300)),
    })
    .map(({ refresh, ...rest }) => (refresh === null ? rest : { ...rest, refresh }));
}

export function build(plan: NetworkPlan): Built {
  const count = plan.processes.length;
  const firings = plan.processes.map(({ trips }) => trips.reduce((total, trip) => total * trip, plan.outer));
  const ports: PortSpec[][] = plan.processes.map(() => []);
  const channels: ChannelSpec[] = [];
  for (const edge of plan.edges) addEdge(edge, edgeEnds(edge, count), firings, ports, channels);
  const datapaths = plan.processes.map(({ data }, p) => (data === null ? null : createDatapath(data, ports[p]!.length)));
  const asked = plan.processes.map((): number[] => []);
  const processes = plan.processes.map((process, p): ProcessSpec => {
    const behaviour = datapaths[p];
    return {
      name: `p${p}`,
      firings: firings[p]!,
      ii: process.ii,
      latency: process.latency,
      ports: ports[p]!,
      ...(process.requests === null ? {} : { requests: createRequests(process.requests, plan.resources.length, behaviour?.digest, asked[p]!) }),
      ...(behaviour == null ? {} : { behaviour }),
    };
  });
  const resources = plan.resources.map((resource, r) => ({ name: `r${r}`, ...resource }));
  return { spec: { processes, channels, resources }, digests: () => datapaths.map((datapath) => datapath?.digest() ?? 0), asked };
}

function edgeEnds({ from, to, anyway }: EdgePlan, count: number): readonly [number, number] {
  const [a, b] = [from % count, to % count];
  if (anyway) return [a, b];
  if (a === b) return a + 1 < count ? [a, a + 1] : [a - 1, a];
  return a < b ? [a, b] : [b, a];
}

function addEdge(edge: EdgePlan, [from, to]: readonly [number, number], firings: readonly number[], ports: PortSpec[][], channels: ChannelSpec[]): void {
  const common = divisors(firings[from]!).filter((divisor) => firings[to]! % divisor === 0);
  const tokens = common[edge.tokens % common.length]!;
  const popped = edge.mismatch ? divisors(firings[to]!)[edge.tokens % divisors(firings[to]!).length]! : tokens;
  const family = edge.buffer ? "buffer" : "stream";
  const channel = channels.length;
  channels.push({
    name: `c${channel}`,
    depth: edge.depth,
    latency: edge.latency,
    words: edge.buffer ? 0 : edge.words,
    initial: Math.min(edge.initial, edge.depth),
  });
  ports[from]!.push({ channel, kind: `${family}-out`, period: firings[from]! / tokens });
  ports[to]!.push({ channel, kind: `${family}-in`, period: firings[to]! / popped });
}

/** Largest first. */
const divisors = (n: number): number[] =>
  Array.from({ length: n }, (_, i) => i + 1)
    .filter((d) => n % d === 0)
    .reverse();

/** `digest`: of the process's datapath, if it has one. */
function createRequests({ outstanding, bursts, byData }: RequestPlan, resources: number, digest: (() => number) | undefined, asked: number[]): RequestSpec {
  const table = bursts.map((list) => list.map((r) => r % resources));
  const source = byData && digest !== undefined ? steeredSource(table, resources, digest) : cyclicSource(table);
  const next: RequestSource["next"] = (n, into, inputs) => {
    if (digest === undefined && inputs.length > 0) throw new Error(`source of a process without data is shown ${inputs.length} inputs`);
    const count = source.next(n, into, inputs);
    asked.push(count);
    return count;
  };
  return { outstanding, source: { ...source, next } };
}

/** The words that firing n pops, and what the datapath has seen in all firings before it, decide its bursts. */
function steeredSource(table: readonly (readonly number[])[], resources: number, digest: () => number): RequestSource {
  let calls = 0;
  return {
    ...cyclicSource(table),
    next(n, into, inputs) {
      if (n !== calls++) throw new Error(`source called for firing ${n} after ${calls - 1}`);
      let seen = digest();
      for (const words of inputs) for (const word of words) seen = mix(seen, word);
      const bursts = table[seen % table.length]!;
      into.set(bursts.map((r) => (r + seen) % resources));
      return bursts.length;
    },
  };
}

/** A source that repeats a table of bursts, and insists on being called once for each firing, in order. */
export function cyclicSource(table: readonly (readonly number[])[]): RequestSource {
  let calls = 0;
  return {
    maxBursts: Math.max(...table.map((bursts) => bursts.length)),
    next(n, into) {
      if (n !== calls++) throw new Error(`source called for firing ${n} after ${calls - 1}`);
      into.set(table[n % table.length]!);
      return table[n % table.length]!.length;
    },
    repeats: (firings) => (firings % table.length === 0 && calls > firings ? Number.POSITIVE_INFINITY : 0),
    shift(more) {
      calls += more;
    },
  };
}

/** Mixes everything it sees into its outputs, and takes 0 to 7 ticks by it. Writes outputs at every firing, also where nothing is pushed. */
function createDatapath(seed: number, ports: number): Behaviour & { digest(): number } {
  let digest = seed;
  let calls = 0;
  return {
    digest: () => digest,
    fire(n, inputs, outputs) {
      if (n !== calls++ || inputs.length !== ports || outputs.length !== ports) throw new Error(`datapath called for firing ${n} after ${calls - 1}`);
      for (const words of inputs) for (const word of words) digest = mix(digest, word);
      digest = mix(digest, n);
      outputs.forEach((words, j) => {
        for (let w = 0; w < words.length; w++) words[w] = mix(digest, j * 7 + w);
      });
      return digest % 8;
    },
  };
}

const mix = (a: number, b: number): number => (Math.imul(a ^ (b + 0x9e3779b9), 0x85ebca6b) >>> 3) ^ (a >>> 7);

/** Shorthands for networks made by hand. */
export const stage = (name: string, firings: number, ports: readonly PortSpec[], rest: Partial<ProcessSpec> = {}): ProcessSpec => ({
  name,
  firings,
  ii: 1,
  latency: 0,
  ports,
  ...rest,
});
export const port = (channel: number, kind: PortSpec["kind"], period = 1): PortSpec => ({ channel, kind, period });
export const wire = (name: string, depth = 8, rest: Partial<ChannelSpec> = {}): ChannelSpec => ({ name, depth, latency: 1, words: 0, ...rest });
export const server = (name: string, rest: Partial<ResourceSpec> = {}): ResourceSpec => ({
  name,
  service: 4,
  latency: 10,
  clock: { numerator: 1, denominator: 1 },
  origin: 0,
  ...rest,
});
