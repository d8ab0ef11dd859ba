/** What Ctrl-C does: asks the run under way to end with what it has; where there is none, or said again, it ends the process at once. */

import { EXIT } from "./failure.ts";

/** Asks the run under way to end. */
let ask: (() => void) | null = null;

export function answerSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, interrupt);
}

/** Takes the place of leaving at once, until the function that is returned is called. */
export function onInterrupt(asks: () => void): () => void {
  ask = asks;
  return () => {
    ask = null;
  };
}

function interrupt(): void {
  const first = ask;
  ask = null;
  if (first === null) leave();
  else first();
}

function leave(): never {
  process.stderr.write(`${process.stderr.isTTY ? "\r\x1b[K" : ""}weft: interrupted\n`);
  process.exit(EXIT.interrupted);
}
