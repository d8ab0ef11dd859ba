/** Units of a kind together: how many were in which state when. */

import type { UnitResult } from "../result/result.ts";
import { type Recorded, STATES, type State, unitsOf, type Window, windowsOf } from "./states.ts";

export type UnitKind = UnitResult["kind"];
export const KINDS = ["pcu", "pmu", "ag"] as const satisfies readonly UnitKind[];

/** Unit cycles by bin of the run, of units whose section was on the chip. */
export type KindActivity = { readonly [S in State]: Float64Array };

export function activityOf(recorded: Recorded, kind: UnitKind): KindActivity {
  const { trace } = recorded;
  const sums = Object.fromEntries(STATES.map((state) => [state, new Float64Array(trace.bins)])) as unknown as KindActivity;
  const units = unitsOf(recorded).filter(({ unit }) => unit.kind === kind);
  windowsOf(trace).forEach((windows, s) => addWindows(sums, windows, units.filter(({ section }) => section === s).length));
  for (const { section, row } of units) {
    const columns = trace.sections[section]!;
    for (const state of ["starved", "memory", "busy", "blocked"] as const) {
      for (let b = 0; b < columns.bins; b++) {
        const cycles = columns[state][row * columns.bins + b]!;
        sums[state][columns.first + b]! += cycles;
        sums.idle[columns.first + b]! -= cycles;
      }
    }
  }
  return sums;
}

/** While it ran, all are idle until it is known better. */
function addWindows(sums: KindActivity, windows: readonly Window[], units: number): void {
  for (const { begin, end, bin, isConfiguring } of windows) sums[isConfiguring ? "configuring" : "idle"][bin]! += units * (end - begin);
}
