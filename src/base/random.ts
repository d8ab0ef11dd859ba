/**
 * Seeded randomness: xoshiro128** by Blackman and Vigna (2018), seeded through SplitMix-style mixing of the seed and the names of a stream.
 * The state is plain data and the only thing that changes; the same seed gives the same numbers in every JavaScript engine.
 */

import { log } from "./math.ts";

export interface RandomState {
  a: number;
  b: number;
  c: number;
  d: number;
}

/** A generator of its own for every (seed, stream): streams do not overlap in practice and do not depend on each other's use. */
export function seedRandom(seed: number, ...stream: readonly (string | number)[]): RandomState {
  const text = [seed, ...stream].join("\u0000");
  let word = 0x9e3779b9;
  for (let position = 0; position < text.length; position++) word = mix32(word ^ text.charCodeAt(position));
  const next = () => {
    word = (word + 0x9e3779b9) | 0;
    return mix32(word);
  };
  const state = { a: next(), b: next(), c: next(), d: next() };
  return (state.a | state.b | state.c | state.d) === 0 ? { ...state, a: 1 } : state;
}

/** 32 random bits as a whole number of [0, 2^32). */
export function nextUint32(state: RandomState): number {
  const product = Math.imul(state.b, 5);
  const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
  const shifted = state.b << 9;
  state.c ^= state.a;
  state.d ^= state.b;
  state.b ^= state.c;
  state.a ^= state.d;
  state.c ^= shifted;
  state.d = (state.d << 11) | (state.d >>> 21);
  return result;
}

/** Uniform in [0, 1), 53 random bits. */
export function nextUnit(state: RandomState): number {
  const high = nextUint32(state) >>> 5;
  const low = nextUint32(state) >>> 6;
  return (high * 0x4000000 + low) / 0x20000000000000;
}

/** Uniform whole number of [0, bound), 1 <= bound <= 2^53. */
export function nextBelow(state: RandomState, bound: number): number {
  return Math.floor(nextUnit(state) * bound);
}

/** Standard normal, by Marsaglia's polar method. */
export function nextNormal(state: RandomState): number {
  for (;;) {
    const u = 2 * nextUnit(state) - 1;
    const v = 2 * nextUnit(state) - 1;
    const square = u * u + v * v;
    if (square > 0 && square < 1) return u * Math.sqrt((-2 * log(square)) / square);
  }
}

/** A new array with the items in random order. */
export function shuffled<T>(state: RandomState, items: readonly T[]): T[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = nextBelow(state, last + 1);
    [result[last], result[other]] = [result[other] as T, result[last] as T];
  }
  return result;
}

/** A bijection on 32-bit words in which each input bit flips each output bit about half the time. */
function mix32(word: number): number {
  let mixed = Math.imul(word ^ (word >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return mixed ^ (mixed >>> 15);
}
