/** What is wrong with a section that cannot move: the ring of waits, since when, and the least change that cures it, proved by running the section again. */

import { type Place, RunError } from "../base/errors.ts";
import type { Bytes, Cycles, Instant } from "../base/units.ts";
import { type Cure, findCure } from "../engine/cure.ts";
import type { NetworkResult } from "../engine/network.ts";
import { endsOf, type Stock } from "../engine/tokens.ts";
import { findChain, findWaits, type Wait } from "../engine/waiting.ts";
import type { Channel, Fabric, Scratch, Section, Unit } from "../fabric/fabric.ts";
import { scratchesOf } from "../fabric/nests.ts";
import type { Machine } from "../machine/machine.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import { originOf } from "../pattern/origins.ts";
import type { Program } from "../pattern/program.ts";
import { type BuiltSection, nestName, type SectionPlan } from "./build.ts";
import { printDeadlock } from "./deadlock-words.ts";

export interface Deadlock {
  readonly section: string;
  /** When the section began, and its last firing started; null: nothing fired at all. */
  readonly began: Instant;
  readonly lastProgress: Instant | null;
  /** Each waits for the next, the last for the first; or one that waits for a nest that has done all its firings. */
  readonly ring: readonly Waiting[];
  readonly isRing: boolean;
  /** The other nests that are not done. */
  readonly others: readonly string[];
  readonly cure: DeadlockCure;
}

export interface Waiting {
  /** See nestName. */
  readonly nest: string;
  readonly kind: Unit["kind"];
  readonly operator: string;
  /** Where the workload's code makes the operator, if it was made by code. */
  readonly place?: Place;
  readonly fired: number;
  readonly firings: number;
  readonly need: "token" | "slot";
  /** With the number of the sink, where it has several. */
  readonly channel: string;
  /** Slots in all: of its FIFO, of the source's pipeline and of the hops; or buffers. */
  readonly slots: number;
  /** Nest at the channel's other end. */
  readonly other: string;
}

/** Every cure but `counts` and `unknown` has been run; `ends`: when the section then ends, null where a limit came first. */
export type DeadlockCure =
  | { readonly kind: "deeper"; readonly changes: readonly DepthChange[]; readonly least: boolean; readonly ends: Instant | null }
  /** No depth helps: one of these must hold tokens at the start. */
  | { readonly kind: "tokens"; readonly starts: readonly { readonly channel: string; readonly tokens: number }[]; readonly ends: Instant | null }
  /** No depth helps: the two ends do not agree. */
  | { readonly kind: "counts"; readonly channel: string; readonly source: string; readonly pushed: number; readonly sink: string; readonly popped: number }
  | { readonly kind: "unknown" };

export interface DepthChange {
  readonly channel: string;
  readonly holds: "tokens" | "buffers";
  /** Depths of the fabric's channel: slots of each sink's FIFO, or buffers. */
  readonly from: number;
  readonly to: number;
  /** What the further slots hold, over all sinks. */
  readonly bytes: Bytes;
  /** Tokens that pass through it in all. */
  readonly stream: number;
  /** What bounds it: entries of the smallest FIFO among the sinks, or bytes of the scratchpad. */
  readonly limit: { readonly kind: Unit["kind"]; readonly fifo_depth: number; readonly scratchpad_bytes: Bytes };
}

/** A section in deadlock (exit code 3). */
export class DeadlockError extends RunError {
  readonly deadlock: Deadlock;
  constructor(deadlock: Deadlock) {
    super("deadlock", printDeadlock(deadlock));
    this.deadlock = deadlock;
  }
}

/** The fabric with the channels (and the scratch memories that they hand over) as deep as the cure says; itself where no depth is a cure. */
export function deepenFabric(fabric: Fabric, { section: name, cure }: Deadlock): Fabric {
  if (cure.kind !== "deeper") return fabric;
  const depths = new Map<string, number>(cure.changes.map(({ channel, to }) => [channel, to]));
  return { ...fabric, sections: fabric.sections.map((section) => (section.name === name ? deepenSection(section, depths) : section)) };
}

/** `depths`: by id of a channel; of those that are not named the depth stays. */
export function deepenSection(section: Section, depths: ReadonlyMap<string, number>): Section {
  const channels = section.channels.map((channel) => ({ ...channel, depth: depths.get(channel.id) ?? channel.depth }));
  return { ...section, channels, units: section.units.map((unit) => withBuffers(unit, channels)) };
}

/** As many buffers as their channels hand over. */
function withBuffers(unit: Unit, channels: readonly Channel[]): Unit {
  const scratch = unit.scratch.map((memory) => {
    const buffers = Math.max(
      memory.buffers,
      ...channels.flatMap(({ kind, source, depth }) => (kind === "buffer" && handsOver(unit, source, memory) ? [depth] : [])),
    );
    return buffers === memory.buffers ? memory : { ...memory, buffers, bytes: (memory.bytes / memory.buffers) * buffers };
  });
  return { ...unit, scratch };
}

function handsOver({ id, nests }: Unit, { unit, nest }: Channel["source"], { name }: Scratch): boolean {
  return unit === id && nests.some((one) => one.id === nest && scratchesOf(one).includes(name));
}

/** What a diagnosis is made from. */
export interface Scene {
  readonly plan: SectionPlan;
  readonly built: BuiltSection;
  readonly machine: Machine;
  readonly program: Program;
  /** Where code that was bundled really stands. */
  readonly placeOf: (place: Place) => Place;
  readonly began: Instant;
  /** Runs the section anew with such channels: its ticks, "stuck" or "limit". */
  readonly again: (stocks: readonly Stock[]) => Cycles | "stuck" | "limit";
}

export function diagnose(scene: Scene, result: NetworkResult): DeadlockError {
  const { plan, built, began } = scene;
  const fired = result.processes.map(({ firings }) => firings);
  const waits = findWaits(built.network, fired);
  const { waits: ring, isRing } = findChain(waits);
  const inRing = new Set(ring.map(({ process }) => process));
  const late = built.network.processes.flatMap(({ firings }, p) => (fired[p]! < firings && !inRing.has(p) ? [nameOf(built, p)] : []));
  const last = Math.max(...result.processes.map(({ lastStart }) => lastStart));
  return new DeadlockError({
    ...{ section: plan.section.name, began, lastProgress: last < 0 ? null : began + last },
    ring: ring.map((wait) => waitingOf(scene, wait, fired[wait.process]!)),
    ...{ isRing, others: late },
    cure: cureOf(scene, fired),
  });
}

function nameOf({ nests }: BuiltSection, process: number): string {
  const { unit, nest } = nests[process]!;
  return nestName(unit, nest);
}

function waitingOf({ built, program, placeOf }: Scene, { process, need, channel, other }: Wait, fired: number): Waiting {
  const { network, nests } = built;
  const { firings } = network.processes[process]!;
  const { kind, operator } = nests[process]!.unit;
  const { name: on, depth } = network.channels[channel]!;
  const place = originOf(program, operator);
  return {
    ...{ nest: nameOf(built, process), kind, operator, fired, firings, need, channel: on, slots: depth, other: nameOf(built, other) },
    ...(place && { place: placeOf(place) }),
  };
}

// --- the cure ---

function cureOf(scene: Scene, fired: readonly number[]): DeadlockCure {
  const { plan, built, began } = scene;
  const channels = plan.section.channels;
  const knobs = channels.map(({ id }) => plan.sinks.get(id)!);
  let ends: Instant | null = null;
  const cure = findCure(built.network, fired, knobs, (stocks) => {
    const ticks = scene.again(stocks);
    ends = typeof ticks === "number" ? began + ticks : null;
    return ticks !== "stuck";
  });
  return inWords(scene, cure, ends);
}

function inWords({ plan: { section }, built, machine }: Scene, cure: Cure, ends: Instant | null): DeadlockCure {
  const { network } = built;
  switch (cure.kind) {
    case "deeper": {
      const changes = cure.changes.map(({ knob, slots }) => depthChange(section.channels[knob]!, slots, section, machine));
      return { kind: "deeper", changes, least: cure.least, ends };
    }
    case "tokens":
      return { kind: "tokens", starts: cure.starts.map(({ channel, tokens }) => ({ channel: network.channels[channel]!.name, tokens })), ends };
    case "counts": {
      const { channel, pushed, popped } = cure;
      const { producer, consumer } = endsOf(network)[channel]!;
      return {
        kind: "counts",
        channel: network.channels[channel]!.name,
        source: nameOf(built, producer.process),
        pushed,
        sink: nameOf(built, consumer.process),
        popped,
      };
    }
    case "unknown":
      return cure;
  }
}

function depthChange(channel: Channel, slots: number, section: Section, machine: Machine): DepthChange {
  const { id, kind, words, dtype, depth, source, sinks } = channel;
  const unitOf = (id: string): Unit => section.units.find((unit) => unit.id === id)!;
  const nest = unitOf(source.unit).nests.find((one) => one.id === source.nest)!;
  const { level } = nest.ports.find((port) => port.name === source.port)!;
  const kinds = sinks.map(({ unit }) => unitOf(unit).kind);
  const shallow = kinds.reduce((least, one) => (machine[one].fifo_depth < machine[least].fifo_depth ? one : least));
  const slotBytes = kind === "buffer" ? bufferBytes(unitOf(source.unit), nest.work) : sinks.length * words * bytesOf(dtype);
  return {
    ...{ channel: id, holds: kind === "buffer" ? "buffers" : "tokens", from: depth, to: depth + slots, bytes: slots * slotBytes },
    stream: nest.loops.slice(0, level).reduce((product, { trip }) => product * trip, 1),
    limit: { kind: shallow, fifo_depth: machine[shallow].fifo_depth, scratchpad_bytes: machine.pmu.bytes },
  };
}

/** Of one of the buffers that a nest hands over. */
function bufferBytes({ scratch }: Unit, work: Unit["nests"][number]["work"]): Bytes {
  const memory = "scratch" in work ? scratch.find(({ name }) => name === work.scratch) : undefined;
  return memory === undefined ? 0 : memory.bytes / memory.buffers;
}
