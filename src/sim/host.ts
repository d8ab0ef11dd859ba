/** What a simulation cost the computer that ran it: the one part of a result that two runs of the same need not share. */

import type { RunCounters } from "../result/counters.ts";
import type { HostResult } from "../result/result.ts";
import type { Slice } from "./slice.ts";

export type HostUse = Pick<HostResult, "wall_seconds" | "peak_rss_bytes">;

/** `slice`: the nests that compute; null: fast-forward is off. */
export function hostOf({ wall_seconds, peak_rss_bytes }: HostUse, counters: RunCounters, slice: Slice | null): HostResult {
  const { ticks, sections, firings, skipped, periods, skippedIn } = counters;
  return {
    wall_seconds,
    firings,
    skipped_firings: skipped,
    periods: [...periods].sort(([a, m], [b, n]) => b * n - a * m).map(([cycles]) => cycles),
    forward:
      slice &&
      sections.map(({ name, units }, s) => ({
        section: name,
        firings: units.reduce((total, unit) => total + unit.firings, 0),
        skipped_firings: skippedIn[s]!,
        computing_nests: slice.sections[s]!.nests.size,
      })),
    simulated_cycles_per_second: ticks / wall_seconds,
    peak_rss_bytes,
  };
}
