/**
 * A mapped section as a network of the engine: a process for each nest, a channel for each sink of a fabric channel, a resource for each channel of a tier. What
 * all runs of a section have in common is planned once.
 */

import type { Instant } from "../base/units.ts";
import type { ChannelSpec, NetworkSpec, ResourceSpec } from "../engine/network.ts";
import { type Memories, makeBehaviour, makeScratch, type NestBehaviour, type Tally } from "../fabric/datapath.ts";
import type { Channel, Endpoint, Fabric, Nest, Port, Section, Unit } from "../fabric/fabric.ts";
import { sizesOf } from "../fabric/resolve.ts";
import type { Machine } from "../machine/machine.ts";
import type { MappedSection, Mapping } from "../mapper/mapping.ts";
import { type PortSource, planPorts, portResources, portSource, type SectionPorts } from "../memory/ports.ts";
import { placedTiers } from "../memory/tiers.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import { processOf, type Tie, type Traffic, trafficOf } from "../units/process.ts";
import { nestKey, portKey, type SectionSlice } from "./slice.ts";

/** What is the same in all runs of a section. */
export interface SectionPlan {
  /** As compiled: loops, guards and affine forms may have symbols. */
  readonly section: Section;
  readonly mapped: MappedSection;
  readonly slice: SectionSlice;
  readonly channels: readonly ChannelSpec[];
  /** Engine channels of each fabric channel, like its sinks. */
  readonly sinks: ReadonlyMap<string, readonly number[]>;
  /** For each nest, unit by unit: like the ports of its process. */
  readonly ties: readonly (readonly Tie[])[];
  /** Ports of PMUs at which nests queue: resources behind those of the tiers. */
  readonly ports: SectionPorts;
  /** Tensors that it reads, writes or starts with, and those whose values its loops need before it starts. */
  readonly tensors: readonly string[];
  readonly sizes: readonly string[];
}

export function planSection(s: number, mapping: Mapping, machine: Machine, slice: SectionSlice): SectionPlan {
  const section = mapping.fabric.sections[s]!;
  const mapped = mapping.sections[s]!;
  const { channels, sinks } = planChannels(section, mapped, mapping.fabric, machine, slice);
  const tie = tieTo(section, sinks, slice);
  const nests = section.units.flatMap((unit) => unit.nests.map((nest) => ({ unit, nest })));
  const moved = nests.flatMap(({ nest: { work } }) => ("tensor" in work ? [work.tensor] : []));
  const preset = section.units.flatMap(({ scratch }) => scratch.flatMap((memory) => memory.preset?.tensor ?? []));
  return {
    ...{ section, mapped, slice, channels, sinks },
    ties: nests.map(({ unit, nest }) => nest.ports.flatMap((port) => tie(unit, nest, port))),
    ports: planPorts(section, machine, tierChannels(machine)),
    tensors: [...new Set([...moved, ...preset])],
    sizes: sizesOf(section),
  };
}

/** Resources of all tiers. */
export const tierChannels = (machine: Machine): number => placedTiers(machine).reduce((total, { spec }) => total + spec.channels, 0);

function planChannels(section: Section, mapped: MappedSection, fabric: Fabric, machine: Machine, slice: SectionSlice) {
  const hops = new Map(mapped.routes.map((route) => [route.channel, route.hops]));
  const channels: ChannelSpec[] = [];
  const sinks = new Map<string, number[]>();
  for (const channel of section.channels) {
    sinks.set(
      channel.id,
      channel.sinks.map((sink, i) => {
        const latency = channel.kind === "buffer" ? (channel.latency ?? 1) : hops.get(channel.id)![i]! * machine.network.hop_cycles;
        const depth = channel.kind === "buffer" ? channel.depth : channel.depth + latency + slotsOnTheWay(channel, section, fabric, machine);
        const start = channel.initial === undefined ? {} : { initial: channel.initial };
        return channels.push({ name: nameOf(channel, i), depth, latency: Math.max(1, latency), ...start, words: wordsAt(channel, sink, slice) }) - 1;
      }),
    );
  }
  return { channels, sinks };
}

/** Tokens that the source holds itself while they travel: in its pipeline, and, for a load or a fetch, in the bursts that it waits for. Each hop has a register of its own. */
function slotsOnTheWay({ source, words, dtype }: Channel, section: Section, fabric: Fabric, machine: Machine): number {
  const { latency, work } = section.units.find((unit) => unit.id === source.unit)!.nests.find((nest) => nest.id === source.nest)!;
  if (work.kind !== "load" && work.kind !== "fetch") return latency;
  const { tier } = fabric.tensors.find(({ tensor }) => tensor === work.tensor)!;
  if (tier === "sram") return latency;
  const tokensOfBurst = Math.floor(machine.tiers[tier]!.burst_bytes / (words * bytesOf(dtype)));
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

/** By unit and nest; where a nest is called after its unit, by the nest alone. For people. */
export function nestName(unit: Pick<Unit, "id">, nest: Pick<Nest, "id">): string {
  return nest.id.startsWith(unit.id) ? nest.id : `${unit.id}.${nest.id}`;
}

// --- one run ---

/** A process and the nest it stands for. Processes are ordered like the section's units and their nests: that order breaks ties at a resource. */
export interface BuiltNest {
  readonly unit: Unit;
  readonly nest: Nest;
  readonly traffic: Traffic | null;
  readonly queue: PortSource | null;
  readonly tally: Tally | null;
}

export interface BuiltSection {
  readonly network: NetworkSpec;
  /** Like network.processes. */
  readonly nests: readonly BuiltNest[];
}

export interface BuildContext {
  readonly machine: Machine;
  /** The channels of the machine's tiers. */
  readonly resources: readonly ResourceSpec[];
  /** Tick at which the section begins to run. */
  readonly origin: Instant;
  /** Its tensors have the layouts of where they are in this run. */
  readonly fabric: Fabric;
  readonly tensors: Memories["tensors"];
  readonly dtypes: Memories["dtypes"];
}

/** `section`: the plan's, without symbols. State is built anew each time: a network can be run once. */
export function buildSection({ channels, ties: plannedTies, ports, slice }: SectionPlan, section: Section, context: BuildContext): BuiltSection {
  const { machine, origin, fabric, resources } = context;
  const nests: BuiltNest[] = [];
  const processes = section.units.flatMap((unit) => {
    const behaviourOf = behaviours(unit, slice, context);
    return unit.nests.map((nest) => {
      const ties = plannedTies[nests.length]!;
      const use = ports.uses[nests.length]!;
      const wires = ties.map(({ wire }) => wire);
      const traffic = trafficOf(unit, nest, wires, fabric, machine);
      const behaviour = behaviourOf(nest, wires);
      const queue = use && portSource(nest, use, behaviour);
      nests.push({ unit, nest, traffic, queue, tally: behaviour?.tally ?? null });
      return processOf(unit, nest, machine, { ties, traffic, queue, behaviour });
    });
  });
  const all = [...resources, ...portResources(ports)];
  return { network: { processes, channels, resources: all.map((resource) => ({ ...resource, origin })) }, nests };
}

type BehaviourOf = (nest: Nest, wires: readonly Tie["wire"][]) => NestBehaviour | null;

/** The nests of a unit share its memories. */
function behaviours(unit: Unit, slice: SectionSlice, { machine, tensors, dtypes }: BuildContext): BehaviourOf {
  const isLive = (nest: Nest): boolean => slice.nests.has(nestKey(unit.id, nest.id));
  if (!unit.nests.some(isLive)) return () => null;
  const memories: Memories = { tensors, dtypes, scratch: makeScratch(unit, tensors), banks: machine.pmu.banks, operator: unit.operator };
  return (nest, wires) => (isLive(nest) ? makeBehaviour(nest, wires, memories) : null);
}
