/**
 * `weft explain`: what each pass did and why, and how each section is mapped; then, from a run, what limits each section, and which changes to the program's schedule or to the machine
 * would gain most. A change is told of only once it has been run.
 */

import { RunError } from "../base/errors.ts";
import type { RunResult } from "../result/result.ts";
import { printMeasured } from "./explain-report.ts";
import type { CompileJob, RunJob } from "./jobs.ts";
import { secondsOf, wholeNumber } from "./settings.ts";
import { type TargetFlags, targetOf } from "./target.ts";
import { inThread } from "./thread.ts";
import { IN_THREADS, type TryParts, tryWithin } from "./tried.ts";

export interface ExplainFlags extends TargetFlags {
  readonly tries: string;
  readonly maxSeconds: string;
}

/** What `explain` works on; the tests give it lanes of their own. */
export interface ExplainParts extends TryParts {
  readonly plan: (job: CompileJob) => Promise<string>;
  readonly run: (job: RunJob) => Promise<RunResult>;
  readonly print: (text: string) => void;
}

const DEFAULTS: ExplainParts = {
  ...IN_THREADS,
  plan: (job) => inThread(job),
  run: (job) => inThread(job),
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
  const { verified, listed, isStopped, isInterrupted } = await tryWithin(maxSeconds, flags, result, tries, all);
  all.print(`\n${printMeasured(result, verified, listed, isStopped)}`);
  if (isInterrupted) throw new RunError("interrupted", "interrupted before all changes were run");
}
