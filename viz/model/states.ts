/** What a unit's cycles are, in the order in which they are drawn. Colours are told apart by the colour-blind (Okabe and Ito); warm ones are what can be mended. */

import type { UnitResult } from "../../src/result/result.ts";

export const STATES = ["busy", "starved", "blocked", "memory", "configuring", "idle", "unattributed"] as const;
export type UnitState = (typeof STATES)[number];

/** Those that the trace has by bin: the others follow. */
export const RECORDED = ["busy", "starved", "blocked", "memory"] as const;
export type RecordedState = (typeof RECORDED)[number];

export interface StateWords {
  readonly colour: string;
  readonly what: string;
}

export const STATE_WORDS: { readonly [S in UnitState]: StateWords } = {
  busy: { colour: "#0072b2", what: "does its work: a firing takes its initiation interval" },
  starved: { colour: "#e69f00", what: "waits for a token at an input" },
  blocked: { colour: "#d55e00", what: "waits for a free slot behind an output" },
  memory: { colour: "#cc79a7", what: "waits for memory: all requests that it may have under way are under way" },
  configuring: { colour: "#f0e442", what: "the section's configuration is being loaded" },
  idle: { colour: "#c4c9d1", what: "has nothing left to do, or another section is on the chip" },
  unattributed: { colour: "#6b7280", what: "behind the point at which the run was stopped: nobody knows" },
};

export function cyclesIn(unit: UnitResult, state: UnitState): number {
  return unit[`${state}_cycles`];
}
