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
    sms: machine.sm.count,
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

/** Assumed: a product's high half, an addition, a shift, a product and a difference; then the product with the stride. */
const DIVISION = 6;

/** Assumed: bytes of registers of a thread, 32 words. */
const REGISTERS = 128;

/**
 * Rows of so many elements with statistics. Short ones are kept in registers, a warp each, and read once. Longer ones have a block each, which reads them again in every pass: one for each
 * statistic that needs the one before it, and one for what is made of them. Few long rows without such a last pass can be cut into parts, which are folded in the end.
 */
export function rowsTilings(kernel: Kernel, machine: GpuMachine): readonly Tiling[] {
  const rows = rowsOf(kernel);
  if (rows.length <= machine.execution.resident_elements) return [residentTiling(kernel, rows, machine)];
  return partsOf(rows).flatMap((parts) => passesTilings(kernel, rows, parts, machine));
}

interface Rows {
  readonly rows: number;
  /** Elements of a row. */
  readonly length: number;
  /** Elements are made of each row, not its statistics alone. */
  readonly makesElements: boolean;
  /** Elements of which a thread reads as many as neighbours as it can. */
  readonly vector: number;
}

function rowsOf(kernel: Kernel): Rows {
  const folds = kernel.works.filter(({ row }) => row > 1);
  const length = Math.max(1, ...folds.map(({ row }) => row), ...(folds.length === 0 ? [scanned(kernel)] : []));
  const elements = Math.max(1, ...kernel.works.map((work) => work.elements * work.row));
  const rows = Math.max(1, Math.round(elements / length));
  const makesElements = kernel.works.some(({ row, elements: own }) => row === 1 && own > rows);
  const widest = Math.max(1, ...kernel.reads.map(({ element_bytes }) => element_bytes));
  return { rows, length, makesElements, vector: Math.max(1, Math.floor(VECTOR_BYTES / widest)) };
}

function residentTiling(kernel: Kernel, { rows, length }: Rows, machine: GpuMachine): Tiling {
  const perBlock = SMALL_THREADS / 32;
  const blocks = Math.ceil(rows / perBlock);
  const sm_cycles = laneCycles(laneWork(kernel, machine, 1, false), machine) / blocks;
  const kind = {
    ...{ count: blocks, sm_cycles },
    chain: (latency: number) => BLOCK_START + latency + depthOf(kernel) * WARP_FOLD + sm_cycles,
    l2_read_bytes: requestedBytes(kernel, blocks, length * perBlock) / blocks,
    l2_write_bytes: writtenBytes(kernel) / blocks,
  };
  const slots = slotsFor(machine, SMALL_THREADS, SMALL_THREADS * REGISTERS * 2, 0);
  const reads = repeated(kernel, 1, blocks, length * perBlock);
  const label = `${perBlock} rows a block, in registers`;
  return { label, kinds: [kind], slots, sms: machine.sm.count, reads, scratch_bytes: 0, tensor_macs: 0, lane_macs: 0, isPipelined: false };
}

/** With as many blocks at a time as fit an SM; where L2 does not keep for the next pass what all of those read, also with so few that it does. */
function passesTilings(kernel: Kernel, { rows, length, makesElements, vector }: Rows, parts: number, machine: GpuMachine): readonly Tiling[] {
  const passes = depthOf(kernel) + (makesElements ? 1 : 0);
  const threads = threadsFor(length, vector);
  const blocks = rows * parts;
  const sm_cycles = laneCycles(laneWork(kernel, machine, passes, true), machine) / blocks;
  const rounds = passes * Math.ceil(length / parts / (threads * vector * UNROLLED));
  const fold = WARP_FOLD * 2 + BARRIER * 2;
  const kind = {
    ...{ count: blocks, sm_cycles },
    chain: (latency: number) =>
      BLOCK_START + rounds * latency + depthOf(kernel) * fold + sm_cycles * Math.max(1, SMALL_THREADS / threads) + (parts > 1 ? latency * 2 : 0),
    l2_read_bytes: (requestedBytes(kernel, blocks, length / parts) * passes) / blocks,
    l2_write_bytes: writtenBytes(kernel) / blocks,
  };
  const slots = slotsFor(machine, threads, threads * REGISTERS, 0);
  const label = `${parts === 1 ? "a row" : `1 / ${parts} of a row`} a block, ${passes} passes`;
  const tiling = (held: number, sms: number, times: number): Tiling => {
    const reads = repeated(kernel, times, blocks, length / parts);
    return { label, kinds: [kind], slots: held, sms, reads, scratch_bytes: 0, tensor_macs: 0, lane_macs: 0, isPipelined: false };
  };
  const bytes = readOnce(kernel.reads).reduce((sum, one) => sum + one.bytes, 0) / blocks;
  const kept = Math.floor((machine.l2.bytes * machine.l2.usable_share) / Math.max(1, bytes));
  if (passes === 1 || Math.min(blocks, slots * machine.sm.count) <= kept) return [tiling(slots, machine.sm.count, 1)];
  const confined = Array.from({ length: slots }, (_, s) => s + 1).filter((held) => held <= kept);
  return [tiling(slots, machine.sm.count, passes), ...confined.map((held) => tiling(held, Math.min(machine.sm.count, Math.floor(kept / held)), 1))];
}

/** Threads of a block, a power of two: each has a vector of a row. */
function threadsFor(length: number, vector: number): number {
  return Math.min(1024, Math.max(32, 2 ** Math.floor(Math.log2(length / vector))));
}

/** Parts of a row: powers of two and three times those, as far as each has what its threads read at a time. */
function partsOf({ length, makesElements, vector }: Rows): readonly number[] {
  const most = makesElements ? 1 : Math.floor(length / (threadsFor(length, vector) * vector * UNROLLED));
  const powers = Array.from({ length: 32 }, (_, power) => 2 ** power);
  return [1, ...powers.flatMap((power) => [2 * power, 3 * power]).filter((parts) => parts <= most)];
}

/** Threads of a block of rows in registers; so many fill the schedulers of an SM. */
const SMALL_THREADS = 128;

/** So many passes over what is read; rows that are the same are read again by each block. */
function repeated(kernel: Kernel, passes: number, blocks: number, perBlock: number): Tiling["reads"] {
  const once = readOnce(kernel.reads);
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

/** Length of the rows of a scan. */
function scanned({ works }: Kernel): number {
  const operator = works[0]?.operator;
  return operator?.kind === "scan" ? (operator.domain.at(-1)?.extent ?? 1) : 1;
}
