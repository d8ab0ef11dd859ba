/**
 * Knuth's additive generators with lags 100 and 37 (The Art of Computer Programming, volume 2, section 3.6 and its answers, in the form of the ninth printing):
 * x[n] = (x[n - 100] - x[n - 37]) mod 2^30 for whole numbers, u[n] = (u[n - 100] + u[n - 37]) mod 1 in steps of 2^-52 for fractions. Of every 1009 numbers the
 * first 100 are used. Network simulators of the field draw their traffic with them; with the same seed it is the same traffic.
 */

const LONG_LAG = 100;
const SHORT_LAG = 37;
const STRETCH = 1009;

/** Streams of different seeds are at least 2^70 numbers apart. */
const SEPARATION = 70;

export interface LaggedState {
  /** 2^30, or 1. */
  readonly modulus: number;
  /** -1: differences, 1: sums. */
  readonly sign: number;
  /** The numbers of a stretch, of which the first LONG_LAG are given out, and behind them those with which the next stretch begins. */
  readonly values: Float64Array;
  /** Next one to give out; LONG_LAG: a new stretch is due. */
  next: number;
}

/** Whole numbers of [0, 2^30). `seed`: of the same range. */
export function seedWhole(seed: number): LaggedState {
  return seedLagged(2 ** 30, 1, -1, (seed + 2) & (2 ** 30 - 2), seed);
}

/** Multiples of 2^-52 in [0, 1). */
export function seedFraction(seed: number): LaggedState {
  return seedLagged(1, 2 ** -52, 1, 2 ** -51 * (seed + 2), seed);
}

export function nextLagged(state: LaggedState): number {
  if (state.next === LONG_LAG) {
    advance(state, STRETCH);
    state.next = 0;
  }
  return state.values[state.next++]!;
}

/** `unit`: the smallest step; `first`: the even number that is doubled from place to place of the first hundred. */
function seedLagged(modulus: number, unit: number, sign: number, first: number, seed: number): LaggedState {
  const state: LaggedState = { modulus, sign, values: new Float64Array(STRETCH + LONG_LAG), next: 0 };
  const word = new Float64Array(2 * LONG_LAG - 1);
  let value = first;
  for (let j = 0; j < LONG_LAG; j++) {
    word[j] = value;
    value += value;
    if (value >= modulus) value -= modulus - 2 * unit;
  }
  word[1]! += unit;
  raise(state, word, seed);
  for (let j = 0; j < LONG_LAG; j++) state.values[(j + LONG_LAG - SHORT_LAG) % LONG_LAG] = word[j]!;
  for (let round = 0; round < 10; round++) advance(state, 2 * LONG_LAG - 1);
  return state;
}

/** Takes the polynomial `word` to the power that the bits of the seed and the separation make, modulo z^100 + z^37 + 1. */
function raise(state: LaggedState, word: Float64Array, seed: number): void {
  for (let bits = seed, left = SEPARATION - 1; left > 0; ) {
    square(state, word);
    if (bits % 2 === 1) {
      word.copyWithin(1, 0, LONG_LAG);
      word[0] = word[LONG_LAG]!;
      word[SHORT_LAG] = combine(state, word[SHORT_LAG]!, word[LONG_LAG]!);
    }
    if (bits > 0) bits = Math.floor(bits / 2);
    else left--;
  }
}

function square(state: LaggedState, word: Float64Array): void {
  for (let j = LONG_LAG - 1; j > 0; j--) {
    word[2 * j] = word[j]!;
    word[2 * j - 1] = 0;
  }
  for (let j = 2 * LONG_LAG - 2; j >= LONG_LAG; j--) {
    const folded = j - (LONG_LAG - SHORT_LAG);
    word[folded] = combine(state, word[folded]!, word[j]!);
    word[j - LONG_LAG] = combine(state, word[j - LONG_LAG]!, word[j]!);
  }
}

/** The hundred numbers `steps` further on. */
function advance({ values, modulus, sign }: LaggedState, steps: number): void {
  for (let j = LONG_LAG; j < steps + LONG_LAG; j++) {
    const value = values[j - LONG_LAG]! + sign * values[j - SHORT_LAG]!;
    values[j] = value < 0 ? value + modulus : value >= modulus ? value - modulus : value;
  }
  values.copyWithin(0, steps, steps + LONG_LAG);
}

function combine({ modulus, sign }: LaggedState, a: number, b: number): number {
  const value = a + sign * b;
  return value < 0 ? value + modulus : value >= modulus ? value - modulus : value;
}
