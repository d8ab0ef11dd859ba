/** How a kernel is cut into thread blocks, and what a block asks of its SM and of memory. Of several ways, run.ts takes the fastest. */

import type { GpuMachine } from "../machine/gpu.ts";
import type { BlockClass } from "./grid.ts";
import { type Access, SECTOR_BYTES } from "./operators.ts";
import type { Kernel } from "./schedule.ts";

/** Blocks alike. Time beyond the pipes depends on how far memory is. */
export interface BlockKind extends Omit<BlockClass, "hbm_bytes" | "chain_cycles"> {
  /** Cycles from start to end of a block with its SM to itself, with so many cycles from a load to its data. */
  readonly chain: (latency: number) => number;
}

/** Bytes of a tensor that a kernel reads, so many times over. */
export interface Traffic {
  readonly tensor: string;
  readonly bytes: number;
  readonly times: number;
  /** Bytes of the tensor, where they are other ones of it in each round of a loop; else null. */
  readonly swept: number | null;
}

export interface Tiling {
  /** "128 x 256 x 32, 3 stages". */
  readonly label: string;
  readonly kinds: readonly BlockKind[];
  /** Blocks that an SM holds at a time. */
  readonly slots: number;
  /** SMs that are given blocks. */
  readonly sms: number;
  /** Loads are asynchronous, several steps ahead of what is computed: neither hides anything of the other. */
  readonly isPipelined: boolean;
  /** What passes from L2 to the SMs as a whole, so many times over. */
  readonly reads: readonly Traffic[];
  /** Of a tensor that the blocks of the kernel add to in memory, set to zero before and taken over after. */
  readonly scratch_bytes: number;
  /** Multiply-accumulates on tensor cores, padding of tiles included; by dtype in the kernel. */
  readonly tensor_macs: number;
  /** Those that vector lanes do instead, in the kernel's dtype. */
  readonly lane_macs: number;
}

/** Blocks of so many threads, bytes of registers and of shared memory that fit an SM; 0: not one does. */
export function slotsFor({ sm }: GpuMachine, threads: number, registerBytes: number, sharedBytes: number): number {
  const byShared = sharedBytes === 0 ? sm.blocks : Math.floor(sm.shared_bytes / sharedBytes);
  return Math.min(sm.blocks, Math.floor(sm.threads / threads), Math.floor(sm.register_bytes / registerBytes), byShared);
}

/** Bytes that a thread asks for at a time: the widest load there is (CUDA C++ Programming Guide, device memory accesses). */
export const VECTOR_BYTES = 16;

/** Assumed: loads of a thread that are under way at one time, as compilers unroll. */
export const UNROLLED = 4;

/** Assumed: cycles that a block takes to start: its launch, its indices and constants. */
export const BLOCK_START = 100;

/** Assumed: cycles of a fold over the 32 threads of a warp, five shuffles of some 25, and of a barrier of a block. */
export const WARP_FOLD = 125;
export const BARRIER = 40;

/** Of all threads of a kernel. */
export interface LaneWork {
  readonly f64: number;
  readonly f32: number;
  readonly i32: number;
  readonly special: number;
}

/**
 * Instructions on vector lanes, those of loads, stores and conversions at the kernel's ends included; `passes`: how often what is read is read. `again`: inner operators that are
 * computed in every pass that needs them count twice.
 */
export function laneWork({ works, factors, reads, writes }: Kernel, { sm }: GpuMachine, passes: number, again: boolean): LaneWork {
  const ends = new Set(writes.map(({ tensor }) => tensor));
  const total = { f64: 0, f32: 0, i32: 0, special: 0 };
  for (const { instructions, row, writes: own } of works) {
    const times = again && row === 1 && !own.some(({ tensor }) => ends.has(tensor)) ? 2 : 1;
    for (const kind of ["f64", "f32", "i32", "special"] as const) total[kind] += instructions[kind] * times;
  }
  for (const { tensor, elements, element_bytes, narrow, scattered } of reads) {
    if (isFactor(factors, tensor)) continue;
    total.i32 += (elements * passes * 2) / (scattered ? 1 : Math.max(1, VECTOR_BYTES / element_bytes));
    if (narrow) total.f32 += elements * passes * sm.instructions.convert;
  }
  for (const { elements, bytes, narrow, scattered } of writes) {
    total.i32 += scattered ? elements * 2 : (bytes / VECTOR_BYTES) * 2;
    if (narrow) total.f32 += elements * sm.instructions.convert;
  }
  return total;
}

export function isFactor(factors: Kernel["factors"], name: string): boolean {
  return factors !== null && [...factors.a, ...factors.b].some(({ tensor }) => tensor === name);
}

/** Cycles of one SM's lanes: the busiest of its pipes, or the issue of a warp's instruction by each of its four schedulers. */
export function laneCycles({ f64, f32, i32, special }: LaneWork, { sm }: GpuMachine): number {
  return Math.max(f64 / sm.lanes.f64, f32 / sm.lanes.f32, i32 / sm.lanes.i32, special / sm.special_lanes, (f64 + f32 + i32) / ISSUED);
}

/** Threads whose instruction an SM issues in a cycle: four schedulers with a warp each (whitepapers of V100, A100 and H100). */
const ISSUED = 128;

/** Bytes that the blocks of a grid read of what is not tiled: a vector along the innermost index once a block, a number for each row of it; anything else once. */
export function requestedBytes(kernel: Kernel, blocks: number, perBlock: number): number {
  return kernel.reads.reduce((sum, access) => sum + requested(access, blocks, perBlock), 0);
}

type Reading = Kernel["reads"][number];

function requested({ elements, element_bytes, moved_bytes, inner, scattered }: Reading, blocks: number, perBlock: number): number {
  if (scattered) return elements * moved_bytes;
  if (elements >= blocks * perBlock) return elements * element_bytes;
  return Math.max(elements, blocks * (inner ? Math.min(elements, perBlock) : 1)) * element_bytes;
}

/** Bytes that a kernel writes; a scattered element is a sector. */
export function writtenBytes({ writes }: Kernel): number {
  return writes.reduce((sum, { bytes, elements, scattered }) => sum + (scattered ? elements * SECTOR_BYTES : bytes), 0);
}

/** As traffic: each tensor once; one of which scattered elements are asked for in more sectors than it has, again and again. */
export function readOnce(reads: readonly Access[]): readonly Traffic[] {
  return reads.map(({ tensor, elements, moved_bytes, tensor_bytes, scattered, swept }) => {
    const asked = elements * moved_bytes;
    const bytes = Math.min(asked, tensor_bytes);
    return { tensor, bytes, times: scattered && bytes > 0 ? asked / bytes : 1, swept: swept ? tensor_bytes : null };
  });
}
