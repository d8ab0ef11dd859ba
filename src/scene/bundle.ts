/** A run that has ended -> all that a page shows of it. */

import { meansOf, type Recorder, traceOf } from "../sim/record.ts";
import { makeScene, type SceneParts } from "./make.ts";
import type { RunBundle } from "./scene.ts";

/** `recorder`: null, nothing was recorded over time. */
export function bundleOf(parts: Omit<SceneParts, "trace">, recorder: Recorder | null): RunBundle {
  const { counters, prepared, machine, report } = parts;
  const trace = recorder === null ? meansOf(counters, prepared.mapping, machine) : traceOf(recorder, counters);
  return { report, scene: makeScene({ ...parts, trace }), trace };
}
