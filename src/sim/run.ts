/** One run of one section's network, to its end: by the fast engine or by the oracle. */

import { RunError } from "../base/errors.ts";
import type { Cycles } from "../base/units.ts";
import type { Skipped } from "../engine/forward.ts";
import type { NetworkResult, NetworkSpec } from "../engine/network.ts";
import { progressOf, readResult } from "../engine/result.ts";
import { advance, createCourse, runNetwork } from "../engine/run.ts";
import { createState } from "../engine/state.ts";
import { runOracle } from "./oracle.ts";

export interface RunLimits {
  readonly engine: "fast" | "oracle";
  /** For this section, and for the whole run, which the message names. */
  readonly maxTicks: Cycles;
  readonly maxCycles: Cycles;
  /** Skips periods that recur; only in the fast engine. */
  readonly fastForward: boolean;
  /** Called every so often while the fast engine runs. */
  readonly report: (progress: ReturnType<typeof progressOf>) => void;
  /** What to throw when nothing can move any more. */
  readonly diagnose: (result: NetworkResult) => RunError;
}

export interface SectionRun extends NetworkResult {
  readonly skipped: Skipped;
}

export function runSection(name: string, network: NetworkSpec, limits: RunLimits): SectionRun {
  const { engine, maxTicks, maxCycles, diagnose } = limits;
  const result = engine === "oracle" ? { ...runOracle(network, { maxTicks }), skipped: NOTHING } : runFast(network, limits);
  if (!result.finished) throw diagnose(result);
  if (result.ticks > maxTicks) throw new RunError("limit", `section ${name} was not done at ${maxCycles} cycles`);
  return result;
}

/** Rounds of the engine between two reports: some milliseconds. */
const REPORT_ROUNDS = 1024;

const NOTHING: Skipped = { firings: 0, periods: new Map() };

function runFast(network: NetworkSpec, { maxTicks, fastForward, report }: RunLimits): SectionRun {
  const state = createState(network, { maxTicks });
  const course = createCourse(state, fastForward);
  for (let round = 1; advance(course); round++) if (round % REPORT_ROUNDS === 0) report(progressOf(state));
  return { ...readResult(state), skipped: course.skipped };
}

/** A second run of a section, to see whether it finishes: its ticks, "stuck", or "limit" where it is not done by then. */
export function runAgain(network: NetworkSpec, engine: RunLimits["engine"], maxTicks: Cycles): Cycles | "stuck" | "limit" {
  try {
    const { finished, ticks } = engine === "oracle" ? runOracle(network, { maxTicks }) : runNetwork(network, { maxTicks, fastForward: true });
    return finished ? ticks : "stuck";
  } catch (error) {
    if (error instanceof RunError && error.code === "limit") return "limit";
    throw error;
  }
}
