/** One run of one section's network, to its end or to where it is stopped: by the fast engine or by the oracle. */

import { RunError } from "../base/errors.ts";
import type { Cycles } from "../base/units.ts";
import type { Skipped } from "../engine/forward.ts";
import type { State } from "../engine/layout.ts";
import type { NetworkResult, NetworkSpec } from "../engine/network.ts";
import { endRecording, type Recording } from "../engine/record.ts";
import { progressOf, readCuts, readResult } from "../engine/result.ts";
import { advance, type Course, createCourse, runNetwork } from "../engine/run.ts";
import { restoreState, type SavedState, saveState } from "../engine/saved.ts";
import { serveBatch } from "../engine/serve.ts";
import { createState } from "../engine/state.ts";
import type { CountedRun } from "./count.ts";
import { runOracle } from "./oracle.ts";

export interface RunLimits {
  readonly engine: "fast" | "oracle";
  /** For this section. */
  readonly maxTicks: Cycles;
  /** Skips periods that recur; only in the fast engine. */
  readonly fastForward: boolean;
  /** Where to begin, if not at the start: of the fast engine. */
  readonly from: SavedState | null;
  /** Follows the run: of the fast engine. Null: nothing does. */
  readonly recording: Recording | null;
  /** Asked between two rounds, and so that an answer comes within a second. */
  readonly shouldStop: () => boolean;
  /** Called every so often while the fast engine runs. */
  readonly report: (progress: ReturnType<typeof progressOf>) => void;
  /** Where a later run may go on, offered every so often and, last, where this one is stopped. Null: it would begin at the section's start. */
  readonly offer: (save: (() => SavedState) | null, isLast: boolean) => void;
  /** What to throw when nothing can move any more. */
  readonly diagnose: (result: NetworkResult) => RunError;
}

export interface SectionRun {
  /** Null where it ended: else whether it reached the limit or was asked to stop. */
  readonly stopped: "limit" | "asked" | null;
  /** Null: the oracle was stopped, which does not say how far it had come. */
  readonly counted: CountedRun | null;
  /** Of its work, 0 .. 1. */
  readonly share: number;
  readonly skipped: Skipped;
}

export function runSection(network: NetworkSpec, limits: RunLimits): SectionRun {
  const run = limits.engine === "oracle" ? runSlowly(network, limits) : runFast(network, limits);
  if (run.stopped !== null || run.counted === null) return run;
  const { result } = run.counted;
  if (!result.finished) throw limits.diagnose(result);
  if (result.ticks <= limits.maxTicks) return run;
  limits.offer(null, true);
  return { ...run, stopped: "limit" };
}

/** Rounds of the engine between two reports: some milliseconds. */
const REPORT_ROUNDS = 1024;

function runFast(network: NetworkSpec, limits: RunLimits): SectionRun {
  const { maxTicks, fastForward, from, offer, recording } = limits;
  const state = createState(network, { maxTicks, recording });
  if (from !== null) restoreState(state, from);
  const course = createCourse(state, fastForward, from?.skipped);
  const { skipped } = course;
  const stopped = runRounds(course, limits);
  if (stopped !== null) offer(() => saveState(course), true);
  const counted = stopped === null ? { result: readResult(state), cuts: null } : readStopped(state);
  if (recording !== null) endRecording(recording, state);
  return { stopped, counted, share: stopped === null ? 1 : progressOf(state).share, skipped };
}

function runRounds(course: Course, { shouldStop, report, offer }: RunLimits): SectionRun["stopped"] {
  return untilLimit(() => {
    for (let round = 1; advance(course); round++) {
      if (shouldStop()) return "asked";
      if (round % REPORT_ROUNDS !== 0) continue;
      report(progressOf(course.state));
      offer(() => saveState(course), false);
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
function readStopped(state: State): CountedRun {
  while (serveBatch(state));
  return { result: readResult(state), cuts: readCuts(state) };
}

function runSlowly(network: NetworkSpec, { maxTicks, shouldStop, offer }: RunLimits): SectionRun {
  const skipped: Skipped = { firings: 0, periods: new Map() };
  const result = untilLimit(() => runOracle(network, { maxTicks, shouldStop }) ?? "asked");
  if (typeof result !== "string") return { stopped: null, counted: { result, cuts: null }, share: 1, skipped };
  offer(null, true);
  return { stopped: result, counted: null, share: 0, skipped };
}

/** A second run of a section, to see whether it finishes: its ticks, "stuck", or "limit" where it is not done by then. */
export function runAgain(network: NetworkSpec, engine: RunLimits["engine"], maxTicks: Cycles): Cycles | "stuck" | "limit" {
  return untilLimit(() => {
    const { finished, ticks } = engine === "oracle" ? runOracle(network, { maxTicks }) : runNetwork(network, { maxTicks, fastForward: true });
    return finished ? ticks : "stuck";
  });
}
