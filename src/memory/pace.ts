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
  const demand = demandOf(machine, tier, new Set(bursts.map(({ stream }) => stream)).size);
  const free = saturate(without(dram), bursts, demand);
  const warm = Math.floor(bursts.length / 4);
  const mean = (free.ticks.at(-1)! - free.ticks[warm]!) / (bursts.length - 1 - warm);
  const { ticks, bursts: of } = fraction(Math.max(tier.spec.burst_clocks, mean));
  const [activates, precharges] = COMMANDS.map((_, i) => free.counts[i]! / bursts.length) as [number, number];
  return { ticks, bursts: of, latency: latencyAlone(without(dram), bursts), refresh: refreshCost(dram, bursts, demand, ticks / of), activates, precharges };
}

/** A stream's share of what may be outstanding; together at least enough to fill the queues. */
function demandOf(machine: Machine, { spec }: PlacedTier, streams: number): Demand {
  const { read_entries, write_entries } = spec.dram!.controller;
  const { latency, clock } = tierTiming(machine, spec);
  return {
    window: Math.ceil(Math.max(machine.ag.outstanding / spec.channels, (read_entries + write_entries) / streams)),
    back: Math.ceil(((latency + machine.ag.latency_cycles) * clock.numerator) / clock.denominator),
  };
}

const oneRead = (): StreamBurst[] => Array.from({ length: SAMPLE }, (_, i) => ({ word: 2 * i, stream: 0 }));

const without = (dram: DramSpec): DramSpec => ({ ...dram, controller: { ...dram.controller, refresh: "none" } });

/** Bursts of a stream that are under way at one time, and ticks from the completion of one to the next. */
interface Demand {
  readonly window: number;
  readonly back: number;
}

interface Saturated {
  /** Completions, in order. */
  readonly ticks: readonly number[];
  readonly counts: Float64Array;
}

/**
 * Each stream has up to `window` bursts under way, from when it sends one until `back` ticks after that is complete, none is further ahead of the last than that is of them
 * all, and a write comes after the reads before it. `until`: the list again and again.
 */
function saturate(dram: DramSpec, bursts: readonly StreamBurst[], { window, back }: Demand, until?: number): Saturated {
  const spec: ServerSpec = dramServer(dram, 0);
  const counts = new Float64Array(spec.counters.length);
  const server = spec.create(0, counts);
  const places = placesOf(bursts);
  const sent = places.map(() => 0);
  const under = places.map(() => 0);
  const ticks: number[] = [];
  const writes = places.map(([first]) => bursts[first!]!.word % 2 === 1);
  const placeAt = (stream: number, n: number): number => {
    const own = places[stream]!;
    const turn = Math.floor(n / own.length);
    return until === undefined && turn > 0 ? Number.POSITIVE_INFINITY : turn * bursts.length + own[n % own.length]!;
  };
  const placeOf = (stream: number): number => placeAt(stream, sent[stream]!);
  const send = (now: number): void => {
    const ahead = Math.min(...places.map((_, stream) => placeOf(stream))) + window * places.length;
    const read = Math.min(...places.map((_, stream) => (writes[stream] ? Number.POSITIVE_INFINITY : placeAt(stream, sent[stream]! - under[stream]!))));
    for (let stream = 0; stream < places.length; stream++) {
      const end = writes[stream] ? Math.min(ahead, read) : ahead;
      for (; under[stream]! < window && placeOf(stream) < end; sent[stream]!++, under[stream]!++) {
        server.take(now, bursts[placeOf(stream) % bursts.length]!.word, stream);
      }
    }
  };
  const returns: { readonly at: number; readonly stream: number }[] = [];
  const complete = (stream: number, tick: number): void => {
    returns.push({ at: tick + back, stream });
    ticks.push(tick);
  };
  const takeBack = (now: number): void => {
    let kept = 0;
    for (const { at, stream } of returns) {
      if (at <= now) under[stream]!--;
      else returns[kept++] = { at, stream };
    }
    returns.length = kept;
  };
  const isOver = (now: number): boolean => (until === undefined ? ticks.length === bursts.length : now >= until);
  for (let now = 0; !isOver(now); ) {
    takeBack(now);
    send(now);
    now = Math.max(now + 1, Math.min(server.earliest(), ...returns.map(({ at }) => at)));
    server.run(now, complete);
  }
  return { ticks: ticks.sort((a, b) => a - b), counts };
}

/** Of each stream that has any: where its bursts stand in the list. */
function placesOf(bursts: readonly StreamBurst[]): readonly (readonly number[])[] {
  const places = new Map<number, number[]>();
  bursts.forEach(({ stream }, i) => {
    const own = places.get(stream);
    if (own === undefined) places.set(stream, [i]);
    else own.push(i);
  });
  return [...places.values()];
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
function refreshCost(dram: DramSpec, bursts: readonly StreamBurst[], demand: Demand, mean: number): StreamPace["refresh"] {
  if (dram.controller.refresh === "none") return null;
  const { interval } = dramServer(dram, 0);
  const { ticks } = saturate(dram, bursts, demand, (INTERVALS + 1) * interval + 1);
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
