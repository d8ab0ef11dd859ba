/** What a GPU becomes in a comparison: its kernels as a library runs them, and as a compiler fuses them, launched as fast as they can be. */

import { type GpuMachine, gpuPeakFlops } from "../machine/gpu.ts";
import { bytesOf, isFloat } from "../pattern/dtypes.ts";
import type { Dtype, Program } from "../pattern/program.ts";
import type { RunResult } from "../result/result.ts";
import { gpuWaterfall } from "./gpu-waterfall.ts";
import type { Side } from "./sides.ts";
import type { Waterfall } from "./waterfall.ts";

/** A side, and the GPU as it ran. */
export interface GpuSide {
  readonly side: Side;
  readonly machine: GpuMachine;
}

/** As its config has it; and where that is no fused one, fused and in a graph: the baseline that a reviewer would ask for. */
export function gpuVariants(machine: GpuMachine): readonly GpuMachine[] {
  const { execution, launch } = machine;
  return execution.fusion === "fused"
    ? [machine]
    : [machine, { ...machine, execution: { ...execution, fusion: "fused" }, launch: { ...launch, regime: "graph" } }];
}

/** `result`: of the program on this GPU. */
export function sideOfGpu(program: Program, machine: GpuMachine, result: RunResult): GpuSide {
  const { execution, launch, hbm, link } = machine;
  const side: Side = {
    ...{
      machine: machine.name,
      kind: machine.kind,
      style: "kernel-by-kernel",
      regime: `${execution.fusion}, ${launch.regime}${link.gpus > 1 ? `, one of ${link.gpus} GPUs` : ""}`,
    },
    roofs: {
      name: machine.name,
      peak_flops_per_second: gpuPeakFlops(machine, productDtype(program)),
      tiers: [{ name: "hbm", bytes_per_second: hbm.bytes_per_second }],
    },
    result,
    expected: null,
  };
  return { side, machine };
}

/** From each GPU's side to the spatial run, where that went to its end. */
export function gpuWaterfalls(program: Program, gpus: readonly GpuSide[], sides: readonly Side[]): readonly Waterfall[] {
  const spatial = sides.find(({ kind, style, expected }) => kind === "rda" && style === "spatial" && expected === null);
  return spatial === undefined ? [] : gpus.map(({ side, machine }) => gpuWaterfall(program, machine, side, spatial));
}

/** The narrowest float of the program: what its products are taken of. */
function productDtype({ tensors }: Program): Dtype {
  const floats = tensors.map(({ dtype }) => dtype).filter(isFloat);
  return floats.reduce((narrowest, dtype) => (bytesOf(dtype) < bytesOf(narrowest) ? dtype : narrowest), floats[0] ?? "f32");
}
