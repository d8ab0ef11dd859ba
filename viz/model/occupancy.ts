/**
 * How full channels were, estimated: tokens that were pushed and not yet popped at the end of each bin, from the firings of the nests at both ends. A stream's slot is taken when the firing that
 * makes its token begins, and free again once the token is popped; a buffer is taken while it is filled, full or read. The trace takes a unit to have fired evenly between two points at which the
 * engine looked at it, so that single samples may be off by what fired between: only means over many of them are shown.
 */

import { channelCopies } from "../../src/scene/channels.ts";
import type { SceneChannel, SceneDepth } from "../../src/scene/scene.ts";
import { firingSumsOf } from "./firings.ts";
import type { RunView, SectionView, Sums } from "./run.ts";
import { overlap, type Window } from "./window.ts";

/** Channels that do the same between copies of the same units. */
export interface ChannelGroup {
  readonly section: SectionView;
  /** "scores.q0 > scores". */
  readonly name: string;
  readonly kind: SceneChannel["kind"];
  readonly channels: readonly SceneChannel[];
  /** Tokens that their sources pushed. */
  readonly tokens: number;
  /** Cycles of the whole run that units waited for their tokens, and for their slots. */
  readonly starved: number;
  readonly blocked: number;
  /** Of the time in which the section ran: how long a sink waited before an empty channel, and a source before a full one, on average. */
  readonly starvedShare: number;
  readonly blockedShare: number;
}

export function channelGroups(run: RunView): readonly ChannelGroup[] {
  return run.sections.flatMap((section) => {
    const waits = waitsOf(section);
    return channelCopies(section.scene).map(({ name, channels }) => groupOf(section, name, channels, waits));
  });
}

/** Each channel of a group by itself, by its id. */
export function singleChannels({ section, channels }: ChannelGroup): readonly ChannelGroup[] {
  const waits = waitsOf(section);
  return channels.map((channel) => groupOf(section, channel.id, [channel], waits));
}

/** What runs with other depths of its channels told; null: it was not searched. */
export function depthOf({ scene }: RunView, { section, channels }: Pick<ChannelGroup, "section" | "channels">): SceneDepth | null {
  return scene.depths?.find((depth) => depth.section === section.number && depth.channels.includes(channels[0]!.id)) ?? null;
}

function groupOf(section: SectionView, name: string, channels: readonly SceneChannel[], waits: ReadonlyMap<string, number>): ChannelGroup {
  const sum = (state: "starved" | "blocked"): number => channels.reduce((total, { id }) => total + (waits.get(`${state} ${id}`) ?? 0), 0);
  const tokens = channels.reduce((total, channel) => total + channel.tokens, 0);
  const [starved, blocked] = [sum("starved"), sum("blocked")];
  const ran = section.result.cycles - section.result.configuring_cycles;
  const sinks = channels.reduce((total, channel) => total + channel.sinks.length, 0);
  const share = (cycles: number, ends: number): number => (ran === 0 ? 0 : cycles / ran / ends);
  return {
    ...{ section, name, kind: channels[0]!.kind, channels, tokens, starved, blocked },
    ...{ starvedShare: share(starved, sinks), blockedShare: share(blocked, channels.length) },
  };
}

function waitsOf({ units }: SectionView): ReadonlyMap<string, number> {
  const waits = new Map<string, number>();
  for (const { result } of units) {
    for (const { state, channel, cycles } of result.causes) waits.set(`${state} ${channel}`, cycles + (waits.get(`${state} ${channel}`) ?? 0));
  }
  return waits;
}

/** Slots in use at the end of each bin of a section's columns, of so many. */
export interface Occupancy {
  readonly ends: Float64Array;
  readonly slots: number;
}

/** By sink. Null where firings do not tell: nothing was recorded, or data decides how many firings a token takes. */
export function occupancies(run: RunView, section: SectionView, channel: SceneChannel): readonly (Occupancy | null)[] {
  const sumsOf = ({ unit, nest }: SceneChannel["source"]): Sums => firingSumsOf(section, unit, nest);
  const made = sumsOf(channel.source);
  return channel.sinks.map((sink, s) => {
    if (run.trace.origin === "means") return null;
    const used = sumsOf(sink);
    const slots = channel.slots[s]!;
    const ends = new Float64Array(section.trace.bins);
    for (let bin = 0; bin < ends.length; bin++) {
      const count = inUse(channel, made[bin + 1]! / channel.source.firings_per_token, used[bin + 1]! / sink.firings_per_token);
      if (count < -slots - NEAR || count > 2 * slots + NEAR) return null;
      ends[bin] = Math.min(slots, Math.max(0, count));
    }
    return { ends, slots };
  });
}

/** Tokens by which a sample may be off besides those that fit the channel. */
const NEAR = 2;

function inUse({ kind, initial }: SceneChannel, made: number, used: number): number {
  return initial + (kind === "buffer" ? Math.ceil(made) - Math.floor(used) : Math.floor(made) - Math.ceil(used));
}

/** Of the channels of a group, each with all its sinks. */
export interface GroupOccupancy {
  /** By bin of the section's columns: mean over the sinks of the slots in use. */
  readonly ends: Float64Array;
  /** Of one sink: where they differ, the most. */
  readonly slots: number;
  /** Sinks that it is the mean of, and all. */
  readonly known: number;
  readonly all: number;
}

/** Null: of no sink it could be told. */
export function groupOccupancy(run: RunView, { section, channels }: Pick<ChannelGroup, "section" | "channels">): GroupOccupancy | null {
  const all = channels.flatMap((channel) => occupancies(run, section, channel));
  const sinks = all.filter((one): one is Occupancy => one !== null);
  if (sinks.length === 0) return null;
  const ends = new Float64Array(section.trace.bins);
  for (const sink of sinks) for (let bin = 0; bin < ends.length; bin++) ends[bin]! += sink.ends[bin]! / sinks.length;
  return { ends, slots: Math.max(...sinks.map(({ slots }) => slots)), known: sinks.length, all: all.length };
}

/** A piece of a window, in cycles, and the mean of the slots in use in it. */
export interface Piece {
  readonly from: number;
  readonly to: number;
  readonly mean: number;
}

/** The bins of the window in which the section runs, several to a piece. */
export function piecesOf(run: RunView, section: SectionView, { ends }: GroupOccupancy, window: Window, most: number): readonly Piece[] {
  const running = binsRunning(run, section, window);
  const { bin_cycles } = run.trace;
  const length = Math.max(1, Math.ceil(running.length / most));
  return Array.from({ length: Math.ceil(running.length / length) }, (_, piece) => {
    const own = running.slice(piece * length, (piece + 1) * length);
    const start = (section.trace.first + own[0]!) * bin_cycles;
    const end = Math.min(run.trace.cycles, (section.trace.first + own.at(-1)! + 1) * bin_cycles);
    return { from: start, to: end, mean: own.reduce((sum, bin) => sum + ends[bin]!, 0) / own.length };
  });
}

/** Mean over the window, while the section runs; null: it does not. */
export function meanIn(run: RunView, section: SectionView, use: GroupOccupancy, window: Window): number | null {
  return piecesOf(run, section, use, window, 1)[0]?.mean ?? null;
}

/** Bins whose end lies in the window and in a run of the section. */
function binsRunning(run: RunView, { trace, spans }: SectionView, window: Window): readonly number[] {
  const { bin_cycles } = run.trace;
  return Array.from({ length: trace.bins }, (_, bin) => bin).filter((bin) => {
    const end = Math.min(run.trace.cycles, (trace.first + bin + 1) * bin_cycles) - 1;
    if (end < window.from || end >= window.to) return false;
    return spans.some((span) => overlap(end, end + 1, span.start + span.configuring_cycles, span.start + span.cycles) > 0);
  });
}
