/** A GPU's run as blocks on a line of time: a launch each, or all rounds of a loop that recur as one. */

import type { KernelRun } from "../../src/gpu/run.ts";
import type { SceneGpuSide } from "../../src/scene/scene.ts";

export interface GpuBlock {
  /** In cycles of the GPU: the end of what stood before, the first instruction, the end. `start` is `gap` where rounds are together: their gaps lie between them. */
  readonly gap: number;
  readonly start: number;
  readonly end: number;
  /** One, or those of a round. */
  readonly kernels: readonly KernelRun[];
  /** Of all kernels together. */
  readonly launches: number;
  /** In the block, between launches. */
  readonly launch_cycles: number;
  readonly hbm_read_bytes: number;
  readonly hbm_write_bytes: number;
}

/** They follow each other without a hole from 0 to the run's last cycle. */
export function blocksOf({ kernels, result }: Pick<SceneGpuSide, "kernels" | "result">): readonly GpuBlock[] {
  const groups: KernelRun[][] = [];
  for (const kernel of kernels) {
    const last = groups.at(-1);
    if (kernel.launches > 1 && last !== undefined && last[0]!.launches > 1) last.push(kernel);
    else groups.push([kernel]);
  }
  const begins = groups.map(([first]) => first!.start - first!.launch_cycles);
  return groups.map((group, g) => blockOf(group, begins[g]!, begins[g + 1] ?? result.cycles));
}

function blockOf(kernels: readonly KernelRun[], gap: number, end: number): GpuBlock {
  const sum = (of: (kernel: KernelRun) => number): number => kernels.reduce((total, kernel) => total + kernel.launches * of(kernel), 0);
  const [first] = kernels as [KernelRun];
  return {
    ...{ gap, start: first.launches > 1 ? gap : first.start, end, kernels },
    launches: sum(() => 1),
    launch_cycles: sum(({ launch_cycles }) => launch_cycles),
    hbm_read_bytes: sum(({ hbm_read_bytes }) => hbm_read_bytes),
    hbm_write_bytes: sum(({ hbm_write_bytes }) => hbm_write_bytes),
  };
}

/** "softmax", "3 kernels, round by round". */
export function blockName({ kernels }: GpuBlock): string {
  return kernels.length === 1 ? kernels[0]!.name : `${kernels.length} kernels, round by round`;
}

/** Bytes a second of HBM while the block ran, gaps before it left out. */
export function hbmRate({ start, end, hbm_read_bytes, hbm_write_bytes }: GpuBlock, clock_hz: number): number {
  return end === start ? 0 : ((hbm_read_bytes + hbm_write_bytes) * clock_hz) / (end - start);
}
