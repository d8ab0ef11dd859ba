/** What went wrong -> words on standard error and an exit code. Also travels between threads, as plain data. */

import { type Fault, printFault, RunError, UserError } from "../base/errors.ts";

export const EXIT = { done: 0, checkFailed: 1, userFault: 2, stopped: 3, bug: 70, interrupted: 130 } as const;

export interface Failure {
  readonly exitCode: number;
  readonly text: string;
}

export function failureOf(error: unknown): Failure {
  if (error instanceof UserError) return { exitCode: EXIT.userFault, text: [...new Set(error.faults.map((fault) => `weft: ${oneLine(fault)}`))].join("\n") };
  if (error instanceof RunError) return { exitCode: EXIT.stopped, text: `weft: ${error.code === "limit" ? "stopped" : "deadlock"}: ${error.message}` };
  if (isOutOfMemory(error))
    return {
      exitCode: EXIT.stopped,
      text: "weft: stopped: out of memory; give node more, e.g. NODE_OPTIONS=--max-old-space-size=8192, or make the workload smaller",
    };
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { exitCode: EXIT.bug, text: `${trace}\n\nweft: this is a bug in weft; please report it with the command line and the lines above` };
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
