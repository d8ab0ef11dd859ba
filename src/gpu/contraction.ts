/** Matrix products on tensor cores, or on lanes where those lack the dtype: tiles, a main loop with several stages of loads under way, and an epilogue. */

import { type GpuMachine, laneKindOf, tensorMacs } from "../machine/gpu.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import { missedAgain } from "./l2.ts";
import type { Access, OperatorWork } from "./operators.ts";
import type { Contraction } from "./products.ts";
import type { Kernel } from "./schedule.ts";
import { BLOCK_START, type BlockKind, isFactor, laneCycles, laneWork, readOnce, requestedBytes, slotsFor, type Tiling, writtenBytes } from "./tiling.ts";

/** Tiles of libraries (CUTLASS's default configurations and their smaller relatives): rows, columns, rows and columns of a warp's part. */
const TILES: readonly (readonly [number, number, number, number])[] = [
  [256, 128, 64, 64],
  [128, 256, 64, 64],
  [128, 128, 64, 64],
  [256, 64, 64, 64],
  [64, 256, 64, 64],
  [128, 64, 64, 32],
  [64, 128, 32, 64],
  [64, 64, 32, 32],
  [32, 128, 16, 64],
  [128, 32, 64, 16],
  [32, 64, 16, 32],
  [64, 32, 32, 16],
  [16, 128, 16, 32],
  [128, 16, 32, 16],
  [16, 64, 16, 16],
  [64, 16, 16, 16],
  [32, 32, 16, 16],
  [16, 32, 16, 16],
  [32, 16, 16, 16],
  [16, 16, 16, 16],
];

/** Bytes of a row of a factor that a step of the main loop takes: 32 numbers of 16 bits, as in CUTLASS's default configurations. */
const STEP_BYTES = 64;

/** Parts into which the folded dimension can be cut, for tiles that are too few: all of them run at one time. */
const SPLITS = [1, 2, 3, 4, 6, 8, 12, 16, 32] as const;

/** Assumed: as many as CUTLASS's configurations have at most. */
const MOST_STAGES = 6;

/** Assumed: cycles of a step of the main loop beside its products, a barrier and the first loads from shared memory. */
const STEP_LATENCY = 60;

export function contractionTilings(kernel: Kernel, machine: GpuMachine): readonly Tiling[] {
  const work = kernel.works.find(({ contraction }) => contraction !== null) as OperatorWork & { readonly contraction: Contraction };
  return TILES.flatMap((tile) => SPLITS.flatMap((split) => tilingOf(kernel, work, tile, split, machine) ?? []));
}

function tilingOf(
  kernel: Kernel,
  { contraction, elements }: OperatorWork & { readonly contraction: Contraction },
  [rows, columns, warpRows, warpColumns]: (typeof TILES)[number],
  split: number,
  machine: GpuMachine,
): Tiling | null {
  const { batch, m, n, k, dtype } = contraction;
  const bytes = bytesOf(dtype);
  const step = Math.max(1, Math.floor(STEP_BYTES / bytes));
  const steps = Math.ceil(k / split / step);
  const [down, across] = [Math.ceil(m / rows), Math.ceil(n / columns)];
  if (split > 1 && steps < MOST_STAGES) return null;
  if (!isFit(rows, m) || !isFit(columns, n)) return null;
  const threads = Math.max(32, ((rows / warpRows) * columns * 32) / warpColumns);
  const stageBytes = (rows + columns) * STEP_BYTES;
  const { sm } = machine;
  const stages = Math.min(MOST_STAGES, Math.max(2, Math.floor(sm.shared_bytes / 2 / stageBytes)), Math.floor(sm.shared_bytes / stageBytes));
  const slots = slotsFor(machine, threads, rows * columns * 4 + threads * 256, stages * stageBytes);
  if (stages < 2 || slots < 1) return null;
  const blocks = batch * down * across * split;
  if (split > 1 && blocks > slots * sm.count) return null;
  const macs = rows * columns * steps * step;
  const onTensors = tensorMacs(machine, dtype) > 0;
  const rate = (onTensors ? tensorMacs(machine, dtype) : sm.lanes[laneKindOf(dtype)]) * sm.tensor_share;
  const shared = (macs * bytes * (1 / warpRows + 1 / warpColumns)) / sm.shared_bytes_per_cycle;
  const loop = Math.max(macs / rate, shared);
  const tail = laneCycles(laneWork(kernel, machine, 1, false), machine) / blocks;
  const partial = split > 1 ? rows * columns * 4 : 0;
  const beside = { ...kernel, reads: kernel.reads.filter(({ tensor }) => !isFactor(kernel.factors, tensor)) };
  const besideBytes = requestedBytes(beside, blocks, rows * columns) / blocks;
  // Neighbours in a row of tiles have the same rows of the one factor, those in a column the same columns of the other.
  const loaded = (height: number, width: number): number => {
    const [rowBytes, columnBytes] = [height * contraction.a_bytes, width * contraction.b_bytes];
    return rowBytes >= columnBytes ? columnBytes + rowBytes / Math.min(sm.cluster, across) : rowBytes + columnBytes / Math.min(sm.cluster, down);
  };
  const kindOf = (count: number, height: number, width: number): BlockKind => ({
    count,
    sm_cycles: loop + tail,
    chain: (latency) =>
      BLOCK_START + 2 * latency + tail + Math.max(loop, steps * STEP_LATENCY, (steps * latency) / (stages - 1)) + (split > 1 ? 2 * latency : 0),
    l2_read_bytes: (loaded(height, width) * k) / split + besideBytes + partial,
    l2_write_bytes: (writtenBytes(kernel) * ((height * width) / (batch * m * n))) / split + partial,
  });
  const [lastRows, lastColumns] = [m - (down - 1) * rows, n - (across - 1) * columns];
  const many = batch * split;
  const kinds = [
    kindOf(many * (down - 1) * (across - 1), rows, columns),
    kindOf(many * (across - 1), lastRows, columns),
    kindOf(many * (down - 1), rows, lastColumns),
    kindOf(many, lastRows, lastColumns),
  ].filter(({ count }) => count > 0);
  const traffic = trafficOf(kernel.factors!, contraction, down, across, Math.max(1, Math.floor((slots * sm.count) / split)), machine);
  const label = `${rows} x ${columns} x ${step}${split > 1 ? `, ${split} parts of the fold` : ""}, ${stages} stages`;
  return {
    label,
    kinds,
    slots,
    sms: sm.count,
    reads: [...traffic, ...readOnce(beside.reads)],
    scratch_bytes: 0,
    tensor_macs: onTensors ? elements * k : 0,
    lane_macs: onTensors ? 0 : elements * k,
    isPipelined: steps > 2 * stages,
  };
}

/** Neither twice as large as what it covers, nor so small that a library would not have it for that: none below 32 where there are 64. */
const isFit = (tile: number, extent: number): boolean =>
  (tile <= 16 || tile < 2 * extent) && tile >= Math.min(SMALLEST, 2 ** Math.floor(Math.log2(extent))) / 2;

const SMALLEST = 64;

/**
 * Blocks that run at one time form a rectangle of tiles and share what they read; the factors pass through L2 once for each rectangle. Of rectangles of so many tiles, the one that
 * misses least.
 */
function trafficOf(
  { a, b }: NonNullable<Kernel["factors"]>,
  { batch, m, n, k, a_bytes, b_bytes }: Contraction,
  down: number,
  across: number,
  running: number,
  { l2 }: GpuMachine,
): Tiling["reads"] {
  const unique = (factor: readonly Access[], whole: number): number => Math.min(whole, elementsIn(factor));
  const [bytesA, bytesB] = [unique(a, batch * m * k) * a_bytes, unique(b, batch * n * k) * b_bytes];
  const timesFor = (height: number): readonly [number, number] => {
    const width = Math.max(1, Math.floor(running / height));
    return [Math.ceil(across / width), Math.ceil(down / height)];
  };
  const heights = Array.from({ length: Math.ceil(Math.log2(down)) + 1 }, (_, power) => Math.min(down, running, 2 ** power));
  const capacity = l2.bytes * l2.usable_share;
  const missed = ([timesA, timesB]: readonly [number, number]): number => missedAgain(bytesA, timesA, capacity) + missedAgain(bytesB, timesB, capacity);
  const best = heights.map(timesFor).reduce((least, one) => (missed(one) < missed(least) ? one : least));
  const spread = (factor: readonly Access[], whole: number, times: number): Tiling["reads"] =>
    factor.map(({ tensor, elements, tensor_bytes, swept }) => ({
      tensor,
      bytes: (whole * elements) / elementsIn(factor),
      times,
      swept: swept ? tensor_bytes : null,
    }));
  return [...spread(a, bytesA, best[0]), ...spread(b, bytesB, best[1])];
}

const elementsIn = (factor: readonly Access[]): number => factor.reduce((sum, { elements }) => sum + elements, 0);
