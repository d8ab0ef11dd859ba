/** Hands a job to a worker thread and waits for its result; meanwhile shows progress, and asks a run to stop. */

import { getHeapStatistics } from "node:v8";
import { Worker } from "node:worker_threads";
import { RunError } from "../base/errors.ts";
import type { Side } from "../report/sides.ts";
import type { RunResult } from "../result/result.ts";
import type { DepthAnswer } from "../sim/depths.ts";
import type { Change, ChangesJob, EstimatesJob } from "./changes.ts";
import type { Row } from "./comparison.ts";
import type { DepthJob } from "./depth-job.ts";
import type { DramReport } from "./dram-memory.ts";
import { type Failure, failureOf, JobFailed } from "./failure.ts";
import { onInterrupt } from "./interrupt.ts";
import type { ComparisonJob, CompileJob, DramJob, Job, OutputJob, RunJob, SideJob, StudyJob } from "./jobs.ts";
import type { RunOutput } from "./output.ts";
import { type HostLimits, type HostReason, makeRequest, NO_LIMITS, reachedLimit, requestStop, type StopRequest, toMebibytes, wordsFor } from "./stop.ts";
import type { Study } from "./study.ts";
import type { SystolicJob, SystolicReport } from "./systolic-count.ts";
import type { Candidates, CandidatesJob, Trial, TrialJob } from "./trials.ts";
import type { Message, Work } from "./worker.ts";

/** `label` tells the progress of jobs apart that run side by side. `signal` ends a job at once, as interrupted. */
export function inThread(job: RunJob, label?: string): Promise<RunResult>;
export function inThread(job: OutputJob, label?: string): Promise<RunOutput>;
export function inThread(job: StudyJob, label?: string): Promise<Study>;
export function inThread(job: SideJob, label?: string, signal?: AbortSignal): Promise<Side>;
export function inThread(job: CompileJob, label?: string): Promise<string>;
export function inThread(job: ComparisonJob, label?: string): Promise<readonly Row[]>;
export function inThread(job: SystolicJob, label?: string): Promise<SystolicReport>;
export function inThread(job: DramJob, label?: string): Promise<DramReport>;
export function inThread(job: CandidatesJob, label?: string, signal?: AbortSignal): Promise<Candidates>;
export function inThread(job: TrialJob, label?: string, signal?: AbortSignal): Promise<Trial>;
export function inThread(job: ChangesJob, label?: string, signal?: AbortSignal): Promise<readonly Change[]>;
export function inThread(job: EstimatesJob, label?: string, signal?: AbortSignal): Promise<readonly (number | null)[]>;
export function inThread(job: DepthJob, label?: string, signal?: AbortSignal): Promise<DepthAnswer>;
export function inThread(job: Job, label?: string, signal?: AbortSignal): Promise<unknown> {
  const request = makeRequest();
  const worker = startWorker({ job, request });
  let end = (): void => {};
  const result = new Promise<unknown>((resolve, reject) => {
    const fail = (failure: Failure, partial: RunResult | null = null, packed: Uint8Array | null = null): void =>
      reject(new JobFailed(failure, partial, packed));
    const abort = (): void => fail(failureOf(new RunError("interrupted", "interrupted")));
    signal?.addEventListener("abort", abort);
    const watch = job.kind === "run" || job.kind === "output" ? watchHost(job.limits ?? NO_LIMITS, request, fail) : null;
    end = () => {
      signal?.removeEventListener("abort", abort);
      watch?.end();
    };
    worker.on("message", (message: Message) => {
      if (message.kind === "progress") showProgress(label === undefined ? message.line : `${label}: ${message.line}`);
      else if (message.kind === "answers") watch?.answers();
      else if (message.kind === "done") resolve(message.value);
      else fail(message.failure, message.partial, message.packed);
    });
    worker.on("error", (error) => fail(failureOf(error)));
    worker.on("exit", (code) => fail(failureOf(new Error(`the worker thread ended with code ${code} and no result`))));
  });
  return result.finally(() => {
    end();
    clearProgress();
    return worker.terminate();
  });
}

function startWorker(work: Work): Worker {
  const heap_megabytes = Math.floor(getHeapStatistics().heap_size_limit / 2 ** 20);
  return new Worker(new URL("./worker.js", import.meta.url), { workerData: work, resourceLimits: { maxOldGenerationSizeMb: heap_megabytes } });
}

/** Milliseconds between two looks at the clock and the memory. */
const LOOK = 50;

/** Asks the run to stop on Ctrl-C and at its limits. While it compiles it does not answer: then it fails at once, without a report. */
function watchHost(limits: HostLimits, request: StopRequest, fail: (failure: Failure) => void) {
  let isAnswering = false;
  const stop = (reason: HostReason): void => {
    const bytes = process.memoryUsage.rss();
    if (isAnswering) requestStop(request, reason, bytes);
    else fail(failureOf(new RunError(reason === "interrupted" ? reason : "limit", `${wordsFor(reason, limits, toMebibytes(bytes))} while compiling`)));
  };
  const timer = setInterval(() => {
    const reason = reachedLimit(limits, { seconds: performance.now() / 1000, bytes: process.memoryUsage.rss() });
    if (reason !== null) stop(reason);
  }, LOOK);
  const release = onInterrupt(() => {
    if (isAnswering) showProgress("interrupted: ending with what was simulated so far; once more to leave at once");
    stop("interrupted");
  });
  return {
    answers: (): void => {
      isAnswering = true;
    },
    end: (): void => {
      clearInterval(timer);
      release();
    },
  };
}

/** One line that is written over on a terminal; elsewhere a line each. */
function showProgress(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line} ...` : `weft: ${line}\n`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
}
