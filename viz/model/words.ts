/** What is looked at, and what changed between two runs, in words. */

import { counted, duration, grouped, percent } from "../../src/report/format.ts";
import type { RunView } from "./run.ts";
import type { Pick } from "./selection.ts";
import { isWhole, type Window, wholeOf } from "./window.ts";

/** "over the whole run", "in cycles 1 k to 2.4 k (1.4 us)". */
export function windowWords(run: RunView, window: Window): string {
  if (isWhole(run, window)) return "over the whole run";
  return `in cycles ${counted(window.from)} to ${counted(window.to)} (${duration((window.to - window.from) / run.report.clock_hz)})`;
}

/** What the page's state means in a run: a window may come from an address, or from a longer run beside it. */
export function windowOf(run: RunView, window: readonly [from: number, to: number] | null): Window {
  if (window === null) return wholeOf(run);
  const [from, to] = window.map((at) => Math.max(0, Math.min(run.report.cycles, at))) as [number, number];
  return { from, to };
}

/** "all 92 units", "the 12 units of operator y". */
export function unitWords(count: number, all: number, pick: Pick | null): string {
  if (pick === null) return all === 1 ? "the one unit" : `all ${grouped(all)} units`;
  return `the ${count === 1 ? "unit" : `${grouped(count)} units`} of ${pick.kind} ${pick.name}`;
}

export const SAME = "the same";

/** "+12.5 %", "-3.0 %", "the same": of a number that was `before`. */
export function changeWords(now: number, before: number): string {
  if (now === before) return SAME;
  if (before === 0) return "new";
  const share = now / before - 1;
  return `${share > 0 ? "+" : "−"}${percent(Math.abs(share))}`;
}

/** Of two shares, in points: "+1.5 points". */
export function pointWords(now: number, before: number): string {
  const points = 100 * (now - before);
  if (Math.abs(points) < 0.05) return SAME;
  return `${points > 0 ? "+" : "−"}${Math.abs(points).toFixed(1)} points`;
}
