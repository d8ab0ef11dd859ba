/** The work behind `run` and `compile`: from names and flags to a result, every stage a function call. Runs in a worker thread. */

import { explain } from "../compile/explain.ts";
import { printControllers } from "../compile/index.ts";
import type { Style } from "../fabric/fabric.ts";
import { printFabric } from "../fabric/print.ts";
import type { Machine } from "../machine/machine.ts";
import { printMapping } from "../mapper/index.ts";
import { printProgram } from "../pattern/print.ts";
import { grouped, percent } from "../report/format.ts";
import { makeResult } from "../report/make.ts";
import type { RunCounters } from "../result/counters.ts";
import type { HostResult, RunResult } from "../result/result.ts";
import { warnOfBuffers } from "../sim/buffering.ts";
import { prepare } from "../sim/prepare.ts";
import { type SimulateOptions, type Progress as SimulationProgress, simulate } from "../sim/simulate.ts";
import { shownPath } from "./code.ts";
import { version } from "./files.ts";
import { readEnergyTable, readMachine } from "./machines.ts";
import type { Settings } from "./settings.ts";
import { dataBytes, expectedCycles, mostOnChip, type Study } from "./study.ts";
import { inFile, type LoadedWorkload, loadWorkload } from "./workload.ts";

export interface Common {
  readonly workload: string;
  readonly machine: string;
  readonly style: Style;
  readonly settings: Settings;
  /** Null: the workload's own, or 1. */
  readonly seed: number | null;
}

export interface RunJob extends Common {
  readonly kind: "run";
  readonly values: boolean;
  readonly engine: "fast" | "oracle";
  readonly maxCycles: number | null;
}

/** A run, and beside it what was expected of it. */
export interface StudyJob extends Omit<RunJob, "kind"> {
  readonly kind: "study";
}

/** `explanation` is what `weft explain` prints. */
export type Emit = "program" | "controllers" | "fabric" | "mapping" | "explanation";

export interface CompileJob extends Common {
  readonly kind: "compile";
  readonly emit: Emit;
}

export type Job = RunJob | StudyJob | CompileJob;

/** Words for people while a job runs. */
export type Progress = (line: string) => void;

export function doJob(job: Job, progress: Progress): Promise<RunResult | Study | string> {
  switch (job.kind) {
    case "run":
      return runJob(job, progress);
    case "study":
      return studyJob(job, progress);
    case "compile":
      return compileJob(job, progress);
  }
}

async function runJob(job: RunJob, progress: Progress): Promise<RunResult> {
  return (await studyJob({ ...job, kind: "study" }, progress)).result;
}

async function studyJob(job: StudyJob, progress: Progress): Promise<Study> {
  const began = performance.now();
  const { machine, workload } = await load(job);
  const { program, seed } = workload;
  const energyTable = readEnergyTable(machine);
  progress(`compiling, placing and routing ${program.name} for ${machine.name}`);
  const { mapping, controllers } = inFile(shownPath(workload.path), () => prepare(program, machine, { style: job.style, seed }));
  for (const warning of warnOfBuffers(mapping, machine)) progress(`warning: ${warning}`);
  const inputs = await workload.inputs();
  progress(`simulating ${program.name} on ${machine.name}`);
  const options: SimulateOptions = {
    program,
    inputs,
    values: job.values,
    engine: job.engine,
    ...(job.maxCycles === null ? {} : { maxCycles: job.maxCycles }),
    ...(workload.placeOf && { placeOf: workload.placeOf }),
    onProgress: every(2, ({ done, sections, ticks }) => {
      progress(`simulated ${percent(done / sections)} of ${sections} section${sections === 1 ? "" : "s"}, ${grouped(ticks)} cycles`);
    }),
  };
  const counters = inFile(shownPath(workload.path), () => simulate(mapping, machine, options));
  const host = hostOf(began, counters);
  const result = makeResult({ version, program, workloadHash: workload.hash, seed, machine, mapping, counters, energyTable, host });
  return { result, expected_cycles: expectedCycles(controllers, result), on_chip: mostOnChip(mapping), data_bytes: dataBytes(program) };
}

/** Passes on what comes at least so many seconds after the last that was passed on, and the end. */
function every(seconds: number, show: (progress: SimulationProgress) => void): (progress: SimulationProgress) => void {
  let last = performance.now();
  return (progress) => {
    const now = performance.now();
    if (now - last < seconds * 1000 && progress.done < progress.sections) return;
    last = now;
    show(progress);
  };
}

/** The stage asked for, printed, as `run` would take it. */
async function compileJob(job: CompileJob, progress: Progress): Promise<string> {
  const { machine, workload } = await load(job);
  if (job.emit === "program") return printProgram(workload.program);
  progress(`compiling, placing and routing ${workload.name} for ${machine.name}`);
  const prepared = inFile(shownPath(workload.path), () => prepare(workload.program, machine, { style: job.style, seed: workload.seed }));
  const { controllers, fabric, mapping } = prepared;
  if (job.emit === "explanation") return [explain(prepared, machine), ...warnOfBuffers(mapping, machine)].join("\n");
  if (job.emit === "controllers") return printControllers(controllers);
  if (job.emit === "fabric") return printFabric(fabric);
  return printMapping(mapping, machine);
}

async function load({ workload: name, machine: machineName, settings, seed }: Common): Promise<{ machine: Machine; workload: LoadedWorkload }> {
  const machine = readMachine(machineName, settings.machine);
  const workload = await loadWorkload(name, { settings: settings.workload, ...(seed === null ? {} : { seed }) });
  return { machine, workload };
}

function hostOf(began: number, { ticks, firings, skipped, periods }: RunCounters): HostResult {
  const wall_seconds = (performance.now() - began) / 1000;
  const peak_rss_bytes = process.resourceUsage().maxRSS * 1024;
  return {
    wall_seconds,
    firings,
    skipped_firings: skipped,
    periods: periods.map(([cycles]) => cycles),
    simulated_cycles_per_second: ticks / wall_seconds,
    peak_rss_bytes,
  };
}
