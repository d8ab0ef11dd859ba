/**
 * The two datapaths that accumulate into a memory: the output-stationary systolic array and the scatter unit.
 * Hot path: as compute.ts.
 */

import { UserError } from "../base/errors.ts";
import type { Behaviour } from "../engine/behaviour.ts";
import { identity, roundFunction, type ScalarFunction, scalarFunction } from "../pattern/dtypes.ts";
import type { Values } from "../pattern/program.ts";
import { fullestBank } from "./banks.ts";
import type { Memories, NestBehaviour, ScratchMemory, Wire } from "./datapath.ts";
import type { Nest, Work } from "./fabric.ts";
import { type Kernel, kernelOf } from "./kernels.ts";
import { handoverLevel, wiresOf } from "./storage.ts";
import { advance, findLanes, makeWalk, type Walk } from "./walk.ts";

type WorkOf<K extends Work["kind"]> = Extract<Work, { readonly kind: K }>;

/**
 * acc[s][l] += stage[s] * lane[l] for every stage and valid lane; the product rounds to `product`, the sum to `acc`. When an iteration of `level` ends,
 * the array is written to the scratch memory's current buffer, rounded to its dtype.
 */
export function systolicBehaviour(nest: Nest, work: WorkOf<"systolic">, wires: readonly Wire[], memories: Memories): Behaviour {
  const walk = makeWalk(nest);
  const lanePort = wiresOf(wires, work.lanePort)[0]!;
  const stagePort = wiresOf(wires, work.stagePort)[0]!;
  const array = makeArray(work, nest.lanes);
  const memory = memories.scratch.get(work.scratch)!;
  const level = handoverLevel(nest);
  let buffer = 0;
  return {
    fire(_n, inputs) {
      findLanes(walk);
      if (walk.begins <= work.level) for (let s = 0; s < array.rows.length; s++) array.rows[s]!.fill(0);
      outerProduct(array, inputs[stagePort]!, inputs[lanePort]!, walk);
      if (walk.ends <= work.level) drain(array, memory, buffer);
      if (walk.ends <= level) buffer = (buffer + 1) % memory.spec.buffers;
      advance(walk);
      return nest.ii;
    },
  };
}

interface SystolicArray {
  /** Accumulators: one row of lanes a stage. */
  readonly rows: readonly Float64Array[];
  /** One a lane: the stage's operand, the lanes' operands where one word is for all, and their products. */
  readonly factors: Float64Array;
  readonly words: Float64Array;
  readonly products: Float64Array;
  readonly add: Kernel;
  readonly multiply: Kernel;
}

function makeArray({ stages, product, acc }: WorkOf<"systolic">, lanes: number): SystolicArray {
  const row = (): Float64Array => new Float64Array(lanes);
  return {
    rows: Array.from({ length: stages }, row),
    factors: row(),
    words: row(),
    products: row(),
    add: kernelOf("add", acc),
    multiply: kernelOf("mul", product),
  };
}

function outerProduct(array: SystolicArray, stages: Float64Array, lanes: Float64Array, { lo, hi }: Walk): void {
  const { rows, factors, products, add, multiply } = array;
  const words = lanes.length === factors.length ? lanes : array.words.fill(lanes[0]!);
  for (let s = 0; s < rows.length; s++) {
    const row = rows[s]!;
    factors.fill(stages[stages.length === 1 ? 0 : s]!);
    multiply(products, factors, words, words, lo, hi);
    add(row, row, products, products, lo, hi);
  }
}

function drain({ rows }: SystolicArray, { spec, size, values }: ScratchMemory, buffer: number): void {
  const toDtype = roundFunction(spec.dtype);
  let at = buffer * size;
  for (const row of rows) for (let l = 0; l < row.length; l++) values[at++] = toDtype(row[l]!);
}

/**
 * table[key] = fn(table[key], value), valid lanes in lane order, in dtype `acc`. A lane with a negative key takes no part; one with a key beyond
 * the table is the data's fault. Without a value (a run that only needs times) the table is left alone.
 */
export function scatterBehaviour(nest: Nest, work: WorkOf<"scatter">, wires: readonly Wire[], memories: Memories): NestBehaviour {
  const walk = makeWalk(nest);
  const keyPort = wiresOf(wires, work.keyPort)[0]!;
  const valuePort = wiresOf(wires, work.valuePort)[0] ?? -1;
  const { size, values } = memories.scratch.get(work.scratch)!;
  const start = identity(work.fn, work.acc);
  const fold = scalarFunction(work.fn, work.acc);
  const level = handoverLevel(nest);
  const filled = new Int32Array(memories.banks);
  const tally = { lanes: 0, probes: 0, entries: 0 };
  let offset = 0;
  return {
    tally,
    fire(n, inputs) {
      findLanes(walk);
      if (walk.begins <= level || n === 0) values.fill(start, offset, offset + size);
      const keys = inputs[keyPort]!;
      tally.lanes += checkKeys(keys, walk, size, nest);
      const ticks = fullestBank(filled, keys, walk.lo, walk.hi);
      if (valuePort >= 0) combine(values, offset, keys, inputs[valuePort]!, walk, fold);
      if (walk.ends <= level) offset = (offset + size) % values.length;
      advance(walk);
      return ticks > nest.ii ? ticks : nest.ii;
    },
  };
}

/** How many lanes take part. */
function checkKeys(keys: Float64Array, { lo, hi }: Walk, size: number, nest: Nest): number {
  const keyStep = keys.length === 1 ? 0 : 1;
  let taking = 0;
  for (let l = lo; l < hi; l++) {
    const key = keys[l * keyStep]!;
    if (key >= size) throw keyFault(nest, key, size);
    if (key >= 0) taking++;
  }
  return taking;
}

/** A token of one word is the same for all lanes. */
function combine(table: Values, offset: number, keys: Float64Array, words: Float64Array, { lo, hi }: Walk, fold: ScalarFunction): void {
  const keyStep = keys.length === 1 ? 0 : 1;
  const wordStep = words.length === 1 ? 0 : 1;
  for (let l = lo; l < hi; l++) {
    const key = keys[l * keyStep]! | 0;
    if (key < 0) continue;
    const at = offset + key;
    table[at] = fold(table[at]!, words[l * wordStep]!, 0);
  }
}

function keyFault(nest: Nest, key: number, size: number): UserError {
  return new UserError({
    code: "key-out-of-range",
    message: `${nest.id}: a record has the key ${key}, its table holds keys 0 .. ${size - 1}`,
    hint: "drop such records with a `when`, or raise `keys`",
  });
}
