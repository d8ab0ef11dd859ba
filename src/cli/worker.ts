/** The thread in which a job runs, so that the main thread always answers to Ctrl-C. */

import { parentPort, workerData } from "node:worker_threads";
import type { RunResult } from "../result/result.ts";
import { type Failure, failureOf, JobFailed } from "./failure.ts";
import { doJob, type Job } from "./jobs.ts";
import type { StopRequest } from "./stop.ts";

export interface Work {
  readonly job: Job;
  readonly request: StopRequest;
}

export type Message =
  | { readonly kind: "progress"; readonly line: string }
  | { readonly kind: "answers" }
  | { readonly kind: "done"; readonly value: unknown }
  | { readonly kind: "failed"; readonly failure: Failure; readonly partial: RunResult | null; readonly packed: Uint8Array | null };

const post = (message: Message): void => parentPort?.postMessage(message);
const progress = (line: string): void => post({ kind: "progress", line });

try {
  const { job, request } = workerData as Work;
  post({ kind: "done", value: await doJob(job, progress, { request, answers: () => post({ kind: "answers" }) }) });
} catch (error) {
  const { partial, packed } = error instanceof JobFailed ? error : { partial: null, packed: null };
  post({ kind: "failed", failure: failureOf(error), partial, packed });
}
