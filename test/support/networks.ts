/**
 * Random networks: nested loops, broadcasts, N buffers, reconvergence, rings, processes and shared resources with clocks of their own, refresh, datapaths that
 * lengthen firings and decide bursts, loops whose trip counts are read from ports. A plan is plain data, so that a counterexample prints and shrinks; `build` makes a fresh spec of it for each engine.
 */

import fc from "fast-check";
import { gcd } from "../../src/base/gcd.ts";
import type { Behaviour, Steering } from "../../src/engine/behaviour.ts";
import type { ChannelSpec, Clock, NetworkSpec, PortSpec, ProcessSpec, RequestSource, RequestSpec, ResourceSpec } from "../../src/engine/network.ts";
import { countedLoops, type Trip } from "../../src/engine/steering.ts";
import { type PagesPlan, pagesSpec } from "./pages.ts";

export interface ProcessPlan {
  /** Trips inside the outer loop that all processes share. */
  readonly trips: readonly number[];
  readonly ii: number;
  readonly latency: number;
  readonly requests: null | RequestPlan;
  /** Seed of its datapath; null: time only. */
  readonly data: number | null;
  /** Where it computes: loops between the outer one and `trips` whose trip counts it reads, 0 for constant ones all around. */
  readonly readLoops: number;
  /** Index into the plan's clocks; beyond them: the network's. */
  readonly clock: number;
}

/** Trip counts come from processes that feed all that read them with the same words, again and again these. */
export interface FeedPlan {
  readonly trips: readonly number[];
  readonly ii: number;
  readonly depth: number;
}

export interface RequestPlan {
  readonly outstanding: number;
  /** 0: the resource's. */
  readonly service: number;
  /** Resources of each firing's bursts, again and again. */
  readonly bursts: readonly (readonly number[])[];
  /** Where the process computes: the words that it pops choose the entry of `bursts`, and turn its resources. */
  readonly byData: boolean;
  /** By how much words grow from one time through `bursts` to the next, and what all of them begin with. */
  readonly stride: number;
  readonly base: number;
}

/** `pages`: a server stands behind it in place of its fixed rate and refresh. */
export type ResourcePlan = Omit<ResourceSpec, "name" | "server"> & { readonly pages: PagesPlan | null };

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
  /** Leads backwards, with a token for each turn of the outer loop, and holds as many at the start as leave a slot free, at least one: closes a ring that can run. */
  readonly back: boolean;
  /** Leaves the direction as drawn. */
  readonly anyway: boolean;
  /** The consumer expects another number of tokens. */
  readonly mismatch: boolean;
}

export interface NetworkPlan {
  readonly outer: number;
  readonly processes: readonly ProcessPlan[];
  readonly edges: readonly EdgePlan[];
  readonly resources: readonly ResourcePlan[];
  readonly feed: FeedPlan;
  readonly clocks: readonly Clock[];
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
  /** Behind which of them servers stand. */
  readonly servers?: "all" | "some" | "none";
  readonly data?: boolean;
  /** Clocks of processes. */
  readonly clocks?: boolean;
  /** Trip counts read from ports. */
  readonly steered?: boolean;
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

export function networkPlan({
  outer = [1, 6],
  resources = true,
  servers = "some",
  data = true,
  clocks = true,
  steered = true,
  faults = true,
}: PlanLimits = {}): fc.Arbitrary<NetworkPlan> {
  return fc.record({
    outer: fc.integer({ min: outer[0], max: outer[1] }),
    processes: fc.array(processPlan({ resources, data, steered }), { minLength: 2, maxLength: 8 }),
    edges: fc.array(edgePlan(faults), { minLength: 1, maxLength: 12 }),
    resources: resources ? fc.array(resourcePlan(servers), { minLength: 1, maxLength: 3 }) : fc.constant([]),
    feed: fc.record({
      trips: fc.array(fc.nat(3), { minLength: 1, maxLength: 6 }),
      ii: fc.integer({ min: 1, max: 6 }),
      depth: fc.integer({ min: 1, max: 6 }),
    }),
    clocks: clocks ? fc.array(processClock(), { maxLength: 2 }) : fc.constant([]),
  });
}

/** Few numerators: the oracle steps the ticks of all clocks. */
function processClock(): fc.Arbitrary<Clock> {
  const clocks = [
    [1, 2],
    [2, 1],
    [2, 3],
    [3, 2],
    [3, 4],
    [1, 5],
  ] as const;
  return fc.constantFrom(...clocks).map(([numerator, denominator]) => ({ numerator, denominator }));
}

function processPlan({ resources, data, steered }: Required<Pick<PlanLimits, "resources" | "data" | "steered">>): fc.Arbitrary<ProcessPlan> {
  const some = fc.array(fc.nat(2), { minLength: 1, maxLength: 4 });
  const bursts = fc.array(fc.oneof(some, fc.constant([])), { minLength: 1, maxLength: 8 });
  const requests = fc.record({
    outstanding: fc.integer({ min: 1, max: 6 }),
    service: fc.constantFrom(0, 0, 1, 3, 7),
    bursts,
    byData: fc.integer({ min: 0, max: 3 }).map((x) => x > 0),
    stride: fc.constantFrom(0, 0, 4, 4, 4, 1, 8),
    base: fc.nat(60),
  });
  return fc.record({
    trips: fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 2 }),
    ii: fc.integer({ min: 1, max: 6 }),
    latency: fc.integer({ min: 0, max: 8 }),
    requests: resources ? fc.oneof({ weight: 2, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: requests }) : fc.constant(null),
    data: data ? fc.oneof(fc.constant(null), fc.nat(1000)) : fc.constant(null),
    readLoops: steered ? fc.constantFrom(0, 0, 0, 1, 2) : fc.constant(0),
    clock: fc.nat(2),
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
    back: rarely(faults, 15),
    anyway: rarely(faults, 1),
    mismatch: rarely(faults, 1),
  });
}

function pagesPlan(): fc.Arbitrary<PagesPlan> {
  return fc.record({
    banks: fc.constantFrom(1, 2, 4),
    hit: fc.integer({ min: 1, max: 3 }),
    miss: fc.integer({ min: 3, max: 9 }),
    lag: fc.nat(6),
    interval: fc.constantFrom(0, 0, 40, 63),
    duration: fc.nat(12),
  });
}

function resourcePlan(servers: "all" | "some" | "none"): fc.Arbitrary<ResourcePlan> {
  const refresh = fc.record({ interval: fc.integer({ min: 20, max: 80 }), duration: fc.integer({ min: 0, max: 15 }) });
  return fc
    .record({
      service: fc.integer({ min: 1, max: 6 }),
      latency: fc.nat(20),
      clock: fc.constantFrom(...CLOCKS).map(([numerator, denominator]) => ({ numerator, denominator })),
      refresh: fc.option(refresh, { freq: 2 }),
      origin: fc.oneof(fc.constant(0), fc.nat(300)),
      pages: { all: pagesPlan(), some: fc.option(pagesPlan(), { freq: 2 }), none: fc.constant(null) }[servers],
    })
    .map(({ refresh, ...rest }) => (refresh === null ? rest : { ...rest, refresh }));
}

export function build(plan: NetworkPlan): Built {
  const count = plan.processes.length;
  const network: Draft = { loops: plan.processes.map((process) => loopsOf(plan, process)), ports: plan.processes.map(() => []), channels: [] };
  for (const edge of plan.edges) addEdge(edge, edgeEnds(edge, count), plan.outer, network);
  const feeds = addFeeds(plan, network);
  const datapaths = plan.processes.map(({ data }, p) => (data === null ? null : createDatapath(data, network.ports[p]!.length, steeringOf(network, p))));
  const asked = plan.processes.map((): number[] => []);
  const processes = plan.processes.map((process, p): ProcessSpec => {
    const behaviour = datapaths[p];
    const clock = plan.clocks[process.clock];
    return {
      name: `p${p}`,
      firings: network.loops[p]!.firings,
      ii: process.ii,
      latency: process.latency,
      ports: network.ports[p]!,
      ...(clock === undefined ? {} : { clock }),
      ...(process.requests === null ? {} : { requests: createRequests(process.requests, plan.resources.length, behaviour?.digest, asked[p]!) }),
      ...(behaviour == null ? {} : { behaviour }),
    };
  });
  const resources = plan.resources.map(({ pages, refresh, ...resource }, r) => ({
    ...{ name: `r${r}`, ...resource },
    ...(pages !== null ? { server: pagesSpec(pages) } : refresh === undefined ? {} : { refresh }),
  }));
  const spec = { processes: [...processes, ...feeds], channels: network.channels, resources };
  return { spec, digests: () => datapaths.map((datapath) => datapath?.digest() ?? 0), asked };
}

interface Draft {
  readonly loops: readonly LoopsPlan[];
  readonly ports: PortSpec[][];
  readonly channels: ChannelSpec[];
}

interface LoopsPlan {
  /** Trips of its loops, the outer one included; null: read. */
  readonly trips: readonly (number | null)[];
  /** How many of them are read. */
  readonly read: number;
  /** All, or where trips are read more than it can have. */
  readonly firings: number;
}

export const readsTrips = ({ data, readLoops }: ProcessPlan): boolean => data !== null && readLoops > 0;

function loopsOf({ outer, feed }: NetworkPlan, process: ProcessPlan): LoopsPlan {
  const read = readsTrips(process) ? process.readLoops : 0;
  const most = Math.max(1, ...feed.trips) ** read;
  const firings = process.trips.reduce((total, trip) => total * trip, outer * most);
  return { trips: [outer, ...new Array<null>(read).fill(null), ...process.trips], read, firings: read === 0 ? firings : firings + 1 };
}

function edgeEnds({ from, to, back, anyway }: EdgePlan, count: number): readonly [number, number] {
  const [a, b] = [from % count, to % count];
  if (anyway || (back && a === b)) return [a, b];
  const [low, high] = a !== b ? [Math.min(a, b), Math.max(a, b)] : a + 1 < count ? [a, a + 1] : [a - 1, a];
  return back ? [high, low] : [low, high];
}

function addEdge(edge: EdgePlan, [from, to]: readonly [number, number], outer: number, { loops, ports, channels }: Draft): void {
  const family = edge.buffer ? "buffer" : "stream";
  const [acts, other] = commonLevels(loops[from]!, loops[to]!, outer);
  const once = acts.findIndex(({ level, period }) => (level ?? loops[from]!.firings / period / outer) === 1);
  const choice = edge.back ? once : edge.tokens % acts.length;
  const channel = channels.length;
  const initial = edge.back ? Math.max(1, edge.depth - 1) : Math.min(edge.initial, edge.depth);
  channels.push({ name: `c${channel}`, depth: edge.depth, latency: edge.latency, words: edge.buffer ? 0 : edge.words, initial });
  const mismatched = commonLevels(loops[to]!, loops[to]!, outer)[0];
  ports[from]!.push({ channel, kind: `${family}-out`, ...acts[choice]! });
  ports[to]!.push({ channel, kind: `${family}-in`, ...(edge.mismatch ? mismatched[edge.tokens % mismatched.length]! : other[choice]!) });
}

type Acts = Pick<PortSpec, "period" | "level">;

/** How ports of two processes can act equally often, for each of them, most often first. */
function commonLevels(a: LoopsPlan, b: LoopsPlan, outer: number): readonly [readonly Acts[], readonly Acts[]] {
  if (a.read > 0 && b.read > 0) {
    const levels = Array.from({ length: 2 + Math.min(a.read, b.read) }, (_, l): Acts => ({ period: 1, level: l })).reverse();
    return [levels, levels];
  }
  if (a.read > 0 || b.read > 0) {
    const ofLoops = ({ read, firings }: LoopsPlan): Acts[] =>
      [1, 0].map((level) => (read > 0 ? { period: 1, level } : { period: level === 1 ? firings / outer : firings }));
    return [ofLoops(a), ofLoops(b)];
  }
  const common = divisors(a.firings).filter((divisor) => b.firings % divisor === 0);
  const ofPeriods = ({ firings }: LoopsPlan): Acts[] => common.map((tokens) => ({ period: firings / tokens }));
  return [ofPeriods(a), ofPeriods(b)];
}

// --- trip counts ---

/** The ports that trips are read from come last: feed 0 pushes at every turn of the outer loop, feed 1 at every turn of the first loop that is read. */
function addFeeds({ outer, feed }: NetworkPlan, { loops, ports, channels }: Draft): ProcessSpec[] {
  const readers = [0, 1].map((f) => loops.flatMap(({ read }, p) => (read > f ? [p] : [])));
  const feedPorts: PortSpec[][] = [[], []];
  const connect = (f: number, to: PortSpec[]): void => {
    const channel = channels.length;
    channels.push({ name: `trips${channel}`, depth: feed.depth, latency: 1 + f, words: 1 });
    feedPorts[f]!.push({ channel, kind: "stream-out", period: 1, ...(f === 0 ? {} : { level: 2 }) });
    to.push({ channel, kind: "stream-in", period: 1, level: f + 1 });
  };
  if (readers[1]!.length > 0) connect(0, feedPorts[1]!);
  readers.forEach((list, f) => {
    for (const p of list) connect(f, ports[p]!);
  });
  const fire: Behaviour["fire"] = (n, _inputs, outputs) => {
    for (const words of outputs) words.fill(feed.trips[n % feed.trips.length]!);
    return 1;
  };
  const steering = countedLoops([() => outer, (inputs) => inputs[0]![0]!]);
  return [
    ...(readers[0]!.length > 0 ? [stage("feed0", outer, feedPorts[0]!, { ii: feed.ii, behaviour: { fire } })] : []),
    ...(readers[1]!.length > 0 ? [stage("feed1", outer * 4, feedPorts[1]!, { behaviour: { fire, steering } })] : []),
  ];
}

function steeringOf({ loops, ports }: Draft, p: number): Steering | undefined {
  const { trips, read } = loops[p]!;
  if (read === 0) return undefined;
  const first = ports[p]!.length - read;
  return countedLoops(trips.map((trip, l): Trip => (trip === null ? (inputs) => inputs[first + l - 1]![0]! : () => trip)));
}

/** Largest first. */
const divisors = (n: number): number[] =>
  Array.from({ length: n }, (_, i) => i + 1)
    .filter((d) => n % d === 0)
    .reverse();

/** `digest`: of the process's datapath, if it has one. */
function createRequests(
  { outstanding, service, bursts, byData, stride, base }: RequestPlan,
  resources: number,
  digest: (() => number) | undefined,
  asked: number[],
): RequestSpec {
  const table = bursts.map((list) => list.map((r) => r % resources));
  const source = byData && digest !== undefined ? steeredSource(table, resources, digest) : cyclicSource(table, stride, base);
  const next: RequestSource["next"] = (n, into, inputs, words) => {
    if (digest === undefined && inputs.length > 0) throw new Error(`source of a process without data is shown ${inputs.length} inputs`);
    const count = source.next(n, into, inputs, words);
    asked.push(count);
    return count;
  };
  return { outstanding, ...(service > 0 && { service }), source: { ...source, next } };
}

/** The words that firing n pops, and what the datapath has seen in all firings before it, decide its bursts. */
function steeredSource(table: readonly (readonly number[])[], resources: number, digest: () => number): RequestSource {
  let calls = 0;
  return {
    ...cyclicSource(table),
    next(n, into, inputs, told) {
      if (n !== calls++) throw new Error(`source called for firing ${n} after ${calls - 1}`);
      let seen = digest();
      for (const words of inputs) for (const word of words) seen = mix(seen, word);
      const bursts = table[seen % table.length]!;
      into.set(bursts.map((r) => (r + seen) % resources));
      told.set(bursts.map((_, i) => (seen + i) % 40));
      return bursts.length;
    },
  };
}

/** A source that repeats a table of bursts, words growing by `stride` from time to time, and insists on being called once for each firing, in order. */
export function cyclicSource(table: readonly (readonly number[])[], stride = 0, base = 0): RequestSource {
  let calls = 0;
  return {
    maxBursts: Math.max(...table.map((bursts) => bursts.length)),
    next(n, into, _inputs, words) {
      if (n !== calls++) throw new Error(`source called for firing ${n} after ${calls - 1}`);
      into.set(table[n % table.length]!);
      words.set(table[n % table.length]!.map((_, i) => base + stride * Math.floor(n / table.length) + 3 * i));
      return table[n % table.length]!.length;
    },
    repeats: (firings) => (firings % table.length === 0 && calls > firings ? Number.POSITIVE_INFINITY : 0),
    words: {
      family: 0,
      moves: (firings) => (stride * firings) / table.length,
      period: (of) => (stride === 0 ? 0 : (table.length * of) / gcd(of, stride)),
    },
    shift(more) {
      calls += more;
    },
  };
}

/** Mixes everything it sees into its outputs, and takes 0 to 7 ticks by it. Writes outputs at every firing, also where nothing is pushed. */
function createDatapath(seed: number, ports: number, steering: Steering | undefined): Behaviour & { digest(): number } {
  let digest = seed;
  let calls = 0;
  let steered = 0;
  const counted: Steering | undefined = steering && {
    ...steering,
    ends(reach, inputs) {
      if (steered++ !== calls) throw new Error(`steering asked about firing ${steered - 1} after ${calls} firings`);
      return steering.ends(reach, inputs);
    },
  };
  return {
    digest: () => digest,
    fire(n, inputs, outputs) {
      if (n !== calls++ || inputs.length !== ports || outputs.length !== ports) throw new Error(`datapath called for firing ${n} after ${calls - 1}`);
      if (steered > 0 && steered !== calls) throw new Error(`firing ${n} was not steered`);
      for (const words of inputs) for (const word of words) digest = mix(digest, word);
      digest = mix(digest, n);
      outputs.forEach((words, j) => {
        for (let w = 0; w < words.length; w++) words[w] = mix(digest, j * 7 + w);
      });
      return digest % 8;
    },
    ...(counted && { steering: counted }),
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
