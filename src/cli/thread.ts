/** Hands a job to a worker thread and waits for its result; meanwhile shows progress. */

import { getHeapStatistics } from "node:v8";
import { Worker } from "node:worker_threads";
import type { RunResult } from "../result/result.ts";
import { type Failure, failureOf } from "./failure.ts";
import type { CompileJob, Job, RunJob, StudyJob } from "./jobs.ts";
import type { Study } from "./study.ts";
import type { Message } from "./worker.ts";

/** A failure that already has its words and its exit code. */
export class JobFailed extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.text);
    this.failure = failure;
  }
}

/** `label` tells the progress of jobs apart that run side by side. */
export function inThread(job: RunJob, label?: string): Promise<RunResult>;
export function inThread(job: StudyJob, label?: string): Promise<Study>;
export function inThread(job: CompileJob, label?: string): Promise<string>;
export function inThread(job: Job, label?: string): Promise<unknown> {
  const heap_megabytes = Math.floor(getHeapStatistics().heap_size_limit / 2 ** 20);
  const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: job, resourceLimits: { maxOldGenerationSizeMb: heap_megabytes } });
  const result = new Promise<unknown>((resolve, reject) => {
    const fail = (failure: Failure): void => reject(new JobFailed(failure));
    worker.on("message", (message: Message) => {
      if (message.kind === "progress") showProgress(label === undefined ? message.line : `${label}: ${message.line}`);
      else if (message.kind === "done") resolve(message.value);
      else fail(message.failure);
    });
    worker.on("error", (error) => fail(failureOf(error)));
    worker.on("exit", (code) => fail(failureOf(new Error(`the worker thread ended with code ${code} and no result`))));
  });
  return result.finally(() => {
    clearProgress();
    return worker.terminate();
  });
}

/** One line that is written over on a terminal; elsewhere a line each. */
function showProgress(line: string): void {
  process.stderr.write(process.stderr.isTTY ? `\r\x1b[K${line} ...` : `weft: ${line}\n`);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
}
