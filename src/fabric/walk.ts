/**
 * Walks the firings of a nest in order and keeps the value of every affine expression up to date by one addition each.
 * Hot path: every firing of a datapath or an address generator steps a walk; typed arrays, no allocation after `makeWalk`.
 * Because guards and coordinates are affine in the lane, the valid lanes of a firing are always one interval [lo, hi).
 */

import type { Access, Affine, Guard, Nest } from "./fabric.ts";

export interface Walk {
  readonly lanes: number;
  readonly trips: Float64Array;
  readonly counters: Float64Array;
  /** Of each affine at lane 0: guards, coordinates of the access, the access's element number, then the extras. */
  readonly values: Float64Array;
  readonly starts: Float64Array;
  /** [loop][affine]. */
  readonly coefficients: Float64Array;
  /** [loop][affine]: what the affine gains when that loop counts up and all inside it start again. */
  readonly steps: Float64Array;
  /** Lane coefficient of each affine. */
  readonly lane: Float64Array;
  /** Bounds of the guards and coordinates: the first affines, in order. */
  readonly limits: Float64Array;
  /** Index of the access's element number in `values`; the extras follow. */
  readonly element: number;
  /** Outermost level of which an iteration begins (ends) at this firing: a port of level l acts iff begins <= l (ends <= l). */
  begins: number;
  ends: number;
  /** Valid lanes, as of the last `findLanes`. */
  lo: number;
  hi: number;
}

export type Walkable = Pick<Nest, "loops" | "lanes" | "guards">;

/** A walk that stands at the first firing. The nest's section is resolved (resolve.ts). */
export function makeWalk(nest: Walkable, access?: Access, extras: readonly Affine[] = []): Walk {
  const bounded: readonly Guard[] = [...nest.guards, ...(access?.dims.map((value, d) => ({ value, limit: access.shape[d]! })) ?? [])];
  const affines = [...bounded.map((guard) => guard.value), flatten(access, nest.loops.length), ...extras];
  if (affines.some(({ rounds }) => rounds !== undefined)) throw new Error("a walk needs a resolved section: an affine form depends on a round");
  const trips = Float64Array.from(nest.loops, (loop) => loop.trip);
  const starts = Float64Array.from(affines, (affine) => affine.constant);
  const coefficients = Float64Array.from(
    { length: trips.length * affines.length },
    (_, at) => affines[at % affines.length]!.loops[Math.floor(at / affines.length)]!,
  );
  const walk: Walk = {
    lanes: nest.lanes,
    trips,
    counters: new Float64Array(trips.length),
    values: starts.slice(),
    starts,
    coefficients,
    steps: stepsOf(coefficients, trips),
    lane: Float64Array.from(affines, (affine) => affine.lane),
    limits: Float64Array.from(bounded, (guard) => guard.limit),
    element: bounded.length,
    begins: 0,
    ends: 0,
    lo: 0,
    hi: 0,
  };
  walk.ends = endsOf(walk);
  return walk;
}

/** The access's element number, row-major in its shape. */
export function flatten(access: Access | undefined, loops: number): Affine {
  const sum = { constant: 0, loops: new Array<number>(loops).fill(0), lane: 0 };
  let stride = 1;
  for (let d = (access?.dims.length ?? 0) - 1; d >= 0; d--) {
    const dim = access!.dims[d]!;
    sum.constant += stride * dim.constant;
    sum.lane += stride * dim.lane;
    for (let l = 0; l < loops; l++) sum.loops[l]! += stride * dim.loops[l]!;
    stride *= access!.shape[d]!;
  }
  return sum;
}

function stepsOf(coefficients: Float64Array, trips: Float64Array): Float64Array {
  const steps = coefficients.slice();
  const affines = trips.length === 0 ? 0 : steps.length / trips.length;
  for (let i = 0; i < affines; i++) {
    let inside = 0;
    for (let l = trips.length - 1; l >= 0; l--) {
      steps[l * affines + i]! -= inside;
      inside += coefficients[l * affines + i]! * (trips[l]! - 1);
    }
  }
  return steps;
}

function endsOf({ trips, counters }: Walk): number {
  let level = trips.length;
  while (level > 0 && counters[level - 1]! + 1 === trips[level - 1]) level--;
  return level;
}

/** On to the next firing; after the last one, back to the first. */
export function advance(walk: Walk): void {
  const { counters, values, steps } = walk;
  const loop = walk.ends - 1;
  for (let l = walk.ends; l < counters.length; l++) counters[l] = 0;
  if (loop < 0) values.set(walk.starts);
  else {
    counters[loop]!++;
    for (let i = 0, s = loop * values.length; i < values.length; i++, s++) values[i]! += steps[s]!;
  }
  walk.begins = loop + 1;
  walk.ends = endsOf(walk);
}

/** To firing n, from wherever it stands. */
export function seek(walk: Walk, n: number): void {
  const { trips, counters, values, coefficients } = walk;
  let rest = n;
  let begins = trips.length;
  values.set(walk.starts);
  for (let l = trips.length - 1; l >= 0; l--) {
    const counter = rest % trips[l]!;
    rest = Math.floor(rest / trips[l]!);
    counters[l] = counter;
    if (begins === l + 1 && counter === 0) begins = l;
    for (let i = 0, c = l * values.length; i < values.length; i++, c++) values[i]! += coefficients[c]! * counter;
  }
  walk.begins = begins;
  walk.ends = endsOf(walk);
}

/** Number of the firing at which it stands. */
export function firingNumber({ trips, counters }: Walk): number {
  let n = 0;
  for (let l = 0; l < trips.length; l++) n = n * trips[l]! + counters[l]!;
  return n;
}

/** Does guard or coordinate i ever make a lane invalid? */
export function everCuts({ trips, lanes, lane, starts, limits, coefficients }: Walk, i: number): boolean {
  let low = starts[i]! + Math.min(0, lane[i]! * (lanes - 1));
  let high = starts[i]! + Math.max(0, lane[i]! * (lanes - 1));
  for (let l = 0; l < trips.length; l++) {
    const reach = coefficients[l * starts.length + i]! * (trips[l]! - 1);
    low += Math.min(0, reach);
    high += Math.max(0, reach);
  }
  return low < 0 || high >= limits[i]!;
}

/** Sets `lo` and `hi`: the lanes that every guard and coordinate allows at this firing; 0 and 0 if there is none. */
export function findLanes(walk: Walk): void {
  const { values, lane, limits } = walk;
  let lo = 0;
  let hi = walk.lanes;
  for (let i = 0; i < limits.length; i++) {
    const value = values[i]!;
    const step = lane[i]!;
    const room = limits[i]! - value;
    let from = 0;
    let to = hi;
    if (step === 0) to = value >= 0 && room > 0 ? hi : 0;
    else if (step === 1) {
      from = -value;
      to = room;
    } else if (step > 0) {
      from = Math.ceil(-value / step);
      to = Math.ceil(room / step);
    } else {
      from = Math.floor(room / step) + 1;
      to = Math.floor(value / -step) + 1;
    }
    if (from > lo) lo = from;
    if (to < hi) hi = to;
  }
  // Kept as small integers: they count lanes in every loop.
  walk.lo = lo < hi ? lo | 0 : 0;
  walk.hi = lo < hi ? hi | 0 : 0;
}

/** How many firings from this one on, within one iteration of the loops outside the innermost, have all lanes valid. */
export function fullRun(walk: Walk): number {
  const { trips, counters, values, lane, limits, steps } = walk;
  const inner = trips.length - 1;
  let run = inner < 0 ? 1 : trips[inner]! - counters[inner]!;
  for (let i = 0; i < limits.length; i++) {
    const reach = lane[i]! * (walk.lanes - 1);
    const low = values[i]! + Math.min(0, reach);
    const room = limits[i]! - 1 - values[i]! - Math.max(0, reach);
    if (low < 0 || room < 0) return 0;
    const step = inner < 0 ? 0 : steps[inner * values.length + i]!;
    if (step > 0) run = Math.min(run, Math.floor(room / step) + 1);
    else if (step < 0) run = Math.min(run, Math.floor(low / -step) + 1);
  }
  return run;
}

/** `firings` further, all within one iteration of the loops outside the innermost. */
export function advanceInner(walk: Walk, firings: number): void {
  if (firings === 0) return;
  const { counters, values, steps } = walk;
  const inner = counters.length - 1;
  counters[inner]! += firings;
  for (let i = 0, s = inner * values.length; i < values.length; i++, s++) values[i]! += firings * steps[s]!;
  walk.begins = inner + 1;
  walk.ends = endsOf(walk);
}

/** Valid lanes over all firings of the nest, or over so many of the first: exact. Blocks of firings of which all lanes are valid, or none, are not walked. */
export function countLanes(nest: Walkable, access?: Access, most = Number.POSITIVE_INFINITY): number {
  const walk = makeWalk(nest, access);
  const sizes = nest.loops.map((_, l) => nest.loops.slice(l + 1).reduce((product, { trip }) => product * trip, 1));
  if (sizes.length === 0) return most === 0 ? 0 : countHere(walk);
  let left = Math.min(most, sizes[0]! * nest.loops[0]!.trip);
  let total = 0;
  for (let l = 0; left > 0; l++) {
    const whole = Math.floor(left / sizes[l]!);
    total += countBlock(walk, sizes, l, 0, whole);
    move(walk, l, whole);
    left -= whole * sizes[l]!;
  }
  return total;
}

/** Iterations `from` .. `to` of loop l, with the loops outside it where `values` say. `sizes`: firings of one iteration, by loop. */
function countBlock(walk: Walk, sizes: readonly number[], l: number, from: number, to: number): number {
  if (l === sizes.length) return countHere(walk);
  const valid = validIn(walk, l, from, to);
  if (valid === "all") return (to - from) * sizes[l]! * walk.lanes;
  if (valid === "none" || from === to) return 0;
  if (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    return countBlock(walk, sizes, l, from, middle) + countBlock(walk, sizes, l, middle, to);
  }
  move(walk, l, from);
  const total = countBlock(walk, sizes, l + 1, 0, walk.trips[l + 1] ?? 1);
  move(walk, l, -from);
  return total;
}

function countHere(walk: Walk): number {
  findLanes(walk);
  return walk.hi - walk.lo;
}

/** Which lanes of these firings are valid, by the range of each guard and coordinate in them. */
function validIn({ trips, lanes, lane, values, limits, coefficients }: Walk, l: number, from: number, to: number): "all" | "some" | "none" {
  let isCut = false;
  for (let i = 0; i < limits.length; i++) {
    const reach = lane[i]! * (lanes - 1);
    const step = coefficients[l * values.length + i]!;
    let low = values[i]! + Math.min(0, reach) + Math.min(step * from, step * (to - 1));
    let high = values[i]! + Math.max(0, reach) + Math.max(step * from, step * (to - 1));
    for (let inside = l + 1; inside < trips.length; inside++) {
      const far = coefficients[inside * values.length + i]! * (trips[inside]! - 1);
      low += Math.min(0, far);
      high += Math.max(0, far);
    }
    if (high < 0 || low >= limits[i]!) return "none";
    if (low < 0 || high >= limits[i]!) isCut = true;
  }
  return isCut ? "some" : "all";
}

/** Values of so many iterations of loop l further. */
function move({ values, coefficients }: Walk, l: number, iterations: number): void {
  for (let i = 0; i < values.length; i++) values[i]! += iterations * coefficients[l * values.length + i]!;
}
