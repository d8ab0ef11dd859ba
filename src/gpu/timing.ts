/** What one kernel takes with a tiling, given what L2 holds, and the record of its launch. */

import type { Cycles } from "../base/units.ts";
import { type GpuMachine, hbmBytesPerCycle } from "../machine/gpu.ts";
import { countOperator, type OperationCounts } from "../pattern/analysis.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import { contractionTilings } from "./contraction.ts";
import { flashTiling } from "./flash.ts";
import { runGrid } from "./grid.ts";
import type { L2 } from "./l2.ts";
import type { Kernel } from "./schedule.ts";
import { BLOCK_START, laneWork, type Tiling } from "./tiling.ts";
import { elementwiseTiling, rowsTilings } from "./vector-kernels.ts";

/** A launch, or several that are alike: all figures are those of one. */
export interface KernelRun {
  readonly name: string;
  readonly kind: Kernel["kind"];
  readonly ops: readonly string[];
  /** How many are alike: rounds of a loop that recur. They follow each other round by round; `start` is that of the first. */
  readonly launches: number;
  /** Of its first instruction, from the start of the run. */
  readonly start: Cycles;
  readonly cycles: Cycles;
  /** Between the end of the kernel before it and its start. */
  readonly launch_cycles: Cycles;
  readonly tiling: string;
  readonly blocks: number;
  readonly slots: number;
  readonly waves: number;
  readonly idle_sm_cycles: number;
  /** Cycles that each resource would take for this kernel alone. */
  readonly needs: { readonly tensor: number; readonly lanes: number; readonly l2: number; readonly hbm: number };
  readonly hbm_read_bytes: number;
  readonly hbm_write_bytes: number;
  readonly l2_read_bytes: number;
  readonly l2_write_bytes: number;
  /** Of the program's operators. */
  readonly operations: OperationCounts;
  readonly tensor_macs: number;
  /** 16-bit factors: 1. */
  readonly tensor_width: number;
  readonly instructions: { readonly f64: number; readonly f32: number; readonly i32: number; readonly special: number };
}

/** All ways in which a kernel can be cut. */
export function tilingsOf(kernel: Kernel, machine: GpuMachine): readonly Tiling[] {
  if (kernel.attention !== null) return [flashTiling({ ...kernel, attention: kernel.attention }, machine)];
  if (kernel.kind === "contraction") return contractionTilings(kernel, machine);
  return kernel.kind === "rows" ? rowsTilings(kernel, machine) : [elementwiseTiling(kernel, machine)];
}

export interface Timed {
  readonly tiling: Tiling;
  readonly cycles: Cycles;
  readonly waves: number;
  readonly idle_sm_cycles: number;
  readonly hbm_read_bytes: number;
  readonly hbm_write_bytes: number;
  readonly l2_read_bytes: number;
  readonly l2_write_bytes: number;
  readonly sm_cycles: number;
}

/** What a kernel takes with a tiling; L2 stays as it was. */
export function timed(kernel: Kernel, tiling: Tiling, l2: L2, machine: GpuMachine): Timed {
  const off = readThrough(kernel, tiling, l2.copy());
  const total = (of: (kind: Tiling["kinds"][number]) => number): number => tiling.kinds.reduce((sum, kind) => sum + kind.count * of(kind), 0);
  const [read, written] = [total(({ l2_read_bytes }) => l2_read_bytes), total(({ l2_write_bytes }) => l2_write_bytes)];
  const missing = read === 0 ? 0 : Math.min(1, off.read / read);
  const latency = machine.l2.latency_cycles + missing * Math.max(0, machine.hbm.latency_cycles - machine.l2.latency_cycles);
  const through = written === 0 ? 0 : Math.min(1, off.written / written);
  const classes = tiling.kinds.map(({ count, sm_cycles, chain, l2_read_bytes, l2_write_bytes }) => ({
    ...{ count, sm_cycles, chain_cycles: chain(latency), l2_read_bytes: l2_read_bytes * (1 - missing), l2_write_bytes: l2_write_bytes * (1 - through) },
    hbm_bytes: l2_read_bytes * missing + (written === 0 ? 0 : (l2_write_bytes * off.written) / written),
  }));
  const rates = {
    ...{
      l2_read: machine.l2.read_bytes_per_cycle,
      l2_write: machine.l2.write_bytes_per_cycle,
      hbm: hbmBytesPerCycle(machine),
      overlap: tiling.isPipelined ? 1 : machine.sm.overlap,
    },
  };
  const grid = runGrid(classes, tiling.sms, tiling.slots, rates);
  // Data begins to come when the first loads are answered.
  const streamed = (read * (1 - missing)) / rates.l2_read + (written * (1 - through)) / rates.l2_write + (off.read + off.written) / rates.hbm;
  const cycles = Math.max(grid.cycles, Math.round(BLOCK_START + latency + streamed));
  return {
    ...{
      tiling,
      ...grid,
      idle_sm_cycles: grid.idle_sm_cycles + (machine.sm.count - tiling.sms) * grid.cycles,
      cycles,
      hbm_read_bytes: off.read,
      hbm_write_bytes: off.written,
      l2_read_bytes: read,
      l2_write_bytes: written,
    },
    sm_cycles: total(({ sm_cycles }) => sm_cycles),
  };
}

/** Moves L2 on by a kernel; gives the bytes that HBM sends and takes. */
export function readThrough({ name, writes }: Kernel, { reads, scratch_bytes }: Tiling, l2: L2): { readonly read: number; readonly written: number } {
  let [read, written] = [0, 0];
  for (const { tensor, bytes, times, swept } of reads) {
    const found = swept === null ? l2.read(tensor, bytes, times) : l2.sweep(tensor, bytes, swept);
    read += found.read;
    written += found.written;
  }
  if (scratch_bytes > 0) {
    const scratch = `scratch of ${name}`;
    written += l2.write(scratch, scratch_bytes);
    const found = l2.read(scratch, scratch_bytes, 1);
    read += found.read;
    written += found.written;
    l2.drop(scratch);
  }
  for (const { tensor, bytes } of writes) written += l2.write(tensor, bytes);
  return { read, written };
}

export function kernelRun(kernel: Kernel, best: Timed, start: Cycles, gap: Cycles, machine: GpuMachine): KernelRun {
  const { sm, l2 } = machine;
  const own = kernel.works.filter(({ operator }) => kernel.attention === null || kernel.attention.names.has(operator.name));
  const instructions = laneWork(kernel, machine, 1, false);
  const width = Math.max(...kernel.works.map(({ contraction }) => (contraction === null ? 0 : bytesOf(contraction.dtype) / 2)));
  const counts = own.map(({ operator }) => countOperator(operator));
  const sum = (field: keyof OperationCounts): number => counts.reduce((total, one) => total + one[field], 0);
  return {
    ...{ name: kernel.name, kind: kernel.kind, ops: own.map(({ operator }) => operator.name), launches: 1, start, cycles: best.cycles, launch_cycles: gap },
    ...{ tiling: best.tiling.label, blocks: best.tiling.kinds.reduce((total, { count }) => total + count, 0), slots: best.tiling.slots },
    ...{ waves: best.waves, idle_sm_cycles: best.idle_sm_cycles },
    needs: {
      tensor: best.tiling.tensor_macs === 0 ? 0 : best.sm_cycles / sm.count,
      lanes: best.tiling.tensor_macs === 0 ? best.sm_cycles / sm.count : 0,
      l2: best.l2_read_bytes / l2.read_bytes_per_cycle + best.l2_write_bytes / l2.write_bytes_per_cycle,
      hbm: (best.hbm_read_bytes + best.hbm_write_bytes) / hbmBytesPerCycle(machine),
    },
    ...{ hbm_read_bytes: Math.round(best.hbm_read_bytes), hbm_write_bytes: Math.round(best.hbm_write_bytes) },
    ...{ l2_read_bytes: Math.round(best.l2_read_bytes), l2_write_bytes: Math.round(best.l2_write_bytes) },
    operations: { flops: sum("flops"), int_ops: sum("int_ops"), special_ops: sum("special_ops") },
    ...{ tensor_macs: best.tiling.tensor_macs, tensor_width: width, instructions },
  };
}
