/**
 * A mapped section as a network of the engine: a process for each nest, a channel for each sink of a fabric channel, a resource for each channel of a tier. What
 * all runs of a section have in common is planned once.
 */

import type { Instant } from "../base/units.ts";
import type { ChannelSpec, NetworkSpec, ProcessSpec, ResourceSpec } from "../engine/network.ts";
import { type Memories, makeBehaviour, makeScratch, type NestBehaviour, type Tally } from "../fabric/datapath.ts";
import type { Channel, Endpoint, Fabric, Nest, Port, Section, Unit } from "../fabric/fabric.ts";
import { sizesOf } from "../fabric/resolve.ts";
import type { Machine } from "../machine/machine.ts";
import type { MappedSection, Mapping } from "../mapper/mapping.ts";
import { type PortSource, planPorts, portResources, portSource, type SectionPorts } from "../memory/ports.ts";
import { placedTiers } from "../memory/tiers.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import { processOf, type Tie, type Traffic, trafficOf } from "../units/process.ts";
import { linkResources, type RelayPlan, relayProcess, type SharedLink, shareLinks, type Way } from "./relays.ts";
import { nestKey, portKey, type SectionSlice } from "./slice.ts";

/** What is the same in all runs of a section. */
export interface SectionPlan {
  /** As compiled: loops, guards and affine forms may have symbols. */
  readonly section: Section;
  readonly mapped: MappedSection;
  readonly slice: SectionSlice;
  readonly channels: readonly ChannelSpec[];
  /** Engine channels from which the sinks of each fabric channel pop, like its sinks. */
  readonly sinks: ReadonlyMap<string, readonly number[]>;
  /** Those into which its source pushes, each with a sink behind it: the same, where no relay stands between. */
  readonly heads: ReadonlyMap<string, readonly Head[]>;
  /** Where tokens wait for links, and the links. Their processes stand behind those of the nests, their resources behind those of the tiers. */
  readonly relays: readonly RelayPlan[];
  readonly links: readonly SharedLink[];
  /** Engine channels into which relays push. */
  readonly relayed: ReadonlySet<number>;
  /** For each nest, unit by unit: like the ports of its process. */
  readonly ties: readonly (readonly Tie[])[];
  /** Ports of PMUs at which nests queue: resources behind those of the tiers. */
  readonly ports: SectionPorts;
  /** Tensors that it reads, writes or starts with, and those whose values its loops need before it starts. */
  readonly tensors: readonly string[];
  readonly sizes: readonly string[];
}

export interface Head {
  readonly channel: number;
  readonly sink: number;
}

export function planSection(s: number, mapping: Mapping, machine: Machine, slice: SectionSlice): SectionPlan {
  return planOf(mapping.fabric.sections[s]!, mapping.sections[s]!, mapping.fabric, machine, slice);
}

/** The same section with every channel a circuit: it has no more slots, so that it gets stuck where the plan does, and all its processes are nests. */
export function planCircuits({ section, mapped, slice }: SectionPlan, fabric: Fabric, machine: Machine): SectionPlan {
  return planOf(section, mapped, fabric, { ...machine, network: { ...machine.network, fidelity: "circuit" } }, slice);
}

function planOf(section: Section, mapped: MappedSection, fabric: Fabric, machine: Machine, slice: SectionSlice): SectionPlan {
  const wiring = planChannels(section, mapped, fabric, machine, slice);
  const tie = tieTo(section, wiring, slice);
  const nests = section.units.flatMap((unit) => unit.nests.map((nest) => ({ unit, nest })));
  const moved = nests.flatMap(({ nest: { work } }) => ("tensor" in work ? [work.tensor] : []));
  const preset = section.units.flatMap(({ scratch }) => scratch.flatMap((memory) => memory.preset?.tensor ?? []));
  return {
    ...{ section, mapped, slice },
    ...wiring,
    ties: nests.map(({ unit, nest }) => nest.ports.flatMap((port) => tie(unit, nest, port))),
    ports: planPorts(section, machine, tierChannels(machine)),
    tensors: [...new Set([...moved, ...preset])],
    sizes: sizesOf(section),
  };
}

/** Resources of all tiers. */
export const tierChannels = (machine: Machine): number => placedTiers(machine).reduce((total, { spec }) => total + spec.channels, 0);

type Wiring = Pick<SectionPlan, "channels" | "sinks" | "heads" | "relays" | "links" | "relayed">;

interface WiringUnderWay {
  readonly channels: ChannelSpec[];
  readonly sinks: Map<string, number[]>;
  readonly heads: Map<string, Head[]>;
  readonly relays: RelayPlan[];
  readonly relayed: Set<number>;
}

function planChannels(section: Section, mapped: MappedSection, fabric: Fabric, machine: Machine, slice: SectionSlice): Wiring {
  const hops = new Map(mapped.routes.map((route) => [route.channel, route.hops]));
  const { links, ways } = shareLinks(section, mapped, machine);
  const wiring: WiringUnderWay = { channels: [], sinks: new Map(), heads: new Map(), relays: [], relayed: new Set() };
  for (const channel of section.channels) {
    const way = ways.get(channel.id);
    if (way !== undefined) {
      planWay(wiring, channel, way, slotsOnTheWay(channel, section, fabric, machine), slice);
      continue;
    }
    const ends = channel.sinks.map((sink, i) => {
      const latency = channel.kind === "buffer" ? (channel.latency ?? 1) : hops.get(channel.id)![i]! * machine.network.hop_cycles;
      const depth = channel.kind === "buffer" ? channel.depth : channel.depth + latency + slotsOnTheWay(channel, section, fabric, machine);
      const start = channel.initial === undefined ? {} : { initial: channel.initial };
      return addChannel(wiring, { name: nameOf(channel, i), depth, latency: Math.max(1, latency), ...start, words: wordsAt(channel, sink, slice) });
    });
    wiring.sinks.set(channel.id, ends);
    wiring.heads.set(
      channel.id,
      ends.map((end, sink) => ({ channel: end, sink })),
    );
  }
  return { ...wiring, links };
}

function addChannel({ channels }: WiringUnderWay, spec: ChannelSpec): number {
  return channels.push(spec) - 1;
}

/**
 * A channel for each segment. Together they have the slots that a circuit would have, of which the last has the sink's FIFO and the first what the source holds; and a buffer before each
 * relay has one more, so that a token can come and go each cycle.
 */
function planWay(wiring: WiringUnderWay, channel: Channel, { links, segments }: Way, atSource: number, slice: SectionSlice): void {
  const words = channel.sinks.map((sink) => wordsAt(channel, sink, slice));
  const mostWords = Math.max(...words);
  const inputs = new Map<number, number>();
  const outputs = links.map((): number[] => []);
  const heads: Head[] = [];
  const ends: number[] = [];
  for (const { from, relay, sink, latency } of segments) {
    const own = latency + (from < 0 ? atSource : 0) + (relay === null ? channel.depth : 1);
    const name = relay === null ? nameOf(channel, sink) : `${channel.id} to relay ${relay}`;
    const number = addChannel(wiring, { name, depth: own, latency, words: relay === null ? words[sink]! : mostWords });
    if (relay === null) ends[sink] = number;
    else inputs.set(relay, number);
    if (from < 0) heads.push({ channel: number, sink: Math.max(0, sink) });
    else {
      outputs[from]!.push(number);
      wiring.relayed.add(number);
    }
  }
  wiring.sinks.set(channel.id, ends);
  wiring.heads.set(channel.id, heads);
  const [{ channel: head }] = heads as [Head];
  links.forEach((link, i) => wiring.relays.push({ name: `${channel.id} relay ${i}`, head, link, input: inputs.get(i)!, outputs: outputs[i]! }));
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

function tieTo(section: Section, { channels, sinks, heads }: Wiring, slice: SectionSlice): TieTo {
  const fabricChannels = new Map(section.channels.map((channel) => [channel.id, channel]));
  return (unit, nest, port) => {
    const channel = fabricChannels.get(port.channel)!;
    const isHere = (sink: Endpoint): boolean => sink.unit === unit.id && sink.nest === nest.id && sink.port === port.name;
    const tied = (end: number, words: number): Tie => ({ port, channel: end, wire: { port: port.name, words, dtype: channel.dtype } });
    if (port.direction === "out") return heads.get(channel.id)!.map((head) => tied(head.channel, channels[head.channel]!.words));
    return channel.sinks.flatMap((sink, i) => (isHere(sink) ? [tied(sinks.get(channel.id)![i]!, wordsAt(channel, sink, slice))] : []));
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
  /** For each nest, unit by unit: ticks of service of its bursts; undefined: the resource's. */
  readonly services: readonly (number | undefined)[];
  /** Tick at which the section begins to run. */
  readonly origin: Instant;
  /** Its tensors have the layouts of where they are in this run. */
  readonly fabric: Fabric;
  readonly tensors: Memories["tensors"];
  readonly dtypes: Memories["dtypes"];
}

/** `section`: the plan's, without symbols. State is built anew each time: a network can be run once. */
export function buildSection(plan: SectionPlan, section: Section, context: BuildContext): BuiltSection {
  const { channels, ties: plannedTies, ports, slice, links } = plan;
  const { machine, origin, fabric, resources: tiers, services } = context;
  const nests: BuiltNest[] = [];
  const processes = section.units.flatMap((unit) => {
    const behaviourOf = behaviours(unit, slice, context);
    return unit.nests.map((nest) => {
      const ties = plannedTies[nests.length]!;
      const use = ports.uses[nests.length]!;
      const wires = ties.map(({ wire }) => wire);
      const traffic = trafficOf(unit, nest, wires, fabric, machine);
      const service = services[nests.length];
      const behaviour = behaviourOf(nest, wires);
      const queue = use && portSource(nest, use, behaviour);
      nests.push({ unit, nest, traffic, queue, tally: behaviour?.tally ?? null });
      return processOf(unit, nest, machine, { ties, traffic, service, queue, behaviour });
    });
  });
  const resources = [...tiers, ...portResources(ports), ...linkResources(links)].map((resource) => ({ ...resource, origin }));
  return { network: { processes: [...processes, ...relayProcesses(plan, processes, tiers.length + ports.names.length)], channels, resources }, nests };
}

/** `first`: the resource of the first link. */
function relayProcesses({ channels, relays }: SectionPlan, processes: readonly ProcessSpec[], first: number): readonly ProcessSpec[] {
  const tokens = new Map<number, number>();
  for (const { firings, ports } of processes) for (const { channel, period } of ports) tokens.set(channel, firings / period);
  return relays.map((relay) => relayProcess(relay, channels, tokens.get(relay.head)!, first + relay.link));
}

type BehaviourOf = (nest: Nest, wires: readonly Tie["wire"][]) => NestBehaviour | null;

/** The nests of a unit share its memories. */
function behaviours(unit: Unit, slice: SectionSlice, { machine, tensors, dtypes }: BuildContext): BehaviourOf {
  const isLive = (nest: Nest): boolean => slice.nests.has(nestKey(unit.id, nest.id));
  if (!unit.nests.some(isLive)) return () => null;
  const memories: Memories = { tensors, dtypes, scratch: makeScratch(unit, tensors), banks: machine.pmu.banks, operator: unit.operator };
  return (nest, wires) => (isLive(nest) ? makeBehaviour(nest, wires, memories) : null);
}
