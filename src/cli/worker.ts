/** The thread in which a job runs, so that the main thread always answers to Ctrl-C. */

import { parentPort, workerData } from "node:worker_threads";
import { type Failure, failureOf } from "./failure.ts";
import { compileJob, type Job, runJob } from "./jobs.ts";

export type Message =
  | { readonly kind: "progress"; readonly line: string }
  | { readonly kind: "done"; readonly value: unknown }
  | { readonly kind: "failed"; readonly failure: Failure };

const post = (message: Message): void => parentPort?.postMessage(message);
const progress = (line: string): void => post({ kind: "progress", line });

try {
  const job = workerData as Job;
  post({ kind: "done", value: job.kind === "run" ? await runJob(job, progress) : await compileJob(job, progress) });
} catch (error) {
  post({ kind: "failed", failure: failureOf(error) });
}
