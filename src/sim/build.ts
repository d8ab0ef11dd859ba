/** A mapped section as a network of the engine: a process for each nest, a channel for each sink of a fabric channel, a resource for each channel of a tier. */

import type { Instant } from "../base/units.ts";
import type { ChannelSpec, NetworkSpec } from "../engine/network.ts";
import { type Memories, makeBehaviour, makeScratch } from "../fabric/datapath.ts";
import type { Channel, Endpoint, Fabric, Nest, Port, Section, Unit } from "../fabric/fabric.ts";
import type { Machine } from "../machine/machine.ts";
import type { Mapping } from "../mapper/mapping.ts";
import { tierResources } from "../memory/tiers.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import { type ProcessParts, processOf, type Tie, type Traffic, trafficOf } from "../units/process.ts";
import { nestKey, portKey, type SectionSlice } from "./slice.ts";

/** A process and the nest it stands for. Processes are ordered like the section's units and their nests: that order breaks ties at a resource. */
export interface BuiltNest {
  readonly unit: Unit;
  readonly nest: Nest;
  /** Like the process's ports. */
  readonly ties: readonly Tie[];
  readonly traffic: Traffic | null;
}

export interface BuiltSection {
  readonly network: NetworkSpec;
  /** Like network.processes. */
  readonly nests: readonly BuiltNest[];
  /** Engine channels of each fabric channel, like its sinks. */
  readonly sinks: ReadonlyMap<string, readonly number[]>;
}

export interface BuildContext {
  readonly mapping: Mapping;
  readonly machine: Machine;
  /** Tick at which the section begins to run. */
  readonly origin: Instant;
  readonly slice: SectionSlice;
  readonly tensors: Memories["tensors"];
  readonly dtypes: Memories["dtypes"];
}

/** State is built anew each time: a network can be run once. */
export function buildSection(s: number, context: BuildContext): BuiltSection {
  const { mapping, machine, origin } = context;
  const section = mapping.fabric.sections[s]!;
  const { channels, sinks } = buildChannels(section, s, context);
  const tie = tieTo(section, sinks, context.slice);
  const nests = section.units.flatMap((unit) => unit.nests.map((nest) => buildNest(unit, nest, tie, mapping.fabric, machine)));
  const behaviour = behaviours(section, context);
  const processes = nests.map(({ unit, nest, ties, traffic }) => {
    const parts: ProcessParts = { ties, traffic, behaviour: behaviour(unit, nest, ties) };
    return processOf(unit, nest, machine, parts);
  });
  return { network: { processes, channels, resources: tierResources(machine, origin) }, nests, sinks };
}

function buildNest(unit: Unit, nest: Nest, tie: TieTo, fabric: Fabric, machine: Machine): BuiltNest {
  return { unit, nest, ties: nest.ports.flatMap((port) => tie(unit, nest, port)), traffic: trafficOf(nest, fabric, machine) };
}

function buildChannels(section: Section, s: number, { mapping, machine, slice }: BuildContext) {
  const hops = new Map(mapping.sections[s]!.routes.map((route) => [route.channel, route.hops]));
  const channels: ChannelSpec[] = [];
  const sinks = new Map<string, number[]>();
  for (const channel of section.channels) {
    sinks.set(
      channel.id,
      channel.sinks.map((sink, i) => {
        const latency = channel.kind === "buffer" ? 1 : hops.get(channel.id)![i]! * machine.network.hop_cycles;
        const depth = channel.kind === "buffer" ? channel.depth : channel.depth + latency + slotsOnTheWay(channel, section, mapping.fabric, machine);
        return channels.push({ name: nameOf(channel, i), depth, latency: Math.max(1, latency), words: wordsAt(channel, sink, slice) }) - 1;
      }),
    );
  }
  return { channels, sinks };
}

/** Tokens that the source holds itself while they travel: in its pipeline, and, for a load, in the bursts that it waits for. Each hop has a register of its own. */
function slotsOnTheWay({ source, words, dtype }: Channel, section: Section, fabric: Fabric, machine: Machine): number {
  const { latency, work } = section.units.find((unit) => unit.id === source.unit)!.nests.find((nest) => nest.id === source.nest)!;
  if (work.kind !== "load") return latency;
  const layout = fabric.tensors.find(({ tensor }) => tensor === work.tensor)!;
  const tokensOfBurst = Math.floor(machine.tiers[layout.tier]!.burst_bytes / (words * bytesOf(dtype)));
  return latency + machine.ag.outstanding * Math.max(1, tokensOfBurst);
}

function nameOf({ id, sinks }: Channel, sink: number): string {
  return sinks.length === 1 ? id : `${id}[${sink}]`;
}

/** Words that a sink's channel carries in this run: none where nobody needs its data. */
function wordsAt(channel: Channel, { unit, nest, port }: Endpoint, { inputs }: SectionSlice): number {
  return channel.kind === "stream" && inputs.has(portKey(unit, nest, port)) ? channel.words : 0;
}

type TieTo = (unit: Unit, nest: Nest, port: Port) => readonly Tie[];

function tieTo(section: Section, sinks: ReadonlyMap<string, readonly number[]>, slice: SectionSlice): TieTo {
  const channels = new Map(section.channels.map((channel) => [channel.id, channel]));
  return (unit, nest, port) => {
    const channel = channels.get(port.channel)!;
    const isHere = (sink: Endpoint): boolean => sink.unit === unit.id && sink.nest === nest.id && sink.port === port.name;
    return channel.sinks.flatMap((sink, i): Tie[] => {
      if (port.direction === "in" && !isHere(sink)) return [];
      return [{ port, channel: sinks.get(channel.id)![i]!, wire: { port: port.name, words: wordsAt(channel, sink, slice), dtype: channel.dtype } }];
    });
  };
}

function behaviours(section: Section, { machine, slice, tensors, dtypes }: BuildContext) {
  const isLive = (unit: Unit, nest: Nest): boolean => slice.nests.has(nestKey(unit.id, nest.id));
  const memories = new Map<string, Memories>();
  for (const unit of section.units) {
    if (unit.nests.some((nest) => isLive(unit, nest))) memories.set(unit.id, { tensors, dtypes, scratch: makeScratch(unit), banks: machine.pmu.banks });
  }
  return (unit: Unit, nest: Nest, ties: readonly Tie[]) =>
    isLive(unit, nest)
      ? makeBehaviour(
          nest,
          ties.map(({ wire }) => wire),
          memories.get(unit.id)!,
        )
      : null;
}
