/** What the engine counted, in the terms of units, tiers and network. */

import type { Cycles } from "../base/units.ts";
import type { NetworkResult, ProcessCounters } from "../engine/network.ts";
import type { Channel, Section, Unit } from "../fabric/fabric.ts";
import type { Machine } from "../machine/machine.ts";
import type { MappedSection } from "../mapper/mapping.ts";
import { type PlacedTier, placedTiers } from "../memory/tiers.ts";
import type { NetworkCounters, SectionCounters, TierCounters, UnitCounters } from "../result/counters.ts";
import { operationsOf, sramBytesOf } from "../units/operations.ts";
import type { BuiltNest, BuiltSection } from "./build.ts";

/** Counters of a section that has finished. */
export function countSection(
  section: Section,
  mapped: MappedSection,
  built: BuiltSection,
  result: NetworkResult,
  machine: Machine,
  configuringTicks: Cycles,
): SectionCounters {
  const words = new Map(section.channels.map((channel) => [channel.id, channel.words]));
  const places = new Map(mapped.placement.map((place) => [place.unit, place]));
  const byUnit = groupProcesses(built, result);
  return {
    name: section.name,
    operators: section.operators,
    configuringTicks,
    ticks: result.ticks,
    units: section.units.map((unit) => countUnit(unit, byUnit.get(unit.id)!, places.get(unit.id)!, words, machine, result.ticks)),
    tiers: Object.fromEntries(placedTiers(machine).map((tier) => [tier.name, countTier(tier, built, result)])),
    network: countNetwork(section, mapped, built, result, machine),
  };
}

// --- units ---

interface NestRun {
  readonly nest: BuiltNest;
  readonly counters: ProcessCounters;
}

function groupProcesses({ nests }: BuiltSection, { processes }: NetworkResult): ReadonlyMap<string, readonly NestRun[]> {
  const byUnit = new Map<string, NestRun[]>();
  nests.forEach((nest, p) => {
    const runs = byUnit.get(nest.unit.id) ?? [];
    runs.push({ nest, counters: processes[p]! });
    byUnit.set(nest.unit.id, runs);
  });
  return byUnit;
}

function countUnit(
  unit: Unit,
  runs: readonly NestRun[],
  { x, y }: { readonly x: number; readonly y: number },
  words: ReadonlyMap<string, number>,
  machine: Machine,
  ticks: Cycles,
): UnitCounters {
  const busiest = runs.reduce((best, run) => (run.counters.busy > best.counters.busy ? run : best));
  const { busy, starved, blocked, memory } = busiest.counters;
  const sram = sramBytesOf(unit, machine);
  return {
    ...{ id: unit.id, kind: unit.kind, operator: unit.operator, x, y },
    firings: runs.reduce((sum, { counters }) => sum + counters.firings, 0),
    ...{ busy, starved, blocked, memory },
    idle: ticks - busy - starved - blocked - memory,
    waits: waitsOf(busiest),
    operations: operationsOf(unit, words),
    sram_read_bytes: sram.read,
    sram_write_bytes: sram.write,
  };
}

/** By channel of the fabric: the sinks of a broadcast add up. */
function waitsOf({ nest, counters }: NestRun): UnitCounters["waits"] {
  const waits = nest.nest.ports.map((port) => ({
    state: port.direction === "in" ? ("starved" as const) : ("blocked" as const),
    channel: port.channel as string,
    ticks: nest.ties.reduce((sum, tie, p) => sum + (tie.port === port ? counters.waits[p]! : 0), 0),
  }));
  const memory = { state: "memory" as const, channel: nest.traffic?.tier ?? "", ticks: counters.memory };
  return [...waits, memory].filter((wait) => wait.ticks > 0);
}

// --- tiers ---

function countTier({ name, spec, first }: PlacedTier, { nests, network }: BuiltSection, { resources, ticks }: NetworkResult): TierCounters {
  const bytes = { read: 0, write: 0 };
  for (const { traffic } of nests) if (traffic?.tier === name) bytes[traffic.direction] += traffic.source.bursts() * spec.burst_bytes;
  const { numerator, denominator } = network.resources[first]!.clock;
  const busy = resources.slice(first, first + spec.channels).reduce((sum, resource) => sum + resource.busy, 0);
  return { read_bytes: bytes.read, write_bytes: bytes.write, busy_share: ticks === 0 ? 0 : (busy * denominator) / numerator / ticks / spec.channels };
}

// --- network ---

type Carried = "vector" | "scalar";

/** Control channels are not counted: they carry no words. */
function countNetwork(section: Section, { routes }: MappedSection, built: BuiltSection, result: NetworkResult, { network }: Machine): NetworkCounters {
  const channels = new Map(section.channels.map((channel) => [channel.id, channel]));
  const tracks = { vector: network.vector_links, scalar: network.scalar_links };
  const hops = { vector: 0, scalar: 0 };
  const links = new Map<string, number>();
  for (const route of routes) {
    const channel = channels.get(route.channel)!;
    if (channel.width === "control") continue;
    const tokens = tokensOf(channel, built, result);
    hops[channel.width] += tokens * route.links.length;
    for (const link of route.links) addShare(links, channel.width, link, tokens / result.ticks / tracks[channel.width]);
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
function tokensOf(channel: Channel, { sinks }: BuiltSection, { channels }: NetworkResult): number {
  return channels[sinks.get(channel.id)![0]!]!.pushed;
}
