/** Interim. */
import type { Machine } from "../machine/machine.ts";
import type { Mapping } from "../mapper/mapping.ts";
import type { RunCounters } from "../result/counters.ts";
import type { ActivityTrace } from "../trace/trace.ts";

export interface Recorder {
  readonly kind: "none";
}
export function createRecorder(_mapping: Mapping, _machine: Machine): Recorder {
  return { kind: "none" };
}
export function traceOf(_recorder: Recorder, _counters: RunCounters): ActivityTrace {
  throw new Error("interim");
}
