/** The work behind `run` and `compile`: from names and flags to a result, every stage a function call. Runs in a worker thread. */

import { compile, printControllers } from "../compile/index.ts";
import type { Style } from "../fabric/fabric.ts";
import { printFabric } from "../fabric/print.ts";
import type { Machine } from "../machine/machine.ts";
import { mapFabric, printMapping } from "../mapper/index.ts";
import type { Mapping } from "../mapper/mapping.ts";
import { printProgram } from "../pattern/print.ts";
import { grouped } from "../report/format.ts";
import { makeResult } from "../report/make.ts";
import type { RunCounters } from "../result/counters.ts";
import type { HostResult, RunResult } from "../result/result.ts";
import { simulate } from "../sim/simulate.ts";
import { version } from "./files.ts";
import { readEnergyTable, readMachine } from "./machines.ts";
import type { Settings } from "./settings.ts";
import { type LoadedWorkload, loadWorkload } from "./workload.ts";

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

export type Emit = "program" | "controllers" | "fabric" | "mapping";

export interface CompileJob extends Common {
  readonly kind: "compile";
  readonly emit: Emit;
}

export type Job = RunJob | CompileJob;

/** Words for people while a job runs. */
export type Progress = (line: string) => void;

export async function runJob(job: RunJob, progress: Progress): Promise<RunResult> {
  const began = performance.now();
  const { machine, workload } = await load(job);
  const { program, seed } = workload;
  const energyTable = readEnergyTable(machine);
  const mapping = place(job.style, machine, workload, progress);
  const inputs = await workload.inputs();
  progress(`simulating ${program.name} on ${machine.name}`);
  const counters = simulate(mapping, machine, {
    program,
    inputs,
    values: job.values,
    engine: job.engine,
    ...(job.maxCycles === null ? {} : { maxCycles: job.maxCycles }),
    onProgress: ({ done, sections, ticks }) => progress(`simulated ${done} of ${sections} sections, ${grouped(ticks)} cycles`),
  });
  return makeResult({ version, program, workloadHash: workload.hash, seed, machine, mapping, counters, energyTable, host: hostOf(began, counters) });
}

/** The stage asked for, printed. Later stages are not run. */
export async function compileJob(job: CompileJob, progress: Progress): Promise<string> {
  const { machine, workload } = await load(job);
  if (job.emit === "program") return printProgram(workload.program);
  progress(`compiling ${workload.name} for ${machine.name}`);
  const { controllers, fabric } = compile(workload.program, machine, { style: job.style });
  if (job.emit === "controllers") return printControllers(controllers);
  if (job.emit === "fabric") return printFabric(fabric);
  progress("placing and routing");
  return printMapping(mapFabric(fabric, machine, { seed: workload.seed }), machine);
}

async function load({ workload: name, machine: machineName, settings, seed }: Common): Promise<{ machine: Machine; workload: LoadedWorkload }> {
  const machine = readMachine(machineName, settings.machine);
  const workload = await loadWorkload(name, { settings: settings.workload, ...(seed === null ? {} : { seed }) });
  return { machine, workload };
}

function place(style: Style, machine: Machine, { program, seed }: LoadedWorkload, progress: Progress): Mapping {
  progress(`compiling ${program.name} for ${machine.name}`);
  const { fabric } = compile(program, machine, { style });
  progress(`placing and routing ${counted(fabric.sections.length, "section")}`);
  return mapFabric(fabric, machine, { seed });
}

function hostOf(began: number, { ticks, firings }: RunCounters): HostResult {
  const wall_seconds = (performance.now() - began) / 1000;
  const peak_rss_bytes = process.resourceUsage().maxRSS * 1024;
  return { wall_seconds, firings, skipped_firings: 0, periods: [], simulated_cycles_per_second: ticks / wall_seconds, peak_rss_bytes };
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
