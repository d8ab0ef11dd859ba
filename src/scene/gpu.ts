/** A run beside the same program on a GPU: kernels and their times, and both as a comparison. Nothing here fails a run: what a GPU cannot do is said in words. */

import { UserError } from "../base/errors.ts";
import { type KernelRun, runGpu } from "../gpu/run.ts";
import type { GpuMachine } from "../machine/gpu.ts";
import type { Program } from "../pattern/program.ts";
import { compareSides } from "../report/compare.ts";
import { makeGpuResult } from "../report/gpu.ts";
import { type GpuSide, gpuVariants, gpuWaterfalls, sideOfGpu } from "../report/gpu-side.ts";
import { type Planned, sideOf } from "../report/rda-side.ts";
import { nameOf } from "../report/sides.ts";
import type { RunResult } from "../result/result.ts";
import type { SceneGpu, SceneGpuSide } from "./scene.ts";

/** `result`: of the run, whole or partial. `gpu`: null, none is asked for. */
export function gpuOf(planned: Planned, result: RunResult, gpu: GpuMachine | null): SceneGpu {
  const { program } = planned;
  const own = sideOf(planned, result);
  const { ran, why } = gpu === null ? { ran: [], why: "no GPU was asked for (--gpu NAME)" } : runOn(gpu, program, result);
  const gpus = ran.map(({ gpuSide }) => gpuSide);
  const sides = [...gpus.map(({ side }) => side), own];
  return {
    name: gpu === null ? null : gpu.name,
    why,
    sides: ran.map(({ shown }) => shown),
    comparison: compareSides(sides, gpuWaterfalls(program, gpus, sides)),
  };
}

export interface RanOnGpu {
  readonly gpuSide: GpuSide;
  readonly shown: SceneGpuSide;
}

function runOn(gpu: GpuMachine, program: Program, result: RunResult): { readonly ran: readonly RanOnGpu[]; readonly why: string | null } {
  try {
    return { ran: gpuVariants(gpu).map((machine) => ranOn(machine, program, result)), why: null };
  } catch (error) {
    return { ran: [], why: `${gpu.name} has no run of this program: ${wordsOf(error)}` };
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof UserError) return error.faults.map(({ message }) => message).join("; ");
  return `its model failed, which is a fault of weft (${error instanceof Error ? error.message : String(error)})`;
}

/** Of the host nothing is measured: the same run gives the same page. */
export function ranOn(machine: GpuMachine, program: Program, { weft, workload }: RunResult): RanOnGpu {
  const run = runGpu(program, machine);
  const host = { wall_seconds: 0, peak_rss_bytes: 0 };
  const result = makeGpuResult({ version: weft.version, program, workloadHash: workload.hash, seed: workload.seed, machine, run, host });
  const gpuSide = sideOfGpu(program, machine, result);
  return { gpuSide, shown: shownOf(gpuSide, run.kernels) };
}

function shownOf({ side, machine }: GpuSide, kernels: readonly KernelRun[]): SceneGpuSide {
  const { execution, launch } = machine;
  return { name: nameOf(side), regime: side.regime!, fusion: execution.fusion, launch: launch.regime, result: side.result, kernels };
}
