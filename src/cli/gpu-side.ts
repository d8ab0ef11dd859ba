/** What a GPU becomes in a comparison: its kernels as a library runs them, and as a compiler fuses them, launched as fast as they can be. */

import { type GpuMachine, gpuPeakFlops } from "../machine/gpu.ts";
import { bytesOf, isFloat } from "../pattern/dtypes.ts";
import type { Dtype } from "../pattern/program.ts";
import { narrowestBytes } from "../report/bounds.ts";
import { gpuWaterfall } from "../report/gpu-waterfall.ts";
import type { Side } from "../report/sides.ts";
import type { Waterfall } from "../report/waterfall.ts";
import { gpuResult } from "./gpu-run.ts";
import type { LoadedWorkload } from "./workload.ts";

/** A side, and the GPU as it ran. */
export interface GpuSide {
  readonly side: Side;
  readonly machine: GpuMachine;
}

/** As its config has it; and where that is no fused one, fused and in a graph: the baseline that a reviewer would ask for. */
export function gpuSides(workload: LoadedWorkload, machine: GpuMachine): readonly GpuSide[] {
  const fused: GpuMachine = { ...machine, execution: { ...machine.execution, fusion: "fused" }, launch: { ...machine.launch, regime: "graph" } };
  return (machine.execution.fusion === "fused" ? [machine] : [machine, fused]).map((own) => ({ side: sideOfGpu(workload, own), machine: own }));
}

function sideOfGpu(workload: LoadedWorkload, machine: GpuMachine): Side {
  const { execution, launch, hbm, link } = machine;
  return {
    ...{
      machine: machine.name,
      kind: machine.kind,
      style: "kernel-by-kernel",
      regime: `${execution.fusion}, ${launch.regime}${link.gpus > 1 ? `, one of ${link.gpus} GPUs` : ""}`,
    },
    roofs: {
      name: machine.name,
      peak_flops_per_second: gpuPeakFlops(machine, productDtype(workload)),
      tiers: [{ name: "hbm", bytes_per_second: hbm.bytes_per_second }],
    },
    result: gpuResult(workload, machine),
    expected: null,
  };
}

/** From each GPU's first side to the spatial run, where both went to their ends. */
export function gpuWaterfalls(workload: LoadedWorkload, gpus: readonly GpuSide[], sides: readonly Side[]): readonly Waterfall[] {
  const spatial = sides.find(({ kind, style, expected }) => kind === "rda" && style === "spatial" && expected === null);
  if (spatial === undefined) return [];
  const firsts = gpus.filter(({ side }, g) => gpus.findIndex((one) => one.side.machine === side.machine) === g);
  return firsts.map(({ side, machine }) => gpuWaterfall(workload.program, machine, side, spatial));
}

/** The narrowest float of the program: what its products are taken of. */
function productDtype({ program }: LoadedWorkload): Dtype {
  const narrowest = narrowestBytes(program);
  return program.tensors.find(({ dtype }) => isFloat(dtype) && bytesOf(dtype) === narrowest)?.dtype ?? "f32";
}
