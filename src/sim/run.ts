/** One run of one section's network, to its end: by the fast engine or by the oracle. */

import { RunError } from "../base/errors.ts";
import type { Cycles } from "../base/units.ts";
import type { Skipped } from "../engine/forward.ts";
import type { NetworkResult, NetworkSpec } from "../engine/network.ts";
import { progressOf, readResult } from "../engine/result.ts";
import { advance, createCourse } from "../engine/run.ts";
import { createState } from "../engine/state.ts";
import { findWaits } from "../engine/waiting.ts";
import { describeWaits } from "./deadlock.ts";
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
}

export interface SectionRun extends NetworkResult {
  readonly skipped: Skipped;
}

export function runSection(name: string, network: NetworkSpec, limits: RunLimits): SectionRun {
  const { engine, maxTicks, maxCycles } = limits;
  const result = engine === "oracle" ? { ...runOracle(network, { maxTicks }), skipped: NOTHING } : runFast(name, network, limits);
  if (!result.finished) throw new RunError("deadlock", `section ${name} is in deadlock: ${unfinished(network, result)}`);
  if (result.ticks > maxTicks) throw new RunError("limit", `section ${name} was not done at ${maxCycles} cycles`);
  return result;
}

/** Rounds of the engine between two reports: some milliseconds. */
const REPORT_ROUNDS = 1024;

const NOTHING: Skipped = { firings: 0, periods: new Map() };

function runFast(name: string, network: NetworkSpec, { maxTicks, fastForward, report }: RunLimits): SectionRun {
  const state = createState(network, { maxTicks });
  const course = createCourse(state, fastForward);
  for (let round = 1; advance(course); round++) if (round % REPORT_ROUNDS === 0) report(progressOf(state));
  const waits = findWaits(state);
  if (waits.length > 0) throw new RunError("deadlock", `section ${name} is in deadlock: ${describeWaits(network, waits)}`);
  return { ...readResult(state), skipped: course.skipped };
}

/** The oracle does not say who waits for whom, only who has not finished. */
function unfinished({ processes }: NetworkSpec, result: NetworkResult): string {
  const late = processes.filter(({ firings }, p) => result.processes[p]!.firings < firings);
  return `${late.map(({ name }) => name).join(", ")} cannot finish`;
}
