/** What the cases of `weft validate gpu` have in common: their figures, programs of workloads/ at the sizes of a case, GPUs of configs/ with the settings of a case, and times. */

import { bindWorkload } from "../frontend/workload.ts";
import { type GpuRun, runGpu } from "../gpu/run.ts";
import type { GpuMachine } from "../machine/gpu.ts";
import type { Definition } from "../pattern/builder.ts";
import { type Row, readFigures } from "./comparison.ts";
import { readGpu } from "./machines.ts";
import { loadWorkload } from "./workload.ts";

/** A case of test/validation/data/gpu-cases.json: what others measured, on which GPU, and the tolerance that they suggest. */
interface Measured<Figures, Inputs = unknown> {
  readonly id: string;
  readonly title: string;
  readonly gpu: string;
  readonly inputs: Inputs;
  readonly metric: string;
  readonly unit: string;
  readonly measured: Figures;
  readonly source: string;
  readonly suggested_tolerance: string;
  readonly why: string;
}

export type LaunchMode = "stream" | "cudagraph" | "persistent_gridsync";
export type AttentionMethod = "PyTorch" | "FlashAttention-1" | "FlashAttention-2";

/** Numbers carry their unit in their name; `B`, `S`, `H` and `d` are sequences, positions, heads and columns of a head. */
export interface GpuCases {
  readonly V01: Measured<Readonly<Record<LaunchMode, readonly { readonly bytes: number; readonly us: number }[]>>>;
  readonly V02: Measured<readonly { readonly footprint_kB: number; readonly GBps: number }[]>;
  readonly V03: Measured<readonly { readonly M: number; readonly N: number; readonly K: number; readonly ms: number; readonly TFLOPs: number }[]>;
  readonly V04: Measured<readonly { readonly rows: number; readonly cols: number; readonly us: number }[], { readonly host_overhead_us: number }>;
  readonly V05: Measured<
    readonly {
      readonly causal: 0 | 1;
      readonly B: number;
      readonly H: number;
      readonly S: number;
      readonly d: number;
      readonly method: AttentionMethod;
      readonly TFLOPs: number;
    }[]
  >;
  readonly V06: Measured<
    readonly { readonly batch: number; readonly in: number; readonly out: number; readonly ms: number }[],
    { readonly layers: number; readonly hidden: number; readonly heads: number; readonly ffn: number; readonly vocab: number }
  >;
  readonly V07: Measured<
    readonly { readonly batch: number; readonly pytorch_eager_ms: number; readonly aitemplate_ms: number }[],
    { readonly layers: number; readonly hidden: number; readonly heads: number; readonly ffn: number }
  >;
  readonly V08: Measured<readonly { readonly flop_per_byte: number; readonly GBps: number; readonly GFLOPs: number; readonly W: number }[]>;
}

export function readGpuCases(): GpuCases {
  const cases = readFigures("gpu-cases.json") as readonly Measured<unknown>[];
  return Object.fromEntries(cases.map((one) => [one.id, one])) as unknown as GpuCases;
}

/** A row names whose figure it is by the case. */
export function sourceOf({ id, gpu, source }: Measured<unknown>): string {
  return `case ${id}, ${gpu}: ${source}`;
}

/** A time that was measured and the model's, in seconds: what orders are made of. */
export interface Timing {
  readonly case: string;
  readonly measured: number;
  readonly weft: number;
}

/** What comes of a case. */
export interface Compared {
  readonly rows: readonly Row[];
  readonly timings: readonly Timing[];
}

// --- runs ---

const WORKLOADS = ["gemm", "softmax", "gpu/scale", "gpu/reread", "gpu/fma", "gpu/attention-packed", "gpu/gpt", "gpu/head", "gpu/encoder"] as const;

export type GpuWorkload = (typeof WORKLOADS)[number];

export type GpuParameters = Readonly<Record<string, number | string>>;

/** Runs a workload with these parameters. */
export type GpuBench = (workload: GpuWorkload, parameters: GpuParameters, machine: GpuMachine) => GpuRun;

/** Reads the code of the workloads once. */
export async function gpuBench(): Promise<GpuBench> {
  const definitions = new Map<string, Definition>();
  for (const name of WORKLOADS) definitions.set(name, (await loadWorkload(name)).definition!);
  return (workload, parameters, machine) => runGpu(bindWorkload(definitions.get(workload)!, undefined, overridesOf(parameters)).program, machine);
}

/** A GPU of configs/ with these settings: `{ "launch.regime": "eager" }`. */
export function gpuWith(name: string, settings: GpuParameters = {}): GpuMachine {
  return readGpu(name, overridesOf(settings));
}

const overridesOf = (settings: GpuParameters) => Object.entries(settings).map(([path, value]) => ({ path, value: `${value}`, label: `${path}=${value}` }));

/** From the first launch to the last kernel's end. */
export function secondsOf({ cycles }: GpuRun, { clock_hz }: GpuMachine): number {
  return cycles / clock_hz;
}

/** Of the kernels, without the time between them. */
export function kernelSeconds({ kernels }: GpuRun, { clock_hz }: GpuMachine): number {
  return kernels.reduce((sum, { cycles }) => sum + cycles, 0) / clock_hz;
}
