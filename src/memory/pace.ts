/**
 * How fast a channel serves a section's bursts, and how late each is alone: found by putting them through the very controller that runs command by command, at saturation. What
 * it reaches between refreshes is the time a burst, and what a refresh costs is a window without service.
 */

import type { ServerSpec } from "../engine/server.ts";
import { type TierTiming, tierTiming } from "../machine/derived.ts";
import type { DramSpec, Machine } from "../machine/machine.ts";
import { COMMANDS, dramServer } from "./dram-server.ts";
import { burstsOf, type Stream, type StreamBurst } from "./streams.ts";
import type { PlacedTier } from "./tiers.ts";

export interface StreamPace {
  /** Ticks a burst, as a fraction. */
  readonly ticks: number;
  readonly bursts: number;
  /** Ticks from when a burst is seen alone to the last of its data. */
  readonly latency: number;
  /** Every so many ticks one refresh, and the ticks of service that it costs. */
  readonly refresh: { readonly interval: number; readonly duration: number } | null;
  /** Rows opened and closed for each burst. */
  readonly activates: number;
  readonly precharges: number;
}

/** Bursts that are measured between refreshes, the first quarter to warm up; and fewer than these tell nothing. */
const SAMPLE = 4096;
const LEAST = 64;
const ALONE = 128;
/** Refresh intervals that are measured after the first. */
const INTERVALS = 2;

/** The pace of the channels of a tier that `dram` makes up; of one long read where the streams are too short to tell. */
export function measurePace(machine: Machine, tier: PlacedTier, streams: readonly Stream[]): StreamPace {
  const dram = tier.spec.dram!;
  const found = burstsOf(streams, SAMPLE);
  const bursts = found.length < LEAST ? oneRead() : found;
  const window = windowOf(machine, tier, new Set(bursts.map(({ stream }) => stream)).size);
  const free = saturate(without(dram), bursts, window);
  const warm = Math.floor(bursts.length / 4);
  const mean = (free.ticks.at(-1)! - free.ticks[warm]!) / (bursts.length - 1 - warm);
  const { ticks, bursts: of } = fraction(Math.max(tier.spec.burst_clocks, mean));
  const [activates, precharges] = COMMANDS.map((_, i) => free.counts[i]! / bursts.length) as [number, number];
  return { ticks, bursts: of, latency: latencyAlone(without(dram), bursts), refresh: refreshCost(dram, bursts, window, ticks / of), activates, precharges };
}

/** Bursts of a stream that are at a channel at one time: its share of what may be outstanding, and together enough to fill the queues. */
function windowOf({ ag }: Machine, { spec }: PlacedTier, streams: number): number {
  const { read_entries, write_entries } = spec.dram!.controller;
  return Math.ceil(Math.max(ag.outstanding / spec.channels, (read_entries + write_entries) / streams));
}

const oneRead = (): StreamBurst[] => Array.from({ length: SAMPLE }, (_, i) => ({ word: 2 * i, stream: 0 }));

const without = (dram: DramSpec): DramSpec => ({ ...dram, controller: { ...dram.controller, refresh: "none" } });

interface Saturated {
  /** Completions, in order. */
  readonly ticks: readonly number[];
  readonly counts: Float64Array;
}

/** Each stream has up to `window` bursts at the channel; a burst comes when all before it have come and its stream may. `until`: the list again and again. */
function saturate(dram: DramSpec, bursts: readonly StreamBurst[], window: number, until?: number): Saturated {
  const spec: ServerSpec = dramServer(dram, 0);
  const counts = new Float64Array(spec.counters.length);
  const server = spec.create(0, counts);
  const under = new Map<number, number>();
  const ticks: number[] = [];
  let [now, sent] = [0, 0];
  const complete = (stream: number, tick: number): void => {
    under.set(stream, under.get(stream)! - 1);
    ticks.push(tick);
  };
  const isOver = (): boolean => (until === undefined ? ticks.length === bursts.length : now >= until);
  while (!isOver()) {
    for (; until !== undefined || sent < bursts.length; sent++) {
      const { word, stream } = bursts[sent % bursts.length]!;
      const here = under.get(stream) ?? 0;
      if (here >= window) break;
      under.set(stream, here + 1);
      server.take(now, word, stream);
    }
    now = Math.max(now + 1, server.earliest());
    server.run(now, complete);
  }
  return { ticks: ticks.sort((a, b) => a - b), counts };
}

/** Mean over the first bursts, one after the other. */
function latencyAlone(dram: DramSpec, bursts: readonly StreamBurst[]): number {
  const spec = dramServer(dram, 0);
  const server = spec.create(0, new Float64Array(spec.counters.length));
  const some = bursts.slice(0, ALONE);
  let [now, sum] = [0, 0];
  for (const { word } of some) {
    const seen = now;
    server.take(seen, word, 0);
    for (let isDone = false; !isDone; ) {
      server.run(++now, (_tag, tick) => {
        isDone = true;
        sum += tick - seen;
        now = Math.max(now, tick);
      });
    }
    server.run(now, () => {});
  }
  return sum / some.length;
}

/** Of the bursts that fit between two refreshes, `interval` apart, those that did not come: as ticks of service. */
function refreshCost(dram: DramSpec, bursts: readonly StreamBurst[], window: number, mean: number): StreamPace["refresh"] {
  if (dram.controller.refresh === "none") return null;
  const { interval } = dramServer(dram, 0);
  const { ticks } = saturate(dram, bursts, window, (INTERVALS + 1) * interval + 1);
  const served = ticks.filter((tick) => tick > interval && tick <= (INTERVALS + 1) * interval).length;
  return { interval, duration: Math.max(0, interval - (served * mean) / INTERVALS) };
}

/** Largest deviation of a fraction from what it stands for. */
const PRECISION = 0.0005;

/** The simplest fraction near enough: it decides how soon a state can recur. */
function fraction(value: number): Pick<StreamPace, "ticks" | "bursts"> {
  for (let bursts = 1; ; bursts++) {
    const ticks = Math.round(value * bursts);
    if (Math.abs(ticks / bursts - value) <= PRECISION * value) return { ticks, bursts };
  }
}

/** As the engine's resources want it: service counts whole ticks of a clock that is so much finer. */
export function timingOf(machine: Machine, { spec }: PlacedTier, { ticks, bursts, latency, refresh }: StreamPace): TierTiming {
  const { clock, latency: beyond } = tierTiming(machine, spec);
  const alone = ((latency - ticks / bursts) * clock.denominator) / clock.numerator;
  return {
    service: ticks,
    latency: beyond + Math.max(0, Math.round(alone)),
    clock: { numerator: clock.numerator * bursts, denominator: clock.denominator },
    ...(refresh === null ? {} : { refresh: { interval: refresh.interval * bursts, duration: Math.round(refresh.duration * bursts) } }),
  };
}
