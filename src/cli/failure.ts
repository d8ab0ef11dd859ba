/** What went wrong -> words on standard error and an exit code. Also travels between threads, as plain data. */

import { type Fault, printFault, RunError, UserError } from "../base/errors.ts";
import type { RunResult } from "../result/result.ts";

export const EXIT = { done: 0, checkFailed: 1, userFault: 2, stopped: 3, bug: 70, interrupted: 130 } as const;

export interface Failure {
  readonly exitCode: number;
  readonly text: string;
}

/** A failure that already has its words and its exit code. */
export class JobFailed extends Error {
  readonly failure: Failure;
  /** Of a run that was stopped. */
  readonly partial: RunResult | null;
  /** The bundle of its page, where one was asked for. */
  readonly packed: Uint8Array | null;
  constructor(failure: Failure, partial: RunResult | null = null, packed: Uint8Array | null = null) {
    super(failure.text);
    this.failure = failure;
    this.partial = partial;
    this.packed = packed;
  }
}

export function failureOf(error: unknown): Failure {
  if (error instanceof UserError) return { exitCode: EXIT.userFault, text: [...new Set(error.faults.map((fault) => `weft: ${oneLine(fault)}`))].join("\n") };
  if (error instanceof JobFailed) return error.failure;
  if (error instanceof RunError) return stoppedFailure(error);
  if (isOutOfMemory(error))
    return {
      exitCode: EXIT.stopped,
      text: "weft: stopped: out of memory; give node more, e.g. NODE_OPTIONS=--max-old-space-size=8192, or make the workload smaller",
    };
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { exitCode: EXIT.bug, text: `${trace}\n\nweft: this is a bug in weft; please report it with the command line and the lines above` };
}

function stoppedFailure({ code, message }: RunError): Failure {
  if (code === "interrupted") return { exitCode: EXIT.interrupted, text: `weft: ${message}` };
  return { exitCode: EXIT.stopped, text: `weft: ${code === "limit" ? "stopped" : "deadlock"}: ${message}` };
}

function oneLine(fault: Fault): string {
  return printFault(fault).replaceAll("\n", " ");
}

function isOutOfMemory(error: unknown): boolean {
  return (
    error instanceof Error &&
    (("code" in error && error.code === "ERR_WORKER_OUT_OF_MEMORY") || /Array buffer allocation failed|Invalid typed array length/.test(error.message))
  );
}
