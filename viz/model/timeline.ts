/** What the timeline draws: of each section and stage its states over a window, in equal columns. */

import { cyclesOf } from "./cells.ts";
import type { Stage } from "./pipeline.ts";
import type { RunView, SectionView, UnitView } from "./run.ts";
import { samplerOf } from "./samples.ts";
import { STATES } from "./states.ts";
import { type StateCycles, totalCycles, type Window } from "./window.ts";

/** Of units together. */
export interface Activity {
  readonly columns: number;
  /** columns x STATES: shares of the units' time in the column. They add up to 1. */
  readonly shares: Float64Array;
  /** Of the window. */
  readonly cycles: StateCycles;
}

export function activityOf(run: RunView, units: readonly UnitView[], window: Window, columns: number): Activity {
  const shares = new Float64Array(columns * STATES.length);
  const all = (units.length * (window.to - window.from)) / columns;
  if (all > 0) {
    const sample = samplerOf(run, window, columns);
    for (const unit of units) sample(unit, shares);
    for (let i = 0; i < shares.length; i++) shares[i]! /= all;
  }
  return { columns, shares, cycles: totalCycles(units.map((unit) => cyclesOf(run, unit, window))) };
}

const BUSY = STATES.indexOf("busy");

/** Busy shares by column less those of another, -1 .. 1. */
export function busyDifference(one: Activity, other: Activity): Float64Array {
  return Float64Array.from({ length: one.columns }, (_, column) => one.shares[column * STATES.length + BUSY]! - other.shares[column * STATES.length + BUSY]!);
}

/** Positions of the stages whose units are busy most of the window, copies of each other's pace included. */
export function busiestStages(stages: readonly Stage[], activities: readonly Activity[]): ReadonlySet<number> {
  const loads = activities.map(({ cycles }, stage) => cycles[BUSY]! / Math.max(1, stages[stage]!.units.length));
  const most = Math.max(0, ...loads);
  return new Set(most === 0 ? [] : loads.flatMap((load, stage) => (load >= most * (1 - ALIKE) ? [stage] : [])));
}

/** Part of the most by which a load may be less and still be said to be as large. */
const ALIKE = 1e-3;

/** Sections whose stages are shown at first: the longest, as long as there are few rows. */
export function openAtFirst(sections: readonly SectionView[], stagesOf: (section: SectionView) => readonly Stage[]): ReadonlySet<number> {
  const open = new Set<number>();
  let rows = 0;
  for (const section of [...sections].sort((a, b) => b.result.cycles - a.result.cycles)) {
    const stages = stagesOf(section).length;
    if (open.size > 0 && rows + stages > MOST_ROWS) break;
    rows += stages;
    open.add(section.number);
  }
  return open;
}

const MOST_ROWS = 30;
