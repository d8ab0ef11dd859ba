/**
 * Tiles of fused attention, as published. FlashAttention-1 (Dao et al., NeurIPS 2022; CUDA release 1.0): the warps of a block share the columns of a tile, and add up their results through shared memory.
 * FlashAttention-2 (Dao, 2023): the warps share the rows, results stay in registers and are scaled once. FlashAttention-3 (Shah et al., 2024): products by warp groups on tiles in shared memory, with
 * the softmax of one group under the products of the other. A block owns rows of the scores; in a backward pass it owns columns, and adds to the results along rows in memory.
 */

import { type GpuMachine, tensorMacs } from "../machine/gpu.ts";
import { bytesOf } from "../pattern/dtypes.ts";
import type { Dtype } from "../pattern/program.ts";
import type { Attention } from "./attention.ts";
import type { Kernel } from "./schedule.ts";
import { BARRIER, BLOCK_START, type BlockKind, laneCycles, laneWork, readOnce, slotsFor, type Tiling, WARP_FOLD, writtenBytes } from "./tiling.ts";

interface Tiles {
  /** Rows and columns of a tile of scores, by the width of a head up to 64 and above. */
  readonly forward: readonly [readonly [number, number], readonly [number, number]];
  readonly backward: readonly [readonly [number, number], readonly [number, number]];
  readonly warps: readonly [number, number];
  /** Warps of a block that take columns of their own, and so add up their results. */
  readonly splitsColumns: boolean;
  /** Products read their factors where they lie, for a whole group of warps at a time. */
  readonly isGrouped: boolean;
}

const SCHEDULES: Readonly<Record<Exclude<GpuMachine["execution"]["attention"], "unfused">, Tiles>> = {
  "flash-1": {
    forward: [
      [16, 256],
      [16, 128],
    ],
    backward: [
      [16, 128],
      [16, 128],
    ],
    warps: [4, 8],
    splitsColumns: true,
    isGrouped: false,
  },
  "flash-2": {
    forward: [
      [128, 128],
      [128, 64],
    ],
    backward: [
      [128, 128],
      [64, 128],
    ],
    warps: [4, 8],
    splitsColumns: false,
    isGrouped: false,
  },
  "flash-3": {
    forward: [
      [192, 128],
      [128, 128],
    ],
    backward: [
      [128, 128],
      [80, 128],
    ],
    warps: [8, 8],
    splitsColumns: false,
    isGrouped: true,
  },
};

export function flashTiling(kernel: Kernel & { readonly attention: Attention }, machine: GpuMachine): Tiling {
  const { attention, reads } = kernel;
  const { batch, rows, columns, width, isBackward, diagonal } = attention;
  const name = machine.execution.attention as keyof typeof SCHEDULES;
  const schedule = SCHEDULES[name];
  const warps = schedule.warps[isBackward ? 1 : 0];
  const [tileRows, tileColumns] = (isBackward ? schedule.backward : schedule.forward)[width <= 64 ? 0 : 1];
  const [height, length] = [Math.min(tileRows, 16 * Math.ceil(rows / 16)), Math.min(tileColumns, 16 * Math.ceil(columns / 16))];
  const { dtype } = kernel.works.find(({ contraction }) => contraction !== null)!.contraction!;
  const tile = tileOf(kernel, schedule, height, length, warps, dtype, machine);
  const ownsColumns = isBackward || schedule.splitsColumns;
  const [own, ownTile, other, otherTile] = ownsColumns ? [columns, length, rows, height] : [rows, height, columns, length];
  const vectors = reads.reduce((sum, { elements, element_bytes }) => sum + elements * element_bytes, 0) / (batch * (rows + columns));
  const blocks = batch * Math.ceil(own / ownTile);
  const sums = ownsColumns ? batch * rows * width * 4 : 0;
  const kindOf = (count: number, tiles: number): BlockKind => ({
    count,
    sm_cycles: tiles * tile.pipes,
    chain: (latency) => BLOCK_START + 2 * latency + ((2 * ownTile + otherTile) * vectors) / PORT_BYTES + tiles * Math.max(tile.alone, WARP_FOLD + latency / 4),
    l2_read_bytes: (ownTile + tiles * otherTile) * vectors + sums / blocks,
    l2_write_bytes: (writtenBytes(kernel) + sums) / blocks + (ownsColumns ? tiles * otherTile * width * 4 : 0),
  });
  const counts = tileCounts(own, ownTile, other, otherTile, ownsColumns, diagonal);
  const shared = (height + 2 * length) * width * bytesOf(dtype) * (isBackward ? 2 : 1) + (schedule.splitsColumns ? warps * height * width * 4 : 0);
  return {
    label: `${name}, ${height} x ${length}`,
    kinds: counts.map(({ blocks: alike, tiles }) => kindOf(alike * batch, tiles)),
    sms: machine.sm.count,
    slots: Math.max(
      machine.sm.threads >= warps * 32 ? 1 : 0,
      slotsFor(machine, warps * 32, warps * 32 * REGISTERS[isBackward ? 1 : 0], Math.min(machine.sm.shared_bytes, shared)),
    ),
    reads: readOnce(reads),
    scratch_bytes: sums,
    tensor_macs: counts.reduce((sum, { blocks: alike, tiles }) => sum + alike * tiles, 0) * batch * height * length * attention.macs,
    lane_macs: 0,
    isPipelined: false,
  };
}

/** Assumed: bytes a cycle between an SM and L2, what a block of its own waits for, with nothing to do meanwhile, when it starts and when it ends. */
const PORT_BYTES = 64;

/** Assumed: bytes of registers of a thread, forward and backward; 255 words are the most that a thread can have. */
const REGISTERS = [800, 1020] as const;

/** Cycles that a tile of scores keeps the pipes of an SM to itself, and those that it takes alone. */
function tileOf(
  kernel: Kernel & { readonly attention: Attention },
  schedule: Tiles,
  height: number,
  length: number,
  warps: number,
  dtype: Dtype,
  machine: GpuMachine,
) {
  const { batch, rows, columns, macs, width, isBackward } = kernel.attention;
  const { sm } = machine;
  const scores = height * length;
  const bytes = bytesOf(dtype);
  const products = (scores * macs) / (tensorMacs(machine, dtype) * (schedule.isGrouped ? sm.tensor_share : sm.warp_tensor_share));
  const softmax = (scores * laneCycles(laneWork({ ...kernel, reads: [], writes: [] }, machine, 1, false), machine)) / (batch * rows * columns);
  const sums = schedule.splitsColumns ? warps * height * width * 8 : 0;
  const gradients = isBackward ? scores * 4 * bytes : 0;
  const rowsOfWarp = schedule.splitsColumns ? length / warps : isBackward ? 16 : Math.max(16, height / warps);
  const shared = schedule.isGrouped ? 0 : ((scores * macs * bytes) / rowsOfWarp + gradients + sums) / sm.shared_bytes_per_cycle;
  const all = products + softmax + shared;
  const longest = Math.max(products, softmax, shared);
  if (schedule.splitsColumns) return { pipes: longest, alone: all + 4 * BARRIER + 2 * WARP_FOLD };
  const pipes = longest + (1 - sm.phase_overlap) * (all - longest);
  return { pipes, alone: pipes };
}

/** Blocks by how many tiles each has that are not masked away as a whole. */
function tileCounts(
  own: number,
  ownTile: number,
  other: number,
  otherTile: number,
  ownsColumns: boolean,
  diagonal: number | null,
): readonly { readonly blocks: number; readonly tiles: number }[] {
  const all = Math.ceil(other / otherTile);
  const blocks = Math.ceil(own / ownTile);
  if (diagonal === null) return [{ blocks, tiles: all }];
  const tilesOf = (block: number): number => {
    if (ownsColumns) return all - Math.max(0, Math.min(all - 1, Math.floor((block * ownTile - diagonal) / otherTile)));
    const last = Math.min(own, (block + 1) * ownTile) - 1;
    return Math.max(1, Math.min(all, Math.floor((last + diagonal) / otherTile) + 1));
  };
  const counts = new Map<number, number>();
  for (let block = 0; block < blocks; block++) counts.set(tilesOf(block), (counts.get(tilesOf(block)) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => b - a).map(([tiles, count]) => ({ blocks: count, tiles }));
}
