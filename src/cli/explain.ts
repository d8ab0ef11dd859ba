/**
 * `weft explain`: what each pass did and why, and how each section is mapped; then, from a run, what limits each section, and which changes to the program's schedule or to the machine
 * would gain most. A change is told of only once it has been run.
 */

import { availableParallelism } from "node:os";
import { RunError } from "../base/errors.ts";
import type { RunResult } from "../result/result.ts";
import type { Change, ChangesJob, EstimatesJob } from "./changes.ts";
import { type Attempt, inTurn, type Verified } from "./explain-order.ts";
import { printMeasured } from "./explain-report.ts";
import { onInterrupt } from "./interrupt.ts";
import type { CompileJob, RunJob } from "./jobs.ts";
import { inLanes, unlessStopped } from "./lanes.ts";
import { type TargetFlags, targetOf } from "./run.ts";
import { cyclesWord } from "./search-result.ts";
import { parseSettings, secondsOf, wholeNumber } from "./settings.ts";
import { inThread } from "./thread.ts";
import type { Trial, TrialJob } from "./trials.ts";

export interface ExplainFlags extends TargetFlags {
  readonly tries: string;
  readonly maxSeconds: string;
}

/** What `explain` works on; the tests give it lanes of their own. */
export interface ExplainParts {
  readonly plan: (job: CompileJob) => Promise<string>;
  readonly run: (job: RunJob) => Promise<RunResult>;
  readonly list: (job: ChangesJob, signal: AbortSignal) => Promise<readonly Change[]>;
  readonly estimate: (job: EstimatesJob, signal: AbortSignal) => Promise<readonly (number | null)[]>;
  readonly trial: (job: TrialJob, signal: AbortSignal) => Promise<Trial>;
  /** Changes that are tried side by side. They change neither figures nor their order. */
  readonly lanes: number;
  /** Words for people, a line each. */
  readonly say: (line: string) => void;
  readonly print: (text: string) => void;
}

const DEFAULTS: ExplainParts = {
  plan: (job) => inThread(job),
  run: (job) => inThread(job),
  list: (job, signal) => inThread(job, undefined, signal),
  estimate: (job, signal) => inThread(job, undefined, signal),
  trial: (job, signal) => inThread(job, undefined, signal),
  lanes: availableParallelism(),
  say: (line) => void process.stderr.write(`weft: ${line}\n`),
  print: (text) => void process.stdout.write(text),
};

/** The plan is printed at once. Whoever stops what follows, or reaches the limit of time, gets the changes that were run until then. */
export async function explainCommand(flags: ExplainFlags, parts: Partial<ExplainParts> = {}): Promise<void> {
  const all = { ...DEFAULTS, ...parts };
  const tries = wholeNumber("--tries", flags.tries, 0, 10_000);
  const maxSeconds = secondsOf("--max-seconds", flags.maxSeconds);
  const target = targetOf(flags);
  const plan = await all.plan({ kind: "compile", ...target, emit: "explanation" });
  all.print(plan.endsWith("\n") ? plan : `${plan}\n`);
  if (tries === 0) return;
  const simple = { values: false, engine: "fast", maxCycles: null } as const;
  const result = await all.run({ kind: "run", ...target, ...simple, limits: { maxSeconds, maxBytes: null } });
  const stop = new AbortController();
  let isInterrupted = false;
  const release = onInterrupt(() => {
    isInterrupted = true;
    stop.abort();
  });
  const timer = setTimeout(() => stop.abort(), Math.max(0, 1000 * maxSeconds - performance.now()));
  try {
    const { verified, listed } = await tryChanges(flags, result, tries, all, stop.signal);
    all.print(`\n${printMeasured(result, verified, listed, stop.signal.aborted)}`);
  } finally {
    clearTimeout(timer);
    release();
  }
  if (isInterrupted) throw new RunError("interrupted", "interrupted before all changes were run");
}

interface Tried {
  readonly verified: readonly Verified[];
  /** Changes there are. */
  readonly listed: number;
}

async function tryChanges(flags: ExplainFlags, result: RunResult, tries: number, parts: ExplainParts, signal: AbortSignal): Promise<Tried> {
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
async function estimateAll(flags: ExplainFlags, changes: readonly Change[], parts: ExplainParts, signal: AbortSignal): Promise<readonly Attempt[]> {
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
