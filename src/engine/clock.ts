/** Where a time crosses from one clock to another. Exact while numerator * denominator < 2^53. */

import { gcd } from "../base/gcd.ts";
import type { Clock } from "./network.ts";

/** The network's. */
export const NETWORK_CLOCK: Clock = { numerator: 1, denominator: 1 };

const EXACT = Number.MAX_SAFE_INTEGER;

/** ceil(time * numerator / denominator) for integers time >= 0. */
export function convertTime(time: number, numerator: number, denominator: number): number {
  if (numerator === denominator) return time;
  const scaled = time * numerator;
  return scaled <= EXACT ? Math.ceil(scaled / denominator) : convertLongTime(time, numerator, denominator);
}

/** Whole multiples of the denominator first, so that no product leaves the exact range. */
function convertLongTime(time: number, numerator: number, denominator: number): number {
  const rest = time % denominator;
  return ((time - rest) / denominator) * numerator + Math.ceil((rest * numerator) / denominator);
}

/** Network tick at which, or just after which, a tick of this clock stands. */
export function networkTick(tick: number, { numerator, denominator }: Clock): number {
  return convertTime(tick, denominator, numerator);
}

/** From ticks of one process, plus a time on the way, to ticks of another: ceil((tick * scale + offset) * numerator / denominator). */
export interface Crossing {
  readonly scale: number;
  readonly offset: number;
  readonly numerator: number;
  readonly denominator: number;
  /** The clock to which it leads. */
  readonly to: Clock;
}

/** `ticks` of the clock `from`, then `latency` of the network's, then the next tick of the clock `to`. */
export function makeCrossing(ticks: number, latency: number, from: Clock, to: Clock): Crossing {
  const [scale, offset] = [from.denominator, ticks * from.denominator + latency * from.numerator];
  return { scale, offset, numerator: to.numerator, denominator: from.numerator * to.denominator, to };
}

export function crossTime(tick: number, { scale, offset, numerator, denominator }: Crossing): number {
  return convertTime(tick * scale + offset, numerator, denominator);
}

export function isSameClock(a: Clock, b: Clock): boolean {
  return a.numerator * b.denominator === b.numerator * a.denominator;
}

/** The least number of parts of a network tick on which all ticks of these clocks stand. */
export function commonGrid(clocks: readonly Clock[]): number {
  return clocks.reduce((grid, { numerator }) => (grid / gcd(grid, numerator)) * numerator, 1);
}
