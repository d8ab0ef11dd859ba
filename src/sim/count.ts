/** What the engine counted in all runs of a section, in the terms of units, tiers and network. The sums do not grow with the number of runs. */

import type { Cycles } from "../base/units.ts";
import type { NetworkResult, ProcessCounters } from "../engine/network.ts";
import type { Channel, Nest, Unit } from "../fabric/fabric.ts";
import { tierTiming } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { type PlacedTier, placedTiers, type TierName } from "../memory/tiers.ts";
import type { NetworkCounters, SectionCounters, TierCounters, UnitCounters } from "../result/counters.ts";
import { type Fired, type OperationCount, operationsOf, type SramBytes, sramBytesOf, type Tallies } from "../units/operations.ts";
import type { BuiltNest, BuiltSection, SectionPlan } from "./build.ts";

/** Over the runs of a section so far. */
export interface SectionSums {
  readonly plan: SectionPlan;
  /** By id of a fabric channel: words of its tokens. */
  readonly words: ReadonlyMap<string, number>;
  runs: number;
  configurations: number;
  configuringTicks: Cycles;
  ticks: Cycles;
  /** For each nest, unit by unit. */
  readonly nests: readonly NestSums[];
  readonly units: readonly UnitSums[];
  readonly bursts: Record<TierName, { read: number; write: number }>;
  /** By channel of the engine. */
  readonly pushed: Float64Array;
  /** By resource, in ticks of its own clock. */
  readonly served: Float64Array;
}

interface NestSums {
  firings: number;
  busy: number;
  starved: number;
  blocked: number;
  memory: number;
  /** To the end of runs that were stopped before it had made all its firings. */
  unknown: number;
  /** Like the ports of its process. */
  readonly waits: Float64Array;
  /** Where it waits for memory, in the last run. */
  tier: TierName | null;
}

interface UnitSums {
  readonly operations: Map<string, OperationCount>;
  sramRead: number;
  sramWrite: number;
}

export function makeSums(plan: SectionPlan, machine: Machine): SectionSums {
  const resources = placedTiers(machine).reduce((total, { spec }) => total + spec.channels, 0);
  return {
    plan,
    words: new Map(plan.section.channels.map((channel) => [channel.id, channel.words])),
    ...{ runs: 0, configurations: 0, configuringTicks: 0, ticks: 0 },
    nests: plan.ties.map((ties) => ({ firings: 0, busy: 0, starved: 0, blocked: 0, memory: 0, unknown: 0, waits: new Float64Array(ties.length), tier: null })),
    units: plan.section.units.map(() => ({ operations: new Map(), sramRead: 0, sramWrite: 0 })),
    bursts: { hbm: { read: 0, write: 0 }, ddr: { read: 0, write: 0 } },
    pushed: new Float64Array(plan.channels.length),
    served: new Float64Array(resources),
  };
}

// --- adding a run ---

/** What units do in a run, where their shape alone decides it: counting it can take longer than a short run. */
export type KnownWork = WeakMap<Unit, UnitWork>;

interface UnitWork {
  readonly operations: readonly OperationCount[];
  readonly sram: SramBytes;
}

/** A run that has finished, or as far as it came. */
export interface CountedRun {
  readonly result: NetworkResult;
  /** Where it was stopped: by process, bursts that its source has given for a firing that did not start. */
  readonly drawn: readonly number[] | null;
}

export function addRun(sums: SectionSums, { network, nests }: BuiltSection, { result, drawn }: CountedRun, machine: Machine, known: KnownWork): void {
  sums.runs++;
  sums.ticks += result.ticks;
  for (let p = 0; p < nests.length; p++) {
    const isCut = drawn !== null && result.processes[p]!.firings < network.processes[p]!.firings;
    addNest(sums, p, nests[p]!, result.processes[p]!, drawn?.[p] ?? 0);
    if (isCut) sums.nests[p]!.unknown += result.ticks - statesOf(result.processes[p]!);
  }
  for (let u = 0, p = 0; u < sums.units.length; u++) {
    const { unit } = nests[p]!;
    const own = nests.slice(p, p + unit.nests.length);
    const fired = drawn && new Map(own.map(({ nest }, n) => [nest.id as string, result.processes[p + n]!.firings]));
    addWork(sums.units[u]!, fired === null ? workOf(unit, own, sums.words, machine, known) : workUntil(fired, unit, own, sums.words, machine));
    p += unit.nests.length;
  }
  for (let c = 0; c < result.channels.length; c++) sums.pushed[c]! += result.channels[c]!.pushed;
  for (let r = 0; r < result.resources.length; r++) sums.served[r]! += result.resources[r]!.busy;
}

function statesOf({ busy, starved, blocked, memory }: ProcessCounters): Cycles {
  return busy + starved + blocked + memory;
}

function addNest({ nests, bursts }: SectionSums, p: number, { traffic }: BuiltNest, counters: ProcessCounters, drawn: number): void {
  const nest = nests[p]!;
  nest.firings += counters.firings;
  nest.busy += counters.busy;
  nest.starved += counters.starved;
  nest.blocked += counters.blocked;
  nest.memory += counters.memory;
  for (let port = 0; port < nest.waits.length; port++) nest.waits[port]! += counters.waits[port]!;
  if (traffic === null) return;
  nest.tier = traffic.tier;
  bursts[traffic.tier][traffic.direction] += traffic.source.bursts() - drawn;
}

function workOf(unit: Unit, nests: readonly BuiltNest[], words: ReadonlyMap<string, number>, machine: Machine, known: KnownWork): UnitWork {
  const before = known.get(unit);
  if (before !== undefined) return before;
  const tallies = talliesOf(nests);
  const work = { operations: operationsOf(unit, words, tallies), sram: sramBytesOf(unit, machine, tallies) };
  if (tallies.size === 0) known.set(unit, work);
  return work;
}

function workUntil(fired: Fired, unit: Unit, nests: readonly BuiltNest[], words: ReadonlyMap<string, number>, machine: Machine): UnitWork {
  const tallies = talliesOf(nests);
  return { operations: operationsOf(unit, words, tallies, fired), sram: sramBytesOf(unit, machine, tallies, fired) };
}

function talliesOf(nests: readonly BuiltNest[]): Tallies {
  return new Map(nests.flatMap(({ nest, tally }) => (tally === null ? [] : [[nest.id as string, tally] as const])));
}

function addWork(sums: UnitSums, { operations, sram }: UnitWork): void {
  for (const { op, dtype, count } of operations) {
    const key = `${op} ${dtype}`;
    sums.operations.set(key, { op, dtype, count: count + (sums.operations.get(key)?.count ?? 0) });
  }
  sums.sramRead += sram.read;
  sums.sramWrite += sram.write;
}

// --- what they come to ---

export function countSection(sums: SectionSums, machine: Machine): SectionCounters {
  const { plan, runs, configurations, configuringTicks, ticks } = sums;
  const { name, operators } = plan.section;
  return {
    ...{ name, operators, runs, configurations, configuringTicks, ticks },
    units: countUnits(sums),
    tiers: Object.fromEntries(placedTiers(machine).map((tier) => [tier.name, countTier(sums, tier, machine)])),
    network: countNetwork(sums, machine),
  };
}

// --- units ---

function countUnits({ plan: { section, mapped, ties }, nests, units, ticks }: SectionSums): readonly UnitCounters[] {
  const places = new Map(mapped.placement.map((place) => [place.unit, place]));
  let first = 0;
  return section.units.map((unit, u): UnitCounters => {
    const own = nests.slice(first, first + unit.nests.length);
    const busiest = own.reduce((best, nest, n) => (nest.busy > own[best]!.busy ? n : best), 0);
    const { busy, starved, blocked, memory, unknown } = own[busiest]!;
    const { x, y } = places.get(unit.id)!;
    const waits = waitsOf(unit.nests[busiest]!, ties[first + busiest]!, own[busiest]!);
    first += unit.nests.length;
    return {
      ...{ id: unit.id, kind: unit.kind, operator: unit.operator, x, y },
      firings: own.reduce((sum, { firings }) => sum + firings, 0),
      ...{ busy, starved, blocked, memory },
      idle: ticks - busy - starved - blocked - memory - unknown,
      waits,
      operations: [...units[u]!.operations.values()],
      sram_read_bytes: units[u]!.sramRead,
      sram_write_bytes: units[u]!.sramWrite,
    };
  });
}

/** By channel of the fabric: the sinks of a broadcast add up. */
function waitsOf(nest: Nest, ties: SectionPlan["ties"][number], sums: NestSums): UnitCounters["waits"] {
  const waits = nest.ports.map((port) => ({
    state: port.direction === "in" ? ("starved" as const) : ("blocked" as const),
    channel: port.channel as string,
    ticks: ties.reduce((sum, tie, p) => sum + (tie.port === port ? sums.waits[p]! : 0), 0),
  }));
  const memory = { state: "memory" as const, channel: sums.tier ?? "", ticks: sums.memory };
  return [...waits, memory].filter((wait) => wait.ticks > 0);
}

// --- tiers ---

function countTier({ bursts, served, ticks }: SectionSums, { name, spec, first }: PlacedTier, machine: Machine): TierCounters {
  const { numerator, denominator } = tierTiming(machine, spec).clock;
  const busy = served.subarray(first, first + spec.channels).reduce((sum, channel) => sum + channel, 0);
  return {
    read_bytes: bursts[name].read * spec.burst_bytes,
    write_bytes: bursts[name].write * spec.burst_bytes,
    busy_share: ticks === 0 ? 0 : (busy * denominator) / numerator / ticks / spec.channels,
  };
}

// --- network ---

type Carried = "vector" | "scalar";

/** Control channels are not counted: they carry no words. */
function countNetwork(sums: SectionSums, { network }: Machine): NetworkCounters {
  const { section, mapped } = sums.plan;
  const channels = new Map(section.channels.map((channel) => [channel.id, channel]));
  const tracks = { vector: network.vector_links, scalar: network.scalar_links };
  const hops = { vector: 0, scalar: 0 };
  const links = new Map<string, number>();
  for (const route of mapped.routes) {
    const channel = channels.get(route.channel)!;
    if (channel.width === "control") continue;
    const tokens = tokensOf(channel, sums);
    hops[channel.width] += tokens * route.links.length;
    const share = sums.ticks === 0 ? 0 : tokens / sums.ticks / tracks[channel.width];
    for (const link of route.links) addShare(links, channel.width, link, share);
  }
  const shares = [...links.values()];
  const busy = shares.length === 0 ? 0 : shares.reduce((sum, share) => sum + share, 0) / shares.length;
  return { vector_hops: hops.vector, scalar_hops: hops.scalar, busy_share: busy };
}

function addShare(links: Map<string, number>, width: Carried, link: readonly number[], share: number): void {
  const key = `${width} ${link.join(" ")}`;
  links.set(key, share + (links.get(key) ?? 0));
}

/** All sinks of a channel get the same tokens. */
function tokensOf(channel: Channel, { plan, pushed }: SectionSums): number {
  return pushed[plan.sinks.get(channel.id)![0]!]!;
}
