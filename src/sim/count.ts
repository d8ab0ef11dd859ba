/** What the engine counted in all runs of a section, in the terms of units, tiers and network. The sums do not grow with the number of runs. */

import type { Cycles } from "../base/units.ts";
import type { NetworkResult, ProcessCounters } from "../engine/network.ts";
import type { Cut } from "../engine/result.ts";
import type { Channel, Fabric, Nest, Unit } from "../fabric/fabric.ts";
import { refreshesIn, type TierTiming, tierTiming } from "../machine/derived.ts";
import type { Machine } from "../machine/machine.ts";
import { channelName, type PlacedTier, placedTiers, type TierName } from "../memory/tiers.ts";
import type { DramCommands, NestCounters, NetworkCounters, SectionCounters, TierCounters, UnitCounters, Wait } from "../result/counters.ts";
import { type Fired, type OperationCount, operationsOf, type SramBytes, sramBytesOf, type Tallies } from "../units/operations.ts";
import type { Tie } from "../units/process.ts";
import { type BuiltNest, type BuiltSection, type SectionPlan, tierChannels } from "./build.ts";
import { memoryOf, type SectionMemory } from "./memory.ts";
import { nestKey } from "./slice.ts";

/** Over the runs of a section so far. */
export interface SectionSums {
  readonly plan: SectionPlan;
  readonly memory: () => SectionMemory;
  /** By id of a fabric channel: words of its tokens. */
  readonly words: ReadonlyMap<string, number>;
  runs: number;
  /** Firings that fast-forward skipped. */
  skipped: number;
  configurations: number;
  configuringTicks: Cycles;
  ticks: Cycles;
  /** For each nest, unit by unit. */
  readonly nests: readonly NestSums[];
  readonly units: readonly UnitSums[];
  readonly bursts: Record<TierName, { read: number; write: number }>;
  /** By channel of the engine. */
  readonly pushed: Float64Array;
  /** By resource, in ticks of its own clock: served, queued; and bursts. */
  readonly served: Float64Array;
  readonly queued: Float64Array;
  readonly services: Float64Array;
  /** By resource: what its server counted; empty without one. */
  readonly commands: Float64Array[];
}

interface NestSums {
  firings: number;
  /** Sent to a tier. */
  bursts: number;
  busy: number;
  starved: number;
  blocked: number;
  memory: number;
  /** To the end of runs that were stopped before it had made all its firings. */
  unknown: number;
  /** Like the ports of its process. */
  readonly waits: Float64Array;
  readonly fill: Float64Array;
  readonly late: Float64Array;
  /** By resource; empty where it sends no bursts. */
  memoryBy: Float64Array;
  lateBy: Float64Array;
}

interface UnitSums {
  readonly operations: Map<string, OperationCount>;
  sramRead: number;
  sramWrite: number;
  /** Ticks that its vectors took at the banks beyond one each. */
  conflicts: Cycles;
}

export function makeSums(plan: SectionPlan, fabric: Fabric, machine: Machine): SectionSums {
  const resources = tierChannels(machine) + plan.ports.names.length + plan.links.length;
  return {
    plan,
    memory: memoryOf(plan, fabric, machine),
    words: new Map(plan.section.channels.map((channel) => [channel.id, channel.words])),
    ...{ runs: 0, skipped: 0, configurations: 0, configuringTicks: 0, ticks: 0 },
    nests: plan.ties.map(({ length }) => makeNestSums(length)),
    units: plan.section.units.map(() => ({ operations: new Map(), sramRead: 0, sramWrite: 0, conflicts: 0 })),
    bursts: { hbm: { read: 0, write: 0 }, ddr: { read: 0, write: 0 } },
    pushed: new Float64Array(plan.channels.length),
    served: new Float64Array(resources),
    queued: new Float64Array(resources),
    services: new Float64Array(resources),
    commands: Array.from({ length: resources }, () => NONE),
  };
}

const NONE = new Float64Array(0);

function makeNestSums(ports: number): NestSums {
  const perPort = () => new Float64Array(ports);
  return {
    firings: 0,
    bursts: 0,
    busy: 0,
    starved: 0,
    blocked: 0,
    memory: 0,
    unknown: 0,
    waits: perPort(),
    fill: perPort(),
    late: perPort(),
    memoryBy: NONE,
    lateBy: NONE,
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
  /** Where it was stopped: by process. */
  readonly cuts: readonly Cut[] | null;
}

export function addRun(sums: SectionSums, { nests }: BuiltSection, { result, cuts }: CountedRun, machine: Machine, known: KnownWork): void {
  sums.runs++;
  sums.ticks += result.ticks;
  const unitAt = sums.plan.section.units.flatMap((unit, u) => unit.nests.map(() => u));
  for (let p = 0; p < nests.length; p++) {
    const cut = cuts?.[p];
    addNest(sums, p, nests[p]!, result.processes[p]!, cut?.drawn ?? 0);
    sums.units[unitAt[p]!]!.conflicts += conflictsOf(nests[p]!, result.processes[p]!, cut?.drawn ?? 0);
    if (cut?.isUnfinished) sums.nests[p]!.unknown += result.ticks - statesOf(result.processes[p]!);
  }
  for (let u = 0, p = 0; u < sums.units.length; u++) {
    const { unit } = nests[p]!;
    const own = nests.slice(p, p + unit.nests.length);
    const fired = cuts && new Map(own.map(({ nest }, n) => [nest.id as string, result.processes[p + n]!.firings]));
    addWork(sums.units[u]!, fired === null ? workOf(unit, own, sums.words, machine, known) : workUntil(fired, unit, own, sums.words, machine));
    p += unit.nests.length;
  }
  for (let c = 0; c < result.channels.length; c++) sums.pushed[c]! += result.channels[c]!.pushed;
  for (let r = 0; r < result.resources.length; r++) {
    const { served, busy, waited, counts } = result.resources[r]!;
    sums.served[r]! += busy;
    sums.queued[r]! += waited;
    sums.services[r]! += served;
    sums.commands[r] = added(sums.commands[r]!, counts);
  }
}

/** A nest that queues at its ports has told what it asked of them, of a firing that was drawn and not made, too; of others the ii beyond one is for the banks. */
function conflictsOf({ unit, queue }: BuiltNest, { busy, firings }: ProcessCounters, drawn: number): Cycles {
  if (unit.kind !== "pmu") return 0;
  if (queue === null) return busy - firings;
  return drawn === 0 ? queue.turns() - queue.vectors() : queue.turns() - drawn / queue.ports - (queue.vectors() - 1);
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
  for (let port = 0; port < nest.waits.length; port++) {
    nest.waits[port]! += counters.waits[port]!;
    nest.fill[port]! += counters.fill[port]!;
    nest.late[port]! += counters.late[port]!;
  }
  nest.memoryBy = added(nest.memoryBy, counters.memoryBy);
  nest.lateBy = added(nest.lateBy, counters.lateBy);
  if (traffic === null) return;
  const sent = traffic.source.bursts() - drawn;
  nest.bursts += sent;
  bursts[traffic.tier][traffic.direction] += sent;
}

function added(sums: Float64Array, more: readonly number[]): Float64Array {
  if (sums.length === 0) return Float64Array.from(more);
  for (let i = 0; i < more.length; i++) sums[i]! += more[i]!;
  return sums;
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
    units: countUnits(sums, machine),
    tiers: Object.fromEntries(placedTiers(machine).map((tier) => [tier.name, countTier(sums, tier, machine)])),
    network: countNetwork(sums, machine),
  };
}

// --- units ---

function countUnits(sums: SectionSums, machine: Machine): readonly UnitCounters[] {
  const { section, mapped } = sums.plan;
  const { nests, units, ticks } = sums;
  const places = new Map(mapped.placement.map((place) => [place.unit, place]));
  const count = nestCounter(sums, machine);
  let first = 0;
  return section.units.map((unit, u): UnitCounters => {
    const own = nests.slice(first, first + unit.nests.length);
    const busiest = own.reduce((best, nest, n) => (nest.busy > own[best]!.busy ? n : best), 0);
    const { busy, starved, blocked, memory, unknown } = own[busiest]!;
    const { x, y } = places.get(unit.id)!;
    const counted = own.map((_, n) => count(unit.nests[n]!, first + n));
    first += unit.nests.length;
    return {
      ...{ id: unit.id, kind: unit.kind, operator: unit.operator, x, y },
      firings: own.reduce((sum, { firings }) => sum + firings, 0),
      ...{ busy, starved, blocked, memory },
      idle: ticks - busy - starved - blocked - memory - unknown,
      shown: busiest,
      nests: counted,
      operations: [...units[u]!.operations.values()],
      sram_read_bytes: units[u]!.sramRead,
      sram_write_bytes: units[u]!.sramWrite,
      bank_conflicts: units[u]!.conflicts,
    };
  });
}

type CountNest = (nest: Nest, p: number) => NestCounters;

/** Nests are numbered unit by unit. */
function nestCounter({ plan: { section, ties, heads, relayed, ports }, nests, pushed }: SectionSums, machine: Machine): CountNest {
  const channels = new Map(section.channels.map((channel) => [channel.id, channel]));
  const firings = new Map(section.units.flatMap((unit) => unit.nests.map((nest) => nestKey(unit.id, nest.id))).map((key, p) => [key, nests[p]!.firings]));
  const channelNames = placedTiers(machine).flatMap(({ name, spec }) => Array.from({ length: spec.channels }, (_, channel) => channelName(name, channel)));
  const names = [...channelNames, ...ports.names];

  const waitAt = ({ port, channel: c }: Tie, p: number, t: number): Wait => {
    const { id, source, sinks: ends } = channels.get(port.channel)!;
    const { unit, nest } = port.direction === "in" ? source : ends[heads.get(id)!.find(({ channel }) => channel === c)!.sink]!;
    const late = nests[p]!.late[t]!;
    return {
      ...{ state: port.direction === "in" ? "starved" : "blocked", channel: id, ticks: nests[p]!.waits[t]!, other: { unit, nest } },
      ...{ fill: nests[p]!.fill[t]!, ...(relayed.has(c) ? { late: 0, contended: late } : { late, contended: 0 }) },
      ...{ firings_per_token: firings.get(nestKey(source.unit, source.nest))! / Math.max(1, pushed[c]!) },
    };
  };
  const byName = (ticks: Float64Array) => names.map((channel, r) => ({ channel, ticks: ticks[r] ?? 0 })).filter((part) => part.ticks > 0);
  return ({ id }, p) => {
    const memory = byName(nests[p]!.memoryBy).map(
      (part): Wait => ({ state: "memory", ...part, other: null, fill: 0, late: 0, contended: 0, firings_per_token: 1 }),
    );
    const waits = [...ties[p]!.map((tie, t) => waitAt(tie, p, t)), ...memory].filter(({ ticks }) => ticks > 0);
    const { firings: fired, bursts, busy } = nests[p]!;
    return { id, firings: fired, bursts, busy, waits, late: byName(nests[p]!.lateBy) };
  };
}

// --- tiers ---

function countTier(sums: SectionSums, tier: PlacedTier, machine: Machine): TierCounters {
  const { name, spec, first } = tier;
  const { bursts, served, queued, services, ticks } = sums;
  const { latency, clock } = tierTiming(machine, spec);
  const own = Array.from({ length: spec.channels }, (_, channel) => first + channel);
  const busyOf = (r: number) => served[r]! / ticksIn(sums, r, clock);
  const shareOf = (busy: number) => (ticks === 0 ? 0 : (busy * clock.denominator) / clock.numerator / ticks);
  const travel = (latency * clock.numerator) / clock.denominator;
  const channels = own.map((r) => {
    const [busy, waited] = [busyOf(r), queued[r]! / ticksIn(sums, r, clock)];
    const number = services[r]!;
    return { name: channelName(name, r - first), busy_share: shareOf(busy), queued_share: number === 0 ? 0 : waited / (waited + busy + number * travel) };
  });
  return {
    read_bytes: bursts[name].read * spec.burst_bytes,
    write_bytes: bursts[name].write * spec.burst_bytes,
    busy_share: shareOf(own.reduce((sum, r) => sum + busyOf(r), 0)) / spec.channels,
    commands: countCommands(sums, tier, machine),
    channels,
  };
}

/** A channel whose pace is a fraction counts ticks that are so much finer than the tier's. */
function ticksIn({ memory }: SectionSums, r: number, { numerator, denominator }: TierTiming["clock"]): number {
  const { clock } = memory().resources[r]!;
  return (clock.numerator * denominator) / (clock.denominator * numerator);
}

/** As the controllers counted them, or as often for each burst as at the section's pace. Refreshes come by time, to all channels. */
function countCommands(sums: SectionSums, tier: PlacedTier, machine: Machine): DramCommands | null {
  const { spec, first, name } = tier;
  if (spec.dram === undefined) return null;
  const { read, write } = sums.bursts[name];
  const pace = sums.memory().paces.get(name);
  const counted = (i: number): number => sums.commands.slice(first, first + spec.channels).reduce((sum, counts) => sum + (counts[i] ?? 0), 0);
  const activity =
    pace === undefined ? [0, 1, 2, 3].map(counted) : [Math.round((read + write) * pace.activates), Math.round((read + write) * pace.precharges), read, write];
  const [activates, precharges, reads, writes] = activity as [number, number, number, number];
  return { activates, precharges, reads, writes, ...refreshesIn(machine, spec, sums.ticks) };
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
