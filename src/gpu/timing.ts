/** What one kernel takes with a tiling, given what L2 holds, and the record of its launch. */

import { UserError } from "../base/errors.ts";
import type { Cycles } from "../base/units.ts";
import { type GpuMachine, hbmBytesPerCycle, laneKindOf, tensorMacs } from "../machine/gpu.ts";
import { countOperator, type OperationCounts } from "../pattern/analysis.ts";
import type { Dtype } from "../pattern/program.ts";
import { contractionTilings } from "./contraction.ts";
import { flashTiling } from "./flash.ts";
import { runGrid } from "./grid.ts";
import type { L2 } from "./l2.ts";
import { type Exchange, ringBytes, ringSeconds } from "./parallel.ts";
import type { Kernel } from "./schedule.ts";
import { BLOCK_START, laneWork, type Tiling } from "./tiling.ts";
import { elementwiseTiling, rowsTilings } from "./vector-kernels.ts";

/** What a run is spared, to see what it costs. Where all are false, it is the machine's own. */
export interface Spared {
  /** Kernels follow each other at once. */
  readonly launches: boolean;
  /** L2 has room for everything: inputs are read once, outputs written once, and nothing else moves. */
  readonly roundTrips: boolean;
  /** Memory answers at once, and blocks start at once. */
  readonly latency: boolean;
  /** The blocks of a grid that does not fill every SM are cut until they do. */
  readonly underfill: boolean;
  /** Blocks of all grids are cut so that all SMs end at the same time. */
  readonly quantisation: boolean;
}

export const NOTHING_SPARED: Spared = { launches: false, roundTrips: false, latency: false, underfill: false, quantisation: false };

export interface Conditions {
  readonly machine: GpuMachine;
  readonly spared: Spared;
  /** Tensors whose bytes HBM takes as they are written. */
  readonly through: ReadonlySet<string>;
}

/** A launch, or several that are alike: all figures are those of one. */
export interface KernelRun {
  readonly name: string;
  readonly kind: Kernel["kind"] | Exchange["kind"];
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
  /** To other GPUs. */
  readonly link_bytes: number;
  /** Of the program's operators. */
  readonly operations: OperationCounts;
  readonly tensor_macs: number;
  readonly lane_macs: number;
  /** Of a product's factors; null: it has none. */
  readonly factors: Dtype | null;
  /** No launch of this kernel takes less: its products at the peak of what does them. */
  readonly bound_cycles: number;
  readonly instructions: { readonly f64: number; readonly f32: number; readonly i32: number; readonly special: number };
}

/** Of all launches together. */
export function sumOfLaunches(kernels: readonly KernelRun[], of: (kernel: KernelRun) => number): number {
  return kernels.reduce((total, kernel) => total + kernel.launches * of(kernel), 0);
}

/** All ways in which a kernel can be cut. */
/** Throws a UserError where none fits an SM. */
export function tilingsOf(kernel: Kernel, machine: GpuMachine): readonly Tiling[] {
  const fitting = allTilings(kernel, machine).filter(({ slots }) => slots >= 1);
  if (fitting.length > 0) return fitting;
  const message = `no block of the kernel ${kernel.name} fits an SM: expected more of threads, register_bytes or shared_bytes`;
  throw new UserError({ code: "too-small", message, place: { path: "machine.sm" } });
}

function allTilings(kernel: Kernel, machine: GpuMachine): readonly Tiling[] {
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
export function timed(kernel: Kernel, tiling: Tiling, l2: L2, { machine, spared, through }: Conditions): Timed {
  const off = readThrough(kernel, tiling, l2.copy(), through);
  const total = (of: (kind: Tiling["kinds"][number]) => number): number => tiling.kinds.reduce((sum, kind) => sum + kind.count * of(kind), 0);
  const [read, written] = [total(({ l2_read_bytes }) => l2_read_bytes), total(({ l2_write_bytes }) => l2_write_bytes)];
  const missing = read === 0 ? 0 : Math.min(1, off.read / read);
  const latency = spared.latency ? 0 : machine.l2.latency_cycles + missing * Math.max(0, machine.hbm.latency_cycles - machine.l2.latency_cycles);
  const passing = written === 0 ? 0 : Math.min(1, off.written / written);
  const classes = tiling.kinds.map(({ count, sm_cycles, chain, l2_read_bytes, l2_write_bytes }) => ({
    ...{
      count,
      sm_cycles,
      chain_cycles: spared.latency ? sm_cycles : chain(latency),
      l2_read_bytes: l2_read_bytes * (1 - missing),
      l2_write_bytes: l2_write_bytes * (1 - passing),
    },
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
  const streamed = (read * (1 - missing)) / rates.l2_read + (written * (1 - passing)) / rates.l2_write + (off.read + off.written) / rates.hbm;
  const pipes = total(({ sm_cycles }) => sm_cycles) / machine.sm.count;
  const even = Math.ceil(Math.max(streamed, pipes) + (1 - rates.overlap) * Math.min(streamed, pipes));
  const isEven = spared.quantisation || (spared.underfill && grid.waves <= 1);
  const filled = Math.max(grid.cycles, Math.round((spared.latency ? 0 : BLOCK_START + latency) + streamed));
  const cycles = isEven ? Math.min(even, filled) : filled;
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
export function readThrough(
  { name, writes }: Kernel,
  { reads, scratch_bytes }: Tiling,
  l2: L2,
  through: ReadonlySet<string>,
): { readonly read: number; readonly written: number } {
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
  for (const { tensor, bytes } of writes) written += Math.max(l2.write(tensor, bytes), through.has(tensor) ? bytes : 0);
  return { read, written };
}

export function kernelRun(kernel: Kernel, best: Timed, start: Cycles, gap: Cycles, machine: GpuMachine): KernelRun {
  const { sm, l2 } = machine;
  const own = kernel.works.filter(({ operator }) => kernel.attention === null || kernel.attention.names.has(operator.name));
  const instructions = laneWork(kernel, machine, 1, false);
  const factors = kernel.works.find(({ contraction }) => contraction !== null)?.contraction?.dtype ?? null;
  const { tensor_macs, lane_macs } = best.tiling;
  const asked = kernel.attention === null ? tensor_macs : kernel.attention.batch * kernel.attention.rows * kernel.attention.columns * kernel.attention.macs;
  const peak = factors === null ? 1 : sm.count * Math.max(tensorMacs(machine, factors), sm.lanes[laneKindOf(factors)]);
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
    link_bytes: 0,
    operations: { flops: sum("flops"), int_ops: sum("int_ops"), special_ops: sum("special_ops") },
    ...{ tensor_macs, lane_macs, factors, bound_cycles: (Math.min(asked, tensor_macs) + lane_macs) / peak, instructions },
  };
}

/** An exchange between GPUs, as if it were a kernel: no blocks, and nothing but links at work. */
export function exchangeRun(exchange: Exchange, start: Cycles, { link, clock_hz }: GpuMachine): KernelRun {
  return {
    ...{ name: `${exchange.kind} of ${exchange.tensor}`, kind: exchange.kind, ops: [], launches: 1, start, launch_cycles: 0 },
    ...{ cycles: Math.ceil(ringSeconds(exchange, link) * clock_hz), tiling: `a ring of ${link.gpus}`, blocks: 0, slots: 0, waves: 0, idle_sm_cycles: 0 },
    needs: { tensor: 0, lanes: 0, l2: 0, hbm: 0 },
    ...{ hbm_read_bytes: 0, hbm_write_bytes: 0, l2_read_bytes: 0, l2_write_bytes: 0, link_bytes: Math.round(ringBytes(exchange, link.gpus)) },
    operations: { flops: 0, int_ops: 0, special_ops: 0 },
    ...{ tensor_macs: 0, lane_macs: 0, factors: null, bound_cycles: 0, instructions: { f64: 0, f32: 0, i32: 0, special: 0 } },
  };
}
