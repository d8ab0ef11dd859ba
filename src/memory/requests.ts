/**
 * The bursts that an address generator asks for, firing by firing. Which channel has a burst is channelOf's to say. Bursts that
 * the nest's request before already touched are not asked for again, so a walk along memory moves each burst once. Lanes that are not valid ask
 * for nothing. A store of part of a burst takes the whole burst's time (write masks; nothing is read before).
 * Hot path: called once for each firing, 10^8 times in a long run; full vectors along the innermost loop cost one addition and two divisions.
 */

import { gcd } from "../base/gcd.ts";
import type { RequestSource, SourceWords } from "../engine/network.ts";
import type { Access, TensorLayout } from "../fabric/fabric.ts";
import { advance, advanceInner, findLanes, firingNumber, fullRun, makeWalk, seek, type Walk, type Walkable } from "../fabric/walk.ts";
import type { TierSpec } from "../machine/machine.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import { type Lattice, latticeOf, periodOf, repeatsOf, stepsIn } from "./recurrence.ts";
import type { PlacedTier } from "./tiers.ts";

export interface CountingSource extends RequestSource {
  /** Bursts asked for so far. */
  bursts(): number;
}

interface Requests {
  readonly base_bytes: number;
  readonly elementBytes: number;
  readonly burst_bytes: number;
  /** Bursts before the next channel's turn. */
  readonly burstsPerTurn: number;
  readonly order: ChannelOrder;
  readonly firstResource: number;
  /** Added to twice the number that a burst has in its channel, where servers are told it: 0 or 1 for a write; -1: nobody is told. */
  readonly mark: number;
  /** Stands at the first firing of the run under way: full vectors along the innermost loop, or one firing with part of a vector. */
  readonly walk: Walk;
  readonly lattice: Lattice;
  /** Firings of the run, and how many of them are still to come. */
  length: number;
  left: number;
  /** Element number of lane 0 at the next firing, its step along the run, and the run's valid lanes. */
  element: number;
  elementStep: number;
  lo: number;
  hi: number;
  /** Bursts that the last request touched; last < first before any. */
  first: number;
  last: number;
  /** Bursts asked for so far. */
  count: number;
}

/** The source of a load or, where it `writes`, of a store nest, at its first firing. */
export function requestSource(nest: Walkable, access: Access, layout: TensorLayout, tier: PlacedTier, writes: boolean): CountingSource {
  const requests = makeRequests(makeWalk(nest, access), layout, tier, writes);
  const vectorBytes = Math.ceil(nest.lanes * requests.elementBytes);
  return {
    maxBursts: Math.floor((vectorBytes - 1) / requests.burst_bytes) + 2,
    next: (_n, into, _inputs, words) => nextBursts(requests, into, words),
    repeats: (firings) => repeatsOf(requests.lattice, nextFiring(requests), firings, rotationOf(requests)),
    shift: (calls, period) => shift(requests, calls, period),
    ...(requests.mark < 0 ? {} : { words: wordsOf(requests, tier.first) }),
    bursts: () => requests.count,
  };
}

/** What a server is told grows by two for each burst of its channel. */
function wordsOf({ lattice, elementBytes, burst_bytes, order }: Requests, family: number): SourceWords {
  const [grown, bytes] = [2 * elementBytes, burst_bytes * order.channels];
  return {
    family,
    moves: (firings) => (grown * stepsIn(lattice, firings)) / bytes,
    period: (stride) => periodOf(lattice, (stride * bytes) / gcd(stride * bytes, grown)),
  };
}

function makeRequests(walk: Walk, layout: TensorLayout, { spec, first }: PlacedTier, writes: boolean): Requests {
  return {
    base_bytes: layout.base_bytes,
    elementBytes: bytesOf(layout.dtype),
    burst_bytes: spec.burst_bytes,
    burstsPerTurn: spec.interleave_bytes / spec.burst_bytes,
    order: channelOrder(spec),
    firstResource: first,
    mark: spec.fidelity === "detailed" ? Number(writes) : -1,
    walk,
    lattice: latticeOf(walk),
    ...{ length: 0, left: 0, element: 0, elementStep: 0, lo: 0, hi: 0 },
    ...{ first: 0, last: -1, count: 0 },
  };
}

function nextBursts(requests: Requests, into: Int32Array | null, words: Float64Array | null): number {
  if (requests.left === 0) startRun(requests);
  const { lo, hi, element, base_bytes, elementBytes, burst_bytes } = requests;
  requests.left--;
  requests.element = element + requests.elementStep;
  if (lo === hi) return 0;
  const first = Math.floor((base_bytes + (element + lo) * elementBytes) / burst_bytes);
  const last = Math.ceil((base_bytes + (element + hi) * elementBytes) / burst_bytes) - 1;
  return askFor(requests, first, last, into, words);
}

function askFor(requests: Requests, first: number, last: number, into: Int32Array | null, words: Float64Array | null): number {
  const { burstsPerTurn, firstResource, order, mark } = requests;
  let asked = 0;
  for (let burst = first; burst <= last; burst++) {
    if (burst >= requests.first && burst <= requests.last) continue;
    if (into !== null) into[asked] = firstResource + channelOf(Math.floor(burst / burstsPerTurn), order);
    if (words !== null && mark >= 0) words[asked] = 2 * numberInChannel(burst, burstsPerTurn, order.channels) + mark;
    asked++;
  }
  requests.first = first;
  requests.last = last;
  requests.count += asked;
  return asked;
}

/** Each channel has one line of each stripe. */
export function numberInChannel(burst: number, burstsPerTurn: number, channels: number): number {
  return Math.floor(burst / (burstsPerTurn * channels)) * burstsPerTurn + (burst % burstsPerTurn);
}

/** The skewed order begins again after the first power of the channels that reaches so many lines: TierSpec.interleave. */
const SPREAD_LINES = 1024;

/** Which channel has which line, with the stripe looked up last. */
export interface ChannelOrder {
  readonly channels: number;
  /** Terms that follow the line's own number in the skewed order; 0: linear. */
  readonly turns: number;
  stripe: number;
  /** What the turns add to the lines of that stripe. */
  shift: number;
}

export function channelOrder({ channels, interleave }: Pick<TierSpec, "channels" | "interleave">): ChannelOrder {
  let turns = 0;
  if (interleave === "skewed" && channels > 1) for (let lines = channels; lines < SPREAD_LINES || turns < 2; lines *= channels) turns++;
  return { channels, turns, stripe: -1, shift: 0 };
}

/** The channel that has a line. Lines of one stripe share their turns, so those are kept. */
export function channelOf(line: number, order: ChannelOrder): number {
  const { channels } = order;
  const stripe = Math.floor(line / channels);
  if (stripe !== order.stripe) {
    order.stripe = stripe;
    order.shift = 0;
    for (let turn = 0, rest = stripe; turn < order.turns; turn++, rest = Math.floor(rest / channels)) order.shift += rest;
    order.shift %= channels;
  }
  const turned = line - stripe * channels + order.shift;
  return turned < channels ? turned : turned - channels;
}

/** Past the run that has ended, to the next. */
function startRun(requests: Requests): void {
  const { walk, length } = requests;
  if (length > 0) {
    advanceInner(walk, length - 1);
    advance(walk);
  }
  const full = fullRun(walk);
  if (full === 0) findLanes(walk);
  const inner = walk.trips.length - 1;
  requests.length = Math.max(1, full);
  requests.left = requests.length;
  requests.lo = full === 0 ? walk.lo : 0;
  requests.hi = full === 0 ? walk.hi : walk.lanes;
  requests.element = walk.values[walk.element]!;
  requests.elementStep = inner < 0 ? 0 : walk.steps[inner * walk.values.length + walk.element]!;
}

/** As many firings further: run by run where a run's vectors join up, else one by one. */
function skipFirings(requests: Requests, firings: number): void {
  for (let rest = firings; rest > 0; ) {
    nextBursts(requests, null, null);
    rest--;
    const jump = Math.min(rest, requests.left);
    if (jump === 0 || !joinsUp(requests)) continue;
    skipAlong(requests, jump);
    rest -= jump;
  }
}

/** Does each vector of the run begin inside the one before, or right behind it? Then together they touch every burst in between. */
function joinsUp({ elementStep, lo, hi }: Requests): boolean {
  return elementStep > 0 && elementStep <= hi - lo;
}

/** `jump` firings of a run that joins up, which has begun. */
function skipAlong(requests: Requests, jump: number): void {
  const { last, count, elementStep } = requests;
  requests.element += (jump - 1) * elementStep;
  requests.left -= jump - 1;
  nextBursts(requests, null, null);
  requests.count = count + requests.last - last;
}

/** Number of the firing that comes next. */
function nextFiring({ walk, length, left }: Requests): number {
  return firingNumber(walk) + length - left;
}

/** Elements after which the channels come in the same order. */
function rotationOf({ burst_bytes, burstsPerTurn, elementBytes, order }: Requests): number {
  return (burst_bytes * burstsPerTurn * order.channels ** (order.turns + 1)) / elementBytes;
}

/** `calls` further, where each repeats the one `period` before it: the rest of a period call by call, whole periods at once. */
function shift(requests: Requests, calls: number, period: number): void {
  const periods = Math.floor(calls / period);
  skipFirings(requests, calls - periods * period);
  if (periods === 0) return;
  const next = nextFiring(requests);
  const { walk } = requests;
  const ahead: Requests = { ...requests, walk: { ...walk, counters: walk.counters.slice(), values: walk.values.slice() } };
  skipFirings(ahead, period);
  requests.count += periods * (ahead.count - requests.count);
  requests.last += periods * (ahead.last - requests.last);
  requests.first += periods * (ahead.first - requests.first);
  seek(walk, next + periods * period);
  requests.length = 0;
  requests.left = 0;
}
