/** When the addresses of a walk repeat, but for a shift: what lets fast-forward skip the requests of a nest. */

import { gcd } from "../base/gcd.ts";
import { everCuts, type Walk } from "../fabric/walk.ts";

/** The loops of a walk, those that are one walk joined, outermost first. */
export interface Lattice {
  readonly loops: readonly LatticeLoop[];
  readonly cuts: readonly Cut[];
}

interface LatticeLoop {
  readonly trip: number;
  /** Firings of one iteration. */
  readonly period: number;
  /** What the element number gains in one iteration. */
  readonly step: number;
  /** The same for each cut. */
  readonly cutSteps: readonly number[];
}

/** A guard or an edge of the tensor that makes lanes invalid somewhere: valid where its value at lane 0 is at least `least` and at most `most`. */
interface Cut {
  readonly start: number;
  readonly least: number;
  readonly most: number;
}

export function latticeOf(walk: Walk): Lattice {
  const { trips, starts, limits, lane, lanes, element } = walk;
  const cutting = Array.from(limits, (_, i) => i).filter((i) => everCuts(walk, i));
  const cuts = cutting.map((i): Cut => {
    const reach = lane[i]! * (lanes - 1);
    return { start: starts[i]!, least: -Math.min(0, reach), most: limits[i]! - 1 - Math.max(0, reach) };
  });
  const loops: LatticeLoop[] = [];
  for (let l = trips.length - 1, period = 1; l >= 0; period *= trips[l]!, l--) {
    const stepOf = (i: number): number => walk.coefficients[l * starts.length + i]!;
    const loop = { trip: trips[l]!, period, step: stepOf(element), cutSteps: cutting.map(stepOf) };
    const inner = loops[0];
    if (loop.trip === 1) continue;
    if (inner !== undefined && goesOn(inner, loop)) loops[0] = { ...inner, trip: inner.trip * loop.trip };
    else loops.unshift(loop);
  }
  return { loops, cuts };
}

/** Is an iteration of the outer loop one more iteration of the inner one? */
function goesOn(inner: LatticeLoop, outer: LatticeLoop): boolean {
  return outer.step === inner.step * inner.trip && outer.cutSteps.every((step, c) => step === inner.cutSteps[c]! * inner.trip);
}

/**
 * How many firings from number n on touch the elements that the one `firings` before them touched, all moved by one multiple of `rotation` elements; 0 if it is
 * not known of any, or not of the last firing before n that touched any. Follows one loop: the outermost whose iterations `firings` is a multiple of.
 */
export function repeatsOf({ loops, cuts }: Lattice, n: number, firings: number, rotation: number): number {
  const at = loops.findIndex(({ period }) => firings % period === 0);
  const loop = loops[at];
  if (loop === undefined) return 0;
  const { trip, period, step } = loop;
  const place = n % (period * trip);
  // Without cuts every firing touches some; with them, one of the last period at the latest.
  const known = cuts.length === 0 ? firings + 1 : 2 * firings;
  if (known > place || ((firings / period) * step) % rotation !== 0) return 0;
  const first = Math.floor((place - firings - 1) / period);
  const last = Math.min(trip - 1, ...cuts.map((cut, c) => lastUncut(loops, at, cut, c, n, first)));
  return Math.max(0, (last + 1) * period - place);
}

/** What the element number gains in so many firings, where repeatsOf knows something of them. */
export function stepsIn({ loops }: Lattice, firings: number): number {
  const loop = loops.find(({ period }) => firings % period === 0);
  return loop === undefined ? 0 : (firings / loop.period) * loop.step;
}

/** After how many firings the element number has gained a multiple of `stride`, along the innermost loop that has room for it; 0 where none has. */
export function periodOf({ loops }: Lattice, stride: number): number {
  for (const { trip, period, step } of [...loops].reverse()) {
    const iterations = stride / gcd(stride, Math.abs(step));
    if (step !== 0 && iterations < trip) return iterations * period;
  }
  return 0;
}

/** The last iteration of loop `at`, from its iteration `first` on, up to which this cut makes no lane invalid, or as many in each iteration. */
function lastUncut(loops: readonly LatticeLoop[], at: number, cut: Cut, c: number, n: number, first: number): number {
  const step = loops[at]!.cutSteps[c]!;
  if (step === 0) return Number.POSITIVE_INFINITY;
  let [low, high] = [cut.start, cut.start];
  loops.forEach(({ trip, period, cutSteps }, l) => {
    const here = l < at ? cutSteps[c]! * (Math.floor(n / period) % trip) : 0;
    const reach = l > at ? cutSteps[c]! * (trip - 1) : 0;
    low += here + Math.min(0, reach);
    high += here + Math.max(0, reach);
  });
  if (low + step * first < cut.least || high + step * first > cut.most) return -1;
  return Math.floor(step > 0 ? (cut.most - high) / step : (low - cut.least) / -step);
}
