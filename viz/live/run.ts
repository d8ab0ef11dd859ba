/** A run in the page: the same functions on the same texts as `weft run`, so that its report is the same to the byte, `host` left out. */

import { inFile, type Place, UserError } from "../../src/base/errors.ts";
import type { Override } from "../../src/base/yaml.ts";
import { parseSettings, type Settings } from "../../src/cli/settings.ts";
import { loadEnergyTable } from "../../src/energy/schema.ts";
import type { Style } from "../../src/fabric/fabric.ts";
import { bindWorkload, parseWorkload, workloadHash } from "../../src/frontend/workload.ts";
import { runGpu } from "../../src/gpu/run.ts";
import { loadGpu } from "../../src/machine/gpu-schema.ts";
import { loadServedMachine } from "../../src/memory/served.ts";
import { generateInputs } from "../../src/pattern/inputs.ts";
import type { Program } from "../../src/pattern/program.ts";
import { makeGpuResult } from "../../src/report/gpu.ts";
import { makeResult } from "../../src/report/make.ts";
import { bundleOf } from "../../src/scene/bundle.ts";
import { gpuBundle } from "../../src/scene/make-gpu.ts";
import type { RunBundle } from "../../src/scene/scene.ts";
import { hostOf } from "../../src/sim/host.ts";
import { prepare } from "../../src/sim/prepare.ts";
import { createRecorder } from "../../src/sim/record.ts";
import { simulate } from "../../src/sim/simulate.ts";
import { sliceFabric } from "../../src/sim/slice.ts";
import { programNamed } from "./catalogue.ts";
import { ENERGY_TABLES, GPUS, INSTANCES, MACHINES } from "./files.ts";

export interface LiveJob {
  /** As in the catalogue. */
  readonly workload: string;
  readonly machine: string;
  readonly style: Style;
  /** `PATH=VALUE`, as `--set` takes them. */
  readonly settings: readonly string[];
  /** Null: the workload's own, or 1. */
  readonly seed: number | null;
  /** Beside which the page shows the run; null: none. */
  readonly gpu: string | null;
}

/** `share` of the simulation, 0 .. 1. */
export type LiveProgress = (words: string, share: number) => void;

/** Throws as the command line does. `version`: of weft. */
export function runLive(job: LiveJob, version: string, progress: LiveProgress): RunBundle {
  const began = performance.now();
  const settings = parseSettings(job.settings);
  if (GPUS[job.machine] !== undefined) return runOnGpu(job, settings, version);
  const machine = loadServedMachine(MACHINES[job.machine]!, `configs/${job.machine}.yaml`, settings.machine);
  const { program, seed, hash, file } = workloadOf(job, settings.workload);
  const energyTable = energyTableOf(machine.energy);
  progress("compiling, placing and routing", 0);
  const prepared = inFile(file, () => prepare(program, machine, { style: job.style, seed }));
  const { mapping, controllers } = prepared;
  const recorder = createRecorder(mapping, machine);
  progress("simulating", 0);
  const counters = inFile(file, () =>
    simulate(mapping, machine, {
      ...{ program, inputs: () => generateInputs(program, seed), values: false, engine: "fast", fastForward: true, recorder },
      weights: controllers.sections.map(({ estimate }) => estimate.cycles),
      onProgress: ({ share }) => progress("simulating", share),
    }),
  );
  const use = { wall_seconds: (performance.now() - began) / 1000, peak_rss_bytes: 0 };
  const host = hostOf(use, counters, sliceFabric(mapping.fabric, false));
  const report = makeResult({ version, program, workloadHash: hash, seed, machine, mapping, counters, energyTable, host });
  const gpu = job.gpu === null ? null : loadGpu(GPUS[job.gpu]!, `configs/${job.gpu}.yaml`);
  return bundleOf({ program, machine, prepared, counters, report, gpu, placeOf: inThePage }, recorder);
}

function runOnGpu(job: LiveJob, settings: Settings, version: string): RunBundle {
  const machine = loadGpu(GPUS[job.machine]!, `configs/${job.machine}.yaml`, settings.machine);
  const { program, seed, hash, file } = workloadOf(job, settings.workload);
  const run = inFile(file, () => runGpu(program, machine));
  const report = makeGpuResult({ version, program, workloadHash: hash, seed, machine, run, host: { wall_seconds: 0, peak_rss_bytes: 0 } });
  return gpuBundle(program, machine, report, inThePage);
}

/** Places in the page's own code say nothing to a user. */
const inThePage = (): Place => ({});

interface LiveWorkload {
  readonly program: Program;
  readonly seed: number;
  readonly hash: string;
  /** As messages name it. */
  readonly file: string;
}

function workloadOf({ workload: name, seed }: LiveJob, settings: readonly Override[]): LiveWorkload {
  const text = INSTANCES[name];
  const yaml = `workloads/${name}.yaml`;
  const instance = text === undefined ? undefined : parseWorkload(text, yaml);
  const code = (instance?.program ?? name).replace(/^workloads\/(.+)\.ts$/, "$1");
  const definition = programNamed(instance?.program ?? name)!;
  const { program, data } = bindWorkload(definition, instance, settings, (build) => blamed(`workloads/${code}.ts`, build));
  return { program, seed: seed ?? instance?.seed ?? 1, hash: workloadHash(program, data), file: instance === undefined ? `workloads/${code}.ts` : yaml };
}

/** As the command line blames a workload's code, but without lines. */
function blamed<T>(file: string, build: () => T): T {
  return inFile(file, () => {
    try {
      return build();
    } catch (error) {
      if (error instanceof UserError || !(error instanceof Error)) throw error;
      throw new UserError({ code: "workload-threw", message: `the workload's code failed: ${error.message}` });
    }
  });
}

function energyTableOf(name: string) {
  const text = ENERGY_TABLES[name];
  if (text === undefined) throw new UserError({ code: "unknown-energy-table", message: `the page has no energy table ${JSON.stringify(name)}` });
  return loadEnergyTable(text, `configs/energy/${name}.yaml`);
}
