/** One run of one section's network, to its end: by the fast engine or by the oracle. */

import { RunError } from "../base/errors.ts";
import type { Cycles } from "../base/units.ts";
import type { NetworkResult, NetworkSpec } from "../engine/network.ts";
import { progressOf, readResult } from "../engine/result.ts";
import { runNetwork, runRound } from "../engine/run.ts";
import { createState } from "../engine/state.ts";
import { runOracle } from "./oracle.ts";

export interface RunLimits {
  readonly engine: "fast" | "oracle";
  /** For this section, and for the whole run, which the message names. */
  readonly maxTicks: Cycles;
  readonly maxCycles: Cycles;
  /** Called every so often while the fast engine runs. */
  readonly report: (progress: ReturnType<typeof progressOf>) => void;
  /** What to throw when nothing can move any more. */
  readonly diagnose: (result: NetworkResult) => RunError;
}

export function runSection(name: string, network: NetworkSpec, { engine, maxTicks, maxCycles, report, diagnose }: RunLimits): NetworkResult {
  const result = engine === "oracle" ? runOracle(network, { maxTicks }) : runFast(network, maxTicks, report);
  if (!result.finished) throw diagnose(result);
  if (result.ticks > maxTicks) throw new RunError("limit", `section ${name} was not done at ${maxCycles} cycles`);
  return result;
}

/** Rounds of the engine between two reports: some milliseconds. */
const REPORT_ROUNDS = 1024;

function runFast(network: NetworkSpec, maxTicks: Cycles, report: RunLimits["report"]): NetworkResult {
  const state = createState(network, { maxTicks });
  for (let round = 1; runRound(state); round++) if (round % REPORT_ROUNDS === 0) report(progressOf(state));
  return readResult(state);
}

/** A second run of a section, to see whether it finishes: its ticks, "stuck", or "limit" where it is not done by then. */
export function runAgain(network: NetworkSpec, engine: RunLimits["engine"], maxTicks: Cycles): Cycles | "stuck" | "limit" {
  try {
    const { finished, ticks } = engine === "oracle" ? runOracle(network, { maxTicks }) : runNetwork(network, { maxTicks });
    return finished ? ticks : "stuck";
  } catch (error) {
    if (error instanceof RunError && error.code === "limit") return "limit";
    throw error;
  }
}
