/** A workload on a GPU: from names to a result. It takes no time worth a word of progress. */

import { inFile, UserError } from "../base/errors.ts";
import { runGpu } from "../gpu/run.ts";
import type { GpuMachine } from "../machine/gpu.ts";
import { makeGpuResult } from "../report/gpu.ts";
import type { RunResult } from "../result/result.ts";
import { gpuBundle } from "../scene/make-gpu.ts";
import { shownPath } from "./code.ts";
import { version } from "./files.ts";
import type { RunJob } from "./jobs.ts";
import { readGpu } from "./machines.ts";
import { packRun, type RunOutput } from "./output.ts";
import { type LoadedWorkload, loadWorkload } from "./workload.ts";

export async function gpuRun(job: RunJob): Promise<RunResult> {
  const { workload, machine } = await loadOnGpu(job);
  return gpuResult(workload, machine);
}

/** The run, and the bundle of its page. */
export async function gpuOutput(job: RunJob): Promise<RunOutput> {
  const { workload, machine } = await loadOnGpu(job);
  const result = gpuResult(workload, machine);
  return { result, packed: packRun(gpuBundle(workload.program, machine, result, workload.placeOf)) };
}

/** Flags that only a simulated fabric has are refused. */
async function loadOnGpu(job: RunJob): Promise<{ readonly workload: LoadedWorkload; readonly machine: GpuMachine }> {
  const machine = readGpu(job.machine, job.settings.machine);
  const { values, engine, maxCycles, checkpoint, resume } = job;
  const unfit = [
    ...(values ? ["--values"] : []),
    ...(engine === "oracle" ? ["--engine oracle"] : []),
    ...(maxCycles === null ? [] : ["--max-cycles"]),
    ...(checkpoint == null ? [] : ["--checkpoint"]),
    ...(resume == null ? [] : ["--resume"]),
  ];
  const [flag] = unfit;
  if (flag !== undefined) {
    const message = `${flag.split(" ")[0]} is for reconfigurable dataflow accelerators, and ${machine.name} is a GPU: its run computes no values and ends at once`;
    throw new UserError({ code: "bad-command-line", message, place: { path: flag.split(" ")[0]! } });
  }
  const workload = await loadWorkload(job.workload, { settings: job.settings.workload, ...(job.seed === null ? {} : { seed: job.seed }) });
  return { workload, machine };
}

export function gpuResult({ program, hash, seed, path }: Pick<LoadedWorkload, "program" | "hash" | "seed" | "path">, machine: GpuMachine): RunResult {
  const began = performance.now();
  const run = inFile(shownPath(path), () => runGpu(program, machine));
  const host = { wall_seconds: (performance.now() - began) / 1000, peak_rss_bytes: process.resourceUsage().maxRSS * 1024 };
  return makeGpuResult({ version, program, workloadHash: hash, seed, machine, run, host });
}
