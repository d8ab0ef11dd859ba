/** Kernels without matrix products: element by element, and row by row with statistics. */

import type { GpuMachine } from "../machine/gpu.ts";
import type { OperatorWork } from "./operators.ts";
import type { Kernel } from "./schedule.ts";
import {
  BARRIER,
  BLOCK_START,
  laneCycles,
  laneWork,
  readOnce,
  requestedBytes,
  slotsFor,
  type Tiling,
  UNROLLED,
  VECTOR_BYTES,
  WARP_FOLD,
  writtenBytes,
} from "./tiling.ts";

/** A thread takes a vector of neighbours; a block has 256 of them. */
export function elementwiseTiling(kernel: Kernel, machine: GpuMachine): Tiling {
  const elements = Math.max(1, ...kernel.works.map((work) => work.elements));
  const widest = Math.max(1, ...kernel.reads.map(({ element_bytes }) => element_bytes), ...kernel.writes.map(({ element_bytes }) => element_bytes));
  const perBlock = THREADS * Math.max(1, Math.floor(VECTOR_BYTES / widest));
  const blocks = Math.ceil(elements / perBlock);
  const work = laneWork(kernel, machine, 1, false);
  const sm_cycles = laneCycles({ ...work, i32: work.i32 + addressing(kernel, machine) }, machine) / blocks;
  const kind = {
    ...{ count: blocks, sm_cycles },
    chain: (latency: number) => BLOCK_START + latency + sm_cycles,
    l2_read_bytes: requestedBytes(kernel, blocks, perBlock) / blocks,
    l2_write_bytes: writtenBytes(kernel) / blocks,
  };
  const slots = slotsFor(machine, THREADS, THREADS * REGISTERS, 0);
  return {
    label: `${perBlock} elements a block`,
    kinds: [kind],
    slots,
    reads: readOnce(kernel.reads),
    scratch_bytes: 0,
    tensor_macs: 0,
    lane_macs: 0,
    isPipelined: false,
  };
}

const THREADS = 256;

/** Instructions by which a library's kernel, which is compiled for any shape, finds its elements where they do not all lie in the same order: a division by a constant for each index and tensor. */
function addressing({ works }: Kernel, { execution: { fusion } }: GpuMachine): number {
  if (fusion === "fused") return 0;
  return works.reduce(
    (sum, { addressed, elements, operator }) => sum + (addressed === 0 ? 0 : (addressed + 1) * elements * operator.domain.length * DIVISION),
    0,
  );
}

/** A product's high half, an addition, a shift, a product and a difference; then the product with the stride. */
const DIVISION = 6;

/** Bytes of registers of a thread: 32 words. */
const REGISTERS = 128;

/**
 * Rows of so many elements with statistics. Short ones are kept in registers, a warp each, and read once. Longer ones have a block each, which reads them again in every pass: one for each
 * statistic that needs the one before it, and one for what is made of them. Few long rows without such a last pass are cut into parts, which are folded in the end.
 */
export function rowsTiling(kernel: Kernel, machine: GpuMachine): Tiling {
  const folds = kernel.works.filter(({ row }) => row > 1);
  const length = Math.max(1, ...folds.map(({ row }) => row), ...(folds.length === 0 ? [scanned(kernel)] : []));
  const elements = Math.max(1, ...kernel.works.map((work) => work.elements * work.row));
  const rows = Math.max(1, Math.round(elements / length));
  const resident = length <= machine.execution.resident_elements;
  const makesElements = kernel.works.some(({ row, elements: own }) => row === 1 && own > rows);
  const passes = depthOf(kernel) + (makesElements ? 1 : 0);
  const widest = Math.max(1, ...kernel.reads.map(({ element_bytes }) => element_bytes));
  const vector = Math.max(1, Math.floor(VECTOR_BYTES / widest));
  const threads = resident ? 32 : Math.min(1024, Math.max(32, 2 ** Math.floor(Math.log2(length / vector))));
  const parts = makesElements || resident ? 1 : partsFor(rows, length, threads * vector, machine);
  const perBlock = resident ? Math.max(1, SMALL_THREADS / 32) : 1;
  const blocks = Math.ceil((rows * parts) / perBlock);
  const blockThreads = resident ? SMALL_THREADS : threads;
  const times = resident ? 1 : passes;
  const work = laneWork(kernel, machine, times, !resident);
  const sm_cycles = laneCycles(work, machine) / blocks;
  const rounds = resident ? 1 : times * Math.ceil(length / parts / (threads * vector * UNROLLED));
  const fold = resident ? WARP_FOLD : WARP_FOLD * 2 + BARRIER * 2;
  const narrowness = Math.max(1, SMALL_THREADS / blockThreads);
  const kind = {
    ...{ count: blocks, sm_cycles },
    chain: (latency: number) => BLOCK_START + rounds * latency + depthOf(kernel) * fold + sm_cycles * narrowness + (parts > 1 ? latency * 2 : 0),
    l2_read_bytes: (requestedBytes(kernel, blocks, (length * perBlock) / parts) * times) / blocks,
    l2_write_bytes: writtenBytes(kernel) / blocks,
  };
  const slots = slotsFor(machine, blockThreads, blockThreads * REGISTERS * (resident ? 2 : 1), 0);
  const label = resident ? `${perBlock} rows a block, in registers` : `${parts === 1 ? "a row" : `1 / ${parts} of a row`} a block, ${passes} passes`;
  return {
    label,
    kinds: [kind],
    slots,
    reads: repeated(kernel, times, blocks, slots, (length * perBlock) / parts, machine),
    scratch_bytes: 0,
    tensor_macs: 0,
    lane_macs: 0,
    isPipelined: false,
  };
}

/** Threads of a block of rows in registers; so many fill the schedulers of an SM. */
const SMALL_THREADS = 128;

/** Passes after the first find in L2 what the blocks that run at one time have read, where that fits; rows that are the same are read again by each block. */
function repeated(kernel: Kernel, times: number, blocks: number, slots: number, perBlock: number, machine: GpuMachine): Tiling["reads"] {
  const once = readOnce(kernel.reads);
  const running = Math.min(1, (slots * machine.sm.count) / blocks) * once.reduce((sum, { bytes }) => sum + bytes, 0);
  const passes = running <= machine.l2.bytes * machine.l2.usable_share ? 1 : times;
  return kernel.reads.map((access, r) => {
    const { bytes } = once[r]!;
    return { ...once[r]!, times: bytes === 0 ? 0 : (requestedBytes({ ...kernel, reads: [access] }, blocks, perBlock) / bytes) * passes };
  });
}

/** Statistics that wait for each other. A sum of what is linear or a product in an earlier sum (a variance behind its mean) is made in the same pass, from sums of powers. */
function depthOf({ works }: Kernel): number {
  const depths = new Map<string, Depth>();
  let most = 0;
  for (const work of works) {
    const sources = work.reads.flatMap(({ tensor }) => depths.get(tensor) ?? []);
    const own = work.row > 1 ? foldedDepth(work, sources) : keptDepth(work, sources);
    for (const { tensor } of work.writes) depths.set(tensor, own);
    most = Math.max(most, own.depth);
  }
  return Math.max(1, most);
}

/** How many statistics were made one after the other, and whether the last of them were sums that only sums, differences and products lie behind. */
interface Depth {
  readonly depth: number;
  readonly isPolynomial: boolean;
}

function keptDepth({ isPolynomial }: OperatorWork, sources: readonly Depth[]): Depth {
  return { depth: Math.max(0, ...sources.map(({ depth }) => depth)), isPolynomial: isPolynomial && sources.every((one) => one.isPolynomial) };
}

function foldedDepth(work: OperatorWork, sources: readonly Depth[]): Depth {
  const before = keptDepth(work, sources);
  const joins = before.depth > 0 && before.isPolynomial;
  return { depth: before.depth + (joins ? 0 : 1), isPolynomial: work.isPolynomial };
}

function partsFor(rows: number, length: number, vector: number, { sm }: GpuMachine): number {
  const wanted = Math.ceil((sm.count * 8) / rows);
  return Math.max(1, Math.min(wanted, Math.floor(length / (vector * UNROLLED))));
}

/** Length of the rows of a scan. */
function scanned({ works }: Kernel): number {
  const operator = works[0]?.operator;
  return operator?.kind === "scan" ? (operator.domain.at(-1)?.extent ?? 1) : 1;
}
