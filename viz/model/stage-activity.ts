/** How busy the stages of a run are over time: the mean of their units. */

import { type RunView, sumAt } from "./run.ts";
import { stageOf } from "./selection.ts";
import { placeOf } from "./traffic.ts";
import type { Window } from "./window.ts";

export interface StageActivity {
  readonly section: string;
  /** See stageOf. */
  readonly stage: string;
  readonly units: number;
  readonly busy_cycles: number;
  /** By window, 0 .. 1. */
  readonly busy: Float64Array;
}

/** The `most` stages that are busy longest, in the order of sections and units. */
export function stageActivity(run: RunView, windows: readonly Window[], most: number): readonly StageActivity[] {
  const stages = run.sections.flatMap((section) => {
    const groups = new Map<string, number[]>();
    for (const unit of section.units) groups.set(stageOf(unit), [...(groups.get(stageOf(unit)) ?? []), unit.index]);
    return [...groups].map(([stage, indices]) => {
      const busy_cycles = indices.reduce((sum, index) => sum + section.units[index]!.result.busy_cycles, 0);
      return { section, stage, indices, busy_cycles, mean: busy_cycles / indices.length };
    });
  });
  const kept = new Set([...stages].sort((a, b) => b.mean - a.mean).slice(0, most));
  return stages
    .filter((stage) => kept.has(stage))
    .map(({ section, stage, indices, busy_cycles }) => ({
      ...{ section: section.name, stage, units: indices.length, busy_cycles },
      busy: Float64Array.from(windows, ({ from, to }) => {
        const { first, bins } = section.trace;
        const [begin, end] = [placeOf(run, from) - first, placeOf(run, to) - first];
        const busy = indices.reduce((sum, index) => sum + sumAt(section.sums.busy, index, bins, end) - sumAt(section.sums.busy, index, bins, begin), 0);
        return to <= from ? 0 : busy / ((to - from) * indices.length);
      }),
    }));
}
