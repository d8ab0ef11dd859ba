/**
 * Which bank of a scratchpad has which word, and how many ticks (turns) a vector takes for it: the most words that it wants of one bank. One definition for the compiler's
 * choice, the verifier and the simulation. Words are numbered in their buffer, so that all buffers of a scratch memory lie alike. A word that several lanes read is read once.
 */

import { gcd } from "../base/gcd.ts";
import type { Banking } from "../machine/machine.ts";
import type { Access, Affine, Scratch } from "./fabric.ts";
import { advance, everCuts, findLanes, makeWalk, type Walk, type Walkable } from "./walk.ts";

/** How a scratch memory lies over the banks: machine.ts says what each scheme means. */
export interface BankMap {
  readonly scheme: Banking;
  readonly banks: number;
  readonly shape: readonly number[];
  /** Words between neighbours along each dimension. */
  readonly strides: readonly number[];
  /** Words from row to row of the last dimension; of a memory of one row, all of them. */
  readonly pitch: number;
  /** Words of a bank where each has a block. */
  readonly block: number;
}

type Layout = Pick<Scratch, "shape" | "strides" | "banking">;

export function bankMapOf({ shape, strides = packedStrides(shape), banking = "cyclic" }: Layout, banks: number): BankMap {
  const words = wordsIn(shape, strides);
  return { scheme: banking, banks, shape, strides, pitch: strides.at(-2) ?? words, block: Math.ceil(words / banks) };
}

export function bankOf({ scheme, banks, pitch, block }: BankMap, word: number): number {
  switch (scheme) {
    case "block":
      return Math.floor(word / block);
    case "cyclic":
      return word % banks;
    case "hashed": {
      let bank = 0;
      for (let rest = word; rest > 0 && banks > 1; rest = Math.floor(rest / banks)) bank ^= rest % banks;
      return bank;
    }
    case "diagonal":
      return ((word % pitch) + Math.floor(word / pitch)) % banks;
  }
}

/** The word that has the element of that number, row-major in the shape. */
export function wordOf({ shape, strides }: BankMap, element: number): number {
  let word = 0;
  for (let d = shape.length - 1, rest = element; d >= 0; d--) {
    word += (rest % shape[d]!) * strides[d]!;
    rest = Math.floor(rest / shape[d]!);
  }
  return word;
}

/** From the first to the last, padding included. */
export function wordsIn(shape: readonly number[], strides: readonly number[]): number {
  return shape.reduce((last, extent, d) => last + (extent - 1) * strides[d]!, 1);
}

/** Words between two lanes of an access to a scratch memory, with the padding of its rows. */
export function laneStride({ dims, shape }: Access, strides: readonly number[] = packedStrides(shape)): number {
  return dims.reduce((sum, dim, d) => sum + dim.lane * strides[d]!, 0);
}

/** Row-major, without padding. */
export function packedStrides(shape: readonly number[]): readonly number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let d = shape.length - 2; d >= 0; d--) strides[d] = strides[d + 1]! * shape[d + 1]!;
  return strides;
}

// --- vectors of which each word is put in by itself ---

/** The words of one vector by bank. Hot path: one step a lane; to find a word that is there already, the words of its bank are chained. */
export interface BankCounter {
  readonly map: BankMap;
  readonly isPacked: boolean;
  readonly filled: Int32Array;
  /** Of each bank the word put in last, of each word the one before it in its bank: places in `words`, counted from 1; 0: none. */
  readonly last: Int32Array;
  readonly before: Int32Array;
  readonly words: Float64Array;
  size: number;
  /** Words in the fullest bank. */
  fullest: number;
}

export function makeBankCounter(map: BankMap, lanes: number): BankCounter {
  const packed = packedStrides(map.shape);
  return {
    map,
    isPacked: map.strides.every((stride, d) => stride === packed[d]),
    filled: new Int32Array(map.banks),
    last: new Int32Array(map.banks),
    before: new Int32Array(lanes + 1),
    words: new Float64Array(lanes + 1),
    ...{ size: 0, fullest: 0 },
  };
}

export function clearBanks(counter: BankCounter): void {
  counter.filled.fill(0);
  counter.last.fill(0);
  counter.size = 0;
  counter.fullest = 0;
}

/** Takes a turn of its own. */
export function putWord(counter: BankCounter, word: number): void {
  fill(counter, bankOf(counter.map, word));
}

/** The same for the element of that number. */
export function putElement(counter: BankCounter, element: number): void {
  putWord(counter, counter.isPacked ? element : wordOf(counter.map, element));
}

/** Takes a turn if no lane before wants the same element. */
export function putElementOnce(counter: BankCounter, element: number): void {
  const { map, isPacked, last, before, words } = counter;
  const word = isPacked ? element : wordOf(map, element);
  const bank = bankOf(map, word);
  for (let at = last[bank]!; at > 0; at = before[at]!) if (words[at] === word) return;
  const at = ++counter.size;
  words[at] = word;
  before[at] = last[bank]!;
  last[bank] = at;
  fill(counter, bank);
}

function fill(counter: BankCounter, bank: number): void {
  const count = ++counter.filled[bank]!;
  if (count > counter.fullest) counter.fullest = count;
}

// --- vectors of a walk ---

/** Turns of each firing of a nest. */
export interface Pace {
  /** The most of any firing. */
  readonly turns: number;
  /** Every firing takes so many. */
  readonly isSteady: boolean;
}

/** A walk along a scratch memory that knows the turns of the firing at which it stands. */
export interface BankWalk {
  readonly walk: Walk;
  readonly counter: BankCounter;
  /** Words from lane to lane; banks, where the bank is linear in the place: then only the number of valid lanes matters, not where they lie. */
  readonly stride: number;
  readonly step: number | null;
}

export function makeBankWalk(nest: Walkable, access: Access, map: BankMap): BankWalk {
  const walk = makeWalk(nest, access, [wordPlace(access, map, nest.loops.length)]);
  return { walk, counter: makeBankCounter(map, nest.lanes), stride: laneStride(access, map.strides), step: bankStep(access, map) };
}

/** Of the firing at which the walk stands; 0 where none of its lanes is valid. */
export function turnsHere({ walk, counter, stride, step }: BankWalk): number {
  findLanes(walk);
  const { lo, hi } = walk;
  if (lo === hi) return 0;
  if (stride === 0) return 1;
  if (step !== null) return turnsOf(step, hi - lo, counter.map.banks);
  clearBanks(counter);
  for (let l = lo, word = walk.values[walk.element + 1]! + lo * stride; l < hi; l++, word += stride) putWord(counter, word);
  return counter.fullest;
}

/** Firings that are looked at one by one; of a longer walk nothing is known but that it has no steady pace. */
const MOST_FIRINGS = 2 ** 16;

/** How a nest of a section that need not be resolved yet goes along a scratch memory: what holds of the most iterations that its loops can have holds of fewer. */
export function paceOf(nest: Walkable, access: Access, map: BankMap): Pace {
  const { lanes } = nest;
  const stride = laneStride(access, map.strides);
  const step = bankStep(access, map);
  const most = stride === 0 ? 1 : step === null ? lanes : turnsOf(step, lanes, map.banks);
  if (most === 1) return { turns: 1, isSteady: true };
  const moving = movingLoops(nest, access);
  const hasSymbols = [...access.dims, ...nest.guards.map(({ value }) => value)].some(({ rounds }) => rounds !== undefined);
  const isKnown = !hasSymbols && moving.loops.reduce((product, { trip }) => product * trip, 1) <= MOST_FIRINGS;
  if (step !== null && !hasSymbols) return { turns: most, isSteady: !isCut(makeWalk(moving.nest, moving.access)) };
  return isKnown ? paceAlong(makeBankWalk(moving.nest, moving.access, map)) : { turns: most, isSteady: false };
}

function paceAlong(along: BankWalk): Pace {
  const firings = along.walk.trips.reduce((product, trip) => product * trip, 1);
  let [least, most] = [Number.POSITIVE_INFINITY, 1];
  for (let n = 0; n < firings; n++, advance(along.walk)) {
    const turns = Math.max(1, turnsHere(along));
    least = Math.min(least, turns);
    most = Math.max(most, turns);
  }
  return { turns: most, isSteady: least === most };
}

function isCut(walk: Walk): boolean {
  return Array.from(walk.limits).some((_, i) => everCuts(walk, i));
}

/** The nest without the loops that move neither its access nor its guards: their iterations are all alike. */
function movingLoops({ loops, lanes, guards }: Walkable, { dims, shape }: Access) {
  const moves = loops.map((_, l) => [...dims, ...guards.map(({ value }) => value)].some((affine) => affine.loops[l] !== 0));
  const cut = (affine: Affine): Affine => ({ ...affine, loops: affine.loops.filter((_, l) => moves[l]) });
  const moving = loops.filter((_, l) => moves[l]);
  const nest: Walkable = { loops: moving, lanes, guards: guards.map((guard) => ({ ...guard, value: cut(guard.value) })) };
  return { loops: moving, nest, access: { dims: dims.map(cut), shape } };
}

/** The word of lane 0. */
function wordPlace({ dims }: Access, { strides }: BankMap, loops: number): Affine {
  const sum = { constant: 0, loops: new Array<number>(loops).fill(0), lane: 0 };
  dims.forEach((dim, d) => {
    sum.constant += strides[d]! * dim.constant;
    sum.lane += strides[d]! * dim.lane;
    for (let l = 0; l < loops; l++) sum.loops[l]! += strides[d]! * dim.loops[l]!;
  });
  return sum;
}

/** Banks from lane to lane, null where that depends on the place. In a diagonal layout a step along the last dimension is one bank, and so is a row. */
function bankStep({ dims }: Access, { scheme, strides, pitch }: BankMap): number | null {
  if (scheme === "block" || scheme === "hashed") return null;
  const last = dims.length - 1;
  const steps = strides.map((stride, d) => (scheme === "cyclic" ? stride : d === last ? 1 : stride / pitch));
  return steps.every(Number.isInteger) ? dims.reduce((sum, { lane }, d) => sum + lane * steps[d]!, 0) : null;
}

/** So many words, each `step` banks further, in the fullest of the banks that they come to. */
export function turnsOf(step: number, words: number, banks: number): number {
  return Math.ceil(words / (banks / gcd(Math.abs(step), banks)));
}
