/**
 * The least that lets a network finish which cannot: deeper channels, or, where no depth helps, what is missing. Finishing depends on tokens and slots alone
 * (tokens.ts) and deeper channels never hurt, so a change is tried by counting, without time.
 *
 * Every ring of waits that stays when some channels are deepened without bound shows a set of others of which one must be deepened as well. The fewest
 * channels that meet all sets found so far are tried next, until they do; then each of them gets the least depth with which the network finishes.
 */

import type { NetworkSpec } from "./network.ts";
import { endsOf, given, lastFirings, type Stock } from "./tokens.ts";
import { findChain, findWaits, type Wait } from "./waiting.ts";

export type Cure =
  /** `least`: no other change deepens fewer channels or, as few, by fewer slots. */
  | { readonly kind: "deeper"; readonly changes: readonly Deepening[]; readonly least: boolean }
  /** The ends of the channel disagree for good: one pushes `pushed` in all, the other pops `popped`. */
  | { readonly kind: "counts"; readonly channel: number; readonly pushed: number; readonly popped: number }
  /** A ring of waits for tokens alone. One of `starts` cures it: so many tokens that stand in the channel at the start, and the slots that it then needs. */
  | { readonly kind: "tokens"; readonly ring: readonly Wait[]; readonly starts: readonly Start[] }
  /** Too large to be searched. */
  | { readonly kind: "unknown" };

export interface Deepening {
  /** Index of the knob. */
  readonly knob: number;
  /** More slots for each of its channels. */
  readonly slots: number;
}

export interface Start {
  readonly channel: number;
  readonly tokens: number;
  readonly depth: number;
}

/** Channels that can only be deepened together. */
export type Knob = readonly number[];

/** Firings of the shortened network that is searched first. It is lengthened until what cures it cures the whole. */
const FIRST_FIRINGS = 2 ** 17;
const LONGER = 8;

/** `fired`: firings of each process in the last state. `finishes`: the proof, with the stocks of a cure in place of the network's own. `knobs` holds each channel once. */
export function findCure(whole: NetworkSpec, fired: ArrayLike<number>, knobs: readonly Knob[], finishes: (stocks: readonly Stock[]) => boolean): Cure {
  const counts = disagreement(whole, fired);
  if (counts !== null) return counts;
  const rounds = commonRounds(whole);
  const total = whole.processes.reduce((sum, { firings }) => sum + firings, 0);
  for (let share = FIRST_FIRINGS / total; ; share *= LONGER) {
    const length = Math.min(rounds, Math.max(2, Math.floor(share * rounds)));
    const cure = searchCure(shortened(whole, length / rounds), knobs);
    if (cure === "finishes" && length < rounds) continue;
    if (cure === "finishes" || cure === null) return { kind: "unknown" };
    const stocks = stocksOf(whole, knobs, cure);
    if (stocks === null || finishes(stocks)) return cure;
    if (length === rounds) return { kind: "unknown" };
  }
}

/** The channel on which somebody waits in vain for a process that has done all it does. */
function disagreement(spec: NetworkSpec, fired: ArrayLike<number>): Cure | null {
  const { waits, isRing } = findChain(findWaits(spec, fired));
  if (isRing) return null;
  const channel = waits[0]!.channel;
  const { producer, consumer } = endsOf(spec)[channel]!;
  const tokens = ({ process, spec: { period } }: typeof producer): number => spec.processes[process]!.firings / period;
  return { kind: "counts", channel, pushed: tokens(producer), popped: tokens(consumer) };
}

/** Turns of the outermost loop that all processes have in common: their tokens can be cut into as many equal parts. */
function commonRounds({ processes }: NetworkSpec): number {
  return processes.flatMap(({ firings, ports }) => ports.map(({ period }) => firings / period)).reduce(commonDivisor, 0);
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}

/** The first rounds alone: whatever gets stuck in them gets stuck in the whole. */
function shortened(spec: NetworkSpec, share: number): NetworkSpec {
  return { ...spec, processes: spec.processes.map((process) => ({ ...process, firings: Math.round(process.firings * share) })) };
}

/** What the cure changes the channels to; null where it changes none. */
export function stocksOf(spec: NetworkSpec, knobs: readonly Knob[], cure: Cure): readonly Stock[] | null {
  if (cure.kind === "deeper") return deepened(spec, knobs, cure.changes);
  const start = cure.kind === "tokens" ? cure.starts[0] : undefined;
  return start === undefined ? null : spec.channels.map((channel, c) => (c === start.channel ? { depth: start.depth, initial: start.tokens } : channel));
}

/** The network's stocks with some of its channels deepened. */
function deepened({ channels }: NetworkSpec, knobs: readonly Knob[], changes: readonly Deepening[]): readonly Stock[] {
  const more = new Map(changes.flatMap(({ knob, slots }) => knobs[knob]!.map((channel) => [channel, slots] as const)));
  return channels.map((channel, c) => ({ ...channel, depth: channel.depth + (more.get(c) ?? 0) }));
}

// --- the search in one network ---

interface Search {
  readonly spec: NetworkSpec;
  readonly knobs: readonly Knob[];
  /** By channel. */
  readonly knobOf: readonly number[];
}

/** Trials after which the fewest channels are no longer sought. */
const MOST_SETS = 200;

function searchCure(spec: NetworkSpec, knobs: readonly Knob[]): Cure | "finishes" | null {
  const knobOf = new Array<number>(spec.channels.length).fill(-1);
  for (const [knob, channels] of knobs.entries()) for (const channel of channels) knobOf[channel] = knob;
  const search: Search = { spec, knobs, knobOf };
  const sets: (readonly number[])[] = [];
  for (let trial = 0; trial < MOST_SETS; trial++) {
    const set = fewestMeeting(sets);
    const stuck = chainWith(search, new Map(set.map((knob) => [knob, Number.POSITIVE_INFINITY])));
    if (stuck === null) return null;
    if (stuck.length === 0) return set.length === 0 ? "finishes" : leastSlots(search, set, sets);
    const others = [...new Set(stuck.flatMap(({ need, channel }) => (need === "slot" ? [knobOf[channel]!] : [])))];
    if (others.length === 0) return startsOf(search, stuck);
    sets.push(others);
  }
  return null;
}

/** The ring of the last state with these knobs deepened; empty where the network finishes, null where the last state is too far away. */
function chainWith({ spec, knobs }: Search, more: ReadonlyMap<number, number>): readonly Wait[] | null {
  const stocks = deepened(
    spec,
    knobs,
    [...more].map(([knob, slots]) => ({ knob, slots })),
  );
  const fired = lastFirings(spec, stocks);
  return fired && findChain(findWaits(spec, fired, stocks)).waits;
}

/** Steps after which a set that may not be a smallest will do. */
const MOST_EXTENSIONS = 20_000;

/** A smallest set with a member in each of these. */
function fewestMeeting(sets: readonly (readonly number[])[]): readonly number[] {
  let best = greedyMeeting(sets);
  let extensions = 0;
  const extend = (chosen: readonly number[]): void => {
    if (extensions++ >= MOST_EXTENSIONS) return;
    const unmet = sets.filter((set) => !set.some((member) => chosen.includes(member)));
    if (unmet.length === 0) best = chosen;
    else if (chosen.length + disjoint(unmet) < best.length) for (const member of unmet[0]!) extend([...chosen, member]);
  };
  extend([]);
  return best;
}

function greedyMeeting(sets: readonly (readonly number[])[]): readonly number[] {
  const chosen: number[] = [];
  for (const set of sets) if (!set.some((member) => chosen.includes(member))) chosen.push(set[0]!);
  return chosen;
}

/** So many of the sets have no member in common: at least as many members are needed. */
function disjoint(sets: readonly (readonly number[])[]): number {
  const seen = new Set<number>();
  return sets.filter((set) => {
    if (set.some((member) => seen.has(member))) return false;
    for (const member of set) seen.add(member);
    return true;
  }).length;
}

/** Each of the set gets the least slots; a single one may be replaced by another that needs fewer. */
function leastSlots(search: Search, set: readonly number[], sets: readonly (readonly number[])[]): Cure | null {
  const least = set.length === 1;
  const alternatives = least ? sets.reduce((common, other) => common.filter((knob) => other.includes(knob)), sets[0]!).map((knob) => [knob]) : [set];
  const cures = alternatives.flatMap((knobs) => slotsFor(search, knobs) ?? []);
  const cost = (changes: readonly Deepening[]): number => changes.reduce((sum, { knob, slots }) => sum + slots * search.knobs[knob]!.length, 0);
  const found = cures.map(({ changes }) => changes);
  if (found.length === 0) return null;
  return { kind: "deeper", changes: found.reduce((best, changes) => (cost(changes) < cost(best) ? changes : best)), least };
}

/** One after the other gets the least with which the network finishes, those behind it still without bound. Null where they are no cure. */
function slotsFor(search: Search, set: readonly number[]): { readonly changes: readonly Deepening[] } | null {
  const more = new Map(set.map((knob) => [knob, Number.POSITIVE_INFINITY]));
  const finishes = (knob: number, slots: number): boolean => chainWith(search, new Map([...more, [knob, slots]]))?.length === 0;
  for (const knob of set) {
    if (!finishes(knob, Number.POSITIVE_INFINITY)) return null;
    const slots = leastOf((value) => finishes(knob, value));
    if (slots === null) return null;
    more.set(knob, slots);
  }
  return { changes: [...more].map(([knob, slots]) => ({ knob, slots })) };
}

/** The least whole number from 1 on that is enough, where enough stays enough; null where none up to 2^31 is. */
function leastOf(isEnough: (value: number) => boolean): number | null {
  let high = 1;
  while (!isEnough(high))
    if (high < 2 ** 31) high *= 2;
    else return null;
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isEnough(middle)) high = middle;
    else low = middle;
  }
  return high;
}

// --- rings without tokens ---

/** What each channel of the ring would have to hold at the start, the least first; only those with which the network finishes. */
function startsOf({ spec }: Search, ring: readonly Wait[]): Cure {
  const starts = ring.flatMap(({ channel }) => startOf(spec, channel) ?? []);
  return { kind: "tokens", ring, starts: starts.sort((a, b) => a.tokens - b.tokens || a.depth - b.depth) };
}

function startOf(spec: NetworkSpec, channel: number): Start | null {
  const { depth, initial = 0 } = spec.channels[channel]!;
  const { producer } = endsOf(spec)[channel]!;
  const most = given(producer.spec, spec.processes[producer.process]!.firings);
  const finishes = (tokens: number, slots: number): boolean => finishesWith(spec, channel, { depth: slots, initial: tokens });
  if (!finishes(initial + most, depth + most)) return null;
  const more = leastOf((value) => finishes(initial + value, depth + value));
  if (more === null) return null;
  const tokens = initial + more;
  const slots = Math.max(depth, tokens);
  const room = finishes(tokens, slots) ? 0 : leastOf((value) => finishes(tokens, slots + value));
  return room === null ? null : { channel, tokens, depth: slots + room };
}

function finishesWith(spec: NetworkSpec, channel: number, stock: Stock): boolean {
  const fired = lastFirings(
    spec,
    spec.channels.map((own, c) => (c === channel ? stock : own)),
  );
  return fired?.every((count, p) => count === spec.processes[p]!.firings) ?? false;
}
