/** Runs with their traces and scenes, as pages and exports get them. */

import { generateInputs } from "../../src/pattern/inputs.ts";
import type { Program } from "../../src/pattern/program.ts";
import { bundleOf } from "../../src/scene/bundle.ts";
import type { RunBundle } from "../../src/scene/scene.ts";
import { createRecorder } from "../../src/sim/record.ts";
import { simulate } from "../../src/sim/simulate.ts";
import kmeans from "../../workloads/kmeans.ts";
import softmax from "../../workloads/softmax.ts";
import { machineOf, prepareOn, reportOf } from "./runs.ts";

const made = new Map<string, RunBundle>();

/** One section. */
export const softmaxBundle = (): RunBundle => once("softmax", () => recordedRun(softmax.build({ rows: 16, cols: 256 })));

/** Several, which take turns. */
export const kmeansBundle = (): RunBundle => once("kmeans", () => recordedRun(kmeans.build({ n: 64, dim: 4, k: 4, iterations: 3 })));

/** The same, its rounds put together: one span a section. */
export function roundsTogether({ report, scene, trace }: RunBundle): RunBundle {
  let start = 0;
  const spans = report.sections.map(({ runs, cycles, configuring_cycles }, section) => {
    start += cycles;
    return { section, start: start - cycles, configuring_cycles, cycles, runs };
  });
  return { report, scene, trace: { ...trace, spans } };
}

function once(name: string, make: () => RunBundle): RunBundle {
  const bundle = made.get(name) ?? make();
  made.set(name, bundle);
  return bundle;
}

/** On the machine that configs/ calls plasticine. */
function recordedRun(program: Program): RunBundle {
  const machine = machineOf("plasticine");
  const prepared = prepareOn(machine, program);
  const recorder = createRecorder(prepared.mapping, machine);
  const counters = simulate(prepared.mapping, machine, { program, inputs: generateInputs(program, 1), values: false, engine: "fast", recorder });
  const report = reportOf(machine, program, prepared.mapping, counters);
  return bundleOf({ program, machine, prepared, counters, report, gpu: null }, recorder);
}
