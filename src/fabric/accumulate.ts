/**
 * The datapaths that accumulate into a memory: the output-stationary systolic array, the fold of whole tiles and the scatter unit.
 * Hot path: as compute.ts.
 */

import type { Behaviour } from "../engine/behaviour.ts";
import { identity, roundFunction, type ScalarFunction, scalarFunction } from "../pattern/dtypes.ts";
import type { Values } from "../pattern/program.ts";
import { type BankCounter, bankMapOf, clearBanks, makeBankCounter, putElement } from "./banks.ts";
import { keyOutOfRange } from "./data-faults.ts";
import type { Memories, NestBehaviour, ScratchMemory, Wire } from "./datapath.ts";
import type { Nest, Shard, Work } from "./fabric.ts";
import { type Kernel, kernelOf } from "./kernels.ts";
import { NO_KEY } from "./nests.ts";
import { handoverLevel, scratchStore, step, wiresOf } from "./storage.ts";
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

/** element = fn(element, word) of every valid lane, in dtype `acc`. A token of one word is the same for all lanes. */
export function foldBehaviour(nest: Nest, work: WorkOf<"fold">, wires: readonly Wire[], memories: Memories): Behaviour {
  const walk = makeWalk(nest, work.access);
  const from = wiresOf(wires, work.port)[0]!;
  const wordStep = wires[from]!.words === 1 ? 0 : 1;
  const store = scratchStore(nest, memories.scratch.get(work.scratch)!);
  const { values, size } = store;
  const start = identity(work.fn, work.acc);
  const fold = scalarFunction(work.fn, work.acc);
  return {
    fire(n, inputs) {
      findLanes(walk);
      if (walk.begins <= store.level || n === 0) values.fill(start, store.offset, store.offset + size);
      const words = inputs[from]!;
      const stride = walk.lane[walk.element]!;
      let at = store.offset + walk.values[walk.element]! + walk.lo * stride;
      for (let l = walk.lo; l < walk.hi; l++, at += stride) values[at] = fold(values[at]!, words[l * wordStep]!, 0);
      step(walk, store);
      return nest.ii;
    },
  };
}

/**
 * table[key] = fn(table[key], value), valid lanes in lane order, in dtype `acc`. A lane with NO_KEY, or a key of another shard, takes no part; any other key outside
 * the table is the data's fault. Without a value (a run that only needs times) the table is left alone.
 */
export function scatterBehaviour(nest: Nest, work: WorkOf<"scatter">, wires: readonly Wire[], memories: Memories): NestBehaviour {
  const walk = makeWalk(nest);
  const keyPort = wiresOf(wires, work.keyPort)[0]!;
  const valuePort = wiresOf(wires, work.valuePort)[0] ?? -1;
  const { spec, size, values } = memories.scratch.get(work.scratch)!;
  const start = identity(work.fn, work.acc);
  const fold = scalarFunction(work.fn, work.acc);
  const level = handoverLevel(nest);
  const counter = makeBankCounter(bankMapOf(spec, memories.banks), 0);
  const tally = { lanes: 0, probes: 0, entries: 0 };
  const { operator } = memories;
  const own = work.shard === undefined ? null : ownKeys(work.shard, size, wires[keyPort]!.words, operator);
  const keysOf = (inputs: readonly Float64Array[]): Float64Array => {
    findLanes(walk);
    return own === null ? inputs[keyPort]! : own(inputs[keyPort]!, walk);
  };
  let offset = 0;
  return {
    tally,
    turns: (inputs) => countKeys(counter, keysOf(inputs), walk),
    fire(n, inputs) {
      const keys = keysOf(inputs);
      if (walk.begins <= level || n === 0) values.fill(start, offset, offset + size);
      tally.lanes += checkKeys(keys, walk, size, operator);
      const ticks = countKeys(counter, keys, walk);
      if (valuePort >= 0) combine(values, offset, keys, inputs[valuePort]!, walk, fold);
      if (walk.ends <= level) offset = (offset + size) % values.length;
      advance(walk);
      return ticks > nest.ii ? ticks : nest.ii;
    },
  };
}

/** Turns of the lanes that take part. */
function countKeys(counter: BankCounter, keys: Float64Array, { lo, hi }: Walk): number {
  const keyStep = keys.length === 1 ? 0 : 1;
  clearBanks(counter);
  for (let l = lo; l < hi; l++) if (keys[l * keyStep]! >= 0) putElement(counter, keys[l * keyStep]!);
  return counter.fullest;
}

/** Keys as element numbers of the shard's own part, NO_KEY where they lie in another. */
function ownKeys({ first, keys: all }: Shard, size: number, words: number, operator: string): (keys: Float64Array, walk: Walk) => Float64Array {
  const own = new Float64Array(words);
  const keyStep = words === 1 ? 0 : 1;
  return (keys, { lo, hi }) => {
    for (let l = lo; l < hi; l++) {
      const key = keys[l * keyStep]!;
      if (isOutside(key, all)) throw keyOutOfRange(operator, key, all);
      const element = key - first;
      own[l * keyStep] = element >= 0 && element < size ? element : NO_KEY;
    }
    return own;
  };
}

const isOutside = (key: number, keys: number): boolean => key >= keys || (key < 0 && key !== NO_KEY);

/** How many lanes take part. */
function checkKeys(keys: Float64Array, { lo, hi }: Walk, size: number, operator: string): number {
  const keyStep = keys.length === 1 ? 0 : 1;
  let taking = 0;
  for (let l = lo; l < hi; l++) {
    const key = keys[l * keyStep]!;
    if (isOutside(key, size)) throw keyOutOfRange(operator, key, size);
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
