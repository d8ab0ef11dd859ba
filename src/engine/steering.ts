/** Steering by trip counts: what a loop nest does whose trips are read from its ports. */

import type { Steering } from "./behaviour.ts";

/** How often a loop turns in the iteration around it that begins now: an integer >= 0. */
export type Trip = (inputs: readonly Float64Array[]) => number;

/** `trips`: one a loop, outermost first. Keeps state: make a new one for each run. */
export function countedLoops(trips: readonly Trip[]): Steering {
  const left = new Float64Array(trips.length);
  return {
    loops: trips.length,
    enters(level, inputs) {
      left[level] = trips[level]!(inputs);
      return left[level]! > 0;
    },
    ends(reach) {
      let level = reach;
      while (level > 0 && --left[level - 1]! === 0) level--;
      return level;
    },
  };
}
