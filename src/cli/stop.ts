/** How the main thread, which watches the clock, the memory and Ctrl-C, tells the thread of a run to stop: two words that both can see. */

import { grouped } from "../report/format.ts";
import type { Stop } from "../sim/watch.ts";

export interface HostLimits {
  /** Null: none. Wall time since the command began. */
  readonly maxSeconds: number | null;
  /** Resident memory of the process. */
  readonly maxBytes: number | null;
}

export const NO_LIMITS: HostLimits = { maxSeconds: null, maxBytes: null };

/** Of the process now. */
export interface HostUse {
  readonly seconds: number;
  readonly bytes: number;
}

/** The reason's number in REASONS + 1, 0 while the run may go on; and the mebibytes in use when it was given. */
export type StopRequest = Int32Array<SharedArrayBuffer>;

const REASONS = ["interrupted", "max-seconds", "max-memory"] as const;
export type HostReason = (typeof REASONS)[number];

export function makeRequest(): StopRequest {
  return new Int32Array(new SharedArrayBuffer(8));
}

/** The first reason counts. */
export function requestStop(request: StopRequest, reason: HostReason, bytes: number): void {
  if (Atomics.load(request, 0) !== 0) return;
  Atomics.store(request, 1, toMebibytes(bytes));
  Atomics.store(request, 0, REASONS.indexOf(reason) + 1);
}

/** Asked between any two rounds of the engine: costs some nanoseconds. */
export function stopAsked(request: StopRequest, limits: HostLimits): Stop | null {
  const reason = REASONS[Atomics.load(request, 0) - 1];
  return reason === undefined ? null : { reason, words: wordsFor(reason, limits, Atomics.load(request, 1)) };
}

export function wordsFor(reason: HostReason, { maxSeconds, maxBytes }: HostLimits, mebibytes: number): string {
  switch (reason) {
    case "interrupted":
      return "interrupted";
    case "max-seconds":
      return `the limit of ${maxSeconds} s (--max-seconds) was reached`;
    case "max-memory":
      return `the process took ${grouped(mebibytes)} MiB, the limit is ${grouped((maxBytes ?? 0) / 2 ** 20)} MiB (--max-memory),`;
  }
}

export const toMebibytes = (bytes: number): number => Math.round(bytes / 2 ** 20);

/** Which limit is reached, if one is. */
export function reachedLimit({ maxSeconds, maxBytes }: HostLimits, { seconds, bytes }: HostUse): HostReason | null {
  if (maxSeconds !== null && seconds >= maxSeconds) return "max-seconds";
  return maxBytes !== null && bytes > maxBytes ? "max-memory" : null;
}
