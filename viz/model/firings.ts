/** How often nests fired by a point in time, from the trace. */

import type { SectionView } from "./run.ts";
import type { Window } from "./window.ts";

/** Position of a unit's first nest among all nests of its section, by unit. */
export function firstNests({ scene }: SectionView): readonly number[] {
  let next = 0;
  return scene.units.map(({ nests }) => {
    next += nests.length;
    return next - nests.length;
  });
}

/** Firings of a nest before the beginning of each bin of the section's columns, and last in all: bins + 1. */
export function firingSums({ trace: { firings, bins } }: SectionView, nest: number): Float64Array {
  const sums = new Float64Array(bins + 1);
  for (let bin = 0; bin < bins; bin++) sums[bin + 1] = sums[bin]! + firings[nest * bins + bin]!;
  return sums;
}

/** Firings of a nest in a window: straight within a bin. */
export function firingsIn({ trace: { firings, first, bins } }: SectionView, binCycles: number, nest: number, { from, to }: Window): number {
  const [begin, end] = [clamp(from / binCycles - first, bins), clamp(to / binCycles - first, bins)];
  let sum = 0;
  for (let bin = Math.floor(begin); bin < Math.ceil(end); bin++) sum += firings[nest * bins + bin]! * (Math.min(end, bin + 1) - Math.max(begin, bin));
  return sum;
}

const clamp = (at: number, most: number): number => Math.min(most, Math.max(0, at));
