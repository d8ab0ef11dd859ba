/** What the fabric map draws: state cycles by place, over a window. */

import type { Place } from "./places.ts";
import type { RunView, UnitView } from "./run.ts";
import { samplerOf } from "./samples.ts";
import { cyclesIn, STATES } from "./states.ts";
import { configuringIn, cyclesOfUnit, isWhole, type StateCycles, type Window } from "./window.ts";

/** How a place is drawn: nobody uses it, only sections that are not shown do, or shown ones. */
export const [UNUSED, ELSEWHERE, SHOWN] = [0, 1, 2] as const;

export interface Cells {
  readonly window: Window;
  /** One of the three, by place. */
  readonly use: Uint8Array;
  /**
   * Places x STATES, of the shown units. Those of several sections take turns in a place: what they do there is added up, and idle is the rest of the window, so that a place's cycles add
   * up to the window's.
   */
  readonly cycles: Float64Array;
  /** Units x STATES, by their numbers: of all units. */
  readonly byUnit: Float64Array;
  /** Of all that is shown and picked, unit by unit. */
  readonly total: StateCycles;
  /** Units that count in `total`. */
  readonly units: number;
}

const IDLE = STATES.indexOf("idle");

/** `section`: null for all of them. `picked`: null for all units. */
export function cellsOf(run: RunView, places: readonly Place[], section: number | null, window: Window, picked: Uint8Array | null): Cells {
  const cycles = new Float64Array(places.length * STATES.length);
  const use = new Uint8Array(places.length);
  const byUnit = cyclesByUnit(run, window);
  const total = STATES.map(() => 0);
  const length = window.to - window.from;
  let counted = 0;
  for (const { number, units } of places) {
    const at = number * STATES.length;
    let shown = 0;
    for (const unit of units) {
      if (section !== null && unit.section !== section) continue;
      const counts = picked === null || picked[unit.number] === 1;
      for (let s = 0, from = unit.number * STATES.length; s < STATES.length; s++, from++) {
        cycles[at + s]! += byUnit[from]!;
        if (counts) total[s]! += byUnit[from]!;
      }
      shown++;
      if (counts) counted++;
    }
    use[number] = shown > 0 ? SHOWN : units.length > 0 ? ELSEWHERE : UNUSED;
    if (shown > 1) cycles[at + IDLE] = Math.max(0, cycles[at + IDLE]! - (shown - 1) * length);
  }
  return { window, use, cycles, byUnit, total, units: counted };
}

/** Units x STATES. Of the whole run what the report says, to the cycle. */
function cyclesByUnit(run: RunView, window: Window): Float64Array {
  const cycles = new Float64Array(run.units.length * STATES.length);
  if (isWhole(run, window)) {
    run.units.forEach(({ number, result }) => STATES.forEach((state, s) => (cycles[number * STATES.length + s] = cyclesIn(result, state))));
    return cycles;
  }
  const sample = samplerOf(run, window, 1);
  for (const unit of run.units) sample(unit, cycles.subarray(unit.number * STATES.length, (unit.number + 1) * STATES.length));
  return cycles;
}

/** Of one unit; of the whole run what the report says, to the cycle. */
export function cyclesOf(run: RunView, unit: UnitView, window: Window): StateCycles {
  if (isWhole(run, window)) return STATES.map((state) => cyclesIn(unit.result, state));
  const section = run.sections[unit.section]!;
  return cyclesOfUnit(run, section, unit, window, configuringIn(section, window));
}

/** Share of the window in one state, 0 .. 1. */
export function shareOf({ cycles, window: { from, to } }: Cells, place: number, state: number): number {
  return to > from ? cycles[place * STATES.length + state]! / (to - from) : 0;
}

/** The state that has most of the place's cycles. */
export function dominantOf({ cycles }: Cells, place: number): number {
  const at = place * STATES.length;
  let best = 0;
  for (let s = 1; s < STATES.length; s++) if (cycles[at + s]! > cycles[at + best]!) best = s;
  return best;
}

const BUSY = STATES.indexOf("busy");

/**
 * Busy share of each place less that of the units of the other run that stand for its own, -1 .. 1. NaN where there are none. `twins`: by unit, see twinsOf; `shown`: the units that count.
 */
export function differenceOf(
  places: readonly Place[],
  cells: Cells,
  base: Cells,
  twins: readonly (UnitView | null)[],
  shown: (unit: UnitView) => boolean,
): Float64Array {
  const share = ({ byUnit, window: { from, to } }: Cells, unit: UnitView): number =>
    to > from ? byUnit[unit.number * STATES.length + BUSY]! / (to - from) : 0;
  return Float64Array.from(places, ({ units }) => {
    let [sum, found] = [0, false];
    for (const unit of units) {
      const twin = shown(unit) ? twins[unit.number]! : null;
      if (twin === null) continue;
      found = true;
      sum += share(cells, unit) - share(base, twin);
    }
    return found ? sum : Number.NaN;
  });
}

/** The same part of another run: of two that differ in length, shares of each run's own time are compared. */
export function scaledWindow({ from, to }: Window, run: RunView, other: RunView): Window {
  const scale = run.report.cycles === 0 ? 0 : other.report.cycles / run.report.cycles;
  return { from: from * scale, to: to * scale };
}
