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
const MOST_TICKS = 2 ** 31;
/** Refresh intervals that are measured after the first. */
const INTERVALS = 2;

/** The pace of the channels of a tier that `dram` makes up; of one long read where the streams are too short to tell. */
export function measurePace(machine: Machine, tier: PlacedTier, streams: readonly Stream[]): StreamPace {
  const dram = tier.spec.dram!;
  const found = burstsOf(streams, SAMPLE);
  const bursts = found.length < LEAST ? oneRead() : found;
  const demand = demandOf(machine, tier, found === bursts ? streams : []);
  const key = JSON.stringify([demand, bursts.map(({ word, stream }) => [word, stream])]);
  const known = measured.get(dram) ?? new Map<string, StreamPace>();
  const pace = known.get(key) ?? measure(tier, bursts, demand);
  if (known.size >= MOST_KNOWN) known.clear();
  measured.set(dram, known.set(key, pace));
  return pace;
}

/** What was measured, for sections that ask for the same bursts. */
const measured = new WeakMap<DramSpec, Map<string, StreamPace>>();
const MOST_KNOWN = 64;

function measure({ spec }: PlacedTier, bursts: readonly StreamBurst[], demand: Demand): StreamPace {
  const dram = spec.dram!;
  const unrefreshed: DramSpec = { ...dram, controller: { ...dram.controller, refresh: "none" } };
  const free = saturate(unrefreshed, bursts, demand);
  const warm = Math.floor(bursts.length / 4);
  const mean = (free.ticks.at(-1)! - free.ticks[warm]!) / (bursts.length - 1 - warm);
  const { ticks, bursts: of } = fraction(Math.max(spec.burst_clocks, mean));
  const [activates, precharges] = COMMANDS.map((_, i) => free.counts[i]! / bursts.length) as [number, number];
  return { ticks, bursts: of, latency: latencyAlone(unrefreshed, bursts), refresh: refreshCost(dram, bursts, demand, ticks / of), activates, precharges };
}

/** What the streams' generators may have under way together, so many firings each; at least what fills the queues, and what keeps the pins busy until answers are back. */
function demandOf(machine: Machine, { spec }: PlacedTier, streams: readonly Stream[]): Demand {
  const { read_entries, write_entries } = spec.dram!.controller;
  const { latency, clock } = tierTiming(machine, spec);
  const back = Math.ceil(((latency + machine.ag.latency_cycles) * clock.numerator) / clock.denominator);
  return {
    total: Math.ceil(
      Math.max(
        (machine.ag.outstanding / spec.channels) * streams.reduce((sum, { meanBursts }) => sum + meanBursts, 0),
        read_entries + write_entries,
        back / spec.burst_clocks,
      ),
    ),
    back,
  };
}

const oneRead = (): StreamBurst[] => Array.from({ length: SAMPLE }, (_, i) => ({ word: 2 * i, stream: 0 }));

/** Bursts that are under way at one time, and ticks from the completion of one to the next. */
interface Demand {
  readonly total: number;
  readonly back: number;
}

interface Saturated {
  /** Completions, in order. */
  readonly ticks: readonly number[];
  readonly counts: Float64Array;
}

/**
 * Each stream has up to its share of `total` bursts under way, from when it sends one until `back` ticks after that is complete: by its share of the list, so that none holds the
 * others up, since how late one generator's answers are is no time of the channel. None is further ahead of the last than `total`, and a write comes after the reads before it.
 * `until`: the list again and again.
 */
function saturate(dram: DramSpec, bursts: readonly StreamBurst[], { total, back }: Demand, until?: number): Saturated {
  const spec: ServerSpec = dramServer(dram, 0);
  const counts = new Float64Array(spec.counters.length);
  const server = spec.create(0, counts);
  const places = placesOf(bursts);
  const streams = places.length;
  const windows = places.map(({ length }) => Math.ceil((total * length) / bursts.length));
  const writes = places.map(([first]) => bursts[first!]!.word % 2 === 1);
  const sent = new Float64Array(streams);
  const under = new Float64Array(streams);
  /** Places of each stream's next burst, and of the first that is under way. */
  const next = Float64Array.from(places, ([first]) => first!);
  const oldest = Float64Array.from(next);
  const placeAt = (stream: number, n: number): number => {
    const own = places[stream]!;
    if (n < own.length) return own[n]!;
    return until === undefined ? Number.POSITIVE_INFINITY : Math.floor(n / own.length) * bursts.length + own[n % own.length]!;
  };
  const setUnder = (stream: number, change: number): void => {
    under[stream]! += change;
    oldest[stream] = placeAt(stream, sent[stream]! - under[stream]!);
  };
  const send = (now: number): void => {
    let [ahead, read] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let stream = 0; stream < streams; stream++) {
      if (next[stream]! + total < ahead) ahead = next[stream]! + total;
      if (!writes[stream] && oldest[stream]! < read) read = oldest[stream]!;
    }
    for (let stream = 0; stream < streams; stream++) {
      const end = writes[stream] ? Math.min(ahead, read) : ahead;
      while (under[stream]! < windows[stream]! && next[stream]! < end) {
        server.take(now, bursts[next[stream]! % bursts.length]!.word, stream);
        next[stream] = placeAt(stream, ++sent[stream]!);
        setUnder(stream, 1);
      }
    }
  };
  const ticks: number[] = [];
  /** Completions that their generator does not know of yet, by tick. */
  const unseen: { readonly tick: number; readonly stream: number }[] = [];
  let seen = 0;
  const complete = (stream: number, tick: number): void => {
    let at = unseen.length;
    while (at > seen && unseen[at - 1]!.tick > tick) at--;
    unseen.splice(at, 0, { tick, stream });
    ticks.push(tick);
  };
  const isOver = (now: number): boolean => (until === undefined ? ticks.length === bursts.length : now >= until);
  for (let now = 0; !isOver(now); ) {
    while (seen < unseen.length && unseen[seen]!.tick + back <= now) setUnder(unseen[seen++]!.stream, -1);
    send(now);
    const known = seen < unseen.length ? unseen[seen]!.tick + back : Number.POSITIVE_INFINITY;
    now = Math.max(now + 1, Math.min(server.earliest(), known));
    if (now > MOST_TICKS) throw new Error("the controller serves no bursts any more");
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
