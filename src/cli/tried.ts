/** Changes that could make a run faster, the most promising of them run: for `weft explain`, and for the page of `weft run --tries`. */

import { availableParallelism } from "node:os";
import type { RunResult } from "../result/result.ts";
import type { Change, ChangesJob, EstimatesJob } from "./changes.ts";
import { type Attempt, inTurn, type Verified } from "./explain-order.ts";
import { onInterrupt } from "./interrupt.ts";
import { inLanes, unlessStopped } from "./lanes.ts";
import { cyclesWord } from "./search-result.ts";
import { parseSettings } from "./settings.ts";
import { type TargetFlags, targetOf } from "./target.ts";
import { inThread } from "./thread.ts";
import type { Trial, TrialJob } from "./trials.ts";

/** What trying works on; the tests give it lanes of their own. */
export interface TryParts {
  readonly list: (job: ChangesJob, signal: AbortSignal) => Promise<readonly Change[]>;
  readonly estimate: (job: EstimatesJob, signal: AbortSignal) => Promise<readonly (number | null)[]>;
  readonly trial: (job: TrialJob, signal: AbortSignal) => Promise<Trial>;
  /** Changes that are tried side by side. They change neither figures nor their order. */
  readonly lanes: number;
  /** Words for people, a line each. */
  readonly say: (line: string) => void;
}

export const IN_THREADS: TryParts = {
  list: (job, signal) => inThread(job, undefined, signal),
  estimate: (job, signal) => inThread(job, undefined, signal),
  trial: (job, signal) => inThread(job, undefined, signal),
  lanes: availableParallelism(),
  say: (line) => void process.stderr.write(`weft: ${line}\n`),
};

export interface Tried {
  readonly verified: readonly Verified[];
  /** Changes there are. */
  readonly listed: number;
  /** Before all that were to be run had been; `isInterrupted`: by whoever runs it. */
  readonly isStopped: boolean;
  readonly isInterrupted: boolean;
}

/** Whoever stops it, or reaches the limit of time (of the whole command), gets the changes that were run until then. */
export async function tryWithin(maxSeconds: number, flags: TargetFlags, result: RunResult, tries: number, parts: TryParts): Promise<Tried> {
  const { done, ...how } = await untilStopped(maxSeconds, (signal) => tryChanges(flags, result, tries, parts, signal));
  return { ...done, ...how };
}

/** `work` is to end early, with what it has, when the signal comes. */
export async function untilStopped<T>(
  maxSeconds: number,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Pick<Tried, "isStopped" | "isInterrupted"> & { readonly done: T }> {
  const stop = new AbortController();
  let isInterrupted = false;
  const release = onInterrupt(() => {
    isInterrupted = true;
    stop.abort();
  });
  const left = 1000 * maxSeconds - performance.now();
  const timer = Number.isFinite(left) ? setTimeout(() => stop.abort(), Math.max(0, left)) : null;
  try {
    const done = await work(stop.signal);
    return { done, isStopped: stop.signal.aborted, isInterrupted };
  } finally {
    if (timer !== null) clearTimeout(timer);
    release();
  }
}

export async function tryChanges(
  flags: TargetFlags,
  result: RunResult,
  tries: number,
  parts: TryParts,
  signal: AbortSignal,
): Promise<Pick<Tried, "verified" | "listed">> {
  const target = targetOf(flags);
  const changes = (await unlessStopped(parts.list({ kind: "changes", ...target }, signal), signal)) ?? [];
  const order = inTurn(await estimateAll(flags, changes, parts, signal), result).slice(0, tries);
  const trials: (Trial | undefined)[] = [];
  await inLanes(order.length, parts.lanes, async (nth) => {
    if (signal.aborted) return;
    const { what, set, schedule } = order[nth]!.change;
    const job: TrialJob = { kind: "trial", ...target, settings: parseSettings([...flags.set, ...set]), schedule, placement: result.workload.seed };
    const trial = await unlessStopped(parts.trial(job, signal), signal);
    trials[nth] = trial;
    if (trial !== undefined) parts.say(`change ${nth + 1} of ${order.length}, ${what}: ${cyclesWord(trial)}`);
  });
  const verified = order.flatMap(({ change }, nth): Verified[] => (trials[nth] === undefined ? [] : [{ change, trial: trials[nth] }]));
  return { verified, listed: changes.length };
}

/** Those that there is a plan for; none where it was stopped. Each lane takes its share of them. */
async function estimateAll(flags: TargetFlags, changes: readonly Change[], parts: TryParts, signal: AbortSignal): Promise<readonly Attempt[]> {
  parts.say(`estimating ${changes.length} changes`);
  const plans = [{ what: "the compiler's own choice", set: [], schedule: null }, ...changes];
  const lanes = Math.min(parts.lanes, plans.length);
  const expected = new Array<number | null>(plans.length).fill(null);
  await inLanes(lanes, lanes, async (lane) => {
    const own = plans.filter((_, nth) => nth % lanes === lane);
    const job: EstimatesJob = { kind: "estimates", ...targetOf(flags), set: flags.set, changes: own };
    const found = await unlessStopped(parts.estimate(job, signal), signal);
    found?.forEach((cycles, position) => {
      expected[position * lanes + lane] = cycles;
    });
  });
  const [before, ...after] = expected;
  if (before === null || before === undefined) return [];
  return changes.flatMap((change, nth) => (after[nth] == null ? [] : [{ change, ratio: after[nth] / before }]));
}
