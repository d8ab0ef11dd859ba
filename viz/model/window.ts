/** What units did in a window of time. Over the whole run it is what the report says, to the cycle. */

import { type RunView, type SectionView, sumAt, type UnitView } from "./run.ts";
import { cyclesIn, RECORDED, STATES, type UnitState } from "./states.ts";

/** In cycles, from <= to. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** Cycles in each state, in the order of STATES. They add up to the window's length. */
export type StateCycles = readonly number[];

export function wholeOf(run: RunView): Window {
  return { from: 0, to: run.report.cycles };
}

export function isWhole(run: RunView, { from, to }: Window): boolean {
  return from <= 0 && to >= run.report.cycles;
}

/** Cycles of the window in which the section's configuration was being loaded. */
export function configuringIn({ spans }: SectionView, { from, to }: Window): number {
  return spans.reduce((sum, span) => sum + overlap(from, to, span.start, span.start + span.configuring_cycles), 0);
}

export function overlap(from: number, to: number, start: number, end: number): number {
  return Math.max(0, Math.min(to, end) - Math.max(from, start));
}

/** By unit, in the order of run.units. */
export function cyclesOfUnits(run: RunView, window: Window): readonly StateCycles[] {
  const inside: Window = { from: Math.max(0, window.from), to: Math.min(run.report.cycles, window.to) };
  if (isWhole(run, inside)) return run.units.map(({ result }) => STATES.map((state) => cyclesIn(result, state)));
  return run.sections.flatMap((section) => {
    const configuring = configuringIn(section, inside);
    return section.units.map((unit) => cyclesOfUnit(run, section, unit, inside, configuring));
  });
}

export function cyclesOfUnit(run: RunView, section: SectionView, unit: UnitView, { from, to }: Window, configuring: number): StateCycles {
  const { bin_cycles } = run.trace;
  const { first, bins } = section.trace;
  const [begin, end] = [from / bin_cycles - first, to / bin_cycles - first];
  const recorded = RECORDED.map((state) => sumAt(section.sums[state], unit.index, bins, end) - sumAt(section.sums[state], unit.index, bins, begin));
  const rest = Math.max(0, to - from - configuring - recorded.reduce((sum, cycles) => sum + cycles, 0));
  const { idle_cycles, unattributed_cycles } = unit.result;
  const unknown = unattributed_cycles === 0 ? 0 : (rest * unattributed_cycles) / (idle_cycles + unattributed_cycles);
  return [...recorded, configuring, rest - unknown, unknown];
}

/** Added up over the units that `wanted` says. */
export function totalCycles(cycles: readonly StateCycles[], wanted: (unit: number) => boolean = () => true): StateCycles {
  const total = STATES.map(() => 0);
  cycles.forEach((one, unit) => {
    if (wanted(unit)) for (let s = 0; s < total.length; s++) total[s]! += one[s]!;
  });
  return total;
}

export function sharesOf(cycles: StateCycles): { readonly [S in UnitState]: number } {
  const total = cycles.reduce((sum, one) => sum + one, 0);
  return Object.fromEntries(STATES.map((state, s) => [state, total === 0 ? 0 : cycles[s]! / total])) as { [S in UnitState]: number };
}
