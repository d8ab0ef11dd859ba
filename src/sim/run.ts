/** One run of one section's network, to its end or to where it is stopped: by the fast engine or by the oracle. */

import { RunError } from "../base/errors.ts";
import type { Cycles } from "../base/units.ts";
import type { State } from "../engine/layout.ts";
import type { NetworkResult, NetworkSpec } from "../engine/network.ts";
import { drawnAhead, progressOf, readResult } from "../engine/result.ts";
import { runRound } from "../engine/run.ts";
import { serveBatch } from "../engine/serve.ts";
import { type EngineSnapshot, putBack, takeSnapshot } from "../engine/snapshot.ts";
import { createState } from "../engine/state.ts";
import { findWaits } from "../engine/waiting.ts";
import type { CountedRun } from "./count.ts";
import { describeWaits } from "./deadlock.ts";
import { runOracle } from "./oracle.ts";

export interface RunLimits {
  readonly engine: "fast" | "oracle";
  /** For this section. */
  readonly maxTicks: Cycles;
  /** Whole periods that recur are skipped. */
  readonly fastForward: boolean;
  /** Where to begin, if not at the start: of the fast engine. */
  readonly from: EngineSnapshot | null;
  /** Asked between two rounds, and so that an answer comes within a second. */
  readonly shouldStop: () => boolean;
  /** Called every so often while the fast engine runs. */
  readonly report: (progress: ReturnType<typeof progressOf>) => void;
  /** Where a later run may go on, offered every so often and, last, where this one is stopped. Null: it would begin at the section's start. */
  readonly offer: (snapshot: (() => EngineSnapshot) | null, isLast: boolean) => void;
}

export interface SectionRun {
  /** Null where it ended: else whether it reached the limit or was asked to stop. */
  readonly stopped: "limit" | "asked" | null;
  /** Null: the oracle was stopped, which does not say how far it had come. */
  readonly counted: CountedRun | null;
}

export function runSection(name: string, network: NetworkSpec, limits: RunLimits): SectionRun {
  const run = limits.engine === "oracle" ? runSlowly(name, network, limits) : runFast(name, network, limits);
  const isLate = run.stopped === null && run.counted !== null && run.counted.result.ticks > limits.maxTicks;
  if (isLate) limits.offer(null, true);
  return isLate ? { ...run, stopped: "limit" } : run;
}

/** Rounds of the engine between two reports: some milliseconds. */
const REPORT_ROUNDS = 1024;

function runFast(name: string, network: NetworkSpec, limits: RunLimits): SectionRun {
  const state = createState(network, { maxTicks: limits.maxTicks });
  if (limits.from !== null) putBack(state, limits.from);
  const stopped = runRounds(state, limits);
  if (stopped !== null) {
    limits.offer(() => takeSnapshot(state), true);
    return { stopped, counted: readCut(state) };
  }
  const waits = findWaits(state);
  if (waits.length > 0) throw new RunError("deadlock", `section ${name} is in deadlock: ${describeWaits(network, waits)}`);
  return { stopped, counted: { result: readResult(state), drawn: null } };
}

function runRounds(state: State, { shouldStop, report, offer }: RunLimits): SectionRun["stopped"] {
  return untilLimit(() => {
    for (let round = 1; runRound(state); round++) {
      if (shouldStop()) return "asked";
      if (round % REPORT_ROUNDS !== 0) continue;
      report(progressOf(state));
      offer(() => takeSnapshot(state), false);
    }
    return null;
  });
}

function untilLimit<T>(run: () => T): T | "limit" {
  try {
    return run();
  } catch (error) {
    if (error instanceof RunError && error.code === "limit") return "limit";
    throw error;
  }
}

/** What has been sent to memory is served first, so that all bytes counted were moved by the end. The state can only be read then. */
function readCut(state: State): CountedRun {
  while (serveBatch(state));
  return { result: readResult(state), drawn: drawnAhead(state) };
}

function runSlowly(name: string, network: NetworkSpec, { maxTicks, shouldStop, offer }: RunLimits): SectionRun {
  const result = untilLimit(() => runOracle(network, { maxTicks, shouldStop }) ?? "asked");
  if (typeof result === "string") {
    offer(null, true);
    return { stopped: result, counted: null };
  }
  if (!result.finished) throw new RunError("deadlock", `section ${name} is in deadlock: ${unfinished(network, result)}`);
  return { stopped: null, counted: { result, drawn: null } };
}

/** The oracle does not say who waits for whom, only who has not finished. */
function unfinished({ processes }: NetworkSpec, result: NetworkResult): string {
  const late = processes.filter(({ firings }, p) => result.processes[p]!.firings < firings);
  return `${late.map(({ name }) => name).join(", ")} cannot finish`;
}
