/**
 * Stages of a section's metapipeline: the units that do the same for an operator. Fill: from the section's start, once it is configured, to the stage's first firing. Drain: from its last
 * firing to the section's end. Both are known to within a bin, and only of runs of a section that are longer than a few bins; a bin that two runs of a section share tells nothing of either.
 */

import type { SectionSpan } from "../../src/trace/trace.ts";
import { firingBins } from "./firings.ts";
import type { RunView, SectionView, UnitView } from "./run.ts";
import { stageOf } from "./selection.ts";
import { configuringIn, cyclesOfUnit, overlap, type StateCycles, totalCycles, type Window } from "./window.ts";

export interface Stage {
  readonly name: string;
  readonly units: readonly UnitView[];
}

/** In the order in which they first fire; those that never do stand last. */
export function stagesOf(section: SectionView): readonly Stage[] {
  const byName = new Map<string, UnitView[]>();
  for (const unit of section.units) {
    const name = stageOf(unit);
    const units = byName.get(name);
    if (units === undefined) byName.set(name, [unit]);
    else units.push(unit);
  }
  const all: readonly [number, number] = [section.trace.first, section.trace.first + section.trace.bins - 1];
  const stages = [...byName].map(([name, units]) => ({ name, units, first: firingBins(section, units, all)?.[0] ?? Number.POSITIVE_INFINITY }));
  return stages.sort((a, b) => (a.first === b.first ? 0 : a.first - b.first)).map(({ name, units }) => ({ name, units }));
}

/** Summed over the stage's units. */
export function stageCycles(run: RunView, section: SectionView, { units }: Stage, window: Window): StateCycles {
  const configuring = configuringIn(section, window);
  return totalCycles(units.map((unit) => cyclesOfUnit(run, section, unit, window, configuring)));
}

export interface FillAndDrain {
  /** Of the run of the section, once it is configured. */
  readonly start: number;
  readonly end: number;
  /** Points in time: the beginning of the bin of the first firing, and the end of the bin of the last. */
  readonly first: number;
  readonly last: number;
  readonly fill_cycles: number;
  readonly drain_cycles: number;
}

/** A run of a section is long enough to tell them if it has so many bins. */
const LEAST_BINS = 8;

export function isLong(run: RunView, span: SectionSpan): boolean {
  return span.runs === 1 && span.cycles - span.configuring_cycles >= LEAST_BINS * run.trace.bin_cycles;
}

/** Null: no firing in this run of the section, or none that could be told from those of other runs. */
export function fillAndDrain(run: RunView, section: SectionView, { units }: Stage, span: SectionSpan): FillAndDrain | null {
  if (!isLong(run, span)) return null;
  const { bin_cycles } = run.trace;
  const [start, end] = [span.start + span.configuring_cycles, span.start + span.cycles];
  const others = section.spans.filter((other) => other !== span);
  const isMixed = (bin: number): boolean =>
    others.some((other) => overlap(bin * bin_cycles, (bin + 1) * bin_cycles, other.start, other.start + other.cycles) > 0);
  const [earliest, latest] = [Math.floor(start / bin_cycles), Math.ceil(end / bin_cycles) - 1];
  const bins = firingBins(section, units, [earliest + (isMixed(earliest) ? 1 : 0), latest - (isMixed(latest) ? 1 : 0)]);
  if (bins === null) return null;
  const [first, last] = [Math.max(start, bins[0] * bin_cycles), Math.min(end, (bins[1] + 1) * bin_cycles)];
  return { start, end, first, last, fill_cycles: first - start, drain_cycles: end - last };
}

/** Means over the runs of the section in which they are known; null: in none. */
export function meanFillAndDrain(
  run: RunView,
  section: SectionView,
  stage: Stage,
): { readonly fill_cycles: number; readonly drain_cycles: number; readonly runs: number } | null {
  const known = section.spans.flatMap((span) => fillAndDrain(run, section, stage, span) ?? []);
  if (known.length === 0) return null;
  const mean = (of: (one: FillAndDrain) => number): number => known.reduce((sum, one) => sum + of(one), 0) / known.length;
  return { fill_cycles: mean((one) => one.fill_cycles), drain_cycles: mean((one) => one.drain_cycles), runs: known.length };
}
