/** Units of a kind together: how many were in which state when. */

import type { UnitResult } from "../result/result.ts";
import { forEachBin, type Recorded, STATES, type State, stretchesOf, unitsOf, windowsOf } from "./states.ts";

export type UnitKind = UnitResult["kind"];
export const KINDS = ["pcu", "pmu", "ag"] as const satisfies readonly UnitKind[];

/** Unit cycles by bin of the run, of units whose section was on the chip. */
export type KindActivity = { readonly [S in State]: Float64Array };

export function activityOf(recorded: Recorded, kind: UnitKind): KindActivity {
  const { trace } = recorded;
  const sums = Object.fromEntries(STATES.map((state) => [state, new Float64Array(trace.bins)])) as unknown as KindActivity;
  const windows = windowsOf(trace);
  for (const placed of unitsOf(recorded)) {
    if (placed.unit.kind !== kind) continue;
    forEachBin(trace, stretchesOf(trace, windows[placed.section]!, placed), (bin, state, cycles) => {
      sums[state][bin]! += cycles;
    });
  }
  return sums;
}
