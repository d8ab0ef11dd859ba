/** Firings of nests as running sums over time, and what follows from them: tokens of channels, first and last firings. */

import { type RunView, runningSums, type SectionView, type Sums, sumAt, type UnitView } from "./run.ts";
import type { Window } from "./window.ts";

export interface FiringSums {
  /** Row of a unit's first nest, and behind the last unit the number of rows. */
  readonly firstNest: Int32Array;
  readonly sums: Sums;
}

const known = new WeakMap<SectionView, FiringSums>();

/** Made when first asked for: not every picture needs them. */
export function firingSums(section: SectionView): FiringSums {
  const found = known.get(section) ?? sumsOf(section);
  known.set(section, found);
  return found;
}

function sumsOf({ units, trace }: SectionView): FiringSums {
  const firstNest = new Int32Array(units.length + 1);
  units.forEach((unit, index) => {
    firstNest[index + 1] = firstNest[index]! + unit.scene.nests.length;
  });
  let all = 0;
  for (const count of trace.firings) all += count;
  return { firstNest, sums: runningSums(trace.firings, firstNest[units.length]!, trace.bins, all) };
}

/** Of one nest, before the beginning of each bin of the section's columns, and last in all. */
export function firingSumsOf(section: SectionView, unit: number, nest: number): Sums {
  const { firstNest, sums } = firingSums(section);
  const columns = section.trace.bins + 1;
  const row = firstNest[unit]! + nest;
  return sums.subarray(row * columns, (row + 1) * columns);
}

/** Of one nest in the window; within a bin they are taken to be spread evenly. */
export function firingsIn(run: RunView, section: SectionView, unit: number, nest: number, { from, to }: Window): number {
  const { firstNest, sums } = firingSums(section);
  const { first, bins } = section.trace;
  const { bin_cycles } = run.trace;
  const row = firstNest[unit]! + nest;
  return sumAt(sums, row, bins, to / bin_cycles - first) - sumAt(sums, row, bins, from / bin_cycles - first);
}

/** Tokens that the source of each channel pushed in the window: as many of all as the source had of its firings. Asked for in every frame of a scrub. */
export function tokensIn(run: RunView, section: SectionView, { from, to }: Window): Float64Array {
  const { firstNest, sums } = firingSums(section);
  const { first, bins } = section.trace;
  const { channels } = section.scene;
  const begin = from / run.trace.bin_cycles - first;
  const end = to / run.trace.bin_cycles - first;
  const tokens = new Float64Array(channels.length);
  for (let c = 0; c < channels.length; c++) {
    const { source, links, tokens: pushed } = channels[c]!;
    const row = firstNest[source.unit]! + source.nest;
    const all = sums[row * (bins + 1) + bins]!;
    if (all > 0 && links.length > 0) tokens[c] = (pushed * (sumAt(sums, row, bins, end) - sumAt(sums, row, bins, begin))) / all;
  }
  return tokens;
}

/** Bins of the run, both included, in which any nest of the units fires for the first and for the last time. Null: none does. */
export function firingBins(
  section: SectionView,
  units: readonly UnitView[],
  between: readonly [first: number, last: number],
): readonly [first: number, last: number] | null {
  const { firstNest } = firingSums(section);
  const { first, bins, firings } = section.trace;
  const [begin, end] = [Math.max(0, between[0] - first), Math.min(bins - 1, between[1] - first)];
  let [earliest, latest] = [Number.POSITIVE_INFINITY, -1];
  for (const { index } of units) {
    for (let nest = firstNest[index]!; nest < firstNest[index + 1]!; nest++) {
      const row = nest * bins;
      for (let bin = begin; bin <= end && bin < earliest; bin++) if (firings[row + bin]! > 0) earliest = bin;
      for (let bin = end; bin >= begin && bin > latest; bin--) if (firings[row + bin]! > 0) latest = bin;
    }
  }
  return latest < 0 ? null : [first + earliest, first + latest];
}
