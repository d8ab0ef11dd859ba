/**
 * How full channels were: slots in use at the end of each bin, from the firings of the nests at both ends. A stream's slot is taken when the firing that makes its token
 * begins, and free again once the token is popped: what is still in a pipeline or on the way counts. A buffer is taken while it is filled, full or read.
 */

import type { SceneChannel } from "../../src/scene/scene.ts";
import { firingSumsOf } from "./firings.ts";
import type { RunView, SectionView, Sums } from "./run.ts";
import { grouped } from "./stages.ts";
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
}

export function channelGroups(run: RunView): readonly ChannelGroup[] {
  return run.sections.flatMap((section) => {
    const waits = waitsOf(section);
    const groups = grouped(section.scene.channels, (channel) => `${nameOf(section, channel)} ${channel.kind}`);
    return [...groups.values()].map((channels) => groupOf(section, nameOf(section, channels[0]!), channels, waits));
  });
}

/** Each channel of a group by itself, by its id. */
export function singleChannels({ section, channels }: ChannelGroup): readonly ChannelGroup[] {
  const waits = waitsOf(section);
  return channels.map((channel) => groupOf(section, channel.id, [channel], waits));
}

function groupOf(section: SectionView, name: string, channels: readonly SceneChannel[], waits: ReadonlyMap<string, number>): ChannelGroup {
  const sum = (state: "starved" | "blocked"): number => channels.reduce((total, { id }) => total + (waits.get(`${state} ${id}`) ?? 0), 0);
  const tokens = channels.reduce((total, channel) => total + channel.tokens, 0);
  return { ...{ section, name, kind: channels[0]!.kind, channels, tokens }, starved: sum("starved"), blocked: sum("blocked") };
}

/** Labels of copies, without their numbers; of a buffer, which stays in its unit, what its nests do. */
function nameOf({ scene }: SectionView, { kind, source, sinks }: SceneChannel): string {
  const end = ({ unit, nest }: SceneChannel["source"]): string => {
    const { label, nests } = scene.units[unit]!;
    const role = label.replace(/\[[^\]]*\]$/, "");
    return nests.length === 1 ? role : `${role} ${nests[nest]!.work}`;
  };
  const [from, to] = [end(source), [...new Set(sinks.map(end))].join(", ")];
  return kind === "buffer"
    ? `in ${scene.units[source.unit]!.label.replace(/\[[^\]]*\]$/, "")}: ${from.split(" ").at(-1)} > ${to.split(" ").at(-1)}`
    : `${from} > ${to}`;
}

function waitsOf({ units }: SectionView): ReadonlyMap<string, number> {
  const waits = new Map<string, number>();
  for (const { result } of units) {
    for (const { state, channel, cycles } of result.causes) waits.set(`${state} ${channel}`, cycles + (waits.get(`${state} ${channel}`) ?? 0));
  }
  return waits;
}

/** Of the bins of a section's columns, `ends[b]`: slots in use at the end of bin b, of `slots`. */
export interface Occupancy {
  readonly ends: Float64Array;
  readonly slots: number;
}

/** The sinks of channels, each by itself; null where it cannot be told from firings: nothing was recorded, or data decides how many firings a token takes. */
export function occupancies(run: RunView, section: SectionView, channel: SceneChannel): readonly (Occupancy | null)[] {
  const sumsOf = ({ unit, nest }: SceneChannel["source"]): Sums => firingSumsOf(section, unit, nest);
  const made = sumsOf(channel.source);
  return channel.sinks.map((sink, s) => {
    if (run.trace.origin === "means") return null;
    const used = sumsOf(sink);
    const slots = channel.slots[s]!;
    const ends = new Float64Array(section.trace.bins);
    for (let bin = 0; bin < ends.length; bin++)
      ends[bin] = inUse(channel, made[bin + 1]! / channel.source.firings_per_token, used[bin + 1]! / sink.firings_per_token);
    return ends.every((count) => count >= 0 && count <= slots) ? { ends, slots } : null;
  });
}

function inUse({ kind, initial }: SceneChannel, made: number, used: number): number {
  return initial + (kind === "buffer" ? Math.ceil(made) - Math.floor(used) : Math.floor(made) - Math.ceil(used));
}

/** Of the channels of a group, each with all its sinks. */
export interface GroupOccupancy {
  /** Those that could be told. */
  readonly sinks: readonly Occupancy[];
  /** Sinks in all. */
  readonly all: number;
  /** By bin of the section's columns, over the sinks. */
  readonly mean: Float64Array;
  readonly least: Float64Array;
  readonly most: Float64Array;
  /** Of one sink: where they differ, the most. */
  readonly slots: number;
}

/** Null: none could be told. */
export function groupOccupancy(run: RunView, { section, channels }: Pick<ChannelGroup, "section" | "channels">): GroupOccupancy | null {
  const all = channels.flatMap((channel) => occupancies(run, section, channel));
  const sinks = all.filter((one): one is Occupancy => one !== null);
  if (sinks.length === 0) return null;
  const { bins } = section.trace;
  const [mean, least, most] = [new Float64Array(bins), new Float64Array(bins).fill(Number.POSITIVE_INFINITY), new Float64Array(bins)];
  for (const { ends } of sinks) {
    for (let bin = 0; bin < bins; bin++) {
      mean[bin]! += ends[bin]! / sinks.length;
      least[bin] = Math.min(least[bin]!, ends[bin]!);
      most[bin] = Math.max(most[bin]!, ends[bin]!);
    }
  }
  return { sinks, all: all.length, mean, least, most, slots: Math.max(...sinks.map(({ slots }) => slots)) };
}

/** Over samples: sinks x bins that end in the window while the section runs. */
export interface Fill {
  readonly samples: number;
  /** Shares of the samples. */
  readonly empty: number;
  readonly full: number;
  /** Most slots in use, and their mean. */
  readonly peak: number;
  readonly mean: number;
  /** Ten, from nearly empty to nearly full: shares of the samples. */
  readonly tenths: readonly number[];
}

export function fillOf(run: RunView, section: SectionView, { sinks }: GroupOccupancy, window: Window): Fill {
  const running = binsRunning(run, section, window);
  const tenths = new Array<number>(10).fill(0);
  let [empty, full, peak, sum] = [0, 0, 0, 0];
  for (const { ends, slots } of sinks) {
    for (const bin of running) {
      const used = ends[bin]!;
      sum += used;
      if (used === 0) empty++;
      if (used === slots) full++;
      if (used > peak) peak = used;
      tenths[Math.min(9, Math.floor((10 * used) / slots))]!++;
    }
  }
  const samples = sinks.length * running.length;
  const share = (count: number): number => (samples === 0 ? 0 : count / samples);
  return { samples, empty: share(empty), full: share(full), peak, mean: share(sum), tenths: tenths.map(share) };
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
