/** The thread in which a job runs, so that the main thread always answers to Ctrl-C. */

import { parentPort, workerData } from "node:worker_threads";
import { type Failure, failureOf } from "./failure.ts";
import { doJob, type Job } from "./jobs.ts";

export type Message =
  | { readonly kind: "progress"; readonly line: string }
  | { readonly kind: "done"; readonly value: unknown }
  | { readonly kind: "failed"; readonly failure: Failure };

const post = (message: Message): void => parentPort?.postMessage(message);
const progress = (line: string): void => post({ kind: "progress", line });

try {
  post({ kind: "done", value: await doJob(workerData as Job, progress) });
} catch (error) {
  post({ kind: "failed", failure: failureOf(error) });
}
