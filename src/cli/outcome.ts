/** What came of a case of `weft validate`, and whether that is good. */

import type { Machine } from "../machine/machine.ts";
import type { Bounds, RunResult } from "../result/result.ts";
import type { Study } from "./study.ts";
import type { Case, Expected } from "./suites.ts";

/** Its study, or the words with which it ended. */
export type Outcome = { readonly study: Case } & (Measured | { readonly failure: string });

export interface Measured extends Study {
  readonly machine: Machine;
  /** The same kernel by kernel, where the case has that beside it. */
  readonly beside: RunResult | null;
}

/** All its figures are within their tolerances, and it is no faster than it can be. */
export function isGood(outcome: Outcome): boolean {
  if ("failure" in outcome || outcome.result.cycles < Math.floor(largestBound(outcome.result).cycles)) return false;
  return outcome.study.figures.every((figure) => isWithin(figure.expected, figure.of(outcome.result, outcome.machine, outcome.data_bytes, outcome.beside)));
}

export function isWithin(expected: Expected, measured: number): boolean {
  switch (expected.kind) {
    case "published":
      return Math.abs(measured / expected.value - 1) <= expected.within;
    case "at least":
      return measured >= expected.value;
    case "at most":
      return measured <= expected.value;
    case "information":
      return Number.isFinite(measured);
  }
}

/** The resource without which the run could have been shortest, and what it takes at least. */
export function largestBound({ bounds_cycles }: RunResult): { readonly resource: keyof Bounds; readonly cycles: number } {
  const resources = ["compute", "hbm", "ddr", "network"] as const;
  const resource = resources.reduce((most, one) => (bounds_cycles[one] > bounds_cycles[most] ? one : most));
  return { resource, cycles: bounds_cycles[resource] };
}
